package store

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestMain also serves as the programs that tests kill.
func TestMain(m *testing.M) {
	if path := os.Getenv(victimEnv); path != "" {
		victims[os.Getenv(victimWorkEnv)](path)
	}
	// Few and long histories; -rapid.checks=1000 looks closer. They run in one
	// goroutine, so the race detector only slows them down.
	checks := "20"
	if raceDetector {
		checks = "3"
	}
	for name, value := range map[string]string{"rapid.checks": checks, "rapid.steps": "60", "rapid.nofailfile": "true"} {
		if err := flag.Set(name, value); err != nil {
			panic(err)
		}
	}
	flag.Parse()
	os.Exit(m.Run())
}

// addConversation adds a conversation that has no message yet, as no face does.
func addConversation(ctx context.Context, s *Store, c Conversation) (Conversation, error) {
	err := s.update(ctx, "add conversation", func(tx *sql.Tx) error { return s.addConversation(ctx, tx, &c) })
	return c, err
}

func newStore(t testing.TB) *Store {
	t.Helper()
	return openAt(t, filepath.Join(t.TempDir(), "clara.db"))
}

func openAt(t testing.TB, path string) *Store {
	t.Helper()
	s, err := Open(context.Background(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// tester is a test, of this package's kind or of rapid's.
type tester interface {
	Context() context.Context
	Helper()
	Fatal(...any)
	Fatalf(string, ...any)
}

// must is the value of a call that has to succeed.
func must[T any](v T, err error) func(tester) T {
	return func(t tester) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func check(t tester, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantErr(t tester, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("error %v, want %v", err, want)
	}
}

func TestOpenMakesFolderAndFileForTheOwnerAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "folder", "clara.db")
	s := openAt(t, path)
	if _, err := addConversation(t.Context(), s, Conversation{}); err != nil {
		t.Fatal(err)
	}
	if runtime.GOOS == "windows" {
		return
	}
	for _, p := range []string{path, path + "-wal", path + "-shm"} {
		info, err := os.Stat(p)
		check(t, err)
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v", filepath.Base(p), info.Mode().Perm())
		}
	}
}

func TestOpenKeepsWhatWasThere(t *testing.T) {
	path := filepath.Join(t.TempDir(), "clara.db")
	s, err := Open(t.Context(), path)
	check(t, err)
	c := must(addConversation(t.Context(), s, Conversation{Title: "Straße\x00\U0001F600"}))(t)
	check(t, s.Close())
	if notEmpty(path + "-wal") {
		t.Error("closing has left a log")
	}
	again := must(openAt(t, path).Conversation(t.Context(), c.ID))(t)
	if again != c {
		t.Errorf("reopened: %+v, want %+v", again, c)
	}
}

func TestOpenAnyPath(t *testing.T) {
	names := []string{"a b.db", "100%.db", "a%20b.db", "a#b.db", "Grüße.db"}
	if runtime.GOOS != "windows" {
		names = append(names, "a?b=c&mode=memory.db", `a"b'.db`, "file:x.db")
	}
	for _, name := range names {
		dir := t.TempDir()
		s := openAt(t, filepath.Join(dir, name))
		must(addConversation(t.Context(), s, Conversation{}))(t)
		entries := must(os.ReadDir(dir))(t)
		for _, e := range entries {
			if !strings.HasPrefix(e.Name(), name) {
				t.Errorf("%q made a file %q", name, e.Name())
			}
		}
		if len(entries) == 0 {
			t.Errorf("%q made no file", name)
		}
	}
}

func TestOpenIsRelativeToTheWorkingFolderOfThatMoment(t *testing.T) {
	t.Chdir(t.TempDir())
	s := openAt(t, "clara.db")
	t.Chdir(t.TempDir())
	must(addConversation(t.Context(), s, Conversation{}))(t)
	if len(must(s.Conversations(t.Context()))(t)) != 1 {
		t.Error("the conversation went elsewhere")
	}
}

// Every connection of both pools has the PRAGMAs, not only the first.
func TestPragmas(t *testing.T) {
	s := newStore(t)
	pragma := func(c *sql.Conn, name string) (v string) {
		t.Helper()
		check(t, c.QueryRowContext(t.Context(), "PRAGMA "+name).Scan(&v))
		return v
	}
	expect := func(c *sql.Conn, want map[string]string) {
		t.Helper()
		for name, v := range want {
			if got := pragma(c, name); got != v {
				t.Errorf("%s is %s, want %s", name, got, v)
			}
		}
	}
	w := must(s.db.write.Conn(t.Context()))(t)
	expect(w, map[string]string{
		"journal_mode": "wal", "synchronous": "2", "fullfsync": "1", "checkpoint_fullfsync": "1", "foreign_keys": "1", "busy_timeout": "10000", "secure_delete": "1",
		"trusted_schema": "0", "query_only": "0", "application_id": fmt.Sprint(applicationID), "user_version": fmt.Sprint(len(must(embeddedMigrations())(t))),
	})
	check(t, w.Close())
	for range 4 {
		c := must(s.db.read.Conn(t.Context()))(t)
		defer c.Close()
		expect(c, map[string]string{"query_only": "1", "busy_timeout": "10000", "trusted_schema": "0"})
		for _, q := range []string{
			"INSERT INTO drafts VALUES ('local', 'k', 'v', 1)", "DELETE FROM drafts", "CREATE TABLE x (y)", "PRAGMA user_version = 9",
		} {
			if _, err := c.ExecContext(t.Context(), q); err == nil {
				t.Errorf("a reader ran %q", q)
			}
		}
		// Not even when it is talked out of query_only: the file is open for reading.
		if _, err := c.ExecContext(t.Context(), "PRAGMA query_only = 0; DELETE FROM drafts"); err == nil {
			t.Error("a reader ran DELETE after query_only was turned off")
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	sqlite := func(statements string) func(t *testing.T, path string) {
		return func(t *testing.T, path string) {
			db := must(sql.Open("sqlite", path))(t)
			must(db.Exec(statements))(t)
			check(t, db.Close())
		}
	}
	ours := func(t *testing.T, path string) {
		s := must(Open(t.Context(), path))(t)
		for range 300 {
			must(addConversation(t.Context(), s, Conversation{Title: strings.Repeat("title ", 50)}))(t)
		}
		check(t, s.Close())
	}
	damage := func(f func(data []byte) []byte) func(t *testing.T, path string) {
		return func(t *testing.T, path string) {
			ours(t, path)
			check(t, os.WriteFile(path, f(must(os.ReadFile(path))(t)), 0o600))
		}
	}
	for _, c := range []struct {
		name string
		make func(t *testing.T, path string)
		want error
		says string
	}{
		{"a text", func(t *testing.T, path string) { check(t, os.WriteFile(path, []byte("Liebe Leserin"), 0o600)) }, ErrForeign, "move it away"},
		{"another program's database", sqlite("CREATE TABLE notes (id); PRAGMA user_version = 3"), ErrForeign, "move it away"},
		{"another program's application id", sqlite("PRAGMA application_id = 7; CREATE TABLE notes (id)"), ErrForeign, "move it away"},
		{"a newer schema", sqlite(fmt.Sprintf("PRAGMA application_id = %d; PRAGMA user_version = 1000; CREATE TABLE notes (id)", applicationID)), ErrNewer, "update CLARA"},
		{"zeros", func(t *testing.T, path string) { check(t, os.WriteFile(path, make([]byte, 8192), 0o600)) }, ErrCorrupt, "copy"},
		{"a damaged first page", damage(func(d []byte) []byte { copy(d[100:], bytes.Repeat([]byte{0xa5}, 3000)); return d }), ErrCorrupt, "copy"},
		{"a file cut short", damage(func(d []byte) []byte { return d[:4096] }), ErrCorrupt, "copy"},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "clara.db")
			c.make(t, path)
			before := must(os.ReadFile(path))(t)
			_, err := Open(t.Context(), path)
			wantErr(t, err, c.want)
			for _, part := range []string{path, c.says} {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("%q does not say %q", err, part)
				}
			}
			if !bytes.Equal(before, must(os.ReadFile(path))(t)) {
				t.Error("opening has changed the file")
			}
			if n := len(must(os.ReadDir(filepath.Dir(path)))(t)); n != 1 {
				t.Errorf("opening has left %d files", n)
			}
		})
	}
}

// A damaged page that opening does not read is found by Check, and at once if
// the program did not end in good order.
func TestDamagedPage(t *testing.T) {
	path := filepath.Join(t.TempDir(), "clara.db")
	s := must(Open(t.Context(), path))(t)
	title := strings.Repeat("title ", 50)
	for range 300 {
		must(addConversation(t.Context(), s, Conversation{Title: title}))(t)
	}
	check(t, s.Check(t.Context()))
	check(t, s.Close())
	data := must(os.ReadFile(path))(t)
	// A page of the table of conversations: it has more than one title as it was written.
	page := slices.IndexFunc(slices.Collect(slices.Chunk(data, 4096)), func(p []byte) bool { return bytes.Count(p, []byte(title)) > 1 })
	copy(data[page*4096:], bytes.Repeat([]byte{0xa5}, 4096))
	check(t, os.WriteFile(path, data, 0o600))

	s = must(Open(t.Context(), path))(t)
	wantErr(t, s.Check(t.Context()), ErrCorrupt)
	_, err := s.Conversations(t.Context())
	wantErr(t, err, ErrCorrupt)
	check(t, s.Close())

	check(t, os.WriteFile(path+"-wal", make([]byte, 100), 0o600)) // too short to hold a commit
	_, err = Open(t.Context(), path)
	wantErr(t, err, ErrCorrupt)
}

func TestTwoOpenings(t *testing.T) {
	path := filepath.Join(t.TempDir(), "clara.db")
	const openings = 6
	stores := make([]*Store, openings)
	var g sync.WaitGroup
	for i := range stores {
		g.Go(func() {
			s, err := Open(t.Context(), path)
			if err != nil {
				t.Error(err)
				return
			}
			stores[i] = s
			for range 10 {
				if _, err := addConversation(t.Context(), s, Conversation{}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	g.Wait()
	for _, s := range stores {
		if s == nil {
			t.FailNow()
		}
		if n := len(must(s.Conversations(t.Context()))(t)); n != 10*openings {
			t.Errorf("one opening sees %d conversations, want %d", n, 10*openings)
		}
	}
	for _, s := range stores {
		check(t, s.Close())
	}
}

func TestReadingGoesOnWhileAWriteIsOpen(t *testing.T) {
	s := newStore(t)
	must(addConversation(t.Context(), s, Conversation{}))(t)
	err := s.update(t.Context(), "hold", func(tx *sql.Tx) error {
		must(tx.Exec("DELETE FROM conversations"))(t)
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		if n := len(must(s.Conversations(ctx))(t)); n != 1 {
			t.Errorf("a reader sees %d conversations before the commit, want 1", n)
		}
		return errors.New("changed my mind")
	})
	if err == nil {
		t.Error("update hides the error of its function")
	}
	if n := len(must(s.Conversations(t.Context()))(t)); n != 1 {
		t.Errorf("%d conversations after a rollback, want 1", n)
	}
}

func TestCancelledContextWritesNothing(t *testing.T) {
	s := newStore(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := addConversation(ctx, s, Conversation{})
	wantErr(t, err, context.Canceled)
	if n := len(must(s.Conversations(t.Context()))(t)); n != 0 {
		t.Errorf("%d conversations", n)
	}
}

func TestTooLongTextIsRefused(t *testing.T) {
	s := newStore(t)
	c := must(addConversation(t.Context(), s, Conversation{}))(t)
	long := strings.Repeat("x", MaxText+1)
	_, err := s.AddMessage(t.Context(), Message{Conversation: c.ID, Role: RoleUser, Text: long})
	wantErr(t, err, ErrInvalid)
	_, _, err = s.AddFeedback(t.Context(), Feedback{Sample: Sample{Form: FormText, Kind: Manner, Answer: long}})
	wantErr(t, err, ErrInvalid)
	wantErr(t, s.SaveDraft(t.Context(), "k", long), ErrInvalid)
	m := must(s.AddMessage(t.Context(), Message{Conversation: c.ID, Role: RoleUser, Text: long[:MaxText]}))(t)
	if got := must(s.Message(t.Context(), m.ID))(t); got != m {
		t.Error("the longest text that is allowed comes back changed")
	}
}

func TestFullDiskLosesNothing(t *testing.T) {
	s := newStore(t)
	ctx := t.Context()
	kept := must(addConversation(ctx, s, Conversation{Title: "kept"}))(t)
	// As when the disk is full: the file cannot grow by another page.
	must(s.db.write.ExecContext(ctx, "PRAGMA max_page_count = 1"))(t) // SQLite takes the present size
	_, err := s.AddMessage(ctx, Message{Conversation: kept.ID, Role: RoleUser, Text: strings.Repeat("x", 1<<20)})
	wantErr(t, err, ErrFull)
	same(t, []Conversation{kept}, must(s.Conversations(ctx))(t))
	must(s.db.write.ExecContext(ctx, "PRAGMA max_page_count = 1000000"))(t)
	must(s.AddMessage(ctx, Message{Conversation: kept.ID, Role: RoleUser, Text: strings.Repeat("x", 1<<20)}))(t)
	check(t, s.Check(ctx))
}

// A conversation begins with all that was said before it, or not at all.
func TestAConversationBeginsWhole(t *testing.T) {
	s := newStore(t)
	ctx := t.Context()
	said := []Message{{Role: RoleSystem, Text: "Be brief."}, {Role: RoleUser, Text: "Hello"}, {Role: RoleAssistant, Text: "Hi"}, {Role: RoleUser, Text: "How far?"}}
	last := must(s.BeginConversation(ctx, Conversation{Title: "How far?"}, said))(t)
	all := must(s.Messages(ctx, last.Conversation))(t)
	if len(all) != len(said) || all[len(all)-1].ID != last.ID {
		t.Fatalf("%d messages, the last is %d, want %d", len(all), all[len(all)-1].ID, last.ID)
	}
	for i, m := range all {
		if m.Text != said[i].Text || i > 0 && m.Parent != all[i-1].ID {
			t.Errorf("message %d is %q behind %d", i, m.Text, m.Parent)
		}
	}
	before := len(must(s.Conversations(ctx))(t))
	if _, err := s.BeginConversation(ctx, Conversation{Title: "Broken"}, append(said, Message{Role: RoleUser, Lesson: 77})); err == nil {
		t.Error("a message with a lesson that there is not was kept")
	}
	if got := len(must(s.Conversations(ctx))(t)); got != before {
		t.Errorf("%d conversations, %d before", got, before)
	}
}
