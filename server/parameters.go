package server

import (
	"encoding/json"

	"github.com/danielgtaylor/huma/v2"
)

// CommonParameters, chatParameters and textParameters describe the requests of OpenAI's
// clients; readOpenAI reads them. The first is exported for huma, as Correction is.
type CommonParameters struct {
	Model          string   `json:"model" minLength:"1" doc:"What /v1/models lists, or clara" example:"clara"`
	Temperature    *float64 `json:"temperature,omitempty" minimum:"0" maximum:"2" doc:"0 takes the most probable token; left out: the settings'"`
	TopP           *float64 `json:"top_p,omitempty" minimum:"0" maximum:"1" doc:"0 takes the most probable token; left out: the settings'"`
	Seed           Seed     `json:"seed,omitempty" doc:"The same seed draws the same"`
	MaxTokens      Whole    `json:"max_tokens,omitempty" minimum:"1" doc:"Of the answer; left out: the settings'"`
	Stop           Stops    `json:"stop,omitempty" doc:"Texts before which the answer ends, or a single one"`
	Stream         bool     `json:"stream,omitempty" doc:"Send the answer as it is made, as server-sent events"`
	WithoutLessons bool     `json:"without_lessons,omitempty" doc:"Put no lesson before the model. Not one of OpenAI's"`
	StreamOptions  Options  `json:"stream_options,omitempty" doc:"With stream alone; include_usage: count the tokens in a last event"`
}

type chatParameters struct {
	Messages      Messages `json:"messages" doc:"The conversation; the last one is the user's"`
	MaxCompletion Whole    `json:"max_completion_tokens,omitempty" minimum:"1" doc:"As max_tokens, before which it goes"`
	CommonParameters
}

// TransformSchema implements huma.SchemaTransformer.
func (chatParameters) TransformSchema(_ huma.Registry, s *huma.Schema) *huma.Schema {
	return streamsAlone(s)
}

type textParameters struct {
	Prompt Prompt `json:"prompt" doc:"What to answer, or a list with it alone. It is asked as a question of a chat"`
	CommonParameters
}

// TransformSchema implements huma.SchemaTransformer.
func (textParameters) TransformSchema(_ huma.Registry, s *huma.Schema) *huma.Schema {
	return streamsAlone(s)
}

// streamsAlone says that stream_options goes with stream alone.
func streamsAlone(s *huma.Schema) *huma.Schema {
	s.AnyOf = []*huma.Schema{
		{Required: []string{"stream"}, Properties: map[string]*huma.Schema{"stream": {Enum: []any{true}}}},
		{Properties: map[string]*huma.Schema{"stream_options": {Type: "null"}}},
	}
	return s
}

// Seed is a whole number; those beyond 64 bits are cut off at them.
type Seed int64

// Schema implements huma.SchemaProvider.
func (Seed) Schema(huma.Registry) *huma.Schema { return &huma.Schema{Type: huma.TypeInteger} }

// UnmarshalJSON implements json.Unmarshaler.
func (s *Seed) UnmarshalJSON(data []byte) error {
	if json.Unmarshal(data, (*int64)(s)) == nil {
		return nil
	}
	var w Whole
	err := w.UnmarshalJSON(data)
	*s = Seed(w)
	return err
}

// Options are the options of a stream.
type Options struct {
	IncludeUsage bool `json:"include_usage"`
}

// Schema implements huma.SchemaProvider.
func (Options) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeObject, Properties: map[string]*huma.Schema{"include_usage": {Type: huma.TypeBoolean, Nullable: true}}}
}

// Stops, Prompt and Messages describe what can be written in more than one way.
type (
	Stops    struct{}
	Prompt   struct{}
	Messages struct{}
)

// Schema implements huma.SchemaProvider.
func (Stops) Schema(huma.Registry) *huma.Schema {
	least, most := 1, 4
	one := &huma.Schema{Type: huma.TypeString, MinLength: &least}
	return &huma.Schema{AnyOf: []*huma.Schema{one, {Type: huma.TypeArray, Items: one, MaxItems: &most, Nullable: true}}}
}

// Schema implements huma.SchemaProvider.
func (Prompt) Schema(r huma.Registry) *huma.Schema {
	one, text := 1, Text("").Schema(r)
	return &huma.Schema{
		AnyOf:    []*huma.Schema{text, {Type: huma.TypeArray, Items: text, MinItems: &one, MaxItems: &one}},
		Examples: []any{"What is an administrative act?"},
	}
}

// Schema implements huma.SchemaProvider.
func (Messages) Schema(huma.Registry) *huma.Schema {
	least := 1
	part := &huma.Schema{Type: huma.TypeObject, Required: []string{"type"}, Properties: map[string]*huma.Schema{
		"type": {Type: huma.TypeString, Enum: []any{"text"}},
		"text": {Type: huma.TypeString, Nullable: true},
	}}
	message := &huma.Schema{Type: huma.TypeObject, Required: []string{"role"}, Properties: map[string]*huma.Schema{
		"role":    {Type: huma.TypeString, Enum: []any{"system", "developer", "user", "assistant"}},
		"content": {AnyOf: []*huma.Schema{{Type: huma.TypeString}, {Type: huma.TypeArray, Items: part, Nullable: true}}},
	}}
	return &huma.Schema{
		Type: huma.TypeArray, Items: message, MinItems: &least,
		Examples: []any{[]map[string]string{{"role": "user", "content": "What is an administrative act?"}}},
	}
}
