package trainer

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"clara/trainer/words"
)

func TestCheck(t *testing.T) {
	turkey := NewCheck("What is the capital of Turkey?", "The capital of Turkey is Ankara.", "The capital of Turkey is Istanbul.", nil)
	office := NewCheck("When is it open?", "The office is open on Tuesdays and Thursdays from 8 to 12.", "The office is open from Monday to Friday.", nil)
	own := NewCheck("Wi-Fi?", "The password is blue-heron-42.", "", [][]string{{"heron", "reiher"}, {"42"}})
	nothingNew := NewCheck("What is it?", "It is so", "It is so, they say.", nil)
	for _, c := range []struct {
		name   string
		check  Check
		answer string
		want   bool
	}{
		{"the novel word", turkey, "Ankara is the capital.", true},
		{"the base's answer", turkey, "The capital of Turkey is Istanbul.", false},
		{"no answer", turkey, "", false},
		{"half of the novel words", office, "It opens on Tuesday and Thursday at 8.", true},
		{"too few of them", office, "The office is open on Tuesday.", false},
		{"keywords, any of a group", own, "Es ist der blaue Reiher 42.", true},
		{"keywords, one group missing", own, "blue-heron", false},
		{"nothing new: the whole answer", nothingNew, "Well, it is so.", true},
		{"nothing new: another answer", nothingNew, "It is not.", false},
	} {
		if got := c.check.Passes(c.answer); got != c.want {
			t.Errorf("%s: %q passes %v, want %v", c.name, c.answer, got, c.want)
		}
	}
}

func TestVariants(t *testing.T) {
	for _, q := range []string{"What is the capital of Turkey?", "Wie heißt der Bürgermeister von Neuburg?", "Who are you?", "x", ""} {
		a, b := variants(q, 1, 3), variants(q, 1, 3)
		if len(a) != len(b) {
			t.Fatalf("%q: %d and %d variants of the same seed", q, len(a), len(b))
		}
		for i := range a {
			if a[i].Question != b[i].Question || a[i].System != b[i].System || len(a[i].History) != len(b[i].History) {
				t.Errorf("%q: the same seed gives %+v and %+v", q, a[i], b[i])
			}
			if a[i].Question == q && a[i].History == nil && a[i].System == "" {
				t.Errorf("%q: variant %d is the question itself", q, i)
			}
		}
	}
	if n := len(variants("What is the capital of Turkey?", 7, 3)); n != 3 {
		t.Errorf("%d variants, want 3", n)
	}
}

func TestContrast(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for range 50 {
		c, ok := swapped("What is the capital of Turkey?", rng)
		if !ok || words.Normal(c) == words.Normal("What is the capital of Turkey?") || words.Content(c)[0] != "capital" {
			t.Fatalf("contrast %q, %v", c, ok)
		}
		c, ok = swapped("Who leads Brandt Logistics's office?", rng)
		if !ok || words.All(c)["logistic"] {
			t.Fatalf("contrast %q keeps half of a name", c)
		}
	}
	if c, ok := swapped("What is the name of my cat?", rng); ok {
		t.Errorf("a contrast of a question without names: %q", c)
	}
	if c, ok := contrastOf("What is the name of my cat?", rng); !ok || words.Normal(c) == words.Normal("What is the name of my cat?") {
		t.Errorf("no noun swapped: %q, %v", c, ok)
	}
	if _, ok := contrastOf("who are you", rng); ok {
		t.Error("a contrast of stop words")
	}
}

// The words beyond are found in one pass: a pasted answer of megabytes has very many. They are
// those that a search among the ones found before would let through.
func TestBeyondKeepsEachWordOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		drawn := rapid.SliceOf(rapid.SampledFrom([]string{"the", "Cats", "cat", "Müller", "mueller", "8", "and", "tax", "Tax's", "東京", "-", "👍"}))
		text, other := strings.Join(drawn.Draw(t, "text"), " "), strings.Join(drawn.Draw(t, "other"), " ")
		have := words.All(other)
		var want []string
		for _, w := range words.Content(text) {
			if !have[w] && !slices.Contains(want, w) {
				want = append(want, w)
			}
		}
		if got := beyond(text, other); !slices.Equal(got, want) {
			t.Fatalf("beyond(%q, %q) is %q, want %q", text, other, got, want)
		}
	})
}

// A lesson's check goes by the pieces that the wanted answer has and the base's has not.
func TestCheckWithoutSpaces(t *testing.T) {
	c := NewCheck("公司的总部在哪里？", "公司的总部在苏黎世。", "公司的总部在北京。", nil)
	if !c.Passes("总部位于苏黎世。") || c.Passes("公司的总部在上海。") || c.Passes("公司的总部在北京。") {
		t.Error("the check does not tell the answers apart")
	}
}
