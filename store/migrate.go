package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"clara/durable"
)

// applicationID marks the file as ours in SQLite's header (offset 68): "CLRA".
const applicationID = 0x434C5241

//go:embed migrations/*.sql
var migrationFiles embed.FS

// migration is one step of the schema. Its number is its place, counting from
// 1, and becomes the file's user_version together with its statements. A step
// that was released is never edited: what it made is on somebody's disk.
type migration struct {
	name string
	sql  string
}

// embeddedMigrations are the files NNNN_name.sql in the order of their numbers.
func embeddedMigrations() ([]migration, error) {
	entries, err := fs.ReadDir(migrationFiles, "migrations") // sorted by name
	if err != nil {
		return nil, fmt.Errorf("list migrations: %w", err)
	}
	steps := make([]migration, len(entries))
	for i, e := range entries {
		if !strings.HasPrefix(e.Name(), fmt.Sprintf("%04d_", i+1)) {
			return nil, fmt.Errorf("list migrations: %s is not number %d", e.Name(), i+1)
		}
		text, err := migrationFiles.ReadFile("migrations/" + e.Name())
		if err != nil {
			return nil, fmt.Errorf("read migration %s: %w", e.Name(), err)
		}
		steps[i] = migration{name: e.Name(), sql: string(text)}
	}
	return steps, nil
}

// migrate brings the file at path to the last of steps. It works on a
// connection of its own, without foreign keys: a step that rebuilds a table
// must drop the old one first, and all references are checked before it is
// committed. Nothing of a file that is not ours is changed: this connection
// sets no journal mode.
func migrate(ctx context.Context, path string, steps []migration) (err error) {
	clean := !notEmpty(path+"-wal") && !notEmpty(path+"-journal")
	db, err := sql.Open("sqlite", dsn(path, commonPragmas+"&mode=rw&_txlock=immediate"+syncedPragmas))
	if err != nil {
		return err
	}
	db.SetMaxOpenConns(1)
	defer func() { err = errors.Join(err, db.Close()) }()

	version, err := schemaVersion(ctx, db)
	if err != nil {
		return classify(err)
	}
	if version > len(steps) {
		return fmt.Errorf("%w: its schema is number %d, this program knows %d", ErrNewer, version, len(steps))
	}
	// A log that was not emptied is left by a crash or a power failure: look at
	// the file before building on it. Not at each start, since it reads all.
	if !clean {
		if err := checkIntegrity(ctx, db, "quick_check"); err != nil {
			return err
		}
	}
	if version == len(steps) {
		return nil
	}
	return upgrade(ctx, path, db, steps)
}

// upgrade runs the steps that the file has not had yet, all in one transaction, after a
// copy of the file was made. Other programs that open the file meanwhile wait: what they
// find is the file before or after it, and there is one copy.
func upgrade(ctx context.Context, path string, db *sql.DB, steps []migration) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return classify(err)
	}
	defer tx.Rollback() //nolint:errcheck // after Commit it has nothing to do
	version, err := schemaVersion(ctx, tx)
	if err != nil || version >= len(steps) {
		return classify(err)
	}
	if version > 0 {
		if err := backup(ctx, path, copyName(path, len(steps))); err != nil {
			return fmt.Errorf("copy the database before its schema changes: %w", classify(err))
		}
	}
	for _, step := range steps[version:] {
		if _, err := tx.ExecContext(ctx, step.sql); err != nil {
			return fmt.Errorf("apply migration %s: %w", step.name, classify(err))
		}
		if err := checkReferences(ctx, tx); err != nil {
			return fmt.Errorf("apply migration %s: %w", step.name, err)
		}
	}
	// PRAGMAs take no parameters. Both numbers are part of the transaction.
	if _, err := tx.ExecContext(ctx, fmt.Sprintf("PRAGMA application_id = %d; PRAGMA user_version = %d", applicationID, len(steps))); err != nil {
		return classify(err)
	}
	return classify(tx.Commit())
}

// notEmpty says whether there is a file with something in it.
func notEmpty(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Size() > 0
}

// schemaVersion is the number of the last migration of the file; 0: an empty file.
func schemaVersion(ctx context.Context, db interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
},
) (int, error) {
	var id, version, objects int
	err := db.QueryRowContext(ctx, `SELECT (SELECT application_id FROM pragma_application_id),
		(SELECT user_version FROM pragma_user_version), (SELECT count(*) FROM sqlite_schema)`).Scan(&id, &version, &objects)
	switch {
	case err != nil:
		return 0, err
	case id == 0 && version == 0 && objects == 0:
		return 0, nil
	case id != applicationID:
		return 0, ErrForeign
	case version < 1:
		return 0, fmt.Errorf("%w: its schema has the number %d", ErrCorrupt, version)
	default:
		return version, nil
	}
}

// backup writes a whole, compact copy of the database from to path. It is complete
// once it has that name. It reads on a connection of its own: that of the caller is in
// the transaction that keeps other writers out.
func backup(ctx context.Context, from, path string) (err error) {
	part := path + halfMark
	if err := os.Remove(part); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	db, err := sql.Open("sqlite", dsn(from, commonPragmas+"&mode=rw"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	_, err = db.ExecContext(ctx, "VACUUM INTO ?", part)
	if err == nil {
		err = os.Chmod(part, 0o600)
	}
	if err == nil {
		err = syncFile(part)
	}
	if err == nil {
		err = durable.Rename(part, path)
	}
	if err != nil {
		return errors.Join(err, removeIfThere(part))
	}
	return nil
}

// checkIntegrity runs quick_check or integrity_check, and looks at the rows
// that they answer with: executing them would find nothing.
func checkIntegrity(ctx context.Context, q querier, pragma string) error {
	findings, err := collect(ctx, q, func(r scanner) (string, error) {
		var s string
		return s, r.Scan(&s)
	}, "PRAGMA "+pragma+"(3)")
	if err != nil {
		return classify(err)
	}
	if len(findings) == 1 && findings[0] == "ok" {
		return checkReferences(ctx, q)
	}
	return fmt.Errorf("%w: %s", ErrCorrupt, strings.Join(findings, "; "))
}

// checkReferences finds rows that point at rows which are not there.
func checkReferences(ctx context.Context, q querier) error {
	type dangling struct {
		table, parent string
		row           sql.NullInt64
		key           int
	}
	found, err := collect(ctx, q, func(r scanner) (dangling, error) {
		var d dangling
		return d, r.Scan(&d.table, &d.row, &d.parent, &d.key)
	}, "PRAGMA foreign_key_check")
	if err != nil {
		return classify(err)
	}
	if len(found) > 0 {
		d := found[0]
		return fmt.Errorf("%w: row %d of %s points at a row of %s that is not there (%d such)", ErrCorrupt, d.row.Int64, d.table, d.parent, len(found))
	}
	return nil
}
