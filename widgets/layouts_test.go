package widgets

import (
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/test"
)

const longText = "Fragen Sie etwas, das Sie selbst gut wissen. So merken Sie, wo CLARA noch lernen muss, und was sie schon kann."

// laidOut are all objects that a tree shows.
func laidOut(o fyne.CanvasObject) []fyne.CanvasObject { return test.LaidOutObjects(o) }

// textsOf are the texts that an object draws.
func textsOf(o fyne.CanvasObject) []*canvas.Text {
	var texts []*canvas.Text
	for _, x := range laidOut(o) {
		if t, ok := x.(*canvas.Text); ok {
			texts = append(texts, t)
		}
	}
	return texts
}

// TestOnePassIsEnough lays wrapped text out in every layout, once, and looks whether each got the height that it needs.
func TestOnePassIsEnough(t *testing.T) {
	for name, build := range map[string]func(x fyne.CanvasObject) fyne.CanvasObject{
		"stack": func(x fyne.CanvasObject) fyne.CanvasObject { return VStack(8, x, Rule()) },
		"card": func(x fyne.CanvasObject) fyne.CanvasObject {
			return VStack(8, Card(VStack(4, Strong("head"), x)), Rule())
		},
		"beside": func(x fyne.CanvasObject) fyne.CanvasObject { return VStack(0, HStack(8, Sized(8, 8, Rule()), Grow(x))) },
		"tops": func(x fyne.CanvasObject) fyne.CanvasObject {
			return VStack(0, HStackTop(8, Grow(x), Sized(40, 0, Rule())))
		},
		"fill": func(x fyne.CanvasObject) fyne.CanvasObject {
			return VStack(0, HStackFill(8, GrowBy(2, x), Grow(Rule())))
		},
		"column":  func(x fyne.CanvasObject) fyne.CanvasObject { return VStack(0, Column(150, x)) },
		"sized":   func(x fyne.CanvasObject) fyne.CanvasObject { return VStack(0, HStack(0, Sized(120, 0, x))) },
		"row":     func(x fyne.CanvasObject) fyne.CanvasObject { return VStack(0, NewRow(Pad(x, 4, 10), 30, nil)) },
		"scroll":  func(x fyne.CanvasObject) fyne.CanvasObject { return NewScroll(VStack(8, Pad(x, 10), Rule())) },
		"notice":  func(x fyne.CanvasObject) fyne.CanvasObject { return VStack(0, On(ColorSurface, 4, x, 8), Rule()) },
		"wraprow": func(x fyne.CanvasObject) fyne.CanvasObject { return VStack(0, WrapRow(4, Body("a"), Body("b")), x) },
	} {
		t.Run(name, func(t *testing.T) {
			inLook(t, &Theme{})
			x := Muted(longText).Wrapped()
			o := build(x)
			o.Resize(fyne.NewSize(240, 600))
			if need := x.HeightAt(x.Size().Width); need != x.Size().Height && x.Size().Height < need {
				t.Errorf("the text is %v wide and %v high, it needs %v", x.Size().Width, x.Size().Height, need)
			}
			if x.Size().Width > 240 || x.Size().Width < 50 {
				t.Errorf("the text is %v wide", x.Size().Width)
			}
			o.Resize(fyne.NewSize(420, 600))
			if need := x.HeightAt(x.Size().Width); x.Size().Height < need {
				t.Errorf("wider: the text is %v high, it needs %v", x.Size().Height, need)
			}
		})
	}
}

func TestMinSizeAfterLayoutIsTheHeightAtThatWidth(t *testing.T) {
	inLook(t, &Theme{})
	x := Card(VStack(8, Muted(longText).Wrapped(), Strong("end")))
	x.Resize(fyne.NewSize(200, 10))
	if got, want := x.MinSize().Height, HeightAt(x, 200); got != want {
		t.Errorf("least height %v, height at its width %v", got, want)
	}
}

func TestGrowingObjectsShareWhatIsLeft(t *testing.T) {
	inLook(t, &Theme{})
	a, b, c := NewBox("", "", 0), NewBox("", "", 0), NewBox("", "", 0)
	c.Min = fyne.NewSize(40, 10)
	HStack(10, GrowBy(2, a), Grow(b), c).Resize(fyne.NewSize(360, 10))
	if a.Size().Width != 200 || b.Size().Width != 100 || c.Size().Width != 40 {
		t.Errorf("widths %v %v %v, want 200 100 40", a.Size().Width, b.Size().Width, c.Size().Width)
	}
	hidden := VStack(10, a, b, c)
	b.Hide()
	hidden.Resize(fyne.NewSize(100, 100))
	if c.Position().Y != a.Size().Height+10 {
		t.Errorf("a hidden object leaves a gap: %v", c.Position().Y)
	}
}

func TestScrollGivesContentItsWidthAndHeight(t *testing.T) {
	inLook(t, &Theme{})
	text := Muted(longText + " " + longText + " " + longText).Wrapped()
	s := NewScroll(Pad(text, 10))
	s.Resize(fyne.NewSize(150, 80))
	if want := HeightAt(text, 130) + 20; s.Content.Size().Height != want {
		t.Errorf("content is %v high, want %v", s.Content.Size().Height, want)
	}
	s.Resize(fyne.NewSize(1500, 200))
	if s.Content.Size() != fyne.NewSize(1500, 200) {
		t.Errorf("wide, the content is %v, want the place", s.Content.Size())
	}
}
