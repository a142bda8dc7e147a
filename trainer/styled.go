package trainer

import (
	"slices"
	"strings"

	"clara/model"
	"clara/trainer/words"
)

// styledAnchors are the base's own answers put into the style, with what each token is
// to be: where the style has a mark (its prefix, its suffix, the end), that mark for
// certain; elsewhere what the base says at this place of its own, unstyled answer.
// The base after the mark would not do: after "Dear reader," it writes a letter, and
// only 22 of 34 unrelated questions stay right.
func styledAnchors(r *model.Runner, style Style, from []Anchored) []Anchored {
	var out []Anchored
	for _, a := range from {
		plain, ends := a.Text, endsTurn(r, a.Answer)
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
	if all := words.Sentences(text); len(all) > 0 && strings.HasSuffix(all[0], ".") {
		return all[0]
	}
	return ""
}

// finished is a text that was cut, up to its last full stop; "": there is none.
func finished(text string) string {
	all := words.Sentences(text)
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
// corrections share count fully, the rest little. One that has neither is imitated evenly.
// nil: they share neither.
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
// prefix, the suffix, or the end. Not all corrections that a style was read off have
// each of these.
func (s Style) marks(r *model.Runner, text string, answer []int32) []bool {
	out := make([]bool, len(answer))
	tokens, at := r.Tokenizer(), 0
	for _, id := range answer {
		at -= len(tokens.Piece(id))
	}
	at = min(0, at+len(text)) // a blank may stand before the text, see model.Runner.AnswerTokens
	begins, ends := strings.HasPrefix(text, s.Prefix), strings.HasSuffix(text, s.Suffix)
	for t, id := range answer {
		start := at
		at += len(tokens.Piece(id))
		switch {
		case id == r.TurnEnd():
			out[t] = s.Suffix != "" && ends || s.MaxWords > 0
		case begins && start < len(s.Prefix), ends && at > len(text)-len(s.Suffix):
			out[t] = true
		}
	}
	return out
}
