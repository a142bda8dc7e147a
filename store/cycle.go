package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// CycleState says what has become of a cycle.
type CycleState string

// The states of a cycle.
const (
	CycleRunning  CycleState = "running"
	CyclePromoted CycleState = "promoted" // the gate passed: it made a version
	CycleRefused  CycleState = "refused"  // the gate said no
	CycleFailed   CycleState = "failed"   // an error ended it
	CycleStopped  CycleState = "stopped"  // the user, or the program's end, stopped it in good order
	CycleChecked  CycleState = "checked"  // it made no version: nothing was due, or what it trained taught nothing
	CycleCut      CycleState = "cut"      // found running at a start: the program was killed
)

// Cycle is one run of the training cycle.
type Cycle struct {
	ID       int64
	User     string
	State    CycleState
	Started  time.Time
	Finished time.Time       // zero while it runs
	BaseHash string          // of the base model's file
	Job      json.RawMessage // what it was given: {"samples": [{"id": 1, ...}], "lessons": [{"sample": 1, ...}], ...}; nil: not said, one of these was erased, or it is an old one
	Report   json.RawMessage // what it found; nil: nothing yet. What quotes feedback (dropJobs) goes with the job
	Verdict  string          // of the gate, in the trainer's words
	Reason   Reason
}

// CycleEnd is what FinishCycle writes.
type CycleEnd struct {
	Cycle   int64
	State   CycleState // any but CycleRunning and CycleCut
	At      time.Time  // zero: now
	Report  json.RawMessage
	Verdict string
	Reason  Reason
	Used    map[int64]Kind // samples that this cycle has used, and as what: one that was made something else meanwhile is still new
	Version *Version       // made and activated: with CyclePromoted, and only then
	Over    *int64         // the version that must still be in use (0: the untrained base), or ErrOvertaken; nil: whichever
	Results []LessonResult // the store sets Cycle and, with CyclePromoted, Version; what a refused candidate answered belongs in Report
}

// StartCycle notes that a cycle runs: its Started, BaseHash and Job. ErrRunning
// if one runs already.
func (s *Store) StartCycle(ctx context.Context, c Cycle) (Cycle, error) {
	c = Cycle{User: s.user, State: CycleRunning, Started: s.stamp(c.Started), BaseHash: c.BaseHash, Job: c.Job}
	err := s.update(ctx, "start cycle", func(tx *sql.Tx) error {
		job, err := documentValue(c.Job)
		if err != nil {
			return err
		}
		err = tx.QueryRowContext(ctx, `INSERT INTO cycles (user, state, started, base_hash, job, activation) VALUES (?1, ?2, ?3, ?4, ?5,
			coalesce((SELECT max(id) FROM activations WHERE user = ?1 AND base_hash = ?4), 0)) RETURNING id`,
			s.user, c.State, timeValue(c.Started), c.BaseHash, job).Scan(&c.ID)
		if e := (*sqlite.Error)(nil); errors.As(err, &e) && e.Code() == sqlite3.SQLITE_CONSTRAINT_UNIQUE {
			return ErrRunning
		}
		if err != nil {
			return err
		}
		return s.dropJobs(ctx, tx, oldJobs)
	})
	return c, err
}

// jobsKept is how many cycles keep their job, which quotes all feedback that there was then.
const jobsKept = 100

// oldJobs are the jobs of earlier cycles of the user ?1, but for those of versions that can be
// used: the next cycle looks at the job of the version that it follows.
var oldJobs = fmt.Sprintf(`job IS NOT NULL AND id <= (SELECT id FROM cycles WHERE user = ?1 ORDER BY id DESC LIMIT 1 OFFSET %d)
	AND id NOT IN (SELECT cycle FROM versions WHERE user = ?1 AND removed IS NULL)`, jobsKept)

// FinishCycle ends a running cycle in one transaction: its report and verdict,
// the samples used, the lessons' results, and the version that it made, which
// is active from then on. A crash leaves either all of it or a running cycle,
// which the next start marks as cut. The adapters' files must be on disk before.
func (s *Store) FinishCycle(ctx context.Context, e CycleEnd) (Cycle, Version, error) {
	var (
		cycle   Cycle
		version Version
	)
	err := s.revise(ctx, "finish cycle", func(tx *sql.Tx) error {
		if e.State == CycleRunning || e.State == CycleCut {
			return fmt.Errorf("%w: a cycle does not finish as %s", ErrInvalid, e.State)
		}
		if (e.State == CyclePromoted) != (e.Version != nil) {
			return fmt.Errorf("%w: a version belongs to a promoted cycle, and only to one", ErrInvalid)
		}
		var err error
		if cycle, err = s.endCycle(ctx, tx, e); err != nil {
			return err
		}
		for id, as := range e.Used {
			if err := s.eachSample(ctx, tx, []int64{id}, `UPDATE samples SET cycle = CASE kind WHEN ? THEN ? ELSE cycle END`, as, cycle.ID); err != nil {
				return err
			}
		}
		if e.Version != nil {
			if err := s.checkActive(ctx, tx, cycle.BaseHash, e.Over); err != nil {
				return err
			}
			if version, err = s.insertVersion(ctx, tx, cycle, *e.Version); err != nil {
				return fmt.Errorf("version: %w", err)
			}
		}
		results := make([]LessonResult, len(e.Results))
		for i, r := range e.Results {
			r.Cycle = cycle.ID
			if e.Version != nil {
				r.Version = version.ID
			}
			results[i] = r
		}
		return s.insertResults(ctx, tx, cycle.BaseHash, results)
	})
	if err != nil {
		return Cycle{}, Version{}, err
	}
	return cycle, version, nil
}

func (s *Store) endCycle(ctx context.Context, tx *sql.Tx, e CycleEnd) (Cycle, error) {
	report, err := documentValue(e.Report)
	if err != nil {
		return Cycle{}, err
	}
	reason, err := reasonValue(e.Reason)
	if err != nil {
		return Cycle{}, err
	}
	r, err := tx.ExecContext(ctx, `UPDATE cycles SET state = ?, finished = ?, report = ?, verdict = ?, reason = ?
		WHERE user = ? AND id = ? AND state = 'running'`, e.State, timeValue(s.stamp(e.At)), report, e.Verdict, reason, s.user, e.Cycle)
	missing := touched(r, err, 1)
	if missing != nil && !errors.Is(missing, ErrNotFound) {
		return Cycle{}, missing
	}
	c, err := scanCycle(tx.QueryRowContext(ctx, selectCycle+` WHERE user = ? AND id = ?`, s.user, e.Cycle))
	if err == nil && missing != nil {
		return c, fmt.Errorf("%w: it is %s", ErrFinished, c.State)
	}
	return c, err
}

// MarkCut marks the cycles that a killed program has left running as cut, and
// returns them. It is for the start of the program, before any cycle runs.
func (s *Store) MarkCut(ctx context.Context) ([]Cycle, error) {
	var cut []Cycle
	err := s.update(ctx, "mark cut cycles", func(tx *sql.Tx) error {
		ids, err := collect(ctx, tx, func(r scanner) (int64, error) {
			var id int64
			return id, r.Scan(&id)
		}, `UPDATE cycles SET state = 'cut', finished = ? WHERE user = ? AND state = 'running' RETURNING id`,
			s.present(), s.user)
		if err != nil {
			return err
		}
		for _, id := range ids {
			c, err := scanCycle(tx.QueryRowContext(ctx, selectCycle+` WHERE id = ?`, id))
			if err != nil {
				return err
			}
			cut = append(cut, c)
		}
		return nil
	})
	return cut, err
}

// DecidedSince says whether a cycle on the base model of an activation that began after that was
// decided: it made a version, was refused, or had nothing to make. Of cycles that earlier programs
// began only the times tell.
func (s *Store) DecidedSince(ctx context.Context, since Activation) (bool, error) {
	return one(ctx, s, "look for a decided cycle", func(r scanner) (found bool, err error) {
		return found, r.Scan(&found)
	}, `SELECT EXISTS (SELECT 1 FROM cycles WHERE user = ? AND base_hash = ? AND state IN ('promoted', 'refused', 'checked')
			AND coalesce(activation >= ?, started >= ?))`, s.user, since.BaseHash, since.ID, timeValue(since.Created))
}

const selectCycle = `SELECT id, user, state, started, finished, base_hash, job, report, verdict, reason FROM cycles`

const selectOutline = `SELECT id, user, state, started, finished, '', NULL, NULL, '', reason FROM cycles`

func scanCycle(r scanner) (Cycle, error) {
	var c Cycle
	err := r.Scan(&c.ID, &c.User, &c.State, timeColumn{&c.Started}, timeColumn{&c.Finished}, &c.BaseHash, jsonColumn{&c.Job},
		jsonColumn{&c.Report}, &c.Verdict, jsonColumn{&c.Reason})
	return c, err
}

// Cycle returns one cycle.
func (s *Store) Cycle(ctx context.Context, id int64) (Cycle, error) {
	return one(ctx, s, "read cycle", scanCycle, selectCycle+` WHERE user = ? AND id = ?`, s.user, id)
}

// Cycles returns the last cycles, the newest first; limit 0: all.
func (s *Store) Cycles(ctx context.Context, limit int) ([]Cycle, error) {
	return s.cycles(ctx, selectCycle, limit)
}

// CycleReports is Cycles without the jobs, each of which quotes all feedback that there was.
func (s *Store) CycleReports(ctx context.Context, limit int) ([]Cycle, error) {
	return s.cycles(ctx, strings.Replace(selectCycle, " job,", " NULL,", 1), limit)
}

// CycleOutlines is Cycles with nothing but when each ran and how it ended: what the index
// cycles_outline holds, so that all of them are read without a look at their rows, each of which
// is as long as its job and report.
func (s *Store) CycleOutlines(ctx context.Context, limit int) ([]Cycle, error) {
	return s.cycles(ctx, selectOutline, limit)
}

const ofUserNewestFirst = ` WHERE user = ? ORDER BY id DESC LIMIT ?`

func (s *Store) cycles(ctx context.Context, selected string, limit int) ([]Cycle, error) {
	if limit <= 0 {
		limit = -1
	}
	return list(ctx, s, "list cycles", scanCycle, selected+ofUserNewestFirst, s.user, limit)
}
