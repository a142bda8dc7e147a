package trainer

import (
	"slices"
	"sync"
	"time"
)

// Slot lets one of several trainers over one model work in the background at a time, in
// the order in which they ask: two cycles side by side would each take twice as long and
// together twice the memory. The zero value is free. Safe for concurrent use.
type Slot struct {
	mu      sync.Mutex
	taken   bool
	waiting []chan struct{} // wake the loops that ask for it, the first first
}

// take takes the slot if it is free and nobody asked for it before. Otherwise woken is
// sent to as soon as it is this one's: then take has to be called again, or leave.
func (s *Slot) take(woken chan struct{}) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.taken || len(s.waiting) > 0 && s.waiting[0] != woken {
		if !slices.Contains(s.waiting, woken) {
			s.waiting = append(s.waiting, woken)
		}
		return false
	}
	s.taken = true
	s.waiting = slices.DeleteFunc(s.waiting, func(c chan struct{}) bool { return c == woken })
	return true
}

// give gives back what take took.
func (s *Slot) give() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.taken = false
	s.call()
}

// leave says that who is woken by woken does not ask for the slot, or no longer.
func (s *Slot) leave(woken chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if slices.Contains(s.waiting, woken) {
		s.waiting = slices.DeleteFunc(s.waiting, func(c chan struct{}) bool { return c == woken })
		s.call()
	}
}

// call wakes whose turn it is. The caller holds mu.
func (s *Slot) call() {
	if !s.taken && len(s.waiting) > 0 {
		wake(s.waiting[0])
	}
}

// myTurn says whether work may start now; if not, it shows for what it waits.
func (l *loop) myTurn() bool {
	l.asksTurn = true
	if l.slot.take(l.changed) {
		return true
	}
	l.enter(PhaseWaiting, reason(CodeOthersTurn, "the training of another user runs; this one waits for its turn"), time.Time{})
	return false
}
