package trainer

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

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

// What is kept of a base model that an older program asked by other prompts is measured anew; of
// a model whose template writes the date it is not, although the prompt is another each day.
func TestADateIsNoOtherPrompt(t *testing.T) {
	tiny := filepath.Join(t.TempDir(), "tiny.gguf")
	if err := WriteTinyModel(tiny, 1, 1); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(tiny)
	if err != nil {
		t.Fatal(err)
	}
	open := func(old, changed string) *model.Runner {
		path := filepath.Join(t.TempDir(), "tiny.gguf")
		if len(changed) > len(old) || !bytes.Contains(data, []byte(old)) {
			t.Fatalf("%q does not fit in place of %q", changed, old)
		}
		changed += strings.Repeat(" ", len(old)-len(changed))
		if err := os.WriteFile(path, bytes.Replace(data, []byte(old), []byte(changed), 1), 0o600); err != nil {
			t.Fatal(err)
		}
		return openTiny(t, path)
	}
	const question = "Which river is the longest?"
	asked := func(r *model.Runner) Anchored {
		prompt, err := questionPrompt(r, "", question)
		if err != nil {
			t.Fatal(err)
		}
		return Anchored{Question: question, Sequence: model.Sequence{Prompt: prompt}}
	}
	dated := open("{{ raise_exception('roles must alternate') }}{% endif %}", "{% endif %}{{ strftime_now('%d %b %Y') }}")
	synctest.Test(t, func(t *testing.T) {
		held := asked(dated)
		time.Sleep(24 * time.Hour)
		if dated.Info().Plain || slices.Equal(asked(dated).Prompt, held.Prompt) {
			t.Error("the template writes no date")
		}
		if held.isAskedOtherwise(dated) {
			t.Error("what was measured yesterday is of another prompt")
		}
	})
	base := open("tokenizer.chat_template", "tokenizer.chat_templat_")
	held := asked(base)
	if !base.Info().Plain || held.isAskedOtherwise(base) {
		t.Error("a base model's prompt is not what it was a moment ago")
	}
	held.Prompt = base.Tokenizer().Encode(question, true) // as an older program asked it
	if !held.isAskedOtherwise(base) {
		t.Error("a base model that was given the question alone is asked as now")
	}
}
