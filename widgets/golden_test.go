package widgets

import (
	"bytes"
	"flag"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/software"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/theme"
)

var update = flag.Bool("update", false, "write the golden files anew")

// inLook runs a test in the program's theme.
func inLook(t testing.TB, look *Theme) {
	t.Helper()
	test.NewTempApp(t).Settings().SetTheme(look)
}

func variant(dark bool) *fyne.ThemeVariant {
	v := theme.VariantLight
	if dark {
		v = theme.VariantDark
	}
	return &v
}

// window shows an object at a size in a window without a display.
func window(t testing.TB, o fyne.CanvasObject, w, h float32) fyne.Window {
	t.Helper()
	win := test.NewTempWindow(t, o)
	win.SetPadded(false)
	win.Resize(fyne.NewSize(w, h))
	t.Cleanup(win.Canvas().Unfocus) // the cursor of an entry would go on while other tests run
	return win
}

// golden is one state of a widget that a file in testdata pins.
type golden struct {
	name string
	size fyne.Size // 0: the least size
	make func() fyne.CanvasObject
	then func(c fyne.Canvas) // what the user does to it
}

// checkMarkup compares every state with its file, light and dark.
func checkMarkup(t *testing.T, states []golden) {
	t.Helper()
	for _, g := range states {
		for name, dark := range map[string]bool{"light": false, "dark": true} {
			t.Run(g.name+"/"+name, func(t *testing.T) {
				inLook(t, &Theme{Force: variant(dark)})
				o := g.make()
				size := g.size
				if size.Width == 0 {
					size.Width = o.MinSize().Width
				}
				if size.Height == 0 {
					size.Height = HeightAt(o, size.Width)
				}
				win := window(t, o, size.Width, size.Height)
				if g.then != nil {
					g.then(win.Canvas())
				}
				checkFile(t, filepath.Join("testdata", g.name+"-"+name+".xml"), []byte(test.RenderToMarkup(win.Canvas())), bytes.Equal)
			})
		}
	}
}

// checkPicture compares the picture of an object with its file, light and dark.
func checkPicture(t *testing.T, name string, size fyne.Size, build func() fyne.CanvasObject) {
	t.Helper()
	for look, dark := range map[string]bool{"light": false, "dark": true} {
		t.Run(name+"/"+look, func(t *testing.T) {
			inLook(t, &Theme{Force: variant(dark)})
			c := software.NewCanvas()
			c.SetPadded(false)
			c.SetContent(Layers(NewBox(ColorSurface, "", 0), build()))
			c.Resize(size)
			var b bytes.Buffer
			if err := png.Encode(&b, c.Capture()); err != nil {
				t.Fatal(err)
			}
			checkFile(t, filepath.Join("testdata", name+"-"+look+".png"), b.Bytes(), samePicture)
		})
	}
}

// checkFile compares what was drawn with a golden file, or writes it with -update. A mismatch is kept beside it in testdata/failed.
func checkFile(t *testing.T, path string, got []byte, same func(a, b []byte) bool) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("read golden file (go test -update writes it): %v", err)
	}
	if same(got, want) {
		return
	}
	failed := filepath.Join("testdata", "failed", filepath.Base(path))
	if err := os.MkdirAll(filepath.Dir(failed), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(failed, got, 0o644); err != nil {
		t.Fatal(err)
	}
	t.Errorf("differs from %s, see %s", path, failed)
}

// samePicture compares pixels; a step of two in a channel is rounding, which another processor may do otherwise.
func samePicture(a, b []byte) bool {
	x, errX := png.Decode(bytes.NewReader(a))
	y, errY := png.Decode(bytes.NewReader(b))
	if errX != nil || errY != nil || x.Bounds() != y.Bounds() {
		return false
	}
	for i := x.Bounds().Min.Y; i < x.Bounds().Max.Y; i++ {
		for j := x.Bounds().Min.X; j < x.Bounds().Max.X; j++ {
			if !near(x.At(j, i), y.At(j, i)) {
				return false
			}
		}
	}
	return true
}

func near(a, b color.Color) bool {
	p, q := color.NRGBAModel.Convert(a).(color.NRGBA), color.NRGBAModel.Convert(b).(color.NRGBA)
	for _, d := range []int{int(p.R) - int(q.R), int(p.G) - int(q.G), int(p.B) - int(q.B), int(p.A) - int(q.A)} {
		if !(d >= -2 && d <= 2) {
			return false
		}
	}
	return true
}

// inked pixels of a picture: those that differ from its first one.
func drawnPixels(img image.Image) int {
	n, ground := 0, img.At(0, 0)
	for y := img.Bounds().Min.Y; y < img.Bounds().Max.Y; y++ {
		for x := img.Bounds().Min.X; x < img.Bounds().Max.X; x++ {
			if !near(img.At(x, y), ground) {
				n++
			}
		}
	}
	return n
}

func TestGoldenComparisonSeesADifference(t *testing.T) {
	encode := func(c color.Color) []byte {
		img := image.NewNRGBA(image.Rect(0, 0, 2, 2))
		img.Set(1, 1, c)
		var b bytes.Buffer
		if err := png.Encode(&b, img); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	base := encode(color.NRGBA{100, 100, 100, 255})
	if !samePicture(base, encode(color.NRGBA{101, 99, 100, 255})) {
		t.Error("rounding counts as a difference")
	}
	if samePicture(base, encode(color.NRGBA{100, 110, 100, 255})) {
		t.Error("another colour counts as the same")
	}
}
