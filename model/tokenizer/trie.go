package tokenizer

// trie finds the tokens of a set in a text, at each place the longest.
type trie struct {
	nodes []trieNode // the first is the root; none while the set is empty
}

type trieNode struct {
	next map[byte]int32
	id   int32 // of the token that ends here, or -1
}

// add puts a token into the set. Of two with one text the first stays. An empty
// text is never found.
func (t *trie) add(text string, id int32) {
	if text == "" {
		return
	}
	if t.nodes == nil {
		t.nodes = []trieNode{{id: -1}}
	}
	at := int32(0)
	for i := range len(text) {
		next, ok := t.nodes[at].next[text[i]]
		if !ok {
			next = int32(len(t.nodes))
			if t.nodes[at].next == nil {
				t.nodes[at].next = map[byte]int32{}
			}
			t.nodes[at].next[text[i]] = next
			t.nodes = append(t.nodes, trieNode{id: -1})
		}
		at = next
	}
	if t.nodes[at].id < 0 {
		t.nodes[at].id = id
	}
}

// match returns the longest token at the beginning of text and its length; id is
// -1 if there is none.
func (t *trie) match(text string) (id int32, n int) {
	id = -1
	if t.nodes == nil {
		return id, 0
	}
	at := int32(0)
	for i := range len(text) {
		next, ok := t.nodes[at].next[text[i]]
		if !ok {
			break
		}
		at = next
		if t.nodes[at].id >= 0 {
			id, n = t.nodes[at].id, i+1
		}
	}
	return id, n
}

// find returns where the first token of the set begins in text, which, and its
// length; len(text), -1 and 0 if there is none.
func (t *trie) find(text string) (at int, id int32, n int) {
	if t.nodes == nil {
		return len(text), -1, 0
	}
	for at := range len(text) {
		if id, n := t.match(text[at:]); id >= 0 {
			return at, id, n
		}
	}
	return len(text), -1, 0
}
