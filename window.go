package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"fyne.io/fyne/v2"
	fyneapp "fyne.io/fyne/v2/app"

	"clara/app"
	"clara/cli"
	"clara/compute"
	"clara/trainer"
)

// appID is what the desktop knows the program by; FyneApp.toml has it too.
const appID = "org.clara.desktop"

//go:embed docs/icon.png
var icon []byte

// desktop shows the window; the model is loaded beside it.
func desktop(ctx context.Context, o cli.Options) (err error) {
	began := time.Now()
	if runtime.GOOS == "linux" && os.Getenv("DISPLAY") == "" && os.Getenv("WAYLAND_DISPLAY") == "" {
		return cli.ErrNoDisplay
	}
	if !o.Verbose { // which is read there
		leaveConsole()
	}
	// At each refresh Fyne looks which goroutine it is on, by a trace of the stack: a fifth of the processor time of scrolling.
	// That its rule is kept is a matter of tests, and of --verbose, which leaves the check on.
	fyneapp.SetMetadata(fyne.AppMetadata{ID: appID, Name: "CLARA", Migrations: map[string]bool{"fyneDo": !o.Verbose}})
	a := fyneapp.NewWithID(appID)
	a.SetIcon(fyne.NewStaticResource("icon.png", icon))
	s, err := openSession(ctx, o)
	if err != nil {
		if cameForward(ctx, err, o.File) {
			return nil
		}
		app.Fail(a, o.Language, windowSettings(o), err)
		return err
	}
	defer func() {
		if e := s.close(); err == nil {
			err = e
		}
	}()
	crash, unwatch, err := watchCrashes(s.home)
	if err != nil {
		s.log.Warn("a crash would not be reported", "error", err)
	} else {
		defer func() {
			if err := unwatch(); err != nil {
				s.log.Warn("crashes are still watched", "error", err)
			}
		}()
	}
	d, err := openDoor(s.home)
	if err != nil {
		s.log.Warn("a second start will not find this window", "error", err)
	}
	defer func() {
		if err := d.close(); err != nil {
			s.log.Warn("door not closed", "error", err)
		}
	}()
	ended, end := context.WithCancel(ctx)
	defer end()
	if err := s.trainer.Start(ended); err != nil {
		err = fmt.Errorf("start to learn: %w", err)
		app.Fail(a, o.Language, s.settings.Window, err) // a double click leaves no terminal to say it in
		return err
	}
	p := s.window(ended)
	p.App, p.Raise, p.Open, p.Crash, p.Ended = a, d.heard(), o.File, crash, ended.Done()
	p.Tray = hasTray(ctx)
	p.Drawn = func() {
		s.log.Info("window drawn", "took", time.Since(began))
		context.AfterFunc(takeSignals(ctx), end) // Fyne waits for them by now
	}
	err = app.Run(p)
	switch {
	case errors.Is(err, app.ErrNoWindow):
		s.log.Error("there is no window", "error", err)
		return cli.ErrNoOpenGL
	case errors.Is(err, app.ErrNoDisplay):
		s.log.Error("there is no window", "error", err)
		return cli.ErrNoDisplay
	}
	return err
}

// window is what the window works with, without what it has from the desktop. ctx ends with
// the program.
func (s *session) window(ctx context.Context) app.Params {
	return app.Params{
		Trainer: s.trainer,
		File:    s.file, Settings: s.settings, FileError: s.settingsErr,
		Learning: learning, Language: s.options.Language, Home: s.home,
		Models: s.modelsOfWindow(ctx),
		Load: func(ctx context.Context, found func(app.Model)) error {
			_, err := s.load(ctx, func(path string, e compute.Info) {
				m := app.Model{Name: filepath.Base(path), Path: path, Engine: e.Name, Device: e.Device}
				if info, err := os.Stat(path); err == nil {
					m.Bytes = info.Size()
				}
				found(m)
			})
			return err
		},
		Engines: func(ctx context.Context) []app.Engine {
			var facts []app.Engine
			for _, f := range s.engines(ctx) {
				facts = append(facts, app.Engine(f))
			}
			return facts
		},
	}
}

// cameForward says whether a session was refused because another window works on the data
// folder, and that window came to the front and took the file.
func cameForward(ctx context.Context, err error, file string) bool {
	var u *trainer.UserError
	return errors.As(err, &u) && u.Reason.Code == trainer.CodeLocked && knock(ctx, u.Reason.Args["home"], file) == nil
}
