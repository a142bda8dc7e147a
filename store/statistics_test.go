package store

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// A day is the user's, also when the clock was put forward on it.
func TestRatingDays(t *testing.T) {
	s := newStore(t)
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Skipf("no time zones here: %v", err)
	}
	for _, r := range []struct {
		at    string
		score float64
	}{
		{"2026-03-27T23:30:00Z", 1}, // 28 March, 0:30 in Berlin
		{"2026-03-28T12:00:00Z", 0},
		{"2026-03-28T23:30:00Z", -1}, // 29 March, the day of 23 hours
		{"2026-03-29T21:30:00Z", 0.5},
		{"2026-03-29T22:30:00Z", 1}, // 30 March
		{"2026-01-01T00:00:00Z", 1}, // before
	} {
		at := must(time.Parse(time.RFC3339, r.at))(t)
		_, _, err := s.AddFeedback(t.Context(), Feedback{Sample: Sample{Form: FormRating, Kind: Manner, Score: r.score, Created: at}})
		check(t, err)
	}
	got := must(s.RatingDays(t.Context(), time.Date(2026, 3, 1, 0, 0, 0, 0, berlin), berlin))(t)
	day := func(d int) time.Time { return time.Date(2026, 3, d, 0, 0, 0, 0, berlin) }
	want := []RatingDay{{day(28), 2, 0.5}, {day(29), 2, -0.25}, {day(30), 1, 1}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("want (-), got (+):\n%s", diff)
	}
}

// BenchmarkRating is the time until a rating is on disk.
func BenchmarkRating(b *testing.B) {
	s := newStore(b)
	ctx := b.Context()
	talk := must(addConversation(ctx, s, Conversation{}))(b)
	m := must(s.AddMessage(ctx, Message{Conversation: talk.ID, Role: RoleAssistant, Text: "An answer."}))(b)
	for b.Loop() {
		_, _, err := s.AddFeedback(ctx, Feedback{Sample: Sample{
			Form: FormRating, Kind: Manner, Prompt: "A question of some length?", Answer: "An answer.", Score: 1, Message: m.ID,
		}})
		check(b, err)
	}
}

// BenchmarkMessages is the time to list a conversation of 10,000 messages.
func BenchmarkMessages(b *testing.B) {
	s := newStore(b)
	ctx := b.Context()
	talk := must(addConversation(ctx, s, Conversation{}))(b)
	_, err := s.db.write.ExecContext(ctx, `WITH RECURSIVE n (value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM n WHERE value < 10000)
		INSERT INTO messages (user, conversation, role, text, created, finish, tokens, seconds)
		SELECT 'local', ?, 'assistant', printf('Answer %d: %s', value, hex(zeroblob(150))), value, 'end', 80, 1.5 FROM n`, talk.ID)
	check(b, err)
	for b.Loop() {
		if n := len(must(s.Messages(ctx, talk.ID))(b)); n != 10000 {
			b.Fatalf("%d messages", n)
		}
	}
}

// BenchmarkOpen is the time to open a database that was closed in good order.
func BenchmarkOpen(b *testing.B) {
	path := filepath.Join(b.TempDir(), "clara.db")
	check(b, must(Open(b.Context(), path))(b).Close())
	for b.Loop() {
		check(b, must(Open(b.Context(), path))(b).Close())
	}
}
