package server

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"clara/trainer"
)

// oaUsage counts tokens.
type oaUsage struct {
	Prompt     int `json:"prompt_tokens"`
	Completion int `json:"completion_tokens"`
	Total      int `json:"total_tokens"`
}

// oaCompletionBody is a completion, or a part of one in a stream.
type oaCompletionBody struct {
	ID          string     `json:"id"`
	Object      string     `json:"object"`
	Created     int64      `json:"created"`
	Model       string     `json:"model"`
	Fingerprint string     `json:"system_fingerprint,omitempty"`
	Choices     []oaChoice `json:"choices"`
	Usage       any        `json:"usage,omitempty"` // *oaUsage, or null in the parts of a stream
	Lesson      int64      `json:"lesson,omitempty" doc:"Not one of OpenAI's: the number of the lesson that the answer was given by, as GET /lessons has it; left out where it was none. In a stream it comes with the end"`
}

type oaChoice struct {
	Index    int     `json:"index"`
	Message  *oaSaid `json:"message,omitempty"` // of a chat
	Delta    *oaSaid `json:"delta,omitempty"`   // of a chat's stream
	Text     *string `json:"text,omitempty"`    // of a completion
	Logprobs *int    `json:"logprobs"`          // never there
	Finish   *string `json:"finish_reason"`     // null until the end
}

type oaSaid struct {
	Role    string  `json:"role,omitempty"`
	Content *string `json:"content,omitempty"`
	Refusal *string `json:"refusal,omitempty"`
}

// form is one of the two forms of a completion.
type form struct {
	object, part string   // how OpenAI names a whole one and a part
	prefix       string   // of the ids
	own          []string // parameters; the first is what is asked
}

var (
	chatForm = form{"chat.completion", "chat.completion.chunk", chatPrefix, oaChat}
	textForm = form{"text_completion", "text_completion", textPrefix, oaCompletion}
)

func (f form) whole(text, finish string) oaChoice {
	if f.prefix == textPrefix {
		return oaChoice{Text: &text, Finish: &finish}
	}
	return oaChoice{Message: &oaSaid{Role: "assistant", Content: &text}, Finish: &finish}
}

// piece is a part of the answer; the first one of a chat says who speaks.
func (f form) piece(text string, first bool, finish *string) oaChoice {
	switch {
	case f.prefix == textPrefix:
		return oaChoice{Text: &text, Finish: finish}
	case first:
		return oaChoice{Delta: &oaSaid{Role: "assistant", Content: &text}}
	case finish != nil:
		return oaChoice{Delta: &oaSaid{}, Finish: finish}
	}
	return oaChoice{Delta: &oaSaid{Content: &text}}
}

// completion is one request under way.
type completion struct {
	*server
	form
	q    oaRequest
	body oaCompletionBody // but for choices and usage
	w    http.ResponseWriter
	open bool  // the head of the stream is out
	gone error // the client takes no more
}

func (s *server) openAIRoutes() {
	s.modelRoutes()
	s.completionRoute(chatForm, "/v1/chat/completions", "openai-chat", "Answer a conversation", reflect.TypeFor[chatParameters]())
	s.completionRoute(textForm, "/v1/completions", "openai-completion", "Answer a prompt", reflect.TypeFor[textParameters]())
}

// completionRoute registers a route that is described for people and programs after huma
// has registered it, so that huma does not read the request: OpenAI's errors are others
// than huma's.
func (s *server) completionRoute(f form, path, id, summary string, parameters reflect.Type) {
	op := s.openAIOperation(http.MethodPost, path, id, summary, "As OpenAI's, also as a stream. The answer is rated and corrected by its id: /conversations/{id}/rating.", reflect.TypeFor[oaCompletionBody]())
	op.Responses["200"].Headers = map[string]*huma.Param{answerLesson: {
		Description: "As lesson; not of a stream, which begins before it is known", Schema: &huma.Schema{Type: huma.TypeString},
	}}
	op.Responses["200"].Content["text/event-stream"] = &huma.MediaType{
		Schema: &huma.Schema{Description: "Server-sent events. The data of each is a part of the completion, an error, or, at the end, [DONE]"},
	}
	huma.Register(s.api, op, func(context.Context, *struct{}) (*huma.StreamResponse, error) {
		return raw(func(w http.ResponseWriter, r *http.Request) {
			c := &completion{server: s, form: f, w: w}
			body, err := io.ReadAll(r.Body) // it is in memory: readBody
			p := brokenBody(err)
			if err == nil {
				p = c.serve(r.Context(), body)
			}
			if p != nil {
				c.fail(r, p)
			}
		}), nil
	})
	api := s.api.OpenAPI()
	api.Paths[path].Post.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{
		"application/json": {Schema: huma.SchemaFromType(api.Components.Schemas, parameters)},
	}}
}

// openAIOperation describes a route whose answers are OpenAI's, the errors too.
func (s *server) openAIOperation(method, path, id, summary, description string, gives reflect.Type) huma.Operation {
	op := operation(method, path, id, tagOpenAI, summary, description)
	schema := func(t reflect.Type) map[string]*huma.MediaType {
		return map[string]*huma.MediaType{"application/json": {Schema: huma.SchemaFromType(s.api.OpenAPI().Components.Schemas, t)}}
	}
	op.Responses = map[string]*huma.Response{
		"200":     {Description: "OK", Content: schema(gives)},
		"default": {Description: "Error", Content: schema(reflect.TypeFor[oaError]())},
	}
	return op
}

// raw lets work write the response.
func raw(work func(http.ResponseWriter, *http.Request)) *huma.StreamResponse {
	return &huma.StreamResponse{Body: func(ctx huma.Context) {
		r, w := humago.Unwrap(ctx)
		work(w, r)
	}}
}

func sendJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v) // who has gone hears nothing
}

// serve answers the request in body.
func (c *completion) serve(ctx context.Context, body []byte) (p *Problem) {
	if c.q, p = readOpenAI(body, c.own); p != nil {
		return p
	}
	m, p := c.model(ctx)
	switch {
	case p != nil:
		return p
	case c.q.Model == "":
		return refused("model", "you must provide a model parameter")
	case !answersTo(m, c.q.Model):
		return noSuchModel(c.q.Model)
	}
	ask := c.q.ask()
	if c.prefix == textPrefix {
		ask.Text, p = c.q.prompt()
	} else {
		ask.System, ask.History, ask.Text, p = c.q.conversation()
	}
	if p != nil {
		return p
	}
	c.body = oaCompletionBody{Object: c.part, Created: time.Now().Unix(), Model: m.ID}
	ask.OnAsked = func(m trainer.Message) { c.body.ID = c.prefix + strconv.FormatInt(m.ID, 10) }
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var onPiece func(string)
	if c.q.Stream {
		onPiece = func(text string) {
			if c.send(c.piece(text, !c.open, nil)); c.gone != nil {
				cancel()
			}
		}
	}
	e, err := c.inThread(ctx, ask, onPiece)
	if err != nil {
		if c.gone == nil {
			_ = c.failed(err) // for the log
		}
		if p = problemOf(err); p.Code == trainer.CodeTooLong {
			p.param = c.own[0]
		}
		return p
	}
	c.finish(e)
	return nil
}

// inThread asks in the conversation that the request goes on with, if there is one.
func (c *completion) inThread(ctx context.Context, ask trainer.Ask, onPiece func(string)) (e trainer.Entry, err error) {
	threads := of(ctx).threads
	before := keyOf(ask.System, ask.History)
	if len(ask.History) > 0 {
		ask.Conversation = threads.take(before)
	}
	e, err = c.answer(ctx, ask, onPiece)
	if err != nil && ask.Conversation != 0 && c.body.ID == "" { // it was not even asked
		threads.put(before, ask.Conversation)
	}
	if ask.Conversation != 0 && errors.Is(err, trainer.ErrNotFound) { // deleted meanwhile
		ask.Conversation = 0
		e, err = c.answer(ctx, ask, onPiece)
	}
	if err == nil && c.prefix == chatPrefix {
		said := append(slices.Clone(ask.History), trainer.Turn{Role: trainer.RoleUser, Text: ask.Text}, trainer.Turn{Role: trainer.RoleAssistant, Text: e.Text})
		threads.put(keyOf(ask.System, said), e.Conversation)
	}
	return e, err
}

// finish sends the answer, or the end of its stream.
func (c *completion) finish(e trainer.Entry) {
	finish := "stop"
	if e.Finish == trainer.FinishLength {
		finish = "length"
	}
	usage := &oaUsage{Prompt: e.PromptTokens, Completion: e.Tokens, Total: e.PromptTokens + e.Tokens}
	c.body.Fingerprint, c.body.Lesson = "version-"+strconv.Itoa(e.Number), e.Lesson
	if !c.q.Stream {
		if e.Lesson != 0 {
			c.w.Header().Set(answerLesson, strconv.FormatInt(e.Lesson, 10))
		}
		c.body.Object, c.body.Usage = c.object, usage
		c.body.Choices = []oaChoice{c.whole(e.Text, finish)}
		sendJSON(c.w, c.body)
		return
	}
	if !c.open { // nothing was said
		c.send(c.piece("", true, nil))
	}
	c.send(c.piece("", false, &finish))
	if c.wantsUsage() {
		last := c.body
		last.Choices, last.Usage = []oaChoice{}, usage
		c.event(last)
	}
	c.line("[DONE]")
}

func (c *completion) wantsUsage() bool {
	return c.q.StreamOptions != nil && c.q.StreamOptions.IncludeUsage
}

// fail says what went wrong: as the response, or as the last event of a stream that has
// begun.
func (c *completion) fail(r *http.Request, p *Problem) {
	if !c.open {
		p.send(c.w, r)
		return
	}
	c.event(openAIError(p))
}

// send sends one choice as an event.
func (c *completion) send(choice oaChoice) {
	if !c.open {
		c.open = true
		h := c.w.Header()
		h.Set("Content-Type", "text/event-stream; charset=utf-8")
		h.Set("X-Accel-Buffering", "no") // proxies pass each event on at once
	}
	part := c.body
	part.Choices = []oaChoice{choice}
	if c.wantsUsage() {
		part.Usage = json.RawMessage("null")
	}
	c.event(part)
}

func (c *completion) event(v any) {
	data, err := json.Marshal(v)
	if err != nil { // texts and numbers
		c.gone = err
		return
	}
	c.line(string(data))
}

// line sends the data of one event (HTML standard, server-sent events).
func (c *completion) line(data string) {
	if c.gone != nil {
		return
	}
	if _, c.gone = c.w.Write([]byte("data: " + data + "\n\n")); c.gone == nil {
		c.gone = http.NewResponseController(c.w).Flush()
	}
}
