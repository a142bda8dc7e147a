// Package store keeps what must survive a crash: conversations, feedback and
// lessons, training cycles, adapter versions, and what is drawn from them for
// the statistics. It is one SQLite file.
//
// A method that writes has the data on disk, through an fsync, before it
// returns nil; a transaction cut short by a crash or a power failure leaves
// nothing behind. Everything belongs to a user, and a Store reaches the rows
// of its own user only (Store.As).
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	_ "modernc.org/sqlite" // the driver "sqlite"
)

// Local is the user of a program that one person uses.
const Local = "local"

// Store is an open database as one user sees it. Its methods may be called
// from several goroutines at once: reading goes on while something is written.
type Store struct {
	db   *database
	user string
}

// database is one connection that writes, because SQLite lets one write at a
// time and waiting in line is better than failing, and a pool that reads.
type database struct {
	path  string
	write *sql.DB
	read  *sql.DB
	now   func() time.Time // a test sets another

	revisions revisions
}

// Open opens the database file at path for the user Local, and makes it, with
// its folder, where it does not exist. A file with an older schema is brought
// up to date, after a copy of it was put beside it as path.before-N, N being
// the schema's new number. The copy stays until something is erased for good,
// or ClearTraces finds it old.
//
// The error is a *FileError, and ErrNewer, ErrForeign or ErrCorrupt, where the file is there
// and cannot be used; it is then left as it was.
func Open(ctx context.Context, path string) (*Store, error) {
	steps, err := embeddedMigrations()
	if err != nil {
		return nil, err
	}
	return open(ctx, path, steps)
}

func open(ctx context.Context, path string, steps []migration) (*Store, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	if err := prepareFile(path); err != nil {
		return nil, fmt.Errorf("open store %s: %w", path, err)
	}
	if err := migrate(ctx, path, steps); err != nil {
		return nil, fmt.Errorf("open store %s: %w", path, aboutFile(path, err))
	}
	db := &database{path: path, now: time.Now, revisions: revisions{of: map[string]uint64{}}}
	if db.write, err = sql.Open("sqlite", writerDSN(path)); err == nil {
		db.write.SetMaxOpenConns(1)
		db.read, err = sql.Open("sqlite", readerDSN(path))
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open store %s: %w", path, err), db.close())
	}
	db.read.SetMaxOpenConns(4)
	db.read.SetMaxIdleConns(4)
	if err := db.connect(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("open store %s: %w", path, aboutFile(path, classify(err))), db.close())
	}
	return &Store{db: db, user: Local}, nil
}

// connect makes the first connections. The writer's turns a new file to WAL,
// for which it must be alone with the file, and which SQLite does not wait for:
// where two programs open a new file at once, one tries again.
func (d *database) connect(ctx context.Context) error {
	const patience, pause = 10 * time.Second, 5 * time.Millisecond
	for begun := time.Now(); ; {
		err := d.write.PingContext(ctx)
		if err == nil {
			return d.read.PingContext(ctx)
		}
		if !isBusy(err) || time.Since(begun) > patience {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
	}
}

// prepareFile makes the file for its owner alone (SQLite gives its log the same
// mode), and refuses one that no SQLite database can be.
func prepareFile(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	if notEmpty(path + "-journal") {
		return nil // a first write was cut short: SQLite takes it back, whatever the file looks like
	}
	head := make([]byte, 16)
	n, err := io.ReadFull(f, head)
	switch {
	case errors.Is(err, io.EOF):
		return nil // empty: a new database
	case err != nil && !errors.Is(err, io.ErrUnexpectedEOF):
		return err
	case string(head) == "SQLite format 3\x00":
		return nil
	case strings.Trim(string(head[:n]), "\x00") == "":
		return aboutFile(path, ErrCorrupt) // a file system gives zeros where data never arrived
	default:
		return aboutFile(path, ErrForeign)
	}
}

// Close waits for what is being written or read and closes the database for
// all users. The file is whole without it too.
func (s *Store) Close() error {
	if err := s.db.close(); err != nil {
		return fmt.Errorf("close store: %w", err)
	}
	return nil
}

// close ends the readers first: the last connection to close empties the
// write-ahead log into the file, and only a writer can.
func (d *database) close() error {
	var errs []error
	for _, pool := range []*sql.DB{d.read, d.write} {
		if pool != nil {
			errs = append(errs, pool.Close())
		}
	}
	return errors.Join(errs...)
}

// As is the same database as seen by user.
func (s *Store) As(user string) *Store { return &Store{db: s.db, user: user} }

// User is the user whose rows s reaches.
func (s *Store) User() string { return s.user }

// Path is the database's file.
func (s *Store) Path() string { return s.db.path }

// Check reads the whole database and compares it with itself. It returns
// ErrCorrupt with the first findings. It takes seconds on a large one.
func (s *Store) Check(ctx context.Context) error {
	if err := checkIntegrity(ctx, s.db.read, "integrity_check"); err != nil {
		return fmt.Errorf("check store %s: %w", s.db.path, aboutFile(s.db.path, err))
	}
	return nil
}

// The PRAGMAs are in the DSN because each connection needs them: one that is
// executed reaches whichever connection of the pool happens to run it.
//
//   - synchronous FULL: with WAL, NORMAL may lose the last commits when the
//     power fails.
//   - fullfsync: on macOS a plain fsync leaves the data in the drive's cache. It is
//     nothing elsewhere.
//   - secure_delete: what a user deletes is overwritten, not just unlinked.
//   - trusted_schema off: a crafted file cannot call functions from its schema.
const (
	commonPragmas = "_busy_timeout=10000&_pragma=trusted_schema(0)&_dqs=0&_error_rc=1"
	syncedPragmas = "&_pragma=synchronous(full)&_pragma=fullfsync(1)&_pragma=checkpoint_fullfsync(1)&_pragma=secure_delete(1)"
	writerPragmas = commonPragmas + "&mode=rw&_txlock=immediate&_pragma=journal_mode(wal)&_pragma=foreign_keys(1)" + syncedPragmas
	readerPragmas = commonPragmas + "&mode=ro&_query_only=1"
)

func writerDSN(path string) string { return dsn(path, writerPragmas) }
func readerDSN(path string) string { return dsn(path, readerPragmas) }

// dsn writes path as a URI, so that no character in it is taken for a part of
// the query, and a Windows drive as the root of a path.
func dsn(path, pragmas string) string {
	path = filepath.ToSlash(path)
	if runtime.GOOS == "windows" && !strings.HasPrefix(path, "/") {
		path = "/" + path
	}
	return (&url.URL{Scheme: "file", Path: path, RawQuery: pragmas}).String()
}

// update runs f in a transaction that no other writer is in. It is on disk
// when update returns nil, and has left nothing behind when it does not.
func (s *Store) update(ctx context.Context, what string, f func(tx *sql.Tx) error) error {
	tx, err := s.db.write.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("%s: %w", what, classify(err))
	}
	defer tx.Rollback() //nolint:errcheck // after Commit it has nothing to do
	if err := f(tx); err != nil {
		return fmt.Errorf("%s: %w", what, classify(err))
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("%s: %w", what, classify(err))
	}
	return nil
}

// scanner is a row, of one or of many.
type scanner interface{ Scan(dest ...any) error }

// list reads all rows of a query, each by scan.
func list[T any](ctx context.Context, s *Store, what string, scan func(scanner) (T, error), query string, args ...any) ([]T, error) {
	out, err := collect(ctx, s.db.read, scan, query, args...)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, classify(err))
	}
	return out, nil
}

// one reads the one row of a query; ErrNotFound if there is none.
func one[T any](ctx context.Context, s *Store, what string, scan func(scanner) (T, error), query string, args ...any) (T, error) {
	v, err := scan(s.db.read.QueryRowContext(ctx, query, args...))
	if err != nil {
		return v, fmt.Errorf("%s: %w", what, classify(err))
	}
	return v, nil
}

// querier is what reads: the pool, or a transaction.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

func collect[T any](ctx context.Context, q querier, scan func(scanner) (T, error), query string, args ...any) ([]T, error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []T
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, rows.Err()
}

// touch runs an update or delete that has to reach one row.
func (s *Store) touch(ctx context.Context, what, query string, args ...any) error {
	return s.update(ctx, what, func(tx *sql.Tx) error {
		r, err := tx.ExecContext(ctx, query, args...)
		return touched(r, err, 1)
	})
}

// touched is the error of an update or delete that had to reach want rows.
func touched(r sql.Result, err error, want int) error {
	if err != nil {
		return err
	}
	n, err := r.RowsAffected()
	if err != nil {
		return err
	}
	if n != int64(want) {
		return ErrNotFound
	}
	return nil
}

// stamp is t to the microsecond, or the present where t is zero.
func (s *Store) stamp(t time.Time) time.Time {
	if t.IsZero() {
		t = s.db.now()
	}
	return t.UTC().Truncate(time.Microsecond)
}

// present is this moment as a column's value.
func (s *Store) present() int64 { return s.db.now().UnixMicro() }
