package trainer

import (
	"testing"

	"clara/model"
)

// A reader is put to the questions that it must not change, each with somebody else's lesson
// before it, and to plain text: what it breaks there shows.
func TestAReaderIsAskedWhatItMustNotChange(t *testing.T) {
	r := tinyRunnerOf(t, 1, 16)
	facts, err := MeasureBase(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	facts.Unrelated, facts.Answers = []int{0, 1, 2}, []string{"", "", ""} // as if it got these right
	for i := range facts.Canary {
		facts.Canary[i] -= 20 // and plain text
	}
	y := &tinyReading{steps: 30}
	wild, err := y.train(t.Context(), r, nil, 1, readerRate, nil, func(*model.Training) error { return nil }, func(LossPoint, model.Plan) {})
	if err != nil {
		t.Fatal(err)
	}
	report, err := checkReader(t.Context(), r, wild, facts, 1, func(int, int) {})
	if err != nil {
		t.Fatal(err)
	}
	if f := report.Figures; f.BehindOf != 3 || f.Behind == 3 || f.KeptOf != 0 {
		t.Errorf("of %d unrelated questions %d are still right, though it says %q to all; %d are asked without a lesson", f.BehindOf, f.Behind, "read", f.KeptOf)
	}
	if f := report.Figures; f.Canary < mostCanary {
		t.Errorf("plain text is predicted worse by %g nats a token, as if it were not read", f.Canary)
	}
}
