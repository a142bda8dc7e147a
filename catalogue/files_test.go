package catalogue

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
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

// A folder that cannot be read hides what is in the others as little as one that is not there.
func TestAFolderThatCannotBeReadHidesNoOther(t *testing.T) {
	root := t.TempDir()
	// No system reads a name that is too long. A file in the place of a folder would be one that is not there on Windows.
	home, unreadable := filepath.Join(root, "home"), filepath.Join(root, strings.Repeat("m", 300))
	t.Setenv(FoldersVariable, unreadable)
	if _, err := Find("", home); err == nil || errors.Is(err, fs.ErrNotExist) {
		t.Errorf("alone it gives %v", err)
	}
	if err := os.MkdirAll(Folder(home), 0o700); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(Folder(home), "a.gguf")
	if err := os.WriteFile(file, modelBytes(t, 1), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := Find("", home); err != nil || got != file {
		t.Errorf("found %q, %v", got, err)
	}
	if all, err := List(home, "", 0, -1); err != nil || len(all) == 0 || all[0].Path != file {
		t.Errorf("listed %+v, %v", all, err)
	}
	var path *fs.PathError
	if unread := Unread(home); len(unread) != 1 || !errors.As(unread[0], &path) || path.Path != unreadable {
		t.Errorf("what cannot be read is %v", unread)
	}
	// A file that is not seen may be the same model, and wants its reader.
	reader := filepath.Join(home, "readers", hashOf(modelBytes(t, 1)))
	if err := os.MkdirAll(reader, 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := Remove(t.Context(), home, file, using()); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(reader); err != nil {
		t.Error(err)
	}
	t.Setenv(FoldersVariable, filepath.Join(root, "none"))
	if unread := Unread(home); len(unread) != 0 {
		t.Errorf("a folder that is not there cannot be read: %v", unread)
	}
}

func TestModelFilesHaveNamesForEverySystem(t *testing.T) {
	for name, want := range map[string]string{
		"Llama 3.2 (1B)": "Llama-3.2-1B.gguf", "../x": "x.gguf", "…": "model.gguf", "con": "model-con.gguf", "Aux.q8": "model-Aux.q8.gguf", "console": "console.gguf",
	} {
		if got := modelFileName(name); got != want {
			t.Errorf("%q becomes %q, want %q", name, got, want)
		}
	}
}
