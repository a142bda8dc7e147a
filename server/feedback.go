package server

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"clara/trainer"
)

// success is the note's answer to feedback.
type success struct {
	Success bool   `json:"success" doc:"Whether the sample is in the live buffer"`
	Reason  string `json:"reason,omitempty" doc:"Why it is not; it is kept all the same"`
}

type successOutput struct {
	FeedbackID  int64        `header:"Feedback-Id" doc:"The number of the sample, by which it is taken back"`
	Kind        trainer.Kind `header:"Feedback-Kind" doc:"What it teaches: knowledge, which is a lesson, or manner. Of a correction it is changed by POST /feedback/{id}/kind"`
	Contradicts string       `header:"Feedback-Contradicts" doc:"The number of the lesson that this one contradicts; left out where there is none. POST /lessons/{id}/resolve decides"`
	Body        success
}

// successOf says what became of a sample that is on disk.
func (s *server) successOf(ctx context.Context, sample trainer.Sample) *successOutput {
	out := &successOutput{
		FeedbackID: sample.ID, Kind: sample.Kind, Body: success{Success: sample.State != trainer.SampleRejected, Reason: sample.Reason.Text},
	}
	if sample.Kind != trainer.Knowledge {
		return out
	}
	x, err := trainerOf(ctx).Contradicted(ctx, sample.ID)
	if err != nil { // the sample is kept: as an answer it would have it sent again
		_ = s.fails(fmt.Errorf("say what the lesson of sample %d contradicts: %w", sample.ID, err))
	}
	if x != nil {
		out.Contradicts = strconv.FormatInt(x.Against(sample.ID).ID, 10)
	}
	return out
}

// standing is successOf of the sample with a number.
func (s *server) standing(ctx context.Context, id int64) (*successOutput, error) {
	now, err := trainerOf(ctx).Samples(ctx, trainer.SampleQuery{IDs: []int64{id}})
	if err == nil && len(now) != 1 { // taken back meanwhile
		err = fmt.Errorf("the feedback %d: %w", id, trainer.ErrNotFound)
	}
	if err != nil {
		return nil, s.failed(err)
	}
	return s.successOf(ctx, now[0]), nil
}

type feedbackInput struct {
	Body struct {
		Text       Text    `json:"text" doc:"What the score is about" example:"An administrative act is a decision of an authority."`
		Score      float64 `json:"score" minimum:"-1" maximum:"1" doc:"-1 (bad) to 1 (good)" example:"0.8"`
		Importance Whole   `json:"importance,omitempty" minimum:"1" maximum:"5" default:"1" doc:"How much it weighs in training"`
		Source     Source  `json:"source,omitempty"`
	}
}

// SamplePath names a sample in the path. It is exported for huma, as Correction is.
type SamplePath struct {
	ID int64 `path:"id" minimum:"1" maximum:"9007199254740991" doc:"The number of a sample"`
}

type kindInput struct {
	SamplePath
	Body struct {
		Kind string `json:"kind" enum:"knowledge,manner" doc:"What it teaches: what is true, or how to answer" example:"knowledge"`
	}
}

type conversationInput struct {
	Body struct {
		Input      Text   `json:"user_input" doc:"What the user asked" example:"What is an administrative act?"`
		Output     Text   `json:"model_output" doc:"What was answered" example:"An administrative act is a decision of an authority."`
		Rating     Whole  `json:"user_rating" enum:"1,2,3,4,5" doc:"Stars" example:"4"`
		Importance Whole  `json:"importance,omitempty" minimum:"1" maximum:"5" default:"3" doc:"How much it weighs in training"`
		Source     Source `json:"source,omitempty"`
	}
}

// AnswerPath names an answer in the path.
type AnswerPath struct {
	ID string `path:"id" minLength:"1" maxLength:"64" example:"1" doc:"The id of an answer (chatcmpl-12, cmpl-12), or the number of a conversation: its last answer"`
}

type ratingInput struct {
	AnswerPath
	Body struct {
		Stars  Whole  `json:"stars" enum:"1,2,3,4,5" doc:"DELETE takes the rating back" example:"5"`
		Source Source `json:"source,omitempty"`
	}
}

// Correction is a better answer as it is sent. It is exported for huma, which leaves out
// what is embedded otherwise.
type Correction struct {
	Better     Text       `json:"better" doc:"The better answer" example:"An administrative act is a decision of an authority in a single case."`
	Kind       string     `json:"kind,omitempty" enum:"knowledge,manner" doc:"What it teaches: what is true, or how to answer; left out: what the difference suggests"`
	Importance Whole      `json:"importance,omitempty" minimum:"1" maximum:"5" default:"3" doc:"How much it weighs in training"`
	Keywords   [][]string `json:"keywords,omitempty" nullable:"false" doc:"An answer is right if it has one word of each group; left out: the words that are new in the better answer"`
	Source     Source     `json:"source,omitempty"`
}

type correctionInput struct {
	AnswerPath
	Body Correction
}

type correctionsInput struct {
	Body struct {
		ID string `json:"id" minLength:"1" maxLength:"64" example:"1" doc:"As in the path of the others"`
		Correction
	}
}

func (s *server) feedbackRoutes() {
	huma.Register(s.api, operation(http.MethodPost, "/feedback", "feedback", tagFeedback, "Add a text with a score",
		"A text that is good or bad, outside of any conversation: add_feedback_sample. It is on disk before the answer comes."),
		func(ctx context.Context, in *feedbackInput) (*successOutput, error) {
			b := in.Body
			if err := trainerOf(ctx).Readable(string(b.Text)); err != nil {
				return nil, s.failed(err)
			}
			sample, err := trainerOf(ctx).AddFeedbackSample(ctx, string(b.Text), b.Score, b.Source.name(), int(b.Importance))
			if err != nil {
				return nil, s.failed(err)
			}
			return s.successOf(ctx, sample), nil
		})
	huma.Register(s.api, operation(http.MethodDelete, "/feedback/{id}", "take-back", tagFeedback, "Take feedback back",
		"A text, a rating, a correction or a lesson, by the number in the header Feedback-Id of the answer to it. What it had replaced stands again; it is erased after a day, and until then POST /feedback/{id}/undelete brings it back."),
		func(ctx context.Context, in *SamplePath) (*struct{}, error) {
			if err := trainerOf(ctx).TakeBack(ctx, in.ID); err != nil {
				return nil, s.failed(err)
			}
			return nil, nil
		})
	huma.Register(s.api, operation(http.MethodPost, "/feedback/{id}/kind", "set-kind", tagFeedback, "Say anew what a correction teaches",
		"What it was taken for is in the header Feedback-Kind of the answer to it. One that becomes knowledge is a lesson from now on, one that becomes manner none; the next training takes it as that."),
		func(ctx context.Context, in *kindInput) (*successOutput, error) {
			if err := trainerOf(ctx).SetKind(ctx, in.ID, trainer.Kind(in.Body.Kind)); err != nil {
				return nil, s.failed(err)
			}
			return s.standing(ctx, in.ID)
		})
	huma.Register(s.api, operation(http.MethodPost, "/feedback/{id}/undelete", "put-back", tagFeedback, "Bring back feedback that was taken back",
		"For a day, by the number in the header Feedback-Id of the answer to it; then it is erased. What it had replaced is replaced again. Where newer feedback on the same was given since, and stands, the answer is 409 and names it."),
		func(ctx context.Context, in *SamplePath) (*successOutput, error) {
			// What stands already is told as brought back: the answer to a first request may have been lost.
			if err := trainerOf(ctx).PutBack(ctx, in.ID); err != nil && !errors.Is(err, trainer.ErrNotFound) {
				return nil, s.failed(err)
			}
			return s.standing(ctx, in.ID)
		})
	huma.Register(s.api, operation(http.MethodPost, "/conversations", "process-conversation", tagFeedback, "Add a question with a rated answer",
		"An answer that was given elsewhere, with its rating: process_conversation."),
		func(ctx context.Context, in *conversationInput) (*successOutput, error) {
			b := in.Body
			if err := trainerOf(ctx).Readable(string(b.Input), string(b.Output)); err != nil {
				return nil, s.failed(err)
			}
			sample, err := trainerOf(ctx).AddRating(ctx, string(b.Input), string(b.Output), int(b.Rating), b.Source.name(), int(b.Importance))
			if err != nil {
				return nil, s.failed(err)
			}
			return s.successOf(ctx, sample), nil
		})
	huma.Register(s.api, operation(http.MethodPost, "/conversations/{id}/rating", "rate", tagFeedback, "Rate an answer",
		"Another rating of the same answer replaces the first."),
		func(ctx context.Context, in *ratingInput) (*successOutput, error) {
			message, err := answerOf(ctx, in.ID)
			if err != nil {
				return nil, s.failed(err)
			}
			sample, err := trainerOf(ctx).RateFrom(ctx, message, int(in.Body.Stars), in.Body.Source.name())
			if err != nil {
				return nil, s.failed(err)
			}
			return s.successOf(ctx, sample), nil
		})
	huma.Register(s.api, operation(http.MethodDelete, "/conversations/{id}/rating", "take-rating-back", tagFeedback, "Take a rating back", "The answer is then without one. POST /feedback/{id}/undelete brings it back, for a day."),
		func(ctx context.Context, in *AnswerPath) (*struct{}, error) {
			message, err := answerOf(ctx, in.ID)
			if err == nil {
				_, err = trainerOf(ctx).Rate(ctx, message, 0)
			}
			if err != nil {
				return nil, s.failed(err)
			}
			return nil, nil
		})
	huma.Register(s.api, operation(http.MethodPost, "/conversations/{id}/corrections", "correct", tagFeedback, "Correct an answer",
		"A correction of knowledge is a lesson from now on; one of manner is trained on at once, by the settings."),
		func(ctx context.Context, in *correctionInput) (*successOutput, error) {
			return s.correct(ctx, in.ID, in.Body)
		})
	huma.Register(s.api, operation(http.MethodPost, "/corrections", "correct-by-id", tagFeedback, "Correct an answer, named in the body",
		"As /conversations/{id}/corrections."),
		func(ctx context.Context, in *correctionsInput) (*successOutput, error) {
			return s.correct(ctx, in.Body.ID, in.Body.Correction)
		})
}

func (s *server) correct(ctx context.Context, id string, b Correction) (*successOutput, error) {
	message, err := answerOf(ctx, id)
	if err == nil {
		err = trainerOf(ctx).Readable(string(b.Better))
	}
	if err != nil {
		return nil, s.failed(err)
	}
	sample, err := trainerOf(ctx).Correct(ctx, trainer.Correction{
		Message: message, Better: string(b.Better), Kind: trainer.Kind(b.Kind), Importance: int(b.Importance), Keywords: b.Keywords, Source: b.Source.name(),
	})
	if err != nil {
		return nil, s.failed(err)
	}
	return s.successOf(ctx, sample), nil
}

// The prefixes of the ids of answers, as OpenAI's.
const (
	chatPrefix = "chatcmpl-"
	textPrefix = "cmpl-"
)

// answerOf finds the message that an id of an answer, or the number of a conversation,
// names. The number in an answer's id is that of its question: an id has to be known
// before there is an answer.
func answerOf(ctx context.Context, id string) (message int64, err error) {
	t := trainerOf(ctx)
	number, ofAnswer := strings.CutPrefix(id, chatPrefix)
	if !ofAnswer {
		number, ofAnswer = strings.CutPrefix(id, textPrefix)
	}
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("the answer %q: %w", id, trainer.ErrNotFound)
	}
	if ofAnswer {
		m, err := t.AnswerTo(ctx, n)
		return m.ID, err
	}
	entries, err := t.Entries(ctx, n)
	if err != nil {
		return 0, err
	}
	for i := len(entries) - 1; i >= 0; i-- {
		if entries[i].Role == trainer.RoleAssistant {
			return entries[i].ID, nil
		}
	}
	return 0, fmt.Errorf("an answer in conversation %d: %w", n, trainer.ErrNotFound)
}

// failed is what an error is to the client; the log has its causes.
func (s *server) failed(err error) error { return s.fails(err) }

// fails is failed outside of huma.
func (s *server) fails(err error) *Problem {
	p := problemOf(err)
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, errEnding): // the client has gone, or the server goes
		s.Log.Debug("a request was cut short", "error", err)
	case errors.Is(err, errFull): // which a limit is there for
		s.Log.Debug("a request found the queue full")
	case p.Status >= http.StatusInternalServerError:
		s.Log.Error("a request failed", "status", p.Status, "error", err)
	}
	return p
}
