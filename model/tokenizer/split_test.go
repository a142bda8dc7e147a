package tokenizer

import (
	"slices"
	"strings"
	"testing"

	"github.com/dlclark/regexp2/v2"
	"pgregory.net/rapid"
)

// The expressions of the tokenizers' makers. Of several, each splits what the one
// before it left, and what it does not match is a word too.
var expressions = map[string][]string{
	"gpt-2": {`'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`},
	"smollm": {
		`\p{N}`,
		`'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`,
	},
	"qwen2":     {`(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`},
	"llama-bpe": {`(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`},
}

// words splits a text by a splitter.
func words(s splitter, text string) []string {
	var list []string
	for text != "" {
		n := s.next(text)
		list = append(list, text[:n])
		text = text[n:]
	}
	return list
}

// wordsByExpression splits a text by the expressions themselves.
func wordsByExpression(t *rapid.T, list []*regexp2.Regexp, text string) []string {
	parts := []string{text}
	for _, re := range list {
		var next []string
		for _, part := range parts {
			runes := []rune(part)
			at := 0
			m, err := re.FindRunesMatch(runes)
			for ; m != nil; m, err = re.FindNextMatch(m) {
				if m.RuneIndex > at {
					next = append(next, string(runes[at:m.RuneIndex]))
				}
				next = append(next, string(runes[m.RuneIndex:m.RuneIndex+m.RuneLength]))
				at = m.RuneIndex + m.RuneLength
			}
			if err != nil {
				t.Fatal(err)
			}
			if at < len(runes) {
				next = append(next, string(runes[at:]))
			}
		}
		parts = next
	}
	return parts
}

// The splitters written by hand find the words of the regular expressions.
func TestSplittersFollowTheirExpressions(t *testing.T) {
	alphabet := []string{
		"a", "Z", "ä", "é", "ß", "日", "ا", "ǆ", "ª", // letters
		"0", "7", "٣", "½", "Ⅷ", "²", // numbers
		" ", " ", "\t", "\n", "\r", "\r\n", "\u00A0", "\u2003", "\u3000", "\u0085", "\v", // white space
		".", "-", "$", "🤔", "\u0301", "\u200B", "_", "\x00", "'", "’", // the rest
		"'s", "'S", "'t", "'re", "'RE", "'ve", "'vE", "'m", "'ll", "'lL", "'d", "'x", "''s", "'l", "'r", "'v",
	}
	for pre, list := range expressions {
		t.Run(pre, func(t *testing.T) {
			var compiled []*regexp2.Regexp
			for _, e := range list {
				compiled = append(compiled, regexp2.MustCompile(e, regexp2.None))
			}
			rapid.Check(t, func(t *rapid.T) {
				text := strings.Join(rapid.SliceOf(rapid.SampledFrom(alphabet)).Draw(t, "text"), "")
				got, want := words(splitters[pre], text), wordsByExpression(t, compiled, text)
				if !slices.Equal(got, want) {
					t.Fatalf("%q\n got %q\nwant %q", text, got, want)
				}
			})
		})
	}
}

// Whatever the bytes are, the words of every splitter are not empty and make up the
// text.
func FuzzSplit(f *testing.F) {
	f.Add("Hello, it's 3 o'clock.\r\n\r\n  \xff\xe2\x96 \u00a0x")
	f.Fuzz(func(t *testing.T, text string) {
		for pre, s := range splitters {
			list := words(s, text)
			if strings.Join(list, "") != text || slices.Contains(list, "") {
				t.Errorf("%s splits %q into %q", pre, text, list)
			}
		}
	})
}
