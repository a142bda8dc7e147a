package trainer

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

// someAnswers are answers of different words and lengths, as a base gives them.
func someAnswers(n int, rng *rand.Rand) []ratedAnswer {
	words := strings.Fields("the answer is that water flows down because it has weight and people use this in mills where wheels turn stones all day long")
	out := make([]ratedAnswer, n)
	for i := range out {
		var b strings.Builder
		for range 1 + rng.IntN(3) {
			for k := range 4 + rng.IntN(16) {
				if k > 0 {
					b.WriteByte(' ')
				}
				b.WriteString(words[rng.IntN(len(words))])
			}
			b.WriteString(". ")
		}
		out[i] = ratedAnswer{text: strings.TrimSpace(b.String()), ended: true}
	}
	return out
}

// What ratings are given for is found from 26 of them, whatever it is.
func TestTraitIsFound(t *testing.T) {
	for _, want := range []Trait{
		{Kind: TraitWord, Word: "mills"},
		{Kind: TraitWord, Word: "water", Lacks: true},
		{Kind: TraitFirst, Words: 11},
		{Kind: TraitShort, Words: 20},
		{Kind: TraitShort, Words: 24, Lacks: true},
	} {
		t.Run(want.Text(), func(t *testing.T) {
			found := 0
			for seed := range uint64(10) {
				rng := rand.New(rand.NewPCG(seed, 1))
				answers := someAnswers(26, rng)
				for i := range answers {
					answers[i].good = want.Has(answers[i].text, true)
				}
				got, ok := traitOf(answers)
				if !ok {
					continue
				}
				agree := 0
				for _, a := range someAnswers(200, rng) {
					agree += boolToInt(got.Has(a.text, true) == want.Has(a.text, true))
				}
				found += boolToInt(agree >= 160)
			}
			if found < 8 {
				t.Errorf("found in %d of 10 sets of ratings", found)
			}
		})
	}
}

// Stars that were dealt at random have nothing in common: of 200 such sets at most a
// few seem to, as traitP says.
func TestNoTraitInChance(t *testing.T) {
	believed := 0
	for seed := range uint64(200) {
		rng := rand.New(rand.NewPCG(seed, 2))
		answers := someAnswers(32, rng)
		for i := range answers {
			answers[i].good = rng.IntN(3) == 0
		}
		if got, ok := traitOf(answers); ok {
			believed++
			t.Log(got.Text(), got.P)
		}
	}
	if believed > 6 {
		t.Errorf("a trait was believed in %d of 200", believed)
	}
}

func TestTraitsOfAnswers(t *testing.T) {
	list := "Do this:\n1. Open it.\n2. Close it."
	for _, c := range []struct {
		trait  Trait
		answer string
		ended  bool
		want   bool
	}{
		{Trait{Kind: TraitWord, Word: "you"}, "If You ask, yes.", true, true},
		{Trait{Kind: TraitWord, Word: "you"}, "Young people do.", true, false},
		{Trait{Kind: TraitWord, Word: "you", Lacks: true}, "Young people do.", true, true},
		{Trait{Kind: TraitOpening, Word: "well"}, "Well, no.", true, true},
		{Trait{Kind: TraitOpening, Word: "well"}, "All is well.", true, false},
		{Trait{Kind: TraitOpening, Word: "well", Lacks: true}, "All is well.", true, true},
		{Trait{Kind: TraitQuestion}, "Yes. Do you?", true, true},
		{Trait{Kind: TraitQuestion}, "Yes. Do you?", false, false},
		{Trait{Kind: TraitList}, list, true, true},
		{Trait{Kind: TraitList}, "In 1990. Then - no.", true, false},
		{Trait{Kind: TraitShort, Words: 3}, "One two three.", true, true},
		{Trait{Kind: TraitShort, Words: 3}, "One two three.", false, false},
		{Trait{Kind: TraitShort, Words: 3}, "One two three four.", true, false},
		{Trait{Kind: TraitFirst, Words: 3}, "One two three. And many more words", false, true},
		{Trait{Kind: TraitFirst, Words: 3}, "One two", false, false},
		{Trait{Kind: TraitWord, Word: "x"}, "", true, false},
	} {
		if got := c.trait.Has(c.answer, c.ended); got != c.want {
			t.Errorf("%s: %q (ended %v) is %v", c.trait.Text(), c.answer, c.ended, got)
		}
		a := ratedAnswer{text: c.answer, ended: c.ended}
		if a.read(); a.has(c.trait) != c.want {
			t.Errorf("%s: %q (ended %v), once it is read, is not %v", c.trait.Text(), c.answer, c.ended, c.want)
		}
	}
}

// Fisher's own example, and tables summed by hand.
func TestFisher(t *testing.T) {
	for _, c := range []struct {
		good, n, bad, m int
		want            float64
	}{
		{3, 4, 1, 4, 17.0 / 70},
		{4, 4, 0, 4, 1.0 / 70},
		{0, 4, 4, 4, 1},
		{10, 10, 0, 16, 1 / 5311735.0},
		{0, 3, 0, 3, 1},
	} {
		if got := Fisher(c.good, c.n, c.bad, c.m); !(math.Abs(got-c.want) <= 1e-9*math.Max(1, c.want)) {
			t.Errorf("%s: %g, want %g", fmt.Sprint(c.good, c.n, c.bad, c.m), got, c.want)
		}
	}
}

// Five good answers among 26 are enough to tell a word that they alone have.
func TestTraitOfFewGoodAnswers(t *testing.T) {
	found := 0
	for seed := range uint64(10) {
		answers := someAnswers(26, rand.New(rand.NewPCG(seed, 3)))
		for i := range 5 {
			answers[5*i].text += " You know."
			answers[5*i].good = true
		}
		got, ok := traitOf(answers)
		found += boolToInt(ok && (got.Word == "you" || got.Word == "know"))
	}
	if found < 9 {
		t.Errorf("found in %d of 10 sets of ratings", found)
	}
}
