package app

import (
	"errors"
	"testing"

	"fyne.io/fyne/v2"
)

// brokenWindow is one that panics instead of being shown.
type brokenWindow struct {
	fyne.Window
	with any
}

func (w brokenWindow) Show() { panic(w.with) }

// Where nobody answers at the display there is an error and no crash; an error of the program remains one.
func TestADisplayThatCannotBeReachedIsNoCrash(t *testing.T) {
	if err := shown(brokenWindow{with: errors.New("NotInitialized: The GLFW library is not initialized")}); !errors.Is(err, ErrNoDisplay) {
		t.Errorf("it ends with %v", err)
	}
	own := errors.New("index out of range")
	defer func() {
		if r := recover(); r != own {
			t.Errorf("an error of the program became %v", r)
		}
	}()
	err := shown(brokenWindow{with: own})
	t.Errorf("an error of the program became %v", err)
}
