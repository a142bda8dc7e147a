package trainer

import (
	"context"
	"math/rand/v2"
	"slices"

	"clara/model"
	"clara/trainer/words"
)

// mannerSource deals the batches of a manner training, once begun.
type mannerSource struct {
	effort      effort // of the try that was begun last
	objective   string
	corrections deck[weighted]
	styled      deck[Anchored]
	marked      bool // the corrections share a beginning or an end, and styled has answers with it
	good, bad   deck[weighted]
	pairs       deck[[2]weighted]
	texts       deck[Anchored]
	chats       deck[Anchored]
	mismatches  deck[weighted]
	wished      deck[[2]weighted] // answers with the trait of the good ratings, and without
	stood       int               // how many ratings and texts the pairs stand for; 0: there are none
	texted      int               // good texts dealt beside the pairs
}

// begin shuffles anew for a try, which is dealt the same whether or not one was before it. Each
// deck draws from a stream of its own: what one holds does not move the others.
func (m *mannerSource) begin(seed uint64, e effort) {
	stream := func(n uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, n)) }
	m.effort, m.texted = e, 0
	m.corrections.shuffle(stream(1))
	m.styled.shuffle(stream(2))
	m.good.shuffle(stream(3))
	m.bad.shuffle(stream(4))
	m.pairs.shuffle(stream(5))
	m.texts.shuffle(stream(6))
	m.chats.shuffle(stream(7))
	m.mismatches.shuffle(stream(8))
	m.wished.shuffle(stream(9))
}

func (m *mannerSource) steps(epochs int) int {
	n := mannerSteps(len(m.corrections.items), max(m.stood, len(m.good.items)+len(m.bad.items)), epochs)
	if pairs := len(m.wished.items); pairs > 0 {
		n = min(n, max(mannerFewestSteps, wishedPasses*pairs/wishedPairs))
	}
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
	if len(m.wished.items) > 0 {
		var paired []weighted
		for _, p := range m.wished.items {
			paired = append(paired, p[:]...)
		}
		add(2*wishedPairs, answers(paired))
		add(1, answers(m.good.items))
		add(m.effort.anchor*wishedAnchors, held(m.chats.items))
		add(m.effort.anchor*wishedTexts, held(m.texts.items))
		return rows
	}
	add(mannerRatings, answers(m.good.items))
	add(mannerRatings, answers(m.bad.items))
	add(2*mannerRatings, answers(m.mismatches.items))
	if len(m.corrections.items) == 0 {
		add(m.effort.anchor*mannerAnchors, held(m.chats.items))
		add(m.effort.anchor*ratingTexts, held(m.texts.items))
		return rows
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

// newMannerSource gathers what all tries of a cycle train manner on, once: the model's own samples
// and the base's log-probabilities take as long as a part of the training.
func newMannerSource(ctx context.Context, r *model.Runner, j *Job, b *BaseFacts, style Style, trait *Trait) (*mannerSource, error) {
	m := &mannerSource{objective: j.Recipe.Objective}
	m.texts.items, m.chats.items = b.Texts, b.Anchors

	var ratings []weighted
	var answers []ratedAnswer
	for _, s := range j.Samples {
		seq, err := s.sequence(r, j.Recipe.System)
		if err != nil {
			return nil, err
		}
		w := weighted{Sequence: seq, weight: s.Weight, prompt: words.Wording(s.Prompt)}
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
		answers = append(answers, s.rated())
	}
	if err := baseOfPairs(ctx, r, m.corrections.items); err != nil {
		return nil, err
	}
	if trait != nil && len(m.corrections.items) == 0 {
		var err error
		if m.wished.items, err = trait.wished(ctx, r, ratings, answers, b.Anchors, j.Recipe.Seed); err != nil {
			return nil, err
		}
		if len(m.wished.items) > 0 {
			m.chats.items = trait.held(r, b.Anchors)
		}
	}
	if len(m.wished.items) == 0 && m.objective != "sft" { // else the ratings themselves are not trained on, or only imitated
		if err := baseLogProbs(ctx, r, ratings); err != nil {
			return nil, err
		}
	}
	for i, w := range ratings {
		if answers[i].good {
			m.good.items = append(m.good.items, w)
		} else {
			m.bad.items = append(m.bad.items, w)
		}
	}
	switch {
	case len(m.wished.items) > 0:
		// The pairs stand for the answers. A good text by itself is in none, and imitated beside
		// them; a bad one could only be pushed down.
		m.stood = len(ratings)
		m.good.items = slices.DeleteFunc(m.good.items, func(w weighted) bool { return w.prompt != "" })
		m.bad.items = nil
	case m.objective == "dpo":
		for _, g := range m.good.items {
			for _, x := range m.bad.items {
				if g.prompt != "" && g.prompt == x.prompt { // texts by themselves answer nothing that they could be better at
					m.pairs.items = append(m.pairs.items, [2]weighted{g, x})
				}
			}
		}
		if len(m.pairs.items) == 0 {
			m.bad.items = nil // there is nothing to prefer: the good ones are imitated
		}
	case m.objective == "sft":
		m.bad.items = nil
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
		// questions, and nothing else (Rafailov et al. 2023, on the model's own samples). By
		// itself that makes both answers less likely as it goes on, so the better one is
		// imitated as well (Pang et al. 2024, "Iterative Reasoning Preference Optimization").
		b.loss = "dpo"
		for range wishedPairs {
			p := m.wished.deal()
			b.imitate(p[0].Sequence, wishedImitated*p[0].weight, nil)
			b.preferLast(p[0], p[1])
		}
		b.lambda *= wishedLambda
		if m.texted < wishedPasses*len(m.good.items) {
			w := m.good.deal()
			b.imitate(w.Sequence, wishedImitated*w.weight, nil)
			m.texted++
		}
		hold(b, &m.chats, anchor*wishedAnchors)
		hold(b, &m.texts, anchor*wishedTexts)
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
	m.addRatings(b) // what is held has the rest of the step
	hold(b, &m.styled, styled)
	hold(b, &m.texts, texts)
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
