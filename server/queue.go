package server

import (
	"context"
	"errors"
	"sync"
)

// errFull says that a user has as many requests waiting as may wait.
var errFull = errors.New("the queue is full")

// queue lets so many answers be given at a time. Who waits is served in turn: one of
// each user, whoever has how many, and of one user the first first.
type queue struct {
	places int // that each user may have waiting

	mu      sync.Mutex
	free    int
	waiting map[string][]chan struct{}
	turns   []string // users who wait, the next one first
	held    int      // answers under way
	length  int      // of all that wait
}

func newQueue(parallel, places int) *queue {
	return &queue{places: places, free: parallel, waiting: make(map[string][]chan struct{})}
}

// enter waits for its turn. leave must be called once the answer is there. The error is
// errFull, or that of ctx.
func (q *queue) enter(ctx context.Context, user string) (leave func(), err error) {
	q.mu.Lock()
	if q.free > 0 {
		q.free--
		q.held++
		q.mu.Unlock()
		return sync.OnceFunc(q.leave), nil
	}
	line := q.waiting[user]
	if len(line) >= q.places {
		q.mu.Unlock()
		return nil, errFull
	}
	turn := make(chan struct{})
	if len(line) == 0 {
		q.turns = append(q.turns, user)
	}
	q.waiting[user] = append(line, turn)
	q.length++
	q.mu.Unlock()
	select {
	case <-turn:
		return sync.OnceFunc(q.leave), nil
	case <-ctx.Done():
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	for i, t := range q.waiting[user] {
		if t == turn {
			q.remove(user, i)
			return nil, ctx.Err()
		}
	}
	q.next() // its turn had come just then
	return nil, ctx.Err()
}

func (q *queue) leave() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.next()
}

// next gives the place of an answer that has ended to who is next. The caller holds mu.
func (q *queue) next() {
	q.held--
	if len(q.turns) == 0 {
		q.free++
		return
	}
	user := q.turns[0]
	turn := q.waiting[user][0]
	q.remove(user, 0)
	if len(q.waiting[user]) > 0 { // behind the others
		q.turns = append(q.turns[1:], user)
	}
	q.held++
	close(turn)
}

// remove takes one who waits out of the line. The caller holds mu.
func (q *queue) remove(user string, i int) {
	line := q.waiting[user]
	line = append(line[:i:i], line[i+1:]...)
	q.length--
	if len(line) > 0 {
		q.waiting[user] = line
		return
	}
	delete(q.waiting, user)
	for k, u := range q.turns {
		if u == user {
			q.turns = append(q.turns[:k:k], q.turns[k+1:]...)
			return
		}
	}
}

// state is how many answers are under way and how many wait.
func (q *queue) state() (held, waiting int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.held, q.length
}
