package app

import (
	"testing"

	"fyne.io/fyne/v2"

	"clara/trainer"
	"clara/widgets"
)

// withPresets keeps the sample presets, which get numbers of their own.
func (w *window) withPresets(t *testing.T) {
	t.Helper()
	for _, p := range samplePresets() {
		p.ID = 0
		if _, err := w.Trainer.SavePreset(t.Context(), p); err != nil {
			t.Fatal(err)
		}
	}
	w.presets.refresh()
	w.settle(t)
}

func TestPresetIsChosenForOneConversation(t *testing.T) {
	w := openSample(t, spoken(german))
	w.withPresets(t)
	if !reads(w, "Vorlage der Unterhaltung: Standard") {
		t.Fatal("the head does not say that no preset is chosen")
	}
	w.press(t, fyne.KeyP)
	tap(t, w, "Kurz, Antworten Sie in einem Satz, ohne …")
	id := w.presets.all[1].ID
	if w.presets.all[1].Name != "Kurz" || w.chat.conversation.Preset != id || !reads(w, "Vorlage der Unterhaltung: Kurz") {
		t.Fatalf("chosen is %d", w.chat.conversation.Preset)
	}
	kept, err := w.Trainer.Conversations(t.Context())
	if err != nil || kept[0].Preset != id {
		t.Errorf("kept is %d, %v", kept[0].Preset, err)
	}
	if w.presets.all[1].Conversations != 1 {
		t.Errorf("%d conversations go by it", w.presets.all[1].Conversations)
	}
	first := w.chat.all[0]
	w.newConversation() // begins without one
	w.settle(t)
	if !reads(w, "Vorlage der Unterhaltung: Standard") {
		t.Error("a new conversation takes the preset of another one")
	}
	w.chat.openConversation(first)
	w.settle(t)
	if !reads(w, "Vorlage der Unterhaltung: Kurz") {
		t.Error("the conversation has forgotten its preset")
	}
}

func TestAnswerNamesItsPreset(t *testing.T) {
	w := openSample(t, spoken(german))
	e := w.chat.entries[3]
	e.Preset = "Kurz"
	if note := w.chat.note(e); note != "Version 12 · Kurz" {
		t.Errorf("the answer says %q", note)
	}
	e.Finish = trainer.FinishCancelled
	if note := w.chat.note(e); note != "Version 12 · Kurz · von Ihnen angehalten" {
		t.Errorf("the stopped answer says %q", note)
	}
}

func TestPresetIsMadeChangedCopiedAndDeleted(t *testing.T) {
	w := openSample(t, spoken(english))
	w.openPresets()
	w.settle(t)
	if !reads(w, "No preset yet") {
		t.Fatal("the page does not say that there is none")
	}
	tap(t, w, "New preset")
	e := w.presets.editor
	if !e.save.Disabled() {
		t.Error("a preset without a name can be saved")
	}
	e.name.SetText("Brief")
	typeInto := func(key, text string) {
		find(t, w, func(l *widgets.Line) bool { return l.Name == say(key) }).SetText(text)
	}
	typeInto("set.temperature", "3")
	typeInto("set.max_tokens", "1.5")
	if e.draft.Temperature == 3 || !reads(w, "At most 2") || !reads(w, "Whole numbers only") || !e.save.Disabled() {
		t.Error("a value out of range can be saved, or is not marked")
	}
	w.restyle() // as with another size of text
	w.settle(t)
	if !reads(w, "At most 2") || !reads(w, "Whole numbers only") || !e.save.Disabled() {
		t.Error("when the fields are made anew, it is not said why nothing can be saved")
	}
	typeInto("set.temperature", "0.7")
	typeInto("set.max_tokens", "256")
	e.draft.System = "Answer in one sentence."
	w.press(t, fyne.KeyReturn)
	if len(w.presets.all) != 1 || w.presets.all[0].Temperature != .7 || !reads(w, "Preset “Brief” saved") || !reads(w, "Answer in one sentence.") {
		t.Fatalf("kept are %+v", w.presets.all)
	}
	tap(t, w, "Duplicate Brief")
	e = w.presets.editor
	if e.draft.Name != "Brief (copy)" || e.save.Disabled() {
		t.Errorf("the copy is called %q", e.draft.Name)
	}
	e.name.SetText("bRIEF")
	if !e.save.Disabled() || !reads(w, "Another preset has this name") {
		t.Error("two presets can have one name")
	}
	e.name.SetText("Letters")
	tap(t, w, "Save")
	tap(t, w, "Edit Letters")
	w.presets.editor.name.SetText("Long")
	w.restyle() // what was typed stays when the window is made anew
	w.settle(t)
	if w.presets.editor == nil || w.presets.editor.name.Text != "Long" {
		t.Fatal("the window made anew has lost what was typed")
	}
	tap(t, w, "Save")
	if len(w.presets.all) != 2 || w.presets.all[1].Name != "Long" {
		t.Fatalf("after the renaming there are %+v", w.presets.all)
	}
	long := w.presets.all[1].ID
	w.escape()
	w.settle(t)
	w.chat.choosePreset(long)
	w.settle(t)
	w.openPresets()
	tap(t, w, "Delete Long")
	if len(w.presets.all) != 1 || !reads(w, "Preset “Long” deleted. 1 chat goes by the default now.") {
		t.Error("the preset is not deleted, or it is not said what that means")
	}
	if w.chat.presetName() != "Default" {
		t.Errorf("the conversation goes by %q", w.chat.presetName())
	}
	tap(t, w, "Undo")
	if len(w.presets.all) != 2 || w.chat.presetName() != "Long" {
		t.Errorf("after the undo there are %+v, the conversation goes by %q", w.presets.all, w.chat.presetName())
	}
	w.escape()
	if w.presets.open {
		t.Error("Escape does not lead back to the conversation")
	}
}

// A button closes what it stands on, also while a question stands above the view: that is answered by its own buttons, and by Escape.
func TestAButtonClosesItsPageAndNotAQuestion(t *testing.T) {
	w := openSample(t, spoken(english))
	ask := func() {
		w.ask(func() question { return question{title: "Really?", yes: "Yes", no: "No", do: func() {}} })
	}
	w.openPresets()
	tap(t, w, "New preset")
	for _, c := range []struct {
		button string
		closed func() bool
	}{
		{"Cancel", func() bool { return w.presets.editor == nil && w.presets.open }},
		{"Close", func() bool { return !w.presets.open }},
		{"Close", func() bool { return !w.search.open }},
	} {
		if !w.presets.open {
			w.openSearch()
		}
		ask()
		tap(t, w, c.button)
		if !c.closed() || !reads(w, "Really?") {
			t.Errorf("%s does not close what it stands on, or the question is gone", c.button)
		}
	}
	w.openPresets()
	w.escape()
	if reads(w, "Really?") || !w.presets.open {
		t.Error("Escape does not answer the question first")
	}
}
