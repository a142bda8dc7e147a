package app

import (
	"runtime"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"

	"clara/trainer"
	"clara/widgets"
)

// menuState is what the words of the desktop's menus go by.
type menuState struct {
	language        string
	paused, nothing bool // nothing: there is no learning to pause
}

// openTray lets a click on the icon open the window, where the desktop tells of clicks.
func (w *window) openTray() {
	if tray := w.tray(); tray != nil {
		tray.SetSystemTrayWindow(w.frame)
		w.frame.SetCloseIntercept(w.askToClose) // Fyne has just set another
	}
}

// tray is where the program's icon stands, nil without such a place. Fyne draws the program's own icon.
func (w *window) tray() desktop.App {
	a, ok := w.App.(desktop.App)
	if !ok || !w.Tray {
		return nil
	}
	return a
}

// showMenus makes the menus that the desktop shows, when what they say has changed.
func (w *window) showMenus() {
	s := menuState{
		language: w.language,
		paused:   w.state.Phase == trainer.PhasePaused,
		nothing:  w.state.Phase == trainer.PhaseOff || w.state.Phase == trainer.PhaseNoModel || w.state.Phase == trainer.PhaseMoving,
	}
	if s == w.menus {
		return
	}
	w.menus = s
	if tray := w.tray(); tray != nil {
		tray.SetSystemTrayMenu(w.trayMenu())
	}
	if runtime.GOOS == "darwin" { // elsewhere Fyne would draw it into the window
		w.frame.SetMainMenu(w.mainMenu())
	}
}

func (w *window) trayMenu() *fyne.Menu {
	quit := fyne.NewMenuItem(say("tray.quit"), w.quitFromTray)
	quit.IsQuit = true
	return fyne.NewMenu("CLARA",
		fyne.NewMenuItem(say("tray.open"), w.forward), w.pauseItem(), fyne.NewMenuItemSeparator(), quit)
}

// quitFromTray ends the program without a question, which would stand in a window that nobody may see. Only if something is written
// and not saved the window comes back and asks.
func (w *window) quitFromTray() {
	if w.keepEditors(); len(w.unsaved) > 0 || w.settings != nil && !w.settings.saved() {
		w.forward()
		w.askToQuit()
		return
	}
	w.close()
}

// pauseItem pauses learning, or lets it go on.
func (w *window) pauseItem() *fyne.MenuItem {
	if w.menus.paused {
		return fyne.NewMenuItem(say("tray.resume"), w.Trainer.Resume)
	}
	item := fyne.NewMenuItem(say("tray.pause"), w.Trainer.Pause)
	item.Disabled = w.menus.nothing
	return item
}

// mainMenu is the bar at the top of the screen of macOS.
func (w *window) mainMenu() *fyne.MainMenu {
	item := func(words string, key fyne.KeyName, modifier fyne.KeyModifier, do func()) *fyne.MenuItem {
		i := fyne.NewMenuItem(say(words), func() { // the system takes the keys before the canvas does
			w.strike(shortcut{do: func(*window) { do() }})
		})
		i.Shortcut = &desktop.CustomShortcut{KeyName: key, Modifier: modifier}
		return i
	}
	mod := fyne.KeyModifierShortcutDefault
	train := fyne.NewMenuItem(say("learning.train"), w.Trainer.Train)
	train.Disabled = w.menus.paused || w.menus.nothing
	return fyne.NewMainMenu(
		fyne.NewMenu(say("menu.file"),
			item("shell.new", fyne.KeyN, mod, w.newConversation),
			item("search.title", fyne.KeyF, mod|fyne.KeyModifierShift, w.openSearch),
			item("chat.export", fyne.KeyE, mod, w.chat.showExports)),
		fyne.NewMenu(say("place.learning"), w.pauseItem(), train),
		fyne.NewMenu(say("place.settings"), item("place.settings", fyne.KeyComma, mod, w.openSettings)),
		fyne.NewMenu(say("menu.help"), item("settings.keys", fyne.KeyF1, 0, func() { w.openSettingsAt(sectionKeys) })),
	)
}

// askToClose answers the window's own button. Whoever has once chosen the tray finds the window there again.
func (w *window) askToClose() {
	if w.inTray && w.training() {
		w.hide()
		return
	}
	w.askToQuit()
}

// askToQuit ends the program, unless a person wants to save something first. Dialogs would hide the question: they are closed, and
// settings that were changed say so in theirs.
func (w *window) askToQuit() {
	if w.files != nil {
		w.files.Dismiss()
	}
	if d := w.settings; d != nil {
		if !d.saved() {
			d.failed(say("close.unsaved_title"), say("close.unsaved_settings"))
			return
		}
		d.close()
	}
	w.askAboutUnsaved(w.askAboutTraining)
}

// training says whether something trains that the end of the program would throw away.
func (w *window) training() bool { return w.cycling() || w.moving.running() }

// askAboutTraining ends the program. A training that runs is asked about: stopping it loses no feedback, but time.
func (w *window) askAboutTraining() {
	if !w.training() {
		w.close()
		return
	}
	w.ask(func() question {
		q := question{title: say("close.title"), text: say("close.text"), yes: say("close.yes"), no: say("close.no"), do: w.close, quits: true}
		if w.moving.running() {
			q.title, q.text, q.yes = say("close.move_title"), say("close.move_text"), say("close.move_yes")
		}
		if w.tray() != nil {
			q.instead = &widgets.Action{Label: say("close.tray"), Kind: widgets.Secondary, OnTapped: func() {
				w.inTray = true
				w.hide()
			}}
		}
		return q
	})
}

// unaskToQuit takes the question away whether to stop a training once there is nothing left to stop.
func (w *window) unaskToQuit() {
	if !w.training() {
		w.untellOf(matterQuit)
	}
}

// hide leaves the program to its icon in the tray: it goes on learning, and tells the desktop of it.
func (w *window) hide() {
	w.chat.keepDraft()
	w.behind = true
	w.frame.Hide()
}
