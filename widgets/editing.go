package widgets

import (
	"unicode"
	"unicode/utf8"
)

// A space at which a line is broken belongs to no line. Fyne's entry has no place for a cursor behind such a space where nothing
// follows it, and takes it to the line below or before the space: "9:40 " and "every" became "9:40every ".

// edit does what changes the text before the cursor, and holds the cursor where that leaves it.
func (e *entry) edit(change func()) {
	if e.SelectedText() != "" || !e.MultiLine {
		change()
		return
	}
	e.passSpace()
	behind := utf8.RuneCountInString(e.Text) - e.CursorTextOffset()
	change()
	if at := utf8.RuneCountInString(e.Text) - behind; at != e.CursorTextOffset() {
		e.moveTo(at)
		e.Refresh() // which takes it to the line's end
	}
}

// passSpace moves the cursor from the end of a line behind a space that no line has, until the entry is drawn.
func (e *entry) passSpace() {
	rest := []rune(e.Text)[e.CursorTextOffset():]
	if len(rest) == 0 || rest[0] == '\n' || !unicode.IsSpace(rest[0]) || len(rest) > 1 && rest[1] != '\n' {
		return
	}
	at := e.CursorColumn
	e.CursorColumn++
	e.Refresh()
	if e.CursorColumn == at { // the line ends there
		e.CursorColumn++
		return
	}
	e.CursorColumn = at
}

// moveTo moves the cursor behind that many letters of the text.
func (e *entry) moveTo(at int) {
	row, begin := 0, 0
	for next := 1; ; next++ {
		e.CursorRow, e.CursorColumn = next, 0
		from := e.CursorTextOffset() // 0: there is no such row
		if from == 0 || from > at {
			break
		}
		row, begin = next, from
	}
	e.CursorRow, e.CursorColumn = row, at-begin
}
