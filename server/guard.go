package server

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path"
	"runtime/debug"
	"strings"
	"time"
)

// openPaths say nothing of anybody and need no token.
var openPaths = map[string]bool{"/": true, "/docs": true, "/healthz": true}

func isOpenPath(p string) bool { return openPaths[p] || strings.HasPrefix(p, "/openapi") }

// ServeHTTP lets a request through to its handler, or says why not.
func (s *server) ServeHTTP(plain http.ResponseWriter, r *http.Request) {
	w := &writer{ResponseWriter: plain, time: s.Limits.WriteTime}
	began := time.Now()
	route := "none"
	defer func() {
		if e := recover(); e != nil {
			if err, ok := e.(error); ok && errors.Is(err, http.ErrAbortHandler) {
				panic(e)
			}
			s.Log.Error("a request failed", "method", r.Method, "route", route, "error", e, "stack", string(debug.Stack()))
			if w.status != 0 { // the head is out: only the end of the connection can tell
				panic(http.ErrAbortHandler)
			}
			problemOf(fmt.Errorf("%v", e)).send(w, r)
		}
		s.metrics.count(route, r.Method, w.status, time.Since(began))
		s.Log.Debug("request", "method", r.Method, "route", route, "status", w.status, "took", time.Since(began))
	}()
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Cache-Control", "no-store")
	// What is refused before its body is read, or needs none, has a time as well: net/http reads
	// what is left of a body before it answers. A request without a body gets no such time: it
	// would end the request when it ran out during the answer.
	if r.ContentLength != 0 {
		if err := limitBody(w, s.Limits.BodyTime); err != nil {
			s.fails(err).send(w, r)
			return
		}
	}
	route, p := s.routed(w, r)
	if p != nil {
		p.send(w, r)
		return
	}
	if isOpenPath(r.URL.Path) {
		s.mux.ServeHTTP(w, r)
		return
	}
	a, done, p := s.admitted(r)
	if p != nil {
		p.send(w, r)
		return
	}
	defer done()
	if p := s.readBody(w, r); p != nil {
		w.Header().Set("Connection", "close") // what is left of the body is not read
		p.send(w, r)
		return
	}
	ctx, cut := context.WithCancelCause(context.WithValue(r.Context(), accountKey{}, a))
	defer cut(nil)
	defer context.AfterFunc(a.access, func() { cut(context.Cause(a.access)) })()
	s.mux.ServeHTTP(w, r.WithContext(ctx))
}

// routed finds the pattern that a request is for.
func (s *server) routed(w http.ResponseWriter, r *http.Request) (string, *Problem) {
	if p := r.URL.Path; !strings.HasPrefix(p, "/") || path.Clean(p) != p {
		return "none", problem(http.StatusBadRequest, "the path is not in its plain form", "Leave out double slashes, dots, and a slash at the end.")
	}
	h, pattern := s.mux.Handler(r)
	if pattern != "" {
		return pattern, nil
	}
	refused := &refusal{header: make(http.Header)}
	h.ServeHTTP(refused, r)
	if refused.status == http.StatusMethodNotAllowed {
		allow := refused.header.Get("Allow")
		w.Header().Set("Allow", allow)
		return "none", problem(http.StatusMethodNotAllowed, r.Method+" is not for this path", "Use "+allow+".")
	}
	return "none", problem(http.StatusNotFound, "there is nothing at this path", "/docs lists what there is.")
}

// refusal takes what the mux says to a request that it has no handler for.
type refusal struct {
	header http.Header
	status int
}

func (r *refusal) Header() http.Header         { return r.header }
func (r *refusal) Write(b []byte) (int, error) { return len(b), nil }
func (r *refusal) WriteHeader(status int)      { r.status = status }

// admitted finds out who asks, and opens their account. done counts the request out of it.
func (s *server) admitted(r *http.Request) (a *account, done func(), p *Problem) {
	err := errClosed
	for errors.Is(err, errClosed) {
		var name string
		if name, p = s.asker(r); p != nil {
			return nil, nil, p
		}
		a, done, err = s.accounts.get(r.Context(), name)
	}
	if err != nil {
		return nil, nil, s.fails(err)
	}
	if now := a.rate.Reserve(); now.Delay() > 0 {
		p := problem(http.StatusTooManyRequests, "too many requests in a short time", "Send fewer at a time.")
		p.after = now.Delay()
		now.Cancel()
		done()
		return nil, nil, p
	}
	return a, done, nil
}

// asker is the name of the user who asks, "" for whoever is at this machine where nobody
// needs a token. It closes the accounts of those who were removed.
func (s *server) asker(r *http.Request) (name string, p *Problem) {
	users, err := s.Users.List()
	if err != nil {
		return "", s.fails(err)
	}
	s.accounts.keep(users)
	if len(users) > 0 {
		s.guarded.Store(true)
	}
	if s.loopback && !s.guarded.Load() {
		return "", s.fromHere(r)
	}
	scheme, token, ok := strings.Cut(r.Header.Get("Authorization"), " ")
	if !ok || !strings.EqualFold(scheme, "Bearer") {
		return "", problem(http.StatusUnauthorized, "the request brings no token", "Send Authorization: Bearer TOKEN; `clara users add NAME` makes one.")
	}
	if name, err = s.Users.find(strings.TrimSpace(token)); err != nil {
		return "", problemOf(err)
	}
	if name == "" {
		return "", problem(http.StatusUnauthorized, "the token is nobody's", "`clara users add NAME` makes another one.")
	}
	return name, nil
}

// fromHere refuses what a web page elsewhere makes a browser on this machine send: where
// no token is asked for, being on this machine is all that lets a request in. A page can
// send to a loopback address, and can have a name of its own that leads to one.
func (s *server) fromHere(r *http.Request) *Problem {
	host := r.Host
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	host = strings.ToLower(strings.Trim(host, "[]"))
	ip := net.ParseIP(host)
	if host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return problem(http.StatusForbidden, "this server is for this machine alone, and is asked by another name", "Use http://127.0.0.1 or http://localhost, or add users.")
	}
	if err := http.NewCrossOriginProtection().Check(r); err != nil {
		return problem(http.StatusForbidden, "a web page of another origin may not use this server", "Add a user and send the token.")
	}
	return nil
}

// limitBody gives the body of a request a time from now on.
func limitBody(w *writer, most time.Duration) error {
	if err := http.NewResponseController(w).SetReadDeadline(time.Now().Add(most)); err != nil {
		return fmt.Errorf("limit the time of a request: %w", err)
	}
	return nil
}

// readBody reads the whole body, which is short, within its time, which begins anew: an account
// may have been opened before. The time is lifted afterwards: it would end the request when it
// ran out during the answer.
func (s *server) readBody(w *writer, r *http.Request) *Problem {
	if r.ContentLength > s.Limits.Body {
		return tooLarge(s.Limits.Body)
	}
	if err := limitBody(w, s.Limits.BodyTime); err != nil {
		return s.fails(err)
	}
	body, err := io.ReadAll(http.MaxBytesReader(w.ResponseWriter, r.Body, s.Limits.Body))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return tooLarge(large.Limit)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return problem(http.StatusRequestTimeout, "the request came too slowly", nextOf(http.StatusRequestTimeout))
	case err != nil:
		return brokenBody(err)
	}
	if err := http.NewResponseController(w).SetReadDeadline(time.Time{}); err != nil {
		return s.fails(fmt.Errorf("lift the limit of a request's time: %w", err))
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	return nil
}

// writer notes the status, and gives the client a time for each part that it is sent.
type writer struct {
	http.ResponseWriter
	time   time.Duration
	status int
}

// WriteHeader implements http.ResponseWriter.
func (w *writer) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (w *writer) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	// A connection that cannot do so has no client that could be slow.
	_ = http.NewResponseController(w.ResponseWriter).SetWriteDeadline(time.Now().Add(w.time))
	return w.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController through.
func (w *writer) Unwrap() http.ResponseWriter { return w.ResponseWriter }
