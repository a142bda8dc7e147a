package words

import (
	"regexp"
	"strconv"
	"strings"
	"unicode"
)

var (
	wordPattern = regexp.MustCompile(`\d+(?:[.,:'/]\d+)*\.?|[\pL\pM\d_]+(?:[-&’'][\pL\pM\d_]+)*|[.?!:;。？！：；]`)
	grouped     = regexp.MustCompile(`^\d{1,3}(?:[.,']\d{3})+$`)
	clock       = regexp.MustCompile(`^(\d{1,2})[:.](\d\d)$`)
	ungrouped   = strings.NewReplacer(".", "", ",", "", "'", "")
	dayMonth    = regexp.MustCompile(`^(\d{1,2})\.(\d{1,2})\.?$`)
)

// months maps the plain names of the months to their terms.
var months = func() map[string]string {
	m := make(map[string]string)
	for i, names := range []string{"january januar jänner", "february februar", "march märz", "april", "may mai", "june juni", "july juli", "august", "september", "october oktober", "november", "december dezember"} {
		for _, w := range strings.Fields(names) {
			m[Plain(w)] = monthTerm(i + 1)
		}
	}
	return m
}()

// Month is the term that Numbers writes for a month, by its plain name, English or
// German: "month5" for may and mai. ok is false for other words.
func Month(w string) (term string, ok bool) {
	term, ok = months[w]
	return term, ok
}

func monthTerm(n int) string { return "month" + strconv.Itoa(n) }

// Numbers writes a number as one spelling of it or, for a date, the day and the
// month: 8:00 and 8 are the same, 1.500 and 1500, 12.5. and 12 May.
func Numbers(w string) []string {
	if m := dayMonth.FindStringSubmatch(w); m != nil && strings.HasSuffix(w, ".") {
		if n, err := strconv.Atoi(m[2]); err == nil && 1 <= n && n <= 12 {
			return []string{strings.TrimPrefix(m[1], "0"), monthTerm(n)}
		}
	}
	w = strings.TrimSuffix(w, ".")
	switch {
	case grouped.MatchString(w):
		return []string{ungrouped.Replace(w)}
	case clock.MatchString(w):
		m := clock.FindStringSubmatch(w)
		hour := strings.TrimPrefix(m[1], "0")
		if m[2] == "00" {
			return []string{hour}
		}
		return []string{hour + ":" + m[2]}
	}
	return []string{w}
}

// Numerals are the numbers of a text as they are spelt alike (8:00 and 8), each with the
// half of the day that follows it, "am" or "pm"; "" where none or both do.
func Numerals(text string) map[string]string {
	out := make(map[string]string)
	words := wordPattern.FindAllString(text, -1)
	for i, w := range words {
		if !IsNumeral(w) {
			continue
		}
		half := ""
		if i+1 < len(words) {
			if next := strings.ToLower(words[i+1]); next == "am" || next == "pm" {
				half = next
			}
		}
		for _, n := range Numbers(w) {
			if before, ok := out[n]; ok && before != half {
				half = ""
			}
			out[n] = half
		}
	}
	return out
}

// IsNumeral says whether a word is a number written in digits, 8am too.
func IsNumeral(w string) bool {
	w = strings.TrimSuffix(strings.TrimSuffix(strings.ToLower(w), "am"), "pm")
	return strings.ContainsFunc(w, unicode.IsDigit) && !strings.ContainsFunc(w, unicode.IsLetter)
}

// Tokens are the words of a text as they are written, numbers and dates whole, and the signs that
// end or part its sentences, in their order. Of unspaced scripts they are pieces, without
// the particles.
func Tokens(s string) []string {
	s = withoutParticles(s)
	all := wordPattern.FindAllString(s, -1)
	if !strings.ContainsFunc(s, IsUnspaced) {
		return all
	}
	var out []string
	for _, w := range all {
		out = append(out, pieces(w)...)
	}
	return out
}
