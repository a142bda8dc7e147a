package cli

import (
	"bytes"
	"testing"

	"clara/compute"
	"clara/trainer"
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
	why := func(code, text string) trainer.Reason {
		return trainer.Reason{Code: code, Text: text, Args: map[string]string{"operation": "Attention"}}
	}
	engines := []Engine{
		{Name: "cuda", Fault: "libcuda.so.1 crashed"},
		{Name: "cuda", Fault: "load libcuda.so.1: no such file", Why: why(trainer.CodeEngineDriver, "no driver")},
		{Name: "opengl", Fault: "llvmpipe computes on the processor", Why: why(trainer.CodeEngineCard, "no card")},
		{Name: "opengl", Fault: "no EGL", Why: why(trainer.CodeEngineOpenGL, "no OpenGL")},
		{Name: "opengl", Device: "a card", Started: true, Fault: "Attention is off by 0.01", Why: why(trainer.CodeEngineWrong, "Attention is wrong"), Free: -1},
		{Name: "opengl", Device: "a card", Started: true, Fault: "OpenGL error 0x505", Why: why(trainer.CodeEngineMemory, "too little memory"), Free: -1},
		{Name: "cuda", Device: "a card", Started: true, Passed: true, Fault: "LaunchFailed", Why: why(trainer.CodeEngineFailed, "failed"), Free: -1},
		{Name: "cuda", Fault: "this program was built without the cuda engine", Why: why(trainer.CodeEngineBuild, "not built")},
		{Name: "cuda", Device: "another card", Started: true, Passed: true, GFLOPS: 1500, Free: 8e9},
		{Name: "cpu", Device: "a processor", Computes: true, Started: true, Passed: true, GFLOPS: 60, Used: 123e6, Free: -1},
	}
	for language, want := range map[language]string{
		english: `
Engines:
  cuda     did not start: libcuda.so.1 crashed
  cuda     did not start: no driver
  opengl   did not start: no card
  opengl   did not start: no OpenGL
  opengl   a card: failed its self-test: Attention is wrong
  opengl   a card: failed its self-test: too little memory
  cuda     a card: passed its self-test; failed
  cuda     did not start: not built
  cuda     another card: passed its self-test, 1500 GFLOP/s (25 x the CPU), 8.0 GB free
* cpu      a processor: passed its self-test, 60 GFLOP/s, 123 MB in use
`,
		german: `
Rechenwerke:
  cuda     nicht gestartet: libcuda.so.1 crashed
  cuda     nicht gestartet: kein NVIDIA-Treiber, der arbeitet, oder keine Karte, die er benutzen kann
  opengl   nicht gestartet: das OpenGL hier rechnet auf dem Prozessor, was das Rechenwerk cpu schneller kann
  opengl   nicht gestartet: kein OpenGL 4.3
  opengl   a card: Selbsttest nicht bestanden: Attention rechnet anders als die CPU
  opengl   a card: Selbsttest nicht bestanden: der Speicher reicht für dieses Rechenwerk nicht
  cuda     a card: Selbsttest bestanden; die Karte oder ihr Treiber ist ausgefallen
  cuda     nicht gestartet: das Programm wurde ohne dieses Rechenwerk gebaut
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

// --engine takes what the settings file takes, also the names that engines had before.
func TestEngineFlagTakesFormerNames(t *testing.T) {
	p := &program{Params: Params{Engines: []string{"cuda", "cuda-f16", "cpu"}}}
	p.options.Engine = "cuda-bf16"
	if err := p.begin(nil, nil); err != nil || p.options.Engine != "cuda-f16" {
		t.Errorf("the engine is %q, %v", p.options.Engine, err)
	}
}
