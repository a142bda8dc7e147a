package trainer

import (
	"testing"
	"testing/synctest"
)

// Questions without a letter or a digit are as different as they look: each has a lesson of
// its own, and matches no other's.
func TestQuestionsWithoutWordsAreNotAllTheSame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.attach()
		taught := map[string]string{"👍": "Gladly.", "???": "Ask me anything.", "Who are you?": "I am CLARA."}
		for question, answer := range taught {
			b.teach(question, answer, Knowledge)
		}
		b.teach(" ??? ", "Ask me something.", Knowledge) // the same one in its place
		taught["???"] = "Ask me something."
		s := b.speaking.Load()
		if len(s.lessons) != len(taught) {
			t.Fatalf("%d lessons, want %d", len(s.lessons), len(taught))
		}
		for question, answer := range taught {
			if i, overlap, ok := s.router.Match(" " + question); !ok || overlap != 1 || s.lessons[i].Answer != answer {
				t.Errorf("%q matches lesson %d by %g (%v)", question, i, overlap, ok)
			}
		}
		for _, question := range []string{"!!", "🎉", " "} {
			if i, _, ok := s.router.Match(question); ok {
				t.Errorf("%q matches %q", question, s.lessons[i].Question)
			}
		}
		if all, err := b.Contradictions(t.Context()); err != nil || len(all) != 0 {
			t.Errorf("they contradict each other: %+v, %v", all, err)
		}
	})
}
