package trainer

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"

	"clara/store"
)

// Room is what the data folder wants of its disk, and what could be had back.
type Room struct {
	Needed   int64 // bytes that have to be free for feedback and the next version
	Old      int   // versions that are not in use and have files of their own
	OldBytes int64 // of these files
}

// journalBytes is what feedback needs to be saved: the journal of the database, which SQLite
// begins anew after 1000 pages of 4096 bytes.
const journalBytes = 1000 * 4096

// Room measures the files of the versions, those of every base model. The next version
// is taken to be as large as the one in use.
func (t *Trainer) Room(ctx context.Context) (Room, error) {
	r := Room{Needed: journalBytes}
	versions, err := t.store.Versions(ctx, "")
	if err != nil {
		return r, fmt.Errorf("read the versions: %w", err)
	}
	hash := t.baseHash()
	stale, needed := oldVersions(versions)
	for _, v := range versions {
		if !v.Active || v.BaseHash != hash {
			continue
		}
		for _, p := range adaptersOf(v) {
			n, err := bytesBelow(filepath.Join(t.home, filepath.FromSlash(p)))
			if err != nil {
				return r, fmt.Errorf("measure version %d: %w", v.Number, err)
			}
			r.Needed += n
		}
	}
	r.Old = len(stale)
	measured := make(map[string]bool)
	for _, v := range stale {
		for _, p := range adaptersOf(v) {
			if needed[p] || measured[p] {
				continue
			}
			measured[p] = true
			n, err := bytesBelow(filepath.Join(t.home, filepath.FromSlash(p)))
			if err != nil {
				return r, fmt.Errorf("measure version %d: %w", v.Number, err)
			}
			r.OldBytes += n
		}
	}
	return r, nil
}

// RemoveOldVersions removes the files of the versions that are not in use, those of every base model; their
// records stay. A version that had files cannot be restored afterwards.
func (t *Trainer) RemoveOldVersions(ctx context.Context) error {
	versions, err := t.store.Versions(ctx, "")
	if err != nil {
		return fmt.Errorf("read the versions: %w", err)
	}
	stale, needed := oldVersions(versions)
	noted := t.noteRemoved(ctx, stale)
	if noted != nil && !errors.Is(noted, store.ErrFull) {
		return noted
	}
	// Of all: a version whose own files are gone may have left adapters that these went on using.
	if err := t.removeFiles(versions, needed); err != nil {
		return err
	}
	if noted != nil { // now there is room for the note
		noted = saving(t.noteRemoved(ctx, stale))
	}
	if noted == nil {
		t.log.Info("old versions removed", "versions", len(stale))
	}
	return noted
}

// oldVersions are the versions with files of their own that no base model has in use; needed are the
// adapters of those in use, relative to the home folder.
func oldVersions(versions []Version) (stale []Version, needed map[string]bool) {
	needed = make(map[string]bool)
	for _, v := range versions {
		if v.Active {
			for _, p := range adaptersOf(v) {
				needed[p] = true
			}
		}
	}
	for _, v := range versions {
		own := func(p string) bool { return !needed[p] }
		if !v.Active && !v.Removed && slices.ContainsFunc(adaptersOf(v), own) {
			stale = append(stale, v)
		}
	}
	return stale, needed
}

// adaptersOf are the folders of a version's adapters, relative to the home folder, with slashes.
func adaptersOf(v Version) []string {
	var paths []string
	for _, p := range []string{v.Manner, v.Knowledge} {
		if p != "" {
			paths = append(paths, p)
		}
	}
	return paths
}

// bytesBelow adds up the files below a folder; 0 if it is not there.
func bytesBelow(folder string) (n int64, err error) {
	err = filepath.WalkDir(folder, func(_ string, e fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil || e.IsDir() {
			return err
		}
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil // removed in this moment
		}
		if err == nil {
			n += info.Size()
		}
		return err
	})
	return n, err
}
