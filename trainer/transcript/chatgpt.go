package transcript

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"clara/store"
)

// gptConversation is an entry of ChatGPT's conversations.json: a tree of nodes, of which
// many have no message or one that was never meant to be read.
type gptConversation struct {
	Title       string             `json:"title"`
	Created     *float64           `json:"create_time"`
	Updated     *float64           `json:"update_time"`
	Mapping     map[string]gptNode `json:"mapping"`
	CurrentNode string             `json:"current_node"` // the last one of the path that is shown
}

type gptNode struct {
	Message  *gptMessage `json:"message"`
	Parent   string      `json:"parent"` // null: it is a root
	Children []string    `json:"children"`
}

type gptMessage struct {
	Author struct {
		Role string `json:"role"`
	} `json:"author"`
	Created *float64 `json:"create_time"`
	Content struct {
		Type  string            `json:"content_type"`
		Parts []json.RawMessage `json:"parts"` // texts, and objects for pictures, sound, and what was spoken
	} `json:"content"`
	Recipient string `json:"recipient"` // "all", or the tool that is called
	Metadata  struct {
		Model  string `json:"model_slug"`
		Hidden bool   `json:"is_visually_hidden_from_conversation"`
	} `json:"metadata"`
}

// text is what was said to be read; "" for calls of tools, their results, and thoughts.
func (m *gptMessage) text() string {
	if m == nil || m.Metadata.Hidden || m.Recipient != "" && m.Recipient != "all" {
		return ""
	}
	if t := m.Content.Type; t != "text" && t != "multimodal_text" {
		return ""
	}
	var parts []string
	for _, p := range m.Content.Parts {
		if s := gptPart(p); strings.TrimSpace(s) != "" {
			parts = append(parts, s)
		}
	}
	return strings.Join(parts, "\n\n")
}

// gptPart is the text of a part, also of what was spoken; "" for pictures and the sound itself.
func gptPart(raw json.RawMessage) string {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return text
	}
	var spoken struct {
		Type string `json:"content_type"`
		Text string `json:"text"`
	}
	if json.Unmarshal(raw, &spoken) != nil || spoken.Type != "audio_transcription" {
		return ""
	}
	return spoken.Text
}

// gptReader walks the tree.
type gptReader struct {
	in      gptConversation
	out     store.Transcript
	shown   map[string]bool // nodes on the path that is shown
	seen    map[string]bool
	follows map[int64]int // how many messages follow one
}

func readChatGPT(raw []byte) (store.Transcript, error) {
	r := gptReader{shown: map[string]bool{}, seen: map[string]bool{}, follows: map[int64]int{}}
	if err := json.Unmarshal(raw, &r.in); err != nil {
		return store.Transcript{Conversation: store.Conversation{Title: r.in.Title}}, fmt.Errorf("%w: %w", ErrForm, err)
	}
	r.out.Conversation = store.Conversation{Title: r.in.Title, Created: gptTime(r.in.Created), Updated: gptTime(r.in.Updated)}
	for id := r.in.CurrentNode; id != "" && !r.shown[id]; id = r.in.Mapping[id].Parent {
		r.shown[id] = true
	}
	for _, root := range slices.Sorted(maps.Keys(r.in.Mapping)) {
		node := r.in.Mapping[root]
		if _, above := r.in.Mapping[node.Parent]; !above || node.Parent == "" {
			r.walk(root)
		}
	}
	return r.out, nil
}

// walk takes over a node and all that follow it. It keeps its own stack: a conversation
// of thousands of turns is a chain that deep.
func (r *gptReader) walk(root string) {
	type place struct {
		id     string
		parent int64
	}
	stack := []place{{id: root}}
	for len(stack) > 0 {
		at := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if r.seen[at.id] {
			continue
		}
		r.seen[at.id] = true
		node := r.in.Mapping[at.id]
		parent := r.keep(node.Message, at.parent, r.shown[at.id])
		for i := len(node.Children) - 1; i >= 0; i-- { // the first one is taken off first
			if _, there := r.in.Mapping[node.Children[i]]; there {
				stack = append(stack, place{node.Children[i], parent})
			}
		}
	}
}

// keep adds a message behind parent and returns what follows it has to follow. An answer
// that was given in several pieces, with calls of tools between them, is one answer.
func (r *gptReader) keep(m *gptMessage, parent int64, shown bool) int64 {
	text := m.text()
	if text == "" {
		return parent
	}
	role := store.Role(m.Author.Role)
	if !validRole(role) {
		return parent
	}
	if role == store.RoleAssistant && parent > 0 && r.follows[parent] == 0 {
		if before := &r.out.Messages[parent-1]; before.Role == store.RoleAssistant {
			before.Text += "\n\n" + text
			return parent
		}
	}
	kept := store.Message{Parent: parent, Role: role, Text: text, Created: gptTime(m.Created)}
	if shown {
		kept.Shown = 1
	}
	if role == store.RoleAssistant {
		if kept.Source = m.Metadata.Model; kept.Source == "" {
			kept.Source = "ChatGPT"
		}
	}
	r.follows[parent]++
	r.out.Messages = append(r.out.Messages, kept)
	return int64(len(r.out.Messages))
}

// gptTime is a time that may be null.
func gptTime(v *float64) time.Time {
	if v == nil {
		return time.Time{}
	}
	return epoch(*v)
}
