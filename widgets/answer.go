package widgets

import (
	"net/url"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"
)

// Answer is what the program said: its head with which of several answers it is, markdown that may still be growing, and below it a line of chips, the rating with what
// can be done, and a line that confirms. With the focus on it the keys 1 to 5 rate, 0 takes the rating back, left and right turn to
// another answer, and each action has its own.
type Answer struct {
	widget.BaseWidget
	OnRated func(int) // 1 to 5, 0 takes it back

	author, note *Text
	text         *Markdown
	instead      fyne.CanvasObject // in place of text and all below
	chips, foot  fyne.CanvasObject
	head         *fyne.Container
	pager        *Pager // nil: it is the only answer
	actions      *actionRow
	content      *fyne.Container
	writing      bool
	rateable     bool
	focused      bool
}

var (
	_ Flowing         = (*Answer)(nil)
	_ fyne.Focusable  = (*Answer)(nil)
	_ fyne.Accessible = (*Answer)(nil)
)

// NewAnswer makes an empty answer.
func NewAnswer(author string) *Answer {
	a := &Answer{author: Strong(author), note: Caption("").Cutting(), text: NewMarkdown()}
	a.actions = newActionRow(func(v int) {
		if a.OnRated != nil {
			a.OnRated(v)
		}
	})
	a.head = HStack(Gap8, Logo(22), a.author, Grow(a.note))
	a.content = VStack(Gap8)
	a.ExtendBaseWidget(a)
	a.sync()
	return a
}

// sync puts the parts there are below each other.
func (a *Answer) sync() {
	objs := []fyne.CanvasObject{a.head}
	if a.instead != nil {
		objs = append(objs, a.instead)
	} else {
		objs = append(objs, a.text)
		if a.chips != nil {
			objs = append(objs, a.chips)
		}
		if !a.writing && (a.rateable || len(a.actions.actions) > 0) {
			objs = append(objs, a.actions)
		}
		if a.foot != nil {
			objs = append(objs, a.foot)
		}
	}
	a.content.Objects = objs
	a.lay()
}

// lay places the parts again without refreshing them: finished blocks of text are left as they are.
func (a *Answer) lay() {
	if s := a.content.Size(); s.Width > 0 {
		a.content.Layout.Layout(a.content.Objects, s)
	}
	canvas.Refresh(a)
}

// SetNote shows words beside the name: the version, how fast it writes.
func (a *Answer) SetNote(note string) { a.note.SetText(note) }

// SetPager tells which of several answers it is; nil for the only one.
func (a *Answer) SetPager(p *Pager) {
	a.pager = p
	a.head.Objects = a.head.Objects[:3:3]
	if p != nil {
		a.head.Add(p)
	}
	a.sync()
}

// SetText shows the markdown so far. Only what is new is laid out.
func (a *Answer) SetText(markdown string) {
	if a.text.Text() != markdown {
		a.text.SetText(markdown)
		a.lay()
	}
}

// Text is the markdown that is shown.
func (a *Answer) Text() string { return a.text.Text() }

// SetWriting tells that the text is still growing: a mark stands at its end, and there is nothing to rate yet.
func (a *Answer) SetWriting(on bool) {
	if a.writing != on {
		a.writing = on
		a.text.SetWriting(on)
		a.sync()
	}
}

// SetOnLink lets links be tapped. Call it before SetText.
func (a *Answer) SetOnLink(f func(*url.URL)) { a.text.OnLink = f }

// SetOnCopy puts a button on blocks of code, with a spoken name. Call it before SetText.
func (a *Answer) SetOnCopy(hint string, f func(code string)) {
	a.text.CopyHint, a.text.OnCopy = hint, f
}

// SetOnScroll hands on the turns of the wheel over code and tables, which scroll sideways only. Call it before SetText.
func (a *Answer) SetOnScroll(f func(*fyne.ScrollEvent)) { a.text.OnScroll = f }

// SetTooLong says what stands below the beginning of a text that is too long to be shown. Call it before SetText.
func (a *Answer) SetTooLong(words string) { a.text.TooLong = words }

// SetMarker makes something stand out in the text. Call it before SetText.
func (a *Answer) SetMarker(m Marker) { a.text.Marker = m }

// SetStars shows the rating.
func (a *Answer) SetStars(v int) {
	a.rateable = true
	a.actions.stars.SetValue(v)
	a.sync()
}

// SetStarsName gives the rating its spoken name, "4 of 5 stars".
func (a *Answer) SetStarsName(f func(int) string) { a.actions.stars.Name = f }

// SetActions shows what can be done with the answer.
func (a *Answer) SetActions(actions ...Action) {
	a.actions.set(actions)
	a.actions.Refresh()
	a.sync()
}

// SetChips shows a line of chips below the text; none takes it away.
func (a *Answer) SetChips(chips ...fyne.CanvasObject) {
	a.chips = nil
	if len(chips) > 0 {
		a.chips = WrapRow(6, chips...)
	}
	a.sync()
}

// SetFoot shows an object below the actions, as NewSaved makes one; nil takes it away.
func (a *Answer) SetFoot(o fyne.CanvasObject) {
	a.foot = o
	a.sync()
}

// SetInstead shows an object in place of the text and all below it, as an editor or a notice; nil brings the text back.
func (a *Answer) SetInstead(o fyne.CanvasObject) {
	a.instead = o
	a.sync()
}

// FocusGained implements fyne.Focusable.
func (a *Answer) FocusGained() { a.focused = true; a.Refresh(); reveal(a) }

// FocusLost implements fyne.Focusable.
func (a *Answer) FocusLost() { a.focused = false; a.Refresh() }

// TypedRune implements fyne.Focusable.
func (a *Answer) TypedRune(r rune) {
	if a.writing || a.instead != nil {
		return
	}
	if !a.actions.key(r) && a.rateable {
		a.actions.stars.TypedRune(r)
	}
}

// TypedKey implements fyne.Focusable.
func (a *Answer) TypedKey(e *fyne.KeyEvent) {
	switch {
	case e.Name == fyne.KeyLeft && a.pager != nil:
		a.pager.Turn(-1)
	case e.Name == fyne.KeyRight && a.pager != nil:
		a.pager.Turn(1)
	default:
		unusedKey(a, e)
	}
}

// AccessibilityLabel implements fyne.Accessible.
func (a *Answer) AccessibilityLabel() string {
	return a.author.Text + ", " + a.note.Text + ": " + a.text.Text()
}

// AccessibilityRole implements fyne.Accessible.
func (a *Answer) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleContainer }

// HeightAt implements Flowing.
func (a *Answer) HeightAt(width float32) float32 { return HeightAt(a.content, width) }

func (a *Answer) inside() []fyne.CanvasObject { return []fyne.CanvasObject{a.content} }

// CreateRenderer implements fyne.Widget.
func (a *Answer) CreateRenderer() fyne.WidgetRenderer {
	r := &answerRenderer{a: a, ring: canvas.NewRectangle(nil)}
	r.Refresh()
	return r
}

type answerRenderer struct {
	a    *Answer
	ring *canvas.Rectangle
}

func (r *answerRenderer) Destroy()           {}
func (r *answerRenderer) MinSize() fyne.Size { return r.a.content.MinSize() }
func (r *answerRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{r.a.content, r.ring}
}

func (r *answerRenderer) Layout(s fyne.Size) {
	place(r.a.content, 0, 0, s.Width, s.Height)
	place(r.ring, -8, -6, s.Width+16, s.Height+12)
}

func (r *answerRenderer) Refresh() {
	paintRing(r.ring, r.a.focused, RadiusCard)
	canvas.Refresh(r.a)
}
