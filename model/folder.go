package model

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"slices"
	"strings"

	"clara/model/gguf"
	"clara/model/safetensors"
	"clara/model/tokenizer"
)

// ErrFolder says that what lies in a folder is no sound model: a file is damaged, or they
// contradict one another.
var ErrFolder = errors.New("not a sound model folder")

// Folder is a model as Hugging Face keeps it: config.json, tokenizer.json and
// tokenizer_config.json, generation_config.json, model.safetensors or several of them with an
// index. It is written once as a GGUF file, and from then on a model like any other: what
// knows it by its hash (the reader, adapters, a cycle) needs one file, and an engine wants
// its weights quantised and its queries and keys in GGUF's order.
//
// The files come from strangers. What is claimed is checked before it is used; links are
// followed, as the cache of Hugging Face consists of them, but only to regular files.
type Folder struct {
	Name    string // of the folder, or of the repository in the cache of Hugging Face
	Licence string // as README.md states it, or the title of a LICENSE; may be empty

	path    string
	config  Config
	meta    []gguf.KV
	tensors []gguf.Tensor // without their data
	sources []source      // of the tensors' data
	files   []*safetensors.File
}

// The files of a folder.
const (
	folderConfigFile     = "config.json"
	folderGenerationFile = "generation_config.json"
	folderTokenizerFile  = "tokenizer.json"
	folderSettingsFile   = "tokenizer_config.json"
	folderWeightsFile    = "model.safetensors"
	folderIndexFile      = "model.safetensors.index.json"
	folderTemplateFile   = "chat_template.jinja"
	folderProcessorFile  = "chat_template.json"
)

// The most bytes that a file of a folder may have: what is longer is none of these.
const (
	maxFolderText      = 16 << 20
	maxFolderTokenizer = 256 << 20
	maxFolderShards    = 1000
)

// OpenFolder reads all of a folder but the values of its weights, and refuses what could
// not be loaded in the end. exact keeps the weights as they are; else matrices become Q8_0,
// which answers faster and takes half of the memory or less. Errors: [ErrUnsupported],
// [ErrFolder], and for a missing file fs.ErrNotExist with a [*fs.PathError].
func OpenFolder(path string, exact bool) (_ *Folder, err error) {
	f := &Folder{path: path, Name: folderName(path)}
	defer func() {
		if err != nil {
			err = fmt.Errorf("open model folder %s: %w", path, errors.Join(err, f.Close()))
		}
	}()
	h, err := f.readConfig()
	if err != nil {
		return nil, err
	}
	rope, err := f.configure(h)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", folderConfigFile, err)
	}
	weights, err := f.openWeights()
	if err != nil {
		return nil, err
	}
	embedding, ok := weights[embeddingTensor]
	if !ok || len(embedding.tensor.Shape) != 2 || embedding.tensor.Shape[0] < 1 || embedding.tensor.Shape[0] > maxVocabulary {
		return nil, fmt.Errorf("find the matrix %s: %w", embeddingTensor, ErrFolder)
	}
	f.config.Vocabulary = embedding.tensor.Shape[0] // of which the configuration may name more or less
	if err := f.plan(weights, h.tied(), rope, exact); err != nil {
		return nil, err
	}
	v, template, err := f.readVocabulary(h)
	if err != nil {
		return nil, err
	}
	f.Licence = f.readLicence()
	f.describe(v, template, rope, exact)
	return f, nil
}

// Size is how many bytes [Folder.Write] writes.
func (f *Folder) Size() (int64, error) { return gguf.Size(f.meta, f.tensors) }

// Write writes the model as a GGUF file. report, if not nil, hears after every MiB or so how
// many bytes are written. The error wraps [ErrFolder] where the weights are at fault, and
// else is that of w or of ctx.
func (f *Folder) Write(ctx context.Context, w io.Writer, report func(done int64)) (err error) {
	// The weights are mapped: a file that is cut short meanwhile, or a disk that goes
	// away, is a fault of memory.
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if r := recover(); r != nil {
			fault, ok := r.(interface {
				error
				Addr() uintptr
			})
			if !ok {
				panic(r)
			}
			err = fmt.Errorf("read the weights of %s: %w: %w", f.path, ErrFolder, fault)
		}
	}()
	err = gguf.WriteStream(&progress{w: w, report: report}, f.meta, f.tensors, func(i int, w io.Writer) error {
		return f.sources[i].write(ctx, w)
	})
	if err != nil {
		return fmt.Errorf("convert %s: %w", f.path, err)
	}
	return nil
}

// progress reports what is written through it.
type progress struct {
	w      io.Writer
	done   int64
	report func(done int64)
}

func (p *progress) Write(b []byte) (int, error) {
	n, err := p.w.Write(b)
	p.done += int64(n)
	if p.report != nil {
		p.report(p.done)
	}
	return n, err
}

// Close gives the files back. Nothing can be written any more.
func (f *Folder) Close() error {
	var errs []error
	for _, file := range f.files {
		errs = append(errs, file.Close())
	}
	f.files, f.sources = nil, nil
	return errors.Join(errs...)
}

// cached is the path of a model in the cache of Hugging Face: models--OWNER--NAME/snapshots/COMMIT.
var cached = regexp.MustCompile(`^models--(?:[^-].*?--)?(.+)$`)

// folderName is what a model is called by its folder.
func folderName(path string) string {
	if full, err := filepath.Abs(path); err == nil {
		path = full
	}
	above := filepath.Dir(path)
	if m := cached.FindStringSubmatch(filepath.Base(filepath.Dir(above))); m != nil && filepath.Base(above) == "snapshots" {
		return m[1]
	}
	return filepath.Base(path)
}

// check refuses what is no regular file of a sound size. Opening a pipe would wait for ever.
func (f *Folder) check(name string, limit int64) (path string, err error) {
	path = filepath.Join(f.path, name)
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return "", err
	case !info.Mode().IsRegular():
		return "", fmt.Errorf("%s is no regular file: %w", name, ErrFolder)
	case info.Size() > limit:
		return "", fmt.Errorf("%s has %d bytes, more than %d: %w", name, info.Size(), limit, ErrFolder)
	}
	return path, nil
}

// read reads a small file whole.
func (f *Folder) read(name string, limit int64) ([]byte, error) {
	path, err := f.check(name, limit)
	if err != nil {
		return nil, err
	}
	if f.isPointer(name) {
		return nil, fmt.Errorf(pointerWords+": %w", name, ErrFolder)
	}
	return os.ReadFile(path)
}

// pointerWords say of a file what it is.
const pointerWords = "%s is a pointer of Git LFS, not the file itself; `git lfs pull` fetches it"

// isPointer recognises what Git puts in the place of a large file that was not fetched.
func (f *Folder) isPointer(name string) bool {
	path, err := f.check(name, 1<<10)
	if err != nil {
		return false
	}
	text, err := os.ReadFile(path)
	return err == nil && strings.HasPrefix(string(text), "version https://git-lfs.github.com/spec/")
}

// readJSON reads a small file into an object. One that may be missing leaves it as it is.
func (f *Folder) readJSON(name string, optional bool, into any) error {
	text, err := f.read(name, maxFolderText)
	if optional && errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	if err := json.Unmarshal(text, into); err != nil {
		return fmt.Errorf("read %s: %w: %w", name, ErrFolder, err)
	}
	return nil
}

// readConfig reads config.json with the ids that generation_config.json has besides.
func (f *Folder) readConfig() (*folderConfig, error) {
	var h, generation folderConfig
	err := f.readJSON(folderConfigFile, false, &h)
	if errors.Is(err, fs.ErrNotExist) {
		if _, e := os.Stat(filepath.Join(f.path, AdapterConfigFile)); e == nil {
			return nil, fmt.Errorf("it holds an adapter, not a model: %w", ErrUnsupported)
		}
	}
	if err != nil {
		return nil, err
	}
	if err := f.readJSON(folderGenerationFile, true, &generation); err != nil {
		return nil, err
	}
	if len(generation.EOS) > 0 {
		h.EOS = generation.EOS
	}
	return &h, nil
}

// weight is a tensor of the folder and the file that it lies in.
type weight struct {
	tensor safetensors.Tensor
	file   string
}

// shardName is what the index may call a file: nothing outside of the folder.
var shardName = regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z._-]{0,199}\.safetensors$`)

// openWeights maps the weights and finds them by the names that a model without a picture
// tower gives them.
func (f *Folder) openWeights() (map[string]weight, error) {
	names := []string{folderWeightsFile}
	if _, err := f.check(folderWeightsFile, 1<<62); errors.Is(err, fs.ErrNotExist) {
		var index struct {
			Places map[string]string `json:"weight_map"`
		}
		err := f.readJSON(folderIndexFile, false, &index)
		if errors.Is(err, fs.ErrNotExist) {
			if old, _ := filepath.Glob(filepath.Join(f.path, "pytorch_model*.bin")); len(old) > 0 {
				return nil, fmt.Errorf("its weights are in PyTorch's own format, which can hold programs; only safetensors are read: %w", ErrUnsupported)
			}
			_, err = f.check(folderWeightsFile, 1<<62) // that is what is missed
		}
		if err != nil {
			return nil, err
		}
		names = slices.Compact(slices.Sorted(maps.Values(index.Places)))
		if len(names) == 0 || len(names) > maxFolderShards {
			return nil, fmt.Errorf("%s names %d files: %w", folderIndexFile, len(names), ErrFolder)
		}
	}
	weights := map[string]weight{}
	for _, name := range names {
		if !shardName.MatchString(name) {
			return nil, fmt.Errorf("%s names the file %.80q: %w", folderIndexFile, name, ErrFolder)
		}
		path, err := f.check(name, 1<<62)
		if err != nil {
			return nil, err
		}
		file, err := safetensors.Open(path)
		if err != nil {
			if f.isPointer(name) {
				err = fmt.Errorf(pointerWords, name)
			}
			return nil, fmt.Errorf("%w: %w", err, ErrFolder)
		}
		f.files = append(f.files, file)
		for _, t := range file.Tensors {
			to := plainName(t.Name)
			if _, twice := weights[to]; twice {
				return nil, fmt.Errorf("tensor %.80q is there twice: %w", t.Name, ErrFolder)
			}
			weights[to] = weight{t, name}
		}
	}
	return weights, nil
}

// readVocabulary reads tokenizer and chat template, and makes both once: what could not be
// used in the end is refused now.
func (f *Folder) readVocabulary(h *folderConfig) (v tokenizer.Vocabulary, template string, err error) {
	text, err := f.read(folderTokenizerFile, maxFolderTokenizer)
	if err != nil {
		return v, "", err
	}
	settings, err := f.read(folderSettingsFile, maxFolderText)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return v, "", err
	}
	v, err = tokenizer.FromJSON(text, settings, f.config.Vocabulary)
	if err == nil {
		h.special(&v)
		_, err = tokenizer.New(v)
	}
	switch {
	case errors.Is(err, tokenizer.ErrUnsupported):
		return v, "", fmt.Errorf("%w: %w", ErrUnsupported, err)
	case err != nil:
		return v, "", fmt.Errorf("%w: %w", ErrFolder, err)
	}
	if template, err = f.readTemplate(settings); err != nil || template == "" {
		return v, "", err
	}
	if _, err = newTemplate(template, v); err != nil {
		return v, "", fmt.Errorf("%w: %w", ErrUnsupported, err)
	}
	return v, template, nil
}
