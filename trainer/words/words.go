package words

import (
	"strings"
	"unicode"
)

// stopWords carry no content: they are left out where questions are compared.
// English and German; umlauts as Fold writes them.
var stopWords = Set(`a am an and are as at be been but by can could did do does for from had has
	have he her his how i if in is it its me my of on or our out she should so than that the their them then there
	these they this to us was we were what when where which who whom whose why will with would you your
	aber als am an auf aus bei bin bis das dass dein deine dem den der des die dies diese dieser dir doch du ein
	eine einem einen einer eines er es fuer hat hatte hast haben ich ihm ihn ihnen ihr ihre im in ist ja kann
	kannst man mein meine meinem meinen meiner mich mir mit nach nicht noch oder sein seine sich sie sind
	und uns unser unsere unserem unserer vom von vor wann war waren warum was welche welchem welchen welcher welches wem
	wen wenn wer werden weshalb wessen wie wieso wir wird wo woher wohin wurde wurden zu zum zur`)

// IsStop says whether a folded word is a stop word: one without content, English or German.
func IsStop(w string) bool { return stopWords[w] }

// Set is the set of the words of a list, which blanks part.
func Set(list string) map[string]bool {
	set := make(map[string]bool)
	for _, w := range strings.Fields(list) {
		set[w] = true
	}
	return set
}

var folding = strings.NewReplacer("ä", "ae", "ö", "oe", "ü", "ue", "ß", "ss", "’s", "", "'s", "", "’", "'")

// Fold writes s in lower case, without umlauts and possessive endings, so that
// spellings of one word are equal.
func Fold(s string) string { return folding.Replace(strings.ToLower(s)) }

// Split cuts s into words: runs of letters, digits, underscores and hyphens, and pieces of
// those that have no spaces between words.
func Split(s string) []string {
	words := strings.FieldsFunc(s, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) && r != '_' && r != '-'
	})
	if !strings.ContainsFunc(s, IsUnspaced) {
		return words
	}
	var out []string
	for _, w := range words {
		out = append(out, pieces(w)...)
	}
	return out
}

// Singular takes the plural's s off a word of more than three letters.
func Singular(w string) string {
	if len(w) > 3 && strings.HasSuffix(w, "s") {
		return w[:len(w)-1]
	}
	return w
}

// Content returns the words of s that carry content, folded and in the singular, in
// their order, repetitions kept.
func Content(s string) []string {
	all := Split(withoutParticles(Fold(s)))
	out := all[:0]
	for _, w := range all {
		w = Singular(strings.Trim(w, "-_"))
		if w != "" && !stopWords[w] {
			out = append(out, w)
		}
	}
	return out
}

// Names returns what a question is about in particular: its capitalised words
// but the first, and its numbers; folded and in the singular. In German these are all nouns.
func Names(s string) map[string]bool {
	out := make(map[string]bool)
	for i, w := range Split(strings.NewReplacer("'s", "", "’s", "").Replace(s)) {
		first := []rune(w)[0]
		if (i > 0 && unicode.IsUpper(first) && w != "I") || IsNumber(w) {
			out[Singular(Fold(w))] = true
		}
	}
	return out
}

// IsNumber says whether a word is digits alone.
func IsNumber(w string) bool {
	for _, r := range w {
		if !unicode.IsDigit(r) {
			return false
		}
	}
	return w != ""
}

// All is the set of the words of s, stop words too, folded and in the singular.
func All(s string) map[string]bool {
	out := make(map[string]bool)
	for _, w := range Split(Fold(s)) {
		out[Singular(w)] = true
	}
	return out
}

// Normal is a question reduced to what makes it the same question: its folded
// words, in their order.
func Normal(s string) string { return strings.Join(Split(Fold(s)), " ") }

// Wording is the normal form or, of what has no words ("👍", "???"), the text as it stands:
// such texts are not all the same.
func Wording(s string) string {
	if n := Normal(s); n != "" {
		return n
	}
	return strings.TrimSpace(s)
}

// Count counts the words of s as a person would. Where a script has no spaces between
// them, two letters count as one.
func Count(s string) int {
	n := 0
	for _, w := range strings.Fields(s) {
		letters := 0
		for _, r := range w {
			if unicode.IsLetter(r) && IsUnspaced(r) {
				letters++
			}
		}
		n += max(1, (letters+1)/2)
	}
	return n
}

// IsGerman guesses by its stop words and umlauts whether a text is German. One without any is not.
func IsGerman(s string) bool { return GermanScore(s) > 0 }

// GermanScore is above 0 where the stop words and umlauts of s are German, below 0 where
// they are English, 0 where it has none or as many of both.
func GermanScore(s string) int {
	score := 0
	for _, w := range Split(strings.ToLower(s)) {
		switch {
		case strings.ContainsAny(w, "äöüß"):
			score += 2
		case germanMarks[w]:
			score++
		case englishMarks[w]:
			score--
		}
	}
	return score
}

var (
	germanMarks = Set(`der die das den dem des ein eine einen einem einer und ist sind nicht wie wer wo wann warum
		welche welcher welches welchem welchen mein meine ich sie wir ihr mit von zu zum zur auf bei für im hat haben wird heißt heisst`)
	englishMarks = Set(`the of is are and what which who where when why how do does my our to in a an it for with you your has have`)
)
