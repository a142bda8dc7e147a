package app

import (
	"io"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/storage"
	"fyne.io/fyne/v2/test"

	"clara/trainer"
)

// chosenFile is a file that a person chose in a dialog.
type chosenFile struct {
	strings.Builder
	io.Reader
	name   string
	closed bool
}

func (f *chosenFile) URI() fyne.URI { return storage.NewFileURI("/home/anna/" + f.name) }
func (f *chosenFile) Close() error  { f.closed = true; return nil }

func TestConversationIsExported(t *testing.T) {
	w := openSample(t, spoken(german))
	if n := len(w.chat.exports()); n != 3 {
		t.Fatalf("%d forms are offered", n)
	}
	words := w.chat.transcriptWords()
	var out strings.Builder
	if err := w.Trainer.ExportConversation(t.Context(), w.chat.conversation.ID, trainer.TranscriptMarkdown, words, &out); err != nil {
		t.Fatal(err)
	}
	if text := out.String(); !strings.Contains(text, "# Fristen im Widerspruchsverfahren\n") || !strings.Contains(text, "## Sie · 24. November, ") || !strings.Contains(text, "## CLARA · Version 11 · ") {
		t.Errorf("the file is %q", text)
	}
	f := &chosenFile{name: "Fristen.md"}
	w.saveTo(f, out.String())
	w.settle(t)
	if f.String() != out.String() || !f.closed || !reads(w, "Fristen.md gespeichert") {
		t.Error("the file is not written, closed and told of")
	}
}

func TestFileNameIsMadeOfTheTitle(t *testing.T) {
	test.NewTempApp(t)
	if err := speak(german); err != nil {
		t.Fatal(err)
	}
	for title, want := range map[string]string{
		"Fristen im Verfahren":      "Fristen im Verfahren",
		`a/b\c:d*e?"<x>|`:           "a b c d e x",
		"../../etc/passwd":          "etc passwd",
		"…":                         "Unterhaltung",
		"Nul":                       "Unterhaltung Nul", // a device on Windows
		strings.Repeat("wort ", 30): strings.TrimSpace(strings.Repeat("wort ", 12)),
	} {
		if got := fileName(title); got != want {
			t.Errorf("%q becomes %q, want %q", title, got, want)
		}
	}
}

const twoConversations = `[{"title": "Knots", "create_time": 1714550400, "mapping": {"a": {"message": {"author": {"role": "user"}, "content": {"content_type": "text", "parts": ["Which knot?"]}}, "children": ["b"]},
	"b": {"parent": "a", "message": {"author": {"role": "assistant"}, "metadata": {"model_slug": "gpt-4"}, "content": {"content_type": "text", "parts": ["A bowline."]}}}}}, {"title": "Broken", "mapping": 3}]`

func TestConversationsAreImportedOnlyAfterTheirFaultsWereTold(t *testing.T) {
	w := openSample(t, spoken(english))
	before := len(w.chat.all)
	bring := func() {
		t.Helper()
		f := &chosenFile{Reader: strings.NewReader(twoConversations)}
		w.chat.readFile(f)
		w.waitFor(t, func() bool { return reads(w, "1 conversation cannot be read") })
		if !f.closed {
			t.Error("the file is left open")
		}
	}
	bring()
	if !reads(w, "No. 2, “Broken”: not a conversation of ChatGPT") || !reads(w, "Nothing has been imported yet.") || len(w.chat.all) != before {
		t.Fatal("the fault is not told, or something was imported already")
	}
	tap(t, w, "Import the 1 other")
	if len(w.chat.all) != before+1 || !reads(w, "1 conversation imported") {
		t.Fatalf("%d conversations, want %d", len(w.chat.all), before+1)
	}
	w.searchFor(t, "bowline")
	w.search.line.OnSubmit()
	w.settle(t)
	if !reads(w, "gpt-4") || !reads(w, "imported") {
		t.Error("it is not said who answered")
	}
	bring()
	tap(t, w, "Import the 1 other")
	if len(w.chat.all) != before+1 || !reads(w, "are there already") {
		t.Error("the same file is imported twice")
	}
}

// A later file of the same program brings only what is new, and says how much was there; a
// conversation that is open goes on before one's eyes.
func TestALaterFileBringsWhatIsNew(t *testing.T) {
	w := openSample(t, spoken(english))
	turn := func(id, parent, role, text string) string {
		return `"` + id + `": {"parent": "` + parent + `", "message": {"author": {"role": "` + role + `"}, "content": {"content_type": "text", "parts": ["` + text + `"]}}, "children": ["` + id + `x"]}`
	}
	conversation := func(title string, turns ...string) string {
		return `{"title": "` + title + `", "create_time": 1714550400, "mapping": {` + strings.Join(turns, ", ") + `}, "current_node": "a` + strings.Repeat("x", len(turns)-1) + `"}`
	}
	first := []string{turn("a", "", "user", "Which knot?"), turn("ax", "a", "assistant", "A bowline.")}
	bring := func(words string, conversations ...string) {
		t.Helper()
		w.chat.readFile(&chosenFile{Reader: strings.NewReader("[" + strings.Join(conversations, ", ") + "]")})
		w.waitFor(t, func() bool { return reads(w, words) })
		w.settle(t)
	}
	ropes := conversation("Ropes", turn("a", "", "user", "Which rope?"))
	bring("2 conversations imported", conversation("Knots", first...), ropes)
	for _, c := range w.chat.all {
		if c.Title == "Knots" {
			w.chat.openConversation(c)
		}
	}
	w.settle(t)
	bring("Conversations imported: 1, there already: 1", conversation("Knots", append(first, turn("axx", "ax", "user", "And then?"))...), ropes)
	if !reads(w, "And then?") {
		t.Error("the conversation that is open does not go on")
	}
}

func TestFileWithoutConversationsIsSaidToBeOne(t *testing.T) {
	w := openSample(t, spoken(english))
	w.chat.readFile(&chosenFile{Reader: strings.NewReader("title: Knots")})
	w.waitFor(t, func() bool { return reads(w, "There are no conversations in this file") })
}
