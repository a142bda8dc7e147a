package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// testdata/NNNN.sql fills a database of schema number NNNN with at least one
// row in every table. There is one for every schema that was ever released, so
// a new migration comes with the file of the schema that it makes.
func TestMigratesEverySchema(t *testing.T) {
	steps := must(embeddedMigrations())(t)
	for n := 1; n <= len(steps); n++ {
		t.Run(fmt.Sprintf("%04d", n), func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "clara.db")
			s := must(open(t.Context(), path, steps[:n]))(t)
			rows := must(os.ReadFile(filepath.Join("testdata", fmt.Sprintf("%04d.sql", n))))(t)
			must(s.db.write.Exec(string(rows)))(t)
			for _, table := range tables(t, s) {
				if count(t, s, table) == 0 {
					t.Errorf("testdata/%04d.sql has no row for %s", n, table)
				}
			}
			check(t, s.Close())

			s = openAt(t, path)
			check(t, s.Check(t.Context()))
			c := must(s.Conversations(t.Context()))(t)
			if len(c) != 1 || c[0].Title != "Öffnungszeiten" || c[0].Messages != 2 {
				t.Errorf("conversations %+v", c)
			}
			l := must(s.Lessons(t.Context(), "base"))(t)
			if len(l) != 1 || l[0].Question != "When does the registry office open?" || l[0].State != LessonKnown || l[0].BaseAnswer != "At 9." {
				t.Errorf("lessons %+v", l)
			}
			v := must(s.ActiveVersion(t.Context(), "base"))(t)
			if v.Number != 1 || len(v.Samples) != 1 || v.Samples[0] != l[0].Sample {
				t.Errorf("active version %+v", v)
			}
			hash := "" // of versions that were made before it was kept
			if n >= 10 {
				hash = "a1b2"
			}
			if v.Manner != "adapters/1/manner" || v.MannerHash != hash || v.KnowledgeHash != "" {
				t.Errorf("its adapters are %q (%q) and %q (%q), want the hash %q", v.Manner, v.MannerHash, v.Knowledge, v.KnowledgeHash, hash)
			}
			_, err := os.Stat(fmt.Sprintf("%s.before-%d", path, len(steps)))
			if n < len(steps) && err != nil {
				t.Error(err)
			}
			if n == len(steps) && !errors.Is(err, os.ErrNotExist) {
				t.Errorf("a copy was made though nothing changed: %v", err)
			}
		})
	}
}

// What one model said is not taken for what another says.
func TestMigrationTakesNoAnswerForAnotherModels(t *testing.T) {
	steps := must(embeddedMigrations())(t)
	path := filepath.Join(t.TempDir(), "clara.db")
	s := must(open(t.Context(), path, steps[:1]))(t)
	rows := must(os.ReadFile(filepath.Join("testdata", "0001.sql")))(t)
	must(s.db.write.Exec(string(rows)))(t)
	must(s.db.write.Exec(`INSERT INTO cycles (user, state, started, finished, base_hash) VALUES ('local', 'checked', 1700000080000000, 1700000090000000, 'other')`))(t)
	check(t, s.Close())
	s = openAt(t, path)
	for _, base := range []string{"base", "other"} {
		if l := must(s.Lessons(t.Context(), base))(t)[0]; l.BaseAnswer != "" || l.Styled != "" {
			t.Errorf("%s is said to answer %q, in its manner %q", base, l.BaseAnswer, l.Styled)
		}
	}
	check(t, s.Close())
}

func tables(t *testing.T, s *Store) []string {
	t.Helper()
	return must(collect(t.Context(), s.db.read, func(r scanner) (string, error) {
		var name string
		return name, r.Scan(&name)
	}, "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"))(t)
}

func count(t *testing.T, s *Store, table string) (n int) {
	t.Helper()
	check(t, s.db.read.QueryRowContext(t.Context(), "SELECT count(*) FROM "+table).Scan(&n))
	return n
}

// older is a database of the present schema with one conversation, closed.
func older(t *testing.T) (path string, steps []migration) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "clara.db")
	s := must(Open(t.Context(), path))(t)
	must(addConversation(t.Context(), s, Conversation{Title: "kept"}))(t)
	check(t, s.Close())
	return path, must(embeddedMigrations())(t)
}

func TestMigrationKeepsACopyOfTheFileBefore(t *testing.T) {
	path, steps := older(t)
	next := append(steps[:len(steps):len(steps)], migration{"9999_next.sql", "DELETE FROM conversations; CREATE TABLE added (id INTEGER PRIMARY KEY) STRICT"})
	// One that a crash has left half-written is no obstacle.
	check(t, os.WriteFile(fmt.Sprintf("%s.before-%d.part", path, len(next)), []byte("half"), 0o600))
	s := must(open(t.Context(), path, next))(t)
	if n := len(must(s.Conversations(t.Context()))(t)); n != 0 {
		t.Errorf("the migration did not run: %d conversations", n)
	}
	check(t, s.Close())

	_, err := Open(t.Context(), path) // by the program from before the update
	wantErr(t, err, ErrNewer)

	before := openAt(t, fmt.Sprintf("%s.before-%d", path, len(next)))
	check(t, before.Check(t.Context()))
	if c := must(before.Conversations(t.Context()))(t); len(c) != 1 || c[0].Title != "kept" {
		t.Errorf("the copy holds %+v", c)
	}
	names := must(filepath.Glob(path + "*.part"))(t)
	if len(names) > 0 {
		t.Errorf("left behind: %v", names)
	}
}

func TestFailingMigrationChangesNothing(t *testing.T) {
	for name, statements := range map[string]string{
		"in its second statement":   "DELETE FROM conversations; INSERT INTO nowhere VALUES (1)",
		"by a reference to nothing": "INSERT INTO messages (user, conversation, role, text, created, finish, tokens, seconds) VALUES ('local', 99, 'user', '', 0, '', 0, 0)",
	} {
		t.Run(name, func(t *testing.T) {
			path, steps := older(t)
			_, err := open(t.Context(), path, append(steps[:len(steps):len(steps)], migration{"9999_bad.sql", statements}))
			if err == nil {
				t.Fatal("no error")
			}
			s := openAt(t, path) // still of the old schema
			check(t, s.Check(t.Context()))
			if n := len(must(s.Conversations(t.Context()))(t)); n != 1 {
				t.Errorf("%d conversations, want 1", n)
			}
		})
	}
}

// Of several programs that update one file at once, one runs each step.
func TestMigrationsRunOnce(t *testing.T) {
	path, steps := older(t)
	next := append(steps[:len(steps):len(steps)], migration{"9999_next.sql", "INSERT INTO drafts VALUES ('local', 'once', '', 0)"})
	errs := make(chan error)
	for range 4 {
		go func() {
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			defer cancel()
			db, err := sql.Open("sqlite", dsn(path, commonPragmas+"&mode=rw&_txlock=immediate"))
			if err == nil {
				err = errors.Join(upgrade(ctx, path, db, next), db.Close())
			}
			errs <- err
		}()
	}
	for range 4 {
		check(t, <-errs)
	}
	s := must(open(t.Context(), path, next))(t)
	defer s.Close()
	if n := len(must(draftsOf(t.Context(), s))(t)); n != 1 {
		t.Errorf("the step ran %d times", n)
	}
}

// What stood in the place of another message before branches were known is a version
// beside it, and what came after goes on from the last version.
func TestMigrationMakesBranchesOfReplacedMessages(t *testing.T) {
	steps := must(embeddedMigrations())(t)
	path := filepath.Join(t.TempDir(), "clara.db")
	s := must(open(t.Context(), path, steps[:4]))(t)
	must(s.db.write.Exec(`INSERT INTO conversations (id, user, title, created, updated) VALUES (1, 'local', '', 0, 0), (2, 'local', '', 0, 0)`))(t)
	for _, m := range [][3]any{ // id, conversation, replaces
		{1, 1, nil}, {2, 1, nil}, {3, 2, nil}, {4, 1, 2}, {5, 1, nil}, {6, 2, nil}, {7, 1, nil}, {8, 1, 4}, {9, 1, 7}, {10, 2, nil},
	} {
		must(s.db.write.Exec(`INSERT INTO messages (id, conversation, replaces, user, role, text, created, finish, tokens, seconds)
			VALUES (?, ?, ?, 'local', 'user', 'x', 0, '', 0, 0)`, m[:]...))(t)
	}
	must(s.db.write.Exec(`DELETE FROM messages WHERE id = 10`))(t)
	check(t, s.Close())
	s = openAt(t, path)
	parents := map[int64]int64{}
	for c := range int64(2) {
		for _, m := range must(s.Messages(t.Context(), c+1))(t) {
			parents[m.ID] = m.Parent
		}
	}
	// 1, then 2 4 8, then 5, then 7 9; and 3, then 6.
	if want := map[int64]int64{1: 0, 2: 1, 4: 1, 8: 1, 5: 8, 7: 5, 9: 5, 3: 0, 6: 3}; !maps.Equal(parents, want) {
		t.Errorf("parents %v, want %v", parents, want)
	}
	if m := must(s.AddMessage(t.Context(), Message{Conversation: 1, Parent: 9, Role: RoleUser}))(t); m.ID != 11 {
		t.Errorf("the number %d is given again", m.ID)
	}
	check(t, s.Check(t.Context()))
}

// What a lesson is phrased as by a manner that is no longer in use is not said by another one,
// whatever kept that since it was chosen.
func TestMigrationKeepsPhrasesWithTheManner(t *testing.T) {
	steps := must(embeddedMigrations())(t)
	type change struct {
		cause  Cause
		manner string // of the version; "": the untrained base
		code   string // of the reason
	}
	for name, c := range map[string]struct {
		changes []change // after adapters/1/manner by a cycle
		kept    bool
	}{
		"no change":                      {nil, true},
		"by another cycle":               {[]change{{CauseCycle, "b", ""}}, true},
		"restored":                       {[]change{{CauseCycle, "b", ""}, {CauseRestore, "adapters/1/manner", ""}}, false},
		"rolled back, then kept":         {[]change{{CauseCycle, "b", ""}, {CauseRollback, "adapters/1/manner", ""}, {CauseCycle, "adapters/1/manner", ""}}, false},
		"restored, then trained anew":    {[]change{{CauseCycle, "b", ""}, {CauseRestore, "adapters/1/manner", ""}, {CauseCycle, "c", ""}}, true},
		"restored, of the same manner":   {[]change{{CauseCycle, "b", ""}, {CauseCycle, "b", ""}, {CauseRestore, "b", ""}}, true},
		"to the untrained base":          {[]change{{CauseRestore, "", ""}}, false},
		"imported":                       {[]change{{CauseCycle, "b", "imported"}}, false},
		"imported, then trained":         {[]change{{CauseCycle, "b", "imported"}, {CauseCycle, "c", ""}}, true},
		"restored twice, then kept":      {[]change{{CauseRestore, "", ""}, {CauseRestore, "adapters/1/manner", ""}, {CauseCycle, "adapters/1/manner", ""}}, false},
		"to the base, then trained anew": {[]change{{CauseRestore, "", ""}, {CauseCycle, "b", ""}}, true},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "clara.db")
			s := must(open(t.Context(), path, steps[:8]))(t)
			rows := must(os.ReadFile(filepath.Join("testdata", "0008.sql")))(t)
			must(s.db.write.Exec(string(rows)))(t)
			for i, x := range c.changes {
				id := i + 2
				var version any
				if x.manner != "" {
					version = id
					must(s.db.write.Exec(`INSERT INTO cycles (id, user, state, started, finished, base_hash) VALUES (?, 'local', 'promoted', 1700000080000000, 1700000090000000, 'base')`, id))(t)
					must(s.db.write.Exec(`INSERT INTO versions (id, user, number, cycle, base_hash, manner, knowledge, samples, verdict, reason, created)
						VALUES (?1, 'local', ?1, ?1, 'base', ?2, '', '[]', '', '{"code":""}', 1700000090000000)`, id, x.manner))(t)
				}
				must(s.db.write.Exec(`INSERT INTO activations (user, base_hash, version, cause, reason, created) VALUES ('local', 'base', ?, ?, json_object('code', ?), 1700000090000000)`, version, x.cause, x.code))(t)
			}
			must(s.db.write.Exec(`UPDATE lesson_models SET styled = 'Ahoy, at 8.'`))(t)
			check(t, s.Close())
			s = openAt(t, path)
			want := map[string]string{"base": "", "other": "Ahoy, at 8."}
			if c.kept {
				want["base"] = want["other"]
			}
			for base, styled := range want {
				if l := must(s.Lessons(t.Context(), base))(t)[0]; l.Styled != styled || l.BaseAnswer == "" {
					t.Errorf("for %s it is phrased as %q, want %q; the base says %q", base, l.Styled, styled, l.BaseAnswer)
				}
			}
		})
	}
}
