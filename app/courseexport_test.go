package app

import (
	"image"
	"image/draw"
	"math"
	"runtime"
	"slices"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/software"
	"fyne.io/fyne/v2/test"

	"clara/widgets"
)

// piece is a part of a picture, in units of the window.
func piece(of image.Image, at fyne.Position, size fyne.Size) *image.NRGBA {
	cut := image.NewNRGBA(image.Rect(0, 0, int(size.Width*pictureScale), int(size.Height*pictureScale)))
	draw.Draw(cut, cut.Rect, of, image.Pt(int(at.X*pictureScale), int(at.Y*pictureScale)), draw.Src)
	return cut
}

// The picture has the curve of the screen, also where a part of it and other smoothing were chosen, pixel by pixel as a screen of
// twice the resolution shows it.
func TestThePictureIsTheCurveOnTheScreen(t *testing.T) {
	for _, l := range allLooks[:2] {
		t.Run(l.name, func(t *testing.T) {
			software.NewCanvas().Capture() // Fyne lets go of what is a minute old by a clock that only a painting sets
			w := openCourse(t, l.settings())
			v := w.statistics
			v.smooth = 1
			v.drawn.OnRange(70.5, 280.5)
			picture := v.picture()

			chart, card := v.drawn.Size(), v.chart.Size()
			if size := picture.Bounds().Size(); size.X != int(math.Round(float64(card.Width*pictureScale))) {
				t.Errorf("the picture is %d pixels wide, the card %g units", size.X, card.Width)
			}
			w.frame.Canvas().(software.WindowlessCanvas).SetScale(pictureScale)
			var at fyne.Position
			onScreen(w, func(s seen) {
				if s.o == fyne.CanvasObject(v.drawn) {
					at = s.at
				}
			})
			in := fyne.NewPos(16, float32(picture.Bounds().Dy())/pictureScale-12-chart.Height)
			if !slices.Equal(piece(picture, in, chart).Pix, piece(w.frame.Canvas().Capture(), at, chart).Pix) {
				t.Error("the curve is not the one on the screen")
			}
			if runtime.GOARCH == "amd64" { // elsewhere its last bits are others
				test.AssertImageMatches(t, "picture-"+l.name+".png", picture)
			}
		})
	}
}

// What is not to be seen cannot be had as a picture.
func TestWithoutACurveThereIsNoPicture(t *testing.T) {
	w := openCourse(t, spoken(english))
	v := w.statistics
	picture := func() widgets.MenuItem { return v.exports()[2] }
	if picture().Disabled {
		t.Error("the curve cannot be exported")
	}
	v.course.Ratings = v.course.Ratings[:1]
	v.fill()
	if !picture().Disabled {
		t.Error("there is a picture of no curve")
	}
}
