package trainer

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"

	"clara/model"
)

// The limits of the gate. It decides by looking at answers, since a destroyed adapter can
// have a good mean NLL margin. The limits of knowledge were chosen in prototypes; what
// this gate lets through and refuses of damaged and good adapters is what `make prove`
// counts. Manner moves every answer, so its divergence is not limited.
const (
	leastOwn    = 0.8  // share of the lessons trained on that must be known
	leastKept   = 0.8  // of the unrelated questions, by manner
	leastBehind = 0.75 // likewise behind somebody else's lesson, by knowledge
	mostLost    = 0.1  // share of the lessons known before, for what is no lesson
	mostLeaks   = 0.05 // share of unrelated answers that show a lesson
	mostCanary  = 0.05 // nats per token
	mostChatKL  = 0.10 // nats per token, knowledge
	mostRepeats = 4    // of one 4-gram in an answer
	mostStuck   = 0.125
	leastShare  = 0.2  // length of an answer against the base's and the corrections'
	leastSpoken = 0.8  // share of the open answers in the language of their question
	leastFit    = 0.05 // share by which the corrections trained on are predicted better than by the untrained model: four good manners .49 to .76, weights in no order -.1 to .01
	fitSeen     = 12   // corrections looked at for it
	provenP     = 0.05
	chatAnswers = 12  // of the anchor questions, for the divergence
	deepTop     = 128 // the candidate's tokens among which the base's are looked up
)

// candidate is what the gate looks at.
type candidate struct {
	job       *Job
	base      *BaseFacts
	now       *voice // as a user would get it
	before    *voice
	manner    *model.Adapter // newly trained; nil: none
	knowledge *model.Adapter // likewise
	taught    *model.Adapter // the knowledge that is to answer, new or kept; nil: the reader does
	tried     string         // names the training on what is missed, if it should teach nothing (triedKey)
	style     Style
	trait     *Trait       // nil: none
	pairs     *int         // Figures.TraitPairs
	held      []JobSample  // ratings that were not trained on
	trained   map[int]bool // lessons that knowledge was trained on, by position
	asked     []Asked
}

// checked is what the gate found.
type checked struct {
	figures Figures
	open    []OpenPair
	held    []HeldRating
	verdict string
	reason  Reason
}

// gateSteps are the parts of check; the lessons are asked in other words before them.
const gateSteps = 6

// check measures the candidate and decides.
func (c *candidate) check(ctx context.Context, progress func(done, of int)) (checked, error) {
	var out checked
	f := &out.figures
	*f = Figures{CanaryLimit: mostCanary, LeaksLimit: mostLeaks, KeptLimit: leastKept, BehindLimit: leastBehind, OwnLimit: leastOwn, LanguageLimit: leastSpoken, P: 1, Trait: c.trait, TraitPairs: c.pairs}
	c.countLessons(f)
	steps := [gateSteps]func() error{
		func() error { return c.fit(ctx, f) },
		func() error { return c.unrelated(ctx, f) },
		func() error { return c.canary(ctx, f) },
		func() error { return c.divergence(ctx, f) },
		func() (err error) { out.open, err = c.open(ctx, f); return err },
		func() (err error) { out.held, err = c.preference(ctx, f); return err },
	}
	for i, step := range steps {
		progress(i, len(steps))
		if err := step(); err != nil {
			return out, fmt.Errorf("check the candidate: %w", err)
		}
	}
	f.Better, f.Worse = c.compare(out.open)
	f.Better, f.Worse = f.Better+f.HeldBetter, f.Worse+f.HeldWorse
	f.P = signTest(f.Better, f.Worse)
	out.verdict, out.reason = f.decide()
	if rate := c.job.Recipe.MannerRate; out.reason.Code == CodeUntaught && rate < leastUsefulRate {
		out.reason = rateTooLow(rate)
	}
	return out, nil
}

// number notes that v is none, and is 0 then: what is stored has to be numbers.
func (f *Figures) number(v float64) float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		f.NotNumber = true
		return 0
	}
	return v
}

func (c *candidate) countLessons(f *Figures) {
	f.Lessons = len(c.job.Lessons)
	for i, a := range c.asked {
		f.KnownOf++
		f.Known += boolToInt(a.Known)
		f.KnownBefore += boolToInt(a.Before)
		if c.trained[i] {
			f.OwnOf++
			f.Own += boolToInt(a.Known)
			f.OwnBefore += boolToInt(a.Before)
		}
		f.Gained += boolToInt(a.Known && !a.Before)
		if a.Before && !a.Known {
			f.Lost = append(f.Lost, c.questionOf(a.Lesson))
		}
		f.Widely += boolToInt(len(a.Asked) > 0)
		for _, v := range a.Asked {
			f.VariantsOf++
			f.Variants += boolToInt(v.Shows)
		}
		for _, v := range a.Swapped {
			f.SwappedOf++
			f.Swapped += boolToInt(v.Shows)
		}
	}
}

// unrelated asks what the base gets right. Manner answers it plain; without one the base
// itself does, and there is nothing to look at. Knowledge never answers it plain, so it is
// put to the test with somebody else's lesson before each question. The two are counted
// apart: what one forgets the other does not make good.
func (c *candidate) unrelated(ctx context.Context, f *Figures) error {
	set, err := c.base.anchors()
	if err != nil {
		return err
	}
	rng := rand.New(rand.NewPCG(c.job.Recipe.Seed, 40))
	texts := make([]string, len(c.base.Unrelated))
	for i, u := range c.base.Unrelated {
		texts[i] = set.Unrelated[u].Question
	}
	var said []spoken
	if c.now.manner != nil {
		if said, err = c.now.speakAll(ctx, asWritten(texts)); err != nil {
			return err
		}
	}
	plain := len(said)
	if usable, _ := askable(c.now.runner, c.now.lessons); c.taught != nil && len(usable) > 0 {
		slices.Sort(usable)
		for _, q := range texts {
			s, err := c.now.speak(nil, q, usable[rng.IntN(len(usable))])
			if err != nil {
				return fmt.Errorf("ask %q: %w", q, err)
			}
			said = append(said, s)
		}
	}
	reqs := make([]model.Request, len(said))
	for i, s := range said {
		reqs[i] = s.greedy(checkTokens)
	}
	results, err := c.now.memory.generate(ctx, c.now.runner, reqs)
	if err != nil {
		return fmt.Errorf("ask unrelated questions: %w", err)
	}
	checks := make([]Check, len(c.now.lessons))
	for i, l := range c.now.lessons {
		checks[i] = l.check()
	}
	f.Kept, f.Leaks, f.KeptOf = c.look(set, results[:plain], checks)
	f.LeaksOf = f.KeptOf
	f.Behind, f.BehindLeaks, f.BehindOf = c.look(set, results[plain:], checks)
	return nil
}

// look counts the answers to the unrelated questions that are right, and those that show a
// lesson.
func (c *candidate) look(set *anchorSet, answers []model.Result, lessons []Check) (kept, leaking, of int) {
	for i, r := range answers {
		u := set.Unrelated[c.base.Unrelated[i]]
		kept += boolToInt(hasKeywords(r.Text, u.Expect))
		leaking += boolToInt(leaks(r.Text, c.base.Answers[i], u.Question, lessons))
	}
	return kept, leaking, len(answers)
}

// leaks says whether an answer shows a lesson that neither the base's answer to
// the same question nor the question itself shows.
func leaks(answer, base, question string, lessons []Check) bool {
	for _, l := range lessons {
		if l.Passes(answer) && !l.Passes(base+" "+question) {
			return true
		}
	}
	return false
}

// canary is how much worse plain texts are predicted, by the worst of the combinations.
func (c *candidate) canary(ctx context.Context, f *Figures) error {
	set, err := c.base.anchors()
	if err != nil {
		return err
	}
	for _, adapters := range c.combinations() {
		nll, err := canaryNLL(ctx, c.now.runner, set.Canary, adapters)
		if err != nil {
			return fmt.Errorf("read the canary texts: %w", err)
		}
		f.Canary = max(f.Canary, f.number(mean(nll)-mean(c.base.Canary)))
	}
	return nil
}

// combinations are the adapters that answer together: without a lesson manner alone, with
// one knowledge on top of it. Two that each pass may harm as a sum. The reader is fixed
// and was checked when it was made.
func (c *candidate) combinations() [][]*model.Adapter {
	var out [][]*model.Adapter
	var manner []*model.Adapter
	if c.now.manner != nil {
		manner = []*model.Adapter{c.now.manner}
		out = append(out, manner)
	}
	if c.taught != nil {
		out = append(out, append(slices.Clip(manner), c.taught))
	}
	return out
}

// divergence is KL(base || candidate) on the base's answers to ordinary questions,
// over the base's likely tokens as far as they are among the candidate's, and the
// rest as one: a lower bound that is tight where it matters. Only knowledge is limited, by
// itself: a manner moves every answer by more than that, and would refuse every knowledge.
func (c *candidate) divergence(ctx context.Context, f *Figures) error {
	combinations := c.combinations()
	if c.knowledge != nil {
		f.ChatLimit = mostChatKL
		combinations = [][]*model.Adapter{{c.knowledge}}
	}
	stride := max(1, len(c.base.Anchors)/chatAnswers)
	var some []Anchored
	var seqs []model.Sequence
	for i := 0; i < len(c.base.Anchors) && len(some) < chatAnswers; i += stride {
		some = append(some, c.base.Anchors[i])
		seqs = append(seqs, c.base.Anchors[i].Sequence)
	}
	if len(seqs) == 0 {
		return nil
	}
	for _, adapters := range combinations {
		tops, err := c.now.runner.TopK(ctx, seqs, adapters, deepTop, model.Background)
		if err != nil {
			return fmt.Errorf("compare chat answers: %w", err)
		}
		sum, n := 0.0, 0
		for i, a := range some {
			for t := range a.Top {
				sum += bucketKL(a.Top[t], tops[i][t])
				n++
			}
		}
		f.ChatKL = max(f.ChatKL, f.number(sum/float64(n)))
	}
	return nil
}

// bucketKL is the divergence of two lists of likely tokens: term by term where both
// have the token, the rest as one bucket.
func bucketKL(base, other model.Distribution) float64 {
	q := make(map[int32]float64, len(other.IDs))
	for i, id := range other.IDs {
		q[id] = float64(other.LogProbs[i])
	}
	const least = 1e-6
	restP, restQ, kl := 1.0, 1.0, 0.0
	for i, id := range base.IDs {
		lq, ok := q[id]
		if !ok {
			continue
		}
		lp := float64(base.LogProbs[i])
		p := math.Exp(lp)
		kl += p * (lp - lq)
		restP -= p
		restQ -= math.Exp(lq)
	}
	restP, restQ = math.Max(restP, least), math.Max(restQ, least)
	return kl + restP*(math.Log(restP)-math.Log(restQ))
}

// compare counts, over lessons and open questions, where the candidate is better
// and where it is worse than the version before.
func (c *candidate) compare(open []OpenPair) (better, worse int) {
	for _, a := range c.asked {
		better += boolToInt(a.Known && !a.Before)
		worse += boolToInt(!a.Known && a.Before)
	}
	for _, p := range open {
		better += boolToInt(p.Better > 0)
		worse += boolToInt(p.Better < 0)
	}
	return better, worse
}

// signTest is the one-sided p of at least better successes in better + worse fair
// coin tosses (Dixon & Mood 1946); 1 with nothing to compare.
func signTest(better, worse int) float64 {
	n := better + worse
	if n == 0 {
		return 1
	}
	p := 0.0
	for k := better; k <= n; k++ {
		p += math.Exp(logChoose(n, k) - float64(n)*math.Ln2)
	}
	return math.Min(p, 1)
}

// decide turns the figures into a verdict. The first harm found is the reason.
func (f *Figures) decide() (string, Reason) {
	lost := strings.Join(f.Lost, "; ")
	switch {
	case f.NotNumber:
		return VerdictRefused, reason(CodeNotNumber, "refused: it computes something that is not a number")
	case f.forgets():
		return VerdictRefused, reason(CodeForgets, fmt.Sprintf("refused: forgets too much (%d of %d unrelated questions still right, at least %.0f %% wanted)", f.Kept, f.KeptOf, 100*f.KeptLimit),
			"kept", f.Kept, "of", f.KeptOf, "limit", f.KeptLimit)
	case f.forgetsBehind():
		return VerdictRefused, reason(CodeForgetsBehind, fmt.Sprintf("refused: forgets too much behind somebody else's lesson (%d of %d unrelated questions still right, at least %.0f %% wanted)", f.Behind, f.BehindOf, 100*f.BehindLimit),
			"kept", f.Behind, "of", f.BehindOf, "limit", f.BehindLimit)
	case f.leaking():
		return VerdictRefused, refusedForLeaks(f.Leaks, f.LeaksOf, f.LeaksLimit)
	case f.leakingBehind():
		return VerdictRefused, reason(CodeLeaksBehind, fmt.Sprintf("refused: lessons show up where they do not belong, behind somebody else's (%d of %d answers)", f.BehindLeaks, f.BehindOf),
			"leaks", f.BehindLeaks, "of", f.BehindOf, "limit", f.LeaksLimit)
	case f.general():
		return VerdictRefused, reason(CodeGeneral, fmt.Sprintf("refused: it would forget general language (%+.3f nats per token, at most %.2f)", f.Canary, f.CanaryLimit),
			"nats", f.Canary, "limit", f.CanaryLimit)
	case f.drifts():
		return VerdictRefused, reason(CodeDrifts, fmt.Sprintf("refused: drifts too far from the base model (%.3f of at most %.2f nats per token)", f.ChatKL, f.ChatLimit),
			"kl", f.ChatKL, "limit", f.ChatLimit)
	case f.loops():
		return VerdictRefused, reason(CodeLoops, fmt.Sprintf("refused: %d of %d answers repeat themselves", f.Loops, f.Answers), "answers", f.Loops, "of", f.Answers)
	case f.endless():
		return VerdictRefused, reason(CodeEndless, fmt.Sprintf("refused: %d of %d answers do not end", f.Endless, f.Answers), "answers", f.Endless, "of", f.Answers)
	case f.tooShort():
		return VerdictRefused, reason(CodeLength, fmt.Sprintf("refused: its answers have %.1f words on average, at least %.1f wanted", f.Words, f.WordsLimit), "words", f.Words, "limit", f.WordsLimit)
	case f.foreign():
		return VerdictRefused, reason(CodeLanguage, fmt.Sprintf("refused: it answers in another language than it is asked in (%d of %d answers in the right one)", f.Language, f.LanguageOf),
			"answers", f.Language, "of", f.LanguageOf, "limit", f.LanguageLimit)
	case f.ownMissed():
		return VerdictRefused, reason(CodeOwnMissed, fmt.Sprintf("refused: it still misses what it was trained on (%d of %d lessons)", f.Own, f.OwnOf), "known", f.Own, "of", f.OwnOf, "limit", f.OwnLimit)
	case f.untaught():
		return VerdictRefused, reason(CodeUntaught, fmt.Sprintf("refused: it has not learnt the corrections (surprised by %.2f nats per token, the untrained model by %.2f)", f.Fit, f.FitBase),
			"nats", f.Fit, "base", f.FitBase, "limit", f.fitMost())
	case f.losesKnown():
		return VerdictRefused, reason(CodeLosesKnown, "refused: it would lose known lessons: "+lost, "lessons", lost, "count", len(f.Lost))
	}
	// What is lost although it is promoted is told all the same.
	but := ""
	if lost != "" {
		but = "; it loses known lessons: " + lost
	}
	counts := fmt.Sprintf("(better in %d, worse in %d, p = %.2g)", f.Better, f.Worse, f.P)
	switch {
	case f.Better+f.Worse == 0:
		return VerdictNotProven, reason(CodeUnharmed, "not proven yet: nothing harmed, nothing to compare")
	case f.P < provenP:
		return VerdictProven, reason(CodeProven, "proven better "+counts+but, "better", f.Better, "losses", f.Worse, "p", f.P, "lost", lost)
	}
	return VerdictNotProven, reason(CodeNotProven, "not proven yet "+counts+but, "better", f.Better, "losses", f.Worse, "p", f.P, "lost", lost)
}

// refusedForLeaks is the reason of a candidate whose lessons show in so many of the answers
// that they must not show in; limit is the most, as a share.
func refusedForLeaks(leaks, of int, limit float64) Reason {
	return reason(CodeLeaks, fmt.Sprintf("refused: lessons show up where they do not belong (%d of %d answers)", leaks, of),
		"leaks", leaks, "of", of, "limit", limit)
}

func (c *candidate) questionOf(lesson int64) string {
	for _, l := range c.job.Lessons {
		if l.ID == lesson {
			return l.Question
		}
	}
	return ""
}
