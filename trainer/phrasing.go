package trainer

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
)

// phrasedBeside is how many lessons the loop phrases at once: a cycle that comes due waits
// no longer than these take.
const phrasedBeside = 8

// phrasing is how far the loop has phrased the lessons in the manner of a version since that was
// chosen: chosen again, it has none of them.
type phrasing struct {
	chosen int64 // the activation; 0: not looked at yet
	Phrasing
}

// phraseNext goes on where the last cycle stopped phrasing the lessons in a manner, or begins
// where another version was chosen since, and says whether it started to, or waits for its turn.
// Each lesson is tried once, whatever comes of it, so that this ends.
func (l *loop) phraseNext(ctx context.Context, a *attached) bool {
	if l.Trainer.now().Before(l.retryAt) {
		return false
	}
	s := l.speaking.Load()
	if s == nil || s.model != a || s.manner == nil {
		return false
	}
	last, err := l.store.LastActivation(ctx, a.info.Hash)
	if err != nil {
		l.hinder(ctx, fmt.Errorf("read which version was chosen: %w", err))
		return false
	}
	if last.Version != s.chosen { // chosen this moment: the speaker is that of the one before
		return false
	}
	if l.phrasing.chosen != last.ID {
		left, err := l.leftToPhrase(ctx, s)
		if err != nil {
			l.hinder(ctx, err)
			return false
		}
		l.phrasing = phrasing{last.ID, left}
	}
	if l.phrasing.After == 0 || s.manner.Hash() != l.phrasing.Manner {
		return false
	}
	if !l.myTurn() {
		return true
	}
	why := reason(CodePhrasing, "the lessons are phrased in the manner")
	next, after := new(int64), l.phrasing.After
	l.beside(ctx, a, PhaseAsking, why, func(ctx context.Context, _ func(Progress)) (err error) {
		*next, err = l.phraseSome(ctx, s, after)
		return err
	})
	l.now.phrased = next
	return true
}

// leftToPhrase is where the last cycle on a base model stopped, of those that kept what
// they phrased. Where a version was chosen since that began, it is at the beginning: it knew
// lessons as phrased that were not any more.
func (l *loop) leftToPhrase(ctx context.Context, s *speaker) (Phrasing, error) {
	base := s.model.info.Hash
	cycles, err := l.store.Cycles(ctx, 20)
	if err != nil {
		return Phrasing{}, fmt.Errorf("read the last cycles: %w", err)
	}
	i := slices.IndexFunc(cycles, func(c Cycle) bool {
		return c.BaseHash == base && (c.State == CyclePromoted || c.State == CycleChecked)
	})
	changes, err := l.store.Activations(ctx, base)
	if err != nil {
		return Phrasing{}, fmt.Errorf("read which versions were chosen: %w", err)
	}
	for _, x := range slices.Backward(changes) {
		if x.Cause == CauseCycle {
			continue
		}
		if i < 0 || cycles[i].Started.Before(x.Created) {
			return l.unphrased(ctx, s)
		}
		break
	}
	if i < 0 || len(cycles[i].Report) == 0 {
		return Phrasing{}, nil
	}
	var r Report
	if err := json.Unmarshal(cycles[i].Report, &r); err != nil {
		return Phrasing{}, fmt.Errorf("read the report of cycle %d: %w", cycles[i].ID, err)
	}
	return r.Phrasing, nil
}

// unphrased is where the phrasing of lessons by the manner of a version begins, if that has no
// marks to put on and one is not phrased: that may be any, also one before those that are.
func (t *Trainer) unphrased(ctx context.Context, s *speaker) (Phrasing, error) {
	corrections, err := t.correctionsOf(ctx, s.version)
	if err != nil || len(corrections) == 0 || !styleOfCorrections(corrections).IsZero() {
		return Phrasing{}, err
	}
	if !slices.ContainsFunc(s.lessons, func(x JobLesson) bool { return x.Styled == "" }) {
		return Phrasing{}, nil
	}
	return Phrasing{Manner: s.manner.Hash(), After: beforeAll}, nil
}

// phraseSome phrases the next lessons behind one, keeps what can be had, and returns the
// last one that it tried; 0: there are no more.
func (t *Trainer) phraseSome(ctx context.Context, s *speaker, after int64) (int64, error) {
	said, last, err := phrase(ctx, s.runner, s.memory, s.system, s.manner, s.lessons, after, phrasedBeside)
	if err != nil {
		return after, err
	}
	ctx = context.WithoutCancel(ctx)
	styled := make(map[int64]string, len(said))
	for i, text := range said {
		styled[s.lessons[i].ID] = text
	}
	if err := t.store.PhraseLessons(ctx, s.model.info.Hash, s.version.Manner, styled); err != nil {
		return after, saving(fmt.Errorf("keep lessons in the manner: %w", err))
	}
	if len(said) == 0 {
		return last, nil
	}
	return last, t.renew(ctx)
}
