package cpu

// Blocking of the f32 matrix product. A panel of the left factor (14 rows x kMax
// steps, 35 KB) stays in the first-level cache, the right factor's panels of one
// task (nMax columns x kMax steps, 640 KB) in the second; both stream into the
// registers' tile. Frozen weights are decoded into those panels on the fly: that
// costs a twentieth of a product with 300 rows, and less time than reading them
// back from memory as f32 would, of which they would need six times their size
// for each direction.
const (
	kMax = 640
	nMax = 256
	// mMax rows of the left factor at a time where a single worker packs for itself.
	mMax = 168
	// serialBelow is the size of a product (multiplications) from which a second
	// worker pays for the hand-off.
	serialBelow = 1 << 18
)

// scratch is the room for packed panels. It is taken when first needed and kept.
type scratch struct {
	left    []float32
	workers []panels
	logits  []float32 // of the output layer, some columns at a time
	narrow  []float32 // the transpose of a result of few columns

	// Activations rounded to 8 bits, row after row, and four values to a block of
	// them: scale, scale*sum, and that of either half.
	rounded       []float32 // four int8 to a value
	roundedScales []float32
}

// panels is the room of one worker.
type panels struct {
	left, right []float32
	rows        []float32 // decoded rows of a weight
	edge        []float32 // a tile that hangs over the edge of c
}

// maxTile is the largest register tile of all tiers.
const maxTile = 14 * 32

// room makes sure of the panels of every worker and n values for the left factor.
func (s *scratch) room(workers, n int) error {
	for len(s.workers) < workers {
		var p panels
		for _, part := range []struct {
			room *[]float32
			n    int
		}{
			{&p.left, mMax * kMax}, {&p.right, nMax * kMax}, {&p.rows, decodeRows * decodeStride}, {&p.edge, maxTile},
		} {
			m, err := mapFloats(part.n)
			if err != nil {
				p.free()
				return err
			}
			*part.room = m
		}
		s.workers = append(s.workers, p)
	}
	return grow(&s.left, n)
}

// grow makes sure of n values; what was in them is lost.
func grow(x *[]float32, n int) error {
	if len(*x) >= n {
		return nil
	}
	unmapFloats(*x)
	*x = nil
	m, err := mapFloats(n + n/4) // the next call may want a little more
	if err != nil {
		return err
	}
	*x = m
	return nil
}

func (p *panels) free() {
	unmapFloats(p.left)
	unmapFloats(p.right)
	unmapFloats(p.rows)
	unmapFloats(p.edge)
}

func (s *scratch) free() {
	for i := range s.workers {
		s.workers[i].free()
	}
	unmapFloats(s.left)
	unmapFloats(s.logits)
	unmapFloats(s.narrow)
	unmapFloats(s.rounded)
	unmapFloats(s.roundedScales)
	*s = scratch{}
}

// blocks cuts n into parts of at most limit, equal but for the last, multiples of
// unit; it returns the size of a part.
func blocks(n, limit, unit int) int {
	limit = max(limit/unit*unit, unit)
	parts := (n + limit - 1) / limit
	size := (n + parts - 1) / parts
	return (size + unit - 1) / unit * unit
}

// product computes c (=, or += with accumulate) alpha * op(a) r with k steps, on
// all workers. Each value of c adds up its steps in the order of k, whatever the
// shape of the rest: a row's result depends on that row alone.
func (b *Backend) product(c, a view, transA bool, r right, k int, alpha float32, accumulate bool) error {
	m, n := c.rows, c.cols
	if m == 0 || n == 0 {
		return nil
	}
	if k == 0 {
		b.clear(c, accumulate)
		return nil
	}
	if err := b.gemm.room(b.pool.size(), m*k); err != nil {
		return err
	}
	if r.w != nil && r.trans && b.packable(r.w) {
		if err := b.pack(r.w); err != nil {
			return err
		}
	}
	kc := blocks(k, kMax, r.kUnit())
	if r.w != nil && r.trans && r.w.packed.data != nil && m <= gemvRows && alpha == 1 {
		b.gemv(c, a, r.w, r.from/stripRows, kc, accumulate)
		return nil
	}
	left := b.gemm.left

	threads := b.pool.size()
	if m*n*k < serialBelow {
		threads = 1
	}
	// Pack the left factor once for all; its block of steps p0 is at m*p0.
	tall := b.k.tiles[0].rows
	chunks := 1
	if threads > 1 && m*k >= 1<<14 {
		chunks = min((m+tall-1)/tall, 4*threads)
	}
	b.pool.run(chunks, func(_, t int) {
		i0, i1 := share(t, chunks, m, tall)
		for p0 := 0; p0 < k; p0 += kc {
			kb := min(kc, k-p0)
			b.k.packLeft(left[m*p0+i0*kb:], a, transA, i0, i1, p0, kb)
		}
	})

	unit := r.nUnit(b.k)
	across, down := cut((n+unit-1)/unit, (m+tall-1)/tall, max(nMax/unit, 1), threads)
	b.pool.run(across*down, func(worker, t int) {
		w := &b.gemm.workers[worker]
		j0, j1 := share(t/down, across, n, unit)
		i0, i1 := share(t%down, down, m, tall)
		for p0 := 0; p0 < k; p0 += kc {
			kb := min(kc, k-p0)
			r.pack(b.k, w.right, p0, kb, j0, j1-j0, w.rows)
			b.k.multiplyPanels(c, left[m*p0+i0*kb:], w, i0, i1, j0, j1, kb, alpha, accumulate || p0 > 0)
		}
	})
	return nil
}

// cut says into how many ranges of columns and of rows a product of units by panels
// is to be cut: those that let the threads end together, if they are equally fast.
// A task packs its columns of the right factor, which takes about as long as a
// panel of the left one, and reads all its panels from the second-level cache.
func cut(units, panels, most, threads int) (across, down int) {
	least := (units + most - 1) / most
	if threads == 1 {
		return least, 1
	}
	across, down = least, 1
	best := 0.0
	for a := least; a <= min(units, least+4*threads); a++ {
		for d := 1; d <= min(panels, 2*threads); d *= 2 {
			wide, high := float64((units+a-1)/a), float64((panels+d-1)/d)
			rounds := float64((a*d + threads - 1) / threads)
			cost := rounds * (wide*(high+1) + 0.1*high)
			if best == 0 || cost < best {
				across, down, best = a, d, cost
			}
		}
	}
	return across, down
}

// clear makes c the product of no steps.
func (b *Backend) clear(c view, accumulate bool) {
	if accumulate {
		return
	}
	for i := range c.rows {
		clear(c.row(i))
	}
}

// gemvRows is up to how many rows it is faster to go over the strips once for each
// than to unpack them.
const gemvRows = 3

// callBytes bounds what one call of a kernel goes through: assembly cannot be
// preempted, so a call ends within some tens of microseconds.
const callBytes = 256 << 10

// gemv is product for a few rows and a weight in strips, from strip first on: the
// same sums in the same order.
func (b *Backend) gemv(c, a view, w *weight, first, kc int, accumulate bool) {
	p := &w.packed
	strips := (c.cols + stripRows - 1) / stripRows
	ldw := p.blocks * p.size()
	atOnce := max(1, callBytes/ldw)
	parts := 1
	if strips*ldw*c.rows >= serialBytes {
		parts = min(strips, max(4*b.pool.size(), (strips+atOnce-1)/atOnce))
	}
	b.pool.run(parts, func(worker, t int) {
		s0, s1 := share(t, parts, strips, 1)
		for i := range c.rows {
			x, row := a.row(i), c.row(i)
			for k := 0; k < w.Cols; k += kc {
				blocks := min(kc, w.Cols-k) / 32
				for s := s0; s < s1; s += atOnce {
					n := min(atOnce, s1-s)
					y := row[s*stripRows : min((s+n)*stripRows, c.cols)]
					b.gemvCall(w, first+s, n, k/32, blocks, x[k:], y, &b.gemm.workers[worker], accumulate || k > 0)
				}
			}
		}
	})
}

// gemvCall computes the rows of n strips from s on, blocks columns of 32 from block
// on; the last strip may hang over the edge of y.
func (b *Backend) gemvCall(w *weight, s, n, block, blocks int, x, y []float32, room *panels, accumulate bool) {
	p := &w.packed
	ldw := p.blocks * p.size()
	_ = x[32*blocks-1]
	whole := min(n, len(y)/stripRows)
	if whole > 0 {
		_ = p.at(s+whole-1, block)[blocks*p.size()-1]
		b.k.strips[w.Type].gemv(whole, blocks, &p.at(s, block)[0], ldw, &x[0], &y[0], accumulate)
	}
	if whole < n {
		_ = p.at(s+whole, block)[blocks*p.size()-1]
		b.k.strips[w.Type].gemv(1, blocks, &p.at(s+whole, block)[0], ldw, &x[0], &room.edge[0], false)
		y = y[whole*stripRows:]
		storeTile(y, room.edge[:len(y)], 1, accumulate)
	}
}

// share is part i of n values in parts whose borders are multiples of unit and
// whose sizes differ by one unit at most.
func share(i, parts, n, unit int) (from, to int) {
	units := (n + unit - 1) / unit
	return min(units*i/parts*unit, n), min(units*(i+1)/parts*unit, n)
}

// multiplyPanels adds the product of kc steps to rows [i0, i1), columns [j0, j1)
// of c. left holds the panels from row i0 on, w.right those from column j0 on.
func (k *kernels) multiplyPanels(c view, left []float32, w *panels, i0, i1, j0, j1, kc int, alpha float32, accumulate bool) {
	width := k.tileCols
	for i := i0; i < i1; {
		t := k.tileFor(i1 - i)
		a := &left[(i-i0)*kc]
		for j := j0; j < j1; j += width {
			p := &w.right[(j-j0)*kc]
			if j+width <= j1 {
				_ = c.data[(i+t.rows-1)*c.stride+j+width-1]
				t.run(kc, a, p, &c.data[i*c.stride+j], c.stride, alpha, accumulate)
				continue
			}
			t.run(kc, a, p, &w.edge[0], width, alpha, false)
			for r := range t.rows {
				row := c.data[(i+r)*c.stride+j : (i+r)*c.stride+j1]
				if !accumulate {
					copy(row, w.edge[r*width:])
					continue
				}
				for x := range row {
					row[x] += w.edge[r*width+x]
				}
			}
		}
		i += t.rows
	}
}

// multiply is MatMul on the panels of one worker, for operations that spread
// their own tasks: c (=, or += with accumulate) alpha * op(a) op(bm). The caller
// has made sure of b.gemm.room.
func (b *Backend) multiply(worker int, c, a, bm view, transA, transB bool, alpha float32, accumulate bool) {
	k := a.cols
	if transA {
		k = a.rows
	}
	if k == 0 || c.rows == 0 || c.cols == 0 {
		b.clear(c, accumulate)
		return
	}
	w := &b.gemm.workers[worker]
	r := right{v: bm, trans: transB}
	kc := blocks(k, kMax, r.kUnit())
	rows := mMax / b.k.tiles[0].rows * b.k.tiles[0].rows
	for j0 := 0; j0 < c.cols; j0 += nMax {
		j1 := min(j0+nMax, c.cols)
		for p0 := 0; p0 < k; p0 += kc {
			kb := min(kc, k-p0)
			r.pack(b.k, w.right, p0, kb, j0, j1-j0, w.rows)
			for i0 := 0; i0 < c.rows; i0 += rows {
				i1 := min(i0+rows, c.rows)
				b.k.packLeft(w.left, a, transA, i0, i1, p0, kb)
				b.k.multiplyPanels(c, w.left, w, i0, i1, j0, j1, kb, alpha, accumulate || p0 > 0)
			}
		}
	}
}
