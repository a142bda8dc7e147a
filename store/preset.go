package store

import (
	"context"
	"database/sql"
	"math"
	"time"
)

// Preset is a system prompt and how answers are drawn, under a name. The ranges are the
// caller's; the store refuses what is no number or can be none of them.
type Preset struct {
	ID            int64
	User          string
	Name          string // of one user no two have the same, but for the case of a to z
	System        string // system prompt; "": the model's own
	Temperature   float64
	TopP          float64
	TopK          int
	MinP          float64
	RepeatPenalty float64
	MaxTokens     int
	Seed          int64 // 0: another one for each answer
	Created       time.Time
	Conversations int // that go by it; set by the store
}

// check refuses what SQLite would keep as NULL or not at all.
func (p Preset) check() error {
	for _, v := range []float64{p.Temperature, p.TopP, p.MinP, p.RepeatPenalty} {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return ErrInvalid
		}
	}
	return checkTexts(p.Name, p.System)
}

// AddPreset keeps a new preset and returns it as stored. ErrTaken: another one has its
// name.
func (s *Store) AddPreset(ctx context.Context, p Preset) (Preset, error) {
	p.User, p.Created, p.Conversations = s.user, s.stamp(p.Created), 0
	err := s.update(ctx, "add preset", func(tx *sql.Tx) error {
		if err := p.check(); err != nil {
			return err
		}
		return tx.QueryRowContext(ctx, `INSERT INTO presets
			(user, name, system, temperature, top_p, top_k, min_p, repeat_penalty, max_tokens, seed, created)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id`,
			s.user, p.Name, p.System, p.Temperature, p.TopP, p.TopK, p.MinP, p.RepeatPenalty, p.MaxTokens, p.Seed, timeValue(p.Created)).Scan(&p.ID)
	})
	return p, err
}

// SetPreset changes everything of a preset but its time; answers that were made with it
// keep what they were made with. ErrTaken: another one has its name.
func (s *Store) SetPreset(ctx context.Context, p Preset) error {
	return s.update(ctx, "change preset", func(tx *sql.Tx) error {
		if err := p.check(); err != nil {
			return err
		}
		r, err := tx.ExecContext(ctx, `UPDATE presets SET name = ?, system = ?, temperature = ?, top_p = ?, top_k = ?, min_p = ?,
			repeat_penalty = ?, max_tokens = ?, seed = ? WHERE user = ? AND id = ? AND deleted IS NULL`,
			p.Name, p.System, p.Temperature, p.TopP, p.TopK, p.MinP, p.RepeatPenalty, p.MaxTokens, p.Seed, s.user, p.ID)
		return touched(r, err, 1)
	})
}

const selectPreset = `SELECT p.id, p.user, p.name, p.system, p.temperature, p.top_p, p.top_k, p.min_p, p.repeat_penalty, p.max_tokens, p.seed, p.created,
	(SELECT count(*) FROM conversation_presets x JOIN conversations c ON c.id = x.conversation AND c.deleted IS NULL
		WHERE x.user = p.user AND x.preset = p.id)
	FROM presets p WHERE p.user = ? AND p.deleted IS NULL`

func scanPreset(r scanner) (Preset, error) {
	var p Preset
	err := r.Scan(&p.ID, &p.User, &p.Name, &p.System, &p.Temperature, &p.TopP, &p.TopK, &p.MinP, &p.RepeatPenalty, &p.MaxTokens, &p.Seed,
		timeColumn{&p.Created}, &p.Conversations)
	return p, err
}

// Preset returns one preset.
func (s *Store) Preset(ctx context.Context, id int64) (Preset, error) {
	return one(ctx, s, "read preset", scanPreset, selectPreset+` AND p.id = ?`, s.user, id)
}

// Presets returns all presets by their names.
func (s *Store) Presets(ctx context.Context) ([]Preset, error) {
	return list(ctx, s, "list presets", scanPreset, selectPreset+` ORDER BY p.name COLLATE NOCASE, p.id`, s.user)
}

// DeletePreset hides a preset until RestorePreset or ErasePresets. The conversations
// that go by it have none meanwhile.
func (s *Store) DeletePreset(ctx context.Context, id int64) error {
	return s.touch(ctx, "delete preset", `UPDATE presets SET deleted = ? WHERE user = ? AND id = ? AND deleted IS NULL`, s.present(), s.user, id)
}

// RestorePreset takes DeletePreset back: conversations that were given no other one
// meanwhile go by it again. ErrTaken: another one has its name now.
func (s *Store) RestorePreset(ctx context.Context, id int64) error {
	return s.touch(ctx, "restore preset", `UPDATE presets SET deleted = NULL WHERE user = ? AND id = ? AND deleted IS NOT NULL`, s.user, id)
}

// ErasePresets removes for good what was deleted before the given time.
func (s *Store) ErasePresets(ctx context.Context, deletedBefore time.Time) error {
	return s.eraseFor(ctx, "erase deleted presets", func(tx *sql.Tx) (bool, error) {
		return deletedAny(tx.ExecContext(ctx, `DELETE FROM presets WHERE user = ? AND deleted < ?`, s.user, deletedBefore.UnixMicro()))
	})
}

// ChoosePreset lets a conversation go by a preset; 0: by none.
func (s *Store) ChoosePreset(ctx context.Context, conversation, preset int64) error {
	return s.update(ctx, "choose preset", func(tx *sql.Tx) error {
		var there int
		err := tx.QueryRowContext(ctx, `SELECT count(*) FROM conversations WHERE user = ? AND id = ? AND deleted IS NULL`, s.user, conversation).Scan(&there)
		if err != nil {
			return err
		}
		if there == 0 {
			return ErrNotFound
		}
		return s.choosePreset(ctx, tx, conversation, preset)
	})
}

func (s *Store) choosePreset(ctx context.Context, tx *sql.Tx, conversation, preset int64) error {
	if preset == 0 {
		_, err := tx.ExecContext(ctx, `DELETE FROM conversation_presets WHERE user = ? AND conversation = ?`, s.user, conversation)
		return err
	}
	r, err := tx.ExecContext(ctx, `INSERT INTO conversation_presets (user, conversation, preset)
		SELECT user, ?, id FROM presets WHERE user = ? AND id = ? AND deleted IS NULL
		ON CONFLICT DO UPDATE SET preset = excluded.preset`, conversation, s.user, preset)
	return touched(r, err, 1)
}
