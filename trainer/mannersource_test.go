package trainer

import (
	"slices"
	"testing"

	"clara/model"
)

// A mismatched pair never has an answer to its own prompt, however many there are to one;
// where each prompt has one answer, the next one's serves.
func TestMismatchedPairsHaveAnotherPrompt(t *testing.T) {
	of := func(prompts ...string) []weighted {
		out := make([]weighted, len(prompts))
		for i, p := range prompts {
			out[i] = weighted{Sequence: model.Sequence{Prompt: []int32{int32(p[0])}, Answer: []int32{int32(i)}}, prompt: p}
		}
		return out
	}
	for _, c := range []struct {
		ratings []weighted
		want    []int32 // whose answers
	}{
		{of("a", "b", "c"), []int32{1, 2, 0}},
		{of("a", "a", "b", "b", "c"), []int32{2, 2, 4, 4, 0}},
		{of("a", "a"), nil},
		{of("a"), nil},
	} {
		var got []int32
		for i, m := range mismatched(c.ratings) {
			got = append(got, m.Answer[0])
			if m.Prompt[0] != c.ratings[i].Prompt[0] {
				t.Errorf("pair %d has another prompt than its rating", i)
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("the answers are of %v, want %v", got, c.want)
		}
	}
}

// By "dpo" a correction is imitated and preferred to the answer that it replaces, as the
// exported data set has it; what was given nothing is only imitated. Ratings that make no
// pair go on beside that as if there were no corrections.
func TestCorrectionsArePreferredToWhatTheyReplace(t *testing.T) {
	r := tinyRunner(t, 1)
	job := func(objective string) *Job {
		j := &Job{Recipe: DefaultSettings().recipe(), Samples: []JobSample{
			{Form: FormCorrection, Prompt: "What is fog?", Answer: "I do not know.", Better: "A cloud.", Weight: 1.5},
			{Form: FormCorrection, Prompt: "What is ice?", Better: "Water.", Weight: 1},
			{Form: FormRating, Prompt: "What is rain?", Answer: "Drops.", Score: 1, Weight: 1},
		}}
		j.Recipe.Objective = objective
		return j
	}
	for objective, want := range map[string]int{"dpo": mannerCorrections / 2, "kto": 0, "sft": 0, "bounded": 0} {
		m, err := newMannerSource(t.Context(), r, job(objective), &BaseFacts{}, Style{}, nil)
		if err != nil {
			t.Fatal(err)
		}
		m.begin(1, fullEffort)
		b, err := m.next()
		if err != nil {
			t.Fatal(err)
		}
		if len(b.imitated) != mannerCorrections || len(b.pairs) != want || len(b.rated) != mannerRatings {
			t.Errorf("%s: a step imitates %d, prefers %d, and has %d rated; want %d, %d and %d", objective, len(b.imitated), len(b.pairs), len(b.rated), mannerCorrections, want, mannerRatings)
		}
		for _, p := range b.pairs {
			better, given := b.items[p.better.item], b.items[p.given.item]
			if !slices.Equal(better.Answer, r.AnswerTokens("A cloud.")) || len(p.better.base) != len(better.Answer) || p.better.weight != 1.5 {
				t.Errorf("preferred is %q, weight %g, with %d of the base's log-probabilities", r.Tokenizer().Decode(better.Answer), p.better.weight, len(p.better.base))
			}
			if !slices.Equal(given.Answer, r.AnswerTokens("I do not know.")) || !slices.Equal(given.Prompt, better.Prompt) || len(p.given.base) != len(given.Answer) {
				t.Errorf("it is preferred to %q, with %d of the base's log-probabilities", r.Tokenizer().Decode(given.Answer), len(p.given.base))
			}
			if !slices.ContainsFunc(b.imitated, func(im imitated) bool { return im.item == p.better.item }) {
				t.Error("what is imitated is computed twice")
			}
		}
	}
}

// A second try is dealt what it would be without a first: the adapter depends on the job alone.
func TestTriesAreDealtTheSame(t *testing.T) {
	r := tinyRunner(t, 1)
	j := &Job{Recipe: DefaultSettings().recipe()}
	for i, q := range []string{"What is rain?", "What is hail?", "What is fog?", "What is ice?", "What is snow?"} {
		j.Samples = append(j.Samples,
			JobSample{Form: FormCorrection, Prompt: q, Better: "Water.", Weight: 1},
			JobSample{Form: FormRating, Prompt: q, Answer: "It is wet.", Score: float64(i%2*2 - 1), Weight: 1})
	}
	wished := &Job{Recipe: j.Recipe, Samples: append(ratedFor(2*leastWished), JobSample{Form: FormText, Answer: "A text by itself.", Score: 1, Weight: 1})}
	base := &BaseFacts{}
	for _, text := range []string{"One text.", "Another text.", "A third one."} {
		base.Texts = append(base.Texts, Anchored{Sequence: plainText(r, text)})
	}
	for what, c := range map[string]struct {
		job   *Job
		trait *Trait
	}{"corrections and ratings": {j, nil}, "pairs": {wished, &Trait{Kind: TraitWord, Word: "you"}}} {
		m, err := newMannerSource(t.Context(), r, c.job, base, Style{}, c.trait)
		if err != nil {
			t.Fatal(err)
		}
		deal := func(e effort) (prompts []string) {
			m.begin(7, e)
			for range wishedPasses + 2 { // no whole number of turns through a deck, and beyond what a text is dealt
				b, err := m.next()
				if err != nil {
					t.Fatal(err)
				}
				for _, it := range b.items {
					prompts = append(prompts, r.Tokenizer().Decode(slices.Concat(it.Prompt, it.Answer)))
				}
			}
			return prompts
		}
		first := deal(gentleEffort)
		if full := deal(fullEffort); len(full) == 0 || len(m.wished.items) > 0 != (c.trait != nil) {
			t.Fatalf("%s: %d are dealt, of %d pairs", what, len(full), len(m.wished.items))
		}
		if again := deal(gentleEffort); !slices.Equal(again, first) {
			t.Errorf("%s: after a try the next one is dealt\n%q, want\n%q", what, again, first)
		}
	}
}

// What a loss has no use for is not computed: where good answers are imitated and nothing is
// preferred to another, the bad ones are in no step, and do not make it shorter.
func TestBadRatingsAreInNoStepThatOnlyImitates(t *testing.T) {
	r := tinyRunner(t, 1)
	rating := func(prompt, answer string, score float64) JobSample {
		return JobSample{Form: FormRating, Prompt: prompt, Answer: answer, Score: score, Weight: 1}
	}
	good := rating("What is rain?", "Drops.", 1)
	other, same := rating("What is hail?", "I do not know, and do not ask.", -1), rating("What is rain?", "Wet.", -1)
	for _, c := range []struct {
		objective  string
		bad        JobSample
		good, less int // of a step; pairs have one of each
	}{
		{"sft", other, mannerRatings, 0},
		{"dpo", other, mannerRatings, 0},
		{"dpo", same, mannerRatings, mannerRatings},
		{"kto", other, mannerRatings, mannerRatings},
		{"bounded", other, mannerRatings, mannerRatings},
	} {
		source := func(samples ...JobSample) (*mannerSource, *batch) {
			j := &Job{Recipe: DefaultSettings().recipe(), Samples: samples}
			j.Recipe.Objective = c.objective
			m, err := newMannerSource(t.Context(), r, j, &BaseFacts{}, Style{}, nil)
			if err != nil {
				t.Fatal(err)
			}
			m.begin(1, fullEffort)
			b, err := m.next()
			if err != nil {
				t.Fatal(err)
			}
			return m, b
		}
		m, b := source(good, c.bad)
		alone, _ := source(good)
		answers := func(s JobSample) (n int) {
			for i, it := range b.items {
				n += boolToInt(slices.Equal(it.Answer, r.AnswerTokens(s.Answer)) && !slices.ContainsFunc(b.apart, func(a apart) bool { return a.item == i }))
			}
			return n
		}
		if g, l := answers(good), answers(c.bad); g != c.good || l != c.less {
			t.Errorf("%s: a step has %d good answers and %d bad ones, want %d and %d", c.objective, g, l, c.good, c.less)
		}
		if c.less == 0 && m.stepRows() != alone.stepRows() {
			t.Errorf("%s: a bad answer that is in no step counts as %d rows of it", c.objective, m.stepRows()-alone.stepRows())
		}
	}
}

// No gradient runs through KTO's reference: the pairs that it is estimated by go only forward,
// and nothing else does.
func TestMismatchedPairsOnlyGoForward(t *testing.T) {
	r := tinyRunner(t, 1)
	j := &Job{Recipe: DefaultSettings().recipe()}
	j.Recipe.Objective = "kto"
	for i, q := range []string{"What is rain?", "What is hail?", "What is fog?"} {
		j.Samples = append(j.Samples, JobSample{Form: FormRating, Prompt: q, Answer: "Water.", Score: float64(1 - i), Weight: 1})
	}
	m, err := newMannerSource(t.Context(), r, j, &BaseFacts{}, Style{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	m.begin(1, fullEffort)
	b, err := m.next()
	if err != nil {
		t.Fatal(err)
	}
	if len(b.apart) != 2*mannerRatings {
		t.Fatalf("%d mismatched pairs in a step, want %d", len(b.apart), 2*mannerRatings)
	}
	for i, it := range b.items {
		if mismatched := slices.ContainsFunc(b.apart, func(a apart) bool { return a.item == i }); it.ForwardOnly != mismatched {
			t.Errorf("item %d: mismatched %t, only forward %t", i, mismatched, it.ForwardOnly)
		}
	}
}
