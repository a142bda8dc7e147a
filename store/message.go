package store

import (
	"context"
	"database/sql"
	"math"
	"time"
)

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

// Message is one message of a conversation. It never changes once written: an answer
// that is given again is a new message after the same question, a question that is
// asked differently a new one after the same answer. So a conversation is a tree, of
// which one path is shown.
type Message struct {
	ID           int64
	User         string
	Conversation int64
	Parent       int64 // the message of the same conversation that it follows; 0: it begins the conversation
	Shown        int   // of those with one Parent the greatest is shown, of equals the newest; set by the store
	Role         Role
	Text         string
	Created      time.Time
	Version      int64   // the Version that answered; 0: the untrained base, or no answer
	Lesson       int64   // the Lesson put before the model; 0: none, or erased since
	Finish       Finish  // "" for a question
	Tokens       int     // that were generated: of an answer that goes on with another one, those added to it
	Seconds      float64 // from the request to the last of them
	Preset       string  // the name of the preset that it was made with, as it was then; "": none
	System       string  // the system prompt that the preset gave; "": none
	Source       string  // who answered, of a conversation that was brought in from another program; "": this one
}

// OwnQuestions returns the last questions, the newest first, that were answered to the
// end without a lesson, and whose answers no feedback stands on. longest is in bytes,
// limit in questions.
func (s *Store) OwnQuestions(ctx context.Context, longest, limit int) ([]string, error) {
	return list(ctx, s, "list the user's own questions", func(r scanner) (string, error) {
		var text string
		return text, r.Scan(&text)
	}, `SELECT q.text FROM messages a JOIN conversations c ON c.id = a.conversation AND c.deleted IS NULL
		JOIN messages q ON q.id = a.parent AND q.role = 'user'
		WHERE a.user = ? AND a.role = 'assistant' AND a.lesson IS NULL AND a.finish = 'end'
			AND NOT EXISTS (SELECT 1 FROM messages b WHERE b.conversation = a.conversation AND b.parent = a.parent AND b.id < a.id) AND length(CAST(q.text AS BLOB)) <= ?
			AND NOT EXISTS (SELECT 1 FROM samples s WHERE s.user = a.user AND s.message = a.id AND s.deleted IS NULL)
		ORDER BY a.id DESC LIMIT ?`, s.user, longest, limit)
}

// siblings are the messages b that follow what message m follows, m among them.
const siblings = `messages b WHERE b.conversation = m.conversation AND b.parent IS m.parent`

// AddMessage adds a message behind its Parent and returns it as stored. It is the one
// of those behind that Parent that is shown. An answer is kept also in a conversation that
// was deleted while it was written: it comes back with that.
func (s *Store) AddMessage(ctx context.Context, m Message) (Message, error) {
	err := s.update(ctx, "add message", func(tx *sql.Tx) error { return s.addMessage(ctx, tx, &m) })
	return m, err
}

func (s *Store) addMessage(ctx context.Context, tx *sql.Tx, m *Message) error {
	m.User, m.Created = s.user, s.stamp(m.Created)
	if err := checkTexts(m.Text, m.System); err != nil {
		return err
	}
	if math.IsNaN(m.Seconds) || math.IsInf(m.Seconds, 0) {
		return ErrInvalid
	}
	r, err := tx.ExecContext(ctx, `UPDATE conversations SET updated = max(updated, ?) WHERE user = ? AND id = ? AND (deleted IS NULL OR ?)`,
		timeValue(m.Created), s.user, m.Conversation, m.Role == RoleAssistant)
	if err := touched(r, err, 1); err != nil {
		return err
	}
	return tx.QueryRowContext(ctx, `INSERT INTO messages
		(user, conversation, parent, shown, role, text, created, version, lesson, finish, tokens, seconds, source, preset, system)
		VALUES (?1, ?2, ?3, (SELECT coalesce(max(shown) + 1, 0) FROM messages WHERE conversation = ?2 AND parent IS ?3),
			?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14) RETURNING id, shown`,
		s.user, m.Conversation, idValue(m.Parent), m.Role, m.Text, timeValue(m.Created), idValue(m.Version), idValue(m.Lesson),
		m.Finish, m.Tokens, m.Seconds, m.Source, m.Preset, m.System).Scan(&m.ID, &m.Shown)
}

const selectMessage = `SELECT m.id, m.user, m.conversation, m.parent, m.shown, m.role, m.text, m.created, m.version, m.lesson, m.finish, m.tokens, m.seconds, m.source, m.preset, m.system
	FROM messages m JOIN conversations c ON c.id = m.conversation AND c.deleted IS NULL`

func scanMessage(r scanner) (Message, error) {
	var m Message
	err := r.Scan(&m.ID, &m.User, &m.Conversation, idColumn{&m.Parent}, &m.Shown, &m.Role, &m.Text, timeColumn{&m.Created}, idColumn{&m.Version},
		idColumn{&m.Lesson}, &m.Finish, &m.Tokens, &m.Seconds, &m.Source, &m.Preset, &m.System)
	return m, err
}

// Message returns one message.
func (s *Store) Message(ctx context.Context, id int64) (Message, error) {
	return one(ctx, s, "read message", scanMessage, selectMessage+` WHERE m.user = ? AND m.id = ?`, s.user, id)
}

// ShowMessage makes a message part of the path that is shown: it, and each message that
// leads to it, is shown in place of those beside it.
func (s *Store) ShowMessage(ctx context.Context, id int64) error {
	return s.update(ctx, "show message", func(tx *sql.Tx) error {
		var there int
		err := tx.QueryRowContext(ctx, `SELECT count(*) FROM messages m JOIN conversations c ON c.id = m.conversation AND c.deleted IS NULL
			WHERE m.user = ? AND m.id = ?`, s.user, id).Scan(&there)
		if err != nil {
			return err
		}
		if there == 0 {
			return ErrNotFound
		}
		return showPath(ctx, tx, id)
	})
}

// showPath shows a message and those that lead to it.
func showPath(ctx context.Context, tx *sql.Tx, id int64) error {
	_, err := tx.ExecContext(ctx, `WITH RECURSIVE path (id, parent) AS (
			SELECT id, parent FROM messages WHERE id = ?
			UNION ALL
			SELECT m.id, m.parent FROM path p JOIN messages m ON m.id = p.parent
		)
		UPDATE messages AS m SET shown = 1 + (SELECT max(b.shown) FROM `+siblings+`)
		WHERE m.id IN (SELECT id FROM path) AND EXISTS (SELECT 1 FROM `+siblings+` AND (b.shown, b.id) > (m.shown, m.id))`, id)
	return err
}

// Messages returns the messages of a conversation, of all branches, in the order in
// which they were written.
func (s *Store) Messages(ctx context.Context, conversation int64) ([]Message, error) {
	if _, err := s.Conversation(ctx, conversation); err != nil {
		return nil, err
	}
	return list(ctx, s, "list messages", scanMessage,
		selectMessage+` WHERE m.user = ? AND m.conversation = ? ORDER BY m.id`, s.user, conversation)
}
