package store

import (
	"context"
	"database/sql"
	"math"
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
	Messages int       // how many it holds; set by the store
}

// Role says who speaks in a message or turn.
type Role string

// The roles that chat templates know.
const (
	RoleSystem    Role = "system"
	RoleUser      Role = "user"
	RoleAssistant Role = "assistant"
)

// Finish says how an answer ended.
type Finish string

// The ways in which an answer ends. A question has none.
const (
	FinishEnd       Finish = "end"       // the model ended its turn
	FinishLength    Finish = "length"    // the limit of tokens was reached
	FinishStop      Finish = "stop"      // a stop text appeared
	FinishCancelled Finish = "cancelled" // the user stopped it
	FinishFailed    Finish = "failed"    // an error cut it short
)

// Message is one message of a conversation. It never changes once written: an
// answer that is given again is a new message that Replaces the old one.
type Message struct {
	ID           int64
	User         string
	Conversation int64
	Role         Role
	Text         string
	Created      time.Time
	Version      int64   // the Version that answered; 0: the untrained base, or no answer
	Lesson       int64   // the Lesson put before the model; 0: none, or erased since
	Finish       Finish  // "" for a question
	Tokens       int     // of the answer
	Seconds      float64 // from the request to the last token
	Replaces     int64   // the message of the same conversation that this one stands for; 0: none
}

// AddConversation makes a conversation and returns it as stored.
func (s *Store) AddConversation(ctx context.Context, c Conversation) (Conversation, error) {
	const what = "add conversation"
	c.User, c.Created, c.Messages = s.user, s.stamp(c.Created), 0
	c.Updated = c.Created
	err := s.update(ctx, what, func(tx *sql.Tx) error {
		if err := checkTexts(c.Title); err != nil {
			return err
		}
		return tx.QueryRowContext(ctx, `INSERT INTO conversations (user, title, created, updated, pinned) VALUES (?, ?, ?, ?, ?) RETURNING id`,
			s.user, c.Title, timeValue(c.Created), timeValue(c.Updated), c.Pinned).Scan(&c.ID)
	})
	return c, err
}

const selectConversation = `SELECT id, user, title, created, updated, pinned,
	(SELECT count(*) FROM messages WHERE messages.conversation = conversations.id) FROM conversations`

func scanConversation(r scanner) (Conversation, error) {
	var c Conversation
	err := r.Scan(&c.ID, &c.User, &c.Title, timeColumn{&c.Created}, timeColumn{&c.Updated}, &c.Pinned, &c.Messages)
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
	return s.update(ctx, "pin conversation", func(tx *sql.Tx) error {
		r, err := tx.ExecContext(ctx, `UPDATE conversations SET pinned = ? WHERE user = ? AND id = ? AND deleted IS NULL`, pinned, s.user, id)
		return touched(r, err, 1)
	})
}

// DeleteConversation hides a conversation with its messages until
// RestoreConversation or EraseConversations. What was learnt from it stays.
func (s *Store) DeleteConversation(ctx context.Context, id int64) error {
	return s.update(ctx, "delete conversation", func(tx *sql.Tx) error {
		r, err := tx.ExecContext(ctx, `UPDATE conversations SET deleted = ? WHERE user = ? AND id = ? AND deleted IS NULL`,
			s.present(), s.user, id)
		return touched(r, err, 1)
	})
}

// RestoreConversation takes DeleteConversation back.
func (s *Store) RestoreConversation(ctx context.Context, id int64) error {
	return s.update(ctx, "restore conversation", func(tx *sql.Tx) error {
		r, err := tx.ExecContext(ctx, `UPDATE conversations SET deleted = NULL WHERE user = ? AND id = ? AND deleted IS NOT NULL`, s.user, id)
		return touched(r, err, 1)
	})
}

// EraseConversations removes for good what was deleted before the given time.
// Samples on the messages stay and lose the reference to them.
func (s *Store) EraseConversations(ctx context.Context, deletedBefore time.Time) error {
	return s.update(ctx, "erase deleted conversations", func(tx *sql.Tx) error {
		const gone = `SELECT id FROM conversations WHERE user = ?1 AND deleted < ?2`
		args := []any{s.user, deletedBefore.UnixMicro()}
		if _, err := tx.ExecContext(ctx, `UPDATE samples SET message = NULL WHERE user = ?1 AND message IN
			(SELECT id FROM messages WHERE user = ?1 AND conversation IN (`+gone+`))`, args...); err != nil {
			return err
		}
		// The jobs of cycles quote questions of conversations.
		if _, err := tx.ExecContext(ctx, `UPDATE cycles SET job = json_remove(job, '$.own')
			WHERE user = ?1 AND EXISTS (SELECT 1 FROM json_each(job, '$.own') own JOIN messages m ON m.text = own.value
				WHERE m.user = ?1 AND m.conversation IN (`+gone+`))`, args...); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `DELETE FROM conversations WHERE id IN (`+gone+`)`, args...)
		return err
	})
}

// OwnQuestions returns the last questions, the newest first, that were answered to the
// end without a lesson, and whose answers no feedback stands on. longest is in bytes,
// limit in questions.
func (s *Store) OwnQuestions(ctx context.Context, longest, limit int) ([]string, error) {
	return list(ctx, s, "list the user's own questions", func(r scanner) (string, error) {
		var text string
		return text, r.Scan(&text)
	}, `SELECT q.text FROM messages a JOIN conversations c ON c.id = a.conversation AND c.deleted IS NULL
		JOIN messages q ON q.id = (SELECT max(id) FROM messages WHERE conversation = a.conversation AND id < a.id AND role = 'user')
		WHERE a.user = ? AND a.role = 'assistant' AND a.lesson IS NULL AND a.replaces IS NULL AND a.finish = 'end' AND length(CAST(q.text AS BLOB)) <= ?
			AND NOT EXISTS (SELECT 1 FROM samples s WHERE s.user = a.user AND s.message = a.id AND s.deleted IS NULL)
		ORDER BY a.id DESC LIMIT ?`, s.user, longest, limit)
}

// AddMessage appends a message to its conversation and returns it as stored.
func (s *Store) AddMessage(ctx context.Context, m Message) (Message, error) {
	const what = "add message"
	m.User, m.Created = s.user, s.stamp(m.Created)
	err := s.update(ctx, what, func(tx *sql.Tx) error {
		if err := checkTexts(m.Text); err != nil {
			return err
		}
		if math.IsNaN(m.Seconds) || math.IsInf(m.Seconds, 0) {
			return ErrInvalid
		}
		r, err := tx.ExecContext(ctx, `UPDATE conversations SET updated = max(updated, ?) WHERE user = ? AND id = ? AND deleted IS NULL`,
			timeValue(m.Created), s.user, m.Conversation)
		if err := touched(r, err, 1); err != nil {
			return err
		}
		return tx.QueryRowContext(ctx, `INSERT INTO messages
			(user, conversation, role, text, created, version, lesson, finish, tokens, seconds, replaces)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id`,
			s.user, m.Conversation, m.Role, m.Text, timeValue(m.Created), idValue(m.Version), idValue(m.Lesson),
			m.Finish, m.Tokens, m.Seconds, idValue(m.Replaces)).Scan(&m.ID)
	})
	return m, err
}

const selectMessage = `SELECT m.id, m.user, m.conversation, m.role, m.text, m.created, m.version, m.lesson, m.finish, m.tokens, m.seconds, m.replaces
	FROM messages m JOIN conversations c ON c.id = m.conversation AND c.deleted IS NULL`

func scanMessage(r scanner) (Message, error) {
	var m Message
	err := r.Scan(&m.ID, &m.User, &m.Conversation, &m.Role, &m.Text, timeColumn{&m.Created}, idColumn{&m.Version},
		idColumn{&m.Lesson}, &m.Finish, &m.Tokens, &m.Seconds, idColumn{&m.Replaces})
	return m, err
}

// Message returns one message.
func (s *Store) Message(ctx context.Context, id int64) (Message, error) {
	return one(ctx, s, "read message", scanMessage, selectMessage+` WHERE m.user = ? AND m.id = ?`, s.user, id)
}

// Messages returns the messages of a conversation in the order in which they
// were written, those that another one Replaces among them.
func (s *Store) Messages(ctx context.Context, conversation int64) ([]Message, error) {
	if _, err := s.Conversation(ctx, conversation); err != nil {
		return nil, err
	}
	return list(ctx, s, "list messages", scanMessage,
		selectMessage+` WHERE m.user = ? AND m.conversation = ? ORDER BY m.id`, s.user, conversation)
}
