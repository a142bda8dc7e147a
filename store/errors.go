package store

import (
	"database/sql"
	"errors"
	"fmt"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// Errors that a caller can act on, by errors.Is.
var (
	// ErrNotFound: the record is not there, was deleted, or is another user's.
	ErrNotFound = errors.New("not found")
	// ErrInvalid: a value is outside of its range.
	ErrInvalid = errors.New("invalid value")
	// ErrTaken: another record has the name.
	ErrTaken = errors.New("the name is taken")
	// ErrRunning: a cycle of this user is running already.
	ErrRunning = errors.New("a cycle is already running")
	// ErrFinished: the cycle is not running any more.
	ErrFinished = errors.New("the cycle is already finished")
	// ErrActive: the version is active, so its files must stay.
	ErrActive = errors.New("the version is active")
	// ErrOvertaken: another version was activated meanwhile.
	ErrOvertaken = errors.New("another version was activated meanwhile")
	// ErrRemoved: the version's files are gone.
	ErrRemoved = errors.New("the version's files were removed")

	// ErrNewer: a newer program has written the database.
	ErrNewer = errors.New("written by a newer version of CLARA")
	// ErrForeign: the file is not CLARA's.
	ErrForeign = errors.New("not a database of CLARA")
	// ErrCorrupt: the database is damaged.
	ErrCorrupt = errors.New("the database is damaged")
	// ErrFull: the disk is full. Nothing was written.
	ErrFull = errors.New("the disk is full")
)

// FileError is an error about the whole database file: ErrNewer, ErrForeign, ErrCorrupt or
// ErrFull, by errors.Is. Its text says in English what to do; a face says it from the fields.
type FileError struct {
	Path string
	Copy string // with ErrCorrupt: the newest that an update made before; "": there is none
	Err  error
}

// Error implements error.
func (e *FileError) Error() string {
	next := "free some space and start again"
	switch {
	case errors.Is(e.Err, ErrNewer):
		next = "update CLARA, or choose another home folder"
	case errors.Is(e.Err, ErrForeign):
		next = "move it away, or choose another home folder"
	case errors.Is(e.Err, ErrCorrupt) && e.Copy != "":
		next = "move it and its -wal file away, and copy " + e.Copy + " to its place; without it CLARA starts afresh"
	case errors.Is(e.Err, ErrCorrupt):
		next = "move it and its -wal file away and put your own copy in its place; without one CLARA starts afresh"
	}
	return e.Err.Error() + ": " + next
}

// Unwrap implements errors.Unwrap.
func (e *FileError) Unwrap() error { return e.Err }

// aboutFile makes an error about the whole file a FileError; others stay as they are.
func aboutFile(path string, err error) error {
	switch {
	case errors.Is(err, ErrCorrupt):
		return &FileError{path, newestCopy(path), err}
	case errors.Is(err, ErrNewer), errors.Is(err, ErrForeign), errors.Is(err, ErrFull):
		return &FileError{path, "", err}
	}
	return err
}

// classify gives SQLite's errors the names of ours and keeps the chain.
func classify(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return ErrNotFound
	}
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return err
	}
	switch e.Code() {
	case sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY:
		return fmt.Errorf("%w: it refers to a record that is not there: %w", ErrNotFound, err)
	case sqlite3.SQLITE_CONSTRAINT_UNIQUE:
		return fmt.Errorf("%w: %w", ErrTaken, err)
	case sqlite3.SQLITE_CONSTRAINT_CHECK, sqlite3.SQLITE_CONSTRAINT_NOTNULL, sqlite3.SQLITE_CONSTRAINT_DATATYPE:
		return fmt.Errorf("%w: %w", ErrInvalid, err)
	case sqlite3.SQLITE_IOERR_SHMSIZE: // where a write to the file itself would be SQLITE_FULL
		return fmt.Errorf("%w: %w", ErrFull, err)
	}
	switch e.Code() & 0xff {
	case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
		return fmt.Errorf("%w: %w", ErrCorrupt, err)
	case sqlite3.SQLITE_FULL:
		return fmt.Errorf("%w: %w", ErrFull, err)
	case sqlite3.SQLITE_TOOBIG:
		return fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	return err
}

// isBusy says whether another connection was in the way.
func isBusy(err error) bool {
	var e *sqlite.Error
	return errors.As(err, &e) && e.Code()&0xff == sqlite3.SQLITE_BUSY
}
