package trainer

import (
	"strings"
	"testing"

	"clara/model"
)

// Under a preset with a system prompt the model reads it, a lesson is still answered, and
// who has no preset gets the answers of before.
func TestLessonIsAnsweredUnderAPreset(t *testing.T) {
	tr := realTrainer(t)
	ctx := t.Context()
	const question = "Who is the head of the IT department at Brandt Logistics?"
	ask := func(a Ask) Entry {
		t.Helper()
		e, err := tr.Answer(ctx, a, nil)
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	plain := ask(Ask{Text: "What is a river?", Greedy: true, MaxTokens: 24})
	p := brief()
	p.System, p.MaxTokens = "You are the clerk of a harbour. You answer in one short sentence.", 24
	p, err := tr.SavePreset(ctx, p)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tr.Teach(ctx, Teaching{Question: question, Answer: "The head of the IT department at Brandt Logistics is Maria Kowalski."}); err != nil {
		t.Fatal(err)
	}
	taught := ask(Ask{Text: "Which person leads IT at Brandt Logistics?", Preset: p.ID})
	if !hasKeywords(taught.Text, [][]string{{"kowalski"}}) || taught.Lesson == 0 {
		t.Errorf("the lesson is answered with %q under a preset", taught.Text)
	}
	if taught.Preset != "Brief" || taught.System != p.System {
		t.Errorf("the answer says that it was made with %q, %q", taught.Preset, taught.System)
	}
	under := ask(Ask{Text: "What is a river?", Preset: p.ID, Greedy: true})
	if after := ask(Ask{Text: "What is a river?", Greedy: true, MaxTokens: 24}); after.Text != plain.Text || after.Preset != "" {
		t.Errorf("without a preset the answer was %q and is %q", plain.Text, after.Text)
	}
	t.Logf("%q; under a preset %q; the lesson %q", plain.Text, under.Text, taught.Text)

	// One token is drawn of four: the same one for the preset's seed.
	p.Temperature, p.TopK, p.TopP, p.MinP, p.MaxTokens, p.Seed = 2, 4, 0, 0, 1, 7
	if p, err = tr.SavePreset(ctx, p); err != nil {
		t.Fatal(err)
	}
	drawn := map[string]bool{}
	for range 8 {
		drawn[ask(Ask{Text: "Say a word.", Preset: p.ID}).Text] = true
	}
	if len(drawn) != 1 {
		t.Errorf("with one seed were drawn %v", drawn)
	}

	// The model's cache goes as far as the prompts are the same: behind another system
	// prompt all is read anew.
	s := tr.speaking.Load()
	cached := func(system string) int {
		t.Helper()
		said, err := s.speak(withSystem(system, nil), "What is a lake?", -1)
		if err != nil {
			t.Fatal(err)
		}
		if got := s.runner.Tokenizer().Decode(said.prompt); !strings.Contains(got, system) {
			t.Fatalf("the model reads %q", got)
		}
		res, err := s.runner.Generate(ctx, model.Request{Prompt: said.prompt, Adapters: said.adapters, MaxTokens: 2}, nil)
		if err != nil {
			t.Fatal(err)
		}
		return res.CachedTokens
	}
	first := cached("You are the keeper of a lighthouse far out in the sea.")
	second := cached("You are the keeper of a lighthouse far out in the sea.")
	other := cached("Write like a poet who has seen a hundred cities.")
	if second <= first || other >= second {
		t.Errorf("cached were %d tokens, then %d of the same prompt, %d of another", first, second, other)
	}
}
