package conformance

import (
	"testing"
	"time"

	"clara/compute"
)

// benchmark makes the operands of a call, and returns it with the floating-point
// operations that it takes; 0 where another figure says more.
type benchmark struct {
	name string
	make func(e *env) (call func() error, flops float64)
}

// Bench measures each operation of an engine on the shapes of SmolLM2-135M.
func Bench(b *testing.B, open func() (compute.Backend, error)) {
	engine := start(b, open)
	b.Logf("engine %+v", engine.Info())
	for _, op := range operations() {
		for _, m := range op.bench {
			b.Run(op.name+"/"+m.name, func(b *testing.B) {
				e := newEnv(engine, op.name+"/"+m.name)
				defer e.free()
				call, flops := m.make(e)
				if e.err != nil {
					b.Fatal(e.err)
				}
				if err := call(); err != nil { // what is made once is made now
					b.Fatal(err)
				}
				began := time.Now()
				for b.Loop() {
					if err := call(); err != nil {
						b.Fatal(err)
					}
				}
				// An operation may return before it is done: wait for the last one, which
				// the benchmark's own clock does not.
				probe := e.operands[0]
				if probe.Rows*probe.Cols > 0 {
					var one [1]float32
					if err := e.b.Read(one[:], probe.Slice(0, 1).Columns(0, 1)); err != nil {
						b.Fatal(err)
					}
				}
				took := time.Since(began)
				b.ReportMetric(float64(took.Nanoseconds())/float64(b.N), "ns/op")
				if flops > 0 {
					b.ReportMetric(flops*float64(b.N)/took.Seconds()/1e9, "GFLOP/s")
				}
			})
		}
	}
}
