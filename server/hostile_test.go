package server

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"clara/trainer"
)

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

// Whatever is sent, the answer is a 4xx that says what happened.
func TestBadRequests(t *testing.T) {
	h, _ := opened(t, Limits{})
	deep := strings.Repeat("[", 20000)
	for _, tt := range []struct {
		method, path, body string
		status             int
	}{
		{"POST", "/feedback", ``, 400},
		{"POST", "/feedback", `{`, 400},
		{"POST", "/feedback", deep, 400},
		{"POST", "/feedback", "\xff\xfe{}", 400},
		{"POST", "/feedback", `[]`, 422},
		{"POST", "/feedback", `{"text": "a", "score": 2}`, 422},
		{"POST", "/feedback", `{"text": "a", "score": "good"}`, 422},
		{"POST", "/feedback", `{"text": "", "score": 1}`, 422},
		{"POST", "/feedback", `{"text": "   ", "score": 1}`, 422},
		{"POST", "/feedback", `{"score": 1}`, 422},
		{"POST", "/feedback", `{"text": "a", "score": 1, "importance": 6}`, 422},
		{"POST", "/feedback", `{"text": "a", "score": 1, "other": 6}`, 422},
		{"POST", "/generate", `{"prompt": ""}`, 422},
		{"POST", "/generate", `{"prompt": 7}`, 422},
		{"POST", "/generate", `{"prompt": "` + strings.Repeat("long ", 4000) + `"}`, 422},
		{"POST", "/conversations/chatcmpl-1/rating", `{"stars": 6}`, 422},
		{"POST", "/conversations/chatcmpl-77/rating", `{"stars": 5}`, 404},
		{"POST", "/conversations/77/rating", `{"stars": 5}`, 404},
		{"POST", "/conversations/99999999999999999999/rating", `{"stars": 5}`, 404},
		{"POST", "/conversations/%00/rating", `{"stars": 5}`, 404},
		{"POST", "/conversations/..%2f..%2fetc%2fpasswd/rating", `{"stars": 5}`, 400},
		{"POST", "/conversations/a%2fb/rating", `{"stars": 5}`, 404},
		{"POST", "/adapters/-1/restore", ``, 422},
		{"POST", "/adapters/x/restore", ``, 422},
		{"DELETE", "/lessons/0", ``, 422},
		{"DELETE", "/lessons/9", ``, 404},
		{"GET", "/../users.json", ``, 400},
		{"GET", "/%2e%2e/users.json", ``, 400},
		{"GET", "//stats", ``, 400},
		{"GET", "/stats/", ``, 400},
		{"GET", "/./stats", ``, 400},
		{"GET", "/docs/../stats", ``, 400},
		{"GET", "/docs/%2e%2e/stats", ``, 400},
		{"GET", "/openapi/%2e%2e%2fstats", ``, 400},
		{"GET", "/openapi.json/stats", ``, 404},
		{"GET", "/..%5cusers.json", ``, 404},
		{"GET", "/stats%00", ``, 404},
		{"GET", "/stats%ff", ``, 404},
		{"GET", "/Stats", ``, 404},
		{"GET", "/" + strings.Repeat("a", 16<<10), ``, 404},
		{"GET", "/nothing", ``, 404},
		{"GET", "/feedback", ``, 405},
		{"TRACE", "/stats", ``, 405},
		{"BREW", "/stats", ``, 405},
	} {
		r := h.do("", tt.method, tt.path, tt.body)
		if r.status != tt.status {
			t.Errorf("%s %s %.60s: %d, want %d: %.200s", tt.method, tt.path, tt.body, r.status, tt.status, r.text)
			continue
		}
		var p Problem
		if err := json.Unmarshal([]byte(r.text), &p); err != nil || p.Detail == "" || p.Status != tt.status || r.header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s %s: %s %.200s (%v)", tt.method, tt.path, r.header.Get("Content-Type"), r.text, err)
		}
		if tt.status == http.StatusMethodNotAllowed && r.header.Get("Allow") == "" {
			t.Errorf("%s %s: no Allow", tt.method, tt.path)
		}
	}
	req, err := http.NewRequestWithContext(t.Context(), "POST", h.url+"/feedback", strings.NewReader("text=a&score=1"))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if r := h.send(req); r.status != http.StatusUnsupportedMediaType {
		t.Errorf("a form: %d", r.status)
	}
}

// A web page on another site must not reach the server through the browser of the person
// who sits here.
func TestWebPagesOfOthersAreRefused(t *testing.T) {
	h, _ := opened(t, Limits{})
	for name, set := range map[string]func(*http.Request){
		"another origin": func(r *http.Request) { r.Header.Set("Origin", "https://evil.example") },
		"another site":   func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") },
		"another name":   func(r *http.Request) { r.Host = "evil.example" },
	} {
		req, err := http.NewRequestWithContext(t.Context(), "POST", h.url+"/feedback", strings.NewReader(`{"text": "a", "score": 1}`))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/json")
		set(req)
		if r := h.send(req); r.status != http.StatusForbidden {
			t.Errorf("%s: %d", name, r.status)
		}
	}
}

// hear sends bytes as they are and returns the first line that comes back, or "" where the
// server hangs up.
func hear(t *testing.T, h *house, send func(c net.Conn)) string {
	t.Helper()
	c, err := net.Dial("tcp", strings.TrimPrefix(h.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	go send(c)
	line, err := bufio.NewReader(c).ReadString('\n')
	if err != nil && err != io.EOF && !strings.Contains(err.Error(), "reset") {
		t.Fatal(err)
	}
	return strings.TrimSpace(line)
}

const feedbackHead = "POST /feedback HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"

// Bodies of gigabytes are refused before they are read, announced or not.
func TestLargeRequests(t *testing.T) {
	h, _ := opened(t, Limits{})
	if got := hear(t, h, func(c net.Conn) { fmt.Fprintf(c, feedbackHead+"Content-Length: 2147483648\r\n\r\n{") }); !strings.Contains(got, " 413 ") {
		t.Errorf("2 GB that are announced: %s", got)
	}
	got := hear(t, h, func(c net.Conn) {
		fmt.Fprint(c, feedbackHead+"Transfer-Encoding: chunked\r\n\r\n")
		chunk := fmt.Sprintf("%x\r\n%s\r\n", 1<<16, strings.Repeat(" ", 1<<16))
		for range 2 << 30 >> 16 {
			if _, err := io.WriteString(c, chunk); err != nil {
				return
			}
		}
	})
	if !strings.Contains(got, " 413 ") && got != "" { // it may hang up before the answer is read
		t.Errorf("2 GB in chunks: %s", got)
	}
	if got := hear(t, h, func(c net.Conn) { fmt.Fprint(c, feedbackHead+"X: "+strings.Repeat("x", 1<<17)+"\r\n\r\n") }); !strings.Contains(got, " 431 ") {
		t.Errorf("a long head: %s", got)
	}
	if got := hear(t, h, func(c net.Conn) { fmt.Fprint(c, feedbackHead+"Content-Length: 5\r\nContent-Length: 6\r\n\r\n{}") }); !strings.Contains(got, " 400 ") {
		t.Errorf("two lengths: %s", got)
	}
	if got := hear(t, h, func(c net.Conn) {
		fmt.Fprint(c, feedbackHead+"Content-Length: 2147483648\r\nExpect: 100-continue\r\n\r\n")
	}); !strings.Contains(got, " 413 ") {
		t.Errorf("2 GB that wait to be wanted: %s", got)
	}
}

// Who sends too slowly is cut off.
func TestSlowRequests(t *testing.T) {
	heads, _ := opened(t, Limits{HeaderTime: 300 * time.Millisecond})
	bodies, _ := opened(t, Limits{BodyTime: 300 * time.Millisecond})
	if got := hear(t, bodies, func(c net.Conn) { fmt.Fprint(c, feedbackHead+"Content-Length: 100\r\n\r\n{") }); !strings.Contains(got, " 408 ") {
		t.Errorf("a body that does not come: %s", got)
	}
	if got := hear(t, heads, func(c net.Conn) { fmt.Fprint(c, feedbackHead) }); got != "" && !strings.Contains(got, " 408 ") {
		t.Errorf("a head that does not end: %s", got)
	}
	for _, slow := range []struct {
		what   string
		h      *house
		begins string
	}{{"a body", bodies, feedbackHead + "Content-Length: 1000\r\n\r\n"}, {"a head", heads, feedbackHead + "X: "}} {
		if got := hear(t, slow.h, func(c net.Conn) {
			for _, err := io.WriteString(c, slow.begins); err == nil; _, err = io.WriteString(c, " ") {
				time.Sleep(20 * time.Millisecond)
			}
		}); !strings.Contains(got, " 408 ") && (got != "" || slow.h == bodies) {
			t.Errorf("%s that comes letter by letter: %s", slow.what, got)
		}
	}
	// The time for a body does not bound the answer: this one waits longer.
	bodies.want(http.StatusOK, "", "GET", "/stats", nil, nil)
}

// A request that is refused before its body is read has the time of a body, too: nobody keeps
// a connection by announcing one that does not come, and the server ends in order meanwhile.
func TestRefusedRequestsHaveTheirTime(t *testing.T) {
	h, _ := opened(t, Limits{BodyTime: 300 * time.Millisecond}, "anna")
	for request, want := range map[string]string{
		"POST /feedback HTTP/1.1\r\nContent-Length: 100":              " 401 ",
		"POST /feedback HTTP/1.1\r\nTransfer-Encoding: chunked":       " 401 ",
		"POST /nothing HTTP/1.1\r\nContent-Length: 100":               " 404 ",
		"PUT /feedback HTTP/1.1\r\nContent-Length: 100":               " 405 ",
		"GET /healthz HTTP/1.1\r\nContent-Length: 100":                " 200 ",
		"POST /v1/chat/completions HTTP/1.1\r\nContent-Length: 10000": " 401 ",
	} {
		began := time.Now()
		got := hear(t, h, func(c net.Conn) {
			fmt.Fprintf(c, "%s\r\nHost: localhost\r\nContent-Type: application/json\r\n\r\n1", request)
		})
		if !strings.Contains(got, want) || time.Since(began) > 10*time.Second {
			t.Errorf("%q: %q after %s, want%s", request, got, time.Since(began), want)
		}
	}
}

// What no client of Go's sends.
func TestOddRequestLines(t *testing.T) {
	h, _ := opened(t, Limits{})
	for _, tt := range []struct{ request, status string }{
		{"GET http://evil.example/stats HTTP/1.1\r\nHost: localhost", " 403 "},
		{"GET /stats HTTP/1.1", " 400 "},
		{"GET /stats HTTP/1.0", " 403 "},
		{"GET /stats HTTP/3.0\r\nHost: localhost", " 505 "},
		{"GET stats HTTP/1.1\r\nHost: localhost", " 400 "},
		{"GET /../stats HTTP/1.1\r\nHost: localhost", " 400 "},
		{"GET /%zz HTTP/1.1\r\nHost: localhost", " 400 "},
		{"GET /a b HTTP/1.1\r\nHost: localhost", " 400 "},
		{"GET /stats HTTP/1.1\r\nHost: localhost\r\nHost: localhost", " 400 "},
		{"CONNECT localhost:22 HTTP/1.1\r\nHost: localhost", " 40"},
		{"OPTIONS * HTTP/1.1\r\nHost: localhost", " 400 "},
		{"POST /feedback HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1", " 400 "},
		{"POST /feedback HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: gzip", " 501 "},
	} {
		if got := hear(t, h, func(c net.Conn) { fmt.Fprint(c, tt.request+"\r\n\r\n") }); !strings.Contains(got, tt.status) {
			t.Errorf("%q: %s, want%s", tt.request, got, tt.status)
		}
	}
}

// pipes is a listener of connections that hold nothing back: what is not read on the one
// side cannot be written on the other.
type pipes chan net.Conn

func (p pipes) Accept() (net.Conn, error) {
	if c, ok := <-p; ok {
		return c, nil
	}
	return nil, net.ErrClosed
}

func (p pipes) Close() error   { close(p); return nil }
func (p pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1} }

// askForMuch asks for an answer that lasts as long as whoever asks takes it.
func askForMuch(client net.Conn) {
	const body = `{"model": "clara", "messages": [{"role": "user", "content": "Tell me everything."}], "max_tokens": 1900, "stream": true}`
	fmt.Fprintf(client, "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
}

// failing is pipes that can no longer take a connection once ended.
type failing struct {
	pipes
	ended chan struct{}
}

var errAccept = errors.New("the network is gone")

func (f failing) Accept() (net.Conn, error) {
	select {
	case c := <-f.pipes:
		return c, nil
	case <-f.ended:
		return nil, errAccept
	}
}

func (f failing) Close() error { return nil }

// Where no connection can be taken any more the server ends: it says why, hangs up on whoever is
// connected, and closes what it has opened.
func TestServerThatCannotAcceptEnds(t *testing.T) {
	h := newHouse(t, tinyRunner(t))
	l := failing{make(pipes), make(chan struct{})}
	h.serveOn(l, Limits{})
	client, conn := net.Pipe()
	defer client.Close()
	l.pipes <- conn
	askForMuch(client)
	waitFor(t, func() bool { return h.trainer("").State().Answering })
	close(l.ended)
	if err := h.ended(); !errors.Is(err, errAccept) {
		t.Errorf("it ends with %v", err)
	}
	if _, err := io.Copy(io.Discard, client); err != nil {
		t.Errorf("the connection ends with %v", err)
	}
	if n := h.closings(""); n != 1 {
		t.Errorf("closed %d times", n)
	}
}

// A client that does not take its answer is not waited for: the answer ends, and makes room
// for the next one.
func TestSlowReader(t *testing.T) {
	h := newHouse(t, tinyRunner(t))
	l := make(pipes)
	h.serveOn(l, Limits{Parallel: 1, WriteTime: 200 * time.Millisecond})
	client, conn := net.Pipe()
	defer client.Close()
	l <- conn
	askForMuch(client)
	waitFor(t, func() bool {
		said, err := h.trainer("").Entries(t.Context(), 1)
		return err == nil && len(said) == 2 && said[1].Finish == trainer.FinishCancelled
	})
}

// A client that takes nothing when the server ends is cut, which is no failure of the server.
func TestSlowReaderWhenTheServerEnds(t *testing.T) {
	h := newHouse(t, tinyRunner(t))
	l := make(pipes)
	h.serveOn(l, Limits{WriteTime: time.Minute, Grace: 200 * time.Millisecond})
	client, conn := net.Pipe()
	defer client.Close()
	l <- conn
	askForMuch(client)
	tr := h.trainer("")
	waitFor(t, func() bool { return tr.State().Answering })
	if err := h.end(); err != nil {
		t.Errorf("the server ends with %v", err)
	}
}

// Too many at once are told when to come again.
func TestRateAndQueue(t *testing.T) {
	h, _ := opened(t, Limits{Rate: 0.01, Burst: 3})
	for range 3 {
		h.want(http.StatusOK, "", "GET", "/stats", nil, nil)
	}
	r := h.want(http.StatusTooManyRequests, "", "GET", "/stats", nil, nil)
	if after, err := strconv.Atoi(r.header.Get("Retry-After")); err != nil || after < 1 || after > 100 {
		t.Errorf("Retry-After: %q", r.header.Get("Retry-After"))
	}
	h.want(http.StatusOK, "", "GET", "/healthz", nil, nil)

	h, _ = opened(t, Limits{Parallel: 1, Queue: 1, Rate: 1e6, Burst: 1e6}) // nobody comes too often: two ask without a pause
	ctx, cancel := context.WithCancel(t.Context())
	var two sync.WaitGroup
	for range 2 {
		two.Go(func() {
			for ctx.Err() == nil {
				_, _ = h.stream(ctx, "", "/v1/chat/completions", ask("Tell me everything.", "max_tokens", 100, "stream", true))
			}
		})
	}
	waitFor(t, func() bool {
		r = h.do("", "POST", "/generate", `{"prompt": "And me?"}`)
		return r.status == http.StatusServiceUnavailable
	})
	if r.header.Get("Retry-After") == "" {
		t.Error("a full queue does not say when to come again")
	}
	cancel()
	two.Wait()
	waitFor(t, func() bool { return h.do("", "POST", "/generate", `{"prompt": "And me?"}`).status == http.StatusOK })
}
