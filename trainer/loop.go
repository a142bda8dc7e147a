package trainer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"slices"
	"strconv"
	"time"

	"clara/model"
	"clara/store"
)

// cycleFunc is RunCycle.
type cycleFunc func(ctx context.Context, r *model.Runner, j Job, base *BaseFacts, progress func(Progress)) (Outcome, error)

// New checks p and makes a Trainer that is not running yet. A cycle that a crash cut
// short is marked so, and started again when the loop runs.
func New(ctx context.Context, p Params) (*Trainer, error) {
	if err := p.Settings.Validate(); err != nil {
		return nil, fmt.Errorf("settings of the trainer: %w", err)
	}
	t := &Trainer{
		store: p.Store, home: p.Home, log: p.Log, now: time.Now, cycle: RunCycle, hub: newHub(),
		changed: make(chan struct{}, 1), wanted: make(chan struct{}, 1), asked: make(chan struct{}, 1), cancelled: make(chan struct{}, 1),
	}
	if p.User != "" {
		t.store = p.Store.As(p.User)
	}
	if t.log == nil {
		t.log = slog.New(slog.DiscardHandler)
	}
	t.settings.Store(&p.Settings)
	cut, err := t.store.MarkCut(ctx)
	if err != nil {
		return nil, fmt.Errorf("look for a cycle that was cut short: %w", err)
	}
	if len(cut) > 0 {
		t.log.Warn("the last cycle was cut short and is started again", "cycle", cut[0].ID)
		t.interrupted.Store(true)
	}
	l := &loop{Trainer: t}
	if err := l.look(ctx); err != nil {
		return nil, err
	}
	return t, nil
}

// Start runs the loop in a goroutine of its own until ctx ends or Stop is called.
func (t *Trainer) Start(ctx context.Context) error {
	t.lifecycle.Lock()
	defer t.lifecycle.Unlock()
	if t.stop != nil {
		return ErrRunning
	}
	ctx, t.stop = context.WithCancel(ctx)
	t.done = make(chan struct{})
	l := &loop{Trainer: t}
	go func() {
		defer close(t.done)
		l.run(ctx)
	}()
	return nil
}

// Stop ends the loop in good order and waits for it: a running cycle is cancelled,
// marked as stopped, and started again after the next Start.
func (t *Trainer) Stop() {
	t.lifecycle.Lock()
	defer t.lifecycle.Unlock()
	if t.stop == nil {
		return
	}
	t.stop()
	<-t.done
	t.stop = nil
}

// Settings are the present ones.
func (t *Trainer) Settings() Settings { return *t.settings.Load() }

// SetSettings checks s and uses it from the next decision on. The error joins one
// *RangeError for each value out of range; then nothing has changed.
func (t *Trainer) SetSettings(ctx context.Context, s Settings) error {
	if err := s.Validate(); err != nil {
		return err
	}
	t.settings.Store(&s)
	err := t.renew(ctx)
	wake(t.changed)
	return err
}

// Train starts a cycle as soon as a model is there and none runs, whether or not
// anything is new.
func (t *Trainer) Train() { wake(t.wanted) }

// Pause keeps the loop from training until Resume. A running cycle is stopped;
// nothing of it is used.
func (t *Trainer) Pause() {
	t.paused.Store(true)
	wake(t.changed)
}

// Resume ends a Pause.
func (t *Trainer) Resume() {
	t.paused.Store(false)
	wake(t.changed)
}

// Paused says whether the loop is paused.
func (t *Trainer) Paused() bool { return t.paused.Load() }

// CancelCycle stops the running cycle, if one runs, and waits for new feedback.
func (t *Trainer) CancelCycle() { wake(t.cancelled) }

// loop is the one goroutine that owns the phases. Its fields are its own.
type loop struct {
	*Trainer

	wantedNow bool      // the user asked for a cycle
	askedNow  bool      // the user asked for an asking
	retryAt   time.Time // after a failure; zero: none
	failures  int
	lastError error
	tried     string // what the last unlearning cycle was about
	now       work   // under way; nil channels: nothing
	last      Seconds
}

// work is what runs beside the loop: one cycle or one asking.
type work struct {
	running  bool
	aside    Phase // what runs if it is no cycle
	cycle    int64
	job      Job
	used     []int64
	cancel   context.CancelCauseFunc
	progress chan Progress   // size 1, the latest
	done     chan workResult // size 1
	model    *attached
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
)

func (l *loop) run(ctx context.Context) {
	defer l.finish()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		if !l.now.running {
			if err := l.rollback(ctx); err != nil && ctx.Err() == nil {
				l.trouble(fmt.Errorf("look at the ratings: %w", err))
			}
			next := l.decide(ctx)
			timer.Reset(next)
		}
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		case <-l.changed:
			if l.now.running {
				l.reconsider()
				l.count(ctx)
			}
		case <-l.wanted:
			l.wantedNow = true
		case <-l.asked:
			l.askedNow = true
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
func (l *loop) finish() {
	if l.now.running {
		l.now.cancel(context.Canceled)
		r := <-l.now.done
		l.end(context.Background(), r)
	}
}

// reconsider stops a cycle that is no longer wanted.
func (l *loop) reconsider() {
	switch {
	case l.now.aside == PhaseAsking:
	case l.paused.Load():
		l.now.cancel(errPaused)
	case !l.settings.Load().Enabled:
		l.now.cancel(errOff)
	}
}

// pending is what the store holds that no cycle has used.
type pending struct {
	judged  []JudgedSample
	lessons []Lesson
	ratings int
	manner  int
	fresh   int       // lessons not asked yet
	since   time.Time // of the oldest of all these; zero: nothing is new
	erased  int       // samples that the version in use was trained on and that are gone
}

// look reads the store and shows the counts.
func (l *loop) look(ctx context.Context) error {
	_, err := l.pending(ctx)
	return err
}

func (l *loop) count(ctx context.Context) {
	if _, err := l.pending(ctx); err != nil && ctx.Err() == nil {
		l.trouble(err)
	}
}

func (l *loop) pending(ctx context.Context) (pending, error) {
	var p pending
	samples, err := l.store.Samples(ctx, SampleQuery{})
	if err != nil {
		return p, fmt.Errorf("read the samples: %w", err)
	}
	if p.lessons, err = l.store.Lessons(ctx); err != nil {
		return p, fmt.Errorf("read the lessons: %w", err)
	}
	set := l.settings.Load()
	p.judged = Judge(samples, *set)
	note := func(at time.Time) {
		if p.since.IsZero() || at.Before(p.since) {
			p.since = at
		}
	}
	buffer := BufferState{Total: len(samples), Dropped: make(map[string]int)}
	sum := 0.0
	for _, j := range p.judged {
		if !j.Kept {
			buffer.Dropped[j.Reason.Code]++
			continue
		}
		buffer.Kept++
		sum += j.Score
		// A sample turned down by earlier settings is new to the present ones.
		if j.State == SampleUsed {
			continue
		}
		switch {
		case j.Kind == Manner && j.Form == FormCorrection:
			p.manner++
			note(j.Created)
		case j.Kind == Manner:
			p.ratings++
			note(j.Created)
		}
	}
	if buffer.Kept > 0 {
		buffer.Quality = sum / float64(buffer.Kept)
	}
	var counts LessonCounts
	for _, x := range p.lessons {
		switch x.State {
		case LessonKnown:
			counts.Known++
		case LessonMissed:
			counts.Missed++
		case LessonLost:
			counts.Lost++
		default:
			counts.New++
			p.fresh++
			note(x.Created)
		}
	}
	if hash := l.baseHash(); hash != "" {
		c, err := l.store.Counts(ctx, hash)
		if err != nil {
			return p, fmt.Errorf("count what was taken back: %w", err)
		}
		p.erased = c.Erasures
	}
	l.hub.update(func(s *State) {
		s.Buffer, s.Lessons = buffer, counts
		s.NewRatings, s.NewManner, s.NewLessons, s.LeastRating = p.ratings, p.manner, p.fresh, set.MinBatchSize
	})
	return p, nil
}

// decide looks at what is new and starts what is due. It returns how long to wait
// until it is to be called again even if nothing happens.
func (l *loop) decide(ctx context.Context) time.Duration {
	const idle = time.Hour
	p, err := l.pending(ctx)
	if err != nil {
		if ctx.Err() == nil {
			l.trouble(err)
		}
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
		l.trouble(err)
	} else if known == nil && !l.Trainer.now().Before(l.retryAt) {
		l.beside(ctx, PhasePreparing, reason(CodeNewModel, "the model is measured once, so that training can be compared with it", "model", a.info.Name), func(ctx context.Context) error {
			_, err := l.facts(ctx, a)
			return err
		})
		return idle
	}
	if l.askedNow {
		l.askedNow = false
		l.beside(ctx, PhaseAsking, reason(CodeWanted, "asked for by the user"), func(ctx context.Context) error {
			_, err := l.askNow(ctx, func(JobLesson) bool { return true })
			return err
		})
		return idle
	}
	why, at := l.due(p, set, l.Trainer.now())
	if why.Code == "" || at.IsZero() {
		l.enter(PhaseWaiting, why, time.Time{})
		return idle
	}
	if wait := at.Sub(l.Trainer.now()); wait > 0 {
		l.enter(PhaseDue, why, at)
		return wait
	}
	if err := l.startCycle(ctx, a, p, why); err != nil {
		l.failed(fmt.Errorf("start a cycle: %w", err))
		return l.retryAt.Sub(l.Trainer.now())
	}
	return idle
}

// due says why and when a cycle starts. A zero time means that none does: then the
// reason says what for the loop waits.
func (l *loop) due(p pending, set *Settings, now time.Time) (Reason, time.Time) {
	switch {
	case l.wantedNow && l.interrupted.Load():
		return reason(CodeInterrupted, "a cycle was cut short and is started again"), now
	case l.wantedNow:
		return reason(CodeWanted, "asked for by the user"), now
	case now.Before(l.retryAt):
		return reason(CodeRetryLater, "the last training failed and is tried again", "seconds", seconds(l.retryAt.Sub(now)), "error", l.lastError), l.retryAt
	case l.interrupted.Load():
		return reason(CodeInterrupted, "a cycle was cut short and is started again"), now
	case p.erased > 0 && l.tried != erasure(p):
		return reason(CodeUnlearn, "what was taken back is unlearnt"), now
	case p.manner > 0 && set.TrainOnCorrection:
		return reason(CodeCorrection, "a correction of manner is in"), now
	case p.ratings >= set.MinBatchSize:
		return reason(CodeEnoughRatings, "enough new ratings are in", "ratings", p.ratings, "least", set.MinBatchSize), now
	case p.since.IsZero():
		return reason(CodeNothingNew, "nothing is new since the last training"), time.Time{}
	}
	at := p.since.Add(set.TrainInterval)
	left := seconds(at.Sub(now))
	if p.ratings > 0 && p.manner == 0 && p.fresh == 0 {
		return reason(CodeTooFewRatings, fmt.Sprintf("%d of %d new ratings; training starts at %d, on a correction, or in %d s", p.ratings, set.MinBatchSize, set.MinBatchSize, left),
			"ratings", p.ratings, "least", set.MinBatchSize, "seconds", left), at
	}
	return reason(CodeInterval, fmt.Sprintf("something is new; training in %d s", left), "seconds", left), at
}

func seconds(d time.Duration) int { return max(0, int(math.Ceil(d.Seconds()))) }

// erasure names what an unlearning cycle is about, so that one that the gate
// refuses is not started for ever.
func erasure(p pending) string {
	var ids []int64
	for _, j := range p.judged {
		if j.Kept {
			ids = append(ids, j.ID)
		}
	}
	return keyOf(p.erased, ids)
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
		l.log.Info("phase", "from", before.Phase, "to", phase, "why", why.Text, "after", now.Sub(before.Since).Round(time.Millisecond))
		since = now
	}
	l.hub.update(func(s *State) { s.Phase, s.Why, s.Since, s.StartsAt = phase, why, since, at })
}

func sameReason(a, b Reason) bool { return a.Code == b.Code && a.Text == b.Text }

// trouble shows and logs an error that the loop survives.
func (l *loop) trouble(err error) {
	l.log.Error("the loop", "error", err)
	f := Finding{Subject: "training", Reason: reason(CodeCycleFailed, "training failed: "+err.Error(), "error", err), Hint: HintTrainNow}
	var u *UserError
	if errors.As(err, &u) {
		f.Reason, f.Hint = u.Reason, u.Hint
	}
	l.hub.update(func(s *State) { s.Trouble = &f }, News{Kind: NewsTrouble, Reason: f.Reason})
}

// failed notes a failure: the next try waits a minute, then twice as long each time,
// an hour at most.
func (l *loop) failed(err error) {
	l.failures++
	l.lastError = err
	l.retryAt = l.Trainer.now().Add(min(time.Hour, time.Minute<<min(l.failures-1, 6)))
	l.trouble(err)
}

// startCycle makes the job of what there is, notes the cycle, and starts it.
func (l *loop) startCycle(ctx context.Context, a *attached, p pending, why Reason) error {
	if err := l.settle(ctx, p.judged); err != nil {
		return err
	}
	j, used, err := l.job(ctx, a, p)
	if err != nil {
		return err
	}
	j.Force = false
	encoded, err := json.Marshal(j)
	if err != nil {
		return fmt.Errorf("encode the job: %w", err)
	}
	c, err := l.store.StartCycle(ctx, Cycle{BaseHash: j.Base, Job: encoded})
	if err != nil {
		return saving(err)
	}
	if p.erased > 0 {
		l.tried = erasure(p)
	}
	l.wantedNow = false
	l.interrupted.Store(false)
	runCtx, cancel := context.WithCancelCause(ctx)
	l.now = work{running: true, cycle: c.ID, job: j, used: used, cancel: cancel, progress: make(chan Progress, 1), done: make(chan workResult, 1)}
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
	o, err := l.cycle(until, a.runner, absolute(w.job, l.home), facts, func(p Progress) {
		p.Cycle = w.cycle
		select { // the loop gets the latest
		case <-w.progress:
		default:
		}
		w.progress <- p
	})
	return o, cause(until, err)
}

// cause names why a context ended instead of that it did.
func cause(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		return fmt.Errorf("%w (%w)", context.Cause(ctx), err)
	}
	return err
}

// beside runs work that is no cycle beside the loop, as long as the model is attached.
func (l *loop) beside(ctx context.Context, phase Phase, why Reason, do func(context.Context) error) {
	runCtx, cancel := context.WithCancelCause(ctx)
	l.now = work{running: true, aside: phase, cancel: cancel, done: make(chan workResult, 1)}
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
		w.done <- workResult{err: cause(until, do(until))}
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
func (l *loop) job(ctx context.Context, a *attached, p pending) (Job, []int64, error) {
	info := a.info
	j := Job{Format: jobFormat, Base: info.Hash, Model: info.Name, User: l.store.User(), Recipe: l.settings.Load().recipe()}
	var used []int64
	for _, s := range p.judged {
		if !s.Kept {
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
	active, err := l.store.ActiveVersion(ctx, info.Hash)
	if err != nil {
		return j, nil, fmt.Errorf("read the version in use: %w", err)
	}
	if active.ID != 0 {
		j.Before = JobVersion{Version: active.ID, Manner: active.Manner, Knowledge: active.Knowledge}
		c, err := l.store.Cycle(ctx, active.Cycle)
		if err != nil {
			return j, nil, fmt.Errorf("read the cycle of the version in use: %w", err)
		}
		var r Report
		if len(c.Report) > 0 {
			if err := json.Unmarshal(c.Report, &r); err != nil {
				return j, nil, fmt.Errorf("read the report of cycle %d: %w", c.ID, err)
			}
		}
		j.Before.MannerKey, j.Before.KnowledgeKey = r.MannerKey, r.KnowledgeKey
	}
	return j, used, nil
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
	p.Left = l.left(p)
	p.Started = before.Progress.Started
	phase := PhaseRunning
	if p.Step == StepGate || p.Step == StepAsk {
		phase = PhaseChecking
	}
	l.enter(phase, before.Why, time.Time{})
	l.hub.update(func(s *State) { s.Progress = p })
}

func (l *loop) left(p Progress) time.Duration {
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
	w.cancel(nil)
	if w.aside != "" {
		if r.err != nil && !stopped(r.err) {
			l.failed(fmt.Errorf("%s: %w", w.aside, r.err))
		}
		if w.aside == PhaseAsking {
			l.tell(NewsLessons)
		}
		return
	}
	e := CycleEnd{Cycle: w.cycle, Seconds: r.outcome.Report.Seconds.Total, Verdict: r.outcome.Report.Verdict, Reason: r.outcome.Report.Reason}
	err := l.conclude(ctx, w, r, &e)
	if err != nil {
		l.failed(err)
	} else if e.State != CycleStopped {
		l.failures, l.retryAt, l.lastError = 0, time.Time{}, nil
		l.hub.update(func(s *State) { s.Trouble = nil })
	}
	l.hub.update(func(s *State) { s.Last = &e }, News{Kind: NewsCycleEnded, Cycle: w.cycle, Version: e.Version, Number: e.Number, Reason: e.Reason, End: &e},
		News{Kind: NewsLessons}, News{Kind: NewsSamples})
}

// stopped says whether work ended because somebody stopped it.
func stopped(err error) bool {
	for _, cause := range []error{errPaused, errCancelled, errOff, errTakenAway, context.Canceled} {
		if errors.Is(err, cause) {
			return true
		}
	}
	return false
}

// conclude ends the cycle in the store as it ended.
func (l *loop) conclude(ctx context.Context, w work, r workResult, e *CycleEnd) error {
	o := r.outcome
	switch {
	case stopped(r.err):
		e.State, e.Reason = CycleStopped, reason(CodeStopped, r.err.Error())
		l.interrupted.Store(!errors.Is(r.err, errCancelled))
		if errors.Is(r.err, errCancelled) { // not before something is new
			l.retryAt, l.lastError = l.Trainer.now().Add(l.settings.Load().TrainInterval), errCancelled
		}
		return l.close(ctx, store.CycleEnd{Cycle: w.cycle, State: CycleStopped, Reason: e.Reason})
	case r.err != nil:
		e.State = CycleFailed
		return l.fail(ctx, w.cycle, r.err)
	case o.Report.Verdict == VerdictRefused:
		e.State = CycleRefused
		return l.closeWith(ctx, w, CycleRefused, &o.Report, nil)
	case !o.Changed(w.job.Before):
		e.State = CycleChecked
		if err := l.noteLessons(ctx, &o.Report); err != nil {
			return saving(err)
		}
		if err := l.closeWith(ctx, w, CycleChecked, &o.Report, o.Report.results()); err != nil {
			return err
		}
		return l.renew(ctx)
	}
	e.State = CyclePromoted
	v, err := l.promote(ctx, w.cycle, w.job, o, w.used)
	e.Version, e.Number = v.ID, v.Number
	if err != nil && v.ID == 0 {
		e.State = CycleFailed
	}
	return err
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

// CycleSamples returns the samples of a cycle with the filter's judgement; cycle 0
// is what a cycle would use that started now.
func (t *Trainer) CycleSamples(ctx context.Context, cycle int64) ([]JudgedSample, error) {
	samples, err := t.store.Samples(ctx, SampleQuery{})
	if err != nil {
		return nil, fmt.Errorf("read the samples: %w", err)
	}
	judged := Judge(samples, *t.settings.Load())
	if cycle == 0 {
		return judged, nil
	}
	c, err := t.store.Cycle(ctx, cycle)
	if err != nil {
		return nil, fmt.Errorf("read cycle %d: %w", cycle, err)
	}
	var j Job
	if err := json.Unmarshal(c.Job, &j); err != nil {
		return nil, fmt.Errorf("read the job of cycle %d: %w", cycle, err)
	}
	in := make(map[int64]bool)
	for _, s := range j.Samples {
		in[s.ID] = true
	}
	for _, x := range j.Lessons {
		in[x.Sample] = true
	}
	return slices.DeleteFunc(judged, func(s JudgedSample) bool {
		return !in[s.ID] && (s.Kept || s.Created.After(c.Started))
	}), nil
}

// Cycles returns the cycles, the newest first; limit 0 means all.
func (t *Trainer) Cycles(ctx context.Context, limit int) ([]Cycle, error) {
	return t.store.Cycles(ctx, limit)
}

// Losses returns the loss curves of the last n cycles that trained, the newest first.
func (t *Trainer) Losses(ctx context.Context, n int) ([][]LossPoint, error) {
	cycles, err := t.store.Cycles(ctx, 0)
	if err != nil {
		return nil, fmt.Errorf("read the cycles: %w", err)
	}
	var out [][]LossPoint
	for _, c := range cycles {
		var r Report
		if len(out) == n {
			break
		}
		if len(c.Report) > 0 && json.Unmarshal(c.Report, &r) == nil && len(r.Losses) > 0 {
			out = append(out, r.Losses)
		}
	}
	return out, nil
}

// Effect says what s would do to the samples that there are. It changes nothing and
// takes milliseconds.
func (t *Trainer) Effect(ctx context.Context, s Settings) (Effect, error) {
	if err := s.Validate(); err != nil {
		return Effect{}, err
	}
	samples, err := t.store.Samples(ctx, SampleQuery{})
	if err != nil {
		return Effect{}, fmt.Errorf("read the samples: %w", err)
	}
	e := Effect{Samples: len(samples), Dropped: make(map[string]int)}
	probe := loop{Trainer: t}
	p := pending{judged: Judge(samples, s)}
	for _, j := range p.judged {
		if !j.Kept {
			e.Dropped[j.Reason.Code]++
			continue
		}
		e.Trains++
		if j.State == SampleUsed || j.Kind != Manner {
			continue
		}
		if j.Form == FormCorrection {
			p.manner++
		} else {
			p.ratings++
		}
		if p.since.IsZero() || j.Created.Before(p.since) {
			p.since = j.Created
		}
	}
	state := t.State()
	p.fresh = state.NewLessons
	now := t.now()
	if p.fresh > 0 && p.since.IsZero() {
		p.since = now
	}
	why, at := probe.due(p, &s, now)
	e.Why = why
	switch {
	case !s.Enabled:
		e.Why = reason(CodeOff, "learning is switched off")
	case !at.IsZero():
		e.StartsIn = max(0, at.Sub(now))
		e.StartsNow = e.StartsIn == 0
	}
	if s.LearningRate < leastUsefulRate {
		e.Notes = append(e.Notes, reason(CodeRateTooLow, "below 1e-5 nothing measurable changes", "rate", strconv.FormatFloat(s.LearningRate, 'g', -1, 64), "least", leastUsefulRate))
	}
	return e, nil
}

// leastUsefulRate is the learning rate below which LoRA does not move: the note's
// 1e-6 changed no answer.
const leastUsefulRate = 1e-5
