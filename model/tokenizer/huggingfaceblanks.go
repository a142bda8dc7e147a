package tokenizer

import (
	"slices"
	"strings"
)

// blankRun is the number of blanks in a token that has nothing else, 0 for other tokens.
func blankRun(token string) int {
	n := strings.Count(token, blank)
	if n*len(blank) != len(token) {
		return 0
	}
	return n
}

// maxRun is more than the blanks that a token of any model has.
const maxRun = 64

// freezesBlanks says whether the added tokens that are runs of blanks can be cut out of a
// text before anything is merged, the longest first, as SentencePiece does with them and a
// GGUF file has it. In tokenizer.json they are put together by merge rules: what comes of
// it is the same where these rules come before all others with a blank, leave the runs
// that the cutting finds, and no rule makes anything else of a run.
func (f *jsonFile) freezesBlanks() bool {
	var runs []int
	for _, a := range f.Added {
		if n := blankRun(a.Content); n > 1 && !a.Special && !a.Normalized {
			runs = append(runs, n)
		}
	}
	if len(runs) == 0 || slices.Max(runs) > maxRun {
		return false
	}
	ranks := map[[2]int]int{}
	others := false
	for rank, r := range f.Model.Merges {
		left, right := blankRun(r[0]), blankRun(r[1])
		_, twice := ranks[[2]int{left, right}]
		switch {
		case left > 0 && right > 0 && others, left > 1 && right == 0, left == 0 && right > 1:
			return false
		case left > 0 && right > 0 && !twice:
			ranks[[2]int{left, right}] = rank
		case strings.Contains(r[0]+r[1], blank) && left*right == 0:
			others = true
		}
	}
	for n := range 4 * slices.Max(runs) {
		if !slices.Equal(mergedBlanks(n, ranks), cutBlanks(n, runs)) {
			return false
		}
	}
	return true
}

// mergedBlanks are the lengths of the runs that the rules make of n blanks.
func mergedBlanks(n int, ranks map[[2]int]int) []int {
	parts := slices.Repeat([]int{1}, n)
	for {
		best, at := 0, -1
		for i := range len(parts) - 1 {
			if rank, ok := ranks[[2]int{parts[i], parts[i+1]}]; ok && (at < 0 || rank < best) {
				best, at = rank, i
			}
		}
		if at < 0 {
			return parts
		}
		parts[at] += parts[at+1]
		parts = slices.Delete(parts, at+1, at+2)
	}
}

// cutBlanks are the lengths of the runs that are cut out of n blanks.
func cutBlanks(n int, runs []int) []int {
	var parts []int
	for n > 0 {
		longest := 1
		for _, run := range runs {
			if run <= n {
				longest = max(longest, run)
			}
		}
		parts, n = append(parts, longest), n-longest
	}
	return parts
}
