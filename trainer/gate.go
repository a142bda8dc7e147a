package trainer

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"

	"clara/model"
)

// The limits of the gate. It decides by looking at answers: mean NLL margins
// are useless (a destroyed adapter had +.83). The limits of knowledge passed 28 of
// 29 good adapters and none of 10 damaged ones. Manner moves every answer, so its
// divergence is not limited.
const (
	leastOwn     = 0.8  // share of the lessons trained on that must be known
	leastKept    = 0.75 // of the unrelated questions, knowledge
	leastKeptAll = 0.8  // likewise, manner
	mostLeaks    = 0.05 // share of unrelated answers that show a lesson
	mostCanary   = 0.05 // nats per token
	mostChatKL   = 0.10 // nats per token, knowledge
	mostRepeats  = 4    // of one 4-gram in an answer
	mostStuck    = 0.125
	leastShare   = 0.2 // length of an answer against the base's and the corrections'
	provenP      = 0.05
	chatAnswers  = 12  // of the anchor questions, for the divergence
	deepTop      = 128 // the candidate's tokens among which the base's are looked up
)

// candidate is what the gate looks at.
type candidate struct {
	job       *Job
	base      *BaseFacts
	now       *voice // as a user would get it
	before    *voice
	manner    *model.Adapter // newly trained; nil: none
	knowledge *model.Adapter // likewise
	style     Style
	trained   map[int]bool // lessons that knowledge was trained on, by position
	asked     []Asked
}

// check measures the candidate and decides.
func (c *candidate) check(ctx context.Context, progress func(done, of int)) (Figures, []OpenPair, string, Reason, error) {
	f := Figures{CanaryLimit: mostCanary, LeaksLimit: mostLeaks, KeptLimit: leastKept, P: 1}
	if c.now.manner != nil {
		f.KeptLimit = leastKeptAll
	}
	c.countLessons(&f)
	var open []OpenPair
	steps := []func() error{
		func() error { return c.unrelated(ctx, &f) },
		func() error { return c.canary(ctx, &f) },
		func() error { return c.divergence(ctx, &f) },
		func() (err error) { open, err = c.open(ctx, &f); return err },
	}
	for i, step := range steps {
		progress(i, len(steps))
		if err := step(); err != nil {
			return f, open, "", Reason{}, fmt.Errorf("check the candidate: %w", err)
		}
	}
	f.Better, f.Worse = c.compare(open)
	f.P = signTest(f.Better, f.Worse)
	verdict, why := c.decide(f)
	return f, open, verdict, why, nil
}

func (c *candidate) countLessons(f *Figures) {
	for _, a := range c.asked {
		f.KnownOf++
		f.Known += boolToInt(a.Known)
		f.KnownBefore += boolToInt(a.Before)
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

// unrelated asks what the base gets right. Without a manner adapter an unrelated
// question is answered by the base itself, so there the knowledge adapter is put
// to the test with somebody else's lesson before each question.
func (c *candidate) unrelated(ctx context.Context, f *Figures) error {
	set, err := anchors()
	if err != nil {
		return err
	}
	rng := rand.New(rand.NewPCG(c.job.Recipe.Seed, 40))
	var reqs []model.Request
	var forced []int
	ask := func(question string, lesson int) error {
		s, err := c.now.speakWith(nil, question, lesson)
		if lesson < -1 {
			s, err = c.now.speak(nil, question, true)
		}
		if err != nil {
			return fmt.Errorf("ask %q: %w", question, err)
		}
		reqs = append(reqs, s.greedy(checkTokens))
		forced = append(forced, s.lesson)
		return nil
	}
	const routed = -2
	var questions []int
	if c.now.manner != nil {
		for _, u := range c.base.Unrelated {
			if err := ask(set.Unrelated[u].Question, routed); err != nil {
				return err
			}
			questions = append(questions, u)
		}
	}
	if c.knowledge != nil {
		for _, u := range c.base.Unrelated {
			if err := ask(set.Unrelated[u].Question, rng.IntN(len(c.now.lessons))); err != nil {
				return err
			}
			questions = append(questions, u)
		}
	}
	if len(reqs) == 0 { // the base answers, and is what it is measured by
		f.Kept, f.KeptOf = len(c.base.Unrelated), len(c.base.Unrelated)
		f.LeaksOf = f.KeptOf
		return nil
	}
	results, err := c.now.runner.GenerateAll(ctx, reqs, model.Background)
	if err != nil {
		return fmt.Errorf("ask unrelated questions: %w", err)
	}
	checks := make([]Check, len(c.now.lessons))
	for i, l := range c.now.lessons {
		checks[i] = l.check()
	}
	for i, r := range results {
		u := questions[i]
		f.KeptOf++
		f.LeaksOf++
		f.Kept += boolToInt(hasKeywords(r.Text, set.Unrelated[u].Expect))
		if leaks(r.Text, c.baseAnswerTo(u), set.Unrelated[u].Question, checks) {
			f.Leaks++
		}
	}
	return nil
}

func (c *candidate) baseAnswerTo(unrelated int) string {
	for i, u := range c.base.Unrelated {
		if u == unrelated {
			return c.base.Answers[i]
		}
	}
	return ""
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

// canary is how much worse plain texts are predicted, by the worse of the new
// adapters, as they are used: manner alone, or manner and knowledge together.
func (c *candidate) canary(ctx context.Context, f *Figures) error {
	for _, adapters := range c.combinations() {
		nll, err := canaryNLL(ctx, c.now.runner, adapters)
		if err != nil {
			return fmt.Errorf("read the canary texts: %w", err)
		}
		f.Canary = worse(f.Canary, mean(nll)-mean(c.base.Canary))
	}
	return nil
}

// worse is the larger of two figures; NaN is the worst.
func worse(a, b float64) float64 {
	if math.IsNaN(a) || b <= a {
		return a
	}
	return b
}

// combinations are the sets of adapters that answer: manner alone, and with
// knowledge when that is new. The reader is fixed and was checked when it was made.
func (c *candidate) combinations() [][]*model.Adapter {
	var out [][]*model.Adapter
	if c.now.manner != nil {
		out = append(out, []*model.Adapter{c.now.manner})
	}
	if c.knowledge != nil {
		out = append(out, []*model.Adapter{c.knowledge})
	}
	return out
}

// divergence is KL(base || candidate) on the base's answers to ordinary questions,
// over the base's likely tokens as far as they are among the candidate's, and the
// rest as one: a lower bound that is tight where it matters.
func (c *candidate) divergence(ctx context.Context, f *Figures) error {
	if c.manner == nil && c.knowledge != nil {
		f.ChatLimit = mostChatKL
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
	for _, adapters := range c.combinations() {
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
		f.ChatKL = worse(f.ChatKL, sum/float64(n))
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

// open answers the open questions with both versions and looks at their form.
func (c *candidate) open(ctx context.Context, f *Figures) ([]OpenPair, error) {
	if c.now.manner == nil {
		return nil, nil
	}
	set, err := anchors()
	if err != nil {
		return nil, err
	}
	say := func(v *voice) ([]model.Result, error) {
		reqs := make([]model.Request, len(set.Open))
		for i, q := range set.Open {
			s, err := v.speak(nil, q, true)
			if err != nil {
				return nil, fmt.Errorf("ask %q: %w", q, err)
			}
			reqs[i] = s.greedy(openTokens)
		}
		return v.runner.GenerateAll(ctx, reqs, model.Background)
	}
	after, err := say(c.now)
	if err != nil {
		return nil, fmt.Errorf("ask open questions: %w", err)
	}
	before := c.base.Open
	if c.before.manner != nil {
		results, err := say(c.before)
		if err != nil {
			return nil, fmt.Errorf("ask open questions: %w", err)
		}
		before = make([]string, len(results))
		for i, r := range results {
			before[i] = r.Text
		}
	}
	wanted := c.wanted()
	ended, words, baseWords := 0, 0, 0
	pairs := make([]OpenPair, len(after))
	for i, r := range after {
		pairs[i] = OpenPair{Question: set.Open[i], Before: before[i], After: r.Text}
		pairs[i].Better = nearer(c.style, wanted, before[i], r.Text)
		f.Answers++
		f.Loops += boolToInt(loops(r.Text))
		ended += boolToInt(r.Finish == model.FinishEnd)
		words += wordCount(r.Text)
		baseWords += wordCount(c.base.Open[i])
	}
	f.Endless = f.Answers - ended
	f.Words, f.WordsBefore = float64(words)/float64(f.Answers), float64(baseWords)/float64(f.Answers)
	return pairs, nil
}

// wanted are the better answers of the job's corrections of manner.
func (c *candidate) wanted() []string {
	var out []string
	for _, s := range c.job.Samples {
		if s.Form == FormCorrection {
			out = append(out, s.Better)
		}
	}
	return out
}

// loops says whether a 4-gram of words comes more than mostRepeats times.
func loops(text string) bool {
	words := strings.Fields(text)
	counts := make(map[string]int)
	for i := 0; i+4 <= len(words); i++ {
		gram := strings.Join(words[i:i+4], " ")
		if counts[gram]++; counts[gram] > mostRepeats {
			return true
		}
	}
	return false
}

// nearer says which of two answers is nearer to the wanted manner: by the marks of
// the style where it has some, else by length and layout. 1: after, -1: before.
func nearer(style Style, wanted []string, before, after string) int {
	if !style.IsZero() {
		return boolToInt(style.Shows(after)) - boolToInt(style.Shows(before))
	}
	if len(wanted) == 0 {
		return 0
	}
	distance := func(answer string) float64 {
		sum := 0.0
		for _, w := range wanted {
			sum += math.Abs(math.Log(float64(wordCount(answer)+1) / float64(wordCount(w)+1)))
			if layout(answer) != layout(w) {
				sum++
			}
			if opening(answer) != opening(w) {
				sum++
			}
			if closing(answer) != closing(w) {
				sum++
			}
		}
		return sum / float64(len(wanted))
	}
	const margin = 0.2 // less is no difference that a reader would see
	switch d := distance(before) - distance(after); {
	case d > margin:
		return 1
	case d < -margin:
		return -1
	}
	return 0
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
		a, _ := math.Lgamma(float64(n + 1))
		b, _ := math.Lgamma(float64(k + 1))
		d, _ := math.Lgamma(float64(n - k + 1))
		p += math.Exp(a - b - d - float64(n)*math.Ln2)
	}
	return math.Min(p, 1)
}

// decide turns the figures into a verdict. The first harm found is the reason.
func (c *candidate) decide(f Figures) (string, Reason) {
	for _, v := range []float64{f.Canary, f.ChatKL} {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return VerdictRefused, reason(CodeNotNumber, "refused: it computes something that is not a number")
		}
	}
	share := func(n, of int) float64 { return float64(n) / math.Max(1, float64(of)) }
	if f.KeptOf > 0 && share(f.Kept, f.KeptOf) < f.KeptLimit {
		return VerdictRefused, reason(CodeForgets, fmt.Sprintf("refused: forgets too much (%d of %d unrelated questions still right, at least %.0f %% wanted)", f.Kept, f.KeptOf, 100*f.KeptLimit),
			"kept", f.Kept, "of", f.KeptOf, "limit", f.KeptLimit)
	}
	if f.LeaksOf > 0 && share(f.Leaks, f.LeaksOf) > f.LeaksLimit {
		return VerdictRefused, reason(CodeLeaks, fmt.Sprintf("refused: lessons show up where they do not belong (%d of %d answers)", f.Leaks, f.LeaksOf),
			"leaks", f.Leaks, "of", f.LeaksOf, "limit", f.LeaksLimit)
	}
	if f.Canary > f.CanaryLimit {
		return VerdictRefused, reason(CodeGeneral, fmt.Sprintf("refused: it would forget general language (%+.3f nats per token, at most %.2f)", f.Canary, f.CanaryLimit),
			"nats", f.Canary, "limit", f.CanaryLimit)
	}
	if f.ChatLimit > 0 && f.ChatKL > f.ChatLimit {
		return VerdictRefused, reason(CodeDrifts, fmt.Sprintf("refused: drifts too far from the base model (%.3f of at most %.2f nats per token)", f.ChatKL, f.ChatLimit),
			"kl", f.ChatKL, "limit", f.ChatLimit)
	}
	if f.Answers > 0 && share(f.Loops, f.Answers) > mostStuck {
		return VerdictRefused, reason(CodeLoops, fmt.Sprintf("refused: %d of %d answers repeat themselves", f.Loops, f.Answers), "answers", f.Loops, "of", f.Answers)
	}
	if baseEndless := len(c.base.Open) - c.base.Ended; f.Answers > 0 && f.Endless > baseEndless+int(mostStuck*float64(f.Answers)) {
		return VerdictRefused, reason(CodeEndless, fmt.Sprintf("refused: %d of %d answers do not end", f.Endless, f.Answers), "answers", f.Endless, "of", f.Answers)
	}
	if f.Answers > 0 {
		least := f.WordsBefore
		if w := c.wanted(); len(w) > 0 {
			sum := 0
			for _, x := range w {
				sum += wordCount(x)
			}
			least = math.Min(least, float64(sum)/float64(len(w)))
		}
		if f.Words < leastShare*least {
			return VerdictRefused, reason(CodeLength, fmt.Sprintf("refused: its answers have %.1f words on average", f.Words), "words", f.Words, "limit", leastShare*least)
		}
	}
	own, ownOf := 0, 0
	var lost []string
	for i, a := range c.asked {
		if c.trained[i] {
			ownOf++
			own += boolToInt(a.Known)
		}
		if a.Before && !a.Known {
			lost = append(lost, c.questionOf(a.Lesson))
		}
	}
	if ownOf > 0 && share(own, ownOf) < leastOwn && own <= c.knownBeforeOf() {
		return VerdictRefused, reason(CodeOwnMissed, fmt.Sprintf("refused: it still misses what it was trained on (%d of %d lessons)", own, ownOf), "known", own, "of", ownOf, "limit", leastOwn)
	}
	if len(lost) > 0 && len(lost) >= f.Better {
		return VerdictRefused, reason(CodeLosesKnown, "refused: it would lose known lessons: "+strings.Join(lost, "; "), "lessons", strings.Join(lost, "; "), "count", len(lost))
	}
	// What is lost although it is promoted is told all the same.
	losses, but := strings.Join(lost, "; "), ""
	if len(lost) > 0 {
		but = "; it loses known lessons: " + losses
	}
	if f.Better+f.Worse > 0 && f.P < provenP {
		return VerdictProven, reason(CodeProven, fmt.Sprintf("proven better (better in %d, worse in %d, p = %.2g)", f.Better, f.Worse, f.P)+but, "better", f.Better, "losses", f.Worse, "p", f.P, "lost", losses)
	}
	if f.Better+f.Worse > 0 {
		return VerdictNotProven, reason(CodeNotProven, fmt.Sprintf("not proven yet (better in %d, worse in %d, p = %.2g)", f.Better, f.Worse, f.P)+but, "better", f.Better, "losses", f.Worse, "p", f.P, "lost", losses)
	}
	return VerdictNotProven, reason(CodeUnharmed, "not proven yet: nothing harmed, nothing to compare")
}

// knownBeforeOf counts the lessons trained on that the version before knew.
func (c *candidate) knownBeforeOf() int {
	n := 0
	for i, a := range c.asked {
		n += boolToInt(c.trained[i] && a.Before)
	}
	return n
}

func (c *candidate) questionOf(lesson int64) string {
	for _, l := range c.job.Lessons {
		if l.ID == lesson {
			return l.Question
		}
	}
	return ""
}
