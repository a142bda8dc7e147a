package trainer

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"

	"clara/model"
	"clara/model/chat"
	"clara/trainer/templates"
)

// The recipe of the reader: the skill of using a lesson where it fits, and of
// answering as the base would where it does not. Names and values are drawn afresh in
// each step, so that nothing else can be learnt. A step imitates the answers of
// lessons and holds as many answers to what the base says without any lesson.
const (
	readerSteps     = 160
	readerRank      = 16
	readerRate      = 1e-3
	readerLast      = 0.1 // of the rate, in the last step
	readerKeepEvery = 10  // steps whose base answers are asked together, and after which a training is kept

	// Of each lesson of a step, its question is to be answered by it, and another question
	// held to what the base answers without it: what tells the two apart is then all that
	// the step's gradient is about.
	readerLessons = 5
	readerOther   = 1 // of them with the same question about another, the rest with one near it,
	readerApart   = 2 // and besides, questions about something else altogether, which words may take for these,
	readerChat    = 1 // an ordinary question,
	readerTexts   = 1 // and a plain text: without one, general language drifts to the gate's limit

	// A fifth of the templates are German, enough for a base that speaks hardly any. For one
	// that does, each comes up so many times as often as an English one: half of the lessons.
	readerGerman = 4

	readerReworded = 0.75 // of the lessons' questions come in other words,
	readerVaried   = 0.15 // so many in the same words with something changed; the rest as written
)

// readingTask is one item of a step in words: a lesson put before a question, or a text.
type readingTask struct {
	lesson   JobLesson
	history  []Turn
	system   string
	question string
	own      bool // to be answered by the lesson; else as the base answers without it

	text *Anchored // instead of all that: a plain text, which is held to the base
}

// readerSource deals the steps of a reader's training. All that is drawn is drawn in
// words and in order, so a training that goes on at a later step meets the same steps.
type readerSource struct {
	r         *model.Runner
	rng       *rand.Rand
	templates deck[*templates.Template]
	chats     deck[Anchored]
	texts     deck[Anchored]
	planned   [][]readingTask // steps still to come, of the present group
	held      map[string]Anchored
}

func newReaderSource(r *model.Runner, b *BaseFacts, seed uint64) (*readerSource, error) {
	all, err := templates.All()
	if err != nil {
		return nil, err
	}
	stream := func(n uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, n)) }
	s := &readerSource{r: r, rng: stream(60)}
	s.templates.rng, s.chats.rng, s.texts.rng = stream(61), stream(62), stream(63)
	for i := range all {
		often := 1
		if all[i].German && b.German {
			often = readerGerman
		}
		for range often {
			s.templates.items = append(s.templates.items, &all[i])
		}
	}
	s.chats.items, s.texts.items = b.Anchors, b.Texts
	return s, nil
}

// plan draws the tasks of one step.
func (s *readerSource) plan() []readingTask {
	var own, held []readingTask
	var dealt []*templates.Template
	for i := range readerLessons {
		t := s.templates.deal()
		dealt = append(dealt, t)
		d := t.Draw(s.rng, "")
		lesson := JobLesson{Question: d.Question, Answer: d.Answer}
		task := readingTask{lesson: lesson, history: d.History, question: d.Question, own: true}
		switch x := s.rng.Float64(); {
		case x < readerReworded:
			task.question = pick(s.rng, d.Rewordings)
		case x < readerReworded+readerVaried:
			v := vary(d.Question, s.rng, trainingWays)
			task.question, task.system = v.Question, v.System
			task.history = append(slices.Clone(task.history), v.History...)
		}
		own = append(own, task)
		question := pick(s.rng, d.Neighbours)
		if other := t.Draw(s.rng, d.About); i < readerOther && other.About != d.About { // else it is about nobody
			question = pick(s.rng, append([]string{other.Question}, other.Rewordings...))
		}
		held = append(held, readingTask{lesson: lesson, question: question})
	}
	for i := range readerApart {
		held = append(held, readingTask{lesson: own[i].lesson, question: s.apart(dealt[i])})
	}
	for i := range min(readerChat, len(s.chats.items)) {
		held = append(held, readingTask{lesson: own[i].lesson, question: s.chats.deal().Question})
	}
	for range min(readerTexts, len(s.texts.items)) {
		text := s.texts.deal()
		held = append(held, readingTask{text: &text})
	}
	return append(own, held...)
}

// apart draws a question of a template other than t, in its language.
func (s *readerSource) apart(t *templates.Template) string {
	for {
		o := pick(s.rng, s.templates.items)
		if o != t && o.German == t.German {
			d := o.Draw(s.rng, "")
			return pick(s.rng, append([]string{d.Question}, d.Rewordings...))
		}
	}
}

// group plans the next steps and asks the base what it says to their held questions.
func (s *readerSource) group(ctx context.Context, steps int) error {
	s.planned = s.planned[:0]
	var questions []string
	for range steps {
		tasks := s.plan()
		for _, t := range tasks {
			if !t.own && t.text == nil && !slices.Contains(questions, t.question) {
				questions = append(questions, t.question)
			}
		}
		s.planned = append(s.planned, tasks)
	}
	held, err := baseAnchors(ctx, s.r, questions)
	if err != nil {
		return fmt.Errorf("ask the base %d questions: %w", len(questions), err)
	}
	s.held = make(map[string]Anchored, len(held))
	for _, a := range held {
		s.held[a.Question] = a
	}
	return nil
}

// skip leaves out steps that a training has behind it.
func (s *readerSource) skip(steps int) {
	for range steps {
		s.plan()
	}
}

// next is the batch of the first planned step.
func (s *readerSource) next() (*batch, error) {
	tasks := s.planned[0]
	s.planned = s.planned[1:]
	b := &batch{lambda: 1}
	for _, t := range tasks {
		if t.text != nil {
			b.hold(t.text.Sequence, t.text.Top)
			continue
		}
		rest := []chat.Message{
			{Role: "user", Content: t.lesson.Question},
			{Role: "assistant", Content: t.lesson.Answer},
			{Role: "user", Content: t.question},
		}
		if t.own {
			seq, err := trainingSequence(s.r, readingRoom, t.system, t.history, rest, s.r.AnswerTokens(t.lesson.Answer))
			if err != nil {
				return nil, err
			}
			b.imitate(seq, 1, nil)
			continue
		}
		a, ok := s.held[t.question]
		if !ok || len(a.Answer) == 0 {
			continue // the base says nothing to it
		}
		seq, err := trainingSequence(s.r, readingRoom, "", nil, rest, a.Answer)
		if err != nil {
			return nil, err
		}
		b.hold(seq, a.Top[:len(seq.Answer)])
	}
	return b, nil
}

// trainReader trains the reader of r's model at a full rate, deterministically by seed. from goes on
// with a training that was kept, nil begins one. keep, if not nil, is called with the
// training after every readerKeepEvery steps.
func trainReader(ctx context.Context, r *model.Runner, b *BaseFacts, seed uint64, rate float64, from *model.TrainingState, keep func(*model.Training) error, observe observer) (*model.Adapter, error) {
	fail := func(err error) (*model.Adapter, error) { return nil, fmt.Errorf("train the reader: %w", err) }
	src, err := newReaderSource(r, b, seed)
	if err != nil {
		return fail(err)
	}
	t, err := r.NewTraining(model.TrainingOptions{Rank: readerRank, Alpha: 2 * readerRank, Seed: seed, State: from})
	if err != nil {
		return fail(err)
	}
	defer t.Close()
	plan := schedule{steps: readerSteps, rate: rate, last: readerLast}
	src.skip(t.Steps())
	for t.Steps() < plan.steps {
		until := min(plan.steps, t.Steps()+readerKeepEvery)
		if err := src.group(ctx, until-t.Steps()); err != nil {
			return fail(err)
		}
		if err := plan.runTo(ctx, t, StepReader, until, src.next, observe); err != nil {
			return fail(err)
		}
		if keep != nil {
			if err := keep(t); err != nil {
				return fail(err)
			}
		}
	}
	a, err := t.Adapter()
	if err != nil {
		return fail(err)
	}
	return a, nil
}
