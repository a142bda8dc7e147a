package trainer

import (
	"context"
	"fmt"
	"io"
	"time"

	"clara/trainer/transcript"
)

// TranscriptFormat is a form in which a conversation leaves the program.
type TranscriptFormat string

// The forms.
const (
	TranscriptMarkdown TranscriptFormat = "md"   // the path that is shown, to read and to edit
	TranscriptHTML     TranscriptFormat = "html" // the same, one page that needs nothing else
	TranscriptJSON     TranscriptFormat = "json" // all branches with all that is known of them
)

// TranscriptWords are what stands in a transcript beside the texts, in the reader's
// language.
type TranscriptWords struct {
	Language  string               // of the page: "de", "en"
	You       string               // who asked
	Answerer  func(e Entry) string // who answered, with the version
	Corrected string               // stands at an answer that is shown as it was corrected
	Moment    func(created time.Time) string
}

// ExportConversation writes a conversation. Corrected answers stand as they were
// corrected; JSON has both.
func (t *Trainer) ExportConversation(ctx context.Context, conversation int64, f TranscriptFormat, words TranscriptWords, w io.Writer) error {
	c, err := t.store.Conversation(ctx, conversation)
	if err != nil {
		return fmt.Errorf("export conversation %d: %w", conversation, err)
	}
	if f == TranscriptJSON {
		err = t.writeJSON(ctx, c, w)
	} else {
		var path []Entry
		if path, err = t.Entries(ctx, conversation); err == nil && f == TranscriptHTML {
			err = transcript.WriteHTML(w, words.Language, c.Title, transcriptOf(path, words))
		} else if err == nil {
			err = transcript.WriteMarkdown(w, c.Title, transcriptOf(path, words))
		}
	}
	if err != nil {
		return fmt.Errorf("export conversation %d: %w", conversation, err)
	}
	return nil
}

func transcriptOf(path []Entry, words TranscriptWords) []transcript.Said {
	var out []transcript.Said
	for _, e := range path {
		s := transcript.Said{Who: words.You, When: words.Moment(e.Created), Text: e.Text, Asked: true}
		switch {
		case e.Role == RoleSystem:
			continue
		case e.Role == RoleAssistant:
			s.Who, s.Asked = words.Answerer(e), false
			if e.Better != "" {
				s.Text = e.Better
				s.Who += " · " + words.Corrected
			}
		}
		out = append(out, s)
	}
	return out
}

func (t *Trainer) writeJSON(ctx context.Context, c Conversation, w io.Writer) error {
	all, err := t.store.Messages(ctx, c.ID)
	if err != nil {
		return err
	}
	entries, err := t.entries(ctx, c.ID, all, all)
	if err != nil {
		return err
	}
	shown := make(map[int64]bool)
	for _, m := range shownPath(all) {
		shown[m.ID] = true
	}
	out := transcript.File{Title: c.Title, Created: c.Created, Updated: c.Updated}
	preset, err := t.presetOf(ctx, c.ID)
	if err != nil {
		return err
	}
	if preset != nil {
		out.Preset = preset.Name
	}
	for _, e := range entries {
		out.Messages = append(out.Messages, transcript.Message{
			ID: e.ID, Parent: e.Parent, Shown: shown[e.ID], Role: e.Role, Text: e.Text, Created: e.Created, Finish: e.Finish, Version: e.Number,
			Preset: e.Preset, Source: e.Source, Lesson: e.Question, Stars: e.Stars, Correction: e.Better, Tokens: e.Tokens, Seconds: e.Seconds,
		})
	}
	return out.Write(w)
}

// ImportTranscripts brings conversations in, all of them or none, and returns how many brought
// something: of one that was brought in before what was said since, and one that was deleted
// comes back.
func (t *Trainer) ImportTranscripts(ctx context.Context, all []Transcript) (int, error) {
	n, err := t.store.AddTranscripts(ctx, all)
	if err != nil {
		return 0, saving(fmt.Errorf("bring in %d conversations: %w", len(all), err))
	}
	return n, nil
}
