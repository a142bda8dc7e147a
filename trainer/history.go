package trainer

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
)

// CycleSamples returns the samples of a cycle with the filter's judgement; cycle 0
// is what a cycle would use that started now.
func (t *Trainer) CycleSamples(ctx context.Context, cycle int64) ([]JudgedSample, error) {
	samples, err := t.store.Samples(ctx, SampleQuery{})
	if err != nil {
		return nil, fmt.Errorf("read the samples: %w", err)
	}
	judged := Judge(samples, *t.settings.Load())
	if cycle == 0 {
		return judged, nil
	}
	c, err := t.store.Cycle(ctx, cycle)
	if err != nil {
		return nil, fmt.Errorf("read cycle %d: %w", cycle, err)
	}
	var j Job
	if len(c.Job) == 0 { // what was imported was trained elsewhere
		return nil, nil
	}
	if err := json.Unmarshal(c.Job, &j); err != nil {
		return nil, fmt.Errorf("read the job of cycle %d: %w", cycle, err)
	}
	in := make(map[int64]bool)
	for _, s := range j.Samples {
		in[s.ID] = true
	}
	for _, x := range j.Lessons {
		in[x.Sample] = true
	}
	return slices.DeleteFunc(judged, func(s JudgedSample) bool {
		return !in[s.ID] && (s.Kept || s.Created.After(c.Started))
	}), nil
}

// Cycles returns the cycles, the newest first; limit 0 means all.
func (t *Trainer) Cycles(ctx context.Context, limit int) ([]Cycle, error) {
	return t.store.Cycles(ctx, limit)
}

// Losses returns the loss curves of the last n cycles that trained, the newest first.
func (t *Trainer) Losses(ctx context.Context, n int) ([][]LossPoint, error) {
	for limit := max(16, 4*n); ; limit *= 4 { // reports are long, and most cycles only ask
		cycles, err := t.store.CycleReports(ctx, limit)
		if err != nil {
			return nil, fmt.Errorf("read the cycles: %w", err)
		}
		out := lossesIn(cycles, n)
		if len(out) == n || len(cycles) < limit {
			return out, nil
		}
	}
}

// lossesIn are the loss curves of the first n of the cycles that trained.
func lossesIn(cycles []Cycle, n int) [][]LossPoint {
	var out [][]LossPoint
	for _, c := range cycles {
		var r struct{ Losses []LossPoint }
		if len(out) == n {
			break
		}
		if len(c.Report) > 0 && json.Unmarshal(c.Report, &r) == nil && len(r.Losses) > 0 {
			out = append(out, r.Losses)
		}
	}
	return out
}
