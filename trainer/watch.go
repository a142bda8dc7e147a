package trainer

import (
	"context"
	"maps"
	"slices"
	"sync"
)

// newsKept bounds what a watcher that does not read is told afterwards.
const newsKept = 64

// hub holds the state and tells its watchers. It is safe for concurrent use.
type hub struct {
	mu       sync.Mutex
	state    State
	watchers map[*watcher]struct{}
}

// watcher is one reader's mailbox: at most one event waits in it, and an event that
// comes before that one is read is merged into it.
type watcher struct {
	box chan Event
}

func newHub() *hub { return &hub{watchers: make(map[*watcher]struct{})} }

// get returns a copy of the state.
func (h *hub) get() State {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.state.clone()
}

// update changes the state and tells the watchers, with the news.
func (h *hub) update(change func(*State), news ...News) {
	h.mu.Lock()
	defer h.mu.Unlock()
	change(&h.state)
	for w := range h.watchers {
		w.post(Event{State: h.state.clone(), News: slices.Clone(news)})
	}
}

// post never blocks. It is called under hub.mu, so nobody else posts meanwhile.
func (w *watcher) post(e Event) {
	select {
	case unread := <-w.box:
		e.News = append(unread.News, e.News...)
		e.News = e.News[max(0, len(e.News)-newsKept):]
	default:
	}
	w.box <- e
}

// watch delivers the state and its changes until ctx ends.
func (h *hub) watch(ctx context.Context) <-chan Event {
	w := &watcher{box: make(chan Event, 1)}
	h.mu.Lock()
	h.watchers[w] = struct{}{}
	w.post(Event{State: h.state.clone()})
	h.mu.Unlock()
	context.AfterFunc(ctx, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(h.watchers, w)
		close(w.box)
	})
	return w.box
}

// clone copies what the next change would change in place.
func (s State) clone() State {
	s.Buffer.Dropped = maps.Clone(s.Buffer.Dropped)
	s.Progress.Losses = slices.Clone(s.Progress.Losses)
	if s.Trouble != nil {
		trouble := *s.Trouble
		s.Trouble = &trouble
	}
	if s.Last != nil {
		last := *s.Last
		s.Last = &last
	}
	return s
}

// Watch delivers first the whole state, then every change of it, until ctx ends;
// then the channel is closed. A reader that is slow gets the latest state with all
// the news since its last event (at most the last 64).
func (t *Trainer) Watch(ctx context.Context) <-chan Event { return t.hub.watch(ctx) }

// State is the present state.
func (t *Trainer) State() State { return t.hub.get() }
