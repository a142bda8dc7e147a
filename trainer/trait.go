package trainer

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"clara/trainer/words"
)

// Trait is something on the surface of answers that the well rated ones have and the
// badly rated ones lack. Stars by themselves are a weak teacher. What they are given for can
// be told apart from chance, shown to the user, and looked for in what the base says to the
// same questions and to others.
type Trait struct {
	Kind   string  `json:"kind"`            // one of the trait kinds
	Word   string  `json:"word,omitempty"`  // of TraitWord and TraitOpening, in lower case
	Words  int     `json:"words,omitempty"` // of TraitShort and TraitFirst: at most so many
	Lacks  bool    `json:"lacks,omitempty"` // the well rated ones lack it
	Good   int     `json:"good"`            // well rated answers that show it (or lack it, as wanted)
	GoodOf int     `json:"good_of"`         //
	Bad    int     `json:"bad"`             // badly rated ones that do
	BadOf  int     `json:"bad_of"`          //
	P      float64 `json:"p"`               // that chance alone does as well, for all that was looked at together
}

// The kinds of traits.
const (
	TraitWord     = "word"     // a word occurs
	TraitOpening  = "opening"  // the first word
	TraitQuestion = "question" // the answer ends with a question
	TraitList     = "list"     // it has a list
	TraitShort    = "short"    // it ends, and has at most so many words
	TraitFirst    = "first"    // its first sentence ends, and has at most so many words
)

// TraitKinds are all of them.
var TraitKinds = []string{TraitWord, TraitOpening, TraitQuestion, TraitList, TraitShort, TraitFirst}

// traitP is the p below which a trait is believed.
const traitP = 0.01

// Has says whether an answer has the trait as wanted; ended, whether it came to its end.
func (t Trait) Has(answer string, ended bool) bool {
	a := ratedAnswer{text: answer, ended: ended}
	a.read()
	return a.has(t)
}

// openingStatement is the first sentence of an answer, also one that a colon ends; whole,
// whether it came to its end.
func openingStatement(answer string) (first string, whole bool) {
	all := words.Sentences(answer)
	if len(all) == 0 {
		return "", false
	}
	if before, _, ok := strings.Cut(all[0], ": "); ok {
		return before, true
	}
	return all[0], len(all) > 1 || strings.HasSuffix(all[0], ":")
}

// hasList says whether two lines or more begin with a bullet or a number.
func hasList(answer string) bool {
	items := 0
	for line := range strings.Lines(answer) {
		items += boolToInt(listItem(line))
	}
	return items >= 2
}

// ratedAnswer is an answer with its stars, as good or bad.
type ratedAnswer struct {
	text  string
	ended bool
	good  bool

	opening string          // its first word
	used    map[string]bool // its words; with thousands of traits they are looked up, not read each time
}

// read fills in the words.
func (a *ratedAnswer) read() {
	all := words.Split(words.Fold(a.text))
	a.opening, a.used = words.Fold(firstWord(a.text)), make(map[string]bool, len(all))
	for _, w := range all {
		a.used[w] = true
	}
}

// has is Trait.Has of an answer that is read.
func (a *ratedAnswer) has(t Trait) bool {
	has := false
	switch t.Kind {
	case TraitWord:
		has = a.used[t.Word]
	case TraitOpening:
		has = a.opening == t.Word
	case TraitQuestion:
		has = a.ended && strings.HasSuffix(strings.TrimSpace(a.text), "?")
	case TraitList:
		has = hasList(a.text)
	case TraitShort:
		has = a.ended && words.Count(a.text) <= t.Words
	case TraitFirst:
		first, whole := openingStatement(a.text)
		has = first != "" && (whole || a.ended) && words.Count(first) <= t.Words
	}
	return has != t.Lacks
}

// traitOf finds the trait that parts good answers from bad ones best. It is believed
// where Fisher's exact test (Fisher 1922), times the number of different ways in which
// traits part these answers, is below traitP; ok is false where none is. Ways that are
// too lopsided ever to be believed do not count (Tarone 1990).
func traitOf(answers []ratedAnswer) (best Trait, ok bool) {
	good := 0
	for _, a := range answers {
		good += boolToInt(a.good)
	}
	bad := len(answers) - good
	if good == 0 || bad == 0 {
		return best, false
	}
	answers = slices.Clone(answers)
	for i := range answers {
		answers[i].read()
	}
	best.P = math.Inf(1)
	ways := make(map[string]float64) // in which answers are parted, with the least p that each could have
	for _, t := range traitsIn(answers) {
		way := make([]byte, len(answers))
		t.GoodOf, t.BadOf = good, bad
		for i, a := range answers {
			has := a.has(t)
			way[i] = byte('0' + boolToInt(has))
			t.Good += boolToInt(has && a.good)
			t.Bad += boolToInt(has && !a.good)
		}
		has := t.Good + t.Bad
		ways[string(way)] = Fisher(min(good, has), good, has-min(good, has), bad)
		if t.P = Fisher(t.Good, good, t.Bad, bad); t.P < best.P {
			best = t // of equal ones the first: the simplest kinds come first
		}
	}
	best.P = math.Min(1, best.P*tarone(ways))
	return best, best.P < traitP
}

// tarone is the number that a p has to be multiplied with: the smallest k such that at
// most k of the ways could come below traitP / k.
func tarone(ways map[string]float64) float64 {
	for k := 1.0; ; k++ {
		n := 0.0
		for _, least := range ways {
			if least <= traitP/k {
				n++
			}
		}
		if n <= k {
			return k
		}
	}
}

// traitsIn are all traits that some of the answers have and some lack.
func traitsIn(answers []ratedAnswer) []Trait {
	used, openings := make(map[string]bool), make(map[string]bool)
	var lengths, firsts []int
	for _, a := range answers {
		maps.Copy(used, a.used)
		openings[a.opening] = true
		lengths = append(lengths, words.Count(a.text))
		if first, _ := openingStatement(a.text); first != "" {
			firsts = append(firsts, words.Count(first))
		}
	}
	all := []Trait{{Kind: TraitQuestion}, {Kind: TraitList}}
	for _, n := range slices.Compact(slices.Sorted(slices.Values(firsts))) {
		all = append(all, Trait{Kind: TraitFirst, Words: n})
	}
	for _, n := range slices.Compact(slices.Sorted(slices.Values(lengths))) {
		all = append(all, Trait{Kind: TraitShort, Words: n})
	}
	for _, w := range slices.Sorted(maps.Keys(openings)) {
		all = append(all, Trait{Kind: TraitOpening, Word: w})
	}
	for _, w := range slices.Sorted(maps.Keys(used)) {
		all = append(all, Trait{Kind: TraitWord, Word: w})
	}
	for _, t := range slices.Clone(all) {
		t.Lacks = true
		all = append(all, t)
	}
	return all
}

// ratedAnswers are the ratings among samples.
func ratedAnswers(samples []JobSample) []ratedAnswer {
	var out []ratedAnswer
	for _, s := range samples {
		if s.Form == FormRating {
			out = append(out, s.rated())
		}
	}
	return out
}

// rated is the sample's answer with its stars. Whether an answer came to its end is not
// kept with it; one that stops in mid-sentence did not.
func (s JobSample) rated() ratedAnswer {
	text := strings.TrimSpace(s.Answer)
	last, _ := utf8.DecodeLastRuneInString(text)
	return ratedAnswer{text: text, ended: strings.ContainsRune(".!?:)\"”“", last), good: s.Score > 0}
}

// figure is the code of the trait's sentence.
func (t Trait) figure() string {
	codes := map[string][2]string{ // as it is, and lacking
		TraitWord:     {FigureTraitWord, FigureTraitNoWord},
		TraitOpening:  {FigureTraitOpening, FigureTraitNoOpening},
		TraitQuestion: {FigureTraitQuestion, FigureTraitNoQuestion},
		TraitList:     {FigureTraitList, FigureTraitNoList},
		TraitShort:    {FigureTraitShort, FigureTraitLong},
		TraitFirst:    {FigureTraitFirst, FigureTraitLongFirst},
	}
	return codes[t.Kind][boolToInt(t.Lacks)]
}

// Text says the trait in English.
func (t Trait) Text() string {
	without := func(yes, no string) string {
		if t.Lacks {
			return no
		}
		return yes
	}
	switch t.Kind {
	case TraitWord:
		return without("the word", "not the word") + fmt.Sprintf(" %q", t.Word)
	case TraitOpening:
		return without("begins", "does not begin") + fmt.Sprintf(" with %q", t.Word)
	case TraitQuestion:
		return without("ends with a question", "does not end with a question")
	case TraitList:
		return without("has a list", "has no list")
	case TraitShort:
		return without("at most", "more than") + fmt.Sprintf(" %d words", t.Words)
	default:
		return "first sentence of " + without("at most", "more than") + fmt.Sprintf(" %d words", t.Words)
	}
}
