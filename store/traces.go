package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"clara/durable"
)

// copiesKept is how long a copy of the database from before an update is kept: by then the
// updated program has proven itself.
const copiesKept = 30 * 24 * time.Hour

// ClearTraces removes what is left of erased texts in the write-ahead log, whose pages SQLite
// overwrites only as new ones come, and the copies from before updates that are older than a
// month; all of them go where something is erased for good.
func (s *Store) ClearTraces(ctx context.Context) error {
	err := s.db.emptyLog(ctx)
	if err == nil {
		err = s.db.removeCopies(false)
	}
	if err != nil {
		return fmt.Errorf("clear the traces of what was erased: %w", classify(err))
	}
	return nil
}

// emptyLog writes the write-ahead log into the database and cuts it to nothing. Where a reader
// is in the way for long it stays, and is emptied the next time.
func (d *database) emptyLog(ctx context.Context) error {
	var busy, pages, written int
	return d.write.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &pages, &written)
}

// removeCopies removes the copies that are old, or all of them.
func (d *database) removeCopies(all bool) error {
	paths, err := copiesOf(d.path)
	if err != nil {
		return err
	}
	gone := false
	for _, path := range paths {
		info, err := os.Stat(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		if !all && d.now().Sub(info.ModTime()) < copiesKept {
			continue
		}
		if err := removeIfThere(path); err != nil {
			return err
		}
		gone = true
	}
	if !gone {
		return nil
	}
	return durable.SyncFolder(filepath.Dir(d.path))
}

// copyName is what a copy from before an update to a schema is called.
func copyName(path string, schema int) string { return path + copyMark + strconv.Itoa(schema) }

const (
	copyMark = ".before-"
	halfMark = ".part" // a copy that is being written, or was when the program was killed
)

// copiesOf are the copies of a database from before updates, also half ones.
func copiesOf(path string) ([]string, error) { return filepath.Glob(escapeGlob(path) + copyMark + "*") }

// newestCopy is the whole copy that was made last; "" where there is none.
func newestCopy(path string) string {
	paths, _ := copiesOf(path) // the pattern is sound
	newest, last := "", 0
	for _, p := range paths {
		if n, err := strconv.Atoi(strings.TrimPrefix(p, path+copyMark)); err == nil && n > last {
			newest, last = p, n
		}
	}
	return newest
}

// escapeGlob makes a path match itself alone.
func escapeGlob(path string) string {
	var out []rune
	for _, r := range path {
		switch r {
		case '*', '?', '[':
			out = append(out, '[', r, ']')
		default:
			out = append(out, r)
		}
	}
	return string(out)
}
