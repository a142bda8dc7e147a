//go:build cuda && cgo && (linux || windows)

package cuda

import (
	"os"
	"path/filepath"
	"testing"

	"clara/compute"
	"clara/model"
)

// TestParity compares the first chat of the golden values with what this engine makes of
// the built-in model. It is `clara parity --chats 1` with its limits. On the emulator it
// takes minutes, and therefore is left out unless it is asked for.
func TestParity(t *testing.T) {
	if os.Getenv("CLARA_PARITY") == "" {
		t.Skip("set CLARA_PARITY=1 to compare with transformers and PEFT")
	}
	golden := testData(t, "golden", "smollm2")
	for _, c := range []struct {
		name           string
		open           func() (compute.Backend, error)
		loss, gradient float64
	}{
		{"f32", open32, exactLoss, exactNorm},
		{"float16", open16, halfLoss, halfGradient},
	} {
		t.Run(c.name, func(t *testing.T) {
			b, err := c.open()
			if err != nil {
				t.Fatal(err)
			}
			defer b.Close()
			r, err := model.Open(t.Context(), filepath.Join("..", "models", "SmolLM2-135M-Instruct.Q4_1.gguf"), b, model.Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			p, err := r.Parity(t.Context(), golden, 1)
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%+v", p)
			if p.RenderedEqual != p.Chats || p.IDsEqual != p.Chats || p.Chats == 0 || p.GradTensors == 0 {
				t.Errorf("%d texts and %d times the tokens of %d chats are equal, %d gradients compared", p.RenderedEqual, p.IDsEqual, p.Chats, p.GradTensors)
			}
			if !(p.LossRel <= c.loss) || !(p.GradRelMax <= c.gradient) {
				t.Errorf("the loss is off by %.3g of it, the gradient of %s by %.3g", p.LossRel, p.GradRelWorst, p.GradRelMax)
			}
			if c.name == "f32" && (!(p.LogProbMaxAbs <= 2e-3) || p.GreedyEqualExact != p.GreedyCompared) {
				t.Errorf("log-probabilities are off by %.3g, best tokens %d of %d", p.LogProbMaxAbs, p.GreedyEqualExact, p.GreedyCompared)
			}
		})
	}
}
