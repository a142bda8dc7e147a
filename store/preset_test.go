package store

import (
	"math"
	"testing"
	"time"
)

// brief is a preset for the tests.
var brief = Preset{
	Name: "Brief", System: "Answer in one sentence.", Temperature: .5, TopP: .9, TopK: 20, MinP: .1, RepeatPenalty: 1.2, MaxTokens: 64, Seed: 7,
}

func TestConversationRemembersItsPreset(t *testing.T) {
	s, ctx := newStore(t), t.Context()
	p := must(s.AddPreset(ctx, brief))(t)
	c := must(addConversation(ctx, s, Conversation{Title: "a", Preset: p.ID}))(t)
	other := must(addConversation(ctx, s, Conversation{Title: "b"}))(t)
	preset := func(id int64) int64 {
		t.Helper()
		return must(s.Conversation(ctx, id))(t).Preset
	}
	if got := must(s.Preset(ctx, p.ID))(t); got.Conversations != 1 || got.System != brief.System || got.Seed != 7 || got.TopK != 20 || got.MaxTokens != 64 {
		t.Errorf("the preset reads %+v", got)
	}
	if preset(c.ID) != p.ID || preset(other.ID) != 0 {
		t.Errorf("the conversations go by %d and %d", preset(c.ID), preset(other.ID))
	}
	check(t, s.ChoosePreset(ctx, other.ID, p.ID))
	check(t, s.ChoosePreset(ctx, c.ID, 0))
	if preset(c.ID) != 0 || preset(other.ID) != p.ID {
		t.Errorf("after the choice they go by %d and %d", preset(c.ID), preset(other.ID))
	}
	check(t, s.DeletePreset(ctx, p.ID))
	if preset(other.ID) != 0 || len(must(s.Presets(ctx))(t)) != 0 {
		t.Error("a deleted preset is still in use or listed")
	}
	wantErr(t, s.ChoosePreset(ctx, c.ID, p.ID), ErrNotFound)
	wantErr(t, s.SetPreset(ctx, p), ErrNotFound)
	check(t, s.RestorePreset(ctx, p.ID))
	if preset(other.ID) != p.ID {
		t.Error("the conversation does not go by the restored preset again")
	}
	check(t, s.DeletePreset(ctx, p.ID))
	check(t, s.ErasePresets(ctx, time.Now().Add(time.Hour)))
	wantErr(t, s.RestorePreset(ctx, p.ID), ErrNotFound)
	if preset(other.ID) != 0 {
		t.Error("a conversation goes by a preset that is gone")
	}
	check(t, s.Check(ctx))
}

func TestPresetHasItsNameAlone(t *testing.T) {
	s, ctx := newStore(t), t.Context()
	p := must(s.AddPreset(ctx, brief))(t)
	same := brief
	same.Name = "brief"
	_, err := s.AddPreset(ctx, same)
	wantErr(t, err, ErrTaken)
	same.Name = "Letters"
	q := must(s.AddPreset(ctx, same))(t)
	q.Name = "BRIEF"
	wantErr(t, s.SetPreset(ctx, q), ErrTaken)
	check(t, s.DeletePreset(ctx, p.ID))
	check(t, s.SetPreset(ctx, q)) // the name is free
	wantErr(t, s.RestorePreset(ctx, p.ID), ErrTaken)
	q.Temperature = math.NaN()
	wantErr(t, s.SetPreset(ctx, q), ErrInvalid)
	q.Temperature, q.Name = .5, ""
	wantErr(t, s.SetPreset(ctx, q), ErrInvalid)
}

func TestTranscriptGoesByThePresetOfItsName(t *testing.T) {
	s, ctx := newStore(t), t.Context()
	p := must(s.AddPreset(ctx, brief))(t)
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	messages := []Message{{Role: RoleUser, Text: "x"}, {Parent: 1, Role: RoleAssistant, Text: "y", Finish: FinishEnd, Preset: "Brief"}}
	n := must(s.AddTranscripts(ctx, []Transcript{
		{Conversation: Conversation{Title: "known", Created: at}, Preset: "brief", Messages: messages},
		{Conversation: Conversation{Title: "unknown", Created: at}, Preset: "Long", Messages: messages},
	}))(t)
	if n != 2 {
		t.Fatalf("%d were added", n)
	}
	for _, c := range must(s.Conversations(ctx))(t) {
		if want := map[string]int64{"known": p.ID, "unknown": 0}[c.Title]; c.Preset != want {
			t.Errorf("%q goes by %d, want %d", c.Title, c.Preset, want)
		}
		if m := must(s.Messages(ctx, c.ID))(t)[1]; m.Preset != "Brief" {
			t.Errorf("the answer of %q was made with %q", c.Title, m.Preset)
		}
	}
}
