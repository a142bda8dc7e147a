package catalogue

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"clara/trainer"
)

// BuiltIn is the model that ships with the program; it goes first in its folder.
const BuiltIn = "SmolLM2-135M-Instruct.Q4_1.gguf"

// FoldersVariable names a folder, or several, to look for models in.
const FoldersVariable = "CLARA_MODELS"

// Searched are the places where models lie, in the order in which they are
// looked at: the folders of CLARA_MODELS, those beside the executable, the
// user's data folder.
func Searched(home string) []string {
	var folders []string
	for _, f := range filepath.SplitList(os.Getenv(FoldersVariable)) {
		if f != "" {
			folders = append(folders, f)
		}
	}
	if exe, err := os.Executable(); err == nil {
		if target, err := filepath.EvalSymlinks(exe); err == nil {
			exe = target
		}
		beside := filepath.Dir(exe)
		// In a checkout the program is bin/clara and the models are in models.
		folders = append(folders, beside, filepath.Join(beside, "models"), filepath.Join(filepath.Dir(beside), "models"))
	}
	return append(folders, Folder(home))
}

// Folder is where models are brought to in the data folder home.
func Folder(home string) string { return filepath.Join(home, "models") }

// filesIn lists the GGUF files in folders: folder after folder, the built-in
// model first, then by name. A folder that is not there holds none; one that cannot be read,
// as macOS may keep it from a program, hides what is in the others as little, and is one of
// the errors beside them.
func filesIn(folders []string) (files []string, unread []error) {
	for _, folder := range folders {
		entries, err := os.ReadDir(folder)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			unread = append(unread, fmt.Errorf("look for models: %w", err))
			continue
		}
		var names []string
		for _, e := range entries {
			if !e.IsDir() && strings.EqualFold(filepath.Ext(e.Name()), ".gguf") {
				names = append(names, e.Name())
			}
		}
		slices.SortStableFunc(names, func(a, b string) int {
			switch {
			case a == BuiltIn:
				return -1
			case b == BuiltIn:
				return 1
			}
			return strings.Compare(a, b)
		})
		for _, n := range names {
			if file := filepath.Join(folder, n); !slices.Contains(files, file) {
				files = append(files, file)
			}
		}
	}
	return files, unread
}

// Unread says which of the places where models lie cannot be read. A model there would perhaps go
// before those that are found.
func Unread(home string) []error {
	_, unread := filesIn(Searched(home))
	return unread
}

// Find decides which model file is opened: the one that was asked for
// (flag before settings), else the first in the folders. Where there is none the
// error is a [*trainer.UserError] that wraps [fs.ErrNotExist].
func Find(asked, home string) (string, error) {
	if asked != "" {
		if _, err := os.Stat(asked); err != nil {
			return "", noModel(asked, err)
		}
		return asked, nil
	}
	folders := Searched(home)
	files, unread := filesIn(folders)
	if len(files) > 0 {
		return files[0], nil
	}
	err := errors.Join(unread...)
	if err == nil {
		err = fs.ErrNotExist
	}
	return "", noModel(strings.Join(folders, ", "), err)
}

func noModel(where string, err error) error {
	return &trainer.UserError{
		Reason: trainer.Reason{
			Code: CodeNoFile,
			Args: map[string]string{"where": where},
			Text: fmt.Sprintf("no model found at %s", where),
		},
		Err: err,
	}
}
