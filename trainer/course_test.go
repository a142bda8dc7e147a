package trainer

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"image/png"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"clara/store"
)

// learnt is a bench whose user has rated for 30 days, with three cycles.
func learnt(t *testing.T) *bench {
	t.Helper()
	b := newBench(t)
	from := time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
	b.now = func() time.Time { return from.AddDate(0, 0, 30) }
	for i := range 30 {
		stars := []int{2, 2, 3, 4, 5}[min(i/6, 4)]
		if _, _, err := b.store.AddFeedback(t.Context(), store.Feedback{Sample: Sample{
			Form: FormRating, Kind: Manner, Prompt: fmt.Sprint("question ", i), Answer: "a secret answer", Score: scoreOf(stars), Source: "user", Created: from.AddDate(0, 0, i),
		}}); err != nil {
			t.Fatal(err)
		}
	}
	for n, end := range []store.CycleEnd{
		{State: CyclePromoted, Verdict: VerdictProven, Reason: reason(CodeProven, "proven better", "better", 3)},
		{State: CycleRefused, Verdict: VerdictRefused, Reason: reason(CodeLosesKnown, "loses: Who is my secret love?", "lessons", "Who is my secret love?", "count", 1)},
		{State: CyclePromoted, Verdict: VerdictNotProven, Reason: reason(CodeNotProven, "not proven")},
	} {
		job, err := json.Marshal(Job{Samples: make([]JobSample, n+4)})
		if err != nil {
			t.Fatal(err)
		}
		c, err := b.store.StartCycle(t.Context(), Cycle{BaseHash: testHash, Started: from.AddDate(0, 0, 8*n+2), Job: job})
		if err != nil {
			t.Fatal(err)
		}
		if end.Report, err = json.Marshal(Report{Figures: Figures{Known: n + 1, KnownOf: 5}}); err != nil {
			t.Fatal(err)
		}
		if end.Cycle = c.ID; end.State == CyclePromoted {
			end.Version = &store.Version{Created: c.Started.Add(time.Minute)}
		}
		if _, _, err := b.store.FinishCycle(t.Context(), end); err != nil {
			t.Fatal(err)
		}
	}
	return b
}

func TestCourseTellsHowLearningWent(t *testing.T) {
	b := learnt(t)
	c, err := b.Course(t.Context(), time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Ratings) != 30 || c.Stars != [5]int{0, 12, 6, 6, 6} {
		t.Errorf("%d ratings, stars %v", len(c.Ratings), c.Stars)
	}
	// The last 20: two of 2, six of 3, six of 4, six of 5 stars.
	if got, want := c.Ratings[29].Mean, (2*2+6*3+6*4+6*5)/20.0; got != want {
		t.Errorf("the last mean is %g, not %g", got, want)
	}
	if got, want := c.Ratings[4].Mean, 2.0; got != want {
		t.Errorf("the fifth mean is %g, not %g", got, want)
	}
	if len(c.Marks) != 2 || c.Marks[1].Version != 2 {
		t.Errorf("marks %+v", c.Marks)
	}
	if len(c.Cycles) != 3 || c.Cycles[2].Known != 3 || c.Cycles[2].Asked != 5 || c.Cycles[2].Samples != 6 || c.Cycles[2].Version != 2 || c.Cycles[1].Version != 0 {
		t.Errorf("cycles %+v", c.Cycles)
	}
	late, err := b.Course(t.Context(), b.now().AddDate(0, 0, -7))
	if err != nil || len(late.Ratings) != 7 || late.Ratings[6].Mean != c.Ratings[29].Mean {
		t.Errorf("the last week: %d ratings, %v", len(late.Ratings), err)
	}
}

// How long a cycle took is said of none that runs, and of none that the program was killed in:
// when the program starts again says nothing about that.
func TestSecondsOfACycleThatWasCutAreNotKnown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		begin := func() int64 {
			t.Helper()
			c, err := b.store.StartCycle(t.Context(), Cycle{BaseHash: testHash})
			if err != nil {
				t.Fatal(err)
			}
			return c.ID
		}
		last := func(when string) {
			t.Helper()
			if s, err := b.LiveStats(t.Context()); err != nil || s.Metrics.LastCycleSeconds != 40 {
				t.Errorf("%s the last cycle took %g s, %v", when, s.Metrics.LastCycleSeconds, err)
			}
		}
		ended := begin()
		time.Sleep(40 * time.Second)
		if _, _, err := b.store.FinishCycle(t.Context(), store.CycleEnd{Cycle: ended, State: CycleRefused}); err != nil {
			t.Fatal(err)
		}
		begin()
		last("while another runs")
		time.Sleep(60 * time.Hour)
		if _, err := b.store.MarkCut(t.Context()); err != nil {
			t.Fatal(err)
		}
		last("after another was cut")
		c, err := b.Course(t.Context(), time.Time{})
		if err != nil || len(c.Cycles) != 2 || c.Cycles[0].Seconds != 40 || c.Cycles[1].Seconds != 0 {
			t.Fatalf("the cycles are %+v, %v", c.Cycles, err)
		}
		var table bytes.Buffer
		if err := c.WriteCSV(&table); err != nil {
			t.Fatal(err)
		}
		rows, err := csv.NewReader(&table).ReadAll()
		if err != nil || len(rows) != 3 || rows[1][7] != "40.0" || rows[2][7] != "" {
			t.Errorf("the table is %q, %v", rows, err)
		}
	})
}

// A cycle whose end is kept late took no longer for that.
func TestACycleEndsWhenItEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		c, err := b.store.StartCycle(t.Context(), Cycle{BaseHash: testHash, Job: json.RawMessage("{}")})
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(40 * time.Second)
		unknown := map[int64]Kind{77: Manner} // with which its end cannot be kept
		l := &loop{Trainer: b.Trainer, now: work{running: true, cycle: c.ID, job: Job{Base: testHash}, used: unknown, cancel: func(error) {}}}
		l.end(t.Context(), workResult{outcome: refused()})
		b.wantCycles(CycleRunning)
		time.Sleep(time.Hour)
		if err := l.endLeft(t.Context()); err != nil {
			t.Fatal(err)
		}
		b.wantCycles(CycleFailed)
		if s, err := b.LiveStats(t.Context()); err != nil || s.Metrics.LastCycleSeconds != 40 {
			t.Errorf("it took %g s, %v", s.Metrics.LastCycleSeconds, err)
		}
	})
}

// The end of a cycle before is none of the one whose end could not be kept.
func TestACycleDoesNotEndBeforeItBegan(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		l := &loop{Trainer: b.Trainer, ended: time.Now()}
		time.Sleep(time.Hour)
		c, err := b.store.StartCycle(t.Context(), Cycle{BaseHash: testHash})
		if err != nil {
			t.Fatal(err)
		}
		if err := l.endLeft(t.Context()); err != nil {
			t.Fatal(err)
		}
		if c, err = b.store.Cycle(t.Context(), c.ID); err != nil || c.State != CycleFailed || c.Finished.Before(c.Started) {
			t.Errorf("it ended as %+v, %v", c, err)
		}
	})
}

// An import is noted as a cycle, but is no training: neither of those that there were nor one
// that made a version.
func TestAnImportIsNoTraining(t *testing.T) {
	b := newBench(t)
	c, err := b.store.StartCycle(t.Context(), Cycle{BaseHash: testHash})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := b.store.FinishCycle(t.Context(), store.CycleEnd{Cycle: c.ID, State: CyclePromoted, Reason: reason(CodeImported, "imported, not checked"), Version: &Version{}}); err != nil {
		t.Fatal(err)
	}
	s, err := b.LiveStats(t.Context())
	if m := s.Metrics; err != nil || m.Cycles != 0 || m.ModelUpdates != 0 || m.SuccessRate != 0 || m.LastCycleSeconds != 0 {
		t.Errorf("the statistics are %+v, %v", m, err)
	}
}

// An import that made no version is no training either: neither one that failed nor the last one.
func TestAnImportThatFailsIsNoTraining(t *testing.T) {
	b := newBench(t)
	imported := Outcome{Report: Report{Verdict: VerdictNotProven, Reason: reason(CodeImported, "imported, not checked")}}
	l := &loop{Trainer: b.Trainer}
	for how, end := range map[string]func(cycle int64) error{
		"failed": func(cycle int64) error {
			_, err := b.promote(t.Context(), cycle, Job{Base: testHash}, imported, map[int64]Kind{77: Manner})
			return err
		},
		"was overtaken": func(cycle int64) error {
			_, err := b.promote(t.Context(), cycle, Job{Base: testHash, Before: JobVersion{Version: 77}}, imported, nil)
			return err
		},
		"failed without an end that is kept": func(int64) error {
			return errors.Join(l.endLeft(t.Context()), errors.New("left running"))
		},
	} {
		c, err := b.store.StartCycle(t.Context(), Cycle{BaseHash: testHash, Started: time.Now().Add(-time.Minute)})
		if err != nil {
			t.Fatal(err)
		}
		if err := end(c.ID); err == nil {
			t.Fatalf("an import that %s gave no error", how)
		}
		if c, err = b.store.Cycle(t.Context(), c.ID); err != nil || c.State != CycleFailed && c.State != CycleStopped {
			t.Errorf("an import that %s ended as %+v, %v", how, c, err)
		}
		s, err := b.LiveStats(t.Context())
		if m := s.Metrics; err != nil || m.Cycles != 0 || m.Failed != 0 || m.LastCycleSeconds != 0 {
			t.Errorf("after an import that %s the statistics are %+v, %v", how, m, err)
		}
	}
}

// What is given away has figures, times and codes, and nothing that a person wrote.
func TestExportsHoldNoTexts(t *testing.T) {
	b := learnt(t)
	c, err := b.Course(t.Context(), time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	var table, object bytes.Buffer
	if err := errors.Join(c.WriteCSV(&table), c.WriteJSON(&object)); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{table.String(), object.String()} {
		if strings.Contains(text, "secret") || strings.Contains(text, "question") {
			t.Errorf("it quotes the user:\n%s", text)
		}
	}
	rows, err := csv.NewReader(&table).ReadAll()
	if err != nil || len(rows) != 1+30+2+3 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	events := make(map[string]int)
	for i, r := range rows[1:] {
		events[r[1]]++
		if i > 0 && r[0] < rows[i][0] {
			t.Errorf("row %d is older than the one before it", i+1)
		}
	}
	if events["rating"] != 30 || events["version"] != 2 || events["cycle"] != 3 {
		t.Errorf("events %v", events)
	}
	if !strings.Contains(object.String(), `"code": "loses_known"`) || !strings.Contains(strings.Join(rows[len(rows)-1], ","), "rating") {
		t.Errorf("object %s", &object)
	}
	none := newBench(t)
	empty, err := none.Course(t.Context(), time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	object.Reset()
	if err := empty.WriteJSON(&object); err != nil || !strings.Contains(object.String(), `"ratings": []`) {
		t.Errorf("nothing is written as %s, %v", &object, err)
	}
}

func TestPictureNeedsTwoRatings(t *testing.T) {
	b := learnt(t)
	words := CourseWords{
		Title: "Title", Mean: "mean", Lessons: "lessons", Known: "known", Asked: "asked",
		Version: func(n int) string { return fmt.Sprint("V ", n) }, Day: func(t time.Time) string { return t.Format("Jan 2") }, Number: func(v float64) string { return fmt.Sprint(v) },
	}
	c, err := b.Course(t.Context(), time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := c.WritePNG(&out, words); err != nil {
		t.Fatal(err)
	}
	img, err := png.Decode(&out)
	if err != nil {
		t.Fatal(err)
	}
	if size := img.Bounds().Size(); size.X < 1000 || size.Y < 600 {
		t.Errorf("the picture is %v", size)
	}
	colours := make(map[uint32]bool)
	for x := range img.Bounds().Dx() {
		for y := range img.Bounds().Dy() {
			r, g, b, _ := img.At(x, y).RGBA()
			colours[r>>8<<16|g>>8<<8|b>>8] = true
		}
	}
	if !colours[0x1f5fa8] || !colours[0x2c854c] {
		t.Error("the curve or the marks are missing")
	}
	c.Ratings = c.Ratings[:1]
	var user *UserError
	if err := c.WritePNG(&out, words); !errors.As(err, &user) || user.Reason.Code != CodeTooLittle {
		t.Errorf("one rating: %v", err)
	}
}

// However little time a picture shows, its axis names several moments, each unlike the one before, and the day of the first.
func TestTimeAxisNamesSeveralMoments(t *testing.T) {
	day := func(at time.Time) string { return at.Local().Format("2 Jan") }
	begin := time.Date(2026, time.November, 24, 13, 7, 20, 0, time.Local)
	for _, long := range []time.Duration{8 * time.Second, 51 * time.Second, 90 * time.Second, 51 * time.Minute, 40 * time.Minute, 5 * time.Hour, 11 * time.Hour, 23 * time.Hour, 47 * time.Hour, 50 * time.Hour, 40 * 24 * time.Hour} {
		low, high := second(begin), second(begin.Add(long))
		ticks := timeTicks(low, high, day)
		last := ""
		for _, tick := range ticks {
			if tick.Value < low || tick.Value > high || tick.Label == last {
				t.Errorf("over %v: %q at %.0f of %.0f s, after %q", long, tick.Label, tick.Value-low, high-low, last)
			}
			last = tick.Label
		}
		if len(ticks) < 2 || len(ticks) > mostTicks || !strings.HasPrefix(ticks[0].Label, "24 Nov") && !strings.HasPrefix(ticks[0].Label, "25 Nov") {
			t.Errorf("over %v: %v", long, ticks)
		}
	}
}
