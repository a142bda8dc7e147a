package catalogue

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"clara/trainer"
)

func TestModelIsLookedForInOrder(t *testing.T) {
	root := t.TempDir()
	put := func(path string) string {
		t.Helper()
		path = filepath.Join(root, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("GGUF"), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	home := filepath.Join(root, "home")
	t.Setenv(FoldersVariable, filepath.Join(root, "none")+string(filepath.ListSeparator)+filepath.Join(root, "shelf"))

	asked := put("asked.gguf")
	find := func(asked string) string {
		t.Helper()
		// The folders beside the test binary hold no models.
		path, err := Find(asked, home)
		if err != nil {
			t.Fatal(err)
		}
		return path
	}
	inHome := put("home/models/z.gguf")
	if got := find(""); got != inHome {
		t.Errorf("with one in the data folder: %s", got)
	}
	other := put("shelf/a.gguf")
	put("shelf/notes.txt")
	if got := find(""); got != other {
		t.Errorf("with one in CLARA_MODELS: %s", got)
	}
	first := put("shelf/" + BuiltIn)
	if got := find(""); got != first {
		t.Errorf("with the built-in one there too: %s", got)
	}
	if got := find(asked); got != asked {
		t.Errorf("when asked for another: %s", got)
	}
	_, err := Find(filepath.Join(root, "missing.gguf"), home)
	var u *trainer.UserError
	if !errors.Is(err, fs.ErrNotExist) || !errors.As(err, &u) || u.Reason.Code != CodeNoFile {
		t.Errorf("a file that is not there gives %v", err)
	}
}
