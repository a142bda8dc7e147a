package trainer

import (
	"context"
	"math"
	"slices"
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

// Who stops an answer while its lesson is being chosen gets an empty one, and no end of
// the program.
func TestAnswerStoppedWhileItsLessonIsChosen(t *testing.T) {
	r := tinyRunner(t, 1)
	b := newBench(t, t.TempDir())
	defer b.close()
	if err := b.Attach(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := b.Attach(context.Background(), nil); err != nil {
			t.Error(err)
		}
	}()
	training, err := r.NewTraining(model.TrainingOptions{Rank: 2, Alpha: 4, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer training.Close()
	reading, err := training.Adapter()
	if err != nil {
		t.Fatal(err)
	}
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
