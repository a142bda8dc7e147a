package app

import (
	"context"
	"errors"
	"testing"

	"clara/widgets"
)

// comparing shows a comparison of the last answer as far as the model has come.
func (w *window) comparing(t *testing.T, text string) *comparison {
	t.Helper()
	id := w.lastAnswer().ID
	c := &comparison{answering: answering{stop: func() {}}, said: widgets.NewMarkdown()}
	c.said.SetWriting(true)
	c.said.SetText(text)
	w.chat.compared[id] = c
	w.chat.update(id)
	w.settle(t)
	return c
}

func TestComparisonStandsBelowTheAnswerUntilItIsClosed(t *testing.T) {
	w := openSample(t, spoken(english))
	id := w.lastAnswer().ID
	c := w.comparing(t, "On the third")
	if !reads(w, "On the third") || !reads(w, "The base model, with nothing learned, answers") {
		t.Fatal("what the base says is not shown as it is made")
	}
	w.chat.wasCompared(id, c, "On the third day.", nil)
	w.settle(t)
	if !reads(w, "On the third day.") || !reads(w, "Ein Bescheid, der mit der Post kommt") {
		t.Error("both answers do not stand together")
	}
	stopped := false
	c.stop = func() { stopped = true }
	w.chat.endCompare(id)
	w.chat.update(id)
	w.settle(t)
	if !stopped || reads(w, "On the third day.") {
		t.Error("it cannot be closed")
	}
}

func TestComparisonThatFailsSaysSoAndOneThatIsEndedDoesNot(t *testing.T) {
	w := openSample(t, spoken(english))
	id := w.lastAnswer().ID
	w.chat.wasCompared(id, w.comparing(t, ""), "", context.Canceled)
	if len(w.shell.banner.Objects) > 0 {
		t.Error("what a person ended is told of as a fault")
	}
	w.chat.wasCompared(id, w.comparing(t, ""), "", errors.New("no memory"))
	if !reads(w, "no memory") || w.chat.compared[id] != nil {
		t.Error("the fault is not told")
	}
}
