// Package gguf reads and writes GGUF, the file format of llama.cpp's models:
// metadata as keys and values, then tensors.
//
// The layout follows the format's specification, versions 2 and 3, little-endian:
// https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
//
// A model file comes from strangers. Every count, length and offset is checked
// against the bytes that are there before anything is allocated by it, so what a
// crafted file can claim is bounded by its own size.
package gguf

import (
	"errors"
	"fmt"
	"os"

	"github.com/edsrzf/mmap-go"
)

// What can be wrong with a file. Exactly one of them is in the chain of every
// error that concerns a file's content.
var (
	// ErrFormat says that the bytes are not a sound GGUF file.
	ErrFormat = errors.New("not a sound GGUF file")
	// ErrVersion says that it is GGUF, but neither version 2 nor version 3, or
	// big-endian.
	ErrVersion = errors.New("this version of GGUF is not supported")
	// ErrTruncated says that the file ends before what it announces, as after a
	// download that was cut short.
	ErrTruncated = errors.New("the file ends early")
)

// File is an open GGUF file. It may be read from several goroutines at once.
type File struct {
	Metadata Metadata
	Tensors  []Tensor // in the file's order
	index    map[string]int
	mapping  mmap.MMap
}

// Tensor is a tensor of a file.
type Tensor struct {
	Name string
	Type Type
	// Dims counts the values along each axis, the fastest-varying first, as GGUF
	// has it: a matrix of R rows and C columns is [C R]. At most four.
	Dims []uint64
	// Data are the values, little-endian, in blocks of Type. In an opened file it
	// is mapped read-only memory: writing to it is a fault, and so is reading it
	// after [File.Close].
	Data []byte
}

// Open maps the file at path into memory and checks it. The operating system
// reads the pages when they are used; the file must not be shortened meanwhile.
func Open(path string) (*File, error) {
	f, err := open(path)
	if err != nil {
		return nil, fmt.Errorf("open model file %s: %w", path, err)
	}
	return f, nil
}

func open(path string) (_ *File, err error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("it is not a regular file: %w", ErrFormat)
	}
	if info.Size() == 0 { // which cannot be mapped
		return nil, fmt.Errorf("it is empty: %w", ErrTruncated)
	}
	mapping, err := mmap.Map(file, mmap.RDONLY, 0)
	if err != nil {
		return nil, fmt.Errorf("map into memory: %w", err)
	}
	f, err := Parse(mapping)
	if err != nil {
		return nil, errors.Join(err, mapping.Unmap())
	}
	f.mapping = mapping
	return f, nil
}

// Close unmaps an opened file. It empties Metadata and Tensors; the Data of a
// tensor must not be used any more, by nobody. A second Close does nothing.
func (f *File) Close() error {
	clear(f.Metadata.values)
	f.Tensors, f.index = nil, nil
	if f.mapping == nil {
		return nil
	}
	mapping := f.mapping
	f.mapping = nil
	if err := mapping.Unmap(); err != nil {
		return fmt.Errorf("unmap model file: %w", err)
	}
	return nil
}

// Tensor finds a tensor by its name.
func (f *File) Tensor(name string) (Tensor, bool) {
	i, ok := f.index[name]
	if !ok {
		return Tensor{}, false
	}
	return f.Tensors[i], true
}
