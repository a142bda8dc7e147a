package server

import (
	"fmt"
	"io/fs"
	"net/http"
	"syscall"
	"testing"

	"clara/trainer"
)

// A full disk is named to the client whatever was to be written: feedback, a version, a file.
func TestAFullDiskIsNamed(t *testing.T) {
	for _, err := range []error{
		&trainer.UserError{Reason: trainer.Reason{Code: trainer.CodeDiskFull}, Err: trainer.ErrFull},
		fmt.Errorf("restore version 2: %w", trainer.ErrFull),
		fmt.Errorf("save the version: %w", &fs.PathError{Op: "write", Path: "adapter", Err: syscall.ENOSPC}),
	} {
		if p := problemOf(err); p.Status != http.StatusInsufficientStorage || p.Detail != "the disk is full: nothing was saved" {
			t.Errorf("%v is %+v", err, p)
		}
	}
}

// A version whose files are not what they were is no failure of the server: another one can be chosen.
func TestAVersionThatCannotBeUsedIsNamed(t *testing.T) {
	err := &trainer.UserError{Reason: trainer.Reason{Code: trainer.CodeVersionDamaged, Text: "the files of version 2 are missing, damaged or changed"}}
	if p := problemOf(fmt.Errorf("activate version 5: %w", err)); p.Status != http.StatusConflict || p.Detail != err.Reason.Text || p.Next == "" || p.Code != trainer.CodeVersionDamaged {
		t.Errorf("it is %+v", p)
	}
}

// Data that another program has in use are not lost: the client may try again, and the log alone
// has their path.
func TestDataInUseAreNamed(t *testing.T) {
	err := &trainer.UserError{Reason: trainer.Reason{Code: trainer.CodeLocked, Text: "another CLARA works in /home/x"}}
	if p := problemOf(fmt.Errorf("open the data of user %q: %w", "anna", err)); p.Status != http.StatusServiceUnavailable || p.after == 0 || p.Detail != "another program has this user's data in use" {
		t.Errorf("it is %+v", p)
	}
}
