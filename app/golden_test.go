package app

import (
	"slices"
	"testing"

	"fyne.io/fyne/v2/test"
)

// agreed are the scenes whose markup is kept.
var agreed = []string{"chat", "correction", "lessons", "learning", "contradiction", "statistics", "why", "figures", "tries", "model", "fetching", "offline", "moved", "search", "find", "branches", "settings", "welcome", "presets", "preset", "choosing", "reading", "unread", "lessons-empty", "lessons-unread", "learning-unread", "statistics-unread", "unsaved", "failed", "went-back", "disk-full", "refused", "empty", "closing-tray"}

// looksAsAgreed holds the markup of the main scenes, light in German and dark in English: what a change moved, renamed or recoloured shows as a diff.
// After a wanted change the files in testdata/failed take the place of those in testdata.
func looksAsAgreed(t *testing.T, w *window, view string) {
	if slices.ContainsFunc(agreed, func(scene string) bool { return view == scene+"-light-de" || view == scene+"-dark-en" }) {
		test.AssertRendersToMarkup(t, view+".xml", w.frame.Canvas())
	}
}
