package main

import (
	"errors"
	"fmt"
	"os"
	"sync"
)

// maxLog is the size from which on a new log is begun; the one before is kept.
const maxLog = 4 << 20

// logFile is the log of a program that may run for months. Safe for concurrent use.
type logFile struct {
	path string

	mu     sync.Mutex
	file   *os.File // nil: closed, or it could not be opened anew
	size   int64
	closed bool
}

func openLogFile(path string) (*logFile, error) {
	l := &logFile{path: path}
	if err := l.open(); err != nil {
		return nil, fmt.Errorf("open the log: %w", err)
	}
	return l, nil
}

func (l *logFile) open() error {
	f, err := os.OpenFile(l.path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	info, err := f.Stat()
	if err != nil {
		return errors.Join(err, f.Close())
	}
	l.file, l.size = f, info.Size()
	return nil
}

// Write implements io.Writer. It begins a new log where the old one is long; if that cannot be put
// aside, it grows on. One that cannot be opened anew, as while a program has too many files open, is
// tried again at the next line.
func (l *logFile) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return 0, fmt.Errorf("write to the log: %w", os.ErrClosed)
	}
	var aside error
	if l.file != nil && l.size > maxLog {
		aside = l.file.Close() // Windows renames no open file
		l.file = nil
		aside = errors.Join(aside, os.Rename(l.path, l.path+".1"))
	}
	if l.file == nil {
		if err := l.open(); err != nil {
			return 0, fmt.Errorf("begin a new log: %w", errors.Join(aside, err))
		}
	}
	n, err := l.file.Write(p)
	l.size += int64(n)
	return n, err
}

// Close implements io.Closer.
func (l *logFile) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	if l.file == nil {
		return nil
	}
	err := l.file.Close()
	l.file = nil
	return err
}
