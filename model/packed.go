package model

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"clara/compute"
)

// Sequence is a prompt and an answer whose tokens are judged, its end included.
type Sequence struct{ Prompt, Answer []int32 }

// Distribution are the most probable next tokens in descending order.
type Distribution struct {
	IDs      []int32
	LogProbs []float32
}

// packed is a batch of sequences side by side: what prompts have in common once (see share),
// then the rest of each as a segment of its own, which sees that beginning and itself (a
// block-diagonal mask, positions reset). The last token of an answer predicts nothing and is
// left out.
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
	shared := share(prompts)
	beginnings := make([]compute.Span, len(seqs)) // without keys of their own
	for i, s := range seqs {
		if shared[i].with == i {
			first := len(pk.ids)
			for at, id := range s.Prompt[:shared[i].tokens] {
				pk.add(id, at, first+at, compute.Span{From: int32(first), To: int32(first + at + 1)})
			}
			beginnings[i] = compute.Span{PrefixFrom: int32(first), PrefixTo: int32(len(pk.ids))}
		}
		span := beginnings[shared[i].with]
		span.From = int32(len(pk.ids))
		for at := shared[i].tokens; at < len(s.Prompt)+len(s.Answer)-1; at++ {
			row := len(pk.ids)
			id := int32(0)
			if at < len(s.Prompt) {
				id = s.Prompt[at]
			} else {
				id = s.Answer[at-len(s.Prompt)]
			}
			span.To = int32(row + 1)
			pk.add(id, at, row, span)
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

// sharing is how much of a prompt goes through the network for others too.
type sharing struct {
	tokens int // that it begins with; 0: it stands alone
	with   int // the first of the prompts that they go through once for; itself, if it stands alone
}

// share finds the prompts that begin alike. A row sees one beginning and its own sequence
// (compute.Span), so each prompt takes part in one beginning at most, and a longer one is laid
// out whole beside a shorter one that it begins with; of all ways to choose, this one makes the
// fewest rows. Each prompt keeps its last token, which is judged.
func share(prompts [][]int32) []sharing {
	if len(prompts) == 0 {
		return nil
	}
	before := func(i int) []int32 { return prompts[i][:len(prompts[i])-1] } // the last token
	order := make([]int, len(prompts))                                      // those that begin alike, side by side
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return slices.Compare(before(a), before(b)) })
	common := make([]int, len(order)-1) // tokens that each begins with as the next in order does
	for i := range common {
		common[i] = commonPrefix(before(order[i]), before(order[i+1]))
	}

	type beginning struct{ tokens, first int } // first in order of those that have it
	type stretch struct {                      // of order
		from, to int
		laid     beginning // that all of it have, and that is laid out for them
	}
	type choice struct {
		saved int         // rows
		each  []beginning // of the stretch
	}
	known := make(map[stretch]choice)
	var best func(s stretch) choice
	best = func(s stretch) choice {
		if s.to-s.from == 1 {
			return choice{s.laid.tokens, []beginning{s.laid}}
		}
		if c, ok := known[s]; ok {
			return c
		}
		n := slices.Min(common[s.from : s.to-1])
		with := func(laid beginning) (c choice) {
			from := s.from
			for i := s.from; i < s.to; i++ {
				if i == s.to-1 || common[i] == n {
					part := best(stretch{from, i + 1, laid})
					c.saved += part.saved
					c.each = append(c.each, part.each...)
					from = i + 1
				}
			}
			return c
		}
		c := with(s.laid)
		if n > s.laid.tokens {
			own := with(beginning{n, s.from})
			if own.saved -= n; own.saved > c.saved {
				c = own
			}
		}
		known[s] = c
		return c
	}
	of := make([]beginning, len(prompts))
	for at, b := range best(stretch{to: len(order)}).each {
		of[order[at]] = b
	}
	out := make([]sharing, len(prompts))
	first := make(map[beginning]int)
	for i, b := range of {
		if _, ok := first[b]; !ok || b.tokens == 0 {
			first[b] = i
		}
		out[i] = sharing{b.tokens, first[b]}
	}
	return out
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
