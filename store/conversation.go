package store

import (
	"context"
	"database/sql"
	"time"
)

// Conversation is a list of messages under a title. In this and every other
// record times are UTC to the microsecond; the zero Created of a new record
// means now; ID, User and what is "set by the store" is ignored on the way in.
type Conversation struct {
	ID       int64
	User     string
	Title    string
	Created  time.Time
	Updated  time.Time // when it got its last message or title; set by the store
	Pinned   bool      // its owner wants it at the top of the list
	Preset   int64     // that it goes by; 0: none, or one that is deleted
	Messages int       // how many it holds; set by the store
}

// BeginConversation makes a conversation with its first messages, each behind the one before
// it, all of it or nothing, and returns the last message as stored.
func (s *Store) BeginConversation(ctx context.Context, c Conversation, messages []Message) (Message, error) {
	var last Message
	err := s.update(ctx, "begin conversation", func(tx *sql.Tx) error {
		if err := s.addConversation(ctx, tx, &c); err != nil {
			return err
		}
		for _, m := range messages {
			m.Conversation, m.Parent = c.ID, last.ID
			if err := s.addMessage(ctx, tx, &m); err != nil {
				return err
			}
			last = m
		}
		return nil
	})
	return last, err
}

func (s *Store) addConversation(ctx context.Context, tx *sql.Tx, c *Conversation) error {
	c.User, c.Created, c.Messages = s.user, s.stamp(c.Created), 0
	c.Updated = c.Created
	if err := checkTexts(c.Title); err != nil {
		return err
	}
	err := tx.QueryRowContext(ctx, `INSERT INTO conversations (user, title, created, updated, pinned) VALUES (?, ?, ?, ?, ?) RETURNING id`,
		s.user, c.Title, timeValue(c.Created), timeValue(c.Updated), c.Pinned).Scan(&c.ID)
	if err != nil || c.Preset == 0 {
		return err
	}
	return s.choosePreset(ctx, tx, c.ID, c.Preset)
}

const selectConversation = `SELECT id, user, title, created, updated, pinned,
	(SELECT p.id FROM conversation_presets x JOIN presets p ON p.id = x.preset AND p.deleted IS NULL
		WHERE x.user = conversations.user AND x.conversation = conversations.id),
	(SELECT count(*) FROM messages WHERE messages.conversation = conversations.id) FROM conversations`

func scanConversation(r scanner) (Conversation, error) {
	var c Conversation
	err := r.Scan(&c.ID, &c.User, &c.Title, timeColumn{&c.Created}, timeColumn{&c.Updated}, &c.Pinned, idColumn{&c.Preset}, &c.Messages)
	return c, err
}

// Conversation returns one conversation.
func (s *Store) Conversation(ctx context.Context, id int64) (Conversation, error) {
	return one(ctx, s, "read conversation", scanConversation,
		selectConversation+` WHERE user = ? AND id = ? AND deleted IS NULL`, s.user, id)
}

// Conversations returns all conversations, the pinned ones before the others, the last
// used first.
func (s *Store) Conversations(ctx context.Context) ([]Conversation, error) {
	return list(ctx, s, "list conversations", scanConversation,
		selectConversation+` WHERE user = ? AND deleted IS NULL ORDER BY pinned DESC, updated DESC, id DESC`, s.user)
}

// RenameConversation gives a conversation another title.
func (s *Store) RenameConversation(ctx context.Context, id int64, title string) error {
	return s.update(ctx, "rename conversation", func(tx *sql.Tx) error {
		if err := checkTexts(title); err != nil {
			return err
		}
		r, err := tx.ExecContext(ctx, `UPDATE conversations SET title = ?, updated = max(updated, ?) WHERE user = ? AND id = ? AND deleted IS NULL`,
			title, s.present(), s.user, id)
		return touched(r, err, 1)
	})
}

// PinConversation puts a conversation at the top of the list, or back into its order.
func (s *Store) PinConversation(ctx context.Context, id int64, pinned bool) error {
	return s.touch(ctx, "pin conversation", `UPDATE conversations SET pinned = ? WHERE user = ? AND id = ? AND deleted IS NULL`, pinned, s.user, id)
}

// DeleteConversation hides a conversation with its messages until
// RestoreConversation or EraseConversations. What was learnt from it stays.
func (s *Store) DeleteConversation(ctx context.Context, id int64) error {
	return s.touch(ctx, "delete conversation", `UPDATE conversations SET deleted = ? WHERE user = ? AND id = ? AND deleted IS NULL`, s.present(), s.user, id)
}

// RestoreConversation takes DeleteConversation back.
func (s *Store) RestoreConversation(ctx context.Context, id int64) error {
	return s.touch(ctx, "restore conversation", `UPDATE conversations SET deleted = NULL WHERE user = ? AND id = ? AND deleted IS NOT NULL`, s.user, id)
}

// EraseConversations removes for good what was deleted before the given time, with its
// draft (ConversationDraft). Samples on the messages stay and lose the reference to them.
func (s *Store) EraseConversations(ctx context.Context, deletedBefore time.Time) error {
	return s.eraseFor(ctx, "erase deleted conversations", func(tx *sql.Tx) (bool, error) {
		// Also those of conversations that were erased when drafts were not yet.
		const drafts = `DELETE FROM drafts WHERE user = ?1 AND key GLOB ?2 || '[1-9]*' AND key NOT IN (SELECT ?2 || id FROM conversations WHERE user = ?1)`
		const gone = `SELECT id FROM conversations WHERE user = ?1 AND deleted < ?2`
		args := []any{s.user, deletedBefore.UnixMicro()}
		var some bool
		if err := tx.QueryRowContext(ctx, `SELECT EXISTS (`+gone+`)`, args...).Scan(&some); err != nil {
			return false, err
		}
		if !some { // the jobs of all cycles are long to look through
			return deletedAny(tx.ExecContext(ctx, drafts, s.user, draftOfConversation))
		}
		if _, err := tx.ExecContext(ctx, `UPDATE samples SET message = NULL WHERE user = ?1 AND message IN
			(SELECT id FROM messages WHERE user = ?1 AND conversation IN (`+gone+`))`, args...); err != nil {
			return false, err
		}
		// The jobs of cycles quote questions of conversations.
		if _, err := tx.ExecContext(ctx, `UPDATE cycles SET job = json_remove(job, '$.own')
			WHERE user = ?1 AND EXISTS (SELECT 1 FROM json_each(job, '$.own') own JOIN messages m ON m.text = own.value
				WHERE m.user = ?1 AND m.conversation IN (`+gone+`))`, args...); err != nil {
			return false, err
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM conversations WHERE id IN (`+gone+`)`, args...); err != nil {
			return false, err
		}
		_, err := tx.ExecContext(ctx, drafts, s.user, draftOfConversation)
		return true, err
	})
}

// deletedAny says whether a deletion reached anything.
func deletedAny(r sql.Result, err error) (bool, error) {
	if err != nil {
		return false, err
	}
	n, err := r.RowsAffected()
	return n > 0, err
}
