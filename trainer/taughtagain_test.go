package trainer

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"clara/store"
	"clara/trainer/transcript"
)

// Whoever teaches the same question and answer again has the lesson that there is, with its trail;
// what is said of its importance and its check is taken over, and what is not said stays.
func TestALessonTaughtAgainKeepsItsTrail(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.attach()
		teach := func(x Teaching) Sample {
			t.Helper()
			s, err := b.Teach(t.Context(), x)
			if err != nil {
				t.Fatal(err)
			}
			return s
		}
		x := Teaching{Question: "Who leads IT?", Answer: "Maria leads IT."}
		if before, err := b.Taught(t.Context(), x); err != nil || before.Question != "" {
			t.Fatalf("nothing was taught, and there is %+v, %v", before, err)
		}
		first := teach(Teaching{Question: x.Question, Answer: x.Answer, Importance: 5, Keywords: [][]string{{"maria"}}})
		b.answered(first, LessonKnown)
		want := func(importance, keywords int) {
			t.Helper()
			lessons, err := b.Lessons(t.Context())
			if err != nil || len(lessons) != 1 {
				t.Fatalf("%+v, %v", lessons, err)
			}
			if l := lessons[0]; l.Sample != first.ID || l.State != LessonKnown || len(l.Trail) != 1 || l.Importance != importance || len(l.Keywords) != keywords {
				t.Errorf("it is %+v, want importance %d and %d keywords", l, importance, keywords)
			}
		}
		if s := teach(Teaching{Question: " " + x.Question, Answer: x.Answer + "\n"}); s.ID != first.ID {
			t.Errorf("taught again it is sample %d, want %d", s.ID, first.ID)
		}
		want(5, 1)
		before, err := b.Taught(t.Context(), x)
		if err != nil {
			t.Fatal(err)
		}
		teach(Teaching{Question: x.Question, Answer: x.Answer, Importance: 2, Keywords: [][]string{{"maria"}, {"it"}}})
		want(2, 2)
		teach(before)
		want(5, 1)
		teach(Teaching{Question: x.Question, Answer: x.Answer, Keywords: [][]string{}})
		want(5, 0)
		for _, other := range []Teaching{
			{Question: "who leads IT", Answer: x.Answer},
			{Question: "who leads IT", Answer: "Karl leads IT."},
			{Question: "who leads IT", Answer: "Karl leads IT.", Kind: Manner},
			{Question: "who leads IT", Answer: "Karl leads IT.", Kind: Manner},
		} {
			if s := teach(other); s.ID == first.ID {
				t.Errorf("%+v is the sample before", other)
			} else {
				first = s
			}
		}
	})
}

// What comes from a program of Windows is kept as if it were typed: the ends of its lines are
// none that a model writes.
func TestPastedAndTypedTeachTheSame(t *testing.T) {
	b := newBench(t)
	typed := b.teach("How does a letter begin?\nSay it.", "Dear Ms Huber,\n\nthank you.", Knowledge)
	pasted := b.teach("How does a letter begin?\r\nSay it.\r\n", "Dear Ms Huber,\r\n\r\nthank you.\r\n", Knowledge)
	if pasted.ID != typed.ID {
		t.Errorf("it is another lesson: %+v", pasted)
	}
	manner := b.teach("Thank her.", "Dear Ms Huber,\r\rthank you.", Manner)
	text, err := b.AddFeedbackSample(t.Context(), "One line.\r\nAnother line of the text.", 1, SourceUser, 3)
	if err != nil {
		t.Fatal(err)
	}
	rated, err := b.AddRating(t.Context(), "Who?\r\nSay.", "It is she.\r\nShe alone.", 5, SourceUser, 3)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []Sample{manner, text, rated} {
		if strings.Contains(s.Prompt+s.Answer+s.Better, "\r") {
			t.Errorf("kept is %+v", s)
		}
	}
}

// What an earlier program kept as it was pasted says the same as what is typed: it is not taught
// anew, and an export of it brings nothing new.
func TestWhatWasKeptAsPastedIsKnown(t *testing.T) {
	b := newBench(t)
	for _, f := range []store.Feedback{
		{
			Sample: Sample{Form: FormCorrection, Kind: Knowledge, Prompt: "How does a letter begin?\r\nSay it.", Better: "Dear Ms Huber,\r\n\r\nthank you.", Score: 1, Source: SourceUser},
			Lesson: &Lesson{Question: "How does a letter begin?\r\nSay it.", Answer: "Dear Ms Huber,\r\n\r\nthank you."},
		},
		{Sample: Sample{
			Form: FormRating, Kind: Manner, Context: []Turn{{Role: RoleUser, Text: "One.\r\nTwo."}, {Role: RoleAssistant, Text: "Three."}},
			Prompt: "Who?\r\nSay.", Answer: "It is she.\r\nShe alone.", Score: 1, Source: SourceUser,
		}},
	} {
		if _, _, err := b.store.AddFeedback(t.Context(), f); err != nil {
			t.Fatal(err)
		}
	}
	var file bytes.Buffer
	if _, _, err := b.ExportDataset(t.Context(), UnpairedPreference, &file); err != nil {
		t.Fatal(err)
	}
	if r, err := b.ImportDataset(t.Context(), &file, ImportOptions{}); err != nil || r.Known != 2 || r.New != 0 {
		t.Errorf("imported again: %+v, %v", r, err)
	}
	typed := Teaching{Question: "How does a letter begin?\nSay it.", Answer: "Dear Ms Huber,\n\nthank you."}
	if same, err := b.Taught(t.Context(), typed); err != nil || same.Question == "" {
		t.Errorf("typed it is no lesson (%v)", err)
	}
	if s, err := b.Teach(t.Context(), typed); err != nil || s.ID != 1 {
		t.Errorf("typed it is sample %d (%v)", s.ID, err)
	}
}

// The turns before a question end their lines as the rest does, wherever they come from.
func TestLinesEndAlikeWhereverTheyComeFrom(t *testing.T) {
	b := newBench(t)
	row := `{"prompt":[{"role":"system","content":"Be\r\nkind."},{"role":"user","content":"One.\r\nTwo."},{"role":"assistant","content":"Three.\r\nFour."},{"role":"user","content":"And?"}],"completion":"Five.","label":true}`
	if r, err := b.ImportDataset(t.Context(), strings.NewReader(row), ImportOptions{}); err != nil || r.New != 1 || len(r.First[0].Context) != 3 {
		t.Fatalf("imported %+v, %v", r, err)
	} else if said := fmt.Sprintf("%+v", r.First[0]); strings.Contains(said, "\r") {
		t.Errorf("of a data set it is %q", said)
	}
	before := []Turn{{Role: RoleUser, Text: "One.\r\nTwo."}, {Role: RoleAssistant, Text: "Three.\r\nFour."}}
	asked, history, err := b.question(t.Context(), Ask{System: "Be\r\nkind.", History: before, Text: "And?"})
	if err != nil {
		t.Fatal(err)
	}
	kept, err := b.store.Messages(t.Context(), asked.Conversation)
	if err != nil || len(kept) != 4 {
		t.Fatalf("kept are %d messages, %v", len(kept), err)
	}
	if said := fmt.Sprintf("%+v %+v", history, kept); strings.Contains(said, "\r") {
		t.Errorf("of another program's conversation it is %q", said)
	}
	if before[0].Text != "One.\r\nTwo." {
		t.Error("what the caller holds was changed")
	}
	const lmstudio = `{"name":"Rope","createdAt":1714550400000,"messages":[
		{"currentlySelected":0,"versions":[{"type":"singleStep","role":"user","content":[{"type":"text","text":"Which\r\nrope?"}]}]}]}`
	all, faults, err := transcript.Read(strings.NewReader(lmstudio))
	if err != nil || len(faults) > 0 || len(all) != 1 {
		t.Fatalf("read %+v, %v, %v", all, faults, err)
	}
	if got := all[0].Messages[0].Text; got != "Which\nrope?" {
		t.Errorf("of a file it is %q", got)
	}
	earlier := all[0] // as an earlier program brought it in
	earlier.Messages = slices.Clone(earlier.Messages)
	earlier.Messages[0].Text = "Which\r\nrope?"
	if n, err := b.ImportTranscripts(t.Context(), []Transcript{earlier}); err != nil || n != 1 {
		t.Fatal(n, err)
	}
	if n, err := b.ImportTranscripts(t.Context(), all); err != nil || n != 0 {
		t.Errorf("brought in again it is %d conversations (%v)", n, err)
	}
}
