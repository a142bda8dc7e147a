package trainer

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// Restorable is how long what was deleted can be brought back: a conversation, a preset, or a
// sample, also where a cycle has made a version without it meanwhile: on another base model
// there may be one that was trained on it.
const Restorable = 24 * time.Hour

// eraseDue erases once an hour, and sooner again where that failed.
func (l *loop) eraseDue(ctx context.Context) {
	now := l.Trainer.now()
	if now.Before(l.eraseAt) {
		return
	}
	err := l.erase(ctx, now.Add(-Restorable))
	wait := time.Hour
	if err != nil {
		l.erasures++
		wait = retryWait(l.erasures)
		l.fails(ctx, &l.unerased, err)
	} else {
		l.erasures = 0
		l.passes(&l.unerased)
	}
	l.eraseAt = l.Trainer.now().Add(wait) // not from when it began: it may take longer than the wait
}

// erase removes for good what was deleted before a time, with the versions that were trained
// on it.
func (l *loop) erase(ctx context.Context, before time.Time) error {
	if err := l.store.EraseConversations(ctx, before); err != nil {
		return saving(fmt.Errorf("erase deleted conversations: %w", err))
	}
	if err := l.store.ErasePresets(ctx, before); err != nil {
		return saving(fmt.Errorf("erase deleted presets: %w", err))
	}
	if err := l.withdrawHolding(ctx, before); err != nil {
		return saving(fmt.Errorf("take versions that hold what was deleted out of use: %w", err))
	}
	if err := l.eraseVersions(ctx, before); err != nil {
		return saving(fmt.Errorf("erase versions that hold what was deleted: %w", err))
	}
	if err := l.store.EraseSamples(ctx, before); err != nil {
		return saving(fmt.Errorf("erase deleted feedback: %w", err))
	}
	return saving(l.store.ClearTraces(ctx))
}

// withdrawHolding takes versions out of use, of whichever model, that were trained on what was
// deleted before a time and that no cycle has replaced by then: their model was not loaded, or
// nothing was learnt. The newest version before that holds nothing of it answers instead, or the
// untrained base, until a cycle has trained the rest (pending.withdrawn).
func (l *loop) withdrawHolding(ctx context.Context, before time.Time) error {
	versions, err := l.store.Versions(ctx, "")
	if err != nil {
		return fmt.Errorf("read the versions: %w", err)
	}
	for _, v := range versions {
		if !v.Active || l.now.unlearn != "" && l.now.job.Base == v.BaseHash { // a cycle is at it
			continue
		}
		gone, err := l.holdsGone(ctx, v, func(s Sample) bool { return s.State == SampleDeleted && s.Deleted.Before(before) })
		if err != nil {
			return err
		}
		if !gone {
			continue
		}
		to, err := l.ancestor(ctx, v)
		if err != nil {
			return err
		}
		why := reason(CodeWithdrawn, fmt.Sprintf("version %d was trained on what was taken back more than a day ago", v.Number), "number", v.Number)
		if v.BaseHash == l.baseHash() {
			err = l.activate(ctx, to.ID, CauseRollback, why)
		} else {
			err = l.store.ActivateVersion(ctx, v.BaseHash, to.ID, CauseRollback, why)
		}
		if err != nil {
			return fmt.Errorf("version %d: %w", v.Number, err)
		}
	}
	return nil
}

// withdrawal is the activation by which the version in use of a base model stands in for one that was
// withdrawn, while no cycle has decided what follows; 0: there is none.
func (t *Trainer) withdrawal(ctx context.Context, base string) (int64, error) {
	last, err := t.store.LastActivation(ctx, base)
	if err != nil || last.Reason.Code != CodeWithdrawn {
		return 0, err
	}
	if decided, err := t.store.DecidedSince(ctx, last); err != nil || decided {
		return 0, err
	}
	return last.ID, nil
}

// eraseVersions removes the files of the versions, of whichever model, that are not in use
// and were trained on what was deleted before a time.
func (t *Trainer) eraseVersions(ctx context.Context, before time.Time) error {
	versions, err := t.store.Versions(ctx, "")
	if err != nil {
		return fmt.Errorf("read the versions: %w", err)
	}
	return t.removeStale(ctx, versions, func(_ int, v Version) (bool, error) {
		return t.holdsGone(ctx, v, func(s Sample) bool { return s.State == SampleDeleted && s.Deleted.Before(before) })
	})
}

// holdsDeleted says whether a version was trained on what was deleted since.
func (t *Trainer) holdsDeleted(ctx context.Context, v Version) (bool, error) {
	return t.holdsGone(ctx, v, func(s Sample) bool { return s.State == SampleDeleted })
}

// holdsGone says whether a version was trained on what was erased since, or on a sample
// that counts as gone.
func (t *Trainer) holdsGone(ctx context.Context, v Version, isGone func(Sample) bool) (bool, error) {
	if len(v.Samples) == 0 {
		return false, nil
	}
	there, err := t.store.Samples(ctx, SampleQuery{IDs: v.Samples, States: []SampleState{SampleNew, SampleUsed, SampleRejected, SampleDeleted}})
	if err != nil {
		return false, fmt.Errorf("read the samples of version %d: %w", v.Number, err)
	}
	return len(there) < len(v.Samples) || slices.ContainsFunc(there, isGone), nil
}

// TrainedOn returns the samples that the version in use was trained on; some may have been
// erased since. Once one of them is taken back, a cycle makes a version without it; taking
// back another one needs no training.
func (t *Trainer) TrainedOn(ctx context.Context) ([]int64, error) {
	v, err := t.store.ActiveVersion(ctx, t.baseHash())
	if err != nil {
		return nil, fmt.Errorf("read what the version in use was trained on: %w", err)
	}
	return v.Samples, nil
}
