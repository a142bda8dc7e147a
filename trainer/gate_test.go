package trainer

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"clara/model"
	"clara/trainer/routing"
)

func TestSignTest(t *testing.T) {
	for _, c := range []struct {
		better, worse int
		want          float64
	}{{0, 0, 1}, {5, 0, 1.0 / 32}, {4, 1, 6.0 / 32}, {0, 3, 1}, {16, 0, math.Pow(2, -16)}} {
		if got := signTest(c.better, c.worse); !(math.Abs(got-c.want) <= 1e-12) {
			t.Errorf("p(%d, %d) = %g, want %g", c.better, c.worse, got, c.want)
		}
	}
}

func TestLoops(t *testing.T) {
	if loops("to be or not to be, that is the question") {
		t.Error("Hamlet loops")
	}
	if !loops("I am a I am a I am a I am a I am a I am a I am a") {
		t.Error("a loop passes")
	}
}

func goodFigures() Figures {
	return Figures{
		CanaryLimit: mostCanary, LeaksLimit: mostLeaks, KeptLimit: leastKept, Kept: 30, KeptOf: 30, LeaksOf: 30, BehindLimit: leastBehind, Behind: 28, BehindOf: 30,
		Answers: 16, Words: 15, WordsBefore: 50, WordsLimit: 2, LoopsLimit: 2, EndlessLimit: 2,
		Language: 16, LanguageOf: 16, LanguageLimit: leastSpoken, OwnLimit: leastOwn, FitLimit: leastFit, Fit: 0.8, FitBase: 3.4, FitOf: 8,
		Known: 5, KnownOf: 5, Lessons: 5, Better: 12, P: 0.0002,
	}
}

// Each harm refuses by itself, names its own figure, and what is not a number never
// passes.
func TestDecide(t *testing.T) {
	good := goodFigures()
	if v, why := good.decide(); v != VerdictProven {
		t.Fatalf("good figures: %s, %s", v, why.Text)
	}
	for _, s := range good.Sentences() {
		if !s.Passed || s.Reason.Text == "" || !strings.HasPrefix(s.Reason.Code, "figure_") {
			t.Errorf("of good figures it is said: %+v", s)
		}
	}
	unproven := good
	unproven.Better, unproven.Worse, unproven.P = 2, 1, 0.5
	if v, _ := unproven.decide(); v != VerdictNotProven {
		t.Errorf("two better and one worse: %s", v)
	}
	for _, c := range []struct {
		code, figure string
		harm         func(*Figures)
	}{
		{CodeForgets, FigureKept, func(f *Figures) { f.Kept = 20 }},
		{CodeLeaks, FigureLeaks, func(f *Figures) { f.Leaks = 3 }},
		{CodeForgetsBehind, FigureBehind, func(f *Figures) { f.Behind = 20 }},
		{CodeLeaksBehind, FigureBehindLeaks, func(f *Figures) { f.BehindLeaks = 3 }},
		{CodeGeneral, FigureCanary, func(f *Figures) { f.Canary = 0.06 }},
		{CodeDrifts, FigureChat, func(f *Figures) { f.ChatKL, f.ChatLimit = 0.2, 0.1 }},
		{CodeLoops, FigureLoops, func(f *Figures) { f.Loops = 3 }},
		{CodeEndless, FigureEndless, func(f *Figures) { f.Endless = 3 }},
		{CodeLength, FigureWords, func(f *Figures) { f.Words = 0.5 }},
		{CodeLanguage, FigureLanguage, func(f *Figures) { f.Language = 12 }},
		{CodeNotNumber, FigureNumbers, func(f *Figures) { f.Canary = f.number(math.NaN()) }},
		{CodeOwnMissed, FigureOwn, func(f *Figures) { f.Own, f.OwnOf, f.OwnBefore = 3, 5, 3 }},
		{CodeUntaught, FigureFit, func(f *Figures) { f.Fit, f.FitBase, f.FitOf = 3.3, 3.4, 8 }},
		{CodeLosesKnown, FigureLost, func(f *Figures) { f.Lost, f.Better, f.Worse, f.P = []string{"Who?", "Where?"}, 1, 2, 0.9 }},
	} {
		f := good
		c.harm(&f)
		if v, why := f.decide(); v != VerdictRefused || why.Code != c.code || why.Text == "" {
			t.Errorf("%s: %s, %q", c.code, v, why.Code)
		}
		for _, s := range f.Sentences() {
			if s.Passed != (s.Reason.Code != c.figure) {
				t.Errorf("%s: %+v", c.code, s)
			}
		}
		if _, err := json.Marshal(Report{Figures: f}); err != nil {
			t.Errorf("%s: %v", c.code, err)
		}
	}
	for _, c := range []struct {
		lost, gained, better int
		refused              bool
	}{{1, 0, 12, false}, {2, 0, 12, true}, {2, 3, 12, false}, {2, 2, 12, true}, {1, 0, 1, true}, {1, 2, 2, false}} {
		some := good
		some.KnownBefore, some.Gained, some.Better, some.Lost = 15, c.gained, c.better, slices.Repeat([]string{"Who bakes?"}, c.lost)
		if v, why := some.decide(); (v == VerdictRefused) != c.refused || c.refused && why.Code != CodeLosesKnown {
			t.Errorf("%+v of 15 lessons: %s, %s", c, v, why.Text)
		}
	}
	same := good
	same.Fit, same.FitBase = 0.2, 0.2 // as the model says anyway: there was nothing to learn
	if v, why := same.decide(); v != VerdictProven {
		t.Errorf("corrections that change nothing: %s, %s", v, why.Text)
	}
	for _, p := range []float64{0.001, 0.5} {
		some := good
		some.Lost, some.Gained, some.Worse, some.P = []string{"Who leads IT?", "Who bakes?"}, 3, 2, p
		if v, why := some.decide(); v == VerdictRefused || why.Args["lost"] != "Who leads IT?; Who bakes?" || !strings.Contains(why.Text, "Who bakes?") {
			t.Errorf("lessons lost by a version that is better elsewhere: %s, %+v", v, why)
		}
	}
}

// Plain answers and those behind somebody else's lesson have limits of their own: neither makes
// good what the other forgets or gives away.
func TestPlainAnswersAndThoseBehindALessonAreJudgedApart(t *testing.T) {
	for _, c := range []struct {
		kept, leaks, behind, behindLeaks int
		want                             string
	}{
		{24, 0, 23, 0, CodeProven},  // .80 and .77: together they are .78
		{22, 0, 26, 0, CodeForgets}, // .73 and .87: together they are .80
		{30, 0, 22, 0, CodeForgetsBehind},
		{30, 3, 30, 0, CodeLeaks}, // a tenth of the plain ones: of all it is a twentieth
		{30, 0, 30, 3, CodeLeaksBehind},
		{30, 1, 30, 1, CodeProven},
	} {
		f := goodFigures()
		f.Kept, f.Leaks, f.Behind, f.BehindLeaks = c.kept, c.leaks, c.behind, c.behindLeaks
		if _, why := f.decide(); why.Code != c.want {
			t.Errorf("%+v: %s", c, why.Text)
		}
	}
}

// Figures that were kept before the two were counted apart are read and judged as they were.
func TestFiguresFromBeforeTheGroupsWereApartAreRead(t *testing.T) {
	var f Figures
	if err := json.Unmarshal([]byte(`{"kept": 47, "kept_of": 60, "kept_limit": 0.8, "leaks": 3, "leaks_of": 60, "leaks_limit": 0.05, "canary_limit": 0.05}`), &f); err != nil {
		t.Fatal(err)
	}
	if _, why := f.decide(); why.Code != CodeForgets || why.Args["of"] != "60" {
		t.Errorf("%+v", why)
	}
	for _, s := range f.Sentences() {
		if s.Reason.Code == FigureBehind || s.Reason.Code == FigureBehindLeaks {
			t.Errorf("of what was not counted it is said: %s", s.Reason.Text)
		}
	}
}

// Unrelated questions are asked plain where a manner answers them, and behind a lesson where
// knowledge may; each way is counted by itself.
func TestUnrelatedQuestionsAreCountedByHowTheyAreAsked(t *testing.T) {
	r := tinyRunnerOf(t, 1, 40)
	adapter := untrained(t, r, 2)
	facts := &BaseFacts{Unrelated: []int{0, 1, 2}, Answers: []string{"", "", ""}}
	lessons := []JobLesson{{ID: 1, Question: "Who leads IT?", Answer: "Jorun does."}}
	for _, c := range []struct {
		name             string
		manner, taught   *model.Adapter
		keptOf, behindOf int
	}{{"manner", adapter, nil, 3, 0}, {"knowledge", nil, adapter, 0, 3}, {"both", adapter, adapter, 3, 3}, {"neither", nil, nil, 0, 0}} {
		cand := &candidate{
			job: &Job{Lessons: lessons}, base: facts, taught: c.taught,
			now: &voice{runner: r, manner: c.manner, reading: c.taught, lessons: lessons, router: routing.New([]string{lessons[0].Question})},
		}
		var f Figures
		if err := cand.unrelated(t.Context(), &f); err != nil {
			t.Fatal(err)
		}
		if f.KeptOf != c.keptOf || f.LeaksOf != c.keptOf || f.BehindOf != c.behindOf {
			t.Errorf("%s: %d plain, %d behind a lesson", c.name, f.KeptOf, f.BehindOf)
		}
	}
}

// What the base does by itself is not held against a manner.
func TestLimitsOfOpenAnswersCountTheBase(t *testing.T) {
	r := tinyRunner(t, 1)
	facts, err := MeasureBase(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	all := len(facts.Open)
	for _, c := range []struct{ looping, ended int }{{0, all}, {3, all - 2}} {
		facts.Ended = c.ended
		for i := range facts.Open {
			facts.Open[i] = "It is what it is."
			if i < c.looping {
				facts.Open[i] = strings.Repeat("and it goes on ", 9)
			}
		}
		var f Figures
		manner := untrained(t, r, 2)
		cand := &candidate{job: &Job{}, base: facts, now: &voice{runner: r, manner: manner}, before: &voice{runner: r}}
		if _, err := cand.open(t.Context(), &f); err != nil {
			t.Fatal(err)
		}
		if stuck := all / 8; f.LoopsLimit != stuck+c.looping || f.EndlessLimit != stuck+all-c.ended {
			t.Errorf("%d loop and %d end by themselves: %d may loop and %d not end", c.looping, c.ended, f.LoopsLimit, f.EndlessLimit)
		}
	}
}

// What was lost, and what knowledge was trained on, is counted among the asked.
func TestLessonsAreCounted(t *testing.T) {
	c := &candidate{
		job:     &Job{Lessons: []JobLesson{{ID: 1, Question: "Who leads IT?"}, {ID: 2, Question: "Who bakes?"}, {ID: 3, Question: "Who sings?"}}},
		asked:   []Asked{{Lesson: 1, Before: true}, {Lesson: 3, Known: true, Asked: []Answered{{Shows: true}, {}}}},
		trained: map[int]bool{0: true, 1: true},
	}
	var f Figures
	c.countLessons(&f)
	want := Figures{Lessons: 3, KnownOf: 2, Known: 1, KnownBefore: 1, Gained: 1, Widely: 1, Own: 1, OwnOf: 2, OwnBefore: 1, Lost: []string{"Who leads IT?"}, Variants: 1, VariantsOf: 2}
	if d := cmp.Diff(want, f); d != "" {
		t.Error(d)
	}
}

func TestLanguages(t *testing.T) {
	const english, german = "What is the use of a lighthouse?", "Was ist die Aufgabe von einem Leuchtturm?"
	for _, c := range []struct {
		question, answer string
		speaks, foreign  bool
	}{
		{english, "It is the light that guides ships.", true, false},
		{english, "Das ist das Licht für die Schiffe.", false, true},
		{german, "Er ist das Licht für die Schiffe.", true, false},
		{german, "It is the light for your ships.", false, true},
		{german, "Berlin.", false, false},
	} {
		if s, f := speaks(c.question, c.answer), foreign(c.question, c.answer); s != c.speaks || f != c.foreign {
			t.Errorf("%q to %q: speaks %v, foreign %v", c.answer, c.question, s, f)
		}
	}
	wants := &candidate{job: &Job{Samples: []JobSample{{Form: FormCorrection, Prompt: english, Better: "Das ist das Licht für die Schiffe."}}}}
	if !wants.wantsForeign() {
		t.Error("corrections that translate are not what the user wants")
	}
}

func TestBucketKL(t *testing.T) {
	d := func(ps ...float64) model.Distribution {
		var out model.Distribution
		for i, p := range ps {
			out.IDs = append(out.IDs, int32(i))
			out.LogProbs = append(out.LogProbs, float32(math.Log(p)))
		}
		return out
	}
	if kl := bucketKL(d(0.5, 0.3), d(0.5, 0.3)); !(math.Abs(kl) <= 1e-6) {
		t.Errorf("KL of equals = %g", kl)
	}
	want := 0.5*math.Log(0.5/0.25) + 0.5*math.Log(0.5/0.75)
	if kl := bucketKL(d(0.5), d(0.25)); !(math.Abs(kl-want) <= 1e-6) {
		t.Errorf("KL = %g, want %g", kl, want)
	}
	if kl := bucketKL(d(0.9), model.Distribution{IDs: []int32{7}, LogProbs: []float32{-0.1}}); !(kl >= 0) {
		t.Errorf("KL without a common token = %g", kl)
	}
}

// The divergence limits what is new: knowledge that hardly moves an answer passes beside a
// manner that was there before and moves every one.
func TestAKeptMannerRefusesNoKnowledge(t *testing.T) {
	r := tinyRunnerOf(t, 1, 40)
	knowledge := untrained(t, r, 2)
	y := &tinyReading{steps: 8}
	manner, err := y.train(t.Context(), r, nil, 1, readerRate, nil, func(*model.Training) error { return nil }, func(LossPoint, model.Plan) {})
	if err != nil {
		t.Fatal(err)
	}
	held, err := baseAnchors(t.Context(), r, []string{"What is fog?", "Why do leaves fall?"})
	if err != nil {
		t.Fatal(err)
	}
	c := &candidate{base: &BaseFacts{Anchors: held}, now: &voice{runner: r, manner: manner, reading: knowledge}}
	measure := func() (f Figures) {
		t.Helper()
		if err := c.divergence(t.Context(), &f); err != nil {
			t.Fatal(err)
		}
		return f
	}
	if f := measure(); f.ChatLimit != 0 || f.ChatKL <= mostChatKL {
		t.Fatalf("the manner moves answers by %g nats: the test shows nothing", f.ChatKL)
	}
	c.knowledge = knowledge
	if f := measure(); f.ChatLimit != mostChatKL || f.drifts() {
		t.Errorf("knowledge beside a kept manner: %g of at most %g nats", f.ChatKL, f.ChatLimit)
	}
	c.manner = manner
	if f := measure(); f.ChatLimit != mostChatKL || f.drifts() {
		t.Errorf("knowledge beside a new manner: %g of at most %g nats", f.ChatKL, f.ChatLimit)
	}
	c.knowledge = nil
	if f := measure(); f.ChatLimit != 0 || f.ChatKL <= mostChatKL {
		t.Errorf("a new manner alone: %g nats, limit %g", f.ChatKL, f.ChatLimit)
	}
}

// What is checked are the adapters as they answer: knowledge never answers without the
// manner that is on for every answer.
func TestTheSumThatAnswersIsChecked(t *testing.T) {
	manner, knowledge := new(model.Adapter), new(model.Adapter)
	for _, c := range []struct {
		name              string
		manner, knowledge *model.Adapter
		want              [][]*model.Adapter
	}{
		{"nothing", nil, nil, nil},
		{"a manner", manner, nil, [][]*model.Adapter{{manner}}},
		{"knowledge", nil, knowledge, [][]*model.Adapter{{knowledge}}},
		{"both", manner, knowledge, [][]*model.Adapter{{manner}, {manner, knowledge}}},
	} {
		cand := &candidate{now: &voice{manner: c.manner}, taught: c.knowledge}
		if got := cand.combinations(); !slices.EqualFunc(got, c.want, slices.Equal[[]*model.Adapter]) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}
