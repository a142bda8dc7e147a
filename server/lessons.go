package server

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"clara/trainer"
)

// lesson is a lesson as it is sent.
type lesson struct {
	ID          int64               `json:"id"`
	Feedback    int64               `json:"feedback" doc:"The number of its sample, as in the header Feedback-Id"`
	Question    string              `json:"question"`
	Answer      string              `json:"answer"`
	Keywords    [][]string          `json:"keywords,omitempty" nullable:"false" doc:"An answer is right if it has one word of each group; absent: the check goes by the answer's own words"`
	Importance  int                 `json:"importance"`
	State       trainer.LessonState `json:"state" enum:"new,known,missed,lost"`
	Created     time.Time           `json:"created"`
	Before      string              `json:"before,omitempty" doc:"The answer of the untrained model"`
	Now         string              `json:"now,omitempty" doc:"The last answer when it was asked"`
	Trail       []asking            `json:"trail" nullable:"false" doc:"The last 8 times that it was asked, the oldest first"`
	Way         trainer.Way         `json:"way,omitempty" enum:"turn,reader,knowledge" doc:"By what it reaches an answer: always as a turn before the question, read with nothing that was trained for that (turn), with the model's reader or what was trained on other lessons (reader), or with what was trained on this one (knowledge)"`
	Trained     int                 `json:"trained" doc:"How many trainings of knowledge took it up"`
	Contradicts int64               `json:"contradicts,omitempty" doc:"The number of the lesson that it contradicts. Until POST /lessons/{id}/resolve decides, the older one of the two is not trained on"`
}

// asking is one time that a lesson was asked, as it is sent.
type asking struct {
	Outcome trainer.LessonState `json:"outcome" enum:"known,missed,lost" doc:"lost: it was known once, and is no more"`
	Version int64               `json:"version" doc:"The id of the version that answered; 0: the untrained base"`
	Created time.Time           `json:"created"`
}

// Which of two lessons that contradict each other is right.
const (
	keepThis  = "this"
	keepOther = "other"
	keepBoth  = "both"
)

type resolveInput struct {
	LessonPath
	Body struct {
		Contradicts Whole  `json:"contradicts" minimum:"1" maximum:"9007199254740991" doc:"The number of the lesson that it contradicts, as GET /lessons has it" example:"2"`
		Keep        string `json:"keep" enum:"this,other,both" doc:"Which of the two is right: the one in the path, the other one, or both" example:"both"`
	}
}

type resolveOutput struct {
	Body struct {
		Kept      []int64 `json:"kept" nullable:"false" doc:"The numbers of the lessons that stay"`
		TakenBack int64   `json:"taken_back,omitempty" doc:"The number of the lesson that does not"`
	}
}

type practiseOutput struct {
	Body struct {
		Raised bool `json:"raised" doc:"Whether it weighs more by that; false: it weighed the most already"`
		Known  bool `json:"known" doc:"Whether it is known without a training: none takes it up unless it is lost, and no cycle starts for it"`
	}
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

// LessonPath names a lesson in the path. It is exported for huma, as Correction is.
type LessonPath struct {
	ID int64 `path:"id" minimum:"1" maximum:"9007199254740991" doc:"The number of a lesson"`
}

func (s *server) lessonRoutes() {
	huma.Register(s.api, operation(http.MethodGet, "/lessons", "lessons", tagLearnt, "List the lessons", "What the model was taught, and what of it is known."),
		func(ctx context.Context, _ *struct{}) (*lessonsOutput, error) {
			all, err := trainerOf(ctx).Lessons(ctx)
			if err != nil {
				return nil, s.failed(err)
			}
			against, err := trainerOf(ctx).Contradictions(ctx)
			if err != nil {
				return nil, s.failed(err)
			}
			other := trainer.Opposed(against)
			out := new(lessonsOutput)
			out.Body.Lessons = make([]lesson, len(all))
			for i, l := range all {
				out.Body.Lessons[i] = lesson{
					ID: l.ID, Feedback: l.Sample, Question: l.Question, Answer: l.Answer, Keywords: l.Keywords, Importance: l.Importance,
					State: l.State, Created: l.Created, Before: l.Before, Now: l.Now, Trail: make([]asking, len(l.Trail)),
					Way: l.Way, Trained: l.Trained, Contradicts: other[l.ID].ID,
				}
				for k, r := range l.Trail {
					out.Body.Lessons[i].Trail[k] = asking{r.Outcome, r.Version, r.Created}
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
			return s.successOf(ctx, sample), nil
		})
	huma.Register(s.api, operation(http.MethodPost, "/lessons/{id}/resolve", "resolve", tagLearnt, "Say which of two lessons that contradict each other is right",
		"GET /lessons names for each lesson the one that it contradicts. What is not kept is taken back, as by DELETE, and POST /lessons/{id}/undelete brings it back; a pair of which both are right is not put to you again."),
		func(ctx context.Context, in *resolveInput) (*resolveOutput, error) {
			return s.resolve(ctx, in.ID, int64(in.Body.Contradicts), in.Body.Keep)
		})
	huma.Register(s.api, operation(http.MethodDelete, "/lessons/{id}", "unlearn", tagLearnt, "Take a lesson back", "It is no longer used from now on, and a cycle rebuilds adapters that were trained on it without it. It is erased after a day, and until then POST /lessons/{id}/undelete brings it back; where nothing is trained for a day, a version without it answers instead."),
		func(ctx context.Context, in *LessonPath) (*struct{}, error) {
			if err := trainerOf(ctx).Unlearn(ctx, in.ID); err != nil {
				return nil, s.failed(err)
			}
			return nil, nil
		})
	huma.Register(s.api, operation(http.MethodPost, "/lessons/{id}/undelete", "relearn", tagLearnt, "Bring back a lesson that was taken back",
		"For a day, whether it was taken back by DELETE or by POST /lessons/{id}/resolve; then it is erased. An earlier answer that it had replaced stays taken back. Where a newer answer to the same question was given since, and stands, the answer is 409 and names it."),
		func(ctx context.Context, in *LessonPath) (*successOutput, error) {
			sample, err := trainerOf(ctx).Relearn(ctx, in.ID)
			if err != nil && (sample == 0 || !errors.Is(err, trainer.ErrNotFound)) { // as in put-back
				return nil, s.failed(err)
			}
			return s.standing(ctx, sample)
		})
	huma.Register(s.api, operation(http.MethodPost, "/lessons/{id}/practise", "practise", tagLearnt, "Train a lesson again",
		"It weighs more, and a cycle starts as soon as none runs and learning is switched on. GET /train tells how far it is. For one that is known without a training none starts: known says so, and it weighs more once it is lost."),
		func(ctx context.Context, in *LessonPath) (*practiseOutput, error) {
			done, err := trainerOf(ctx).Practise(ctx, in.ID)
			if err != nil {
				return nil, s.failed(err)
			}
			out := new(practiseOutput)
			out.Body.Raised, out.Body.Known = done.Raised, done.Known
			return out, nil
		})
}

// resolve does what the user says to a contradiction of two lessons. Both are named: the other
// one may be another one since they were listed, and would be taken back unseen.
func (s *server) resolve(ctx context.Context, this, other int64, keep string) (*resolveOutput, error) {
	found, err := trainerOf(ctx).Contradictions(ctx)
	if err != nil {
		return nil, s.failed(err)
	}
	for _, c := range found {
		isOlder := c.Older.ID == this && c.Newer.ID == other
		if !isOlder && !(c.Newer.ID == this && c.Older.ID == other) {
			continue
		}
		out, how := new(resolveOutput), trainer.BothRight
		switch {
		case keep == keepBoth:
			out.Body.Kept = []int64{c.Older.ID, c.Newer.ID}
		case keep == keepThis && isOlder, keep == keepOther && !isOlder:
			how, out.Body.Kept, out.Body.TakenBack = trainer.KeepOlder, []int64{c.Older.ID}, c.Newer.ID
		default:
			how, out.Body.Kept, out.Body.TakenBack = trainer.KeepNewer, []int64{c.Newer.ID}, c.Older.ID
		}
		if err := trainerOf(ctx).Resolve(ctx, c, how); err != nil {
			return nil, s.failed(err)
		}
		return out, nil
	}
	return nil, problem(http.StatusConflict, fmt.Sprintf("the lessons %d and %d do not contradict each other", this, other), "GET /lessons names those that do.")
}
