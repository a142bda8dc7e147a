package trainer

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// A deleted conversation can be brought back for a day; then the loop erases it.
func TestDeletedConversationsAreErased(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.start()
		c, _ := b.talk("How does fog form over rivers?", 0)
		if err := b.DeleteConversation(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		time.Sleep(23 * time.Hour)
		b.settle()
		if err := b.RestoreConversation(t.Context(), c); err != nil {
			t.Fatalf("on the same day: %v", err)
		}
		if err := b.DeleteConversation(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		time.Sleep(26 * time.Hour)
		b.settle()
		if err := b.RestoreConversation(t.Context(), c); !errors.Is(err, ErrNotFound) {
			t.Errorf("after a day: %v", err)
		}
	})
}

// The model reads what the user sees: the correction that stands, also once a newer one
// was taken back.
func TestAnEarlierCorrectionStandsAgain(t *testing.T) {
	b := newBench(t)
	c, message := b.talk("Who leads IT?", 0)
	for _, better := range []string{"Maria leads IT.", "Ivan leads IT."} {
		if _, err := b.Correct(t.Context(), Correction{Message: message, Better: better, Kind: Knowledge}); err != nil {
			t.Fatal(err)
		}
	}
	reads := func(want string) {
		t.Helper()
		ms, err := b.store.Messages(t.Context(), c)
		if err == nil {
			ms, err = b.corrected(t.Context(), c, ms)
		}
		if err != nil || ms[len(ms)-1].Text != want {
			t.Errorf("the model reads %q, %v, want %q", ms[len(ms)-1].Text, err, want)
		}
	}
	reads("Ivan leads IT.")
	standing, err := b.standingOn(t.Context(), message, FormCorrection)
	if err != nil || len(standing) != 1 {
		t.Fatalf("%d corrections stand, %v", len(standing), err)
	}
	if err := b.TakeBack(t.Context(), standing[0]); err != nil {
		t.Fatal(err)
	}
	reads("Maria leads IT.")
}

// However much of a long conversation is left out, what is left begins with a question.
func TestALongConversationBeginsWithAQuestion(t *testing.T) {
	r := tinyRunner(t, 1)
	v := speaker{voice: voice{runner: r}}
	for exchanges := range 9 {
		for _, system := range []bool{false, true} {
			var history []Turn
			if system {
				history = []Turn{{Role: RoleSystem, Text: "Be brief."}}
			}
			for range exchanges {
				history = append(history, Turn{Role: RoleUser, Text: "What is next?"}, Turn{Role: RoleAssistant, Text: strings.Repeat("next ", 1200/exchanges)})
			}
			said, room, err := v.fitted(history, "And then?", -1, nil, 16)
			if err != nil || room != 16 || len(said.prompt)+16 > r.Info().Context {
				t.Errorf("%d exchanges, system %v: %d tokens of prompt, %d for the answer, %v", exchanges, system, len(said.prompt), room, err)
			}
		}
	}
}
