package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"clara/catalogue"
	"clara/configs"
)

// A model that is brought does not take the place of the one that answers because its name comes first, and can be removed.
func TestNewModelDoesNotPushItselfForward(t *testing.T) {
	home := t.TempDir()
	t.Setenv(catalogue.FoldersVariable, "")
	if before, err := catalogue.Find("", home); err == nil {
		t.Skipf("%s lies beside the test", before)
	}
	file := configs.NewFile(filepath.Join(home, settingsName))
	if err := file.Create(); err != nil {
		t.Fatal(err)
	}
	add := func(name string) (string, error) {
		folder := filepath.Join(t.TempDir(), name)
		if err := os.CopyFS(folder, os.DirFS(filepath.Join("model", "testdata", "llama"))); err != nil {
			return "", err
		}
		return addInto(t.Context(), home, file, folder, false, nil)
	}
	source := httptest.NewServer(http.FileServer(http.Dir(catalogue.Folder(home))))
	defer source.Close()
	fetch := func(name string) (string, error) {
		o := catalogue.Offer{File: name + ".gguf", URL: source.URL + "/m.gguf"}
		return fetchInto(t.Context(), home, file, o, nil)
	}
	first := filepath.Join(catalogue.Folder(home), "m.gguf")
	for _, c := range []struct {
		name  string
		bring func(name string) (string, error)
		named string // in the settings afterwards
	}{{"m", add, ""}, {"z", fetch, ""}, {"a", fetch, first}, {"b", add, first}} {
		path, err := c.bring(c.name)
		if err != nil {
			t.Fatal(err)
		}
		if s, err := file.Load(); err != nil || s.Model.Path != c.named {
			t.Errorf("after %s the settings name %q, want %q (%v)", c.name, s.Model.Path, c.named, err)
		}
		if path == first {
			continue
		}
		if _, err := catalogue.Remove(t.Context(), home, path, func() []string { return []string{first} }); err != nil {
			t.Error(err)
		}
	}
}
