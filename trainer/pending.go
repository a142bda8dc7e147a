package trainer

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// pending is what the store holds that no cycle has used.
type pending struct {
	judged  []JudgedSample
	lessons []Lesson
	ratings int
	manner  int
	fresh   int       // lessons that no cycle has asked on this model, but for those that are known already
	changed int       // samples that the version in use was trained on, and that teach something else since
	since   time.Time // of the oldest of all these; zero: nothing is new
	erased  int       // samples that the version in use was trained on and that are gone
	newest  int64     // sample that trains
	refused bool      // the gate refused all that is there, as it is
	last    *refusal  // that it was gathered by
	key     string    // workKey of a cycle on it
	against []Contradiction

	// withdrawn is the activation by which the version in use stands in for one that held what was taken
	// back, if the rest was not trained since; else 0.
	withdrawn int64
}

// gather counts what no cycle has used. What the gate refused is not new, as long as
// it stands as it was refused: once a part of it is gone, or it is trained otherwise, it is new again. Of two
// lessons that contradict each other the older one waits for the user. held are the samples
// that the version in use was trained on.
func gather(k *kept, held map[int64]bool, set *Settings, last *refusal) (pending, BufferState, LessonCounts) {
	waits, undecided := make(map[int64]bool, len(k.against)), make(map[int64]bool, len(k.against)) // lessons, and their samples
	for _, c := range k.against {
		waits[c.Older.ID], undecided[c.Older.Sample] = true, true
	}
	p := pending{judged: judgeAll(k.samples, k.subjects, *set), against: k.against}
	for _, x := range k.lessons {
		if !waits[x.ID] {
			p.lessons = append(p.lessons, x)
		}
	}
	p.refused = last.stands(p, set.recipe())
	note := func(at time.Time) {
		if p.since.IsZero() || at.Before(p.since) {
			p.since = at
		}
	}
	buffer := BufferState{Total: len(k.samples), Dropped: make(map[string]int)}
	for _, j := range p.judged {
		if !j.Kept {
			buffer.Dropped[j.Reason.Code]++
			continue
		}
		buffer.Kept++
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
		case j.State == SampleNew && held[j.ID] && !undecided[j.ID]: // it became knowledge after a manner was trained on it
			p.changed++
			note(j.Created)
		}
	}
	var counts LessonCounts
	for _, x := range k.lessons {
		fresh := k.untried[x.ID]
		switch x.State {
		case LessonKnown:
			counts.Known++
		case LessonMissed:
			counts.Missed++
		case LessonLost:
			counts.Lost++
		default:
			counts.New++
			fresh = true
		}
		if fresh && !waits[x.ID] && !(p.refused && last.held[lessonKey(x.ID)]) {
			p.fresh++
			note(x.Created)
		}
	}
	return p, buffer, counts
}

// refusal is what the last decided cycle was about if the gate refused it.
type refusal struct {
	base         string // the model's hash
	cycle        int64  // 0: the gate did not refuse it, or there was none
	recipe       Recipe
	held         map[string]bool // its samples and lessons
	atOtherRates bool            // it was trained at other rates than the model gets now
}

func mannerKey(sample int64) string { return fmt.Sprint("manner ", sample) }

func lessonKey(lesson int64) string { return fmt.Sprint("lesson ", lesson) }

func (r *refusal) of(cycle int64) bool { return r.cycle != 0 && r.cycle == cycle }

// stands says whether all that was refused is still there, and would be trained alike.
func (r *refusal) stands(p pending, now Recipe) bool {
	if r.cycle == 0 || r.recipe != now || r.atOtherRates {
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
		report, err := reportOf(c)
		if err != nil {
			return nil, err
		}
		now := t.rateDivisor(hash)
		r.cycle, r.recipe, r.atOtherRates = c.ID, j.Recipe, now != 0 && now != max(1, report.RateDivisor)
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

// count is a look of the loop, whose failure is trouble until the next one passes; false: it
// failed.
func (l *loop) count(ctx context.Context) (pending, bool) {
	p, err := l.pending(ctx)
	if err != nil {
		l.fails(ctx, &l.unlooked, err)
		return p, false
	}
	l.passes(&l.unlooked)
	return p, true
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
	return t.gatheredFrom(ctx, new(kept), hash, set)
}

// gatheredFrom is gathered, reading only what is newer than what is kept.
func (t *Trainer) gatheredFrom(ctx context.Context, k *kept, hash string, set *Settings) (pending, BufferState, LessonCounts, error) {
	if err := k.bringUpToDate(ctx, t, hash); err != nil {
		return pending{}, BufferState{}, LessonCounts{}, err
	}
	last, err := t.refusal(ctx, hash)
	if err != nil {
		return pending{}, BufferState{}, LessonCounts{}, err
	}
	active := Version{}
	if hash != "" {
		if active, err = t.store.ActiveVersion(ctx, hash); err != nil {
			return pending{}, BufferState{}, LessonCounts{}, fmt.Errorf("read the version in use: %w", err)
		}
	}
	p, buffer, counts := gather(k, setOf(active.Samples), set, last)
	p.last, p.key = last, p.workKey(hash, set.recipe())
	if hash != "" {
		if p.erased, err = t.store.Erasures(ctx, hash); err != nil {
			return p, buffer, counts, fmt.Errorf("count what was taken back: %w", err)
		}
		if p.withdrawn, err = t.withdrawal(ctx, hash); err != nil {
			return p, buffer, counts, fmt.Errorf("look for a version that was withdrawn: %w", err)
		}
	}
	return p, buffer, counts, nil
}

// setOf is a list to be looked up in.
func setOf(ids []int64) map[int64]bool {
	set := make(map[int64]bool, len(ids))
	for _, id := range ids {
		set[id] = true
	}
	return set
}

func (l *loop) pending(ctx context.Context) (pending, error) {
	set := l.settings.Load()
	p, buffer, counts, err := l.gatheredFrom(ctx, &l.kept, l.baseHash(), set)
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
