package model

import (
	"context"
	"errors"
	"fmt"

	"clara/compute"
)

// Sequence is a prompt and an answer whose tokens are judged, its end included.
type Sequence struct{ Prompt, Answer []int32 }

// Distribution are the most probable next tokens in descending order.
type Distribution struct {
	IDs      []int32
	LogProbs []float32
}

// packed is a batch of sequences side by side: what their prompts have in common
// once, then the rest of each as a segment of its own, which sees the common part
// and itself (a block-diagonal mask, positions reset). The last token of an answer
// predicts nothing and is left out.
type packed struct {
	batch
	tokens []int // judged tokens of each sequence, which lie one after another in out
}

// maxPackedRows bounds what goes through the network at once; its activations are
// about 0.7 MB a row for the built-in model.
const maxPackedRows = 4096

// ErrTooLong says that the sequences of one step need more rows than fit.
var ErrTooLong = errors.New("too many tokens for one step")

func (c Config) pack(seqs []Sequence, lo *lora) (*packed, error) {
	pk := &packed{batch: batch{lora: lo}}
	prompts := make([][]int32, len(seqs))
	for i, s := range seqs {
		if len(s.Prompt) == 0 || len(s.Answer) == 0 {
			return nil, fmt.Errorf("sequence %d has %d tokens of prompt and %d of answer; both need one", i+1, len(s.Prompt), len(s.Answer))
		}
		for _, ids := range [][]int32{s.Prompt, s.Answer} {
			for _, id := range ids {
				if id < 0 || int(id) >= c.Vocabulary {
					return nil, fmt.Errorf("sequence %d: token %d of a vocabulary of %d", i+1, id, c.Vocabulary)
				}
			}
		}
		prompts[i] = s.Prompt
	}
	shared := sharedBeginning(prompts)
	if shared > 0 {
		for at, id := range prompts[0][:shared] {
			pk.add(id, at, at, compute.Span{From: 0, To: int32(at + 1)})
		}
	}
	for _, s := range seqs {
		first := len(pk.ids)
		for at := shared; at < len(s.Prompt)+len(s.Answer)-1; at++ {
			row := len(pk.ids)
			id := int32(0)
			if at < len(s.Prompt) {
				id = s.Prompt[at]
			} else {
				id = s.Answer[at-len(s.Prompt)]
			}
			pk.add(id, at, row, compute.Span{PrefixTo: int32(shared), From: int32(first), To: int32(row + 1)})
			if at >= len(s.Prompt)-1 {
				pk.out = append(pk.out, int32(row))
			}
		}
		pk.tokens = append(pk.tokens, len(s.Answer))
	}
	if len(pk.ids) > maxPackedRows {
		return nil, fmt.Errorf("%d rows, at most %d: %w", len(pk.ids), maxPackedRows, ErrTooLong)
	}
	return pk, nil
}

// scoreRows is how many rows of sequences are scored at once.
const scoreRows = 1024

// score runs the sequences through the network, exactly, and hands the hidden
// states of each group to head together with the index of its first sequence. A group
// whose engine fails is handed over once more.
func (r *Runner) score(ctx context.Context, seqs []Sequence, ads []*Adapter, p Priority, headValues func(outs int) int,
	head func(e *exec, first int, pk *packed, h compute.Tensor, arena *compute.Arena) error,
) error {
	first := 0
	return r.run(ctx, p, func(e *exec) error {
		st, err := e.acquire(ads)
		if err != nil {
			return err
		}
		defer e.on.stacks.release(st)
		for first < len(seqs) {
			n, rows := 0, 0
			for first+n < len(seqs) {
				s := seqs[first+n]
				if rows += len(s.Prompt) + len(s.Answer); n > 0 && rows > scoreRows {
					break
				}
				n++
			}
			pk, err := r.config.pack(seqs[first:first+n], st.loraOf())
			if err != nil {
				return err
			}
			rank := 0
			if st != nil {
				rank = st.lora.rank
			}
			arena, err := compute.NewArena(e.on.net.be, r.config.forwardValues(len(pk.ids), len(pk.out), rank, false)+headValues(len(pk.out)))
			if err != nil {
				return err
			}
			h := e.on.net.forward(e, &pk.batch, nil, arena, nil, compute.Exact)
			if err = e.err; err == nil {
				err = head(e, first, pk, h, arena)
			}
			arena.Free()
			if err != nil {
				return err
			}
			if err := ctx.Err(); err != nil {
				return err
			}
			first += n
		}
		return nil
	})
}

// LogProbs returns the log-probability of every answer token of every sequence
// under the base with the adapters added up.
func (r *Runner) LogProbs(ctx context.Context, seqs []Sequence, ads []*Adapter, p Priority) ([][]float32, error) {
	out := make([][]float32, len(seqs))
	err := r.score(ctx, seqs, ads, p, func(outs int) int { return 3 * (outs + 16) },
		func(e *exec, first int, pk *packed, h compute.Tensor, arena *compute.Arena) error {
			n := len(pk.out)
			logp, lse := e.take(arena, n, 1), e.take(arena, n, 2)
			var ids []int32
			for i := range pk.tokens {
				ids = append(ids, seqs[first+i].Answer...)
			}
			values := make([]float32, n)
			if e.err == nil {
				e.do(e.HeadLogProbs(logp, lse, h, e.on.net.head, ids))
				e.do(e.Read(values, logp))
				e.numbers(values)
			}
			for i, k := range pk.tokens {
				out[first+i], values = values[:k:k], values[k:]
			}
			return e.err
		})
	if err != nil {
		return nil, fmt.Errorf("compute log-probabilities of %d sequences: %w", len(seqs), err)
	}
	return out, nil
}

// TopK returns, for every answer token of every sequence, the k most probable
// tokens at its place.
func (r *Runner) TopK(ctx context.Context, seqs []Sequence, ads []*Adapter, k int, p Priority) ([][]Distribution, error) {
	if k < 1 || k > r.config.Vocabulary {
		return nil, fmt.Errorf("find the %d most probable of %d tokens", k, r.config.Vocabulary)
	}
	out := make([][]Distribution, len(seqs))
	err := r.score(ctx, seqs, ads, p, func(int) int { return 0 },
		func(e *exec, first int, pk *packed, h compute.Tensor, _ *compute.Arena) error {
			n := len(pk.out)
			ids, logp := make([]int32, n*k), make([]float32, n*k)
			e.do(e.HeadTopK(ids, logp, h, e.on.net.head, k))
			e.numbers(logp)
			for i, tokens := range pk.tokens {
				out[first+i] = nil
				for range tokens {
					out[first+i] = append(out[first+i], Distribution{IDs: ids[:k:k], LogProbs: logp[:k:k]})
					ids, logp = ids[k:], logp[k:]
				}
			}
			return e.err
		})
	if err != nil {
		return nil, fmt.Errorf("find the most probable tokens of %d sequences: %w", len(seqs), err)
	}
	return out, nil
}
