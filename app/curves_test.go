package app

import (
	"slices"
	"strings"
	"testing"

	"clara/configs"
	"clara/trainer"
	"clara/widgets"
)

// openCourse is a window on the statistics of a month.
func openCourse(t *testing.T, settings configs.Settings) *window {
	t.Helper()
	w := openSample(t, settings)
	w.show(placeStatistics)
	w.settle(t)
	w.statistics.course = sampleCourse()
	w.statistics.fill()
	return w
}

// shownChart is the chart that is to be seen.
func shownChart(t *testing.T, w *window) *widgets.LineChart {
	t.Helper()
	return find(t, w, func(*widgets.LineChart) bool { return true })
}

// The ratings are the same, looked at over time, by version and by conversation.
func TestRatingsAreDrawnByVersionAndByConversation(t *testing.T) {
	w := openCourse(t, spoken(english))
	v := w.statistics
	for i := range v.course.Ratings {
		v.course.Ratings[i].Stars, v.course.Ratings[i].Conversation = float64(1+i%2), w.chat.all[i%3].ID
	}
	look := find(t, w, func(s *widgets.Segmented) bool { return slices.Contains(s.Names, "By chat") })
	look.OnChosen(int(curveVersion))
	if g := v.groups(); len(g) != 4 || g[0] != (ratedGroup{0, 24, 1.5}) || v.groupName(g[3]) != "Version 9" {
		t.Errorf("by version: %+v", g)
	}
	look.OnChosen(int(curveConversation))
	g := v.groups()
	if len(g) != 3 || g[0].n != 32 || v.groupName(g[0]) != brief(w.chat.all[0].Title, 40) {
		t.Errorf("by conversation: %+v", g)
	}
	if !strings.Contains(shownChart(t, w).Sentence, "96 ratings") {
		t.Errorf("it says %q", shownChart(t, w).Sentence)
	}
	w.chat.all = nil
	if name := v.groupName(g[0]); name != "without a chat" {
		t.Errorf("a deleted one is called %q", name)
	}
}

// Dragging over a part looks at it more closely until the whole is asked for.
func TestAPartOfTheCurveIsLookedAt(t *testing.T) {
	w := openCourse(t, spoken(english))
	chart := shownChart(t, w)
	if !strings.Contains(chart.Sentence, "96 ratings") {
		t.Fatalf("it says %q", chart.Sentence)
	}
	chart.OnRange(70.5, 140.5) // hours: a rating each 7
	if closer := shownChart(t, w); !strings.Contains(closer.Sentence, "10 ratings") {
		t.Errorf("a part says %q", closer.Sentence)
	}
	tap(t, w, "whole time")
	if whole := shownChart(t, w); !strings.Contains(whole.Sentence, "96 ratings") || reads(w, "whole time") {
		t.Errorf("the whole says %q", whole.Sentence)
	}
}

func TestTheCurveIsSmoothedAsWanted(t *testing.T) {
	v := &statisticsView{course: trainer.Course{Ratings: []trainer.CourseRating{{Stars: 1, Mean: 2}, {Stars: 5, Mean: 2.5}, {Stars: 3, Mean: 3}}}}
	for smooth, want := range [][]float64{{1, 5, 3}, {1, 3, 3}, {2, 2.5, 3}} {
		v.smooth = smooth
		for i, p := range v.smoothed() {
			if p.mean != want[i] {
				t.Errorf("mean of %d: value %d is %g, not %g", smoothings[smooth], i, p.mean, want[i])
			}
		}
	}
}
