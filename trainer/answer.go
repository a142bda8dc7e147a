package trainer

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"clara/model"
	"clara/trainer/transcript"
)

// Answer asks the model. The question is on disk before the first token, the
// answer before the call returns. onPiece, if not nil, gets the text as it is made,
// from the calling goroutine. When ctx ends, the answer so far is kept and returned
// with FinishCancelled and no error. An error of the model leaves an answer with
// FinishFailed and is returned with it.
func (t *Trainer) Answer(ctx context.Context, ask Ask, onPiece func(string)) (Entry, error) {
	if t.speaking.Load() == nil {
		return Entry{}, noModel()
	}
	question, history, err := t.question(ctx, ask)
	if err != nil {
		return Entry{}, err
	}
	if ask.OnAsked != nil {
		ask.OnAsked(question)
	}
	a, s, err := t.engaged()
	if err != nil {
		return Entry{}, err
	}
	defer a.users.Done()
	// Another answer may begin or end between the count and the update, so both look again.
	answering := func(st *State) { st.Answering = t.answers.Load() > 0 }
	if t.answers.Add(1) == 1 {
		t.hub.update(answering)
	}
	defer func() {
		if t.answers.Add(-1) == 0 {
			t.hub.update(answering)
		}
	}()
	until, done := a.until(ctx)
	defer done()
	return t.generate(until, ask, s, question, history, onPiece)
}

// question keeps the question, or finds the one to be answered again, and returns
// it with the turns before it.
func (t *Trainer) question(ctx context.Context, ask Ask) (Message, []Turn, error) {
	if before := cmp.Or(ask.Again, ask.Continue); before != 0 {
		return t.askedBefore(ctx, before)
	}
	text := tidy(ask.Text)
	switch {
	case text == "":
		return Message{}, nil, &UserError{Reason: reason(CodeEmpty, "the question is empty")}
	case ask.Instead == 0 && ask.Conversation == 0:
		return t.firstQuestion(ctx, ask, text)
	}
	m := Message{Conversation: ask.Conversation, Role: RoleUser, Text: text}
	if ask.Instead != 0 {
		other, err := t.store.Message(ctx, ask.Instead)
		if err != nil {
			return Message{}, nil, fmt.Errorf("read the question to be asked differently: %w", err)
		}
		if other.Role != RoleUser {
			return Message{}, nil, fmt.Errorf("message %d is not a question", other.ID)
		}
		m.Conversation, m.Parent = other.Conversation, other.Parent
	}
	all, err := t.store.Messages(ctx, m.Conversation)
	if err != nil {
		return Message{}, nil, fmt.Errorf("read conversation %d: %w", m.Conversation, err)
	}
	before := shownPath(all)
	if ask.Instead != 0 {
		before = pathTo(all, m.Parent)
	} else if len(before) > 0 {
		m.Parent = before[len(before)-1].ID
	}
	if before, err = t.corrected(ctx, m.Conversation, before); err != nil {
		return Message{}, nil, err
	}
	if m, err = t.store.AddMessage(ctx, m); err != nil {
		return Message{}, nil, saving(fmt.Errorf("keep the question: %w", err))
	}
	return m, turns(before), nil
}

// askedBefore finds the question of a message, which may be that itself, with the turns
// before it.
func (t *Trainer) askedBefore(ctx context.Context, message int64) (Message, []Turn, error) {
	m, err := t.store.Message(ctx, message)
	if err != nil {
		return Message{}, nil, fmt.Errorf("read the message to answer again: %w", err)
	}
	all, err := t.store.Messages(ctx, m.Conversation)
	if err != nil {
		return Message{}, nil, fmt.Errorf("read conversation %d: %w", m.Conversation, err)
	}
	path, err := t.corrected(ctx, m.Conversation, pathTo(all, message))
	if err != nil {
		return Message{}, nil, err
	}
	for q := len(path) - 1; q >= 0; q-- {
		if path[q].Role == RoleUser {
			return path[q], turns(path[:q]), nil
		}
	}
	return Message{}, nil, fmt.Errorf("message %d has no question before it", message)
}

// firstQuestion begins a conversation, with what was said before it.
func (t *Trainer) firstQuestion(ctx context.Context, ask Ask, text string) (Message, []Turn, error) {
	var history []Turn
	if ask.System != "" {
		history = []Turn{{Role: RoleSystem, Text: ask.System}}
	}
	history = turnsWithLineEnds(append(history, ask.History...))
	messages := make([]Message, 0, len(history)+1)
	for _, turn := range history {
		messages = append(messages, Message{Role: turn.Role, Text: turn.Text})
	}
	m, err := t.store.BeginConversation(ctx, Conversation{Title: transcript.TitleOf(text), Preset: ask.Preset}, append(messages, Message{Role: RoleUser, Text: text}))
	if err != nil {
		return Message{}, nil, saving(fmt.Errorf("keep the question: %w", err))
	}
	return m, history, nil
}

// corrected puts the user's corrections in the place of the answers that they
// correct: what the model reads of its own earlier answers it says again, however
// clear the lesson before them is.
func (t *Trainer) corrected(ctx context.Context, conversation int64, ms []Message) ([]Message, error) {
	samples, err := t.store.Samples(ctx, SampleQuery{
		Conversation: conversation, Forms: []Form{FormCorrection}, States: []SampleState{SampleNew, SampleUsed, SampleRejected},
	})
	if err != nil {
		return nil, fmt.Errorf("read the corrections of conversation %d: %w", conversation, err)
	}
	better := make(map[int64]string, len(samples))
	for _, s := range samples { // the oldest first: the newest stands
		if !replaced(s) {
			better[s.Message] = s.Better
		}
	}
	out := slices.Clone(ms)
	for i, m := range out {
		if text, ok := better[m.ID]; ok && m.Role == RoleAssistant {
			out[i].Text = text
		}
	}
	return out, nil
}

// turns is a conversation as the model gets it: a question whose answer is empty is left
// out with it. One that broke off stays, with what there is of it.
func turns(ms []Message) []Turn {
	var out []Turn
	for i, m := range ms {
		switch m.Role {
		case RoleUser:
			if i+1 >= len(ms) || ms[i+1].Role != RoleAssistant || strings.TrimSpace(ms[i+1].Text) == "" {
				continue
			}
		case RoleAssistant:
			if strings.TrimSpace(m.Text) == "" {
				continue
			}
		}
		out = append(out, Turn{Role: m.Role, Text: m.Text})
	}
	return out
}

func (t *Trainer) generate(ctx context.Context, ask Ask, s *speaker, question Message, history []Turn, onPiece func(string)) (Entry, error) {
	preset, err := t.presetOf(context.WithoutCancel(ctx), question.Conversation) // also of an answer that is stopped by now
	if err != nil {
		return Entry{}, err
	}
	s, set, history := under(preset, s, t.settings.Load(), history)
	tokens := ask.MaxTokens
	if tokens == 0 {
		tokens = set.MaxTokens
	}
	start := time.Now()
	begun, begunText, begunIDs, err := t.begun(context.WithoutCancel(ctx), s, ask.Continue)
	if err != nil {
		return Entry{}, err
	}
	chosen := []choice{{lesson: -1}}
	if !ask.WithoutLesson && (begun.ID == 0 || begun.Lesson != 0) {
		chosen, err = s.choose(ctx, []string{question.Text}, model.Foreground)
	}
	var said spoken
	if err == nil {
		for _, l := range chosen[0].looks {
			t.log.Debug("looked at a lesson", "question", question.ID, "lesson", s.lessons[l.lesson].ID, "found", l, "taken", l.lesson == chosen[0].lesson)
		}
		most := tokens
		said, tokens, err = s.fitted(history, question.Text, chosen[0].lesson, begunIDs, most)
		if errors.Is(err, model.ErrContext) && chosen[0].lesson >= 0 { // a long question may still fit alone
			said, tokens, err = s.fitted(history, question.Text, -1, begunIDs, most)
		}
	}
	answer := Message{Conversation: question.Conversation, Parent: question.ID, Role: RoleAssistant, Version: s.version.ID, Finish: FinishFailed}
	if preset != nil {
		answer.Preset, answer.System = preset.Name, preset.System
		if ask.Seed == 0 {
			ask.Seed = uint64(preset.Seed)
		}
	}
	entry := Entry{Number: s.version.Number}
	var result model.Result
	if err == nil {
		if said.lesson >= 0 {
			answer.Lesson = s.lessons[said.lesson].ID
			entry.Question = s.lessons[said.lesson].Question
		}
		t.log.Debug("answering", "question", question.ID, "version", s.version.Number, "lesson", answer.Lesson, "adapters", len(said.adapters), "tokens at most", tokens)
		result, err = s.runner.Generate(ctx, model.Request{
			Prompt: said.prompt, Begun: len(begunIDs), Adapters: said.adapters, Sampling: sampling(set, ask), MaxTokens: tokens, Stop: ask.Stop,
		}, func(p model.Piece) {
			if onPiece != nil && p.Text != "" {
				onPiece(p.Text)
			}
		})
		answer.Finish = Finish(result.Finish)
	}
	if begun.ID != 0 && result.Text == "" && (err == nil || ctx.Err() != nil) { // stopped at once: it is what it was
		numbers, err := t.versionNumbers(context.WithoutCancel(ctx))
		return Entry{Message: begun, Number: numbers[begun.Version]}, err
	}
	answer.Text = begunText + result.Text
	answer.Tokens, answer.Seconds = len(result.IDs), time.Since(start).Seconds()
	if err != nil {
		if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
			answer.Finish, err = FinishCancelled, nil
			if cause := context.Cause(ctx); errors.Is(cause, errTakenAway) {
				err = fmt.Errorf("answer: %w", cause)
			}
		} else {
			answer.Finish = FinishFailed
			err = fmt.Errorf("answer: %w", err)
		}
	}
	// What was made is kept even though the caller has gone, and however long something else is
	// written, such as conversations of years that are brought in.
	saveCtx := context.WithoutCancel(ctx)
	kept, saveErr := t.store.AddMessage(saveCtx, answer)
	if errors.Is(saveErr, ErrNotFound) && answer.Lesson != 0 { // it was unlearnt and erased while the answer was given
		answer.Lesson, entry.Question = 0, ""
		kept, saveErr = t.store.AddMessage(saveCtx, answer)
	}
	if saveErr != nil {
		return Entry{Message: answer, Number: s.version.Number}, saving(errors.Join(fmt.Errorf("keep the answer: %w", saveErr), err))
	}
	entry.Message, entry.PromptTokens = kept, result.PromptTokens
	if errors.Is(err, model.ErrContext) {
		err = &UserError{Reason: reason(CodeTooLong, "the question is too long for this model", "context", s.runner.Info().Context), Hint: HintShorten, Err: err}
	}
	return entry, err
}

// Readable is an error, a *UserError with CodeTooLong, where one of the texts is longer than all
// that the model can read. Without a model nothing is too long.
func (t *Trainer) Readable(texts ...string) error {
	a := t.model.use()
	if a == nil {
		return nil
	}
	defer a.users.Done()
	most, words := a.info.Context, a.runner.Tokenizer()
	for _, text := range texts {
		if words.MinTokens(len(text)) > most || len(words.Encode(text, false)) > most {
			return &UserError{Reason: reason(CodeTooLong, "a text is too long for this model", "context", most), Hint: HintShorten}
		}
	}
	return nil
}

// AnswerTo returns the answer that is shown to a question: the newest, where it was given
// again and not turned back to. ErrNotFound: there is none, or the message is no question.
func (t *Trainer) AnswerTo(ctx context.Context, question int64) (Message, error) {
	m, err := t.store.Message(ctx, question)
	if err != nil {
		return Message{}, fmt.Errorf("read question %d: %w", question, err)
	}
	all, err := t.store.Messages(ctx, m.Conversation)
	if err != nil {
		return Message{}, fmt.Errorf("read conversation %d: %w", m.Conversation, err)
	}
	if after := shownAfter(all, question); m.Role == RoleUser && len(after) > 0 && after[0].Role == RoleAssistant {
		return after[0], nil
	}
	return Message{}, fmt.Errorf("an answer to question %d: %w", question, ErrNotFound)
}

// leastAnswer is the room for an answer below which older turns are left out.
const leastAnswer = 64

// begun returns the answer to go on with, its text and the tokens of that; the zero message without
// one. Blanks at its end are left to what follows: a model writes them with the next word.
func (t *Trainer) begun(ctx context.Context, s *speaker, message int64) (m Message, text string, ids []int32, err error) {
	if message == 0 {
		return m, "", nil, nil
	}
	if m, err = t.store.Message(ctx, message); err != nil {
		return m, "", nil, fmt.Errorf("read the answer to go on with: %w", err)
	}
	if m.Role != RoleAssistant || !CanContinue(m) {
		return m, "", nil, fmt.Errorf("message %d is no answer that ended before its time", message)
	}
	text = strings.TrimRight(m.Text, " ")
	ids = s.runner.AnswerTokens(text)
	return m, text, ids[:len(ids)-1], nil
}

// CanContinue says whether an answer ended before its time, with something to go on from.
func CanContinue(m Message) bool {
	return (m.Finish == FinishCancelled || m.Finish == FinishLength || m.Finish == FinishFailed) && strings.TrimSpace(m.Text) != ""
}

// fitted is speak with as many of the turns as fit the model's context together
// with an answer, of which the tokens begun are there: the oldest go first, the system
// prompt stays. It returns the tokens that are left for the answer, at most want.
func (s *speaker) fitted(history []Turn, question string, lesson int, begun []int32, want int) (spoken, int, error) {
	limit := s.runner.Info().Context
	for {
		said, err := s.speak(history, question, lesson)
		hopeless := errors.Is(err, model.ErrContext) // so long that it was not even made tokens of
		if err != nil && !hopeless {
			return said, 0, fmt.Errorf("render the conversation: %w", err)
		}
		said.prompt = append(said.prompt, begun...)
		if room := limit - len(said.prompt); !hopeless && room >= min(want, leastAnswer) {
			return said, min(want, room), nil
		}
		first := 0
		if len(history) > 0 && history[0].Role == RoleSystem {
			first = 1
		}
		if len(history) <= first {
			return said, 0, fmt.Errorf("a question of %d letters: %w", utf8.RuneCountInString(question), model.ErrContext)
		}
		// A long history goes by halves, so that a huge one does not render for minutes.
		drop := max(1, (len(history)-first)/2)
		if !hopeless && len(said.prompt) < 2*limit {
			drop = 1
		}
		history = append(history[:first:first], withoutOldest(history[first+drop-1:])...)
	}
}

func sampling(set *Settings, ask Ask) model.Sampling {
	if ask.Greedy {
		return model.Sampling{}
	}
	seed := ask.Seed
	if seed == 0 {
		seed = rand.Uint64()
	}
	temperature, topP := set.Temperature, set.TopP
	if ask.Temperature != nil {
		temperature = *ask.Temperature
	}
	if ask.TopP != nil {
		topP = *ask.TopP
	}
	return model.Sampling{
		Temperature: float32(temperature), TopK: set.TopK, TopP: float32(topP), MinP: float32(set.MinP),
		RepeatPenalty: float32(set.RepeatPenalty), Seed: seed,
	}
}

// Compare answers the question of the given message by the untrained base, without
// lessons, sampled as answers are; the same message gives the same text each time.
// Nothing is kept. onPiece, if not nil, gets the text as it is made, from the
// calling goroutine.
func (t *Trainer) Compare(ctx context.Context, message int64, onPiece func(string)) (string, error) {
	question, history, err := t.question(ctx, Ask{Again: message})
	if err != nil {
		return "", err
	}
	a := t.model.use()
	if a == nil {
		return "", noModel()
	}
	defer a.users.Done()
	until, done := a.until(ctx)
	defer done()
	set := t.settings.Load()
	preset, err := t.presetOf(ctx, question.Conversation)
	if err != nil {
		return "", err
	}
	base, set, history := under(preset, &speaker{voice: voice{runner: a.runner, system: set.System}, model: a}, set, history)
	said, tokens, err := base.fitted(history, question.Text, -1, nil, set.MaxTokens)
	if err != nil {
		return "", fmt.Errorf("compare with the untrained model: %w", err)
	}
	result, err := a.runner.Generate(until, model.Request{
		Prompt: said.prompt, Sampling: sampling(set, Ask{Seed: uint64(message)}), MaxTokens: tokens,
	}, func(p model.Piece) {
		if onPiece != nil && p.Text != "" {
			onPiece(p.Text)
		}
	})
	if err != nil {
		return result.Text, fmt.Errorf("compare with the untrained model: %w", err)
	}
	return result.Text, nil
}
