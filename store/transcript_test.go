package store

import (
	"strings"
	"testing"
	"time"
)

func TestTranscriptsAreAddedOnceAndWholeOrNotAtAll(t *testing.T) {
	s := newStore(t)
	ctx := t.Context()
	then := time.Date(2024, 5, 1, 9, 0, 0, 0, time.UTC)
	knots := Transcript{
		Conversation: Conversation{Title: "Knots", Created: then, Updated: then.Add(time.Hour)},
		Messages: []Message{
			{Role: RoleUser, Text: "Which knot?", Created: then},
			{Parent: 1, Shown: 1, Role: RoleAssistant, Text: "A bowline.", Finish: FinishEnd, Source: "other"},
			{Parent: 1, Role: RoleAssistant, Text: "A hitch.", Finish: FinishEnd, Source: "other"},
		},
	}
	for _, bad := range []Transcript{
		{Conversation: Conversation{Title: "forward"}, Messages: []Message{{Parent: 2, Role: RoleUser}, {Role: RoleUser}}},
		{Conversation: Conversation{Title: "long"}, Messages: []Message{{Role: RoleUser, Text: strings.Repeat("x", MaxText+1)}}},
	} {
		if n, err := s.AddTranscripts(ctx, []Transcript{knots, bad}); err == nil || n != 0 {
			t.Errorf("%s: %d added, %v", bad.Conversation.Title, n, err)
		}
		if n := len(must(s.Conversations(ctx))(t)); n != 0 {
			t.Fatalf("%s: %d conversations are half brought in", bad.Conversation.Title, n)
		}
	}
	for want := 1; want >= 0; want-- {
		if n := must(s.AddTranscripts(ctx, []Transcript{knots}))(t); n != want {
			t.Errorf("%d added, want %d", n, want)
		}
	}
	c := must(s.Conversations(ctx))(t)
	if len(c) != 1 || !c[0].Created.Equal(then) || !c[0].Updated.Equal(then.Add(time.Hour)) || c[0].Messages != 3 {
		t.Fatalf("conversations %+v", c)
	}
	m := must(s.Messages(ctx, c[0].ID))(t)
	if m[1].Parent != m[0].ID || m[2].Parent != m[0].ID || m[1].Shown != 1 || m[1].Source != "other" || !m[2].Created.Equal(then) {
		t.Errorf("messages %+v", m)
	}
	if v := must(s.AnswerTotals(ctx, time.Time{}))(t); v.Answers != 0 {
		t.Errorf("%d answers of another program are counted as given here", v.Answers)
	}
	if hits := must(s.Search(ctx, "bowline", 9))(t); len(hits) != 1 {
		t.Error("what was brought in is not found")
	}
	check(t, s.Check(ctx))
}
