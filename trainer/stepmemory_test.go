package trainer

import (
	"errors"
	"fmt"
	"testing"

	"clara/model"
)

// A step that does not fit into memory is said in figures, with what to do.
func TestStepsThatDoNotFitAreSaid(t *testing.T) {
	err := withoutMemory(fmt.Errorf("training step 1: %w", &model.MemoryError{Items: 3, Rank: 16, Least: 90<<20 + 1, Adapter: 74 << 20, Free: 12<<20 + 5}))
	var u *UserError
	if !errors.As(err, &u) {
		t.Fatalf("it is said as %v", err)
	}
	if u.Reason.Code != CodeTrainingMemory || u.Reason.Args["needs"] != "165" || u.Reason.Args["free"] != "86" || u.Hint != HintTrainingMemory {
		t.Errorf("%+v", u)
	}
	if other := errors.New("another error"); withoutMemory(other) != other {
		t.Error("another error became that of memory")
	}
}
