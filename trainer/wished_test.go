package trainer

import (
	"slices"
	"strings"
	"testing"

	"clara/trainer/words"
)

// It is told as early as can be whether an answer has a trait: from there on it goes on as it
// likes, and before, it could have come otherwise.
func TestWhereATraitIsTold(t *testing.T) {
	for _, c := range []struct {
		trait  Trait
		answer string
		want   string // the shortest beginning that tells; "": none does
	}{
		{Trait{Kind: TraitFirst, Words: 4}, "Fog is a cloud. It lies on the ground.", "Fog is a cloud. I"},
		{Trait{Kind: TraitFirst, Words: 4}, "Fog is a cloud that lies on the ground. It is wet.", "Fog is a cloud that l"},
		{Trait{Kind: TraitFirst, Words: 4}, "Fog is this: a cloud on the ground.", "Fog is this:"},
		{Trait{Kind: TraitFirst, Words: 4}, "Fog is wet", ""},
		{Trait{Kind: TraitOpening, Word: "well"}, "Well, fog is a cloud.", "Well, f"},
		{Trait{Kind: TraitWord, Word: "you"}, "Fog is what you see in autumn.", "Fog is what you s"},
		{Trait{Kind: TraitWord, Word: "you"}, "Fog is what young people see.", ""},
		{Trait{Kind: TraitShort, Words: 3}, "Fog is a cloud. It lies on the ground.", ""},
	} {
		got := ""
		for i := range c.answer {
			if c.trait.isTold(c.answer[:i]) {
				got = c.answer[:i]
				break
			}
		}
		if got != c.want {
			t.Errorf("%s: told by %q of %q, want %q", c.trait.Text(), got, c.answer, c.want)
		}
	}
}

// Pairs are answers to one question that differ in the trait. Ratings whose stars say the
// opposite are in none, and an answer is in one as far as it takes to tell.
func TestPairsDifferInTheTrait(t *testing.T) {
	r := tinyRunner(t, 1)
	trait := Trait{Kind: TraitWord, Word: "you"}
	var samples []JobSample
	for _, x := range []struct {
		answer string
		score  float64
	}{{"You,see,it,when,you", 1}, {"A,cloud.", -1}, {"It,is,wet.", 1}, {"You,do,not,want,to,know.", -1}} {
		samples = append(samples, JobSample{Form: FormRating, Prompt: "What is fog?", Answer: x.answer, Score: x.score, Weight: 1})
	}
	samples = append(samples, JobSample{Form: FormText, Answer: "You are right.", Score: 1, Weight: 1})
	m, err := newMannerSource(t.Context(), r, &Job{Recipe: DefaultSettings().recipe(), Samples: samples}, &BaseFacts{}, Style{}, &trait)
	if err != nil {
		t.Fatal(err)
	}
	if len(m.wished.items) == 0 {
		t.Fatal("no pair of answers that were rated")
	}
	text := func(w weighted) string { return strings.TrimPrefix(r.Tokenizer().Decode(w.Answer), "▁") }
	has := func(w weighted) bool { return slices.Contains(words.Split(words.Fold(text(w))), "you") }
	for _, p := range m.wished.items {
		if !slices.Equal(p[0].Prompt, p[1].Prompt) || !has(p[0]) || has(p[1]) {
			t.Errorf("%q is preferred to %q", text(p[0]), text(p[1]))
		}
		if len(p[0].base) != len(p[0].Answer) || len(p[1].base) != len(p[1].Answer) {
			t.Error("not all of the base's log-probabilities")
		}
	}
	first := m.wished.items[0]
	if text(first[0]) != "You,s" || text(first[1]) != "A,cloud." {
		t.Errorf("the first pair is %q and %q, want those that were rated, as far as they tell", text(first[0]), text(first[1]))
	}
}

// Anchors that lack the trait are not held where enough have it, since they teach the
// opposite; where few have it, all are.
func TestAnchorsThatTeachTheOppositeAreLeftOut(t *testing.T) {
	r := tinyRunner(t, 1)
	trait := Trait{Kind: TraitFirst, Words: 3}
	anchor := func(text string) Anchored {
		a := Anchored{Text: text}
		a.Answer = r.AnswerTokens(text)
		return a
	}
	var all []Anchored
	for range traitHeld {
		all = append(all, anchor("It is wet. It is cold, too."), anchor("It is a cloud on the ground."))
	}
	got := trait.held(r, all)
	if len(got) != traitHeld {
		t.Fatalf("%d of %d are held, want %d", len(got), len(all), traitHeld)
	}
	for _, a := range got {
		if !trait.Has(a.Text, true) {
			t.Errorf("held is %q", a.Text)
		}
	}
	if got := trait.held(r, all[1:]); len(got) != len(all)-1 {
		t.Errorf("%d of %d are held where too few have the trait", len(got), len(all)-1)
	}
}
