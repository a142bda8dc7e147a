//go:build modelready

package trainer

import "clara/model"

// Attach gives the trainer its model, or another one; nil takes it away. The
// caller closes a model only after it was taken away or replaced: Attach
// returns when no answer and no cycle uses the one before.
func (t *Trainer) Attach(r *model.Runner) error { return errPending }
