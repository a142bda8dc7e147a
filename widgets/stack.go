package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
)

// VStack puts objects below each other, gap apart; objects wrapped by Grow share what is left.
func VStack(gap float32, objs ...fyne.CanvasObject) *fyne.Container {
	return container.New(&below{gap: gap}, objs...)
}

type below struct{ gap, width float32 }

func (l *below) MinSize(objs []fyne.CanvasObject) fyne.Size {
	w := float32(0)
	for _, o := range objs {
		if o.Visible() {
			w = fyne.Max(w, o.MinSize().Width)
		}
	}
	return fyne.NewSize(w, l.sum(objs, l.width))
}

func (l *below) heightAt(objs []fyne.CanvasObject, width float32) float32 { return l.sum(objs, width) }

func (l *below) sum(objs []fyne.CanvasObject, width float32) float32 {
	h, n := float32(0), 0
	for _, o := range objs {
		if o.Visible() {
			h += heightNow(o, width)
			n++
		}
	}
	return h + l.gap*float32(max(n-1, 0))
}

func (l *below) Layout(objs []fyne.CanvasObject, s fyne.Size) {
	l.width = s.Width
	left, shares := room(objs, s.Height, l.gap, func(o fyne.CanvasObject) float32 { return HeightAt(o, s.Width) })
	y := float32(0)
	for _, o := range objs {
		if !o.Visible() {
			continue
		}
		var h float32
		if f := shareOf(o); f > 0 {
			h = left * f / shares
		} else {
			h = HeightAt(o, s.Width)
		}
		place(o, 0, y, s.Width, h)
		y += h + l.gap
	}
}

// room is what a length leaves to the objects that grow, and the sum of their shares.
func room(objs []fyne.CanvasObject, length, gap float32, need func(fyne.CanvasObject) float32) (left, shares float32) {
	left = length + gap
	for _, o := range objs {
		if !o.Visible() {
			continue
		}
		left -= gap
		if s := shareOf(o); s > 0 {
			shares += s
		} else {
			left -= need(o)
		}
	}
	return fyne.Max(left, 0), shares
}

// HStack puts objects beside each other, gap apart, centred on one line; objects wrapped by Grow share what is left.
func HStack(gap float32, objs ...fyne.CanvasObject) *fyne.Container {
	return container.New(&beside{gap: gap, align: middle}, objs...)
}

// HStackTop is HStack with the tops in line.
func HStackTop(gap float32, objs ...fyne.CanvasObject) *fyne.Container {
	return container.New(&beside{gap: gap, align: tops}, objs...)
}

// HStackFill is HStack with all children as tall as the row.
func HStackFill(gap float32, objs ...fyne.CanvasObject) *fyne.Container {
	return container.New(&beside{gap: gap, align: fill}, objs...)
}

type alignment int

const (
	middle alignment = iota
	tops
	fill
)

type beside struct {
	gap, width float32
	align      alignment
}

// each calls f with every visible object and the width that it gets of a total; 0 asks for the minimal widths.
func (l *beside) each(objs []fyne.CanvasObject, total float32, f func(o fyne.CanvasObject, width float32)) {
	left, shares := room(objs, total, l.gap, func(o fyne.CanvasObject) float32 { return o.MinSize().Width })
	for _, o := range objs {
		if !o.Visible() {
			continue
		}
		w := o.MinSize().Width
		if s := shareOf(o); s > 0 && total > 0 {
			w = left * s / shares
		}
		f(o, w)
	}
}

func (l *beside) MinSize(objs []fyne.CanvasObject) fyne.Size {
	w, n := float32(0), 0
	l.each(objs, 0, func(_ fyne.CanvasObject, width float32) {
		w += width
		n++
	})
	return fyne.NewSize(w+l.gap*float32(max(n-1, 0)), l.heightAt(objs, l.width))
}

func (l *beside) heightAt(objs []fyne.CanvasObject, width float32) float32 {
	h := float32(0)
	l.each(objs, width, func(o fyne.CanvasObject, w float32) {
		if width <= 0 { // never laid out: a minimal width would break text into a tower
			w = 0
		}
		h = fyne.Max(h, heightNow(o, w))
	})
	return h
}

func (l *beside) Layout(objs []fyne.CanvasObject, s fyne.Size) {
	l.width = s.Width
	x := float32(0)
	l.each(objs, s.Width, func(o fyne.CanvasObject, w float32) {
		y, h := float32(0), s.Height
		if l.align != fill {
			h = HeightAt(o, w)
		}
		if l.align == middle {
			y = (s.Height - h) / 2
		}
		place(o, x, y, w, h)
		x += w + l.gap
	})
}

// WrapRow puts objects beside each other at their own widths and goes on below when a line is full.
func WrapRow(gap float32, objs ...fyne.CanvasObject) *fyne.Container {
	return container.New(&wrapRow{gap: gap}, objs...)
}

type wrapRow struct{ gap, width float32 }

// flow calls f with the place of every visible object, centred in its line, and returns the height of all lines.
func (l *wrapRow) flow(objs []fyne.CanvasObject, width float32, f func(o fyne.CanvasObject, x, y float32, m fyne.Size)) float32 {
	type placed struct {
		o fyne.CanvasObject
		x float32
		m fyne.Size
	}
	var line []placed
	var x, y, height float32
	end := func() {
		for _, p := range line {
			f(p.o, p.x, y+(height-p.m.Height)/2, p.m)
		}
		line = line[:0]
	}
	for _, o := range objs {
		if !o.Visible() {
			continue
		}
		m := o.MinSize()
		if width > 0 {
			m.Width = fyne.Min(m.Width, width)
		}
		if x > 0 && x+m.Width > width {
			end()
			x, y, height = 0, y+height+l.gap, 0
		}
		line = append(line, placed{o, x, m})
		x += m.Width + l.gap
		height = fyne.Max(height, m.Height)
	}
	end()
	return y + height
}

func (l *wrapRow) MinSize(objs []fyne.CanvasObject) fyne.Size {
	w := float32(0)
	for _, o := range objs {
		if o.Visible() {
			w = fyne.Max(w, o.MinSize().Width)
		}
	}
	return fyne.NewSize(w, l.heightAt(objs, fyne.Max(l.width, w)))
}

func (l *wrapRow) heightAt(objs []fyne.CanvasObject, width float32) float32 {
	return l.flow(objs, width, func(fyne.CanvasObject, float32, float32, fyne.Size) {})
}

func (l *wrapRow) Layout(objs []fyne.CanvasObject, s fyne.Size) {
	l.width = s.Width
	l.flow(objs, s.Width, func(o fyne.CanvasObject, x, y float32, m fyne.Size) { place(o, x, y, m.Width, m.Height) })
}
