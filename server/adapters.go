package server

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"clara/trainer"
)

// adapter is a version, a cycle that was refused or trained in vain, or the untrained base,
// as it is sent.
type adapter struct {
	ID      int64              `json:"id" doc:"By which it is restored; 0: a cycle that made no version, or the untrained base"`
	Number  int                `json:"number" doc:"0: the untrained base, or a cycle that made no version"`
	Cycle   int64              `json:"cycle" doc:"0: the untrained base"`
	Parent  int64              `json:"parent" doc:"The id of the version before"`
	Created *time.Time         `json:"created,omitempty"`
	State   trainer.CycleState `json:"state,omitempty" doc:"promoted; refused, or checked: it trained and made no version, and reason says why; absent: the untrained base"`
	Verdict string             `json:"verdict,omitempty" doc:"Of the gate"`
	Reason  trainer.Reason     `json:"reason"`
	Figures *trainer.Figures   `json:"figures,omitempty" doc:"What the gate measured"`
	Active  bool               `json:"active" doc:"It answers now"`
	Removed bool               `json:"removed" doc:"Its files are gone: it cannot be restored"`

	Sentences []trainer.Sentence `json:"sentences,omitempty" nullable:"false" doc:"The figures in sentences, in the order of the gate: reason.text is in English, value is held to limit where it is limited"`
}

type adaptersOutput struct {
	Body struct {
		Adapters []adapter `json:"adapters" nullable:"false"`
	}
}

type adapterInput struct {
	ID int64 `path:"id" minimum:"0" maximum:"9007199254740991" doc:"The id of a version; 0: the untrained base"`
}

func (s *server) adapterRoutes() {
	huma.Register(s.api, operation(http.MethodGet, "/adapters", "adapters", tagLearnt, "List the versions", "The newest first; the untrained base is the last."),
		func(ctx context.Context, _ *struct{}) (*adaptersOutput, error) {
			rows, err := trainerOf(ctx).Versions(ctx)
			if err != nil {
				return nil, s.failed(err)
			}
			out := new(adaptersOutput)
			out.Body.Adapters = make([]adapter, len(rows))
			for i, r := range rows {
				out.Body.Adapters[i] = adapter{
					ID: r.ID, Number: r.Number, Cycle: r.Cycle, Parent: r.Parent, State: r.State, Verdict: r.Verdict,
					Reason: r.Reason, Figures: r.Figures, Active: r.Active, Removed: r.Removed,
				}
				if r.Figures != nil {
					out.Body.Adapters[i].Sentences = r.Figures.Sentences()
				}
				if !r.Created.IsZero() {
					out.Body.Adapters[i].Created = &r.Created
				}
			}
			return out, nil
		})
	huma.Register(s.api, operation(http.MethodPost, "/adapters/{id}/restore", "restore", tagLearnt, "Let a version answer again", "Nothing is lost: any other whose files are kept can be restored afterwards."),
		func(ctx context.Context, in *adapterInput) (*struct{}, error) {
			if err := trainerOf(ctx).Restore(ctx, in.ID); err != nil {
				return nil, s.failed(err)
			}
			return nil, nil
		})
}
