package trainer

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"clara/trainer/transcript"
)

func brief() Preset {
	return Preset{Name: "Brief", System: "Answer in one sentence.", Temperature: .5, TopP: .9, TopK: 20, MinP: .1, RepeatPenalty: 1.2, MaxTokens: 64}
}

func TestPresetIsHeldToTheRangesOfTheSettings(t *testing.T) {
	b := newBench(t)
	kept, err := b.SavePreset(t.Context(), brief())
	if err != nil || kept.ID == 0 {
		t.Fatalf("kept %+v, %v", kept, err)
	}
	for field, change := range map[string]func(*Preset){
		"Temperature":   func(p *Preset) { p.Temperature = 2.1 },
		"TopP":          func(p *Preset) { p.TopP = -.1 },
		"TopK":          func(p *Preset) { p.TopK = 1001 },
		"MinP":          func(p *Preset) { p.MinP = 1.5 },
		"RepeatPenalty": func(p *Preset) { p.RepeatPenalty = .5 },
		"MaxTokens":     func(p *Preset) { p.MaxTokens = 0 },
		"Seed":          func(p *Preset) { p.Seed = -1 },
	} {
		p := kept
		change(&p)
		var out *RangeError
		if _, err := b.SavePreset(t.Context(), p); !errors.As(err, &out) || out.Field != field {
			t.Errorf("%s out of range: %v", field, err)
		}
	}
	for what, change := range map[string]func(*Preset){
		"no name":                  func(p *Preset) { p.Name = " " },
		"a name of two lines":      func(p *Preset) { p.Name = "a\nb" },
		"a long name":              func(p *Preset) { p.Name = strings.Repeat("x", 81) },
		"a long system prompt":     func(p *Preset) { p.System = strings.Repeat("x", 20_001) },
		"a name that is no UTF-8":  func(p *Preset) { p.Name = "\xff" },
		"a prompt that is no text": func(p *Preset) { p.System = "\xff" },
	} {
		p := kept
		change(&p)
		if _, err := b.SavePreset(t.Context(), p); !errors.Is(err, ErrPresetText) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := b.SavePreset(t.Context(), brief()); !errors.Is(err, ErrPresetTaken) {
		t.Errorf("a second preset of the same name: %v", err)
	}
	if got, err := b.Presets(t.Context()); err != nil || len(got) != 1 || got[0].Temperature != .5 {
		t.Errorf("kept are %+v, %v", got, err)
	}
}

// What a preset says holds in the place of the settings; without one nothing changes.
func TestAnswerGoesByThePresetOfItsConversation(t *testing.T) {
	set := DefaultSettings()
	set.System = "You are a clerk."
	s := &speaker{voice: voice{system: set.System}}
	own := []Turn{{Role: RoleSystem, Text: "You are a sailor."}, {Role: RoleUser, Text: "a"}, {Role: RoleAssistant, Text: "b"}}
	s2, set2, history := under(nil, s, &set, own)
	if s2 != s || set2 != &set || cmp.Diff(own, history) != "" {
		t.Error("without a preset something changes")
	}
	p := brief()
	s2, set2, history = under(&p, s, &set, own)
	if s.system != "You are a clerk." || set.MaxTokens != 512 || own[0].Text != "You are a sailor." {
		t.Fatal("what others answer by was changed")
	}
	if s2.system != p.System || set2.MaxTokens != 64 || set2.TopK != 20 || set2.RepeatPenalty != 1.2 {
		t.Errorf("under a preset %+v answers by %+v", s2.voice, set2)
	}
	want := []Turn{{Role: RoleSystem, Text: p.System}, own[1], own[2]}
	if diff := cmp.Diff(want, history); diff != "" {
		t.Errorf("its system prompt stands not in the place of the conversation's own:\n%s", diff)
	}
	p.System = "" // the model's own, not that of the settings
	s2, _, history = under(&p, s, &set, own[1:])
	if got := messages(s2.system, history); len(got) != 2 {
		t.Errorf("a preset without a system prompt gives %+v", got)
	}
}

// Feedback on an answer remembers the system prompt that it was given under, also when the
// preset says something else by now: else training would teach that tone to all answers.
func TestFeedbackRemembersTheSystemPromptOfItsAnswer(t *testing.T) {
	b := newBench(t)
	ctx := t.Context()
	p, err := b.SavePreset(ctx, brief())
	if err != nil {
		t.Fatal(err)
	}
	a, err := b.store.BeginConversation(ctx, Conversation{Title: "a", Preset: p.ID}, []Message{
		{Role: RoleUser, Text: "How does fog form?"},
		{Role: RoleAssistant, Text: "Moist air cools over the river.", Finish: FinishEnd, Preset: p.Name, System: p.System},
	})
	if err != nil {
		t.Fatal(err)
	}
	p.System = "Answer at length."
	if _, err := b.SavePreset(ctx, p); err != nil {
		t.Fatal(err)
	}
	sample, err := b.Rate(ctx, a.ID, 5)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]Turn{{Role: RoleSystem, Text: "Answer in one sentence."}}, sample.Context); diff != "" {
		t.Error(diff)
	}
}

func TestTranscriptCarriesThePresetsName(t *testing.T) {
	b := newBench(t)
	ctx := t.Context()
	p, err := b.SavePreset(ctx, brief())
	if err != nil {
		t.Fatal(err)
	}
	conversation, answer := b.talk("How does fog form over rivers?", 0)
	if err := b.ChoosePreset(ctx, conversation, p.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := b.store.AddMessage(ctx, Message{Conversation: conversation, Parent: answer, Role: RoleAssistant, Text: "More.", Preset: "Brief", Finish: FinishEnd}); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := b.ExportConversation(ctx, conversation, TranscriptJSON, TranscriptWords{}, &out); err != nil {
		t.Fatal(err)
	}
	var raw struct{ Preset string }
	if err := json.Unmarshal(out.Bytes(), &raw); err != nil || raw.Preset != "Brief" {
		t.Errorf("the conversation goes by %q, %v", raw.Preset, err)
	}
	all, faults, err := transcript.Read(&out)
	if err != nil || len(faults) > 0 || all[0].Preset != "Brief" || all[0].Messages[len(all[0].Messages)-1].Preset != "Brief" {
		t.Errorf("read anew: %+v, %v, %v", all, faults, err)
	}
}

// A deleted preset can be brought back for a day; the conversations go by it again.
func TestDeletedPresetsAreErased(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.start()
		p, err := b.SavePreset(t.Context(), brief())
		if err != nil {
			t.Fatal(err)
		}
		c, _ := b.talk("How does fog form over rivers?", 0)
		if err := errors.Join(b.ChoosePreset(t.Context(), c, p.ID), b.DeletePreset(t.Context(), p.ID)); err != nil {
			t.Fatal(err)
		}
		if got, err := b.presetOf(t.Context(), c); got != nil || err != nil {
			t.Errorf("a conversation goes by the deleted %+v, %v", got, err)
		}
		time.Sleep(23 * time.Hour)
		b.settle()
		if err := b.RestorePreset(t.Context(), p.ID); err != nil {
			t.Fatalf("on the same day: %v", err)
		}
		if got, err := b.presetOf(t.Context(), c); got == nil || got.ID != p.ID || err != nil {
			t.Errorf("after that it goes by %+v, %v", got, err)
		}
		if err := b.DeletePreset(t.Context(), p.ID); err != nil {
			t.Fatal(err)
		}
		time.Sleep(26 * time.Hour)
		b.settle()
		if err := b.RestorePreset(t.Context(), p.ID); !errors.Is(err, ErrNotFound) {
			t.Errorf("after a day: %v", err)
		}
	})
}
