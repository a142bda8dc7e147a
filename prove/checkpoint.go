package main

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"clara/store"
)

// keepEvery is about how much of a long measurement is lost at most when it is killed.
const keepEvery = 2 * time.Minute

// stateFile says which of the homes in its folder is whole, and what else is to be known in
// order to go on with it.
const stateFile = "state.json"

// checkpoint is a folder that keeps a measurement in its middle. The zero value keeps nothing.
type checkpoint struct{ folder string }

// checkpointOf is where a measurement keeps its middle.
func (b *bench) checkpointOf(r *result) checkpoint {
	if b.unfinished == "" {
		return checkpoint{}
	}
	key := sha256.Sum256([]byte(r.key()))
	return checkpoint{filepath.Join(b.unfinished, fmt.Sprintf("%x", key[:8]))}
}

// middle is the state of a measurement and the data folder that belongs to it.
type middle[State any] struct {
	Home  string `json:"home"` // within the checkpoint
	State State  `json:"state"`
}

// keep copies a data folder whose program rests, with the state that belongs to it, in
// place of what was kept before. A run that is killed meanwhile finds the one before.
func keep[State any](c checkpoint, home string, state State) error {
	if c.folder == "" {
		return nil
	}
	if err := os.MkdirAll(c.folder, 0o755); err != nil {
		return fmt.Errorf("keep a measurement in its middle: %w", err)
	}
	copied, err := os.MkdirTemp(c.folder, "home-")
	if err != nil {
		return fmt.Errorf("keep a measurement in its middle: %w", err)
	}
	if err := os.CopyFS(copied, os.DirFS(home)); err != nil {
		return fmt.Errorf("keep a measurement in its middle: %w", err)
	}
	data, err := json.Marshal(middle[State]{filepath.Base(copied), state})
	if err != nil {
		return fmt.Errorf("keep a measurement in its middle: %w", err)
	}
	if err := store.WriteFile(filepath.Join(c.folder, stateFile), data); err != nil {
		return fmt.Errorf("keep a measurement in its middle: %w", err)
	}
	homes, err := filepath.Glob(filepath.Join(c.folder, "home-*"))
	for _, old := range homes {
		if old != copied {
			err = errors.Join(err, os.RemoveAll(old))
		}
	}
	return err
}

// kept reads what was kept, and the data folder that belongs to it; false if there is none.
func kept[State any](c checkpoint) (state State, home string, ok bool, err error) {
	if c.folder == "" {
		return state, "", false, nil
	}
	data, err := os.ReadFile(filepath.Join(c.folder, stateFile))
	if errors.Is(err, fs.ErrNotExist) {
		return state, "", false, nil
	}
	var m middle[State]
	if err == nil {
		err = json.Unmarshal(data, &m)
	}
	if err != nil {
		return state, "", false, fmt.Errorf("go on with a measurement (delete %s to begin it anew): %w", c.folder, err)
	}
	return m.State, filepath.Join(c.folder, m.Home), true, nil
}

// drop forgets what was kept.
func (c checkpoint) drop() error {
	if c.folder == "" {
		return nil
	}
	return os.RemoveAll(c.folder)
}
