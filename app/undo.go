package app

// undoing takes back something that a person did. It runs once, by what is offered on screen or by the keyboard, whichever comes
// first: what was taken back already cannot be taken back again.
type undoing struct {
	w  *window
	do func() // nil: it ran, or there is nothing to take back any more
}

// undoable makes the way back from what was just done, and makes it the one that the keyboard takes.
func (w *window) undoable(do func()) *undoing {
	w.undo = &undoing{w: w, do: do}
	return w.undo
}

// run takes it back.
func (u *undoing) run() {
	if do := u.do; do != nil {
		u.void()
		do()
	}
}

// void lets it run no more: what it would take back is gone.
func (u *undoing) void() {
	u.do = nil
	if u.w.undo == u {
		u.w.undo = nil
	}
}

// takeBackLast undoes the last feedback that this window gave, or the last that was deleted here.
func (w *window) takeBackLast() {
	if w.undo != nil {
		w.undo.run()
	}
}
