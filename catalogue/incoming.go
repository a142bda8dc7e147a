package catalogue

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"clara/model"
)

// incoming is a model that is about to be added.
type incoming struct {
	name  string // of the file to be
	size  int64
	write func(ctx context.Context, w io.Writer, done func(int64)) error
	close func() error
}

// open looks at what is to be added, and refuses what could not be loaded.
func (a adder) open(path string, info os.FileInfo) (incoming, error) {
	if root := modelFolder(path, info); root != "" {
		f, err := model.OpenFolder(root, a.exact)
		if err != nil {
			return incoming{}, err
		}
		size, err := f.Size()
		if err != nil {
			return incoming{}, errors.Join(err, f.Close())
		}
		return incoming{name: modelFileName(f.Name), size: size, write: f.Write, close: f.Close}, nil
	}
	if _, err := model.ReadOutline(path); err != nil {
		return incoming{}, err
	}
	f, err := os.Open(path)
	if err != nil {
		return incoming{}, err
	}
	base := filepath.Base(path)
	return incoming{
		name: modelFileName(strings.TrimSuffix(base, filepath.Ext(base))), size: info.Size(), close: f.Close,
		write: func(ctx context.Context, w io.Writer, done func(int64)) error { return copyFile(ctx, w, f, done) },
	}, nil
}

// modelFolder is the folder of Hugging Face that a path means: itself, or that of one of its
// files, which is what a person can choose in a dialog for files. "": it is another file.
func modelFolder(path string, info os.FileInfo) string {
	switch {
	case info.IsDir():
		return path
	case strings.EqualFold(filepath.Ext(path), ".safetensors"), filepath.Base(path) == "config.json":
		return filepath.Dir(path)
	}
	return ""
}

// copyFile copies piece by piece, until ctx ends.
func copyFile(ctx context.Context, w io.Writer, r io.Reader, done func(int64)) error {
	buf, all := make([]byte, 1<<20), int64(0)
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, err := r.Read(buf)
		if n > 0 {
			if _, err := w.Write(buf[:n]); err != nil {
				return err
			}
			all += int64(n)
			done(all)
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// unfit are the characters that a file's name does not get: see modelFileName.
var unfit = regexp.MustCompile(`[^0-9A-Za-z._-]+`)

// device is the name of a device on Windows, with any ending too.
var device = regexp.MustCompile(`(?i)^(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|$)`)

// modelFileName makes a name for a model's file, good on every file system.
func modelFileName(name string) string {
	name = strings.Trim(unfit.ReplaceAllString(name, "-"), "._-")
	if name = name[:min(len(name), 190)]; name == "" {
		name = "model"
	}
	if device.MatchString(name) {
		name = "model-" + name
	}
	return name + ".gguf"
}
