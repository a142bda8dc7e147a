package store

import (
	"context"
	"database/sql"
	"errors"
	"strconv"
	"time"
)

// Draft is text that the user has begun and not sent.
type Draft struct {
	Key     string // which field it is in: ConversationDraft, or a face's own naming
	Text    string
	Updated time.Time
}

// draftOfConversation begins the keys of the drafts of conversations.
const draftOfConversation = "conversation/"

// ConversationDraft is the key of the draft in a conversation, which goes with it when it is
// erased; 0 is one that is to be begun.
func ConversationDraft(conversation int64) string {
	return draftOfConversation + strconv.FormatInt(conversation, 10)
}

// SaveDraft keeps the text of a field; the empty text removes it.
func (s *Store) SaveDraft(ctx context.Context, key, text string) error {
	return s.update(ctx, "save draft", func(tx *sql.Tx) error {
		if err := checkTexts(key, text); err != nil {
			return err
		}
		if text == "" {
			_, err := tx.ExecContext(ctx, `DELETE FROM drafts WHERE user = ? AND key = ?`, s.user, key)
			return err
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO drafts (user, key, text, updated) VALUES (?, ?, ?, ?)
			ON CONFLICT DO UPDATE SET text = excluded.text, updated = excluded.updated`,
			s.user, key, text, s.present())
		return err
	})
}

// Draft returns the text kept for a field; the zero Draft if there is none.
func (s *Store) Draft(ctx context.Context, key string) (Draft, error) {
	d, err := one(ctx, s, "read draft", scanDraft, `SELECT key, text, updated FROM drafts WHERE user = ? AND key = ?`, s.user, key)
	if errors.Is(err, ErrNotFound) {
		return Draft{}, nil
	}
	return d, err
}

func scanDraft(r scanner) (Draft, error) {
	var d Draft
	err := r.Scan(&d.Key, &d.Text, timeColumn{&d.Updated})
	return d, err
}
