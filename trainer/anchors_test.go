package trainer

import (
	"slices"
	"testing"

	"clara/trainer/words"
)

// What is trained with and what is looked at is disjoint, in each language, and German
// questions are taken for German ones.
func TestAnchorsAreDisjoint(t *testing.T) {
	both, err := bilingual()
	if err != nil {
		t.Fatal(err)
	}
	seen := make(map[string]string)
	for _, q := range both.Questions {
		seen[words.Normal(q)] = "questions"
	}
	for _, u := range both.Unrelated {
		if in, ok := seen[words.Normal(u.Question)]; ok {
			t.Errorf("%q is among the %s too", u.Question, in)
		}
		seen[words.Normal(u.Question)] = "unrelated"
		if hasKeywords(u.Question, u.Expect) {
			t.Errorf("%q gives its answer away", u.Question)
		}
	}
	for _, q := range both.Open {
		if in, ok := seen[words.Normal(q)]; ok {
			t.Errorf("%q is among the %s too", q, in)
		}
	}
	for _, text := range both.Texts {
		if slices.Contains(both.Canary, text) {
			t.Errorf("%q is trained with and looked at", text)
		}
	}
	german, err := germanAnchors()
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range slices.Concat(german.Questions, german.Texts, german.Canary, german.Open) {
		if words.GermanScore(text) < 0 {
			t.Errorf("%q is taken for English", text)
		}
	}
	if len(german.Questions) < 60 || len(german.Unrelated) < 30 || len(german.Open) != 12 || len(german.Texts) != 4 || len(german.Canary) != 10 {
		t.Errorf("%d questions, %d unrelated, %d open", len(german.Questions), len(german.Unrelated), len(german.Open))
	}
}

// Facts of another program's anchors are measured anew; those of either language are
// read as they were written.
func TestFactsSayTheirLanguages(t *testing.T) {
	for _, german := range []bool{false, true} {
		b := BaseFacts{Hash: testHash, German: german}
		set, err := b.anchors()
		if err != nil {
			t.Fatal(err)
		}
		b.Canary, b.Open, b.Texts = make([]float64, len(set.Canary)), make([]string, len(set.Open)), make([]Anchored, len(set.Texts))
		b.Unrelated = []int{len(set.Unrelated) - 1}
		data, err := b.encode()
		if err != nil {
			t.Fatal(err)
		}
		got, err := decodeBaseFacts(data, testHash)
		if err != nil || got.German != german {
			t.Errorf("german %v: %+v, %v", german, got, err)
		}
	}
}

// A base speaks German if it answers in German and is right about it.
func TestWhoSpeaksGerman(t *testing.T) {
	set, err := germanAnchors()
	if err != nil {
		t.Fatal(err)
	}
	some := set.Unrelated[:probed]
	answer := func(right, german int) []string {
		out := make([]string, len(some))
		for i, u := range some {
			if i < german {
				out[i] = "Das ist nicht leicht zu sagen. "
			}
			if i < right {
				out[i] += u.Expect[0][0]
			}
		}
		return out
	}
	for _, c := range []struct {
		right, german int
		want          bool
	}{{12, 12, true}, {4, 4, true}, {12, 1, false}, {3, 12, false}, {12, 0, false}} {
		if got := inGerman(answer(c.right, c.german), some); got != c.want {
			t.Errorf("%d right and %d German of %d: %v", c.right, c.german, probed, got)
		}
	}
	if testing.Short() {
		return // the rest asks the built-in model
	}
	german, err := speaksGerman(t.Context(), readOnly(t))
	if err != nil || german {
		t.Errorf("the built-in model speaks German: %v, %v", german, err)
	}
}
