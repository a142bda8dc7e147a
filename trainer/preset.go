package trainer

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"unicode/utf8"

	"clara/store"
)

// Preset is a system prompt with how answers are drawn, under a name. A conversation goes
// by one, or by the settings; its next answer goes by what the preset holds then.
type Preset = store.Preset

// What a preset may hold beside the ranges of Settings.
const (
	MostPresetName = 80     // characters, in one line
	presetSystem   = 20_000 // characters, as in the settings file
)

// Errors of presets.
var (
	// ErrPresetTaken: another preset has the name.
	ErrPresetTaken = store.ErrTaken
	// ErrPresetText: the name is empty, longer than a line of 80 characters, or the
	// system prompt longer than 20,000.
	ErrPresetText = errors.New("want a name of 1 to 80 characters in one line and a system prompt of at most 20,000 characters")
)

// DefaultPreset is what conversations without a preset go by: the settings, under the ID 0
// and no name.
func (t *Trainer) DefaultPreset() Preset {
	s := t.settings.Load()
	return Preset{
		System: s.System, Temperature: s.Temperature, TopP: s.TopP, TopK: s.TopK, MinP: s.MinP, RepeatPenalty: s.RepeatPenalty, MaxTokens: s.MaxTokens,
	}
}

// Presets returns the user's presets by their names.
func (t *Trainer) Presets(ctx context.Context) ([]Preset, error) { return t.store.Presets(ctx) }

// SavePreset keeps a preset, a new one where the ID is 0, and returns it as kept. The error
// joins a *RangeError for each value out of range, or is ErrPresetText or ErrPresetTaken.
func (t *Trainer) SavePreset(ctx context.Context, p Preset) (Preset, error) {
	p.Name, p.System = strings.TrimSpace(p.Name), tidy(p.System)
	if err := checkPreset(p); err != nil {
		return Preset{}, fmt.Errorf("keep the preset %q: %w", p.Name, err)
	}
	if p.ID == 0 {
		p, err := t.store.AddPreset(ctx, p)
		return p, saving(err)
	}
	if err := t.store.SetPreset(ctx, p); err != nil {
		return Preset{}, saving(err)
	}
	return t.store.Preset(ctx, p.ID)
}

// checkPreset refuses what is out of range.
func checkPreset(p Preset) error {
	if n := utf8.RuneCountInString(p.Name); n < 1 || n > MostPresetName || strings.ContainsAny(p.Name, "\r\n\t") || !utf8.ValidString(p.Name) {
		return ErrPresetText
	}
	if !utf8.ValidString(p.System) || utf8.RuneCountInString(p.System) > presetSystem {
		return ErrPresetText
	}
	errs := rangeErrors{}
	errs.sampling(p.Temperature, p.TopP, p.TopK, p.MinP, p.RepeatPenalty, p.MaxTokens)
	errs.whole("Seed", int(min(max(p.Seed, -1), math.MaxInt32+1)), 0, math.MaxInt32)
	return errs.join()
}

// DeletePreset hides a preset; RestorePreset brings it back for a day. The conversations
// that go by it go by the settings meanwhile; their answers keep the name.
func (t *Trainer) DeletePreset(ctx context.Context, preset int64) error {
	return t.store.DeletePreset(ctx, preset)
}

// RestorePreset undoes DeletePreset, also for the conversations that went by it.
// ErrPresetTaken: another one has its name now.
func (t *Trainer) RestorePreset(ctx context.Context, preset int64) error {
	return t.store.RestorePreset(ctx, preset)
}

// ChoosePreset lets a conversation go by a preset from its next answer on; 0: by the
// settings.
func (t *Trainer) ChoosePreset(ctx context.Context, conversation, preset int64) error {
	return t.store.ChoosePreset(ctx, conversation, preset)
}

// presetOf is the preset that a conversation goes by; nil: the settings.
func (t *Trainer) presetOf(ctx context.Context, conversation int64) (*Preset, error) {
	c, err := t.store.Conversation(ctx, conversation)
	if errors.Is(err, store.ErrNotFound) { // deleted just now: its answer comes back with it
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read conversation %d: %w", conversation, err)
	}
	if c.Preset == 0 {
		return nil, nil
	}
	p, err := t.store.Preset(ctx, c.Preset)
	switch {
	case errors.Is(err, store.ErrNotFound): // deleted just now
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("read the preset of conversation %d: %w", conversation, err)
	}
	return &p, nil
}

// under is what answers, and the settings and turns that it answers by, where a
// conversation goes by a preset: the preset's sampling, and its system prompt in the place
// of the settings' and the conversation's own. Without a preset all is as it was.
func under(p *Preset, s *speaker, set *Settings, history []Turn) (*speaker, *Settings, []Turn) {
	if p == nil {
		return s, set, history
	}
	by := *set
	by.System, by.Temperature, by.TopP, by.TopK, by.MinP, by.RepeatPenalty, by.MaxTokens = p.System, p.Temperature, p.TopP, p.TopK, p.MinP, p.RepeatPenalty, p.MaxTokens
	own := *s
	own.system = p.System
	return &own, &by, withSystem(p.System, history)
}

// withSystem puts a system prompt before the turns of a conversation, in the place of its
// own; the empty one changes nothing.
func withSystem(system string, history []Turn) []Turn {
	if system == "" {
		return history
	}
	if len(history) > 0 && history[0].Role == RoleSystem {
		history = history[1:]
	}
	return append([]Turn{{Role: RoleSystem, Text: system}}, history...)
}
