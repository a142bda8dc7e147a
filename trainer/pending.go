package trainer

import (
	"context"
	"errors"
	"time"
)

var errPending = errors.New("not wired yet")

// cycleFunc, attached and hub get their bodies with the model.
type (
	cycleFunc func()
	attached  struct{}

	hub struct{}
)

// New checks p and makes a Trainer that is not running yet. It loads the
// lessons, so that answers use them from the first question on, and marks a
// cycle that a crash cut short.
func New(p Params) (*Trainer, error) { return nil, errPending }

// Start runs the loop in a goroutine of its own until ctx ends or Stop is called.
func (t *Trainer) Start(ctx context.Context) error { return errPending }

// Stop ends the loop in good order and waits for it: a running cycle is
// cancelled, marked as stopped, and started again by the next Start.
func (t *Trainer) Stop() {}

// Settings are the present ones.
func (t *Trainer) Settings() Settings { return Settings{} }

// SetSettings checks s and uses it from the next decision on. The error joins
// one *RangeError for each value out of range; then nothing has changed.
func (t *Trainer) SetSettings(ctx context.Context, s Settings) error { return errPending }

// Effect says what s would do to the samples that there are. It changes
// nothing and takes milliseconds.
func (t *Trainer) Effect(ctx context.Context, s Settings) (Effect, error) {
	return Effect{}, errPending
}

// ModelInfo describes the attached model; ok is false while there is none.
func (t *Trainer) ModelInfo() (info ModelInfo, ok bool) { return ModelInfo{}, false }

// Watch delivers first the whole state, then every change of it, until ctx
// ends; then the channel is closed. A reader that is slow gets the latest
// state with all the news since its last event.
func (t *Trainer) Watch(ctx context.Context) <-chan Event { return nil }

// State is the present state.
func (t *Trainer) State() State { return State{} }

// Train starts a cycle as soon as a model is there and none runs, whether
// or not anything is new.
func (t *Trainer) Train() {}

// Pause keeps the loop from training until Resume. A running cycle is
// stopped; nothing of it is used.
func (t *Trainer) Pause() {}

// Resume ends a Pause.
func (t *Trainer) Resume() {}

// Paused says whether the loop is paused.
func (t *Trainer) Paused() bool { return false }

// CancelCycle stops the running cycle, if one runs, and waits for new feedback.
func (t *Trainer) CancelCycle() {}

// Answer asks the model. The question is on disk before the first token, the
// answer before the call returns. onPiece, if not nil, gets the text as it is
// made, in order, from another goroutine; all calls happen before Answer
// returns. When ctx ends, the answer so far is kept and returned with
// FinishCancelled and no error. An error of the model leaves the message that
// was begun with FinishFailed and is returned.
func (t *Trainer) Answer(ctx context.Context, ask Ask, onPiece func(string)) (Entry, error) {
	return Entry{}, errPending
}

// Compare answers the question of the given message by the untrained base,
// without lessons. Nothing is kept.
func (t *Trainer) Compare(ctx context.Context, message int64) (string, error) { return "", errPending }

// Conversations returns the user's conversations, the last used first.
func (t *Trainer) Conversations(ctx context.Context) ([]Conversation, error) { return nil, errPending }

// Entries returns a conversation in its order. An answer that was given again
// stands in the place of the one that it replaces.
func (t *Trainer) Entries(ctx context.Context, conversation int64) ([]Entry, error) {
	return nil, errPending
}

// NewConversation makes an empty conversation.
func (t *Trainer) NewConversation(ctx context.Context, title string) (Conversation, error) {
	return Conversation{}, errPending
}

// Rename gives a conversation another title.
func (t *Trainer) Rename(ctx context.Context, conversation int64, title string) error {
	return errPending
}

// DeleteConversation hides a conversation; RestoreConversation brings it back.
// The feedback given in it stays.
func (t *Trainer) DeleteConversation(ctx context.Context, conversation int64) error {
	return errPending
}

// RestoreConversation undoes DeleteConversation.
func (t *Trainer) RestoreConversation(ctx context.Context, conversation int64) error {
	return errPending
}

// Draft is the text begun in a conversation (0: in a new one) and not sent.
func (t *Trainer) Draft(ctx context.Context, conversation int64) (string, error) {
	return "", errPending
}

// SaveDraft keeps such a text; an empty one forgets it.
func (t *Trainer) SaveDraft(ctx context.Context, conversation int64, text string) error {
	return errPending
}

// Rate gives an answer 1 to 5 stars; a second rating replaces the first, 0
// takes it back (the returned Sample is then the zero one). The sample is on
// disk when Rate returns. One that does not train is returned in the state
// SampleRejected with the reason.
func (t *Trainer) Rate(ctx context.Context, message int64, stars int) (Sample, error) {
	return Sample{}, errPending
}

// Propose compares better with the given answer of message: what is it that
// is better, and which words prove it? It takes well under a millisecond.
func (t *Trainer) Propose(ctx context.Context, message int64, better string) (Proposal, error) {
	return Proposal{}, errPending
}

// Correct keeps a better answer to a message. A correction of knowledge is a
// lesson from now on; one of manner starts a cycle, by the settings.
func (t *Trainer) Correct(ctx context.Context, c Correction) (Sample, error) {
	return Sample{}, errPending
}

// Teach keeps a question with its answer.
func (t *Trainer) Teach(ctx context.Context, l Teaching) (Sample, error) {
	return Sample{}, errPending
}

// AddFeedbackSample keeps a text with a score in [-1, 1], importance 1 to 5.
func (t *Trainer) AddFeedbackSample(ctx context.Context, text string, score float64, source string, importance int) (Sample, error) {
	return Sample{}, errPending
}

// AddRating keeps a rated answer that was given outside of any conversation.
func (t *Trainer) AddRating(ctx context.Context, prompt, answer string, stars int, source string, importance int) (Sample, error) {
	return Sample{}, errPending
}

// TakeBack deletes a sample and its lesson. What was learnt from it is
// unlearnt by a cycle that rebuilds the adapters without it; until then the
// lesson is no longer put before the model.
func (t *Trainer) TakeBack(ctx context.Context, sample int64) error { return errPending }

// PutBack undoes TakeBack.
func (t *Trainer) PutBack(ctx context.Context, sample int64) error { return errPending }

// Samples returns the user's samples that match q.
func (t *Trainer) Samples(ctx context.Context, q SampleQuery) ([]Sample, error) {
	return nil, errPending
}

// CycleSamples returns the samples of a cycle with the filter's judgement; cycle
// 0 is what a cycle would use that started now.
func (t *Trainer) CycleSamples(ctx context.Context, cycle int64) ([]JudgedSample, error) {
	return nil, errPending
}

// Lessons returns the lessons, the newest first.
func (t *Trainer) Lessons(ctx context.Context) ([]LessonView, error) { return nil, errPending }

// AskLesson asks one lesson now, as a user would get it, and keeps the result.
func (t *Trainer) AskLesson(ctx context.Context, lesson int64) (LessonResult, error) {
	return LessonResult{}, errPending
}

// AskLessons asks all lessons in the background; Watch tells when it is done.
func (t *Trainer) AskLessons() {}

// Practise raises a lesson's importance by one, up to 5, and trains.
func (t *Trainer) Practise(ctx context.Context, lesson int64) error { return errPending }

// Unlearn takes back the sample of a lesson: see TakeBack.
func (t *Trainer) Unlearn(ctx context.Context, lesson int64) error { return errPending }

// SetKeywords replaces the check of a lesson; nil: the novel words of its answer.
func (t *Trainer) SetKeywords(ctx context.Context, lesson int64, keywords [][]string) error {
	return errPending
}

// SetAnswer replaces the wanted answer of a lesson.
func (t *Trainer) SetAnswer(ctx context.Context, lesson int64, answer string) error {
	return errPending
}

// SetKind says anew what a sample teaches. One that becomes knowledge is a lesson
// from now on, one that becomes manner no longer.
func (t *Trainer) SetKind(ctx context.Context, sample int64, kind Kind) error { return errPending }

// Versions returns the history: versions and refused cycles, the newest first,
// and the untrained base as the last row.
func (t *Trainer) Versions(ctx context.Context) ([]VersionRow, error) { return nil, errPending }

// Restore activates a version; 0 is the untrained base.
func (t *Trainer) Restore(ctx context.Context, version int64) error { return errPending }

// ExportVersion writes the adapters of a version (0: the active one) as PEFT
// folders "manner" and "knowledge" below dir.
func (t *Trainer) ExportVersion(ctx context.Context, version int64, dir string) error {
	return errPending
}

// ImportVersion makes a version of the PEFT folders below dir and activates it.
func (t *Trainer) ImportVersion(ctx context.Context, dir string) (VersionRow, error) {
	return VersionRow{}, errPending
}

// Cycles returns the cycles, the newest first; limit 0 means all.
func (t *Trainer) Cycles(ctx context.Context, limit int) ([]Cycle, error) { return nil, errPending }

// Losses returns the loss curves of the last n cycles that trained, the newest first.
func (t *Trainer) Losses(ctx context.Context, n int) ([][]LossPoint, error) { return nil, errPending }

// LiveStats returns the figures of the loop.
func (t *Trainer) LiveStats(ctx context.Context) (LiveStats, error) { return LiveStats{}, errPending }

// RatingHistory returns the mean rating of each day since the given moment that has one.
func (t *Trainer) RatingHistory(ctx context.Context, since time.Time) ([]RatingPoint, error) {
	return nil, errPending
}

// Doctor looks for what keeps CLARA from learning, with the figures at hand.
func (t *Trainer) Doctor(ctx context.Context) ([]Finding, error) { return nil, errPending }
