//go:build unix

package model

import (
	"fmt"
	"syscall"
	"testing"
	"time"
)

// BenchmarkStepWithin takes a step of `clara bench train` within so many percent of the
// memory that it wants: recomputed/op and parts/op are what was chosen, MiB is what the engine
// has more than before, cpu-s/op the time of all processors, which other work on the machine
// leaves alone. GOMAXPROCS=1 keeps waiting threads out of it.
func BenchmarkStepWithin(b *testing.B) {
	const rank = 16
	r := openModel(b, "SmolLM2-135M-Instruct.Q4_1.gguf")
	n := r.at.net
	items := benchItems()
	whole, err := n.divide(items, 1, rank, unlimited)
	if err != nil {
		b.Fatal(err)
	}
	used := func() int64 {
		u, err := n.be.MemoryUse()
		if err != nil {
			b.Fatal(err)
		}
		return u.Used
	}
	step := func(b *testing.B, percent int64) (report StepReport, grown int64) {
		before := used()
		r.options.TrainingMemory = n.trainedBytes(rank) + whole.bytes*percent/100
		t, err := r.NewTraining(TrainingOptions{Rank: rank, Alpha: 32, Seed: 1})
		if err != nil {
			b.Fatal(err)
		}
		defer t.Close()
		if report, err = t.Step(b.Context(), items, nll, StepOptions{Rate: 1e-4, Beta1: .9, Beta2: .99, Eps: 1e-8, Clip: 1}); err != nil {
			b.Fatal(err)
		}
		return report, used() - before
	}
	if _, err := r.LogProbs(b.Context(), []Sequence{items[0].Sequence}, nil, Background); err != nil { // lays out the weights
		b.Fatal(err)
	}
	for _, percent := range []int64{5, 10, 20, 30, 50, 75, 100} { // what the engine works in grows with the step
		b.Run(fmt.Sprint(percent), func(b *testing.B) {
			var report StepReport
			var grown int64
			began := processorTime(b)
			for b.Loop() {
				report, grown = step(b, percent)
			}
			b.ReportMetric((processorTime(b)-began).Seconds()/float64(b.N), "cpu-s/op")
			b.ReportMetric(mebibytes(grown), "MiB")
			b.ReportMetric(mebibytes(report.Plan.Bytes+n.trainedBytes(rank)), "MiB-planned")
			b.ReportMetric(float64(report.Plan.Parts), "parts/op")
			b.ReportMetric(float64(report.Plan.Recomputed), "recomputed/op")
		})
	}
}

// processorTime is what the process has used of all processors.
func processorTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
