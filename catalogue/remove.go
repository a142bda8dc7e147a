package catalogue

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"clara/model"
	"clara/trainer"
)

// Remove deletes a model file that Fetch or Add brought into the data folder home, with its
// reader: by its name, that of its file, or its path. inUse has the paths of the models that
// answer or would; it is asked again after the file was read, which takes minutes. Errors that
// a person can do something about are [*trainer.UserError]s.
func Remove(ctx context.Context, home, named string, inUse func() []string) (Offer, error) {
	all, err := List(home, "", 0, -1)
	if err != nil {
		return Offer{}, err
	}
	at := slices.IndexFunc(all, func(o Offer) bool {
		return o.Path != "" && (strings.EqualFold(o.Name, named) || strings.EqualFold(o.File, named) || o.Path == named)
	})
	if at < 0 {
		return Offer{}, &trainer.UserError{Reason: trainer.Reason{
			Code: CodeUnknown, Args: map[string]string{"name": named, "names": ""}, Text: fmt.Sprintf("no model %q is here", named),
		}, Err: fs.ErrNotExist}
	}
	o := all[at]
	used := func() error {
		if !slices.ContainsFunc(inUse(), func(path string) bool { return sameFile(o.Path, path) }) {
			return nil
		}
		return &trainer.UserError{Reason: trainer.Reason{
			Code: CodeInUse, Args: map[string]string{"name": o.Name}, Text: o.Name + " is in use; choose another model first",
		}}
	}
	if err := used(); err != nil {
		return o, err
	}
	if filepath.Dir(o.Path) != Folder(home) {
		return o, &trainer.UserError{Reason: trainer.Reason{
			Code: CodeForeign, Args: map[string]string{"file": o.Path}, Text: o.Path + " was not fetched by CLARA and stays where it is",
		}}
	}
	hash, err := model.HashFile(ctx, o.Path)
	if err != nil {
		return o, fmt.Errorf("remove model: %w", err)
	}
	if err := used(); err != nil { // it was chosen meanwhile
		return o, err
	}
	if err := os.Remove(o.Path); err != nil {
		return o, fmt.Errorf("remove model: %w", err)
	}
	if len(Unread(home)) > 0 {
		return o, nil // a file that is not seen may have the same content
	}
	// Another file may have the same content, and wants the reader.
	for _, other := range all {
		if other.Path == "" || other.Path == o.Path || other.Bytes != o.Bytes {
			continue
		}
		h, err := model.HashFile(ctx, other.Path)
		if errors.Is(err, fs.ErrNotExist) {
			continue // another name of what is gone
		}
		if err != nil || h == hash {
			return o, err
		}
	}
	return o, trainer.RemoveReader(home, hash)
}

// sameFile says whether two paths lead to one file.
func sameFile(a, b string) bool {
	x, err := os.Stat(a)
	if err != nil {
		return false
	}
	y, err := os.Stat(b)
	return err == nil && os.SameFile(x, y)
}
