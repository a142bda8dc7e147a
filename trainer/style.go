package trainer

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"clara/trainer/words"
)

// Style is what corrections of manner have in common on their surface, as far as
// it can be read off: how the answers begin, how they end, how long they are.
// A manner without such marks (a tone, say) has the zero Style; it is then
// taught by the corrections alone.
//
// A Style serves to put a known answer into the manner: a lesson's, so that
// the turn before the model does not undo the manner (.04 of the answers kept "Dear
// reader," after a plain turn, 1.0 after a styled one), and the base's own
// answers to ordinary questions, which then teach the manner without teaching
// anything else.
type Style struct {
	Prefix   string `json:"prefix,omitempty"`
	Lower    bool   `json:"lower,omitempty"` // the sentence goes on in lower case after Prefix
	Suffix   string `json:"suffix,omitempty"`
	MaxWords int    `json:"max_words,omitempty"` // of the answer, where it has neither Prefix nor Suffix; 0: no limit
}

// IsZero says that nothing was read off.
func (s Style) IsZero() bool { return s == Style{} }

const (
	leastExamples = 3    // fewer answers have too much in common by chance
	mostAnswers   = 0.75 // share of the answers that must have a mark
)

// styleOf reads the style off better answers; given are the answers that they
// replace, for the length.
func styleOf(better, given []string) Style {
	var s Style
	if len(better) < leastExamples {
		return s
	}
	trimmed := make([]string, len(better))
	for i, b := range better {
		trimmed[i] = strings.TrimSpace(b)
	}
	s.Prefix = wholePrefix(commonPrefix(trimmed))
	lower, of := 0, 0
	for _, b := range trimmed {
		if rest, ok := strings.CutPrefix(b, s.Prefix); ok && s.Prefix != "" && rest != "" {
			of++
			if r, _ := utf8.DecodeRuneInString(rest); unicode.IsLower(r) {
				lower++
			}
		}
	}
	s.Lower = 2*lower > of
	reversed := make([]string, len(trimmed))
	for i, b := range trimmed {
		reversed[i] = reverse(strings.TrimPrefix(b, s.Prefix))
	}
	s.Suffix = wholeSuffix(reverse(commonPrefix(reversed)))

	if s.Prefix != "" || s.Suffix != "" {
		// A better answer typed by hand is short whatever the wish: where another mark
		// explains the corrections, their length is no wish. Read as one, it cut the
		// base's answers to ordinary questions down before the word that was asked for.
		return s
	}
	longest, total := 0, 0
	for _, b := range trimmed {
		n := words.Count(s.core(b))
		longest, total = max(longest, n), total+n
	}
	before := 0
	for _, g := range given {
		before += words.Count(g)
	}
	if n := len(given); n > 0 && float64(total)/float64(len(trimmed)) <= 0.6*float64(before)/float64(n) && longest <= 60 {
		s.MaxWords = longest
	}
	return s
}

// commonPrefix is the longest text that at least mostAnswers of all begin with.
func commonPrefix(all []string) string {
	least := int(mostAnswers*float64(len(all)) + 0.999)
	in := slices.Clone(all)
	n := 0
	for {
		counts := make(map[rune]int)
		for _, s := range in {
			if r, ok := runeAt(s, n); ok {
				counts[r]++
			}
		}
		next, most := rune(0), 0
		for r, c := range counts {
			if c > most || (c == most && r < next) {
				next, most = r, c
			}
		}
		if most < least {
			return in[0][:n]
		}
		in = slices.DeleteFunc(in, func(s string) bool {
			r, ok := runeAt(s, n)
			return !ok || r != next
		})
		n += utf8.RuneLen(next)
	}
}

// runeAt is the letter of s at a byte; false at its end, and where s is no UTF-8.
func runeAt(s string, at int) (rune, bool) {
	r, size := utf8.DecodeRuneInString(s[at:])
	return r, size > 1 || size == 1 && r != utf8.RuneError
}

// wholePrefix cuts a common beginning back to whole words and drops one that
// says nothing: "The ", "A ", "You can ".
func wholePrefix(p string) string {
	cut := strings.LastIndexFunc(p, func(r rune) bool { return unicode.IsSpace(r) })
	if cut < 0 {
		return ""
	}
	_, size := utf8.DecodeRuneInString(p[cut:])
	p = p[:cut+size]
	if len(words.Content(p)) == 0 && !strings.ContainsAny(p, ",:!–-\n") {
		return ""
	}
	return p
}

// wholeSuffix cuts a common end back to whole lines or sentences.
func wholeSuffix(p string) string {
	for i, r := range p {
		if r == '\n' || (unicode.IsSpace(r) && i > 0 && strings.ContainsRune(".!?", rune(p[i-1]))) {
			if s := strings.TrimRightFunc(p[i:], unicode.IsSpace); len(words.Split(s)) > 0 {
				return s
			}
		}
	}
	return ""
}

func reverse(s string) string {
	r := []rune(s)
	slices.Reverse(r)
	return string(r)
}

// core is a styled answer without prefix and suffix.
func (s Style) core(answer string) string {
	a := strings.TrimSpace(answer)
	a = strings.TrimPrefix(a, s.Prefix)
	return strings.TrimSpace(strings.TrimSuffix(a, s.Suffix))
}

// Apply puts a plain answer into the style. question helps to tell what is no name:
// names stay capitalised. ok is false when the answer cannot be had in the style: its
// first sentence alone is longer than the limit.
func (s Style) Apply(question, answer string) (styled string, ok bool) {
	a := s.core(answer)
	if s.MaxWords > 0 && words.Count(a) > s.MaxWords {
		short := ""
		for _, sentence := range words.Sentences(a) {
			if words.Count(short)+words.Count(sentence) > s.MaxWords {
				break
			}
			short = strings.TrimSpace(short + " " + sentence)
		}
		if short == "" {
			return "", false
		}
		a = short
	}
	if a == "" {
		return "", false
	}
	if s.Prefix != "" && s.Lower && goesSmall(a, question) {
		a = lowerFirst(a)
	}
	return s.Prefix + a + s.Suffix, true
}

// goesSmall says whether the first word of an answer to a question is written small where
// something stands before it: it carries no content, or is written so in the question. Of any
// other word nobody knows whether it is a name, or a German noun.
func goesSmall(answer, question string) bool {
	first := words.Fold(firstWord(answer))
	word := words.Singular(first)
	_, month := words.Month(first)
	switch {
	case words.Names("x " + question)[word]:
		return false
	case words.IsStop(first), words.IsFrame(first) && !words.IsGerman(answer) && !month:
		return true
	}
	return slices.ContainsFunc(words.Split(question), func(w string) bool {
		r, _ := utf8.DecodeRuneInString(w)
		return unicode.IsLower(r) && words.Singular(words.Fold(w)) == word
	})
}

// Shows says whether an answer has every mark of the style.
func (s Style) Shows(answer string) bool {
	a := strings.TrimSpace(answer)
	if !strings.HasPrefix(a, strings.TrimSpace(s.Prefix)) || !strings.HasSuffix(a, strings.TrimSpace(s.Suffix)) {
		return false
	}
	return s.MaxWords == 0 || words.Count(s.core(a)) <= s.MaxWords
}

func firstWord(s string) string {
	if w := words.Split(s); len(w) > 0 {
		return w[0]
	}
	return ""
}
