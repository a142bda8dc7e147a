package trainer

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"clara/model"
	"clara/model/chat"
	"clara/trainer/templates"
	"clara/trainer/words"
)

// The recipe of knowledge: the reader trained on, with its own mix, on the lessons
// that reader and turn do not get right yet, and half of its own kind of items as
// replay (kept .97-1.0, leak .09). A step has 7 answers to imitate and 7 held to
// what the base answers without any lesson. Two of these have no lesson before them either:
// without them ordinary answers moved by .09 to .13 nats per token after one to six lessons,
// of the .10 that the gate allows, with them by .06 to .07.
const (
	knowledgeSteps     = 14
	knowledgeOwn       = 3 // the lesson as turn and its question, mostly varied -> the lesson's answer
	knowledgeOther     = 1 // another lesson as turn -> the answer to the question
	knowledgeBare      = 1 // no turn -> the answer
	knowledgeReplay    = 2 // a drawn lesson as turn and its question reworded
	knowledgeSwapped   = 2 // the lesson as turn, a contrast question -> as the base without the turn
	knowledgeChat      = 1 // the lesson as turn, an ordinary question -> likewise
	knowledgePlain     = 2 // no turn, an ordinary question -> likewise
	knowledgeDifferent = 2 // a drawn lesson as turn, the same question about another -> likewise
	varied             = 0.6
	changedWeight      = 2 // of a token in a word that the correction changed; for manner only marks weigh (contentWeight)
	contrastsEach      = 4 // of a lesson
	replayContrasts    = 12
)

// fitKnowledge trains the reader on missed lessons; for a model that has none, a fresh adapter.
func (c *cycleRun) fitKnowledge(ctx context.Context, missed []JobLesson, e effort) (*model.Adapter, error) {
	src, err := newKnowledgeSource(ctx, c.r, c.job, c.base, missed)
	if err != nil {
		return nil, err
	}
	recipe := c.job.Recipe
	t, err := c.r.NewTraining(model.TrainingOptions{Rank: recipe.Rank, Alpha: float32(2 * recipe.Rank), Seed: recipe.Seed, From: c.reader})
	if err != nil {
		return nil, err
	}
	defer t.Close()
	src.effort = e
	plan := schedule{steps: knowledgeSteps, rate: rateFor(c.r.Info().Parameters, e.rate*recipe.KnowledgeRate)}
	if err := plan.run(ctx, t, StepKnowledge, src.next, c.observe); err != nil {
		return nil, err
	}
	return t.Adapter()
}

// knowledgeSource deals the batches of a knowledge training.
type knowledgeSource struct {
	effort    effort
	r         *model.Runner
	system    string
	rng       *rand.Rand
	missed    []JobLesson
	lessons   deck[int]      // positions in missed
	contrasts deck[contrast] // of the missed lessons
	chats     deck[Anchored] // ordinary questions
	different deck[contrast] // of drawn lessons
	templates deck[templates.Template]
}

// contrast is a lesson beside a question that it must not answer; lesson "" is none.
type contrast struct {
	lesson, answer string
	other          Anchored
}

func newKnowledgeSource(ctx context.Context, r *model.Runner, j *Job, b *BaseFacts, missed []JobLesson) (*knowledgeSource, error) {
	stream := func(n uint64) *rand.Rand { return rand.New(rand.NewPCG(j.Recipe.Seed, n)) }
	k := &knowledgeSource{r: r, system: j.Recipe.System, rng: stream(20), missed: missed}
	k.lessons.rng, k.contrasts.rng, k.chats.rng, k.different.rng, k.templates.rng = stream(21), stream(22), stream(23), stream(24), stream(25)
	all, err := templates.All()
	if err != nil {
		return nil, err
	}
	k.templates.items, k.chats.items = all, b.Anchors
	for i, l := range missed { // an important lesson comes up more often
		for range max(1, l.Importance-2) {
			k.lessons.items = append(k.lessons.items, i)
		}
	}
	var questions []string
	ask := func(lesson, answer, question string) contrast {
		questions = append(questions, question)
		return contrast{lesson: lesson, answer: answer, other: Anchored{Question: question}}
	}
	for _, l := range missed {
		for _, q := range contrasts(l.Question, j.Recipe.Seed, contrastsEach) {
			k.contrasts.items = append(k.contrasts.items, ask(l.Question, l.turn(), q))
		}
	}
	rng := stream(26)
	for range replayContrasts {
		t := pick(rng, all)
		d := t.Draw(rng, "")
		question := t.Draw(rng, d.About).Question
		if d.About == "" { // there is no other to ask the same about
			question = pick(rng, d.Neighbours)
		}
		k.different.items = append(k.different.items, ask(d.Question, d.Answer, question))
	}
	held, err := baseAnchors(ctx, r, questions)
	if err != nil {
		return nil, fmt.Errorf("ask the base the contrast questions: %w", err)
	}
	for i := range k.contrasts.items {
		k.contrasts.items[i].other = held[i]
	}
	for i := range k.different.items {
		k.different.items[i].other = held[len(k.contrasts.items)+i]
	}
	return k, nil
}

// contrasts returns up to n different contrast questions to a lesson's.
func contrasts(question string, seed uint64, n int) []string {
	rng := textRand(seed, "contrasts:"+question)
	var out []string
	for range 3 * n {
		if len(out) == n {
			break
		}
		if c, ok := contrastOf(question, rng); ok && !slices.Contains(out, c) && words.Normal(c) != words.Normal(question) {
			out = append(out, c)
		}
	}
	return out
}

func (k *knowledgeSource) next() (*batch, error) {
	b := &batch{lambda: float64(k.effort.anchor)}
	for range knowledgeOwn {
		l := k.missed[k.lessons.deal()]
		if err := k.imitate(b, l, k.variant(l), &l); err != nil {
			return nil, err
		}
	}
	for range knowledgeOther {
		l := k.missed[k.lessons.deal()]
		if err := k.imitate(b, l, k.variant(l), k.another(l)); err != nil {
			return nil, err
		}
	}
	for range knowledgeBare {
		l := k.missed[k.lessons.deal()]
		if err := k.imitate(b, l, k.variant(l), nil); err != nil {
			return nil, err
		}
	}
	for range knowledgeReplay {
		t := k.templates.deal()
		d := t.Draw(k.rng, "")
		l := JobLesson{Question: d.Question, Answer: d.Answer}
		if err := k.imitate(b, l, Variant{Question: pick(k.rng, d.Rewordings), History: d.History}, &l); err != nil {
			return nil, err
		}
	}
	var held []contrast
	for range k.effort.anchor * knowledgeSwapped {
		if len(k.contrasts.items) > 0 {
			held = append(held, k.contrasts.deal())
		}
	}
	for range k.effort.anchor * knowledgeChat {
		if len(k.chats.items) > 0 {
			l := k.missed[k.lessons.deal()]
			held = append(held, contrast{lesson: l.Question, answer: l.turn(), other: k.chats.deal()})
		}
	}
	for range k.effort.anchor * knowledgePlain {
		if len(k.chats.items) > 0 {
			held = append(held, contrast{other: k.chats.deal()})
		}
	}
	for range k.effort.anchor * knowledgeDifferent {
		held = append(held, k.different.deal())
	}
	for _, c := range held {
		if err := k.hold(b, c); err != nil {
			return nil, err
		}
	}
	return b, nil
}

// another is a missed lesson with another question than l's; l itself where there is none.
func (k *knowledgeSource) another(l JobLesson) *JobLesson {
	isOther := func(o JobLesson) bool { return o.Question != l.Question }
	if !slices.ContainsFunc(k.missed, isOther) {
		return &l
	}
	for {
		if o := &k.missed[k.rng.IntN(len(k.missed))]; isOther(*o) {
			return o
		}
	}
}

// variant is the lesson's question as it stands or as somebody else would put it.
func (k *knowledgeSource) variant(l JobLesson) Variant {
	if k.rng.Float64() < varied {
		return vary(l.Question, k.rng, trainingWays)
	}
	return Variant{Question: l.Question}
}

// imitate adds the lesson's answer to the question v, with another lesson as the
// turn before it (nil: none).
func (k *knowledgeSource) imitate(b *batch, l JobLesson, v Variant, turn *JobLesson) error {
	system := k.system
	if v.System != "" {
		system = v.System
	}
	var rest []chat.Message
	if turn != nil {
		rest = append(rest, chat.Message{Role: "user", Content: turn.Question}, chat.Message{Role: "assistant", Content: turn.turn()})
	}
	seq, err := trainingSequence(k.r, knowledgeRoom, system, v.History, append(rest, chat.Message{Role: "user", Content: v.Question}), k.r.AnswerTokens(l.turn()))
	if err != nil {
		return err
	}
	b.imitate(seq, 1, k.changed(l, seq.Answer))
	return nil
}

// changed weighs the tokens of a lesson's answer: those within a word that the base
// did not have weigh more.
func (k *knowledgeSource) changed(l JobLesson, answer []int32) []float64 {
	known := words.All(l.BaseAnswer + " " + l.Question)
	text, tokens := "", k.r.Tokenizer()
	ends := make([]int, len(answer))
	for i, id := range answer {
		text += string(tokens.Piece(id))
		ends[i] = len(text)
	}
	out := make([]float64, len(answer))
	start := 0
	for i, end := range ends {
		out[i] = 1
		// The word around the token, as far as it reaches on both sides.
		left := strings.LastIndexAny(text[:max(start, min(end, start+1))], " \n") + 1
		right := end
		if n := strings.IndexAny(text[end:], " \n"); n >= 0 {
			right = end + n
		} else {
			right = len(text)
		}
		if left < right {
			for _, w := range words.Content(text[left:right]) {
				if !known[w] {
					out[i] = changedWeight
				}
			}
		}
		start = end
	}
	return out
}

// hold adds a contrast: with the lesson as turn, the answer is to be the base's
// without it. Without a lesson it is to be the base's too.
func (k *knowledgeSource) hold(b *batch, c contrast) error {
	var rest []chat.Message
	if c.lesson != "" {
		rest = append(rest, chat.Message{Role: "user", Content: c.lesson}, chat.Message{Role: "assistant", Content: c.answer})
	}
	rest = append(rest, chat.Message{Role: "user", Content: c.other.Question})
	seq, err := trainingSequence(k.r, knowledgeRoom, k.system, nil, rest, c.other.Answer)
	if err != nil {
		return err
	}
	b.hold(seq, c.other.Top[:len(seq.Answer)])
	return nil
}
