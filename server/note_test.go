package server

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"clara/store"
	"clara/trainer"
)

// The two requests of the design note, and what the rest of the interface does with them.
func TestRequestsOfTheNote(t *testing.T) {
	h, _ := opened(t, Limits{})
	r := h.want(http.StatusOK, "", "POST", "/feedback", `{"text": "The administrative procedure is important.", "score": 0.8, "importance": 3.0}`, nil)
	if got := strings.TrimSpace(r.text); got != `{"success":true}` {
		t.Errorf("/feedback says %s", got)
	}
	var said map[string]any
	r = h.want(http.StatusOK, "", "POST", "/generate", `{"prompt": "What is an administrative act?"}`, &said)
	if text, ok := said["response"].(string); !ok || len(said) != 1 {
		t.Errorf("/generate says %s", r.text)
	} else if id := r.header.Get("Answer-Id"); id == "" || text == "" {
		t.Errorf("the answer %q has the id %q", text, id)
	}
	h.want(http.StatusOK, "", "POST", "/conversations/"+r.header.Get("Answer-Id")+"/rating", `{"stars": 4}`, nil)
	h.want(http.StatusOK, "", "POST", "/conversations", `{"user_input": "What is an act?", "model_output": "An act is a decision.", "user_rating": 5}`, nil)
	var stats trainer.LiveStats
	h.want(http.StatusOK, "", "GET", "/stats", nil, &stats)
	if stats.Metrics.SamplesTotal != 3 || stats.Metrics.Ratings != 2 || stats.Metrics.AvgStars != 4.5 || stats.Buffer.Count == 0 {
		t.Errorf("the figures are %+v", stats)
	}

	// What the filter turns down is said, and kept.
	var turned success
	h.want(http.StatusOK, "", "POST", "/feedback", `{"text": "This text is neither good nor bad.", "score": 0.1}`, &turned)
	if turned.Success || turned.Reason == "" {
		t.Errorf("a text that is rated neutral: %+v", turned)
	}
	h.want(http.StatusOK, "", "GET", "/stats", nil, &stats)
	if stats.Metrics.SamplesTotal != 4 {
		t.Errorf("%d samples are kept, want 4", stats.Metrics.SamplesTotal)
	}
}

// A sample says the source that its request named, and api where it named none.
func TestSources(t *testing.T) {
	h, _ := opened(t, Limits{})
	h.want(http.StatusOK, "", "POST", "/generate", `{"prompt": "What is an act?"}`, nil)
	for _, x := range []struct{ path, body string }{
		{"/feedback", `{"text": "The procedure number %d is important.", "score": 0.8%s}`},
		{"/conversations", `{"user_input": "What is act number %d?", "model_output": "It is a decision.", "user_rating": 5%s}`},
		{"/conversations/1/rating", `{"stars": 5%[2]s}`},
		{"/conversations/1/corrections", `{"better": "Act number %d is a decision."%s}`},
		{"/corrections", `{"id": "1", "better": "Act number %d is a decision of an authority."%s}`},
		{"/lessons", `{"question": "When do we open on day %d?", "answer": "At eight."%s}`},
	} {
		for i, source := range []string{"", `, "source": null`, `, "source": "demo"`, `, "source": " conversation "`} {
			h.want(http.StatusOK, "", "POST", x.path, fmt.Sprintf(x.body, i, source), nil)
			kept, err := h.trainer("").Samples(t.Context(), trainer.SampleQuery{NewestFirst: true, Limit: 1})
			if want := []string{"api", "api", "demo", "conversation"}[i]; err != nil || len(kept) != 1 || kept[0].Source != want {
				t.Errorf("%s with %q: %+v, %v; want the source %s", x.path, source, kept, err, want)
			}
		}
	}
}

// Each feedback is named by a number, by which whoever gave it takes it back, once.
func TestFeedbackIsTakenBack(t *testing.T) {
	h, tokens := opened(t, Limits{}, "anna", "ben")
	anna := tokens["anna"]
	h.want(http.StatusOK, anna, "POST", "/generate", `{"prompt": "What is an act?"}`, nil)
	for path, body := range map[string]string{
		"/feedback":                    `{"text": "The administrative procedure is important.", "score": 0.8}`,
		"/conversations":               `{"user_input": "What is an act?", "model_output": "An act is a decision.", "user_rating": 5}`,
		"/conversations/1/rating":      `{"stars": 5}`,
		"/conversations/1/corrections": `{"better": "An act is a decision of an authority."}`,
		"/lessons":                     `{"question": "When do we open?", "answer": "At eight."}`,
	} {
		at := "/feedback/" + h.want(http.StatusOK, anna, "POST", path, body, nil).header.Get("Feedback-Id")
		h.want(http.StatusNotFound, tokens["ben"], "DELETE", at, nil, nil)
		h.want(http.StatusNoContent, anna, "DELETE", at, nil, nil)
		h.want(http.StatusNotFound, anna, "DELETE", at, nil, nil)
	}
	if kept, err := h.trainer("anna").Samples(t.Context(), trainer.SampleQuery{}); err != nil || len(kept) != 0 {
		t.Errorf("%d samples stand, %v", len(kept), err)
	}
	h.want(http.StatusUnprocessableEntity, anna, "DELETE", "/feedback/0", nil, nil)
}

// A text that the model cannot read is not kept: whoever sends many fills no disk with them.
func TestTextsThatAreTooLongAreRefused(t *testing.T) {
	h, _ := opened(t, Limits{})
	h.want(http.StatusOK, "", "POST", "/generate", `{"prompt": "What is an act?"}`, nil)
	long := strings.Repeat("long ", 500) // a token is a byte, and the model reads 2048
	for path, body := range map[string]string{
		"/feedback":                    `{"text": "` + long + `", "score": 0.8}`,
		"/conversations":               `{"user_input": "What is an act?", "model_output": "` + long + `", "user_rating": 5}`,
		"/conversations/1/corrections": `{"better": "` + long + `"}`,
		"/corrections":                 `{"id": "1", "better": "` + long + `"}`,
		"/lessons":                     `{"question": "` + long + `", "answer": "At eight."}`,
		"/generate":                    `{"prompt": "` + long + `"}`,
	} {
		var p Problem
		if h.want(http.StatusUnprocessableEntity, "", "POST", path, body, &p); p.Code != trainer.CodeTooLong || !strings.Contains(p.Detail, "2048") {
			t.Errorf("%s: %+v", path, p)
		}
	}
	if kept, err := h.trainer("").Samples(t.Context(), trainer.SampleQuery{}); err != nil || len(kept) != 0 {
		t.Errorf("%d samples are kept, %v", len(kept), err)
	}
	if all, err := h.trainer("").Conversations(t.Context()); err != nil || len(all) != 1 {
		t.Errorf("%d conversations are kept, want that of the first question, %v", len(all), err)
	}
}

// Stars are 1 to 5, and the error says so; a rating is taken back by its deletion.
func TestStars(t *testing.T) {
	h, _ := opened(t, Limits{})
	h.want(http.StatusOK, "", "POST", "/generate", `{"prompt": "What is an act?"}`, nil)
	const path = "/conversations/1/rating"
	for _, stars := range []string{"0", "6", "-1", "2.5"} {
		r := h.want(http.StatusUnprocessableEntity, "", "POST", path, `{"stars": `+stars+`}`, nil)
		if !strings.Contains(r.text, "1, 2, 3, 4, 5") {
			t.Errorf("%s stars: %s", stars, r.text)
		}
	}
	var stats trainer.LiveStats
	for i, ratings := range []int{1, 0} {
		h.want([]int{200, 204}[i], "", []string{"POST", "DELETE"}[i], path, []any{map[string]any{"stars": 5.0}, nil}[i], nil)
		h.want(http.StatusOK, "", "GET", "/stats", nil, &stats)
		if stats.Metrics.Ratings != ratings {
			t.Errorf("%d ratings, want %d", stats.Metrics.Ratings, ratings)
		}
	}
	h.want(http.StatusNotFound, "", "DELETE", "/conversations/7/rating", nil, nil)
}

// A request that is in order, but not for what is kept, conflicts with that: the client's request is not to be changed in its form.
func TestACorrectionThatCorrectsNothingConflicts(t *testing.T) {
	h, _ := opened(t, Limits{})
	var given struct{ Response string }
	h.want(http.StatusOK, "", "POST", "/generate", `{"prompt": "Who leads the department?"}`, &given)
	var p Problem
	h.want(http.StatusConflict, "", "POST", "/conversations/1/corrections", map[string]string{"better": given.Response}, &p)
	if p.Code != trainer.CodeUnchanged || p.Next == "" {
		t.Errorf("%q is answered with %+v", given.Response, p)
	}
}

// A correction by the answer's id, by the conversation's number, and in the body of a
// request is the same; a lesson works at once and can be taken back.
func TestCorrectTeachAndUnlearn(t *testing.T) {
	h, _ := opened(t, Limits{})
	for i, at := range []struct {
		path, body string
	}{
		{"/conversations/{id}/corrections", `{"better": "Maria leads department 1.", "kind": "knowledge"}`},
		{"/conversations/1/corrections", `{"better": "Maria leads department 2.", "kind": "knowledge", "keywords": [["Maria"]]}`},
		{"/corrections", `{"id": "{id}", "better": "Maria leads department 3.", "kind": "knowledge"}`},
	} {
		r := h.want(http.StatusOK, "", "POST", "/generate", `{"prompt": "Who leads the department?"}`, nil)
		fill := strings.NewReplacer("{id}", r.header.Get("Answer-Id"))
		h.want(http.StatusOK, "", "POST", fill.Replace(at.path), fill.Replace(at.body), nil)
		var list struct{ Lessons []lesson }
		h.want(http.StatusOK, "", "GET", "/lessons", nil, &list)
		if len(list.Lessons) != 1 || !strings.HasSuffix(list.Lessons[0].Answer, []string{"1.", "2.", "3."}[i]) {
			t.Fatalf("after %s: %+v", at.path, list)
		}
	}
	h.want(http.StatusOK, "", "POST", "/conversations/1/corrections", `{"better": "Maria leads department 2 today.", "kind": "knowledge"}`, nil)
	var stats trainer.LiveStats
	if h.want(http.StatusOK, "", "GET", "/stats", nil, &stats); stats.Metrics.Corrections != 1 {
		t.Errorf("%d corrections stand, want the last one on the question alone", stats.Metrics.Corrections)
	}
	h.want(http.StatusOK, "", "POST", "/lessons", `{"question": "When do we open?", "answer": "At eight.", "importance": 5}`, nil)
	var list struct{ Lessons []lesson }
	h.want(http.StatusOK, "", "GET", "/lessons", nil, &list)
	if len(list.Lessons) != 2 {
		t.Fatalf("the lessons are %+v", list)
	}
	for body, want := range map[string]string{
		`{"prompt": "When do we open?"}`:                           itoa(list.Lessons[0].ID),
		`{"prompt": "When do we open?", "without_lessons": false}`: itoa(list.Lessons[0].ID),
		`{"prompt": "When do we open?", "without_lessons": true}`:  "",
		`{"prompt": "Sing of the sea"}`:                            "",
	} {
		r := h.want(http.StatusOK, "", "POST", "/generate", body, nil)
		if got := r.header.Get("Answer-Lesson"); got != want {
			t.Errorf("%s is answered by lesson %q, not %q", body, got, want)
		}
	}
	for rounds := 0; len(list.Lessons) > 0 && rounds < 5; rounds++ { // one that was replaced comes back
		gone := "/lessons/" + itoa(list.Lessons[0].ID)
		h.want(http.StatusNoContent, "", "DELETE", gone, nil, nil)
		h.want(http.StatusNotFound, "", "DELETE", gone, nil, nil)
		h.want(http.StatusOK, "", "GET", "/lessons", nil, &list)
	}
	if len(list.Lessons) != 0 {
		t.Errorf("after all were taken back: %+v", list)
	}
}

func TestStateAndFigures(t *testing.T) {
	h, _ := opened(t, Limits{})
	var list struct{ Adapters []adapter }
	h.want(http.StatusOK, "", "GET", "/adapters", nil, &list)
	if len(list.Adapters) != 1 || !list.Adapters[0].Active {
		t.Errorf("the versions are %+v, want the untrained base", list)
	}
	h.want(http.StatusNoContent, "", "POST", "/adapters/0/restore", nil, nil)
	h.want(http.StatusNotFound, "", "POST", "/adapters/7/restore", nil, nil)
	h.want(http.StatusConflict, "", "POST", "/train", nil, nil) // these tests switch learning off
	var state training
	waitFor(t, func() bool { return h.trainer("").State().Phase != "" }) // the loop has not looked yet right after it began
	h.want(http.StatusOK, "", "GET", "/train", nil, &state)
	if state.Phase != trainer.PhaseOff || state.Why.Code != trainer.CodeOff {
		t.Errorf("the loop is %+v", state)
	}
	h.want(http.StatusOK, "", "GET", "/healthz", nil, nil)
	h.want(http.StatusOK, "", "POST", "/generate", `{"prompt": "Hello?"}`, nil)
	r := h.want(http.StatusOK, "", "GET", "/metrics", nil, nil)
	for _, want := range []string{
		`clara_http_requests_total{code="200",method="POST",route="/generate"} 1`, "clara_answer_tokens_total", "clara_answers_running 0", "clara_buffer_samples 0",
	} {
		if !strings.Contains(r.text, want) {
			t.Errorf("/metrics has no %s", want)
		}
	}
}

// What the gate measured is told in sentences beside the figures, those of a refused training too.
func TestFiguresAreSaidInSentences(t *testing.T) {
	h, _ := opened(t, Limits{})
	var list struct{ Adapters []adapter }
	h.want(http.StatusOK, "", "GET", "/adapters", nil, &list) // opens the user's data
	st := h.stores[""]
	c, err := st.StartCycle(t.Context(), store.Cycle{BaseHash: h.runner.Info().Hash})
	if err == nil {
		_, _, err = st.FinishCycle(t.Context(), store.CycleEnd{
			Cycle: c.ID, State: trainer.CycleRefused, Report: []byte(`{"figures": {"kept": 12, "kept_of": 30, "kept_limit": 0.75}}`),
		})
	}
	if err != nil {
		t.Fatal(err)
	}
	h.want(http.StatusOK, "", "GET", "/adapters", nil, &list)
	if len(list.Adapters) != 2 || list.Adapters[0].Figures.Kept != 12 || list.Adapters[1].Sentences != nil {
		t.Fatalf("the versions are %+v", list.Adapters)
	}
	for _, s := range list.Adapters[0].Sentences {
		if s.Reason.Text == "12 of 30 unrelated questions are still right (at least 75 %)" && s.Limited && !s.Passed && s.Limit == 0.75 {
			return
		}
	}
	t.Errorf("it says %+v", list.Adapters[0].Sentences)
}

// Every form of the description for programs is there for many who ask at once.
func TestDescriptionSideBySide(t *testing.T) {
	h, _ := opened(t, Limits{})
	for path, want := range map[string]struct{ contentType, begins, version string }{
		"/openapi.json":     {"application/openapi+json", "{", "3.1."},
		"/openapi-3.0.json": {"application/openapi+json", "{", "3.0."},
		"/openapi.yaml":     {"application/openapi+yaml", "components:", "3.1."},
		"/openapi-3.0.yaml": {"application/openapi+yaml", "components:", "3.0."},
	} {
		var replies [4]reply
		var group sync.WaitGroup
		for i := range replies {
			group.Go(func() { replies[i] = h.do("", "GET", path, nil) })
		}
		group.Wait()
		for _, r := range replies {
			if r.status != http.StatusOK || r.header.Get("Content-Type") != want.contentType || r.text != replies[0].text {
				t.Errorf("%s: %d, %q, %d bytes, the first %d", path, r.status, r.header.Get("Content-Type"), len(r.text), len(replies[0].text))
			}
		}
		if text := replies[0].text; !strings.HasPrefix(text, want.begins) || !strings.Contains(text, want.version) || !strings.Contains(text, "/feedback") {
			t.Errorf("%s is %.80q...", path, text)
		}
	}
}

// The page stands for itself: it is there without a network, and names every route that
// the description for programs has.
func TestDocumentation(t *testing.T) {
	h, _ := opened(t, Limits{})
	page := h.want(http.StatusOK, "", "GET", "/docs", nil, nil).text
	for _, from := range []string{"<script", "src=", "@import", "url(", "https://"} {
		if strings.Contains(page, from) {
			t.Errorf("the page has %s", from)
		}
	}
	var api struct {
		OpenAPI string
		Paths   map[string]map[string]any
	}
	h.want(http.StatusOK, "", "GET", "/openapi.json", nil, &api)
	if !strings.HasPrefix(api.OpenAPI, "3.1") || len(api.Paths) < 15 {
		t.Errorf("OpenAPI %q with %d paths", api.OpenAPI, len(api.Paths))
	}
	for path := range api.Paths {
		if !strings.Contains(page, "<code>"+path+"</code>") {
			t.Errorf("the page has no %s", path)
		}
	}
	for _, header := range []string{"Answer-Id", "Answer-Lesson", "Feedback-Id", "Feedback-Kind", "Feedback-Contradicts"} {
		if !strings.Contains(page, "<code>"+header+"</code>") {
			t.Errorf("the page has no header %s", header)
		}
	}
}
