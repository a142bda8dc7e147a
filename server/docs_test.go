package server

import (
	"html"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// examplesOf are the examples on the page of the documentation, as they are read.
func examplesOf(page string) []string {
	var lines []string
	for _, m := range regexp.MustCompile(`(?s)<pre>(.*?)</pre>`).FindAllStringSubmatch(page, -1) {
		lines = append(lines, html.UnescapeString(m[1]))
	}
	return lines
}

// words are those of a shell's line with plain, 'single' and "double" quoted words.
var words = regexp.MustCompile(`'[^']*'|"[^"]*"|[^ ]+`)

// run does what a shell and curl do with an example.
func (h *house) run(line, token string) {
	h.t.Helper()
	var args []string
	for _, w := range words.FindAllString(line, -1) {
		switch w[0] {
		case '\'':
			w = w[1 : len(w)-1]
		case '"':
			w = strings.ReplaceAll(w[1:len(w)-1], "$CLARA_TOKEN", token)
		}
		args = append(args, w)
	}
	if len(args) < 2 || args[0] != "curl" {
		h.t.Errorf("the example %s", line)
		return
	}
	method, body := http.MethodGet, ""
	header := make(http.Header)
	for i := 2; i+1 < len(args); i += 2 {
		switch args[i] {
		case "-H":
			name, value, _ := strings.Cut(args[i+1], ": ")
			header.Set(name, value)
		case "-d":
			method, body = http.MethodPost, args[i+1]
		default:
			h.t.Errorf("%s has the option %s", line, args[i])
		}
	}
	req, err := http.NewRequestWithContext(h.t.Context(), method, args[1], strings.NewReader(body))
	if err != nil {
		h.t.Errorf("%s: %v", line, err)
		return
	}
	req.Header = header
	if r := h.send(req); r.status != http.StatusOK {
		h.t.Errorf("%s: %d %s", line, r.status, r.text)
	}
}

// Each example does what it is there for, one after another, without users and with them.
func TestExamplesRunAsPrinted(t *testing.T) {
	h, _ := opened(t, Limits{})
	token := ""
	for _, user := range []string{"", "anna"} {
		if user != "" {
			var err error
			if token, err = h.users.Add(user); err != nil {
				t.Fatal(err)
			}
			h.want(http.StatusOK, token, "GET", "/stats", nil, nil)
		}
		var paths []string
		for _, line := range examplesOf(h.want(http.StatusOK, token, "GET", "/docs", nil, nil).text) {
			if strings.Contains(line, "Bearer $CLARA_TOKEN") != (token != "") {
				t.Errorf("with the token %q: %s", token, line)
			}
			h.run(line, token)
			paths = append(paths, strings.TrimPrefix(words.FindAllString(line, -1)[1], h.url))
		}
		for _, want := range []string{"/generate", "/feedback", "/conversations/1/rating", "/stats", "/v1/models/clara", "/v1/chat/completions", "/v1/completions"} {
			if !strings.Contains(strings.Join(paths, " "), want) {
				t.Errorf("no example of %s among %q", want, paths)
			}
		}
	}
}

// The examples go to the address that the page was asked from, and hold nothing that a
// shell would run.
func TestExamplesAreForTheAddressAsked(t *testing.T) {
	h, _ := opened(t, Limits{})
	for host, want := range map[string]string{"clara.example": "https://clara.example", "x$(id)": h.url, "x'y;z": h.url} {
		req, err := http.NewRequestWithContext(t.Context(), "GET", h.url+"/docs", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Host = host
		req.Header.Set("X-Forwarded-Proto", "https")
		if lines := examplesOf(h.send(req).text); len(lines) == 0 || !strings.HasPrefix(lines[0], "curl "+want+"/") {
			t.Errorf("asked as %s: %q", host, lines)
		}
	}
}

// A range is said once, and a bound that is none of the field's own is not said.
func TestRangesAreSaidAsRanges(t *testing.T) {
	h, _ := opened(t, Limits{})
	page := h.want(http.StatusOK, "", "GET", "/docs", nil, nil).text
	if strings.Contains(page, "e&#43;15") || strings.Contains(page, "1 to 5 1 to 5") {
		t.Error("the page says a range as no person would")
	}
	for _, want := range []string{"0 and more", "1 and more", "1 to 5; default 3", "-1 to 1"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
}

// Every field that may be left out may be null, which is the same, and the description for
// programs says so.
func TestNullIsLeftOut(t *testing.T) {
	h, _ := opened(t, Limits{})
	// What the requests below name by the numbers 1 and 2: an answer, and two lessons that
	// contradict each other, with their samples.
	h.want(http.StatusOK, "", "POST", "/generate", `{"prompt": "What is an act?"}`, nil)
	h.want(http.StatusOK, "", "POST", "/lessons", `{"question": "When does the ferry leave?", "answer": "At 9:40."}`, nil)
	h.want(http.StatusOK, "", "POST", "/lessons", `{"question": "At what time does the ferry leave?", "answer": "At 11:15."}`, nil)
	type schema struct {
		Ref        string `json:"$ref"`
		Type       any
		Enum       []any
		Examples   []any
		AnyOf      []schema
		Required   []string
		Properties map[string]schema
	}
	var api struct {
		Paths map[string]map[string]struct {
			RequestBody struct {
				Content map[string]struct{ Schema schema }
			}
		}
		Components struct{ Schemas map[string]schema }
	}
	h.want(http.StatusOK, "", "GET", "/openapi.json", nil, &api)
	takesNull := func(s schema) bool {
		types, _ := s.Type.([]any)
		return slices.Contains(types, any("null")) && (s.Enum == nil || slices.Contains(s.Enum, nil))
	}
	sent := 0
	for path, methods := range api.Paths {
		body := methods["post"].RequestBody.Content["application/json"].Schema
		if body.Ref != "" {
			body = api.Components.Schemas[strings.TrimPrefix(body.Ref, "#/components/schemas/")]
		}
		values := make(map[string]any)
		for name, field := range body.Properties {
			switch {
			case slices.Contains(body.Required, name):
				values[name] = field.Examples[0]
			case takesNull(field) || slices.ContainsFunc(field.AnyOf, takesNull):
				values[name] = nil
			default:
				t.Errorf("%s: %s may be left out, but not be null: %+v", path, name, field)
			}
		}
		if len(values) > 0 {
			h.want(http.StatusOK, "", "POST", strings.ReplaceAll(path, "{id}", "1"), values, nil)
			sent++
		}
	}
	if sent < 11 {
		t.Errorf("only %d requests have a body", sent)
	}
}
