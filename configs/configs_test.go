package configs

import (
	"errors"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestShippedFileIsExactlyTheDefault(t *testing.T) {
	got, err := Decode(shipped)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(Default(), got); d != "" {
		t.Errorf("continuous.toml does not say the defaults (-default +file):\n%s", d)
	}
	if d := cmp.Diff(Default(), must(Decode(nil))(t)); d != "" {
		t.Errorf("an empty file does not say the defaults:\n%s", d)
	}
	if err := Default().Validate(); err != nil {
		t.Errorf("a default is out of its range: %v", err)
	}
}

func TestEveryKeyOfTheShippedFileSaysUnitRangeAndDefault(t *testing.T) {
	d, err := parse(shipped)
	if err != nil {
		t.Fatal(err)
	}
	if len(d.values) != len(keys) {
		t.Errorf("the file has %d keys, the program %d", len(d.values), len(keys))
	}
	usual := Default()
	for i, k := range keys {
		if i < len(d.values) && d.values[i].name != k.Name {
			t.Errorf("key %d of the file is %s, of the program %s", i, d.values[i].name, k.Name)
		}
		words := strings.Join(strings.Fields(strings.ReplaceAll(comment(k), "# ", " ")), " ")
		for _, want := range []string{k.Range.String(), "default " + strings.TrimSuffix(k.value(&usual), ".0") + "."} {
			if !strings.Contains(words, want) {
				t.Errorf("the comment of %s does not say %q: %s", k.Name, want, words)
			}
		}
		if unit := "Unit: " + k.Unit + ","; k.Unit != "" && !strings.Contains(words, unit) {
			t.Errorf("the comment of %s does not say %q: %s", k.Name, unit, words)
		}
	}
}

// Every field of Settings has exactly one key, and the key points at that field.
func TestKeysCoverTheSettings(t *testing.T) {
	var s Settings
	fields := map[any]string{}
	sections := reflect.ValueOf(&s).Elem()
	for i := range sections.NumField() {
		name := sections.Type().Field(i).Tag.Get("toml")
		section := sections.Field(i)
		for j := range section.NumField() {
			fields[section.Field(j).Addr().Interface()] = name + "." + section.Type().Field(j).Tag.Get("toml")
		}
	}
	for _, k := range keys {
		at := k.At(&s)
		if fields[at] != k.Name {
			t.Errorf("key %s points at the field of %q", k.Name, fields[at])
		}
		delete(fields, at)
	}
	for _, name := range fields {
		t.Errorf("setting %s has no key", name)
	}
}

func TestSeedFileHasTheNotesValues(t *testing.T) {
	got, err := NewFile("seed.toml").Load()
	if err != nil {
		t.Fatal(err)
	}
	want := Default()
	c := &want.Continuous
	c.Enabled, c.BufferSize, c.QualityThreshold = true, 1000, -0.5
	c.MinBatchSize, c.TrainInterval, c.MaxEpochs = 25, 180, 1
	c.LearningRate, c.KnowledgeRate = 1e-6, 1e-6
	c.TrainOnCorrection = false
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("seed.toml (-note +file):\n%s", d)
	}
}

// Each testdata/*.bad.toml begins with the message that it must be refused with,
// one line for each mistake.
func TestBadFiles(t *testing.T) {
	files, err := filepath.Glob("testdata/*.bad.toml")
	if err != nil || len(files) < 30 {
		t.Fatalf("%d bad files, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".bad.toml"), func(t *testing.T) {
			doc, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var want []string
			for line := range strings.Lines(string(doc)) {
				message, ok := strings.CutPrefix(line, "#! ")
				if !ok {
					break
				}
				want = append(want, strings.TrimSpace(message))
			}
			s, err := NewFile(file).Load()
			if err == nil {
				t.Fatal("accepted")
			}
			if err := s.Validate(); err != nil {
				t.Errorf("what is right of it is not in range: %v", err)
			}
			got := strings.ReplaceAll(err.Error(), filepath.ToSlash(file)+":", "")
			if d := cmp.Diff(strings.Join(want, "\n"), strings.ReplaceAll(got, file+":", "")); d != "" {
				t.Errorf("message (-want +got):\n%s", d)
			}
		})
	}
}

// A file that an older version wrote opens after an update, and is not rewritten for that.
func TestFormerChoiceStillOpens(t *testing.T) {
	const written = "[model]\nengine = \"cuda-bf16\" # the fast one\n"
	file := NewFile(filepath.Join(t.TempDir(), "continuous.toml"))
	if err := os.WriteFile(file.Path(), []byte(written), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := file.Load()
	if err != nil || s.Model.Engine != "cuda-f16" {
		t.Fatalf("the engine is %q, %v", s.Model.Engine, err)
	}
	for _, step := range []struct{ engine, text string }{
		{"cuda-f16", written},
		{"cpu", strings.Replace(written, "cuda-bf16", "cpu", 1)},
	} {
		if _, err := file.Modify(func(s *Settings) { s.Model.Engine = step.engine }); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(file.Path()); err != nil || string(got) != step.text {
			t.Errorf("with %s the file is %q, %v", step.engine, got, err)
		}
	}
}

// Beside its mistakes a file says what it can: what is wrong is told in the language that it asks for.
func TestWhatIsRightOfABadFileIsRead(t *testing.T) {
	s, err := Decode([]byte("[continuous]\nrank = 500\nmax_epochs = 3\n[window]\nlanguage = \"de\"\ntext_size = \"big\"\nfont = 3\n"))
	want := Default()
	want.Continuous.MaxEpochs, want.Window.Language = 3, "de"
	if err == nil || s != want {
		t.Errorf("read %+v, %v", s, err)
	}
	if s, err := Decode([]byte("[window]\nlanguage = \"de\"\n[")); err == nil || s != Default() {
		t.Errorf("of what is no TOML it read %+v, %v", s, err)
	}
}

func TestErrorsCarryWhatAFaceNeeds(t *testing.T) {
	_, err := decode([]byte("[continuous]\n# mine\nbuffer_size = 25_000\n"), "/x/continuous.toml")
	var e *Error
	if !errors.Is(err, ErrRange) || !errors.As(err, &e) {
		t.Fatalf("error is %v", err)
	}
	want := Error{Err: ErrRange, File: "/x/continuous.toml", Line: 3, Key: "continuous.buffer_size", Value: "25_000", Range: Range{Min: 1, Max: 10_000}}
	if d := cmp.Diff(want, *e, cmp.Comparer(func(a, b error) bool { return errors.Is(a, b) })); d != "" {
		t.Errorf("error (-want +got):\n%s", d)
	}
	_, err = NewFile(filepath.Join(t.TempDir(), "none.toml")).Load()
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing file gives %v", err)
	}
	if _, err = Decode(make([]byte, maxFile+1)); !errors.Is(err, ErrTooLarge) {
		t.Errorf("a file of over a megabyte gives %v", err)
	}
	s := Default()
	s.Answer.Temperature = math.NaN()
	if err := s.Validate(); !errors.Is(err, ErrRange) {
		t.Errorf("NaN gives %v", err)
	}
}

func TestModifyKeepsEveryOtherByte(t *testing.T) {
	cases := map[string]struct{ before, after string }{
		"value with a comment": {
			"# mine\n[continuous] # learning\r\nrank = 8 # small\nseed=7\n",
			"# mine\n[continuous] # learning\r\nrank = 32 # small\nseed=7\n",
		},
		"dotted":             {"continuous.rank = 8\nanswer.top_k = 1\n", "continuous.rank = 32\nanswer.top_k = 1\n"},
		"dotted, key is new": {"continuous.seed = 8\n[answer]\n", "continuous.seed = 8\ncontinuous.rank = 32\n[answer]\n"},
		"inline":             {"continuous = { seed = 8, rank = 4 } # x\n", "continuous = { seed = 8, rank = 32 } # x\n"},
		"inline, key is new": {"continuous = { seed = 8 }\n", "continuous = { rank = 32, seed = 8 }\n"},
		"inline, empty":      {"continuous = {}\n", "continuous = { rank = 32}\n"},
		"section is new":     {"[answer]\ntop_k = 8", "[answer]\ntop_k = 8\n\n[continuous]\n" + comment(keyFor("continuous.rank")) + "rank = 32\n"},
		"key is new": {
			"[continuous]\nseed = 8\n\n# next\n[answer]\n",
			"[continuous]\nseed = 8\n" + comment(keyFor("continuous.rank")) + "rank = 32\n\n# next\n[answer]\n",
		},
		"section is empty": {"[answer]\n[continuous]\n[window]\n", "[answer]\n[continuous]\n" + comment(keyFor("continuous.rank")) + "rank = 32\n[window]\n"},
		"quoted key":       {"[\"continuous\"]\n'rank' = 8", "[\"continuous\"]\n'rank' = 32"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			f := NewFile(filepath.Join(t.TempDir(), "a.toml"))
			if err := os.WriteFile(f.path, []byte(c.before), 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := f.Modify(func(s *Settings) { s.Continuous.Rank = 32 }); err != nil {
				t.Fatal(err)
			}
			got := must(os.ReadFile(f.path))(t)
			if d := cmp.Diff(c.after, string(got)); d != "" {
				t.Errorf("file (-want +got):\n%s", d)
			}
			if info := must(os.Stat(f.path))(t); info.Mode().Perm() != 0o600 && runtime.GOOS != "windows" { // which knows no such permissions
				t.Errorf("mode %v", info.Mode())
			}
		})
	}
}

func TestModifyRefusesAndHarmsNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.toml")
	f := NewFile(path)
	if err := f.Create(); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Modify(func(s *Settings) { s.Continuous.MinWords = 99 }); !errors.Is(err, ErrRange) {
		t.Errorf("99 words gives %v", err)
	}
	if d := cmp.Diff(string(shipped), string(must(os.ReadFile(path))(t))); d != "" {
		t.Errorf("the file changed:\n%s", d)
	}
	broken := "[continuous\n"
	if err := os.WriteFile(path, []byte(broken), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Modify(func(s *Settings) { s.Continuous.MinWords = 4 }); !errors.Is(err, ErrSyntax) {
		t.Errorf("a broken file gives %v", err)
	}
	if err := f.Create(); err != nil {
		t.Fatal(err)
	}
	if got := must(os.ReadFile(path))(t); string(got) != broken {
		t.Errorf("a person's file was replaced by %q", got)
	}
	left := must(os.ReadDir(filepath.Dir(path)))(t)
	if len(left) != 1 {
		t.Errorf("left behind: %v", left)
	}
}

// What another program, or a person in an editor, saves while a change is made is kept beside it.
func TestModifyKeepsWhatAnotherProgramSavesMeanwhile(t *testing.T) {
	f := NewFile(filepath.Join(t.TempDir(), "a.toml"))
	for _, want := range []struct{ rank, seed int }{{32, 1}, {16, 2}} { // where there is no file yet, and where there is
		other := sync.OnceFunc(func() {
			if _, err := NewFile(f.path).Modify(func(s *Settings) { s.Continuous.Seed = want.seed }); err != nil {
				t.Error(err)
			}
		})
		saved, err := f.Modify(func(s *Settings) { s.Continuous.Rank = want.rank; other() })
		if err != nil {
			t.Fatal(err)
		}
		got, err := f.Load()
		if err != nil || got != saved || got.Continuous.Rank != want.rank || got.Continuous.Seed != want.seed {
			t.Errorf("want %+v: the file says %+v, Modify %+v, %v", want, got.Continuous, saved.Continuous, err)
		}
	}
	if left := must(os.ReadDir(filepath.Dir(f.path)))(t); len(left) != 1 {
		t.Errorf("left behind: %v", left)
	}
}

func TestModifyKeepsALink(t *testing.T) {
	folder := t.TempDir()
	target, link := filepath.Join(folder, "real.toml"), filepath.Join(folder, "link.toml")
	if err := os.WriteFile(target, []byte("[model]\nthreads = 1\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(target, link); err != nil {
		t.Skipf("no symbolic links here: %v", err)
	}
	if _, err := NewFile(link).Modify(func(s *Settings) { s.Model.Threads = 2 }); err != nil {
		t.Fatal(err)
	}
	if got := must(os.ReadFile(target))(t); string(got) != "[model]\nthreads = 2\n" {
		t.Errorf("target is %q", got)
	}
}

func TestConcurrentModify(t *testing.T) {
	f := NewFile(filepath.Join(t.TempDir(), "a.toml"))
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if _, err := f.Modify(func(s *Settings) { s.Continuous.Seed++ }); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	s, err := f.Load()
	if err != nil || s.Continuous.Seed != 8 {
		t.Errorf("seed %d, %v", s.Continuous.Seed, err)
	}
}

// Whatever settings are allowed survive saving and loading, in any order.
func TestSaveLoadProperty(t *testing.T) {
	folder := t.TempDir()
	rapid.Check(t, func(r *rapid.T) {
		f := NewFile(filepath.Join(folder, "a.toml"))
		if err := os.WriteFile(f.path, shipped, 0o644); err != nil {
			r.Fatal(err)
		}
		for range 3 {
			wanted, err := f.Modify(func(s *Settings) {
				for _, k := range rapid.SliceOfN(rapid.SampledFrom(keys), 1, 5).Draw(r, "keys") {
					draw(r, k, s)
				}
			})
			if err != nil {
				r.Fatal(err)
			}
			got, err := f.Load()
			if err != nil {
				r.Fatal(err)
			}
			if d := cmp.Diff(wanted, got); d != "" {
				r.Fatalf("saved and loaded:\n%s", d)
			}
		}
	})
}

func draw(r *rapid.T, k Key, s *Settings) {
	switch at := k.At(s).(type) {
	case *bool:
		*at = rapid.Bool().Draw(r, k.Name)
	case *int:
		*at = rapid.IntRange(int(k.Range.Min), int(k.Range.Max)).Draw(r, k.Name)
	case *float64:
		*at = rapid.Float64Range(k.Range.Min, k.Range.Max).Draw(r, k.Name)
	case *string:
		if len(k.Range.Choices) > 0 {
			*at = rapid.SampledFrom(k.Range.Choices).Draw(r, k.Name)
			return
		}
		*at = rapid.StringN(0, 40, -1).Draw(r, k.Name)
	}
}

// No text makes Decode panic, what it accepts is in range, and what it accepts
// can be changed and says afterwards exactly what was wanted.
func FuzzDecode(f *testing.F) {
	f.Add(shipped)
	files, err := filepath.Glob("testdata/*.toml")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range append(files, "seed.toml") {
		doc, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(doc)
	}
	for _, s := range []string{"continuous = { seed = 8 }\n", "continuous.rank = 1\r\n", "[ \"answer\" ]\nsystem = '''\na'''", "answer.system = \"\"\"a \\\n  b\"\"\""} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, doc []byte) {
		s, err := Decode(doc)
		if err != nil {
			var e *Error
			if !errors.As(err, &e) {
				t.Fatalf("untyped error %v", err)
			}
			if err := s.Validate(); err != nil {
				t.Fatalf("what is right of it is not in range: %v", err)
			}
			return
		}
		if err := s.Validate(); err != nil {
			t.Fatalf("accepted %v", err)
		}
		wanted := s
		wanted.Continuous.Rank = 129 - s.Continuous.Rank
		wanted.Answer.System = s.Answer.System + "\"\\\n\x01ä"
		if wanted.Validate() != nil {
			return
		}
		changed, err := apply(doc, s, wanted)
		if err != nil {
			t.Fatalf("cannot change %q: %v", doc, err)
		}
		back, err := apply(changed, wanted, s)
		if err != nil {
			t.Fatalf("cannot change %q back: %v", changed, err)
		}
		if got, err := Decode(back); err != nil || got != s {
			t.Fatalf("there and back gives %+v, %v", got, err)
		}
	})
}

func keyFor(name string) Key {
	k, _ := KeyOf(name)
	return k
}

func must[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// Editors of Windows may put a byte order mark before the text: it is none of TOML, and stays.
func TestByteOrderMark(t *testing.T) {
	path := filepath.Join(t.TempDir(), "continuous.toml")
	if err := os.WriteFile(path, []byte("\ufeff[continuous]\nrank = 4\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	f := NewFile(path)
	s, err := f.Load()
	if err != nil || s.Continuous.Rank != 4 {
		t.Fatalf("rank %d, %v", s.Continuous.Rank, err)
	}
	if _, err := f.Modify(func(s *Settings) { s.Continuous.Rank = 8 }); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(path); err != nil || string(text) != "\ufeff[continuous]\nrank = 8\n" {
		t.Errorf("the file holds %q, %v", text, err)
	}
}
