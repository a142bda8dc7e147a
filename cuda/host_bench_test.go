//go:build cuda && cgo && (linux || windows)

package cuda

import (
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"clara/compute"
	"clara/model"
)

// BenchmarkHost measures how much of decoding, and of a training step, the host does not
// wait for the device. Where that is nearly all of the time, the device waits for launches,
// and recording them as a graph would pay; where it is little, the host is ahead already. It
// is an upper bound: a launch itself waits when a thousand others stand before it.
// CLARA_MODEL names the model.
func BenchmarkHost(b *testing.B) {
	path := os.Getenv("CLARA_MODEL")
	if path == "" {
		b.Skip("set CLARA_MODEL to the model to measure")
	}
	e, err := open16()
	if err != nil {
		b.Fatal(err)
	}
	defer e.Close()
	host := &waiting{Backend: e}
	r, err := model.Open(b.Context(), path, host, model.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer r.Close()
	random := rand.New(rand.NewPCG(1, 1))
	ids := func(n int) []int32 {
		s := make([]int32, n)
		for i := range s {
			s[i] = int32(100 + random.IntN(r.Info().Vocabulary-100))
		}
		return s
	}
	measure := func(name string, work func(b *testing.B)) {
		b.Run(name, func(b *testing.B) {
			work(b) // what is made once is made now
			host.waited = 0
			for b.Loop() {
				work(b)
			}
			b.ReportMetric(100*(1-host.waited.Seconds()/b.Elapsed().Seconds()), "%host")
		})
	}
	measure("decode", func(b *testing.B) {
		if _, err := r.Generate(b.Context(), model.Request{Prompt: ids(8), MaxTokens: 64}, nil); err != nil {
			b.Fatal(err)
		}
	})
	training, err := r.NewTraining(model.TrainingOptions{Rank: 16, Alpha: 32, Seed: 1})
	if err != nil {
		b.Fatal(err)
	}
	defer training.Close()
	items := make([]model.Item, 8)
	for i := range items {
		items[i].Sequence = model.Sequence{Prompt: ids(56), Answer: ids(40)}
	}
	measure("step", func(b *testing.B) {
		if _, err := training.Step(b.Context(), items, likelihood, model.StepOptions{Rate: 1e-4, Beta1: 0.9, Beta2: 0.99, Eps: 1e-8, Clip: 1}); err != nil {
			b.Fatal(err)
		}
	})
}

// waiting adds up the time that operations take which wait for the device.
type waiting struct {
	compute.Backend
	waited time.Duration
}

func (w *waiting) note(began time.Time) { w.waited += time.Since(began) }

func (w *waiting) Read(dst []float32, src compute.Tensor) error {
	defer w.note(time.Now())
	return w.Backend.Read(dst, src)
}

func (w *waiting) SumSquares(x compute.Tensor) (float64, error) {
	defer w.note(time.Now())
	return w.Backend.SumSquares(x)
}

func (w *waiting) HeadTopK(ids []int32, logp []float32, h compute.Tensor, cw compute.Weight, k int) error {
	defer w.note(time.Now())
	return w.Backend.HeadTopK(ids, logp, h, cw, k)
}
