package model

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"clara/compute"
)

const (
	// sideBySide is the most answers that are decoded together. A decoding step
	// reads all weights once whatever the number of rows; from about 32 rows on it
	// is bound by arithmetic and nothing more is gained.
	sideBySide = 32
	// togetherTokens bounds the cache of one such group.
	togetherTokens = 16384
)

// GenerateAll answers many requests side by side and returns the results in their
// order. Requests with the same adapters share the beginning that their prompts
// have in common. It is deterministic: same requests, same machine, same results.
func (r *Runner) GenerateAll(ctx context.Context, qs []Request, p Priority) ([]Result, error) {
	limits := make([]int, len(qs))
	order := make([]int, len(qs))
	for i, q := range qs {
		limit, err := r.check(q)
		if err != nil {
			return nil, fmt.Errorf("generate %d of %d: %w", i+1, len(qs), err)
		}
		limits[i], order[i] = limit, i
	}
	e, done, err := r.begin(ctx, p)
	if err != nil {
		return nil, fmt.Errorf("generate: %w", err)
	}
	defer done()
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(adaptersKey(qs[a]), adaptersKey(qs[b])), cmp.Compare(len(qs[a].Prompt), len(qs[b].Prompt)))
	})
	results := make([]Result, len(qs))
	for len(order) > 0 {
		n, tokens := 0, 0
		for n < len(order) && n < sideBySide && adaptersKey(qs[order[n]]) == adaptersKey(qs[order[0]]) {
			tokens += len(qs[order[n]].Prompt) + limits[order[n]]
			if n > 0 && tokens > togetherTokens {
				break
			}
			n++
		}
		if err := r.together(e, qs, limits, order[:n], results); err != nil {
			return nil, fmt.Errorf("generate: %w", err)
		}
		order = order[n:]
	}
	return results, nil
}

// adaptersKey is equal for requests that can be decoded together.
func adaptersKey(q Request) string {
	key := ""
	if q.Exact {
		key = "exact"
	}
	for _, a := range q.Adapters {
		if a != nil {
			key += "+" + a.hash
		}
	}
	return key
}

// member is one of the answers that are decoded side by side.
type member struct {
	index  int // into requests and results
	from   int // first cache row of its own, behind the shared beginning
	ids    []int32
	choice *sampler
	out    *textStream
	limit  int
}

// together answers the requests named by group, which have the same adapters.
func (r *Runner) together(e *exec, qs []Request, limits, group []int, results []Result) error {
	st, err := r.stacks.acquire(qs[group[0]].Adapters)
	if err != nil {
		return err
	}
	defer r.stacks.release(st)
	start := time.Now()
	precision := qs[group[0]].precision()
	prompts := make([][]int32, len(group))
	for i, g := range group {
		prompts[i] = qs[g].Prompt
	}
	shared := sharedBeginning(prompts)
	capacity := shared
	members := make([]*member, len(group))
	for i, g := range group {
		members[i] = &member{
			index: g, from: capacity, ids: slices.Clone(qs[g].Prompt), limit: limits[g],
			choice: newSampler(qs[g].Sampling), out: newTextStream(r.tokenizer, qs[g].Stop),
		}
		capacity += len(qs[g].Prompt) - shared + limits[g]
	}
	cache, err := r.net.newCache(capacity)
	if err != nil {
		return err
	}
	defer cache.memory.Free()
	rank := 0
	if st != nil {
		rank = st.lora.rank
	}
	rows := max(promptRows, sideBySide)
	arena, err := compute.NewArena(r.net.be, r.net.forwardValues(rows, sideBySide, rank, false)+sideBySide*(r.net.Vocabulary+16))
	if err != nil {
		return err
	}
	defer arena.Free()

	// The prompts: the shared beginning, then what each has of its own.
	b := &batch{lora: st.loraOf()}
	logits := make([]float32, len(members)*r.net.Vocabulary)
	flush := func(waiting []*member) error {
		if len(b.ids) == 0 {
			return e.err
		}
		err := r.step(e, b, cache, arena, precision, logits)
		if err == nil {
			r.chooseAll(waiting, logits, results)
		}
		*b = batch{lora: b.lora}
		return err
	}
	for at, id := range prompts[0][:shared] {
		b.add(id, at, at, compute.Span{From: 0, To: int32(at + 1)})
		if len(b.ids) == promptRows {
			if err := flush(nil); err != nil {
				return err
			}
		}
	}
	var waiting []*member // members whose last prompt token is in b
	for _, m := range members {
		for at := shared; at < len(m.ids); at++ {
			b.add(m.ids[at], at, m.slot(at, shared), m.span(at, shared))
			if at == len(m.ids)-1 {
				b.out = append(b.out, int32(len(b.ids)-1))
				waiting = append(waiting, m)
			}
			if len(b.ids) == promptRows {
				if err := flush(waiting); err != nil {
					return err
				}
				waiting = nil
			}
		}
	}
	if err := flush(waiting); err != nil {
		return err
	}
	promptTime := time.Since(start)

	// One token for each at a time, until all have ended.
	for {
		waiting = nil
		for _, m := range members {
			if results[m.index].Finish == "" {
				at := len(m.ids) - 1
				b.add(m.ids[at], at, m.slot(at, shared), m.span(at, shared))
				b.out = append(b.out, int32(len(b.ids)-1))
				waiting = append(waiting, m)
			}
		}
		if len(waiting) == 0 {
			break
		}
		if err := e.ctx.Err(); err != nil {
			return err
		}
		if err := flush(waiting); err != nil {
			return err
		}
	}
	for _, m := range members {
		res := &results[m.index]
		m.out.finish()
		res.Text = m.out.text()
		res.PromptTokens = len(qs[m.index].Prompt)
		res.PromptTime, res.AnswerTime = promptTime, time.Since(start)-promptTime
	}
	return nil
}

// slot is the cache row of the member's token at a position behind the shared ones.
func (m *member) slot(at, shared int) int { return m.from + at - shared }

// span names the keys of that token: the shared ones, then its own up to itself.
func (m *member) span(at, shared int) compute.Span {
	return compute.Span{PrefixTo: int32(shared), From: int32(m.from), To: int32(m.slot(at, shared) + 1)}
}

// add appends a row whose keys go to a cache row.
func (b *batch) add(id int32, position, slot int, span compute.Span) {
	b.ids = append(b.ids, id)
	b.positions = append(b.positions, int32(position))
	b.slots = append(b.slots, int32(slot))
	b.spans = append(b.spans, span)
}

// step runs the batch; logits receives a row for each of b.out.
func (r *Runner) step(e *exec, b *batch, cache *kvCache, arena *compute.Arena, p compute.Precision, logits []float32) error {
	arena.Release(0)
	h := r.net.forward(e, b, cache, arena, nil, p)
	if n := len(b.out); n > 0 {
		z := e.take(arena, n, r.net.Vocabulary)
		if e.err == nil {
			e.do(e.Linear(z, h, r.net.head, p, false))
			e.do(e.Read(logits[:n*r.net.Vocabulary], z))
		}
	}
	return e.err
}

// chooseAll gives each member its next token, or its end.
func (r *Runner) chooseAll(members []*member, logits []float32, results []Result) {
	for i, m := range members {
		res := &results[m.index]
		id := m.choice.choose(logits[i*r.net.Vocabulary:(i+1)*r.net.Vocabulary], m.ids)
		if r.tokenizer.IsEnd(id) {
			res.Finish = FinishEnd
			continue
		}
		res.IDs = append(res.IDs, id)
		m.ids = append(m.ids, id)
		if _, stopped := m.out.add(id); stopped {
			res.Finish = FinishStop
		} else if len(res.IDs) == m.limit {
			res.Finish = FinishLength
		}
	}
}

// sharedBeginning counts the tokens that all prompts begin with, leaving each at
// least one of its own. A single prompt shares nothing.
func sharedBeginning(prompts [][]int32) int {
	if len(prompts) < 2 {
		return 0
	}
	n := len(prompts[0]) - 1
	for _, p := range prompts[1:] {
		n = min(n, len(p)-1, commonPrefix(p, prompts[0]))
	}
	return max(n, 0)
}
