package trainer

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"clara/model"
	"clara/model/chat"
)

// room is how long a sequence may be that is trained on, in tokens.
type room struct{ prompt, answer int }

// A step takes at most 4096 rows (model.ErrTooLong), so what a step has most of bounds
// what each may have. Manner: four corrections, four rated and four mismatched answers,
// beside six styled anchors and a plain text in the rest; the manner of an answer shows
// in its first 80 words. Knowledge has 12 sequences, the reader 11 and a text, each of
// them but the text with a lesson before the question.
var (
	mannerRoom    = room{prompt: 144, answer: 112}
	knowledgeRoom = room{prompt: 200, answer: 112}
	readingRoom   = room{prompt: 232, answer: 128}
)

// trainingSequence is a conversation and the answer to it as they are trained on: the
// oldest turns of the history go first where the prompt is too long, then its middle,
// since its two ends are the template's. An answer that is too long is cut without its
// end, which is not to be learnt at that place.
func trainingSequence(r *model.Runner, size room, system string, history []Turn, rest []chat.Message, answer []int32) (model.Sequence, error) {
	half := r.Info().Context / 2
	most := min(size.prompt, half)
	// What is longer than so many bytes has more tokens than fit, and is cut before it
	// is worth its tokenising.
	bytes := 16 * size.prompt
	rest = slices.Clone(rest)
	for i := range rest {
		rest[i].Content = withoutMiddle(rest[i].Content, bytes)
	}
	system = withoutMiddle(system, bytes)
	for {
		prompt, err := r.Prompt(append(messages(system, history), rest...))
		if len(history) > 0 && (len(prompt) > most || errors.Is(err, model.ErrContext)) {
			history = withoutOldest(history)
			continue
		}
		if err != nil {
			return model.Sequence{}, fmt.Errorf("render a sample on a question of %d bytes: %w", len(rest[len(rest)-1].Content), err)
		}
		if len(prompt) > most {
			prompt = slices.Concat(prompt[:most/2], prompt[len(prompt)-(most-most/2):])
		}
		return model.Sequence{Prompt: prompt, Answer: trainable(answer, min(size.answer, half))}, nil
	}
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

// trainable is the part of an answer that is trained on.
func trainable(answer []int32, most int) []int32 { return answer[:min(len(answer), most)] }

// withoutOldest is a history without its oldest exchange: it goes on with a question,
// as templates want it.
func withoutOldest(history []Turn) []Turn {
	for i := 1; i < len(history); i++ {
		if history[i].Role == RoleUser && history[i-1].Role != RoleSystem {
			return history[i:]
		}
	}
	return nil
}

// withoutMiddle is s with at most n bytes: its beginning and its end.
func withoutMiddle(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n/2], "") + " " + strings.ToValidUTF8(s[len(s)-n/2:], "")
}
