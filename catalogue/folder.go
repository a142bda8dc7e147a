package catalogue

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"github.com/gofrs/flock"
	"github.com/shirou/gopsutil/v4/disk"

	"clara/durable"
	"clara/trainer"
)

// lockModels makes the folder for models, and makes sure that nothing else puts one there.
func lockModels(folder string) (*flock.Flock, error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, fmt.Errorf("make the folder for models: %w", err)
	}
	lock := flock.New(filepath.Join(folder, ".download"))
	free, err := lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("lock the folder for models: %w", err)
	}
	if !free {
		return nil, &trainer.UserError{Reason: trainer.Reason{
			Code: CodeBusy, Args: map[string]string{"folder": folder}, Text: "another model is being brought into " + folder,
		}}
	}
	return lock, nil
}

// existing says that a name is taken.
func existing(target string) error {
	return &trainer.UserError{Reason: trainer.Reason{
		Code: CodeExists, Args: map[string]string{"file": target}, Text: "there is a file already at " + target,
	}}
}

// Reserve is how many bytes have to stay free on the disk: feedback, a version and the log
// must still find room.
const Reserve = 256 << 20

// FreeDisk is how many bytes are free on the disk of a folder.
func FreeDisk(folder string) (int64, error) {
	u, err := disk.Usage(folder)
	if err != nil {
		return 0, fmt.Errorf("ask for the free space of %s: %w", folder, err)
	}
	return int64(min(u.Free, 1<<62)), nil
}

// notTaken says an error of the disk, which was to take so many bytes more; a full one by how
// much is missing.
func notTaken(target string, more int64, free func(folder string) (int64, error), err error) error {
	folder := filepath.Dir(target)
	if left, e := free(folder); e == nil && left < Reserve {
		return noRoom(folder, more+Reserve-left)
	}
	return &trainer.UserError{Reason: trainer.Reason{
		Code: CodeDisk, Args: map[string]string{"file": target, "error": err.Error()}, Text: "the disk does not take the file: " + err.Error(),
	}, Err: err}
}

// noRoom says how much room is missing.
func noRoom(folder string, missing int64) error {
	return &trainer.UserError{Reason: trainer.Reason{
		Code: CodeSpace, Args: map[string]string{"missingBytes": strconv.FormatInt(missing, 10), "folder": folder},
		Text: fmt.Sprintf("%s more have to be free in %s", sizeWords(missing), folder),
	}}
}

// sizeWords writes bytes for a sentence in English; the faces write their own.
func sizeWords(n int64) string {
	if n >= 1e9 {
		return fmt.Sprintf("%.1f GB", float64(n)/1e9)
	}
	return fmt.Sprintf("%.0f MB", float64(n)/1e6)
}

// settle closes a file that is whole and gives it its name, so that it is there after a
// power cut, too.
func settle(f *os.File, target string) error {
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return err
	}
	return durable.Rename(f.Name(), target)
}
