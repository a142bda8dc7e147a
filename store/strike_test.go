package store

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestStrikingLeavesCodes(t *testing.T) {
	got := must(strikeDocument(`{"args":{"fault":"a","first":"a","lessons":"a; b"},"code":"a"}`, []string{"a"}))(t)
	if want := `{"args":{"fault":"a","first":"a","lessons":"…; b"},"code":"a"}`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// A question that is erased damages no word that it happens to be a part of.
func TestStrikingLeavesWords(t *testing.T) {
	for text, want := range map[string]string{
		"not proven yet: nothing harmed, nothing to compare": "not proven yet: nothing harmed, nothing to compare",
		"loses known lessons: hi; hi there; Who hid it?":     "loses known lessons: …; …; Who hid it?",
		"hi": struck, "hihi hi": "hihi " + struck, "(hi)": "(" + struck + ")", "hié ähi 4hi hi2": "hié ähi 4hi hi2",
		"aaa aa": "aaa " + struck,
	} {
		if got := strikeText(text, []string{"hi there", "hi", "aa"}); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
}

// What was unlearnt is quoted nowhere: not in the reason of a cycle or version, not in
// figures; what else they say stays.
func TestErasedQuestionsAreStruckOut(t *testing.T) {
	s := newStore(t)
	ctx := t.Context()
	const question = "What is the <safe's> code & \"key\"?"
	x, l, err := s.AddFeedback(ctx, Feedback{
		Sample: Sample{Form: FormCorrection, Kind: Knowledge, Prompt: question, Better: "4092"}, Lesson: &Lesson{Question: question, Answer: "4092"},
	})
	check(t, err)
	why := Reason{Code: "loses_known", Args: map[string]string{"lessons": "When?; " + question, "count": "2"}, Text: "loses: " + question}
	for _, e := range []CycleEnd{
		{State: CycleRefused, Reason: why, Used: map[int64]Kind{x.ID: x.Kind}},
		{State: CyclePromoted, Reason: why, Version: &Version{Reason: why, Figures: []byte(`{"kept":0.96,"lost":["What is the <safe's> code & \"key\"?"]}`)}},
	} {
		c := must(s.StartCycle(ctx, Cycle{BaseHash: "base"}))(t)
		e.Cycle = c.ID
		_, _, err := s.FinishCycle(ctx, e)
		check(t, err)
	}
	check(t, s.DeleteSample(ctx, x.ID))
	check(t, s.EraseSamples(ctx, time.Now().Add(time.Hour)))
	_, err = s.Lesson(ctx, "", l.ID)
	wantErr(t, err, ErrNotFound)
	for _, c := range must(s.Cycles(ctx, 0))(t) {
		if c.Reason.Args["lessons"] != "When?; …" || c.Reason.Args["count"] != "2" || c.Reason.Text != "loses: …" {
			t.Errorf("cycle %d: %+v", c.ID, c.Reason)
		}
	}
	v := must(s.Versions(ctx, ""))(t)[0]
	if v.Reason.Args["lessons"] != "When?; …" || string(v.Figures) != `{"kept":0.96,"lost":["…"]}` {
		t.Errorf("version: %+v, %s", v.Reason, v.Figures)
	}
	check(t, s.Close())
	for _, name := range []string{s.Path(), s.Path() + "-wal"} {
		if data, err := os.ReadFile(name); err == nil && strings.Contains(string(data), "safe's") {
			t.Errorf("%s still quotes it", name)
		}
	}
}

// The questions of an erased conversation are quoted by no job; a job that quotes others
// stays as it was, so that nothing is trained anew for it.
func TestErasedConversationsAreQuotedByNoJob(t *testing.T) {
	s := newStore(t)
	ctx := t.Context()
	said := func(question string) Conversation {
		t.Helper()
		c := must(addConversation(ctx, s, Conversation{}))(t)
		must(s.AddMessage(ctx, Message{Conversation: c.ID, Role: RoleUser, Text: question}))(t)
		return c
	}
	c := said("Where is the safe?")
	said("Where is the harbour?")
	for _, job := range []string{`{"own":["Where is the harbour?"],"seed":1}`, `{"own":["Where is the harbour?","Where is the safe?"],"seed":1}`, `{"seed":1}`} {
		c := must(s.StartCycle(ctx, Cycle{Job: []byte(job)}))(t)
		_, _, err := s.FinishCycle(ctx, CycleEnd{Cycle: c.ID, State: CycleChecked})
		check(t, err)
	}
	check(t, s.DeleteConversation(ctx, c.ID))
	check(t, s.EraseConversations(ctx, time.Now().Add(time.Hour)))
	var jobs []string
	for _, c := range must(s.Cycles(ctx, 0))(t) {
		jobs = append(jobs, string(c.Job))
	}
	if want := []string{`{"seed":1}`, `{"seed":1}`, `{"own":["Where is the harbour?"],"seed":1}`}; !slices.Equal(jobs, want) {
		t.Errorf("the jobs are %q, want %q", jobs, want)
	}
}
