package widgets

import (
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/software"
	"fyne.io/fyne/v2/test"
)

// longConversation is what people have after years: this many messages in one feed.
const longConversation = 10_000

// BenchmarkOpenLong measures how long 10,000 messages take until they can be painted.
func BenchmarkOpenLong(b *testing.B) {
	inLook(b, &Theme{})
	for b.Loop() {
		c := newConversation(longConversation)
		win := test.NewTempWindow(b, c.Feed)
		win.Resize(fyne.NewSize(800, 780))
	}
}

// BenchmarkScrollLong measures a frame of scrolling up through 10,000 messages by 60 units, a notch of the wheel: rows come in
// sight, are built, measured and laid out, others go. Painting is not part of it.
func BenchmarkScrollLong(b *testing.B) {
	inLook(b, &Theme{})
	c := newConversation(longConversation)
	win := test.NewTempWindow(b, c.Feed)
	win.Resize(fyne.NewSize(800, 780))
	for b.Loop() {
		c.scrollBy(-60)
	}
}

// BenchmarkStreamLong measures a batch of tokens at the end of 10,000 messages.
func BenchmarkStreamLong(b *testing.B) {
	inLook(b, &Theme{})
	c := newConversation(longConversation)
	win := test.NewTempWindow(b, c.Feed)
	win.Resize(fyne.NewSize(800, 780))
	text := ""
	for b.Loop() {
		if text += "some more words "; len(text) > 4000 {
			text = ""
		}
		c.Row(longConversation).(*Answer).SetText(text)
		c.Resized(longConversation)
	}
}

// BenchmarkPaintLong measures what the processor needs to paint a window full of messages, without a graphics card.
func BenchmarkPaintLong(b *testing.B) {
	inLook(b, &Theme{})
	c := newConversation(longConversation)
	canvas := software.NewCanvas()
	canvas.SetContent(c.Feed)
	canvas.Resize(fyne.NewSize(800, 780))
	for b.Loop() {
		canvas.Capture()
	}
}
