package trainer

import (
	"strings"
	"testing"
)

// A contrast ends as what it is a contrast to: an instruction does not become a question.
func TestAContrastEndsAsTheQuestion(t *testing.T) {
	for question, mark := range map[string]string{
		"Write a greeting for Anna Huber.": ".", "Write a short book greeting.": ".", "Write a short book greeting": "",
		"Who leads the office in Linz?": "?", "Where does the early ferry leave?": "?",
	} {
		c, ok := contrastOf(question, textRand(1, question))
		if _, got := cutMark(c); !ok || got != mark || c == question {
			t.Errorf("%q is the contrast to %q", c, question)
		}
	}
}

// A question that has every name that there is to swap has no contrast by its name.
func TestNoNameIsLeftToSwap(t *testing.T) {
	question := "Is " + strings.Join(phrasesFor("Is this English?").names, " ") + "?"
	if c, ok := swappedBy(question, 1); ok {
		t.Errorf("the contrast is %q", c)
	}
	contrasts(question, 1, contrastsEach)
}
