package trainer

import (
	"math/rand/v2"
	"testing"
)

func TestDeckDealsEachOnceBeforeAnyTwice(t *testing.T) {
	d := deck[int]{items: []int{1, 2, 3, 4, 5}, rng: rand.New(rand.NewPCG(1, 1))}
	for range 4 {
		seen := make(map[int]bool)
		for range 5 {
			seen[d.deal()] = true
		}
		if len(seen) != 5 {
			t.Fatalf("a round dealt %v", seen)
		}
	}
}
