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

// phrasing is how far the loop has phrased the lessons of a model in its manner.
type phrasing struct {
	base string // the model's hash; "": not looked at yet
	Phrasing
}

// phraseNext goes on where the last cycle stopped phrasing the lessons in a manner, and
// says whether it started to, or waits for its turn. Each lesson is tried once, whatever
// comes of it, so that this ends.
func (l *loop) phraseNext(ctx context.Context, a *attached) bool {
	if l.Trainer.now().Before(l.retryAt) {
		return false
	}
	if base := a.info.Hash; l.phrasing.base != base {
		left, err := l.leftToPhrase(ctx, base)
		if err != nil {
			l.hinder(ctx, err)
			return false
		}
		l.phrasing = phrasing{base, left}
	}
	s := l.speaking.Load()
	if l.phrasing.After == 0 || s == nil || s.model != a || s.manner == nil || s.manner.Hash() != l.phrasing.Manner {
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
// they phrased.
func (l *loop) leftToPhrase(ctx context.Context, base string) (Phrasing, error) {
	cycles, err := l.store.Cycles(ctx, 20)
	if err != nil {
		return Phrasing{}, fmt.Errorf("read the last cycles: %w", err)
	}
	i := slices.IndexFunc(cycles, func(c Cycle) bool {
		return c.BaseHash == base && (c.State == CyclePromoted || c.State == CycleChecked)
	})
	if i < 0 || len(cycles[i].Report) == 0 {
		return Phrasing{}, nil
	}
	var r Report
	if err := json.Unmarshal(cycles[i].Report, &r); err != nil {
		return Phrasing{}, fmt.Errorf("read the report of cycle %d: %w", cycles[i].ID, err)
	}
	return r.Phrasing, nil
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
