package trainer

import (
	"bytes"
	"context"
	"encoding/gob"
	"errors"
	"fmt"
	"slices"

	"clara/model"
	"clara/model/chat"
	"clara/trainer/words"
)

// BaseFacts are what is known of an untrained base: measured once for each model
// file, kept in the store, and used by every cycle as the point that it must
// not drift from.
type BaseFacts struct {
	Hash      string
	German    bool       // it speaks German: the German anchors hold it too
	Anchors   []Anchored // its own answers to the anchor questions
	Texts     []Anchored // plain texts
	Canary    []float64  // NLL of each canary text, nats per token
	Unrelated []int      // the anchor set's unrelated questions that it gets right
	Answers   []string   // to those
	Open      []string   // to the open questions
	Ended     int        // open answers that came to an end

	system string              // that Unrelated to Ended were answered under; what is kept has none
	own    map[string]Anchored // its answers to the user's own questions, by question; kept apart
}

// Anchored is a text held by its distribution: the base's most likely tokens at
// each place.
type Anchored struct {
	Question string // "" for a plain text
	Text     string // the answer
	model.Sequence
	Top []model.Distribution
}

// The lengths of answers in tokens. Anchors as in the experiment; a check leaves
// room for a manner's address before the answer.
const (
	anchorTokens = 24
	checkTokens  = 40
	openTokens   = 72
	topTokens    = 32 // the base's most likely tokens kept at each place
	unrelatedMax = 30 // questions of the gate
	unrelatedTwo = 20 // in each of two languages
	probed       = 12 // questions that tell whether a base speaks German
)

// anchors are those in the languages that the base speaks.
func (b *BaseFacts) anchors() (*anchorSet, error) {
	if b.German {
		return bilingual()
	}
	return anchors()
}

// speaksGerman says whether the base answers in German, and at least a third of easy
// questions right. A base that does not is asked no more than those.
func speaksGerman(ctx context.Context, r *model.Runner) (bool, error) {
	set, err := germanAnchors()
	if err != nil {
		return false, err
	}
	some := set.Unrelated[:probed]
	questions := make([]string, len(some))
	for i, u := range some {
		questions[i] = u.Question
	}
	answers, err := answerAll(ctx, r, questions, anchorTokens)
	if err != nil {
		return false, fmt.Errorf("ask the base in German: %w", err)
	}
	said := make([]string, len(answers))
	for i, a := range answers {
		said[i] = a.Text
	}
	return inGerman(said, some), nil
}

// inGerman says whether at least a third of the answers are right, and at least a third
// clearly German: a name alone is in no language.
func inGerman(answers []string, to []unrelated) bool {
	right, german := 0, 0
	for i, a := range answers {
		score := words.GermanScore(a)
		right += boolToInt(score >= 0 && hasKeywords(a, to[i].Expect))
		german += boolToInt(score > 0)
	}
	return 3*right >= len(answers) && 3*german >= len(answers)
}

// MeasureBase measures the base of r, without a system prompt. It takes about 20 s on two
// cores. What a system prompt changes is measured by the cycles under it.
func MeasureBase(ctx context.Context, r *model.Runner) (*BaseFacts, error) {
	b := &BaseFacts{Hash: r.Info().Hash}
	var err error
	if b.German, err = speaksGerman(ctx, r); err != nil {
		return nil, err
	}
	set, err := b.anchors()
	if err != nil {
		return nil, err
	}
	asked, err := baseAnchors(ctx, r, set.Questions)
	if err != nil {
		return nil, fmt.Errorf("measure the base on the anchor questions: %w", err)
	}
	for _, a := range asked {
		if len(a.Answer) > 0 {
			b.Anchors = append(b.Anchors, a)
		}
	}
	for _, text := range set.Texts {
		b.Texts = append(b.Texts, Anchored{Text: text, Sequence: plainText(r, text)})
	}
	if err := anchorAll(ctx, r, b.Texts); err != nil {
		return nil, fmt.Errorf("measure the base on plain texts: %w", err)
	}
	if b.Canary, err = canaryNLL(ctx, r, set.Canary, nil); err != nil {
		return nil, fmt.Errorf("measure the base on the canary texts: %w", err)
	}
	if err := b.answer(ctx, r, nil, ""); err != nil {
		return nil, err
	}
	return b, nil
}

// under returns the facts with what the base answers under the user's system prompt, which
// the gate compares with answers under it: without, what the prompt does would count as
// what was trained. What training is held to stays without one. The base is asked anew for
// a prompt that m does not remember, about 10 s on two cores: after a change of the prompt,
// and once for each start of the program.
func (b *BaseFacts) under(ctx context.Context, r *model.Runner, m *memory, system string) (*BaseFacts, error) {
	if b.system == system {
		return b, nil
	}
	with := *b
	return &with, with.answer(ctx, r, m, system)
}

// answer asks the base what the gate asks.
func (b *BaseFacts) answer(ctx context.Context, r *model.Runner, m *memory, system string) error {
	set, err := b.anchors()
	if err != nil {
		return err
	}
	ask := func(questions []string, tokens int) ([]model.Result, error) {
		reqs, err := plainRequests(r, system, questions, tokens)
		if err != nil {
			return nil, err
		}
		return m.generate(ctx, r, reqs)
	}
	questions := make([]string, len(set.Unrelated))
	for i, u := range set.Unrelated {
		questions[i] = u.Question
	}
	answers, err := ask(questions, anchorTokens)
	if err != nil {
		return fmt.Errorf("measure the base on unrelated questions: %w", err)
	}
	english, err := anchors()
	if err != nil {
		return err
	}
	room := map[bool]int{true: unrelatedMax} // by whether the question is English
	if b.German {
		room = map[bool]int{true: unrelatedTwo, false: unrelatedTwo}
	}
	b.system, b.Unrelated, b.Answers, b.Open, b.Ended = system, nil, nil, nil, 0
	for i, a := range answers {
		inEnglish := i < len(english.Unrelated)
		if room[inEnglish] > 0 && hasKeywords(a.Text, set.Unrelated[i].Expect) {
			room[inEnglish]--
			b.Unrelated = append(b.Unrelated, i)
			b.Answers = append(b.Answers, a.Text)
		}
	}
	if answers, err = ask(set.Open, openTokens); err != nil {
		return fmt.Errorf("measure the base on open questions: %w", err)
	}
	for _, a := range answers {
		b.Open = append(b.Open, a.Text)
		if a.Finish == model.FinishEnd {
			b.Ended++
		}
	}
	return nil
}

// encode and decodeBaseFacts carry facts through the store.
func (b *BaseFacts) encode() ([]byte, error) {
	var buf bytes.Buffer
	if err := gob.NewEncoder(&buf).Encode(b); err != nil {
		return nil, fmt.Errorf("encode what was measured of the base: %w", err)
	}
	return buf.Bytes(), nil
}

// errFacts says that kept facts do not fit the model or this program.
var errFacts = errors.New("kept facts of another base or program")

// decodeBaseFacts reads what encode wrote, for the base of the given hash.
func decodeBaseFacts(data []byte, hash string) (*BaseFacts, error) {
	b := new(BaseFacts)
	if err := gob.NewDecoder(bytes.NewReader(data)).Decode(b); err != nil {
		return nil, fmt.Errorf("decode what was measured of the base: %w", err)
	}
	set, err := b.anchors()
	if err != nil {
		return nil, err
	}
	if b.Hash != hash || len(b.Canary) != len(set.Canary) || len(b.Open) != len(set.Open) || len(b.Texts) != len(set.Texts) {
		return nil, errFacts
	}
	for _, i := range b.Unrelated {
		if i < 0 || i >= len(set.Unrelated) {
			return nil, errFacts
		}
	}
	return b, nil
}

// questionPrompt is a question alone, without any lesson; system may be "".
func questionPrompt(r *model.Runner, system, question string) ([]int32, error) {
	p, err := r.Prompt(append(messages(system, nil), chat.Message{Role: "user", Content: question}))
	if err != nil {
		return nil, fmt.Errorf("render a question of %d bytes: %w", len(question), err)
	}
	return p, nil
}

// plainText is a text without any chat around it, after the token that begins a
// document.
func plainText(r *model.Runner, text string) model.Sequence {
	t := r.Tokenizer()
	start, ok := t.ID("<|endoftext|>")
	if !ok {
		if start = t.BOS(); start < 0 {
			start = t.EOS()
		}
	}
	return model.Sequence{Prompt: []int32{start}, Answer: t.Encode(text, false)}
}

// whole is an answer with the token that ended it, if it ended. A base model ends one by
// going on to a question of its own, whose beginning is among its tokens.
func whole(r *model.Runner, a model.Result) []int32 {
	if r.Info().Plain && a.Finish == model.FinishEnd {
		return r.AnswerTokens(a.Text)
	}
	ids := append([]int32(nil), a.IDs...)
	if a.Finish == model.FinishEnd {
		ids = append(ids, r.TurnEnd())
	}
	return ids
}

// endsTurn says whether an answer came to its end, as whole says it.
func endsTurn(r *model.Runner, answer []int32) bool {
	n := len(answer)
	return n > 0 && answer[n-1] == r.TurnEnd()
}

// endsOtherwise says whether an answer that was kept ends as none of the model's does: older
// programs put EOS behind it, which for Gemma ends documents.
func (a Anchored) endsOtherwise(r *model.Runner) bool {
	n := len(a.Answer)
	return n > 0 && r.Tokenizer().IsEnd(a.Answer[n-1]) && !endsTurn(r, a.Answer)
}

// isAskedOtherwise says whether a question that was kept is put to a base model in other words by
// now: older programs gave it the question alone. With a chat template the prompt may differ each
// day, by the date that some write.
func (a Anchored) isAskedOtherwise(r *model.Runner) bool {
	if !r.Info().Plain {
		return false
	}
	prompt, err := questionPrompt(r, "", a.Question)
	return err != nil || !slices.Equal(prompt, a.Prompt)
}

// answerAll asks the given adapters (none: the base) each question by itself,
// greedily, in the background.
func answerAll(ctx context.Context, r *model.Runner, questions []string, tokens int, adapters ...*model.Adapter) ([]model.Result, error) {
	reqs, err := plainRequests(r, "", questions, tokens, adapters...)
	if err != nil {
		return nil, err
	}
	return r.GenerateAll(ctx, reqs, model.Background)
}

// plainRequests ask each question by itself, greedily.
func plainRequests(r *model.Runner, system string, questions []string, tokens int, adapters ...*model.Adapter) ([]model.Request, error) {
	reqs := make([]model.Request, len(questions))
	for i, q := range questions {
		p, err := questionPrompt(r, system, q)
		if err != nil {
			return nil, err
		}
		reqs[i] = model.Request{Prompt: p, Adapters: adapters, MaxTokens: tokens}
	}
	return reqs, nil
}

// baseAnchors are the base's own answers to questions, in their order, with their
// distributions. One that it says nothing to has no answer.
func baseAnchors(ctx context.Context, r *model.Runner, questions []string) ([]Anchored, error) {
	answers, err := answerAll(ctx, r, questions, anchorTokens)
	if err != nil {
		return nil, err
	}
	held := make([]Anchored, len(questions))
	for i, q := range questions {
		prompt, err := questionPrompt(r, "", q)
		if err != nil {
			return nil, err
		}
		held[i] = Anchored{Question: q, Text: answers[i].Text, Sequence: model.Sequence{Prompt: prompt, Answer: whole(r, answers[i])}}
	}
	return held, anchorAll(ctx, r, held)
}

// anchorAll fills in the distributions of anchors; one without an answer has none.
func anchorAll(ctx context.Context, r *model.Runner, anchors []Anchored) error {
	var seqs []model.Sequence
	var at []int
	for i, a := range anchors {
		if len(a.Answer) > 0 {
			seqs, at = append(seqs, a.Sequence), append(at, i)
		}
	}
	if len(seqs) == 0 {
		return nil
	}
	tops, err := r.TopK(ctx, seqs, nil, topTokens, model.Background)
	if err != nil {
		return err
	}
	for k, i := range at {
		anchors[i].Top = tops[k]
	}
	return nil
}

// canaryNLL is the mean negative log-likelihood of each canary text.
func canaryNLL(ctx context.Context, r *model.Runner, texts []string, adapters []*model.Adapter) ([]float64, error) {
	seqs := make([]model.Sequence, len(texts))
	for i, text := range texts {
		seqs[i] = plainText(r, text)
	}
	lps, err := r.LogProbs(ctx, seqs, adapters, model.Background)
	if err != nil {
		return nil, err
	}
	out := make([]float64, len(lps))
	for i, lp := range lps {
		out[i] = -mean(lp)
	}
	return out, nil
}

func mean[T ~float32 | ~float64](v []T) float64 {
	if len(v) == 0 {
		return 0
	}
	sum := 0.0
	for _, x := range v {
		sum += float64(x)
	}
	return sum / float64(len(v))
}
