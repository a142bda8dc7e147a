package app

import (
	"context"
	"time"

	"fyne.io/fyne/v2"

	"clara/trainer"
	"clara/widgets"
)

const (
	searchMost  = 200                    // hits
	searchEvery = 150 * time.Millisecond // while a person types
)

// searchPage looks through all conversations, in the place of the one that is shown.
type searchPage struct {
	w     *window
	open  bool
	query string
	asked string // what hits were found for
	hits  []trainer.Hit
	pace  *widgets.Pace

	line  *widgets.Line
	state *widgets.Text
	feed  *widgets.Feed
}

func newSearchPage(w *window) *searchPage {
	p := &searchPage{w: w}
	p.pace = widgets.NewPace(searchEvery, p.look)
	return p
}

// openSearch shows the page with the words that were looked for last.
func (w *window) openSearch() {
	if w.welcoming() {
		return
	}
	if w.place != placeChat {
		w.show(placeChat)
	}
	w.search.show()
}

func (p *searchPage) show() {
	w := p.w
	w.chat.closeEditor()
	p.open = true
	p.line = widgets.NewLine(say("search.title"), func(text string) {
		p.query = text
		p.pace.Ask()
	})
	p.line.SetText(p.query)
	p.line.OnEscape = w.escape
	p.line.OnSubmit = func() {
		if len(p.hits) > 0 && p.asked == p.query {
			p.choose(p.hits[0])
		}
	}
	p.state = widgets.Caption("").Wrapped()
	p.feed = widgets.NewFeed("", p.row)
	p.feed.Gap, p.feed.Margin, p.feed.FromTop = 2, 0, true
	head := widgets.HStack(8, widgets.Grow(p.line), widgets.NewIconButton(widgets.IconCross, say("close"), p.close))
	margin := float32(24)
	if w.narrow {
		margin = 12
	}
	list := widgets.VStack(8, p.state, widgets.Grow(p.feed))
	w.shell.put(widgets.VStack(0,
		widgets.Sized(0, 52, widgets.Pad(head, 0, 12, 0, 12)), widgets.Rule(),
		widgets.Grow(widgets.Pad(widgets.Column(widgets.FeedWidth, list), 12, margin))))
	w.frame.Canvas().Focus(p.line)
	p.line.TypedShortcut(&fyne.ShortcutSelectAll{}) // what is typed takes the place of the former words
	p.look()
}

// close shows the conversation again.
func (p *searchPage) close() {
	p.open = false
	p.w.show(placeChat)
}

// look searches for what stands in the line now.
func (p *searchPage) look() {
	query := p.query
	queued(p.w.work, func(ctx context.Context) ([]trainer.Hit, error) {
		return p.w.Trainer.Search(ctx, query, searchMost)
	}, func(hits []trainer.Hit, err error) {
		if err != nil {
			p.w.failed(err)
			return
		}
		if p.open && p.query == query {
			p.asked, p.hits = query, hits
			p.fill()
		}
	})
}

func (p *searchPage) fill() {
	ids := make([]int64, len(p.hits))
	for i := range ids {
		ids[i] = int64(i)
	}
	switch n := len(p.hits); {
	case p.asked == "":
		p.state.SetText(say("search.about"))
	case n == 0:
		p.state.SetText(say("search.none", "Query", p.asked))
	case n == searchMost:
		p.state.SetText(say("search.most", "N", whole(n)))
	default:
		p.state.SetText(sayN("search.found", n))
	}
	p.feed.SetIDs(ids)
	p.feed.Renew()
}

// marker marks the words of a search.
func marker(query string) widgets.Marker {
	if query == "" {
		return nil
	}
	return func(text string) [][2]int {
		var spans [][2]int
		for _, f := range trainer.Find(text, query) {
			spans = append(spans, [2]int{f.From, f.To})
		}
		return spans
	}
}

func (p *searchPage) row(id int64) fyne.CanvasObject {
	h := p.hits[id]
	who := say("search.in_title")
	switch h.Role {
	case trainer.RoleUser:
		who = say("search.asked")
	case trainer.RoleAssistant:
		who = author
	}
	title := widgets.Strong(h.Title).Cutting()
	words := widgets.VStack(2, widgets.HStack(8, widgets.Grow(title), widgets.Caption(who+" · "+moment(h.Created, p.w.now()))))
	if h.Message == 0 {
		title.Marker = marker(p.asked)
	} else {
		text := widgets.Muted(h.Excerpt).Wrapped()
		text.Marker = marker(p.asked)
		words.Add(text)
	}
	return widgets.NewRow(widgets.Pad(words, 8, 12), 44, func() { p.choose(h) })
}

// choose opens the conversation of a hit and shows the hit in it.
func (p *searchPage) choose(h trainer.Hit) {
	p.open = false
	p.w.chat.openAt(h, p.asked)
}
