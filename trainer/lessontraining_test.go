package trainer

import (
	"encoding/json"
	"math"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"clara/store"
	"clara/trainer/words"
)

// What a lesson is trained with can be looked at, without a model, and is the same each
// time.
func TestTrainingOfALesson(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.teach("Who leads the IT department at Brandt?", "Maria leads the IT department at Brandt.", Knowledge)
		lessons, err := b.Lessons(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		b.talk("How does fog form over rivers?", 0)
		x, err := b.TrainingOf(t.Context(), lessons[0].ID)
		if err != nil {
			t.Fatal(err)
		}
		again, err := b.TrainingOf(t.Context(), lessons[0].ID)
		if d := cmp.Diff(x, again); d != "" || err != nil {
			t.Errorf("%v %s", err, d)
		}
		if !x.Due || x.Styled || len(x.Asked) != askedVariants || len(x.Contrasts) == 0 || len(x.Variants) < 5 || len(x.Anchors) < 100 || len(x.Own) != 1 || x.Swapped == "" || x.Turns != askedWidely {
			t.Errorf("%+v", x)
		}
		for _, c := range x.Contrasts {
			if words.Normal(c) == words.Normal(x.Question) {
				t.Errorf("the contrast %q is the question", c)
			}
		}
		if w := x.Words[0]; w.Word != "Maria" || w.Weight != changedWeight || x.Words[len(x.Words)-1].Weight != 1 {
			t.Errorf("the words weigh %+v", x.Words)
		}
		if _, err := b.TrainingOf(t.Context(), 99); err == nil {
			t.Error("a lesson that there is not has a training")
		}
	})
}

// The rates hold for small models; a large one is trained more slowly, and it is said how fast.
func TestRatesFallWithTheSizeOfTheModel(t *testing.T) {
	for parameters, want := range map[int64]float64{
		134_515_008: 1, 268_098_176: 1, 361_821_120: 1, 630_167_424: 1, 1_235_814_400: 0.5, 3_212_749_888: 0.5, 8_030_261_248: 0.2,
	} {
		if got := rateFor(parameters, 1e-3); !(math.Abs(got-1e-3*want) <= 1e-12) {
			t.Errorf("a model of %d weights trains at %g of the rate", parameters, got/1e-3)
		}
	}
	b := newBench(t)
	b.attach()
	b.model.current.info.Parameters = 8_030_261_248
	b.teach("Who leads the IT department at Brandt?", "Maria leads the IT department at Brandt.", Knowledge)
	lessons, err := b.Lessons(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if x, err := b.TrainingOf(t.Context(), lessons[0].ID); err != nil || x.Rate != b.Settings().KnowledgeRate/5 {
		t.Errorf("the lesson is said to be trained at %g (%v)", x.Rate, err)
	}
}

// What a lesson was trained with is shown of the cycle that trained the adapter in use;
// a lesson that this one was not about is shown as the next training would have it.
func TestTrainingOfATrainedLesson(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.attach()
		b.teach("Who leads the IT department at Brandt?", "Maria leads the IT department at Brandt.", Knowledge)
		b.teach("What does a permit at Lindau cost?", "A permit at Lindau costs 40 euros.", Knowledge)
		lessons, err := b.store.Lessons(t.Context(), testHash)
		if err != nil {
			t.Fatal(err)
		}
		adapter, on := "versions/cycle-1/knowledge", lessons[0].Sample
		trained := func(version int64, own string, r Report) Cycle {
			t.Helper()
			j := Job{Format: jobFormat, Base: testHash, Recipe: b.Settings().recipe(), Own: []string{own}, Before: JobVersion{Version: version}}
			job, err := json.Marshal(j)
			if err != nil {
				t.Fatal(err)
			}
			c, err := b.store.StartCycle(t.Context(), Cycle{BaseHash: testHash, Job: job})
			if err != nil {
				t.Fatal(err)
			}
			r.KnowledgeKey, r.KnowledgeOn = "key", []int64{on}
			report, err := json.Marshal(r)
			if err != nil {
				t.Fatal(err)
			}
			_, v, err := b.store.FinishCycle(t.Context(), store.CycleEnd{
				Cycle: c.ID, State: CyclePromoted, Report: report,
				Version: &Version{Parent: version, Knowledge: adapter, Samples: r.KnowledgeOn},
				Results: []LessonResult{{Lesson: lessons[0].ID, Outcome: LessonKnown}, {Lesson: lessons[1].ID, Outcome: LessonKnown}},
			})
			if err != nil || !v.Active {
				t.Fatal(v, err)
			}
			return c
		}
		b.model.current.info.Parameters = 8_030_261_248
		first := trained(0, "Which knots hold a heavy boat?", Report{Trained: []Step{StepKnowledge}, Tries: []Try{new(Report).try(fullEffort), new(Report).try(gentleEffort)}})
		trained(1, "Which trees keep their leaves?", Report{Trained: []Step{StepManner}}) // keeps it
		b.talk("How does fog form over rivers?", 0)

		got, err := b.TrainingOf(t.Context(), lessons[0].ID)
		if err != nil {
			t.Fatal(err)
		}
		if held := got.Items[4]; !held.Held || held.Count != 2*knowledgeSwapped || got.Items[0].Count != knowledgeOwn {
			t.Errorf("trained gently with %+v", got.Items)
		}
		if got.Cycle != first.ID || !slices.Equal(got.Own, []string{"Which knots hold a heavy boat?"}) || got.Rate != b.Settings().KnowledgeRate/2 {
			t.Errorf("trained by cycle %d, held to %q, at rate %g", got.Cycle, got.Own, got.Rate)
		}
		got, err = b.TrainingOf(t.Context(), lessons[1].ID)
		if err != nil {
			t.Fatal(err)
		}
		if got.Rate != b.Settings().KnowledgeRate/5 {
			t.Errorf("the next training is said to be at rate %g", got.Rate)
		}
		if got.Cycle != 0 || !slices.Equal(got.Own, []string{"How does fog form over rivers?"}) {
			t.Errorf("not trained yet, but by cycle %d, held to %q", got.Cycle, got.Own)
		}

		// Two versions with one adapter are one training of the lesson that it was trained on;
		// the other one was only asked.
		views, err := b.Lessons(t.Context())
		if err != nil || len(views) != 2 || views[1].Trained != 1 || views[0].Trained != 0 || views[0].Since != first.ID {
			t.Errorf("the lessons are %+v, %v", views, err)
		}

		// An adapter that the memory had, of a training that was refused with other lessons: it is
		// that of the cycle which first used it, whatever the version before had.
		adapter = "versions/cycle-3/knowledge"
		third := trained(2, "Which bakery opens early?", Report{RateDivisor: 5})
		if got, err = b.TrainingOf(t.Context(), lessons[0].ID); err != nil || got.Cycle != third.ID || got.Rate != b.Settings().KnowledgeRate/5 {
			t.Errorf("trained by cycle %d, want %d, at rate %g (%v)", got.Cycle, third.ID, got.Rate, err)
		}

		// The adapter is kept for what was taken back and taught again unchanged, which is another sample.
		on = lessons[1].Sample
		trained(3, "Which river is the longest?", Report{})
		if got, err = b.TrainingOf(t.Context(), lessons[1].ID); err != nil || got.Cycle != third.ID {
			t.Errorf("taught again, it was trained by cycle %d, want %d (%v)", got.Cycle, third.ID, err)
		}
		if got, err = b.TrainingOf(t.Context(), lessons[0].ID); err != nil || got.Cycle != 0 {
			t.Errorf("what the version in use does not have was trained by cycle %d (%v)", got.Cycle, err)
		}
	})
}
