package trainer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// work is what runs beside the loop: one cycle or one asking.
type work struct {
	running  bool
	aside    Phase     // what runs if it is no cycle
	reader   *attached // the model that is prepared, if that is what runs
	cycle    int64
	job      Job
	used     map[int64]Kind // the samples, and as what
	unlearn  string         // what it unlearns (erasure); "": nothing
	redoes   int64          // the withdrawal whose rest it trains; 0: there was none
	chosen   int64          // the activation that the lessons are asked anew for; 0: it is no such asking
	phrased  *int64         // where a phrasing goes on once it is done; nil: it is none
	owed     bool           // it was asked for, or was cut short before: it is owed if it fails
	memory   *memory        // of the model, which keeps what it trained until that is saved
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
	errMoves     = errors.New("the lessons are moved to another model")
)

// startCycle makes the job of what there is, notes the cycle, and starts it on a model, which the
// caller uses, as long as that is attached.
func (l *loop) startCycle(ctx context.Context, a *attached, p pending, why Reason) error {
	if err := l.settle(ctx, p.judged); err != nil {
		return err
	}
	// The files of the version in use are read anew: if they are damaged, that is told now, and this cycle
	// goes without it, else each would fail on it. If they cannot be read for another reason, none begins:
	// without them it would lose what no feedback can train again, as an import.
	active, err := l.store.ActiveVersion(ctx, a.info.Hash)
	if err != nil {
		return fmt.Errorf("read the version in use: %w", err)
	}
	if err := a.loadAnew(l.home, active); err != nil && !isDamage(err) {
		return unread(active, err)
	}
	if err := l.renew(ctx); err != nil {
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
	if err := l.endLeft(ctx); err != nil {
		return err
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
	select { // a cancel that came when no cycle ran, as while the loop stood still, is none of this one
	case <-l.cancelled:
	default:
	}
	runCtx, cancel := context.WithCancelCause(ctx)
	l.now = work{running: true, cycle: c.ID, job: j, used: used, unlearn: unlearn, redoes: p.withdrawn, memory: a.memory, owed: owed, cancel: cancel, progress: make(chan Progress, 1), done: make(chan workResult, 1)}
	l.last = l.lastSeconds(ctx)
	l.hub.update(func(s *State) {
		s.Progress = Progress{Cycle: c.ID, Step: StepBase, Started: l.Trainer.now()}
	}, News{Kind: NewsCycleStarted, Cycle: c.ID, Reason: why})
	l.enter(PhaseRunning, why, time.Time{})
	w := l.now
	a.users.Add(1) // before the caller's use ends
	go func() {
		defer a.users.Done()
		o, err := l.train(runCtx, a, w)
		w.done <- workResult{o, err}
	}()
	return nil
}

// train runs a cycle on the model that its job was made for, as long as that is attached.
func (l *loop) train(ctx context.Context, a *attached, w work) (Outcome, error) {
	until, done := a.until(ctx)
	defer done()
	facts, err := l.facts(until, a)
	if err != nil {
		return Outcome{}, cause(until, err)
	}
	if facts, err = l.withOwn(until, a, facts, w.job.Own); err != nil {
		return Outcome{}, cause(until, err)
	}
	a.memory.unlearn(w.unlearn)
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

// beside runs work on a model, which the caller uses, that is no cycle beside the loop, as
// long as that model is attached.
func (l *loop) beside(ctx context.Context, a *attached, phase Phase, why Reason, do func(ctx context.Context, progress func(Progress)) error) {
	runCtx, cancel := context.WithCancelCause(ctx)
	l.now = work{running: true, aside: phase, cancel: cancel, progress: make(chan Progress, 1), done: make(chan workResult, 1)}
	l.hub.update(func(s *State) { s.Progress = Progress{} }) // that of the last cycle
	l.enter(phase, why, time.Time{})
	w := l.now
	a.users.Add(1) // before the caller's use ends
	go func() {
		defer a.users.Done()
		until, done := a.until(runCtx)
		defer done()
		w.done <- workResult{err: cause(until, do(until, w.report))}
	}()
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
	if p.Step == StepGate { // the lessons are asked before the knowledge is trained
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
