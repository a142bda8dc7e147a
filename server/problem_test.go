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
