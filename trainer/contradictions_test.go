package trainer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"clara/store"
)

type contradictionCase struct {
	Older, Newer [2]string // question, answer
	Contradict   bool
}

// findContradictions looks among lessons, the oldest first, all at once.
func findContradictions(lessons []Lesson, background []string, agreed []store.SamplePair) []Contradiction {
	var d disputes
	d.look(lessons)
	return d.contradictions(background, agreed)
}

// On the half of the pairs that nothing was tuned on: false alarms are what makes a
// person stop reading notices.
func TestContradictionsAreMeasured(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("testdata", "contradictions.json"))
	if err != nil {
		t.Fatal(err)
	}
	var sets struct {
		Dev     []contradictionCase `json:"dev"`
		HeldOut []contradictionCase `json:"held_out"`
	}
	if err := json.Unmarshal(data, &sets); err != nil {
		t.Fatal(err)
	}
	set, err := anchors()
	if err != nil {
		t.Fatal(err)
	}
	measure := func(name string, cases []contradictionCase, least int) {
		found, of, alarms := 0, 0, 0
		for _, c := range cases {
			lessons := []Lesson{
				{ID: 1, Sample: 1, Question: c.Older[0], Answer: c.Older[1]},
				{ID: 2, Sample: 2, Question: "What colour is the fence?", Answer: "Red."},
				{ID: 3, Sample: 3, Question: c.Newer[0], Answer: c.Newer[1]},
			}
			got := len(findContradictions(lessons, set.Background, nil)) == 1
			of += boolToInt(c.Contradict)
			found += boolToInt(got && c.Contradict)
			alarms += boolToInt(got && !c.Contradict)
			if got != c.Contradict {
				t.Logf("%s: %q - %q: found %v", name, c.Older[0], c.Newer[0], got)
			}
		}
		t.Logf("%s: %d of %d found, %d false alarms of %d", name, found, of, alarms, len(cases)-of)
		if found < least || alarms > 0 {
			t.Errorf("%s: %d of %d found, want %d; %d false alarms, want none", name, found, of, least, alarms)
		}
	}
	measure("dev", sets.Dev, 9)
	measure("held out", sets.HeldOut, 5) // measured: 6 of 10
}

// Two lessons that contradict each other are put to the user. Until one is chosen the
// older is not trained on; each choice can be undone, and "both are right" is not asked
// again.
func TestContradictionIsPutToTheUser(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		var trained []string
		b.play(func(_ context.Context, j Job, _ func(Progress)) (Outcome, error) {
			trained = nil
			for _, l := range j.Lessons {
				trained = append(trained, l.Answer)
			}
			return promoted(j)
		})
		b.start()
		b.attach()
		events := b.Watch(t.Context())
		older := b.teach("When does the registry office open?", "It opens at 8.", Knowledge)
		newer := b.teach("At what time does the registry office open?", "It opens at 9.", Knowledge)
		other := b.teach("Who leads IT at Brandt?", "Maria Kowalski.", Knowledge)
		if s := b.settle(); s.Contradictions != 1 || s.Lessons.Total() != 3 {
			t.Errorf("%d contradictions among %d lessons, want 1 among 3", s.Contradictions, s.Lessons.Total())
		}
		told := 0
		for _, n := range (<-events).News {
			told += boolToInt(n.Kind == NewsContradiction && n.Reason.Code == CodeContradiction)
		}
		if told != 1 {
			t.Errorf("it was told %d times, want once", told)
		}
		found, err := b.Contradictions(t.Context())
		if err != nil || len(found) != 1 || found[0].Older.Sample != older.ID || found[0].Newer.Sample != newer.ID {
			t.Fatalf("found %+v, %v", found, err)
		}
		f := doctorImprovement(LiveStats{}, b.Settings(), nil, found)
		if f.Good || f.Reason.Code != CodeContradiction || f.Hint != HintReviewFeedback {
			t.Errorf("the doctor: %+v", f)
		}
		for _, q := range []string{"When does the registry office open?", "At what time does the registry office open?"} {
			s := b.speaking.Load()
			if i, _, ok := s.router.Match(q); !ok || s.lessons[i].Question != q {
				t.Errorf("%q is not answered by its own lesson", q)
			}
		}
		time.Sleep(4 * time.Minute)
		b.want(PhaseWaiting, CodeNothingNew) // training goes on, and does not go round and round
		if !slices.Equal(trained, []string{"It opens at 9.", "Maria Kowalski."}) {
			t.Errorf("trained on %q", trained)
		}
		waits := found[0].Older.ID
		if x, err := b.TrainingOf(t.Context(), waits); err != nil || x.Due || x.Waits == nil || x.Waits.Code != CodeContradiction {
			t.Errorf("of the lesson that waits it is said that it is due: %v, waits: %+v (%v)", x.Due, x.Waits, err)
		}
		if x, err := b.TrainingOf(t.Context(), found[0].Newer.ID); err != nil || x.Waits != nil {
			t.Errorf("the newer one waits for %+v (%v)", x.Waits, err)
		}
		var user *UserError
		if _, err := b.Practise(t.Context(), waits); !errors.As(err, &user) || user.Reason.Code != CodeContradiction {
			t.Errorf("the lesson that waits is practised: %v", err)
		}
		if l, err := b.store.Lesson(t.Context(), "", waits); err != nil || l.Importance != found[0].Older.Importance {
			t.Errorf("its importance went from %d to %d (%v)", found[0].Older.Importance, l.Importance, err)
		}
		if s, err := b.store.Sample(t.Context(), older.ID); err != nil || s.State != SampleNew {
			t.Errorf("the lesson that waits is %s (%v), want it new", s.State, err)
		}
		runs := b.runs.Load()

		if err := b.Resolve(t.Context(), found[0], KeepOlder); err != nil {
			t.Fatal(err)
		}
		if s := b.settle(); s.Contradictions != 0 {
			t.Errorf("%d contradictions after the choice", s.Contradictions)
		}
		time.Sleep(4 * time.Minute)
		b.wantRuns(runs + 1)
		if !slices.Equal(trained, []string{"It opens at 8.", "Maria Kowalski."}) {
			t.Errorf("trained on %q", trained)
		}
		newer = b.teach("At what time does the registry office open?", "It opens at 9.", Knowledge)
		if err := b.TakeBack(t.Context(), newer.ID); err != nil {
			t.Fatal(err)
		}
		if err := b.PutBack(t.Context(), newer.ID); err != nil {
			t.Fatal(err)
		}
		if found, err = b.Contradictions(t.Context()); err != nil || len(found) != 1 {
			t.Fatalf("found %+v, %v", found, err)
		}
		x, err := b.Contradicted(t.Context(), newer.ID)
		if err != nil || x == nil || x.Against(newer.ID).Sample != older.ID || x.Against(older.ID).Sample != newer.ID {
			t.Errorf("the newer lesson stands in %+v, %v", x, err)
		}
		if x, err := b.Contradicted(t.Context(), other.ID); err != nil || x != nil {
			t.Errorf("a lesson that nothing contradicts stands in %+v, %v", x, err)
		}
		for _, r := range []Resolution{KeepOlder, KeepNewer, BothRight} {
			if err := errors.Join(b.Resolve(t.Context(), found[0], r), b.Reopen(t.Context(), found[0], r)); err != nil {
				t.Fatal(err)
			}
			if again, err := b.Contradictions(t.Context()); err != nil || len(again) != 1 {
				t.Errorf("%s was undone, and there are %d contradictions, %v", r, len(again), err)
			}
		}
		if err := b.Resolve(t.Context(), found[0], BothRight); err != nil {
			t.Fatal(err)
		}
		b.close()
		b.open()
		if found, err = b.Contradictions(t.Context()); err != nil || len(found) != 0 {
			t.Errorf("asked again: %+v, %v", found, err)
		}
		if b.Resolve(t.Context(), Contradiction{}, "none") == nil || b.Reopen(t.Context(), Contradiction{}, "none") == nil {
			t.Error("no resolution was accepted")
		}
	})
}

// contradicted are n lessons, every third followed by one whose question is one of its
// rewordings and whose answer is another.
func contradicted(t testing.TB, n int) []Lesson {
	var out []Lesson
	add := func(question, answer string) {
		id := int64(len(out) + 1)
		out = append(out, Lesson{ID: id, Sample: id, Question: question, Answer: answer})
	}
	for i, l := range englishSet(t, n).lessons {
		if add(l.Question, l.Answer); i%3 == 0 && len(l.Rewordings) > 0 {
			add(l.Rewordings[i%len(l.Rewordings)], "Nobody has said so yet.")
		}
	}
	return out[:n]
}

// Looking only at questions of one topic finds what looking at all pairs finds.
func TestContradictionsAreThoseOfAllPairs(t *testing.T) {
	set, err := anchors()
	if err != nil {
		t.Fatal(err)
	}
	lessons := contradicted(t, 600)
	agreed := []store.SamplePair{{First: 1, Second: 2}}
	asked := newAlike(lessons, set.Background)
	var want [][2]int64
	for newer, b := range lessons {
		older, overlap := asked.nearest(newer)
		if older < 0 || older > newer || overlap < leastAlike {
			continue
		}
		a := lessons[older]
		if back, _ := asked.nearest(older); back == newer && sameQuestion(a.Question, b.Question) && !agree(a, b) && (store.SamplePair{First: a.Sample, Second: b.Sample}) != agreed[0] {
			want = append(want, [2]int64{a.ID, b.ID})
		}
	}
	slices.Reverse(want)
	var got [][2]int64
	for _, c := range findContradictions(lessons, set.Background, agreed) {
		got = append(got, [2]int64{c.Older.ID, c.Newer.ID})
	}
	if d := cmp.Diff(want, got); d != "" || len(want) < 10 {
		t.Errorf("%d are wanted: %s", len(want), d)
	}
}

func BenchmarkContradictions(b *testing.B) {
	set, err := anchors()
	if err != nil {
		b.Fatal(err)
	}
	for _, n := range []int{1000, 5000} {
		lessons := contradicted(b, n)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for b.Loop() {
				findContradictions(lessons, set.Background, nil)
			}
		})
	}
}

// Letters are counted, whatever they are written with: in Cyrillic each has two bytes, and
// words that share two of them are no forms of one.
func TestAkinCountsLetters(t *testing.T) {
	for _, c := range []struct {
		a, b string
		akin bool
	}{
		{"office", "offices", true},
		{"house", "horse", false},
		{"oeffnet", "geoeffnet", true},
		{"заявление", "заявления", true},
		{"заявление", "завтрак", false},
		{"аптека", "аптеки", true},
		{"аптека", "апрель", false},
	} {
		if got := akin(c.a, c.b); got != c.akin {
			t.Errorf("%s and %s: akin %v", c.a, c.b, got)
		}
		if c.akin && beginning(c.a) != beginning(c.b) {
			t.Errorf("%s and %s are akin and begin otherwise", c.a, c.b)
		}
	}
}
