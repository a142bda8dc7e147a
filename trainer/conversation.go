package trainer

import (
	"context"
	"fmt"

	"clara/store"
)

// Conversations returns the user's conversations, the pinned ones before the others, the
// last used first.
func (t *Trainer) Conversations(ctx context.Context) ([]Conversation, error) {
	return t.store.Conversations(ctx)
}

// Rename gives a conversation another title.
func (t *Trainer) Rename(ctx context.Context, conversation int64, title string) error {
	return t.store.RenameConversation(ctx, conversation, title)
}

// Pin puts a conversation at the top of the list, or back into its order.
func (t *Trainer) Pin(ctx context.Context, conversation int64, pinned bool) error {
	return t.store.PinConversation(ctx, conversation, pinned)
}

// DeleteConversation hides a conversation; RestoreConversation brings it back for a day,
// after which the loop erases it. The feedback given in it stays; its other questions
// hold no training to the base any more.
func (t *Trainer) DeleteConversation(ctx context.Context, conversation int64) error {
	messages, err := t.store.Messages(ctx, conversation)
	if err != nil {
		return fmt.Errorf("read conversation %d: %w", conversation, err)
	}
	if err := t.store.DeleteConversation(ctx, conversation); err != nil {
		return err
	}
	return t.forgetOwn(ctx, messages)
}

// RestoreConversation undoes DeleteConversation.
func (t *Trainer) RestoreConversation(ctx context.Context, conversation int64) error {
	return t.store.RestoreConversation(ctx, conversation)
}

// Draft is the text begun in a conversation (0: in a new one) and not sent.
func (t *Trainer) Draft(ctx context.Context, conversation int64) (string, error) {
	d, err := t.store.Draft(ctx, store.ConversationDraft(conversation))
	return d.Text, err
}

// SaveDraft keeps such a text; an empty one forgets it.
func (t *Trainer) SaveDraft(ctx context.Context, conversation int64, text string) error {
	return t.store.SaveDraft(ctx, store.ConversationDraft(conversation), text)
}

// Show makes a message part of the path of its conversation that is shown, which Entries
// returns and the next question follows.
func (t *Trainer) Show(ctx context.Context, message int64) error {
	return t.store.ShowMessage(ctx, message)
}

// Entries returns the path through a conversation that is shown, in its order.
func (t *Trainer) Entries(ctx context.Context, conversation int64) ([]Entry, error) {
	all, err := t.store.Messages(ctx, conversation)
	if err != nil {
		return nil, fmt.Errorf("read conversation %d: %w", conversation, err)
	}
	return t.entries(ctx, conversation, shownPath(all), all)
}

// entries are messages of a conversation, of which all is all, with the feedback that
// stands on them.
func (t *Trainer) entries(ctx context.Context, conversation int64, of, all []Message) ([]Entry, error) {
	samples, err := t.store.Samples(ctx, SampleQuery{Conversation: conversation, States: []SampleState{SampleNew, SampleUsed, SampleRejected}})
	if err != nil {
		return nil, fmt.Errorf("read the feedback in conversation %d: %w", conversation, err)
	}
	on := make(map[int64][]Sample)
	for _, s := range samples {
		on[s.Message] = append(on[s.Message], s)
	}
	numbers, err := t.versionNumbers(ctx)
	if err != nil {
		return nil, err
	}
	beside := versionsOf(all)
	questions := make(map[int64]string) // of the lessons that were used
	out := make([]Entry, len(of))
	for i, m := range of {
		out[i] = Entry{Message: m, Number: numbers[m.Version], Beside: beside[m.ID]}
		if m.Lesson != 0 {
			question, known := questions[m.Lesson]
			if !known {
				if l, err := t.store.Lesson(ctx, "", m.Lesson); err == nil {
					question = l.Question
				}
				questions[m.Lesson] = question
			}
			out[i].Question = question
		}
		for _, s := range on[m.ID] {
			out[i].stand(s)
		}
	}
	return out, nil
}

// stand notes a sample that stands on the entry; of several the last counts.
func (e *Entry) stand(s Sample) {
	if replaced(s) {
		return
	}
	switch s.Form {
	case FormRating:
		e.Stars, e.Rating = starsOf(s.Score), s.ID
	case FormCorrection:
		e.Better, e.Kind, e.Fix = s.Better, s.Kind, s.ID
	}
}

func (t *Trainer) versionNumbers(ctx context.Context) (map[int64]int, error) {
	versions, err := t.store.Versions(ctx, "")
	if err != nil {
		return nil, fmt.Errorf("read the versions: %w", err)
	}
	out := make(map[int64]int, len(versions))
	for _, v := range versions {
		out[v.ID] = v.Number
	}
	return out, nil
}
