package trainer

import (
	"strings"
	"testing"
)

// The same lessons are alike to the same extent each time, to the last bit: which of several
// equally near ones counts, and so which one waits for the user, hangs on it.
func TestLikenessIsTheSameEachTime(t *testing.T) {
	words := strings.Fields("bakery harbour lantern orchard quarry meadow chapel tannery granary cooper lighthouse")
	lessons := []Lesson{{Question: "Which " + strings.Join(words, ", ") + "?"}}
	var background []string
	for n := range words { // each word is as rare as no other
		background = append(background, strings.Join(words[n:], " "))
	}
	first := newAlike(lessons, background)
	for range 200 {
		next := newAlike(lessons, background)
		for i, words := range first.words {
			for k, w := range words {
				if next.words[i][k] != w {
					t.Fatalf("%q weighs %v, and then %v", w.word, w.weight, next.words[i][k].weight)
				}
			}
		}
	}
}
