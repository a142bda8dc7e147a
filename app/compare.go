package app

import (
	"context"
	"errors"

	"fyne.io/fyne/v2"

	"clara/widgets"
)

// comparison is what the untrained model says to the question of an answer, below which it stands.
type comparison struct {
	answering
	said *widgets.Markdown
}

// compare asks the untrained model the same question and shows what it says as it is made. Nothing of it is kept.
func (v *chatView) compare(id int64) {
	v.endCompare(id)
	c := &comparison{said: widgets.NewMarkdown()}
	c.said.SetWriting(true)
	c.pace = widgets.NewPace(tokensEvery, func() {
		text, _ := c.soFar()
		c.said.SetText(text)
		v.feed.Resized(id)
	})
	v.compared[id] = c
	v.update(id)
	c.stop = v.w.work.beside(func(ctx context.Context) {
		text, err := v.w.Trainer.Compare(ctx, id, c.piece)
		c.pace.Stop()
		fyne.Do(func() { v.wasCompared(id, c, text, err) })
	})
}

// wasCompared shows the whole of it.
func (v *chatView) wasCompared(id int64, c *comparison, text string, err error) {
	c.said.SetWriting(false)
	c.said.SetText(text)
	if err != nil && !errors.Is(err, context.Canceled) {
		delete(v.compared, id)
		v.w.failed(err)
	}
	v.update(id)
}

// endCompare takes the comparison away and ends it if it is still being written.
func (v *chatView) endCompare(id int64) {
	if c := v.compared[id]; c != nil {
		c.stop()
		delete(v.compared, id)
	}
}
