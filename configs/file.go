package configs

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"clara/durable"
)

//go:embed continuous.toml
var shipped []byte

// File is one settings file on disk. Its methods may be called concurrently. Between programs
// the lock of the data folder keeps the peace, but for `clara models get` and `add`: they may
// take hours, leave the folder to others meanwhile, and at their end name the model in use. They,
// and a person in an editor, are why what is written is compared with what was read (replace).
type File struct {
	path string
	mu   sync.Mutex
	read stamp // of the file as Load first read it; zero: not yet
}

// NewFile returns the settings file at path. It touches no disk.
func NewFile(path string) *File { return &File{path: path} }

// Path is where the file lies.
func (f *File) Path() string { return f.path }

// Create writes the shipped settings if there is no file yet.
func (f *File) Create() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, err := os.Stat(f.path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := replace(f.path, nil, shipped); err != nil && !errors.Is(err, errChanged) {
		return fmt.Errorf("create settings %s: %w", f.path, err)
	}
	return nil
}

// Load reads the settings. The errors of the text are those of [Decode], with
// the file's name; a missing file is [fs.ErrNotExist]. The settings beside an error are
// what could be read, over the defaults.
func (f *File) Load() (Settings, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.read == (stamp{}) { // before it is read: what is written meanwhile is a change
		f.read, _ = stampOf(f.path)
	}
	_, s, err := f.decode()
	return s, err
}

// Modify changes settings and saves what changed; comments, order and all other
// bytes stay. It returns the settings as saved. Values out of range are refused
// and nothing is written; the same goes for a file that someone has broken by
// hand meanwhile. When Modify returns without an error the change is on disk. change
// is called again, on what is there then, where another program saves meanwhile.
func (f *File) Modify(change func(*Settings)) (Settings, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for {
		if s, err := f.modify(change); !errors.Is(err, errChanged) {
			return s, err
		}
	}
}

// modify is Modify, which fails with errChanged where another program saves meanwhile.
func (f *File) modify(change func(*Settings)) (Settings, error) {
	read, old, err := f.decode()
	doc := read
	if errors.Is(err, fs.ErrNotExist) {
		doc, old, err = shipped, Default(), nil
	}
	if err != nil {
		return Settings{}, err
	}
	wanted := old
	change(&wanted)
	if err := wanted.Validate(); err != nil {
		return Settings{}, err
	}
	doc, marked := bytes.CutPrefix(doc, byteOrderMark)
	text, err := apply(doc, old, wanted)
	if err != nil {
		return Settings{}, fmt.Errorf("change settings %s: %w", f.path, err)
	}
	if marked { // else the editor that wrote it would take the umlauts for something else
		text = append(slices.Clone(byteOrderMark), text...)
	}
	if err := replace(f.path, read, text); err != nil {
		return Settings{}, fmt.Errorf("save settings %s: %w", f.path, err)
	}
	return wanted, nil
}

func (f *File) decode() ([]byte, Settings, error) {
	r, err := os.Open(f.path)
	if err != nil {
		return nil, Default(), fmt.Errorf("read settings: %w", err)
	}
	defer r.Close()
	doc, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	if err != nil {
		return nil, Default(), fmt.Errorf("read settings: %w", err)
	}
	s, err := decode(doc, f.path)
	return doc, s, err
}

// errChanged says that a file is no longer what was read of it.
var errChanged = errors.New("another program has changed the file")

// replace puts data at path in one step: whoever opens path sees the old or the
// new content, also after a power cut. If what is there is not before (nil: no file) by then, it
// stays, and the error is errChanged.
func replace(path string, before, data []byte) (err error) {
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target // a linked file stays a link
	}
	temp, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			os.Remove(temp.Name())
		}
	}()
	if _, err = temp.Write(data); err == nil {
		err = temp.Chmod(modeOf(path))
	}
	if err == nil {
		err = temp.Sync()
	}
	if e := temp.Close(); err == nil {
		err = e
	}
	if err != nil {
		return err
	}
	// As late as can be: what is saved between this look and the rename would be lost.
	now, err := os.ReadFile(path)
	switch there := err == nil; {
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return err
	case there != (before != nil), !bytes.Equal(now, before):
		return errChanged
	}
	return durable.Rename(temp.Name(), path)
}

// modeOf keeps the permissions that a person gave the file.
func modeOf(path string) fs.FileMode {
	if info, err := os.Stat(path); err == nil {
		return info.Mode().Perm()
	}
	return 0o644
}
