package trainer

import "testing"

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
