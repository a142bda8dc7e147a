package cpu

import (
	"unsafe"

	"clara/compute"
)

// The matrix product reads both factors as panels: kc steps of k, each with the
// values of one tile's rows (left factor) or columns (right factor) side by side.

// transposeRows writes dst[k*ldd+i] = src[i*lds+k] for rows x n values.
func (k *kernels) transposeRows(dst []float32, ldd int, src []float32, lds, rows, n int) {
	for i := 0; i < rows; {
		for _, t := range k.transposes {
			if t.rows > rows-i {
				continue
			}
			whole := n / t.multiple * t.multiple
			if whole > 0 {
				_, _ = dst[(whole-1)*ldd+i+t.rows-1], src[(i+t.rows-1)*lds+whole-1]
				t.run(&dst[i], ldd, &src[i*lds], lds, whole)
			}
			for r := i; r < i+t.rows; r++ {
				for p := whole; p < n; p++ {
					dst[p*ldd+r] = src[r*lds+p]
				}
			}
			i += t.rows
			break
		}
	}
}

// tileFor is the tile of the next rows where left remain: the tallest that fits.
func (k *kernels) tileFor(left int) tile {
	for _, t := range k.tiles {
		if t.rows <= left {
			return t
		}
	}
	return k.tiles[len(k.tiles)-1]
}

// packLeft packs rows [i0, i1) and steps [p0, p0+kc) of the left factor op(a):
// the panel of row i starts at dst[(i-i0)*kc].
func (k *kernels) packLeft(dst []float32, a view, trans bool, i0, i1, p0, kc int) {
	for i := i0; i < i1; {
		h := k.tileFor(i1 - i).rows
		d := dst[(i-i0)*kc:][:h*kc]
		if trans {
			src := a.data[p0*a.stride+i:]
			_ = src[(kc-1)*a.stride+h-1]
			k.copyPanel(&d[0], h, &src[0], a.stride, h, kc)
		} else {
			k.transposeRows(d, h, a.data[i*a.stride+p0:], a.stride, h, kc)
		}
		i += h
	}
}

// right is the right factor of a product, K x N: a tensor or a frozen weight, or
// the transpose of one.
type right struct {
	v     view
	w     *weight // nil: v
	trans bool    // the tensor or weight is N x K
	from  int     // the weight's first row that counts, a multiple of stripRows
}

// right is w from row from on as a right factor. What is f32 already is read as it
// lies, unless that is no place for an f32.
func (w *weight) right(trans bool, from int) right {
	data := unsafe.Pointer(unsafe.SliceData(w.Data))
	if w.Type != compute.F32 || len(w.Data) == 0 || uintptr(data)%4 != 0 {
		return right{w: w, trans: trans, from: from}
	}
	v := view{unsafe.Slice((*float32)(data), len(w.Data)/4), w.Rows, w.Cols, w.Cols}
	return right{v: v.slice(from, w.Rows), trans: trans}
}

// kUnit and nUnit are what the blocks of k and the ranges of columns must be
// multiples of, so that a frozen weight is cut between its blocks.
func (r *right) kUnit() int {
	switch {
	case r.w == nil || !r.trans:
		return 4
	case r.w.packed.data != nil:
		return 32
	}
	values, _ := groupBlock(r.w.Type)
	return values
}

func (r *right) nUnit(k *kernels) int {
	if r.w != nil && !r.trans {
		values, _ := groupBlock(r.w.Type)
		return max(values, k.tileCols)
	}
	return k.tileCols
}

// decodeSpan is how many values of a row a transposed weight is decoded at a
// time: 32 rows of it stay in the first-level cache. decodeStride keeps these
// rows from falling into the same few sets of it.
const (
	decodeSpan   = 256
	decodeStride = decodeSpan + 16
	decodeRows   = 32 // the widest tile
)

// pack packs steps [p0, p0+kc) of columns [j0, j0+nc) into panels of tileCols
// columns, kc*tileCols values each; the columns that are missing in the last one
// are zero. rows is room for decodeRows*decodeStride values.
func (r *right) pack(k *kernels, dst []float32, p0, kc, j0, nc int, rows []float32) {
	if r.w != nil && !r.trans {
		r.packWeight(k, dst, p0, kc, j0, nc, rows)
		return
	}
	width := k.tileCols
	for j := 0; j < nc; j += width {
		d := dst[j*kc:][:width*kc]
		n := min(width, nc-j)
		if n < width {
			clear(d)
		}
		switch {
		case r.w != nil:
			r.packWeightTransposed(k, d, p0, kc, r.from+j0+j, n, rows)
		case r.trans:
			k.transposeRows(d, width, r.v.data[(j0+j)*r.v.stride+p0:], r.v.stride, n, kc)
		default:
			src := r.v.data[p0*r.v.stride+j0+j:]
			_ = src[(kc-1)*r.v.stride+n-1]
			k.copyPanel(&d[0], width, &src[0], r.v.stride, n, kc)
		}
	}
}

// packWeightTransposed decodes n rows of the weight, one to a column of the panel.
func (r *right) packWeightTransposed(k *kernels, d []float32, p0, kc, j, n int, rows []float32) {
	t := r.w.Type
	if p := &r.w.packed; p.data != nil {
		for i := 0; i < n; i += stripRows {
			w := p.at((j+i)/stripRows, p0/32)
			_ = w[kc/32*p.size()-1]
			k.strips[t].unpack(kc/32, &w[0], &d[i])
		}
		return
	}
	for s := 0; s < kc; s += decodeSpan {
		span := min(decodeSpan, kc-s)
		for i := range n {
			src := r.w.rowData(j + i)
			from := p0 + s
			k.dequantize(t, rows[i*decodeStride:][:span], src[t.RowBytes(from):])
		}
		k.transposeRows(d[s*k.tileCols:], k.tileCols, rows, decodeStride, n, span)
	}
}

// packWeight decodes rows of the weight straight into the panels: a row is a step.
func (r *right) packWeight(k *kernels, dst []float32, p0, kc, j0, nc int, rows []float32) {
	t := r.w.Type
	values, bytes := groupBlock(t)
	width := k.tileCols
	half, step := 16, 32*kc // one panel takes a group of 32
	if width == 16 {
		half, step = 16*kc, 32*kc // two panels share it
	}
	whole := nc / values * values
	if whole < nc {
		clear(dst[whole*kc : (nc+width-1)/width*width*kc])
	}
	for p := range kc {
		src := r.w.rowData(r.from + p0 + p)[j0/values*bytes:]
		if whole > 0 {
			_ = src[whole/values*bytes-1]
			k.groups[t](&dst[p*width], &src[0], whole/values, half, step)
		}
		if rest := rows[:nc-whole]; len(rest) > 0 {
			k.dequantize(t, rest, src[whole/values*bytes:])
			for i := 0; i < len(rest); i += width {
				copy(dst[(whole+i)*kc+p*width:][:width], rest[i:min(i+width, len(rest))])
			}
		}
	}
}
