package trainer

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"strings"

	"clara/trainer/words"
)

// alike finds the nearest other question of each: the cosine of their idf-weighted
// words, as the router weighs them, with words joined that are forms of one.
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
		for _, w := range slices.Sorted(maps.Keys(terms[i])) { // else the last digit of the sum is another one each time
			x := (1 + math.Log(float64(terms[i][w]))) * math.Log(total/(float64(df[w])+0.5))
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
	for _, w := range words.Content(question) {
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
