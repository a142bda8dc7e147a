package tokenizer

import (
	"strings"
	"unicode/utf8"
)

// Decoder turns a stream of tokens into text as they come. It holds back the
// beginning of a character until the rest of it is there, so that every string
// that it returns is valid UTF-8; bytes that are none become U+FFFD. It serves one
// stream and one goroutine.
type Decoder struct {
	tokenizer *Tokenizer
	held      []byte // an unfinished character
	begun     bool
}

// NewDecoder returns a decoder for an answer of its own: as with [Tokenizer.Decode],
// a space that SentencePiece puts before the first word is left out.
func (t *Tokenizer) NewDecoder() *Decoder { return &Decoder{tokenizer: t} }

// Push returns the text that token id completes, often none.
func (d *Decoder) Push(id int32) string {
	piece := d.tokenizer.Piece(id)
	if len(piece) == 0 {
		return ""
	}
	if !d.begun && d.tokenizer.vocab.AddSpacePrefix && piece[0] == ' ' {
		piece = piece[1:]
	}
	d.begun = true
	text := append(d.held, piece...)
	end := len(text) - unfinished(text)
	out := strings.ToValidUTF8(string(text[:end]), "\uFFFD")
	d.held = append(d.held[:0], text[end:]...)
	return out
}

// Flush returns what was held back at the end of a stream, and forgets it.
func (d *Decoder) Flush() string {
	out := strings.ToValidUTF8(string(d.held), "\uFFFD")
	d.held = d.held[:0]
	return out
}

// unfinished counts the bytes at the end of b that begin a character and lack its
// rest.
func unfinished(b []byte) int {
	for n := 1; n < utf8.UTFMax && n <= len(b); n++ {
		if tail := b[len(b)-n:]; utf8.RuneStart(tail[0]) {
			if utf8.FullRune(tail) {
				return 0
			}
			return n
		}
	}
	return 0
}
