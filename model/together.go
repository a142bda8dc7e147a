package model

import (
	"cmp"
	"context"
	"errors"
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
	// togetherTokens bounds the cache of one such group. The bytes of a token differ
	// tenfold between models: see roomTogether.
	togetherTokens = 16384
)

// GenerateAll answers many requests side by side and returns the results in their
// order. Requests with the same adapters share the beginning that their prompts
// have in common. It is deterministic: same requests, same machine, same results; except
// that where memory is short the groups are smaller, and with other rows beside it a
// token's products may be summed in another order, which can move the last digit.
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
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(adaptersKey(qs[a]), adaptersKey(qs[b])), cmp.Compare(len(qs[a].Prompt), len(qs[b].Prompt)))
	})
	results := make([]Result, len(qs))
	var groups []*group // under way: one, or what it was divided into
	err := r.run(ctx, p, func(e *exec) error {
		// What was refused before says nothing of what there is now, mostly on another engine.
		groups = joined(groups)
		if len(groups) > 0 { // as large as the engine before had room for
			room, err := roomTogether(e)
			if err != nil {
				return err
			}
			groups = groups[0].within(room)
		}
		refused, spared := togetherTokens, false
		for len(order) > 0 || len(groups) > 0 {
			if len(groups) == 0 {
				room, err := roomTogether(e)
				if err != nil {
					return err
				}
				n := groupSize(qs, limits, order, min(room, refused))
				groups = append(groups, r.newGroup(qs, limits, order[:n], results))
				order = order[n:]
			}
			g := groups[0]
			err := r.together(e, g)
			switch {
			case errors.Is(err, compute.ErrMemory) && !spared && e.on.spare():
				// Once: the adapters of this very group lie idle after each refusal.
				e.err, spared = nil, true
			case errors.Is(err, compute.ErrMemory) && len(g.members) > 1:
				// Fewer may fit: no reason to leave the engine. So large a group is not tried again.
				e.err = nil
				halves := g.halves()
				groups = slices.Replace(groups, 0, 1, halves...)
				refused = min(refused, halves[0].capacity)
			case err != nil:
				return err
			default:
				groups, spared = groups[1:], false
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("generate: %w", err)
	}
	return results, nil
}

// roomTogether is how many tokens the cache of a group has room for in half of what the
// engine has free: the rest is for answers that come meanwhile. Engines that would rather
// swap than refuse are not brought to it.
func roomTogether(e *exec) (int, error) {
	use, err := e.MemoryUse()
	if err != nil {
		return 0, err
	}
	if use.Free < 0 { // the engine does not tell
		return togetherTokens, nil
	}
	return int(min(togetherTokens, use.Free/2/e.on.net.cacheBytes())), nil
}

// groupSize is how many requests, from the first of order on, are decoded together, one in any
// case: those whose cache, in which the shared beginning lies once, fits into most tokens. Where
// there is plenty, each counts in full: the groups then are those that the measured answers were
// decoded in, and the same on every machine.
func groupSize(qs []Request, limits, order []int, most int) int {
	first := qs[order[0]].Prompt
	n, tokens, shared := 0, 0, len(first)-1
	for n < len(order) && n < sideBySide && adaptersKey(qs[order[n]]) == adaptersKey(qs[order[0]]) {
		prompt := qs[order[n]].Prompt
		tokens += len(prompt) + limits[order[n]]
		shared = min(shared, len(prompt)-1, commonPrefix(prompt, first))
		if n > 0 && (tokens > togetherTokens || tokens-n*shared > most) {
			break
		}
		n++
	}
	return n
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

// group are answers that are decoded side by side, with the same adapters. It lies in
// host memory: on another engine they go on behind the tokens that they have.
type group struct {
	adapters   []*Adapter
	precision  compute.Precision
	shared     []int32 // the tokens that all prompts begin with
	members    []*member
	capacity   int           // of the cache
	began      time.Time     // zero: not yet
	promptTime time.Duration // 0: not through yet
}

// member is one of the answers that are decoded side by side.
type member struct {
	res    *Result
	prompt int // tokens of ids
	answer int // where the answer begins in ids
	from   int // first cache row of its own, behind the shared beginning
	ids    []int32
	choice *sampler
	out    *textStream
	limit  int
}

// newGroup makes a group of the requests that chosen names.
func (r *Runner) newGroup(qs []Request, limits, chosen []int, results []Result) *group {
	prompts := make([][]int32, len(chosen))
	for i, c := range chosen {
		prompts[i] = qs[c].Prompt
	}
	first := qs[chosen[0]]
	shared := sharedBeginning(prompts)
	g := &group{adapters: first.Adapters, precision: first.precision(), shared: prompts[0][:shared]}
	for _, c := range chosen {
		q := qs[c]
		g.members = append(g.members, &member{
			res: &results[c], prompt: len(q.Prompt), answer: q.answerFrom(), ids: slices.Clone(q.Prompt), limit: limits[c],
			choice: newSampler(q.Sampling), out: r.newTextStream(q),
		})
	}
	g.layOut()
	return g
}

// layOut gives each member its rows of the cache, behind the shared ones.
func (g *group) layOut() {
	g.capacity = len(g.shared)
	for _, m := range g.members {
		m.from = g.capacity
		g.capacity += m.prompt - len(g.shared) + m.limit
	}
}

// halves are two groups of half the members each, which go on from wherever they are.
func (g *group) halves() []*group {
	first, second := *g, *g
	half := (len(g.members) + 1) / 2
	first.members, second.members = g.members[:half], g.members[half:]
	for _, h := range []*group{&first, &second} {
		h.layOut()
		if h.promptTime == 0 { // the second waits for the first to end
			h.began = time.Time{}
		}
	}
	return []*group{&first, &second}
}

// within are the groups that a group is divided into until each fits into so many tokens, or has
// one member.
func (g *group) within(room int) []*group {
	if g.capacity <= room || len(g.members) == 1 {
		return []*group{g}
	}
	var all []*group
	for _, h := range g.halves() {
		all = append(all, h.within(room)...)
	}
	return all
}

// joined is the one group that others were divided from, with what of it is still to be decoded.
func joined(divided []*group) []*group {
	if len(divided) < 2 {
		return divided
	}
	whole := *divided[0]
	whole.members = nil
	for _, g := range divided {
		whole.members = append(whole.members, g.members...)
		whole.promptTime = min(whole.promptTime, g.promptTime)
	}
	whole.layOut()
	return []*group{&whole}
}

// together takes the answers of a group to their end, from wherever they are.
func (r *Runner) together(e *exec, g *group) error {
	if g.began.IsZero() {
		g.began = time.Now()
	}
	st, err := e.acquire(g.adapters)
	if err != nil {
		return err
	}
	defer e.on.stacks.release(st)
	n := e.on.net
	cache, err := n.newCache(g.capacity)
	if err != nil {
		return err
	}
	defer cache.memory.Free()
	rank := 0
	if st != nil {
		rank = st.lora.rank
	}
	rows := max(promptRows, sideBySide)
	arena, err := compute.NewArena(n.be, n.forwardValues(rows, sideBySide, rank, false)+sideBySide*(n.Vocabulary+16))
	if err != nil {
		return err
	}
	defer arena.Free()

	// The prompts: the shared beginning, then what each has of its own.
	b := &batch{lora: st.loraOf()}
	logits := make([]float32, len(g.members)*n.Vocabulary)
	flush := func(waiting []*member) error {
		if len(b.ids) == 0 {
			return e.err
		}
		err := e.on.step(e, b, cache, arena, g.precision, logits)
		if err == nil {
			r.chooseAll(waiting, logits)
		}
		*b = batch{lora: b.lora}
		return err
	}
	for at, id := range g.shared {
		b.add(id, at, at, compute.Span{From: 0, To: int32(at + 1)})
		if len(b.ids) == promptRows {
			if err := flush(nil); err != nil {
				return err
			}
		}
	}
	shared := len(g.shared)
	var waiting []*member // members whose last token is in b
	for _, m := range g.members {
		if m.res.Finish != "" { // on the engine before
			continue
		}
		for at, last := shared, len(m.ids)-1; at <= last; at++ {
			b.add(m.ids[at], at, m.slot(at, shared), m.span(at, shared))
			if at == last {
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
	if g.promptTime == 0 {
		g.promptTime = time.Since(g.began)
	}

	// One token for each at a time, until all have ended.
	for {
		waiting = nil
		for _, m := range g.members {
			if m.res.Finish == "" {
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
	for _, m := range g.members {
		m.out.finish(m.res.Finish == FinishLength)
		m.res.Text, m.res.PromptTokens = m.out.text(), m.prompt
		m.res.PromptTime, m.res.AnswerTime = g.promptTime, time.Since(g.began)-g.promptTime
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

// step runs the batch; logits receives a row for each of b.out. The error wraps
// ErrNoNumbers where the engine yields such.
func (p *placement) step(e *exec, b *batch, cache *kvCache, arena *compute.Arena, precision compute.Precision, logits []float32) error {
	arena.Release(0)
	h := p.net.forward(e, b, cache, arena, nil, precision)
	if n := len(b.out); n > 0 {
		z := e.take(arena, n, p.net.Vocabulary)
		if e.err == nil {
			logits = logits[:n*p.net.Vocabulary]
			e.do(e.Linear(z, h, p.net.head, precision, false))
			e.do(e.Read(logits, z))
			e.numbers(logits)
		}
	}
	return e.err
}

// chooseAll gives each member its next token, or its end.
func (r *Runner) chooseAll(members []*member, logits []float32) {
	for i, m := range members {
		id := m.choice.choose(logits[i*r.config.Vocabulary:(i+1)*r.config.Vocabulary], m.ids[m.answer:])
		if r.tokenizer.IsEnd(id) {
			m.res.Finish = FinishEnd
			continue
		}
		m.res.IDs = append(m.res.IDs, id)
		m.ids = append(m.ids, id)
		if _, finish := m.out.add(id); finish != "" {
			m.res.Finish = finish
		} else if len(m.res.IDs) == m.limit {
			m.res.Finish = FinishLength
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
