package trainer

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"clara/model"
	"clara/trainer/routing"
)

// What an answer under the user's system prompt is compared with was answered under it
// too; what training is held to is as it was, and so is what was measured without.
func TestTheBaseIsMeasuredUnderTheSystemPrompt(t *testing.T) {
	const system = "You are a pirate. Say so in each answer."
	r := tinyRunner(t, 1)
	facts, err := MeasureBase(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	before, m := *facts, new(memory)
	with, err := facts.under(t.Context(), r, m, system)
	if err != nil {
		t.Fatal(err)
	}
	set, err := facts.anchors()
	if err != nil {
		t.Fatal(err)
	}
	v := &voice{runner: r, router: routing.New(nil), system: system}
	said, err := v.speakAll(t.Context(), asWritten(set.Open))
	if err != nil {
		t.Fatal(err)
	}
	for i, s := range said {
		results, err := m.generate(t.Context(), r, []model.Request{s.greedy(openTokens)})
		if err != nil {
			t.Fatal(err)
		}
		if with.Open[i] != results[0].Text {
			t.Errorf("to %q under the prompt: %q, want %q", set.Open[i], with.Open[i], results[0].Text)
		}
	}
	if slices.Equal(with.Open, facts.Open) {
		t.Error("the system prompt changes no answer")
	}
	if d := cmp.Diff(before.Open, facts.Open); d != "" {
		t.Errorf("what was measured without is another: %s", d)
	}
	if d := cmp.Diff(facts.Anchors, with.Anchors); d != "" {
		t.Errorf("training is held to something else: %s", d)
	}
	asked := m.count()
	if _, err := facts.under(t.Context(), r, m, system); err != nil || m.count() != asked {
		t.Errorf("the same prompt: %d answers are computed again, %v", m.count()-asked, err)
	}
	if same, err := facts.under(t.Context(), r, m, ""); same != facts || err != nil {
		t.Errorf("without a system prompt nothing is to be measured: %v", err)
	}
}
