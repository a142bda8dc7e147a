package app

import (
	"context"
	"errors"
	"strings"
	"time"

	"fyne.io/fyne/v2"

	"clara/catalogue"
	"clara/trainer"
	"clara/widgets"
)

// fetching is the download that a person has begun; there is one at a time. It belongs to
// the UI goroutine.
type fetching struct {
	offer    catalogue.Offer
	at       catalogue.Progress
	paused   bool
	unwanted bool  // what there is of it is thrown away
	err      error // why it stands still; nil: it runs, or is paused
	cancel   context.CancelFunc
	again    chan struct{} // try now

	words *widgets.Text // while they are shown
	bar   *widgets.Meter
}

// offlineEvery is how long a download waits for the network before it tries again by itself.
const offlineEvery = 20 * time.Second

// fetch begins a download, or goes on with one.
func (w *window) fetch(o catalogue.Offer) {
	if w.fetching != nil && !w.fetching.still() {
		return
	}
	f := &fetching{offer: o, at: catalogue.Progress{Done: o.Fetched, Total: o.Bytes}, again: make(chan struct{}, 1)}
	w.fetching = f
	f.cancel = w.work.beside(func(ctx context.Context) {
		path, err := w.fetchPatiently(ctx, f)
		fyne.Do(func() { w.fetched(f, path, err) })
	})
	w.machine.fill()
}

// still says that it does not run.
func (f *fetching) still() bool { return f.paused || f.err != nil && !isOffline(f.err) }

// fetchPatiently tries until the file is there, waiting for the network where there is none.
func (w *window) fetchPatiently(ctx context.Context, f *fetching) (string, error) {
	report := func(at catalogue.Progress) { fyne.Do(func() { w.fetchedSoFar(f, at) }) }
	for {
		path, err := w.Models.Fetch(ctx, f.offer, report)
		if err == nil || ctx.Err() != nil || !isOffline(err) {
			return path, err
		}
		fyne.Do(func() { f.err = err; w.machine.fill() })
		t := time.NewTimer(offlineEvery)
		select {
		case <-ctx.Done():
		case <-f.again:
		case <-t.C:
		}
		t.Stop()
		if ctx.Err() != nil {
			return "", ctx.Err()
		}
	}
}

func isOffline(err error) bool {
	var u *trainer.UserError
	return errors.As(err, &u) && u.Reason.Code == catalogue.CodeOffline
}

// fetchedSoFar shows how far it is.
func (w *window) fetchedSoFar(f *fetching, at catalogue.Progress) {
	wasOffline := f.err != nil
	f.at, f.err = at, nil
	if w.fetching != f {
		return
	}
	if wasOffline || f.words == nil {
		w.machine.fill()
		return
	}
	f.show()
}

// fetched takes the end of a download.
func (w *window) fetched(f *fetching, path string, err error) {
	if f.unwanted && err != nil {
		w.discard(f.offer)
		return
	}
	switch {
	case w.fetching != f && err == nil:
		w.lookForModels()
		return
	case err == nil:
		w.fetching = nil
		name := offerName(f.offer)
		w.snackbar.Say(say("fetch.there", "Model", name), say("offer.use"), func() { w.openModel(path) })
		w.lookForModels()
	case errors.Is(err, context.Canceled):
		f.paused, f.err = true, nil
		w.lookForModels()
	default:
		f.err = err
	}
	w.machine.fill()
}

// cancelFetch stops the download and throws away what there is of it.
func (w *window) cancelFetch() {
	f := w.fetching
	w.fetching = nil
	if f.still() {
		w.discard(f.offer)
	} else {
		f.unwanted = true // once it has ended
		f.cancel()
	}
	w.machine.fill()
}

// discard deletes what is there of a download.
func (w *window) discard(o catalogue.Offer) {
	queued(w.work, func(context.Context) (none, error) { return none{}, w.Models.Discard(o) }, func(_ none, err error) {
		w.failed(err)
		w.lookForModels()
	})
}

// fetchCard shows the download: how far it is, or why it stands still and what to do.
func (v *modelView) fetchCard() fyne.CanvasObject {
	w, f := v.w, v.w.fetching
	f.words, f.bar = nil, nil
	switch {
	case f.err != nil && isOffline(f.err):
		return widgets.NewNotice(widgets.Notice{
			Glyph: widgets.IconOffline, Tone: widgets.ToneWarning, Title: say("fetch.offline_title"),
			Text: say("fetch.offline_text", "Share", comingShare(f.at)),
			Actions: []widgets.Action{
				{Label: say("fetch.now"), OnTapped: func() { wakeFetch(f) }},
				{Label: say("fetch.pause"), OnTapped: f.cancel},
			},
		})
	case f.err != nil:
		return widgets.NewNotice(widgets.Notice{
			Glyph: widgets.IconAlert, Tone: widgets.ToneError, Title: say("fetch.failed_title", "Model", offerName(f.offer)), Text: fault(f.err),
			Actions: []widgets.Action{
				{Label: say("model.retry"), OnTapped: func() { w.fetch(f.offer) }},
				{Label: say("fetch.cancel"), OnTapped: w.cancelFetch},
			},
		})
	}
	title, hold := say("fetch.running", "Model", offerName(f.offer)), widgets.NewIconButton(widgets.IconPause, say("fetch.pause"), f.cancel)
	if f.paused {
		title, hold = say("fetch.paused", "Model", offerName(f.offer)), widgets.NewIconButton(widgets.IconDownload, say("fetch.resume"), func() { w.fetch(f.offer) })
	}
	f.bar = widgets.NewMeter(0, 0, widgets.ColorPrimary)
	f.words = widgets.Caption("").Wrapped()
	f.show()
	foot := widgets.HStack(12, widgets.Grow(f.words))
	if !w.tight {
		foot.Add(widgets.Caption(say("fetch.keeps")))
	}
	return widgets.Card(widgets.VStack(8, widgets.HStack(8, widgets.NewIcon(widgets.IconDownload, 18, widgets.ColorPrimary),
		widgets.Grow(widgets.Strong(title).Cutting()), hold, widgets.NewIconButton(widgets.IconCross, say("fetch.cancel"), w.cancelFetch)),
		f.bar, foot), 10, 16, 12, 16)
}

// wakeFetch tries at once.
func wakeFetch(f *fetching) {
	select {
	case f.again <- struct{}{}:
	default:
	}
}

// show brings bar and words up to date.
func (f *fetching) show() {
	share, at := 0.0, f.at
	if at.Total > 0 {
		share = float64(at.Done) / float64(at.Total)
	}
	if f.paused {
		at.Rate = 0
	}
	f.bar.Sentence = comingShare(at)
	f.bar.Set(share, widgets.ColorPrimary)
	f.words.SetText(comingWords(at))
}

// comingWords say how much is there, how fast it comes, and how long it takes.
func comingWords(at catalogue.Progress) string {
	parts := []string{comingShare(at)}
	switch {
	case at.Checking:
		parts = append(parts, say("fetch.checking"))
	case at.Rate > 0:
		left := time.Duration(float64(at.Total-at.Done) / at.Rate * float64(time.Second))
		parts = append(parts, say("fetch.rate", "N", decimal(at.Rate/1e6, 1)), say("fetch.left", "Left", span(left)))
	}
	return strings.Join(parts, " · ")
}

// comingShare says how much is there, in the unit of the whole: "1.17 of 1.83 GB".
func comingShare(at catalogue.Progress) string {
	if at.Total >= 1e9 {
		return say("fetch.gigabytes", "Done", decimal(float64(at.Done)/1e9, 2), "Of", decimal(float64(at.Total)/1e9, 2))
	}
	return say("fetch.megabytes", "Done", whole(int(at.Done/1e6)), "Of", whole(int(at.Total/1e6)))
}
