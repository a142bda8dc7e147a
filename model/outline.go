package model

import (
	"fmt"
	"slices"

	"clara/compute"
	"clara/model/chat"
	"clara/model/gguf"
	"clara/model/tokenizer"
)

// Outline is what a model file says of itself, read without loading it.
type Outline struct {
	Architecture string
	FileType     string // the type of most weights: "Q4_1"
	Licence      string // as the file states it; may be empty
	Parameters   int64
	Context      int   // tokens that the model was trained for
	CacheBytes   int64 // of keys and values for each token of a conversation

	// What drivers compile kernels of their own for.
	Vocabulary []compute.Type // of the embedding and of the head, each once
	Layers     []compute.Type // of the layers' matrices, each once
	HeadDim    int            // values of a head
}

// ReadOutline reads the head of a GGUF file, which takes milliseconds. It refuses what
// [Open] would refuse for its kind ([ErrUnsupported], tokenizer.ErrUnsupported), because it is
// cut short (gguf.ErrTruncated), no model (gguf.ErrFormat), or has a chat template that cannot be
// read (chat.ErrSyntax); what the weights hold is not looked at, nor the tokens.
func ReadOutline(path string) (o Outline, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("look at model %s: %w", path, err)
		}
	}()
	f, err := gguf.Open(path)
	if err != nil {
		return o, err
	}
	defer f.Close()
	c, err := readConfig(f)
	if err != nil {
		return o, err
	}
	vocabulary, layers, err := matrixTypes(f.Tensors)
	if err != nil {
		return o, err
	}
	if err := readable(f); err != nil {
		return o, err
	}
	i := describe(f, &c, path, "", c.Context)
	return Outline{
		Architecture: i.Architecture, FileType: i.FileType, Licence: i.Licence, Parameters: i.Parameters, Context: i.Context,
		CacheBytes: c.cacheBytes(), Vocabulary: vocabulary, Layers: layers, HeadDim: c.HeadDim,
	}, nil
}

// matrixTypes is of which types the matrices are, each once: those that tokens go in and out by, and
// those of the layers. It refuses a tensor that no engine can read.
func matrixTypes(tensors []gguf.Tensor) (vocabulary, layers []compute.Type, err error) {
	for _, t := range tensors {
		typ, ok := weightTypes[t.Type]
		if !ok {
			return nil, nil, fmt.Errorf("tensor %s has type %v: %w", t.Name, t.Type, ErrUnsupported)
		}
		types := &layers
		if t.Name == "token_embd.weight" || t.Name == "output.weight" {
			types = &vocabulary
		}
		if len(t.Dims) == 2 && !slices.Contains(*types, typ) {
			*types = append(*types, typ)
		}
	}
	return vocabulary, layers, nil
}

// readable refuses a file whose texts could not become tokens or whose template is none.
func readable(f *gguf.File) error {
	kind, ok := f.Metadata.String("tokenizer.ggml.model")
	if !ok {
		return fmt.Errorf("read tokenizer.ggml.model: %w", gguf.ErrFormat)
	}
	pre, _ := f.Metadata.String("tokenizer.ggml.pre")
	if err := tokenizer.Known(kind, pre); err != nil {
		return fmt.Errorf("read the tokenizer (model %q, pre %q): %w", kind, pre, err)
	}
	if source, ok := f.Metadata.String("tokenizer.chat_template"); ok {
		if _, err := chat.New(source, chat.Options{}); err != nil {
			return fmt.Errorf("read the chat template: %w", err)
		}
	}
	return nil
}

// cacheBytes is what the keys and values of one token take in all layers: see newCache.
func (c Config) cacheBytes() int64 { return 4 * 2 * int64(c.Layers) * int64(c.keyWidth()) }
