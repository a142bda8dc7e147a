package server

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"clara/trainer"
)

// event is one event of a stream, as OpenAI's clients read it.
type event struct {
	ID      string
	Object  string
	Model   string
	Choices []struct {
		Index int
		Delta *struct {
			Role    string
			Content *string
		}
		Text   *string
		Finish *string `json:"finish_reason"`
	}
	Usage  *oaUsage
	Lesson int64
	Error  *struct{ Message string }
}

// streamed is a stream, read to its end.
type streamed struct {
	text   string
	finish string
	id     string
	usage  *oaUsage
	events []event
	done   bool
	failed string
}

// stream posts a request and reads the stream that comes back.
func (h *house) stream(ctx context.Context, token, path string, body any) (streamed, error) {
	var s streamed
	data, err := json.Marshal(body)
	if err != nil {
		return s, err
	}
	req, err := http.NewRequestWithContext(ctx, "POST", h.url+path, strings.NewReader(string(data)))
	if err != nil {
		return s, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+token)
	res, err := h.client.Do(req)
	if err != nil {
		return s, err
	}
	defer res.Body.Close()
	if ct := res.Header.Get("Content-Type"); res.StatusCode != http.StatusOK || !strings.HasPrefix(ct, "text/event-stream") {
		text, _ := io.ReadAll(res.Body)
		return s, fmt.Errorf("%d, %s: %s", res.StatusCode, ct, text)
	}
	lines := bufio.NewScanner(res.Body)
	for lines.Scan() {
		if lines.Text() == "" {
			continue
		}
		data, ok := strings.CutPrefix(lines.Text(), "data: ")
		if !ok || s.done {
			return s, fmt.Errorf("the line %q", lines.Text())
		}
		if data == "[DONE]" {
			s.done = true
			continue
		}
		var e event
		if err := json.Unmarshal([]byte(data), &e); err != nil {
			return s, err
		}
		s.events = append(s.events, e)
		if e.Error != nil {
			s.failed = e.Error.Message
			continue
		}
		s.id = e.ID
		if e.Usage != nil {
			s.usage = e.Usage
		}
		for _, c := range e.Choices {
			switch {
			case c.Delta != nil && c.Delta.Content != nil:
				s.text += *c.Delta.Content
			case c.Text != nil:
				s.text += *c.Text
			}
			if c.Finish != nil {
				s.finish = *c.Finish
			}
		}
	}
	return s, lines.Err()
}

type turn map[string]string

func ask(text string, more ...any) map[string]any {
	q := map[string]any{"model": "tiny", "messages": []turn{{"role": "user", "content": text}}}
	for i := 0; i+1 < len(more); i += 2 {
		q[more[i].(string)] = more[i+1]
	}
	return q
}

// A temperature or a share of 0 takes the most probable token, as with OpenAI; to the sampler a
// share of 0 is all tokens.
func TestAShareOfNothingIsTheMostProbableToken(t *testing.T) {
	for body, greedy := range map[string]bool{`{"top_p": 0}`: true, `{"top_p": 0, "temperature": 1.5}`: true, `{"temperature": 0}`: true, `{"top_p": 0.1}`: false, `{}`: false} {
		if q, p := readOpenAI([]byte(body), oaChat); p != nil || q.ask().Greedy != greedy {
			t.Errorf("%s: greedy is %v, want %v (%v)", body, q.ask().Greedy, greedy, p)
		}
	}
}

// A stream says the same as the whole answer, in the form of OpenAI's; its id is what the
// answer is rated by.
func TestChatCompletions(t *testing.T) {
	h, _ := opened(t, Limits{})
	var whole struct {
		ID, Object, Model string
		Choices           []struct {
			Message struct{ Role, Content string }
			Finish  string `json:"finish_reason"`
		}
		Usage oaUsage
	}
	h.want(http.StatusOK, "", "POST", "/v1/chat/completions", ask("Hello?", "temperature", 0, "max_tokens", 12), &whole)
	if whole.Object != "chat.completion" || whole.Model != "tiny" || len(whole.Choices) != 1 || whole.Choices[0].Message.Role != "assistant" ||
		whole.Choices[0].Finish != "length" || whole.Usage.Completion != 12 || whole.Usage.Total != whole.Usage.Prompt+12 {
		t.Errorf("the answer is %+v", whole)
	}
	s, err := h.stream(t.Context(), "any", "/v1/chat/completions",
		ask("Hello?", "temperature", 0, "max_completion_tokens", 12, "stream", true, "stream_options", map[string]bool{"include_usage": true}, "user", "somebody"))
	if err != nil {
		t.Fatal(err)
	}
	if s.text != whole.Choices[0].Message.Content || s.finish != "length" || !s.done || s.usage == nil || *s.usage != whole.Usage {
		t.Errorf("the stream says %+v, the whole answer %+v", s, whole)
	}
	for i, e := range s.events {
		if e.ID != s.id || e.Object != "chat.completion.chunk" || (i == 0) != (len(e.Choices) > 0 && e.Choices[0].Delta.Role == "assistant") {
			t.Errorf("event %d is %+v", i, e)
		}
	}
	for i, id := range []string{whole.ID, s.id} {
		h.want(http.StatusOK, "", "POST", "/conversations/"+id+"/rating", map[string]int{"stars": 5 - i}, nil)
	}
	var stats trainer.LiveStats
	h.want(http.StatusOK, "", "GET", "/stats", nil, &stats)
	if stats.Metrics.Ratings != 2 || stats.Metrics.AvgStars != 4.5 {
		t.Errorf("the ratings are %+v", stats.Metrics)
	}
	text, err := h.stream(t.Context(), "", "/v1/completions", map[string]any{"model": "clara", "prompt": "Hello?", "temperature": 0, "max_tokens": 12, "stream": true})
	if err != nil || text.text != s.text || text.finish != "length" || !text.done || !strings.HasPrefix(text.id, textPrefix) {
		t.Errorf("a completion says %+v, %v", text, err)
	}
	h.want(http.StatusOK, "", "GET", "/v1/models/tiny", nil, nil)
}

// A client that sends the whole conversation each time goes on with one conversation of
// ours; one that sends the same again branches off.
func TestConversationGoesOn(t *testing.T) {
	h, _ := opened(t, Limits{})
	type answer struct {
		ID      string
		Choices []struct {
			Message struct{ Content string }
		}
	}
	said := []turn{{"role": "system", "content": "Be brief."}}
	var id string
	for i := range 3 {
		said = append(said, turn{"role": "user", "content": fmt.Sprint("Question ", i)})
		var a answer
		h.want(http.StatusOK, "", "POST", "/v1/chat/completions", map[string]any{"model": "tiny", "messages": said, "max_tokens": 8}, &a)
		id = a.ID
		said = append(said, turn{"role": "assistant", "content": a.Choices[0].Message.Content})
	}
	kept := h.trainer("")
	all, err := kept.Conversations(t.Context())
	if err != nil || len(all) != 1 || all[0].Messages != 7 {
		t.Fatalf("kept are %+v, %v", all, err)
	}
	if want := chatPrefix + "6"; id != want {
		t.Errorf("the last id is %s, want %s", id, want)
	}
	branch := append(said[:5:5], turn{"role": "user", "content": "Another question"})
	for range 2 {
		h.want(http.StatusOK, "", "POST", "/v1/chat/completions", map[string]any{"model": "tiny", "messages": branch, "max_tokens": 8}, nil)
	}
	if all, err = kept.Conversations(t.Context()); err != nil || len(all) != 3 || all[0].Messages != 7 {
		t.Errorf("after two branches kept are %+v, %v", all, err)
	}
}

// As many conversations can be gone on with as are kept, however many turns each has had, and
// one whose request was refused as well.
func TestThreadsCountConversations(t *testing.T) {
	key := func(conversation, turns int) threadKey {
		return keyOf(fmt.Sprint(conversation, turns), nil)
	}
	k := newThreads()
	k.put(key(1, 0), 1)
	for turn := range 2 * threadsKept { // of another one
		if turn > 0 && k.take(key(2, turn-1)) != 2 {
			t.Fatalf("turn %d begins a conversation of its own", turn)
		}
		k.put(key(2, turn), 2)
	}
	for range threadsKept { // refused before it was asked
		k.put(key(1, 0), k.take(key(1, 0)))
	}
	if id := k.take(key(1, 0)); id != 1 {
		t.Errorf("the first conversation is %d, want 1", id)
	}
	for other := range threadsKept { // more than are kept: the oldest goes
		k.put(key(3+other, 0), int64(3+other))
	}
	if id := k.take(key(2, 2*threadsKept-1)); id != 0 {
		t.Errorf("the oldest conversation is %d, want none", id)
	}
	if id := k.take(key(3, 0)); id != 3 {
		t.Errorf("the next one is %d, want 3", id)
	}
}

// Both forms of OpenAI's interface name the lesson that gave an answer, whole and streamed, and
// can do without.
func TestLessonsInOpenAIsInterface(t *testing.T) {
	h, _ := opened(t, Limits{})
	h.want(http.StatusOK, "", "POST", "/lessons", `{"question": "When do we open?", "answer": "At eight."}`, nil)
	for question, want := range map[string]int64{"When do we open?": 1, "Sing of the sea": 0} {
		for _, without := range []any{nil, false, true} {
			lesson := want
			if without == true {
				lesson = 0
			}
			chat := ask(question, "max_tokens", 4, "without_lessons", without)
			for path, body := range map[string]map[string]any{
				"/v1/chat/completions": chat,
				"/v1/completions":      {"model": "tiny", "prompt": question, "max_tokens": 4, "without_lessons": without},
			} {
				var whole struct{ Lesson int64 }
				r := h.want(http.StatusOK, "", "POST", path, body, &whole)
				header := ""
				if lesson != 0 {
					header = itoa(lesson)
				}
				if whole.Lesson != lesson || r.header.Get("Answer-Lesson") != header {
					t.Errorf("%s %v is answered by lesson %d, in the header %q; want %d", path, body, whole.Lesson, r.header.Get("Answer-Lesson"), lesson)
				}
				body["stream"] = true
				s, err := h.stream(t.Context(), "", path, body)
				if err != nil || !s.done {
					t.Fatal(err)
				}
				for i, e := range s.events {
					want := int64(0)
					if i == len(s.events)-1 {
						want = lesson
					}
					if e.Lesson != want {
						t.Errorf("%s %v: part %d of %d names lesson %d, want %d", path, body, i+1, len(s.events), e.Lesson, want)
					}
				}
			}
		}
	}
}

func TestWhatOpenAIRefuses(t *testing.T) {
	h, _ := opened(t, Limits{})
	for _, tt := range []struct {
		body   any
		status int
		param  string
	}{
		{`{`, 400, ""},
		{`[]`, 400, ""},
		{`null`, 400, ""},
		{ask("a", "model", "gpt-5"), 404, "model"},
		{ask("a", "temperature", 3), 400, "temperature"},
		{ask("a", "temperature", "hot"), 400, "temperature"},
		{ask("a", "top_p", -1), 400, "top_p"},
		{ask("a", "max_tokens", 0), 400, "max_tokens"},
		{ask("a", "max_tokens", 1.5), 400, "max_tokens"},
		{ask("a", "n", 2), 400, "n"},
		{ask("a", "stop", []string{"a", "b", "c", "d", "e"}), 400, "stop"},
		{ask("a", "stop", 7), 400, "stop"},
		{ask("a", "presence_penalty", 1), 400, "presence_penalty"},
		{ask("a", "tools", []turn{{"type": "function"}}), 400, "tools"},
		{ask("a", "response_format", turn{"type": "json_object"}), 400, "response_format"},
		{ask("a", "unheard_of", true), 400, "unheard_of"},
		{ask("a", "stream_options", map[string]bool{"include_usage": true}), 400, "stream_options"},
		{ask("a", "messages", []turn{}), 400, "messages"},
		{ask("a", "messages", "a"), 400, "messages"},
		{ask("a", "messages", []turn{{"role": "tool", "content": "a"}}), 400, "messages"},
		{ask("a", "messages", []turn{{"role": "assistant", "content": "a"}}), 400, "messages"},
		{ask("a", "messages", []map[string]any{{"role": "user", "content": []turn{{"type": "image_url"}}}}), 400, "messages"},
		{ask("   "), 400, "messages"},
		{ask("a", "stop", ""), 400, "stop"},
		{ask("a", "stop", []any{"b", nil}), 400, "stop"},
		{ask(strings.Repeat("long ", 4000)), 400, "messages"},
	} {
		r := h.do("", "POST", "/v1/chat/completions", tt.body)
		var e oaError
		if err := json.Unmarshal([]byte(r.text), &e); err != nil || r.status != tt.status || e.Error.Message == "" || e.Error.Type != "invalid_request_error" {
			t.Errorf("%.100v: %d %.300s, want %d", tt.body, r.status, r.text, tt.status)
			continue
		}
		if param := e.Error.Param; (param == nil) != (tt.param == "") || param != nil && *param != tt.param {
			t.Errorf("%.100v: about %s, want %s", tt.body, r.text, tt.param)
		}
	}
	for _, stream := range []bool{false, true} {
		var long oaError
		body := map[string]any{"model": "clara", "prompt": strings.Repeat("long ", 4000), "stream": stream}
		h.want(http.StatusBadRequest, "", "POST", "/v1/completions", body, &long)
		if e := long.Error; e.Code == nil || *e.Code != "context_length_exceeded" || e.Param == nil || *e.Param != "prompt" || !strings.Contains(e.Message, "2048") {
			t.Errorf("a prompt that is too long: %+v", long)
		}
	}
	for _, fine := range []map[string]any{
		ask("a", "tools", nil, "logprobs", false, "max_tokens", json.RawMessage("3.0"), "n", 1, "frequency_penalty", 0, "stop", nil, "response_format", turn{"type": "text"}),
		ask("a", "messages", []map[string]any{{"role": "developer", "content": "b"}, {"role": "user", "content": []turn{{"type": "text", "text": "a"}}}}),
	} {
		h.want(http.StatusOK, "", "POST", "/v1/chat/completions", fine, nil)
	}
	var e oaError
	h.want(http.StatusNotFound, "", "GET", "/v1/nothing", nil, &e)
	if e.Error.Message == "" {
		t.Error("an unknown path has not OpenAI's shape")
	}
}

func waitFor(t *testing.T, is func() bool) {
	t.Helper()
	for until := time.Now().Add(20 * time.Second); !is(); time.Sleep(time.Millisecond) {
		if time.Now().After(until) {
			t.Fatal("waited for nothing")
		}
	}
}
