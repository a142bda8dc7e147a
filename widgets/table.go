package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"
	extast "github.com/yuin/goldmark/extension/ast"
)

const (
	cellAcross float32 = 12  // between a cell's words and its sides
	cellDown   float32 = 6   // above and below
	cellLeast  float32 = 48  // width of a cell's words
	cellMost   float32 = 280 // that a column asks for
	cellNarrow float32 = 110 // that a column keeps before the table is scrolled sideways
)

// table shows a table as wide as its place, or scrolled sideways if its columns need more. The widths of the columns follow from the
// head and the first row alone, so that they stay as they are while rows are added.
func (p *passage) table(t *extast.Table, style widget.RichTextStyle) fyne.CanvasObject {
	l := &tableLayout{}
	objs := []fyne.CanvasObject{NewBox(ColorSidebar, "", 0)}
	for row := t.FirstChild(); row != nil; row = row.NextSibling() {
		_, isHead := row.(*extast.TableHeader)
		var cells []fyne.CanvasObject
		for cell := row.FirstChild(); cell != nil; cell = cell.NextSibling() {
			style := style
			style.TextStyle.Bold = style.TextStyle.Bold || isHead
			if c, ok := cell.(*extast.TableCell); ok {
				style.Alignment = cellAlignment(c.Alignment)
			}
			if len(l.rows) < 2 {
				l.ask(len(cells), p.plainOf(cell), style.TextStyle)
			}
			cells = append(cells, p.run(cell, style, cell == p.last))
		}
		rule := Rule()
		l.rows, l.rules = append(l.rows, cells), append(l.rules, rule)
		objs = append(append(objs, rule), cells...)
	}
	grid := container.New(l, objs...)
	view := &tableView{layout: l, grid: grid, scroll: newSideways(grid, p.m.OnScroll)}
	view.ExtendBaseWidget(view)
	return view
}

func cellAlignment(a extast.Alignment) fyne.TextAlign {
	switch a {
	case extast.AlignCenter:
		return fyne.TextAlignCenter
	case extast.AlignRight:
		return fyne.TextAlignTrailing
	}
	return fyne.TextAlignLeading
}

// tableView is the table in its place.
type tableView struct {
	widget.BaseWidget
	layout *tableLayout
	grid   *fyne.Container
	scroll *sideways
}

var _ Flowing = (*tableView)(nil)

// HeightAt implements Flowing.
func (t *tableView) HeightAt(width float32) float32 {
	l := t.layout
	l.height = l.heightAt(fyne.Max(width, l.least()))
	return l.height
}

func (t *tableView) inside() []fyne.CanvasObject { return []fyne.CanvasObject{t.scroll} }

// CreateRenderer implements fyne.Widget.
func (t *tableView) CreateRenderer() fyne.WidgetRenderer {
	return &tableRenderer{t: t, frame: NewBox("", ColorBorder, 0)}
}

type tableRenderer struct {
	t     *tableView
	frame *Box
}

func (r *tableRenderer) Destroy() {}
func (r *tableRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{r.t.scroll, r.frame}
}
func (r *tableRenderer) Refresh()           { r.t.grid.Refresh(); r.frame.Refresh() }
func (r *tableRenderer) MinSize() fyne.Size { return fyne.NewSize(40, r.t.layout.height) }
func (r *tableRenderer) Layout(s fyne.Size) {
	place(r.t.scroll, 0, 0, s.Width, s.Height)
	place(r.frame, 0, 0, s.Width, s.Height)
}

// tableLayout places the cells of a table. Its first object is the ground of the head.
type tableLayout struct {
	rows   [][]fyne.CanvasObject
	rules  []fyne.CanvasObject // above the rows
	wishes []float32           // widths that the words of the columns ask for
	height float32             // as last asked for
}

// ask notes how wide the words of a cell are.
func (l *tableLayout) ask(column int, words string, style fyne.TextStyle) {
	if column == len(l.wishes) {
		l.wishes = append(l.wishes, cellLeast)
	}
	wide := fyne.MeasureText(cutText(words, 100), TextReading, style).Width + 2
	l.wishes[column] = fyne.Max(l.wishes[column], fyne.Min(wide, cellMost))
}

// least is the width below which the table is scrolled.
func (l *tableLayout) least() float32 {
	w := float32(0)
	for _, wish := range l.wishes {
		w += scaled(fyne.Min(wish, cellNarrow)) + 2*cellAcross
	}
	return w
}

// widths are those of the columns in a table of a width: what they cannot do without, and of the rest as much as each asks for.
func (l *tableLayout) widths(total float32) []float32 {
	rest, more := total-l.least(), float32(0)
	for _, wish := range l.wishes {
		more += wish - fyne.Min(wish, cellNarrow) + 1
	}
	widths := make([]float32, len(l.wishes))
	for i, wish := range l.wishes {
		share := (wish - fyne.Min(wish, cellNarrow) + 1) / more
		widths[i] = scaled(fyne.Min(wish, cellNarrow)) + 2*cellAcross + rest*share
	}
	return widths
}

// heightAt is the height of all rows in a table of a width.
func (l *tableLayout) heightAt(width float32) float32 {
	h, widths := float32(0), l.widths(width)
	for _, row := range l.rows {
		h += rowHeight(row, widths)
	}
	return h
}

func rowHeight(cells []fyne.CanvasObject, widths []float32) float32 {
	h := float32(0)
	for i, c := range cells {
		h = fyne.Max(h, HeightAt(c, widths[i]-2*cellAcross))
	}
	return h + 2*cellDown
}

// MinSize implements fyne.Layout.
func (l *tableLayout) MinSize([]fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(l.least(), l.height)
}

// Layout implements fyne.Layout.
func (l *tableLayout) Layout(objs []fyne.CanvasObject, s fyne.Size) {
	y, widths := float32(0), l.widths(s.Width)
	for i, row := range l.rows {
		h, x := rowHeight(row, widths), float32(0)
		for k, c := range row {
			place(c, x+cellAcross, y+cellDown, widths[k]-2*cellAcross, h-2*cellDown)
			x += widths[k]
		}
		place(l.rules[i], 0, y, s.Width, 1)
		if i == 0 {
			place(objs[0], 0, 0, s.Width, h)
		}
		y += h
	}
}
