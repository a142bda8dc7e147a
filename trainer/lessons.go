package trainer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"clara/store"
)

// trailLength is how many askings of a lesson a face shows.
const trailLength = 8

// Lessons returns the lessons, the newest first, with what the attached model makes of
// them (without one: the model that was asked last).
func (t *Trainer) Lessons(ctx context.Context) ([]LessonView, error) {
	base := t.baseHash()
	all, err := t.store.Lessons(ctx, base)
	if err != nil {
		return nil, fmt.Errorf("read the lessons: %w", err)
	}
	trails, err := t.store.Trails(ctx, base, trailLength)
	if err != nil {
		return nil, fmt.Errorf("read the lessons' trails: %w", err)
	}
	askings, err := t.store.Askings(ctx, base)
	if err != nil {
		return nil, fmt.Errorf("read since when the lessons are known: %w", err)
	}
	ids := make([]int64, len(all))
	for i, l := range all {
		ids[i] = l.Sample
	}
	forms := make(map[int64]Sample, len(all))
	if len(ids) > 0 {
		samples, err := t.store.Samples(ctx, SampleQuery{IDs: ids})
		if err != nil {
			return nil, fmt.Errorf("read the lessons' samples: %w", err)
		}
		for _, s := range samples {
			forms[s.ID] = s
		}
	}
	speaks := t.speaking.Load()
	versions, err := t.store.Versions(ctx, base)
	if err != nil {
		return nil, fmt.Errorf("read the versions: %w", err)
	}
	trained := trainings(versions)
	out := make([]LessonView, len(all))
	for i, l := range all {
		trail := trails[l.ID]
		v := LessonView{Lesson: l, Form: forms[l.Sample].Form, Before: l.BaseAnswer, Way: speaks.wayOf(l.Sample), Trained: trained[l.Sample], Since: askings[l.ID].Since, Trail: trail}
		if forms[l.Sample].Answer == "" {
			v.Form = FormText // taught: no answer was corrected
		}
		if n := len(trail); n > 0 {
			v.Now, v.Version = trail[n-1].Answer, trail[n-1].Version
		}
		out[len(all)-1-i] = v
	}
	return out, nil
}

// wayOf says by what the lesson of a sample reaches an answer; "" without a model.
func (s *speaker) wayOf(sample int64) Way {
	switch {
	case s == nil:
		return ""
	case s.reading == nil:
		return WayTurn
	case s.version.Knowledge != "" && slices.Contains(s.version.Samples, sample):
		return WayKnowledge
	}
	return WayReader
}

// trainings counts, by sample, the knowledge adapters that were trained on it. A version
// that keeps the adapter of another one was not trained.
func trainings(versions []Version) map[int64]int {
	counts, seen := make(map[int64]int), make(map[string]bool)
	for _, v := range versions {
		if v.Knowledge == "" || seen[v.Knowledge] {
			continue
		}
		seen[v.Knowledge] = true
		for _, sample := range v.Samples {
			counts[sample]++
		}
	}
	return counts
}

// AskLesson asks one lesson now, as a user would get it, and keeps the result.
func (t *Trainer) AskLesson(ctx context.Context, lesson int64) (result LessonResult, err error) {
	err = t.AskEach(ctx, []int64{lesson}, func(r LessonResult) { result = r })
	return result, err
}

// AskEach is AskLesson for one lesson after the other; told gets each result once it is kept.
func (t *Trainer) AskEach(ctx context.Context, lessons []int64, told func(LessonResult)) (err error) {
	a, s, err := t.engaged()
	if err != nil {
		return err
	}
	defer a.users.Done()
	v, asked := s.asking(), false
	defer func() {
		if asked { // what was asked is kept, whatever came of the rest
			err = errors.Join(err, t.useAsked(ctx))
		}
	}()
	for _, id := range lessons {
		results, err := t.put(ctx, a, s, &v, func(l JobLesson) bool { return l.ID == id })
		if err != nil {
			return err
		}
		if len(results) == 0 {
			return fmt.Errorf("ask lesson %d: %w", id, store.ErrNotFound)
		}
		asked = true
		told(results[0])
	}
	return nil
}

// AskLessons asks all lessons in the background; Watch tells when it is done.
func (t *Trainer) AskLessons() { wake(t.asked) }

// askNow asks the lessons that which selects and keeps the results.
func (t *Trainer) askNow(ctx context.Context, which func(JobLesson) bool) ([]LessonResult, error) {
	a, s, err := t.engaged()
	if err != nil {
		return nil, err
	}
	defer a.users.Done()
	v := s.asking()
	results, err := t.put(ctx, a, s, &v, which)
	if err != nil || len(results) == 0 {
		return nil, err
	}
	return results, t.useAsked(ctx)
}

// asking is the voice with lessons of its own, to which is added what is found out about them.
func (s *speaker) asking() voice {
	v := s.voice
	v.lessons = slices.Clone(s.lessons)
	return v
}

// useAsked lets what was found of lessons be used, and tells it.
func (t *Trainer) useAsked(ctx context.Context) error {
	if err := t.renew(context.WithoutCancel(ctx)); err != nil {
		return err
	}
	t.tell(NewsLessons)
	return nil
}

// put puts to a voice the lessons that which selects, and keeps the results.
func (t *Trainer) put(ctx context.Context, a *attached, s *speaker, v *voice, which func(JobLesson) bool) ([]LessonResult, error) {
	until, done := a.until(ctx)
	defer done()
	isOther := func(p int) bool { return !which(v.lessons[p]) }
	positions, tooLong := askable(v.runner, v.lessons)
	positions, tooLong = slices.DeleteFunc(positions, isOther), slices.DeleteFunc(tooLong, isOther)
	if len(positions)+len(tooLong) == 0 {
		return nil, nil
	}
	if err := t.fillBaseAnswers(until, a.info.Hash, v, positions); err != nil {
		return nil, err
	}
	answers, err := v.ask(until, positions)
	if err != nil {
		return nil, err
	}
	var results []LessonResult
	for _, p := range positions {
		l := v.lessons[p]
		results = append(results, LessonResult{Lesson: l.ID, Version: s.version.ID, Answer: answers[p], Outcome: outcome(l.State, l.check().Passes(answers[p]))})
	}
	for _, p := range tooLong {
		l := v.lessons[p]
		results = append(results, LessonResult{Lesson: l.ID, Version: s.version.ID, Outcome: outcome(l.State, false)})
	}
	if err := t.store.AddResults(context.WithoutCancel(ctx), a.info.Hash, results); err != nil {
		return nil, saving(fmt.Errorf("keep what the lessons answered: %w", err))
	}
	return results, nil
}

// fillBaseAnswers asks the base what it says to lessons of which that is not known.
func (t *Trainer) fillBaseAnswers(ctx context.Context, base string, v *voice, positions []int) error {
	missing, err := baseAnswers(ctx, v.runner, v.lessons, positions)
	if err != nil {
		return err
	}
	said := make(map[int64]string, len(missing))
	for _, p := range missing {
		said[v.lessons[p].ID] = v.lessons[p].BaseAnswer
	}
	if err := t.store.NoteLessons(ctx, base, said); err != nil {
		return saving(fmt.Errorf("keep the base's answers to %d lessons: %w", len(said), err))
	}
	return nil
}

// shown returns a lesson with its sample, under feedback. One that was taken back, replaced or
// turned into manner is none any more: ErrNotFound.
func (t *Trainer) shown(ctx context.Context, lesson int64) (Lesson, Sample, error) {
	l, err := t.store.Lesson(ctx, t.baseHash(), lesson)
	if err != nil {
		return Lesson{}, Sample{}, err
	}
	s, err := t.store.Sample(ctx, l.Sample)
	if err == nil && (s.Kind != Knowledge || s.State != SampleNew && s.State != SampleUsed) {
		err = ErrNotFound
	}
	return l, s, err
}

// Practised says what came of Practise.
type Practised struct {
	Raised bool // the importance; false: it was 5 already, and there is no more
	Known  bool // it is known without a training: none takes it up unless it is lost
}

// Practise raises a lesson's importance, to 4 at least, and trains, unless it is known without
// that. A lesson comes up once in a round of training up to an importance of 3, so less than 4
// would change nothing. One that no cycle takes up until a contradiction is decided is refused
// with that, as a *UserError.
func (t *Trainer) Practise(ctx context.Context, lesson int64) (out Practised, err error) {
	err = t.change(ctx, func() error {
		l, _, err := t.shown(ctx, lesson)
		if err != nil {
			return fmt.Errorf("practise lesson %d: %w", lesson, err)
		}
		against, err := t.Contradictions(ctx)
		if err != nil {
			return fmt.Errorf("practise lesson %d: %w", lesson, err)
		}
		if why := waitsFor(against, lesson); why != nil {
			return fmt.Errorf("practise lesson %d: %w", lesson, &UserError{Reason: *why, Hint: HintReviewFeedback})
		}
		if l.State == LessonKnown {
			versions, err := t.store.Versions(ctx, t.baseHash())
			if err != nil {
				return fmt.Errorf("practise lesson %d: read the versions: %w", lesson, err)
			}
			// What only an adapter of knowledge knows, be it trained on others, a training finds missed.
			out.Known = !slices.ContainsFunc(versions, func(v Version) bool { return v.Knowledge != "" })
		}
		to := min(5, max(4, l.Importance+1))
		out.Raised = to > l.Importance
		if err := t.store.SetImportance(ctx, l.Sample, to); err != nil {
			return fmt.Errorf("practise lesson %d: %w", lesson, err)
		}
		return nil
	})
	if err != nil {
		return Practised{}, err
	}
	if !out.Known {
		t.Train()
	}
	return out, nil
}

// Unlearn takes a lesson back, and what it had replaced: see Forget.
func (t *Trainer) Unlearn(ctx context.Context, lesson int64) error {
	return t.change(ctx, func() error {
		l, _, err := t.shown(ctx, lesson)
		if err != nil {
			return fmt.Errorf("unlearn lesson %d: %w", lesson, err)
		}
		if err := t.store.DeleteWithReplaced(ctx, l.Sample); err != nil {
			return fmt.Errorf("unlearn lesson %d: %w", lesson, err)
		}
		return nil
	})
}

// Relearn undoes Unlearn, and returns the sample of the lesson: see PutBack.
func (t *Trainer) Relearn(ctx context.Context, lesson int64) (sample int64, err error) {
	err = t.change(ctx, func() error {
		l, err := t.store.Lesson(ctx, "", lesson)
		if err == nil {
			sample, err = l.Sample, t.putBack(ctx, l.Sample)
		}
		if err != nil {
			return fmt.Errorf("relearn lesson %d: %w", lesson, err)
		}
		return nil
	})
	return sample, err
}

// SetKeywords replaces the check of a lesson; nil: the novel words of its answer.
func (t *Trainer) SetKeywords(ctx context.Context, lesson int64, keywords [][]string) error {
	return t.change(ctx, func() error {
		if _, _, err := t.shown(ctx, lesson); err != nil {
			return fmt.Errorf("the keywords of lesson %d: %w", lesson, err)
		}
		if err := t.store.SetKeywords(ctx, lesson, cleanKeywords(keywords)); err != nil {
			return fmt.Errorf("the keywords of lesson %d: %w", lesson, err)
		}
		return nil
	})
}

// SetAnswer replaces the wanted answer of a lesson: a new sample, and a new lesson,
// in the place of the old. The lesson's own keywords stay, unless the answer before has them and
// the new one has not: no right answer would show them.
func (t *Trainer) SetAnswer(ctx context.Context, lesson int64, answer string) error {
	t.feedback.Lock()
	defer t.feedback.Unlock()
	l, s, err := t.shown(ctx, lesson)
	if err != nil {
		return fmt.Errorf("the answer of lesson %d: %w", lesson, err)
	}
	if answer = tidy(answer); answer == l.Answer {
		return nil
	}
	if hasKeywords(l.Answer, l.Keywords) && !hasKeywords(answer, l.Keywords) {
		l.Keywords = nil
	}
	_, err = t.correct(ctx, Sample{
		Form: FormCorrection, Kind: Knowledge, Context: s.Context, Prompt: s.Prompt, Answer: s.Answer, Better: answer,
		Score: 1, Importance: s.Importance, Source: s.Source, Message: s.Message, Version: s.Version,
	}, l.Keywords, []int64{s.ID})
	return err
}

// results are the trail entries of a cycle's asking; version is what answered (the store
// puts in the one that a promoted cycle makes).
func (r *Report) results(version int64) []LessonResult {
	out := make([]LessonResult, len(r.Lessons))
	for i, a := range r.Lessons {
		out[i] = LessonResult{Lesson: a.Lesson, Version: version, Outcome: a.Outcome, Answer: a.Answer}
		details := struct {
			Asked    []Answered `json:"asked,omitempty"`
			Contrast []Answered `json:"contrast,omitempty"`
		}{a.Asked, a.Swapped}
		// Encoding plain strings and booleans cannot fail.
		out[i].Details, _ = json.Marshal(details)
	}
	return out
}
