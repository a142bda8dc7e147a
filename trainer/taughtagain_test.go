package trainer

import (
	"strings"
	"testing"
	"testing/synctest"
)

// Whoever teaches the same question and answer again has the lesson that there is, with its trail;
// what is said of its importance and its check is taken over, and what is not said stays.
func TestALessonTaughtAgainKeepsItsTrail(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.attach()
		teach := func(x Teaching) Sample {
			t.Helper()
			s, err := b.Teach(t.Context(), x)
			if err != nil {
				t.Fatal(err)
			}
			return s
		}
		x := Teaching{Question: "Who leads IT?", Answer: "Maria leads IT."}
		if before, err := b.Taught(t.Context(), x); err != nil || before.Question != "" {
			t.Fatalf("nothing was taught, and there is %+v, %v", before, err)
		}
		first := teach(Teaching{Question: x.Question, Answer: x.Answer, Importance: 5, Keywords: [][]string{{"maria"}}})
		b.answered(first, LessonKnown)
		want := func(importance, keywords int) {
			t.Helper()
			lessons, err := b.Lessons(t.Context())
			if err != nil || len(lessons) != 1 {
				t.Fatalf("%+v, %v", lessons, err)
			}
			if l := lessons[0]; l.Sample != first.ID || l.State != LessonKnown || len(l.Trail) != 1 || l.Importance != importance || len(l.Keywords) != keywords {
				t.Errorf("it is %+v, want importance %d and %d keywords", l, importance, keywords)
			}
		}
		if s := teach(Teaching{Question: " " + x.Question, Answer: x.Answer + "\n"}); s.ID != first.ID {
			t.Errorf("taught again it is sample %d, want %d", s.ID, first.ID)
		}
		want(5, 1)
		before, err := b.Taught(t.Context(), x)
		if err != nil {
			t.Fatal(err)
		}
		teach(Teaching{Question: x.Question, Answer: x.Answer, Importance: 2, Keywords: [][]string{{"maria"}, {"it"}}})
		want(2, 2)
		teach(before)
		want(5, 1)
		teach(Teaching{Question: x.Question, Answer: x.Answer, Keywords: [][]string{}})
		want(5, 0)
		for _, other := range []Teaching{
			{Question: "who leads IT", Answer: x.Answer},
			{Question: "who leads IT", Answer: "Karl leads IT."},
			{Question: "who leads IT", Answer: "Karl leads IT.", Kind: Manner},
			{Question: "who leads IT", Answer: "Karl leads IT.", Kind: Manner},
		} {
			if s := teach(other); s.ID == first.ID {
				t.Errorf("%+v is the sample before", other)
			} else {
				first = s
			}
		}
	})
}

// What comes from a program of Windows is kept as if it were typed: the ends of its lines are
// none that a model writes.
func TestPastedAndTypedTeachTheSame(t *testing.T) {
	b := newBench(t)
	typed := b.teach("How does a letter begin?\nSay it.", "Dear Ms Huber,\n\nthank you.", Knowledge)
	pasted := b.teach("How does a letter begin?\r\nSay it.\r\n", "Dear Ms Huber,\r\n\r\nthank you.\r\n", Knowledge)
	if pasted.ID != typed.ID {
		t.Errorf("it is another lesson: %+v", pasted)
	}
	manner := b.teach("Thank her.", "Dear Ms Huber,\r\rthank you.", Manner)
	text, err := b.AddFeedbackSample(t.Context(), "One line.\r\nAnother line of the text.", 1, SourceUser, 3)
	if err != nil {
		t.Fatal(err)
	}
	rated, err := b.AddRating(t.Context(), "Who?\r\nSay.", "It is she.\r\nShe alone.", 5, SourceUser, 3)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []Sample{manner, text, rated} {
		if strings.Contains(s.Prompt+s.Answer+s.Better, "\r") {
			t.Errorf("kept is %+v", s)
		}
	}
}
