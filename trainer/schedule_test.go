package trainer

import (
	"math"
	"testing"

	"clara/model"
)

// The rate rises over the first steps and then falls to its last share.
func TestScheduleOfTheRate(t *testing.T) {
	s := schedule{steps: 100, rate: 1e-3, last: 0.1}
	for _, c := range []struct {
		step int
		want float64
	}{{0, 2e-4}, {4, 1e-3 * (1 - 0.9*0.04)}, {50, 1e-3 * (1 - 0.45)}, {99, 1e-3 * (1 - 0.9*0.99)}} {
		if got := s.at(c.step); !(math.Abs(got-c.want) <= 1e-12) {
			t.Errorf("step %d: rate %g, want %g", c.step, got, c.want)
		}
	}
	if got := (schedule{steps: 16, rate: 3e-4}).at(15); got != 3e-4 {
		t.Errorf("a rate that does not fall: %g", got)
	}
}

// When what is imitated is learnt the training ends, also beside ratings, whose loss stays
// far above that however long it trains.
func TestRatingsDoNotPutOffTheStop(t *testing.T) {
	r := tinyRunnerOf(t, 1, 16)
	sequence := func(prompt, answer string) model.Sequence {
		return model.Sequence{Prompt: r.Tokenizer().Encode(prompt, true), Answer: r.AnswerTokens(answer)}
	}
	steps := func(rated bool) int {
		training, err := r.NewTraining(model.TrainingOptions{Rank: 4, Alpha: 8, Seed: 1})
		if err != nil {
			t.Fatal(err)
		}
		defer training.Close()
		next := func() (*batch, error) {
			b := &batch{lambda: 1, beta: ratingBeta, loss: "kto"}
			b.imitate(sequence("first", "yes"), 1, nil)
			if rated { // the same answer is good and bad: there is nothing to learn
				x := sequence("second", "no")
				for _, good := range []bool{true, false} {
					b.rate(x, make([]float64, len(x.Answer)), good, 1)
				}
			}
			return b, nil
		}
		plan := schedule{steps: 100, rate: 1e-2, stop: mannerStop}
		if err := plan.run(t.Context(), training, StepManner, next, func(LossPoint, model.Plan) {}); err != nil {
			t.Fatal(err)
		}
		return training.Steps()
	}
	alone, beside := steps(false), steps(true)
	if alone == 100 {
		t.Fatal("it does not stop without ratings either: the test shows nothing")
	}
	if beside > 2*alone {
		t.Errorf("beside ratings it stops after %d steps, without after %d", beside, alone)
	}
}

// How important a correction is beside what is rated says nothing about how well it has to be
// learnt: the training ends when its words are as likely, whatever it weighs.
func TestImportanceDoesNotMoveTheStop(t *testing.T) {
	r := tinyRunnerOf(t, 1, 16)
	for _, weight := range []float64{0.4, 1, 3} {
		training, err := r.NewTraining(model.TrainingOptions{Rank: 4, Alpha: 8, Seed: 1})
		if err != nil {
			t.Fatal(err)
		}
		defer training.Close()
		next := func() (*batch, error) {
			b := &batch{}
			b.imitate(model.Sequence{Prompt: r.Tokenizer().Encode("first", true), Answer: r.AnswerTokens("yes, it is")}, weight, nil)
			return b, nil
		}
		var surprise []float64
		plan := schedule{steps: 100, rate: 1e-2, stop: mannerStop}
		if err := plan.run(t.Context(), training, StepManner, next, func(p LossPoint, _ model.Plan) { surprise = append(surprise, p.Loss/weight) }); err != nil {
			t.Fatal(err)
		}
		n := len(surprise)
		if n <= stopWindow || n == plan.steps {
			t.Fatalf("%d steps: the test shows nothing", n)
		}
		last, before := mean(surprise[n-stopWindow:]), mean(surprise[n-1-stopWindow:n-1])
		if !(last < mannerStop) || !(before >= mannerStop) {
			t.Errorf("with weight %g it ends after %d steps at %.2f nats a token, a step before at %.2f; want the first below %g", weight, n, last, before, mannerStop)
		}
	}
}
