package trainer

import (
	"math"
	"slices"
	"strings"
	"unicode"

	"clara/trainer/routing"
	"clara/trainer/words"
)

// proposeFor compares a better answer with the one given and proposes what the
// correction teaches. It adds up the evidence that a person would look at, and is a
// guess that the user can change: right in 59 of the 64 corrections of the held-out
// half of testdata/kinds.json.
//
// others are the better answers of the user's corrections of manner.
func proposeFor(question, given, better string, others []string) Proposal {
	p := Proposal{Kind: Knowledge, Sure: 0.5}
	if novel := beyond(better, given); len(novel) > 0 {
		p.Keywords = keywordsOf(novel, better, question)
	}
	if strings.TrimSpace(better) == "" || strings.TrimSpace(better) == strings.TrimSpace(given) {
		return p
	}
	// The logistic of the evidence: each term is the log of an odds ratio, set by hand
	// on the dev half of testdata/kinds.json and the examples of kind_test.go.
	x := kindPrior + factEvidence(question, given, better) - mannerEvidence(question, given, better, others)
	p.Sure = 1 / (1 + math.Exp(-kindScale*math.Abs(x)))
	if x < 0 {
		p.Kind = Manner
	}
	return p
}

const (
	kindPrior = 0.4 // without evidence a correction more often says what is true
	kindScale = 0.7 // the terms overlap: unscaled the proposals were surer than right
)

// factEvidence is large when better states something that given does not.
func factEvidence(question, given, better string) float64 {
	x := 0.0
	plain := bare(better, given)
	names, numbers := novelties(question, given, plain)
	if numbers > 0 {
		x += 1.5
	}
	if names > 0 {
		x += 1.2
		if words.IsGerman(plain) { // every noun has a capital
			x -= 0.6
		}
	}
	added, removed := len(beyond(plain, given+" "+question)), len(beyond(given, plain+" "+question))
	kept, total := overlapCounts(given, plain)
	if total > 0 && words.Count(plain) >= 3 && 2*kept >= total && added > 0 && added <= 4 && removed > 0 {
		x += 1.2 // a few words of an answer that else stays are replaced: a fact set right
	}
	if polarity(plain) != polarity(given) && (kept > 0 || words.Count(plain) <= 4) {
		x += 1.6 // it says yes where it said no
	}
	if words.Count(plain) <= 4 && added > 0 && kept == 0 {
		x += 1.6 // nothing but the answer, and another one
	}
	if refuses(given) && !refuses(plain) && added > 0 && kept == 0 {
		x += 1.5
	}
	// An answer that takes up the words of its question and adds little states it.
	if a := len(beyond(plain, question)); a > 0 && a <= 4 && added > 0 && removed > 0 && len(words.Content(question)) >= 2 {
		if stated, of := overlapCounts(question, plain); of > 0 && 2*stated >= of {
			x += 0.8
		}
	}
	if asksForOne(question) && added > 0 {
		x += 0.8
	}
	if asksPrivately(question) {
		x += 0.8
	}
	return x
}

// novelties counts the names and numbers of better that neither given nor question has.
func novelties(question, given, better string) (names, numbers int) {
	known := words.All(given + " " + question)
	stated := words.Numerals(given + " " + question)
	for n, half := range words.Numerals(better) {
		if h, ok := stated[n]; !ok || half != "" && h != "" && h != half {
			numbers++
		}
	}
	for _, sentence := range words.Sentences(better) {
		for i, w := range words.Split(sentence) {
			f := words.Singular(words.Fold(w))
			switch {
			case known[f] || words.IsNumeral(w):
			case strings.ContainsFunc(w, unicode.IsDigit) || numberWords[words.Fold(w)]:
				numbers++
			case i > 0 && unicode.IsUpper([]rune(w)[0]) && w != "I":
				names++
			}
		}
	}
	return names, numbers
}

// mannerEvidence is large when better says the same in another way.
func mannerEvidence(question, given, better string, others []string) float64 {
	x := 0.0
	g, b := words.Count(given), words.Count(better)
	kept, of := overlapCounts(better, given) // how many of better's words are given's
	plain := bare(better, given)
	names, numbers := novelties(question, given, plain)
	same := of > 0 && 10*kept >= 7*of && numbers == 0
	stays := strings.Contains(words.Normal(better), words.Normal(given)) ||
		(len(beyond(given, better+" "+question)) == 0 && polarity(plain) == polarity(given))
	switch {
	case same && g > 0 && (b*3 <= g*2 || g*3 <= b*2):
		x += 1.8 // the same, much shorter or longer
	case same && len(beyond(better, given)) == 0:
		x += 1.5 // only other little words, another order, other signs
	}
	if stays && kept >= 2 {
		x += 1.6 // nothing of the given answer was wrong
	}
	if g >= 30 && b*3 <= g && numbers == 0 {
		x += 1.4 // a long answer put in a third of its length
	}
	if o := opening(better); o != "" && o != opening(given) {
		x += 1.8
	}
	if c := closing(better); c != "" && c != closing(given) {
		x += 1.8
	}
	if l, before := layout(better), layout(given); l != before && b > 1 && (l&^before != 0 || numbers == 0) {
		x += 1.2
	}
	if words.IsGerman(better) != words.IsGerman(given) && min(g, b) >= 5 {
		x += 3
	}
	if r := register(better) - register(given); r != 0 {
		x += 1.6
	}
	if address(better) != address(given) && address(better) != "" && address(given) != "" {
		x += 2
	}
	if names == 0 && numbers == 0 && explains(question) && b > 4 && polarity(plain) == polarity(given) {
		x += 1.6 // another explanation of what everybody can know
	}
	if names == 0 && numbers == 0 && likens(better) && !likens(given) {
		x += 1
	}
	if sharesEdge(better, others) {
		x += 3
		if numbers > 0 || len(beyond(given, plain+" "+question)) > 0 {
			x -= 3 // it is said as the others are, and something else was wrong
		}
	}
	return x
}

// sharesEdge says whether better begins or ends as the other corrections of manner do.
func sharesEdge(better string, others []string) bool {
	if len(others) < 2 {
		return false
	}
	style := styleOf(append(others[:len(others):len(others)], better), nil)
	return (style.Prefix != "" && strings.HasPrefix(better, style.Prefix)) || (style.Suffix != "" && strings.HasSuffix(better, style.Suffix))
}

// overlapCounts counts the content words of a, and those of them that b has.
func overlapCounts(a, b string) (shared, all int) {
	have := words.All(b)
	for _, w := range words.Content(a) {
		all++
		if have[w] {
			shared++
		}
	}
	return shared, all
}

// keywordsOf proposes the check of a lesson: each new name or number by itself, or
// else, when there is none, the new words as they are written, at most three. Names are its
// capitalised words but the first of a sentence; in German, where nouns are too, those that the
// router takes for names.
func keywordsOf(novel []string, better, question string) [][]string {
	asked := words.All(question)
	isName := func(i int, w string) bool { return i > 0 && unicode.IsUpper([]rune(w)[0]) }
	if said, german := routing.Names(better); german {
		isName = func(_ int, w string) bool { return said[words.Plain(w)] }
	}
	var strong, weak [][]string
	for _, sentence := range words.Sentences(better) {
		for i, w := range words.Split(sentence) {
			f := words.Singular(words.Fold(w))
			if asked[f] || !slices.Contains(novel, f) {
				continue
			}
			group := []string{strings.ToLower(w)}
			if slices.ContainsFunc(strong, func(g []string) bool { return g[0] == group[0] }) || slices.ContainsFunc(weak, func(g []string) bool { return g[0] == group[0] }) {
				continue
			}
			if isName(i, w) || strings.ContainsFunc(w, unicode.IsDigit) {
				strong = append(strong, group)
			} else {
				weak = append(weak, group)
			}
		}
	}
	if len(strong) > 0 {
		return strong
	}
	return weak[:min(3, len(weak))]
}
