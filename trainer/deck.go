package trainer

import "math/rand/v2"

// deck deals items in a random order, each once before any twice.
type deck[T any] struct {
	items []T
	left  []T
	rng   *rand.Rand
}

// shuffle begins again, in an order that rng draws.
func (d *deck[T]) shuffle(rng *rand.Rand) { d.left, d.rng = nil, rng }

func (d *deck[T]) deal() T {
	if len(d.left) == 0 {
		d.left = append(d.left, d.items...)
		d.rng.Shuffle(len(d.left), func(i, j int) { d.left[i], d.left[j] = d.left[j], d.left[i] })
	}
	x := d.left[len(d.left)-1]
	d.left = d.left[:len(d.left)-1]
	return x
}
