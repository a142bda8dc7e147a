package trainer

import (
	"slices"
	"testing"
)

func TestShownPathTakesWhatWasShownLast(t *testing.T) {
	// 1 - 2 - 3 - 4
	//      \- 5 (shown before 3)   1 - 6 is the newest answer, 2 was turned back to
	all := []Message{{ID: 1}, {ID: 2, Parent: 1, Shown: 2}, {ID: 3, Parent: 2, Shown: 1}, {ID: 4, Parent: 3}, {ID: 5, Parent: 2}, {ID: 6, Parent: 1, Shown: 1}}
	ids := func(ms []Message) []int64 {
		var out []int64
		for _, m := range ms {
			out = append(out, m.ID)
		}
		return out
	}
	if got := ids(shownPath(all)); !slices.Equal(got, []int64{1, 2, 3, 4}) {
		t.Errorf("shown is %v", got)
	}
	if got := ids(pathTo(all, 5)); !slices.Equal(got, []int64{1, 2, 5}) {
		t.Errorf("the way to 5 is %v", got)
	}
	if got := ids(pathTo(all, 7)); len(got) != 0 {
		t.Errorf("the way to nowhere is %v", got)
	}
	versions := versionsOf(all)
	if !slices.Equal(versions[6], []int64{2, 6}) || !slices.Equal(versions[3], []int64{3, 5}) || versions[4] != nil || versions[1] != nil {
		t.Errorf("versions %v", versions)
	}
}

// say keeps a message behind another one.
func (b *bench) say(conversation, parent int64, role Role, text string) Message {
	b.t.Helper()
	m, err := b.store.AddMessage(b.t.Context(), Message{Conversation: conversation, Parent: parent, Role: role, Text: text, Finish: FinishEnd})
	if err != nil {
		b.t.Fatal(err)
	}
	return m
}

func (b *bench) texts(conversation int64) []string {
	b.t.Helper()
	all, err := b.Entries(b.t.Context(), conversation)
	if err != nil {
		b.t.Fatal(err)
	}
	var out []string
	for _, e := range all {
		out = append(out, e.Text)
	}
	return out
}

// A question that is asked differently goes on from what the first one followed, reads
// only that, and both branches keep what came of them: answers, ratings, corrections.
func TestBranchesKeepWhatBelongsToThem(t *testing.T) {
	b := newBench(t)
	ctx := t.Context()
	c, fog := b.talk("How does fog form?", 0)
	second, history, err := b.question(ctx, Ask{Conversation: c, Text: "And over rivers?"})
	if err != nil || second.Parent != fog || len(history) != 2 {
		t.Fatalf("the next question: %+v, %v, %v", second, history, err)
	}
	rivers := b.say(c, second.ID, RoleAssistant, "the same way")
	if _, err := b.Rate(ctx, rivers.ID, 5); err != nil {
		t.Fatal(err)
	}
	other, history, err := b.question(ctx, Ask{Instead: second.ID, Text: "And over lakes?"})
	if err != nil || other.Parent != fog || len(history) != 2 || history[1].Text != "an answer" {
		t.Fatalf("asked differently: %+v, %v, %v", other, history, err)
	}
	b.say(c, other.ID, RoleAssistant, "more slowly")
	if got := b.texts(c); !slices.Equal(got, []string{"How does fog form?", "an answer", "And over lakes?", "more slowly"}) {
		t.Errorf("shown is %q", got)
	}
	if err := b.Show(ctx, second.ID); err != nil {
		t.Fatal(err)
	}
	all, err := b.Entries(ctx, c)
	if err != nil || len(all) != 4 || all[3].Text != "the same way" || all[3].Stars != 5 || !slices.Equal(all[2].Beside, []int64{second.ID, other.ID}) || all[3].Beside != nil {
		t.Errorf("turned back to the first: %+v, %v", all, err)
	}
	// Its answer again stands beside the first one, and goes on from it.
	b.say(c, second.ID, RoleAssistant, "much the same way")
	if all, err = b.Entries(ctx, c); err != nil || all[3].Text != "much the same way" || all[3].Stars != 0 || len(all[3].Beside) != 2 {
		t.Errorf("answered again: %+v, %v", all, err)
	}
	question, history, err := b.question(ctx, Ask{Again: rivers.ID})
	if err != nil || question.ID != second.ID || len(history) != 2 {
		t.Errorf("the question of the first answer: %+v, %v, %v", question, history, err)
	}
	// The very first question can be asked differently too.
	first, history, err := b.question(ctx, Ask{Instead: all[0].ID, Text: "How does dew form?"})
	if err != nil || first.Parent != 0 || len(history) != 0 {
		t.Errorf("the first one asked differently: %+v, %v, %v", first, history, err)
	}
	if got := b.texts(c); !slices.Equal(got, []string{"How does dew form?"}) {
		t.Errorf("shown is %q", got)
	}
}
