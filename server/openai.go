package server

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"clara/trainer"
)

// oaError is an error in OpenAI's shape, which their clients turn into exceptions.
type oaError struct {
	Error struct {
		Message string  `json:"message"`
		Type    string  `json:"type"`
		Param   *string `json:"param"`
		Code    *string `json:"code"`
	} `json:"error"`
}

// openAIError says a problem in OpenAI's shape.
func openAIError(p *Problem) oaError {
	var e oaError
	e.Error.Message = p.Detail
	if p.Next != "" {
		e.Error.Message += ". " + p.Next
	}
	switch {
	case p.Status == http.StatusTooManyRequests:
		e.Error.Type = "rate_limit_error"
	case p.Status >= http.StatusInternalServerError:
		e.Error.Type = "server_error"
	default:
		e.Error.Type = "invalid_request_error"
	}
	if p.param != "" {
		e.Error.Param = &p.param
	}
	code := p.Code
	switch {
	case p.Status == http.StatusUnauthorized:
		code = "invalid_api_key"
	case code == trainer.CodeTooLong:
		code = "context_length_exceeded"
	}
	if code != "" {
		e.Error.Code = &code
	}
	return e
}

// openAIStatus is the status of an error in OpenAI's interface, which has 400 for all that
// is wrong with a request: their clients tell apart what to do by it.
func openAIStatus(status int) int {
	if status == http.StatusUnprocessableEntity {
		return http.StatusBadRequest
	}
	return status
}

// refused is an error about a parameter of a request; its status is OpenAI's.
func refused(param, format string, args ...any) *Problem {
	p := problem(http.StatusBadRequest, fmt.Sprintf(format, args...), "")
	p.param = param
	return p
}

// oaRequest is what both completions take.
type oaRequest struct {
	Model            string   `json:"model"`
	Temperature      *float64 `json:"temperature"`
	TopP             *float64 `json:"top_p"`
	Seed             *Seed    `json:"seed"`
	MaxTokens        *Whole   `json:"max_tokens"`
	MaxCompletion    *Whole   `json:"max_completion_tokens"`
	Stop             oaTexts  `json:"stop"`
	N                *Whole   `json:"n"`
	Stream           bool     `json:"stream"`
	StreamOptions    *Options `json:"stream_options"`
	PresencePenalty  *float64 `json:"presence_penalty"`
	FrequencyPenalty *float64 `json:"frequency_penalty"`
	WithoutLessons   bool     `json:"without_lessons"` // not OpenAI's

	Messages []oaMessage `json:"messages"` // of a chat
	Prompt   oaTexts     `json:"prompt"`   // of a completion
}

type oaMessage struct {
	Role    string    `json:"role"`
	Content oaContent `json:"content"`
}

// oaTexts are one text or several.
type oaTexts []string

// UnmarshalJSON implements json.Unmarshaler.
func (t *oaTexts) UnmarshalJSON(data []byte) error {
	var one string
	if json.Unmarshal(data, &one) == nil {
		*t = oaTexts{one}
		if string(data) == "null" {
			*t = nil
		}
		return nil
	}
	var many []string
	if err := json.Unmarshal(data, &many); err != nil {
		return errors.New("want a text or a list of texts")
	}
	*t = many
	return nil
}

// oaContent is a text, or a list of parts that are texts.
type oaContent string

// UnmarshalJSON implements json.Unmarshaler.
func (c *oaContent) UnmarshalJSON(data []byte) error {
	var text string
	if json.Unmarshal(data, &text) == nil {
		*c = oaContent(text)
		return nil
	}
	var parts []struct{ Type, Text string }
	if err := json.Unmarshal(data, &parts); err != nil {
		return errors.New("the content of a message is a text or a list of parts")
	}
	for _, p := range parts {
		if p.Type != "text" {
			return fmt.Errorf("a message has a part of the type %q; this model reads text alone", p.Type)
		}
		*c += oaContent(p.Text)
	}
	return nil
}

var (
	// oaIgnored are parameters of OpenAI's that change nothing here.
	oaIgnored = []string{
		"user", "store", "metadata", "service_tier", "parallel_tool_calls", "safety_identifier", "prompt_cache_key",
		"prompt_cache_retention", "reasoning_effort", "verbosity", "tool_choice", "function_call",
	}
	// oaUnsupported are parameters of OpenAI's that ask for what this model cannot do, with
	// the values that ask for nothing.
	oaUnsupported = map[string][]string{
		"tools": {"null", "[]"}, "functions": {"null", "[]"}, "audio": {"null"}, "prediction": {"null"}, "web_search_options": {"null"},
		"modalities": {"null", `["text"]`}, "response_format": {"null", `{"type":"text"}`}, "logit_bias": {"null", "{}"},
		"logprobs": {"null", "false", "0"}, "top_logprobs": {"null", "0"}, "echo": {"null", "false"}, "suffix": {"null", `""`}, "best_of": {"null", "1"},
	}
	oaChat       = []string{"messages", "max_completion_tokens"}
	oaCompletion = []string{"prompt"}
	oaBoth       = []string{
		"model", "temperature", "top_p", "seed", "max_tokens", "stop", "n", "stream", "stream_options", "presence_penalty", "frequency_penalty",
		"without_lessons",
	}
)

// readOpenAI reads a request: parameters that nobody knows are refused, as OpenAI does.
func readOpenAI(body []byte, own []string) (oaRequest, *Problem) {
	var q oaRequest
	var given map[string]json.RawMessage
	if err := json.Unmarshal(body, &given); err != nil || given == nil {
		return q, refused("", "the body of the request is not a JSON object")
	}
	for name, value := range given {
		switch nothing, known := oaUnsupported[name]; {
		case known:
			var compact bytes.Buffer
			if json.Compact(&compact, value) != nil || !slices.Contains(nothing, compact.String()) {
				return q, refused(name, "%s is not supported by this server", name)
			}
		case !slices.Contains(own, name) && !slices.Contains(oaBoth, name) && !slices.Contains(oaIgnored, name):
			return q, refused(name, "Unrecognized request argument supplied: %s", name)
		}
	}
	for name, value := range given { // one by one, to say which is wrong
		alone, err := json.Marshal(map[string]json.RawMessage{name: value})
		if err == nil {
			err = json.Unmarshal(alone, &q)
		}
		if err != nil {
			var wrong *json.UnmarshalTypeError
			if errors.As(err, &wrong) {
				err = fmt.Errorf("want %s, not %s", kindOf(wrong.Type), wrong.Value)
			}
			return q, refused(name, "%s: %s", name, err)
		}
	}
	return q, q.check()
}

// check refuses values out of range.
func (q *oaRequest) check() *Problem {
	most := func(v *float64, low, high float64) bool { return v == nil || *v >= low && *v <= high }
	switch {
	case !most(q.Temperature, 0, 2):
		return refused("temperature", "temperature is %g; allowed are 0 to 2", *q.Temperature)
	case !most(q.TopP, 0, 1):
		return refused("top_p", "top_p is %g; allowed are 0 to 1", *q.TopP)
	case !most(q.PresencePenalty, 0, 0):
		return refused("presence_penalty", "presence_penalty is not supported by this server")
	case !most(q.FrequencyPenalty, 0, 0):
		return refused("frequency_penalty", "frequency_penalty is not supported by this server")
	case q.MaxTokens != nil && *q.MaxTokens < 1:
		return refused("max_tokens", "max_tokens is %d; allowed are 1 and more", *q.MaxTokens)
	case q.MaxCompletion != nil && *q.MaxCompletion < 1:
		return refused("max_completion_tokens", "max_completion_tokens is %d; allowed are 1 and more", *q.MaxCompletion)
	case q.N != nil && *q.N != 1:
		return refused("n", "n is %d; this server gives one answer to a request", *q.N)
	case len(q.Stop) > 4:
		return refused("stop", "stop has %d texts; allowed are up to 4", len(q.Stop))
	case slices.Contains(q.Stop, ""):
		return refused("stop", "stop has an empty text")
	case q.StreamOptions != nil && !q.Stream:
		return refused("stream_options", "stream_options is allowed with stream alone")
	}
	return nil
}

// mostTokens is more than any answer has; sums with it stay far from overflowing.
const mostTokens = 1 << 24

// ask is the request as the trainer takes it, but for the conversation.
func (q *oaRequest) ask() trainer.Ask {
	a := trainer.Ask{Temperature: q.Temperature, TopP: q.TopP, Stop: q.Stop, WithoutLesson: q.WithoutLessons}
	isZero := func(v *float64) bool { return v != nil && *v == 0 }
	a.Greedy = isZero(q.Temperature) || isZero(q.TopP) // no token but the most probable one fits into a share of 0
	for _, most := range []*Whole{q.MaxTokens, q.MaxCompletion} {
		if most != nil {
			a.MaxTokens = int(min(*most, mostTokens))
		}
	}
	if q.Seed != nil {
		if a.Seed = uint64(*q.Seed); a.Seed == 0 { // which would be a fresh one
			a.Seed = 1 << 63
		}
	}
	return a
}

// conversation takes the messages apart: what the system says, the turns, the question.
// Messages of the same role in a row are one turn.
func (q *oaRequest) conversation() (system string, turns []trainer.Turn, question string, p *Problem) {
	if len(q.Messages) == 0 {
		return "", nil, "", refused("messages", "messages is empty; want one at least")
	}
	var systems []string
	for i, m := range q.Messages {
		role := trainer.Role(m.Role)
		switch m.Role {
		case "system", "developer":
			systems = append(systems, string(m.Content))
			continue
		case "user", "assistant":
		default:
			return "", nil, "", refused("messages", "message %d has the role %q; this server knows system, developer, user and assistant", i+1, m.Role)
		}
		if n := len(turns); n > 0 && turns[n-1].Role == role {
			turns[n-1].Text += "\n\n" + string(m.Content)
			continue
		}
		turns = append(turns, trainer.Turn{Role: role, Text: string(m.Content)})
	}
	last := len(turns) - 1
	if last < 0 || turns[last].Role != trainer.RoleUser || strings.TrimSpace(turns[last].Text) == "" {
		return "", nil, "", refused("messages", "the last message must be the user's, and not empty")
	}
	return strings.Join(systems, "\n\n"), turns[:last:last], turns[last].Text, nil
}

// prompt is the one prompt of a completion.
func (q *oaRequest) prompt() (string, *Problem) {
	if len(q.Prompt) != 1 || strings.TrimSpace(q.Prompt[0]) == "" {
		return "", refused("prompt", "want one prompt that is not empty; this server gives one answer to a request")
	}
	return q.Prompt[0], nil
}

// kindOf is what JSON calls a value of a Go type.
func kindOf(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Pointer:
		return kindOf(t.Elem())
	case reflect.Slice, reflect.Array:
		return "array"
	case reflect.Struct, reflect.Map:
		return "object"
	case reflect.Bool:
		return "boolean"
	case reflect.String:
		return "string"
	}
	return "number"
}
