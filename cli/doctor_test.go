package cli

import (
	"errors"
	"testing"

	"clara/compute"
)

// The doctor names the engine, and why nothing faster computes.
func TestEngineFinding(t *testing.T) {
	for _, c := range []struct {
		language language
		engine   compute.Info
		leftOut  error
		want     string
	}{
		{english, compute.Info{Name: "opengl", Device: "a card"}, nil, "opengl: a card"},
		{english, compute.Info{Name: "cpu", Device: "a processor", Threads: 2}, errors.New("no driver\nno card"), "cpu: a processor, 2 threads (left out: no driver; no card)"},
		{german, compute.Info{Name: "cpu", Device: "a processor", Threads: 2}, errors.New("no driver"), "cpu: a processor, 2 Threads (nicht genommen: no driver)"},
	} {
		p := &program{language: c.language}
		if got := p.engineFinding(c.engine, c.leftOut); got.Reason.Text != c.want || !got.Good {
			t.Errorf("%q, want %q", got.Reason.Text, c.want)
		}
	}
}
