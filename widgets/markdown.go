package widgets

import (
	"net/url"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"
)

// Markdown is a text with headings, lists, quotes, tables and code that may grow while it is shown. Every finished block keeps its
// widgets; only the last one is parsed again. Pictures are not loaded, and only web and mail addresses are links.
type Markdown struct {
	widget.BaseWidget
	OnLink   func(*url.URL)          // what a tapped link does; links are plain words without it
	OnCopy   func(code string)       // what the button on a code block does; without it there is none
	CopyHint string                  // its spoken name
	OnScroll func(*fyne.ScrollEvent) // the wheel over what only scrolls sideways
	TooLong  string                  // what stands below the beginning of a text that is too long to be shown
	Marker   Marker                  // what stands out in prose

	text    string
	writing bool
	blocks  []*block
	width   float32 // that the heights hold for
}

// block is a piece of markdown with what shows it.
type block struct {
	source  string
	writing bool // it is still growing
	view    blockView
	height  float32 // 0 if not known
}

// blockView shows one block: a passage or code.
type blockView interface {
	object() fyne.CanvasObject
	set(source string, writing bool)
	heightAt(width float32) float32
}

// at measures the block, once for a width.
func (b *block) at(width float32) float32 {
	if b.height == 0 {
		b.height = b.view.heightAt(width)
	}
	return b.height
}

var (
	_ Flowing         = (*Markdown)(nil)
	_ fyne.Accessible = (*Markdown)(nil)
)

// NewMarkdown makes an empty text.
func NewMarkdown() *Markdown {
	m := &Markdown{}
	m.ExtendBaseWidget(m)
	return m
}

// SetText shows a text. If it continues the one that is shown, only what is new is parsed.
func (m *Markdown) SetText(text string) {
	if m.text != text {
		m.text = text
		m.sync()
	}
}

// Text is the markdown that is shown.
func (m *Markdown) Text() string { return m.text }

// SetWriting shows or hides the mark where the next word will stand.
func (m *Markdown) SetWriting(on bool) {
	if m.writing != on {
		m.writing = on
		m.sync()
	}
}

// What is shown of a text at most. No answer is as long; one that is pasted or imported may be.
const (
	longestText  = 100_000 // bytes
	mostBlocks   = 2000
	longestBlock = 4000 // bytes that are parsed at once: reading markdown takes the square of its length at worst
)

// Beginning is what is shown of a text that is not read as markdown: all of it, if it is not too long.
func Beginning(text string) string {
	if shown := cutText(text, longestText/4); len(shown) < len(text) {
		return shown + " …"
	}
	return text
}

// sync brings the blocks in line with the text.
func (m *Markdown) sync() {
	text := cutText(m.text, longestText)
	sources := cutBlocks(splitBlocks(text))
	if len(text) < len(m.text) || len(sources) > mostBlocks {
		sources = append(sources[:min(len(sources), mostBlocks)], "…", m.TooLong)
	} else if m.writing && len(sources) == 0 {
		sources = []string{""}
	}
	for i, source := range sources {
		if i == len(m.blocks) {
			m.blocks = append(m.blocks, &block{})
		}
		b, writing := m.blocks[i], m.writing && i == len(sources)-1
		if b.source == source && b.writing == writing && b.view != nil {
			continue
		}
		b.source, b.writing, b.height = source, writing, 0
		_, isCode := b.view.(*codeBlock)
		if wantCode := fenceOf(source) != ""; b.view == nil || isCode != wantCode {
			b.view = newPassage(m)
			if wantCode {
				b.view = newCodeBlock(m)
			}
		}
		b.view.set(source, writing)
	}
	m.blocks = m.blocks[:len(sources)]
	m.lay(m.Size().Width)
	canvas.Refresh(m)
}

// HeightAt implements Flowing.
func (m *Markdown) HeightAt(width float32) float32 {
	if width != m.width {
		m.width = width
		m.forget()
	}
	h := blockGap * float32(max(len(m.blocks)-1, 0))
	for _, b := range m.blocks {
		h += b.at(width)
	}
	return h
}

// forget drops the heights that are known.
func (m *Markdown) forget() {
	for _, b := range m.blocks {
		b.height = 0
	}
}

// lay places the blocks.
func (m *Markdown) lay(width float32) {
	if width <= 0 {
		return
	}
	m.HeightAt(width)
	y := float32(0)
	for _, b := range m.blocks {
		place(b.view.object(), 0, y, width, b.height)
		y += b.height + blockGap
	}
}

// AccessibilityLabel implements fyne.Accessible.
func (m *Markdown) AccessibilityLabel() string { return m.text }

// AccessibilityRole implements fyne.Accessible.
func (m *Markdown) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleText }

// CreateRenderer implements fyne.Widget.
func (m *Markdown) CreateRenderer() fyne.WidgetRenderer { return &markdownRenderer{m} }

type markdownRenderer struct{ m *Markdown }

func (r *markdownRenderer) Destroy()           {}
func (r *markdownRenderer) Layout(s fyne.Size) { r.m.lay(s.Width) }
func (r *markdownRenderer) MinSize() fyne.Size {
	if w := r.m.Size().Width; w > 0 {
		return fyne.NewSize(80, r.m.HeightAt(w))
	}
	return fyne.NewSize(80, 0)
}

func (r *markdownRenderer) Objects() []fyne.CanvasObject {
	o := make([]fyne.CanvasObject, len(r.m.blocks))
	for i, b := range r.m.blocks {
		o[i] = b.view.object()
	}
	return o
}

// Refresh is called when the theme has changed: nothing that is known holds.
func (r *markdownRenderer) Refresh() {
	for _, b := range r.m.blocks {
		b.view.object().Refresh()
	}
	r.m.forget()
	r.m.lay(r.m.Size().Width)
	canvas.Refresh(r.m)
}
