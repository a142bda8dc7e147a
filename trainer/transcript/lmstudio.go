package transcript

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strings"

	"clara/store"
)

// lmsConversation is a conversation file of LM Studio: messages in a row, each in one or
// more versions of which one is selected.
type lmsConversation struct {
	Name      string       `json:"name"`
	Created   float64      `json:"createdAt"` // milliseconds since 1970
	System    string       `json:"systemPrompt"`
	Messages  []lmsMessage `json:"messages"`
	LastModel struct {
		Identifier string `json:"identifier"`
	} `json:"lastUsedModel"`
}

type lmsMessage struct {
	Versions []lmsVersion `json:"versions"`
	Selected int          `json:"currentlySelected"`
}

// lmsVersion is a question or a short answer with its content, or an answer in steps.
type lmsVersion struct {
	Role    string     `json:"role"`
	Content lmsContent `json:"content"`
	Steps   []struct {
		Type    string     `json:"type"` // "contentBlock", or calls of tools and notes on the run
		Content lmsContent `json:"content"`
		Style   struct {
			Type string `json:"type"` // "thinking" for what is not part of the answer
		} `json:"style"`
		Info struct {
			Identifier string `json:"identifier"` // of the model
		} `json:"genInfo"`
	} `json:"steps"`
}

// lmsContent is a text, or a list of pieces of which some are text.
type lmsContent string

// UnmarshalJSON implements json.Unmarshaler.
func (c *lmsContent) UnmarshalJSON(data []byte) error {
	if len(data) > 0 && data[0] == '"' {
		return json.Unmarshal(data, (*string)(c))
	}
	var pieces []struct {
		Type string `json:"type"`
		Text string `json:"text"`
	}
	if err := json.Unmarshal(data, &pieces); err != nil {
		return err
	}
	var texts []string
	for _, p := range pieces {
		if p.Type == "text" && p.Text != "" {
			texts = append(texts, p.Text)
		}
	}
	*c = lmsContent(strings.Join(texts, "\n"))
	return nil
}

func readLMStudio(raw []byte) (store.Transcript, error) {
	var in lmsConversation
	if err := json.Unmarshal(raw, &in); err != nil {
		return store.Transcript{Conversation: store.Conversation{Title: in.Name}}, fmt.Errorf("%w: %w", ErrForm, err)
	}
	t := store.Transcript{Conversation: store.Conversation{Title: in.Name, Created: epoch(in.Created / 1000)}}
	parent := int64(0)
	add := func(m store.Message) int64 {
		m.Parent = parent
		t.Messages = append(t.Messages, m)
		return int64(len(t.Messages))
	}
	if strings.TrimSpace(in.System) != "" {
		parent = add(store.Message{Role: store.RoleSystem, Text: in.System})
	}
	for i, message := range in.Messages {
		if len(message.Versions) == 0 {
			return t, fmt.Errorf("%w: message %d has no versions", ErrForm, i+1)
		}
		goesOn := parent // where nothing of the message can be read
		for k, v := range message.Versions {
			kept, ok := v.message()
			if !ok {
				continue
			}
			if kept.Role == store.RoleAssistant {
				kept.Source = cmp.Or(kept.Source, in.LastModel.Identifier, "LM Studio")
			}
			if k == message.Selected {
				kept.Shown = 1
			}
			if n := add(kept); k == message.Selected || goesOn == parent {
				goesOn = n
			}
		}
		parent = goesOn
	}
	return t, nil
}

// message is what a version says; false: nothing to be read.
func (v lmsVersion) message() (store.Message, bool) {
	m := store.Message{Role: store.Role(v.Role), Text: string(v.Content)}
	if !validRole(m.Role) {
		return m, false
	}
	var texts []string
	for _, s := range v.Steps {
		if s.Type == "contentBlock" && s.Style.Type != "thinking" && s.Content != "" {
			texts = append(texts, string(s.Content))
			m.Source = cmp.Or(m.Source, s.Info.Identifier)
		}
	}
	if len(texts) > 0 {
		m.Text = strings.Join(texts, "\n\n")
	}
	return m, strings.TrimSpace(m.Text) != ""
}
