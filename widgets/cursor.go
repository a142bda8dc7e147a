package widgets

import (
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
)

const (
	// blinkTime is how long a cursor blinks after the last key or click. Then it stands: each step of its fading has the whole
	// window drawn anew, for as long as the program is open.
	blinkTime = 10 * time.Second
	// holdEvery is less than the 300 ms for which a key holds Fyne's cursor.
	holdEvery = 200 * time.Millisecond
)

// blinking lets the cursor of an entry blink while someone writes, and stand when nobody does. Fyne has no way to stop a cursor, but
// while it is typed its cursor stands, without being drawn: a key that means nothing, often enough, is such typing.
type blinking struct {
	timer *time.Timer
	until time.Time // when the cursor comes to stand; the timer of an earlier key may still be on its way

	clicked bool // the mouse button is going down on it
}

// FocusGained implements fyne.Focusable.
func (e *entry) FocusGained() {
	e.Entry.FocusGained()
	e.blink()
	if !e.cursor.clicked { // whoever clicks means the place, which must not move away
		reveal(e.self)
	}
}

// FocusLost implements fyne.Focusable.
func (e *entry) FocusLost() {
	if e.cursor.timer != nil {
		e.cursor.timer.Stop()
	}
	e.Entry.FocusLost()
}

// TypedRune implements fyne.Focusable.
func (e *entry) TypedRune(r rune) {
	e.blink()
	e.edit(func() { e.Entry.TypedRune(r) })
}

// MouseDown implements desktop.Mouseable.
func (e *entry) MouseDown(m *desktop.MouseEvent) {
	e.blink()
	e.cursor.clicked = true
	e.Entry.MouseDown(m)
	e.cursor.clicked = false
}

// blink lets the cursor blink for a while; where nothing is to move it stands at once.
func (e *entry) blink() {
	c, while := &e.cursor, blinkTime
	if still() {
		while = 0
	}
	c.until = time.Now().Add(while)
	if c.timer == nil {
		c.timer = time.AfterFunc(while, func() { fyne.Do(e.hold) })
		return
	}
	c.timer.Reset(while)
}

// hold keeps the cursor standing for a moment, and again after it.
func (e *entry) hold() {
	if time.Now().Before(e.cursor.until) || !hasFocus(e.self) {
		return
	}
	e.Entry.TypedKey(&fyne.KeyEvent{})
	e.cursor.timer.Reset(holdEvery)
}
