package model

import (
	"fmt"

	"clara/compute"
)

// Plan says how a step goes through the network so that it fits into memory.
type Plan struct {
	// Parts is how many micro-batches the items are divided into, whose gradients are
	// added up; 1: undivided. What only goes forward has no part in it.
	Parts int
	// Recomputed is how many blocks keep nothing but their input, in the part that keeps
	// the least; the backward pass computes their activations again.
	Recomputed int
	// Bytes is what the step takes beside adapter, gradients and moments: activations, and
	// the engine's working memory.
	Bytes int64
}

// A step that does not fit can be made smaller in two ways. Measured by what is computed
// again, in forward passes:
//
//   - To keep only the inputs of c of L blocks costs c/L of one without the down
//     projections and the head, at most 3/4. With all recomputed, about a quarter of the
//     memory is wanted, and the gradient is the same to the bit.
//   - n parts cost (n-1)/n of one: the loss wants the log-probabilities of all items before
//     any derivative is known, so all parts but the last go forward twice. 1/n of the memory
//     is wanted, and sums are rounded otherwise.
//
// Down to that quarter recomputing costs no more, so a step is divided only where it does
// not fit undivided; then it is divided, and recomputed, in the way that costs least.
//
// Items that only go forward are parts of their own before the others, whose activations nobody
// keeps: to divide them computes nothing twice but the beginnings that they share.

// part is a micro-batch of a step.
type part struct {
	from, to    int // of the items
	rows, outs  int // tokens that go through the network, and those that are judged
	recomputed  int // blocks
	forwardOnly bool
}

// division is how a step is done.
type division struct {
	parts  []part
	values int     // that the arena needs
	bytes  int64   // arena and engine
	again  float64 // rows times blocks that are computed more often than once
}

// plan is what the division says to others.
func (d division) plan() Plan {
	p := Plan{Bytes: d.bytes}
	for _, t := range d.parts {
		if !t.forwardOnly {
			p.Parts++
		}
		p.Recomputed = max(p.Recomputed, t.recomputed)
	}
	return p
}

// unlimited is as many bytes as a step wants.
const unlimited = -1

// divide plans a step of a rank within most bytes; width is how many candidates a judged
// token has. Items that only go forward come first. The error is a [*MemoryError] if not even single items fit.
func (c Config) divide(items []Item, width, rank int, most int64) (division, error) {
	var best division
	var least int64 // that any division wants
	for n := 1; n <= len(items); n++ {
		d, ok := c.divideBy(n, items, width, rank, most)
		switch {
		case !ok && (least == 0 || d.bytes < least):
			least = d.bytes
		case ok && n == 1:
			return d, nil
		case ok && (best.parts == nil || d.again < best.again):
			best = d
		}
	}
	if best.parts == nil {
		return division{}, &MemoryError{Items: len(items), Rank: rank, Least: least, Adapter: c.trainedBytes(rank), Free: most}
	}
	return best, nil
}

// MemoryError says that a step does not fit, however it is done. It wraps
// [compute.ErrMemory].
type MemoryError struct {
	Items, Rank int
	Least       int64 // bytes of the step, divided and recomputed as far as it goes
	Adapter     int64 // bytes of parameters, gradients and moments beside it
	Free        int64 // bytes that there are for the step; below 0: the adapter alone is beyond the limit
	// Limited: it is [Options.TrainingMemory] that leaves no more, on whatever engine.
	Limited bool
}

func (e *MemoryError) Error() string {
	why := compute.ErrMemory.Error()
	if e.Limited {
		why = "the limit of training leaves no more"
	}
	return fmt.Sprintf("%d items at rank %d take %.1f MiB, divided and recomputed as far as it goes, beside %.1f MiB for the adapter in training; there are %.1f MiB for both: %s",
		e.Items, e.Rank, mebibytes(e.Least), mebibytes(e.Adapter), mebibytes(e.Free+e.Adapter), why)
}

func (e *MemoryError) Unwrap() error { return compute.ErrMemory }

func mebibytes(n int64) float64 { return float64(n) / (1 << 20) }

// trainedBytes is what parameters, gradients and AdamW's two moments take.
func (c Config) trainedBytes(rank int) int64 { return 4 * 4 * int64(c.loraSize(rank)) }

// divideBy cuts the items, in their order, into n parts of about equal rows, and so those that
// only go forward, and keeps as much of each as fits. Where it does not fit, bytes is what it
// wants at least.
func (c Config) divideBy(n int, items []Item, width, rank int, most int64) (d division, ok bool) {
	forward := 0 // items that only go forward
	for forward < len(items) && items[forward].ForwardOnly {
		forward++
	}
	d.parts = append(cut(n, items, 0, forward), cut(n, items, forward, len(items))...)
	base := 0 // what stays from part to part
	if len(d.parts) > 1 {
		outs := 0
		for _, p := range d.parts {
			outs += p.outs
		}
		base = rowsOf(outs, 2)
	}
	// What prompts have in common goes through once for each part, there and mostly back.
	back, _ := packedRows(items[forward:])
	there, _ := packedRows(items[:forward])
	again := -2*back - there
	for i := range d.parts {
		p := &d.parts[i]
		values := base + c.stepValues(*p, width, rank)
		for most >= 0 && c.stepBytes(values, *p) > most && !p.forwardOnly && p.recomputed < c.Layers-1 {
			p.recomputed++
			values = base + c.stepValues(*p, width, rank)
		}
		d.values = max(d.values, values)
		d.bytes = max(d.bytes, c.stepBytes(values, *p))
		d.again += recomputeShare * float64(p.rows*p.recomputed)
		if i+1 < len(d.parts) && !p.forwardOnly {
			d.again += float64(p.rows * c.Layers)
		}
		if again += p.rows; !p.forwardOnly {
			again += p.rows
		}
	}
	d.again += float64(again * c.Layers)
	return d, most < 0 || d.bytes <= most
}

// cut divides items[from:to] into n parts, or one for each item.
func cut(n int, items []Item, from, to int) (parts []part) {
	n = min(n, to-from)
	total, sum := 0, 0
	for _, it := range items[from:to] {
		total += len(it.Prompt) + len(it.Answer)
	}
	for i := from; i < to; i++ {
		sum += len(items[i].Prompt) + len(items[i].Answer)
		left := n - len(parts) // parts to come, this one included
		if i+1 < to && (left == 1 || sum*n < total*(len(parts)+1)) && to-i-1 >= left {
			continue
		}
		p := part{from: from, to: i + 1, forwardOnly: items[i].ForwardOnly}
		p.rows, p.outs = packedRows(items[from:p.to])
		parts, from = append(parts, p), p.to
	}
	return parts
}

// recomputeShare is how much of a block's forward pass is computed again for the
// backward pass: all but the down projection, about a quarter of the weights.
const recomputeShare = 0.75

// packedRows is how many rows pack makes of the items, and how many of them are judged.
func packedRows(items []Item) (rows, outs int) {
	prompts := make([][]int32, len(items))
	for i, it := range items {
		prompts[i] = it.Prompt
	}
	for i, s := range share(prompts) {
		rows += len(items[i].Prompt) + len(items[i].Answer) - 1 - s.tokens
		outs += len(items[i].Answer)
		if s.with == i {
			rows += s.tokens
		}
	}
	return rows, outs
}

// stepValues bounds the values that a part takes from an arena: forward, head, backward.
func (c Config) stepValues(p part, width, rank int) int {
	if p.forwardOnly {
		return c.forwardValues(p.rows, p.outs, rank, false) + rowsOf(p.outs, width) + rowsOf(p.outs, 2)
	}
	n := c.forwardValues(p.rows, p.outs, rank, true) + c.backwardValues(p.rows, p.outs, rank)
	n -= p.recomputed * c.layerValues(p.rows, rank, true)
	return n + 2*rowsOf(p.outs, width) + rowsOf(p.outs, 2) + rowsOf(p.outs, c.Width)
}

// stepBytes adds what an engine works in, of which these are bounds for the hungriest of
// the three:
//
//   - the left factor of a product, packed, with a quarter more (CPU), or in float16 with
//     half more (CUDA, whose right factor is as large whatever the step is);
//   - the gradients of keys and values that 16 tasks, and as many as there are key heads
//     again, add up, with half more (CPU);
//   - some columns of the logits of judged tokens and the sums over each 64 of them, at
//     most 64 MiB each, with a quarter more (OpenGL), or a quarter of these columns, twice
//     (CPU).
//
// What an engine takes once whatever the step is is no part of it.
func (c Config) stepBytes(values int, p part) int64 {
	widest := max(c.FeedForward, c.Width, c.queryWidth())
	working := p.rows * (widest*3/2 + 3*(16+c.KVHeads)*c.HeadDim)
	working += min(p.outs*min(2*c.Vocabulary+64, logitColumns)*5/4, logitValues) + min(p.outs*(c.Vocabulary/64+1)*5/2, logitValues)
	return 4 * int64(values+working)
}

const (
	logitColumns = 8192
	logitValues  = 20 << 20
)
