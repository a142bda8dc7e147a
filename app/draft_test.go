package app

import (
	"testing"

	"clara/trainer"
)

func TestDraftSurvivesLeavingTheConversation(t *testing.T) {
	w := openSample(t, spoken(english))
	first, second := w.chat.all[0], w.chat.all[1]
	w.chat.composer.SetText("half a question")
	w.chat.openConversation(second)
	w.settle(t)
	if got := w.chat.composer.Text(); got != "" {
		t.Fatalf("the other conversation begins with %q", got)
	}
	w.chat.openConversation(first)
	w.settle(t)
	if got := w.chat.composer.Text(); got != "half a question" {
		t.Errorf("the draft is %q", got)
	}
}

func TestDraftOfANewConversationSurvivesARestart(t *testing.T) {
	w := openSample(t, spoken(english))
	if got := behind("History of bread?", "Hi"); got != "History of bread?" {
		t.Errorf("of a word that the question begins it leaves %q", got)
	}

	w.newConversation()
	w.settle(t)
	w.chat.composer.SetText("half a question")
	w.close()
	w.work.stop()

	next := newTestWindow(t, Params{Trainer: w.Trainer, Settings: spoken(english)}, wide)
	next.start()
	next.settle(t)
	if got := next.chat.composer.Text(); got != "half a question" {
		t.Errorf("the next window begins with %q", got)
	}
}

// Before the draft of a conversation was read its composer is empty: that is not what the person left it with.
func TestDraftSurvivesPassingByItsConversation(t *testing.T) {
	w := openSample(t, spoken(english))
	first, second := w.chat.all[0], w.chat.all[1]
	w.chat.composer.SetText("half a question")
	w.chat.openConversation(second)
	w.settle(t)
	w.chat.openConversation(first)
	w.chat.openConversation(second) // at once
	w.settle(t)
	w.chat.openConversation(first)
	w.settle(t)
	if got := w.chat.composer.Text(); got != "half a question" {
		t.Errorf("the draft is %q", got)
	}
}

func TestDraftIsThereWhereTheConversationCannotBeRead(t *testing.T) {
	w := openSample(t, spoken(english))
	first := w.chat.all[0]
	w.chat.composer.SetText("half a question")
	w.chat.openConversation(w.chat.all[1])
	w.settle(t)
	w.chat.openAt(trainer.Hit{Conversation: first.ID, Message: 1 << 40}, "")
	w.settle(t)
	if w.chat.unread == nil {
		t.Fatal("a message was found that is not there")
	}
	w.chat.keepDraft()
	w.settle(t)
	if got, err := w.Trainer.Draft(t.Context(), first.ID); got != "half a question" || err != nil || w.chat.composer.Text() != got {
		t.Errorf("the draft is %q, %v, the composer has %q", got, err, w.chat.composer.Text())
	}
}

func TestTypingIsNotOverwrittenByTheDraftThatArrivesLate(t *testing.T) {
	w := openSample(t, spoken(english))
	w.newConversation()
	w.chat.composer.SetText("typed at once") // before the draft has been read
	w.settle(t)
	if got := w.chat.composer.Text(); got != "typed at once" {
		t.Errorf("the composer has %q", got)
	}
}

func TestAskedQuestionLeavesNoDraftBehind(t *testing.T) {
	w := openSample(t, spoken(english))
	w.newConversation()
	w.settle(t)
	w.chat.composer.SetText("What is")
	w.chat.keepDraft()
	a := &answering{stop: func() {}}
	w.chat.writing[0] = a
	w.chat.asked(a, trainer.Message{ID: 99, Conversation: w.chat.all[1].ID, Role: trainer.RoleUser, Text: "What is bread?"})
	w.settle(t)
	delete(w.chat.writing, a.conversation)
	w.newConversation()
	w.settle(t)
	if got := w.chat.composer.Text(); got != "" {
		t.Errorf("the next new conversation begins with %q", got)
	}
}

// What is typed while a question is on its way to the disk is the beginning of the next one, wherever the person goes meanwhile; the
// question itself does not come back as a draft.
func TestOnlyWhatIsTypedBehindAQuestionStays(t *testing.T) {
	const question = "What is bread?"
	w := openSample(t, spoken(english))
	first, second := w.chat.all[0], w.chat.all[1]
	leave := func() {
		w.chat.openConversation(second)
		w.settle(t)
	}
	for _, c := range []struct {
		how       string
		composer  string // when it is on disk
		meanwhile func()
		want      string
	}{
		{"nothing else", question, func() {}, ""},
		{"typing on", question + " And rye?", func() {}, "And rye?"},
		{"typing on at once", question + "And rye?", func() {}, "And rye?"},
		{"another text", "And rye?", func() {}, "And rye?"},
		{"leaving", question + "\n", leave, ""},
		{"typing on and leaving", question + " And rye?", leave, "And rye?"},
		{"leaving and coming back", question + " And rye?", func() { leave(); w.chat.openConversation(first); w.settle(t) }, "And rye?"},
		{"coming back at once", question, func() { leave(); w.chat.openConversation(first) }, ""},
	} {
		w.chat.openConversation(first)
		w.settle(t)
		a := &answering{conversation: first.ID, stop: func() {}}
		w.chat.writing[first.ID] = a
		w.chat.composer.SetText(c.composer)
		c.meanwhile()
		w.chat.asked(a, trainer.Message{ID: 99, Conversation: first.ID, Role: trainer.RoleUser, Text: question})
		w.settle(t)
		delete(w.chat.writing, first.ID)
		if draft, err := w.Trainer.Draft(t.Context(), first.ID); draft != c.want || err != nil {
			t.Errorf("%s: on disk is %q, %v, not %q", c.how, draft, err, c.want)
		}
		w.chat.openConversation(first)
		w.settle(t)
		if got := w.chat.composer.Text(); got != c.want {
			t.Errorf("%s: the composer has %q, not %q", c.how, got, c.want)
		}
	}

	w.newConversation()
	w.settle(t)
	a := &answering{stop: func() {}}
	w.chat.writing[0] = a
	w.chat.composer.SetText(question + " And rye?")
	leave()
	w.chat.asked(a, trainer.Message{ID: 99, Conversation: first.ID, Role: trainer.RoleUser, Text: question})
	w.settle(t)
	for conversation, want := range map[int64]string{0: "", first.ID: "And rye?"} {
		if got, err := w.Trainer.Draft(t.Context(), conversation); got != want || err != nil {
			t.Errorf("of a new conversation that was left, %d has the draft %q, %v, not %q", conversation, got, err, want)
		}
	}
}
