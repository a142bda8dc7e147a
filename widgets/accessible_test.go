package widgets

import (
	"go/parser"
	"go/token"
	"image/color"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
)

// everything is every widget that a user can do something with, and those that say something.
func everything(t *testing.T) []fyne.CanvasObject {
	slider, shownSlider := NewSlider(0, 1, .5, nil)
	slider.Name = "Threshold"
	meter, parts, trail := NewMeter(.5, .8, ColorKnown), NewParts(8, Part{1, ColorKnown}), NewTrail(Known)
	chart, flow, ring := NewLineChart(), NewFlow("back", sampleStations(Active)...), NewRing(IconBolt, .5, ColorPrimary, ColorPrimarySoft, 56)
	for _, s := range []*spoken{&meter.spoken, &parts.spoken, &trail.spoken, &chart.spoken, &flow.spoken, &ring.spoken} {
		s.Sentence = "what it shows"
	}
	row := NewRow(Body("lesson"), 30, nil)
	row.Hint = "lesson"
	segmented := NewSegmented(0, nil, "7 days", "All")
	status := NewStatusLine(nil)
	status.Set(ToneInfo, "training", .5)
	snackbar := NewSnackbar()
	snackbar.Say("saved", "Undo", nil)
	t.Cleanup(func() { snackbar.timer.Stop() }) // it would go while other tests run
	return []fyne.CanvasObject{
		NewButton("Save", nil, Primary, nil), NewIconButton(IconCopy, "Copy", nil), NewLink("Undo", nil), row, NewNavItem(IconChat, "Chat", nil),
		NewSidebarRow("conversation", nil), NewTabBar([]Tab{{IconChat, "Chat"}}, 0, nil), segmented,
		NewSwitch("Server", false, nil),
		NewTapChip("uses", nil, ToneInfo, nil), NewChip("known", nil, ToneSuccess), NewStars(3, nil), NewEditor("Answer", nil), NewLine("Search", nil),
		newTestComposer(), newTestRange(8), shownSlider, NewImportance(3, [5]string{"a", "b", "c", "d", "e"}, nil),
		NewKeywords([]string{"word"}, KeywordWords{Add: "Add"}, nil), NewQuestion("question"), sampleAnswer(),
		NewNotice(Notice{Glyph: IconInfo, Title: "title", Text: "text", Actions: []Action{{Label: "Do"}}}),
		meter, parts, trail, chart, flow, ring, NewDiff(TextBody, DiffWords("a", "b")...), status, snackbar, Body("text"),
		NewPager(2, 3, PagerWords{Before: "Before", Next: "Next"}, nil),
	}
}

// TestWhatCanBeTapped holds the rules for all that takes a tap: the keyboard reaches it, it has a spoken name, the mouse shows a hand
// or a text cursor, and it is large enough to hit.
func TestWhatCanBeTapped(t *testing.T) {
	for _, look := range []*Theme{{}, {Touch: true}, {Scale: 1.6}} {
		inLook(t, look)
		least := look.Size(SizeTarget)
		for _, root := range everything(t) {
			window(t, VStack(0, root), 700, 900)
			for _, o := range laidOut(root) {
				if _, ok := o.(fyne.Tappable); !ok || !o.Visible() || isFyneOwn(o) {
					continue
				}
				if _, ok := o.(fyne.Focusable); !ok {
					t.Errorf("%T in %T cannot have the keyboard", o, root)
				}
				if a, ok := o.(fyne.Accessible); !ok || a.AccessibilityLabel() == "" {
					t.Errorf("%T in %T has no spoken name", o, root)
				}
				if _, ok := o.(desktop.Cursorable); !ok {
					if _, slider := o.(*Slider); !slider {
						t.Errorf("%T in %T shows no hand", o, root)
					}
				}
				if d, ok := o.(fyne.Disableable); ok && d.Disabled() {
					continue
				}
				if o.Size().Height < least && !isEntryPart(o) {
					t.Errorf("%T in %T is %v high, want at least %v", o, root, o.Size().Height, least)
				}
			}
		}
	}
}

// isFyneOwn tells objects inside of Fyne's widgets from ours.
func isFyneOwn(o fyne.CanvasObject) bool {
	return reflect.TypeOf(o).Elem().PkgPath() != "clara/widgets"
}

func isEntryPart(o fyne.CanvasObject) bool {
	switch o.(type) {
	case *Line, *Editor, *composerEntry, *Slider: // their frame or the row that they are in is the target
		return true
	}
	return false
}

func TestWhatIsShownIsSpoken(t *testing.T) {
	inLook(t, &Theme{})
	for _, root := range everything(t) {
		spoken := false
		window(t, VStack(0, root), 700, 900)
		for _, o := range laidOut(root) {
			if a, ok := o.(fyne.Accessible); ok && a.AccessibilityLabel() != "" {
				spoken = true
				if a.AccessibilityRole() == "" {
					t.Errorf("%T has no role", o)
				}
			}
		}
		if !spoken {
			t.Errorf("%T says nothing", root)
		}
	}
}

// TestNothingIsClipped looks for single lines that are wider than their place, at every text size.
func TestNothingIsClipped(t *testing.T) {
	for _, look := range []*Theme{{}, {Touch: true}, {Scale: 1.3}, {Scale: 1.6}} {
		inLook(t, look)
		for _, root := range everything(t) {
			window(t, VStack(0, root), 720, 900)
			for _, x := range allOf[*Text](root) {
				if x.Wrap || x.Cut || !x.Visible() || x.Text == "" {
					continue
				}
				if need := x.MinSize(); need.Width > x.Size().Width+1 || need.Height > x.Size().Height+1 {
					t.Errorf("scale %v: %q in %T needs %v, has %v", look.Scale, x.Text, root, need, x.Size())
				}
			}
		}
	}
}

// TestNoColourIsHeld changes the theme under shown widgets: nothing may keep a colour that only the old one has.
func TestNoColourIsHeld(t *testing.T) {
	inLook(t, &Theme{Force: variant(false)})
	var roots []fyne.CanvasObject
	list := VStack(0)
	for _, o := range everything(t) {
		roots = append(roots, o)
		list.Add(o)
	}
	window(t, list, 720, 4000)
	fyne.CurrentApp().Settings().SetTheme(&Theme{Force: variant(true)})
	ofDark := map[color.NRGBA]bool{}
	for _, c := range Dark {
		ofDark[c] = true
	}
	for _, root := range roots {
		for _, o := range laidOut(root) {
			for _, c := range coloursOf(o) {
				if c == nil {
					continue
				}
				if n := color.NRGBAModel.Convert(c).(color.NRGBA); isOnlyLight(n) && !ofDark[n] {
					t.Errorf("%T in %T keeps %v", o, root, n)
				}
			}
		}
	}
}

// TestTabGoesInReadingOrder walks a form with the keyboard alone.
func TestTabGoesInReadingOrder(t *testing.T) {
	inLook(t, &Theme{})
	a, b, c := NewButton("a", nil, Ghost, nil), NewSegmented(0, nil, "x", "y"), NewStars(0, nil)
	off, d := NewButton("off", nil, Ghost, nil), NewSwitch("d", false, nil)
	off.Disable()
	win := window(t, VStack(4, HStack(4, a, b), NewChip("says only", nil, ToneInfo), c, off, d), 300, 200)
	for i, want := range []fyne.Focusable{a, b, c, d, a} {
		win.Canvas().FocusNext()
		if win.Canvas().Focused() != want {
			t.Fatalf("stop %d is %T", i, win.Canvas().Focused())
		}
	}
}

// coloursOf are the colours that a canvas object is drawn in.
func coloursOf(o fyne.CanvasObject) []color.Color {
	switch x := o.(type) {
	case *canvas.Text:
		return []color.Color{x.Color}
	case *canvas.Rectangle:
		return []color.Color{x.FillColor, x.StrokeColor}
	case *canvas.Line:
		return []color.Color{x.StrokeColor}
	}
	return nil
}

func isOnlyLight(c color.NRGBA) bool {
	for _, l := range Light {
		if l == c {
			return true
		}
	}
	return false
}

func TestStatesLookDifferent(t *testing.T) {
	files, err := filepath.Glob("testdata/*-normal-*.xml")
	if err != nil || len(files) == 0 {
		t.Fatalf("golden files: %v, %v", files, err)
	}
	for _, normal := range files {
		seen := map[string]string{}
		for _, state := range []string{"normal", "hovered", "pressed", "focused", "disabled"} {
			raw, err := os.ReadFile(strings.Replace(normal, "normal", state, 1))
			if err != nil {
				t.Fatal(err)
			}
			if other, ok := seen[string(raw)]; ok && !(isRow(normal) && state == "disabled") {
				t.Errorf("%s: %s looks like %s", normal, state, other)
			}
			seen[string(raw)] = state
		}
	}
}

// isRow tells the goldens of rows: what stands on one belongs to the caller, who also says in it why it cannot be chosen.
func isRow(name string) bool { return strings.Contains(name, "row") || strings.Contains(name, "nav") }

// TestImports holds what this package may know: Fyne without its app package, and nothing of the program.
func TestImports(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range f.Imports {
			path := strings.Trim(i.Path.Value, `"`)
			standard := !strings.Contains(strings.Split(path, "/")[0], ".")
			switch {
			case path == "fyne.io/fyne/v2/app" || strings.HasPrefix(path, "clara/"):
				t.Errorf("%s imports %s", name, path)
			case !standard && !strings.HasPrefix(path, "fyne.io/fyne/v2") && path != "golang.org/x/image/vector" &&
				!strings.HasPrefix(path, "github.com/yuin/goldmark") && !strings.HasPrefix(path, "github.com/alecthomas/chroma/v2"):
				t.Errorf("%s imports %s", name, path)
			}
		}
	}
}
