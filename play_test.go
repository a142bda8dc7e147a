package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fyne.io/fyne/v2"

	"clara/catalogue"
)

// The variables that ask for the play: the folder that its pictures go into, "-" for none, the look in which it begins, "light-de"
// if it is empty, and whether the scripts are left out that train.
const (
	playVariable      = "CLARA_PLAY"
	playLookVariable  = "CLARA_PLAY_LOOK"
	playShortVariable = "CLARA_PLAY_SHORT"
)

// The sizes of the window in the pictures.
var (
	wideWindow   = fyne.NewSize(1280, 800)
	narrowWindow = fyne.NewSize(420, 800)
)

// TestPlay goes through the window as a person would, on the built-in model, from the first run to a full disk. Each script
// says what the person must see; most begin where the one before ended. See `make play` and `make play-race`.
func TestPlay(t *testing.T) {
	pictures := os.Getenv(playVariable)
	if pictures == "" {
		t.Skipf("takes minutes; %s=FOLDER plays it", playVariable)
	}
	t.Setenv(catalogue.FoldersVariable, "") // no model but the one in the data folder
	desk := filepath.Join(t.TempDir(), "anna")
	t.Setenv("HOME", desk) // what the file dialogs show
	for _, folder := range []string{"Documents", "Downloads", "Pictures"} {
		if err := os.MkdirAll(filepath.Join(desk, folder), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	look := os.Getenv(playLookVariable)
	if look == "" {
		look = "light-de"
	}
	appearance, language, _ := strings.Cut(look, "-")
	p := newPlayer(t, pictures, appearance, language, filepath.Join(desk, ".local", "share", "clara"))
	p.open(wideWindow)
	for _, s := range []struct {
		name   string
		play   func(*player)
		trains bool // or shows what a training left
	}{
		{"first-run", (*player).firstRun, false},
		{"correct", (*player).correctFact, false},
		{"teach", (*player).teachFact, false},
		{"contradict", (*player).contradict, false},
		{"branch", (*player).branch, false},
		{"search", (*player).search, false},
		{"export", (*player).export, false},
		{"manner", (*player).correctManner, false},
		{"language", (*player).switchLanguage, false},
		{"threshold", (*player).changeThreshold, false},
		{"learn", (*player).learn, true},
		{"restore", (*player).restore, true},
		{"practise", (*player).losePractise, true},
		{"statistics", (*player).statistics, true},
		{"unlearn", (*player).unlearn, false},
		{"narrow", (*player).narrow, false},
		{"model-file", (*player).pullModelFile, false},
		{"disk", (*player).fillDisk, false},
	} {
		if s.trains && os.Getenv(playShortVariable) != "" {
			continue
		}
		if !t.Run(s.name, func(t *testing.T) {
			outer := p.t
			p.t = t
			defer func() { p.t = outer }()
			s.play(p)
			for _, stack := range p.app.takeStrays() {
				t.Errorf("*** Error in Fyne call thread: not on the goroutine of the window ***\n%s", stack)
			}
		}) {
			return // the others would begin elsewhere
		}
	}
}
