package app

import (
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"clara/trainer"
	"clara/widgets"
)

// searchFor opens the search of all conversations and types a query.
func (w *window) searchFor(t *testing.T, query string) {
	t.Helper()
	w.openSearch()
	w.search.line.SetText(query)
	w.settle(t)
	w.search.look() // the pace may have it still to come
	w.settle(t)
}

func TestSearchLeadsToTheHitAndShowsIt(t *testing.T) {
	w := openSample(t, spoken(english))
	w.newConversation()
	w.settle(t)
	w.searchFor(t, "rechtsbehelfs")
	if !reads(w, "1 hit") {
		t.Fatal("the number of hits is not said")
	}
	test.Tap(find(t, w, func(r *widgets.Row) bool { return strings.Contains(r.AccessibilityLabel(), "Rechtsbehelfs") }))
	w.settle(t)
	if w.search.open || len(w.chat.entries) != 4 {
		t.Fatalf("the conversation is not shown: %d messages", len(w.chat.entries))
	}
	if !reads(w, "1 of 1") {
		t.Error("the hit is not shown in its conversation")
	}
	w.escape()
	w.settle(t)
	if w.chat.finding != nil || reads(w, "1 of 1") {
		t.Error("Escape does not close the bar")
	}
}

func TestHitOnABranchThatIsNotShownIsShown(t *testing.T) {
	w := openSample(t, spoken(english))
	keepAnswer(t, w, trainer.Ask{Instead: w.chat.entries[2].ID, Text: "Und ein Fax?"}, "Mit dem Eingang, Zyzzyva.")
	w.chat.turnTo(w.chat.entries[2].ID)
	w.settle(t)
	w.searchFor(t, "zyzzyva")
	w.search.line.OnSubmit()
	w.settle(t)
	if !reads(w, "Zyzzyva") || !reads(w, "1 of 1") {
		t.Error("it is not")
	}
}

func TestSearchSaysThatNothingWasFound(t *testing.T) {
	w := openSample(t, spoken(english))
	w.searchFor(t, "zyzzyva")
	if !reads(w, "Nothing found for: zyzzyva") {
		t.Error("it does not")
	}
	w.escape()
	w.settle(t)
	if w.search.open || !reads(w, "Und wann gilt ein Brief") {
		t.Error("Escape does not lead back to the conversation")
	}
}

// Opened again, the page has the words of before, and the first key takes their place.
func TestWhatIsTypedReplacesTheFormerWords(t *testing.T) {
	w := openSample(t, spoken(english))
	w.searchFor(t, "capital")
	w.escape()
	w.openSearch()
	if w.search.line.Text != "capital" {
		t.Fatalf("the words are %q", w.search.line.Text)
	}
	w.search.line.TypedRune('x')
	if w.search.line.Text != "x" {
		t.Errorf("the words are %q", w.search.line.Text)
	}
}

func TestTitlesAreFoundToo(t *testing.T) {
	w := openSample(t, spoken(german))
	w.searchFor(t, "anhörung")
	w.search.line.OnSubmit()
	w.settle(t)
	if w.chat.conversation.Title != "Anhörung vor der Rücknahme" {
		t.Errorf("Return opens %q", w.chat.conversation.Title)
	}
}

func TestFindWalksFromHitToHit(t *testing.T) {
	w := openSample(t, spoken(german))
	w.press(t, fyne.KeyF)
	w.chat.finding.line.SetText("bescheid")
	w.settle(t)
	all := len(w.chat.finding.hits)
	if all < 3 || !reads(w, say("chat.find_at", "N", whole(all), "All", whole(all))) {
		t.Fatalf("%d hits, not at the last", all)
	}
	tap(t, w, "Nächster Treffer")
	if w.chat.finding.at != 0 {
		t.Error("behind the last hit comes another than the first")
	}
	w.chat.finding.line.SetText("zyzzyva")
	w.settle(t)
	if !reads(w, "kein Treffer") {
		t.Error("it is not said that there is none")
	}
}

func TestPinnedConversationStaysOnTop(t *testing.T) {
	w := openSample(t, spoken(english))
	last := w.chat.all[len(w.chat.all)-1]
	w.chat.pin(last)
	w.settle(t)
	if w.chat.all[0].ID != last.ID || !reads(w, "Pinned") {
		t.Errorf("first is %q", w.chat.all[0].Title)
	}
	w.chat.pin(w.chat.all[0])
	w.settle(t)
	if w.chat.all[0].ID == last.ID || reads(w, "Pinned") {
		t.Error("it cannot be taken down again")
	}
}
