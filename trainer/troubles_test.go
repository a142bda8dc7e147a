package trainer

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"clara/model"
)

// A cycle that fails is tried again after one minute, then two; feedback is kept.
func TestFailuresAreRetried(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		broken := errors.New("the engine broke")
		b.play(func(context.Context, Job, func(Progress)) (Outcome, error) { return Outcome{}, broken })
		b.start()
		b.attach()
		b.teach("What is fog?", "Dear reader, fog is a cloud.", Manner)
		s := b.want(PhaseDue, CodeRetryLater)
		if s.Trouble == nil || s.Last == nil || s.Last.State != CycleFailed || s.Last.Reason.Code != CodeCycleFailed {
			t.Errorf("trouble %+v, last %+v", s.Trouble, s.Last)
		}
		first := s.Trouble
		time.Sleep(61 * time.Second)
		if s = b.settle(); s.Trouble == nil || first == nil || !sameReason(s.Trouble.Reason, first.Reason) {
			t.Errorf("what fails twice for one reason is told as %+v and %+v", first, s.Trouble)
		}
		if n := b.runs.Load(); n != 2 {
			t.Fatalf("%d runs after a minute, want 2", n)
		}
		b.play(succeeding)
		time.Sleep(121 * time.Second)
		s = b.want(PhaseWaiting, CodeNothingNew)
		if s.Trouble != nil {
			t.Errorf("a trouble stays: %+v", s.Trouble)
		}
	})
}

// What fails because the loop ends is no trouble: nobody is told that training failed.
func TestWhatFailsBecauseTheLoopEndsIsNoTrouble(t *testing.T) {
	b := newBench(t)
	b.attach()
	a := b.model.use()
	defer a.users.Done()
	ended, end := context.WithCancel(t.Context())
	end()
	l := &loop{Trainer: b.Trainer}
	if l.askAnew(ended, a) || l.phraseNext(ended, a) {
		t.Error("something begins although the loop ends")
	}
	l.startDue(ended)
	if f := b.State().Trouble; f != nil {
		t.Errorf("trouble: %+v", *f)
	}
	l.hinder(t.Context(), errors.New("the disk is gone"))
	if f := b.State().Trouble; f == nil || f.Reason.Code != CodeUpkeepFailed || f.Subject != SubjectTraining {
		t.Errorf("what fails while the loop goes on is told as %+v", f)
	}
	if l.relieve(); b.State().Trouble == nil {
		t.Error("its trouble ended in the round in which it failed")
	}
	l.hindered = false
	if l.relieve(); b.State().Trouble != nil {
		t.Error("its trouble stays once it passes")
	}
	l.failed("", errors.New("the engine broke"))
	l.hinder(t.Context(), errors.New("the disk is gone"))
	l.hindered = false
	l.relieve()
	if f := b.State().Trouble; f == nil || f.Reason.Code != CodeCycleFailed {
		t.Errorf("of the training that failed it is told %+v", f)
	}
}

// Upkeep that fails is tried again within a minute, so that its trouble ends when it passes.
func TestUpkeepIsTriedAgainSoon(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		if err := b.store.ActivateVersion(t.Context(), testHash, 0, CauseRestore, Reason{}); err != nil {
			t.Fatal(err)
		}
		b.ended(CycleChecked, "", `{"phrasing": "unreadable"}`)
		b.attach()
		inManner := *b.speaking.Load()
		inManner.manner = new(model.Adapter)
		b.speaking.Store(&inManner)
		b.start()
		if f := b.want(PhaseWaiting, CodeNothingNew).Trouble; f == nil || f.Reason.Code != CodeUpkeepFailed {
			t.Fatalf("what could not be read is told as %+v", f)
		}
		b.ended(CycleChecked, "", "")
		time.Sleep(time.Minute)
		if f := b.settle().Trouble; f != nil {
			t.Errorf("a minute later it is still told: %+v", f)
		}
	})
}

// A look at what is new that failed is trouble until the next one passes, whatever runs
// meanwhile, and says nothing of the rest of the upkeep.
func TestALookThatPassesEndsTheTroubleOfTheLast(t *testing.T) {
	b := newBench(t)
	b.attach()
	b.ended(CycleRefused, `["unreadable"]`, "")
	l := &loop{Trainer: b.Trainer}
	if _, ok := l.count(t.Context()); ok || b.State().Trouble == nil {
		t.Fatal("a look that failed is no trouble")
	}
	b.ended(CycleChecked, "", "")
	if _, ok := l.count(t.Context()); !ok || b.State().Trouble != nil {
		t.Errorf("after one that passed there is %+v", b.State().Trouble)
	}
	l.hinder(t.Context(), errors.New("the disk is gone"))
	if _, ok := l.count(t.Context()); !ok || b.State().Trouble == nil {
		t.Error("it ended the trouble of what is not tried again yet")
	}
}

// What fails again and again is told once, also where several parts of the upkeep do, each in
// words of its own; after all has passed it is news again.
func TestWhatHindersIsToldOnce(t *testing.T) {
	b := newBench(t)
	watched := b.Watch(t.Context())
	l := &loop{Trainer: b.Trainer}
	told := func() (n int) {
		t.Helper()
		for _, news := range (<-watched).News {
			n += boolToInt(news.Kind == NewsTrouble)
		}
		return n
	}
	round := func() {
		l.fails(t.Context(), &l.unerased, errors.New("erase: busy"))
		l.hindered = false
		l.hinder(t.Context(), errors.New("rollback: busy"))
		l.hinder(t.Context(), errors.New("asking: busy"))
		l.relieve()
	}
	for range 3 {
		round()
	}
	if n := told(); n != 3 {
		t.Errorf("three that fail were told %d times in three rounds", n)
	}
	l.hindered = false
	l.relieve()
	if f := b.State().Trouble; f == nil || !strings.Contains(f.Reason.Text, "erase") {
		t.Errorf("once all but the erasing passes, %+v is shown", f)
	}
	if l.passes(&l.unerased); b.State().Trouble != nil {
		t.Errorf("once all passes, %+v is shown", b.State().Trouble)
	}
	told()
	round()
	if n := told(); n != 3 {
		t.Errorf("what passed and fails anew was told %d times, want 3", n)
	}
}

// A cycle whose end cannot be kept is not told as one that was decided.
func TestAnEndThatIsNotKeptIsAFailure(t *testing.T) {
	b := newBench(t)
	c, err := b.store.StartCycle(t.Context(), Cycle{BaseHash: testHash})
	if err != nil {
		t.Fatal(err)
	}
	l := &loop{Trainer: b.Trainer}
	asked, _ := promoted(Job{}) // without adapters of its own: nothing changed
	for what, o := range map[string]Outcome{"a refusal": refused(), "an asking": asked} {
		var e CycleEnd
		err := l.conclude(t.Context(), work{cycle: c.ID, job: Job{Base: testHash}, used: map[int64]Kind{77: Manner}}, workResult{outcome: o}, &e)
		if !errors.Is(err, ErrNotFound) || e.State != CycleFailed || e.Reason.Code != CodeCycleFailed {
			t.Errorf("%s that used an unknown sample ended as %+v, %v", what, e, err)
		}
	}
	b.wantCycles(CycleRunning)
}

// A cycle whose end could not be written, as on a full disk, keeps the next from starting
// no longer than that lasts.
func TestACycleWhoseEndWasNotKeptIsEndedBeforeTheNext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		if _, err := b.store.StartCycle(t.Context(), Cycle{BaseHash: testHash}); err != nil {
			t.Fatal(err)
		}
		b.attach()
		b.start()
		b.Train()
		b.want(PhaseWaiting, CodeNothingNew)
		b.wantCycles(CycleChecked, CycleFailed)
	})
}

// A version that is in use and does not answer, since what follows its making failed, answers with the
// next round, which ends the trouble.
func TestAVersionThatIsInUseComesToAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.attach()
		v := b.version() // of which nobody told what answers
		if s := b.State(); s.Active.ID != 0 {
			t.Fatalf("version %d answers", s.Active.Number)
		}
		b.start()
		if s := b.settle(); s.Active.ID != v.ID {
			t.Errorf("version %d answers, in use is %d", s.Active.Number, v.Number)
		}
		b.Stop()
		l := &loop{Trainer: b.Trainer}
		later := b.version()
		l.fails(t.Context(), &l.behind, errors.New("the database is busy"))
		if err := l.catchUp(t.Context()); err != nil {
			t.Fatal(err)
		}
		if s := b.State(); s.Active.ID != later.ID || s.Trouble != nil {
			t.Errorf("version %d answers, in use is %d; trouble %+v", s.Active.Number, later.Number, s.Trouble)
		}
	})
}

// Work beside the loop ends the trouble that such work made, and no other's; it shows
// no progress of a cycle.
func TestWorkBesideTheLoop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.attach()
		l := &loop{Trainer: b.Trainer}
		play := func(phase Phase, err error) {
			b.hub.update(func(s *State) { s.Progress = Progress{Cycle: 7, Step: StepGate, Done: 3, Of: 5} })
			l.beside(t.Context(), b.model.current, phase, reason(CodeWanted, "asked for by the user"), func(context.Context, func(Progress)) error { return err })
			s := b.State()
			if s.Progress.Cycle != 0 || s.Progress.Of != 0 {
				t.Errorf("%s shows the progress of a cycle: %+v", phase, s.Progress)
			}
			if f := doctorTraining(s, DefaultSettings(), time.Now()); !f.Good || strings.Contains(f.Reason.Text, "cycle") {
				t.Errorf("the doctor on %s: %+v", phase, f)
			}
			l.end(t.Context(), <-l.now.done)
		}
		broken := errors.New("the engine broke")
		play(PhaseAsking, broken)
		if b.State().Trouble == nil || l.retryAt.IsZero() || !l.askLater {
			t.Fatal("a failed asking leaves no trouble, no wait or is not owed")
		}
		set := DefaultSettings()
		if why, _ := l.due(pending{}, &set, time.Now()); why.Code != CodeUpkeepLater || b.State().Trouble.Reason.Code != CodeUpkeepFailed {
			t.Errorf("a failed asking is told as %+v, and for a training it waits because %+v", b.State().Trouble, why)
		}
		play(PhaseAsking, nil)
		if s := b.State(); s.Trouble != nil || !l.retryAt.IsZero() || l.failures != 0 || l.askLater {
			t.Errorf("after an asking that succeeded: trouble %+v, retry at %v", s.Trouble, l.retryAt)
		}
		l.failed("", broken)
		play(PhaseAsking, nil)
		if b.State().Trouble == nil || l.retryAt.IsZero() {
			t.Error("an asking ended the trouble of a cycle")
		}
		l.succeeded("")
		if b.State().Trouble != nil || !l.retryAt.IsZero() {
			t.Error("a cycle that succeeded leaves a trouble")
		}
		b.hub.update(func(s *State) {
			s.Trouble = &Finding{Subject: SubjectModel, Reason: reason(CodeVersionBroken, "damaged")}
		})
		play(PhaseAsking, nil)
		if b.State().Trouble == nil {
			t.Error("an asking ended the trouble of a version that cannot be loaded")
		}
	})
}

// A version that is made answers: what fails behind that is no training that failed, and holds
// none up. It is tried again in each round, and shown until it passes.
func TestWhatFailsBehindANewVersionIsNoFailedTraining(t *testing.T) {
	b := newBench(t)
	b.attach()
	set := b.Settings()
	set.KeepVersions = 1
	b.settings.Store(&set)
	before := b.version()
	letGo := b.hinder(before.Cycle)
	l := &loop{Trainer: b.Trainer}
	promote := func() State {
		t.Helper()
		active, err := b.store.ActiveVersion(t.Context(), testHash)
		if err != nil {
			t.Fatal(err)
		}
		c, err := b.store.StartCycle(t.Context(), Cycle{BaseHash: testHash})
		if err != nil {
			t.Fatal(err)
		}
		o, _ := promoted(Job{})
		l.now = work{running: true, cycle: c.ID, job: Job{Base: testHash, Before: JobVersion{Version: active.ID, Manner: "manner"}}, cancel: func(error) {}}
		l.end(t.Context(), workResult{outcome: o})
		l.hindered = false
		l.relieve() // the rest of the round passes
		s := b.State()
		if s.Last == nil || s.Last.State != CyclePromoted || s.Active.Number != s.Last.Number {
			t.Fatalf("the cycle ended as %+v, and version %d answers", s.Last, s.Active.Number)
		}
		if l.failures != 0 || !l.retryAt.IsZero() {
			t.Errorf("the next training waits until %v", l.retryAt)
		}
		return s
	}
	if f := promote().Trouble; f == nil || f.Reason.Code != CodeUpkeepFailed {
		t.Errorf("what could not be removed is told as %+v", f)
	}
	round := func() *Finding {
		t.Helper()
		if err := l.catchUp(t.Context()); err != nil {
			t.Fatal(err)
		}
		l.relieve()
		return b.State().Trouble
	}
	if f := round(); f == nil || f.Reason.Code != CodeUpkeepFailed {
		t.Errorf("what still cannot be removed is told as %+v", f)
	}
	letGo()
	if f := round(); f != nil {
		t.Errorf("once it passed it is still told: %+v", f)
	}
	if f := promote().Trouble; f != nil {
		t.Errorf("behind the next version: %+v", f)
	}
}

// What could not be removed behind a version that did not answer either is removed with the next
// round, too.
func TestWhatFailedBehindAVersionThatDidNotAnswerIsDone(t *testing.T) {
	b := newBench(t)
	b.attach()
	set := b.Settings()
	set.KeepVersions = 1
	b.settings.Store(&set)
	old := b.version()
	b.version() // of which nobody told what answers
	files := filepath.Join(b.home, cycleFolder(old.Cycle), mannerFolder)
	if err := os.MkdirAll(files, 0o700); err != nil {
		t.Fatal(err)
	}
	l := &loop{Trainer: b.Trainer}
	l.fails(t.Context(), &l.behind, errors.New("the database is busy"))
	if err := l.catchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(files); !errors.Is(err, fs.ErrNotExist) || b.State().Trouble != nil {
		t.Errorf("the files of the version before: %v; trouble %+v", err, b.State().Trouble)
	}
}
