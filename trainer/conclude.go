package trainer

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"time"

	"clara/store"
)

// end takes the result of the work that ran.
func (l *loop) end(ctx context.Context, r workResult) {
	w := l.now
	l.now = work{}
	l.slot.give()
	w.cancel(nil)
	if w.reader != nil {
		l.endPreparing(w, r.err)
		return
	}
	if w.aside != "" {
		switch {
		case r.err == nil:
			l.succeeded(w.aside)
		case !stopped(r.err):
			l.failed(w.aside, fmt.Errorf("%s: %w", w.aside, r.err))
		}
		switch {
		case w.phrased != nil:
			if r.err == nil {
				l.phrasing.After = *w.phrased
			}
			l.tell(NewsLessons)
		case w.chosen != 0:
			if r.err == nil {
				l.anew = w.chosen
			}
			l.tell(NewsLessons)
		case w.aside == PhaseAsking:
			l.askLater = r.err != nil
			l.tell(NewsLessons)
		}
		return
	}
	l.ended = l.Trainer.now()
	e := CycleEnd{Cycle: w.cycle, Seconds: r.outcome.Report.Seconds.Total, Verdict: r.outcome.Report.Verdict, Reason: r.outcome.Report.Reason}
	err := l.conclude(ctx, w, r, &e)
	if e.State == CyclePromoted || e.State == CycleChecked {
		l.phrasing = phrasing{} // it may have begun another
	}
	l.refused.Store(nil)
	l.tellEnd(w, r.outcome, e)
	if err == nil && (e.State == CycleRefused || e.State == CycleChecked) { // after its end: what it is news of follows from that
		err = l.withdraw(ctx, w)
	}
	if e.State == CyclePromoted || e.State == CycleChecked || e.State == CycleRefused {
		// Of a cycle that an older program began it goes by times whether it was decided since the withdrawal.
		l.redone = cmp.Or(w.redoes, l.redone)
	}
	switch {
	case e.State == CyclePromoted: // its version answers, at the latest after the next round (catchUp): what failed behind that is no training that failed
		l.cutTwice.Store(nil)
		l.succeeded("")
		if err != nil {
			l.fails(ctx, &l.behind, err)
		} else {
			l.passes(&l.behind)
		}
	case err != nil:
		l.failed("", err)
	case e.State != CycleStopped:
		l.cutTwice.Store(nil)
		l.succeeded("")
	}
	if e.State == CycleFailed && w.owed {
		l.interrupted.Store(&w.job.Base)
	}
}

// tellEnd logs how a cycle ended, and tells the faces.
func (l *loop) tellEnd(w work, o Outcome, e CycleEnd) {
	for i, t := range o.Report.Tries {
		l.log.Debug("the gate decided on a try", "cycle", e.Cycle, "try", i+1, "rate", t.Rate, "verdict", t.Verdict, "why", figuresIn(withoutTexts(t.Reason)))
	}
	for _, f := range o.Report.Figures.Sentences() {
		l.log.Debug("the gate measured", "cycle", e.Cycle, "what", f.Reason.Code, "value", f.Value, "limited", f.Limited, "limit", f.Limit, "passed", f.Passed)
	}
	l.log.Info("cycle ended", "cycle", e.Cycle, "state", e.State, "verdict", e.Verdict, "why", figuresIn(withoutTexts(e.Reason)), "version", e.Number, "seconds", e.Seconds)
	l.hub.update(func(s *State) { s.Last = &e }, News{Kind: NewsCycleEnded, Cycle: w.cycle, Version: e.Version, Number: e.Number, Reason: e.Reason, End: &e},
		News{Kind: NewsLessons}, News{Kind: NewsSamples})
}

// stopped says whether work ended because somebody stopped it.
func stopped(err error) bool {
	return whyStopped(err) != nil
}

// whyStopped is what somebody stopped work for, without what the work was at; nil: nobody
// stopped it.
func whyStopped(err error) error {
	for _, cause := range []error{errPaused, errCancelled, errOff, errGivesWay, errTakenAway, errMoves, context.Canceled} {
		if errors.Is(err, cause) {
			return cause
		}
	}
	return nil
}

// conclude ends the cycle in the store as it ended.
func (l *loop) conclude(ctx context.Context, w work, r workResult, e *CycleEnd) error {
	o := r.outcome
	switch {
	case stopped(r.err):
		why := whyStopped(r.err)
		e.State, e.Reason = CycleStopped, reason(CodeStopped, why.Error())
		switch why {
		case context.Canceled:
			e.Reason = reason(CodeEnded, "the program was closed during the training; it starts again with the program")
		case errMoves:
			e.Reason = movesReason()
		}
		l.interrupted.Store(&w.job.Base)
		if errors.Is(r.err, errCancelled) { // not before something is new
			l.interrupted.Store(nil)
			l.retryAt, l.lastError, l.newest = l.Trainer.now().Add(l.settings.Load().TrainInterval), errCancelled, -1
		}
		return l.close(ctx, store.CycleEnd{Cycle: w.cycle, State: CycleStopped, Reason: e.Reason})
	case r.err != nil:
		e.State, e.Reason = CycleFailed, failure(r.err)
		return l.fail(ctx, w.cycle, r.err)
	case o.Report.Verdict == VerdictRefused:
		if err := l.closeWith(ctx, w, CycleRefused, &o.Report, nil); err != nil {
			e.State, e.Reason = CycleFailed, failure(err)
			return err
		}
		e.State = CycleRefused
		return nil
	case w.unlearn != "" && !o.Changed(w.job.Before) && (o.KeepManner || o.KeepKnowledge):
		// What was taken back is said by other feedback too, so that the adapters are what a training
		// without it would make. They need a version whose samples have nothing of it.
		o.Report.Verdict, o.Report.Reason = VerdictNotProven, reason(CodeStandsOn, "what was taken back is still said in other feedback: what was learnt stays as it is")
		e.Verdict, e.Reason = o.Report.Verdict, o.Report.Reason
	case !o.Changed(w.job.Before):
		err := saving(l.noteLessons(ctx, w.job.Base, w.job.Before.Manner, &o.Report))
		if err == nil {
			err = l.closeWith(ctx, w, CycleChecked, &o.Report, o.Report.results(w.job.Before.Version))
		}
		if err != nil {
			e.State, e.Reason = CycleFailed, failure(err)
			return err
		}
		e.State = CycleChecked
		return l.renew(ctx)
	}
	e.State = CyclePromoted
	v, err := l.promote(ctx, w.cycle, w.job, o, w.used)
	e.Version, e.Number = v.ID, v.Number
	switch {
	case v.ID != 0:
		l.tried = w.unlearn
		if (o.Manner != nil || o.Knowledge != nil) && !o.Report.isInVain() {
			w.memory.keepAdapters(nil)
		}
	case errors.Is(err, errOvertaken): // it is ended already, and what it held is new again
		e.State, e.Reason = CycleStopped, reason(CodeStopped, err.Error())
		return nil
	case err != nil:
		e.State, e.Reason = CycleFailed, failure(err)
	}
	return err
}

// withdraw takes the version in use out of use if it still holds what was taken back
// after a cycle that was to unlearn it and made no version: the nearest version before
// that holds nothing of it answers instead, or the untrained base.
func (l *loop) withdraw(ctx context.Context, w work) error {
	if w.unlearn == "" || l.baseHash() != w.job.Base { // another model has other versions
		return nil
	}
	active, err := l.store.ActiveVersion(ctx, w.job.Base)
	if err != nil {
		return fmt.Errorf("read the version in use: %w", err)
	}
	if err := l.fallBack(ctx, active); err != nil {
		why := reason(CodeStillHolds, fmt.Sprintf("version %d is in use and still holds what was taken back", active.Number), "number", active.Number)
		return &UserError{Reason: why, Hint: HintWait, Err: err}
	}
	l.tried = w.unlearn
	return nil
}

func (l *loop) fallBack(ctx context.Context, from Version) error {
	gone, err := l.holdsDeleted(ctx, from)
	if err != nil || !gone {
		return err
	}
	to, err := l.ancestor(ctx, from)
	if err != nil {
		return err
	}
	return l.activate(ctx, to.ID, CauseRollback, reason(CodeUnlearn,
		fmt.Sprintf("version %d holds what was taken back, and the training without it made no other", from.Number), "version", from.Number))
}

// closeWith ends a cycle that trained nothing that is used.
func (l *loop) closeWith(ctx context.Context, w work, state CycleState, r *Report, results []LessonResult) error {
	report, err := json.Marshal(r)
	if err != nil {
		return l.fail(ctx, w.cycle, fmt.Errorf("encode the report: %w", err))
	}
	return l.close(ctx, store.CycleEnd{Cycle: w.cycle, State: state, Report: report, Verdict: r.Verdict, Reason: r.Reason, Used: w.used, Results: results})
}

func (l *loop) close(ctx context.Context, e store.CycleEnd) error {
	if _, _, err := l.store.FinishCycle(ctx, e); err != nil {
		return saving(fmt.Errorf("end cycle %d: %w", e.Cycle, err))
	}
	return nil
}

// endLeft ends a cycle that has come to its end, but whose end could not be written then, as
// on a full disk. It is called when nothing runs.
func (l *loop) endLeft(ctx context.Context) error {
	last, err := l.store.Cycles(ctx, 1)
	if err != nil {
		return fmt.Errorf("read the last cycle: %w", err)
	}
	if len(last) == 0 || last[0].State != CycleRunning {
		return nil
	}
	at := l.ended
	if at.Before(last[0].Started) { // of another cycle: when this one ended is not known, as of an import
		at = time.Time{}
	}
	var mark []any
	if len(last[0].Job) == 0 { // only an import is given none
		mark = []any{importMark, true}
	}
	why := errors.New("its end could not be kept")
	return l.close(ctx, store.CycleEnd{Cycle: last[0].ID, State: CycleFailed, At: at, Reason: failure(errors.Join(why, l.discard(last[0].ID)), mark...)})
}

// importMark is the argument of the reason with which an import ended that made no version: it
// is noted as a cycle, and is no training.
const importMark = "import"

// isImport says whether a cycle that ended for a reason was an import.
func isImport(r Reason) bool { return r.Code == CodeImported || r.Args[importMark] != "" }

// failure is the reason of a cycle that ended by an error, with further arguments.
func failure(err error, pairs ...any) Reason {
	r := reason(CodeCycleFailed, "failed: "+err.Error(), "error", err)
	maps.Copy(r.Args, reason("", "", pairs...).Args)
	return r
}

// fail ends a cycle as failed and returns why, with what went wrong in doing so. It does not name
// the cycle: what fails again for the same reason is the same trouble. pairs are further arguments
// of its reason.
func (t *Trainer) fail(ctx context.Context, cycle int64, why error, pairs ...any) error {
	_, _, err := t.store.FinishCycle(ctx, store.CycleEnd{
		Cycle: cycle, State: CycleFailed, Reason: failure(why, pairs...),
	})
	if err != nil {
		err = fmt.Errorf("end cycle %d: %w", cycle, err)
	}
	return saving(errors.Join(why, err))
}
