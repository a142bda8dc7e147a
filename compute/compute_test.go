package compute

import (
	"errors"
	"math"
	"testing"
)

// A tensor fits where all its values lie within the memory, however wild its fields are.
func TestTensorFits(t *testing.T) {
	for _, c := range []struct {
		tensor Tensor
		n      int
		want   bool
	}{
		{Tensor{Rows: 2, Cols: 3, Stride: 3}, 6, true},
		{Tensor{Rows: 2, Cols: 3, Stride: 3}, 5, false},
		{Tensor{Rows: 2, Cols: 3, Stride: 5}, 8, true}, // the last row needs no gap
		{Tensor{Rows: 2, Cols: 3, Stride: 5}, 7, false},
		{Tensor{Rows: 2, Cols: 3, Stride: 5, Off: 1}, 8, false},
		{Tensor{Rows: 1, Cols: 3, Stride: 0}, 3, true}, // one row has no distance to another
		{Tensor{Rows: 2, Cols: 3, Stride: 2}, 9, false},
		{Tensor{Rows: 0, Cols: 3, Stride: 3, Off: 6}, 6, true},
		{Tensor{Rows: 0, Cols: 3, Stride: 3, Off: 7}, 6, false},
		{Tensor{Rows: -1, Cols: 3, Stride: 3}, 6, false},
		{Tensor{Rows: 1, Cols: -3, Stride: 3}, 6, false},
		{Tensor{Rows: 1, Cols: 3, Stride: 3, Off: -1}, 6, false},
		{Tensor{Rows: math.MaxInt, Cols: 1, Stride: math.MaxInt}, 6, false},
		{Tensor{Rows: 3, Cols: 1, Stride: math.MaxInt}, math.MaxInt, false},
	} {
		if got := c.tensor.Fits(c.n); got != c.want {
			t.Errorf("%+v within %d values: %v", c.tensor, c.n, got)
		}
	}
}

// Spans are checked against the keys, and a window leaves the last of prefix and own keys.
func TestSpanWithin(t *testing.T) {
	whole := Span{PrefixFrom: 2, PrefixTo: 5, From: 7, To: 11} // 3 and 4 keys
	for window, want := range map[int]Span{
		0:  whole,
		7:  whole,
		99: whole,
		6:  {PrefixFrom: 3, PrefixTo: 5, From: 7, To: 11},
		4:  {PrefixFrom: 5, PrefixTo: 5, From: 7, To: 11},
		3:  {PrefixFrom: 5, PrefixTo: 5, From: 8, To: 11},
		1:  {PrefixFrom: 5, PrefixTo: 5, From: 10, To: 11},
	} {
		if got, ok := whole.Within(window, 11); !ok || got != want {
			t.Errorf("a window of %d leaves %+v (%v), want %+v", window, got, ok, want)
		}
	}
	for _, c := range []struct {
		s      Span
		window int
		want   Span
		ok     bool
	}{
		{Span{PrefixTo: 10, From: 20, To: 25}, 0, Span{PrefixTo: 10, From: 20, To: 25}, true},
		{Span{PrefixTo: 10, From: 20, To: 25}, 15, Span{PrefixTo: 10, From: 20, To: 25}, true},
		{Span{PrefixTo: 10, From: 20, To: 25}, 8, Span{PrefixFrom: 7, PrefixTo: 10, From: 20, To: 25}, true},
		{Span{PrefixTo: 10, From: 20, To: 25}, 5, Span{PrefixFrom: 10, PrefixTo: 10, From: 20, To: 25}, true},
		{Span{PrefixTo: 10, From: 20, To: 25}, 2, Span{PrefixFrom: 10, PrefixTo: 10, From: 23, To: 25}, true},
		{Span{From: 7, To: 7}, 3, Span{From: 7, To: 7}, true},
		{Span{From: 20, To: 31}, 0, Span{}, false},
		{Span{PrefixFrom: -1, PrefixTo: 2}, 0, Span{}, false},
		{Span{From: 5, To: 4}, 0, Span{}, false},
	} {
		if got, ok := c.s.Within(c.window, 30); ok != c.ok || ok && got != c.want {
			t.Errorf("%+v in a window of %d: %+v %t, want %+v %t", c.s, c.window, got, ok, c.want, c.ok)
		}
	}
	for _, s := range []Span{{From: -1, To: 2}, {From: 3, To: 2}, {To: 12}, {PrefixFrom: -1}, {PrefixFrom: 1}, {PrefixTo: 12}, {From: math.MinInt32, To: math.MaxInt32}} {
		if _, ok := s.Within(4, 11); ok {
			t.Errorf("%+v is within 11 keys", s)
		}
	}
}

// values is a memory of which only the size matters.
type values int

func (v values) Len() int { return int(v) }
func (values) Free()      {}

// wide is a weight of a shape.
type wide struct{ rows, cols int }

func (w wide) Shape() (rows, cols int) { return w.rows, w.cols }
func (wide) Free()                     {}

func TestOperandsHaveToFitEachOther(t *testing.T) {
	shaped := func(rows, cols int) Tensor {
		return Tensor{Mem: values(rows * cols), Rows: rows, Cols: cols, Stride: cols}
	}
	w := wide{10, 4}
	heads := AttentionShape{Heads: 4, KVHeads: 2, HeadDim: 3, Scale: 1}
	spans := []Span{{To: 1}, {PrefixTo: 1, From: 2, To: 5}}
	attention := func(change func(out, lse, q, k, v *Tensor, spans *[]Span, a *AttentionShape)) error {
		out, lse, q, k, v, own, a := shaped(2, 12), shaped(2, 4), shaped(2, 12), shaped(5, 6), shaped(5, 6), spans, heads
		change(&out, &lse, &q, &k, &v, &own, &a)
		_, err := CheckAttention(out, lse, q, k, v, own, a)
		return err
	}
	rows := func(dst Tensor, di []int32, src Tensor, si []int32) error {
		_, err := CheckCopyRows(dst, di, src, si)
		return err
	}
	for _, c := range []struct {
		name string
		err  error
		fits bool
	}{
		{"embedding", CheckEmbedding(shaped(2, 4), w, []int32{0, 9}), true},
		{"an id for each row", CheckEmbedding(shaped(2, 4), w, []int32{0}), false},
		{"an id beyond the vocabulary", CheckEmbedding(shaped(2, 4), w, []int32{0, 10}), false},
		{"a negative id", CheckEmbedding(shaped(2, 4), w, []int32{0, -1}), false},
		{"rows", rows(shaped(3, 4), []int32{2, 0}, shaped(2, 4), nil), true},
		{"whole tensors", rows(shaped(3, 4), nil, shaped(3, 4), nil), true},
		{"whole tensors of other shapes", rows(shaped(3, 4), nil, shaped(2, 4), nil), false},
		{"a row beyond dst", rows(shaped(3, 4), []int32{3}, shaped(1, 4), nil), false},
		{"a row before src", rows(shaped(1, 4), nil, shaped(3, 4), []int32{-1}), false},
		{"attention", attention(func(_, _, _, _, _ *Tensor, _ *[]Span, _ *AttentionShape) {}), true},
		{"no lse", attention(func(_, lse, _, _, _ *Tensor, _ *[]Span, _ *AttentionShape) { *lse = Tensor{} }), true},
		{"an lse of other heads", attention(func(_, lse, _, _, _ *Tensor, _ *[]Span, _ *AttentionShape) { *lse = shaped(2, 3) }), false},
		{"values of fewer keys", attention(func(_, _, _, _, v *Tensor, _ *[]Span, _ *AttentionShape) { *v = shaped(4, 6) }), false},
		{"heads that key heads do not divide", attention(func(_, _, _, _, _ *Tensor, _ *[]Span, a *AttentionShape) { a.KVHeads = 3 }), false},
		{"heads whose product overflows", attention(func(_, _, _, _, _ *Tensor, _ *[]Span, a *AttentionShape) { a.Heads, a.KVHeads = 1<<40, 1<<40 }), false},
		{"a span beyond the keys", attention(func(_, _, _, _, _ *Tensor, s *[]Span, _ *AttentionShape) { *s = []Span{{To: 1}, {To: 6}} }), false},
		{"backward", CheckAttentionBackward(shaped(2, 12), shaped(5, 6), shaped(5, 6), shaped(2, 12), shaped(2, 4), shaped(2, 12), shaped(5, 6)), true},
		{"backward without lse", CheckAttentionBackward(shaped(2, 12), shaped(5, 6), shaped(5, 6), shaped(2, 12), Tensor{}, shaped(2, 12), shaped(5, 6)), false},
		{"backward to other keys", CheckAttentionBackward(shaped(2, 12), shaped(4, 6), shaped(5, 6), shaped(2, 12), shaped(2, 4), shaped(2, 12), shaped(5, 6)), false},
		{"head", CheckHead(shaped(2, 1), shaped(2, 2), shaped(2, 4), w, []int32{9, -1}), true},
		{"candidates of other rows", CheckHead(shaped(2, 1), shaped(2, 2), shaped(2, 4), w, []int32{9}), false},
		{"a candidate beyond the vocabulary", CheckHead(shaped(2, 1), shaped(2, 2), shaped(2, 4), w, []int32{9, 10}), false},
		{"the best", CheckHeadTopK(make([]int32, 6), make([]float32, 6), shaped(2, 4), w, 3), true},
		{"more than there are", CheckHeadTopK(make([]int32, 22), make([]float32, 22), shaped(2, 4), w, 11), false},
	} {
		if c.fits && c.err != nil || !c.fits && !errors.Is(c.err, ErrShape) {
			t.Errorf("%s: %v", c.name, c.err)
		}
	}
	heads.Window = 3
	kept, err := CheckAttention(shaped(2, 12), Tensor{}, shaped(2, 12), shaped(5, 6), shaped(5, 6), spans, heads)
	if err != nil || kept[0] != spans[0] || kept[1] != (Span{PrefixFrom: 1, PrefixTo: 1, From: 2, To: 5}) {
		t.Errorf("a window of 3 leaves %+v, %v", kept, err)
	}
}
