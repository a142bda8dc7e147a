package store

import (
	"context"
	"database/sql"
	"time"
)

// EraseSamples removes for good, with their lessons, the samples that were deleted before
// the given time and that no version which is not removed was trained on, on whichever base
// model. One that the cycle which runs at the moment began with stays until that has ended.
// What an erased one had replaced points at the one that replaced it.
//
// The cycles that were given an erased one lose their job and what quotes it (dropJobs); in the
// reasons and figures that stay, an erased question is struck out.
func (s *Store) EraseSamples(ctx context.Context, deletedBefore time.Time) error {
	return s.eraseFor(ctx, "erase deleted samples", func(tx *sql.Tx) (bool, error) { return s.eraseSamples(ctx, tx, deletedBefore) })
}

// eraseFor is revise of what removes something for good; f says whether there was anything. The
// copies from before updates, which hold it, go first: once it is gone from the database, nothing
// would say that they have to, and the program may be killed at any moment.
func (s *Store) eraseFor(ctx context.Context, what string, f func(tx *sql.Tx) (bool, error)) error {
	return s.revise(ctx, what, func(tx *sql.Tx) error {
		erased, err := f(tx)
		if err != nil || !erased {
			return err
		}
		return s.db.removeCopies(true)
	})
}

// eraseSamples is EraseSamples in a transaction; it says whether there are any.
func (s *Store) eraseSamples(ctx context.Context, tx *sql.Tx, before time.Time) (bool, error) {
	for _, step := range []string{`CREATE TEMP TABLE IF NOT EXISTS erased (id INTEGER PRIMARY KEY)`, `DELETE FROM erased`} {
		if _, err := tx.ExecContext(ctx, step); err != nil {
			return false, err
		}
	}
	r, err := tx.ExecContext(ctx, `INSERT INTO erased SELECT id FROM samples WHERE user = ?1 AND deleted < ?2
		AND id NOT IN (SELECT j.value FROM versions v, json_each(v.samples) j WHERE v.user = ?1 AND v.removed IS NULL)
		AND NOT EXISTS (SELECT 1 FROM cycles c WHERE c.user = ?1 AND c.state = 'running' AND c.started <= samples.deleted)`, s.user, before.UnixMicro())
	if err != nil {
		return false, err
	}
	if n, err := r.RowsAffected(); err != nil || n == 0 {
		return false, err
	}
	questions, err := collect(ctx, tx, func(r scanner) (string, error) {
		var q string
		return q, r.Scan(&q)
	}, `SELECT prompt FROM samples WHERE id IN (SELECT id FROM erased)
		UNION SELECT question FROM lessons WHERE sample IN (SELECT id FROM erased)`)
	if err != nil {
		return false, err
	}
	for _, step := range []struct {
		sql  string
		args []any
	}{
		{`UPDATE messages SET lesson = NULL WHERE user = ? AND lesson IN
			(SELECT id FROM lessons WHERE sample IN (SELECT id FROM erased))`, []any{s.user}},
		{`UPDATE samples SET replaced_by = (
			WITH RECURSIVE chain (id) AS (
				SELECT samples.replaced_by
				UNION ALL
				SELECT s.replaced_by FROM chain JOIN samples s ON s.id = chain.id WHERE s.id IN (SELECT id FROM erased)
			) SELECT id FROM chain WHERE id NOT IN (SELECT id FROM erased))
			WHERE user = ? AND replaced_by IN (SELECT id FROM erased)`, []any{s.user}},
	} {
		if _, err := tx.ExecContext(ctx, step.sql, step.args...); err != nil {
			return false, err
		}
	}
	if err := s.dropJobs(ctx, tx, `EXISTS (SELECT 1 FROM json_tree(job, '$.samples') WHERE key = 'id' AND atom IN (SELECT id FROM erased)) OR
			EXISTS (SELECT 1 FROM json_tree(job, '$.lessons') WHERE key = 'sample' AND atom IN (SELECT id FROM erased))`); err != nil {
		return false, err
	}
	if _, err := tx.ExecContext(ctx, `DELETE FROM samples WHERE id IN (SELECT id FROM erased)`); err != nil {
		return false, err
	}
	return true, s.strike(ctx, tx, questions)
}

// dropJobs takes from the cycles of the user ?1 that meet a condition their job and what of
// their report quotes it: the answers, and the word that well rated answers have in common, which
// their version has too.
func (s *Store) dropJobs(ctx context.Context, tx *sql.Tx, condition string) error {
	cycles, err := collect(ctx, tx, func(r scanner) (id int64, err error) {
		return id, r.Scan(&id)
	}, `UPDATE cycles SET job = NULL, report = json_replace(json_remove(report, '$.lessons', '$.open', '$.style', '$.styled', '$.bases'),
			'$.figures.trait.word', ?2, '$.tries[0].figures.trait.word', ?2, '$.tries[1].figures.trait.word', ?2)
		WHERE user = ?1 AND (`+condition+`) RETURNING id`, s.user, struck)
	if err != nil {
		return err
	}
	for _, id := range cycles {
		if _, err := tx.ExecContext(ctx, `UPDATE versions SET figures = json_replace(figures, '$.trait.word', ?) WHERE user = ? AND cycle = ?`, struck, s.user, id); err != nil {
			return err
		}
	}
	return nil
}
