package trainer

import (
	"context"
	"fmt"

	"clara/model"
	"clara/model/chat"
	"clara/trainer/routing"
)

// voice is what answers: the base with one version's adapters and the lessons.
// It is an immutable snapshot, so an answer that has begun ends on what it began
// with. Answering, asking the lessons and the gate all speak through it: what is
// checked is what a user gets.
type voice struct {
	runner  *model.Runner
	memory  *memory // of what was asked in the background; nil: all is asked anew
	router  *routing.Router
	lessons []JobLesson    // in the router's order
	manner  *model.Adapter // always on; nil: none
	reading *model.Adapter // reader or knowledge, on a match; nil: none
	system  string         // "": the template's own
}

// spoken is a prompt ready for the model.
type spoken struct {
	prompt   []int32
	adapters []*model.Adapter
	lesson   int     // position in voice.lessons; -1: none
	overlap  float64 // of the question with that lesson, or the nearest; 0 where none was chosen by speakAll
}

// speak builds the prompt for a question after the turns of a conversation (which may
// begin with a system turn). lesson is the position of the one to answer by, -1 for none
// (choose finds it): it goes in as one earlier turn right before the question (k = 1:
// better than a system prompt, quoting, or more of them), with the reading adapter on;
// else base and manner answer.
func (v *voice) speak(history []Turn, question string, lesson int) (spoken, error) {
	s := spoken{lesson: lesson}
	if v.manner != nil {
		s.adapters = append(s.adapters, v.manner)
	}
	if lesson >= 0 && v.reading != nil {
		s.adapters = append(s.adapters, v.reading)
	}
	msgs := messages(v.system, history)
	if lesson >= 0 {
		l := v.lessons[lesson]
		msgs = append(msgs, chat.Message{Role: "user", Content: l.Question}, chat.Message{Role: "assistant", Content: l.turn()})
	}
	msgs = append(msgs, chat.Message{Role: "user", Content: question})
	var err error
	s.prompt, err = v.runner.Prompt(msgs)
	return s, err
}

// speakAll chooses the lessons of questions, in the background, and builds their prompts.
func (v *voice) speakAll(ctx context.Context, asked []Variant) ([]spoken, error) {
	questions := make([]string, len(asked))
	for i, x := range asked {
		questions[i] = x.Question
	}
	chosen, err := v.choose(ctx, questions, model.Background)
	if err != nil {
		return nil, err
	}
	out := make([]spoken, len(asked))
	for i, x := range asked {
		if out[i], err = v.speak(withSystem(x.System, x.History), x.Question, chosen[i].lesson); err != nil {
			return nil, fmt.Errorf("ask a question of %d bytes: %w", len(x.Question), err)
		}
		out[i].overlap = chosen[i].overlap
	}
	return out, nil
}

// asWritten are questions with nothing before them.
func asWritten(questions []string) []Variant {
	out := make([]Variant, len(questions))
	for i, q := range questions {
		out[i].Question = q
	}
	return out
}

// messages is a history with the system prompt in front, unless it has its own.
func messages(system string, history []Turn) []chat.Message {
	var msgs []chat.Message
	if system != "" && (len(history) == 0 || history[0].Role != RoleSystem) {
		msgs = append(msgs, chat.Message{Role: "system", Content: system})
	}
	for _, t := range history {
		msgs = append(msgs, chat.Message{Role: string(t.Role), Content: t.Text})
	}
	return msgs
}

// greedy is the request for a check: the likeliest answer.
func (s spoken) greedy(tokens int) model.Request {
	return model.Request{Prompt: s.prompt, Adapters: s.adapters, MaxTokens: tokens}
}
