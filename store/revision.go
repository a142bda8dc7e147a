package store

import (
	"context"
	"database/sql"
	"sync"
)

// revisions counts the changes of each user's samples and lessons.
type revisions struct {
	mu sync.Mutex
	of map[string]uint64
}

// Revision is another number after each change of the user's samples and lessons, but for
// those that AddFeedback adds and that replace none. So what was read after Revision stands
// as long as that is the same, and SampleQuery.After and LessonsAfter give what has been added.
// It counts what this process does: no other one may write into the database meanwhile.
func (s *Store) Revision() uint64 {
	s.db.revisions.mu.Lock()
	defer s.db.revisions.mu.Unlock()
	return s.db.revisions.of[s.user]
}

// revise is update of samples or lessons that may have been read.
func (s *Store) revise(ctx context.Context, what string, f func(tx *sql.Tx) error) error {
	err := s.update(ctx, what, f)
	s.db.revisions.mu.Lock() // only now: what was read before the end of the transaction is stale
	defer s.db.revisions.mu.Unlock()
	s.db.revisions.of[s.user]++
	return err
}
