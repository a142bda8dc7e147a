package trainer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"clara/store"
)

// work is what runs beside the loop: one cycle or one asking.
type work struct {
	running  bool
	aside    Phase     // what runs if it is no cycle
	reader   *attached // the model that is prepared, if that is what runs
	cycle    int64
	job      Job
	used     []int64
	unlearn  string // what it unlearns (erasure); "": nothing
	owed     bool   // it was asked for, or was cut short before: it is owed if it fails
	cancel   context.CancelCauseFunc
	progress chan Progress   // size 1, the latest
	done     chan workResult // size 1
}

type workResult struct {
	outcome Outcome
	err     error
}

// The causes with which a cycle is cancelled.
var (
	errPaused    = errors.New("training was paused")
	errCancelled = errors.New("the cycle was cancelled")
	errOff       = errors.New("learning was switched off")
	errGivesWay  = errors.New("the preparation gives way to a cycle")
)

// startCycle makes the job of what there is, notes the cycle, and starts it.
func (l *loop) startCycle(ctx context.Context, a *attached, p pending, why Reason) error {
	if err := l.settle(ctx, p.judged); err != nil {
		return err
	}
	j, used, err := l.job(ctx, a, p)
	if err != nil {
		return err
	}
	encoded, err := json.Marshal(j)
	if err != nil {
		return fmt.Errorf("encode the job: %w", err)
	}
	c, err := l.store.StartCycle(ctx, Cycle{BaseHash: j.Base, Job: encoded})
	if err != nil {
		return saving(err)
	}
	unlearn := ""
	if p.erased > 0 {
		unlearn = erasure(p)
	}
	owed := l.wantedNow
	l.wantedNow = false
	if l.isInterrupted() {
		owed = true
		l.interrupted.Store(nil)
	}
	runCtx, cancel := context.WithCancelCause(ctx)
	l.now = work{running: true, cycle: c.ID, job: j, used: used, unlearn: unlearn, owed: owed, cancel: cancel, progress: make(chan Progress, 1), done: make(chan workResult, 1)}
	l.last = l.lastSeconds(ctx)
	l.hub.update(func(s *State) {
		s.Progress = Progress{Cycle: c.ID, Step: StepBase, Started: l.Trainer.now()}
	}, News{Kind: NewsCycleStarted, Cycle: c.ID, Reason: why})
	l.enter(PhaseRunning, why, time.Time{})
	w := l.now
	go func() {
		o, err := l.train(runCtx, w)
		w.done <- workResult{o, err}
	}()
	return nil
}

// train runs a cycle on the model, as long as that is attached.
func (l *loop) train(ctx context.Context, w work) (Outcome, error) {
	a := l.model.use()
	if a == nil {
		return Outcome{}, errTakenAway
	}
	defer a.users.Done()
	until, done := a.until(ctx)
	defer done()
	facts, err := l.facts(until, a)
	if err != nil {
		return Outcome{}, cause(until, err)
	}
	if facts, err = l.withOwn(until, a, facts, w.job.Own); err != nil {
		return Outcome{}, cause(until, err)
	}
	if w.unlearn != "" { // what is rebuilt is to be what it would be if nothing of it had been asked
		a.memory.forget()
	}
	before := a.memory.count()
	o, err := l.cycle(until, a.runner, absolute(w.job, l.home), facts, a.memory, func(p Progress) {
		p.Cycle = w.cycle
		w.report(p)
	})
	if m := o.Report.Memory; m.Parts > 0 {
		l.log.Info("trained within the memory that is free", "cycle", w.cycle, "step bytes", m.Bytes, "micro-batches", m.Parts, "blocks recomputed", m.Recomputed)
	}
	l.log.Debug("what a cycle asked", "cycle", w.cycle, "computed", a.memory.count()-before)
	return o, cause(until, err)
}

// report hands the loop the latest progress. It is called from one goroutine.
func (w *work) report(p Progress) {
	select {
	case <-w.progress:
	default:
	}
	w.progress <- p
}

// cause names why a context ended instead of that it did.
func cause(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		return fmt.Errorf("%w (%w)", context.Cause(ctx), err)
	}
	return err
}

// beside runs work that is no cycle beside the loop, as long as the model is attached.
func (l *loop) beside(ctx context.Context, phase Phase, why Reason, do func(ctx context.Context, progress func(Progress)) error) {
	runCtx, cancel := context.WithCancelCause(ctx)
	l.now = work{running: true, aside: phase, cancel: cancel, progress: make(chan Progress, 1), done: make(chan workResult, 1)}
	l.hub.update(func(s *State) { s.Progress = Progress{} }) // that of the last cycle
	l.enter(phase, why, time.Time{})
	w := l.now
	go func() {
		a := l.model.use()
		if a == nil {
			w.done <- workResult{err: errTakenAway}
			return
		}
		defer a.users.Done()
		until, done := a.until(runCtx)
		defer done()
		w.done <- workResult{err: cause(until, do(until, w.report))}
	}()
}

// settle writes the filter's judgement into the store where it has changed.
func (l *loop) settle(ctx context.Context, judged []JudgedSample) error {
	var accept []int64
	reject := make(map[string][]int64)
	reasons := make(map[string]Reason)
	for _, j := range judged {
		switch {
		case j.Kept && j.State == SampleRejected:
			accept = append(accept, j.ID)
		case !j.Kept && (j.State != SampleRejected || j.Sample.Reason.Code != j.Reason.Code):
			why := j.Reason
			key := keyOf(why)
			reasons[key] = why
			reject[key] = append(reject[key], j.ID)
		}
	}
	if len(accept) > 0 {
		if err := l.store.AcceptSamples(ctx, accept); err != nil {
			return saving(fmt.Errorf("take samples into the buffer: %w", err))
		}
	}
	for key, ids := range reject {
		if err := l.store.RejectSamples(ctx, ids, reasons[key]); err != nil {
			return saving(fmt.Errorf("turn samples down: %w", err))
		}
	}
	return nil
}

// job makes the job of a cycle that starts now, and names the samples that it uses.
func (t *Trainer) job(ctx context.Context, a *attached, p pending) (Job, []int64, error) {
	j, used, err := t.draft(ctx, a.info.Hash, p)
	reader := a.reader.Load()
	j.Model, j.Reader, j.ReaderKey = a.info.Name, reader.folder, reader.key()
	return j, used, err
}

// draft is job without what only the model itself tells; the base "" is no model.
func (t *Trainer) draft(ctx context.Context, base string, p pending) (Job, []int64, error) {
	j := Job{Format: jobFormat, Base: base, User: t.store.User(), Recipe: t.settings.Load().recipe()}
	waits := make(map[int64]bool, len(p.against))
	for _, c := range p.against {
		waits[c.Older.Sample] = true
	}
	var used []int64
	for _, s := range p.judged {
		if !s.Kept || waits[s.ID] {
			continue
		}
		used = append(used, s.ID)
		if s.Kind == Manner {
			j.Samples = append(j.Samples, JobSample{
				ID: s.ID, Form: s.Form, Context: s.Context, Prompt: s.Prompt, Answer: s.Answer, Better: s.Better, Score: s.Score, Weight: s.Weight,
			})
		}
	}
	for _, x := range p.lessons {
		j.Lessons = append(j.Lessons, jobLesson(x))
	}
	var own []string // of the version in use
	active, err := t.store.ActiveVersion(ctx, base)
	if err != nil {
		return j, nil, fmt.Errorf("read the version in use: %w", err)
	}
	if active.ID != 0 && t.isDamaged(active.ID) {
		j.Before = JobVersion{Version: active.ID} // nothing of it can be kept: all is trained anew
	} else if active.ID != 0 {
		j.Before = JobVersion{Version: active.ID, Manner: active.Manner, Knowledge: active.Knowledge}
		c, err := t.store.Cycle(ctx, active.Cycle)
		if err != nil {
			return j, nil, fmt.Errorf("read the cycle of the version in use: %w", err)
		}
		r, err := reportOf(c)
		if err != nil {
			return j, nil, err
		}
		j.Before.MannerKey, j.Before.KnowledgeKey = r.MannerKey, r.KnowledgeKey
		own = ownOf(c)
	}
	cycles, err := t.store.Cycles(ctx, 10)
	if err != nil {
		return j, nil, fmt.Errorf("read the last cycles: %w", err)
	}
	for _, c := range cycles {
		if c.BaseHash != base || len(c.Report) == 0 {
			continue
		}
		r, err := reportOf(c)
		if err != nil {
			return j, nil, err
		}
		j.Before.KnowledgeTried = r.KnowledgeTried
		break
	}
	prompts := make([]string, len(p.judged))
	for i, s := range p.judged {
		prompts[i] = s.Prompt
	}
	if j.Own, err = t.drawOwn(ctx, &j, prompts, own); err != nil {
		return j, nil, err
	}
	return j, used, nil
}

// isDamaged says whether the version in use could not be loaded, so that the untrained
// base stands in for it.
func (t *Trainer) isDamaged(version int64) bool {
	s := t.speaking.Load()
	return s != nil && s.damage != nil && s.chosen == version
}

// lastSeconds is how long the parts of the last full cycle took on this model.
func (l *loop) lastSeconds(ctx context.Context) Seconds {
	cycles, err := l.store.Cycles(ctx, 5)
	if err != nil {
		return Seconds{}
	}
	hash := l.baseHash()
	for _, c := range cycles {
		var r Report
		if c.BaseHash == hash && json.Unmarshal(c.Report, &r) == nil && len(r.Trained) > 0 {
			return r.Seconds
		}
	}
	return Seconds{}
}

// show publishes the progress of the running cycle, with the time that is left as
// far as this or the last cycle has measured it.
func (l *loop) show(p Progress) {
	before := l.hub.get()
	if l.now.aside != "" {
		l.hub.update(func(s *State) { s.Progress = p })
		return
	}
	p.Left = l.left(p)
	p.Started = before.Progress.Started
	phase := PhaseRunning
	if p.Step == StepGate || p.Step == StepAsk {
		phase = PhaseChecking
	}
	l.enter(phase, before.Why, time.Time{})
	l.hub.update(func(s *State) { s.Progress = p })
}

// left is 0 until a whole cycle was measured on this model.
func (l *loop) left(p Progress) time.Duration {
	if l.last.Total == 0 {
		return 0
	}
	part := func(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
	rest := time.Duration(0)
	now := time.Since(p.Started)
	switch p.Step {
	case StepManner:
		if p.Done == 0 {
			return 0
		}
		each := (now - part(l.last.Base)) / time.Duration(max(1, p.Done))
		rest = each*time.Duration(p.Of-p.Done) + part(l.last.Asking+l.last.Knowledge+l.last.Gate)
	case StepAsk, StepStyle:
		rest = part(l.last.Asking + l.last.Knowledge + l.last.Gate)
	case StepKnowledge:
		rest = part(l.last.Knowledge)*time.Duration(p.Of-p.Done)/time.Duration(max(1, p.Of)) + part(l.last.Gate)
	case StepGate:
		rest = part(l.last.Gate) * time.Duration(p.Of-p.Done) / time.Duration(max(1, p.Of))
	}
	return max(0, rest)
}

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
		if w.aside == PhaseAsking {
			l.askLater = r.err != nil
			l.tell(NewsLessons)
		}
		return
	}
	e := CycleEnd{Cycle: w.cycle, Seconds: r.outcome.Report.Seconds.Total, Verdict: r.outcome.Report.Verdict, Reason: r.outcome.Report.Reason}
	err := l.conclude(ctx, w, r, &e)
	l.refused.Store(nil)
	if err != nil {
		l.failed("", err)
	} else if e.State != CycleStopped {
		l.cutTwice.Store(nil)
		l.succeeded("")
	}
	if e.State == CycleFailed && w.owed {
		l.interrupted.Store(&w.job.Base)
	}
	for _, f := range r.outcome.Report.Figures.Sentences() {
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
	for _, cause := range []error{errPaused, errCancelled, errOff, errGivesWay, errTakenAway, context.Canceled} {
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
		e.State, e.Reason = CycleStopped, reason(CodeStopped, whyStopped(r.err).Error())
		l.interrupted.Store(&w.job.Base)
		if errors.Is(r.err, errCancelled) { // not before something is new
			l.interrupted.Store(nil)
			l.retryAt, l.lastError, l.newest = l.Trainer.now().Add(l.settings.Load().TrainInterval), errCancelled, -1
		}
		return l.close(ctx, store.CycleEnd{Cycle: w.cycle, State: CycleStopped, Reason: e.Reason})
	case r.err != nil:
		e.State = CycleFailed
		return l.fail(ctx, w.cycle, r.err)
	case o.Report.Verdict == VerdictRefused:
		e.State = CycleRefused
		if err := l.closeWith(ctx, w, CycleRefused, &o.Report, nil); err != nil {
			return err
		}
		return l.withdraw(ctx, w)
	case !o.Changed(w.job.Before):
		e.State = CycleChecked
		if err := l.noteLessons(ctx, w.job.Base, &o.Report); err != nil {
			return saving(err)
		}
		if err := l.closeWith(ctx, w, CycleChecked, &o.Report, o.Report.results(w.job.Before.Version)); err != nil {
			return err
		}
		if err := l.renew(ctx); err != nil {
			return err
		}
		return l.withdraw(ctx, w)
	}
	e.State = CyclePromoted
	v, err := l.promote(ctx, w.cycle, w.job, o, w.used)
	e.Version, e.Number = v.ID, v.Number
	switch {
	case v.ID != 0:
		l.tried = w.unlearn
	case errors.Is(err, errOvertaken): // it is ended already, and what it held is new again
		e.State, e.Reason = CycleStopped, reason(CodeStopped, err.Error())
		return nil
	case err != nil:
		e.State = CycleFailed
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
	to := Version{}
	for id := from.Parent; id != 0; {
		v, err := l.store.Version(ctx, id)
		if err != nil {
			return fmt.Errorf("read version %d: %w", id, err)
		}
		if gone, err = l.holdsDeleted(ctx, v); err != nil {
			return err
		}
		if !gone && !v.Removed && v.BaseHash == from.BaseHash {
			to = v
			break
		}
		id = v.Parent
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

// fail ends a cycle as failed and returns why, with what went wrong in doing so.
func (t *Trainer) fail(ctx context.Context, cycle int64, why error) error {
	_, _, err := t.store.FinishCycle(ctx, store.CycleEnd{
		Cycle: cycle, State: CycleFailed, Reason: reason(CodeCycleFailed, "failed: "+why.Error(), "error", why),
	})
	return saving(errors.Join(fmt.Errorf("cycle %d: %w", cycle, why), err))
}
