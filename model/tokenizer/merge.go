package tokenizer

// maxWord bounds the bytes that are merged at once, and by that the memory that a
// hostile text can take. No word of a real text is that long.
const maxWord = 1 << 20

// symbol is a part of a word: at first a character, in the end a token.
type symbol struct {
	prev, next int32 // indices of its living neighbours, -1 at either end
	start      int32 // byte of the word at which it begins
	size       int32 // bytes of the word that it covers; 0: merged into its left neighbour
	id         int32 // its token, -1 if it is none
}

// candidate is a possible merge of a symbol with its right neighbour.
type candidate struct {
	rank uint32 // the lowest merges first
	left int32  // index of the symbol; of equal ranks the leftmost merges first
	size int32  // bytes of both together, when they were found
	id   int32  // the token that they make
}

// before is the order of merging.
func (c candidate) before(d candidate) bool {
	return c.rank < d.rank || c.rank == d.rank && c.left < d.left
}

// merger merges the symbols of a word in the order of their ranks, in O(n log n)
// by a heap of candidates. It keeps its memory from word to word.
type merger struct {
	symbols []symbol
	heap    []candidate
	// join says which token two neighbours make, if any.
	join func(left, right *symbol) (id int32, rank uint32, ok bool)
}

// begin forgets the last word.
func (m *merger) begin() { m.symbols, m.heap = m.symbols[:0], m.heap[:0] }

// add puts a symbol to the end of the word.
func (m *merger) add(start, size int, id int32) {
	n := int32(len(m.symbols))
	if n > 0 {
		m.symbols[n-1].next = n
	}
	m.symbols = append(m.symbols, symbol{prev: n - 1, next: -1, start: int32(start), size: int32(size), id: id})
}

// merge merges until nothing fits together any more. The first symbol stays at
// index 0; the others follow by next.
func (m *merger) merge() {
	for i := range len(m.symbols) - 1 {
		m.propose(int32(i))
	}
	for len(m.heap) > 0 {
		c := m.pop()
		left := &m.symbols[c.left]
		if left.size == 0 || left.next < 0 {
			continue
		}
		right := &m.symbols[left.next]
		// symbols only grow: the same size means the same two
		if left.size+right.size != c.size {
			continue
		}
		left.id, left.size, left.next = c.id, c.size, right.next
		right.size = 0
		if left.next >= 0 {
			m.symbols[left.next].prev = c.left
			m.propose(c.left)
		}
		if left.prev >= 0 {
			m.propose(left.prev)
		}
	}
}

// propose puts the merge of a symbol with its right neighbour on the heap.
func (m *merger) propose(i int32) {
	left := &m.symbols[i]
	right := &m.symbols[left.next]
	if id, rank, ok := m.join(left, right); ok {
		m.push(candidate{rank: rank, left: i, size: left.size + right.size, id: id})
	}
}

// push and pop are a binary heap; container/heap would box every candidate.
func (m *merger) push(c candidate) {
	h := append(m.heap, c)
	i := len(h) - 1
	for i > 0 {
		parent := (i - 1) / 2
		if !c.before(h[parent]) {
			break
		}
		h[i] = h[parent]
		i = parent
	}
	h[i] = c
	m.heap = h
}

func (m *merger) pop() candidate {
	h := m.heap
	top, last := h[0], h[len(h)-1]
	h = h[:len(h)-1]
	m.heap = h
	if len(h) == 0 {
		return top
	}
	i := 0
	for {
		child := 2*i + 1
		if child >= len(h) {
			break
		}
		if child+1 < len(h) && h[child+1].before(h[child]) {
			child++
		}
		if !h[child].before(last) {
			break
		}
		h[i] = h[child]
		i = child
	}
	h[i] = last
	return top
}

// wordCache holds the ids of the words of one text: most of them come again. It is
// bounded, so that a text of ever new words does not fill the memory.
type wordCache map[string][]int32

const (
	maxCached     = 1 << 15 // words
	maxCachedWord = 64      // bytes of a word
)

// add remembers the ids of a word.
func (c wordCache) add(word string, ids []int32) {
	if len(c) < maxCached && len(word) <= maxCachedWord {
		c[word] = append([]int32(nil), ids...)
	}
}
