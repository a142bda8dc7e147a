package trainer

import "context"

// Sources of samples, as the note has them; a sample may name any other.
const (
	SourceUser         = "user"         // where nobody says another
	SourceConversation = "conversation" // of ProcessConversation
)

// ProcessConversation keeps an exchange that happened elsewhere with its rating of 1 to 5
// stars: the note's process_conversation. AddRating says source and importance too; Rate
// is for answers that this trainer gave.
func (t *Trainer) ProcessConversation(ctx context.Context, input, output string, stars int) (Sample, error) {
	return t.AddRating(ctx, input, output, stars, SourceConversation, 0)
}

// GenerateWithLiveModel answers a prompt with all that has been learnt up to now: the
// version in use, and the lesson that the prompt is about. It is the note's
// generate_with_live_model. The exchange is kept as a conversation, so that it can be
// rated and corrected; Answer streams, and returns the message to do that by.
func (t *Trainer) GenerateWithLiveModel(ctx context.Context, prompt string) (string, error) {
	e, err := t.Answer(ctx, Ask{Text: prompt}, nil)
	return e.Text, err
}
