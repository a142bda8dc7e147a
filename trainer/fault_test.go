package trainer

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"clara/model"
	"clara/model/chat"
	"clara/model/gguf"
	"clara/store"
)

// An error is named by its kind, however deep it lies, and a reason that quotes it keeps the name.
func TestErrorsAreNamedByTheirKind(t *testing.T) {
	path := filepath.Join(t.TempDir(), "none.gguf")
	_, missing := os.Open(path)
	for code, err := range map[string]error{
		CodeFaultDisk:      &os.PathError{Op: "write", Path: path, Err: diskFull()},
		CodeFaultMemory:    model.ErrMemory,
		CodeFaultEngine:    errors.Join(errors.New("the driver"), model.ErrLost),
		CodeFaultDiverged:  fmt.Errorf("training step 3: %w", model.ErrDiverged),
		CodeFaultPass:      model.ErrPass,
		CodeFaultModelFile: gguf.ErrTruncated,
		CodeFaultModelKind: model.ErrUnsupported,
		CodeFaultTemplate:  chat.ErrSyntax,
		CodeFaultMissing:   missing,
		CodeFaultChanged:   &os.PathError{Op: "load adapter", Path: path, Err: errChanged},
	} {
		wrapped := fmt.Errorf("open model %s: %w", path, err)
		why, _, ok := FaultOf(wrapped)
		if !ok || why.Code != code || why.Text == "" {
			t.Errorf("%v is %+v, not %s", wrapped, why, code)
		}
		quoted := reason(CodeCycleFailed, "training failed", "error", wrapped)
		if f, ok := Fault(quoted); !ok || f.Code != code || quoted.Args["error"] != wrapped.Error() {
			t.Errorf("%v is quoted as %+v", wrapped, quoted)
		}
	}
	if why, _, _ := FaultOf(missing); why.Args["path"] != path {
		t.Errorf("the file is not named: %+v", why)
	}
	for _, err := range []error{nil, errors.New("else"), store.ErrNotFound} {
		if why, _, ok := FaultOf(err); ok {
			t.Errorf("%v is %+v", err, why)
		}
	}
	if _, ok := Fault(reason(CodeCycleFailed, "training failed", "error", errors.New("else"))); ok {
		t.Error("an error without a name got one")
	}
}
