package words

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Sentences cuts text after . ! ? and at line ends, after their full-width forms also where
// no space follows; the signs stay.
func Sentences(text string) []string {
	var out []string
	start := 0
	flush := func(end int) {
		if s := strings.TrimSpace(text[start:end]); s != "" {
			out = append(out, s)
		}
		start = end
	}
	for i, r := range text {
		if i < start {
			continue
		}
		switch r {
		case '\n':
			flush(i + 1)
		case '。', '！', '？':
			flush(i + utf8.RuneLen(r))
		case '.', '!', '?':
			next, _ := utf8.DecodeRuneInString(text[i+1:])
			word := text[start:i]
			if i+1 == len(text) || (unicode.IsSpace(next) && !abbreviated(word)) {
				flush(i + 1)
			}
		}
	}
	flush(len(text))
	return out
}

// abbreviated says whether the text before a full stop ends in an abbreviation or
// a single letter, so that the sentence goes on.
func abbreviated(before string) bool {
	w := before
	if i := strings.LastIndexFunc(before, unicode.IsSpace); i >= 0 {
		_, size := utf8.DecodeRuneInString(before[i:]) // a no-break space is of two bytes
		w = before[i+size:]
	}
	switch strings.ToLower(w) {
	case "mr", "mrs", "ms", "dr", "prof", "st", "no", "nr", "bzw", "ca", "abs", "art", "str":
		return true
	}
	return utf8.RuneCountInString(w) == 1 && !unicode.IsDigit([]rune(w)[0])
}
