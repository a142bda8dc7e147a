package trainer

import (
	"slices"
	"testing"

	"clara/trainer/words"
)

func plannedSteps(t *testing.T, german bool, seed uint64, steps int) [][]readingTask {
	t.Helper()
	b := &BaseFacts{German: german, Anchors: []Anchored{{Question: "Why is the sky blue?"}, {Question: "What is a budget?"}}, Texts: []Anchored{{Text: "Fog is a cloud."}}}
	s, err := newReaderSource(nil, b, seed)
	if err != nil {
		t.Fatal(err)
	}
	var out [][]readingTask
	for range steps {
		out = append(out, s.plan())
	}
	return out
}

func sameTasks(a, b []readingTask) bool {
	return slices.EqualFunc(a, b, func(x, y readingTask) bool {
		return x.lesson.Question == y.lesson.Question && x.lesson.Answer == y.lesson.Answer && x.question == y.question &&
			x.system == y.system && x.own == y.own && (x.text == nil) == (y.text == nil) && slices.Equal(x.history, y.history)
	})
}

// The seed decides what a reader is trained on, and a training that goes on meets the
// steps that it would have met.
func TestReadersStepsFollowFromTheSeed(t *testing.T) {
	all := plannedSteps(t, false, 1, 12)
	if again := plannedSteps(t, false, 1, 12); !slices.EqualFunc(all, again, sameTasks) {
		t.Error("the same seed draws other steps")
	}
	if other := plannedSteps(t, false, 2, 12); slices.EqualFunc(all, other, sameTasks) {
		t.Error("another seed draws the same steps")
	}
	s, err := newReaderSource(nil, &BaseFacts{Anchors: []Anchored{{Question: "Why is the sky blue?"}, {Question: "What is a budget?"}}, Texts: []Anchored{{Text: "Fog is a cloud."}}}, 1)
	if err != nil {
		t.Fatal(err)
	}
	s.skip(7)
	if !sameTasks(s.plan(), all[7]) {
		t.Error("after 7 steps it goes on with another step")
	}
}

// What is to be answered by the lesson is asked about it; what is held to the base is
// another question.
func TestReadersTasks(t *testing.T) {
	for _, german := range []bool{false, true} {
		own, held, texts, inGerman := 0, 0, 0, 0
		for _, tasks := range plannedSteps(t, german, 3, 60) {
			for _, x := range tasks {
				if x.own {
					own++
					inGerman += boolToInt(words.IsGerman(x.lesson.Question + " " + x.lesson.Answer))
					continue
				}
				if x.text != nil {
					texts++
					continue
				}
				held++
				if words.Normal(x.question) == words.Normal(x.lesson.Question) {
					t.Errorf("%q is held to the base and asks the lesson itself", x.question)
				}
			}
		}
		if own != 60*readerLessons || held != 60*(readerLessons+readerApart+readerChat) || texts != 60*readerTexts {
			t.Errorf("%d tasks to imitate, %d and %d texts to hold", own, held, texts)
		}
		if share := float64(inGerman) / float64(own); german && (share < 0.4 || share > 0.6) || !german && (share < 0.1 || share > 0.35) {
			t.Errorf("speaks German %v: %.2f of the lessons are German", german, share)
		}
	}
}
