package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"time"
)

// doorName is the socket of a data folder at which a second start knocks. It is a file:
// nothing listens on the network.
const doorName = "window.sock"

// knockTime is how long a second start waits for the first one's window.
const knockTime = 2 * time.Second

// acceptAgain is how long the door rests after a knock that could not be let in.
const acceptAgain = 250 * time.Millisecond

// longestPath is more than any system lets a path have.
const longestPath = 64 << 10

// knock asks the window that works on a data folder to come to the front and to take a
// model file, "" for none; it waits until it has been heard.
func knock(ctx context.Context, home, file string) error {
	ctx, cancel := context.WithTimeout(ctx, knockTime)
	defer cancel()
	c, err := (&net.Dialer{}).DialContext(ctx, "unix", filepath.Join(home, doorName))
	if err != nil {
		return fmt.Errorf("knock at the window that is open: %w", err)
	}
	defer c.Close()
	if deadline, ok := ctx.Deadline(); ok {
		if err := c.SetDeadline(deadline); err != nil {
			return fmt.Errorf("knock at the window that is open: %w", err)
		}
	}
	letForward()
	if _, err := io.WriteString(c, file); err != nil {
		return fmt.Errorf("tell the window that is open of %q: %w", file, err)
	}
	if end, ok := c.(*net.UnixConn); ok {
		if err := end.CloseWrite(); err != nil {
			return fmt.Errorf("tell the window that is open of %q: %w", file, err)
		}
	}
	if _, err := c.Read(make([]byte, 1)); err != nil {
		return fmt.Errorf("wait for the window that is open: %w", err)
	}
	return nil
}

// door is where the first start hears the others.
type door struct {
	listener net.Listener
	knocks   chan string // holds one knock, with the file or ""; closed by close
	closing  chan struct{}
	done     chan struct{}
}

// openDoor listens in a data folder that this process has locked: a socket that lies there
// is that of a run that was killed.
func openDoor(home string) (*door, error) {
	path := filepath.Join(home, doorName)
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("remove the socket of the run before: %w", err)
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, fmt.Errorf("listen for further starts: %w", err) // as where the path is too long for a socket
	}
	return newDoor(l), nil
}

func newDoor(l net.Listener) *door {
	d := &door{listener: l, knocks: make(chan string, 1), closing: make(chan struct{}), done: make(chan struct{})}
	go d.listen()
	return d
}

func (d *door) listen() {
	defer close(d.done)
	for {
		c, err := d.listener.Accept()
		if err != nil { // as without a file descriptor left, which passes
			select {
			case <-d.closing:
				return
			case <-time.After(acceptAgain):
				continue
			}
		}
		_ = c.SetDeadline(time.Now().Add(knockTime))
		file, err := io.ReadAll(io.LimitReader(c, longestPath))
		if err == nil {
			d.hear(string(file))
			_, _ = c.Write([]byte{1}) // whoever knocked and went away misses nothing
		}
		_ = c.Close()
	}
}

// hear keeps one knock that is not answered yet for all; the latest file is the one that is
// meant. Only listen calls it.
func (d *door) hear(file string) {
	select {
	case d.knocks <- file:
		return
	default:
	}
	if file == "" {
		return
	}
	select {
	case <-d.knocks:
	default: // it was answered just now
	}
	d.knocks <- file
}

// close ends listening and removes the socket. It is safe on a nil door.
func (d *door) close() error {
	if d == nil {
		return nil
	}
	close(d.closing)
	err := d.listener.Close()
	<-d.done
	close(d.knocks)
	return err
}

// heard are the knocks, each with its file, nil without a door.
func (d *door) heard() <-chan string {
	if d == nil {
		return nil
	}
	return d.knocks
}
