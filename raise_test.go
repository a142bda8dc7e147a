package main

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"testing"
)

func TestSecondStartKnocksAtTheFirst(t *testing.T) {
	home := t.TempDir()
	if err := knock(t.Context(), home, ""); err == nil {
		t.Error("somebody heard a knock at an empty folder")
	}
	if err := os.WriteFile(filepath.Join(home, doorName), nil, 0o600); err != nil { // as of a run that was killed
		t.Fatal(err)
	}
	d, err := openDoor(home)
	if err != nil {
		t.Fatal(err)
	}
	for range 3 { // further ones while nobody has come yet are one
		if err := knock(t.Context(), home, ""); err != nil {
			t.Fatal(err)
		}
	}
	if file := <-d.heard(); file != "" {
		t.Errorf("a knock without a file brings %q", file)
	}
	for _, file := range []string{"", "/models/a.gguf", "/models/b with\na break.gguf", ""} {
		if err := knock(t.Context(), home, file); err != nil {
			t.Fatal(err)
		}
	}
	if file := <-d.heard(); file != "/models/b with\na break.gguf" {
		t.Errorf("of several files that were opened the last counts, not %q", file)
	}
	if err := d.close(); err != nil {
		t.Fatal(err)
	}
	if _, more := <-d.heard(); more {
		t.Error("one coming answered one knock, more were kept")
	}
	if err := knock(t.Context(), home, ""); err == nil {
		t.Error("somebody heard a knock at a closed door")
	}
	if _, err := os.Stat(filepath.Join(home, doorName)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the socket is left: %v", err)
	}
	var none *door
	if none.heard() != nil || none.close() != nil {
		t.Error("a door that is none is heard")
	}
}

// lame is a listener that lets nobody in at first, as a process without a file descriptor left.
type lame struct {
	net.Listener
	fails atomic.Int32
}

func (l *lame) Accept() (net.Conn, error) {
	if l.fails.Add(-1) >= 0 {
		return nil, syscall.EMFILE
	}
	return l.Listener.Accept()
}

// One knock that could not be let in does not end the listening, which ends at once when it is to.
func TestADoorListensAgain(t *testing.T) {
	home := t.TempDir()
	l, err := net.Listen("unix", filepath.Join(home, doorName))
	if err != nil {
		t.Fatal(err)
	}
	lame := &lame{Listener: l}
	lame.fails.Store(2)
	d := newDoor(lame)
	if err := knock(t.Context(), home, "/models/a.gguf"); err != nil {
		t.Error(err)
	} else if file := <-d.heard(); file != "/models/a.gguf" {
		t.Errorf("it brings %q", file)
	}
	if err := d.close(); err != nil {
		t.Error(err)
	}
}
