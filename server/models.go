package server

import (
	"context"
	"net/http"
	"path/filepath"
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"clara/trainer"
)

// anyModel is a name that the model answers to besides its own.
const anyModel = "clara"

// oaModel is a model as OpenAI lists it.
type oaModel struct {
	ID      string `json:"id"`
	Object  string `json:"object"`
	Created int64  `json:"created"`
	OwnedBy string `json:"owned_by"`
}

type oaModels struct {
	Object string    `json:"object"`
	Data   []oaModel `json:"data" nullable:"false"`
}

type modelInput struct {
	Model string `path:"model" minLength:"1" example:"clara"`
}

func (s *server) modelRoutes() {
	list := s.openAIOperation(http.MethodGet, "/v1/models", "openai-models", "List the model", "", reflect.TypeFor[oaModels]())
	huma.Register(s.api, list, func(context.Context, *struct{}) (*huma.StreamResponse, error) {
		return raw(func(w http.ResponseWriter, r *http.Request) {
			m, p := s.model(r.Context())
			if p != nil {
				p.send(w, r)
				return
			}
			sendJSON(w, oaModels{"list", []oaModel{m}})
		}), nil
	})
	one := s.openAIOperation(http.MethodGet, "/v1/models/{model}", "openai-model", "Describe the model", "", reflect.TypeFor[oaModel]())
	huma.Register(s.api, one, func(_ context.Context, in *modelInput) (*huma.StreamResponse, error) {
		return raw(func(w http.ResponseWriter, r *http.Request) {
			m, p := s.model(r.Context())
			if p == nil && !answersTo(m, in.Model) {
				p = noSuchModel(in.Model)
			}
			if p != nil {
				p.send(w, r)
				return
			}
			sendJSON(w, m)
		}), nil
	})
}

// model is the one model. Its id is the name of its file; the one inside may be any text.
func (s *server) model(ctx context.Context) (oaModel, *Problem) {
	info, ok := trainerOf(ctx).ModelInfo()
	if !ok {
		return oaModel{}, problemOf(&trainer.UserError{Reason: trainer.Reason{Code: trainer.CodeNoModel, Text: trainer.ErrNoModel.Error()}})
	}
	id := strings.TrimSuffix(filepath.Base(info.Path), filepath.Ext(info.Path))
	return oaModel{ID: id, Object: "model", Created: s.began.Unix(), OwnedBy: anyModel}, nil
}

func answersTo(m oaModel, name string) bool { return name == m.ID || name == anyModel }

func noSuchModel(name string) *Problem {
	p := problem(http.StatusNotFound, "The model `"+name+"` does not exist", "GET /v1/models lists the one that does; it answers to `"+anyModel+"` too.")
	p.Code, p.param = "model_not_found", "model"
	return p
}
