package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
)

// Transcript is a whole conversation to be brought in. Its messages have numbers of its
// own, from 1 in their order: a Parent is the number of an earlier one.
type Transcript struct {
	Conversation Conversation // Title, Created and Updated count
	Preset       string       // the name of the one that it went by; it does again where there is one of that name
	Messages     []Message    // Shown counts as given
}

// AddTranscripts adds conversations with all their messages, all of them or none, and
// returns how many brought something. One of the same time as one that is there, with its title or
// with the same beginning, was brought in before: that gets the messages that it has not, behind
// those that it has, comes back where it was deleted, and keeps its title.
func (s *Store) AddTranscripts(ctx context.Context, all []Transcript) (added int, err error) {
	err = s.update(ctx, "add conversations", func(tx *sql.Tx) error {
		renamed, err := s.renamed(ctx, tx, all)
		if err != nil {
			return err
		}
		for i, t := range all {
			is, err := s.addTranscript(ctx, tx, t, renamed[i])
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

// renamed finds the conversations that were brought in before and have another title since, here or
// where they come from, by the positions of their transcripts. Each is of one transcript, and none
// of one whose title is brought, too: a copy may be of the same moment.
func (s *Store) renamed(ctx context.Context, tx *sql.Tx, all []Transcript) (map[int]int64, error) {
	type named struct {
		title   string
		created int64
	}
	type conversation struct {
		named
		id int64
	}
	there, err := collect(ctx, tx, func(r scanner) (c conversation, err error) {
		return c, r.Scan(&c.id, &c.title, &c.created)
	}, `SELECT id, title, created FROM conversations WHERE user = ? ORDER BY deleted IS NOT NULL, id`, s.user)
	if err != nil {
		return nil, err
	}
	same := make(map[int64][]conversation) // by their times
	titled := make(map[named]bool)
	for _, c := range there {
		same[c.created], titled[c.named] = append(same[c.created], c), true
	}
	name := func(t Transcript) named {
		return named{t.Conversation.Title, s.stamp(t.Conversation.Created).UnixMicro()}
	}
	brings := make(map[named]bool)
	for _, t := range all {
		brings[name(t)] = true
	}
	found, taken := make(map[int]int64), make(map[int64]bool)
	for i, t := range all {
		n := name(t)
		if titled[n] {
			continue
		}
		for _, c := range same[n.created] {
			if taken[c.id] || brings[c.named] {
				continue
			}
			messages, err := broughtMessages(ctx, tx, c.id)
			if err != nil {
				return nil, err
			}
			if beginsAlike(t.Messages, messages) {
				found[i], taken[c.id] = c.id, true
				break
			}
		}
	}
	return found, nil
}

// beginsAlike says whether messages begin with a question that is there in the same place. Many
// conversations have the system message before it in common.
func beginsAlike(messages []Message, there map[brought][]int64) bool {
	ids := make([]int64, len(messages)+1) // by the transcript's numbers; 0: not there
	for i, m := range messages {
		if m.Parent < 0 || m.Parent > int64(i) || m.Parent != 0 && ids[m.Parent] == 0 {
			continue
		}
		same := there[brought{ids[m.Parent], m.Role, lineEnds.Replace(m.Text)}]
		if len(same) == 0 {
			continue
		}
		if m.Role != RoleSystem {
			return true
		}
		ids[i+1] = same[0]
	}
	return false
}

// addTranscript adds one and says whether it brought anything. renamed is the conversation that it
// is under another title; 0: none.
func (s *Store) addTranscript(ctx context.Context, tx *sql.Tx, t Transcript, renamed int64) (bool, error) {
	c := t.Conversation
	c.Created = s.stamp(c.Created)
	if c.Updated.Before(c.Created) {
		c.Updated = c.Created
	}
	if err := checkTexts(c.Title); err != nil {
		return false, err
	}
	c, isNew, deleted, err := s.broughtConversation(ctx, tx, c, t.Preset, renamed)
	if err != nil {
		return false, err
	}
	there, err := broughtMessages(ctx, tx, c.ID)
	if err != nil {
		return false, err
	}
	ids := make([]int64, len(t.Messages)+1) // by the transcript's numbers
	added, last := false, int64(0)          // the last of those added that are shown
	for i, m := range t.Messages {
		if m.Parent < 0 || m.Parent > int64(i) {
			return false, fmt.Errorf("%w: message %d follows message %d", ErrInvalid, i+1, m.Parent)
		}
		if err := checkTexts(m.Text, m.Source, m.Preset); err != nil {
			return false, err
		}
		at := brought{ids[m.Parent], m.Role, lineEnds.Replace(m.Text)}
		if same := there[at]; len(same) > 0 {
			ids[i+1], there[at] = same[0], same[1:]
			continue
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
		if added = true; m.Shown > 0 {
			last = ids[i+1]
		}
	}
	if isNew || !added && !deleted {
		return isNew, nil
	}
	if last != 0 { // what goes on elsewhere since stays, as a branch beside
		if err := showPath(ctx, tx, last); err != nil {
			return false, err
		}
	}
	_, err = tx.ExecContext(ctx, `UPDATE conversations SET deleted = NULL, updated = max(updated, ?) WHERE id = ?`, timeValue(c.Updated), c.ID)
	return true, err
}

// broughtConversation finds the conversation that was brought in before, one that is not deleted
// first and that which is renamed last, or adds it.
func (s *Store) broughtConversation(ctx context.Context, tx *sql.Tx, c Conversation, preset string, renamed int64) (_ Conversation, isNew, deleted bool, err error) {
	err = tx.QueryRowContext(ctx, `SELECT id, deleted IS NOT NULL FROM conversations WHERE user = ?1 AND (title = ?2 AND created = ?3 OR id = ?4)
		ORDER BY id = ?4, deleted IS NOT NULL, id LIMIT 1`, s.user, c.Title, timeValue(c.Created), renamed).Scan(&c.ID, &deleted)
	if !errors.Is(err, sql.ErrNoRows) {
		return c, false, deleted, err
	}
	err = tx.QueryRowContext(ctx, `INSERT INTO conversations (user, title, created, updated) VALUES (?, ?, ?, ?) RETURNING id`,
		s.user, c.Title, timeValue(c.Created), timeValue(c.Updated)).Scan(&c.ID)
	if err == nil && preset != "" {
		_, err = tx.ExecContext(ctx, `INSERT INTO conversation_presets (user, conversation, preset)
			SELECT user, ?, id FROM presets WHERE user = ? AND name = ? COLLATE NOCASE AND deleted IS NULL`, c.ID, s.user, preset)
	}
	return c, true, false, err
}

// brought is what makes a message of a transcript the same as one that is there.
type brought struct {
	parent int64 // that it follows here
	role   Role
	text   string // with the ends of lines of lineEnds
}

// lineEnds makes all ends of lines alike: earlier programs brought in those of Windows as they were.
var lineEnds = strings.NewReplacer("\r\n", "\n", "\r", "\n")

// broughtMessages are the messages of a conversation by what makes them the same, the oldest first.
func broughtMessages(ctx context.Context, tx *sql.Tx, conversation int64) (map[brought][]int64, error) {
	type message struct {
		brought
		id int64
	}
	all, err := collect(ctx, tx, func(r scanner) (m message, err error) {
		return m, r.Scan(&m.id, idColumn{&m.parent}, &m.role, &m.text)
	}, `SELECT id, parent, role, text FROM messages WHERE conversation = ? ORDER BY id`, conversation)
	if err != nil {
		return nil, err
	}
	there := make(map[brought][]int64, len(all))
	for _, m := range all {
		m.text = lineEnds.Replace(m.text)
		there[m.brought] = append(there[m.brought], m.id)
	}
	return there, nil
}
