package trainer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"clara/store"
)

// promote saves a candidate's adapters, ends its cycle with a new version in one
// transaction, and lets that version answer. A crash before the transaction leaves
// files that nothing refers to and a cycle, which the next start removes and marks as cut;
// after it, a version that the next start uses. If the version that the cycle began with is no
// longer the one in use, the cycle ends as stopped, with errOvertaken.
func (t *Trainer) promote(ctx context.Context, cycle int64, j Job, o Outcome, used map[int64]Kind) (Version, error) {
	folder := cycleFolder(cycle)
	var mark []any
	if o.Report.Reason.Code == CodeImported {
		mark = []any{importMark, true}
	}
	fail := func(why error) (Version, error) { // the files go first: the store may need their room
		return Version{}, t.fail(ctx, cycle, errors.Join(why, t.discard(cycle)), mark...)
	}
	if err := writeAdapters(filepath.Join(t.home, folder), o); err != nil {
		return fail(err)
	}
	before := j.Before
	v := Version{Parent: before.Version, Verdict: o.Report.Verdict, Reason: o.Report.Reason}
	switch {
	case o.Manner != nil:
		v.Manner, v.MannerHash = filepath.ToSlash(filepath.Join(folder, mannerFolder)), o.Manner.Hash()
	case o.KeepManner:
		v.Manner, v.MannerHash = before.Manner, before.MannerHash
	}
	switch {
	case o.Knowledge != nil:
		v.Knowledge, v.KnowledgeHash = filepath.ToSlash(filepath.Join(folder, knowledgeFolder)), o.Knowledge.Hash()
	case o.KeepKnowledge:
		v.Knowledge, v.KnowledgeHash = before.Knowledge, before.KnowledgeHash
	}
	// Only what the adapters were trained on has to be unlearnt when it is taken back: a
	// lesson that the reader serves is gone with its turn.
	if v.Manner != "" {
		train, _ := holdOut(j.Samples)
		for _, s := range train {
			v.Samples = append(v.Samples, s.ID)
		}
	}
	if v.Knowledge != "" {
		v.Samples = append(v.Samples, o.Report.KnowledgeOn...)
	}
	var err error
	if v.Figures, err = json.Marshal(o.Report.Figures); err != nil {
		return fail(fmt.Errorf("encode the figures: %w", err))
	}
	report, err := json.Marshal(o.Report)
	if err != nil {
		return fail(fmt.Errorf("encode the report: %w", err))
	}
	active, err := t.store.ActiveVersion(ctx, j.Base)
	if err != nil {
		return fail(fmt.Errorf("read the version in use: %w", err))
	}
	_, made, err := t.store.FinishCycle(ctx, store.CycleEnd{
		Cycle: cycle, State: CyclePromoted, Report: report, Verdict: o.Report.Verdict, Reason: o.Report.Reason,
		Used: used, Version: &v, Over: &before.Version, Results: o.Report.results(0),
	})
	if errors.Is(err, store.ErrOvertaken) {
		return Version{}, t.overtaken(ctx, cycle, j.Base, mark...)
	}
	if err != nil {
		return fail(fmt.Errorf("keep the new version: %w", err))
	}
	// The store has the new version in use from here on, so it is to answer whatever else fails.
	noted := saving(t.noteLessons(ctx, j.Base, made.Manner, &o.Report))
	if err := t.renew(ctx); err != nil {
		return made, errors.Join(noted, err)
	}
	t.hub.update(func(*State) {}, News{Kind: NewsActivated, Cycle: cycle, Version: made.ID, Number: made.Number, From: active.Number, Known: newlyKnown(&o.Report, j), Reason: made.Reason})
	return made, errors.Join(noted, t.prune(ctx, made.BaseHash))
}

// catchUp lets the version in use answer where another one does, since that failed when it was made, and
// removes what could not be removed then.
func (l *loop) catchUp(ctx context.Context) error {
	s := l.speaking.Load()
	if s == nil {
		return nil
	}
	active, err := l.store.ActiveVersion(ctx, s.model.info.Hash)
	if err != nil {
		return fmt.Errorf("read the version in use: %w", err)
	}
	if active.ID != s.chosen {
		if err := l.renew(ctx); err != nil {
			return err
		}
	}
	if l.behind == nil {
		return nil
	}
	if err := l.prune(ctx, s.model.info.Hash); err != nil {
		l.fails(ctx, &l.behind, err)
		return nil
	}
	l.passes(&l.behind)
	return nil
}

// discard removes what a cycle has written that made no version: nothing refers to it, and
// it may hold what is taken back later.
func (t *Trainer) discard(cycle int64) error {
	if err := os.RemoveAll(filepath.Join(t.home, cycleFolder(cycle))); err != nil {
		return fmt.Errorf("remove the files of cycle %d: %w", cycle, err)
	}
	return nil
}

// errOvertaken says that another version was activated while a cycle ran: what the
// cycle made was compared with a version that answers no more.
var errOvertaken = errors.New("another version was chosen while the cycle ran")

// overtaken ends a cycle that another activation has overtaken: the choice of the user,
// or a rollback, stands. What the cycle used counts as unused, and is trained again.
// pairs are further arguments of its reason.
func (t *Trainer) overtaken(ctx context.Context, cycle int64, base string, pairs ...any) error {
	left := t.discard(cycle) // first: once the cycle has ended, no start looks for what it left
	active, err := t.store.ActiveVersion(ctx, base)
	if err != nil {
		return t.fail(ctx, cycle, errors.Join(fmt.Errorf("read the version in use: %w", err), left), pairs...)
	}
	why := reason(CodeOvertaken, fmt.Sprintf("version %d was chosen while it trained", active.Number), append([]any{"number", active.Number}, pairs...)...)
	if active.ID == 0 {
		why = reason(CodeOvertaken, "the untrained base was chosen while it trained", append([]any{"number", 0}, pairs...)...)
	}
	if _, _, err := t.store.FinishCycle(ctx, store.CycleEnd{Cycle: cycle, State: CycleStopped, Reason: why}); err != nil {
		return saving(errors.Join(fmt.Errorf("end cycle %d: %w", cycle, err), left))
	}
	if left != nil {
		return left
	}
	return &UserError{Reason: why, Hint: HintWait, Err: fmt.Errorf("cycle %d: %w", cycle, errOvertaken)}
}

// newlyKnown are the questions of lessons that the last asking before this cycle did
// not find known.
func newlyKnown(r *Report, j Job) []string {
	states := make(map[int64]JobLesson, len(j.Lessons))
	for _, l := range j.Lessons {
		states[l.ID] = l
	}
	var out []string
	for _, a := range r.Lessons {
		if l := states[a.Lesson]; a.Known && l.State != LessonKnown {
			out = append(out, l.Question)
		}
	}
	return out
}

// noteLessons keeps what a cycle found out about lessons besides their outcomes; manner is the
// adapter that it left in use.
func (t *Trainer) noteLessons(ctx context.Context, base, manner string, r *Report) error {
	styled, bases := make(map[int64]string, len(r.Styled)), make(map[int64]string, len(r.Bases))
	for _, x := range r.Styled {
		styled[x.Lesson] = x.Text
	}
	for _, x := range r.Bases {
		bases[x.Lesson] = x.Text
	}
	if err := errors.Join(t.store.NoteLessons(ctx, base, bases), t.store.PhraseLessons(ctx, base, manner, styled)); err != nil {
		return fmt.Errorf("keep what the cycle found out about lessons: %w", err)
	}
	return nil
}
