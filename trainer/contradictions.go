package trainer

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"clara/store"
)

// Contradiction is two lessons that seem to answer one question in two ways. Until the
// user decides, both are put before the model, each for its own wording, and the older
// one has no part in a cycle.
type Contradiction struct {
	Older, Newer Lesson
	Overlap      float64 // of the two questions, 0 to 1
	Why          Reason
}

// Resolution is what the user says to a Contradiction.
type Resolution string

// The resolutions. The lesson that is not kept is taken back. Reopen undoes each.
const (
	KeepNewer Resolution = "newer"
	KeepOlder Resolution = "older"
	BothRight Resolution = "both" // not asked again
)

// Contradictions returns the lessons that contradict each other and that the user has
// not decided on, the newest first. It changes nothing and takes milliseconds.
func (t *Trainer) Contradictions(ctx context.Context) ([]Contradiction, error) {
	lessons, err := t.store.Lessons(ctx, t.baseHash())
	if err != nil {
		return nil, fmt.Errorf("look for contradictions: %w", err)
	}
	return t.contradictions(ctx, lessons)
}

func (t *Trainer) contradictions(ctx context.Context, lessons []Lesson) ([]Contradiction, error) {
	agreed, err := t.store.BothRight(ctx)
	if err != nil {
		return nil, fmt.Errorf("look for contradictions: %w", err)
	}
	set, err := anchors()
	if err != nil {
		return nil, err
	}
	return findContradictions(lessons, set.Background, agreed), nil
}

// Resolve does what the user says to a contradiction.
func (t *Trainer) Resolve(ctx context.Context, c Contradiction, r Resolution) error {
	switch r {
	case KeepNewer:
		return t.TakeBack(ctx, c.Older.Sample)
	case KeepOlder:
		return t.TakeBack(ctx, c.Newer.Sample)
	case BothRight:
		return t.change(ctx, func() error {
			if err := t.store.SetBothRight(ctx, c.Older.Sample, c.Newer.Sample); err != nil {
				return fmt.Errorf("resolve a contradiction: %w", err)
			}
			return nil
		})
	default:
		return fmt.Errorf("resolve a contradiction: %q is none of %q, %q, %q", r, KeepNewer, KeepOlder, BothRight)
	}
}

// Reopen undoes Resolve, as long as PutBack could: what was taken back is a lesson again,
// and the contradiction is put to the user anew.
func (t *Trainer) Reopen(ctx context.Context, c Contradiction, r Resolution) error {
	switch r {
	case KeepNewer:
		return t.PutBack(ctx, c.Older.Sample)
	case KeepOlder:
		return t.PutBack(ctx, c.Newer.Sample)
	case BothRight:
		return t.change(ctx, func() error {
			if err := t.store.UnsetBothRight(ctx, c.Older.Sample, c.Newer.Sample); err != nil {
				return fmt.Errorf("reopen a contradiction: %w", err)
			}
			return nil
		})
	default:
		return fmt.Errorf("reopen a contradiction: %q is none of %q, %q, %q", r, KeepNewer, KeepOlder, BothRight)
	}
}

// leastAlike is the overlap from which on two questions may be the same one. It is set
// on the dev half of testdata/contradictions.json.
const leastAlike = 0.5

// findContradictions looks among lessons, the oldest first, for pairs whose questions
// are each other's nearest and are the same question in other words, while neither
// answer shows the other lesson.
func findContradictions(lessons []Lesson, background []string, agreed []store.SamplePair) []Contradiction {
	asked := newAlike(lessons, background)
	settled := make(map[store.SamplePair]bool, len(agreed))
	for _, p := range agreed {
		settled[p] = true
	}
	var out []Contradiction
	for newer := range lessons {
		older, overlap := asked.nearest(newer)
		if older < 0 || older > newer || overlap < leastAlike {
			continue
		}
		if back, _ := asked.nearest(older); back != newer {
			continue
		}
		a, b := lessons[older], lessons[newer]
		pair := store.SamplePair{First: min(a.Sample, b.Sample), Second: max(a.Sample, b.Sample)}
		if settled[pair] || !sameQuestion(a.Question, b.Question) || agree(a, b) {
			continue
		}
		out = append(out, Contradiction{Older: a, Newer: b, Overlap: overlap, Why: reason(CodeContradiction,
			fmt.Sprintf("%q is answered with %q, and %q with %q", a.Question, a.Answer, b.Question, b.Answer),
			"older", a.Question, "newer", b.Question, "count", 1)})
	}
	slices.Reverse(out)
	return out
}

// agree says whether one answer shows the other lesson too. Answers with other numbers
// do not, however many words they share ("60 euros", "70 euros").
func agree(a, b Lesson) bool {
	na, nb := numbersIn(a.Answer), numbersIn(b.Answer)
	if len(na) > 0 && len(nb) > 0 && !covers(na, nb) && !covers(nb, na) {
		return false
	}
	shows := func(l Lesson, answer string) bool {
		return NewCheck(l.Question, l.Answer, l.BaseAnswer+" "+l.Question, l.Keywords).Passes(answer)
	}
	return (shows(a, b.Answer) || shows(b, a.Answer)) && polarity(a.Answer) == polarity(b.Answer)
}

// sameQuestion says whether two questions with much in common ask for the same: the same
// names and numbers, the same kind of answer, and no word for which the other has an
// opposite or another thing of its kind.
func sameQuestion(a, b string) bool {
	if ka, kb := askedFor(a), askedFor(b); ka != kb && ka != "" && kb != "" {
		return false
	}
	onlyA, onlyB := unshared(a, b), unshared(b, a)
	if !isGerman(a) { // in German every noun has a capital; below they count as words
		if na, nb := names(a), names(b); !covers(na, nb) || !covers(nb, na) {
			return false
		}
	}
	// A word on one side alone narrows the question; words on both are other things.
	return len(onlyA) == 0 && len(onlyB) == 0
}

func numbersIn(s string) map[string]bool {
	out := make(map[string]bool)
	for _, w := range split(fold(s)) {
		if isNumber(w) || numberWords[w] {
			out[w] = true
		}
	}
	return out
}

// covers says whether all has each of some.
func covers(all, some map[string]bool) bool {
	for w := range some {
		if !all[w] {
			return false
		}
	}
	return true
}

// unshared returns the content words of a that b does not have in any form, but for
// those that only ask.
func unshared(a, b string) []string {
	var out []string
	other := contentWords(b)
	for _, w := range contentWords(a) {
		if !askingWords[w] && !slices.ContainsFunc(other, func(o string) bool { return akin(w, o) }) {
			out = append(out, w)
		}
	}
	return out
}

// akin says whether two words are forms of one: they begin alike for all but their last
// few letters.
func akin(a, b string) bool {
	a, b = strings.TrimPrefix(a, "ge"), strings.TrimPrefix(b, "ge") // the German participle
	if a == b {
		return true
	}
	n := 0
	for n < min(len(a), len(b)) && a[n] == b[n] {
		n++
	}
	least := max(4, 2*max(utf8.RuneCountInString(a), utf8.RuneCountInString(b))/3-1)
	return n >= least || n >= 4 && (n == len(a) || n == len(b)) && max(len(a), len(b))-n <= 4
}

// askingWords carry no content of a question but that, or what for, it asks. Folded and
// stemmed, English and German.
var askingWords = wordSet(`time much many cost name called find get give should must may exactly tell please want need know doe do use there
	um uhr viel viele kostet koste heisst heissen finde findet liegt steht gibt bekomme bekommt soll muss darf duerfen genau sagen bitte brauche
	braucht lautet hoch gebe geben gilt name preis davon denn eigentlich`)

// askedFor is the kind of answer that a question asks for; "" where its words do not say.
func askedFor(question string) string {
	q := " " + strings.Join(split(fold(question)), " ") + " "
	for _, kind := range questionKinds {
		for _, phrase := range kind.phrases {
			if strings.Contains(q, " "+phrase+" ") {
				return kind.name
			}
		}
	}
	return ""
}

var questionKinds = []struct {
	name    string
	phrases []string
}{
	{"duration", []string{"how long", "wie lange"}},
	{"time", []string{"what time", "when", "wann", "um wie viel uhr"}},
	{"amount", []string{"how much", "how many", "cost", "price", "wie viel", "wie viele", "wie hoch", "kostet", "preis"}},
	{"person", []string{"who", "whom", "wer", "wem", "wen"}},
	{"place", []string{"where", "wo", "wohin"}},
}

// alike finds the nearest other question of each: the cosine of their idf-weighted
// words, as the Router weighs them, with words joined that are forms of one.
type alike struct {
	words    [][]weightedWord // of each question, the heaviest first
	postings map[string][]int
}

type weightedWord struct {
	word   string
	weight float64
}

// commonWord is the share of the lessons that a word may occur in to be looked up: one
// that is in more tells nothing, and looking it up would make the search quadratic.
const commonWord = 0.05

func newAlike(lessons []Lesson, background []string) *alike {
	df := make(map[string]int)
	terms := make([]map[string]int, len(lessons))
	for i, l := range lessons {
		terms[i] = keyed(l.Question)
		for w := range terms[i] {
			df[w]++
		}
	}
	for _, q := range background {
		for w := range keyed(q) {
			df[w]++
		}
	}
	a := &alike{words: make([][]weightedWord, len(lessons)), postings: make(map[string][]int)}
	total := float64(len(lessons) + len(background) + 1)
	for i := range terms {
		norm := 0.0
		for w, n := range terms[i] {
			x := (1 + math.Log(float64(n))) * math.Log(total/(float64(df[w])+0.5))
			a.words[i] = append(a.words[i], weightedWord{w, x})
			norm += x * x
		}
		slices.SortFunc(a.words[i], func(x, y weightedWord) int {
			return cmp.Or(cmp.Compare(y.weight, x.weight), strings.Compare(x.word, y.word))
		})
		for k := range a.words[i] {
			a.words[i][k].weight /= math.Sqrt(norm)
		}
		for _, w := range a.words[i] {
			if float64(df[w.word]) <= max(20, commonWord*float64(len(lessons))) {
				a.postings[w.word] = append(a.postings[w.word], i)
			}
		}
	}
	return a
}

// keyed counts the content words of a question by the letters that their forms share.
func keyed(question string) map[string]int {
	counts := make(map[string]int)
	for _, w := range contentWords(question) {
		if askingWords[w] {
			continue
		}
		if r := []rune(strings.TrimPrefix(w, "ge")); len(r) > 5 {
			w = string(r[:max(5, len(r)-3)])
		}
		counts[w]++
	}
	return counts
}

// nearest returns the question nearest to that at i, and their overlap; -1 for none. Of
// several equally near ones the last one counts.
func (a *alike) nearest(i int) (other int, overlap float64) {
	other = -1
	seen := map[int]bool{i: true}
	for _, w := range a.words[i] {
		for _, k := range a.postings[w.word] {
			if seen[k] {
				continue
			}
			seen[k] = true
			if x := a.cosine(i, k); x > overlap || (x == overlap && k > other) {
				other, overlap = k, x
			}
		}
	}
	return other, overlap
}

func (a *alike) cosine(i, k int) float64 {
	sum := 0.0
	for _, x := range a.words[i] {
		for _, y := range a.words[k] {
			if x.word == y.word {
				sum += x.weight * y.weight
			}
		}
	}
	return sum
}
