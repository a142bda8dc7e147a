package trainer

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"time"
)

// loop is the one goroutine that owns the phases. Its fields are its own.
type loop struct {
	*Trainer

	wantedNow bool      // the user asked for a cycle
	askedNow  bool      // the user asked for an asking
	askLater  bool      // an asking failed and is owed
	anew      int64     // the activation since which the lessons are known to have been asked
	retryAt   time.Time // after a failure or the user's cancel; zero: none
	failures  int
	failedOf  Phase // what failed: "" a cycle, else the work beside the loop
	lastError error
	newest    int64  // sample when the user cancelled; what is newer ends the wait. -1: not looked at yet
	tried     string // what the last unlearning cycle that was decided was about
	redone    int64  // the withdrawal after which a cycle was decided that trained what it left
	ahead     ahead
	kept      kept
	eraseAt   time.Time       // when what was deleted is erased next
	erasures  int             // that failed since one passed
	unerased  *Finding        // the trouble of the last erasing; nil: it passed
	unlooked  *Finding        // of the last look at what is new
	undone    *Finding        // of the rest of the upkeep, in the last round in which it failed, until one passes
	behind    *Finding        // of what follows a new version, such as the removal of old ones; nil: it passed
	hindered  bool            // it failed in this round
	told      map[string]bool // the reasons told since all of it passed
	now       work            // under way; nil channels: nothing
	ended     time.Time       // when the last cycle was at its end
	phrasing  phrasing
	asksTurn  bool // the last decision was to start something
	last      Seconds
}

func (l *loop) run(ctx context.Context) {
	defer l.finish(ctx)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		l.eraseDue(ctx)
		if !l.now.running {
			l.hindered = false
			if err := l.rollback(ctx); err != nil {
				l.hinder(ctx, fmt.Errorf("look at the ratings: %w", err))
			}
			if err := l.catchUp(ctx); err != nil {
				l.hinder(ctx, fmt.Errorf("let the version in use answer: %w", err))
			}
			next := l.decide(ctx)
			if l.relieve(); l.hindered || l.behind != nil {
				next = min(next, time.Minute)
			}
			timer.Reset(min(next, l.eraseAt.Sub(l.Trainer.now())))
		}
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
			l.giveWay(ctx, timer)
		case <-l.changed:
			switch {
			case l.now.reader != nil:
				l.reconsider()
				l.giveWay(ctx, timer)
			case l.now.running:
				l.reconsider()
				l.count(ctx)
			}
		case <-l.wanted:
			l.wantedNow = true
			l.giveWay(ctx, timer)
		case <-l.asked:
			l.askedNow = true
			l.giveWay(ctx, timer)
		case <-l.cancelled:
			if l.now.running && l.now.aside == "" {
				l.now.cancel(errCancelled)
			}
		case p := <-l.now.progress:
			l.show(p)
		case r := <-l.now.done:
			l.end(context.WithoutCancel(ctx), r)
		}
	}
}

// finish ends what runs when the loop ends, and waits for it.
func (l *loop) finish(ctx context.Context) {
	defer l.slot.leave(l.changed)
	if l.now.running { // by now cancelled for what ended ctx
		r := <-l.now.done
		l.end(context.Background(), r)
	}
	if context.Cause(ctx) == errMoves { // else the faces would show what ran on, for minutes
		l.enter(PhaseMoving, movesReason(), time.Time{})
	}
}

func movesReason() Reason {
	return reason(CodeMoves, "the lessons are moved to another model; learning goes on afterwards")
}

// reconsider stops a cycle that is no longer wanted.
func (l *loop) reconsider() {
	switch {
	case l.now.aside == PhaseAsking:
	case l.paused.Load():
		l.now.cancel(errPaused)
	case !l.settings.Load().Enabled:
		l.now.cancel(errOff)
	case l.now.reader != nil && !l.lacksReader(l.now.reader):
		l.now.cancel(errCancelled)
	}
}

// idle is how long the loop rests if nothing happens.
const idle = time.Hour

// decide looks at what is new and starts what is due. It returns how long to wait
// until it is to be called again even if nothing happens.
func (l *loop) decide(ctx context.Context) time.Duration {
	l.asksTurn = false
	wait := l.startDue(ctx)
	if !l.asksTurn {
		l.slot.leave(l.changed)
	}
	return wait
}

// startDue starts what is due, if it is this trainer's turn.
func (l *loop) startDue(ctx context.Context) time.Duration {
	p, ok := l.count(ctx)
	if !ok {
		return time.Minute
	}
	a := l.model.use()
	if a == nil {
		l.enter(PhaseNoModel, reason(CodeNoModel, "no model is loaded yet"), time.Time{})
		return idle
	}
	defer a.users.Done()
	set := l.settings.Load()
	switch {
	case !set.Enabled:
		l.enter(PhaseOff, reason(CodeOff, "learning is switched off"), time.Time{})
		return idle
	case l.paused.Load():
		l.enter(PhasePaused, reason(CodePaused, "learning is paused"), time.Time{})
		return idle
	}
	if known, err := l.keptFacts(ctx, a); err != nil {
		l.hinder(ctx, err)
	} else if known == nil && !l.Trainer.now().Before(l.retryAt) {
		if !l.myTurn() {
			return idle
		}
		l.beside(ctx, a, PhasePreparing, reason(CodeNewModel, "the model is measured once, so that training can be compared with it", "model", a.info.Name), func(ctx context.Context, _ func(Progress)) error {
			_, err := l.facts(ctx, a)
			return err
		})
		return idle
	}
	select { // what was asked for before the loop looked
	case <-l.wanted:
		l.wantedNow = true
	default:
	}
	l.heed(p)
	if l.askedNow || l.askLater && !l.Trainer.now().Before(l.retryAt) {
		if !l.myTurn() {
			return idle
		}
		l.askedNow, l.askLater = false, false
		l.beside(ctx, a, PhaseAsking, reason(CodeWanted, "asked for by the user"), func(ctx context.Context, _ func(Progress)) error {
			_, err := l.askNow(ctx, func(JobLesson) bool { return true })
			return err
		})
		return idle
	}
	if l.askAnew(ctx, a) {
		return idle
	}
	if wait := l.beforeReader(p); wait > 0 && l.isUnprepared(a) {
		switch done, err := l.preparedMeanwhile(ctx, a); {
		case err != nil:
			l.hinder(ctx, err)
		case done: // by another user's trainer
		case !l.myTurn():
			return idle
		default:
			l.startPreparing(ctx, a)
			return wait
		}
	}
	why, at := l.due(p, set, l.Trainer.now())
	isNone := why.Code == "" || at.IsZero()
	if (isNone || at.After(l.Trainer.now())) && l.phraseNext(ctx, a) {
		return idle
	}
	if isNone {
		l.enter(PhaseWaiting, why, time.Time{})
		return idle
	}
	if wait := at.Sub(l.Trainer.now()); wait > 0 {
		l.enter(PhaseDue, why, at)
		return wait
	}
	if !l.myTurn() {
		return idle
	}
	if err := l.startCycle(ctx, a, p, why); err != nil {
		l.slot.give()
		if ctx.Err() != nil {
			return idle
		}
		l.failed("", fmt.Errorf("start a cycle: %w", err))
		return l.retryAt.Sub(l.Trainer.now())
	}
	return idle
}

// due says why and when a cycle starts. A zero time means that none does: then the
// reason says what for the loop waits.
func (l *loop) due(p pending, set *Settings, now time.Time) (Reason, time.Time) {
	switch {
	case l.wantedNow && l.isInterrupted():
		return reason(CodeInterrupted, "a cycle was cut short and is started again"), now
	case l.wantedNow:
		return reason(CodeWanted, "asked for by the user"), now
	case l.isCutTwice(p.key):
		return cutTwiceReason(), time.Time{}
	case now.Before(l.retryAt) && errors.Is(l.lastError, errCancelled):
		left := seconds(l.retryAt.Sub(now))
		return reason(CodeStopped, fmt.Sprintf("the user cancelled the training; it starts with new feedback, or in %d s", left), "seconds", left), l.retryAt
	case now.Before(l.retryAt) && l.failedOf != "":
		return reason(CodeUpkeepLater, "what is done beside training failed and is tried again", "seconds", seconds(l.retryAt.Sub(now)), "error", l.lastError), l.retryAt
	case now.Before(l.retryAt):
		return reason(CodeRetryLater, "the last training failed and is tried again", "seconds", seconds(l.retryAt.Sub(now)), "error", l.lastError), l.retryAt
	case l.isInterrupted():
		return reason(CodeInterrupted, "a cycle was cut short and is started again"), now
	case p.erased > 0 && l.tried != erasure(p), p.withdrawn != 0 && l.redone != p.withdrawn:
		return reason(CodeUnlearn, "what was taken back is unlearnt"), now
	case p.manner > 0 && set.TrainOnCorrection:
		return reason(CodeCorrection, "a correction of manner is in"), now
	case p.ratings >= set.MinBatchSize:
		return reason(CodeEnoughRatings, "enough new ratings are in", "ratings", p.ratings, "least", set.MinBatchSize), now
	case p.since.IsZero() && p.refused:
		return reason(CodeRefusedWaits, "the gate refused the training on this feedback; training waits for new feedback"), time.Time{}
	case p.since.IsZero():
		return reason(CodeNothingNew, "there is nothing new to learn"), time.Time{}
	}
	at := l.newSince(p, now).Add(set.TrainInterval)
	left := seconds(at.Sub(now))
	if left == 0 {
		passed := seconds(set.TrainInterval)
		return reason(CodeIntervalOver, fmt.Sprintf("something has been new for longer than the interval of %d s", passed), "seconds", passed), at
	}
	if p.ratings > 0 && p.manner+p.fresh+p.changed == 0 {
		or := ", on a correction of manner,"
		if !set.TrainOnCorrection {
			or = ""
		}
		return reason(CodeTooFewRatings, fmt.Sprintf("%d of %d new ratings; training starts at %d%s or in %d s", p.ratings, set.MinBatchSize, set.MinBatchSize, or, left),
			"ratings", p.ratings, "least", set.MinBatchSize, "seconds", left, "correction", set.TrainOnCorrection), at
	}
	return reason(CodeInterval, fmt.Sprintf("something is new; training in %d s", left), "seconds", left), at
}

// ahead is when what is new was first seen, if the clock is behind the time at which it came.
type ahead struct{ since, seen time.Time }

// newSince is since when something is new. What came by a clock that was ahead counts from when it
// was first seen: else it would wait as long again as the clock was ahead.
func (l *loop) newSince(p pending, now time.Time) time.Time {
	if !p.since.After(now) {
		return p.since
	}
	if !l.ahead.since.Equal(p.since) {
		l.ahead = ahead{p.since, now}
	}
	return l.ahead.seen
}

func seconds(d time.Duration) int { return max(0, int(math.Ceil(d.Seconds()))) }

// heed ends the wait after the user's cancel once feedback is in that was not there
// when the user cancelled.
func (l *loop) heed(p pending) {
	switch {
	case !errors.Is(l.lastError, errCancelled):
	case l.newest < 0:
		l.newest = p.newest
	case p.newest > l.newest:
		l.retryAt, l.lastError = time.Time{}, nil
	}
}

// enter sets the phase. It is the one place that does.
func (l *loop) enter(phase Phase, why Reason, at time.Time) {
	now := l.Trainer.now()
	before := l.hub.get()
	if before.Phase == phase && before.StartsAt.Equal(at) && sameReason(before.Why, why) {
		return
	}
	since := before.Since
	if before.Phase != phase {
		var after time.Duration
		if !before.Since.IsZero() { // the first phase has none before it
			after = now.Sub(before.Since).Round(time.Millisecond)
		}
		l.log.Info("phase", "from", before.Phase, "to", phase, "why", why.Text, "after", after)
		since = now
	}
	l.hub.update(func(s *State) { s.Phase, s.Why, s.Since, s.StartsAt = phase, why, since, at })
}

func sameReason(a, b Reason) bool { return a.Code == b.Code && a.Text == b.Text }

// hinder is trouble with the upkeep that each round does, until a round passes.
func (l *loop) hinder(ctx context.Context, err error) {
	l.hindered = true
	l.fails(ctx, &l.undone, err)
}

// relieve ends the trouble of hinder, after a round in which nothing gave any.
func (l *loop) relieve() {
	if !l.hindered {
		l.passes(&l.undone)
	}
}

// fails is trouble with a part of the upkeep, which is all that the loop does but training,
// asking and preparing. It is told once until all parts pass, however many fail beside it, and
// shown until it passes, unless something that failed is shown already. What fails because the
// loop ends is no trouble.
func (l *loop) fails(ctx context.Context, part **Finding, err error) {
	if ctx.Err() != nil {
		return
	}
	l.log.Error("the loop's upkeep", "error", err)
	f := findingOf(upkeepFailed(err), HintWait, err)
	prevents := part == &l.unlooked
	var news []News
	if key := fmt.Sprint(f.Reason.Code, " ", f.Reason.Text, prevents); !l.told[key] {
		if l.told == nil {
			l.told = make(map[string]bool)
		}
		l.told[key] = true
		news = []News{{Kind: NewsTrouble, Reason: f.Reason, prevents: prevents}}
	}
	l.hinders(part, &f, news...)
}

// passes ends the trouble with a part of the upkeep.
func (l *loop) passes(part **Finding) {
	if *part == nil {
		return
	}
	l.hinders(part, nil)
	if l.hindrance() == nil {
		l.told = nil
	}
}

func (l *loop) hinders(part **Finding, f *Finding, news ...News) {
	before := l.hindrance()
	*part = f
	now := l.hindrance()
	l.hub.update(func(s *State) {
		if s.Trouble == nil || s.Trouble == before {
			s.Trouble = now
		}
	}, news...)
}

// hindrance is the trouble with the upkeep that is shown; nil: all of it passes.
func (l *loop) hindrance() *Finding { return cmp.Or(l.unerased, l.unlooked, l.undone, l.behind) }

// trouble logs an error that the loop survives, and shows it.
func (l *loop) trouble(f Finding, err error, prevents bool) {
	l.log.Error("the loop", "error", err)
	l.hub.update(func(s *State) { s.Trouble = &f }, News{Kind: NewsTrouble, Reason: f.Reason, prevents: prevents})
}

// findingOf is what is shown of an error in the loop: why, unless it says itself what happened.
func findingOf(why Reason, hint string, err error) Finding {
	var u *UserError
	if errors.As(err, &u) {
		why, hint = u.Reason, u.Hint
	}
	return Finding{Subject: SubjectTraining, Reason: why, Hint: hint}
}

func upkeepFailed(err error) Reason {
	return reason(CodeUpkeepFailed, "what is done beside training failed: "+err.Error(), "error", err)
}

// retryWait is how long the next try waits after so many failures in a row: a minute, then
// twice as long each time, an hour at most.
func retryWait(failures int) time.Duration {
	return min(time.Hour, time.Minute<<min(failures-1, 6))
}

// failed notes a failure; the next try waits (retryWait). of is what failed: "" is a cycle, else the work beside the loop.
func (l *loop) failed(of Phase, err error) {
	l.failures++
	l.failedOf = of
	l.lastError = err
	l.retryAt = l.Trainer.now().Add(retryWait(l.failures))
	if of != "" {
		l.trouble(findingOf(upkeepFailed(err), HintWait, err), err, false)
		return
	}
	l.trouble(findingOf(reason(CodeCycleFailed, "training failed: "+err.Error(), "error", err), HintTrainNow, err), err, true)
}

// succeeded ends a trouble. Work beside the loop that succeeds proves nothing about a
// cycle that failed: that one's trouble and wait stay.
func (l *loop) succeeded(of Phase) {
	if of != "" && l.failures > 0 && l.failedOf != of {
		return
	}
	if of == "" || l.failures > 0 { // else a wait is the user's
		l.failures, l.failedOf, l.retryAt, l.lastError = 0, "", time.Time{}, nil
	}
	// A version that cannot be loaded is ended by one that can (showSpeaker).
	if f := l.hub.get().Trouble; f != nil && f.Reason.Code != CodeVersionBroken {
		l.hub.update(func(s *State) { s.Trouble = l.hindrance() })
	}
}
