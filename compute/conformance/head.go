package conformance

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"clara/compute"
)

var headShapes = []struct {
	t                compute.Type
	rows, vocab, dim int
	k                int
}{
	{compute.F32, 1, 1, 1, 1},
	{compute.F32, 3, 37, 17, 2},
	{compute.F16, 5, 131, 64, 1},
	{compute.Q8_0, 1, 1000, 96, 5},
	{compute.Q8_0, 33, 517, 64, 1},
	{compute.Q6_K, 7, 2051, 256, 3},
	{compute.Q4_1, 19, 700, 288, 2},
	{compute.BF16, 70, 260, 40, 1},
	{compute.F32, 0, 9, 8, 1},
	{compute.F32, 2, 9, 8, 0},
}

// headScores are the reference of a row's logits.
type headScores struct {
	z     []float64
	most  float64 // the largest logit
	sum   float64 // log sum exp(z - most)
	lse   float64 // most + sum
	bound float64 // of the error of a logit
}

func headScoresOf(h []float64, w mat) headScores {
	s := headScores{z: make([]float64, w.rows)}
	m := math.Inf(-1)
	for r := range w.rows {
		var terms float64
		for i, v := range w.row(r) {
			s.z[r] += h[i] * v
			terms += math.Abs(h[i] * v)
		}
		m = max(m, s.z[r])
		s.bound = max(s.bound, sumError(w.cols)*terms)
	}
	var sum float64
	for _, z := range s.z {
		sum += math.Exp(z - m)
	}
	s.most, s.sum = m, math.Log(sum)
	s.lse = s.most + s.sum
	return s
}

// mostTol and sumTol are how far the largest logit and the log-sum-exp behind it
// may be off. The sum's own error is relative to the sum, hence absolute in its log.
func (s headScores) mostTol() float64 { return s.bound + 2*eps*math.Abs(s.most) }

func (s headScores) sumTol() float64 {
	return 2*s.bound + 2*eps*math.Abs(s.most) + sumError(len(s.z)) + 4*eps*math.Abs(s.sum)
}

// logpTol is how far the log-probability of an id may be off: the logits' errors,
// and the rounding of two differences that are of the size of the result.
func (s headScores) logpTol(id int32) float64 {
	return 2*s.bound + s.sumTol() + 4*eps*(math.Abs(s.z[id]-s.most)+math.Abs(s.sum))
}

// sureHead is a head whose first id has all but 2e-4 of the probability. The
// logits 30 and 17.75 are exact in f32, so that what is left of 1 - p tells only
// how the engine keeps it; in f32 it can know 1 - p to 6e-8, 3e-4 of it.
func sureHead(r *rand.Rand) (h, w mat) {
	const vocab, dim = 43, 8
	h, w = newMat(1, dim), newMat(vocab, dim)
	h.v[0] = 4
	for i := range w.v {
		w.v[i] = float64(float32(r.NormFloat64()))
	}
	w.set(0, 0, 30.0/4)
	for id := 1; id < vocab; id++ {
		w.set(id, 0, 17.75/4)
	}
	return h, w
}

// sureTol is the share of 1 - p by which results that hang on it may be off.
const sureTol = 1e-3

// candidates are random ids, one in five of them none.
func (e *env) candidates(n, vocab int) []int32 {
	ids := make([]int32, n)
	for i := range ids {
		ids[i] = int32(e.r.IntN(vocab))
		if e.r.IntN(5) == 0 {
			ids[i] = -1 - int32(e.r.IntN(3))
		}
	}
	return ids
}

// HeadLogProbs: a log-probability is a logit less the log-sum-exp.
func headLogProbsOperation() operation {
	op := operation{name: "HeadLogProbs"}
	for _, s := range headShapes {
		op.cases = append(op.cases, testCase{fmt.Sprintf("%v %dx%dx%d, %d candidates", s.t, s.rows, s.vocab, s.dim, s.k), func(e *env) error {
			w, values := e.weight(s.t, s.vocab, s.dim)
			h, logp, lse := e.in("h", s.rows, s.dim), e.out("logp", s.rows, s.k), e.out("lse", s.rows, 2)
			ids := e.candidates(s.rows*s.k, s.vocab)
			want, tol := newMat(s.rows, s.k), newMat(s.rows, s.k)
			wantLSE, tolLSE := newMat(s.rows, 2), newMat(s.rows, 2)
			hidden := h.mat()
			for i := range s.rows {
				r := headScoresOf(hidden.row(i), values)
				wantLSE.set(i, 0, r.most)
				tolLSE.set(i, 0, r.mostTol())
				wantLSE.set(i, 1, r.sum)
				tolLSE.set(i, 1, r.sumTol())
				for j := range s.k {
					if id := ids[i*s.k+j]; id >= 0 {
						want.set(i, j, r.z[id]-r.lse)
						tol.set(i, j, r.logpTol(id))
					}
				}
			}
			if e.err != nil {
				return e.err
			}
			asked := slices.Clone(ids)
			if err := e.b.HeadLogProbs(logp.Tensor, lse.Tensor, h.Tensor, w, asked); err != nil {
				return err
			}
			clear(asked) // the call has read them
			return errors.Join(e.check(lse, wantLSE, tolLSE), e.check(logp, want, tol))
		}})
	}
	op.cases = append(op.cases, testCase{"a sure token", func(e *env) error {
		hidden, values := sureHead(e.r)
		w, h := e.fixed(values), e.of("h", hidden)
		logp, lse := e.out("logp", 1, 1), e.out("lse", 1, 2)
		if e.err != nil {
			return e.err
		}
		if err := e.b.HeadLogProbs(logp.Tensor, lse.Tensor, h.Tensor, w, []int32{0}); err != nil {
			return err
		}
		want := mat{1, 1, []float64{-headScoresOf(hidden.row(0), values).sum}}
		return e.check(logp, want, mat{1, 1, []float64{-want.v[0] * sureTol}})
	}})
	op.misfits = func(e *env) []misfit {
		w, _ := e.weight(compute.F32, 9, 6)
		logp, lse, h := e.in("logp", 3, 2), e.in("lse", 3, 2), e.in("h", 3, 6)
		call := func(logp, lse, h compute.Tensor, ids ...int32) func() error {
			return func() error { return e.b.HeadLogProbs(logp, lse, h, w, ids) }
		}
		return []misfit{
			{"logp", call(logp.Slice(0, 2), lse.Tensor, h.Tensor, 0, 1, 2, 3, 4, 5)},
			{"lse's rows", call(logp.Tensor, lse.Slice(0, 2), h.Tensor, 0, 1, 2, 3, 4, 5)},
			{"lse's columns", call(logp.Tensor, lse.Columns(0, 1), h.Tensor, 0, 1, 2, 3, 4, 5)},
			{"h", call(logp.Tensor, lse.Tensor, h.Columns(0, 5), 0, 1, 2, 3, 4, 5)},
			{"too few ids", call(logp.Tensor, lse.Tensor, h.Tensor, 0, 1, 2, 3, 4)},
			{"id too large", call(logp.Tensor, lse.Tensor, h.Tensor, 0, 1, 2, 3, 4, 9)},
			{"no lse", call(logp.Tensor, compute.Tensor{}, h.Tensor, 0, 1, 2, 3, 4, 5)},
			{"no weight", func() error {
				return e.b.HeadLogProbs(logp.Tensor, lse.Tensor, h.Tensor, nil, []int32{0, 1, 2, 3, 4, 5})
			}},
		}
	}
	op.bench = []benchmark{{"Q8_0 128x49152x576", func(e *env) (func() error, float64) {
		w, _ := e.weight(compute.Q8_0, 49152, 576)
		h, logp, lse := e.in("h", 128, 576), e.out("logp", 128, 1), e.out("lse", 128, 2)
		ids := e.candidates(128, 49152)
		return func() error { return e.b.HeadLogProbs(logp.Tensor, lse.Tensor, h.Tensor, w, ids) }, 2 * 128 * 49152 * 576
	}}}
	return op
}

// HeadLogProbsBackward: dh = sum_v c_v W_v with c_v the derivative with respect
// to logit v, whose probability is made again from the rounded log-sum-exp.
func headLogProbsBackwardOperation() operation {
	op := operation{name: "HeadLogProbsBackward"}
	for _, s := range headShapes {
		op.cases = append(op.cases, testCase{fmt.Sprintf("%v %dx%dx%d, %d candidates", s.t, s.rows, s.vocab, s.dim, s.k), func(e *env) error {
			w, values := e.weight(s.t, s.vocab, s.dim)
			h, dlogp, dh := e.in("h", s.rows, s.dim), e.in("dlogp", s.rows, s.k), e.out("dh", s.rows, s.dim)
			ids := e.candidates(s.rows*s.k, s.vocab)
			wantLSE := newMat(s.rows, 2)
			for i := range s.rows {
				r := headScoresOf(h.mat().row(i), values)
				wantLSE.set(i, 0, r.most)
				wantLSE.set(i, 1, r.sum)
			}
			lse := e.of("lse", wantLSE)
			want, tol := headBackward(dlogp.mat(), h.mat(), values, ids)
			if e.err != nil {
				return e.err
			}
			if err := e.b.HeadLogProbsBackward(dh.Tensor, dlogp.Tensor, lse.Tensor, h.Tensor, w, ids); err != nil {
				return err
			}
			return e.check(dh, want, tol)
		}})
	}
	op.cases = append(op.cases, testCase{"a sure token", func(e *env) error {
		hidden, values := sureHead(e.r)
		s := headScoresOf(hidden.row(0), values)
		w, h := e.fixed(values), e.of("h", hidden)
		lse, dlogp := e.of("lse", mat{1, 2, []float64{s.most, s.sum}}), e.of("dlogp", mat{1, 1, []float64{-1}})
		dh := e.out("dh", 1, h.Cols)
		// dh = -(1 - p) W_0 + sum of p_v W_v over the other ids.
		want, tol := newMat(1, h.Cols), newMat(1, h.Cols)
		for id, z := range s.z {
			c := math.Exp(z - s.lse)
			if id == 0 {
				c = math.Expm1(-s.sum)
			}
			for d, v := range values.row(id) {
				want.v[d] += c * v
				tol.v[d] += sureTol * math.Abs(c*v)
			}
		}
		if e.err != nil {
			return e.err
		}
		if err := e.b.HeadLogProbsBackward(dh.Tensor, dlogp.Tensor, lse.Tensor, h.Tensor, w, []int32{0}); err != nil {
			return err
		}
		return e.check(dh, want, tol)
	}})
	op.misfits = func(e *env) []misfit {
		w, _ := e.weight(compute.F32, 9, 6)
		dh, dlogp, lse, h := e.in("dh", 3, 6), e.in("dlogp", 3, 2), e.in("lse", 3, 2), e.in("h", 3, 6)
		call := func(dh, dlogp, lse, h compute.Tensor, ids ...int32) func() error {
			return func() error { return e.b.HeadLogProbsBackward(dh, dlogp, lse, h, w, ids) }
		}
		return []misfit{
			{"dh", call(dh.Columns(0, 5), dlogp.Tensor, lse.Tensor, h.Tensor, 0, 1, 2, 3, 4, 5)},
			{"dlogp", call(dh.Tensor, dlogp.Slice(0, 2), lse.Tensor, h.Tensor, 0, 1, 2, 3, 4, 5)},
			{"lse", call(dh.Tensor, dlogp.Tensor, lse.Slice(0, 2), h.Tensor, 0, 1, 2, 3, 4, 5)},
			{"h", call(dh.Tensor, dlogp.Tensor, lse.Tensor, h.Columns(0, 5), 0, 1, 2, 3, 4, 5)},
			{"too many ids", call(dh.Tensor, dlogp.Tensor, lse.Tensor, h.Tensor, 0, 1, 2, 3, 4, 5, 6)},
			{"id too large", call(dh.Tensor, dlogp.Tensor, lse.Tensor, h.Tensor, 0, 1, 2, 3, 4, 9)},
			{"no h", call(dh.Tensor, dlogp.Tensor, lse.Tensor, compute.Tensor{}, 0, 1, 2, 3, 4, 5)},
		}
	}
	op.bench = []benchmark{{"Q8_0 128x49152x576", func(e *env) (func() error, float64) {
		w, _ := e.weight(compute.Q8_0, 49152, 576)
		h, dlogp, lse, dh := e.in("h", 128, 576), e.in("dlogp", 128, 1), e.out("lse", 128, 2), e.out("dh", 128, 576)
		ids := e.candidates(128, 49152)
		logp := e.out("logp", 128, 1)
		e.fail(e.b.HeadLogProbs(logp.Tensor, lse.Tensor, h.Tensor, w, ids))
		return func() error {
			return e.b.HeadLogProbsBackward(dh.Tensor, dlogp.Tensor, lse.Tensor, h.Tensor, w, ids)
		}, 4 * 128 * 49152 * 576
	}}}
	return op
}

// headBackward is the reference.
func headBackward(dlogp, h, w mat, ids []int32) (dh, tol mat) {
	dh, tol = newMat(h.rows, h.cols), newMat(h.rows, h.cols)
	for i := range h.rows {
		s := headScoresOf(h.row(i), w)
		relative := 2*s.bound + 2*eps*math.Abs(s.most) + 8*eps // of a probability
		var total, totalTerms float64
		direct, directTerms := make([]float64, w.rows), make([]float64, w.rows)
		for j := range dlogp.cols {
			if id := ids[i*dlogp.cols+j]; id >= 0 {
				g := dlogp.at(i, j)
				total += g
				totalTerms += math.Abs(g)
				direct[id] += g
				directTerms[id] += math.Abs(g)
			}
		}
		for r := range w.rows {
			p := math.Exp(s.z[r] - s.lse)
			c := direct[r] - total*p
			cError := p*(math.Abs(total)*relative+sumError(dlogp.cols)*totalTerms) + sumError(dlogp.cols)*directTerms[r]
			for d, v := range w.row(r) {
				dh.v[i*h.cols+d] += c * v
				// The two parts may be added up apart from each other.
				tol.v[i*h.cols+d] += math.Abs(v) * (cError + sumError(w.rows)*(directTerms[r]+math.Abs(total)*p))
			}
		}
	}
	return dh, tol
}

// HeadTopK. Which ids are the best may be open where logits are closer than
// their errors; ties are tested with integers, whose sums are exact.
func headTopKOperation() operation {
	op := operation{name: "HeadTopK"}
	for _, s := range []struct {
		t                   compute.Type
		rows, vocab, dim, k int
	}{
		{compute.F32, 1, 1, 1, 1},
		{compute.F32, 3, 37, 17, 37},
		{compute.Q8_0, 1, 1000, 96, 40},
		{compute.Q6_K, 5, 2051, 256, 1},
		{compute.Q4_1, 9, 700, 288, 20},
		{compute.F16, 33, 130, 64, 3},
		{compute.F32, 0, 9, 8, 2},
	} {
		op.cases = append(op.cases, testCase{fmt.Sprintf("%v %dx%dx%d, %d best", s.t, s.rows, s.vocab, s.dim, s.k), func(e *env) error {
			w, values := e.weight(s.t, s.vocab, s.dim)
			h := e.in("h", s.rows, s.dim)
			if e.err != nil {
				return e.err
			}
			ids, logp := make([]int32, s.rows*s.k), make([]float32, s.rows*s.k)
			if err := e.b.HeadTopK(ids, logp, h.Tensor, w, s.k); err != nil {
				return err
			}
			for i := range s.rows {
				if err := checkTopK(ids[i*s.k:(i+1)*s.k], logp[i*s.k:(i+1)*s.k], headScoresOf(h.mat().row(i), values)); err != nil {
					return fmt.Errorf("row %d: %w", i, err)
				}
			}
			return nil
		}})
	}
	op.cases = append(op.cases, testCase{"ties", func(e *env) error {
		const vocab, dim, k = 300, 33, 25
		values, hidden := newMat(vocab, dim), newMat(4, dim)
		for i := range values.v {
			values.v[i] = float64(e.r.IntN(3) - 1)
		}
		for i := range hidden.v {
			hidden.v[i] = float64(e.r.IntN(3) - 1)
		}
		w, h := e.fixed(values), e.of("h", hidden)
		if e.err != nil {
			return e.err
		}
		ids, logp := make([]int32, hidden.rows*k), make([]float32, hidden.rows*k)
		if err := e.b.HeadTopK(ids, logp, h.Tensor, w, k); err != nil {
			return err
		}
		for i := range hidden.rows {
			s := headScoresOf(hidden.row(i), values)
			order := make([]int32, vocab)
			for j := range order {
				order[j] = int32(j)
			}
			slices.SortStableFunc(order, func(a, b int32) int { return cmp.Compare(s.z[b], s.z[a]) })
			if got := ids[i*k : (i+1)*k]; !slices.Equal(got, order[:k]) {
				return fmt.Errorf("row %d: ids %v, want %v", i, got, order[:k])
			}
		}
		return nil
	}})
	op.misfits = func(e *env) []misfit {
		w, _ := e.weight(compute.F32, 9, 6)
		h := e.in("h", 3, 6)
		call := func(ids, logp int, h compute.Tensor, k int) func() error {
			return func() error { return e.b.HeadTopK(make([]int32, ids), make([]float32, logp), h, w, k) }
		}
		return []misfit{
			{"ids", call(5, 6, h.Tensor, 2)},
			{"logp", call(6, 7, h.Tensor, 2)},
			{"h", call(6, 6, h.Columns(0, 5), 2)},
			{"more than the vocabulary", call(30, 30, h.Tensor, 10)},
			{"none", call(0, 0, h.Tensor, 0)},
			{"no h", call(0, 0, compute.Tensor{}, 2)},
		}
	}
	op.bench = []benchmark{{"Q8_0 1x49152x576, 40 best", func(e *env) (func() error, float64) {
		w, _ := e.weight(compute.Q8_0, 49152, 576)
		h := e.in("h", 1, 576)
		ids, logp := make([]int32, 40), make([]float32, 40)
		return func() error { return e.b.HeadTopK(ids, logp, h.Tensor, w, 40) }, 2 * 49152 * 576
	}}}
	return op
}

// checkTopK checks one row against its logits.
func checkTopK(ids []int32, logp []float32, s headScores) error {
	seen := make([]bool, len(s.z))
	lowest := math.Inf(1)
	for j, id := range ids {
		if id < 0 || int(id) >= len(s.z) || seen[id] {
			return fmt.Errorf("id %d at %d is out of range or there twice", id, j)
		}
		seen[id] = true
		want := s.z[id] - s.lse
		if d := math.Abs(float64(logp[j]) - want); !(d <= s.logpTol(id)) {
			return fmt.Errorf("log-probability %v of id %d at %d, want %v", logp[j], id, j, want)
		}
		if j > 0 && !(logp[j] <= logp[j-1]) {
			return fmt.Errorf("log-probability %v follows %v at %d", logp[j], logp[j-1], j)
		}
		lowest = min(lowest, s.z[id])
	}
	for id, z := range s.z {
		if !seen[id] && z-lowest > 2*s.bound {
			return fmt.Errorf("id %d with logit %v is missing, one with %v is there", id, z, lowest)
		}
	}
	return nil
}
