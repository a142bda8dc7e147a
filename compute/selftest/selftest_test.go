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
	delay     time.Duration
}

func (d damaged) Attention(out, lse, q, k, v compute.Tensor, spans []compute.Span, a compute.AttentionShape) error {
	if err := d.Backend.Attention(out, lse, q, k, v, spans, a); err != nil || d.attention == nil {
		return err
	}
	return d.attention(out)
}

func (d damaged) Linear(y, x compute.Tensor, w compute.Weight, p compute.Precision, accumulate bool) error {
	time.Sleep(d.delay)
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
		{"slow, and not compared", damaged{Backend: b, delay: 50 * time.Millisecond}, false, nil, ""},
		{"slow", damaged{Backend: b, delay: 50 * time.Millisecond}, true, ErrSlow, ""},
	} {
		err := Run(c.engine)
		if err == nil && c.compare {
			err = Compare(c.engine, 1)
		}
		if !errors.Is(err, c.want) || err != nil && !strings.Contains(err.Error(), c.operation) {
			t.Errorf("%s: %v, want %v of %q", c.name, err, c.want, c.operation)
		}
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
