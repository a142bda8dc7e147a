package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Version is the adapters that a promoted cycle made, with all that tells how
// they came about. It is never deleted; its files may be (RemoveVersion).
type Version struct {
	ID        int64
	User      string
	Number    int    // counts a user's versions from 1; set by the store
	Parent    int64  // the version that it followed; 0: the untrained base
	Cycle     int64  // set by the store
	BaseHash  string // of the base model's file; set by the store, from the cycle
	Manner    string // path of the manner adapter, relative to the home folder; "": none
	Knowledge string // likewise of the knowledge adapter; "": the reader serves
	// MannerHash and KnowledgeHash name the values of the adapters; "": of an older program, which kept none.
	MannerHash    string
	KnowledgeHash string
	Samples       []int64         // that it was trained on; some may have been erased since
	Figures       json.RawMessage // what the gate measured; nil: nothing
	Verdict       string          // of the gate, in the trainer's words
	Reason        Reason
	Created       time.Time
	Active        bool // set by the store
	Removed       bool // its files are gone, it cannot be activated; set by the store
}

// Cause says why the active version changed.
type Cause string

// The causes of an activation.
const (
	CauseCycle    Cause = "cycle"    // a cycle was promoted
	CauseRestore  Cause = "restore"  // the user chose it
	CauseRollback Cause = "rollback" // ratings fell, and the trainer went back by itself
)

// Activation is one change of the active version: a mark in the charts.
type Activation struct {
	ID       int64
	BaseHash string
	Version  int64 // 0: the untrained base
	Number   int   // of that version; 0: the untrained base
	Cause    Cause
	Reason   Reason
	Created  time.Time
}

// nextNumber is the number of the next version of the user ?1.
const nextNumber = `(SELECT coalesce(max(number), 0) + 1 FROM versions WHERE user = ?1)`

// NextNumber is the number that the user's next version will have: it counts those of all base models.
func (s *Store) NextNumber(ctx context.Context) (int, error) {
	return one(ctx, s, "number the next version", func(r scanner) (n int, err error) {
		return n, r.Scan(&n)
	}, `SELECT `+nextNumber, s.user)
}

// insertVersion writes the version that a cycle made and activates it.
func (s *Store) insertVersion(ctx context.Context, tx *sql.Tx, c Cycle, v Version) (Version, error) {
	v.User, v.Cycle, v.BaseHash, v.Created, v.Active, v.Removed = s.user, c.ID, c.BaseHash, s.stamp(v.Created), true, false
	if v.Samples == nil {
		v.Samples = []int64{}
	}
	samples, err := jsonValue(v.Samples)
	if err != nil {
		return v, err
	}
	figures, err := documentValue(v.Figures)
	if err != nil {
		return v, err
	}
	reason, err := reasonValue(v.Reason)
	if err != nil {
		return v, err
	}
	if err := tx.QueryRowContext(ctx, `INSERT INTO versions
		(user, number, parent, cycle, base_hash, manner, knowledge, manner_hash, knowledge_hash, samples, figures, verdict, reason, created)
		VALUES (?1, `+nextNumber+`, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id, number`,
		s.user, idValue(v.Parent), v.Cycle, v.BaseHash, v.Manner, v.Knowledge, v.MannerHash, v.KnowledgeHash, samples, figures, v.Verdict, reason,
		timeValue(v.Created)).Scan(&v.ID, &v.Number); err != nil {
		return v, err
	}
	if len(v.Samples) == 0 {
		v.Samples = nil
	}
	return v, s.activate(ctx, tx, v.BaseHash, v.ID, CauseCycle, v.Reason, v.Created)
}

// activate makes a version of a base model the one in use; 0 is the untrained base. What lessons
// are phrased as goes with its manner: another one says it otherwise, and may not have been
// trained on what taught that.
func (s *Store) activate(ctx context.Context, tx *sql.Tx, base string, id int64, cause Cause, why Reason, at time.Time) error {
	reason, err := reasonValue(why)
	if err != nil {
		return err
	}
	before, err := s.activeManner(ctx, tx, base)
	if err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `UPDATE lesson_models SET styled = '' WHERE user = ? AND base_hash = ? AND styled <> ''
		AND coalesce((SELECT manner FROM versions WHERE id = ?), '') <> ?`, s.user, base, idValue(id), before); err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO activations (user, base_hash, version, cause, reason, created) VALUES (?, ?, ?, ?, ?, ?)`,
		s.user, base, idValue(id), cause, reason, timeValue(at))
	return err
}

// activeManner is the path of the manner adapter in use with a base model; "": none.
func (s *Store) activeManner(ctx context.Context, tx *sql.Tx, base string) (path string, err error) {
	err = tx.QueryRowContext(ctx, `SELECT coalesce(v.manner, '') FROM activations a LEFT JOIN versions v ON v.id = a.version
		WHERE a.user = ? AND a.base_hash = ? ORDER BY a.id DESC LIMIT 1`, s.user, base).Scan(&path)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return path, err
}

// checkActive is ErrOvertaken if another version of a base model than want is active;
// want nil: whichever may be.
func (s *Store) checkActive(ctx context.Context, tx *sql.Tx, base string, want *int64) error {
	if want == nil {
		return nil
	}
	var active int64
	err := tx.QueryRowContext(ctx, `SELECT version FROM activations WHERE user = ? AND base_hash = ? ORDER BY id DESC LIMIT 1`, s.user, base).
		Scan(idColumn{&active})
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	if active != *want {
		return fmt.Errorf("%w: %d is in use, not %d", ErrOvertaken, active, *want)
	}
	return nil
}

// activeID is the ID of the active version of versions' user and base model.
const activeID = `(SELECT a.version FROM activations a WHERE a.user = v.user AND a.base_hash = v.base_hash ORDER BY a.id DESC LIMIT 1)`

const selectVersion = `SELECT v.id, v.user, v.number, v.parent, v.cycle, v.base_hash, v.manner, v.knowledge, v.manner_hash, v.knowledge_hash,
	v.samples, v.figures, v.verdict, v.reason, v.created, v.removed IS NOT NULL, v.id IS ` + activeID + ` FROM versions v`

func scanVersion(r scanner) (Version, error) {
	var v Version
	err := r.Scan(&v.ID, &v.User, &v.Number, idColumn{&v.Parent}, &v.Cycle, &v.BaseHash, &v.Manner, &v.Knowledge, &v.MannerHash, &v.KnowledgeHash,
		jsonColumn{&v.Samples}, jsonColumn{&v.Figures}, &v.Verdict, jsonColumn{&v.Reason}, timeColumn{&v.Created}, &v.Removed, &v.Active)
	if len(v.Samples) == 0 {
		v.Samples = nil
	}
	return v, err
}

// Version returns one version.
func (s *Store) Version(ctx context.Context, id int64) (Version, error) {
	return one(ctx, s, "read version", scanVersion, selectVersion+` WHERE v.user = ? AND v.id = ?`, s.user, id)
}

// Versions returns the versions for the base model with the hash base, or for
// all where it is "", the newest first.
func (s *Store) Versions(ctx context.Context, base string) ([]Version, error) {
	return list(ctx, s, "list versions", scanVersion,
		selectVersion+` WHERE v.user = ?1 AND (?2 = '' OR v.base_hash = ?2) ORDER BY v.id DESC`, s.user, base)
}

// ActiveVersion returns the version in use with a base model; the zero Version
// while that is the untrained base.
func (s *Store) ActiveVersion(ctx context.Context, base string) (Version, error) {
	v, err := one(ctx, s, "read the active version", scanVersion,
		selectVersion+` WHERE v.user = ? AND v.base_hash = ? AND v.id = `+activeID, s.user, base)
	if errors.Is(err, ErrNotFound) {
		return Version{}, nil
	}
	return v, err
}

// ActivateVersion makes another version of a base model the one in use; 0 is
// the untrained base. ErrNotFound if it belongs to another base model,
// ErrRemoved if its files are gone.
func (s *Store) ActivateVersion(ctx context.Context, base string, id int64, cause Cause, why Reason) error {
	return s.revise(ctx, "activate version", func(tx *sql.Tx) error {
		if id != 0 {
			v, err := scanVersion(tx.QueryRowContext(ctx, selectVersion+` WHERE v.user = ? AND v.base_hash = ? AND v.id = ?`, s.user, base, id))
			if err != nil {
				return err
			}
			if v.Removed {
				return fmt.Errorf("%w: version %d", ErrRemoved, v.Number)
			}
		}
		return s.activate(ctx, tx, base, id, cause, why, s.stamp(time.Time{}))
	})
}

// RemoveVersion notes that a version's files will be gone; the caller deletes
// them after. ErrActive for a version in use.
func (s *Store) RemoveVersion(ctx context.Context, id int64) error {
	return s.update(ctx, "remove version", func(tx *sql.Tx) error {
		v, err := scanVersion(tx.QueryRowContext(ctx, selectVersion+` WHERE v.user = ? AND v.id = ?`, s.user, id))
		if err != nil {
			return err
		}
		if v.Active {
			return fmt.Errorf("%w: version %d", ErrActive, v.Number)
		}
		_, err = tx.ExecContext(ctx, `UPDATE versions SET removed = coalesce(removed, ?) WHERE user = ? AND id = ?`,
			s.present(), s.user, id)
		return err
	})
}

// LastActivation returns the last change of the active version of a base model; the zero one
// where there was none.
func (s *Store) LastActivation(ctx context.Context, base string) (Activation, error) {
	a, err := one(ctx, s, "read the last activation", scanActivation, selectActivation+` ORDER BY a.id DESC LIMIT 1`, s.user, base)
	if errors.Is(err, ErrNotFound) {
		return Activation{}, nil
	}
	return a, err
}

// Activations returns the changes of the active version of a base model, the
// oldest first.
func (s *Store) Activations(ctx context.Context, base string) ([]Activation, error) {
	return list(ctx, s, "list activations", scanActivation, selectActivation+` ORDER BY a.id`, s.user, base)
}

const selectActivation = `SELECT a.id, a.base_hash, a.version, coalesce(v.number, 0), a.cause, a.reason, a.created
	FROM activations a LEFT JOIN versions v ON v.id = a.version WHERE a.user = ? AND a.base_hash = ?`

func scanActivation(r scanner) (Activation, error) {
	var a Activation
	err := r.Scan(&a.ID, &a.BaseHash, idColumn{&a.Version}, &a.Number, &a.Cause, jsonColumn{&a.Reason}, timeColumn{&a.Created})
	return a, err
}
