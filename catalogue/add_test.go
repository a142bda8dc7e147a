package catalogue

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"clara/model"
	"clara/model/gguf"
	"clara/trainer"
)

// tinyFolder is a copy of a folder that transformers wrote.
func tinyFolder(t *testing.T, kind, name string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), name)
	if err := os.CopyFS(to, os.DirFS(filepath.Join("..", "model", "testdata", kind))); err != nil {
		t.Fatal(err)
	}
	return to
}

// names lists what is in a folder, without the lock.
func names(t *testing.T, folder string) (all []string) {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.Name() != ".download" {
			all = append(all, e.Name())
		}
	}
	return all
}

var roomy = func(string) (int64, error) { return 1 << 40, nil }

func TestFolderIsAdded(t *testing.T) {
	models := filepath.Join(t.TempDir(), "a [strange] name", "models")
	folder := tinyFolder(t, "gemma3", "Gemma 3 (mine)")
	if err := os.WriteFile(filepath.Join(folder, "README.md"), []byte("---\nlicense: gemma\n---\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(models, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(models, "killed.gguf"+addEnding), []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	var last Progress
	path, err := adder{free: roomy}.add(t.Context(), folder, models, func(p Progress) { last = p })
	if err != nil {
		t.Fatal(err)
	}
	if got := names(t, models); !slices.Equal(got, []string{"Gemma-3-mine.gguf"}) || path != filepath.Join(models, got[0]) {
		t.Errorf("%s, in the folder %q", path, got)
	}
	o, err := Look(path)
	if err != nil || o.Fault != "" || o.Licence != "gemma" || last.Done != o.Bytes || last.Total != o.Bytes || !last.Checking {
		t.Errorf("%+v, %v, reported %+v", o, err, last)
	}
	if said, err := model.ReadOutline(path); err != nil || said.FileType != "Q8_0" || said.Architecture != "gemma3" {
		t.Errorf("%+v, %v", said, err)
	}
	if _, err := (adder{free: roomy}).add(t.Context(), folder, models, nil); codeOf(t, err) != CodeExists {
		t.Errorf("a second time: %v", err)
	}
	if len(names(t, folder)) < 6 {
		t.Errorf("the folder has only %q left", names(t, folder))
	}
	// Exactly, and by one of the folder's files, as a dialog for files gives it.
	other := filepath.Join(t.TempDir(), "models")
	path, err = adder{free: roomy, exact: true}.add(t.Context(), filepath.Join(folder, "model.safetensors"), other, nil)
	if err != nil {
		t.Fatal(err)
	}
	if said, err := model.ReadOutline(path); err != nil || said.FileType != "BF16" {
		t.Errorf("%+v, %v", said, err)
	}
}

func TestFileIsAdded(t *testing.T) {
	dir := t.TempDir()
	path, err := adder{free: roomy}.add(t.Context(), filepath.Join("..", "model", "testdata", "llama"), dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	models := filepath.Join(t.TempDir(), "models")
	copied, err := adder{free: roomy}.add(t.Context(), path, models, nil)
	if err != nil || copied != filepath.Join(models, "llama.gguf") {
		t.Fatalf("%s, %v", copied, err)
	}
	a, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if b, err := os.ReadFile(copied); err != nil || !bytes.Equal(a, b) {
		t.Errorf("the copy differs, %v", err)
	}
	if again, err := (adder{free: roomy}).add(t.Context(), copied, models, nil); err != nil || again != copied {
		t.Errorf("a file that is there: %s, %v", again, err)
	}
}

// A file that could not be loaded is refused for it before gigabytes are copied.
func TestFileIsRefusedBeforeItIsCopied(t *testing.T) {
	for name, more := range map[string][]gguf.KV{
		"an older tokenizer":      {{Key: "tokenizer.ggml.model", Value: "gpt2"}},
		"another tokenizer":       {{Key: "tokenizer.ggml.model", Value: "bert"}},
		"a template that is none": {{Key: "tokenizer.ggml.model", Value: "llama"}, {Key: "tokenizer.chat_template", Value: "{% for %}"}},
	} {
		path, models := filepath.Join(t.TempDir(), "odd.gguf"), t.TempDir()
		if err := os.WriteFile(path, modelBytes(t, 1, more...), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := (adder{free: roomy}).add(t.Context(), path, models, nil); codeOf(t, err) != CodeUnsupported {
			t.Errorf("%s: %v", name, err)
		}
		if left := names(t, models); len(left) > 0 {
			t.Errorf("%s: left: %q", name, left)
		}
	}
}

// Whatever stops it, nothing is left, and the reason is one that the faces have words for.
func TestNothingIsLeftOfARefusedModel(t *testing.T) {
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	for name, c := range map[string]struct {
		ctx    context.Context
		change func(folder string) error
		free   int64
		code   string
		is     error
	}{
		"cancelled":   {ctx: cancelled, is: context.Canceled},
		"no room":     {free: Reserve + 1000, code: CodeSpace},
		"a file less": {change: func(f string) error { return os.Remove(filepath.Join(f, "tokenizer.json")) }, code: CodeMissing},
		"another kind": {change: func(f string) error {
			return os.WriteFile(filepath.Join(f, "config.json"), []byte(`{"model_type": "gpt2"}`), 0o600)
		}, code: CodeUnsupported},
		"cut short": {change: func(f string) error { return os.Truncate(filepath.Join(f, "model.safetensors"), 9000) }, code: CodeUnreadable},
		"not there": {change: os.RemoveAll, is: os.ErrNotExist},
	} {
		t.Run(name, func(t *testing.T) {
			folder, models := tinyFolder(t, "gemma3", "tiny"), t.TempDir()
			if c.change != nil {
				if err := c.change(folder); err != nil {
					t.Fatal(err)
				}
			}
			if c.ctx == nil {
				c.ctx = t.Context()
			}
			free := roomy
			if c.free != 0 {
				free = func(string) (int64, error) { return c.free, nil }
			}
			_, err := adder{free: free}.add(c.ctx, folder, models, nil)
			if c.is != nil && !errors.Is(err, c.is) || c.is == nil && codeOf(t, err) != c.code {
				t.Errorf("%v", err)
			}
			if left := names(t, models); len(left) > 0 {
				t.Errorf("left: %q", left)
			}
		})
	}
}

// The reason is told once, without where it was found and what kind it is: sentences say these.
func TestRefusedModelSaysTheReasonOnce(t *testing.T) {
	folder := tinyFolder(t, "gemma3", "tiny")
	if err := os.WriteFile(filepath.Join(folder, "config.json"), []byte(`{"model_type": "gpt2"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := adder{free: roomy}.add(t.Context(), folder, t.TempDir(), nil)
	var told *trainer.UserError
	if want := `read config.json: model_type "gpt2" (known: llama, mistral, gemma3)`; !errors.As(err, &told) || told.Reason.Args["error"] != want {
		t.Errorf("%v, wanted %s", err, want)
	}
}

// A disk that is full in the middle is said like one that is too small from the beginning.
func TestAddingToAFullDisk(t *testing.T) {
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip("there is no disk that is always full here")
	}
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer full.Close()
	folder := tinyFolder(t, "llama", "tiny")
	a := adder{free: func(string) (int64, error) { return 0, nil }}
	info, err := os.Stat(folder)
	if err != nil {
		t.Fatal(err)
	}
	in, err := a.open(folder, info)
	if err != nil {
		t.Fatal(err)
	}
	defer in.close()
	if err := a.fill(t.Context(), full, in, folder, filepath.Join(t.TempDir(), "tiny.gguf"), nil); codeOf(t, err) != CodeSpace {
		t.Errorf("%v", err)
	}
}
