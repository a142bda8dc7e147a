package server

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// 64 streams at a time, of two users: each is whole, and says what it says alone.
// CLARA_STREAMS is for how long (5m); memory must not grow then.
func TestManyStreams(t *testing.T) {
	h, tokens := opened(t, Limits{Burst: 10000, Rate: 10000}, "anna", "ben")
	const streams = 64
	lasts := 300 * time.Millisecond
	if long := os.Getenv("CLARA_STREAMS"); long != "" {
		var err error
		if lasts, err = time.ParseDuration(long); err != nil {
			t.Fatal(err)
		}
	}
	alone := make([]string, streams)
	question := func(i int) map[string]any {
		return ask(fmt.Sprintf("Question %d of %d?", i, i%7), "temperature", 0, "max_tokens", 8+i%9, "stream", true)
	}
	token := func(i int) string { return tokens[[]string{"anna", "ben"}[i%2]] }
	for i := range alone {
		s, err := h.stream(t.Context(), token(i), "/v1/chat/completions", question(i))
		if err != nil || !s.done {
			t.Fatal(s, err)
		}
		alone[i] = s.text
	}
	var all sync.WaitGroup
	var given, broken, mixed atomic.Int64
	first := memoryOf(t)
	began := time.Now()
	var each [streams]atomic.Int64
	var over atomic.Bool
	for i := range streams {
		all.Go(func() {
			for again := true; again; again = !over.Load() {
				s, err := h.stream(t.Context(), token(i), "/v1/chat/completions", question(i))
				given.Add(1)
				each[i].Add(1)
				switch {
				case err != nil || !s.done:
					broken.Add(1)
					t.Errorf("stream %d ends with %v, %q after %q", i, err, s.failed, s.text)
				case s.text != alone[i]:
					mixed.Add(1)
					t.Errorf("stream %d says %q, alone %q", i, s.text, alone[i])
				}
			}
		})
	}
	defer func() { // also where nothing was waited for
		over.Store(true)
		all.Wait()
	}()
	if lasts < time.Minute {
		time.Sleep(lasts)
		return
	}
	time.Sleep(lasts / 2)
	for i := range each { // until each has had some, what they need once grows: over one core it was 176 MB after 500 streams, 223 after 2,000
		waitFor(t, func() bool { return each[i].Load() > 2 })
	}
	early := memoryOf(t)
	time.Sleep(lasts / 2)
	late := memoryOf(t)
	over.Store(true)
	all.Wait()
	t.Logf("%d streams in %v: %d broken, %d mixed up; at the start %v, once each had some %v, at the end %v",
		given.Load(), time.Since(began).Round(time.Second), broken.Load(), mixed.Load(), first, early, late)
	if late.resident > early.resident*5/4 || late.live > early.live*5/4 {
		t.Errorf("memory grew from %v to %v", early, late)
	}
}

// memory is what a process holds, in bytes.
type memory struct {
	resident int64 // on and off the heap
	live     int64 // objects on the heap that are in use
}

func (m memory) String() string {
	return fmt.Sprintf("%d MB (%.1f MB of objects)", m.resident>>20, float64(m.live)/(1<<20))
}

func memoryOf(t *testing.T) memory {
	t.Helper()
	runtime.GC()
	var heap runtime.MemStats
	runtime.ReadMemStats(&heap)
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Skip("memory is looked at on Linux alone: ", err)
	}
	var size, resident int64
	if _, err := fmt.Sscan(string(text), &size, &resident); err != nil {
		t.Fatal(err)
	}
	return memory{resident * int64(os.Getpagesize()), int64(heap.HeapAlloc)}
}

// A client that leaves ends its answer; a stream that outlasts the server's end is cut,
// and says so; what was said is kept.
func TestStreamsEnd(t *testing.T) {
	h, _ := opened(t, Limits{Parallel: 1, Grace: time.Millisecond})
	long := ask("Tell me everything.", "max_tokens", 1900, "stream", true, "temperature", 0)
	ctx, cancel := context.WithCancel(t.Context())
	left := make(chan struct{})
	go func() {
		defer close(left)
		_, _ = h.stream(ctx, "", "/v1/chat/completions", long)
	}()
	tr := h.trainer("")
	waitFor(t, func() bool { return tr.State().Answering })
	cancel()
	<-left
	waitFor(t, func() bool { return !tr.State().Answering })

	cut := make(chan string)
	go func() {
		s, err := h.stream(t.Context(), "", "/v1/chat/completions", long)
		switch {
		case s.done:
			cut <- ""
		case err != nil: // before its first word
			cut <- err.Error()
		default:
			cut <- s.failed
		}
	}()
	waitFor(t, func() bool { return tr.State().Answering })
	ended := make(chan error)
	go func() { ended <- h.end() }()
	if why := <-cut; !strings.Contains(why, "the server ends") {
		t.Errorf("the stream ended with %q", why)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
