package transcript

import (
	"encoding/json"
	"fmt"
	"io"
	"time"

	"clara/store"
)

// File is a conversation with all its branches as CLARA writes it to JSON; the names are a promise.
type File struct {
	Format   string    `json:"format"` // Write sets it
	Title    string    `json:"title"`
	Preset   string    `json:"preset,omitempty"` // the name of the one that it goes by
	Created  time.Time `json:"created"`
	Updated  time.Time `json:"updated"`
	Messages []Message `json:"messages"`
}

const format = "clara-conversation-1"

// Message is a message of a File; Parent is the ID of the one that it follows, Shown says
// whether it is on the path that is shown.
type Message struct {
	ID         int64        `json:"id"`
	Parent     int64        `json:"parent,omitempty"`
	Shown      bool         `json:"shown"`
	Role       store.Role   `json:"role"`
	Text       string       `json:"text"`
	Created    time.Time    `json:"created"`
	Finish     store.Finish `json:"finish,omitempty"`
	Version    int          `json:"version,omitempty"`
	Preset     string       `json:"preset,omitempty"` // the name of the one that the answer was made with
	Source     string       `json:"source,omitempty"`
	Lesson     string       `json:"lesson,omitempty"` // the question of the one that was used
	Stars      int          `json:"stars,omitempty"`
	Correction string       `json:"correction,omitempty"`
	Tokens     int          `json:"tokens,omitempty"`
	Seconds    float64      `json:"seconds,omitempty"`
}

// Write writes the conversation as JSON, indented. It fails as w does.
func (t File) Write(w io.Writer) error {
	t.Format = format
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(t)
}

// readOwn reads what File.Write wrote. Ratings and corrections are not brought
// in: what was learnt moves with its samples.
func readOwn(raw []byte) (store.Transcript, error) {
	var in File
	if err := json.Unmarshal(raw, &in); err != nil {
		return store.Transcript{}, fmt.Errorf("%w: %w", ErrForm, err)
	}
	t := store.Transcript{Conversation: store.Conversation{Title: in.Title, Created: in.Created, Updated: in.Updated}, Preset: in.Preset}
	numbers := make(map[int64]int64, len(in.Messages))
	for i, m := range in.Messages {
		kept := store.Message{Parent: numbers[m.Parent], Role: m.Role, Text: m.Text, Created: m.Created, Finish: m.Finish, Preset: m.Preset, Source: m.Source}
		if m.Parent != 0 && kept.Parent == 0 {
			return t, fmt.Errorf("%w: message %d follows message %d, which is not before it", ErrForm, m.ID, m.Parent)
		}
		if m.Shown {
			kept.Shown = 1
		}
		if !validRole(m.Role) || !validFinish(m.Finish) {
			return t, fmt.Errorf("%w: message %d is by %q and ended by %q", ErrForm, m.ID, m.Role, m.Finish)
		}
		if kept.Role == store.RoleAssistant && kept.Source == "" {
			kept.Source = "CLARA" // of another computer, maybe with other lessons
		}
		t.Messages = append(t.Messages, kept)
		numbers[m.ID] = int64(i + 1)
	}
	return t, nil
}
