package conformance

import (
	"errors"
	"testing"

	"clara/compute"
)

// Faults plants errors in an engine that is right, one operation and one kind of
// error at a time, and requires that the suite finds every one: a check that
// cannot fail would be none.
func Faults(t *testing.T, open func() (compute.Backend, error)) {
	b := start(t, open)
	for _, op := range operations() {
		t.Run(op.name, func(t *testing.T) {
			for _, kind := range []fault{wrongValue, wrongNaN, strayWrite, changedOperand, leftOut} {
				f := &faulty{Backend: b, method: op.name, kind: kind}
				var found error
				for _, c := range op.cases {
					if found = runCase(f, op, c); found != nil {
						break
					}
				}
				if f.planted > 0 && found == nil {
					t.Errorf("%s: planted %d times, never found", kind, f.planted)
				}
				if f.planted == 0 && kind.possible(op.name) {
					t.Errorf("%s: could not be planted", kind)
				}
			}
			f := &faulty{Backend: b, method: op.name, kind: acceptsMisfits}
			if op.misfits != nil {
				if err := runMisfits(f, op); !errors.Is(err, errAccepted) {
					t.Errorf("%s: not found", f.kind)
				}
			}
		})
	}
}

// fault is a kind of error.
type fault string

const (
	wrongValue     fault = "one value of the result is wrong"
	wrongNaN       fault = "one value of the result is NaN"
	strayWrite     fault = "a value beside the result was written"
	changedOperand fault = "a value of an operand was changed"
	leftOut        fault = "the call does nothing"
	acceptsMisfits fault = "operands that do not fit are accepted"
)

// possible says whether a fault can be planted in a method: some have no operand
// that stays, or return host values.
func (k fault) possible(method string) bool {
	switch method {
	case "Memory":
		return k != strayWrite
	case "HeadTopK", "SumSquares":
		return k != strayWrite
	case "Embedding", "RoPE", "Scale":
		return k != changedOperand
	default:
		return true
	}
}

// faulty is an engine with a planted error in one method.
type faulty struct {
	compute.Backend
	method  string
	kind    fault
	planted int
	quiet   bool // while the fault itself reads and writes
}

// plant runs call and then does damage to one of its results or operands.
func (f *faulty) plant(method string, call func() error, results, operands []compute.Tensor) error {
	if method != f.method || f.quiet {
		return call()
	}
	if f.kind == acceptsMisfits {
		_ = call() // its refusal is what gets lost
		return nil
	}
	if f.kind == leftOut {
		for _, r := range results {
			if r.Rows*r.Cols > 0 {
				f.planted++
				return nil
			}
		}
		return call()
	}
	if err := call(); err != nil {
		return err
	}
	f.quiet = true
	defer func() { f.quiet = false }()
	switch f.kind {
	case wrongValue, wrongNaN:
		f.damage(results, 0)
	case changedOperand:
		f.damage(operands, 0)
	case strayWrite:
		f.damage(results, 1)
	}
	return nil
}

// damage changes one value of the first tensor that has any, or the one behind
// its first row.
func (f *faulty) damage(tensors []compute.Tensor, beyond int) {
	for _, t := range tensors {
		if t.IsZero() || t.Rows == 0 || t.Cols == 0 {
			continue
		}
		off := t.Off + t.Cols/2
		if beyond > 0 {
			if off = t.Off + t.Cols; t.Rows > 1 && t.Stride == t.Cols || off >= t.Mem.Len() {
				continue
			}
		}
		one := compute.Tensor{Mem: t.Mem, Off: off, Rows: 1, Cols: 1, Stride: 1}
		if f.damageAt(one) {
			f.planted++
			return
		}
	}
}

func (f *faulty) damageAt(one compute.Tensor) bool {
	var v [1]float32
	if f.Backend.Read(v[:], one) != nil {
		return false
	}
	if f.kind == wrongNaN {
		v[0] = nan32
	} else {
		v[0] = wrong(v[0])
	}
	return f.Backend.Write(one, v[:]) == nil
}

var nan32 = float32(0) / zero32

var zero32 float32

// wrong is off by a thousandth: less than one operation in f16 could be.
func wrong(v float32) float32 { return v*1.001 + 0.001 }

func (f *faulty) Write(dst compute.Tensor, src []float32) error {
	return f.plant("Memory", func() error { return f.Backend.Write(dst, src) }, tensors(dst), nil)
}

func (f *faulty) Read(dst []float32, src compute.Tensor) error {
	if f.method != "Memory" || f.quiet {
		return f.Backend.Read(dst, src)
	}
	switch f.kind {
	case acceptsMisfits:
		_ = f.Backend.Read(dst, src)
		return nil
	case changedOperand:
		return f.plant("Memory", func() error { return f.Backend.Read(dst, src) }, nil, tensors(src))
	default:
		return f.Backend.Read(dst, src)
	}
}

func tensors(t ...compute.Tensor) []compute.Tensor { return t }

func (f *faulty) Embedding(dst compute.Tensor, w compute.Weight, ids []int32, scale float32) error {
	return f.plant("Embedding", func() error { return f.Backend.Embedding(dst, w, ids, scale) }, tensors(dst), nil)
}

func (f *faulty) Linear(y, x compute.Tensor, w compute.Weight, p compute.Precision, accumulate bool) error {
	return f.plant("Linear", func() error { return f.Backend.Linear(y, x, w, p, accumulate) }, tensors(y), tensors(x))
}

func (f *faulty) LinearBackward(dx, dy compute.Tensor, w compute.Weight, accumulate bool) error {
	return f.plant("LinearBackward", func() error { return f.Backend.LinearBackward(dx, dy, w, accumulate) }, tensors(dx), tensors(dy))
}

func (f *faulty) MatMul(c, a, b compute.Tensor, transA, transB bool, alpha float32, accumulate bool) error {
	return f.plant("MatMul", func() error { return f.Backend.MatMul(c, a, b, transA, transB, alpha, accumulate) }, tensors(c), tensors(a, b))
}

func (f *faulty) RMSNorm(y, x, gain compute.Tensor, eps float32) error {
	return f.plant("RMSNorm", func() error { return f.Backend.RMSNorm(y, x, gain, eps) }, tensors(y), tensors(gain))
}

func (f *faulty) RMSNormBackward(dx, dy, x, gain compute.Tensor, eps float32, accumulate bool) error {
	return f.plant("RMSNormBackward", func() error { return f.Backend.RMSNormBackward(dx, dy, x, gain, eps, accumulate) }, tensors(dx), tensors(x, gain))
}

func (f *faulty) RoPE(x compute.Tensor, positions []int32, freqs []float32, style compute.RoPEStyle, backward bool) error {
	return f.plant("RoPE", func() error { return f.Backend.RoPE(x, positions, freqs, style, backward) }, tensors(x), nil)
}

func (f *faulty) Attention(out, lse, q, k, v compute.Tensor, spans []compute.Span, a compute.AttentionShape) error {
	return f.plant("Attention", func() error { return f.Backend.Attention(out, lse, q, k, v, spans, a) }, tensors(out), tensors(q, k, v))
}

func (f *faulty) AttentionBackward(dq, dk, dv, dout, out, lse, q, k, v compute.Tensor, spans []compute.Span, a compute.AttentionShape) error {
	return f.plant("AttentionBackward", func() error {
		return f.Backend.AttentionBackward(dq, dk, dv, dout, out, lse, q, k, v, spans, a)
	}, tensors(dk, dv, dq), tensors(dout, out, lse, q, k, v))
}

func (f *faulty) GLU(y, gate, up compute.Tensor, act compute.Activation) error {
	return f.plant("GLU", func() error { return f.Backend.GLU(y, gate, up, act) }, tensors(y), tensors(gate, up))
}

func (f *faulty) GLUBackward(dgate, dup, dy, gate, up compute.Tensor, act compute.Activation) error {
	return f.plant("GLUBackward", func() error { return f.Backend.GLUBackward(dgate, dup, dy, gate, up, act) }, tensors(dup, dgate), tensors(dy, gate, up))
}

func (f *faulty) Add(y, x compute.Tensor, alpha float32) error {
	return f.plant("Add", func() error { return f.Backend.Add(y, x, alpha) }, tensors(y), tensors(x))
}

func (f *faulty) Scale(y compute.Tensor, alpha float32) error {
	return f.plant("Scale", func() error { return f.Backend.Scale(y, alpha) }, tensors(y), nil)
}

func (f *faulty) CopyRows(dst compute.Tensor, di []int32, src compute.Tensor, si []int32, accumulate bool) error {
	return f.plant("CopyRows", func() error { return f.Backend.CopyRows(dst, di, src, si, accumulate) }, tensors(dst), tensors(src))
}

func (f *faulty) HeadLogProbs(logp, lse, h compute.Tensor, w compute.Weight, ids []int32) error {
	return f.plant("HeadLogProbs", func() error { return f.Backend.HeadLogProbs(logp, lse, h, w, ids) }, tensors(logp, lse), tensors(h))
}

func (f *faulty) HeadLogProbsBackward(dh, dlogp, lse, h compute.Tensor, w compute.Weight, ids []int32) error {
	return f.plant("HeadLogProbsBackward", func() error { return f.Backend.HeadLogProbsBackward(dh, dlogp, lse, h, w, ids) }, tensors(dh), tensors(dlogp, lse, h))
}

func (f *faulty) HeadTopK(ids []int32, logp []float32, h compute.Tensor, w compute.Weight, k int) error {
	err := f.plant("HeadTopK", func() error { return f.Backend.HeadTopK(ids, logp, h, w, k) }, nil, tensors(h))
	if f.method == "HeadTopK" && err == nil && len(ids) > 0 {
		switch f.kind {
		case wrongValue:
			ids[len(ids)/2]++
			f.planted++
		case wrongNaN:
			logp[len(logp)/2] = nan32
			f.planted++
		case leftOut:
			clear(ids)
			clear(logp)
			f.planted++
		}
	}
	return err
}

func (f *faulty) AdamW(param, grad, m, v compute.Tensor, s compute.AdamWStep) error {
	return f.plant("AdamW", func() error { return f.Backend.AdamW(param, grad, m, v, s) }, tensors(v, m, param), tensors(grad))
}

func (f *faulty) SumSquares(x compute.Tensor) (float64, error) {
	var sum float64
	err := f.plant("SumSquares", func() (err error) { sum, err = f.Backend.SumSquares(x); return err }, nil, tensors(x))
	if f.method == "SumSquares" && err == nil && x.Rows*x.Cols > 0 {
		switch f.kind {
		case wrongValue:
			sum *= 1.0001
			f.planted++
		case wrongNaN:
			sum = float64(nan32)
			f.planted++
		case leftOut:
			sum = 0
			f.planted++
		}
	}
	return sum, err
}
