package tokenizer

import (
	"cmp"
	"slices"
	"sort"
)

// tokenSet finds the tokens of a set in a text, at each place the longest. It holds nothing
// but the tokens in order: a tree with a node for each of their bytes would be a hundred times
// the size of a model file that is full of them.
type tokenSet struct {
	tokens []setToken // by text; none is empty, and no two have one text
	from   [257]int32 // where those begin whose first byte is at least this
}

type setToken struct {
	text string
	id   int32
}

// newTokenSet makes a set of tokens, whose slice it keeps. Of two with one text the first
// stays. An empty text is never found.
func newTokenSet(tokens []setToken) tokenSet {
	tokens = slices.DeleteFunc(tokens, func(t setToken) bool { return t.text == "" })
	slices.SortStableFunc(tokens, func(a, b setToken) int { return cmp.Compare(a.text, b.text) })
	tokens = slices.CompactFunc(tokens, func(a, b setToken) bool { return a.text == b.text })
	s := tokenSet{tokens: tokens}
	for _, t := range tokens {
		s.from[int(t.text[0])+1]++
	}
	for b := range 256 {
		s.from[b+1] += s.from[b]
	}
	return s
}

// match returns the longest token at the beginning of text, which is not empty, and its
// length; id is -1 if there is none.
func (s *tokenSet) match(text string) (id int32, n int) {
	id = -1
	first := int(text[0])
	// all of these begin with the first i bytes of text
	among := s.tokens[s.from[first]:s.from[first+1]]
	for i := 1; len(among) > 0; i++ {
		if len(among[0].text) == i { // the shortest is the first
			id, n = among[0].id, i
			among = among[1:]
		}
		if i == len(text) {
			break
		}
		b := text[i]
		among = among[sort.Search(len(among), func(k int) bool { return among[k].text[i] >= b }):]
		among = among[:sort.Search(len(among), func(k int) bool { return among[k].text[i] > b })]
	}
	return id, n
}

// find returns where the first token of the set begins in text, which, and its
// length; len(text), -1 and 0 if there is none.
func (s *tokenSet) find(text string) (at int, id int32, n int) {
	if len(s.tokens) == 0 {
		return len(text), -1, 0
	}
	for at := range len(text) {
		if id, n := s.match(text[at:]); id >= 0 {
			return at, id, n
		}
	}
	return len(text), -1, 0
}
