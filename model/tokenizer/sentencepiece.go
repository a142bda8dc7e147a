package tokenizer

import (
	"fmt"
	"math"
	"strings"
	"unicode/utf8"
)

// blank is what SentencePiece writes for a space: U+2581.
const blank = "▁"

// sentencePiece is the BPE of SentencePiece: the characters of a text are merged
// by the score of the token that they make, or by rules where the vocabulary has some.
type sentencePiece struct {
	ids   map[string]int32 // of all tokens
	types []int32
	ranks []uint32       // by id, ascending with descending score
	rules map[pair]merge // nil: every two that make a token are merged
	// frozen finds the user-defined tokens, which are cut out before merging.
	frozen  tokenSet
	bytes   [256]int32 // token of a single byte, -1 if there is none
	unknown int32
	prefix  bool
	// glue marks the bytes that some token has before a space inside it. Before
	// a space that follows any other byte, and no space, a text may be cut
	// without a change of its ids: no token can cross the cut. Few vocabularies
	// have such tokens at all.
	glue [256]bool
}

func newSentencePiece(v *Vocabulary, ids map[string]int32) (*sentencePiece, error) {
	s := &sentencePiece{
		ids: ids, types: v.Types, ranks: make([]uint32, len(v.Tokens)),
		unknown: v.Unknown, prefix: v.AddSpacePrefix,
	}
	for i := range s.bytes {
		s.bytes[i] = -1
	}
	var frozen []setToken
	for i, token := range v.Tokens {
		s.ranks[i] = rank(v.Scores[i])
		switch typ := v.typeOf(int32(i)); typ {
		case typeByte:
			b, ok := isByte(token)
			if !ok {
				return nil, fmt.Errorf("token %d, %.80q, is no byte: %w", i, token, ErrVocabulary)
			}
			s.bytes[b] = int32(i)
		case typeNormal, typeUserDefined:
			if typ == typeUserDefined {
				// converters write these with spaces, others with blanks
				token = strings.ReplaceAll(token, " ", blank)
				frozen = append(frozen, setToken{token, int32(i)})
			}
			s.markGlue(token)
		}
	}
	s.frozen = newTokenSet(frozen)
	if len(v.Merges) == 0 {
		return s, nil
	}
	var err error
	s.rules, err = readMerges(v.Merges, ids)
	return s, err
}

// rank maps a score to a number that grows as the score falls, equal for equal
// scores: the bits of a float, read as an integer, have the order of their values.
func rank(score float32) uint32 {
	bits := math.Float32bits(-score + 0) // -0 becomes 0
	if bits>>31 != 0 {
		return ^bits
	}
	return bits | 1<<31
}

// markGlue marks the bytes of a token that stand before a space.
func (s *sentencePiece) markGlue(token string) {
	for at := 1; at < len(token); {
		i := strings.Index(token[at:], blank)
		if i < 0 {
			return
		}
		at += i
		if !strings.HasSuffix(token[:at], blank) {
			s.glue[token[at-1]] = true
		}
		at += len(blank)
	}
}

func (s *sentencePiece) piece(token string) []byte {
	return []byte(strings.ReplaceAll(token, blank, " "))
}

func (s *sentencePiece) encode(dst []int32, text string) []int32 {
	if s.prefix {
		text = " " + text
	}
	var word string // that is being merged
	m := merger{join: func(left, right *symbol) (int32, uint32, bool) {
		if s.rules != nil {
			to, ok := s.rules[pair{left.id, right.id}]
			return to.id, to.rank, ok
		}
		id := s.normal(word[left.start : right.start+right.size])
		if id < 0 {
			return 0, 0, false
		}
		return id, s.ranks[id], true
	}}
	cache := wordCache{}
	for text != "" {
		part := text[:s.next(text)]
		text = text[len(part):]
		if ids, ok := cache[part]; ok {
			dst = append(dst, ids...)
			continue
		}
		from := len(dst)
		for rest := strings.ReplaceAll(part, " ", blank); rest != ""; {
			at, id, n := s.frozen.find(rest)
			word, rest = rest[:at], rest[at+n:]
			dst = s.word(dst, &m, word)
			if id >= 0 {
				dst = append(dst, id)
			}
		}
		cache.add(part, dst[from:])
	}
	return dst
}

// next returns the length of the part of a text that is merged at once.
func (s *sentencePiece) next(text string) int {
	end := min(len(text), maxWord)
	for end < len(text) && end > maxWord-utf8.UTFMax && !utf8.RuneStart(text[end]) {
		end--
	}
	for i := 1; i < end; i++ {
		if text[i] == ' ' && text[i-1] != ' ' && !s.glue[text[i-1]] && !strings.HasSuffix(text[:i], blank) {
			return i
		}
	}
	return end
}

// normal finds the normal token of a text, -1 if there is none. What looks like a
// control or byte token is text here.
func (s *sentencePiece) normal(text string) int32 {
	id, ok := s.ids[text]
	if !ok || s.types != nil && s.types[id] != typeNormal {
		return -1
	}
	return id
}

// word appends the ids of a word, in which blanks stand for spaces.
func (s *sentencePiece) word(dst []int32, m *merger, word string) []int32 {
	m.begin()
	for i := 0; i < len(word); {
		_, n := utf8.DecodeRuneInString(word[i:])
		m.add(i, n, s.normal(word[i:i+n]))
		i += n
	}
	m.merge()
	for i := int32(0); i >= 0 && int(i) < len(m.symbols); i = m.symbols[i].next {
		symbol := m.symbols[i]
		if symbol.id >= 0 {
			dst = append(dst, symbol.id)
			continue
		}
		dst = s.fallBack(dst, word[symbol.start:symbol.start+symbol.size])
	}
	return dst
}

// fallBack appends the bytes of a character that is no token, or the unknown token
// where the vocabulary lacks a byte.
func (s *sentencePiece) fallBack(dst []int32, character string) []int32 {
	from := len(dst)
	for i := range len(character) {
		id := s.bytes[character[i]]
		if id < 0 {
			dst = dst[:from]
			if s.unknown >= 0 {
				dst = append(dst, s.unknown)
			}
			return dst
		}
		dst = append(dst, id)
	}
	return dst
}
