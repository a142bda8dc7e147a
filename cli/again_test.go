package cli_test

import (
	"os"
	"path/filepath"
	"testing"
)

// One answer can be had without its lesson, and the next one has it again.
func TestAgainWithoutLesson(t *testing.T) {
	if killedModel() == "" {
		t.Skip("no model to ask (make model)")
	}
	home := t.TempDir()
	if err := os.WriteFile(filepath.Join(home, "continuous.toml"), []byte("[continuous]\nenabled = false\nprepare_models = false\n[answer]\nmax_tokens = 4\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p := learn(t, home)
	for _, x := range []struct {
		command string
		lesson  int64
	}{
		{"teach When does the ferry leave? => At 9:40.", 0},
		{"generate When does the ferry leave?", 1},
		{"again without", 0},
		{"again", 1},
	} {
		if r, ok := p.ask(x.command); !ok || r.Error != nil || r.Lesson != x.lesson {
			t.Errorf("%s: %+v, want lesson %d\n%s", x.command, r, x.lesson, &p.log)
		}
	}
	p.quit(t)
}
