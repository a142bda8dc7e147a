package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// Transcript is a whole conversation to be brought in. Its messages have numbers of its
// own, from 1 in their order: a Parent is the number of an earlier one.
type Transcript struct {
	Conversation Conversation // Title, Created and Updated count
	Preset       string       // the name of the one that it went by; it does again where there is one of that name
	Messages     []Message    // Shown counts as given
}

// AddTranscripts adds conversations with all their messages, all of them or none, and
// returns how many are new: one with the title and the time of one that is there, deleted
// or not, was brought in before and is left out.
func (s *Store) AddTranscripts(ctx context.Context, all []Transcript) (added int, err error) {
	err = s.update(ctx, "add conversations", func(tx *sql.Tx) error {
		for _, t := range all {
			is, err := s.addTranscript(ctx, tx, t)
			if err != nil {
				return fmt.Errorf("%q: %w", t.Conversation.Title, err)
			}
			if is {
				added++
			}
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	return added, nil
}

// addTranscript adds one and says whether it is new.
func (s *Store) addTranscript(ctx context.Context, tx *sql.Tx, t Transcript) (bool, error) {
	c := t.Conversation
	c.Created = s.stamp(c.Created)
	if c.Updated.Before(c.Created) {
		c.Updated = c.Created
	}
	if err := checkTexts(c.Title); err != nil {
		return false, err
	}
	err := tx.QueryRowContext(ctx, `INSERT INTO conversations (user, title, created, updated)
		SELECT ?1, ?2, ?3, ?4 WHERE NOT EXISTS (SELECT 1 FROM conversations WHERE user = ?1 AND title = ?2 AND created = ?3) RETURNING id`,
		s.user, c.Title, timeValue(c.Created), timeValue(c.Updated)).Scan(&c.ID)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if t.Preset != "" {
		if _, err := tx.ExecContext(ctx, `INSERT INTO conversation_presets (user, conversation, preset)
			SELECT user, ?, id FROM presets WHERE user = ? AND name = ? COLLATE NOCASE AND deleted IS NULL`, c.ID, s.user, t.Preset); err != nil {
			return false, err
		}
	}
	ids := make([]int64, len(t.Messages)+1) // by the transcript's numbers
	for i, m := range t.Messages {
		if m.Parent < 0 || m.Parent > int64(i) {
			return false, fmt.Errorf("%w: message %d follows message %d", ErrInvalid, i+1, m.Parent)
		}
		if err := checkTexts(m.Text, m.Source, m.Preset); err != nil {
			return false, err
		}
		if m.Created.IsZero() {
			m.Created = c.Created
		}
		err := tx.QueryRowContext(ctx, `INSERT INTO messages (user, conversation, parent, shown, role, text, created, finish, tokens, seconds, source, preset)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, 0, ?, ?) RETURNING id`,
			s.user, c.ID, idValue(ids[m.Parent]), m.Shown, m.Role, m.Text, timeValue(s.stamp(m.Created)), m.Finish, m.Source, m.Preset).Scan(&ids[i+1])
		if err != nil {
			return false, err
		}
	}
	return true, nil
}
