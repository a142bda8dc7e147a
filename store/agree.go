package store

import (
	"context"
	"database/sql"
)

// SamplePair names two samples, the older one first.
type SamplePair struct{ First, Second int64 }

// SetBothRight notes that two samples, which seem to contradict each other, are both
// right. It holds as long as both are there.
func (s *Store) SetBothRight(ctx context.Context, one, other int64) error {
	return s.revise(ctx, "note that two samples are both right", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO both_right (user, first, second) VALUES (?, ?, ?) ON CONFLICT DO NOTHING`,
			s.user, min(one, other), max(one, other))
		return err
	})
}

// BothRight returns the pairs that SetBothRight has noted.
func (s *Store) BothRight(ctx context.Context) ([]SamplePair, error) {
	return list(ctx, s, "list samples that are both right", func(r scanner) (SamplePair, error) {
		var p SamplePair
		return p, r.Scan(&p.First, &p.Second)
	}, `SELECT first, second FROM both_right WHERE user = ? ORDER BY first, second`, s.user)
}

// UnsetBothRight undoes SetBothRight; a pair that was never noted is left as it is.
func (s *Store) UnsetBothRight(ctx context.Context, one, other int64) error {
	return s.revise(ctx, "ask again whether two samples are both right", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM both_right WHERE user = ? AND first = ? AND second = ?`,
			s.user, min(one, other), max(one, other))
		return err
	})
}
