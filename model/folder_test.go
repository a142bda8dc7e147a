package model

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"clara/compute"
	"clara/compute/cpu"
	"clara/model/chat"
	"clara/model/gguf"
	"clara/model/safetensors"
)

// folderGolden is golden.json of a folder of testdata, which folders.py writes with what
// transformers computes.
type folderGolden struct {
	Messages []chat.Message `json:"messages"`
	Rendered string         `json:"rendered"`
	IDs      []int32        `json:"ids"`
	Best     []int32        `json:"best"`     // token at each place
	Places   []int          `json:"places"`   // of the rows of LogProbs
	LogProbs [][]float64    `json:"logprobs"` // of the whole vocabulary
}

var folderKinds = []string{"llama", "gemma3"}

// converted is the file that a folder becomes.
func converted(t testing.TB, folder string, exact bool) []byte {
	t.Helper()
	f, err := OpenFolder(folder, exact)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var b bytes.Buffer
	var told int64
	if err := f.Write(context.Background(), &b, func(done int64) { told = done }); err != nil {
		t.Fatal(err)
	}
	if size, err := f.Size(); err != nil || size != int64(b.Len()) || told != size {
		t.Errorf("%d bytes, announced %d, reported %d, %v", b.Len(), size, told, err)
	}
	return b.Bytes()
}

// openBytes opens a model file from memory.
func openBytes(t testing.TB, data []byte) *Runner {
	t.Helper()
	path := filepath.Join(t.TempDir(), "model.gguf")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	be, err := cpu.New(cpu.Options{Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	r, err := Open(context.Background(), path, be, Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(r.Close(), be.Close()); err != nil {
			t.Error(err)
		}
	})
	return r
}

// A folder that transformers wrote renders, has the ids and computes the log-probabilities
// that transformers does, but for the sums of f32 and the five digits of the golden values.
func TestFolderIsTransformers(t *testing.T) {
	for _, kind := range folderKinds {
		t.Run(kind, func(t *testing.T) {
			var want folderGolden
			if err := readJSON(filepath.Join("testdata", kind, "golden.json"), &want); err != nil {
				t.Fatal(err)
			}
			r := openBytes(t, converted(t, filepath.Join("testdata", kind), true))
			if text, err := r.Render(want.Messages); err != nil || text != want.Rendered {
				t.Errorf("rendered %q, %v; wanted %q", text, err, want.Rendered)
			}
			ids, err := r.Prompt(want.Messages)
			if err != nil || !slices.Equal(ids, want.IDs) {
				t.Fatalf("ids %v, %v; wanted %v", ids, err, want.IDs)
			}
			seq := Sequence{Prompt: ids[:1], Answer: append(slices.Clone(ids[1:]), 0)}
			size := r.Info().Vocabulary
			got, err := r.TopK(t.Context(), []Sequence{seq}, nil, size, Foreground)
			if err != nil {
				t.Fatal(err)
			}
			for i, d := range got[0] {
				if d.IDs[0] != want.Best[i] {
					t.Errorf("at %d %d is the best, wanted %d", i, d.IDs[0], want.Best[i])
				}
			}
			worst := 0.0
			for row, at := range want.Places {
				d := got[0][at]
				for i, id := range d.IDs {
					diff := math.Abs(float64(d.LogProbs[i]) - want.LogProbs[row][id])
					if worst = max(worst, diff); !(diff <= 1e-4) {
						t.Errorf("at %d token %d has %g, wanted %g", at, id, d.LogProbs[i], want.LogProbs[row][id])
					}
				}
			}
			t.Logf("log-probabilities off by %.2g at most", worst)
		})
	}
}

// Unless they are to stay as they are, matrices become Q8_0: what the exact file has, to half a
// step of a block, and to the rounding of the step (127 times 2^-11 of it).
func TestFolderIsQuantised(t *testing.T) {
	for _, kind := range folderKinds {
		exact, err := gguf.Parse(converted(t, filepath.Join("testdata", kind), true))
		if err != nil {
			t.Fatal(err)
		}
		file, err := gguf.Parse(converted(t, filepath.Join("testdata", kind), false))
		if err != nil {
			t.Fatal(err)
		}
		if len(file.Tensors) != len(exact.Tensors) {
			t.Fatalf("%d tensors, wanted %d", len(file.Tensors), len(exact.Tensors))
		}
		for i, got := range file.Tensors {
			want := exact.Tensors[i]
			wantType := gguf.Q8_0
			if len(got.Dims) == 1 {
				wantType = gguf.F32
			}
			if got.Name != want.Name || got.Type != wantType || !slices.Equal(got.Dims, want.Dims) {
				t.Fatalf("%s %v %v, wanted %s %v %v", got.Name, got.Type, got.Dims, want.Name, wantType, want.Dims)
			}
			n := 1
			for _, d := range got.Dims {
				n *= int(d)
			}
			a, b := make([]float32, n), make([]float32, n)
			if err := errors.Join(compute.Dequantize(a, weightTypes[got.Type], got.Data), compute.Dequantize(b, weightTypes[want.Type], want.Data)); err != nil {
				t.Fatal(err)
			}
			for at := 0; at < n; at += 32 {
				end, most := min(at+32, n), 0.0
				for _, x := range b[at:end] {
					most = max(most, math.Abs(float64(x)))
				}
				for j := at; j < end; j++ {
					if diff := math.Abs(float64(a[j] - b[j])); !(diff <= most/127*(.5+127*0x1p-11)) {
						t.Fatalf("%s: value %d is %g, wanted %g", got.Name, j, a[j], b[j])
					}
				}
			}
		}
		openBytes(t, converted(t, filepath.Join("testdata", kind), false))
	}
}

// The same folder gives the same file, bit for bit: a model is known by its hash.
func TestFolderGivesOneFile(t *testing.T) {
	first := converted(t, filepath.Join("testdata", "llama"), false)
	for range 5 {
		if !bytes.Equal(converted(t, filepath.Join("testdata", "llama"), false), first) {
			t.Fatal("another file")
		}
	}
}

// copyFolder is a folder of testdata that a test may change.
func copyFolder(t testing.TB, kind string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "Some-Model")
	if err := os.CopyFS(to, os.DirFS(filepath.Join("testdata", kind))); err != nil {
		t.Fatal(err)
	}
	return to
}

// edit changes a JSON file of a folder.
func edit(t testing.TB, folder, name string, change func(m map[string]any)) {
	t.Helper()
	var m map[string]any
	path := filepath.Join(folder, name)
	if err := readJSON(path, &m); err != nil {
		t.Fatal(err)
	}
	change(m)
	text, err := json.Marshal(m)
	if err == nil {
		err = os.WriteFile(path, text, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// editTensors rewrites the weights of a folder in one file.
func editTensors(t testing.TB, folder string, change func(all []safetensors.Tensor) []safetensors.Tensor) {
	t.Helper()
	path := filepath.Join(folder, folderWeightsFile)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	f, err := safetensors.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := safetensors.Write(&b, change(f.Tensors), nil); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
}

// Gemma 3 with a picture tower is read for its text: other names, a configuration inside of
// the other, and defaults where that is silent.
func TestFolderWithPictureTower(t *testing.T) {
	want := converted(t, filepath.Join("testdata", "gemma3"), false)
	folder := copyFolder(t, "gemma3")
	edit(t, folder, folderConfigFile, func(m map[string]any) {
		inner := map[string]any{}
		for k, v := range m {
			inner[k] = v
			delete(m, k)
		}
		delete(inner, "tie_word_embeddings")
		m["model_type"], m["text_config"], m["vision_config"] = "gemma3", inner, map[string]any{}
	})
	editTensors(t, folder, func(all []safetensors.Tensor) []safetensors.Tensor {
		for i := range all {
			all[i].Name = "language_model." + all[i].Name
		}
		return append(all, safetensors.FromFloat32s("vision_tower.patch.weight", []int{1}, []float32{1}))
	})
	got, err := gguf.Parse(converted(t, folder, false))
	if err != nil {
		t.Fatal(err)
	}
	file, err := gguf.Parse(want)
	if err != nil {
		t.Fatal(err)
	}
	for i, x := range file.Tensors {
		if got.Tensors[i].Name != x.Name || !bytes.Equal(got.Tensors[i].Data, x.Data) {
			t.Errorf("tensor %s differs", x.Name)
		}
	}
}

// Name and licence are told.
func TestFolderTellsNameAndLicence(t *testing.T) {
	folder := copyFolder(t, "llama")
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	licence := func() string {
		t.Helper()
		f, err := OpenFolder(folder, false)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if f.Name != "Some-Model" {
			t.Errorf("it is called %q", f.Name)
		}
		return f.Licence
	}
	if got := licence(); got != "" {
		t.Errorf("licence %q", got)
	}
	write("LICENSE", "\n   # Apache License\nVersion 2.0\n")
	if got := licence(); got != "Apache License" {
		t.Errorf("licence %q", got)
	}
	write("README.md", "---\nlanguage:\n- en\nlicense: other\nlicense_name: my-own\n---\nlicense: not this\n")
	if got := licence(); got != "my-own" {
		t.Errorf("licence %q", got)
	}
	write("README.md", "---\r\nlicense: \"apache-2.0\"\r\n---\r\n")
	if got := licence(); got != "apache-2.0" {
		t.Errorf("licence %q", got)
	}
	for path, want := range map[string]string{
		"/a/Qwen": "Qwen", "/c/models--Org--My-Model/snapshots/0123": "My-Model", "/c/models--gpt2/snapshots/0123": "gpt2", "/snapshots/0123": "0123",
	} {
		if got := folderName(filepath.FromSlash(path)); got != want {
			t.Errorf("%s is called %q, wanted %q", path, got, want)
		}
	}
}

// The cache of Hugging Face consists of links; they are followed.
func TestFolderOfLinks(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("links need a right there")
	}
	target := copyFolder(t, "gemma3")
	links := t.TempDir()
	entries, err := os.ReadDir(target)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if err := os.Symlink(filepath.Join(target, e.Name()), filepath.Join(links, e.Name())); err != nil {
			t.Fatal(err)
		}
	}
	converted(t, links, false)
	if err := os.Remove(filepath.Join(links, folderTokenizerFile)); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(os.DevNull, filepath.Join(links, folderTokenizerFile)); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenFolder(links, false); !errors.Is(err, ErrFolder) {
		t.Errorf("a link to a device: %v", err)
	}
}

// A cancelled conversion ends; so does one whose weights are cut short meanwhile.
func TestFolderStops(t *testing.T) {
	folder := copyFolder(t, "gemma3")
	f, err := OpenFolder(folder, false)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := f.Write(ctx, io.Discard, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if runtime.GOOS == "windows" {
		return // where a mapped file cannot be cut
	}
	if err := os.Truncate(filepath.Join(folder, folderWeightsFile), 5000); err != nil {
		t.Fatal(err)
	}
	if err := f.Write(t.Context(), io.Discard, nil); !errors.Is(err, ErrFolder) {
		t.Errorf("cut short: %v", err)
	}
	if _, err := OpenFolder(filepath.Join(folder, "none"), false); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no folder: %v", err)
	}
}

// What cannot be computed is refused before anything is written, and says why.
func TestFolderRefuses(t *testing.T) {
	config := func(key string, value any) func(string) {
		return func(folder string) {
			edit(t, folder, folderConfigFile, func(m map[string]any) { m[key] = value })
		}
	}
	without := func(name string) func(string) {
		return func(folder string) {
			if err := os.Remove(filepath.Join(folder, name)); err != nil {
				t.Fatal(err)
			}
		}
	}
	file := func(name, text string) func(string) {
		return func(folder string) {
			if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	tensors := func(change func(all []safetensors.Tensor) []safetensors.Tensor) func(string) {
		return func(folder string) { editTensors(t, folder, change) }
	}
	for name, c := range map[string]struct {
		kind   string
		change func(folder string)
		is     error
		says   string
	}{
		"no configuration":    {"gemma3", without(folderConfigFile), fs.ErrNotExist, folderConfigFile},
		"no tokenizer":        {"gemma3", without(folderTokenizerFile), fs.ErrNotExist, folderTokenizerFile},
		"no weights":          {"gemma3", without(folderWeightsFile), fs.ErrNotExist, folderWeightsFile},
		"no shard":            {"llama", without("model-00002-of-00002.safetensors"), fs.ErrNotExist, "model-00002"},
		"an adapter":          {"gemma3", func(f string) { without(folderConfigFile)(f); file(AdapterConfigFile, "{}")(f) }, ErrUnsupported, "adapter"},
		"pickled weights":     {"gemma3", func(f string) { without(folderWeightsFile)(f); file("pytorch_model.bin", "x")(f) }, ErrUnsupported, "PyTorch"},
		"Git LFS":             {"gemma3", file(folderWeightsFile, "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 7\n"), ErrFolder, "git lfs pull"},
		"no JSON":             {"gemma3", file(folderConfigFile, "{"), ErrFolder, folderConfigFile},
		"an unknown family":   {"llama", config("model_type", "bert"), ErrUnsupported, "bert"},
		"quantised weights":   {"llama", config("quantization_config", map[string]any{"quant_method": "gptq"}), ErrUnsupported, "quantised"},
		"a bias":              {"llama", config("attention_bias", true), ErrUnsupported, "bias"},
		"another activation":  {"llama", config("hidden_act", "relu"), ErrUnsupported, "relu"},
		"YaRN":                {"llama", config("rope_parameters", map[string]any{"rope_type": "yarn"}), ErrUnsupported, "yarn"},
		"nonsense in RoPE":    {"llama", config("rope_parameters", map[string]any{"rope_type": "llama3", "factor": -1}), ErrFolder, "RoPE"},
		"no layers":           {"llama", config("num_hidden_layers", 0), ErrFolder, "layers"},
		"too many layers":     {"gemma3", config("num_hidden_layers", 1<<40), ErrFolder, "layers"},
		"fewer layers":        {"llama", config("num_hidden_layers", 1), ErrUnsupported, "layers.1."},
		"more layers":         {"llama", config("num_hidden_layers", 3), ErrFolder, "layers.2."},
		"another width":       {"llama", config("hidden_size", 64), ErrFolder, "[312 32]"},
		"scaled queries":      {"gemma3", config("query_pre_attn_scalar", 168), ErrUnsupported, "168"},
		"Llama's positions":   {"gemma3", config("rope_parameters", map[string]any{"full_attention": map[string]any{"rope_type": "llama3", "factor": 8, "low_freq_factor": 1, "high_freq_factor": 4, "original_max_position_embeddings": 64}}), ErrUnsupported, "llama3"},
		"embedding model":     {"gemma3", config("use_bidirectional_attention", true), ErrUnsupported, "directions"},
		"another pattern":     {"gemma3", config("layer_types", []string{"full_attention"}), ErrUnsupported, "layer 0"},
		"another local base":  {"gemma3", config("rope_parameters", map[string]any{"full_attention": map[string]any{}, "sliding_attention": map[string]any{"rope_theta": 5000}}), ErrUnsupported, "5000"},
		"a broken template":   {"llama", file(folderTemplateFile, "{% if %}"), ErrUnsupported, "template"},
		"a foreign tokenizer": {"llama", file(folderTokenizerFile, `{"model": {"type": "Unigram"}}`), ErrUnsupported, "Unigram"},
		"a way out":           {"llama", file(folderIndexFile, `{"weight_map": {"a": "../secret.safetensors"}}`), ErrFolder, "secret"},
		"an absolute way out": {"llama", file(folderIndexFile, `{"weight_map": {"a": "/etc/passwd"}}`), ErrFolder, "passwd"},
		"an empty index":      {"llama", file(folderIndexFile, `{}`), ErrFolder, "0 files"},
		"cut weights":         {"gemma3", func(f string) { _ = os.Truncate(filepath.Join(f, folderWeightsFile), 50000) }, ErrFolder, "ends"},
		"hostile header":      {"gemma3", file(folderWeightsFile, "\xff\xff\xff\xff\xff\xff\xff\xff{}"), ErrFolder, "header"},
		"integers": {"gemma3", tensors(func(all []safetensors.Tensor) []safetensors.Tensor {
			all[3].DType = safetensors.I16
			return all
		}), ErrUnsupported, "I16"},
		"a part more": {"gemma3", tensors(func(all []safetensors.Tensor) []safetensors.Tensor {
			return append(all, safetensors.FromFloat32s("model.layers.0.mlp.router.weight", []int{1}, []float32{1}))
		}), ErrUnsupported, "router"},
	} {
		t.Run(name, func(t *testing.T) {
			folder := copyFolder(t, c.kind)
			c.change(folder)
			f, err := OpenFolder(folder, false)
			if err == nil {
				_ = f.Close()
			}
			if !errors.Is(err, c.is) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%v", err)
			}
		})
	}
	t.Run("a value that is none", func(t *testing.T) {
		folder := copyFolder(t, "gemma3")
		editTensors(t, folder, func(all []safetensors.Tensor) []safetensors.Tensor {
			at := slices.IndexFunc(all, func(x safetensors.Tensor) bool { return x.Name == embeddingTensor })
			all[at].Data = slices.Clone(all[at].Data)
			copy(all[at].Data, []byte{0xc0, 0x7f})
			return all
		})
		f, err := OpenFolder(folder, false)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if err := f.Write(t.Context(), io.Discard, nil); !errors.Is(err, ErrFolder) || !strings.Contains(err.Error(), embeddingTensor) {
			t.Errorf("%v", err)
		}
	})
}

// Whatever a configuration says, the folder is refused or becomes a file that can be read.
func FuzzFolderConfig(f *testing.F) {
	folders := map[bool]string{}
	for _, gemma := range []bool{true, false} {
		kind := "llama"
		if gemma {
			kind = "gemma3"
		}
		folders[gemma] = copyFolder(f, kind)
		text, err := os.ReadFile(filepath.Join(folders[gemma], folderConfigFile))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text, gemma)
	}
	f.Fuzz(func(t *testing.T, text []byte, gemma bool) {
		if err := os.WriteFile(filepath.Join(folders[gemma], folderConfigFile), text, 0o600); err != nil {
			t.Fatal(err)
		}
		folder, err := OpenFolder(folders[gemma], false)
		if err != nil {
			return
		}
		defer folder.Close()
		var b bytes.Buffer
		if err := folder.Write(t.Context(), &b, nil); err != nil {
			t.Fatal(err)
		}
		file, err := gguf.Parse(b.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := readConfig(file); err != nil {
			t.Fatal(err)
		}
	})
}
