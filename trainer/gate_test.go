package trainer

import (
	"math"
	"strings"
	"testing"

	"clara/model"
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

// Each harm refuses by itself, and NaN never passes.
func TestDecide(t *testing.T) {
	good := Figures{CanaryLimit: 0.05, LeaksLimit: 0.05, KeptLimit: 0.75, Kept: 30, KeptOf: 30, LeaksOf: 30, Answers: 16, Words: 15, WordsBefore: 50, Better: 12, P: 0.0002}
	c := &candidate{job: &Job{Samples: []JobSample{{Form: FormCorrection, Better: "ten words are in this short answer to the question"}}}, base: &BaseFacts{Open: make([]string, 16)}}
	if v, why := c.decide(good); v != VerdictProven {
		t.Fatalf("good figures: %s, %s", v, why.Text)
	}
	unproven := good
	unproven.Better, unproven.Worse, unproven.P = 2, 1, 0.5
	if v, _ := c.decide(unproven); v != VerdictNotProven {
		t.Errorf("two better and one worse: %s", v)
	}
	for code, harm := range map[string]func(*Figures){
		CodeForgets:   func(f *Figures) { f.Kept = 20 },
		CodeLeaks:     func(f *Figures) { f.Leaks = 3 },
		CodeGeneral:   func(f *Figures) { f.Canary = 0.06 },
		CodeDrifts:    func(f *Figures) { f.ChatKL, f.ChatLimit = 0.2, 0.1 },
		CodeLoops:     func(f *Figures) { f.Loops = 3 },
		CodeLength:    func(f *Figures) { f.Words = 0.5 },
		CodeNotNumber: func(f *Figures) { f.Canary = math.NaN() },
	} {
		f := good
		harm(&f)
		if v, why := c.decide(f); v != VerdictRefused || why.Code != code || why.Text == "" {
			t.Errorf("%s: %s, %q", code, v, why.Code)
		}
	}
	c.base.Ended = 16
	endless := good
	endless.Endless = 5
	if v, why := c.decide(endless); v != VerdictRefused || why.Code != CodeEndless {
		t.Errorf("endless answers where the base ends: %s, %q", v, why.Code)
	}
	c.asked = []Asked{{Lesson: 1, Before: true}, {Lesson: 2, Before: true}, {Lesson: 3, Known: true}}
	lost := good
	lost.Better, lost.Worse, lost.P = 1, 2, 0.9
	if v, why := c.decide(lost); v != VerdictRefused || why.Code != CodeLosesKnown {
		t.Errorf("two known lessons lost for one: %s, %q", v, why.Code)
	}
	c.job.Lessons = []JobLesson{{ID: 1, Question: "Who leads IT?"}, {ID: 2, Question: "Who bakes?"}}
	for _, p := range []float64{0.001, 0.5} {
		some := good
		some.Worse, some.P = 2, p
		if v, why := c.decide(some); v == VerdictRefused || why.Args["lost"] != "Who leads IT?; Who bakes?" || !strings.Contains(why.Text, "Who bakes?") {
			t.Errorf("lessons lost by a version that is better elsewhere: %s, %+v", v, why)
		}
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
