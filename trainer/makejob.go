package trainer

import (
	"context"
	"fmt"
)

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

// job makes the job of a cycle that starts now, and names the samples that it uses, and as
// what.
func (t *Trainer) job(ctx context.Context, a *attached, p pending) (Job, map[int64]Kind, error) {
	active, err := t.store.ActiveVersion(ctx, a.info.Hash)
	if err != nil {
		return Job{}, nil, fmt.Errorf("read the version in use: %w", err)
	}
	manner, knowledge, err := a.load(t.home, active)
	switch {
	case isDamage(err): // nothing of it can be kept: all is trained anew
		t.log.Warn("the cycle begins without the version in use", "error", err)
		active = Version{ID: active.ID}
	case err != nil:
		return Job{}, nil, unread(active, err)
	}
	j, used, err := t.draft(ctx, a.info.Hash, rateDivisor(a.info.Parameters), active, p)
	j.Before.MannerHash, j.Before.KnowledgeHash = hashOf(manner), hashOf(knowledge)
	reader := a.reader.Load()
	j.Model, j.Reader, j.ReaderKey = a.info.Name, reader.folder, reader.key()
	return j, used, err
}

// rateDivisor is what the attached model's rates are divided by; 0: that is not the base.
func (t *Trainer) rateDivisor(base string) int {
	if info, ok := t.ModelInfo(); ok && info.Hash == base {
		return rateDivisor(info.Parameters)
	}
	return 0
}

// draft is job without what only the model itself tells; the base "" is no model. active
// is the version in use; without its cycle it is one of which nothing can be kept. divisor is
// what the model's rates are divided by.
func (t *Trainer) draft(ctx context.Context, base string, divisor int, active Version, p pending) (Job, map[int64]Kind, error) {
	j := Job{Format: jobFormat, Base: base, User: t.store.User(), Recipe: t.settings.Load().recipe(), RateDivisor: divisor}
	waits := make(map[int64]bool, len(p.against))
	for _, c := range p.against {
		waits[c.Older.Sample] = true
	}
	used := make(map[int64]Kind)
	for _, s := range p.judged {
		if !s.Kept || waits[s.ID] {
			continue
		}
		used[s.ID] = s.Kind
		if s.Kind == Manner {
			j.Samples = append(j.Samples, JobSample{
				ID: s.ID, Form: s.Form, Context: s.Context, Prompt: s.Prompt, Answer: s.Answer, Better: s.Better, Score: s.Score, Weight: s.Weight,
			})
		}
	}
	for _, x := range p.lessons {
		j.Lessons = append(j.Lessons, jobLesson(x))
	}
	if len(j.Lessons) > askedWidely { // else there is room for all of them
		askings, err := t.store.Askings(ctx, base)
		if err != nil {
			return j, nil, fmt.Errorf("read when the lessons were asked: %w", err)
		}
		for i := range j.Lessons {
			a := askings[j.Lessons[i].ID]
			j.Lessons[i].Asked, j.Lessons[i].Widely = a.Last, a.Widely
		}
	}
	var before *Job // of the version in use
	j.Before = JobVersion{Version: active.ID, Manner: active.Manner, Knowledge: active.Knowledge}
	if active.Cycle != 0 {
		c, err := t.store.Cycle(ctx, active.Cycle)
		if err != nil {
			return j, nil, fmt.Errorf("read the cycle of the version in use: %w", err)
		}
		r, err := reportOf(c)
		if err != nil {
			return j, nil, err
		}
		j.Before.MannerKey, j.Before.KnowledgeKey, j.Before.KnowledgeOn = r.MannerKey, r.KnowledgeKey, r.KnowledgeOn
		before = jobOf(c)
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
	if j.Own, err = t.drawOwn(ctx, &j, prompts, before); err != nil {
		return j, nil, err
	}
	return j, used, nil
}
