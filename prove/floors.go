package main

import (
	"errors"
	"fmt"
)

// floor is what a broken learning falls below, and a sound one stays far from: whether it is as
// good as promised is what the page says, and takes more than one seed to say.
type floor struct {
	measurement string
	count       string
	share       float64
	most        bool // the share is the most that may be
}

// floors are far from everything that docs/learning/results.jsonl has, and beyond what is reached
// where nothing is learnt: chance does not come near them.
var floors = []floor{
	{measurement: "facts", count: "exact", share: 0.8},
	{measurement: "facts", count: "reworded", share: 0.6},
	{measurement: "facts", count: "leaks", share: 0.15, most: true},
	{measurement: "manner", count: "complies", share: 0.5},
	{measurement: "manner", count: "kept", share: 0.7},
	{measurement: "both", count: "reworded", share: 0.6},
	{measurement: "priors", count: "exact", share: 0.7},
	{measurement: "long", count: "exact", share: 0.7},
	{measurement: "unlearn", count: "equal_manner", share: 1},
	{measurement: "gate", count: "damaged_let_through", share: 0.5, most: true},
	{measurement: "drift", count: "known", share: 0.8},
}

// errBroken says that something is learnt so badly that it is broken.
var errBroken = errors.New("learning is broken")

// judgeFloors reports errBroken, with each count, where lines are below a floor.
func judgeFloors(lines []result) error {
	var below []error
	for _, f := range floors {
		for _, r := range lines {
			c := pool([]result{r}, f.count)
			if r.Measurement != f.measurement || c.Of == 0 {
				continue
			}
			if share := c.share(); f.most && share > f.share || !f.most && share < f.share {
				below = append(below, fmt.Errorf("%w: %s of %s is %d of %d, the bound is %s", errBroken, f.count, r.key(), c.N, c.Of, decimals(f.share)))
			}
		}
	}
	return errors.Join(below...)
}
