package trainer

import (
	"context"
	"encoding/json"
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
	retryAt   time.Time // after a failure or the user's cancel; zero: none
	failures  int
	failedOf  Phase // what failed: "" a cycle, else the work beside the loop
	lastError error
	newest    int64     // sample when the user cancelled; what is newer ends the wait. -1: not looked at yet
	tried     string    // what the last unlearning cycle that was decided was about
	eraseAt   time.Time // when deleted conversations are erased next
	now       work      // under way; nil channels: nothing
	asksTurn  bool      // the last decision was to start something
	last      Seconds
}

func (l *loop) run(ctx context.Context) {
	defer l.finish()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		if err := l.erase(ctx); err != nil && ctx.Err() == nil {
			l.trouble(err)
		}
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

// erase removes for good what was deleted longer ago than it can be brought back.
func (l *loop) erase(ctx context.Context) error {
	now := l.Trainer.now()
	if now.Before(l.eraseAt) {
		return nil
	}
	l.eraseAt = now.Add(time.Hour)
	if err := l.store.EraseConversations(ctx, now.Add(-restorable)); err != nil {
		return saving(fmt.Errorf("erase deleted conversations: %w", err))
	}
	return nil
}

// finish ends what runs when the loop ends, and waits for it.
func (l *loop) finish() {
	defer l.slot.leave(l.changed)
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
	case l.now.reader != nil && !l.lacksReader(l.now.reader):
		l.now.cancel(errCancelled)
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
	newest  int64     // sample that trains
	refused bool      // the gate refused all that is there, as it is
	last    *refusal  // that it was gathered by
	key     string    // workKey of a cycle on it
	against []Contradiction
}

// gather counts what no cycle has used. What the gate refused is not new, as long as
// it stands as it was refused: once a part of it is gone, the rest is new again. Of two
// lessons that contradict each other the older one waits for the user.
func gather(samples []Sample, lessons []Lesson, against []Contradiction, set *Settings, last *refusal) (pending, BufferState, LessonCounts) {
	waits := make(map[int64]bool, len(against))
	for _, c := range against {
		waits[c.Older.ID] = true
	}
	p := pending{judged: Judge(samples, *set), against: against}
	for _, x := range lessons {
		if !waits[x.ID] {
			p.lessons = append(p.lessons, x)
		}
	}
	p.refused = last.stands(p)
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
		p.newest = max(p.newest, j.ID)
		// A sample turned down by earlier settings is new to the present ones.
		if j.State == SampleUsed && (p.refused || !last.of(j.Cycle)) {
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
	for _, x := range lessons {
		switch x.State {
		case LessonKnown:
			counts.Known++
		case LessonMissed:
			counts.Missed++
		case LessonLost:
			counts.Lost++
		default:
			counts.New++
			if waits[x.ID] || p.refused && last.held[lessonKey(x.ID)] {
				continue
			}
			p.fresh++
			note(x.Created)
		}
	}
	return p, buffer, counts
}

// refusal is what the last decided cycle was about if the gate refused it.
type refusal struct {
	base  string          // the model's hash
	cycle int64           // 0: the gate did not refuse it, or there was none
	held  map[string]bool // its samples and lessons
}

func mannerKey(sample int64) string { return fmt.Sprint("manner ", sample) }
func lessonKey(lesson int64) string { return fmt.Sprint("lesson ", lesson) }

func (r *refusal) of(cycle int64) bool { return r.cycle != 0 && r.cycle == cycle }

// stands says whether all that was refused is still there.
func (r *refusal) stands(p pending) bool {
	if r.cycle == 0 {
		return false
	}
	found := 0
	for _, j := range p.judged {
		if j.Kept && j.Kind == Manner && r.held[mannerKey(j.ID)] {
			found++
		}
	}
	for _, x := range p.lessons {
		if r.held[lessonKey(x.ID)] {
			found++
		}
	}
	return found == len(r.held)
}

// refusal looks up what the last decided cycle on a model was about; "" is any model.
func (t *Trainer) refusal(ctx context.Context, hash string) (*refusal, error) {
	if r := t.refused.Load(); r != nil && r.base == hash {
		return r, nil
	}
	cycles, err := t.store.Cycles(ctx, 20)
	if err != nil {
		return nil, fmt.Errorf("read the last cycles: %w", err)
	}
	r := &refusal{base: hash, held: make(map[string]bool)}
	for _, c := range cycles {
		decided := c.State == CyclePromoted || c.State == CycleChecked || c.State == CycleRefused
		if !decided || (hash != "" && c.BaseHash != hash) {
			continue
		}
		if c.State != CycleRefused || len(c.Job) == 0 {
			break
		}
		var j Job
		if err := json.Unmarshal(c.Job, &j); err != nil {
			return nil, fmt.Errorf("read the job of cycle %d: %w", c.ID, err)
		}
		r.cycle = c.ID
		for _, s := range j.Samples {
			r.held[mannerKey(s.ID)] = true
		}
		for _, x := range j.Lessons {
			r.held[lessonKey(x.ID)] = true
		}
		break
	}
	return r, nil
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

// workKey names what a cycle would be about: the feedback that trains, the recipe and
// the model, but not what is known of the lessons, which changes by asking.
func workKey(base string, r Recipe, samples, lessons []int64) string {
	return keyOf(base, r, samples, lessons)
}

func (p *pending) workKey(base string, r Recipe) string {
	var samples, lessons []int64
	for _, j := range p.judged {
		if j.Kept && j.Kind == Manner {
			samples = append(samples, j.ID)
		}
	}
	for _, x := range p.lessons {
		lessons = append(lessons, x.ID)
	}
	return workKey(base, r, samples, lessons)
}

// workKeyOf is the workKey of a cycle; "" if its job is not kept.
func workKeyOf(c Cycle) string {
	var j Job
	if len(c.Job) == 0 || json.Unmarshal(c.Job, &j) != nil {
		return ""
	}
	var samples, lessons []int64
	for _, s := range j.Samples {
		samples = append(samples, s.ID)
	}
	for _, x := range j.Lessons {
		lessons = append(lessons, x.ID)
	}
	return workKey(j.Base, j.Recipe, samples, lessons)
}

func (t *Trainer) isCutTwice(key string) bool {
	k := t.cutTwice.Load()
	return k != nil && *k == key
}

// gathered reads the store and gathers for a base model by the given settings.
func (t *Trainer) gathered(ctx context.Context, hash string, set *Settings) (pending, BufferState, LessonCounts, error) {
	samples, err := t.store.Samples(ctx, SampleQuery{})
	if err != nil {
		return pending{}, BufferState{}, LessonCounts{}, fmt.Errorf("read the samples: %w", err)
	}
	lessons, err := t.store.Lessons(ctx, hash)
	if err != nil {
		return pending{}, BufferState{}, LessonCounts{}, fmt.Errorf("read the lessons: %w", err)
	}
	against, err := t.contradictions(ctx, lessons)
	if err != nil {
		return pending{}, BufferState{}, LessonCounts{}, err
	}
	last, err := t.refusal(ctx, hash)
	if err != nil {
		return pending{}, BufferState{}, LessonCounts{}, err
	}
	p, buffer, counts := gather(samples, lessons, against, set, last)
	p.last, p.key = last, p.workKey(hash, set.recipe())
	if hash != "" {
		c, err := t.store.Counts(ctx, hash)
		if err != nil {
			return p, buffer, counts, fmt.Errorf("count what was taken back: %w", err)
		}
		p.erased = c.Erasures
	}
	return p, buffer, counts, nil
}

func (l *loop) pending(ctx context.Context) (pending, error) {
	set := l.settings.Load()
	p, buffer, counts, err := l.gathered(ctx, l.baseHash(), set)
	if err != nil {
		return p, err
	}
	l.refused.Store(p.last)
	l.log.Debug("buffer judged", "samples", buffer.Total, "train", buffer.Kept, "dropped", buffer.Dropped, "new ratings", p.ratings, "new manner", p.manner, "new lessons", p.fresh)
	var news []News
	if len(p.against) > l.hub.get().Contradictions {
		news = []News{{Kind: NewsContradiction, Reason: p.against[0].Why}}
	}
	l.hub.update(func(s *State) {
		s.Buffer, s.Lessons, s.Contradictions = buffer, counts, len(p.against)
		s.NewRatings, s.NewManner, s.NewLessons, s.LeastRating = p.ratings, p.manner, p.fresh, set.MinBatchSize
	}, news...)
	return p, nil
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
		if !l.myTurn() {
			return idle
		}
		l.beside(ctx, PhasePreparing, reason(CodeNewModel, "the model is measured once, so that training can be compared with it", "model", a.info.Name), func(ctx context.Context, _ func(Progress)) error {
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
		l.beside(ctx, PhaseAsking, reason(CodeWanted, "asked for by the user"), func(ctx context.Context, _ func(Progress)) error {
			_, err := l.askNow(ctx, func(JobLesson) bool { return true })
			return err
		})
		return idle
	}
	if wait := l.beforeReader(p); wait > 0 && l.isUnprepared(a) {
		switch done, err := l.preparedMeanwhile(ctx, a); {
		case err != nil:
			l.trouble(err)
		case done: // by another user's trainer
		case !l.myTurn():
			return idle
		default:
			l.startPreparing(ctx, a)
			return wait
		}
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
	if !l.myTurn() {
		return idle
	}
	if err := l.startCycle(ctx, a, p, why); err != nil {
		l.slot.give()
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
	case now.Before(l.retryAt):
		return reason(CodeRetryLater, "the last training failed and is tried again", "seconds", seconds(l.retryAt.Sub(now)), "error", l.lastError), l.retryAt
	case l.isInterrupted():
		return reason(CodeInterrupted, "a cycle was cut short and is started again"), now
	case p.erased > 0 && l.tried != erasure(p):
		return reason(CodeUnlearn, "what was taken back is unlearnt"), now
	case p.manner > 0 && set.TrainOnCorrection:
		return reason(CodeCorrection, "a correction of manner is in"), now
	case p.ratings >= set.MinBatchSize:
		return reason(CodeEnoughRatings, "enough new ratings are in", "ratings", p.ratings, "least", set.MinBatchSize), now
	case p.since.IsZero() && p.refused:
		return reason(CodeRefusedWaits, "the gate refused the training on this feedback; training waits for new feedback"), time.Time{}
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
// an hour at most. of is what failed: "" is a cycle, else the work beside the loop.
func (l *loop) failed(of Phase, err error) {
	l.failures++
	l.failedOf = of
	l.lastError = err
	l.retryAt = l.Trainer.now().Add(min(time.Hour, time.Minute<<min(l.failures-1, 6)))
	l.trouble(err)
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
	// A version that cannot be loaded is ended by one that can (speak).
	if f := l.hub.get().Trouble; f != nil && f.Reason.Code != CodeVersionBroken {
		l.hub.update(func(s *State) { s.Trouble = nil })
	}
}
