package model

import (
	"errors"
	"slices"
	"sync"

	"clara/compute"
)

// session is what an answer has on the engine: a KV cache. Between answers it keeps its
// tokens, so that the next turn of a conversation reads only what is new.
type session struct {
	cache *kvCache
	ids   []int32 // tokens whose keys and values are in the cache
	key   string  // of the adapters they were computed with
	used  int
}

// promptRows is how many rows of a prompt go through the network at once: enough
// for the matrix kernels, and few enough that the activations stay in the caches.
const promptRows = 256

// sessions keeps free sessions for reuse.
type sessions struct {
	net   *network
	mu    sync.Mutex
	clock int
	free  []*session
}

// maxFreeSessions bounds the caches that lie idle: two conversations, or a chat and
// its comparison with the base.
const maxFreeSessions = 2

func newSessions(n *network) *sessions { return &sessions{net: n} }

// take returns a session with room for capacity tokens, preferably one whose cache begins
// like prompt under the same adapters.
func (s *sessions) take(key string, prompt []int32, capacity int) (*session, error) {
	f := s.pick(key, prompt, capacity, true)
	if f == nil || f.cache.capacity < capacity {
		larger, err := s.grow(f, capacity)
		if errors.Is(err, compute.ErrMemory) {
			larger = s.pick(key, prompt, capacity, false)
		}
		if larger == nil {
			return nil, err
		}
		f = larger
	}
	if f.key != key {
		f.ids, f.key = nil, key
	}
	// The last token of the prompt is always computed: its logits are wanted.
	f.ids = f.ids[:min(commonPrefix(f.ids, prompt), max(0, len(prompt)-1))]
	return f, nil
}

// grow returns a session with room for capacity tokens and what the cache of f has, in its
// place; f is nil for one without tokens. Where it fails f is free again.
func (s *sessions) grow(f *session, capacity int) (*session, error) {
	cache, err := s.net.newCache(capacity)
	if err == nil && f == nil {
		return &session{cache: cache}, nil
	}
	if err == nil {
		if err = s.net.copyCache(cache, f.cache, len(f.ids)); err == nil {
			f.cache.memory.Free()
			f.cache = cache
			return f, nil
		}
		cache.memory.Free()
	}
	if f != nil {
		s.put(f, true)
	}
	return nil, err
}

// pick takes the free session whose cache begins most like prompt; nil: none has the room.
// Where there may be memory for another cache, it may be one that has too little room and is to
// grow: one that would keep at least half of its tokens, and has more of them in common than any
// with room. And one that would lose more tokens than it gives stays then, as long as another may
// lie beside it: the base's answer, or one with a lesson, would cost the conversation its cache,
// and its next turn the reading of all of it.
func (s *sessions) pick(key string, prompt []int32, capacity int, another bool) *session {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clock++
	best, most := -1, -1
	for i, f := range s.free {
		common := 0
		if f.key == key {
			common = commonPrefix(f.ids, prompt)
		}
		if f.cache.capacity < capacity {
			if !another || common == 0 || common < len(f.ids)-common {
				continue
			}
		} else if best >= 0 && common == most && s.free[best].cache.capacity < capacity {
			best = i
		}
		if common > most {
			best, most = i, common
		}
	}
	if best < 0 {
		return nil
	}
	f := s.free[best]
	if another && len(s.free) < maxFreeSessions && len(f.ids)-most > most {
		return nil
	}
	s.free = slices.Delete(s.free, best, best+1)
	return f
}

// put gives a session back. One whose computation failed has no tokens worth keeping.
func (s *sessions) put(f *session, sound bool) {
	if !sound {
		f.ids = nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	f.used = s.clock
	s.free = append(s.free, f)
	for len(s.free) > maxFreeSessions {
		oldest := 0
		for i, x := range s.free {
			if x.used < s.free[oldest].used {
				oldest = i
			}
		}
		s.free[oldest].cache.memory.Free()
		s.free = slices.Delete(s.free, oldest, oldest+1)
	}
}

// widest is how many tokens the largest of the caches that lie idle has room for.
func (s *sessions) widest() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	tokens := 0
	for _, f := range s.free {
		tokens = max(tokens, f.cache.capacity)
	}
	return tokens
}

// close frees the sessions that lie idle and counts them.
func (s *sessions) close() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	freed := len(s.free)
	for _, f := range s.free {
		f.cache.memory.Free()
	}
	s.free = nil
	return freed
}

// commonPrefix counts the tokens that a and b begin with in common.
func commonPrefix(a, b []int32) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}
