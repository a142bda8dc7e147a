package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// historyFile has what was typed at a prompt, in the data folder: a JSON object a line, with its
// time.
const historyFile = "history"

// ForgetLines drops from a data folder the lines that were typed at a prompt before a time: they
// hold the questions and the feedback of that time, also what was deleted since. A line without
// a time goes, too. write replaces a file by data, whole and on disk (store.WriteFile).
func ForgetLines(home string, before time.Time, write func(path string, data []byte) error) error {
	path := filepath.Join(home, historyFile)
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read what was typed at a prompt: %w", err)
	}
	var kept []byte
	for line := range bytes.Lines(data) {
		var typed struct {
			At time.Time `json:"datetime"`
		}
		if json.Unmarshal(line, &typed) == nil && !typed.At.Before(before) {
			kept = append(kept, line...)
		}
	}
	if len(kept) == len(data) {
		return nil
	}
	if err := write(path, kept); err != nil {
		return fmt.Errorf("forget what was typed at a prompt: %w", err)
	}
	return nil
}
