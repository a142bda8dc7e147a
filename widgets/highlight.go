package widgets

import (
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"github.com/alecthomas/chroma/v2"
	"github.com/alecthomas/chroma/v2/lexers"
)

// highlighter finds what the words of a program are, for one block of code that may be growing.
type highlighter struct {
	language string
	lexer    chroma.Lexer // nil: none knows the language
	slow     bool         // finding took too long: this block stays in one colour
}

const (
	highlightTime  = 500 * time.Millisecond // for a block once; most take one. Each expression of chroma has a limit of its own
	highlightBytes = 20_000
	codeWordBytes  = 200 // a longer piece would be wider than what a graphics card draws at once
)

// lines are the lines of a program in their colours.
func (h *highlighter) lines(language, code string) [][]codeWord {
	code = strings.ReplaceAll(code, "\t", "    ")
	if name, _, _ := strings.Cut(strings.ToLower(language), " "); name != h.language {
		*h = highlighter{language: name}
		if l := lexers.Get(name); name != "" && l != nil {
			h.lexer = chroma.Coalesce(l)
		}
	}
	if h.lexer != nil && !h.slow && len(code) <= highlightBytes {
		if lines, ok := h.coloured(code); ok {
			return lines
		}
		h.slow = true
	}
	var lines [][]codeWord
	for line := range strings.SplitSeq(code, "\n") {
		lines = append(lines, pieces(nil, line, ColorText))
	}
	return lines
}

// coloured asks the lexer, and tells whether it was done in time.
func (h *highlighter) coloured(code string) (lines [][]codeWord, ok bool) {
	next, err := h.lexer.Tokenise(nil, code)
	if err != nil {
		return nil, false
	}
	began := time.Now() // not before: the first block in a language reads its rules
	lines = [][]codeWord{nil}
	for t := next(); t != chroma.EOF; t = next() {
		if time.Since(began) > highlightTime {
			return nil, false
		}
		for i, piece := range strings.Split(t.Value, "\n") {
			if i > 0 {
				lines = append(lines, nil)
			}
			last := len(lines) - 1
			lines[last] = pieces(lines[last], piece, inkOf(t.Type))
		}
	}
	return lines[:min(len(lines), strings.Count(code, "\n")+1)], true // lexers end a text with a line's end
}

// pieces appends a text in pieces that can be drawn.
func pieces(line []codeWord, text string, ink fyne.ThemeColorName) []codeWord {
	for text != "" {
		piece := cutText(text, codeWordBytes)
		line, text = append(line, codeWord{piece, ink}), text[len(piece):]
	}
	return line
}

// inkOf is the colour of a kind of word. They are the inks of the interface, which can be read on every ground.
func inkOf(t chroma.TokenType) fyne.ThemeColorName {
	switch {
	case t.InCategory(chroma.Comment):
		return ColorMuted
	case t.InCategory(chroma.Keyword), t == chroma.NameTag, t == chroma.OperatorWord:
		return ColorPrimary
	case t.InSubCategory(chroma.LiteralString):
		return ColorSuccess
	case t.InSubCategory(chroma.LiteralNumber), t == chroma.NameAttribute, t == chroma.NameDecorator:
		return ColorWarning
	}
	return ColorText
}
