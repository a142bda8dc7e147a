package server

import (
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"sync"

	"clara/trainer"
)

// threadsKept bounds the conversations of one user that can be gone on with.
const threadsKept = 512

// threads finds the conversation that a request goes on with. An OpenAI client sends the
// whole conversation each time; without this each of its turns would be kept as a
// conversation of its own, with all turns before it again.
type threads struct {
	mu    sync.Mutex
	known map[threadKey]int64
	order []threadKey // those of known, the oldest first
}

type threadKey [sha256.Size]byte

func newThreads() *threads { return &threads{known: make(map[threadKey]int64)} }

// keyOf names a conversation by its turns.
func keyOf(system string, turns []trainer.Turn) (key threadKey) {
	h := sha256.New()
	put := func(s string) {
		_ = binary.Write(h, binary.LittleEndian, uint64(len(s))) // into a hash: it cannot fail
		h.Write([]byte(s))
	}
	put(system)
	for _, t := range turns {
		put(string(t.Role))
		put(t.Text)
	}
	h.Sum(key[:0])
	return key
}

// take returns the conversation that has exactly these turns, 0 if none has. It is then
// forgotten: the answer that follows makes it another one (put), and a second request
// with the same turns is a branch, which is kept by itself.
func (t *threads) take(key threadKey) int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	id, ok := t.known[key]
	if ok {
		delete(t.known, key)
		at := slices.Index(t.order, key)
		t.order = slices.Delete(t.order, at, at+1)
	}
	return id
}

// put notes that a conversation has these turns now.
func (t *threads) put(key threadKey, conversation int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, ok := t.known[key]; !ok {
		t.order = append(t.order, key)
	}
	t.known[key] = conversation
	for len(t.order) > threadsKept {
		delete(t.known, t.order[0])
		t.order = t.order[1:]
	}
}
