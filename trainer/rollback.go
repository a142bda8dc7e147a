package trainer

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"clara/store"
)

// The automatic rollback: this many of the first ratings of a version.
const (
	rollbackOf  = 5
	rollbackLow = 3 // with at most two stars
)

// rollback goes back to the version before if the ratings fell: 3 of the first 5 on
// the version in use have at most two stars, and their mean is below that of the
// 5 before it came. A version that the user chose is left alone.
func (t *Trainer) rollback(ctx context.Context) error {
	hash := t.baseHash()
	if hash == "" || !t.settings.Load().AutoRollback {
		return nil
	}
	active, err := t.store.ActiveVersion(ctx, hash)
	if err != nil || active.ID == 0 {
		return err
	}
	activations, err := t.store.Activations(ctx, hash)
	if err != nil || len(activations) == 0 {
		return err
	}
	last := activations[len(activations)-1]
	if last.Cause != CauseCycle || last.Version != active.ID {
		return nil
	}
	since, err := t.store.Ratings(ctx, last.Created)
	if err != nil {
		return err
	}
	var after, before []store.Rating
	low := 0
	for _, r := range since {
		if r.Version == active.ID && len(after) < rollbackOf {
			after = append(after, r)
			low += boolToInt(starsOf(r.Score) <= 2)
		}
	}
	if low < rollbackLow { // the earlier ones, which may be many, need not be read
		return nil
	}
	ratings, err := t.store.Ratings(ctx, time.Time{})
	if err != nil {
		return err
	}
	for _, r := range ratings {
		if r.Created.Before(last.Created) {
			before = append(before, r)
		}
	}
	before = before[max(0, len(before)-rollbackOf):]
	meanAfter, meanBefore := meanScore(after), meanScore(before)
	t.log.Debug("ratings of the version in use", "version", active.Number, "rated", len(after), "low", low, "mean", meanAfter, "mean before", meanBefore)
	if len(before) == 0 || meanAfter >= meanBefore {
		return nil
	}
	target, err := t.ancestor(ctx, active)
	if err != nil {
		return err
	}
	stars := func(score float64) string { return strconv.FormatFloat(2*score+3, 'f', 1, 64) }
	return t.activate(ctx, target.ID, CauseRollback, reason(CodeRolledBack,
		fmt.Sprintf("%d of the first %d ratings of version %d were one or two stars (%s on average, %s before)", low, len(after), active.Number, stars(meanAfter), stars(meanBefore)),
		"low", low, "of", len(after), "version", active.Number, "before", stars(meanBefore), "after", stars(meanAfter)))
}

// RolledBack is the news of the roll-back that brought the version in use, as it was told then;
// nil: something else brought it, or a cycle has been decided since.
func (t *Trainer) RolledBack(ctx context.Context) (*News, error) {
	hash := t.baseHash()
	last, err := t.store.LastActivation(ctx, hash)
	if err != nil || last.Cause != CauseRollback {
		return nil, err
	}
	if decided, err := t.store.DecidedSince(ctx, last); err != nil || decided {
		return nil, err
	}
	all, err := t.store.Activations(ctx, hash)
	if err != nil {
		return nil, fmt.Errorf("read which version answered before: %w", err)
	}
	back := News{Kind: NewsRolledBack, Version: last.Version, Number: last.Number, Reason: last.Reason}
	for _, a := range all {
		if a.ID < last.ID {
			back.From = a.Number
		}
	}
	return &back, nil
}

// ancestor is the newest of the versions that one came from which can still be used: its
// files are there and what they were (loads), and nothing that it was trained on was deleted. The
// zero Version, which is the untrained model: there is none.
func (t *Trainer) ancestor(ctx context.Context, of Version) (Version, error) {
	for id := of.Parent; id != 0; {
		v, err := t.store.Version(ctx, id)
		if err != nil {
			return Version{}, fmt.Errorf("read version %d: %w", id, err)
		}
		gone, err := t.holdsDeleted(ctx, v)
		if err != nil {
			return Version{}, err
		}
		if !gone && !v.Removed && v.BaseHash == of.BaseHash {
			err := t.loads(v)
			if err == nil {
				return v, nil
			}
			t.log.Warn("an earlier version is passed over", "error", err)
		}
		id = v.Parent
	}
	return Version{}, nil
}

func meanScore(rs []store.Rating) float64 {
	if len(rs) == 0 {
		return 0
	}
	sum := 0.0
	for _, r := range rs {
		sum += r.Score
	}
	return sum / float64(len(rs))
}
