package model

import (
	"cmp"
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
	RepeatPenalty float32 // divides the logits of recent tokens (Keskar et al. 2019); 0 or 1 = none
	RepeatLast    int     // how many tokens count as recent; 0 = 64
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
	case s.RepeatLast < 0:
		return fmt.Errorf("repetition window %d, allowed are 0 and more: %w", s.RepeatLast, ErrSampling)
	}
	return nil
}

// defaultRepeatLast is llama.cpp's window for the repetition penalty.
const defaultRepeatLast = 64

// sampler chooses the tokens of one answer.
type sampler struct {
	Sampling
	rng        *rand.Rand
	candidates []candidate
}

type candidate struct {
	id    int32
	logit float32
	p     float64
}

func newSampler(s Sampling) *sampler {
	if s.RepeatLast == 0 {
		s.RepeatLast = defaultRepeatLast
	}
	return &sampler{Sampling: s, rng: rand.New(rand.NewPCG(s.Seed, 0x9e3779b97f4a7c15))}
}

// choose returns the next token. It may change logits. recent are the tokens
// before it, prompt and answer.
func (s *sampler) choose(logits []float32, recent []int32) int32 {
	s.penalise(logits, recent)
	if s.Temperature == 0 {
		return argmax(logits)
	}
	c := s.best(logits)
	best := float64(c[0].logit)
	sum := 0.0
	for i := range c {
		c[i].p = math.Exp(float64(c[i].logit) - best)
		sum += c[i].p
	}
	if s.TopP > 0 && s.TopP < 1 {
		mass := 0.0
		for i := range c {
			if mass += c[i].p; mass >= float64(s.TopP)*sum {
				c = c[:i+1]
				break
			}
		}
	}
	if s.MinP > 0 {
		for i := range c {
			if c[i].p < float64(s.MinP)*c[0].p {
				c = c[:i]
				break
			}
		}
	}
	sum = 0
	for i := range c {
		c[i].p = math.Exp((float64(c[i].logit) - best) / float64(s.Temperature))
		sum += c[i].p
	}
	at := s.rng.Float64() * sum
	for _, x := range c {
		if at -= x.p; at < 0 {
			return x.id
		}
	}
	return c[0].id
}

// penalise lowers the logits of recent tokens, each once.
func (s *sampler) penalise(logits []float32, recent []int32) {
	if s.RepeatPenalty == 0 || s.RepeatPenalty == 1 {
		return
	}
	recent = recent[max(0, len(recent)-s.RepeatLast):]
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

// best returns the top-k candidates (all without top-k) in descending order.
func (s *sampler) best(logits []float32) []candidate {
	k := s.TopK
	if k == 0 || k > len(logits) {
		k = len(logits)
	}
	c := s.candidates[:0]
	// A heap of the k best with the worst on top: one pass over the vocabulary.
	worse := func(a, b candidate) bool { return a.logit < b.logit || a.logit == b.logit && a.id > b.id }
	down := func(i int) {
		for {
			child := 2*i + 1
			if child >= len(c) {
				return
			}
			if child+1 < len(c) && worse(c[child+1], c[child]) {
				child++
			}
			if !worse(c[child], c[i]) {
				return
			}
			c[i], c[child] = c[child], c[i]
			i = child
		}
	}
	for id, z := range logits {
		x := candidate{id: int32(id), logit: z}
		if len(c) < k {
			c = append(c, x)
			if len(c) == k {
				for i := k/2 - 1; i >= 0; i-- {
					down(i)
				}
			}
			continue
		}
		if worse(c[0], x) {
			c[0] = x
			down(0)
		}
	}
	slices.SortFunc(c, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(b.logit, a.logit), cmp.Compare(a.id, b.id))
	})
	s.candidates = c
	return c
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
