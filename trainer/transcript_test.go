package trainer

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"clara/trainer/transcript"
)

var plainWords = TranscriptWords{
	Language: "en", You: "You", Corrected: "corrected by you",
	Answerer: func(e Entry) string { return "CLARA" },
	Moment:   func(at time.Time) string { return "then" },
}

// hostile is a conversation whose texts look like what they are written into.
func (b *bench) hostile() int64 {
	b.t.Helper()
	question := Message{Role: RoleUser, Text: "# not a heading\n- not a list\n    <script>alert(1)</script>\n1. [x](y) `z`"}
	q, err := b.store.BeginConversation(b.t.Context(), Conversation{Title: "<b>Title</b>\n# and *more*"}, []Message{question})
	if err != nil {
		b.t.Fatal(err)
	}
	a := b.say(q.Conversation, q.ID, RoleAssistant, "**Bold** and\n```html\n<b>")
	b.say(q.Conversation, q.ID, RoleAssistant, "another branch")
	if _, err := b.Correct(b.t.Context(), Correction{Message: a.ID, Better: "**Better** and\n```html\n<b>&</b>"}); err != nil {
		b.t.Fatal(err)
	}
	if err := b.Show(b.t.Context(), a.ID); err != nil {
		b.t.Fatal(err)
	}
	return q.Conversation
}

func TestExportEscapesWhatItIsGiven(t *testing.T) {
	b := newBench(t)
	c := b.hostile()
	export := func(f TranscriptFormat) string {
		t.Helper()
		var out strings.Builder
		if err := b.ExportConversation(t.Context(), c, f, plainWords, &out); err != nil {
			t.Fatal(err)
		}
		return out.String()
	}
	want := "# \\<b\\>Title\\</b\\> # and \\*more\\*\n" +
		"\n## You · then\n\n\\# not a heading\\\n\\- not a list\\\n&nbsp;&nbsp;&nbsp;&nbsp;\\<script\\>alert(1)\\</script\\>\\\n1\\. \\[x\\](y) \\`z\\`\n" +
		"\n## CLARA · corrected by you · then\n\n**Better** and\n```html\n<b>&</b>\n```\n"
	if diff := cmp.Diff(want, export(TranscriptMarkdown)); diff != "" {
		t.Error(diff)
	}
	page := export(TranscriptHTML)
	for _, bad := range []string{"<script", "<b>", "another branch"} {
		if strings.Contains(page, bad) {
			t.Errorf("the page has %q", bad)
		}
	}
	for _, good := range []string{"&lt;script&gt;alert(1)&lt;/script&gt;", "<html lang=\"en\">", "default-src 'none'"} {
		if !strings.Contains(page, good) {
			t.Errorf("the page lacks %q", good)
		}
	}
}

// What is exported as JSON can be brought in on another computer, with its branches.
func TestExportedConversationComesBackWhole(t *testing.T) {
	b, other := newBench(t), newBench(t)
	c := b.hostile()
	var out bytes.Buffer
	if err := b.ExportConversation(t.Context(), c, TranscriptJSON, plainWords, &out); err != nil {
		t.Fatal(err)
	}
	all, faults, err := transcript.Read(&out)
	if err != nil || len(faults) > 0 {
		t.Fatalf("%v, %v", faults, err)
	}
	for want := 1; want >= 0; want-- {
		if n, err := other.ImportTranscripts(t.Context(), all); err != nil || n != want {
			t.Fatalf("%d brought in, want %d: %v", n, want, err)
		}
	}
	there, err := other.Conversations(t.Context())
	if err != nil || len(there) != 1 || there[0].Messages != 3 {
		t.Fatalf("there are %+v, %v", there, err)
	}
	if diff := cmp.Diff(b.texts(c), other.texts(there[0].ID)); diff != "" {
		t.Error(diff)
	}
}
