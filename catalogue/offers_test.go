package catalogue

import (
	"errors"
	"io/fs"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"testing"

	"clara/model"
	"clara/trainer"
)

func TestCatalogueIsSound(t *testing.T) {
	var names []string
	for _, o := range fetchable {
		u, err := url.Parse(o.URL)
		switch {
		case err != nil || u.Scheme != "https" || path.Base(u.Path) != o.File || !fileName.MatchString(o.File):
			t.Errorf("%s: %s, %v", o.Name, o.URL, err)
		case o.SHA256 != "" && !hexHash.MatchString(o.SHA256):
			t.Errorf("%s: hash %s", o.Name, o.SHA256)
		case o.Bytes <= 0 || o.Parameters <= 0 || o.CacheBytes <= 0 || o.Licence == "" || len(o.Languages) == 0:
			t.Errorf("%s is not described: %+v", o.Name, o)
		case slices.Contains(names, o.Name):
			t.Errorf("%s is there twice", o.Name)
		}
		names = append(names, o.Name)
	}
}

// What the catalogue says of the built-in model is what its file says.
func TestCatalogueKnowsTheBuiltInModel(t *testing.T) {
	file := filepath.Join("..", "models", BuiltIn)
	o, err := Look(file)
	if errors.Is(err, fs.ErrNotExist) {
		if os.Getenv("CLARA_NEED_DATA") != "" { // a skip would look green
			t.Fatal(err)
		}
		t.Skip("the built-in model was not fetched (make model)")
	}
	if err != nil {
		t.Fatal(err)
	}
	said, err := model.ReadOutline(file)
	if err != nil {
		t.Fatal(err)
	}
	hash, err := model.HashFile(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	if o.Name != fetchable[0].Name || o.SHA256 != hash || o.Parameters != said.Parameters || o.CacheBytes != said.CacheBytes {
		t.Errorf("the file says %+v and has the hash %s, the catalogue %+v", said, hash, o)
	}
}

func TestFit(t *testing.T) {
	o := Offer{Bytes: 1e9, CacheBytes: 1e5}
	need := int64(1e9 + 1e5*4096 + workingBytes)
	for free, want := range map[int64]string{need - 1: FitsNot, need: FitsTight, need * 10 / 8: FitsTight, 2 * need: FitsWell, -1: ""} {
		o.Fit = ""
		if o.Weigh(4096, free); o.Fit != want || o.Needs != need || o.Free != free {
			t.Errorf("with %d free: %q, needs %d", free, o.Fit, o.Needs)
		}
	}
	unknown := Offer{Bytes: 1e9}
	if unknown.Weigh(4096, 1); unknown.Fit != "" || unknown.Needs != 0 {
		t.Errorf("what is not known is said to fit %q", unknown.Fit)
	}
}

func TestOffersAreFilesFirstAndThenTheRest(t *testing.T) {
	home := t.TempDir()
	t.Setenv(FoldersVariable, t.TempDir())
	write := func(name string, data []byte) {
		t.Helper()
		if err := os.MkdirAll(Folder(home), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(Folder(home), name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("own.gguf", modelBytes(t, 1))
	write("broken.gguf", []byte("GGUF"))
	write(fetchable[2].File+partEnding, []byte("half"))
	all, err := List(home, "", 4096, 1<<40)
	if err != nil {
		t.Fatal(err)
	}
	at := func(name string) Offer {
		i := slices.IndexFunc(all, func(o Offer) bool { return o.Name == name })
		if i < 0 {
			t.Fatalf("no %s among %+v", name, all)
		}
		return all[i]
	}
	if o := at("own"); o.Path == "" || o.Fit != FitsWell || o.CacheBytes != 4*2*2*32 || o.Fault != "" {
		t.Errorf("%+v", o)
	}
	if o := at("broken"); o.Why.Code != trainer.CodeFaultModelFile || o.Fit != "" {
		t.Errorf("%+v", o)
	}
	if o := at(fetchable[2].Name); o.Path != "" || o.Fetched != 4 {
		t.Errorf("%+v", o)
	}
}

// The model that was asked for goes first, and once, wherever it lies.
func TestTheModelAskedForGoesFirst(t *testing.T) {
	home, elsewhere := t.TempDir(), t.TempDir()
	t.Setenv(FoldersVariable, "")
	foreign, own := filepath.Join(elsewhere, "foreign.gguf"), filepath.Join(Folder(home), "own.gguf")
	if err := os.MkdirAll(Folder(home), 0o700); err != nil {
		t.Fatal(err)
	}
	for i, path := range []string{foreign, own, filepath.Join(Folder(home), "another.gguf")} {
		if err := os.WriteFile(path, modelBytes(t, byte(i)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for asked, want := range map[string][]string{
		foreign:                               {"foreign", "another", "own"},
		own:                                   {"own", "another"},
		filepath.Join(elsewhere, "none.gguf"): {"another", "own"},
	} {
		all, err := List(home, asked, 4096, -1)
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, o := range all {
			if o.Path != "" {
				names = append(names, o.Name)
			}
		}
		if !slices.Equal(names, want) {
			t.Errorf("with %s asked for: %q, not %q", asked, names, want)
		}
	}
}

// using are the models in use, for Remove.
func using(paths ...string) func() []string { return func() []string { return paths } }

func TestRemoveModel(t *testing.T) {
	home, elsewhere := t.TempDir(), t.TempDir()
	t.Setenv(FoldersVariable, elsewhere)
	data := modelBytes(t, 1)
	reader := filepath.Join(home, "readers", hashOf(data))
	for _, dir := range []string{Folder(home), reader} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	inUse, idle, foreign := filepath.Join(Folder(home), "used.gguf"), filepath.Join(Folder(home), "idle.gguf"), filepath.Join(elsewhere, "foreign.gguf")
	for file, data := range map[string][]byte{inUse: modelBytes(t, 2), idle: data, foreign: modelBytes(t, 3)} {
		if err := os.WriteFile(file, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range map[string]string{"used": CodeInUse, "foreign": CodeForeign, "none": CodeUnknown} {
		_, err := Remove(t.Context(), home, name, using(inUse))
		if got := codeOf(t, err); got != want {
			t.Errorf("%s: %s, %v", name, got, err)
		}
	}
	second := filepath.Join(elsewhere, "second.gguf") // a second name of what is removed
	if err := os.Symlink(idle, second); err != nil && runtime.GOOS != "windows" {
		t.Fatal(err)
	}
	asked := 0
	chosen := func() []string { // while the file is read
		if asked++; asked == 1 {
			return []string{inUse}
		}
		return []string{inUse, idle}
	}
	if _, err := Remove(t.Context(), home, "idle", chosen); codeOf(t, err) != CodeInUse {
		t.Errorf("a model that was chosen meanwhile: %v", err)
	}
	for _, file := range []string{idle, reader} {
		if _, err := os.Stat(file); err != nil {
			t.Errorf("of a model that was chosen meanwhile: %v", err)
		}
	}
	if _, err := Remove(t.Context(), home, "idle", using(inUse)); err != nil {
		t.Fatal(err)
	}
	for file, there := range map[string]bool{inUse: true, foreign: true, idle: false, reader: false} {
		if _, err := os.Stat(file); (err == nil) != there {
			t.Errorf("%s: %v", file, err)
		}
	}
}
