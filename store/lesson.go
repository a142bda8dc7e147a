package store

import (
	"context"
	"database/sql"
	"encoding/json"
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
	Answer     string      // as the user wrote it
	Styled     string      // in the user's manner, passing the check; "": Answer serves
	BaseAnswer string      // of the untrained base, for the words that it lacks
	Keywords   [][]string  // the answer needs one word of each group; nil: the check goes by the novel words
	State      LessonState // set by the store
	Importance int         // the sample's; set by the store
	Created    time.Time
}

// LessonResult is one asking of a lesson. The results of a lesson are its trail.
type LessonResult struct {
	ID      int64
	Lesson  int64
	Cycle   int64 // that asked; 0: asked outside of a cycle
	Version int64 // that answered; 0: the untrained base
	Outcome LessonState
	Answer  string
	Created time.Time
	Details json.RawMessage // the trainer's account of it (variants, leaks); nil: none
}

func (s *Store) insertLesson(ctx context.Context, tx *sql.Tx, sample int64, l Lesson) (Lesson, error) {
	if err := checkTexts(l.Question, l.Answer, l.Styled, l.BaseAnswer); err != nil {
		return l, err
	}
	keywords, err := jsonValue(l.Keywords)
	if err != nil {
		return l, err
	}
	l.User, l.Sample, l.State, l.Created = s.user, sample, LessonNew, s.stamp(l.Created)
	err = tx.QueryRowContext(ctx, `INSERT INTO lessons (user, sample, question, answer, styled, base_answer, keywords, state, created)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id, (SELECT importance FROM samples WHERE id = sample)`,
		s.user, sample, l.Question, l.Answer, l.Styled, l.BaseAnswer, keywords, l.State, timeValue(l.Created)).Scan(&l.ID, &l.Importance)
	return l, err
}

const (
	selectLesson = `SELECT l.id, l.user, l.sample, l.question, l.answer, l.styled, l.base_answer, l.keywords, l.state, s.importance, l.created
		FROM lessons l JOIN samples s ON s.id = l.sample`
	lessonShows = ` AND s.kind = 'knowledge' AND s.state IN ('new', 'used')`
)

func scanLesson(r scanner) (Lesson, error) {
	var l Lesson
	err := r.Scan(&l.ID, &l.User, &l.Sample, &l.Question, &l.Answer, &l.Styled, &l.BaseAnswer, jsonColumn{&l.Keywords}, &l.State,
		&l.Importance, timeColumn{&l.Created})
	return l, err
}

// Lesson returns one lesson, also one that does not show: an answer that used
// it may outlive it.
func (s *Store) Lesson(ctx context.Context, id int64) (Lesson, error) {
	return one(ctx, s, "read lesson", scanLesson, selectLesson+` WHERE l.user = ? AND l.id = ?`, s.user, id)
}

// LessonOf returns the lesson of a sample, also one that does not show.
func (s *Store) LessonOf(ctx context.Context, sample int64) (Lesson, error) {
	return one(ctx, s, "read lesson of a sample", scanLesson, selectLesson+` WHERE l.user = ? AND l.sample = ?`, s.user, sample)
}

// Lessons returns the lessons that show, the oldest first.
func (s *Store) Lessons(ctx context.Context) ([]Lesson, error) {
	return list(ctx, s, "list lessons", scanLesson, selectLesson+` WHERE l.user = ?`+lessonShows+` ORDER BY l.id`, s.user)
}

// SetKeywords gives a lesson another check; nil: the check goes by the novel words.
func (s *Store) SetKeywords(ctx context.Context, lesson int64, keywords [][]string) error {
	v, err := jsonValue(keywords)
	if err != nil {
		return fmt.Errorf("set keywords: %w", err)
	}
	return s.setLesson(ctx, "set keywords", lesson, "keywords", v)
}

// SetStyled keeps a lesson's answer in the user's manner.
func (s *Store) SetStyled(ctx context.Context, lesson int64, answer string) error {
	return s.setLesson(ctx, "set a lesson's styled answer", lesson, "styled", answer)
}

// SetBaseAnswer keeps what the untrained base answers to a lesson.
func (s *Store) SetBaseAnswer(ctx context.Context, lesson int64, answer string) error {
	return s.setLesson(ctx, "set a lesson's base answer", lesson, "base_answer", answer)
}

func (s *Store) setLesson(ctx context.Context, what string, lesson int64, column string, value any) error {
	return s.update(ctx, what, func(tx *sql.Tx) error {
		if text, ok := value.(string); ok {
			if err := checkTexts(text); err != nil {
				return err
			}
		}
		r, err := tx.ExecContext(ctx, `UPDATE lessons SET `+column+` = ? WHERE user = ? AND id = ?`, value, s.user, lesson)
		return touched(r, err, 1)
	})
}

// AddResults appends to the trails of lessons, all or none; the outcome of a
// lesson's last one becomes its state.
func (s *Store) AddResults(ctx context.Context, results []LessonResult) error {
	return s.update(ctx, "add lesson results", func(tx *sql.Tx) error { return s.insertResults(ctx, tx, results) })
}

func (s *Store) insertResults(ctx context.Context, tx *sql.Tx, results []LessonResult) error {
	for _, v := range results {
		if err := checkTexts(v.Answer); err != nil {
			return fmt.Errorf("lesson %d: %w", v.Lesson, err)
		}
		details, err := documentValue(v.Details)
		if err != nil {
			return fmt.Errorf("lesson %d: %w", v.Lesson, err)
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO lesson_results (user, lesson, cycle, version, outcome, answer, created, details)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?)`, s.user, v.Lesson, idValue(v.Cycle), idValue(v.Version), v.Outcome, v.Answer,
			timeValue(s.stamp(v.Created)), details); err != nil {
			return fmt.Errorf("lesson %d: %w", v.Lesson, err)
		}
		r, err := tx.ExecContext(ctx, `UPDATE lessons SET state = ? WHERE user = ? AND id = ?`, v.Outcome, s.user, v.Lesson)
		if err := touched(r, err, 1); err != nil {
			return fmt.Errorf("lesson %d: %w", v.Lesson, err)
		}
	}
	return nil
}

// Trail returns the last results of a lesson, the oldest of them first; last 0: all.
func (s *Store) Trail(ctx context.Context, lesson int64, last int) ([]LessonResult, error) {
	return s.trail(ctx, last, `lesson = ?`, s.user, lesson)
}

// Trails returns the last results of every lesson, by the lesson's ID.
func (s *Store) Trails(ctx context.Context, last int) (map[int64][]LessonResult, error) {
	results, err := s.trail(ctx, last, `true`, s.user)
	if err != nil {
		return nil, err
	}
	trails := map[int64][]LessonResult{}
	for _, r := range results {
		trails[r.Lesson] = append(trails[r.Lesson], r)
	}
	return trails, nil
}

func (s *Store) trail(ctx context.Context, last int, which string, args ...any) ([]LessonResult, error) {
	return list(ctx, s, "read lesson trail", scanResult, `SELECT id, lesson, cycle, version, outcome, answer, created, details FROM
		(SELECT *, row_number() OVER (PARTITION BY lesson ORDER BY id DESC) AS back FROM lesson_results WHERE user = ? AND `+which+`)
		WHERE back <= ? OR ? = 0 ORDER BY id`, append(args, last, last)...)
}

func scanResult(r scanner) (LessonResult, error) {
	var v LessonResult
	err := r.Scan(&v.ID, &v.Lesson, idColumn{&v.Cycle}, idColumn{&v.Version}, &v.Outcome, &v.Answer, timeColumn{&v.Created}, jsonColumn{&v.Details})
	return v, err
}
