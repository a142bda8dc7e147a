package compute

import (
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
