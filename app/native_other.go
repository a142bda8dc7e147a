//go:build !windows

package app

import "fyne.io/fyne/v2"

// restore does nothing: Show brings a minimised window back here, but for Wayland, which lets no program do that.
func restore(fyne.Window) {}

// showMessage says nothing: the error of Run says it in the terminal.
func showMessage(string) {}
