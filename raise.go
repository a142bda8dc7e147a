package main

import (
	"context"
	"errors"
	"fmt"
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

// knock asks the window that works on a data folder to come to the front, and waits until
// it has heard.
func knock(ctx context.Context, home string) error {
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
	if _, err := c.Read(make([]byte, 1)); err != nil {
		return fmt.Errorf("wait for the window that is open: %w", err)
	}
	return nil
}

// door is where the first start hears the others.
type door struct {
	listener net.Listener
	knocks   chan struct{} // holds one knock; closed by close
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
	d := &door{listener: l, knocks: make(chan struct{}, 1), done: make(chan struct{})}
	go d.listen()
	return d, nil
}

func (d *door) listen() {
	defer close(d.done)
	for {
		c, err := d.listener.Accept()
		if err != nil {
			return
		}
		select {
		case d.knocks <- struct{}{}:
		default: // one that is not answered yet stands for all
		}
		_, _ = c.Write([]byte{1}) // whoever knocked and went away misses nothing
		_ = c.Close()
	}
}

// close ends listening and removes the socket. It is safe on a nil door.
func (d *door) close() error {
	if d == nil {
		return nil
	}
	err := d.listener.Close()
	<-d.done
	close(d.knocks)
	return err
}

// heard are the knocks, nil without a door.
func (d *door) heard() <-chan struct{} {
	if d == nil {
		return nil
	}
	return d.knocks
}
