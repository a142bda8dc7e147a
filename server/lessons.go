package server

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"clara/trainer"
)

// lesson is a lesson as it is sent.
type lesson struct {
	ID         int64               `json:"id"`
	Question   string              `json:"question"`
	Answer     string              `json:"answer"`
	Keywords   [][]string          `json:"keywords,omitempty" nullable:"false" doc:"An answer is right if it has one word of each group; absent: the check goes by the answer's own words"`
	Importance int                 `json:"importance"`
	State      trainer.LessonState `json:"state" enum:"new,known,missed,lost"`
	Created    time.Time           `json:"created"`
	Before     string              `json:"before,omitempty" doc:"The answer of the untrained model"`
	Now        string              `json:"now,omitempty" doc:"The last answer when it was asked"`
}

type lessonsOutput struct {
	Body struct {
		Lessons []lesson `json:"lessons" nullable:"false"`
	}
}

type teachInput struct {
	Body struct {
		Question   Text       `json:"question" example:"When does the town hall open?"`
		Answer     Text       `json:"answer" example:"The town hall opens at eight."`
		Kind       string     `json:"kind,omitempty" enum:"knowledge,manner" default:"knowledge" doc:"What it teaches: what is true, or how to answer"`
		Importance Whole      `json:"importance,omitempty" minimum:"1" maximum:"5" default:"3" doc:"How much it weighs in training"`
		Keywords   [][]string `json:"keywords,omitempty" nullable:"false" doc:"An answer is right if it has one word of each group"`
		Source     Source     `json:"source,omitempty"`
	}
}

type lessonInput struct {
	ID int64 `path:"id" minimum:"1" maximum:"9007199254740991" doc:"The number of a lesson"`
}

func (s *server) lessonRoutes() {
	huma.Register(s.api, operation(http.MethodGet, "/lessons", "lessons", tagLearnt, "List the lessons", "What the model was taught, and what of it is known."),
		func(ctx context.Context, _ *struct{}) (*lessonsOutput, error) {
			all, err := trainerOf(ctx).Lessons(ctx)
			if err != nil {
				return nil, s.failed(err)
			}
			out := new(lessonsOutput)
			out.Body.Lessons = make([]lesson, len(all))
			for i, l := range all {
				out.Body.Lessons[i] = lesson{
					ID: l.ID, Question: l.Question, Answer: l.Answer, Keywords: l.Keywords, Importance: l.Importance,
					State: l.State, Created: l.Created, Before: l.Before, Now: l.Now,
				}
			}
			return out, nil
		})
	huma.Register(s.api, operation(http.MethodPost, "/lessons", "teach", tagFeedback, "Teach a question with its answer", "It works at once: a matching question is answered by it."),
		func(ctx context.Context, in *teachInput) (*successOutput, error) {
			b := in.Body
			if err := trainerOf(ctx).Readable(string(b.Question), string(b.Answer)); err != nil {
				return nil, s.failed(err)
			}
			sample, err := trainerOf(ctx).Teach(ctx, trainer.Teaching{
				Question: string(b.Question), Answer: string(b.Answer), Kind: trainer.Kind(b.Kind), Importance: int(b.Importance), Keywords: b.Keywords, Source: b.Source.name(),
			})
			if err != nil {
				return nil, s.failed(err)
			}
			return successOf(sample), nil
		})
	huma.Register(s.api, operation(http.MethodDelete, "/lessons/{id}", "unlearn", tagLearnt, "Take a lesson back", "It is no longer used from now on, and a cycle rebuilds adapters that were trained on it without it. It is erased after a day; where nothing is trained for a day, a version without it answers instead."),
		func(ctx context.Context, in *lessonInput) (*struct{}, error) {
			if err := trainerOf(ctx).Unlearn(ctx, in.ID); err != nil {
				return nil, s.failed(err)
			}
			return nil, nil
		})
}
