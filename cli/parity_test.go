package cli

import (
	"math"
	"testing"

	"clara/model"
)

// A report at its limits passes; whatever is worse, or no number, is named.
func TestParityNamesWhatItMisses(t *testing.T) {
	good := model.ParityReport{
		Chats: 12, RenderedEqual: 12, IDsEqual: 12, GreedyCompared: 400, GreedyEqual: 396, GreedyEqualExact: 400,
		LogProbMaxAbs: mostLogProb, LossRel: mostLoss, GradRelMax: mostGradient, GradTensors: 42,
	}
	missed := func(r model.ParityReport) (n int) {
		for _, l := range english.parityLines(r) {
			if !l.good {
				n++
			}
		}
		return n
	}
	if n := missed(good); n != 0 {
		t.Errorf("%d lines of a report at its limits are missed", n)
	}
	for i, l := range german.parityLines(good) {
		if said := english.parityLines(good)[i]; l.what == said.what || l.good != said.good {
			t.Errorf("in German %q is %+v", said.what, l)
		}
	}
	good.Engine = "cpu"
	rounded := good
	rounded.Engine, rounded.GreedyEqualExact, rounded.LogProbMaxAbs, rounded.LossRel, rounded.GradRelMax = roundedEngine, 380, 1, mostRoundedLoss, mostRoundedGradient
	if n := missed(rounded); n != 0 {
		t.Errorf("%d lines of a report at the limits of float16 are missed", n)
	}
	rounded.GradRelMax *= 1.001
	if n := missed(rounded); n != 1 {
		t.Errorf("a gradient over the limit of float16: %d lines are missed", n)
	}
	for name, spoil := range map[string]func(*model.ParityReport){
		"rendered":    func(r *model.ParityReport) { r.RenderedEqual-- },
		"tokens":      func(r *model.ParityReport) { r.IDsEqual-- },
		"greedy":      func(r *model.ParityReport) { r.GreedyEqual-- },
		"exact":       func(r *model.ParityReport) { r.GreedyEqualExact-- },
		"logprob":     func(r *model.ParityReport) { r.LogProbMaxAbs *= 1.001 },
		"logprob NaN": func(r *model.ParityReport) { r.LogProbMaxAbs = math.NaN() },
		"loss NaN":    func(r *model.ParityReport) { r.LossRel = math.NaN() },
		"gradient":    func(r *model.ParityReport) { r.GradRelMax = math.Inf(1) },
		"no gradient": func(r *model.ParityReport) { r.GradTensors = 0 },
	} {
		r := good
		spoil(&r)
		if n := missed(r); n != 1 {
			t.Errorf("%s: %d lines are missed, not 1", name, n)
		}
	}
}
