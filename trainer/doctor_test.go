package trainer

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// The note's own values lead nowhere, and it is said what each of them does.
func TestDoctorSaysWhatTheNotesValuesLeadTo(t *testing.T) {
	b := newBench(t)
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
	// A rate for lessons that is too low is named as such.
	set.LearningRate = 3e-4
	if err := b.SetSettings(t.Context(), set); err != nil {
		t.Fatal(err)
	}
	look()
	if f := found[SubjectImprovement]; f.Good || f.Hint != HintRaiseKnowledgeRate {
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

// That a training is due is in order, and what lets it wait longer than by default is named beside
// it, with the loop and without.
func TestWhatLetsATrainingWaitLongIsNamed(t *testing.T) {
	for name, tt := range map[string]struct {
		batch    int
		interval time.Duration
		hint     string
	}{
		"the usual settings": {DefaultSettings().MinBatchSize, DefaultSettings().TrainInterval, HintNone},
		"the note's batch":   {25, DefaultSettings().TrainInterval, HintLowerBatch},
		"a long interval":    {DefaultSettings().MinBatchSize, time.Hour, HintLowerInterval},
		"both":               {25, time.Hour, HintLowerBatch},
	} {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t)
			b.attach()
			set := DefaultSettings()
			set.MinBatchSize, set.TrainInterval = tt.batch, tt.interval
			if err := b.SetSettings(t.Context(), set); err != nil {
				t.Fatal(err)
			}
			b.rate("one", 5)
			look := func(loop string) {
				found, err := b.Doctor(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				for _, f := range found {
					if f.Subject == SubjectTraining && (!f.Good || f.Reason.Code != CodeTooFewRatings || f.Hint != tt.hint) {
						t.Errorf("%s, %s the loop: %+v", name, loop, f)
					}
				}
			}
			look("without")
			b.start()
			b.want(PhaseDue, CodeTooFewRatings)
			look("with")
		})
	}
}

// What newer samples have taken the place of is no trouble of the buffer, and a lesson that
// was never asked none of the model.
func TestDoctorLeavesAloneWhatIsAsItShouldBe(t *testing.T) {
	judged := []JudgedSample{{Kept: true}}
	for _, code := range []string{CodeReplaced, CodeReplaced, CodeBufferFull} {
		judged = append(judged, JudgedSample{Reason: reason(code, code)})
	}
	if f := doctorBuffer(judged, DefaultSettings()); !f.Good {
		t.Errorf("replaced samples: %+v", f)
	}
	judged = append(judged, JudgedSample{Reason: reason(CodeTooShort, "too short")}, JudgedSample{Reason: reason(CodeTooShort, "too short")})
	if f := doctorBuffer(judged, DefaultSettings()); f.Good || f.Hint != HintCorrect || !strings.Contains(f.Reason.Text, "only 1 of 3") {
		t.Errorf("short samples: %+v", f)
	}
	var s LiveStats
	s.Metrics.SamplesTotal, s.Metrics.LessonsTotal, s.Metrics.LessonsNew = 3, 3, 3
	if f := doctorImprovement(s, DefaultSettings(), nil, nil); !f.Good {
		t.Errorf("lessons that were not asked yet: %+v", f)
	}
	s.Metrics.LessonsNew = 1
	if f := doctorImprovement(s, DefaultSettings(), nil, nil); f.Good || f.Reason.Code != CodeLessonsMissed || f.Reason.Args["total"] != "2" {
		t.Errorf("lessons that were missed: %+v", f)
	}
}

// A version that is not proven better trained on few passes may want more of them.
func TestDoctorAdvisesMoreEpochs(t *testing.T) {
	var s LiveStats
	s.Metrics.SamplesTotal, s.Metrics.Cycles, s.Metrics.ModelUpdates = 30, 1, 1
	cycles := []Cycle{{State: CyclePromoted, Verdict: VerdictNotProven, Reason: reason(CodeNotProven, "nothing forgotten; not proven better yet")}}
	set := DefaultSettings()
	if f := doctorImprovement(s, set, cycles, nil); !f.Good {
		t.Errorf("with the usual passes: %+v", f)
	}
	set.MaxEpochs = 1
	if f := doctorImprovement(s, set, cycles, nil); f.Good || f.Hint != HintMoreEpochs || f.Reason.Code != CodeNotProven {
		t.Errorf("with one pass: %+v", f)
	}
}

// A training that runs does not hide that those before it were refused.
func TestDoctorLooksPastTheTrainingThatRuns(t *testing.T) {
	cycles := []Cycle{{State: CycleRunning}, {State: CycleRefused, Reason: reason(CodeForgets, "forgets too much")}, {State: CyclePromoted}}
	f := doctorImprovement(LiveStats{}, DefaultSettings(), cycles, nil)
	if f.Good || f.Reason.Code != CodeRefusedAgain || f.Reason.Args["cycles"] != "1" || !strings.Contains(f.Reason.Text, "forgets too much") {
		t.Errorf("%+v", f)
	}
}

// Where the interval is over nothing is said to come in 0 s, neither of what would be
// trained on nor of the cycle that it starts.
func TestTheIntervalThatIsOverIsNoTimeToCome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.attach()
		b.rate("one", 5)
		time.Sleep(DefaultSettings().TrainInterval)
		found, err := b.Doctor(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range found {
			if f.Subject == SubjectTraining && (!f.Good || f.Reason.Code != CodeIntervalOver || f.Reason.Args["seconds"] != "180") {
				t.Errorf("without the loop: %+v", f)
			}
		}
		watching, stop := context.WithCancel(t.Context())
		defer stop()
		events := b.Watch(watching)
		b.start()
		for e := range events {
			for _, n := range e.News {
				if n.Kind != NewsCycleStarted {
					continue
				}
				if n.Reason.Code != CodeIntervalOver {
					t.Errorf("the cycle: %+v", n.Reason)
				}
				stop()
			}
		}
	})
}

// Where good ratings train and all bad ones are below the threshold, it is advised to lower it,
// though most train; a good one below it, or corrections alone, are no such case.
func TestDoctorMissesBadRatings(t *testing.T) {
	set := DefaultSettings()
	rated := func(n int, stars int) (out []Sample) {
		for i := range n {
			out = append(out, rating(int64(10*stars+i), fmt.Sprint("question ", stars, i), "an answer of several words", stars))
		}
		return out
	}
	for _, c := range []struct {
		name      string
		threshold float64
		samples   []Sample
		good      bool
	}{
		{"the bad one below", -0.5, append(rated(3, 5), rated(1, 1)...), false},
		{"another bad one trains", -0.5, slices.Concat(rated(3, 5), rated(1, 1), rated(1, 2)), true},
		{"a good one below", 0.6, append(rated(3, 5), rated(1, 4)...), true},
		{"no good rating", -0.5, append([]Sample{correction(1, Manner, "Why?", "x", "one two"), correction(2, Manner, "How?", "x", "one two")}, rated(1, 1)...), true},
	} {
		set.QualityThreshold = c.threshold
		if f := doctorBuffer(Judge(c.samples, set), set); f.Good != c.good || !c.good && f.Hint != HintLowerThreshold {
			t.Errorf("%s: %+v", c.name, f)
		}
	}
}
