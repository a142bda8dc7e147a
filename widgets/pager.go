package widgets

import (
	"fmt"

	"fyne.io/fyne/v2"
)

// PagerWords are the spoken names of a pager's buttons.
type PagerWords struct{ Before, Next string }

// Pager tells which of several things that share a place is shown, "2 / 3", and leads to the one before and after.
type Pager struct {
	composite
	before, next *Button
	words        *Text
}

// MinSize implements fyne.CanvasObject: as high as the words, so that a line is as high with a pager as without. The buttons reach
// beyond it, except for fingers.
func (p *Pager) MinSize() fyne.Size {
	m := p.content.MinSize()
	if target() < targetFinger {
		m.Height = p.words.MinSize().Height
	}
	return m
}

// HeightAt implements Flowing.
func (p *Pager) HeightAt(float32) float32 { return p.MinSize().Height }

// NewPager makes a pager at the place at, from 1, of several. turned is told the step, -1 or 1.
func NewPager(at, of int, words PagerWords, turned func(step int)) *Pager {
	p := &Pager{
		words:  Caption(fmt.Sprintf("%d / %d", at, of)),
		before: NewIconButton(IconLeft, words.Before, func() { turned(-1) }),
		next:   NewIconButton(IconRight, words.Next, func() { turned(1) }),
	}
	if at <= 1 {
		p.before.Disable()
	}
	if at >= of {
		p.next.Disable()
	}
	p.content = HStack(0, p.before, p.words, p.next)
	p.ExtendBaseWidget(p)
	return p
}

// Turn leads to the one before (-1) or after (1), if there is one.
func (p *Pager) Turn(step int) {
	b := p.before
	if step > 0 {
		b = p.next
	}
	b.Tapped(nil)
}
