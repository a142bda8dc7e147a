package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
)

// crashName is where the Go runtime writes why the program died: the error and what each
// goroutine was doing, none of the user's texts. It stays on this machine.
const crashName = "crash.txt"

// watchCrashes lets the runtime write what it says when the program dies into the data
// folder, and returns the path of what it said of the run before, "" for nothing. stop
// ends that.
func watchCrashes(home string) (before string, stop func() error, err error) {
	path := filepath.Join(home, crashName)
	info, err := os.Stat(path)
	switch {
	case err == nil && info.Size() > 0:
		before = filepath.Join(home, info.ModTime().UTC().Format("crash-20060102-150405.txt"))
		if err := os.Rename(path, before); err != nil {
			return "", nil, fmt.Errorf("keep the report of the last crash: %w", err)
		}
	case err != nil && !errors.Is(err, os.ErrNotExist):
		return "", nil, fmt.Errorf("look for the report of a crash: %w", err)
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return before, nil, fmt.Errorf("prepare the report of a crash: %w", err)
	}
	defer f.Close() // the runtime keeps a copy of its own
	if err := debug.SetCrashOutput(f, debug.CrashOptions{}); err != nil {
		return before, nil, fmt.Errorf("prepare the report of a crash: %w", err)
	}
	return before, func() error {
		return errors.Join(debug.SetCrashOutput(nil, debug.CrashOptions{}), os.Remove(path))
	}, nil
}
