package server

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"clara/trainer"
)

type statsOutput struct{ Body trainer.LiveStats }

// training is what the loop does, as it is sent.
type training struct {
	Phase    trainer.Phase       `json:"phase" doc:"What the loop does; empty until it has looked for the first time"`
	Why      trainer.Reason      `json:"why" doc:"Why it does that"`
	StartsAt *time.Time          `json:"starts_at,omitempty" doc:"When the next cycle starts"`
	Step     trainer.Step        `json:"step,omitempty" doc:"The part of the cycle that runs"`
	Done     int                 `json:"done,omitempty" doc:"Of this part, in its own unit"`
	Of       int                 `json:"of,omitempty"`
	Active   int                 `json:"active_version" doc:"The number of the version that answers; 0: the untrained base"`
	Reader   trainer.ReaderState `json:"reader,omitempty" enum:"none,built_in,prepared,refused" doc:"Where the model's reader is from. Without one (none, refused) a lesson is a turn before the question and nothing more, which the model uses less surely"`

	Contradictions int `json:"contradictions" doc:"How many pairs of lessons contradict each other and wait for a decision: GET /lessons names them"`
}

type trainingOutput struct{ Body training }

func trainingOf(st trainer.State) *trainingOutput {
	out := &trainingOutput{training{Phase: st.Phase, Why: st.Why, Active: st.Active.Number, Reader: st.Reader, Contradictions: st.Contradictions}}
	if !st.StartsAt.IsZero() {
		out.Body.StartsAt = &st.StartsAt
	}
	if st.Phase == trainer.PhaseRunning || st.Phase == trainer.PhaseChecking {
		out.Body.Step, out.Body.Done, out.Body.Of = st.Progress.Step, st.Progress.Done, st.Progress.Of
	}
	return out
}

type healthOutput struct {
	Body struct {
		Status  string `json:"status" enum:"ok"`
		Version string `json:"version"`
		Seconds int    `json:"uptime_seconds"`
	}
}

func (s *server) statusRoutes() {
	huma.Register(s.api, operation(http.MethodGet, "/stats", "stats", tagLearnt, "The live figures", "Buffer, cycles, ratings and lessons of this user alone: get_live_stats."),
		func(ctx context.Context, _ *struct{}) (*statsOutput, error) {
			stats, err := trainerOf(ctx).LiveStats(ctx)
			if err != nil {
				return nil, s.failed(err)
			}
			return &statsOutput{stats}, nil
		})
	train := operation(http.MethodPost, "/train", "train", tagLearnt, "Train now", "Starts a cycle as soon as none runs, whether or not anything is new. GET /train tells how far it is.")
	train.DefaultStatus = http.StatusAccepted
	huma.Register(s.api, train, func(ctx context.Context, _ *struct{}) (*trainingOutput, error) {
		t := trainerOf(ctx)
		if !t.Settings().Enabled {
			return nil, problem(http.StatusConflict, "learning is switched off", "Set continuous.enabled = true in the settings file.")
		}
		t.Train()
		return trainingOf(t.State()), nil
	})
	huma.Register(s.api, operation(http.MethodGet, "/train", "training", tagLearnt, "What the loop does", ""),
		func(ctx context.Context, _ *struct{}) (*trainingOutput, error) {
			return trainingOf(trainerOf(ctx).State()), nil
		})
	huma.Register(s.api, operation(http.MethodGet, "/healthz", "health", tagServer, "Whether the server answers", "Needs no token."),
		func(context.Context, *struct{}) (*healthOutput, error) {
			out := new(healthOutput)
			out.Body.Status, out.Body.Version, out.Body.Seconds = "ok", s.Version, int(time.Since(s.began).Seconds())
			return out, nil
		})
	figures := operation(http.MethodGet, "/metrics", "metrics", tagServer, "Figures for Prometheus", "Of the server, and of the user who asks.")
	figures.Responses = map[string]*huma.Response{"200": {
		Description: "Prometheus's text format", Content: map[string]*huma.MediaType{"text/plain": {Schema: &huma.Schema{Type: huma.TypeString}}},
	}}
	huma.Register(s.api, figures, func(ctx context.Context, _ *struct{}) (*huma.StreamResponse, error) {
		stats, err := trainerOf(ctx).LiveStats(ctx)
		if err != nil {
			return nil, s.failed(err)
		}
		return raw(func(w http.ResponseWriter, r *http.Request) { s.metrics.serve(w, r, stats) }), nil
	})
}
