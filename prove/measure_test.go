package main

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"clara/model"
	"clara/trainer"
)

// lacks skips a test for want of what the test data or the folder of models should hold. Where
// CLARA_NEED_DATA says that all is there, it fails: a skip would look green.
func lacks(t testing.TB, what string) {
	t.Helper()
	if os.Getenv("CLARA_NEED_DATA") != "" {
		t.Fatal(what)
	}
	t.Skip(what)
}

// smallBench is a bench with a model of 260,000 parameters, which knows nothing but
// goes every way that a large one goes.
func smallBench(t *testing.T) *bench {
	t.Helper()
	path := filepath.Join(givenFolder(), "..", "models", "stories260K", "stories260K.gguf")
	if _, err := os.Stat(path); err != nil {
		lacks(t, "no small model: "+err.Error())
	}
	b, err := openBench(t.Context(), path, "", 1)
	if err != nil {
		t.Fatal(err)
	}
	if smallMeasured != nil {
		if err := os.WriteFile(b.measured(), smallMeasured, 0o600); err != nil {
			t.Fatal(err)
		}
	} else {
		if err := b.measure(t.Context()); err != nil {
			t.Fatal(err)
		}
		if smallMeasured, err = os.ReadFile(b.measured()); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() {
		if err := b.close(); err != nil {
			t.Error(err)
		}
	})
	return b
}

// smallMeasured is the store of the first smallBench: the model, which has no reader, is measured once.
var smallMeasured []byte

// A reader that was prepared in a data folder is measured with, also where the folder is
// named from the working directory.
func TestAPreparedReaderIsMeasuredWith(t *testing.T) {
	b := smallBench(t)
	t.Chdir(t.TempDir())
	b.home = "data"
	hash := prepared(t, b, trainer.VerdictProven)
	err := b.on(t.Context(), settings(1), func(p *subject) error {
		if info, ok := p.ModelInfo(); !ok || info.ReaderHash != hash {
			t.Errorf("%v, %+v", ok, info)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Only what the program would answer with is a reader: not what the gate refused, nor what
// lies there without the report of its gate.
func TestOnlyAReaderThatAnswersIsOne(t *testing.T) {
	b := smallBench(t)
	b.home = t.TempDir()
	has := func(want bool) {
		t.Helper()
		if got, err := b.hasReader(); err != nil || got != want {
			t.Errorf("%v, %v, want %v", got, err, want)
		}
	}
	has(false)
	prepared(t, b, trainer.VerdictRefused)
	has(false)
	prepared(t, b, trainer.VerdictProven)
	has(true)
	if err := os.Remove(filepath.Join(b.home, "readers", b.runner.Info().Hash, "report.json")); err != nil {
		t.Fatal(err)
	}
	has(false)
}

// prepared lays a fresh adapter into the data folder of a bench as the model's reader, of which
// the gate said so, and returns its hash.
func prepared(t *testing.T, b *bench, verdict string) string {
	t.Helper()
	training, err := b.runner.NewTraining(model.TrainingOptions{Rank: 2, Alpha: 4, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer training.Close()
	reader, err := training.Adapter()
	if err != nil {
		t.Fatal(err)
	}
	base := b.runner.Info().Hash
	folder := filepath.Join(b.home, "readers", base)
	if err := os.RemoveAll(folder); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(folder), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := reader.Save(folder); err != nil {
		t.Fatal(err)
	}
	report := fmt.Sprintf(`{"base": %q, "adapter": %q, "verdict": %q}`, base, reader.Hash(), verdict)
	if err := os.WriteFile(filepath.Join(folder, "report.json"), []byte(report), 0o600); err != nil {
		t.Fatal(err)
	}
	return reader.Hash()
}

// smallSet has a little of everything.
func smallSet() set {
	s := set{name: "small", About: "a test", Part: partFacts, Language: "en"}
	for i := range 4 {
		s.Lessons = append(s.Lessons, lesson{ScriptLesson: trainer.ScriptLesson{
			Prompt: fmt.Sprintf("When does the shop in Neuburg street %d open?", i), Correction: fmt.Sprintf("It opens at %d77.", i),
			Rewordings: []string{"Opening time of shop " + fmt.Sprint(i) + "?"}, Neighbours: []string{"When does the post open?"},
			Expect: [][]string{{fmt.Sprintf("%d77", i)}},
		}})
	}
	s.Unrelated = []trainer.ScriptQuestion{{Prompt: "Once upon a time", Expect: [][]string{{"e"}}}}
	w := wish{Wish: "says dear", Check: check{Prefix: "dear"}}
	h := hiddenWish{Wish: "has an e", Check: check{Contains: "he"}}
	for i := range 32 {
		q := fmt.Sprintf("Who is friend number %d?", i)
		w.Test, h.Test = append(w.Test, q), append(h.Test, q)
		h.Rate = append(h.Rate, "And "+q)
		if i < mannerTaught {
			w.Corrections = append(w.Corrections, trainer.ScriptExchange{Prompt: "Say " + q, Answer: "Dear friend, it is you and me and the dog."})
		}
	}
	s.Manner, s.Ratings = []wish{w}, []hiddenWish{h}
	return s
}

// The measurements run to their end and count what the report is made of: what was asked, as
// often as it was, and what holds on every machine and model. Those that are left out are made
// of the same parts, and take longer.
func TestMeasurements(t *testing.T) {
	b, s := smallBench(t), smallSet()
	sets := []set{s}
	some := slices.DeleteFunc(slices.Clone(damages), func(d damage) bool { // TestDamages has each of them
		return !slices.Contains([]string{"noise of four times their size", "B scaled by 8", "one value that is not a number"}, d.name)
	})
	of := func(n int) func(count) bool { return func(c count) bool { return c.Of == n } }
	all := func(c count) bool { return c.N == c.Of }
	notAll := func(c count) bool { return c.N < c.Of }
	for _, m := range []struct {
		name   string
		run    func(context.Context, *bench, *result) error
		counts []string                    // that there are
		holds  map[string]func(count) bool // of those that there are
	}{
		{
			"facts", factsIn(s, 6, true, 4),
			[]string{"exact", "reworded", "reworded_without_reader", "exact_after", "leaks", "promoted"},
			map[string]func(count) bool{"exact": of(4), "reworded": of(4), "reworded_without_reader": of(4), "exact_after": of(4), "leaks": of(4)},
		},
		{"manner", mannerBy(s.Manner[0], s.Unrelated), []string{"before", "complies", "promoted", "looping"}, nil},
		{"ratings", ratingsBy(s.Ratings[0], starsNoisy, "kto", s.Unrelated), []string{"rated_good", "before", "complies", "trait_told"}, nil},
		{"drift", drift(s, s.Lessons[:1], s.Manner[0], 1, driftEvents), []string{"known", "known_at_end", "looping", "promoted", "cycles_with_manner", "looks_with_knowledge"}, nil},
		{
			"unlearn", unlearning(s.Lessons[2:], s.Lessons[:2], s.Manner[0].Corrections),
			[]string{"arose_manner", "equal_manner", "arose_knowledge", "same_answers"},
			map[string]func(count) bool{"equal_manner": all, "equal_knowledge": all, "same_answers": all}, // bit for bit is promised
		},
		{"gate", goodAdapters(sets, 1), []string{"good_refused", "good_tried_twice"}, nil},
		{
			"gate, damaged", damagedAdapters(sets, some, true),
			[]string{"good_refused", "damaged_let_through", "refused_by_the_reader_of_files"},
			map[string]func(count) bool{"damaged_let_through": notAll, "refused_by_the_reader_of_files": all},
		},
	} {
		t.Run(m.name, func(t *testing.T) {
			r := result{Measurement: m.name, Variant: "batch 1", Seed: 1}
			if err := m.run(t.Context(), b, &r); err != nil {
				t.Fatal(err)
			}
			for _, c := range m.counts {
				if r.Counts[c].Of == 0 {
					t.Errorf("no %s in %+v", c, r.Counts)
				}
			}
			for c, holds := range m.holds {
				if got, ok := r.Counts[c]; ok && !holds(got) {
					t.Errorf("%s is %d of %d", c, got.N, got.Of)
				}
			}
		})
	}
}

// Every way of damaging changes an adapter, and always in the same way.
func TestDamages(t *testing.T) {
	b := smallBench(t)
	training, err := b.runner.NewTraining(model.TrainingOptions{Rank: 2, Alpha: 4, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer training.Close()
	fresh, err := training.Adapter()
	if err != nil {
		t.Fatal(err)
	}
	rng := func() *rand.Rand { return rngOf(1, 9) }
	good, err := damaged(b.runner, fresh, b.dir, damage{"", func(ts []weights, rng *rand.Rand) { // B is not all zero
		for _, w := range ts {
			for i := range w.values {
				w.values[i] += float32(rng.NormFloat64()) / 100
			}
		}
	}}, rng())
	if err != nil {
		t.Fatal(err)
	}
	var seen []string
	for _, d := range damages {
		a, err := damaged(b.runner, good, b.dir, d, rng())
		if err != nil {
			t.Logf("%s: %v", d.name, err)
			continue
		}
		again, err := damaged(b.runner, good, b.dir, d, rng())
		if err != nil || again.Hash() != a.Hash() {
			t.Errorf("%s differs from one time to the next: %v", d.name, err)
		}
		if a.Hash() == good.Hash() || slices.Contains(seen, a.Hash()) {
			t.Errorf("%s changes nothing of its own", d.name)
		}
		seen = append(seen, a.Hash())
	}
	if len(seen) < len(damages)-2 {
		t.Errorf("only %d of %d damaged adapters can be read", len(seen), len(damages))
	}
}

// All measurements with one seed come before any with two, and none comes twice.
func TestPlan(t *testing.T) {
	s := smallSet()
	units, err := plan([]set{s}, options{seeds: 3})
	if err != nil {
		t.Fatal(err)
	}
	seen := make(map[string]bool)
	pass, found := 0, make(map[string]bool)
	for _, u := range units {
		if seen[u.name()] {
			t.Errorf("%s comes twice", u.name())
		}
		seen[u.name()] = true
		if u.pass < pass {
			t.Errorf("%s of pass %d comes after pass %d", u.name(), u.pass, pass)
		}
		if pass = u.pass; pass == 0 {
			found[u.measurement] = true
		}
		if u.cost <= 0 {
			t.Errorf("%s costs nothing", u.name())
		}
	}
	for _, m := range []string{"facts", "manner", "both", "ratings", "seconds", "unlearn", "gate", "drift"} {
		if !found[m] {
			t.Errorf("%s is not measured in the first pass", m)
		}
	}
	if _, err := plan([]set{s}, options{seeds: 1, only: []string{"facs"}}); err == nil {
		t.Error("a measurement that does not exist is planned")
	}
	one, err := plan([]set{s}, options{seeds: 1, short: true, only: []string{"manner"}})
	if err != nil || len(one) != 1 {
		t.Errorf("planned %d, %v", len(one), err)
	}
}

// On another model everything is asked but German, which has models of its own.
func TestPlanForAnotherModel(t *testing.T) {
	sets, err := ownSets()
	if err != nil {
		t.Fatal(err)
	}
	ours, err := plan(sets, options{seeds: 1})
	if err != nil {
		t.Fatal(err)
	}
	units, err := plan(sets, options{seeds: 1, model: "another.gguf"})
	if err != nil {
		t.Fatal(err)
	}
	for _, u := range units {
		if u.model != "another.gguf" || u.measurement == "german" {
			t.Errorf("planned %s", u.name())
		}
	}
	left := slices.DeleteFunc(ours, func(u unit) bool { return u.measurement == "german" })
	if len(units) != len(left) || len(left) == 0 {
		t.Errorf("%d measurements, %d on the built-in model", len(units), len(left))
	}
}

// The short form fits into its time.
func TestShortFormIsShort(t *testing.T) {
	sets, err := ownSets()
	if err != nil {
		t.Fatal(err)
	}
	lendUnrelated(sets)
	units, err := plan(sets, options{seeds: 1, short: true})
	if err != nil {
		t.Fatal(err)
	}
	sum := time.Duration(0)
	for _, u := range units {
		sum += u.cost
	}
	if sum > shortBudget {
		t.Errorf("%d measurements take %s", len(units), sum)
	}
}

// The gate is proven on all sets together: where one of them is tuned, so is the result.
func TestGateIsAsTunedAsItsSets(t *testing.T) {
	for _, tuned := range []bool{false, true} {
		s := smallSet()
		s.Tuned = tuned
		units, err := plan([]set{smallSet(), s}, options{seeds: 1, only: []string{"gate"}})
		if err != nil || len(units) == 0 {
			t.Fatal(len(units), err)
		}
		for _, u := range units {
			if r := u.result(); r.Tuned != tuned {
				t.Errorf("%s is tuned: %v", u.name(), r.Tuned)
			}
		}
	}
}

// Words that the base itself comes upon, in as much room as there is, are no leak of a lesson.
func TestWhatTheBaseSaysIsNoLeak(t *testing.T) {
	b, s := smallBench(t), smallSet()
	const tokens = 3 * rightTokens
	u := s.Unrelated[0]
	err := b.on(t.Context(), settings(1), func(p *subject) error {
		short, err := p.baseSays(t.Context(), []string{u.Prompt}, rightTokens)
		if err != nil {
			return err
		}
		whole, err := p.baseSays(t.Context(), []string{u.Prompt}, tokens)
		if err != nil {
			return err
		}
		later, ok := strings.CutPrefix(whole[u.Prompt].Text, short[u.Prompt].Text)
		if !ok || len(later) < 12 {
			t.Fatalf("%q goes on as %q", short[u.Prompt].Text, whole[u.Prompt].Text)
		}
		for i, want := range []int{0, 1} {
			taught := lesson{ScriptLesson: trainer.ScriptLesson{Prompt: "Where is it?", Correction: "There.", Expect: [][]string{{later[:12]}}}}
			said := b.said // what the base says, as far as it is remembered
			if i == 1 {    // a base that says something else
				b.said = map[string]trainer.Said{}
				for k, v := range said {
					v.Text = strings.TrimSuffix(v.Text, later)
					b.said[k] = v
				}
			}
			var r result
			q := inquiry{lessons: []lesson{taught}, unrelated: []trainer.ScriptQuestion{u}, tokens: tokens}
			if err := q.ask(t.Context(), p, &r, "", trainer.Question{}); err != nil {
				return err
			}
			if c := r.Counts["unrelated_leaks"]; c != (count{want, 1}) {
				t.Errorf("leaks: %+v, want %d of 1", c, want)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// What the base answers is asked once for all subjects, and is what a program answers that
// was taught nothing.
func TestTheBaseIsAskedOnce(t *testing.T) {
	b, s := smallBench(t), smallSet()
	questions := []trainer.Question{{Text: "Who is there?", Tokens: 8}, {Text: "Who is there?", Tokens: 8, Seed: 3}, {Text: "Who is there?", Tokens: 8, Seed: 4}}
	var fresh, before, after []trainer.Said
	err := b.on(t.Context(), settings(1), func(p *subject) (err error) {
		if fresh, err = p.Examine(t.Context(), questions); err != nil {
			return err
		}
		before, err = p.untrained(t.Context(), questions)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	asked := len(b.said)
	err = b.on(t.Context(), settings(1), func(p *subject) (err error) {
		if err := p.teach(t.Context(), s.Lessons); err != nil {
			return err
		}
		after, err = p.untrained(t.Context(), questions)
		return err
	})
	if err != nil || asked != len(questions) || len(b.said) != asked || !slices.Equal(fresh, before) || !slices.Equal(before, after) {
		t.Errorf("%d asked, then %d: %v, %v, %v; %v", asked, len(b.said), fresh, before, after, err)
	}
}

// The lines of the gate have a hundred adapters of each kind: those that are damaged come
// of good ones, which are counted too.
func TestGateHasAHundredOfEach(t *testing.T) {
	units, err := plan([]set{smallSet()}, options{seeds: 3, only: []string{"gate"}})
	if err != nil {
		t.Fatal(err)
	}
	good, damaged := 0, 0
	for _, u := range units {
		if strings.HasPrefix(u.variant, "damaged ") {
			good, damaged = good+1, damaged+len(damages)+2
		} else {
			good += goodEach
		}
	}
	if good != gateGood || damaged < gateDamaged {
		t.Errorf("%d good and %d damaged adapters", good, damaged)
	}
}

// An adapter that the gate refuses as it is proves nothing of the gate when it is damaged.
func TestOnlyGoodAdaptersAreDamaged(t *testing.T) {
	b := smallBench(t)
	training, err := b.runner.NewTraining(model.TrainingOptions{Rank: 2, Alpha: 4, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer training.Close()
	a, err := training.Adapter()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		manner  *model.Adapter
		verdict string
		want    bool
	}{{a, trainer.VerdictProven, true}, {a, trainer.VerdictNotProven, true}, {a, trainer.VerdictRefused, false}, {nil, trainer.VerdictNotProven, false}} {
		o := trainer.Outcome{Manner: c.manner, Report: trainer.Report{Verdict: c.verdict}}
		if got := fitToDamage(o); got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
}

func TestLoops(t *testing.T) {
	for text, want := range map[string]bool{
		"": false,
		"it is so and it is not so and that is all there is to say": false,
		"no no no no no no": true,
		"the cat sat down the cat sat down the cat sat down the cat sat down the cat sat down": true,
		"yes it is. yes it is. yes it is. yes it is. yes it is. yes":                           true,
	} {
		if loops(text) != want {
			t.Errorf("%q: %v", text, !want)
		}
	}
}

// What honest stars bring is set beside shuffled ones that the same objective was trained on.
func TestEveryObjectiveHasItsControl(t *testing.T) {
	units, err := plan([]set{smallSet()}, options{seeds: 3, only: []string{"ratings"}})
	if err != nil {
		t.Fatal(err)
	}
	if ratedHow[0].objective != trainer.DefaultSettings().Objective {
		t.Errorf("what comes first is %s, which is not what is shipped", ratedHow[0].objective)
	}
	planned := make(map[string]bool)
	seeds := make(map[string]int) // of each objective, with honest stars
	for _, u := range units {
		planned[u.name()] = true
		if parts := strings.Split(u.variant, "; "); parts[1] == starsHonest {
			seeds[parts[2]]++
		}
	}
	if want := map[string]int{"kto": 3, "dpo": 1, "sft": 1, "bounded": 1}; !maps.Equal(seeds, want) {
		t.Errorf("the objectives have so many seeds: %v, want %v", seeds, want)
	}
	for name := range planned {
		if control := strings.Replace(name, "; "+starsHonest+"; ", "; "+starsShuffled+"; ", 1); !planned[control] {
			t.Errorf("%s has no control", name)
		}
	}
}
