package server

import (
	"context"
	"errors"
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"clara/trainer"
)

// answerLesson is the header that names the lesson that an answer was given by.
const answerLesson = "Answer-Lesson"

type generateInput struct {
	Body struct {
		Prompt         Text `json:"prompt" doc:"What to answer" example:"What is an administrative act?"`
		WithoutLessons bool `json:"without_lessons,omitempty" doc:"Put no lesson before the model"`
	}
}

type generateOutput struct {
	AnswerID string `header:"Answer-Id" doc:"The id by which the answer is rated and corrected"`
	Lesson   string `header:"Answer-Lesson" doc:"The number of the lesson that the answer was given by, as GET /lessons has it; left out where it was none"`
	Body     struct {
		Response string `json:"response" doc:"The answer"`
	}
}

func (s *server) generateRoutes() {
	huma.Register(s.api, operation(http.MethodPost, "/generate", "generate", tagTalk, "Answer a prompt",
		"With all that the model has learnt from this user: generate_with_live_model."),
		func(ctx context.Context, in *generateInput) (*generateOutput, error) {
			var question int64
			e, err := s.answer(ctx, trainer.Ask{
				Text: string(in.Body.Prompt), WithoutLesson: in.Body.WithoutLessons, OnAsked: func(m trainer.Message) { question = m.ID },
			}, nil)
			if err != nil {
				return nil, s.failed(err)
			}
			out := &generateOutput{AnswerID: textPrefix + strconv.FormatInt(question, 10)}
			if e.Lesson != 0 {
				out.Lesson = strconv.FormatInt(e.Lesson, 10)
			}
			out.Body.Response = e.Text
			return out, nil
		})
}

// answer asks the user's trainer in its turn. Where the client has gone or the server
// ends, the error is that of ctx, where the user is removed errRemoved, and what was said
// is kept.
func (s *server) answer(ctx context.Context, ask trainer.Ask, onPiece func(string)) (e trainer.Entry, err error) {
	defer func() {
		switch {
		case ctx.Err() == nil:
		case errors.Is(context.Cause(ctx), errRemoved):
			err = errRemoved
		case err == nil:
			err = ctx.Err()
		}
	}()
	a := of(ctx)
	// Of the turns before, the model leaves out what it cannot read; a question is kept before it is read.
	if err := a.trainer.Readable(ask.System, ask.Text); err != nil {
		return trainer.Entry{}, err
	}
	leave, err := s.queue.enter(ctx, a.name)
	if err != nil {
		return trainer.Entry{}, err
	}
	defer leave()
	e, err = a.trainer.Answer(ctx, ask, onPiece)
	s.metrics.tokens.Add(float64(e.Tokens))
	return e, err
}
