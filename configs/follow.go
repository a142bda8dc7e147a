package configs

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"time"
)

// FollowEvery is how often Follow looks at the file.
const FollowEvery = 2 * time.Second

// stamp tells a file from what it was before.
type stamp struct {
	at   time.Time
	size int64
}

func stampOf(path string) (stamp, bool) {
	info, err := os.Stat(path)
	if err != nil {
		return stamp{}, false
	}
	return stamp{info.ModTime(), info.Size()}, true
}

// Follow tells of each change of the file that someone made since Load first read it, or from now
// on where it did not, until ctx ends: the settings, or why they cannot be read; then those of
// before are still in force. A model may have been loaded since, which takes long. It looks at the
// file's time and size every FollowEvery, so that it also sees what an editor put in its place. A
// file that is gone for a moment is waited for. It calls changed from its own goroutine, the
// caller's.
func (f *File) Follow(ctx context.Context, changed func(Settings, error)) {
	f.mu.Lock()
	last := f.read
	f.mu.Unlock()
	if last == (stamp{}) {
		last, _ = stampOf(f.path)
	}
	before := last // of the look before: a file that is being written is left until it rests
	tick := time.NewTicker(FollowEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		now, there := stampOf(f.path)
		rests := now == before
		before = now
		if !there || !rests || now == last {
			continue
		}
		s, err := f.Load()
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		last = now
		changed(s, err)
	}
}
