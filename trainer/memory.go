package trainer

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"sync"

	"clara/model"
)

// memoryMost is how many entries make one half of a memory, which then takes about 2 MB:
// the older half is forgotten once the younger one is full.
const memoryMost = 4096

// memory keeps what a model said by all that this depends on: the prompt, with the lesson
// in it that was chosen for the question, the adapters, the room and the sampling. As
// the model is deterministic, the same is not computed twice: a cycle asks those lessons
// that are new or changed, or are answered with another lesson or adapter than before. It
// belongs to one model on one engine and is safe for concurrent use. A nil memory
// remembers nothing.
//
// Of a cycle that was refused, or whose knowledge taught nothing, it keeps the adapters: of
// both tries at most four. What they are worth is about the lessons too: with one more they
// are due again, of the very same samples, and would be trained to the very same values. Those
// of another cycle it keeps until its version is made: where they cannot be saved, as on a full
// disk, the next cycle does it.
type memory struct {
	mu         sync.Mutex
	young, old map[memoryKey]memorised
	adapters   map[string]trainedAdapter // of the last cycle that trained, if some were in vain or are not saved yet
	computed   int                       // answers and probabilities that were not remembered
	unlearns   string                    // what the last cycle was to unlearn; "": nothing
}

type memoryKey [sha256.Size]byte

// memorised is an answer, or how probable the tokens of one are.
type memorised struct {
	text   string
	finish model.Finish
	logp   []float32 // not to be changed
}

// generate is GenerateAll in the background for those of the requests that are not
// remembered. Of a result only Text and Finish are set.
func (m *memory) generate(ctx context.Context, r *model.Runner, reqs []model.Request) ([]model.Result, error) {
	said, err := remembered(m, reqs, keyOfRequest, func(missing []model.Request) ([]memorised, error) {
		made, err := r.GenerateAll(ctx, missing, model.Background)
		out := make([]memorised, len(made))
		for i, res := range made {
			out[i] = memorised{text: res.Text, finish: res.Finish}
		}
		return out, err
	})
	results := make([]model.Result, len(said))
	for i, s := range said {
		results[i] = model.Result{Text: s.text, Finish: s.finish}
	}
	return results, err
}

// logProbs is LogProbs for those of the sequences that are not remembered.
func (m *memory) logProbs(ctx context.Context, r *model.Runner, seqs []model.Sequence, adapters []*model.Adapter, p model.Priority) ([][]float32, error) {
	key := func(s model.Sequence) memoryKey { return keyOfSequence(s, adapters) }
	said, err := remembered(m, seqs, key, func(missing []model.Sequence) ([]memorised, error) {
		made, err := r.LogProbs(ctx, missing, adapters, p)
		out := make([]memorised, len(made))
		for i, logp := range made {
			out[i] = memorised{logp: logp}
		}
		return out, err
	})
	out := make([][]float32, len(said))
	for i, s := range said {
		out[i] = s.logp
	}
	return out, err
}

// remembered returns what was said to each of the questions, asking those that m does not
// know, each once.
func remembered[Q any](m *memory, questions []Q, keyOf func(Q) memoryKey, ask func([]Q) ([]memorised, error)) ([]memorised, error) {
	if m == nil {
		return ask(questions)
	}
	out := make([]memorised, len(questions))
	waiting := make(map[memoryKey][]int) // places in out
	var missing []Q
	var keys []memoryKey
	for i, q := range questions {
		key := keyOf(q)
		if kept, ok := m.recall(key); ok {
			out[i] = kept
			continue
		}
		if waiting[key] == nil {
			missing, keys = append(missing, q), append(keys, key)
		}
		waiting[key] = append(waiting[key], i)
	}
	if len(missing) == 0 {
		return out, nil
	}
	said, err := ask(missing)
	if err != nil {
		return nil, err
	}
	for k, s := range said {
		m.keep(keys[k], s)
		for _, i := range waiting[keys[k]] {
			out[i] = s
		}
	}
	return out, nil
}

func keyOfRequest(q model.Request) memoryKey {
	return keyOfTokens(fmt.Sprintf("answer %+v %d %q %t", q.Sampling, q.MaxTokens, q.Stop, q.Exact), q.Adapters, q.Prompt, nil)
}

func keyOfSequence(s model.Sequence, adapters []*model.Adapter) memoryKey {
	return keyOfTokens("probable", adapters, s.Prompt, s.Answer)
}

func keyOfTokens(what string, adapters []*model.Adapter, prompt, answer []int32) (key memoryKey) {
	h := sha256.New()
	fmt.Fprintln(h, what)
	for _, a := range adapters {
		if a != nil {
			fmt.Fprintln(h, a.Hash())
		}
	}
	fmt.Fprintln(h, len(prompt), len(answer))
	for _, ids := range [][]int32{prompt, answer} {
		_ = binary.Write(h, binary.LittleEndian, ids) // numbers into a hash: it cannot fail
	}
	h.Sum(key[:0])
	return key
}

func (m *memory) recall(key memoryKey) (memorised, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s, ok := m.young[key]
	if !ok {
		if s, ok = m.old[key]; ok {
			m.put(key, s)
		}
	}
	return s, ok
}

func (m *memory) keep(key memoryKey, s memorised) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.computed++
	m.put(key, s)
}

// count is how much was computed so far because it was not remembered.
func (m *memory) count() int {
	if m == nil {
		return 0
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.computed
}

// put is called with mu held.
func (m *memory) put(key memoryKey, s memorised) {
	if m.young == nil || len(m.young) >= memoryMost {
		m.young, m.old = make(map[memoryKey]memorised), m.young
	}
	m.young[key] = s
}

// trained is what the last cycle trained under that name; its adapter is nil where it is not kept.
func (m *memory) trained(name string) trainedAdapter {
	if m == nil {
		return trainedAdapter{}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.adapters[name]
}

// keepAdapters keeps those instead of what the cycle before trained.
func (m *memory) keepAdapters(trained map[string]trainedAdapter) {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.adapters = trained
}

// unlearn begins a cycle that is to unlearn what is named; "": nothing. What is rebuilt is to be what
// it would be if nothing of it had been asked, so all is forgotten. Only adapters that a cycle before
// it trained, which was to unlearn just that, knew nothing of it either.
func (m *memory) unlearn(what string) {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if what != "" {
		m.young, m.old = nil, nil
		if m.unlearns != what {
			m.adapters = nil
		}
	}
	m.unlearns = what
}
