package routing

import (
	_ "embed"
	"strings"
	"sync"

	"clara/trainer/words"
)

// conceptLines are words that ask for the same thing, English and German, a line
// each: those that people exchange when they ask about everyday things, no thesaurus.
// Words of one kind (beef, pork) are not on one line, nor are words that only a stem
// confuses (hose, Hosen). Stop words and words with a hyphen would never be found.
//
//go:embed concepts.txt
var conceptLines string

// concepts maps a stem to the lines of conceptLines that it is on.
var concepts = sync.OnceValue(func() map[string][]int {
	m := make(map[string][]int)
	i := -1
	for line := range strings.Lines(conceptLines) {
		i++
		for _, w := range strings.Fields(line) {
			s := words.Stem(words.Plain(w))
			if n := len(m[s]); n == 0 || m[s][n-1] != i {
				m[s] = append(m[s], i)
			}
		}
	}
	return m
})

// inflections are what a stemmer leaves of one word's forms, and of a verb's nouns.
var inflections = words.Set(`e n s t en er es et st te ten ung in innen or ion ing ed ment ig al y i`)
