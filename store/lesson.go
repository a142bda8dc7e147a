package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// LessonState says whether a lesson sits.
type LessonState string

// The states of a lesson.
const (
	LessonNew    LessonState = "new"    // not asked yet
	LessonKnown  LessonState = "known"  // the last answer passed the check
	LessonMissed LessonState = "missed" // the last answer did not, and no earlier one did
	LessonLost   LessonState = "lost"   // the last answer did not, an earlier one did
)

// Lesson is a correction or a taught answer kept together with its check. It
// belongs to its sample: it shows while the sample is new or used and of the
// kind Knowledge.
type Lesson struct {
	ID         int64
	User       string
	Sample     int64 // set by the store
	Question   string
	Answer     string     // as the user wrote it
	Keywords   [][]string // the answer needs one word of each group; nil: the check goes by the novel words
	Importance int        // the sample's; set by the store
	Created    time.Time

	// What the base model makes of it that the lesson was read for; set by the store:

	Styled     string // the answer in the user's manner, passing the check; "": Answer serves (PhraseLessons)
	BaseAnswer string // of the untrained model, for the words that it lacks; "": not asked yet (NoteLessons)
	State      LessonState
}

// LessonResult is one asking of a lesson. The results of a lesson are its trail.
type LessonResult struct {
	ID      int64
	Lesson  int64
	Base    string // the hash of the base model that was asked; set by the store
	Cycle   int64  // that asked; 0: asked outside of a cycle
	Version int64  // that answered; 0: the untrained base
	Outcome LessonState
	Answer  string
	Created time.Time
	Details json.RawMessage // the trainer's account of it (variants, leaks); nil: none
}

func (s *Store) insertLesson(ctx context.Context, tx *sql.Tx, sample int64, l Lesson) (Lesson, error) {
	if err := checkTexts(l.Question, l.Answer); err != nil {
		return l, err
	}
	keywords, err := jsonValue(l.Keywords)
	if err != nil {
		return l, err
	}
	l.User, l.Sample, l.Created = s.user, sample, s.stamp(l.Created)
	l.Styled, l.BaseAnswer, l.State = "", "", LessonNew
	err = tx.QueryRowContext(ctx, `INSERT INTO lessons (user, sample, question, answer, keywords, created)
		VALUES (?, ?, ?, ?, ?, ?) RETURNING id, (SELECT importance FROM samples WHERE id = sample)`,
		s.user, sample, l.Question, l.Answer, keywords, timeValue(l.Created)).Scan(&l.ID, &l.Importance)
	return l, err
}

// lessonBase is the base model that a lesson is read for: parameter ?1, or, where that
// is "", the one that lessons were asked on last. Parameter ?2 is the user.
const lessonBase = `coalesce(nullif(?1, ''), (SELECT base_hash FROM lesson_results WHERE user = ?2 ORDER BY id DESC LIMIT 1))`

const (
	selectLesson = `SELECT l.id, l.user, l.sample, l.question, l.answer, l.keywords, s.importance, l.created,
		coalesce(m.styled, ''), coalesce(m.base_answer, ''), coalesce(m.state, 'new')
		FROM lessons l JOIN samples s ON s.id = l.sample
		LEFT JOIN lesson_models m ON m.user = l.user AND m.lesson = l.id AND m.base_hash = ` + lessonBase + `
		WHERE l.user = ?2`
	lessonShows = ` AND s.kind = 'knowledge' AND s.state IN ('new', 'used')`
)

func scanLesson(r scanner) (Lesson, error) {
	var l Lesson
	err := r.Scan(&l.ID, &l.User, &l.Sample, &l.Question, &l.Answer, jsonColumn{&l.Keywords}, &l.Importance, timeColumn{&l.Created},
		&l.Styled, &l.BaseAnswer, &l.State)
	return l, err
}

// Lesson returns one lesson, also one that does not show: an answer that used
// it may outlive it. In this and the other methods, base is the hash of the base
// model whose State, BaseAnswer and Styled are wanted; "" is the one that lessons
// were asked on last.
func (s *Store) Lesson(ctx context.Context, base string, id int64) (Lesson, error) {
	return one(ctx, s, "read lesson", scanLesson, selectLesson+` AND l.id = ?3`, base, s.user, id)
}

// LessonOf returns the lesson of a sample, also one that does not show.
func (s *Store) LessonOf(ctx context.Context, base string, sample int64) (Lesson, error) {
	return one(ctx, s, "read the lesson of a sample", scanLesson, selectLesson+` AND l.sample = ?3`, base, s.user, sample)
}

// Lessons returns the lessons that show, the oldest first.
func (s *Store) Lessons(ctx context.Context, base string) ([]Lesson, error) {
	return s.LessonsAfter(ctx, base, 0)
}

// LessonsAfter returns the lessons that show and were added after one, the oldest first.
func (s *Store) LessonsAfter(ctx context.Context, base string, lesson int64) ([]Lesson, error) {
	return list(ctx, s, "list lessons", scanLesson, selectLesson+lessonShows+` AND l.id > ?3 ORDER BY l.id`, base, s.user, lesson)
}

// SetKeywords gives a lesson another check; nil: the check goes by the novel words.
func (s *Store) SetKeywords(ctx context.Context, lesson int64, keywords [][]string) error {
	return s.revise(ctx, "set keywords", func(tx *sql.Tx) error {
		v, err := jsonValue(keywords)
		if err != nil {
			return err
		}
		r, err := tx.ExecContext(ctx, `UPDATE lessons SET keywords = ? WHERE user = ? AND id = ?`, v, s.user, lesson)
		return touched(r, err, 1)
	})
}

// AmendLesson gives a lesson another check, and its sample another importance.
func (s *Store) AmendLesson(ctx context.Context, lesson int64, importance int, keywords [][]string) error {
	return s.revise(ctx, "amend lesson", func(tx *sql.Tx) error {
		v, err := jsonValue(keywords)
		if err != nil {
			return err
		}
		var sample int64
		if err := tx.QueryRowContext(ctx, `UPDATE lessons SET keywords = ? WHERE user = ? AND id = ? RETURNING sample`, v, s.user, lesson).Scan(&sample); err != nil {
			return err
		}
		return s.setImportance(ctx, tx, sample, importance)
	})
}

// NoteLessons keeps, by lesson, what the untrained base model answers: all or none, but for
// lessons that were erased meanwhile.
func (s *Store) NoteLessons(ctx context.Context, base string, answers map[int64]string) error {
	if len(answers) == 0 {
		return nil
	}
	return s.revise(ctx, "note what a model answers to lessons", func(tx *sql.Tx) error {
		return s.setAllOnModel(ctx, tx, base, "base_answer", answers)
	})
}

// PhraseLessons keeps, by lesson, answers in a manner of a base model, which is the path of its
// adapter: all or none, but for lessons that were erased meanwhile. It keeps none once a version
// with another manner is active: what the lessons are phrased as goes with the manner.
func (s *Store) PhraseLessons(ctx context.Context, base, manner string, styled map[int64]string) error {
	if len(styled) == 0 {
		return nil
	}
	return s.revise(ctx, "phrase lessons in a manner", func(tx *sql.Tx) error {
		active, err := s.activeManner(ctx, tx, base)
		if err != nil || active != manner {
			return err
		}
		return s.setAllOnModel(ctx, tx, base, "styled", styled)
	})
}

func (s *Store) setAllOnModel(ctx context.Context, tx *sql.Tx, base, column string, texts map[int64]string) error {
	for lesson, text := range texts {
		if err := s.setOnModel(ctx, tx, base, lesson, column, text); err != nil && !errors.Is(err, ErrNotFound) {
			return fmt.Errorf("lesson %d: %w", lesson, err)
		}
	}
	return nil
}

// setOnModel is ErrNotFound where there is no such lesson.
func (s *Store) setOnModel(ctx context.Context, tx *sql.Tx, base string, lesson int64, column, value string) error {
	if err := checkTexts(value); err != nil {
		return err
	}
	r, err := tx.ExecContext(ctx, `INSERT INTO lesson_models (user, lesson, base_hash, `+column+`) SELECT user, id, ?, ? FROM lessons WHERE user = ? AND id = ?
		ON CONFLICT DO UPDATE SET `+column+` = excluded.`+column, base, value, s.user, lesson)
	return touched(r, err, 1)
}

// AddResults appends to the trails that lessons have on a base model, all or none; the
// outcome of a lesson's last one becomes its state there.
func (s *Store) AddResults(ctx context.Context, base string, results []LessonResult) error {
	return s.revise(ctx, "add lesson results", func(tx *sql.Tx) error { return s.insertResults(ctx, tx, base, results) })
}

func (s *Store) insertResults(ctx context.Context, tx *sql.Tx, base string, results []LessonResult) error {
	for _, v := range results {
		if err := checkTexts(v.Answer); err != nil {
			return fmt.Errorf("lesson %d: %w", v.Lesson, err)
		}
		details, err := documentValue(v.Details)
		if err != nil {
			return fmt.Errorf("lesson %d: %w", v.Lesson, err)
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO lesson_results (user, lesson, base_hash, cycle, version, outcome, answer, created, details)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`, s.user, v.Lesson, base, idValue(v.Cycle), idValue(v.Version), v.Outcome, v.Answer,
			timeValue(s.stamp(v.Created)), details); err != nil {
			return fmt.Errorf("lesson %d: %w", v.Lesson, err)
		}
		if err := s.setOnModel(ctx, tx, base, v.Lesson, "state", string(v.Outcome)); err != nil {
			return fmt.Errorf("lesson %d: %w", v.Lesson, err)
		}
	}
	return nil
}

// Trail returns the last results that a lesson has on a base model, the oldest of them
// first; last 0: all.
func (s *Store) Trail(ctx context.Context, base string, lesson int64, last int) ([]LessonResult, error) {
	return s.trail(ctx, base, last, ` AND l.id = ?4`, lesson)
}

// Trails returns the last results of every lesson on a base model, by the lesson's ID.
func (s *Store) Trails(ctx context.Context, base string, last int) (map[int64][]LessonResult, error) {
	results, err := s.trail(ctx, base, last, "")
	if err != nil {
		return nil, err
	}
	trails := map[int64][]LessonResult{}
	for _, r := range results {
		trails[r.Lesson] = append(trails[r.Lesson], r)
	}
	return trails, nil
}

func (s *Store) trail(ctx context.Context, base string, last int, which string, args ...any) ([]LessonResult, error) {
	if last == 0 {
		last = -1 // no limit
	}
	return list(ctx, s, "read lesson trail", scanResult, `SELECT r.id, r.lesson, r.base_hash, r.cycle, r.version, r.outcome, r.answer, r.created, r.details
		FROM lessons l JOIN lesson_results r ON r.id IN (SELECT x.id `+resultsOf+` ORDER BY x.id DESC LIMIT ?3)
		WHERE l.user = ?2`+which+` ORDER BY r.id`, append([]any{base, s.user, last}, args...)...)
}

// resultsOf are the results of a lesson l, found by their index.
const resultsOf = `FROM lesson_results x WHERE x.user = l.user AND x.lesson = l.id AND x.base_hash = ` + lessonBase

// Asking is when a lesson was asked on a base model.
type Asking struct {
	Lesson int64
	Last   int64 // the ID of its newest result
	Widely int64 // of its newest one with details; 0: none
	Since  int64 // the first cycle since which it was known whenever it was asked; 0: it is not, or no cycle asked
}

// Askings says of every lesson that was asked on a base model when that was, by the
// lesson's ID. It reads no answers.
func (s *Store) Askings(ctx context.Context, base string) (map[int64]Asking, error) {
	all, err := list(ctx, s, "read when lessons were asked", func(r scanner) (a Asking, err error) {
		return a, r.Scan(&a.Lesson, &a.Last, idColumn{&a.Widely}, idColumn{&a.Since})
	}, `SELECT l.id, (SELECT x.id `+resultsOf+` ORDER BY x.id DESC LIMIT 1) AS last,
			(SELECT x.id `+resultsOf+` AND octet_length(x.details) > 2 ORDER BY x.id DESC LIMIT 1),
			(SELECT x.cycle `+resultsOf+` AND x.cycle IS NOT NULL
				AND x.id > coalesce((SELECT x.id `+resultsOf+` AND x.outcome <> 'known' ORDER BY x.id DESC LIMIT 1), 0) ORDER BY x.id LIMIT 1)
		FROM lessons l WHERE l.user = ?2 AND last IS NOT NULL`, base, s.user)
	if err != nil {
		return nil, err
	}
	askings := make(map[int64]Asking, len(all))
	for _, a := range all {
		askings[a.Lesson] = a
	}
	return askings, nil
}

// Untried returns the lessons that a base model did not know when they were asked, and that no
// cycle on it has asked.
func (s *Store) Untried(ctx context.Context, base string) ([]int64, error) {
	return list(ctx, s, "list lessons that no cycle has tried", func(r scanner) (id int64, err error) {
		return id, r.Scan(&id)
	}, `SELECT m.lesson FROM lesson_models m WHERE m.user = ?1 AND m.base_hash = ?2 AND m.state IN ('missed', 'lost')
			AND NOT EXISTS (SELECT 1 FROM lesson_results r WHERE r.user = m.user AND r.lesson = m.lesson AND r.base_hash = m.base_hash AND r.cycle IS NOT NULL)
		ORDER BY m.lesson`, s.user, base)
}

// AskedBefore returns the lessons that show and were last asked on a base model before a time.
func (s *Store) AskedBefore(ctx context.Context, base string, at time.Time) ([]int64, error) {
	return list(ctx, s, "list lessons by when they were asked", func(r scanner) (id int64, err error) {
		return id, r.Scan(&id)
	}, `SELECT l.id FROM lessons l JOIN samples s ON s.id = l.sample
		WHERE l.user = ?2`+lessonShows+` AND (SELECT x.created `+resultsOf+` ORDER BY x.id DESC LIMIT 1) < ?3 ORDER BY l.id`, base, s.user, timeValue(at))
}

func scanResult(r scanner) (LessonResult, error) {
	var v LessonResult
	err := r.Scan(&v.ID, &v.Lesson, &v.Base, idColumn{&v.Cycle}, idColumn{&v.Version}, &v.Outcome, &v.Answer, timeColumn{&v.Created}, jsonColumn{&v.Details})
	return v, err
}
