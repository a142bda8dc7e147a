package widgets

import (
	"fyne.io/fyne/v2"
)

// NavItem is a place in the sidebar: icon, name, and a figure at the right.
type NavItem struct {
	Row
	name  *Text
	icon  *Icon
	count *Text
}

// NewNavItem makes a place.
func NewNavItem(g Glyph, name string, tapped func()) *NavItem {
	n := &NavItem{name: Body(name).Cutting(), icon: NewIcon(g, 18, ColorText), count: Caption("")}
	n.Hint = name
	n.fill(Pad(HStack(10, n.icon, Grow(n.name), n.count), 0, 10), 34, tapped)
	n.ExtendBaseWidget(n)
	return n
}

// SetSelected shows the place as the one that is open, or not.
func (n *NavItem) SetSelected(on bool) {
	n.name.Style.Bold = on
	n.name.Color, n.icon.Color = ColorText, ColorText
	if on {
		n.name.Color, n.icon.Color = ColorPrimary, ColorPrimary
	}
	n.Selected = on
	n.Refresh()
}

// SetCount shows a figure at the right; empty for none.
func (n *NavItem) SetCount(text string, tone Tone) {
	n.count.Text, n.count.Color = text, tone.Ink()
	n.Content.Refresh()
}

// Tab is a place in the tab bar.
type Tab struct {
	Glyph Glyph
	Name  string
}

// TabBar is the row of places at the foot of a narrow window.
type TabBar struct {
	composite
	tabs   []*tab
	on     int
	chosen func(int)
}

// NewTabBar makes a tab bar; chosen is told the index that was tapped.
func NewTabBar(tabs []Tab, on int, chosen func(int)) *TabBar {
	b := &TabBar{on: on, chosen: chosen}
	line := HStackFill(0)
	for i, t := range tabs {
		x := newTab(t, func() {
			b.SetOn(i)
			if b.chosen != nil {
				b.chosen(i)
			}
		})
		x.OnStep = func(step int) {
			if to := i + step; to >= 0 && to < len(b.tabs) {
				focus(b.tabs[to])
			}
		}
		b.tabs = append(b.tabs, x)
		line.Add(Grow(x))
	}
	b.content = VStack(0, Rule(), On(ColorSidebar, 0, line, 3, 4))
	b.ExtendBaseWidget(b)
	b.SetOn(on)
	return b
}

// SetOn shows the place that is open; -1 for none.
func (b *TabBar) SetOn(i int) {
	b.on = i
	for k, t := range b.tabs {
		t.setOn(k == i)
	}
}

// On is the index of the place that is open.
func (b *TabBar) On() int { return b.on }

// Tab is one of the tabs, for a menu to open at.
func (b *TabBar) Tab(i int) fyne.CanvasObject { return b.tabs[i] }

type tab struct {
	Row
	icon *Icon
	mark *Box
	name *Text
}

func newTab(t Tab, tapped func()) *tab {
	x := &tab{icon: NewIcon(t.Glyph, 20, ColorMuted), mark: NewBox("", "", 12), name: Caption(t.Name).Centre().Cutting()}
	x.Hint = t.Name
	sign := Centred(Layers(x.mark, Pad(x.icon, 2, 14)))
	x.fill(Pad(VStack(2, sign, x.name), 4, 0), targetFinger, tapped)
	x.ExtendBaseWidget(x)
	return x
}

func (x *tab) setOn(on bool) {
	ink, fill := ColorMuted, fyne.ThemeColorName("")
	if on {
		ink, fill = ColorPrimary, ColorPrimarySoft
	}
	x.icon.Color, x.name.Color, x.mark.Fill = ink, ink, fill
	x.name.Style.Bold = on
	x.Refresh()
}

// TypedKey implements fyne.Focusable: left and right walk along the bar.
func (x *tab) TypedKey(e *fyne.KeyEvent) {
	switch e.Name {
	case fyne.KeyLeft:
		x.OnStep(-1)
	case fyne.KeyRight:
		x.OnStep(1)
	default:
		x.Row.TypedKey(e)
	}
}

// SidebarRow is a conversation in the sidebar: a title, quiet until it is open.
type SidebarRow struct {
	Row
	title *Text
}

// NewSidebarRow makes a conversation.
func NewSidebarRow(title string, tapped func()) *SidebarRow {
	s := &SidebarRow{title: Muted(title).Cutting()}
	s.Hint, s.Ground = title, ColorBubble
	s.fill(Pad(s.title, 0, 10), 30, tapped)
	s.ExtendBaseWidget(s)
	return s
}

// SetSelected shows the conversation as the open one, or not.
func (s *SidebarRow) SetSelected(on bool) {
	s.title.Color = ColorMuted
	if on {
		s.title.Color = ColorText
	}
	s.Selected = on
	s.Refresh()
}
