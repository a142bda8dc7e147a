package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"
)

// Feed is a long column of rows with the latest at its end: a conversation. Only the rows in sight have widgets; the others are
// known by their id and by the height that they had when they were last seen. While the end is in sight the feed follows it as it
// grows; scrolling up ends that, and a button that leads back to the end appears.
type Feed struct {
	widget.BaseWidget
	Gap     float32 // between rows
	Margin  float32 // above the first and below the last row
	FromTop bool    // a list: as wide as its place, begins at its top and does not follow its end

	build     func(id int64) fyne.CanvasObject
	rows      []*feedRow
	page      *fyne.Container
	scroll    *container.Scroll
	end       *Button
	endGround fyne.CanvasObject
	width     float32
	following bool
	placing   bool
	again     bool // something changed while the rows were placed
	holdEnd   bool
}

type feedRow struct {
	id     int64
	o      fyne.CanvasObject // nil out of sight
	height float32           // as last seen, 0 if never; what is out of sight may have changed
}

const (
	// FeedWidth is the greatest width of a row: lines that can be read.
	FeedWidth float32 = 720

	feedGap    float32 = 20
	feedMargin float32 = 24
	feedGuess  float32 = 120 // the height of a row when none is known yet
	feedBeyond float32 = 400 // built before it is in sight, so that scrolling finds it ready
	feedAtEnd  float32 = 8   // this near counts as the end
)

// NewFeed makes an empty feed. build makes the object of a row when it comes in sight, again each time that it does: what the object
// shows belongs to the caller, who must not keep it. toEnd are the words on the button that leads to the end; without words there is
// none.
func NewFeed(toEnd string, build func(id int64) fyne.CanvasObject) *Feed {
	f := &Feed{build: build, following: true, Gap: feedGap, Margin: feedMargin}
	f.page = container.New(&feedLayout{f})
	f.scroll = container.NewVScroll(f.page)
	f.scroll.OnScrolled = func(fyne.Position) { f.scrolled() }
	f.end = NewSmallButton(toEnd, IconOpen.Ref(), Ghost, f.ToEnd)
	ground := NewBox(ColorRaised, ColorBorder, RadiusControl)
	ground.Shadow = 12
	f.endGround = Layers(ground, f.end)
	f.endGround.Hide()
	f.ExtendBaseWidget(f)
	return f
}

// SetIDs shows other rows. Those that were there before keep their objects and heights.
func (f *Feed) SetIDs(ids []int64) {
	known := make(map[int64]*feedRow, len(f.rows))
	for _, r := range f.rows {
		known[r.id] = r
	}
	f.rows = make([]*feedRow, len(ids))
	for i, id := range ids {
		if f.rows[i] = known[id]; f.rows[i] == nil {
			f.rows[i] = &feedRow{id: id}
		}
	}
	f.place()
}

// IDs are the rows, in order.
func (f *Feed) IDs() []int64 {
	ids := make([]int64, len(f.rows))
	for i, r := range f.rows {
		ids[i] = r.id
	}
	return ids
}

// Changed builds a row again.
func (f *Feed) Changed(id int64) {
	if i := f.index(id); i >= 0 {
		f.rows[i].o = nil
		f.place()
	}
}

// Renew builds all rows again: what they show has changed.
func (f *Feed) Renew() {
	for _, r := range f.rows {
		r.o = nil
	}
	f.place()
}

// Resized measures a row again whose object has changed.
func (f *Feed) Resized(id int64) {
	if f.index(id) >= 0 {
		f.place()
	}
}

// Row is the object of a row, nil while it is out of sight.
func (f *Feed) Row(id int64) fyne.CanvasObject {
	if i := f.index(id); i >= 0 {
		return f.rows[i].o
	}
	return nil
}

// ToEnd scrolls to the end and follows it.
func (f *Feed) ToEnd() {
	f.follow(true)
	f.place()
}

// Reveal scrolls as little as shows a row.
func (f *Feed) Reveal(id int64) {
	i := f.index(id)
	if i < 0 {
		return
	}
	f.follow(false)
	for range feedPasses { // the way there passes rows whose heights were guesses
		top := f.top(i)
		low, high := top+f.heightOf(i)+f.Gap-f.scroll.Size().Height, top-f.Gap
		to := fyne.Max(fyne.Min(f.scroll.Offset.Y, high), low)
		if to > high {
			to = high // higher than the window: its beginning
		}
		if to == f.scroll.Offset.Y {
			break
		}
		f.scroll.Offset.Y = to
		f.place()
	}
	f.follow(f.atEnd())
}

// RevealPart scrolls so that a part of a row, share of 1 of its height down, is in the middle half of what can be seen.
func (f *Feed) RevealPart(id int64, share float32) {
	i := f.index(id)
	if i < 0 {
		return
	}
	f.follow(false)
	for range feedPasses { // as in Reveal
		view := f.scroll.Size().Height
		part := f.top(i) + share*f.heightOf(i)
		to := fyne.Max(fyne.Min(f.scroll.Offset.Y, part-view/4), part-3*view/4)
		to = fyne.Max(0, fyne.Min(to, f.total()-view))
		if to == f.scroll.Offset.Y {
			break
		}
		f.scroll.Offset.Y = to
		f.place()
	}
	f.follow(f.atEnd())
}

// Walk gives the keyboard to the next row before (-1) or after (1) the one that has it and can have it; from nowhere to the last.
func (f *Feed) Walk(step int) {
	at := -1
	for i, r := range f.rows {
		if r.o != nil && hasFocus(r.o) {
			at = i
		}
	}
	if at < 0 {
		at = len(f.rows)
		step = -1
	}
	for i := at + step; i >= 0 && i < len(f.rows); i += step {
		f.Reveal(f.rows[i].id)
		row, ok := f.rows[i].o.(fyne.Focusable)
		if c := canvasOf(f); ok && c != nil {
			c.Focus(row) // not by focus: Fyne knows the canvas of an object only once it was painted
			return
		}
	}
}

func (f *Feed) index(id int64) int {
	for i := len(f.rows) - 1; i >= 0; i-- { // what changes is near the end
		if f.rows[i].id == id {
			return i
		}
	}
	return -1
}

func (f *Feed) follow(on bool) {
	if f.FromTop {
		on = false
	}
	if f.following == on {
		return
	}
	f.following = on
	f.showEnd()
}

// HoldEnd keeps the button that leads to the end away, while a row needs the place for something of its own.
func (f *Feed) HoldEnd(on bool) {
	f.holdEnd = on
	f.showEnd()
}

func (f *Feed) showEnd() {
	if f.following || f.holdEnd || f.FromTop || f.end.Text == "" {
		f.endGround.Hide()
	} else {
		f.endGround.Show()
	}
}

// Scrolled implements fyne.Scrollable, for turns of the wheel that a row hands on.
func (f *Feed) Scrolled(e *fyne.ScrollEvent) { f.scroll.Scrolled(e) }

func (f *Feed) scrolled() {
	f.follow(f.atEnd())
	f.place()
}

func (f *Feed) atEnd() bool {
	return f.scroll.Offset.Y+f.scroll.Size().Height >= f.total()-feedAtEnd
}

// heightOf is what a row takes, as far as it is known.
func (f *Feed) heightOf(i int) float32 {
	if h := f.rows[i].height; h > 0 {
		return h
	}
	return feedGuess
}

func (f *Feed) top(i int) float32 {
	y := f.Margin
	for k := range i {
		y += f.heightOf(k) + f.Gap
	}
	return y
}

func (f *Feed) total() float32 { return f.top(len(f.rows)) - f.Gap + f.Margin }

// column is where rows stand in the page.
func (f *Feed) column() (x, w float32) {
	if f.FromTop {
		return 0, f.width
	}
	margin := fyne.Min(feedMargin, whole(f.width*.04))
	w = fyne.Min(FeedWidth, f.width-2*margin)
	return whole((f.width - w) / 2), w
}

const feedPasses = 8 // measuring a row moves others in sight; this often is more than it ever took

// place builds, measures and moves the rows in sight and drops the others. What is on the screen stays where it is: when a row above
// turns out higher than its guess, the page is scrolled by the difference.
func (f *Feed) place() {
	if f.width <= 0 || f.placing {
		f.again = true
		return
	}
	if f.FromTop {
		f.following = false
	}
	f.placing = true
	for range feedPasses {
		f.again = false
		if moved := f.measure(); !moved && !f.again {
			break
		}
	}
	f.show()
	f.placing = false
}

// measure brings heights and offset in line once and tells whether anything moved.
func (f *Feed) measure() (moved bool) {
	_, w := f.column()
	view := f.scroll.Size().Height
	offset := &f.scroll.Offset.Y
	if f.following {
		*offset = fyne.Max(0, f.total()-view)
	}
	top, bottom := *offset-feedBeyond, *offset+view+feedBeyond
	y := f.Margin
	for i, r := range f.rows {
		h := f.heightOf(i)
		if y+h >= top && y <= bottom {
			if r.o == nil {
				r.o = f.build(r.id)
				r.o.Resize(fyne.NewSize(w, h))
			}
			if now := HeightAt(r.o, w); now != r.height {
				if y < *offset && !f.following && y+h <= *offset+f.Gap {
					*offset += now - h
				}
				r.height, moved = now, true
				h = now
			}
		}
		y += h + f.Gap
	}
	return moved
}

// show hands the page the rows in sight, in order, and drops the others but for the one with the keyboard.
func (f *Feed) show() {
	x, w := f.column()
	top, bottom := f.scroll.Offset.Y-feedBeyond, f.scroll.Offset.Y+f.scroll.Size().Height+feedBeyond
	held := f.held()
	var objs []fyne.CanvasObject
	y := f.Margin
	for i, r := range f.rows {
		h := f.heightOf(i)
		inSight := y+h >= top && y <= bottom
		if !inSight && r.o != nil && !holds(r.o, held) {
			r.o = nil
		}
		if r.o != nil {
			place(r.o, x, y, w, h)
			objs = append(objs, r.o)
		}
		y += h + f.Gap
	}
	f.page.Objects = objs
	// The scroller reads the page's size and our offset anew. Its own Refresh would refresh every row and so lay out all their text.
	f.scroll.Base.Refresh()
	canvas.Refresh(f.page)
}

// held is how far down the page the object with the keyboard is, below 0 if there is none.
func (f *Feed) held() float32 {
	c := canvasOf(f)
	if c == nil {
		return -1
	}
	o, ok := c.Focused().(fyne.CanvasObject)
	if !ok {
		return -1
	}
	d := fyne.CurrentApp().Driver()
	return d.AbsolutePositionForObject(o).Y - d.AbsolutePositionForObject(f.page).Y
}

// holds tells whether a row, where it was last placed, has the object that is so far down the page.
func holds(row fyne.CanvasObject, down float32) bool {
	top := row.Position().Y
	return down >= top && down < top+row.Size().Height
}

func (f *Feed) inside() []fyne.CanvasObject { return []fyne.CanvasObject{f.scroll} }

// CreateRenderer implements fyne.Widget.
func (f *Feed) CreateRenderer() fyne.WidgetRenderer { return &feedRenderer{f} }

type feedRenderer struct{ f *Feed }

func (r *feedRenderer) Destroy()           {}
func (r *feedRenderer) MinSize() fyne.Size { return fyne.NewSize(160, 80) }
func (r *feedRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{r.f.scroll, r.f.endGround}
}

func (r *feedRenderer) Layout(s fyne.Size) {
	place(r.f.scroll, 0, 0, s.Width, s.Height)
	r.f.place()
	m := r.f.end.MinSize()
	place(r.f.endGround, whole((s.Width-m.Width)/2), s.Height-m.Height-Gap8, m.Width, m.Height)
}

// Refresh is called when the theme has changed.
func (r *feedRenderer) Refresh() { r.f.place() }

// feedLayout makes the page as high as all rows.
type feedLayout struct{ f *Feed }

func (l *feedLayout) MinSize([]fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(100, l.f.total())
}

func (l *feedLayout) Layout(_ []fyne.CanvasObject, s fyne.Size) {
	if l.f.placing && s.Width == l.f.width {
		return // the rows are being placed: it was they who made the page another height
	}
	l.f.width = s.Width
	l.f.place()
}
