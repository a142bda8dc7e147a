package trainer

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"clara/model"
	"clara/trainer/routing"
)

// RunCycle trains what is due of a job, asks the lessons and checks the candidate.
// It is a pure function, as far as memory allows (see [Job]): it keeps nothing, and writes
// nowhere. base is what MeasureBase found, nil to measure now. progress may be nil; it is
// called from the calling goroutine.
//
// Manner is trained on the whole buffer, fresh from the base (this ends drift and
// makes unlearning exact); knowledge from the reader, on the lessons that are
// still missed with reader and turn. What the version before has of the same
// samples is kept. Where nothing is due, the lessons are only asked.
//
// A candidate that would harm is trained once more, gently. If it would still, and has new
// knowledge, that is left out: the manner is checked with the knowledge in use, or the reader.
//
// A cancelled ctx ends it within half a block of the model.
func RunCycle(ctx context.Context, r *model.Runner, j Job, base *BaseFacts, progress func(Progress)) (Outcome, error) {
	return runCycle(ctx, r, j, base, nil, progress)
}

// runCycle is RunCycle with what was answered before, which it adds to.
func runCycle(ctx context.Context, r *model.Runner, j Job, base *BaseFacts, m *memory, progress func(Progress)) (Outcome, error) {
	c := &cycleRun{
		r: r, job: &j, base: base, memory: m, progress: progress, state: Progress{Started: time.Now()}, lapped: time.Now(),
		trained: make(map[string]trainedAdapter), losses: make(map[string][]LossPoint),
	}
	if err := c.run(ctx); err != nil {
		return Outcome{}, fmt.Errorf("cycle: %w", err)
	}
	return c.out, nil
}

// cycleRun is one cycle under way.
type cycleRun struct {
	r        *model.Runner
	job      *Job
	base     *BaseFacts
	memory   *memory
	progress func(Progress)
	state    Progress
	out      Outcome
	given    *Adapters // are put to the gate instead of trained ones; nil: trains

	order, tooLong    []int // of the lessons that are asked, by position; of those that cannot be
	reader            *model.Adapter
	manner, knowledge *model.Adapter // of the version before
	style             Style
	trait             *Trait
	source            *mannerSource             // what all tries train manner on; nil: none has yet
	held              []JobSample               // ratings kept apart from training
	trained           map[string]trainedAdapter // in all tries, for the memory
	losses            map[string][]LossPoint    // of those that this cycle trained
	aside             *Reason                   // why knowledge trained by this cycle is left out; nil: it is not
	lapped            time.Time                 // when the last lap ended
}

func (c *cycleRun) enter(step Step, of int) {
	c.state.Step, c.state.Done, c.state.Of = step, 0, of
	c.report()
}

func (c *cycleRun) report() {
	if c.progress != nil {
		p := c.state
		p.Losses = slices.Clone(p.Losses)
		c.progress(p)
	}
}

func (c *cycleRun) observe(p LossPoint, plan model.Plan) {
	c.out.Report.Memory.note(plan)
	c.state.Done = p.N
	c.state.Losses = append(c.state.Losses, p)
	c.report()
}

func (c *cycleRun) run(ctx context.Context) error {
	if err := c.job.validate(); err != nil {
		return err
	}
	if got := c.r.Info().Hash; got != c.job.Base {
		return fmt.Errorf("the job is for the model %s (%s), loaded is %s: %w", c.job.Model, c.job.Base[:12], got[:12], ErrOtherModel)
	}
	if err := c.prepare(ctx); err != nil {
		return err
	}
	c.lap(&c.out.Report.Seconds.Base)
	prepared, lessons := c.out, slices.Clone(c.job.Lessons)
	if err := c.attempt(ctx, prepared, lessons); err != nil {
		return err
	}
	if refused := c.out; c.given == nil && refused.Report.Verdict == VerdictRefused && refused.Knowledge != nil {
		// Knowledge that would harm keeps no manner from being used, and nothing from being unlearnt.
		c.aside = &refused.Report.Reason
		c.again(prepared, lessons)
		if err := c.attempt(ctx, prepared, lessons); err != nil {
			return err
		}
		if c.out.Report.Verdict == VerdictRefused || !c.out.Changed(c.job.Before) {
			refused.Report.Seconds = c.out.Report.Seconds
			c.out = refused
		}
	}
	switch {
	case c.out.Report.isInVain(), len(c.trained) > 0 && c.out.Changed(c.job.Before):
		c.memory.keepAdapters(c.trained)
	case len(c.trained) > 0:
		c.memory.keepAdapters(nil)
	}
	c.out.Report.Engine = c.r.Info().Engine.Name // that it ended on
	c.out.Report.Seconds.Total = time.Since(c.state.Started).Seconds()
	return nil
}

// attempt tries what is due, and once more gently where that would harm. It begins with what
// was prepared.
func (c *cycleRun) attempt(ctx context.Context, prepared Outcome, lessons []JobLesson) error {
	if err := c.try(ctx, fullEffort); err != nil {
		return err
	}
	first := c.out
	if c.given != nil || !first.gentler() {
		return nil
	}
	c.again(prepared, lessons)
	c.state.Try = 1
	if err := c.try(ctx, gentleEffort); err != nil {
		return err
	}
	rep := &c.out.Report
	rep.Tries = []Try{first.Report.try(fullEffort), rep.try(gentleEffort)}
	switch {
	case rep.Verdict == VerdictRefused:
		rep.Reason = refusedTwice(first.Report.Reason, rep.Reason)
	case rep.Reason.Code == CodeOnlyAsked:
		rep.Reason = reason(CodeStillGentle, "nothing changed: trained in full it would harm still, and trained half as fast and held twice as firmly it is the version in use")
	}
	return nil
}

// again goes back to what was prepared, for another try; the time that went by stays, and
// what memory the steps took.
func (c *cycleRun) again(prepared Outcome, lessons []JobLesson) {
	prepared.Report.Seconds, prepared.Report.Memory = c.out.Report.Seconds, c.out.Report.Memory
	c.out, c.job.Lessons = prepared, slices.Clone(lessons)
	c.state.Losses, c.state.Try = nil, 0
}

// try trains what is due and checks what came of it. Adapters that take the model beyond
// the numbers are refused for that, whatever they were asked.
func (c *cycleRun) try(ctx context.Context, e effort) error {
	err := c.trainAndCheck(ctx, e)
	if errors.Is(err, model.ErrNoNumbers) && c.out.Changed(c.job.Before) {
		rep := &c.out.Report
		rep.Figures = Figures{NotNumber: true, P: 1}
		rep.Losses = c.state.Losses
		rep.Verdict, rep.Reason = rep.Figures.decide()
		c.lap(&rep.Seconds.Gate)
		return nil
	}
	return err
}

func (c *cycleRun) trainAndCheck(ctx context.Context, e effort) error {
	rep := &c.out.Report
	candidate := candidate{job: c.job, base: c.base, trained: map[int]bool{}, style: c.style, trait: c.trait, held: c.held}
	candidate.before = c.voice(c.manner, c.reading(c.knowledge))
	mannerNow, err := c.trainManner(ctx, &candidate, e)
	if err != nil {
		return err
	}
	c.lap(&rep.Seconds.Manner)
	if err := c.restyle(ctx, mannerNow); err != nil {
		return err
	}

	// The lessons, first with the reader: those still missed are what knowledge is for.
	order := c.order
	c.enter(StepAsk, len(order))
	before, err := candidate.before.ask(ctx, order)
	if err != nil {
		return err
	}
	withReader := c.voice(mannerNow, c.reader)
	answers, err := withReader.ask(ctx, order)
	if err != nil {
		return err
	}
	c.lap(&rep.Seconds.Asking)
	candidate.now = withReader
	reading, err := c.trainKnowledge(ctx, &candidate, e, order, answers)
	if err != nil {
		return err
	}
	if reading != nil {
		withKnowledge := c.voice(mannerNow, reading)
		now, err := withKnowledge.ask(ctx, order)
		if err != nil {
			return err
		}
		gained := c.gained(order, answers, now)
		if c.given != nil || gained > 0 || (gained == 0 && c.out.Report.KnowledgeKey == importedKey) {
			candidate.now, candidate.taught, answers = withKnowledge, reading, now
		} else {
			c.dropKnowledge(&candidate, c.known(order, now))
		}
	}
	c.lap(&rep.Seconds.Knowledge)

	widely := widelyNext(order, c.job.Lessons, askedWidely)
	c.enter(StepGate, 1+gateSteps)
	variants, contrasts, err := candidate.now.askWidely(ctx, widely, c.job.Recipe.Seed)
	if err != nil {
		return err
	}
	c.noteAsked(&candidate, before, answers, variants, contrasts)
	rep.Lessons, rep.Losses = candidate.asked, c.state.Losses
	if !c.out.Changed(c.job.Before) { // there is nothing that could harm
		rep.Reason = c.unchanged(order, answers)
		c.lap(&rep.Seconds.Gate)
		return nil
	}
	found, err := candidate.check(ctx, func(done, of int) {
		c.state.Done, c.state.Of = done+1, of+1
		c.report()
	})
	if err != nil {
		return err
	}
	rep.Figures, rep.Open, rep.Held, rep.Verdict, rep.Reason = found.figures, found.open, found.held, found.verdict, found.reason
	rep.Figures.Vain = rep.Vain
	c.lap(&rep.Seconds.Gate)
	return nil
}

// noteAsked keeps how the lessons were answered, those first that were asked.
func (c *cycleRun) noteAsked(cand *candidate, before, answers map[int]string, variants, contrasts map[int][]Answered) {
	trained := make(map[int]bool, len(cand.trained)) // by position among the asked
	for _, p := range c.order {
		l := c.job.Lessons[p]
		check := l.check()
		a := Asked{Lesson: l.ID, Sample: l.Sample, Answer: answers[p], Known: check.Passes(answers[p]), Before: check.Passes(before[p]), Asked: variants[p], Swapped: contrasts[p]}
		a.Outcome = outcome(l.State, a.Known)
		if cand.trained[p] {
			trained[len(cand.asked)] = true
		}
		cand.asked = append(cand.asked, a)
	}
	for _, p := range c.tooLong {
		l := c.job.Lessons[p]
		cand.asked = append(cand.asked, Asked{Lesson: l.ID, Sample: l.Sample, Outcome: outcome(l.State, false)})
	}
	cand.trained = trained
}

// lap adds the seconds since the last lap to those of a part.
func (c *cycleRun) lap(part *float64) {
	now := time.Now()
	*part += now.Sub(c.lapped).Seconds()
	c.lapped = now
}

// prepare measures what is not known yet, and loads the adapters in use.
func (c *cycleRun) prepare(ctx context.Context) (err error) {
	c.job.RateDivisor = rateDivisor(c.r.Info().Parameters)
	if c.job.RateDivisor > 1 {
		c.out.Report.RateDivisor = c.job.RateDivisor
	}
	c.enter(StepBase, 1)
	if c.base == nil {
		if c.base, err = MeasureBase(ctx, c.r); err != nil {
			return err
		}
	}
	if c.base, err = c.base.under(ctx, c.r, c.memory, c.job.Recipe.System); err != nil {
		return err
	}
	if c.base, err = c.base.holding(ctx, c.r, c.job.Own); err != nil {
		return err
	}
	c.job.Lessons = slices.Clone(c.job.Lessons)
	c.order, c.tooLong = askable(c.r, c.job.Lessons)
	c.order = takeTurns(c.order, c.job.Lessons, askedMost)
	missing, err := baseAnswers(ctx, c.r, c.job.Lessons, slices.Sorted(slices.Values(c.order)))
	if err != nil {
		return err
	}
	for _, p := range missing {
		l := c.job.Lessons[p]
		c.out.Report.Bases = append(c.out.Report.Bases, BaseSaid{Lesson: l.ID, Text: l.BaseAnswer})
	}
	if c.reader, err = c.job.reader(c.r); err != nil {
		return err
	}
	c.out.Report.Reader = c.reader != nil
	for _, a := range []struct {
		path, hash string
		to         **model.Adapter
	}{{c.job.Before.Manner, c.job.Before.MannerHash, &c.manner}, {c.job.Before.Knowledge, c.job.Before.KnowledgeHash, &c.knowledge}} {
		if a.path == "" {
			continue
		}
		if *a.to, err = loadAdapter(c.r, a.path, a.hash); err != nil {
			return fmt.Errorf("load the version before: %w: %w", ErrJob, err)
		}
	}
	c.job.Samples, c.held = holdOut(c.job.Samples)
	for _, s := range c.held {
		c.out.Report.HeldOut = append(c.out.Report.HeldOut, s.ID)
	}
	var better, given []string
	for _, s := range c.job.Samples {
		if s.Form == FormCorrection {
			better = append(better, s.Better)
			if s.Answer != "" {
				given = append(given, s.Answer)
			}
		}
	}
	c.style = styleOf(better, given)
	c.out.Report.Style = c.style
	if t, ok := traitOf(ratedAnswers(c.job.Samples)); ok {
		c.trait = &t
	}
	return nil
}

// reading is the adapter for lessons: knowledge if there is one, else the reader.
func (c *cycleRun) reading(knowledge *model.Adapter) *model.Adapter {
	if knowledge != nil {
		return knowledge
	}
	return c.reader
}

func (c *cycleRun) voice(manner, reading *model.Adapter) *voice {
	questions := make([]string, len(c.job.Lessons))
	for i, l := range c.job.Lessons {
		questions[i] = l.Question
	}
	return &voice{
		runner: c.r, memory: c.memory, router: routing.New(questions), lessons: slices.Clone(c.job.Lessons),
		manner: manner, reading: reading, system: c.job.Recipe.System,
	}
}

// trainManner returns the manner adapter of the candidate: a new one, or the one
// before where the samples are still the same, or none.
func (c *cycleRun) trainManner(ctx context.Context, cand *candidate, e effort) (*model.Adapter, error) {
	if c.given != nil {
		c.out.Manner, cand.manner = c.given.Manner, c.given.Manner
		return c.given.Manner, nil
	}
	key := c.job.mannerKey()
	switch {
	case key == "" && c.manner != nil && c.job.Before.MannerKey == importedKey:
		c.out.KeepManner, c.out.Report.MannerKey = true, importedKey
		return c.manner, nil
	case key == "":
		return nil, nil
	}
	c.out.Report.MannerKey = c.keyed(key, e)
	if c.manner != nil && c.isKept(c.job.Before.MannerKey, key) {
		c.out.KeepManner, c.out.Report.MannerKey = true, c.job.Before.MannerKey
		return c.manner, nil
	}
	corrections := 0
	for _, s := range c.job.Samples {
		corrections += boolToInt(s.Form == FormCorrection)
	}
	f, err := c.train(StepManner, key, e, func() (trainedAdapter, error) {
		c.enter(StepManner, mannerSteps(corrections, len(c.job.Samples)-corrections, c.job.Recipe.Epochs))
		return c.fitManner(ctx, e)
	})
	if err != nil {
		return nil, err
	}
	a := f.adapter
	cand.pairs = f.pairs
	if isSame(a, c.manner) {
		c.out.KeepManner = true
		return c.manner, nil
	}
	c.out.Manner, cand.manner = a, a
	return a, nil
}

// trainedAdapter is an adapter as a training made it.
type trainedAdapter struct {
	adapter *model.Adapter
	pairs   *int // Figures.TraitPairs
}

// train trains an adapter that key says what it is made of, unless an earlier try or the
// cycle before did.
func (c *cycleRun) train(step Step, key string, e effort, train func() (trainedAdapter, error)) (trainedAdapter, error) {
	name := nameOf(step, key, e)
	f := c.trained[name] // by an earlier try
	if f.adapter == nil {
		f = c.memory.trained(name)
	}
	if f.adapter == nil {
		var err error
		before := len(c.state.Losses)
		if f, err = train(); err != nil {
			return trainedAdapter{}, fmt.Errorf("train %s: %w", step, err)
		}
		c.losses[name] = slices.Clone(c.state.Losses[before:])
	} else {
		c.state.Losses = append(c.state.Losses, c.losses[name]...)
	}
	if _, here := c.losses[name]; here {
		c.out.Report.Trained = append(c.out.Report.Trained, step)
	}
	c.trained[name] = f
	return f, nil
}

// nameOf names what is trained for a step, of what key says, with the given effort.
func nameOf(step Step, key string, e effort) string { return fmt.Sprintf("%s %s %v", step, key, e) }

// isSame says whether a training ended with what the version before has.
func isSame(a, before *model.Adapter) bool { return before != nil && a.Hash() == before.Hash() }

// keyed is the key of an adapter that is trained with the given effort.
func (c *cycleRun) keyed(key string, e effort) string {
	if e == gentleEffort {
		return c.job.gentleKey(key)
	}
	return key
}

// isKept says whether an adapter of the version before is what a training would end
// with: it was made of the same, or, after a refusal of the same, gently.
func (c *cycleRun) isKept(before, key string) bool {
	return before == key || before == c.job.gentleKey(key)
}

// trainKnowledge trains on the lessons that are missed, and returns the reading
// adapter to use; nil: the reader serves.
func (c *cycleRun) trainKnowledge(ctx context.Context, cand *candidate, e effort, order []int, answers map[int]string) (*model.Adapter, error) {
	if c.given != nil {
		return c.giveKnowledge(cand, order), nil
	}
	var missed []JobLesson
	var positions []int
	for _, p := range slices.Sorted(slices.Values(order)) { // the oldest first: the order of asking depends on states
		if l := c.job.Lessons[p]; !l.check().Passes(answers[p]) {
			missed = append(missed, l)
			positions = append(positions, p)
		}
	}
	key := c.job.knowledgeKey(missed)
	switch {
	case key == "" && c.knowledge != nil && c.job.Before.KnowledgeKey == importedKey:
		c.out.KeepKnowledge, c.out.Report.KnowledgeKey = true, importedKey
		return c.knowledge, nil
	case key == "":
		return nil, nil
	}
	tried := c.job.triedKey(missed)
	cand.tried = tried
	if c.aside != nil || tried == c.job.Before.KnowledgeTried {
		c.out.Report.KnowledgeTried = tried
		again := make(map[int]bool, len(positions))
		for _, p := range positions {
			again[p] = true
		}
		c.noteInVain(again, Vain{Earlier: c.aside == nil, Refused: c.aside})
		return c.standing(), nil
	}
	c.out.Report.KnowledgeKey = c.keyed(key, e)
	for i, p := range positions {
		cand.trained[p] = true
		c.out.Report.KnowledgeOn = append(c.out.Report.KnowledgeOn, missed[i].Sample)
	}
	if c.knowledge != nil && c.isKept(c.job.Before.KnowledgeKey, key) {
		c.out.KeepKnowledge, c.out.Report.KnowledgeKey = true, c.job.Before.KnowledgeKey
		return c.knowledge, nil
	}
	f, err := c.train(StepKnowledge, key, e, func() (trainedAdapter, error) {
		c.enter(StepKnowledge, knowledgeSteps)
		a, err := c.fitKnowledge(ctx, missed, e)
		return trainedAdapter{adapter: a}, err
	})
	if err != nil {
		return nil, err
	}
	a := f.adapter
	if isSame(a, c.knowledge) {
		c.out.KeepKnowledge = true
		return c.knowledge, nil
	}
	c.out.Knowledge, cand.knowledge = a, a
	return a, nil
}
