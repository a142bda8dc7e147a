package compute

import "fmt"

// What operands have to be to each other, whatever engine they lie on: each engine
// resolves its own memory, then asks here. All errors wrap [ErrShape].

// misfit says what does not fit.
func misfit(format string, args ...any) error {
	return fmt.Errorf(format+": %w", append(args, ErrShape)...)
}

// size is the shape, for messages.
func (t Tensor) size() string { return fmt.Sprintf("%dx%d", t.Rows, t.Cols) }

func (t Tensor) is(rows, cols int) bool { return t.Rows == rows && t.Cols == cols }

// CheckEmbedding checks the operands of [Backend.Embedding].
func CheckEmbedding(dst Tensor, w Weight, ids []int32) error {
	rows, cols := w.Shape()
	if !dst.is(len(ids), cols) {
		return misfit("dst is %s, the weight %dx%d, %d ids", dst.size(), rows, cols, len(ids))
	}
	for i, id := range ids {
		if id < 0 || int(id) >= rows {
			return misfit("id %d at %d, the vocabulary has %d", id, i, rows)
		}
	}
	return nil
}

// CheckCopyRows checks the operands of [Backend.CopyRows] and returns how many rows it
// copies.
func CheckCopyRows(dst Tensor, di []int32, src Tensor, si []int32) (rows int, err error) {
	rows, from := dst.Rows, src.Rows
	if di != nil {
		rows = len(di)
	}
	if si != nil {
		from = len(si)
	}
	if dst.Cols != src.Cols || rows != from {
		return 0, misfit("dst is %s with %d rows named, src %s with %d", dst.size(), rows, src.size(), from)
	}
	for i := range rows {
		if di != nil && (di[i] < 0 || int(di[i]) >= dst.Rows) {
			return 0, misfit("row %d of dst, which is %s", di[i], dst.size())
		}
		if si != nil && (si[i] < 0 || int(si[i]) >= src.Rows) {
			return 0, misfit("row %d of src, which is %s", si[i], src.size())
		}
	}
	return rows, nil
}

// CheckAttention checks the operands of [Backend.Attention] and returns what the window
// leaves of the spans.
func CheckAttention(out, lse, q, k, v Tensor, spans []Span, a AttentionShape) ([]Span, error) {
	if a.Heads < 1 || a.KVHeads < 1 || a.Heads%a.KVHeads != 0 || a.HeadDim < 1 || a.Window < 0 ||
		a.Heads > q.Cols || a.HeadDim > q.Cols { // which also keeps their product in range
		return nil, misfit("%d heads on %d key heads of %d values, window %d", a.Heads, a.KVHeads, a.HeadDim, a.Window)
	}
	rows, width, keyWidth := len(spans), a.Heads*a.HeadDim, a.KVHeads*a.HeadDim
	if !q.is(rows, width) || !out.is(rows, width) || !k.is(k.Rows, keyWidth) || !v.is(k.Rows, keyWidth) {
		return nil, misfit("q is %s, out %s, k %s, v %s, with %d spans, %d heads on %d key heads of %d values",
			q.size(), out.size(), k.size(), v.size(), rows, a.Heads, a.KVHeads, a.HeadDim)
	}
	if !lse.IsZero() && !lse.is(rows, a.Heads) {
		return nil, misfit("lse is %s for %d rows and %d heads", lse.size(), rows, a.Heads)
	}
	left := make([]Span, rows)
	for i, s := range spans {
		var ok bool
		if left[i], ok = s.Within(a.Window, k.Rows); !ok {
			return nil, misfit("span %+v of row %d, with %d keys", s, i, k.Rows)
		}
	}
	return left, nil
}

// CheckAttentionBackward checks what [Backend.AttentionBackward] has beside the operands
// of [Backend.Attention].
func CheckAttentionBackward(dq, dk, dv, dout, lse, q, k Tensor) error {
	if lse.IsZero() {
		return misfit("lse is missing")
	}
	if !dq.is(q.Rows, q.Cols) || !dout.is(q.Rows, q.Cols) || !dk.is(k.Rows, k.Cols) || !dv.is(k.Rows, k.Cols) {
		return misfit("q is %s, k %s, but dq %s, dout %s, dk %s, dv %s",
			q.size(), k.size(), dq.size(), dout.size(), dk.size(), dv.size())
	}
	return nil
}

// CheckHead checks the operands of [Backend.HeadLogProbs], or those of its backward with
// dlogp for logp.
func CheckHead(logp, lse, h Tensor, w Weight, ids []int32) error {
	rows, cols := w.Shape()
	if h.Cols != cols || logp.Rows != h.Rows || !lse.is(h.Rows, 2) || len(ids) != logp.Rows*logp.Cols || rows == 0 || cols == 0 {
		return misfit("log-probabilities are %s, lse %s, h %s, the weight %dx%d, %d ids", logp.size(), lse.size(), h.size(), rows, cols, len(ids))
	}
	for _, id := range ids {
		if int(id) >= rows {
			return misfit("id %d of a vocabulary of %d", id, rows)
		}
	}
	return nil
}

// CheckHeadTopK checks the operands of [Backend.HeadTopK].
func CheckHeadTopK(ids []int32, logp []float32, h Tensor, w Weight, k int) error {
	rows, cols := w.Shape()
	if h.Cols != cols || cols == 0 || k < 1 || k > rows || len(ids) != h.Rows*k || len(logp) != h.Rows*k {
		return misfit("h is %s, the weight %dx%d, %d ids and %d log-probabilities for the %d best", h.size(), rows, cols, len(ids), len(logp), k)
	}
	return nil
}
