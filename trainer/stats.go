package trainer

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// recentRatings is how many ratings LiveStats looks back.
const recentRatings = 20

// LiveStats returns the figures of the loop.
func (t *Trainer) LiveStats(ctx context.Context) (LiveStats, error) {
	var s LiveStats
	hash := t.baseHash()
	lessons, err := t.store.LessonCounts(ctx, hash)
	if err != nil {
		return s, err
	}
	ratings, err := t.store.Ratings(ctx, time.Time{})
	if err != nil {
		return s, fmt.Errorf("read the ratings: %w", err)
	}
	samples, err := t.store.Samples(ctx, SampleQuery{})
	if err != nil {
		return s, fmt.Errorf("read the samples: %w", err)
	}
	set := *t.settings.Load()
	sum := 0.0
	for _, j := range Judge(samples, set) {
		if j.Form == FormCorrection && j.Reason.Code != CodeReplaced {
			s.Metrics.Corrections++
		}
		if j.Kept {
			s.Buffer.Kept++
			s.Buffer.Count += boolToInt(j.evictable())
			sum += j.Score
		}
	}
	s.Buffer.Capacity = set.BufferSize
	if s.Buffer.Kept > 0 {
		s.Buffer.AvgQuality = sum / float64(s.Buffer.Kept)
	}
	m := &s.Metrics
	m.SamplesTotal = len(samples)
	m.Ratings = len(ratings)
	all, recent := 0.0, 0.0
	for i, r := range ratings {
		stars := 2*r.Score + 3
		all += stars
		if i >= len(ratings)-recentRatings {
			recent += stars
		}
	}
	if n := len(ratings); n > 0 {
		m.AvgStars, m.AvgStarsRecent = all/float64(n), recent/float64(min(n, recentRatings))
	}
	for state, n := range lessons {
		m.LessonsTotal += n
		switch state {
		case LessonKnown:
			m.LessonsKnown = n
		case LessonNew:
			m.LessonsNew = n
		}
	}
	if hash != "" {
		m.ActiveVersion = t.State().Active.Number // not the chosen one, where its files are damaged
	}
	cycles, err := t.store.CycleOutlines(ctx, 0)
	if err != nil {
		return s, fmt.Errorf("read the cycles: %w", err)
	}
	// An import is noted as a cycle, and trains nothing.
	cycles = slices.DeleteFunc(cycles, func(c Cycle) bool { return isImport(c.Reason) })
	for _, c := range cycles {
		switch c.State {
		case CyclePromoted:
			m.ModelUpdates++
		case CycleRefused:
			m.Refused++
		case CycleFailed:
			m.Failed++
		case CycleChecked:
			m.InVain += boolToInt(isInVain(c))
		}
	}
	m.Cycles = m.ModelUpdates + m.Refused + m.Failed + m.InVain
	if m.Cycles > 0 {
		m.SuccessRate = float64(m.ModelUpdates) / float64(m.Cycles)
	}
	if i := slices.IndexFunc(cycles, func(c Cycle) bool { return isTimed(c.State) }); i >= 0 {
		m.LastCycleSeconds = cycles[i].Finished.Sub(cycles[i].Started).Seconds()
	}
	state := t.State()
	s.Phase, s.Why = state.Phase, state.Why
	if s.Phase == "" { // the loop does not run, as in a command that only looks
		f, err := t.doctorIdle(ctx)
		if err != nil {
			return s, err
		}
		s.Why = f.Reason
	}
	return s, nil
}

// isTimed says whether it is known how long a cycle took: of one that the program was killed
// in it is not, since the next start, which may be days later, noted its end.
func isTimed(s CycleState) bool { return s != CycleRunning && s != CycleCut }

// RatingHistory returns the mean rating of each day since the given moment that has
// one.
func (t *Trainer) RatingHistory(ctx context.Context, since time.Time) ([]RatingPoint, error) {
	days, err := t.store.RatingDays(ctx, since, time.Local)
	if err != nil {
		return nil, fmt.Errorf("read the ratings: %w", err)
	}
	out := make([]RatingPoint, len(days))
	for i, d := range days {
		out[i] = RatingPoint{Day: d.Day, Stars: 2*d.Mean + 3, Count: d.Count}
	}
	return out, nil
}
