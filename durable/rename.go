// Package durable puts names on disk so that they are there after a power failure, and in spite of
// other programs that look at what was just written.
package durable

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"time"
)

// Rename gives a file or a folder, whose content is on disk, another name in its own folder, in the
// place of the file that has it. The new name is on disk when it returns.
func Rename(from, to string) error {
	if err := rename(from, to, heldByOther); err != nil {
		return err
	}
	return SyncFolder(filepath.Dir(to))
}

// renameTime is how long a rename is tried again while another program has the file open.
const renameTime = 2 * time.Second

// rename is os.Rename, which on Windows fails while a virus scanner or an indexer looks at
// what was just written: held tells such errors.
func rename(from, to string, held func(error) bool) error {
	for end := time.Now().Add(renameTime); ; time.Sleep(20 * time.Millisecond) {
		if err := os.Rename(from, to); err == nil || !held(err) || time.Now().After(end) {
			return err
		}
	}
}

// heldByOther says whether an error may be that another program has the file open.
func heldByOther(err error) bool {
	const accessDenied, sharingViolation = syscall.Errno(5), syscall.Errno(32) // of Windows
	return runtime.GOOS == "windows" && (errors.Is(err, accessDenied) || errors.Is(err, sharingViolation))
}

// SyncFolder writes a folder's names to disk. Windows cannot flush a folder and
// keeps renames in NTFS's journal.
func SyncFolder(path string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
