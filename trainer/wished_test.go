package trainer

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

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

// A cut answer is settled where nothing that follows could change whether it has the trait.
func TestWhatIsSettledThoughItWasCut(t *testing.T) {
	for _, c := range []struct {
		trait Trait
		text  string
		cut   bool // what is said of it where it was cut
	}{
		{Trait{Kind: TraitFirst, Words: 4}, "Fog is", false},
		{Trait{Kind: TraitFirst, Words: 4}, "Fog is a cloud. It", true},
		{Trait{Kind: TraitFirst, Words: 4}, "Fog is a cloud that lies", true},
		{Trait{Kind: TraitShort, Words: 3}, "Fog is", false},
		{Trait{Kind: TraitShort, Words: 3}, "Fog is a cloud", true},
		{Trait{Kind: TraitQuestion}, "Fog?", false},
		{Trait{Kind: TraitWord, Word: "you"}, "Fog is", true},
		{Trait{Kind: TraitList}, "Fog is", true},
	} {
		if got := c.trait.isSettled(c.text, false); got != c.cut {
			t.Errorf("%s: %q, cut, is settled: %t", c.trait.Text(), c.text, got)
		}
		if !c.trait.isSettled(c.text, true) {
			t.Errorf("%s: %q is not settled at its end", c.trait.Text(), c.text)
		}
	}
}

// ratedFor are ratings of answers to questions, each with two whose stars agree with the word
// "you" and two whose stars say the opposite.
func ratedFor(questions int) []JobSample {
	var out []JobSample
	for i := range questions {
		for _, x := range []struct {
			answer string
			score  float64
		}{{"You,see,it,when,you", 1}, {"A,cloud.", -1}, {"It,is,wet.", 1}, {"You,do,not,want,to,know.", -1}} {
			out = append(out, JobSample{Form: FormRating, Prompt: fmt.Sprintf("What is fog of kind %d?", i), Answer: x.answer, Score: x.score, Weight: 1})
		}
	}
	return out
}

// Pairs are answers to one question that differ in the trait. Ratings whose stars say the
// opposite are in none, an answer is in one as far as it takes to tell, and the same question in
// another conversation is another one. However many are rated, each of them counts.
func TestPairsDifferInTheTrait(t *testing.T) {
	r := tinyRunner(t, 1)
	trait := Trait{Kind: TraitWord, Word: "you"}
	const questions = traitQuestions + 3
	samples := ratedFor(questions)
	// What comes after the part that trains says nothing of it.
	samples = append(samples, JobSample{Form: FormRating, Prompt: "What is hail?", Answer: strings.Repeat("x", mannerRoom.answer) + ",you,see", Score: 1, Weight: 1},
		JobSample{Form: FormRating, Prompt: "What is hail?", Answer: "Ice.", Score: -1, Weight: 1})
	samples[0].Context = []Turn{{Role: "user", Text: "Hello."}, {Role: "assistant", Text: "Hello!"}}
	source := func() *mannerSource {
		m, err := newMannerSource(t.Context(), r, &Job{Recipe: DefaultSettings().recipe(), Samples: samples}, &BaseFacts{}, Style{}, &trait)
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	m := source()
	text := func(w weighted) string { return strings.TrimPrefix(r.Tokenizer().Decode(w.Answer), "▁") }
	has := func(w weighted) bool { return slices.Contains(words.Split(words.Fold(text(w))), "you") }
	rated := 0
	for _, p := range m.wished.items {
		if !slices.Equal(p[0].Prompt, p[1].Prompt) || !has(p[0]) || has(p[1]) {
			t.Errorf("%q is preferred to %q", text(p[0]), text(p[1]))
		}
		if strings.HasPrefix(text(p[0]), "You,d") || text(p[1]) == "It,is,wet." {
			t.Errorf("%q is preferred to %q, against its stars", text(p[0]), text(p[1]))
		}
		if len(p[0].base) != len(p[0].Answer) || len(p[1].base) != len(p[1].Answer) {
			t.Error("not all of the base's log-probabilities")
		}
		rated += boolToInt(text(p[0]) == "You,s" && text(p[1]) == "A,cloud.")
	}
	if rated != questions-1 { // the first question has its two answers in two conversations
		t.Errorf("%d pairs of what was rated, as far as it tells, want %d", rated, questions-1)
	}
	again := source()
	if !slices.EqualFunc(m.wished.items, again.wished.items, func(a, b [2]weighted) bool {
		return slices.Equal(a[0].Prompt, b[0].Prompt) && slices.Equal(a[0].Answer, b[0].Answer) && slices.Equal(a[1].Answer, b[1].Answer)
	}) {
		t.Error("the same ratings with the same seed made other pairs")
	}
}

// A cycle says how many pairs it trained on in the place of the ratings, and where they were too
// few; beside corrections there are none.
func TestCycleSaysHowManyPairsItTrainedOn(t *testing.T) {
	r := tinyRunner(t, 1)
	base, err := MeasureBase(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	correction := JobSample{Form: FormCorrection, Prompt: "Why?", Better: "Because.", Score: 1, Weight: 1}
	for _, c := range []struct {
		questions int
		beside    []JobSample
		says      string // code
	}{{2 * leastWished, nil, FigureTraitPairs}, {leastWished - 3, nil, FigureTraitFew}, {2 * leastWished, []JobSample{correction}, ""}} {
		j := Job{Format: jobFormat, Base: r.Info().Hash, Recipe: DefaultSettings().recipe(), Samples: c.beside}
		for i := range c.questions {
			q := fmt.Sprintf("What is fog of kind %d?", i)
			j.Samples = append(j.Samples,
				JobSample{Form: FormRating, Prompt: q, Answer: "You see it, when you look.", Score: 1, Weight: 1},
				JobSample{Form: FormRating, Prompt: q, Answer: "A cloud.", Score: -1, Weight: 1})
		}
		m := new(memory)
		o, err := runCycle(t.Context(), r, j, base, m, nil)
		if err != nil {
			t.Fatal(err)
		}
		f := o.Report.Figures
		again, err := runCycle(t.Context(), r, j, base, m, nil)
		if err != nil || len(again.Report.Trained) > 0 {
			t.Fatalf("%d questions: trained once more: %v, %v", c.questions, again.Report.Trained, err)
		}
		if diff := cmp.Diff(f.TraitPairs, again.Report.Figures.TraitPairs); diff != "" {
			t.Errorf("%d questions: the adapter of the cycle before has other pairs: %s", c.questions, diff)
		}
		said := ""
		for _, x := range f.Sentences() {
			if x.Reason.Code == FigureTraitPairs || x.Reason.Code == FigureTraitFew {
				said = x.Reason.Code
			}
		}
		switch n := f.TraitPairs; {
		case f.Trait == nil || said != c.says:
			t.Errorf("%d questions: the trait is %v, said is %q, want %q", c.questions, f.Trait, said, c.says)
		case n != nil && *n != 0 && (*n < leastWished || *n > c.questions+traitQuestions*traitPairs):
			t.Errorf("%d pairs of %d rated questions", *n, c.questions)
		}
	}
}

// A step on pairs imitates the better answer of each and prefers it to the other, computing it
// once; what was given as a text is imitated beside them. Where too few pairs are found, the
// ratings themselves train.
func TestStepOnWhatRatingsHaveInCommon(t *testing.T) {
	r := tinyRunner(t, 1)
	trait := Trait{Kind: TraitWord, Word: "you"}
	text := JobSample{Form: FormText, Answer: "A text by itself.", Score: 1, Weight: 1}
	for _, c := range []struct {
		questions, pairs, imitated, rated int
	}{{leastWished, wishedPairs, wishedPairs + 1, 0}, {leastWished - 1, 0, 0, 2 * mannerRatings}} {
		m, err := newMannerSource(t.Context(), r, &Job{Recipe: DefaultSettings().recipe(), Samples: append(ratedFor(c.questions), text)}, &BaseFacts{}, Style{}, &trait)
		if err != nil {
			t.Fatal(err)
		}
		m.begin(1, gentleEffort)
		b, err := m.next()
		if err != nil {
			t.Fatal(err)
		}
		if len(b.pairs) != c.pairs || len(b.imitated) != c.imitated || len(b.rated) != c.rated {
			t.Fatalf("%d questions: a step prefers %d, imitates %d and rates %d; want %d, %d and %d", c.questions, len(b.pairs), len(b.imitated), len(b.rated), c.pairs, c.imitated, c.rated)
		}
		if c.pairs == 0 {
			for _, x := range b.rated {
				if len(x.base) != len(b.items[x.item].Answer) {
					t.Error("a rating lacks the base's log-probabilities")
				}
			}
			continue
		}
		if b.loss != "dpo" || b.lambda != float64(gentleEffort.anchor)*wishedLambda {
			t.Errorf("the loss is %q, what is held weighs %g", b.loss, b.lambda)
		}
		if own := b.items[b.imitated[wishedPairs].item]; !slices.Equal(own.Answer, m.good.items[0].Answer) || len(m.good.items) != 1 || m.good.items[0].prompt != "" {
			t.Errorf("imitated beside the pairs is %q", r.Tokenizer().Decode(own.Answer))
		}
		if m.stood != 4*c.questions+1 {
			t.Errorf("the pairs stand for %d ratings and texts", m.stood)
		}
		for i, p := range b.pairs {
			if im := b.imitated[i]; im.item != p.better.item || im.weight != wishedImitated {
				t.Errorf("pair %d: item %d is imitated with weight %g, item %d preferred", i, im.item, im.weight, p.better.item)
			}
		}
		if n := m.steps(100); n > wishedPasses*len(m.wished.items)/wishedPairs {
			t.Errorf("%d steps on %d pairs", n, len(m.wished.items))
		}
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

// As the program is shipped, an answer of one star trains: it starts a cycle with the others, and
// is pushed down in it.
func TestOneStarTrains(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		jobs := make(chan Job, 1)
		b.play(func(_ context.Context, j Job, _ func(Progress)) (Outcome, error) {
			jobs <- j
			return promoted(j)
		})
		for i := range 8 {
			if s := b.rate(fmt.Sprint("question ", i), 1+4*(i%2)); s.State != SampleNew {
				t.Errorf("a rating is %s: %s", s.State, s.Reason.Text)
			}
		}
		b.start()
		b.attach()
		b.wantRuns(1)
		job := <-jobs
		m, err := newMannerSource(t.Context(), tinyRunner(t, 1), &job, &BaseFacts{}, Style{}, nil)
		if err != nil {
			t.Fatal(err)
		}
		m.begin(1, fullEffort)
		step, err := m.next()
		if err != nil {
			t.Fatal(err)
		}
		down := 0
		for _, x := range step.rated {
			down += boolToInt(!x.good && x.weight == 1)
		}
		if len(m.good.items) != 4 || len(m.bad.items) != 4 || down != mannerRatings {
			t.Errorf("%d good and %d bad answers train, and %d of a step are pushed down", len(m.good.items), len(m.bad.items), down)
		}
	})
}
