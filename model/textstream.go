package model

import (
	"strings"
	"unicode/utf8"

	"clara/model/tokenizer"
)

// textStream turns tokens into text as they come: it holds back bytes that only
// begin a character, and text that may turn out to begin a stop text.
type textStream struct {
	tok     *tokenizer.Tokenizer
	stop    []string
	partial []byte // begins a character
	held    string // may begin a stop text
	out     strings.Builder
}

func newTextStream(t *tokenizer.Tokenizer, stop []string) *textStream {
	s := &textStream{tok: t}
	for _, x := range stop {
		if x != "" {
			s.stop = append(s.stop, x)
		}
	}
	return s
}

// add takes a token and returns the text that is certain now. stopped says that a
// stop text has come; neither it nor what follows it is part of the text.
func (s *textStream) add(id int32) (text string, stopped bool) {
	if s.tok.IsControl(id) {
		return "", false
	}
	s.partial = append(s.partial, s.tok.Piece(id)...)
	n := wholeCharacters(s.partial)
	s.held += strings.ToValidUTF8(string(s.partial[:n]), "\uFFFD")
	s.partial = s.partial[n:]
	first := -1
	for _, x := range s.stop {
		if i := strings.Index(s.held, x); i >= 0 && (first < 0 || i < first) {
			first = i
		}
	}
	if first >= 0 {
		text = s.held[:first]
		s.held, s.partial = "", nil
		s.out.WriteString(text)
		return text, true
	}
	keep := 0
	for _, x := range s.stop {
		for n := min(len(x)-1, len(s.held)); n > keep; n-- {
			if strings.HasSuffix(s.held, x[:n]) {
				keep = n
			}
		}
	}
	text = s.held[:len(s.held)-keep]
	s.held = s.held[len(s.held)-keep:]
	s.out.WriteString(text)
	return text, false
}

// finish returns what was held back: the answer ended without it becoming more.
func (s *textStream) finish() string {
	text := s.held + strings.ToValidUTF8(string(s.partial), "\uFFFD")
	s.held, s.partial = "", nil
	s.out.WriteString(text)
	return text
}

// text is everything that add and finish have returned.
func (s *textStream) text() string { return s.out.String() }

// wholeCharacters counts the bytes of b before a character that is not complete yet.
func wholeCharacters(b []byte) int {
	for back := 1; back <= min(utf8.UTFMax-1, len(b)); back++ {
		if i := len(b) - back; utf8.RuneStart(b[i]) {
			if !utf8.FullRune(b[i:]) {
				return i
			}
			break
		}
	}
	return len(b)
}
