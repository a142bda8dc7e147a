package store

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"clara/durable"
)

// WriteFile replaces the file at path by data, or makes it, so that whoever
// opens it, even after a power failure, finds the old content or the new one
// whole. A file that is there keeps its mode; a new one is its owner's alone.
// A symbolic link stays one: what it points at is replaced.
func WriteFile(path string, data []byte) error {
	return Write(path, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
}

// Write is WriteFile for content that is not in memory as a whole: write writes it.
func Write(path string, write func(io.Writer) error) error {
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target
	}
	mode := fs.FileMode(0o600)
	if info, err := os.Stat(path); err == nil {
		mode = info.Mode().Perm()
	}
	// In the same folder, because a rename is atomic within one file system only.
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	out := bufio.NewWriterSize(f, 1<<16)
	err = write(out)
	if err == nil {
		err = out.Flush()
	}
	if err == nil {
		err = f.Sync()
	}
	err = errors.Join(err, f.Chmod(mode), f.Close())
	if err == nil {
		err = durable.Rename(f.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", path, errors.Join(err, removeIfThere(f.Name())))
	}
	return nil
}

// syncFile writes a file's content to disk.
func syncFile(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0) // Windows flushes only what is open for writing
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

func removeIfThere(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// RemoveHalves removes what is left beside path by a Write of it in which the program was
// killed. No Write of it may run.
func RemoveHalves(path string) error {
	halves, err := filepath.Glob(filepath.Join(escapeGlob(filepath.Dir(path)), "."+escapeGlob(filepath.Base(path))+".*"))
	if err != nil {
		return fmt.Errorf("look for what is left half written of %s: %w", path, err)
	}
	for _, half := range halves {
		if err := removeIfThere(half); err != nil {
			return fmt.Errorf("remove what is left half written of %s: %w", path, err)
		}
	}
	return nil
}

// MakeFolder makes a folder, with those that lead to it, unless it is there. The names of
// those that it makes are on disk when it returns.
func MakeFolder(path string, mode fs.FileMode) error {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return nil
	}
	parent := filepath.Dir(path)
	if parent != path {
		if err := MakeFolder(parent, mode); err != nil {
			return err
		}
	}
	if err := os.Mkdir(path, mode); err != nil {
		return fmt.Errorf("make a folder: %w", err)
	}
	return durable.SyncFolder(parent)
}
