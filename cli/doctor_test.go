package cli

import (
	"bytes"
	"testing"

	"clara/compute"
)

// The doctor names the engine.
func TestEngineFinding(t *testing.T) {
	for _, c := range []struct {
		language language
		engine   compute.Info
		want     string
	}{
		{english, compute.Info{Name: "opengl", Device: "a card"}, "opengl: a card"},
		{english, compute.Info{Name: "cpu", Device: "a processor", Threads: 2}, "cpu: a processor, 2 threads"},
		{german, compute.Info{Name: "cpu", Device: "a processor", Threads: 2}, "cpu: a processor, 2 Threads"},
	} {
		p := &program{language: c.language}
		if got := p.engineFinding(c.engine); got.Reason.Text != c.want || !got.Good {
			t.Errorf("%q, want %q", got.Reason.Text, c.want)
		}
	}
}

// Each engine is a line: what was measured of it, or why it does not compute.
func TestEngineLines(t *testing.T) {
	engines := []Engine{
		{Name: "cuda", Fault: "libcuda.so.1 crashed"},
		{Name: "cuda", Fault: "load libcuda.so.1: no such file", Lacks: "driver"},
		{Name: "opengl", Fault: "llvmpipe computes on the processor", Lacks: "card"},
		{Name: "opengl", Fault: "no EGL", Lacks: "opengl"},
		{Name: "opengl", Device: "a card", Started: true, Fault: "Attention is wrong", Free: -1},
		{Name: "cuda", Device: "another card", Started: true, Passed: true, GFLOPS: 1500, Free: 8e9},
		{Name: "cpu", Device: "a processor", Computes: true, Started: true, Passed: true, GFLOPS: 60, Used: 123e6, Free: -1},
	}
	for language, want := range map[language]string{
		english: `
Engines:
  cuda     did not start: libcuda.so.1 crashed
  cuda     did not start: there is no NVIDIA driver that works, or no card that it can use
  opengl   did not start: the OpenGL here computes on the processor, which the engine cpu does faster
  opengl   did not start: there is no OpenGL 4.3
  opengl   a card: failed its self-test: Attention is wrong
  cuda     another card: passed its self-test, 1500 GFLOP/s (25 x the CPU), 8.0 GB free
* cpu      a processor: passed its self-test, 60 GFLOP/s, 123 MB in use
`,
		german: `
Rechenwerke:
  cuda     nicht gestartet: libcuda.so.1 crashed
  cuda     nicht gestartet: kein NVIDIA-Treiber, der arbeitet, oder keine Karte, die er benutzen kann
  opengl   nicht gestartet: das OpenGL hier rechnet auf dem Prozessor, was das Rechenwerk cpu schneller kann
  opengl   nicht gestartet: kein OpenGL 4.3
  opengl   a card: Selbsttest nicht bestanden: Attention is wrong
  cuda     another card: Selbsttest bestanden, 1500 GFLOP/s (25 x die CPU), 8,0 GB frei
* cpu      a processor: Selbsttest bestanden, 60 GFLOP/s, 123 MB belegt
`,
	} {
		var out bytes.Buffer
		p := &program{language: language, out: &out}
		p.sayEngines(engines)
		if out.String() != want {
			t.Errorf("%s\nwant%s", out.String(), want)
		}
	}
}
