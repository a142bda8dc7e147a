package words

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/blevesearch/snowballstem"
	stemenglish "github.com/blevesearch/snowballstem/english"
	stemgerman "github.com/blevesearch/snowballstem/german"
)

// Plain writes a word in lower case with the bare vowels of its umlauts, however
// those are written: Öffnung and Oeffnung are offnung.
func Plain(w string) string {
	w = strings.ToLower(w)
	b := make([]byte, 0, len(w))
	for i, r := range w {
		switch r {
		case 'ä', 'à', 'á', 'â':
			b = append(b, 'a')
		case 'ö', 'ó', 'ô':
			b = append(b, 'o')
		case 'ü', 'ú', 'û':
			b = append(b, 'u')
		case 'é', 'è', 'ê':
			b = append(b, 'e')
		case 'ß':
			b = append(b, "ss"...)
		case 'e':
			// ae, oe and ue, but for the ue of neue, bauen and quer.
			if n := len(b); n > 0 && i > 0 && w[i-1] == b[n-1] &&
				(b[n-1] == 'a' || b[n-1] == 'o' || b[n-1] == 'u' && (n < 2 || !strings.ContainsRune("aeq", rune(b[n-2])))) {
				continue
			}
			b = append(b, 'e')
		default:
			b = utf8.AppendRune(b, r)
		}
	}
	return string(b)
}

// Stem takes the endings off a plain word, the English ones and then the German
// ones (Snowball; Porter 2001): which language a short question is in need not be known, and what is
// taken off too much is taken off on both sides.
func Stem(w string) string {
	if len(w) < 4 || strings.ContainsFunc(w, unicode.IsDigit) {
		return w
	}
	env := snowballstem.NewEnv(w)
	stemenglish.Stem(env)
	stemgerman.Stem(env)
	if s := env.Current(); len(s) >= 3 {
		return s
	}
	return w
}

var (
	separable = []string{"zusammen", "nach", "vor", "auf", "aus", "ein", "ab", "an", "um", "mit", "bei", "her", "hin", "los", "weg", "zu", ""}
	verbEnds  = []string{"et", "en", "t"}
)

// WithoutParticiple returns the stem that a German participle or an infinitive with
// "zu" shares with its verb, of a plain word: geöffnet offn, eingelegt einleg, anzumelden anmeld,
// bezahlt zahl. "" for other words.
func WithoutParticiple(w string) string {
	for _, end := range verbEnds {
		body, ok := strings.CutSuffix(w, end)
		if !ok {
			continue
		}
		for _, p := range separable {
			rest, ok := strings.CutPrefix(body, p)
			if !ok {
				continue
			}
			for _, mark := range []string{"ge", "zu"} {
				if verb, ok := strings.CutPrefix(rest, mark); ok && len(verb) >= 3 && (mark == "ge" || p != "") {
					return Stem(p + verb + "en")
				}
			}
		}
		if verb, ok := strings.CutPrefix(body, "be"); ok && len(verb) >= 4 {
			return Stem(verb + "en")
		}
	}
	return ""
}

// OneEdit says whether a and b, plain both, differ in one letter put in, left out or replaced, or
// in two neighbours that have changed places.
func OneEdit(a, b string) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	if len(b)-len(a) > 1 {
		return false
	}
	i := 0
	for i < len(a) && a[i] == b[i] {
		i++
	}
	if len(a) < len(b) {
		return a[i:] == b[i+1:]
	}
	return i == len(a) || a[i+1:] == b[i+1:] ||
		i+1 < len(a) && a[i] == b[i+1] && a[i+1] == b[i] && a[i+2:] == b[i+2:]
}
