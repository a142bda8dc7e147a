package conformance

import (
	"errors"
	"fmt"
	"math"

	"clara/compute"
)

// AttentionBackward. The probabilities are made again, from a log-sum-exp that
// was rounded to f32.
func attentionBackwardOperation() operation {
	op := operation{name: "AttentionBackward"}
	for _, s := range scenes() {
		op.cases = append(op.cases, testCase{s.name, func(e *env) error {
			q, k, v, spans := e.attentionInputs(s)
			dout := e.in("dout", s.rows, q.Cols)
			forward := attention(q.mat(), k.mat(), v.mat(), spans, s.shape)
			out, lse := e.of("out", forward.out), e.of("lse", forward.lse)
			dq := e.out("dq", s.rows, q.Cols)
			dk, dv := e.in("dk", s.keys, k.Cols).changes(), e.in("dv", s.keys, k.Cols).changes()
			want := attentionBackward(dout.mat(), q.mat(), k.mat(), v.mat(), dk.mat(), dv.mat(), spans, s.shape)
			if e.err != nil {
				return e.err
			}
			err := e.b.AttentionBackward(dq.Tensor, dk.Tensor, dv.Tensor, dout.Tensor, out.Tensor, lse.Tensor, q.Tensor, k.Tensor, v.Tensor, spans, s.shape)
			if err != nil {
				return err
			}
			return errors.Join(e.check(dq, want.dq, want.dqTol), e.check(dk, want.dk, want.dkTol), e.check(dv, want.dv, want.dvTol))
		}})
	}
	op.misfits = func(e *env) []misfit {
		q, k, v := e.in("q", 3, 12), e.in("k", 5, 6), e.in("v", 5, 6)
		out, lse, dout := e.in("out", 3, 12), e.in("lse", 3, 4), e.in("dout", 3, 12)
		dq, dk, dv := e.in("dq", 3, 12), e.in("dk", 5, 6), e.in("dv", 5, 6)
		a := compute.AttentionShape{Heads: 4, KVHeads: 2, HeadDim: 3, Scale: 1}
		spans := []compute.Span{{To: 1}, {To: 2}, {To: 3}}
		// Each operand in turn has a column too few, then is missing.
		var misfits []misfit
		operands := []*operand{dq, dk, dv, dout, out, lse, q, k, v}
		for i, o := range operands {
			for _, missing := range []bool{false, true} {
				ts := make([]compute.Tensor, len(operands))
				for j, p := range operands {
					ts[j] = p.Tensor
				}
				ts[i] = o.Columns(0, o.Cols-1)
				if missing {
					ts[i] = compute.Tensor{}
				}
				misfits = append(misfits, misfit{fmt.Sprintf("%s missing %t", o.name, missing), func() error {
					return e.b.AttentionBackward(ts[0], ts[1], ts[2], ts[3], ts[4], ts[5], ts[6], ts[7], ts[8], spans, a)
				}})
			}
		}
		return append(misfits, misfit{"span beyond the keys", func() error {
			return e.b.AttentionBackward(dq.Tensor, dk.Tensor, dv.Tensor, dout.Tensor, out.Tensor, lse.Tensor, q.Tensor, k.Tensor, v.Tensor,
				[]compute.Span{{}, {}, {To: 6}}, a)
		}})
	}
	for _, s := range benchScenes()[2:] {
		op.bench = append(op.bench, benchmark{s.name, func(e *env) (func() error, float64) {
			q, k, v, spans := e.attentionInputs(s)
			out, lse, dout := e.out("out", s.rows, q.Cols), e.out("lse", s.rows, s.shape.Heads), e.in("dout", s.rows, q.Cols)
			dq, dk, dv := e.out("dq", s.rows, q.Cols), e.in("dk", s.keys, k.Cols).changes(), e.in("dv", s.keys, k.Cols).changes()
			e.fail(e.b.Attention(out.Tensor, lse.Tensor, q.Tensor, k.Tensor, v.Tensor, spans, s.shape))
			return func() error {
				return e.b.AttentionBackward(dq.Tensor, dk.Tensor, dv.Tensor, dout.Tensor, out.Tensor, lse.Tensor, q.Tensor, k.Tensor, v.Tensor, spans, s.shape)
			}, 10 * s.multiplies(spans)
		}})
	}
	return op
}

type attendedBackward struct {
	dq, dqTol, dk, dkTol, dv, dvTol mat
}

// attentionBackward is the reference: gradients, those of keys and values on top
// of what was there.
func attentionBackward(dout, q, k, v, dkBefore, dvBefore mat, spans []compute.Span, a compute.AttentionShape) attendedBackward {
	r := attendedBackward{
		newMat(q.rows, q.cols), newMat(q.rows, q.cols),
		dkBefore.clone(), newMat(k.rows, k.cols), dvBefore.clone(), newMat(v.rows, v.cols),
	}
	summands := make([]int, k.rows) // of dk and dv
	for t := range q.rows {
		for _, key := range keysOf(spans[t], a.Window) {
			summands[key] += a.Heads / a.KVHeads
		}
	}
	for key := range k.rows {
		for i := range k.cols {
			r.dkTol.set(key, i, sumError(summands[key])*math.Abs(r.dk.at(key, i)))
			r.dvTol.set(key, i, sumError(summands[key])*math.Abs(r.dv.at(key, i)))
		}
	}
	for t := range q.rows {
		for head := range a.Heads {
			s := scoresOf(q, k, t, head, spans[t], a)
			relative := s.bound + eps*math.Abs(s.lse) + 8*eps // of a probability
			row, column := head*a.HeadDim, head/(a.Heads/a.KVHeads)*a.HeadDim
			dp, dpError := make([]float64, len(s.keys)), make([]float64, len(s.keys))
			var sum, sumTerms float64 // D
			for j, key := range s.keys {
				var terms float64
				for d := range a.HeadDim {
					product := dout.at(t, row+d) * v.at(key, column+d)
					dp[j] += product
					terms += math.Abs(product)
				}
				sum += s.p[j] * dp[j]
				sumTerms += s.p[j] * terms
				dpError[j] = sumError(a.HeadDim) * terms
			}
			for j, key := range s.keys {
				ds := s.p[j] * (dp[j] - sum)
				dsError := math.Abs(ds)*relative + s.p[j]*(dpError[j]+sumError(a.HeadDim)*sumTerms+4*eps*(math.Abs(dp[j])+math.Abs(sum)))
				n := sumError(summands[key])
				for d := range a.HeadDim {
					kv, qv, g := float64(a.Scale)*k.at(key, column+d), float64(a.Scale)*q.at(t, row+d), dout.at(t, row+d)
					r.dq.v[t*q.cols+row+d] += ds * kv
					r.dqTol.v[t*q.cols+row+d] += math.Abs(kv) * (dsError + math.Abs(ds)*sumError(len(s.keys)))
					r.dk.v[key*k.cols+column+d] += ds * qv
					r.dkTol.v[key*k.cols+column+d] += math.Abs(qv) * (dsError + math.Abs(ds)*n)
					r.dv.v[key*k.cols+column+d] += s.p[j] * g
					r.dvTol.v[key*k.cols+column+d] += s.p[j] * math.Abs(g) * (relative + n)
				}
			}
		}
	}
	return r
}
