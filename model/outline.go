package model

import (
	"fmt"

	"clara/model/gguf"
)

// Outline is what a model file says of itself, read without loading it.
type Outline struct {
	Architecture string
	FileType     string // the type of most weights: "Q4_1"
	Licence      string // as the file states it; may be empty
	Parameters   int64
	Context      int   // tokens that the model was trained for
	CacheBytes   int64 // of keys and values for each token of a conversation
}

// ReadOutline reads the head of a GGUF file, which takes milliseconds. It refuses what
// [Open] would refuse for its kind ([ErrUnsupported]) or because it is cut short
// (gguf.ErrTruncated) or no model (gguf.ErrFormat); what the weights hold is not looked at.
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
	for _, t := range f.Tensors {
		if _, ok := weightTypes[t.Type]; !ok {
			return o, fmt.Errorf("tensor %s has type %v: %w", t.Name, t.Type, ErrUnsupported)
		}
	}
	i := describe(f, &c, path, "", c.Context, false)
	return Outline{
		Architecture: i.Architecture, FileType: i.FileType, Licence: i.Licence, Parameters: i.Parameters, Context: i.Context,
		CacheBytes: c.cacheBytes(),
	}, nil
}

// cacheBytes is what the keys and values of one token take in all layers: see newCache.
func (c Config) cacheBytes() int64 { return 4 * 2 * int64(c.Layers) * int64(c.keyWidth()) }
