package trainer

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"clara/model"
	"clara/model/chat"
)

// The recipe of manner. Eight corrections, 16 steps of 4 of them with one plain
// text held to the base, rate 3e-4: on three wishes .93-1.0 of unseen answers
// complied. Ratings: KTO, beta .1, with three chat answers held to the base:
// .52-.60 of the answers from .28-.38, which is modest.
const (
	mannerLeastSteps  = 16
	mannerMostSteps   = 32
	ratingMostSteps   = 24     // ratings are long, and a cycle has 90 s
	mannerFewestSteps = 8      // however long the samples are: less is within the warm-up
	mannerRows        = 28_000 // of all steps: 32 steps on corrections of a sentence or two
	mannerCorrections = 4      // of a step
	mannerTexts       = 1
	mannerStyled      = 6
	mannerRatings     = 2 // of each class
	mannerAnchors     = 3 // with ratings alone
	mannerWished      = 3 // pairs, in place of the ratings whose trait they have
	ratingTexts       = 2 // with ratings: without any, plain texts are forgotten (+.136 nats after 32 ratings)
	mannerStop        = 0.25
	ratingBeta        = 0.1
)

// The recipe where the corrections have a beginning or an end in common. That is then
// what they teach; their content is the user's wording, and imitating it as much makes
// the model say other things than the base does. Fewer corrections in a step, their
// content lightly weighed, and more of the base's own answers in the style, held harder:
// "Dear reader," shows on 30 of 30 unseen prompts, and 32, 31 and 31 of 34 unrelated
// questions stay right (two seeds, and the demo) instead of 30; "Source: ..." 30, and 29
// (one seed; with another 5, and 27: docs/learning.md).
// Where the length is the only mark this recipe is worse (26 of 30, and 30 of 34) than
// the first one with mannerStyled answers (29, and 31).
const (
	markedCorrections = 2 // of a step, in place of mannerCorrections and mannerTexts
	markedStyled      = 8
	markedLambda      = 3
	contentWeight     = 0.1 // of a token that is in no mark, against one that is
)

// trainManner trains a fresh manner adapter on all of the job's samples.
//
// Beside the corrections go the base's own answers to ordinary questions, put into
// the style of the corrections where that can be read off (Style): they teach the
// manner on answers whose content is the base's. begin is told how many steps there
// will be at most.
func trainManner(ctx context.Context, r *model.Runner, j *Job, b *BaseFacts, style Style, trait *Trait, e effort, begin func(steps int), observe observer) (*model.Adapter, error) {
	t, err := r.NewTraining(model.TrainingOptions{Rank: j.Recipe.Rank, Alpha: float32(2 * j.Recipe.Rank), Seed: j.Recipe.Seed})
	if err != nil {
		return nil, fmt.Errorf("train manner: %w", err)
	}
	defer t.Close()
	src, err := newMannerSource(ctx, r, j, b, style, trait)
	if err != nil {
		return nil, fmt.Errorf("train manner: %w", err)
	}
	src.effort = e
	plan := schedule{steps: src.steps(j.Recipe.Epochs), rate: e.rate * j.Recipe.MannerRate, stop: mannerStop}
	if len(src.corrections.items) == 0 {
		plan.stop = 0 // a rating's loss has no absolute meaning
	}
	begin(plan.steps)
	if err := plan.run(ctx, t, StepManner, src.next, observe); err != nil {
		return nil, fmt.Errorf("train manner: %w", err)
	}
	a, err := t.Adapter()
	if err != nil {
		return nil, fmt.Errorf("train manner: %w", err)
	}
	return a, nil
}

// mannerSteps is how many steps a training on so many samples takes.
func mannerSteps(corrections, ratings, epochs int) int {
	most := mannerMostSteps
	n := corrections
	if corrections == 0 {
		most, n = ratingMostSteps, ratings
	}
	return min(max((epochs*n+mannerCorrections-1)/mannerCorrections, mannerLeastSteps), most)
}

// mannerSource deals the batches of a manner training.
type mannerSource struct {
	effort      effort
	objective   string
	corrections deck[weighted]
	styled      deck[Anchored]
	marked      bool // the corrections share a beginning or an end, and styled has answers with it
	good, bad   deck[weighted]
	pairs       deck[[2]weighted]
	texts       deck[Anchored]
	chats       deck[Anchored]
	mismatches  deck[weighted]
	wished      deck[[2]weighted] // samples of the base with the trait of the good ratings, and without
}

type weighted struct {
	model.Sequence
	weight float64
	token  []float64 // weighs the answer's tokens; nil: all alike
	base   []float64 // the base's log-probabilities of the answer's tokens
	prompt string    // normal form
	given  *weighted // by "dpo": the answer that a correction is to be preferred to; nil: none
}

func (m *mannerSource) steps(epochs int) int {
	n := mannerSteps(len(m.corrections.items), len(m.good.items)+len(m.bad.items), epochs)
	return min(n, max(mannerFewestSteps, mannerRows/max(1, m.stepRows())))
}

// stepRows is about how many tokens a step has.
func (m *mannerSource) stepRows() int {
	rows := 0
	add := func(n int, lengths []int) {
		sum := 0
		for _, l := range lengths {
			sum += l
		}
		rows += n * sum / max(1, len(lengths))
	}
	answers := func(ws []weighted) (out []int) {
		for _, w := range ws {
			out = append(out, len(w.Prompt)+len(w.Answer))
		}
		return out
	}
	held := func(as []Anchored) (out []int) {
		for _, a := range as {
			out = append(out, len(a.Prompt)+len(a.Answer))
		}
		return out
	}
	add(mannerRatings, answers(m.good.items))
	add(mannerRatings, answers(m.bad.items))
	add(2*mannerRatings, answers(m.mismatches.items))
	if len(m.corrections.items) == 0 {
		add(m.effort.anchor*mannerAnchors, held(m.chats.items))
		add(m.effort.anchor*ratingTexts, held(m.texts.items))
		return rows // with pairs of samples in place of the ratings, about as many
	}
	var givens []int // 0 for a correction that is preferred to nothing
	for _, w := range m.corrections.items {
		n := 0
		if w.given != nil {
			n = len(w.given.Prompt) + len(w.given.Answer)
		}
		givens = append(givens, n)
	}
	if m.marked {
		add(markedCorrections, answers(m.corrections.items))
		add(markedCorrections, givens)
		add(markedStyled, held(m.styled.items))
		return rows
	}
	add(mannerCorrections, answers(m.corrections.items))
	add(mannerCorrections, givens)
	add(m.effort.anchor*mannerStyled, held(m.styled.items))
	add(m.effort.anchor*mannerTexts, held(m.texts.items))
	return rows
}

func newMannerSource(ctx context.Context, r *model.Runner, j *Job, b *BaseFacts, style Style, trait *Trait) (*mannerSource, error) {
	// Each deck draws from a stream of its own: what one holds does not move the others.
	stream := func(n uint64) *rand.Rand { return rand.New(rand.NewPCG(j.Recipe.Seed, n)) }
	m := &mannerSource{objective: j.Recipe.Objective}
	m.corrections.rng, m.styled.rng, m.good.rng, m.bad.rng = stream(1), stream(2), stream(3), stream(4)
	m.pairs.rng, m.texts.rng, m.chats.rng, m.mismatches.rng = stream(5), stream(6), stream(7), stream(8)
	m.wished.rng = stream(9)
	m.texts.items, m.chats.items = b.Texts, b.Anchors

	var ratings []weighted
	var scores []float64
	for _, s := range j.Samples {
		seq, err := s.sequence(r, j.Recipe.System)
		if err != nil {
			return nil, err
		}
		w := weighted{Sequence: seq, weight: s.Weight, prompt: normal(s.Prompt)}
		if s.Form == FormCorrection {
			w.token = style.weigh(r, s.Better, w.Answer)
			if m.objective == "dpo" && s.Prompt != "" && s.Answer != "" {
				given, err := s.answered(r, j.Recipe.System, s.Answer)
				if err != nil {
					return nil, err
				}
				w.given = &weighted{Sequence: given, weight: s.Weight}
			}
			m.corrections.items = append(m.corrections.items, w)
			continue
		}
		ratings = append(ratings, w)
		scores = append(scores, s.Score)
	}
	if err := baseOfPairs(ctx, r, m.corrections.items); err != nil {
		return nil, err
	}
	if trait != nil && len(m.corrections.items) == 0 {
		var err error
		if m.wished.items, err = trait.sampled(ctx, r, b.Anchors, j.Recipe.Seed); err != nil {
			return nil, err
		}
	}
	if len(m.wished.items) == 0 { // else the ratings themselves are not trained on
		if err := baseLogProbs(ctx, r, ratings); err != nil {
			return nil, err
		}
	}
	for i, w := range ratings {
		if scores[i] > 0 {
			m.good.items = append(m.good.items, w)
		} else {
			m.bad.items = append(m.bad.items, w)
		}
	}
	switch {
	case len(m.wished.items) > 0:
	case m.objective == "dpo":
		for _, g := range m.good.items {
			for _, x := range m.bad.items {
				if g.prompt != "" && g.prompt == x.prompt { // texts by themselves answer nothing that they could be better at
					m.pairs.items = append(m.pairs.items, [2]weighted{g, x})
				}
			}
		}
	case m.objective == "kto":
		m.mismatches.items = mismatched(ratings)
		if err := baseLogProbs(ctx, r, m.mismatches.items); err != nil {
			return nil, err
		}
	}
	if len(m.corrections.items) > 0 && !style.IsZero() {
		m.styled.items = styledAnchors(r, style, b.Anchors)
		m.marked = (style.Prefix != "" || style.Suffix != "") && len(m.styled.items) > 0
	}
	return m, nil
}

// mismatched are the prompts of the ratings, each with the answer to the next other one. A
// prompt that has no other has none: with an answer to itself KTO's reference would be an
// estimate of something else.
func mismatched(ratings []weighted) []weighted {
	var out []weighted
	for i, w := range ratings {
		for k := 1; k < len(ratings); k++ {
			if next := ratings[(i+k)%len(ratings)]; next.prompt != w.prompt {
				out = append(out, weighted{Sequence: model.Sequence{Prompt: w.Prompt, Answer: next.Answer}})
				break
			}
		}
	}
	return out
}

// styledAnchors are the base's own answers put into the style, with what each token is
// to be: where the style has a mark (its prefix, its suffix, the end), that mark for
// certain; elsewhere what the base says at this place of its own, unstyled answer.
// The base after the mark would not do: after "Dear reader," it writes a letter, and
// only 22 of 34 unrelated questions stay right.
func styledAnchors(r *model.Runner, style Style, from []Anchored) []Anchored {
	var out []Anchored
	for _, a := range from {
		plain, ends := a.Text, a.Answer[len(a.Answer)-1] == r.Tokenizer().EOS()
		switch {
		case style.MaxWords > 0:
			plain, ends = firstSentence(plain), true
		case style.Suffix != "" && !ends: // cut at anchorTokens: it cannot show how it ends
			plain, ends = finished(plain), true
		}
		text, ok := style.Apply(a.Question, plain)
		if !ok {
			continue
		}
		s := Anchored{Question: a.Question, Text: text, Sequence: model.Sequence{Prompt: a.Prompt, Answer: r.AnswerTokens(text)}}
		if !ends {
			s.Answer = s.Answer[:len(s.Answer)-1]
		}
		if len(s.Answer) > openTokens {
			continue // what the corrections share is more than a manner, and would crowd the step
		}
		s.Top = make([]model.Distribution, len(s.Answer))
		for t, id := range s.Answer {
			s.Top[t] = model.Distribution{IDs: []int32{id}, LogProbs: []float32{0}}
		}
		style.align(r, &s, a)
		out = append(out, s)
	}
	return out
}

// firstSentence is the first sentence of a text, if that ends in a full stop.
func firstSentence(text string) string {
	if all := sentences(text); len(all) > 0 && strings.HasSuffix(all[0], ".") {
		return all[0]
	}
	return ""
}

// finished is a text that was cut, up to its last full stop; "": there is none.
func finished(text string) string {
	all := sentences(text)
	for len(all) > 0 && !strings.HasSuffix(all[len(all)-1], ".") {
		all = all[:len(all)-1]
	}
	if len(all) == 0 {
		return ""
	}
	last := all[len(all)-1]
	return text[:strings.LastIndex(text, last)+len(last)]
}

// weigh weighs the tokens of a correction: those of the beginning and the end that all
// corrections share count fully, the rest little. nil: they share neither.
func (s Style) weigh(r *model.Runner, text string, answer []int32) []float64 {
	if s.Prefix == "" && s.Suffix == "" {
		return nil
	}
	out := make([]float64, len(answer))
	for t, mark := range s.marks(r, text, answer) {
		out[t] = contentWeight
		if mark {
			out[t] = 1
		}
	}
	return out
}

// align gives the tokens of a styled answer that are no marks the distributions of the
// same tokens in the plain one. The first word may differ by its capital.
func (s Style) align(r *model.Runner, styled *Anchored, plain Anchored) {
	marks := s.marks(r, styled.Text, styled.Answer)
	from := slices.Index(marks, false)
	if from < 0 {
		return
	}
	const most = 4 // tokens of a first word
	for shift := range 2 * most {
		at, of := from+shift/2, (shift+1)/2
		if at+1 >= len(styled.Answer) || of+1 >= len(plain.Answer) {
			return
		}
		if styled.Answer[at] != plain.Answer[of] || styled.Answer[at+1] != plain.Answer[of+1] {
			continue
		}
		for at < len(styled.Answer) && of < len(plain.Top) && !marks[at] && styled.Answer[at] == plain.Answer[of] {
			styled.Top[at] = plain.Top[of]
			at, of = at+1, of+1
		}
		return
	}
}

// marks says for each token of an answer whether it belongs to the style: to the
// prefix, the suffix, or the end.
func (s Style) marks(r *model.Runner, text string, answer []int32) []bool {
	out := make([]bool, len(answer))
	tokens, at := r.Tokenizer(), 0
	for t, id := range answer {
		start := at
		at += len(tokens.Piece(id))
		switch {
		case id == r.Tokenizer().EOS():
			out[t] = s.Suffix != "" || s.MaxWords > 0
		case start < len(s.Prefix), at > len(text)-len(s.Suffix):
			out[t] = true
		}
	}
	return out
}

// sequence is a sample as it is trained on: through the same template as an answer, or
// as a plain text when it has no prompt.
func (s JobSample) sequence(r *model.Runner, system string) (model.Sequence, error) {
	if s.Form == FormCorrection {
		return s.answered(r, system, s.Better)
	}
	return s.answered(r, system, s.Answer)
}

// answered is the sample's conversation with the given answer, as it is trained on.
func (s JobSample) answered(r *model.Runner, system, text string) (model.Sequence, error) {
	if s.Prompt == "" {
		seq := plainText(r, text)
		seq.Answer = trainable(seq.Answer, min(mannerRoom.answer, r.Info().Context/2))
		return seq, nil
	}
	return trainingSequence(r, mannerRoom, system, s.Context, []chat.Message{{Role: "user", Content: s.Prompt}}, r.AnswerTokens(text))
}

// baseLogProbs fills in the base's log-probabilities.
func baseLogProbs(ctx context.Context, r *model.Runner, ws []weighted) error {
	if len(ws) == 0 {
		return nil
	}
	seqs := make([]model.Sequence, len(ws))
	for i, w := range ws {
		seqs[i] = w.Sequence
	}
	lps, err := r.LogProbs(ctx, seqs, nil, model.Background)
	if err != nil {
		return err
	}
	for i := range ws {
		ws[i].base = widen(lps[i])
	}
	return nil
}

// baseOfPairs fills in the base's log-probabilities of the corrections that are preferred
// to the answers they replace, and of those.
func baseOfPairs(ctx context.Context, r *model.Runner, corrections []weighted) error {
	var both []weighted
	for _, w := range corrections {
		if w.given != nil {
			both = append(both, w, *w.given)
		}
	}
	if err := baseLogProbs(ctx, r, both); err != nil {
		return err
	}
	for i := range corrections {
		if w := &corrections[i]; w.given != nil {
			w.base, w.given.base, both = both[0].base, both[1].base, both[2:]
		}
	}
	return nil
}

func (m *mannerSource) next() (*batch, error) {
	anchor := m.effort.anchor
	b := &batch{lambda: float64(anchor), beta: ratingBeta, loss: m.objective}
	corrections, styled, texts, chats := mannerCorrections, anchor*mannerStyled, anchor*mannerTexts, 0
	switch {
	case len(m.wished.items) > 0:
		// What the ratings have in common is known: pairs that differ in it teach it on more
		// questions, and nothing else (Rafailov et al. 2023, on the model's own samples).
		b.loss = "dpo"
		for range mannerWished {
			p := m.wished.deal()
			b.prefer(p[0], p[1])
		}
		hold(b, &m.chats, anchor*mannerAnchors)
		hold(b, &m.texts, anchor*ratingTexts)
		return b, nil
	case len(m.corrections.items) == 0:
		corrections, styled, texts, chats = 0, 0, anchor*ratingTexts, anchor*mannerAnchors
	case m.marked:
		// A second try holds them harder, not more of them: a step has no room for that.
		corrections, styled, texts = markedCorrections, markedStyled, 0
		b.lambda *= markedLambda
	}
	for range corrections {
		w := m.corrections.deal()
		b.imitate(w.Sequence, w.weight, w.token)
		if w.given != nil {
			b.preferLast(w, *w.given)
		}
	}
	hold(b, &m.styled, styled)
	hold(b, &m.texts, texts)
	m.addRatings(b)
	hold(b, &m.chats, chats)
	return b, nil
}

// hold adds so many of a deck, if it has any.
func hold(b *batch, from *deck[Anchored], n int) {
	for range n {
		if len(from.items) > 0 {
			a := from.deal()
			b.hold(a.Sequence, a.Top)
		}
	}
}

// addRatings adds rated answers, as many good as bad where there are both.
func (m *mannerSource) addRatings(b *batch) {
	if len(m.pairs.items) > 0 {
		for range mannerRatings {
			p := m.pairs.deal()
			b.prefer(p[0], p[1])
		}
		return
	}
	for range mannerRatings {
		if len(m.good.items) > 0 {
			w := m.good.deal()
			b.rate(w.Sequence, w.base, true, w.weight)
		}
		if len(m.bad.items) > 0 {
			w := m.bad.deal()
			b.rate(w.Sequence, w.base, false, w.weight)
		}
	}
	if m.objective == "kto" && len(b.rated) > 0 && len(m.mismatches.items) > 0 {
		for range 2 * mannerRatings {
			w := m.mismatches.deal()
			b.mismatch(w.Sequence, w.base)
		}
	}
}
