package store

import (
	"slices"
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

// What was said elsewhere since a conversation was brought in comes with the next file, behind
// what is there; what was said here stays; what was deleted comes back.
func TestATranscriptThatWentOnBringsWhatIsNew(t *testing.T) {
	s := newStore(t)
	ctx := t.Context()
	then := time.Date(2024, 5, 1, 9, 0, 0, 0, time.UTC)
	knots := Transcript{
		Conversation: Conversation{Title: "Knots", Created: then, Updated: then},
		Messages:     []Message{{Shown: 1, Role: RoleUser, Text: "Which knot?"}, {Parent: 1, Shown: 1, Role: RoleAssistant, Text: "A bowline."}},
	}
	bring := func(want int, deleted bool) Conversation {
		t.Helper()
		all := must(s.Conversations(ctx))(t)
		if deleted {
			check(t, s.DeleteConversation(ctx, all[0].ID))
		}
		if n := must(s.AddTranscripts(ctx, []Transcript{knots}))(t); n != want {
			t.Fatalf("%d bring something, want %d", n, want)
		}
		all = must(s.Conversations(ctx))(t)
		if len(all) != 1 || all[0].Messages < len(knots.Messages) {
			t.Fatalf("there are %+v", all)
		}
		return all[0]
	}
	c := bring(1, false)
	here := must(s.AddMessage(ctx, Message{Conversation: c.ID, Parent: must(s.Messages(ctx, c.ID))(t)[1].ID, Role: RoleUser, Text: "Asked here?"}))(t)
	if bring(0, false).Messages != 3 {
		t.Error("what was said here is gone")
	}
	knots.Conversation.Updated = then.Add(time.Hour)
	knots.Messages = append(knots.Messages, Message{Parent: 2, Shown: 1, Role: RoleUser, Text: "And then?"}, Message{Parent: 3, Shown: 1, Role: RoleAssistant, Text: "A hitch."})
	if got := bring(1, false); got.ID != c.ID || got.Messages != 5 || got.Updated.Before(here.Created) {
		t.Errorf("it is %+v", got)
	}
	m := must(s.Messages(ctx, c.ID))(t)
	if m[3].Parent != m[1].ID || m[4].Parent != m[3].ID || m[3].Shown <= m[2].Shown {
		t.Errorf("messages %+v", m)
	}
	bring(0, false)
	if got := bring(1, true); got.ID != c.ID || got.Messages != 5 {
		t.Errorf("brought back is %+v", got)
	}
	check(t, s.Check(ctx))
}

// A conversation is known by its time and what it begins with, also where it got another title since,
// here or where it comes from; here it keeps the one that it has.
func TestATranscriptUnderAnotherTitleIsTheSameConversation(t *testing.T) {
	s := newStore(t)
	ctx := t.Context()
	then := time.Date(2024, 5, 1, 9, 0, 0, 0, time.UTC)
	about := func(title, question string) Transcript {
		return Transcript{
			Conversation: Conversation{Title: title, Created: then, Updated: then},
			Messages:     []Message{{Shown: 1, Role: RoleUser, Text: question}, {Parent: 1, Shown: 1, Role: RoleAssistant, Text: "A bowline."}},
		}
	}
	bring := func(want int, titles string, all ...Transcript) {
		t.Helper()
		if n := must(s.AddTranscripts(ctx, all))(t); n != want {
			t.Errorf("%d bring something, want %d", n, want)
		}
		var got []string
		for _, c := range must(s.Conversations(ctx))(t) {
			got = append(got, c.Title)
		}
		slices.Sort(got)
		if strings.Join(got, ", ") != titles {
			t.Errorf("there are %q, want %s", got, titles)
		}
	}
	bring(1, "Knots", about("Knots", "Which knot?"))
	bring(0, "Knots", about("Ropes", "Which knot?"))
	check(t, s.RenameConversation(ctx, must(s.Conversations(ctx))(t)[0].ID, "Mine"))
	bring(0, "Mine", about("Knots", "Which knot?"))
	longer := about("Ropes", "Which knot?")
	longer.Messages = append(longer.Messages, Message{Parent: 2, Shown: 1, Role: RoleUser, Text: "And then?"})
	bring(1, "Mine", longer)
	bring(1, "Mine, Sails", about("Sails", "Which sail?")) // of the same moment, but another one

	// Two in one file are two, also a copy of the same moment, whichever comes first.
	bring(1, "Copy, Mine, Sails", about("Knots", "Which knot?"), about("Copy", "Which knot?"))
	bring(0, "Copy, Mine, Sails", about("Knots", "Which knot?"), about("Copy", "Which knot?"))
	bring(0, "Copy, Mine, Sails", about("Copy", "Which knot?"), about("Ropes", "Which knot?"))
	bring(0, "Copy, Mine, Sails", about("Ropes", "Which knot?"), about("Copy", "Which knot?"))

	// Behind the same system message they are the same by their question.
	under := func(title, question string) Transcript {
		all := about(title, question)
		all.Messages = []Message{{Shown: 1, Role: RoleSystem, Text: "Be brief."}, {Parent: 1, Shown: 1, Role: RoleUser, Text: question}}
		return all
	}
	bring(1, "Copy, Masts, Mine, Sails", under("Masts", "Which mast?"))
	bring(1, "Copy, Masts, Mine, Oars, Sails", under("Oars", "Which oar?"))
	bring(0, "Copy, Masts, Mine, Oars, Sails", under("Rudders", "Which oar?"))
	check(t, s.Check(ctx))
}
