package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"clara/store"
)

// What was typed at a prompt more than a day ago is not kept: it may have been deleted since. The
// rest can still be called back.
func TestLinesOfYesterdayAreForgotten(t *testing.T) {
	home := t.TempDir()
	now := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	if err := ForgetLines(home, now, store.WriteFile); err != nil {
		t.Errorf("nothing was typed yet: %v", err)
	}
	path := filepath.Join(home, historyFile)
	old, young := `{"datetime":"2026-03-01T11:00:00Z","block":"/teach PIN? => 4711"}`+"\n", `{"datetime":"2026-03-01T15:00:00.5+01:00","block":"/help"}`+"\n"
	if err := os.WriteFile(path, []byte(old+young+"not a line of ours 4711\n"+old+young), 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := ForgetLines(home, now.Add(-24*time.Hour), store.WriteFile); err != nil {
			t.Fatal(err)
		}
		if data, err := os.ReadFile(path); err != nil || string(data) != young+young {
			t.Errorf("left is %q, %v", data, err)
		}
	}
	all, err := filepath.Glob(path + "*")
	if err != nil || len(all) != 1 {
		t.Errorf("there are %s, %v", strings.Join(all, ", "), err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("its mode is %v, %v", info.Mode(), err)
	}
}
