package store

import (
	"errors"
	"io/fs"
	"os"
	"strings"
	"testing"
	"time"
)

// What was erased for good is in no file beside the database either, while the program runs:
// not in the log, and not in a copy that an update made before.
func TestErasedTextIsInNoFileBesideTheDatabase(t *testing.T) {
	for name, erase := range map[string]func(t *testing.T, s *Store){
		"a lesson": func(t *testing.T, s *Store) {
			x, _, err := s.AddFeedback(t.Context(), Feedback{
				Sample: Sample{Form: FormCorrection, Kind: Knowledge, Prompt: "Who has the pin?", Better: "Zacharias has it."},
				Lesson: &Lesson{Question: "Who has the pin?", Answer: "Zacharias has it."},
			})
			check(t, err)
			check(t, s.DeleteSample(t.Context(), x.ID))
			check(t, s.EraseSamples(t.Context(), time.Now().Add(time.Hour)))
		},
		"a conversation with a draft": func(t *testing.T, s *Store) {
			m := must(s.BeginConversation(t.Context(), Conversation{Title: "Zacharias"}, []Message{{Role: RoleUser, Text: "Who is Zacharias?"}}))(t)
			check(t, s.SaveDraft(t.Context(), ConversationDraft(m.Conversation), "And where is Zacharias?"))
			check(t, s.DeleteConversation(t.Context(), m.Conversation))
			check(t, s.EraseConversations(t.Context(), time.Now().Add(time.Hour)))
		},
		"a preset": func(t *testing.T, s *Store) {
			p := must(s.AddPreset(t.Context(), Preset{Name: "Zacharias", RepeatPenalty: 1, MaxTokens: 1}))(t)
			check(t, s.DeletePreset(t.Context(), p.ID))
			check(t, s.ErasePresets(t.Context(), time.Now().Add(time.Hour)))
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStore(t)
			copied := copyName(s.Path(), 3)
			check(t, os.WriteFile(copied, []byte("Zacharias has it."), 0o600))
			check(t, os.WriteFile(copied+halfMark, []byte("Zacharias has"), 0o600))
			check(t, s.ClearTraces(t.Context()))
			if _, err := os.Stat(copied); err != nil {
				t.Fatalf("nothing was erased, and the copy is gone: %v", err)
			}
			erase(t, s)
			for _, name := range []string{copied, copied + halfMark} { // the program may be closed before ClearTraces
				if _, err := os.Stat(name); !errors.Is(err, fs.ErrNotExist) {
					t.Errorf("once it was erased, %s: %v", name, err)
				}
			}
			check(t, s.ClearTraces(t.Context()))
			for _, data := range files(t, s.Path()) {
				if strings.Contains(data, "Zacharias") {
					t.Error("the erased text is still in a file")
				}
			}
			check(t, s.Check(t.Context()))
		})
	}
}

// A copy from before an update is there as long as the update may have to be undone.
func TestACopyGoesOnceTheUpdateHasProvenItself(t *testing.T) {
	s := newStore(t)
	copied := copyName(s.Path(), 3)
	check(t, os.WriteFile(copied, nil, 0o600))
	now := time.Now()
	s.db.now = func() time.Time { return now }
	for _, c := range []struct {
		days int
		want error
	}{{29, nil}, {31, fs.ErrNotExist}} {
		now = time.Now().AddDate(0, 0, c.days)
		check(t, s.ClearTraces(t.Context()))
		if _, err := os.Stat(copied); !errors.Is(err, c.want) {
			t.Fatalf("after %d days: %v", c.days, err)
		}
	}
}

// What is kept of another conversation's draft, or of none's, is no trace.
func TestOnlyTheDraftsOfErasedConversationsGo(t *testing.T) {
	s := newStore(t)
	ctx := t.Context()
	kept, gone := must(addConversation(ctx, s, Conversation{}))(t), must(addConversation(ctx, s, Conversation{}))(t)
	for _, key := range []string{ConversationDraft(0), ConversationDraft(kept.ID), ConversationDraft(gone.ID), "another field"} {
		check(t, s.SaveDraft(ctx, key, "begun"))
	}
	check(t, s.As("ann").SaveDraft(ctx, ConversationDraft(gone.ID), "hers"))
	check(t, s.DeleteConversation(ctx, gone.ID))
	check(t, s.EraseConversations(ctx, time.Now().Add(-time.Hour)))
	if d := must(s.Draft(ctx, ConversationDraft(gone.ID)))(t); d.Text != "begun" {
		t.Errorf("as long as the conversation can be brought back its draft is %q", d.Text)
	}
	check(t, s.EraseConversations(ctx, time.Now().Add(time.Hour)))
	for key, want := range map[string]string{ConversationDraft(0): "begun", ConversationDraft(kept.ID): "begun", ConversationDraft(gone.ID): "", "another field": "begun"} {
		if d := must(s.Draft(ctx, key))(t); d.Text != want {
			t.Errorf("the draft of %s is %q, want %q", key, d.Text, want)
		}
	}
	if d := must(s.As("ann").Draft(ctx, ConversationDraft(gone.ID)))(t); d.Text != "hers" {
		t.Errorf("another user's draft is %q", d.Text)
	}
}

// A damaged database names the copy to go back to: the newest that is whole.
func TestADamagedDatabaseNamesTheNewestCopy(t *testing.T) {
	s := newStore(t)
	for _, name := range []string{copyName(s.Path(), 7), copyName(s.Path(), 10), copyName(s.Path(), 11) + halfMark} {
		check(t, os.WriteFile(name, nil, 0o600))
	}
	if err := aboutFile(s.Path(), ErrCorrupt); !strings.Contains(err.Error(), "copy "+copyName(s.Path(), 10)+" to") {
		t.Error(err)
	}
}
