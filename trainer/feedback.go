package trainer

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"clara/store"
	"clara/trainer/words"
)

// ErrStars says that a rating is not one of 0 to 5 stars.
var ErrStars = errors.New("want 1 to 5 stars, or 0 to take the rating back")

// ErrScore says that a score is outside of -1 to 1, or an importance of 1 to 5.
var ErrScore = errors.New("want a score of -1 to 1 and an importance of 1 to 5")

// scoreOf and starsOf: n stars give (n-3)/2.
func scoreOf(stars int) float64 { return float64(stars-3) / 2 }

func starsOf(score float64) int { return int(math.Round(2*score)) + 3 }

// saving wraps an error of keeping something: a full disk has a message of its own.
func saving(err error) error {
	if errors.Is(err, store.ErrFull) {
		return &UserError{Reason: reason(CodeDiskFull, "the disk is full: nothing was saved"), Hint: HintFreeSpace, Err: err}
	}
	return err
}

// Rate gives an answer 1 to 5 stars; a second rating replaces the first, 0 leaves
// it without any (the returned Sample is then the zero one); TakeBack of the second
// brings the first back. The sample is on disk when Rate returns. One that does not train
// is returned as rejected, with the reason.
func (t *Trainer) Rate(ctx context.Context, message int64, stars int) (Sample, error) {
	return t.RateFrom(ctx, message, stars, SourceUser)
}

// RateFrom is Rate with the source that the sample is to name.
func (t *Trainer) RateFrom(ctx context.Context, message int64, stars int, source string) (Sample, error) {
	if stars < 0 || stars > 5 {
		return Sample{}, fmt.Errorf("rate message %d with %d: %w", message, stars, ErrStars)
	}
	t.feedback.Lock()
	defer t.feedback.Unlock()
	answer, question, history, err := t.answered(ctx, message)
	if err != nil {
		return Sample{}, fmt.Errorf("rate: %w", err)
	}
	if stars == 0 {
		if err := t.store.DeleteFeedback(ctx, message, FormRating); err != nil {
			return Sample{}, saving(fmt.Errorf("take the rating of message %d back: %w", message, err))
		}
		t.tell(NewsSamples)
		return Sample{}, nil
	}
	standing, err := t.standingOn(ctx, message, FormRating)
	if err != nil {
		return Sample{}, fmt.Errorf("rate: %w", err)
	}
	return t.add(ctx, store.Feedback{Sample: Sample{
		Form: FormRating, Kind: Manner, Context: history, Prompt: question.Text, Answer: answer.Text,
		Score: scoreOf(stars), Source: source, Message: message, Version: answer.Version,
	}, Replaces: standing})
}

// AddRating keeps a rated answer that was given outside of any conversation.
func (t *Trainer) AddRating(ctx context.Context, prompt, answer string, stars int, source string, importance int) (Sample, error) {
	if stars < 1 || stars > 5 {
		return Sample{}, fmt.Errorf("rate an answer with %d: %w", stars, ErrStars)
	}
	if importance < 0 || importance > 5 {
		return Sample{}, fmt.Errorf("importance %d: %w", importance, ErrScore)
	}
	t.feedback.Lock()
	defer t.feedback.Unlock()
	return t.add(ctx, store.Feedback{Sample: Sample{
		Form: FormRating, Kind: Manner, Prompt: words.LineEnds(prompt), Answer: words.LineEnds(answer), Score: scoreOf(stars), Source: source, Importance: importance,
	}})
}

// AddFeedbackSample keeps a text with a score in [-1, 1], importance 1 to 5.
func (t *Trainer) AddFeedbackSample(ctx context.Context, text string, score float64, source string, importance int) (Sample, error) {
	if !(score >= -1 && score <= 1) || importance < 0 || importance > 5 {
		return Sample{}, fmt.Errorf("score %g, importance %d: %w", score, importance, ErrScore)
	}
	t.feedback.Lock()
	defer t.feedback.Unlock()
	return t.add(ctx, store.Feedback{Sample: Sample{
		Form: FormText, Kind: Manner, Answer: words.LineEnds(text), Score: score, Source: source, Importance: importance,
	}})
}

// Propose compares better with the given answer of message: what is it that is
// better, and which words prove it? It takes well under a millisecond but for
// reading the message.
func (t *Trainer) Propose(ctx context.Context, message int64, better string) (Proposal, error) {
	answer, question, _, err := t.answered(ctx, message)
	if err != nil {
		return Proposal{}, fmt.Errorf("propose: %w", err)
	}
	others, err := t.mannerAnswers(ctx)
	if err != nil {
		return Proposal{}, fmt.Errorf("propose: %w", err)
	}
	return proposeFor(question.Text, answer.Text, better, others), nil
}

// mannerAnswers are the better answers of the corrections of manner.
func (t *Trainer) mannerAnswers(ctx context.Context) ([]string, error) {
	samples, err := t.store.Samples(ctx, SampleQuery{
		States: []SampleState{SampleNew, SampleUsed}, Forms: []Form{FormCorrection}, Kinds: []Kind{Manner}, NewestFirst: true, Limit: 50,
	})
	if err != nil {
		return nil, fmt.Errorf("read the corrections of manner: %w", err)
	}
	out := make([]string, len(samples))
	for i, s := range samples {
		out[i] = s.Better
	}
	return out, nil
}

// withLineEnds is a sample whose lines end as models write them.
func withLineEnds(s Sample) Sample {
	s.Prompt, s.Answer, s.Better = words.LineEnds(s.Prompt), words.LineEnds(s.Answer), words.LineEnds(s.Better)
	s.Context = turnsWithLineEnds(s.Context)
	return s
}

func turnsWithLineEnds(turns []Turn) []Turn {
	turns = slices.Clone(turns)
	for i := range turns {
		turns[i].Text = words.LineEnds(turns[i].Text)
	}
	return turns
}

// tidy is a text that a person gives as it is kept: without blanks around it.
func tidy(text string) string { return strings.TrimSpace(words.LineEnds(text)) }

// Correct keeps a better answer to a message; a second one replaces the first. A
// correction of knowledge is a lesson from now on; one of manner starts a cycle, by
// the settings. A lesson saved again with the same answer stays the one that it is, with all
// that is known of it, and takes over the importance and the keywords.
func (t *Trainer) Correct(ctx context.Context, c Correction) (Sample, error) {
	if c.Importance < 0 || c.Importance > 5 {
		return Sample{}, fmt.Errorf("correct: importance %d: %w", c.Importance, ErrScore)
	}
	c.Better = tidy(c.Better)
	t.feedback.Lock()
	defer t.feedback.Unlock()
	answer, question, history, err := t.answered(ctx, c.Message)
	if err != nil {
		return Sample{}, fmt.Errorf("correct: %w", err)
	}
	replaces, err := t.standingOn(ctx, c.Message, FormCorrection)
	if err != nil {
		return Sample{}, fmt.Errorf("correct: %w", err)
	}
	kind := c.Kind
	if kind == "" {
		others, err := t.mannerAnswers(ctx)
		if err != nil {
			return Sample{}, fmt.Errorf("correct: %w", err)
		}
		kind = proposeFor(question.Text, answer.Text, c.Better, others).Kind
	}
	better := Sample{
		Form: FormCorrection, Kind: kind, Context: history, Prompt: question.Text, Answer: answer.Text, Better: c.Better,
		Score: 1, Importance: c.Importance, Source: cmp.Or(c.Source, SourceUser), Message: c.Message, Version: answer.Version,
	}
	if kind == Knowledge && len(replaces) == 1 {
		old, err := t.store.Sample(ctx, replaces[0])
		if err != nil {
			return Sample{}, fmt.Errorf("read the correction so far: %w", err)
		}
		if old.Kind == kind && old.State != SampleRejected && sameText(old, better) {
			l, err := t.store.LessonOf(ctx, "", old.ID)
			if err != nil {
				return Sample{}, fmt.Errorf("read the lesson so far: %w", err)
			}
			return t.amend(ctx, l, importanceOf(better), c.Keywords)
		}
	}
	return t.correct(ctx, better, c.Keywords, replaces)
}

// amend gives a lesson another importance and other keywords, and returns its sample.
func (t *Trainer) amend(ctx context.Context, l Lesson, importance int, keywords [][]string) (Sample, error) {
	if err := t.store.AmendLesson(ctx, l.ID, importance, cleanKeywords(keywords)); err != nil {
		return Sample{}, saving(fmt.Errorf("keep the importance and the keywords of lesson %d: %w", l.ID, err))
	}
	t.log.Debug("lesson amended", "sample", l.Sample, "importance", importance, "keywords", len(keywords))
	if err := t.renew(context.WithoutCancel(ctx)); err != nil {
		return Sample{}, fmt.Errorf("the feedback is kept, but not used yet: %w", err)
	}
	t.tell(NewsLessons, NewsSamples)
	return t.store.Sample(ctx, l.Sample)
}

// Standing returns the correction that stands on a message as it was given; the zero one
// where none does.
func (t *Trainer) Standing(ctx context.Context, message int64) (Correction, error) {
	ids, err := t.standingOn(ctx, message, FormCorrection)
	if err != nil || len(ids) == 0 {
		return Correction{}, err
	}
	s, err := t.store.Sample(ctx, ids[len(ids)-1])
	if err != nil {
		return Correction{}, fmt.Errorf("read the correction of message %d: %w", message, err)
	}
	l, err := t.store.LessonOf(ctx, "", s.ID)
	if err != nil && !errors.Is(err, store.ErrNotFound) { // of manner it has none
		return Correction{}, fmt.Errorf("read the check of the correction of message %d: %w", message, err)
	}
	return Correction{Message: message, Better: s.Better, Kind: s.Kind, Importance: s.Importance, Keywords: l.Keywords, Source: s.Source}, nil
}

// Teach keeps a question with its answer. A lesson that says the same already stays the one that
// it is, with all that is known of it (Taught); it takes over an importance that is not 0 and
// keywords that are not nil.
func (t *Trainer) Teach(ctx context.Context, l Teaching) (Sample, error) {
	if l.Importance < 0 || l.Importance > 5 {
		return Sample{}, fmt.Errorf("teach: importance %d: %w", l.Importance, ErrScore)
	}
	kind := cmp.Or(l.Kind, Knowledge)
	t.feedback.Lock()
	defer t.feedback.Unlock()
	s := Sample{
		Form: FormCorrection, Kind: kind, Prompt: tidy(l.Question), Answer: words.LineEnds(l.Given), Better: tidy(l.Answer),
		Score: 1, Importance: l.Importance, Source: cmp.Or(l.Source, SourceUser),
	}
	standing, err := t.onSubject(ctx, s)
	if err != nil {
		return Sample{}, fmt.Errorf("teach: %w", err)
	}
	before, err := t.taught(ctx, s, standing)
	if err != nil {
		return Sample{}, fmt.Errorf("teach: %w", err)
	}
	if before.ID != 0 {
		keywords := l.Keywords
		if keywords == nil {
			keywords = before.Keywords
		}
		return t.amend(ctx, before, cmp.Or(l.Importance, before.Importance), keywords)
	}
	return t.replace(ctx, s, l.Keywords, nil, standing)
}

// Taught returns the lesson that says the same as l already, as it would be taught as it is; the
// zero Teaching where there is none.
func (t *Trainer) Taught(ctx context.Context, l Teaching) (Teaching, error) {
	s := Sample{Form: FormCorrection, Kind: cmp.Or(l.Kind, Knowledge), Prompt: tidy(l.Question), Answer: words.LineEnds(l.Given), Better: tidy(l.Answer)}
	standing, err := t.onSubject(ctx, s)
	if err != nil {
		return Teaching{}, err
	}
	before, err := t.taught(ctx, s, standing)
	if err != nil || before.ID == 0 {
		return Teaching{}, err
	}
	keywords := before.Keywords
	if keywords == nil {
		keywords = [][]string{}
	}
	return Teaching{Question: before.Question, Answer: before.Answer, Kind: Knowledge, Importance: before.Importance, Keywords: keywords}, nil
}

// taught is the lesson among the corrections that stand on the subject of a sample which says
// the same; the zero one where there is none.
func (t *Trainer) taught(ctx context.Context, s Sample, standing []Sample) (Lesson, error) {
	if s.Kind != Knowledge || len(standing) != 1 {
		return Lesson{}, nil
	}
	old, s := withLineEnds(standing[0]), withLineEnds(s) // earlier programs kept others
	if old.Prompt != s.Prompt || old.Better != s.Better || s.Answer != "" && s.Answer != old.Answer {
		return Lesson{}, nil
	}
	l, err := t.store.LessonOf(ctx, "", old.ID)
	if err != nil {
		return Lesson{}, fmt.Errorf("read the lesson so far: %w", err)
	}
	return l, nil
}

// onSubject are the corrections that stand and are about the same as a sample.
func (t *Trainer) onSubject(ctx context.Context, s Sample) ([]Sample, error) {
	all, err := t.store.Samples(ctx, SampleQuery{
		States: []SampleState{SampleNew, SampleUsed}, Forms: []Form{FormCorrection}, Kinds: []Kind{s.Kind},
	})
	if err != nil {
		return nil, fmt.Errorf("read the corrections: %w", err)
	}
	subject := subjectOf(s)
	return slices.DeleteFunc(all, func(o Sample) bool { return subjectOf(o) != subject }), nil
}

// correct adds a correction with its lesson; it replaces what stands on the same
// question.
func (t *Trainer) correct(ctx context.Context, s Sample, keywords [][]string, replaces []int64) (Sample, error) {
	standing, err := t.onSubject(ctx, s)
	if err != nil {
		return Sample{}, err
	}
	return t.replace(ctx, s, keywords, replaces, standing)
}

// replace is correct, given what stands on the same question.
func (t *Trainer) replace(ctx context.Context, s Sample, keywords [][]string, replaces []int64, standing []Sample) (Sample, error) {
	for _, o := range standing {
		if !slices.Contains(replaces, o.ID) {
			replaces = append(replaces, o.ID)
		}
	}
	f := store.Feedback{Sample: s, Replaces: replaces}
	if s.Kind == Knowledge {
		f.Lesson = &Lesson{Question: s.Prompt, Answer: s.Better, Keywords: cleanKeywords(keywords)}
	}
	return t.add(ctx, f)
}

// cleanKeywords drops empty words and groups.
func cleanKeywords(groups [][]string) [][]string {
	var out [][]string
	for _, g := range groups {
		var group []string
		for _, w := range g {
			if w = strings.TrimSpace(w); w != "" {
				group = append(group, w)
			}
		}
		if group != nil {
			out = append(out, group)
		}
	}
	return out
}

// add judges a sample and writes it; a lesson works from then on.
func (t *Trainer) add(ctx context.Context, f store.Feedback) (Sample, error) {
	f.Reject = judge(f.Sample, *t.settings.Load())
	if f.Reject.Code == CodeEmpty || f.Reject.Code == CodeUnchanged {
		// Nothing to keep: the user is told instead of thanked.
		return Sample{}, &UserError{Reason: f.Reject}
	}
	s, _, err := t.store.AddFeedback(ctx, f)
	if err != nil {
		return Sample{}, saving(fmt.Errorf("keep the feedback: %w", err))
	}
	// The log has no texts: it stays when one is taken back.
	t.log.Debug("feedback kept", "sample", s.ID, "form", s.Form, "kind", s.Kind, "score", s.Score, "importance", s.Importance, "source", s.Source,
		"lesson", f.Lesson != nil, "replaces", f.Replaces, "does not train", f.Reject.Code)
	if f.Sample.Form == FormCorrection && (f.Lesson != nil || len(f.Replaces) > 0) { // a rating changes no lesson
		if err := t.renew(context.WithoutCancel(ctx)); err != nil {
			return s, fmt.Errorf("the feedback is kept, but not used yet: %w", err)
		}
		t.tell(NewsLessons, NewsSamples)
		return s, nil
	}
	t.tell(NewsSamples)
	return s, nil
}

// tell wakes the loop and tells the watchers what changed.
func (t *Trainer) tell(kinds ...NewsKind) {
	news := make([]News, len(kinds))
	for i, k := range kinds {
		news[i].Kind = k
	}
	t.hub.update(func(*State) {}, news...)
	wake(t.changed)
}

// answered returns an answer with its question and the turns before that.
func (t *Trainer) answered(ctx context.Context, message int64) (answer, question Message, history []Turn, err error) {
	answer, err = t.store.Message(ctx, message)
	if err != nil {
		return answer, question, nil, fmt.Errorf("read message %d: %w", message, err)
	}
	if answer.Role != RoleAssistant {
		return answer, question, nil, fmt.Errorf("an answer with the number %d: %w", message, ErrNotFound)
	}
	all, err := t.store.Messages(ctx, answer.Conversation)
	if err != nil {
		return answer, question, nil, fmt.Errorf("read conversation %d: %w", answer.Conversation, err)
	}
	path := pathTo(all, message)
	for i := len(path) - 1; i >= 0; i-- {
		if path[i].Role == RoleUser {
			return answer, path[i], withSystem(answer.System, turns(path[:i])), nil
		}
	}
	return answer, question, nil, fmt.Errorf("message %d has no question before it", message)
}

// standingOn returns the samples of a form that stand on a message.
func (t *Trainer) standingOn(ctx context.Context, message int64, form Form) ([]int64, error) {
	samples, err := t.store.Samples(ctx, SampleQuery{Message: message, Forms: []Form{form}})
	if err != nil {
		return nil, fmt.Errorf("read the feedback on message %d: %w", message, err)
	}
	var ids []int64
	for _, s := range samples {
		if !replaced(s) {
			ids = append(ids, s.ID)
		}
	}
	return ids, nil
}

// TakeBack deletes a sample and its lesson, which is no longer put before the model; what it
// had replaced stands again. If adapters in use were trained on it (TrainedOn), a cycle
// rebuilds them without it. PutBack undoes it for a day; then it is erased, with what is left
// of the adapters that were trained on it.
func (t *Trainer) TakeBack(ctx context.Context, sample int64) error {
	return t.change(ctx, func() error {
		if err := t.store.DeleteSample(ctx, sample); err != nil {
			return fmt.Errorf("take back sample %d: %w", sample, err)
		}
		return nil
	})
}

// Forget is TakeBack of a sample with all that it had replaced: an earlier answer does not come
// back in its place. PutBack brings the sample back alone.
func (t *Trainer) Forget(ctx context.Context, sample int64) error {
	return t.change(ctx, func() error {
		if err := t.store.DeleteWithReplaced(ctx, sample); err != nil {
			return fmt.Errorf("forget sample %d: %w", sample, err)
		}
		return nil
	})
}

// PutBack undoes TakeBack and Forget. Where newer feedback on the same was given since, and
// stands, the filter would turn down what comes back: it stays taken back until the newer one,
// which the *UserError with CodeReplaced names, is taken back too.
func (t *Trainer) PutBack(ctx context.Context, sample int64) error {
	return t.change(ctx, func() error {
		if err := t.putBack(ctx, sample); err != nil {
			return fmt.Errorf("put back sample %d: %w", sample, err)
		}
		return nil
	})
}

// putBack is PutBack under feedback.
func (t *Trainer) putBack(ctx context.Context, sample int64) error {
	s, err := t.store.Sample(ctx, sample)
	if err != nil {
		return err
	}
	if !s.Deleted.IsZero() {
		since, err := t.store.Samples(ctx, SampleQuery{Forms: []Form{s.Form}, Since: s.Deleted, After: s.ID})
		if err != nil {
			return fmt.Errorf("read what was given since: %w", err)
		}
		if why := Judge(append([]Sample{s}, since...), *t.settings.Load())[0].Reason; why.Code == CodeReplaced {
			return &UserError{Reason: why}
		}
		if s.Message != 0 { // of an answer there is one correction, whichever kind it is of
			standing, err := t.standingOn(ctx, s.Message, s.Form)
			if err != nil {
				return err
			}
			if len(standing) > 0 && slices.Max(standing) > s.ID {
				return &UserError{Reason: replacedBy(slices.Max(standing))}
			}
		}
	}
	return t.store.RestoreSample(ctx, sample)
}

// change makes a change of samples or lessons and uses it from then on.
func (t *Trainer) change(ctx context.Context, make func() error) error {
	t.feedback.Lock()
	defer t.feedback.Unlock()
	if err := make(); err != nil {
		return saving(err)
	}
	if err := t.renew(context.WithoutCancel(ctx)); err != nil {
		return err
	}
	t.tell(NewsLessons, NewsSamples)
	return nil
}

// Samples returns the user's samples that match q.
func (t *Trainer) Samples(ctx context.Context, q SampleQuery) ([]Sample, error) {
	return t.store.Samples(ctx, q)
}

// ErrNoLesson says that a rating or a text was to be knowledge.
var ErrNoLesson = errors.New("only a correction can be a lesson")

// SetKind says anew what a sample teaches. One that becomes knowledge is a lesson
// from now on, one that becomes manner no longer; the next cycle trains it as what it is.
func (t *Trainer) SetKind(ctx context.Context, sample int64, kind Kind) error {
	if kind != Knowledge && kind != Manner {
		return fmt.Errorf("the kind of sample %d: %q is neither %q nor %q", sample, kind, Knowledge, Manner)
	}
	return t.change(ctx, func() error {
		s, err := t.store.Sample(ctx, sample)
		if err == nil && !s.Deleted.IsZero() {
			err = ErrNotFound // what was taken back comes back as what it was
		}
		if err == nil && kind == Knowledge && s.Form != FormCorrection {
			err = ErrNoLesson
		}
		if err != nil {
			return fmt.Errorf("the kind of sample %d: %w", sample, err)
		}
		if kind == s.Kind {
			return nil
		}
		lesson := &Lesson{Question: s.Prompt, Answer: s.Better}
		if kind == Manner {
			lesson = nil
		}
		if err := t.store.SetKind(ctx, sample, kind, lesson); err != nil {
			return fmt.Errorf("the kind of sample %d: %w", sample, err)
		}
		return nil
	})
}
