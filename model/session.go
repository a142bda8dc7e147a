package model

import (
	"slices"
	"sync"
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
	s.mu.Lock()
	s.clock++
	best, most := -1, -1
	for i, f := range s.free {
		if f.cache.capacity < capacity {
			continue
		}
		common := 0
		if f.key == key {
			common = commonPrefix(f.ids, prompt)
		}
		if common > most {
			best, most = i, common
		}
	}
	var f *session
	if best >= 0 {
		f = s.free[best]
		s.free = slices.Delete(s.free, best, best+1)
	}
	s.mu.Unlock()
	if f == nil {
		cache, err := s.net.newCache(capacity)
		if err != nil {
			return nil, err
		}
		f = &session{cache: cache}
	}
	if f.key != key {
		f.ids, f.key = nil, key
	}
	// The last token of the prompt is always computed: its logits are wanted.
	f.ids = f.ids[:min(commonPrefix(f.ids, prompt), max(0, len(prompt)-1))]
	return f, nil
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
