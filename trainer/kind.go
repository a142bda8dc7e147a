package trainer

import (
	"math"
	"slices"
	"strings"
	"unicode"
)

// ProposeFor compares a better answer with the one given and proposes what the
// correction teaches. It looks at what a person would look at, adds up evidence,
// and is a guess that the user can change:
//
//   - new numbers and new names, which the question does not have, say that
//     something else is true (knowledge);
//   - a few words replaced in an answer that else stays, likewise;
//   - the same words in a shorter answer, another beginning or end around the same
//     words, and another layout (lists, line breaks, capitals, signs) say that it
//     is to be said differently (manner);
//   - a beginning or end that other corrections of manner have in common, too.
//
// others are the better answers of the user's corrections of manner.
func ProposeFor(question, given, better string, others []string) Proposal {
	p := Proposal{Kind: Knowledge, Sure: 0.5}
	if words := beyond(better, given); len(words) > 0 {
		p.Keywords = keywordsOf(words, better, question)
	}
	if strings.TrimSpace(better) == "" || strings.TrimSpace(better) == strings.TrimSpace(given) {
		return p
	}
	// The logistic of the evidence: each term is the log of an odds ratio, set by
	// hand on the examples of kind_test.go.
	x := 0.4 // without evidence a correction more often says what is true
	x += factEvidence(question, given, better)
	x -= mannerEvidence(given, better, others)
	sure := 1 / (1 + math.Exp(-math.Abs(x)))
	p.Sure = sure
	if x < 0 {
		p.Kind = Manner
	}
	return p
}

// factEvidence is large when better states something that given does not.
func factEvidence(question, given, better string) float64 {
	x := 0.0
	better = bare(better, given)
	known := allWords(given + " " + question)
	newNames, newNumbers := 0, 0
	for _, sentence := range sentences(better) {
		for i, w := range split(sentence) {
			if known[stem(fold(w))] {
				continue
			}
			switch {
			case strings.ContainsFunc(w, unicode.IsDigit):
				newNumbers++
			case i > 0 && unicode.IsUpper([]rune(w)[0]) && w != "I":
				newNames++
			}
		}
	}
	if newNumbers > 0 {
		x += 1.5
	}
	if newNames > 0 {
		x += 1.2
	}
	// How much of the given answer stands: one word of ten replaced is a fact set right.
	kept, total := overlapCounts(given, better)
	if total > 0 && wordCount(better) >= 3 {
		share := float64(kept) / float64(total)
		if added := len(beyond(better, given+" "+question)); share >= 0.5 && added > 0 && added <= 4 {
			x += 1.2
		}
	}
	// An answer that takes up the words of its question and adds little states it.
	if a := len(beyond(better, question)); a > 0 && a <= 4 && len(contentWords(question)) >= 2 {
		stated, of := overlapCounts(question, better)
		if of > 0 && float64(stated)/float64(of) >= 0.5 {
			x += 0.8
		}
	}
	if asksPrivately(question) {
		x += 0.8
	}
	return x
}

// bare is better without an opening and a closing that given does not have: they say
// nothing about the matter.
func bare(better, given string) string {
	better = strings.TrimSpace(better)
	if o := opening(better); o != "" && o != opening(given) {
		better = strings.TrimSpace(better[strings.IndexAny(better, ",!:\n")+1:])
	}
	if c := closing(better); c != "" && c != closing(given) {
		all := sentences(better)
		better = strings.Join(all[:len(all)-1], " ")
	}
	return better
}

// asksPrivately says whether a question is about the user's own affairs, which no
// manner of answering can make right.
func asksPrivately(question string) bool {
	for _, w := range split(strings.ToLower(question)) {
		switch w {
		case "my", "our", "mein", "meine", "meinem", "meinen", "meiner", "unser", "unsere", "unserem", "unseren", "unserer":
			return true
		}
	}
	return false
}

// mannerEvidence is large when better says the same in another way.
func mannerEvidence(given, better string, others []string) float64 {
	x := 0.0
	g, b := wordCount(given), wordCount(better)
	kept, of := overlapCounts(better, given) // how many of better's words are given's
	same := of > 0 && float64(kept)/float64(of) >= 0.7
	switch {
	case same && g > 0 && (b*3 <= g*2 || g*3 <= b*2):
		x += 1.8 // the same, much shorter or longer
	case same && len(beyond(better, given)) == 0:
		x += 1.5 // only other little words, another order, other signs
	}
	if g >= 40 && b*3 <= g {
		x += 1.6 // a long answer put in a third of its length
	}
	if opening(better) != "" && opening(better) != opening(given) {
		x += 2.2
	}
	if closing(better) != "" && closing(better) != closing(given) {
		x += 1.8
	}
	if layout(better) != layout(given) && b > 1 {
		x += 1.0
	}
	style := styleOf(append(slices.Clone(others), better), nil)
	if len(others) >= 2 && ((style.Prefix != "" && strings.HasPrefix(better, style.Prefix)) || (style.Suffix != "" && strings.HasSuffix(better, style.Suffix))) {
		x += 3
	}
	return x
}

// overlapCounts counts the content words of a, and those of them that b has.
func overlapCounts(a, b string) (shared, all int) {
	have := allWords(b)
	for _, w := range contentWords(a) {
		all++
		if have[w] {
			shared++
		}
	}
	return shared, all
}

// opening returns an address or filler that an answer begins with: words before
// an early comma or exclamation mark that do not carry the sentence ("Dear
// reader,", "Sure!", "Sehr geehrte Damen und Herren,"). "" if it has none.
func opening(s string) string {
	s = strings.TrimSpace(s)
	i := strings.IndexAny(s, ",!:\n")
	if i <= 0 {
		return ""
	}
	words := split(fold(s[:i]))
	if len(words) == 0 || len(words) > 6 || !openers[words[0]] {
		return ""
	}
	return strings.Join(words, " ")
}

var openers = wordSet(`dear hello hi hey greetings sure certainly yes indeed ahoy thanks thank gladly well respected esteemed
	good friend listen sir madam my short answer summary note hallo liebe lieber guten sehr geehrte geehrter gern gerne
	klar natuerlich moin servus gruess kurz kurzum hochverehrte verehrte also answer antwort howdy ladies`)

// closing returns the label of a last line such as "Source: ..." or "Quelle: ...",
// or a closing formula. "" if there is none.
func closing(s string) string {
	s = strings.TrimSpace(s)
	last := s[strings.LastIndexByte(s, '\n')+1:]
	if len(last) == len(s) { // one line: look at the last sentence
		all := sentences(s)
		if len(all) < 2 {
			return ""
		}
		last = all[len(all)-1]
	}
	words := split(fold(last))
	if len(words) == 0 {
		return ""
	}
	if i := strings.IndexByte(last, ':'); i > 0 && len(split(last[:i])) <= 2 {
		return strings.Join(split(fold(last[:i])), " ")
	}
	if closers[words[0]] && len(words) <= 8 {
		return strings.Join(words, " ")
	}
	return ""
}

var closers = wordSet(`regards sincerely yours best kind warm cheers hope thanks thank enjoy have let feel source
	viele liebe beste mit freundliche herzliche gruesse quelle danke viel ich stand`)

// layout is the outer form of a text: bits for lists, several lines, emphasis,
// all capitals, exclamation, and signs beyond letters and punctuation.
func layout(s string) int {
	bits := 0
	for line := range strings.Lines(s) {
		l := strings.TrimSpace(line)
		if strings.HasPrefix(l, "- ") || strings.HasPrefix(l, "* ") || strings.HasPrefix(l, "• ") ||
			(len(l) > 2 && unicode.IsDigit(rune(l[0])) && (l[1] == '.' || l[1] == ')')) {
			bits |= 1
		}
	}
	if strings.Contains(strings.TrimSpace(s), "\n") {
		bits |= 2
	}
	if strings.Contains(s, "**") {
		bits |= 4
	}
	if s == strings.ToUpper(s) && strings.ContainsFunc(s, unicode.IsLetter) {
		bits |= 8
	}
	if strings.HasSuffix(strings.TrimSpace(s), "!") {
		bits |= 16
	}
	if strings.ContainsFunc(s, func(r rune) bool { return unicode.Is(unicode.So, r) }) {
		bits |= 32
	}
	return bits
}

// keywordsOf proposes the check of a lesson: each new name or number by itself, or
// else, when there is none, the new words as they are written, at most three.
func keywordsOf(novel []string, better, question string) [][]string {
	asked := allWords(question)
	var strong, weak [][]string
	for i, w := range split(better) {
		f := stem(fold(w))
		if asked[f] || !slices.Contains(novel, f) {
			continue
		}
		group := []string{strings.ToLower(w)}
		if slices.ContainsFunc(strong, func(g []string) bool { return g[0] == group[0] }) || slices.ContainsFunc(weak, func(g []string) bool { return g[0] == group[0] }) {
			continue
		}
		if (i > 0 && unicode.IsUpper([]rune(w)[0])) || strings.ContainsFunc(w, unicode.IsDigit) {
			strong = append(strong, group)
		} else {
			weak = append(weak, group)
		}
	}
	if len(strong) > 0 {
		return strong
	}
	return weak[:min(3, len(weak))]
}
