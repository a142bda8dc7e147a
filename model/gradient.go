package model

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"clara/compute"
)

// step is one training step under way.
type step struct {
	*exec
	t     *Training
	items []Item  // as forwardOnlyFirst has them
	whole *packed // all items
	loss  Loss
	ids   []int32 // of the candidates, width for each judged token
	width int
}

// gradients fills t.grads with the derivative of the loss. When less memory is free than
// it seemed, it begins again with a smaller plan.
func (t *Training) gradients(e *exec, items []Item, loss Loss) (StepReport, error) {
	if len(items) == 0 {
		return StepReport{}, errors.New("no items")
	}
	items, loss = forwardOnlyFirst(items, loss)
	ids, width, err := candidates(items)
	if err != nil {
		return StepReport{}, err
	}
	s := step{exec: e, t: t, items: items, loss: loss, ids: ids, width: width}
	if s.whole, err = s.pack(part{to: len(items)}); err != nil {
		return StepReport{}, err
	}
	d, err := s.plan()
	for {
		if err != nil {
			return StepReport{}, err
		}
		report, refused := s.run(d)
		report.Plan = d.plan()
		if !errors.Is(refused, compute.ErrMemory) {
			return report, refused
		}
		e.err = nil
		t.drop()
		t.most = d.bytes / 8 * 7
		if d, err = t.on.net.divide(items, width, t.rank, t.most); err != nil {
			err = fmt.Errorf("%w (%w)", err, refused)
		}
	}
}

// forwardOnlyFirst puts the items that only go forward before the others, as divide wants
// them; the loss sees them all in the order of items.
func forwardOnlyFirst(items []Item, loss Loss) ([]Item, Loss) {
	var order []int
	for _, forwardOnly := range []bool{true, false} {
		for i, it := range items {
			if it.ForwardOnly == forwardOnly {
				order = append(order, i)
			}
		}
	}
	if slices.IsSorted(order) {
		return items, loss
	}
	ordered := make([]Item, len(items))
	for at, i := range order {
		ordered[at] = items[i]
	}
	return ordered, func(logp [][][]float32) (float64, [][][]float32, error) {
		given := make([][][]float32, len(logp))
		for at, i := range order {
			given[i] = logp[at]
		}
		value, d, err := loss(given)
		if err != nil || len(d) != len(order) {
			return value, d, err
		}
		dordered := make([][][]float32, len(d))
		for at, i := range order {
			dordered[at] = d[i]
		}
		return value, dordered, nil
	}
}

// plan divides the step so that it fits into three quarters of what the engine has free. A
// conversation that comes meanwhile finds room for its cache beside it, unless one lies idle or
// the step would then not fit at all: an answer without would have to leave the engine. A step
// for which the last one's memory is enough asks for nothing.
func (s *step) plan() (division, error) {
	t := s.t
	n, rank := t.on.net, t.rank
	d, err := n.divide(s.items, s.width, rank, unlimited)
	if err != nil || t.arena != nil && d.values <= t.arena.Len() {
		return d, err
	}
	use, err := s.MemoryUse()
	if err != nil {
		return d, err
	}
	most := t.most
	within := func(bytes int64) {
		if most == unlimited || bytes < most {
			most = max(bytes, 0)
		}
	}
	limit := t.r.options.TrainingMemory
	left := limit - n.trainedBytes(rank)
	if limit > 0 {
		within(left)
	}
	if free := use.Free; free >= 0 {
		if t.arena != nil { // a larger one takes its place
			free += 4 * int64(t.arena.Len())
		}
		within(free / 4 * 3)
		cache := n.cacheBytes() * int64(max(0, t.r.info.Context-t.on.sessions.widest()))
		beside := max(0, (free-cache)/4*3)
		if d, err = n.divide(s.items, s.width, rank, min(most, beside)); err == nil {
			return d, nil
		}
	}
	d, err = n.divide(s.items, s.width, rank, most)
	var m *MemoryError
	if limit > 0 && errors.As(err, &m) && m.Least > left {
		m.Limited, m.Free = true, left
	}
	return d, err
}

// run goes forward and backward as planned. The loss sees the log-probabilities of all
// items, and so all parts go forward before the first goes backward; the last one's
// activations are still there then, the others go forward once more, but for those that only
// go forward.
func (s *step) run(d division) (report StepReport, err error) {
	t := s.t
	if err := t.room(s.Backend, d.values); err != nil {
		return report, err
	}
	all := len(s.ids) / s.width
	var kept compute.Tensor // lse of all judged tokens: the head need not sum again
	if len(d.parts) > 1 {
		kept = s.take(t.arena, all, 2)
	}
	base := t.arena.Mark()
	values := make([]float32, len(s.ids))
	done := 0
	last := len(d.parts) - 1
	var f forwarded
	for i, p := range d.parts {
		t.arena.Release(base)
		lse := compute.Tensor{}
		if len(d.parts) > 1 {
			lse = kept.Slice(done, done+p.outs)
		}
		if f, err = s.forward(p, done, lse, i == last && !p.forwardOnly); err != nil {
			return report, err
		}
		report.Tokens += len(f.pk.ids)
		logp := s.take(t.arena, p.outs, s.width)
		if s.err == nil {
			s.do(s.HeadLogProbs(logp, f.lse, f.h, t.on.net.head, f.ids))
			read := values[done*s.width : (done+p.outs)*s.width]
			s.do(s.Read(read, logp))
			s.numbers(read)
		}
		if s.err != nil {
			return report, s.err
		}
		done += p.outs
	}
	value, dview, err := s.loss(unpack(s.items, values, s.width))
	if err != nil {
		return report, fmt.Errorf("compute the loss: %w", err)
	}
	report.Loss = value
	if math.IsNaN(value) || math.IsInf(value, 0) {
		return report, fmt.Errorf("the loss is %g: %w", value, ErrDiverged)
	}
	derivatives, err := repack(s.items, dview, s.width)
	if err != nil {
		return report, err
	}
	s.do(s.Scale(t.grads.flat(), 0))
	for i := last; i >= 0; i-- {
		p := d.parts[i]
		done -= p.outs
		if p.forwardOnly {
			if slices.ContainsFunc(derivatives[done*s.width:(done+p.outs)*s.width], func(d float32) bool { return d != 0 }) {
				return report, errors.New("the loss has derivatives at items that only go forward")
			}
			continue
		}
		if i < last {
			t.arena.Release(base)
			if f, err = s.forward(p, done, kept.Slice(done, done+p.outs), true); err != nil {
				return report, err
			}
		}
		s.backward(f, p, derivatives[done*s.width:(done+p.outs)*s.width])
		if s.err != nil {
			return report, s.err
		}
	}
	sum, err := s.SumSquares(t.grads.flat())
	if err != nil {
		return report, err
	}
	report.GradNorm = math.Sqrt(sum)
	if math.IsNaN(sum) || math.IsInf(sum, 0) {
		return report, fmt.Errorf("%s: the gradient's norm is %g: %w", s.Info().Name, report.GradNorm, ErrNoNumbers)
	}
	return report, nil
}

// forwarded is a part that has gone forward.
type forwarded struct {
	pk   *packed
	tape *tape // nil: there is no way back
	ids  []int32
	h    compute.Tensor // the judged tokens' hidden states
	lse  compute.Tensor // [outs, 2], for the head
}

// forward runs a part whose judged tokens begin at out of all. Without lse the head gets
// one from the arena.
func (s *step) forward(p part, out int, lse compute.Tensor, keep bool) (f forwarded, err error) {
	n, arena := s.t.on.net, s.t.arena
	if f.pk, err = s.pack(p); err != nil {
		return f, err
	}
	if keep {
		f.tape = &tape{recomputed: p.recomputed}
	}
	f.h = n.forward(s.exec, &f.pk.batch, nil, arena, f.tape, compute.Exact)
	f.ids = s.ids[out*s.width : (out+p.outs)*s.width]
	if f.lse = lse; lse.IsZero() {
		f.lse = s.take(arena, p.outs, 2)
	}
	return f, s.err
}

// pack lays a part's items side by side.
func (s *step) pack(p part) (*packed, error) {
	if s.whole != nil && p.to-p.from == len(s.items) {
		return s.whole, nil
	}
	seqs := make([]Sequence, 0, p.to-p.from)
	for _, it := range s.items[p.from:p.to] {
		seqs = append(seqs, it.Sequence)
	}
	return s.t.on.net.pack(seqs, s.t.params)
}

// backward adds the part's gradients to those of the parts before.
func (s *step) backward(f forwarded, p part, derivatives []float32) {
	n, arena := s.t.on.net, s.t.arena
	dlogp, dh := s.take(arena, p.outs, s.width), s.take(arena, p.outs, n.Width)
	if s.err != nil {
		return
	}
	if s.do(s.Write(dlogp, derivatives)); s.err != nil {
		return
	}
	s.do(s.HeadLogProbsBackward(dh, dlogp, f.lse, f.h, n.head, f.ids))
	n.backward(s.exec, &f.pk.batch, f.tape, dh, s.t.grads, arena)
}

// room makes the arena large enough for a step.
func (t *Training) room(be compute.Backend, values int) (err error) {
	t.arena, err = compute.FitArena(t.arena, be, values)
	return err
}

// drop gives the memory of the last step back.
func (t *Training) drop() {
	if t.arena != nil {
		t.arena.Free()
		t.arena = nil
	}
}

// candidates lays the ids of all items side by side, width to a row, padded with -1.
func candidates(items []Item) (ids []int32, width int, err error) {
	width = 1
	for i, it := range items {
		if it.Candidates == nil {
			continue
		}
		if len(it.Candidates) != len(it.Answer) {
			return nil, 0, fmt.Errorf("item %d has candidates for %d of %d answer tokens", i+1, len(it.Candidates), len(it.Answer))
		}
		for _, c := range it.Candidates {
			width = max(width, len(c))
		}
	}
	for _, it := range items {
		for j, id := range it.Answer {
			row := []int32{id}
			if it.Candidates != nil {
				row = it.Candidates[j]
			}
			ids = append(ids, row...)
			for range width - len(row) {
				ids = append(ids, -1)
			}
		}
	}
	return ids, width, nil
}

// unpack sees the padded rows as [item][answer token][candidate].
func unpack(items []Item, values []float32, width int) [][][]float32 {
	out := make([][][]float32, len(items))
	for i, it := range items {
		out[i] = make([][]float32, len(it.Answer))
		for j := range it.Answer {
			n := 1
			if it.Candidates != nil {
				n = len(it.Candidates[j])
			}
			out[i][j], values = values[:n:n], values[width:]
		}
	}
	return out
}

// repack is the inverse of unpack for the derivatives.
func repack(items []Item, d [][][]float32, width int) ([]float32, error) {
	if len(d) != len(items) {
		return nil, fmt.Errorf("the loss has derivatives for %d of %d items", len(d), len(items))
	}
	var values []float32
	for i, it := range items {
		if len(d[i]) != len(it.Answer) {
			return nil, fmt.Errorf("the loss has derivatives for %d of %d tokens of item %d", len(d[i]), len(it.Answer), i+1)
		}
		for _, row := range d[i] {
			at := len(values)
			values = append(values, make([]float32, width)...)
			copy(values[at:], row)
		}
	}
	return values, nil
}
