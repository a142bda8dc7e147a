package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"fyne.io/fyne/v2"
)

// branch: a question asked differently and an answer given again stand beside the first ones.
func (p *player) branch() {
	p.tap(p.word("place.chat"))
	p.tap(p.word("shell.new"))
	p.ask("What is a rainbow?")
	p.tap(p.word("chat.again"))
	p.answered()
	p.see(text("2 / 2"))
	p.tap(p.word("chat.placeholder"))
	p.key(fyne.KeyUp)
	p.see(p.word("chat.ask_differently_hint"))
	p.typed("How far away is the moon?")
	p.shoot("editor")
	p.tap(exactly(p.word("chat.send")))
	p.answered()
	p.see(text("How far away is the moon?"))
	p.see(text("2 / 2"))
	p.shoot("beside")
	p.tap(p.word("chat.version_before"))
	p.see(text("1 / 2"))
	p.missing(text("How far away is the moon?"))
}

// search: words in another conversation, and the way to them.
func (p *player) search() {
	p.tap(p.word("search.title"))
	p.typed("Greta Sommer")
	p.see(p.word("search.found"))
	p.shoot("hits")
	p.key(fyne.KeyReturn)
	p.see(p.word("chat.find_at", "N", "1", "All", "2"))
	p.shoot("hit")
	p.key(fyne.KeyEscape)
}

// export: a conversation as a file, by the dialog of files.
func (p *player) export() {
	p.tap(p.word("place.chat"))
	p.tap(p.word("chat.export"))
	p.see(p.word("chat.export_md"))
	p.shoot("forms")
	p.tap(text("Markdown"))
	p.see(text("Documents"))
	p.see(p.word("files.save"))
	p.shoot("dialog")
	p.tap(exactly(p.word("save")))
	p.see(p.word("chat.exported"))
	p.shoot("saved")
	files, err := filepath.Glob(filepath.Join(os.Getenv("HOME"), "*.md"))
	if err != nil || len(files) != 1 {
		p.t.Fatalf("exported: %q, %v", files, err)
	}
	out, err := os.ReadFile(files[0])
	if err != nil || !strings.Contains(string(out), "Greta Sommer") {
		p.t.Errorf("the conversation was exported as %q, %v", out, err)
	}
}

// switchLanguage: the other language and the other appearance, at once and everywhere.
func (p *player) switchLanguage() {
	before, appearance, language, name := p.words, "dark", "en", "set.english"
	if strings.HasSuffix(p.look, "en") {
		appearance, language, name = "light", "de", "set.german"
	}
	p.tap(p.word("place.settings"))
	p.see(p.word("settings.looks_about"))
	p.tap(p.word(name))
	p.tap(p.word("set." + appearance))
	p.shoot("settings")
	p.tap(exactly(p.word("save")))
	p.speaks(language)
	p.look = appearance + "-" + language
	p.see(p.word("settings.saved"))
	for _, place := range []string{"place.chat", "place.lessons", "place.learning", "place.statistics", "place.model"} {
		p.tap(p.word(place))
		p.shoot(strings.TrimPrefix(place, "place."))
		for key, word := range before {
			if now := p.words[key]; word != now && !strings.Contains(word, "{{") && slices.Contains(p.read(), word) && !p.isWord(word) {
				p.t.Errorf("%q (%s) is still to be read, in place of %q", word, key, now)
			}
		}
	}
}

// isWord says whether a text is one of the language that is spoken.
func (p *player) isWord(text string) bool {
	for _, word := range p.words {
		if word == text {
			return true
		}
	}
	return false
}

// narrow: the same on a phone's width.
func (p *player) narrow() {
	p.app.do(func() { p.app.frame.Resize(narrowWindow) })
	p.tap(p.word("place.chat_short")) // a tab
	p.shoot("chat")
	p.tap(p.word("place.lessons"))
	p.see(p.word("lesson.ask"))
	p.shoot("lesson")
	p.tap(p.word("place.lessons")) // the way back
	p.see(p.word("lessons.all_short"))
	p.shoot("lessons")
	p.tap(p.word("place.learning"))
	p.shoot("learning")
	p.app.do(func() { p.app.frame.Resize(wideWindow) })
	p.see(p.word("place.settings"))
}

// pullModelFile: a file that is no model, and the model's file gone while the program does not run, and back.
func (p *player) pullModelFile() {
	broken := filepath.Join(os.Getenv("HOME"), "Downloads", "half-a-model.gguf")
	whole, err := os.ReadFile(p.modelFile())
	if err != nil {
		p.t.Fatal(err)
	}
	if err := os.WriteFile(broken, whole[:1<<20], 0o644); err != nil {
		p.t.Fatal(err)
	}
	p.app.do(func() { p.app.frame.drop(broken) })
	p.see(p.word("offer.fault_title"))
	p.see(p.word("model.failed_text", "File", "half-a-model.gguf", "Cause", p.say("fault.model_file")[0]))
	p.shoot("no-model")
	p.tap(p.word("close"))
	if err := os.Remove(p.modelFile()); err != nil {
		p.t.Fatal(err)
	}
	p.tap(p.word("place.chat"))
	p.tap(p.word("shell.new"))
	p.ask("What is the capital of Poland?")
	p.see(text("Warsaw")) // what is open stays
	p.close()
	p.open(wideWindow)
	p.see(p.word("model.none"))
	p.tap(p.word("place.model"))
	p.see(p.word("model.missing_title"))
	p.shoot("missing")
	p.putModel()
	p.tap(p.word("model.retry"))
	p.see(p.word("model.ready"))
	p.shoot("back")
	p.close()
}

// fillDisk: what does not fit on the disk any more is said not to be saved, and is saved once there is room.
func (p *player) fillDisk() {
	disk := p.t.TempDir()
	if err := syscall.Mount("clara-play", disk, "tmpfs", 0, "size=8m"); err != nil {
		p.t.Skipf("a small disk cannot be made here: %v", err)
	}
	p.t.Cleanup(func() {
		if err := syscall.Unmount(disk, 0); err != nil {
			p.t.Error(err)
		}
	})
	appearance, language, _ := strings.Cut(p.look, "-")
	full := newPlayer(p.t, p.pictures, appearance, language, filepath.Join(disk, "clara"))
	full.app = p.app // whose window has been seen
	full.open(wideWindow)
	full.see(full.word("chat.empty_title"))
	full.ask("What is the capital of Sweden?")
	ballast := filepath.Join(disk, "ballast")
	if err := os.WriteFile(ballast, make([]byte, 16<<20), 0o644); err == nil {
		p.t.Fatal("16 MB fit onto 8 MB")
	}
	full.tap(full.word("chat.correct"))
	full.typed("Stockholm. " + strings.Repeat("It lies on fourteen islands. ", 150)) // more than a page of the database has left
	full.tap(full.word("editor.save"))
	full.see(full.word("fault.disk"))
	full.see(full.word("disk.not_saved"))
	full.shoot("full")
	if err := os.Remove(ballast); err != nil {
		p.t.Fatal(err)
	}
	full.tap(full.word("editor.save"))
	full.see(full.word("chat.saved"))
	full.missing(full.word("fault.disk"))
	full.shoot("room-again")
	full.close()
}
