package model

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
)

// Sampling says how a token is chosen from the logits. The filters apply in the
// order penalty, top-k, top-p, min-p, temperature, as in llama.cpp. The zero
// value is greedy.
type Sampling struct {
	Temperature   float32 // 0 = greedy: always the most probable token
	TopK          int     // keep the k most probable; 0 = all
	TopP          float32 // keep the smallest set with this probability; 0 or 1 = all (Holtzman et al. 2019)
	MinP          float32 // keep what has this share of the best's probability; 0 = all (Nguyen et al. 2024)
	RepeatPenalty float32 // divides the logits of the answer's recent tokens (Keskar et al. 2019); 0 or 1 = none
	Seed          uint64
}

// ErrSampling says that a value of a [Sampling] is out of its range.
var ErrSampling = errors.New("sampling setting out of range")

// Check refuses values out of range.
func (s Sampling) Check() error {
	switch {
	case !(s.Temperature >= 0 && s.Temperature <= 10):
		return fmt.Errorf("temperature %g, allowed are 0 to 10: %w", s.Temperature, ErrSampling)
	case s.TopK < 0:
		return fmt.Errorf("top-k %d, allowed are 0 and more: %w", s.TopK, ErrSampling)
	case !(s.TopP >= 0 && s.TopP <= 1):
		return fmt.Errorf("top-p %g, allowed are 0 to 1: %w", s.TopP, ErrSampling)
	case !(s.MinP >= 0 && s.MinP <= 1):
		return fmt.Errorf("min-p %g, allowed are 0 to 1: %w", s.MinP, ErrSampling)
	case s.RepeatPenalty != 0 && !(s.RepeatPenalty >= 0.5 && s.RepeatPenalty <= 5):
		return fmt.Errorf("repetition penalty %g, allowed are 0.5 to 5: %w", s.RepeatPenalty, ErrSampling)
	}
	return nil
}

// repeatLast is how many tokens count as recent to the repetition penalty, as in llama.cpp.
const repeatLast = 64

// sampler chooses the tokens of one answer.
type sampler struct {
	Sampling
	rng        *rand.Rand
	candidates []candidate
}

func newSampler(s Sampling) *sampler {
	return &sampler{Sampling: s, rng: rand.New(rand.NewPCG(s.Seed, 0x9e3779b97f4a7c15))}
}

// choose returns the next token. It may change logits. recent are the answer's tokens
// before it: the prompt's do not count, so that the words of a lesson, which stand there,
// can be said.
func (s *sampler) choose(logits []float32, recent []int32) int32 {
	s.penalise(logits, recent)
	if s.Temperature == 0 {
		return argmax(logits)
	}
	c := s.rank(logits)
	best := float64(c.at(0).logit)
	kept := c.len()
	if s.TopP > 0 && s.TopP < 1 {
		sum, mass := c.mass(best, 1, kept), 0.0
		for i := range kept {
			if mass += math.Exp(float64(c.at(i).logit) - best); mass >= float64(s.TopP)*sum {
				kept = i + 1
				break
			}
		}
	}
	if s.MinP > 0 {
		for i := range kept {
			if math.Exp(float64(c.at(i).logit)-best) < float64(s.MinP) {
				kept = i
				break
			}
		}
	}
	temperature := float64(s.Temperature)
	left := s.rng.Float64() * c.mass(best, temperature, kept)
	for i := range kept {
		x := c.at(i)
		if left -= math.Exp((float64(x.logit) - best) / temperature); left < 0 {
			return x.id
		}
	}
	return c.at(0).id
}

// penalise lowers the logits of recent tokens, each once.
func (s *sampler) penalise(logits []float32, recent []int32) {
	if s.RepeatPenalty == 0 || s.RepeatPenalty == 1 {
		return
	}
	recent = recent[max(0, len(recent)-repeatLast):]
	for i, id := range recent {
		if int(id) >= len(logits) || slices.Contains(recent[:i], id) {
			continue
		}
		if logits[id] > 0 {
			logits[id] /= s.RepeatPenalty
		} else {
			logits[id] *= s.RepeatPenalty
		}
	}
}

// rank orders the top-k candidates, all without top-k.
func (s *sampler) rank(logits []float32) *ranking {
	k := s.TopK
	if k == 0 || k > len(logits) {
		k = len(logits)
	}
	// One pass over the vocabulary, with the worst of the k best on top of a heap.
	worst := heap(s.candidates[:0])
	for id, z := range logits {
		x := candidate{id: int32(id), logit: z}
		if len(worst) < k {
			worst = append(worst, x)
			if len(worst) == k && k < len(logits) {
				worst.build(candidate.worse)
			}
			continue
		}
		if worst[0].worse(x) {
			worst[0] = x
			worst.down(0, candidate.worse)
		}
	}
	s.candidates = worst
	worst.build(candidate.better)
	return &ranking{all: worst}
}

// ranking yields candidates in descending order and sorts no further than it is asked:
// a token is mostly found among the first few of the whole vocabulary.
type ranking struct {
	all    heap // the best of those not yet ranked on top; those ranked behind it, the best last
	ranked int
}

func (r *ranking) len() int { return len(r.all) }

// at is the candidate with n better ones.
func (r *ranking) at(n int) candidate {
	for r.ranked <= n {
		rest := r.all[:len(r.all)-r.ranked]
		last := len(rest) - 1
		rest[0], rest[last] = rest[last], rest[0]
		rest[:last].down(0, candidate.better)
		r.ranked++
	}
	return r.all[len(r.all)-1-n]
}

// mass is the sum of the weights of the n best candidates at a temperature.
func (r *ranking) mass(best, temperature float64, n int) (sum float64) {
	weight := func(x candidate) float64 { return math.Exp((float64(x.logit) - best) / temperature) }
	if n == len(r.all) {
		for _, x := range r.all {
			sum += weight(x)
		}
		return sum
	}
	for i := range n {
		sum += weight(r.at(i))
	}
	return sum
}

// candidate is a token that may be chosen.
type candidate struct {
	id    int32
	logit float32
}

func (a candidate) better(b candidate) bool {
	return a.logit > b.logit || a.logit == b.logit && a.id < b.id
}

func (a candidate) worse(b candidate) bool { return b.better(a) }

// heap is a binary heap of candidates; before says which of two is nearer to its top.
type heap []candidate

func (h heap) build(before func(a, b candidate) bool) {
	for i := len(h)/2 - 1; i >= 0; i-- {
		h.down(i, before)
	}
}

func (h heap) down(i int, before func(a, b candidate) bool) {
	for {
		child := 2*i + 1
		if child >= len(h) {
			return
		}
		if child+1 < len(h) && before(h[child+1], h[child]) {
			child++
		}
		if !before(h[child], h[i]) {
			return
		}
		h[i], h[child] = h[child], h[i]
		i = child
	}
}

// argmax returns the first index of the largest value.
func argmax(x []float32) int32 {
	best := 0
	for i, v := range x {
		if v > x[best] {
			best = i
		}
	}
	return int32(best)
}
