package tokenizer

import (
	"fmt"
	"strings"

	"golang.org/x/text/unicode/norm"
)

// byteLevel is byte-level BPE: a text is split into words, and the bytes of each
// word are merged by the rank of their merge rule.
type byteLevel struct {
	splitter
	ids     map[string]int32 // of the tokens, in the alphabet of byteRunes
	bytes   [256]int32       // token of a single byte, -1 if there is none
	merges  map[pair]merge
	unknown int32
}

// pair is two neighbouring tokens.
type pair struct{ left, right int32 }

// merge is the token that a pair makes.
type merge struct {
	id   int32
	rank uint32
}

func newByteLevel(v *Vocabulary, ids map[string]int32) (*byteLevel, error) {
	b := &byteLevel{splitter: splitters[v.Pre], ids: ids, unknown: v.Unknown}
	for i, r := range byteRunes {
		b.bytes[i] = -1
		if id, ok := ids[string(r)]; ok {
			b.bytes[i] = id
		}
	}
	var err error
	b.merges, err = readMerges(v.Merges, ids)
	return b, err
}

// readMerges finds the tokens of merge rules.
func readMerges(rules []string, ids map[string]int32) (map[pair]merge, error) {
	merges := make(map[pair]merge, len(rules))
	var buffer []byte
	for rank, rule := range rules {
		// the left side may begin with the space itself in old files
		cut := -1
		if rule != "" {
			cut = strings.IndexByte(rule[1:], ' ') + 1
		}
		if cut < 1 {
			return nil, fmt.Errorf("merge rule %d is %.80q, wanted two texts: %w", rank, rule, ErrVocabulary)
		}
		buffer = append(append(buffer[:0], rule[:cut]...), rule[cut+1:]...)
		left, ok1 := ids[rule[:cut]]
		right, ok2 := ids[rule[cut+1:]]
		whole, ok3 := ids[string(buffer)]
		if !ok1 || !ok2 || !ok3 {
			continue // a rule that cannot yield a token never applies
		}
		p := pair{left, right}
		if _, twice := merges[p]; !twice {
			merges[p] = merge{whole, uint32(rank)}
		}
	}
	return merges, nil
}

func (b *byteLevel) piece(token string) []byte { return toBytes(token) }

func (b *byteLevel) encode(dst []int32, text string) []int32 {
	if b.nfc {
		text = norm.NFC.String(text)
	}
	m := merger{join: b.join}
	cache := wordCache{}
	for text != "" {
		// a longer text could be looked through again and again for one long word
		word := text[:b.next(text[:min(len(text), maxWord)])]
		text = text[len(word):]
		if ids, ok := cache[word]; ok {
			dst = append(dst, ids...)
			continue
		}
		from := len(dst)
		dst = b.word(dst, &m, word)
		cache.add(word, dst[from:])
	}
	return dst
}

func (b *byteLevel) join(left, right *symbol) (id int32, rank uint32, ok bool) {
	to, ok := b.merges[pair{left.id, right.id}]
	return to.id, to.rank, ok
}

// word appends the ids of a word.
func (b *byteLevel) word(dst []int32, m *merger, word string) []int32 {
	if b.wholeWords {
		if id, ok := b.whole(word); ok {
			return append(dst, id)
		}
	}
	m.begin()
	for i := range len(word) {
		id := b.bytes[word[i]]
		if id < 0 {
			id = b.unknown
		}
		if id >= 0 {
			m.add(i, 1, id)
		}
	}
	m.merge()
	for i := int32(0); i >= 0 && int(i) < len(m.symbols); i = m.symbols[i].next {
		dst = append(dst, m.symbols[i].id)
	}
	return dst
}

// whole finds the token that is exactly this word.
func (b *byteLevel) whole(word string) (int32, bool) {
	var text strings.Builder
	for i := range len(word) {
		text.WriteRune(byteRunes[word[i]])
	}
	id, ok := b.ids[text.String()]
	return id, ok
}
