package trainer

import (
	"errors"
	"fmt"

	"clara/model"
)

// withoutMemory says in figures, and with what to do, that a step does not fit into
// memory; any other error stays what it is.
func withoutMemory(err error) error {
	var m *model.MemoryError
	if !errors.As(err, &m) {
		return err
	}
	mebibytes := func(n int64) int64 { return (n + 1<<20 - 1) >> 20 }
	needs, free := mebibytes(m.Least+m.Adapter), (m.Free+m.Adapter)>>20
	return &UserError{
		Reason: reason(CodeTrainingMemory, fmt.Sprintf("training takes %d MiB at least, there are %d MiB for it", needs, free), "needs", needs, "free", free),
		Hint:   HintTrainingMemory, Err: err,
	}
}
