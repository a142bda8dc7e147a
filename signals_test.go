package main

import (
	"os"
	"os/signal"
	"runtime"
	"syscall"
	"testing"
)

// As Fyne does, somebody waits for signals already when the window is drawn. The program has to be what hears them.
func TestSignalsAreTakenFromWhoeverElseWaits(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows cannot send a signal to the program alone")
	}
	theirs := make(chan os.Signal, 1)
	signal.Notify(theirs, endSignals...)
	defer signal.Stop(theirs)
	ended := takeSignals(t.Context())
	self, err := os.FindProcess(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	if err := self.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	<-ended.Done()
	select {
	case <-theirs:
		t.Error("somebody else heard the signal too")
	default:
	}
}
