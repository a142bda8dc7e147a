package app

import (
	"slices"
	"testing"

	"fyne.io/fyne/v2/test"
)

// agreed are the scenes whose markup is kept.
var agreed = []string{"chat", "correction", "lessons", "learning", "contradiction", "statistics", "why", "figures", "tries", "model", "fetching", "offline", "moved", "search", "find", "branches", "settings", "welcome", "presets", "preset", "choosing", "reading", "unread", "lessons-empty", "lessons-unread", "learning-unread", "statistics-unread", "unsaved", "failed", "went-back", "disk-full", "refused", "empty", "closing-tray"}

// The markup of the main scenes, light in German and dark in English: what a change moved, renamed or recoloured shows as a diff.
// After a wanted change the files in testdata/failed take the place of those in testdata.
func TestViewsLookAsAgreed(t *testing.T) {
	every(t, []look{allLooks[0], allLooks[1]}, func(t *testing.T, w *window) {
		name := t.Name()[len("TestViewsLookAsAgreed/"):]
		if slices.ContainsFunc(agreed, func(scene string) bool { return name == scene+"-light-de" || name == scene+"-dark-en" }) {
			test.AssertRendersToMarkup(t, name+".xml", w.frame.Canvas())
		}
	})
}
