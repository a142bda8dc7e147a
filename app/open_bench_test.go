package app

import (
	"fmt"
	"strings"
	"testing"

	"clara/configs"
	"clara/store"
	"clara/trainer"
)

// BenchmarkOpen10000 measures how long a conversation of 10,000 messages takes from the tap on it until it stands on screen:
// reading it from the disk, with its feedback, and laying out what is in sight.
func BenchmarkOpen10000(b *testing.B) {
	tr := sampleTrainer(b)
	s := storeOf[tr]
	c := store.Transcript{Conversation: store.Conversation{Title: "Years"}}
	for i := range 10_000 {
		m := store.Message{Parent: int64(i), Role: trainer.RoleUser, Text: fmt.Sprintf("Question %d about a notice?", i)}
		if i%2 == 1 {
			m.Role, m.Finish = trainer.RoleAssistant, trainer.FinishEnd
			m.Text = strings.Repeat("Within **one month** after it was made known, in writing or in person. ", 6) + "\n\n- first\n- second"
		}
		c.Messages = append(c.Messages, m)
	}
	if _, err := s.AddTranscripts(b.Context(), []store.Transcript{c}); err != nil {
		b.Fatal(err)
	}
	w := newTestWindow(b, Params{Trainer: tr, Settings: configs.Default(), Learning: learningOf}, wide)
	w.fillSamples(b, placeChat, trainer.PhaseWaiting)
	all, err := tr.Conversations(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		w.newConversation()
		w.settle(b)
		w.chat.openConversation(all[0])
		w.settle(b)
		if len(w.chat.entries) != 10_000 {
			b.Fatalf("%d messages are shown", len(w.chat.entries))
		}
	}
}
