package chat

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// tokenKind tells tokens apart.
type tokenKind int

const (
	tokenEnd    tokenKind = iota // behind the last token of a tag
	tokenName                    // text is the name
	tokenString                  // text is the content
	tokenInt
	tokenFloat
	tokenOperator // text is the operator
)

// token is a token inside a tag.
type token struct {
	kind tokenKind
	text string
}

// partKind tells the parts of a template apart.
type partKind int

const (
	partText  partKind = iota
	partPrint          // {{ tokens }}
	partTag            // {% tokens %}
)

// part is a piece of a template: text as it stands, or the tokens of a tag.
type part struct {
	kind   partKind
	line   int
	text   string
	tokens []token
}

func syntaxError(line int, format string, args ...any) error {
	return fmt.Errorf("line %d: %s: %w", line, fmt.Sprintf(format, args...), ErrSyntax)
}

// lexer cuts a template into parts and takes away the white space that does not
// count: Jinja's trim_blocks (the newline behind a tag), lstrip_blocks (the indent
// before a tag), and what a minus sign in a tag asks for.
type lexer struct {
	rest  string
	line  int
	parts []part
	// How the text that comes next begins.
	trimAll     bool // a minus sign: without white space
	trimNewline bool // without the newline behind a tag
	lineStart   bool // at the beginning of a line
}

func lex(source string) ([]part, error) {
	source = strings.ReplaceAll(strings.ReplaceAll(source, "\r\n", "\n"), "\r", "\n")
	l := &lexer{rest: strings.TrimSuffix(source, "\n"), line: 1, lineStart: true}
	for l.rest != "" {
		at := l.opening()
		if at < 0 {
			l.text(len(l.rest), "")
			break
		}
		l.text(at, l.rest[at:])
		if err := l.tag(); err != nil {
			return nil, err
		}
	}
	return l.parts, nil
}

// opening finds the next tag, print or comment, -1 if there is none.
func (l *lexer) opening() int {
	for at := 0; ; at++ {
		i := strings.IndexByte(l.rest[at:], '{')
		if i < 0 || at+i+1 >= len(l.rest) {
			return -1
		}
		at += i
		if c := l.rest[at+1]; c == '{' || c == '%' || c == '#' {
			return at
		}
	}
}

// text takes the next n bytes as text. opening is what follows them.
func (l *lexer) text(n int, opening string) {
	text := l.rest[:n]
	line := l.line
	l.advance(n)
	switch {
	case l.trimAll:
		text = strings.TrimLeft(text, whitespace)
		l.lineStart = false
	case l.trimNewline && strings.HasPrefix(text, "\n"):
		text, l.lineStart = text[1:], true
	}
	if len(opening) > 2 && opening[2] == '-' {
		text = strings.TrimRight(text, whitespace)
	} else if opening != "" && opening[1] != '{' && !(len(opening) > 2 && opening[2] == '+') {
		indent := strings.TrimRight(text, " \t")
		if strings.HasSuffix(indent, "\n") || indent == "" && l.lineStart {
			text = indent
		}
	}
	l.trimAll, l.trimNewline, l.lineStart = false, false, false
	if text != "" {
		l.parts = append(l.parts, part{kind: partText, line: line, text: text})
	}
}

// whitespace is what Python's strip takes away, as far as it is ASCII.
const whitespace = " \t\n\r\v\f"

func (l *lexer) advance(n int) {
	l.line += strings.Count(l.rest[:n], "\n")
	l.rest = l.rest[n:]
}

// tag takes a tag, print or comment.
func (l *lexer) tag() error {
	kind, line := l.rest[1], l.line
	if kind == '#' {
		end := strings.Index(l.rest[2:], "#}")
		if end < 0 {
			return syntaxError(line, "a comment does not end")
		}
		l.closing(l.rest[:end+2])
		l.advance(end + 4)
		return nil
	}
	l.advance(2)
	sign, _ := cutSign(l.rest)
	l.advance(len(sign))
	p := part{kind: partPrint, line: line}
	end := "}}"
	if kind == '%' {
		p.kind, end = partTag, "%}"
	}
	depth := 0
	for {
		l.advance(len(l.rest) - len(strings.TrimLeft(l.rest, whitespace)))
		if l.rest == "" {
			return syntaxError(line, "a tag does not end")
		}
		if sign, rest := cutSign(l.rest); depth == 0 && strings.HasPrefix(rest, end) {
			if kind == '%' {
				l.closing(sign)
			} else {
				l.trimAll = sign == "-"
			}
			l.advance(len(sign) + len(end))
			break
		}
		t, err := l.token()
		if err != nil {
			return err
		}
		if t.kind == tokenOperator {
			switch t.text {
			case "(", "[", "{":
				depth++
			case ")", "]", "}":
				depth--
			}
		}
		p.tokens = append(p.tokens, t)
	}
	p.tokens = append(p.tokens, token{kind: tokenEnd})
	if kind == '%' && len(p.tokens) == 2 && p.tokens[0].text == "raw" {
		return l.raw(line)
	}
	l.parts = append(l.parts, p)
	return nil
}

// closing notes what the end of a tag or comment does to the text behind it; inside
// ends with the sign before the closing bracket.
func (l *lexer) closing(inside string) {
	l.trimAll = strings.HasSuffix(inside, "-")
	l.trimNewline = !strings.HasSuffix(inside, "+")
}

// raw takes what lies between {% raw %} and {% endraw %} as text.
func (l *lexer) raw(line int) error {
	l.trimNewline = false
	for at := 0; ; at += len("{%") {
		i := strings.Index(l.rest[at:], "{%")
		if i < 0 {
			return syntaxError(line, "raw does not end")
		}
		at += i
		_, rest := cutSign(l.rest[at+len("{%"):])
		rest, ok := strings.CutPrefix(strings.TrimLeft(rest, whitespace), "endraw")
		sign, rest := cutSign(strings.TrimLeft(rest, whitespace))
		if !ok || !strings.HasPrefix(rest, "%}") {
			continue
		}
		end := len(l.rest) - len(rest) + len("%}")
		l.text(at, l.rest[at:])
		l.closing(sign)
		l.advance(end - at)
		return nil
	}
}

// cutSign cuts the sign off the beginning of s, if there is one.
func cutSign(s string) (sign, rest string) {
	if s != "" && (s[0] == '-' || s[0] == '+') {
		return s[:1], s[1:]
	}
	return "", s
}

// operators are those of more than one character; the longest come first.
var operators = []string{"**", "//", "==", "!=", "<=", ">="}

// token takes the next token of a tag.
func (l *lexer) token() (token, error) {
	c := l.rest[0]
	switch {
	case c == '\'' || c == '"':
		return l.quoted()
	case c >= '0' && c <= '9':
		return l.number()
	}
	if n := nameLength(l.rest); n > 0 {
		t := token{kind: tokenName, text: l.rest[:n]}
		l.advance(n)
		return t, nil
	}
	for _, op := range operators {
		if strings.HasPrefix(l.rest, op) {
			l.advance(len(op))
			return token{kind: tokenOperator, text: op}, nil
		}
	}
	if strings.IndexByte("+-*/%~<>=.,:|()[]{}", c) < 0 {
		_, n := utf8.DecodeRuneInString(l.rest)
		return token{}, syntaxError(l.line, "unexpected %q", l.rest[:n])
	}
	l.advance(1)
	return token{kind: tokenOperator, text: string(c)}, nil
}

func nameLength(s string) int {
	for i, r := range s {
		if r != '_' && !unicode.IsLetter(r) && (i == 0 || !unicode.IsDigit(r)) {
			return i
		}
	}
	return len(s)
}

func (l *lexer) number() (token, error) {
	n := 0
	digits := func() {
		for n < len(l.rest) && (l.rest[n] >= '0' && l.rest[n] <= '9' || l.rest[n] == '_') {
			n++
		}
	}
	digits()
	kind := tokenInt
	if n+1 < len(l.rest) && l.rest[n] == '.' && l.rest[n+1] >= '0' && l.rest[n+1] <= '9' {
		kind = tokenFloat
		n++
		digits()
	}
	if n < len(l.rest) && (l.rest[n] == 'e' || l.rest[n] == 'E') {
		mark := n
		n++
		if n < len(l.rest) && (l.rest[n] == '-' || l.rest[n] == '+') {
			n++
		}
		first := n
		digits()
		if n == first {
			n = mark
		} else {
			kind = tokenFloat
		}
	}
	t := token{kind: kind, text: strings.ReplaceAll(l.rest[:n], "_", "")}
	l.advance(n)
	return t, nil
}

// quoted takes a string with Python's escapes.
func (l *lexer) quoted() (token, error) {
	quote, line := l.rest[0], l.line
	var b strings.Builder
	for i := 1; i < len(l.rest); {
		c := l.rest[i]
		switch {
		case c == quote:
			l.advance(i + 1)
			return token{kind: tokenString, text: b.String()}, nil
		case c != '\\' || i+1 >= len(l.rest):
			b.WriteByte(c)
			i++
		default:
			i += escape(&b, l.rest[i:])
		}
	}
	return token{}, syntaxError(line, "a string does not end")
}

// escape writes what an escape sequence at the beginning of s stands for, and
// returns its length. What Python does not know stays as it is.
func escape(b *strings.Builder, s string) int {
	hex := 0
	switch c := s[1]; c {
	case '\n':
	case '\\', '\'', '"':
		b.WriteByte(c)
	case 'n':
		b.WriteByte('\n')
	case 't':
		b.WriteByte('\t')
	case 'r':
		b.WriteByte('\r')
	case 'b':
		b.WriteByte('\b')
	case 'f':
		b.WriteByte('\f')
	case 'v':
		b.WriteByte('\v')
	case 'a':
		b.WriteByte('\a')
	case '0':
		b.WriteByte(0)
	case 'x':
		hex = 2
	case 'u':
		hex = 4
	case 'U':
		hex = 8
	default:
		b.WriteByte('\\')
		return 1
	}
	if hex == 0 {
		return 2
	}
	if len(s) >= 2+hex {
		if code, err := strconv.ParseUint(s[2:2+hex], 16, 32); err == nil {
			b.WriteRune(rune(code))
			return 2 + hex
		}
	}
	b.WriteByte('\\')
	return 1
}
