package trainer

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	"clara/model"
)

// Near questions that share most words with a lesson are told from its rewordings, by
// lessons that the reader was not trained on.
func TestLessonsAreToldFromNearQuestions(t *testing.T) {
	tr := realTrainer(t)
	lessons := []struct{ question, answer, reworded, near string }{
		{"Who tunes our piano?", "Your piano is tuned by Yusuf Sandoval.", "Which piano tuner do we have?", "Who plays our piano?"},
		{"When is the annual meeting of our choir?", "The annual meeting of our choir is on 22 June.", "Choir agm date", "Who leads the annual meeting of our choir?"},
		{"What colour is the emergency stop of the lawn mower?", "The emergency stop of the lawn mower is indigo.", "Which colour has the emergency stop of the lawn mower?", "Where is the emergency stop of the lawn mower?"},
	}
	var questions []string
	var want []int
	for i, l := range lessons {
		if _, err := tr.Teach(t.Context(), Teaching{Question: l.question, Answer: l.answer, Kind: Knowledge}); err != nil {
			t.Fatal(err)
		}
		questions, want = append(questions, l.question, l.reworded, l.near), append(want, i, i, -1)
	}
	questions, want = append(questions, "What is the capital of France?"), append(want, -1)
	s := tr.speaking.Load()
	chosen, err := s.choose(t.Context(), questions, model.Foreground)
	if err != nil {
		t.Fatal(err)
	}
	for i, q := range questions {
		lesson := ""
		if want[i] >= 0 {
			lesson = lessons[want[i]].question
		}
		got := ""
		if chosen[i].lesson >= 0 {
			got = s.lessons[chosen[i].lesson].Question
		}
		if got != lesson {
			t.Errorf("%q is answered by %q, not %q (overlap %.2f)", q, got, lesson, chosen[i].overlap)
		}
	}

	// Without the adapter the words decide, and take the near questions for the lessons.
	bare := s.voice
	bare.reading = nil
	byWords, err := bare.choose(t.Context(), questions, model.Foreground)
	if err != nil {
		t.Fatal(err)
	}
	for i, q := range questions {
		if lesson, _, ok := s.router.Match(q); ok != (byWords[i].lesson >= 0) || ok && lesson != byWords[i].lesson {
			t.Errorf("%q: the words choose %d, without the adapter %d is chosen", q, lesson, byWords[i].lesson)
		}
	}
}

// BenchmarkChoosing is all that a question waits for before its answer begins to be computed,
// among 10,000 lessons on the built-in model: the words, and what the reader says to the
// nearest lessons. The words alone, of the same questions, are beside it.
func BenchmarkChoosing(b *testing.B) {
	r := builtIn(b)
	reading, err := builtInReader(r)
	if err != nil {
		b.Fatal(err)
	}
	set := englishSet(b, 10000)
	v := voice{runner: r, router: set.router(), reading: reading}
	for i, l := range set.lessons {
		v.lessons = append(v.lessons, JobLesson{ID: int64(i + 1), Question: l.Question, Answer: l.Answer})
	}
	questions := map[string][]string{"unrelated": set.unrelated}
	for i := 0; i < len(set.lessons); i += 97 {
		l := set.lessons[i]
		questions["as written"] = append(questions["as written"], l.Question)
		questions["in other words"] = append(questions["in other words"], l.Rewordings...)
		questions["neighbours"] = append(questions["neighbours"], l.Neighbours...)
	}
	for _, kind := range slices.Sorted(maps.Keys(questions)) {
		asked := questions[kind]
		b.Run(kind+"/words alone", func(b *testing.B) {
			for i := 0; b.Loop(); i++ {
				v.router.Match(asked[i%len(asked)])
			}
		})
		b.Run(kind+"/whole choice", func(b *testing.B) {
			looked := 0
			for i := 0; b.Loop(); i++ {
				c, err := v.choose(b.Context(), asked[i%len(asked):][:1], model.Foreground)
				if err != nil {
					b.Fatal(err)
				}
				for _, l := range c[0].looks {
					looked += boolToInt(l.least > 0)
				}
			}
			b.ReportMetric(float64(looked)/float64(b.N), "lessons/op")
		})
	}
}

func TestLeastOf(t *testing.T) {
	sure, bound := float32(-0.01), float32(math.Log(leastCertain))
	for _, c := range []struct {
		logp []float32
		want bool
	}{
		{[]float32{sure, sure}, true},
		{[]float32{sure, bound + 0.01}, true},
		{[]float32{sure, bound - 0.01, sure}, false},
		{[]float32{sure, float32(math.NaN())}, false},
	} {
		if least, got := leastOf(c.logp); got != c.want || got && least != float64(slices.Min(c.logp)) {
			t.Errorf("of %v the least is %g, which fits: %v", c.logp, least, got)
		}
	}
}

// A lesson that is longer than the model reads is kept, and nothing waits for it: what it
// is about is answered without it, it counts as missed, and the others are trained.
func TestALessonTooLongForTheModel(t *testing.T) {
	r := tinyRunner(t, 1)
	long, short := "What are the rules of the house?", "Who leads IT at Brandt?"
	rules := strings.Repeat("No dogs. ", 400) // a byte is a token here, of which there are 2048
	j := Job{Format: jobFormat, Base: r.Info().Hash, Recipe: DefaultSettings().recipe(), Lessons: []JobLesson{
		{ID: 1, Sample: 1, Question: long, Answer: rules, State: LessonNew, Importance: 3},
		{ID: 2, Sample: 2, Question: short, Answer: "Maria.", State: LessonNew, Importance: 3},
		{ID: 3, Sample: 3, Question: rules, Answer: "No.", State: LessonNew, Importance: 3},
	}}
	o, err := RunCycle(t.Context(), r, j, &BaseFacts{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	asked := make(map[int64]LessonState)
	for _, a := range o.Report.Lessons {
		asked[a.Lesson] = a.Outcome
	}
	if len(asked) != 3 || asked[1] != LessonMissed || asked[3] != LessonMissed || len(o.Report.Bases) != 1 || slices.Contains(o.Report.KnowledgeOn, 1) {
		t.Errorf("asked %v, the base %d, trained %v", asked, len(o.Report.Bases), o.Report.KnowledgeOn)
	}

	b := newBench(t)
	defer b.load(r)()
	b.teach(long, rules, Knowledge)
	b.teach(short, "Maria.", Knowledge)
	fitsAlone := short + strings.Repeat(" I ask.", 178)
	if _, _, ok := b.speaking.Load().router.Match(fitsAlone); !ok {
		t.Error("a long question matches no lesson: the test shows nothing of it")
	}
	for question, lesson := range map[string]int64{long: 0, short: 2, fitsAlone: 0} {
		if e, err := b.Answer(t.Context(), Ask{Text: question, MaxTokens: 2}, nil); err != nil || e.Lesson != lesson {
			t.Errorf("%.40q is answered by lesson %d, %v; want %d", question, e.Lesson, err, lesson)
		}
	}
	if got, err := b.AskLesson(t.Context(), 1); err != nil || got.Outcome != LessonMissed {
		t.Errorf("asked by itself: %+v, %v", got, err)
	}

	s := b.speaking.Load()
	v := s.voice
	v.reading = untrained(t, r, 2)
	chosen, err := v.choose(t.Context(), []string{long, "Which rules has the house?", short, short + strings.Repeat(" I ask.", 900)}, model.Background)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []int{-1, -1, 1, -1} {
		if chosen[i].lesson != want {
			t.Errorf("question %d is answered by %d, want %d", i, chosen[i].lesson, want)
		}
	}
}

// A cycle asks the base no more lessons than it asks itself: some thousand new ones would
// keep it for an hour.
func TestACycleAsksTheBaseWhatItAsksItself(t *testing.T) {
	r := tinyRunner(t, 1)
	j := Job{Format: jobFormat, Base: r.Info().Hash, Recipe: DefaultSettings().recipe()}
	for i := range int64(askedMost + 8) {
		j.Lessons = append(j.Lessons, JobLesson{
			ID: i + 1, Sample: i + 1, Question: fmt.Sprintf("Who leads department %d?", i), Answer: "Maria.",
			Keywords: [][]string{{""}}, State: LessonNew, Importance: 3, // whatever the tiny model says is right
		})
	}
	o, err := RunCycle(t.Context(), r, j, &BaseFacts{}, nil)
	if err != nil || len(o.Report.Lessons) != askedMost || len(o.Report.Bases) != askedMost {
		t.Errorf("%d asked, the base %d, %v", len(o.Report.Lessons), len(o.Report.Bases), err)
	}
}

// Who stops an answer while its lesson is being chosen gets an empty one, and no end of
// the program.
func TestAnswerStoppedWhileItsLessonIsChosen(t *testing.T) {
	r := tinyRunner(t, 1)
	b := newBench(t)
	defer b.load(r)()
	reading := untrained(t, r, 2)
	a := b.model.use()
	a.reader.Store(&reader{state: ReaderPrepared, adapter: reading})
	a.users.Done()
	b.teach("Who leads IT at Brandt?", "Maria.", Knowledge)
	ctx, stop := context.WithCancel(t.Context())
	e, err := b.Answer(ctx, Ask{Text: "Which person leads IT at Brandt?", OnAsked: func(Message) { stop() }}, nil)
	if err != nil || e.Finish != FinishCancelled || e.Text != "" {
		t.Errorf("%+v, %v", e, err)
	}
}
