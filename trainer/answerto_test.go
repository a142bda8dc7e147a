package trainer

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
)

// A face that brings the whole conversation, with its own sampling: the turns are kept
// before the question, and the answer is found by its question.
func TestAnswerAfterTurnsThatAreBrought(t *testing.T) {
	b := newBench(t)
	if err := b.Attach(t.Context(), tinyRunnerOf(t, 1, 8)); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := b.Attach(t.Context(), nil); err != nil {
			t.Error(err)
		}
	}()
	var question Message
	hot, all := 1.5, 1.0
	ask := Ask{
		Text: "And now?", System: "Be brief.", MaxTokens: 24, Seed: 7, Temperature: &hot, TopP: &all,
		History: []Turn{{Role: RoleUser, Text: "Hello?"}, {Role: RoleAssistant, Text: "Good day."}},
		OnAsked: func(m Message) { question = m },
	}
	e, err := b.Answer(t.Context(), ask, nil)
	if err != nil {
		t.Fatal(err)
	}
	if e.PromptTokens < len("Be brief.Hello?Good day.And now?") || e.Tokens == 0 {
		t.Errorf("an answer of %d tokens to %d", e.Tokens, e.PromptTokens)
	}
	entries, err := b.Entries(t.Context(), e.Conversation)
	if err != nil {
		t.Fatal(err)
	}
	var said []string
	for _, x := range entries {
		said = append(said, string(x.Role)+": "+x.Text)
	}
	want := "system: Be brief.|user: Hello?|assistant: Good day.|user: And now?|assistant: " + e.Text
	if got := strings.Join(said, "|"); got != want {
		t.Errorf("kept as %q, want %q", got, want)
	}
	if m, err := b.AnswerTo(t.Context(), question.ID); err != nil || m.ID != e.ID {
		t.Errorf("the answer to %d is %d (%v), want %d", question.ID, m.ID, err, e.ID)
	}
	for _, id := range []int64{e.ID, e.ID + 100} {
		if _, err := b.AnswerTo(t.Context(), id); !errors.Is(err, ErrNotFound) {
			t.Errorf("the answer to message %d, which is no question: %v", id, err)
		}
	}
	if _, err := b.Rate(t.Context(), question.ID, 5); !errors.Is(err, ErrNotFound) {
		t.Errorf("a question was rated: %v", err)
	}

	// The same seed draws the same, up to a text before which it ends.
	whole := []rune(strings.ToValidUTF8(e.Text, ""))
	if len(whole) < 4 {
		t.Fatalf("the answer %q is too short for this test", e.Text)
	}
	ask.Stop = []string{string(whole[2:4])}
	cut, err := b.Answer(t.Context(), ask, nil)
	if err != nil || cut.Finish != FinishStop || !strings.HasPrefix(e.Text, cut.Text) || strings.Contains(cut.Text, ask.Stop[0]) {
		t.Errorf("up to %q: %q (%s), %v; without: %q", ask.Stop[0], cut.Text, cut.Finish, err, e.Text)
	}
}

// A conversation of years goes on: what the model cannot read any more is left out, also where it is too long to be made tokens of.
func TestAnswerAfterMoreThanTheModelReads(t *testing.T) {
	b := newBench(t)
	if err := b.Attach(t.Context(), tinyRunnerOf(t, 1, 8)); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := b.Attach(t.Context(), nil); err != nil {
			t.Error(err)
		}
	}()
	ask := Ask{Text: "And now?", System: "Be brief.", MaxTokens: 4}
	for range 4 {
		ask.History = append(ask.History, Turn{Role: RoleUser, Text: "Hello?"}, Turn{Role: RoleAssistant, Text: strings.Repeat("Good day. ", 20_000)})
	}
	ask.History = append(ask.History, Turn{Role: RoleUser, Text: "Hello again?"}, Turn{Role: RoleAssistant, Text: "Good evening."})
	e, err := b.Answer(t.Context(), ask, nil)
	if err != nil {
		t.Fatal(err)
	}
	if least := len("Be brief.Hello again?Good evening.And now?"); e.PromptTokens < least {
		t.Errorf("read %d tokens, at least the last turns with the question have %d", e.PromptTokens, least)
	}
}

// heard hears what is logged.
type heard func(message string)

func (h heard) Enabled(context.Context, slog.Level) bool { return true }
func (h heard) WithAttrs([]slog.Attr) slog.Handler       { return h }
func (h heard) WithGroup(string) slog.Handler            { return h }

func (h heard) Handle(_ context.Context, r slog.Record) error {
	h(r.Message)
	return nil
}

// What there is of an answer comes back with its conversation where that is deleted while it is
// written, and what it went on from stands as it was.
func TestAnAnswerOutlivesTheDeletionOfItsConversation(t *testing.T) {
	b := newBench(t)
	defer b.load(tinyRunner(t, 1))()
	// Deleted as the window does it, as soon as it is asked, before the first token, or behind that.
	deleted := func(ask Ask, when string) Entry {
		t.Helper()
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		conversation := int64(0)
		at := func(now string) {
			if now != when || ctx.Err() != nil {
				return
			}
			stop()
			if err := b.DeleteConversation(t.Context(), conversation); err != nil {
				t.Fatal(err)
			}
		}
		ask.Greedy = true
		ask.OnAsked = func(m Message) {
			conversation = m.Conversation
			at("asked")
		}
		b.log = slog.New(heard(at))
		e, err := b.Answer(ctx, ask, func(string) { at("a piece") })
		if err != nil || e.ID == 0 || e.Finish != FinishCancelled && e.ID != ask.Continue {
			t.Fatalf("the answer is %+v, %v", e, err)
		}
		if err := b.RestoreConversation(t.Context(), conversation); err != nil {
			t.Fatal(err)
		}
		if got := b.texts(conversation); got[len(got)-1] != e.Text {
			t.Errorf("kept is %q, want %q at the end", got, e.Text)
		}
		return e
	}
	said := deleted(Ask{Text: "What is fog?", MaxTokens: 12}, "a piece")
	if said.Text == "" {
		t.Fatal("it ended before its time")
	}
	if e := deleted(Ask{Conversation: said.Conversation, Continue: said.ID, MaxTokens: 12}, "answering"); e.ID != said.ID || e.Text != said.Text {
		t.Errorf("it went on from %q, and is %q", said.Text, e.Text)
	}
	deleted(Ask{Conversation: said.Conversation, Text: "And rain?", MaxTokens: 12}, "asked")
}
