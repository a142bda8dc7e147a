package store

import (
	"context"
	"database/sql"
	"encoding/json"
)

// PutBase keeps what the base model with the hash base says, so that it is
// asked once: its answers, log-probabilities, anchor distributions, one kind
// each. The keys are the caller's naming of what was asked. Values that are
// there already are replaced.
func (s *Store) PutBase(ctx context.Context, base, kind string, values map[string][]byte) error {
	if len(values) == 0 {
		return nil
	}
	return s.update(ctx, "cache the base model's "+kind, func(tx *sql.Tx) error {
		put, err := tx.PrepareContext(ctx, `INSERT INTO base_cache (user, base_hash, kind, key, value) VALUES (?, ?, ?, ?, ?)
			ON CONFLICT DO UPDATE SET value = excluded.value`)
		if err != nil {
			return err
		}
		defer put.Close()
		for key, value := range values {
			if value == nil {
				value = []byte{} // nil would be NULL
			}
			if _, err := put.ExecContext(ctx, s.user, base, kind, key, value); err != nil {
				return err
			}
		}
		return nil
	})
}

// Base returns those of the keys that PutBase has kept.
func (s *Store) Base(ctx context.Context, base, kind string, keys []string) (map[string][]byte, error) {
	what := "read the base model's cached " + kind
	if keys == nil {
		keys = []string{}
	}
	wanted, err := json.Marshal(keys)
	if err != nil {
		return nil, err
	}
	type entry struct {
		key   string
		value []byte
	}
	found, err := list(ctx, s, what, func(r scanner) (entry, error) {
		var e entry
		return e, r.Scan(&e.key, &e.value)
	}, `SELECT key, value FROM base_cache WHERE user = ? AND base_hash = ? AND kind = ? AND key IN (SELECT value FROM json_each(?))`,
		s.user, base, kind, string(wanted))
	if err != nil {
		return nil, err
	}
	values := make(map[string][]byte, len(found))
	for _, e := range found {
		values[e.key] = e.value
	}
	return values, nil
}

// ForgetBase forgets those of the keys that were kept of a kind, of whichever base.
func (s *Store) ForgetBase(ctx context.Context, kind string, keys []string) error {
	if len(keys) == 0 {
		return nil
	}
	gone, err := json.Marshal(keys)
	if err != nil {
		return err
	}
	return s.update(ctx, "forget what base models said", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM base_cache WHERE user = ? AND kind = ? AND key IN (SELECT value FROM json_each(?))`, s.user, kind, string(gone))
		return err
	})
}
