package trainer

import (
	"context"
	"errors"
	"os"
	"slices"
	"testing"
	"time"

	"clara/model"
)

// A move trains the same feedback on another model, leaves the one in use answering,
// and keeps what the two make of the lessons apart.
func TestMove(t *testing.T) {
	from, to := tinyRunner(t, 1), tinyRunner(t, 2)
	b := newBench(t)
	defer b.load(from)()
	lesson := b.teach("Who leads IT at Brandt?", "Maria Kowalski.", Knowledge)
	b.teach("What is fog?", "Dear reader, fog is a cloud.", Manner)
	v := made(t, b.store, from.Info().Hash, "")
	if err := b.renew(t.Context()); err != nil {
		t.Fatal(err)
	}

	stopped, cancel := context.WithCancel(t.Context())
	b.play(func(ctx context.Context, _ Job, _ func(Progress)) (Outcome, error) {
		cancel()
		return Outcome{}, ctx.Err()
	})
	if _, err := b.Move(stopped, to, false, nil); !errors.Is(err, context.Canceled) {
		t.Fatalf("a cancelled move: %v", err)
	}
	b.wantCycles(CycleStopped, CyclePromoted)

	var job Job
	b.play(func(_ context.Context, j Job, _ func(Progress)) (Outcome, error) {
		job = j
		return promoted(j)
	})
	card, err := b.Move(t.Context(), to, false, nil)
	if err != nil {
		t.Fatal(err)
	}
	if job.Base != to.Info().Hash || job.Before.Version != 0 || len(job.Samples) != 1 || len(job.Lessons) != 1 {
		t.Errorf("the job is %+v", job)
	}
	if card.Old.Version != v.Number || card.Old.Lessons != 1 || card.After.Lessons != 1 || card.State != CycleChecked || len(card.Lessons) != 1 || card.Lessons[0].Question != lesson.Prompt || card.Of != 1 || card.Widely != 1 {
		t.Errorf("the card is %+v", card)
	}
	if got := b.State().Active.ID; got != v.ID {
		t.Errorf("version %d answers, want %d", got, v.ID)
	}
	for base, want := range map[string]LessonState{from.Info().Hash: LessonNew, to.Info().Hash: LessonKnown} {
		if l, err := b.store.Lessons(t.Context(), base); err != nil || len(l) != 1 || l[0].State != want {
			t.Errorf("on %.8s: %+v, %v; want %s", base, l, err, want)
		}
	}
	b.start()
	if _, err := b.Move(t.Context(), to, false, nil); !errors.Is(err, ErrRunning) {
		t.Errorf("a move while the loop runs: %v", err)
	}
	b.Stop()
	var same *UserError
	if _, err := b.Move(t.Context(), from, false, nil); !errors.As(err, &same) || same.Reason.Code != CodeSameModel {
		t.Errorf("moved to the model in use: %v", err)
	}
}

// A card that has no room for all lessons draws them by the seed, old ones and new ones
// alike, and the same whatever order a model has them in.
func TestTheCardDrawsItsLessons(t *testing.T) {
	const of, most = 300, 100
	lessons := make([]JobLesson, of)
	for i := range lessons {
		lessons[i].ID = int64(i + 1)
	}
	drawn := drawLessons(lessons, 1, most)
	old := 0
	for _, id := range drawn {
		old += boolToInt(id <= of/2)
	}
	if len(drawn) != most || old < most/3 || old > most*2/3 {
		t.Errorf("%d drawn, %d of the older half", len(drawn), old)
	}
	slices.Reverse(lessons)
	if again := drawLessons(lessons, 1, most); !slices.Equal(again, drawn) {
		t.Error("another order draws others")
	}
	if other := drawLessons(lessons, 2, most); slices.Equal(other, drawn) {
		t.Error("another seed draws the same")
	}
	if all := drawLessons(lessons[:most], 1, most); len(all) != most {
		t.Errorf("%d of %d drawn", len(all), most)
	}
}

// A model without a reader gets one before the lessons are put to it, unless that is not
// wanted; one that the gate has refused is not made again.
func TestMovePreparesAModelWithoutAReader(t *testing.T) {
	from, to := tinyRunner(t, 1), tinyRunner(t, 2)
	b := newBench(t)
	defer b.load(from)()
	b.teach("Who leads IT at Brandt?", "Maria Kowalski.", Knowledge)
	made := 0
	prepare := func(check readerCheck) {
		b.prepare = func(ctx context.Context, r *model.Runner, p preparation) (*reader, ReaderReport, error) {
			made++
			y := &tinyReading{steps: 2}
			p.train, p.check = y.train, check
			return b.makeReader(ctx, r, p)
		}
	}
	move := func(prepare bool) (card ScoreCard, told bool) {
		t.Helper()
		asked := 0
		card, err := b.Move(t.Context(), to, prepare, func(p Progress) {
			told = told || p.Step == StepReader
			asked += boolToInt(p.Step == StepAsk)
		})
		if asked != 4 {
			t.Errorf("it was told %d times that the lessons are asked, want 4", asked)
		}
		if err != nil {
			t.Fatal(err)
		}
		return card, told
	}
	prepare(gateRefuses)
	if card, _ := move(false); made != 0 || card.Reader {
		t.Errorf("not wanted, but made %d times; %+v", made, card)
	}
	if card, told := move(true); made != 1 || card.Reader || !told {
		t.Errorf("made %d times, told %v, refused; %+v", made, told, card)
	}
	prepare(gatePasses)
	if card, _ := move(true); made != 1 || card.Reader {
		t.Errorf("made %d times after it was refused; %+v", made, card)
	}
	if err := os.RemoveAll(readerFolder(b.home, to.Info().Hash)); err != nil {
		t.Fatal(err)
	}
	var job Job
	b.play(func(_ context.Context, j Job, _ func(Progress)) (Outcome, error) {
		job = j
		return promoted(j)
	})
	if card, _ := move(true); made != 2 || !card.Reader || job.ReaderKey == "" {
		t.Errorf("made %d times; %+v", made, card)
	}
	if _, err := b.PrepareModel(t.Context(), PrepareOptions{}, func(Progress) {}); err != nil {
		t.Errorf("the model in use could not be prepared afterwards: %v", err)
	}
}

// A base that speaks German is asked the German questions among those that it gets right.
func TestScoreOfABilingualBase(t *testing.T) {
	r := tinyRunner(t, 1)
	b := newBench(t)
	a, err := b.attachedTo(r)
	if err != nil {
		t.Fatal(err)
	}
	defer a.cancel()
	english, err := anchors()
	if err != nil {
		t.Fatal(err)
	}
	a.keep(&BaseFacts{German: true, Unrelated: []int{0, len(english.Unrelated)}})
	if s, _, err := b.score(t.Context(), a, voice{runner: r}, nil, func(Progress) {}); err != nil || s.KeptOf != 2 {
		t.Errorf("the score is %+v, %v", s, err)
	}
}

// Whoever attaches another model does not wait for a move from the one before: that ends,
// and leaves the model that it moved to as it was.
func TestAMoveEndsWithTheModelThatItMovesFrom(t *testing.T) {
	from, to := tinyRunner(t, 1), tinyRunner(t, 2)
	b := newBench(t)
	defer b.load(from)()
	b.teach("What is fog?", "Dear reader, fog is a cloud.", Manner)
	begun, moved := make(chan struct{}), make(chan error, 1)
	b.play(func(ctx context.Context, _ Job, _ func(Progress)) (Outcome, error) {
		close(begun)
		select {
		case <-ctx.Done():
		case <-time.After(20 * time.Second):
		}
		return Outcome{}, ctx.Err()
	})
	go func() {
		_, err := b.Move(t.Context(), to, false, nil)
		moved <- err
	}()
	<-begun
	began := time.Now()
	if err := b.Attach(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	var ended *UserError
	if err := <-moved; !errors.As(err, &ended) || ended.Reason.Code != CodeMoveEnded || !stopped(err) || time.Since(began) > 10*time.Second {
		t.Errorf("after %v: %v", time.Since(began), err)
	}
	b.wantCycles(CycleStopped)
}
