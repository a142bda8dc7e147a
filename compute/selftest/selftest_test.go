package selftest

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"clara/compute"
	"clara/compute/cpu"
)

// damaged is an engine that gets one operation wrong, or takes its time.
type damaged struct {
	compute.Backend
	attention func(out compute.Tensor) error
	delay     time.Duration // of a product
	slower    int           // how many times each product is computed once more
}

func (d damaged) Attention(out, lse, q, k, v compute.Tensor, spans []compute.Span, a compute.AttentionShape) error {
	if err := d.Backend.Attention(out, lse, q, k, v, spans, a); err != nil || d.attention == nil {
		return err
	}
	return d.attention(out)
}

func (d damaged) Linear(y, x compute.Tensor, w compute.Weight, p compute.Precision, accumulate bool) error {
	time.Sleep(d.delay)
	if !accumulate { // which comes to the same however often
		for range d.slower {
			_ = d.Backend.Linear(y, x, w, p, accumulate)
		}
	}
	return d.Backend.Linear(y, x, w, p, accumulate)
}

func TestSelfTest(t *testing.T) {
	b, err := cpu.New(cpu.Options{Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	nan := []float32{float32(math.NaN())}
	for _, c := range []struct {
		name      string
		engine    damaged
		compare   bool
		want      error
		operation string
	}{
		{"right", damaged{Backend: b}, false, nil, ""},
		{"wrong", damaged{Backend: b, attention: func(out compute.Tensor) error { return b.Scale(out, 1.01) }}, false, ErrWrong, "Attention"},
		{"not a number", damaged{Backend: b, attention: func(out compute.Tensor) error {
			return b.Write(out.Slice(0, 1).Columns(0, 1), nan)
		}}, false, ErrWrong, "Attention"},
		{"failing", damaged{Backend: b, attention: func(compute.Tensor) error { return compute.ErrLost }}, true, compute.ErrLost, "Attention"},
		{"slow, and not compared", damaged{Backend: b, slower: 20}, false, nil, ""},
		{"slow", damaged{Backend: b, slower: 20}, true, ErrSlow, ""},
	} {
		err := Run(c.engine, Model{})
		if err == nil && c.compare {
			err = Compare(c.engine, 1)
		}
		if !errors.Is(err, c.want) || err != nil && !strings.Contains(err.Error(), c.operation) {
			t.Errorf("%s: %v, want %v of %q", c.name, err, c.want, c.operation)
		}
	}
}

// call is what an engine was asked for, as far as it may choose a kernel by it.
type call struct {
	operation  string
	rows, keys int
	layout     compute.Type // of the weight
	headDim    int
	behind     string // the operation right before, if this one adds to its result
}

// picky is an engine that is wrong in some calls only.
type picky struct {
	compute.Backend
	wrong   func(c call) bool
	layouts map[compute.Weight]compute.Type
	last    compute.Tensor // the result of the operation right before
	by      string
}

// did spoils a result that is to be wrong.
func (p *picky) did(y compute.Tensor, c call, err error) error {
	if y == p.last {
		c.behind = p.by
	}
	p.last, p.by = y, c.operation
	if err != nil || !p.wrong(c) {
		return err
	}
	return p.Scale(y, 1.1)
}

func (p *picky) NewWeight(m compute.Matrix) (compute.Weight, error) {
	w, err := p.Backend.NewWeight(m)
	p.layouts[w] = m.Type
	return w, err
}

func (p *picky) Embedding(y compute.Tensor, w compute.Weight, ids []int32, scale float32) error {
	return p.did(y, call{operation: "Embedding", layout: p.layouts[w]}, p.Backend.Embedding(y, w, ids, scale))
}

func (p *picky) Linear(y, x compute.Tensor, w compute.Weight, precision compute.Precision, accumulate bool) error {
	return p.did(y, call{operation: "Linear", rows: y.Rows, layout: p.layouts[w]}, p.Backend.Linear(y, x, w, precision, accumulate))
}

func (p *picky) LinearBackward(dx, dy compute.Tensor, w compute.Weight, accumulate bool) error {
	return p.did(dx, call{operation: "LinearBackward", rows: dx.Rows, layout: p.layouts[w]}, p.Backend.LinearBackward(dx, dy, w, accumulate))
}

func (p *picky) MatMul(c, a, b compute.Tensor, transA, transB bool, alpha float32, accumulate bool) error {
	return p.did(c, call{operation: "MatMul", rows: c.Rows}, p.Backend.MatMul(c, a, b, transA, transB, alpha, accumulate))
}

func (p *picky) Attention(out, lse, q, k, v compute.Tensor, spans []compute.Span, a compute.AttentionShape) error {
	return p.did(out, call{operation: "Attention", rows: out.Rows, keys: int(spans[0].To), headDim: a.HeadDim}, p.Backend.Attention(out, lse, q, k, v, spans, a))
}

func (p *picky) HeadLogProbs(logp, lse, h compute.Tensor, w compute.Weight, ids []int32) error {
	return p.did(logp, call{operation: "HeadLogProbs", layout: p.layouts[w]}, p.Backend.HeadLogProbs(logp, lse, h, w, ids))
}

// Engines have kernels for few and many rows, for what LoRA adds, for each layout and width of
// heads: whichever of those that the model takes is wrong, it is found.
func TestSelfTestFindsWhatIsWrongInSomeCallsOnly(t *testing.T) {
	b, err := cpu.New(cpu.Options{Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	m := Model{Vocabulary: []compute.Type{compute.Q6_K}, Layers: []compute.Type{compute.Q4_K, compute.Q4_1}, HeadDim: 128}
	for _, c := range []struct {
		name, operation string
		wrong           func(c call) bool
	}{
		{"nothing", "", func(call) bool { return false }},
		{"a row", "Linear", func(c call) bool { return c.operation == "Linear" && c.rows == 1 }},
		{"few rows", "Linear", func(c call) bool { return c.operation == "Linear" && c.rows > 1 && c.rows <= 4 }},
		{"some rows", "Linear", func(c call) bool { return c.operation == "Linear" && c.rows > 8 && c.rows <= 32 }},
		{"many rows", "Linear", func(c call) bool { return c.operation == "Linear" && c.rows > 32 }},
		{"LoRA of a row", "Linear", func(c call) bool { return c.behind == "Linear" && c.rows == 1 }},
		{"LoRA of many rows", "Linear", func(c call) bool { return c.behind == "Linear" && c.rows > 32 }},
		{"LoRA backward", "LinearBackward", func(c call) bool { return c.behind == "LinearBackward" && c.rows > 32 }},
		{"a layout", "Linear", func(c call) bool { return c.layout == compute.Q4_1 }},
		{"another layout", "Linear", func(c call) bool { return c.layout == compute.Q4_K }},
		{"a layout backward", "LinearBackward", func(c call) bool { return c.operation == "LinearBackward" && c.layout == compute.Q4_1 }},
		{"the embedding's layout", "Embedding", func(c call) bool { return c.layout == compute.Q6_K }},
		{"the head's layout", "HeadLogProbs", func(c call) bool { return c.operation == "HeadLogProbs" && c.layout == compute.Q6_K }},
		{"a layout that the model has not", "", func(c call) bool { return c.layout == compute.Q5_0 }},
		{"attention of many rows", "Attention", func(c call) bool { return c.operation == "Attention" && c.rows > 32 }},
		{"attention behind many keys", "Attention", func(c call) bool { return c.keys > 512 }},
		{"wide heads", "Attention", func(c call) bool { return c.headDim == 128 }},
	} {
		err := Run(&picky{Backend: b, wrong: c.wrong, layouts: map[compute.Weight]compute.Type{}}, m)
		var failed *Failure
		if c.operation == "" {
			if err != nil {
				t.Errorf("%s: %v", c.name, err)
			}
		} else if !errors.Is(err, ErrWrong) || !errors.As(err, &failed) || failed.Operation != c.operation {
			t.Errorf("%s: %v, want %v of %s", c.name, err, ErrWrong, c.operation)
		}
	}
}

// Weights of every layout are tried, and are numbers.
func TestSelfTestOfEveryLayout(t *testing.T) {
	b, err := cpu.New(cpu.Options{Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	var m Model
	for layout := compute.F32; layout.Valid(); layout++ {
		m.Vocabulary = append(m.Vocabulary, layout)
	}
	m.Layers = m.Vocabulary
	if err := Run(b, m); err != nil {
		t.Error(err)
	}
}

// What is measured does not hang on how fine the clock is.
func TestSpeedByACoarseClock(t *testing.T) {
	b, err := cpu.New(cpu.Options{Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	const delay = 5 * time.Millisecond
	tick := func() time.Time { return time.Now().Truncate(15625 * time.Microsecond) } // as Windows' may be
	for range 3 {
		if took, err := timed(damaged{Backend: b, delay: delay}, tick); err != nil || took < delay {
			t.Errorf("a product that takes more than %v is said to take %v, %v", delay, took, err)
		}
	}
}
