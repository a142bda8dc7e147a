package tokenizer

import (
	"unicode"
	"unicode/utf8"
)

// splitter is how byte-level BPE treats a text before it merges. The words are
// those of the regular expressions given with each, which the tests hold against
// a regular-expression engine; written out by hand they are found three times as fast.
type splitter struct {
	// next returns the length of the first word of a text that is not empty.
	next func(text string) int
	// nfc: the text is brought to Unicode's composed form before (UAX #15).
	nfc bool
	// wholeWords: a word that is a token is not put together from its parts.
	wholeWords bool
	// addBOS is the default of Vocabulary.AddBOS.
	addBOS bool
}

// splitters holds them by tokenizer.ggml.pre. A name stands for a model, so that
// several mean the same. Files of before May 2024 have none, or "default": they are of any of
// these models, and llama.cpp, which splits them as GPT-2 does, warns of a degraded output.
var splitters = func() map[string]splitter {
	gpt2 := splitter{next: nextGPT2}
	digits := splitter{next: nextSmolLM}
	qwen2 := splitter{next: func(text string) int { return nextLlama3(text, 1) }, nfc: true}
	llama3 := splitter{next: func(text string) int { return nextLlama3(text, 3) }, wholeWords: true, addBOS: true}
	return map[string]splitter{
		"gpt-2": gpt2, "phi-2": gpt2, "olmo": gpt2, "mpt": gpt2,
		"smollm": digits, "starcoder": digits, "refact": digits, "command-r": digits, "codeshell": digits, "exaone": digits,
		"qwen2": qwen2, "deepseek-r1-qwen": qwen2, "megrez": qwen2,
		"llama-bpe": llama3, "llama3": llama3, "llama-v3": llama3, "falcon3": llama3,
	}
}()

// class is what the expressions tell apart: \p{L}, \p{N}, \s and the rest.
type class byte

const (
	other class = iota
	letter
	number
	space
	none // behind the end of the text
)

// classAt is the class of the character at byte i and its length. A byte that is
// not UTF-8 is a character of its own.
func classAt(text string, i int) (class, int) {
	if i >= len(text) {
		return none, 0
	}
	if c := text[i]; c < utf8.RuneSelf {
		switch {
		case c|0x20 >= 'a' && c|0x20 <= 'z':
			return letter, 1
		case c >= '0' && c <= '9':
			return number, 1
		case c == ' ' || c >= '\t' && c <= '\r':
			return space, 1
		}
		return other, 1
	}
	r, n := utf8.DecodeRuneInString(text[i:])
	switch {
	case unicode.IsLetter(r):
		return letter, n
	case unicode.IsNumber(r):
		return number, n
	case unicode.IsSpace(r):
		return space, n
	}
	return other, n
}

// run returns the end of the run of characters of class c that begins at i.
func run(text string, i int, c class) int {
	for {
		k, n := classAt(text, i)
		if k != c {
			return i
		}
		i += n
	}
}

// contraction returns the length of 's, 't, 're, 've, 'm, 'll or 'd at the
// beginning of text, 0 without one.
func contraction(text string, anyCase bool) int {
	if len(text) < 2 || text[0] != '\'' {
		return 0
	}
	at := func(i int) byte {
		if i >= len(text) {
			return 0
		}
		c := text[i]
		if anyCase && c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		return c
	}
	a, b := at(1), at(2)
	switch {
	case a == 's' || a == 't' || a == 'm' || a == 'd':
		return 2
	case a == 'r' && b == 'e' || a == 'v' && b == 'e' || a == 'l' && b == 'l':
		return 3
	}
	return 0
}

// blanks is the end of \s+(?!\S)|\s+ at the beginning of text: a run of white
// space without its last character, which belongs to the word behind it.
// follows says whether there is such a word behind the run, which ends at end.
func blanks(text string, end int, follows bool) int {
	if !follows {
		return end
	}
	_, n := utf8.DecodeLastRuneInString(text[:end])
	if n == end {
		return end
	}
	return end - n
}

// nextGPT2 splits by
//
//	's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
func nextGPT2(text string) int {
	if n := contraction(text, false); n > 0 {
		return n
	}
	from := 0
	c, _ := classAt(text, 0)
	if text[0] == ' ' {
		if behind, _ := classAt(text, 1); behind != space && behind != none {
			c, from = behind, 1
		}
	}
	end := run(text, from, c)
	if c != space {
		return end
	}
	return blanks(text, end, end < len(text))
}

// nextSmolLM first cuts out every \p{N}, and splits what lies between by the
// expression of nextGPT2.
func nextSmolLM(text string) int {
	if n := contraction(text, false); n > 0 {
		return n
	}
	from := 0
	c, n := classAt(text, 0)
	if c == number {
		return n
	}
	if text[0] == ' ' {
		if behind, _ := classAt(text, 1); behind == letter || behind == other {
			c, from = behind, 1
		}
	}
	end := run(text, from, c)
	if c != space {
		return end
	}
	behind, _ := classAt(text, end)
	return blanks(text, end, behind == letter || behind == other)
}

// nextLlama3 splits by
//
//	(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,digits}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+
func nextLlama3(text string, digits int) int {
	if n := contraction(text, true); n > 0 {
		return n
	}
	c, n := classAt(text, 0)
	switch c {
	case letter:
		return run(text, 0, letter)
	case number:
		end := n
		for range digits - 1 {
			c, n := classAt(text, end)
			if c != number {
				break
			}
			end += n
		}
		return end
	}
	behind, _ := classAt(text, n)
	if behind == letter && text[0] != '\r' && text[0] != '\n' {
		return run(text, n, letter)
	}
	from := 0
	if text[0] == ' ' && behind == other {
		from = 1
	}
	if c == other || from == 1 {
		end := run(text, from, other)
		for end < len(text) && (text[end] == '\r' || text[end] == '\n') {
			end++
		}
		return end
	}
	end := run(text, 0, space)
	for i := end; i > 0; i-- {
		if text[i-1] == '\r' || text[i-1] == '\n' {
			return i
		}
	}
	return blanks(text, end, end < len(text))
}
