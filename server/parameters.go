package server

// CommonParameters, chatParameters and textParameters describe the requests of OpenAI's
// clients; readOpenAI reads them. The first is exported for huma, as Correction is.
type CommonParameters struct {
	Model         string   `json:"model" doc:"What /v1/models lists, or clara"`
	Temperature   *float64 `json:"temperature,omitempty" minimum:"0" maximum:"2" doc:"0 takes the most probable token; left out: the settings'"`
	TopP          *float64 `json:"top_p,omitempty" minimum:"0" maximum:"1" doc:"Left out: the settings'"`
	Seed          *int64   `json:"seed,omitempty" doc:"The same seed draws the same"`
	MaxTokens     *int     `json:"max_tokens,omitempty" minimum:"1" doc:"Of the answer; left out: the settings'"`
	Stop          []string `json:"stop,omitempty" nullable:"false" maxItems:"4" doc:"Texts before which the answer ends; a single one may be a string"`
	Stream        bool     `json:"stream,omitempty" doc:"Send the answer as it is made, as server-sent events"`
	StreamOptions *struct {
		IncludeUsage bool `json:"include_usage,omitempty" doc:"Count the tokens in a last event"`
	} `json:"stream_options,omitempty" doc:"With stream alone"`
}

type chatParameters struct {
	Messages []struct {
		Role    string `json:"role" enum:"system,developer,user,assistant"`
		Content string `json:"content" doc:"A text, or a list of parts of the type text"`
	} `json:"messages" nullable:"false" minItems:"1" doc:"The conversation; the last one is the user's"`
	MaxCompletion *int `json:"max_completion_tokens,omitempty" minimum:"1" doc:"As max_tokens, before which it goes"`
	CommonParameters
}

type textParameters struct {
	Prompt string `json:"prompt" minLength:"1" doc:"What to answer. It is asked as a question of a chat"`
	CommonParameters
}
