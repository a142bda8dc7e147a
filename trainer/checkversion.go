package trainer

import (
	"context"
	"fmt"
	"time"

	"clara/model"
)

// Adapters are those that a version is to have beside the base; nil: none.
type Adapters struct {
	Manner    *model.Adapter
	Knowledge *model.Adapter
}

// CheckVersion puts adapters to the gate as a cycle does with those that it has
// trained for the job: it asks the lessons, looks at the answers and decides. The
// knowledge adapter counts as trained on all lessons of the job. It is a pure function
// like [RunCycle]; the outcome is the report alone. base is what MeasureBase found, nil
// to measure now.
func CheckVersion(ctx context.Context, r *model.Runner, j Job, base *BaseFacts, a Adapters) (Report, error) {
	c := &cycleRun{r: r, job: &j, base: base, given: &a, state: Progress{Started: time.Now()}, lapped: time.Now()}
	if err := c.run(ctx); err != nil {
		return Report{}, fmt.Errorf("check a version: %w", err)
	}
	return c.out.Report, nil
}

// giveKnowledge is trainKnowledge with the adapter that is given.
func (c *cycleRun) giveKnowledge(cand *candidate, order []int) *model.Adapter {
	a := c.given.Knowledge
	if a == nil {
		return nil
	}
	for _, p := range order {
		cand.trained[p] = true
	}
	c.out.Knowledge, cand.knowledge = a, a
	return a
}
