package trainer

import (
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"clara/model"
	"clara/model/safetensors"
)

// noisy is an adapter with noise of that size on its weights.
func noisy(t *testing.T, r *model.Runner, a *model.Adapter, size float64) *model.Adapter {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "adapter")
	if err := a.Save(dir); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "adapter_model.safetensors")
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	f, err := safetensors.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for i, x := range f.Tensors {
		values, err := x.Float32s()
		if err != nil {
			t.Fatal(err)
		}
		for k := range values {
			values[k] += float32(size * rng.NormFloat64())
		}
		f.Tensors[i] = safetensors.FromFloat32s(x.Name, x.Shape, values)
	}
	var out bytes.Buffer
	if err := safetensors.Write(&out, f.Tensors, nil); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, out.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	a, err = r.LoadAdapter(dir)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// Knowledge that changes nothing passes the gate, a damaged adapter does not, whichever
// part of a version it is; a manner has to have learnt what it was trained on.
func TestCheckVersion(t *testing.T) {
	r := tinyRunnerOf(t, 1, 64)
	base, err := MeasureBase(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	fresh := untrained(t, r, 4)
	job := Job{
		Format: jobFormat, Base: r.Info().Hash, Recipe: DefaultSettings().recipe(),
		Samples: []JobSample{{Form: FormCorrection, Prompt: "Why?", Better: "Because.", Score: 1, Weight: 1}},
	}
	lesson := JobLesson{Question: "When do we open?", Answer: "At eight."}
	said, err := answerAll(t.Context(), r, []string{lesson.Question}, 24, fresh)
	if err != nil {
		t.Fatal(err)
	}
	lesson.Keywords = [][]string{strings.Split(said[0].Text, "")[:1]} // what the tiny model says anyway
	broken := noisy(t, r, fresh, 3)
	quick := job
	quick.Recipe.MannerRate = 5e-3
	learnt, err := RunCycle(t.Context(), r, quick, base, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name    string
		given   Adapters
		lessons []JobLesson
		rate    float64
		refused string // why; "": not
	}{
		{"a manner that was trained", Adapters{Manner: learnt.Manner}, nil, 5e-3, ""},
		{"a manner that changes nothing", Adapters{Manner: fresh}, nil, 5e-3, CodeUntaught},
		{"a manner trained too slowly", Adapters{Manner: fresh}, nil, 1e-6, CodeRateTooLow},
		{"a manner beyond all numbers", Adapters{Manner: noisy(t, r, fresh, 1e30)}, nil, 5e-3, CodeNotNumber},
		{"knowledge that changes nothing", Adapters{Knowledge: fresh}, []JobLesson{lesson}, 5e-3, ""},
		{"knowledge of noise", Adapters{Knowledge: broken}, []JobLesson{lesson}, 5e-3, CodeDrifts},
		{"the same beside a manner that was trained", Adapters{Manner: learnt.Manner, Knowledge: broken}, []JobLesson{lesson}, 5e-3, CodeDrifts},
	} {
		job.Lessons, job.Recipe.MannerRate = c.lessons, c.rate
		report, err := CheckVersion(t.Context(), r, job, base, c.given)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%s: %s, %s; corrections %.2f of %.2f", c.name, report.Verdict, report.Reason.Text, report.Figures.Fit, report.Figures.FitBase)
		refused := ""
		if report.Verdict == VerdictRefused {
			refused = report.Reason.Code
		}
		if report.Verdict == "" || refused != c.refused {
			t.Errorf("%s: %s, %s", c.name, report.Verdict, report.Reason.Text)
		}
		if len(report.Trained) > 0 {
			t.Errorf("%s: trained %v", c.name, report.Trained)
		}
	}
}
