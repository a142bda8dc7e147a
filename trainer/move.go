package trainer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"clara/model"
	"clara/store"
)

// Score is how one model does with what it was taught, asked as a user would ask.
type Score struct {
	Model      string `json:"model"`
	Version    int    `json:"version"` // its number; 0: the untrained base
	Known      int    `json:"known"`   // lessons as written
	Lessons    int    `json:"lessons"`
	Variants   int    `json:"variants"` // lessons in automatic variants
	VariantsOf int    `json:"variants_of"`
	Swapped    int    `json:"swapped"` // name-swapped questions that show the lesson all the same
	SwappedOf  int    `json:"swapped_of"`
	Kept       int    `json:"kept"` // unrelated questions that this model's base gets right
	KeptOf     int    `json:"kept_of"`
	Manner     int    `json:"manner"`    // open questions answered with the marks of the manner
	MannerOf   int    `json:"manner_of"` // 0: the manner has no marks to look for
}

// MovedLesson is whether a lesson is known before and after a move.
type MovedLesson struct {
	Lesson   int64  `json:"lesson"`
	Question string `json:"question"`
	Before   bool   `json:"before"`
	After    bool   `json:"after"`
}

// ScoreCard is what a move to another model brought.
type ScoreCard struct {
	Old     Score         `json:"old"`     // the attached model with its version
	Base    Score         `json:"base"`    // the other model, untrained and without lessons
	Instant Score         `json:"instant"` // with the lessons put before it, nothing trained
	After   Score         `json:"after"`   // after one cycle
	Lessons []MovedLesson `json:"lessons"` // those that were asked
	Of      int           `json:"of"`      // lessons that there are: more than askedMost are drawn from by the seed
	Widely  int           `json:"widely"`  // of those asked, in variants and contrasts too
	Cycle   int64         `json:"cycle"`
	State   CycleState    `json:"state"`
	Verdict string        `json:"verdict"`
	Reason  Reason        `json:"reason"` // of the gate
	Reader  bool          `json:"reader"` // the other model has a reader adapter
}

// Move trains all that the user has taught on another base model, from the same
// feedback, and says how both do. With prepare, a model that has no reader gets one first,
// which takes minutes; if the gate refuses it, lessons work by their turn alone there, too.
// The attached model goes on answering; what was made for the other one is used once that
// one is attached. progress may be nil. A cancelled ctx, or another model that is attached
// meanwhile (CodeMoveEnded), leaves the other model as it was, but for the training of a
// reader, which the next call goes on with. The loop must not run (ErrRunning): StopToMove
// ends it.
func (t *Trainer) Move(ctx context.Context, to *model.Runner, prepare bool, progress func(Progress)) (ScoreCard, error) {
	var card ScoreCard
	t.lifecycle.Lock()
	defer t.lifecycle.Unlock()
	if t.stop != nil {
		return card, ErrRunning
	}
	if progress == nil {
		progress = func(Progress) {}
	}
	err := t.move(ctx, to, prepare, progress, &card)
	if errors.Is(err, errTakenAway) { // the person ended nothing: they are told what did
		err = &UserError{Reason: reason(CodeMoveEnded, "another model was loaded before what was taught had moved"), Err: err}
	}
	if err != nil {
		return card, fmt.Errorf("move to %s: %w", to.Info().Name, err)
	}
	return card, nil
}

func (t *Trainer) move(ctx context.Context, to *model.Runner, prepare bool, progress func(Progress), card *ScoreCard) (err error) {
	old, s, err := t.engaged()
	if err != nil {
		return err
	}
	defer old.users.Done()
	ctx, done := old.until(ctx) // whoever takes the model away would wait for all of the move
	defer done()
	defer func() { err = cause(ctx, err) }()
	if old.info.Hash == to.Info().Hash {
		return &UserError{Reason: reason(CodeSameModel, old.info.Name+" is the model in use: choose another one to move to", "name", old.info.Name)}
	}
	next, err := t.attachedTo(to)
	if err != nil {
		return err
	}
	defer next.cancel()
	if prepare && next.reader.Load().state == ReaderNone {
		if _, err := t.giveReader(ctx, next, PrepareOptions{Seed: t.settings.Load().Seed}, progress); err != nil {
			return err
		}
	}
	reader := next.reader.Load().adapter
	card.Reader = reader != nil

	drawn := drawLessons(s.voice.lessons, t.settings.Load().Seed, askedMost)
	card.Of, card.Widely = len(s.voice.lessons), min(len(drawn), askedWidely)
	var before, now map[int64]bool // the lessons that are known
	if card.Old, before, err = t.score(ctx, old, s.voice, drawn, progress); err != nil {
		return err
	}
	card.Old.Version = s.version.Number
	plain := voice{runner: to, system: s.system}
	if plain.lessons, _, err = t.routed(ctx, next.info.Hash, Version{}); err != nil {
		return err
	}
	if card.Base, _, err = t.score(ctx, next, plain, drawn, progress); err != nil {
		return err
	}
	instant := plain
	instant.reading = reader
	if instant.lessons, instant.router, err = t.routed(ctx, next.info.Hash, Version{}); err != nil {
		return err
	}
	if card.Instant, _, err = t.score(ctx, next, instant, drawn, progress); err != nil {
		return err
	}
	if err := t.trainOn(ctx, next, progress, card); err != nil {
		return err
	}
	version, err := t.store.ActiveVersion(ctx, next.info.Hash)
	if err != nil {
		return fmt.Errorf("read the version in use: %w", err)
	}
	after := instant
	if after.manner, after.reading, err = next.load(t.home, version); err != nil { // as it will be told once that model is attached
		t.log.Warn("the base is scored instead of the version in use", "error", err)
		version = Version{}
	}
	if after.reading == nil {
		after.reading = reader
	}
	if after.lessons, after.router, err = t.routed(ctx, next.info.Hash, version); err != nil {
		return err
	}
	if card.After, now, err = t.score(ctx, next, after, drawn, progress); err != nil {
		return err
	}
	card.After.Version = version.Number
	for _, l := range after.lessons {
		if slices.Contains(drawn, l.ID) {
			card.Lessons = append(card.Lessons, MovedLesson{Lesson: l.ID, Question: l.Question, Before: before[l.ID], After: now[l.ID]})
		}
	}
	return nil
}

// trainOn runs one cycle on a model that is not attached, and ends it as the loop would.
func (t *Trainer) trainOn(ctx context.Context, a *attached, progress func(Progress), card *ScoreCard) error {
	l := &loop{Trainer: t}
	p, _, _, err := t.gathered(ctx, a.info.Hash, t.settings.Load())
	if err != nil {
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
	facts, err := t.facts(ctx, a)
	if err != nil {
		return err
	}
	c, err := t.store.StartCycle(ctx, Cycle{BaseHash: j.Base, Job: encoded})
	if err != nil {
		return saving(err)
	}
	card.Cycle = c.ID
	o, err := t.cycle(ctx, a.runner, absolute(j, t.home), facts, a.memory, progress)
	until := context.WithoutCancel(ctx)
	if ctx.Err() != nil {
		_, _, end := t.store.FinishCycle(until, store.CycleEnd{Cycle: c.ID, State: CycleStopped, Reason: reason(CodeStopped, "the move was cancelled")})
		return errors.Join(ctx.Err(), end)
	}
	e := CycleEnd{Cycle: c.ID}
	err = l.conclude(until, work{cycle: c.ID, job: j, used: used}, workResult{o, err}, &e)
	card.State, card.Verdict, card.Reason = e.State, o.Report.Verdict, o.Report.Reason
	return err
}

// drawLessons draws so many lessons by the seed: the same ones whatever a model makes of
// them, so that the scores of two are of the same questions.
func drawLessons(lessons []JobLesson, seed uint64, most int) []int64 {
	ids := make([]int64, len(lessons))
	for i, l := range lessons {
		ids[i] = l.ID
	}
	slices.Sort(ids)
	rng := rand.New(rand.NewPCG(seed, 41))
	rng.Shuffle(len(ids), func(i, j int) { ids[i], ids[j] = ids[j], ids[i] })
	return ids[:min(len(ids), most)]
}

// score asks a voice the lessons that were drawn, the first of them in variants too,
// unrelated questions and open ones. One that is too long for the model is not known.
// It returns which of them are known, too.
func (t *Trainer) score(ctx context.Context, a *attached, v voice, drawn []int64, progress func(Progress)) (s Score, known map[int64]bool, err error) {
	facts, err := t.keptFacts(ctx, a)
	if err != nil {
		return s, known, err
	}
	if facts == nil {
		progress(Progress{Step: StepBase, Of: 1, Started: time.Now()})
		if facts, err = t.facts(ctx, a); err != nil {
			return s, known, err
		}
	}
	if facts, err = facts.under(ctx, a.runner, a.memory, v.system); err != nil {
		return s, known, err
	}
	progress(Progress{Step: StepAsk, Of: len(drawn), Started: time.Now()})
	set, err := facts.anchors()
	if err != nil {
		return s, known, err
	}
	v.lessons = slices.Clone(v.lessons)
	var order, widely []int
	for i, id := range drawn {
		p := slices.IndexFunc(v.lessons, func(l JobLesson) bool { return l.ID == id })
		if p < 0 || !v.lessons[p].fits(v.runner) {
			continue
		}
		order = append(order, p)
		if i < askedWidely {
			widely = append(widely, p)
		}
	}
	if err := t.fillBaseAnswers(ctx, a.info.Hash, &v, order); err != nil {
		return s, known, err
	}
	answers, err := v.ask(ctx, order)
	if err != nil {
		return s, known, err
	}
	s.Model, s.Lessons = a.info.Name, len(drawn)
	known = make(map[int64]bool, len(order))
	for _, p := range order {
		passes := v.lessons[p].check().Passes(answers[p])
		s.Known += boolToInt(passes)
		known[v.lessons[p].ID] = passes
	}
	variants, swapped, err := v.askWidely(ctx, widely, t.settings.Load().Seed)
	if err != nil {
		return s, known, err
	}
	s.Variants, s.VariantsOf = shown(variants)
	s.Swapped, s.SwappedOf = shown(swapped)

	var questions []string
	for _, u := range facts.Unrelated {
		questions = append(questions, set.Unrelated[u].Question)
	}
	better, err := t.mannerAnswers(ctx)
	if err != nil {
		return s, known, err
	}
	style := styleOf(better, nil)
	if !style.IsZero() {
		questions = append(questions, set.Open...)
	}
	said, err := v.speakAll(ctx, asWritten(questions))
	if err != nil {
		return s, known, err
	}
	reqs := make([]model.Request, len(said))
	for i, s := range said {
		reqs[i] = s.greedy(openTokens)
		if i < len(facts.Unrelated) {
			reqs[i].MaxTokens = checkTokens
		}
	}
	results, err := v.runner.GenerateAll(ctx, reqs, model.Background)
	if err != nil {
		return s, known, fmt.Errorf("ask what was not taught: %w", err)
	}
	s.KeptOf, s.MannerOf = len(facts.Unrelated), len(reqs)-len(facts.Unrelated)
	for i, r := range results {
		if i < s.KeptOf {
			s.Kept += boolToInt(hasKeywords(r.Text, set.Unrelated[facts.Unrelated[i]].Expect))
		} else {
			s.Manner += boolToInt(style.Shows(r.Text))
		}
	}
	return s, known, nil
}

// shown counts the answers that show their lesson.
func shown(asked map[int][]Answered) (shows, all int) {
	for _, list := range asked {
		for _, a := range list {
			all++
			shows += boolToInt(a.Shows)
		}
	}
	return shows, all
}
