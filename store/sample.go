package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Form says what a sample was made from.
type Form string

// The forms of a sample.
const (
	FormRating     Form = "rating"     // Prompt, Answer and the score that the user gave
	FormCorrection Form = "correction" // Prompt, the given Answer, and a Better one
	FormText       Form = "text"       // Answer alone, with a score
)

// Kind says what a sample teaches.
type Kind string

// The kinds of teaching.
const (
	Knowledge Kind = "knowledge" // what is true: stays with its question
	Manner    Kind = "manner"    // how to answer: spreads to every answer
)

// SampleState says what has become of a sample. It follows from what happened
// to it, in this order: deleted, replaced or turned down, used, none of these.
type SampleState string

// The states of a sample. New and used samples are the live buffer.
const (
	SampleNew      SampleState = "new"
	SampleUsed     SampleState = "used"     // in the cycle Sample.Cycle
	SampleRejected SampleState = "rejected" // for Sample.Reason
	SampleDeleted  SampleState = "deleted"  // by its owner, at Sample.Deleted
)

// Turn is one earlier turn of the conversation in which a sample arose.
type Turn struct {
	Role Role   `json:"role"`
	Text string `json:"text"` // bytes that are not UTF-8 become U+FFFD
}

// Reason says why something was decided. A face translates Code with Args;
// Text is the same in plain English, for logs, reports and the command line.
// The zero Reason explains nothing.
type Reason struct {
	Code string            `json:"code"`
	Args map[string]string `json:"args,omitempty"`
	Text string            `json:"text,omitempty"`
}

// ReasonReplaced is the Code of a sample that a newer one stands for
// (Feedback.Replaces). It is the one code that the store gives by itself.
const ReasonReplaced = "replaced"

// Sample is one piece of feedback: what the trainer learns from.
type Sample struct {
	ID         int64
	User       string
	Form       Form
	Kind       Kind
	Context    []Turn // earlier turns, a system prompt among them; oldest first
	Prompt     string
	Answer     string
	Better     string
	Score      float64 // in [-1, 1]; n stars give (n-3)/2
	Importance int     // 1 to 5; a new sample's 0 means 3, the usual
	Source     string  // where it comes from: user, demo, api, import, ...
	Message    int64   // the rated or corrected message; 0: none, or erased since
	Version    int64   // the Version that gave Answer; 0: the untrained base
	Created    time.Time

	// Set by the store:

	State      SampleState
	Reason     Reason    // why it is rejected
	Cycle      int64     // the last cycle that trained on it; 0: none yet
	ReplacedBy int64     // the next newer sample that Replaces it, deleted or not; 0: none
	Deleted    time.Time // when its owner deleted it; zero: not
}

// Feedback is what AddFeedback writes.
type Feedback struct {
	Sample   Sample
	Lesson   *Lesson // nil: the sample makes none
	Replaces []int64 // samples that this one stands for from now on
	Reject   Reason  // not zero: the quality filter turns the sample down at once
}

// SampleQuery selects samples. The zero query is every sample that is not
// deleted, the oldest first.
type SampleQuery struct {
	IDs          []int64       // nil: all
	States       []SampleState // nil: new, used and rejected
	Forms        []Form        // nil: all
	Kinds        []Kind        // nil: all
	Source       string        // "": all
	Conversation int64         // 0: all; else those on its messages
	Message      int64         // 0: all; else those on it
	Version      *int64        // nil: all; else those on answers of this version (0: the untrained base)
	Since        time.Time     // zero: all; else created then or later
	After        int64         // 0: all; else those added after this one
	NewestFirst  bool
	Limit        int // 0: no limit
}

// AddFeedback writes a sample, its lesson, and what the sample replaces, all
// or nothing, and returns the two as stored. What one of the replaced samples
// had replaced stays so. Deleting the new sample brings the replaced ones back.
func (s *Store) AddFeedback(ctx context.Context, f Feedback) (Sample, Lesson, error) {
	var (
		sample Sample
		lesson Lesson
	)
	write := s.update
	if len(f.Replaces) > 0 {
		write = s.revise
	}
	err := write(ctx, "save feedback", func(tx *sql.Tx) error {
		id, made, err := s.insertFeedback(ctx, tx, f)
		if err != nil {
			return err
		}
		lesson = made
		sample, err = scanSample(tx.QueryRowContext(ctx, selectSample+` WHERE s.id = ?`, id))
		return err
	})
	return sample, lesson, err
}

// Amendment gives a sample that is there another importance, and its lesson other keywords.
type Amendment struct {
	Sample     int64
	Importance int
	Keywords   [][]string // nil: as they are
}

// AddAllFeedback is AddFeedback for each, in their order, and amends what is there: all of it or
// nothing.
func (s *Store) AddAllFeedback(ctx context.Context, all []Feedback, amended []Amendment) error {
	return s.revise(ctx, "save feedback", func(tx *sql.Tx) error {
		for i, f := range all {
			if _, _, err := s.insertFeedback(ctx, tx, f); err != nil {
				return fmt.Errorf("sample %d of %d: %w", i+1, len(all), err)
			}
		}
		for _, a := range amended {
			if err := s.setImportance(ctx, tx, a.Sample, a.Importance); err != nil {
				return err
			}
			if a.Keywords == nil {
				continue
			}
			v, err := jsonValue(a.Keywords)
			if err != nil {
				return err
			}
			r, err := tx.ExecContext(ctx, `UPDATE lessons SET keywords = ? WHERE user = ? AND sample = ?`, v, s.user, a.Sample)
			if err := touched(r, err, 1); err != nil {
				return fmt.Errorf("the keywords of sample %d: %w", a.Sample, err)
			}
		}
		return nil
	})
}

// insertFeedback returns the sample's ID and its lesson; the zero one where there is none.
func (s *Store) insertFeedback(ctx context.Context, tx *sql.Tx, f Feedback) (id int64, lesson Lesson, err error) {
	if id, err = s.insertSample(ctx, tx, f.Sample, f.Reject); err != nil {
		return id, lesson, err
	}
	if f.Lesson != nil {
		if lesson, err = s.insertLesson(ctx, tx, id, *f.Lesson); err != nil {
			return id, lesson, fmt.Errorf("lesson: %w", err)
		}
	}
	for _, old := range f.Replaces {
		if err := s.replace(ctx, tx, old, id); err != nil {
			return id, lesson, fmt.Errorf("replace sample %d: %w", old, err)
		}
	}
	return id, lesson, s.settleReplaced(ctx, tx, id)
}

// replace makes the sample id the successor of old. If old has successors
// already, which are deleted or it would not stand, id comes after the last of
// them: the newest wins, in whatever order they are restored. So replaced_by
// always points at a newer sample, and a chain of them has an end.
func (s *Store) replace(ctx context.Context, tx *sql.Tx, old, id int64) error {
	var last int64
	if err := tx.QueryRowContext(ctx, `WITH RECURSIVE chain (id, next) AS (
			SELECT id, replaced_by FROM samples WHERE user = ? AND id = ?
			UNION ALL
			SELECT s.id, s.replaced_by FROM chain JOIN samples s ON s.id = chain.next
		) SELECT id FROM chain WHERE next IS NULL`, s.user, old).Scan(&last); err != nil || last == id {
		return err
	}
	_, err := tx.ExecContext(ctx, `UPDATE samples SET replaced_by = ? WHERE user = ? AND id = ?`, id, s.user, last)
	return err
}

func (s *Store) insertSample(ctx context.Context, tx *sql.Tx, v Sample, reject Reason) (int64, error) {
	if err := checkTexts(v.Prompt, v.Answer, v.Better, v.Source); err != nil {
		return 0, err
	}
	if !(math.Abs(v.Score) <= 1) {
		return 0, fmt.Errorf("%w: score %v, allowed is -1 to 1", ErrInvalid, v.Score)
	}
	if v.Importance == 0 {
		v.Importance = 3
	}
	if v.Importance < 1 || v.Importance > 5 {
		return 0, fmt.Errorf("%w: importance %d, allowed is 1 to 5", ErrInvalid, v.Importance)
	}
	if v.Context == nil {
		v.Context = []Turn{}
	}
	turns, err := json.Marshal(v.Context)
	if err != nil {
		return 0, err
	}
	if err := checkTexts(string(turns)); err != nil {
		return 0, err
	}
	rejection, err := rejectionValue(reject)
	if err != nil {
		return 0, err
	}
	var id int64
	err = tx.QueryRowContext(ctx, `INSERT INTO samples
		(user, form, kind, context, prompt, answer, better, score, importance, source, message, version, created, rejection)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id`,
		s.user, v.Form, v.Kind, string(turns), v.Prompt, v.Answer, v.Better, v.Score, v.Importance, v.Source,
		idValue(v.Message), idValue(v.Version), timeValue(s.stamp(v.Created)), rejection).Scan(&id)
	return id, err
}

// rejectionValue is NULL for the zero Reason.
func rejectionValue(r Reason) (any, error) {
	if r.Code == "" && r.Text == "" && len(r.Args) == 0 {
		return nil, nil
	}
	if r.Code == "" {
		return nil, fmt.Errorf("%w: a reason without a code", ErrInvalid)
	}
	return reasonValue(r)
}

const selectSample = `SELECT s.id, s.user, s.form, s.kind, s.context, s.prompt, s.answer, s.better, s.score, s.importance, s.source,
	s.message, s.version, s.created, s.state, s.rejection, s.replaced, s.cycle, s.replaced_by, s.deleted FROM samples s`

func scanSample(r scanner) (Sample, error) {
	var (
		v        Sample
		replaced bool
	)
	err := r.Scan(&v.ID, &v.User, &v.Form, &v.Kind, jsonColumn{&v.Context}, &v.Prompt, &v.Answer, &v.Better, &v.Score, &v.Importance,
		&v.Source, idColumn{&v.Message}, idColumn{&v.Version}, timeColumn{&v.Created}, &v.State, jsonColumn{&v.Reason}, &replaced,
		idColumn{&v.Cycle}, idColumn{&v.ReplacedBy}, timeColumn{&v.Deleted})
	if len(v.Context) == 0 {
		v.Context = nil
	}
	if replaced {
		v.Reason = Reason{Code: ReasonReplaced, Text: "replaced by a newer one"}
	}
	return v, err
}

// Sample returns one sample, in whatever state.
func (s *Store) Sample(ctx context.Context, id int64) (Sample, error) {
	return one(ctx, s, "read sample", scanSample, selectSample+` WHERE s.user = ? AND s.id = ?`, s.user, id)
}

// Samples returns the samples that q selects.
func (s *Store) Samples(ctx context.Context, q SampleQuery) ([]Sample, error) {
	where, args := []string{"s.user = ?"}, []any{s.user}
	add := func(condition string, arg any) {
		where, args = append(where, condition), append(args, arg)
	}
	if q.States == nil {
		q.States = []SampleState{SampleNew, SampleUsed, SampleRejected}
	}
	for column, of := range map[string]any{"s.state": q.States, "s.form": q.Forms, "s.kind": q.Kinds, "s.id": q.IDs} {
		set, err := json.Marshal(of)
		if err != nil {
			return nil, fmt.Errorf("list samples: %w", err)
		}
		if string(set) != "null" {
			add(column+" IN (SELECT value FROM json_each(?))", string(set))
		}
	}
	if q.Source != "" {
		add("s.source = ?", q.Source)
	}
	if q.Message != 0 {
		add("s.message = ?", q.Message)
	}
	if q.Conversation != 0 {
		add("s.message IN (SELECT id FROM messages WHERE conversation = ?)", q.Conversation)
	}
	if q.Version != nil {
		add("s.version IS ?", idValue(*q.Version))
	}
	if q.After != 0 {
		add("s.id > ?", q.After)
	}
	if !q.Since.IsZero() {
		add("s.created >= ?", q.Since.UnixMicro())
	}
	query := selectSample + " WHERE " + strings.Join(where, " AND ") + " ORDER BY s.id"
	if q.NewestFirst {
		query += " DESC"
	}
	if q.Limit > 0 {
		query += " LIMIT " + strconv.Itoa(q.Limit)
	}
	return list(ctx, s, "list samples", scanSample, query, args...)
}

// RejectSamples turns samples down for a reason, all or none of them. It
// replaces an earlier reason.
func (s *Store) RejectSamples(ctx context.Context, ids []int64, why Reason) error {
	return s.setRejection(ctx, "reject samples", ids, why)
}

// AcceptSamples takes RejectSamples back. A sample that a newer one replaced
// stays replaced.
func (s *Store) AcceptSamples(ctx context.Context, ids []int64) error {
	return s.setRejection(ctx, "accept samples", ids, Reason{})
}

func (s *Store) setRejection(ctx context.Context, what string, ids []int64, why Reason) error {
	return s.revise(ctx, what, func(tx *sql.Tx) error {
		rejection, err := rejectionValue(why)
		if err != nil {
			return err
		}
		return s.eachSample(ctx, tx, ids, `UPDATE samples SET rejection = ?`, rejection)
	})
}

// eachSample runs an update on those samples, which must all be there.
func (s *Store) eachSample(ctx context.Context, tx *sql.Tx, ids []int64, set string, args ...any) error {
	for _, id := range ids {
		r, err := tx.ExecContext(ctx, set+` WHERE user = ? AND id = ?`, append(args[:len(args):len(args)], s.user, id)...)
		if err := touched(r, err, 1); err != nil {
			return fmt.Errorf("sample %d: %w", id, err)
		}
	}
	return nil
}

// DeleteSample hides a sample and its lesson; what it had replaced stands
// again. RestoreSample takes it back until EraseSamples has erased it for good.
func (s *Store) DeleteSample(ctx context.Context, id int64) error {
	return s.revise(ctx, "delete sample", func(tx *sql.Tx) error {
		r, err := tx.ExecContext(ctx, `UPDATE samples SET deleted = ? WHERE user = ? AND id = ? AND deleted IS NULL`,
			s.present(), s.user, id)
		if err := touched(r, err, 1); err != nil {
			return err
		}
		return s.settleReplaced(ctx, tx, id)
	})
}

// DeleteFeedback hides all samples of a form on a message, those that were
// replaced too: none of them stands again.
func (s *Store) DeleteFeedback(ctx context.Context, message int64, form Form) error {
	return s.revise(ctx, "delete feedback", func(tx *sql.Tx) error {
		_, err := s.hide(ctx, tx, `message = ?3 AND form = ?4`, message, form)
		return err
	})
}

// DeleteWithReplaced hides a sample and all that it had replaced: none of that stands again.
// RestoreSample brings the sample back without them.
func (s *Store) DeleteWithReplaced(ctx context.Context, id int64) error {
	return s.revise(ctx, "delete sample", func(tx *sql.Tx) error {
		ids, err := s.hide(ctx, tx, `id IN (WITH RECURSIVE chain (id) AS (
				VALUES (?3)
				UNION
				SELECT old.id FROM chain JOIN samples old ON old.user = ?2 AND old.replaced_by = chain.id
			) SELECT id FROM chain) AND EXISTS (SELECT 1 FROM samples WHERE user = ?2 AND id = ?3 AND deleted IS NULL)`, id)
		if err == nil && !slices.Contains(ids, id) {
			err = ErrNotFound
		}
		return err
	})
}

// hide deletes the samples that meet a condition, whose parameters begin with ?3, and returns
// them.
func (s *Store) hide(ctx context.Context, tx *sql.Tx, condition string, args ...any) ([]int64, error) {
	ids, err := collect(ctx, tx, func(r scanner) (int64, error) {
		var id int64
		return id, r.Scan(&id)
	}, `UPDATE samples SET deleted = ?1 WHERE user = ?2 AND deleted IS NULL AND `+condition+` RETURNING id`,
		append([]any{s.present(), s.user}, args...)...)
	if err != nil {
		return nil, err
	}
	slices.Sort(ids) // the newest comes last and settles all that it had replaced
	for _, id := range ids {
		if err := s.settleReplaced(ctx, tx, id); err != nil {
			return nil, err
		}
	}
	return ids, nil
}

// RestoreSample takes DeleteSample back. A sample that the cycle which runs at
// the moment began without is new again, and so is one in whose absence a version was
// activated that does not hold it.
func (s *Store) RestoreSample(ctx context.Context, id int64) error {
	return s.revise(ctx, "restore sample", func(tx *sql.Tx) error {
		r, err := tx.ExecContext(ctx, `UPDATE samples SET
			cycle = CASE WHEN EXISTS (SELECT 1 FROM cycles c WHERE c.user = samples.user AND c.state = 'running' AND c.started >= samples.deleted)
				OR EXISTS (SELECT 1 FROM activations a LEFT JOIN versions v ON v.user = a.user AND v.id = a.version
					WHERE a.user = samples.user AND a.created >= samples.deleted
					AND NOT EXISTS (SELECT 1 FROM json_each(v.samples) held WHERE held.value = samples.id))
				THEN NULL ELSE cycle END,
			deleted = NULL WHERE user = ? AND id = ? AND deleted IS NOT NULL`, s.user, id)
		if err := touched(r, err, 1); err != nil {
			return err
		}
		return s.settleReplaced(ctx, tx, id)
	})
}

// settleReplaced works out "replaced" of all that the sample id had replaced,
// and those in turn: one is replaced while any of its successors stands.
func (s *Store) settleReplaced(ctx context.Context, tx *sql.Tx, id int64) error {
	_, err := tx.ExecContext(ctx, `WITH RECURSIVE chain (id, replaced) AS (
			SELECT old.id, by.deleted IS NULL OR by.replaced FROM samples old JOIN samples by ON by.id = old.replaced_by AND by.user = old.user
				WHERE by.id = ?1 AND by.user = ?2
			UNION ALL
			SELECT old.id, by.deleted IS NULL OR chain.replaced FROM chain JOIN samples by ON by.id = chain.id
				JOIN samples old ON old.replaced_by = by.id AND old.user = by.user
		)
		UPDATE samples SET replaced = chain.replaced FROM chain WHERE samples.id = chain.id`, id, s.user)
	return err
}

// SetImportance says how much a sample counts, from 1 to 5.
func (s *Store) SetImportance(ctx context.Context, id int64, importance int) error {
	return s.revise(ctx, "set importance", func(tx *sql.Tx) error { return s.setImportance(ctx, tx, id, importance) })
}

func (s *Store) setImportance(ctx context.Context, tx *sql.Tx, id int64, importance int) error {
	if importance < 1 || importance > 5 {
		return fmt.Errorf("%w: importance %d, allowed is 1 to 5", ErrInvalid, importance)
	}
	return s.eachSample(ctx, tx, []int64{id}, `UPDATE samples SET importance = ?`, importance)
}

// SetKind says that a sample teaches something else than was thought, so that
// it is new again. Its lesson shows with Knowledge and hides with Manner; if it
// has none, lesson becomes it (nil: it stays without).
func (s *Store) SetKind(ctx context.Context, id int64, kind Kind, lesson *Lesson) error {
	return s.revise(ctx, "set kind", func(tx *sql.Tx) error {
		if err := s.eachSample(ctx, tx, []int64{id}, `UPDATE samples SET kind = ?, cycle = NULL`, kind); err != nil {
			return err
		}
		var has bool
		if err := tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM lessons WHERE sample = ?)`, id).Scan(&has); err != nil {
			return err
		}
		if has || lesson == nil || kind != Knowledge {
			return nil
		}
		_, err := s.insertLesson(ctx, tx, id, *lesson)
		return err
	})
}
