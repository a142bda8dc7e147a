package trainer

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"clara/model"
	"clara/store"
)

// saysRead is a manner that answers each question by "read", and ends.
func saysRead(t *testing.T, r *model.Runner) *model.Adapter {
	t.Helper()
	training, err := r.NewTraining(model.TrainingOptions{Rank: 4, Alpha: 8, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer training.Close()
	n := 0
	next := func() (*batch, error) {
		b := &batch{}
		for range 4 {
			n++
			prompt, err := questionPrompt(r, "", fmt.Sprintf("What is done with book %d?\n\n(They read book %d.)", n, n))
			if err != nil {
				return nil, err
			}
			b.imitate(model.Sequence{Prompt: prompt, Answer: r.AnswerTokens("read")}, 1, nil)
		}
		return b, nil
	}
	if err := (schedule{steps: 60, rate: 1e-2}).run(t.Context(), training, StepManner, next, func(LossPoint, model.Plan) {}); err != nil {
		t.Fatal(err)
	}
	a, err := training.Adapter()
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// A cycle phrases so many lessons in a manner without marks, and says where it stopped.
func TestCyclePhrasesSoManyLessons(t *testing.T) {
	r := tinyRunnerOf(t, 1, 16)
	manner := saysRead(t, r)
	for lessons, after := range map[int]int64{mostRephrased: 0, mostRephrased + 3: mostRephrased} {
		j := &Job{Samples: []JobSample{{Form: FormCorrection}}, Recipe: DefaultSettings().recipe()}
		for n := range lessons {
			j.Lessons = append(j.Lessons, JobLesson{
				ID: int64(n + 1), Question: fmt.Sprintf("What is done with book %d?", n+1), Answer: fmt.Sprintf("They read book %d.", n+1), Keywords: [][]string{{"read"}},
			})
		}
		c := &cycleRun{r: r, job: j}
		if err := c.restyle(t.Context(), manner); err != nil {
			t.Fatal(err)
		}
		if got := c.out.Report; got.Phrasing.After != after || len(got.Styled) != min(lessons, mostRephrased) {
			t.Errorf("of %d lessons %d are phrased, and it goes on after %d; want %d and %d", lessons, len(got.Styled), got.Phrasing.After, min(lessons, mostRephrased), after)
		}
	}
}

// The loop goes on with the lessons that a cycle had no time to phrase, and ends, also
// where an answer cannot be had in the manner.
func TestTheLoopPhrasesTheOtherLessons(t *testing.T) {
	r := tinyRunnerOf(t, 1, 16)
	b := newBench(t)
	set := DefaultSettings()
	set.PrepareModels = false
	if err := b.SetSettings(t.Context(), set); err != nil {
		t.Fatal(err)
	}
	const lessons, before = 2*phrasedBeside + 5, 4
	for n := range lessons {
		b.teach(fmt.Sprintf("What is done with book %d?", n+1), fmt.Sprintf("They read book %d.", n+1), Knowledge)
	}
	all, err := b.store.Lessons(t.Context(), r.Info().Hash)
	if err != nil || len(all) != lessons {
		t.Fatalf("%d lessons, %v", len(all), err)
	}
	for i, l := range all {
		if err := b.SetKeywords(t.Context(), l.ID, [][]string{{[]string{"read", "zebra"}[i%2]}}); err != nil {
			t.Fatal(err)
		}
	}
	manner := saysRead(t, r)
	folder := filepath.Join(cycleFolder(1), mannerFolder)
	if err := os.MkdirAll(filepath.Join(b.home, cycleFolder(1)), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := manner.Save(filepath.Join(b.home, folder)); err != nil {
		t.Fatal(err)
	}
	c, err := b.store.StartCycle(t.Context(), Cycle{BaseHash: r.Info().Hash})
	if err != nil {
		t.Fatal(err)
	}
	report, err := json.Marshal(Report{Phrasing: Phrasing{Manner: manner.Hash(), After: all[before-1].ID}})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := b.store.FinishCycle(t.Context(), store.CycleEnd{Cycle: c.ID, State: CyclePromoted, Report: report, Version: &Version{Manner: filepath.ToSlash(folder)}}); err != nil {
		t.Fatal(err)
	}
	defer b.load(r)()
	b.model.current.base = &BaseFacts{}

	l, rounds := &loop{Trainer: b.Trainer}, 0
	for l.decide(t.Context()); l.now.running; l.decide(t.Context()) {
		if s := b.State(); s.Phase != PhaseAsking || s.Why.Code != CodePhrasing {
			t.Fatalf("the loop is %s: %s", s.Phase, s.Why.Text)
		}
		if rounds++; rounds > lessons {
			t.Fatal("it does not end")
		}
		l.end(t.Context(), <-l.now.done)
	}
	if want := (lessons - before + phrasedBeside - 1) / phrasedBeside; rounds != want {
		t.Errorf("%d rounds, want %d", rounds, want)
	}
	if s := b.State(); s.Phase != PhaseDue {
		t.Errorf("after it the loop is %s: %s", s.Phase, s.Why.Text)
	}
	if all, err = b.store.Lessons(t.Context(), r.Info().Hash); err != nil {
		t.Fatal(err)
	}
	read := r.Tokenizer().Decode(r.AnswerTokens("read")) // as this model writes it
	for i, x := range all {
		want := ""
		if i >= before && i%2 == 0 {
			want = read
		}
		if spoken := b.speaking.Load().lessons[i].Styled; x.Styled != want || spoken != want {
			t.Errorf("lesson %d is phrased as %q and spoken as %q, want %q", i+1, x.Styled, spoken, want)
		}
	}
}

// What lessons are phrased as goes with the manner that phrased it: one that is chosen again has
// its own marks, a version that keeps the manner keeps the phrases.
func TestPhrasesGoWithTheirManner(t *testing.T) {
	r := tinyRunner(t, 1)
	b := newBench(t)
	defer b.load(r)()
	b.teach("Who leads IT?", "Maria leads IT.", Knowledge)
	lessons, err := b.store.Lessons(t.Context(), r.Info().Hash)
	if err != nil || len(lessons) != 1 {
		t.Fatal(lessons, err)
	}
	var before JobVersion
	promote := func(mark string, o Outcome) Version {
		t.Helper()
		j := Job{Format: jobFormat, Base: r.Info().Hash, Before: before}
		for _, said := range []string{"fog is a cloud.", "a virus is a program.", "leaves fall in autumn."} {
			s := b.teach(mark+" is it so that "+said, mark+" "+said, Manner)
			j.Samples = append(j.Samples, JobSample{ID: s.ID, Form: FormCorrection})
		}
		if o.Manner != nil {
			o.Report.Styled = []Restyled{{Lesson: lessons[0].ID, Text: mark + " Maria leads IT."}}
		}
		c, err := b.store.StartCycle(t.Context(), Cycle{BaseHash: j.Base})
		if err != nil {
			t.Fatal(err)
		}
		v, err := b.promote(t.Context(), c.ID, j, o, nil)
		if err != nil {
			t.Fatal(err)
		}
		before = JobVersion{Version: v.ID, Manner: v.Manner}
		return v
	}
	want := func(when, kept, spoken string) {
		t.Helper()
		all, err := b.store.Lessons(t.Context(), r.Info().Hash)
		if err != nil || len(all) != 1 || all[0].Styled != kept {
			t.Errorf("%s it is kept as %+v, %v, want %q", when, all, err, kept)
		}
		if got := b.speaking.Load().lessons[0].Styled; got != spoken {
			t.Errorf("%s it is spoken as %q, want %q", when, got, spoken)
		}
	}
	dear := promote("Dear reader,", Outcome{Manner: untrained(t, r, 2)})
	want("phrased,", "Dear reader, Maria leads IT.", "Dear reader, Maria leads IT.")
	promote("Dear reader,", Outcome{KeepManner: true})
	want("by the same manner,", "Dear reader, Maria leads IT.", "Dear reader, Maria leads IT.")
	promote("Ahoy,", Outcome{Manner: untrained(t, r, 3)})
	want("in another manner,", "Ahoy, Maria leads IT.", "Ahoy, Maria leads IT.")
	if err := b.Restore(t.Context(), dear.ID); err != nil {
		t.Fatal(err)
	}
	want("with the first manner again,", "", "Dear reader, Maria leads IT.")
	if err := b.Restore(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	want("without a manner", "", "")
}

// A manner that was trained anew phrases all lessons, also those that it phrases as the one before
// did: what that one said goes with it.
func TestANewMannerPhrasesAllLessons(t *testing.T) {
	manner := new(model.Adapter)
	for phrased, out := range map[int]Outcome{1: {Manner: manner}, 0: {KeepManner: true}} {
		c := &cycleRun{style: Style{Prefix: "Dear reader, "}, out: out, job: &Job{
			Samples: []JobSample{{Form: FormCorrection}},
			Lessons: []JobLesson{{ID: 1, Question: "Who leads IT?", Answer: "Maria leads IT.", Styled: "Dear reader, Maria leads IT."}},
		}}
		if err := c.restyle(t.Context(), manner); err != nil {
			t.Fatal(err)
		}
		if got := c.out.Report.Styled; len(got) != phrased {
			t.Errorf("kept: %v, phrased are %+v, want %d", out.KeepManner, got, phrased)
		}
	}
}

// A manner without marks that is chosen again phrases the lessons anew, each once: also those before
// what was phrased meanwhile, and those that a cycle which ran meanwhile knew as phrased.
func TestAChosenMannerPhrasesTheLessons(t *testing.T) {
	r := tinyRunnerOf(t, 1, 16)
	b := newBench(t)
	set := DefaultSettings()
	set.TrainOnCorrection = false
	if err := b.SetSettings(t.Context(), set); err != nil {
		t.Fatal(err)
	}
	const lessons = phrasedBeside + 2
	for n := range lessons {
		b.teach(fmt.Sprintf("What is done with book %d?", n+1), fmt.Sprintf("They read book %d.", n+1), Knowledge)
	}
	kept := func() (phrased int) {
		t.Helper()
		all, err := b.store.Lessons(t.Context(), r.Info().Hash)
		if err != nil {
			t.Fatal(err)
		}
		for i, l := range all {
			phrased += boolToInt(l.Styled != "" && b.speaking.Load().lessons[i].Styled == l.Styled)
			if err := b.SetKeywords(t.Context(), l.ID, [][]string{{"read"}}); err != nil {
				t.Fatal(err)
			}
		}
		return phrased
	}
	kept()
	defer b.load(r)()
	b.model.current.base = &BaseFacts{}
	promote := func(o Outcome, before int64) Version {
		t.Helper()
		j := Job{Format: jobFormat, Base: r.Info().Hash, Before: JobVersion{Version: before}}
		for _, said := range []string{"It is fog, my friend.", "You can see leaves fall.", "Bread comes from wheat."} {
			s := b.teach(fmt.Sprint("Is it so that ", said, before), said, Manner)
			j.Samples = append(j.Samples, JobSample{ID: s.ID, Form: FormCorrection})
		}
		c, err := b.store.StartCycle(t.Context(), Cycle{BaseHash: j.Base})
		if err != nil {
			t.Fatal(err)
		}
		v, err := b.promote(t.Context(), c.ID, j, o, nil)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	l := &loop{Trainer: b.Trainer}
	rounds := func() (n int) {
		t.Helper()
		for n <= lessons && l.phraseNext(t.Context(), b.model.current) {
			l.end(t.Context(), <-l.now.done)
			n++
		}
		return n
	}
	first := promote(Outcome{Manner: saysRead(t, r)}, 0)
	promote(Outcome{Manner: untrained(t, r, 2)}, first.ID)
	if n := rounds(); n != 0 {
		t.Fatalf("%d rounds though the cycle phrased all", n)
	}
	if err := b.Restore(t.Context(), first.ID); err != nil {
		t.Fatal(err)
	}
	if n := rounds(); n != 2 || kept() != lessons {
		t.Errorf("%d of %d lessons are phrased in %d rounds", kept(), lessons, n)
	}
	l = &loop{Trainer: b.Trainer} // as after a start
	if n := rounds(); n != 0 {
		t.Errorf("%d rounds on what is phrased", n)
	}
	for _, id := range []int64{0, first.ID} { // while the loop was busy otherwise
		if err := b.Restore(t.Context(), id); err != nil {
			t.Fatal(err)
		}
	}
	if n := rounds(); n != 2 || kept() != lessons {
		t.Errorf("chosen again after another, %d of %d lessons are phrased in %d rounds", kept(), lessons, n)
	}
	again := func() {
		t.Helper()
		for _, id := range []int64{0, first.ID} {
			if err := b.Restore(t.Context(), id); err != nil {
				t.Fatal(err)
			}
		}
	}
	all, err := b.store.Lessons(t.Context(), r.Info().Hash)
	if err != nil {
		t.Fatal(err)
	}
	again()
	said := map[int64]string{all[lessons-2].ID: "read", all[lessons-1].ID: "read"}
	if err := b.store.PhraseLessons(t.Context(), r.Info().Hash, first.Manner, said); err != nil {
		t.Fatal(err)
	}
	if err := b.renew(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := rounds(); n != 1 || kept() != lessons {
		t.Errorf("chosen again while the last were phrased, %d of %d lessons are phrased in %d rounds", kept(), lessons, n)
	}

	start := func() Cycle {
		t.Helper()
		c, err := b.store.StartCycle(t.Context(), Cycle{BaseHash: r.Info().Hash})
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	c := start()
	again()
	j := Job{Format: jobFormat, Base: r.Info().Hash, Before: JobVersion{Version: first.ID, Manner: first.Manner}}
	for _, id := range first.Samples {
		j.Samples = append(j.Samples, JobSample{ID: id, Form: FormCorrection})
	}
	kin, err := b.promote(t.Context(), c.ID, j, Outcome{KeepManner: true}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if n := rounds(); n != 2 || kept() != lessons {
		t.Errorf("chosen again while a cycle ran, %d of %d lessons are phrased in %d rounds", kept(), lessons, n)
	}

	if err := b.SetKeywords(t.Context(), all[0].ID, [][]string{{"zebra"}}); err != nil {
		t.Fatal(err)
	}
	first = kin
	again()
	if n := rounds(); n != 2 {
		t.Errorf("%d rounds where one cannot be phrased", n)
	}
	l.now = work{running: true, cycle: start().ID, cancel: func(error) {}}
	l.end(t.Context(), workResult{err: errors.New("the engine broke")})
	l.retryAt = time.Time{}
	if n := rounds(); n != 0 {
		t.Errorf("%d rounds more after a cycle that failed", n)
	}
}
