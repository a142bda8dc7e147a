package model

import (
	"strings"

	"clara/model/chat"
)

// readsSystem says whether a template has a place for a system message. Gemma's folds it
// into the first question by itself; Mistral's first ones refuse it, and others leave it
// out without a word.
func readsSystem(template *chat.Template) bool {
	const system = "a system message"
	text, err := template.Render([]chat.Message{{Role: "system", Content: system}, {Role: "user", Content: "a question"}}, true)
	return err == nil && strings.Contains(text, system)
}

// foldSystem puts the system message into the first question, as the templates do that
// fold it themselves: its text, an empty line, the question. Without a question it is
// left out.
func foldSystem(msgs []chat.Message) []chat.Message {
	if len(msgs) == 0 || msgs[0].Role != "system" {
		return msgs
	}
	out := append([]chat.Message(nil), msgs[1:]...)
	for i, m := range out {
		if m.Role == "user" {
			out[i].Content = msgs[0].Content + "\n\n" + m.Content
			break
		}
	}
	return out
}
