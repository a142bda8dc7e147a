package model

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"

	"clara/compute"
)

// ErrAdapter says that an adapter does not fit the model or is of a kind that this
// program does not know.
var ErrAdapter = errors.New("the adapter does not fit")

// Adapter is an immutable LoRA snapshot in host memory: y += scale (x Aᵀ) Bᵀ on the
// linear layers of every block. Safe for concurrent use.
type Adapter struct {
	config *Config // of the base
	rank   int
	alpha  float32
	scale  float32
	layers [][projections]pair
	hash   string
}

// pair are A [rank, in] and B [out, rank] of one linear layer, B's rows in the order
// of the base's file. Both are nil where the adapter leaves the layer alone.
type pair struct{ a, b []float32 }

// Hash names the adapter by its values: SHA-256, hexadecimal.
func (a *Adapter) Hash() string { return a.hash }

// newAdapter seals values; scale is one of [loraScale].
func newAdapter(c *Config, rank int, alpha, scale float32, layers [][projections]pair) *Adapter {
	a := &Adapter{config: c, rank: rank, alpha: alpha, scale: scale, layers: layers}
	h := sha256.New()
	_ = binary.Write(h, binary.LittleEndian, []float32{float32(rank), alpha, scale})
	var buf []byte
	for _, l := range layers {
		for _, p := range l {
			for _, values := range [][]float32{p.a, p.b} {
				buf = binary.LittleEndian.AppendUint32(buf[:0], uint32(len(values)))
				for _, v := range values {
					buf = binary.LittleEndian.AppendUint32(buf, math.Float32bits(v))
				}
				h.Write(buf)
			}
		}
	}
	a.hash = hex.EncodeToString(h.Sum(nil))
	return a
}

// stack are adapters, added up, on the engine: their A below one another and their
// scaled B side by side are one lora of the sum of the ranks.
type stack struct {
	key  string
	lora *lora
	refs int
	used int // clock of the last use
}

// stacks keeps the sums of adapters that were used last.
type stacks struct {
	net   *network
	mu    sync.Mutex
	clock int
	all   []*stack
}

// maxStacks is enough for base, manner, reader + manner and knowledge + manner of
// the version in use and of one that is being checked.
const maxStacks = 6

func newStacks(n *network) *stacks { return &stacks{net: n} }

// acquire returns the sum of the adapters, nil if there is none. Release it.
func (s *stacks) acquire(adapters []*Adapter) (*stack, error) {
	adapters = slices.DeleteFunc(slices.Clone(adapters), func(a *Adapter) bool { return a == nil })
	if len(adapters) == 0 {
		return nil, nil
	}
	keys := make([]string, len(adapters))
	rank := 0
	for i, a := range adapters {
		keys[i] = a.hash
		rank += a.rank
		if len(a.layers) != s.net.Layers {
			return nil, fmt.Errorf("an adapter for %d layers on a model with %d: %w", len(a.layers), s.net.Layers, ErrAdapter)
		}
	}
	key := strings.Join(keys, "+")
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clock++
	for _, st := range s.all {
		if st.key == key {
			st.refs++
			st.used = s.clock
			return st, nil
		}
	}
	s.evict(maxStacks - 1)
	lo, err := s.net.newLoRA(rank, 1)
	if errors.Is(err, compute.ErrMemory) && s.evict(0) > 0 {
		lo, err = s.net.newLoRA(rank, 1)
	}
	if err != nil {
		return nil, fmt.Errorf("load adapters: %w", err)
	}
	if err := s.net.write(lo, adapters); err != nil {
		lo.memory.Free()
		return nil, fmt.Errorf("load adapters: %w", err)
	}
	st := &stack{key: key, lora: lo, refs: 1, used: s.clock}
	s.all = append(s.all, st)
	return st, nil
}

// write lays the sum of adapters into lo.
func (n *network) write(lo *lora, adapters []*Adapter) error {
	for l := range n.Layers {
		for p := range projections {
			out, in := n.shape(p)
			rows := make([]float32, lo.rank*in)
			cols := make([]float32, out*lo.rank)
			at := 0
			for _, ad := range adapters {
				pr := ad.layers[l][p]
				if pr.a != nil && len(pr.a) != ad.rank*in || pr.b != nil && len(pr.b) != out*ad.rank {
					return fmt.Errorf("layer %d: %w", l, ErrAdapter)
				}
				copy(rows[at*in:], pr.a)
				for o := 0; pr.b != nil && o < out; o++ {
					for r, v := range pr.b[o*ad.rank : (o+1)*ad.rank] {
						cols[o*lo.rank+at+r] = v * (ad.scale / lo.scale)
					}
				}
				at += ad.rank
			}
			if err := n.be.Write(lo.aOf(l, p), rows); err != nil {
				return err
			}
			if err := n.be.Write(lo.layers[l].b[p], cols); err != nil {
				return err
			}
		}
	}
	return nil
}

// release gives back what acquire returned.
func (s *stacks) release(st *stack) {
	if st == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	st.refs--
}

// evict frees unused stacks, oldest first, until keep are left, and counts them.
// The caller holds the lock.
func (s *stacks) evict(keep int) int {
	freed := 0
	for len(s.all) > keep {
		oldest := -1
		for i, st := range s.all {
			if st.refs == 0 && (oldest < 0 || st.used < s.all[oldest].used) {
				oldest = i
			}
		}
		if oldest < 0 {
			break
		}
		s.all[oldest].lora.memory.Free()
		s.all = slices.Delete(s.all, oldest, oldest+1)
		freed++
	}
	return freed
}

// close frees the stacks that nobody uses and counts them.
func (s *stacks) close() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.evict(0)
}

// name is the sum's key, "" for the base.
func (st *stack) name() string {
	if st == nil {
		return ""
	}
	return st.key
}

// loraOf is the sum's lora, nil for the base.
func (st *stack) loraOf() *lora {
	if st == nil {
		return nil
	}
	return st.lora
}
