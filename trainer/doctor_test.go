package trainer

import (
	"strings"
	"testing"
)

// The note's own values lead nowhere, and it is said what each of them does.
func TestDoctorSaysWhatTheNotesValuesLeadTo(t *testing.T) {
	b := newBench(t, t.TempDir())
	defer b.close()
	b.attach()
	set := DefaultSettings()
	set.MinBatchSize, set.TrainOnCorrection, set.LearningRate, set.KnowledgeRate, set.MaxEpochs = 25, false, 1e-6, 1e-6, 1
	if err := b.SetSettings(t.Context(), set); err != nil {
		t.Fatal(err)
	}
	found := make(map[string]Finding)
	look := func() {
		all, err := b.Doctor(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range all {
			found[f.Subject] = f
		}
	}
	look()
	if f := found[SubjectTraining]; f.Good || f.Hint != HintRate || f.Reason.Code != CodeNothingNew {
		t.Errorf("nothing given: %+v", f)
	}
	if f := found[SubjectImprovement]; f.Good || f.Hint != HintRaiseRate || f.Reason.Args["rate"] != "1e-06" || !strings.Contains(f.Reason.Text, "nothing measurable") {
		t.Errorf("the learning rate: %+v", f)
	}
	// A rate for lessons that is too low counts alike.
	set.LearningRate = 3e-4
	if err := b.SetSettings(t.Context(), set); err != nil {
		t.Fatal(err)
	}
	look()
	if f := found[SubjectImprovement]; f.Good || f.Hint != HintRaiseRate {
		t.Errorf("the rate of lessons: %+v", f)
	}
	set.Enabled = false
	if err := b.SetSettings(t.Context(), set); err != nil {
		t.Fatal(err)
	}
	look()
	if f := found[SubjectTraining]; f.Good || f.Hint != HintEnable {
		t.Errorf("switched off: %+v", f)
	}
}

func TestHintNamesTheBatchSizeWhereItIsLarge(t *testing.T) {
	set := DefaultSettings()
	why := reason(CodeTooFewRatings, "3 of 25 new ratings")
	if got := hintWaiting(why, set); got != HintRate {
		t.Errorf("the usual batch: %s", got)
	}
	set.MinBatchSize = 25
	if got := hintWaiting(why, set); got != HintLowerBatch {
		t.Errorf("the note's batch: %s", got)
	}
}
