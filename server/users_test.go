package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"clara/store"
	"clara/trainer"
)

func TestUsersOfAFolder(t *testing.T) {
	home := t.TempDir()
	u, same := NewUsers(home, store.WriteFile), NewUsers(home, store.WriteFile) // as two processes have it
	token, err := u.Add("anna")
	if err != nil {
		t.Fatal(err)
	}
	if name, err := same.find(token); err != nil || name != "anna" {
		t.Errorf("the token is %q's, %v", name, err)
	}
	for _, wrong := range []string{"", "clara_", token[:len(token)-1], token + "A", strings.ToLower(token), hashOf(token)} {
		if name, _ := same.find(wrong); name != "" {
			t.Errorf("%q opens %s", wrong, name)
		}
	}
	data, err := os.ReadFile(filepath.Join(home, "users.json"))
	if err != nil || strings.Contains(string(data), strings.TrimPrefix(token, "clara_")) {
		t.Errorf("the file holds the token (%v)", err)
	}
	if info, err := os.Stat(filepath.Join(home, "users.json")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file's mode is %v (%v)", info.Mode(), err)
	}
	for name, code := range map[string]string{
		"anna": trainer.CodeServerUserExists, "": trainer.CodeServerUserName, "..": trainer.CodeServerUserName, "a/b": trainer.CodeServerUserName, "Anna": trainer.CodeServerUserName, "con": trainer.CodeServerUserName, "-x": trainer.CodeServerUserName,
		strings.Repeat("a", 33): trainer.CodeServerUserName,
	} {
		var e *trainer.UserError
		if _, err := u.Add(name); !errors.As(err, &e) || e.Reason.Code != code {
			t.Errorf("add %q: %v, want %s", name, err, code)
		}
	}
	if err := same.Remove("anna"); err != nil {
		t.Fatal(err)
	}
	if name, err := u.find(token); name != "" || err != nil {
		t.Errorf("after it was removed the token is %q's, %v", name, err)
	}
	var e *trainer.UserError
	if err := u.Remove("anna"); !errors.As(err, &e) || e.Reason.Code != trainer.CodeServerNoUser {
		t.Errorf("removed twice: %v", err)
	}
	// A damaged file lets nobody in, as opposed to everybody.
	if err := os.WriteFile(filepath.Join(home, "users.json"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if all, err := u.List(); err == nil {
		t.Errorf("a damaged file holds %v", all)
	}
}

// Every request needs a token once there are users, from the next request on; one that
// was taken away no longer opens.
func TestEveryRequestNeedsAToken(t *testing.T) {
	h, _ := opened(t, Limits{})
	h.want(http.StatusOK, "", "GET", "/stats", nil, nil)
	token, err := h.users.Add("anna")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/stats", "/lessons", "/adapters", "/train", "/metrics", "/v1/models"} {
		for _, bad := range []string{"", "wrong", token + "x"} {
			if r := h.want(http.StatusUnauthorized, bad, "GET", path, nil, nil); !strings.HasPrefix(r.header.Get("WWW-Authenticate"), "Bearer") {
				t.Errorf("%s does not say how to come in", path)
			}
		}
		h.want(http.StatusOK, token, "GET", path, nil, nil)
	}
	for header, status := range map[string]int{
		"Bearer " + token: 200, "bearer   " + token + " ": 200,
		token: 401, "Bearer": 401, "Bearer ": 401, "Basic " + token: 401, "Bearer " + token + " " + token: 401, "Bearer " + token + "\u00e9": 401,
		"Bearer " + strings.ToUpper(token): 401, "Bearer " + strings.Repeat("a", 20000): 401, "Bearer ' or 1=1 --": 401,
	} {
		req, err := http.NewRequestWithContext(t.Context(), "GET", h.url+"/stats", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", header)
		if r := h.send(req); r.status != status {
			t.Errorf("%.60q: %d, want %d", header, r.status, status)
		}
	}
	if got := hear(t, h, func(c net.Conn) {
		fmt.Fprint(c, "POST /feedback HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2147483648\r\n\r\n{")
	}); !strings.Contains(got, " 401 ") {
		t.Errorf("2 GB of nobody's: %s", got)
	}
	h.want(http.StatusUnauthorized, "", "POST", "/feedback", `{"text": "a", "score": 1}`, nil)
	h.want(http.StatusOK, "", "GET", "/healthz", nil, nil)
	second, err := h.users.Add("ben")
	if err != nil {
		t.Fatal(err)
	}
	if err := h.users.Remove("anna"); err != nil {
		t.Fatal(err)
	}
	h.want(http.StatusUnauthorized, token, "GET", "/stats", nil, nil)
	h.want(http.StatusOK, second, "GET", "/stats", nil, nil)
	again, err := h.users.Add("anna")
	if err != nil {
		t.Fatal(err)
	}
	h.want(http.StatusUnauthorized, token, "GET", "/stats", nil, nil)
	h.want(http.StatusOK, again, "GET", "/stats", nil, nil)
	for _, name := range []string{"anna", "ben"} { // whoever came in by a token does not come in without
		if err := h.users.Remove(name); err != nil {
			t.Fatal(err)
		}
	}
	for _, bad := range []string{"", again, second} {
		h.want(http.StatusUnauthorized, bad, "GET", "/stats", nil, nil)
	}
}

// What one user has, the other can neither see, nor rate, correct, take back or restore.
func TestUsersAreApart(t *testing.T) {
	h, tokens := opened(t, Limits{}, "anna", "ben")
	anna, ben := tokens["anna"], tokens["ben"]
	h.want(http.StatusOK, anna, "POST", "/lessons", `{"question": "When do we open?", "answer": "At eight."}`, nil)
	id := h.want(http.StatusOK, anna, "POST", "/generate", `{"prompt": "Who leads the department?"}`, nil).header.Get("Answer-Id")
	h.want(http.StatusOK, anna, "POST", "/conversations/"+id+"/rating", `{"stars": 5}`, nil)

	for _, x := range []struct{ method, path, body string }{
		{"POST", "/conversations/" + id + "/rating", `{"stars": 1}`},
		{"POST", "/conversations/1/rating", `{"stars": 1}`},
		{"POST", "/conversations/" + id + "/corrections", `{"better": "Ben leads it."}`},
		{"POST", "/corrections", `{"id": "` + id + `", "better": "Ben leads it."}`},
		{"DELETE", "/lessons/1", ``},
		{"POST", "/adapters/1/restore", ``},
	} {
		h.want(http.StatusNotFound, ben, x.method, x.path, x.body, nil)
	}
	var list struct{ Lessons []lesson }
	h.want(http.StatusOK, ben, "GET", "/lessons", nil, &list)
	if len(list.Lessons) != 0 {
		t.Errorf("ben sees %+v", list)
	}
	var stats trainer.LiveStats
	h.want(http.StatusOK, ben, "GET", "/stats", nil, &stats)
	if stats.Metrics.SamplesTotal != 0 || stats.Metrics.LessonsTotal != 0 {
		t.Errorf("ben's figures are %+v", stats.Metrics)
	}
	if r := h.want(http.StatusOK, ben, "GET", "/metrics", nil, nil); !strings.Contains(r.text, "clara_lessons 0") {
		t.Error("ben's /metrics counts anna's lessons")
	}
	h.want(http.StatusOK, anna, "GET", "/stats", nil, &stats)
	if stats.Metrics.SamplesTotal != 2 || stats.Metrics.AvgStars != 5 {
		t.Errorf("anna's figures are %+v", stats.Metrics)
	}
}

// A server that was started with users stays closed, also where the last one is gone
// before anybody has asked.
func TestServerOfUsersStaysClosed(t *testing.T) {
	h, _ := opened(t, Limits{}, "anna")
	if err := h.users.Remove("anna"); err != nil {
		t.Fatal(err)
	}
	h.want(http.StatusUnauthorized, "", "GET", "/stats", nil, nil)
}

func TestAddressThatIsTakenIsSaid(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for _, addr := range []string{l.Addr().String(), "nonsense"} {
		var e *trainer.UserError
		if _, err := Listen(addr, NewUsers(t.TempDir(), store.WriteFile)); !errors.As(err, &e) || e.Reason.Code != trainer.CodeServerListens || e.Reason.Args["addr"] != addr {
			t.Errorf("%s: %v", addr, err)
		}
	}
}

func TestListeningElsewhereNeedsUsers(t *testing.T) {
	h := newHouse(t, tinyRunner(t))
	p := Params{Users: h.users, Open: h.open}
	var e *trainer.UserError
	if _, err := Listen(":0", p.Users); !errors.As(err, &e) || e.Reason.Code != trainer.CodeServerNeedsUsers {
		t.Fatalf("it listens everywhere without a user: %v", err)
	}
	if _, err := p.Users.Add("anna"); err != nil {
		t.Fatal(err)
	}
	l, err := Listen(":0", p.Users)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	p.Ready = func(string, int) { cancel() }
	if err := Run(ctx, l, p); err != nil {
		t.Error(err)
	}
}

// A user who is removed, by whatever process, is out altogether without another request:
// the answer under way and those that wait end, and so does the training loop.
func TestRemovedUserIsClosed(t *testing.T) {
	h, tokens := opened(t, Limits{Parallel: 1}, "anna", "ben")
	for _, token := range tokens {
		h.want(http.StatusOK, token, "GET", "/stats", nil, nil)
	}
	var all sync.WaitGroup
	var cut atomic.Int64
	for range 20 { // many: a short one may be over before the server looks
		all.Go(func() {
			s, err := h.stream(t.Context(), tokens["anna"], "/v1/chat/completions", ask("Tell me everything.", "max_tokens", 1900, "stream", true))
			switch {
			case s.done:
			case strings.Contains(s.failed, errRemoved.Detail), err != nil && strings.Contains(err.Error(), errRemoved.Detail):
				cut.Add(1)
			case err != nil && strings.HasPrefix(err.Error(), "401"): // it came after she was gone
			default:
				t.Errorf("an answer ends with %q, %v", s.failed, err)
			}
		})
	}
	tr := h.trainer("anna")
	waitFor(t, func() bool { return tr.State().Answering })
	if err := NewUsers(h.home, store.WriteFile).Remove("anna"); err != nil { // as another process has it
		t.Fatal(err)
	}
	all.Wait()
	if cut.Load() == 0 {
		t.Error("her answers go on")
	}
	waitFor(t, func() bool { return h.closings("anna") == 1 })
	h.want(http.StatusOK, tokens["ben"], "GET", "/stats", nil, nil)
	if h.closings("ben") != 0 {
		t.Error("ben is closed, too")
	}
}

// Whoever asks while the account is being closed is looked for again when it is: a user who
// was removed does not open theirs anew.
func TestAccountBeingClosedIsNotOpenedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		opened, closing, further := 0, make(chan struct{}), make(chan struct{})
		as := newAccounts(Params{Log: slog.New(slog.DiscardHandler), Open: func(context.Context, string) (Opened, error) {
			opened++
			return Opened{Close: func() error {
				close(closing)
				<-further
				return nil
			}}, nil
		}})
		_, done, err := as.get(t.Context(), "anna")
		if err != nil {
			t.Fatal(err)
		}
		done()
		as.keep(nil)
		<-closing
		asked := make(chan error)
		go func() {
			_, _, err := as.get(t.Context(), "anna")
			asked <- err
		}()
		synctest.Wait() // it waits for the closing
		close(further)
		if err := <-asked; !errors.Is(err, errClosed) || opened != 1 {
			t.Errorf("it is opened %d times, %v", opened, err)
		}
		if err := as.closeAll(); err != nil {
			t.Error(err)
		}
	})
}

// What was due when the server ended is trained on when it runs again, without a request;
// whoever has nothing to train on is not kept open for that.
func TestDueTrainingStartsWithoutARequest(t *testing.T) {
	users := []string{"anna", "ben"}
	for i := range mostAwake {
		users = append(users, "other"+strconv.Itoa(i))
	}
	h, tokens := opened(t, Limits{}, users...)
	h.want(http.StatusOK, tokens["anna"], "POST", "/lessons", `{"question": "Say hello.", "answer": "Good day.", "kind": "manner"}`, nil)
	if err := h.end(); err != nil {
		t.Fatal(err)
	}
	h.learner = "anna"
	h.serve(Limits{})
	waitFor(t, func() bool {
		tr := h.trainer("anna")
		return tr != nil && slices.Contains([]trainer.Phase{trainer.PhasePreparing, trainer.PhaseRunning}, tr.State().Phase)
	})
	for _, name := range users[1:] {
		waitFor(t, func() bool { return h.closings(name) == 1 })
	}
	if h.closings("anna") != 0 {
		t.Error("anna, who trains, is closed")
	}
	h.want(http.StatusOK, tokens["ben"], "GET", "/stats", nil, nil) // opened again
}

// The server ends while a user's data are being opened, also when that fails.
func TestCloseAllAwaitsAnOpeningThatFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		opening, fail := make(chan struct{}), make(chan struct{})
		as := newAccounts(Params{Log: slog.New(slog.DiscardHandler), Open: func(context.Context, string) (Opened, error) {
			close(opening)
			<-fail
			return Opened{}, errors.New("the disk is gone")
		}})
		asked, closed := make(chan error, 1), make(chan error, 1)
		go func() {
			_, _, err := as.get(t.Context(), "anna")
			asked <- err
		}()
		<-opening
		go func() { closed <- as.closeAll() }()
		synctest.Wait() // closeAll has come to the account
		close(fail)
		for what, ended := range map[string]chan error{"the request": asked, "the server's end": closed} {
			select {
			case err := <-ended:
				if (err != nil) != (what == "the request") {
					t.Errorf("%s: %v", what, err)
				}
			case <-time.After(10 * time.Second):
				t.Fatalf("%s does not come", what)
			}
		}
	})
}

// A request whose handler begins when the server has ended opens nobody's data, which nobody
// would close.
func TestRequestAfterTheEndOpensNothing(t *testing.T) {
	opened, closed := 0, 0
	as := newAccounts(Params{Log: slog.New(slog.DiscardHandler), Open: func(context.Context, string) (Opened, error) {
		opened++
		return Opened{Close: func() error { closed++; return nil }}, nil
	}})
	_, done, err := as.get(t.Context(), "anna")
	if err != nil {
		t.Fatal(err)
	}
	done()
	if err := as.closeAll(); err != nil {
		t.Error(err)
	}
	for _, name := range []string{"anna", "ben"} {
		_, _, err := as.get(t.Context(), name)
		if !errors.Is(err, errEnding) || problemOf(err).Status != http.StatusServiceUnavailable {
			t.Errorf("%s gets %v", name, err)
		}
	}
	if opened != 1 || closed != 1 {
		t.Errorf("opened %d times, closed %d times", opened, closed)
	}
}

// An opening that panics is an error to the request that began it and to those who wait for it;
// the next request tries again, and the server can end.
func TestOpeningThatPanicsIsNotWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		opening, fail, opened := make(chan struct{}), make(chan struct{}), 0
		as := newAccounts(Params{Log: slog.New(slog.DiscardHandler), Open: func(context.Context, string) (Opened, error) {
			if opened++; opened > 1 {
				return Opened{Close: func() error { return nil }}, nil
			}
			close(opening)
			<-fail
			panic("index out of range")
		}})
		asked := make(chan error, 2)
		ask := func() {
			_, _, err := as.get(t.Context(), "anna")
			asked <- err
		}
		go ask()
		<-opening
		go ask()
		synctest.Wait() // the second one waits
		as.keep(nil)    // removed meanwhile: the closing waits for the requests
		close(fail)
		for range 2 {
			select {
			case err := <-asked:
				if !errors.Is(err, errOpening) {
					t.Errorf("a request ends with %v", err)
				}
			case <-time.After(10 * time.Second):
				t.Fatal("a request waits for an opening that broke off")
			}
		}
		closed := make(chan error, 1)
		go func() {
			_, done, err := as.get(t.Context(), "anna")
			if errors.Is(err, errClosed) {
				_, done, err = as.get(t.Context(), "anna")
			}
			if err == nil {
				done()
				err = as.closeAll()
			}
			closed <- err
		}()
		select {
		case err := <-closed:
			if err != nil {
				t.Error(err)
			}
		case <-time.After(10 * time.Second):
			t.Fatal("the server does not end")
		}
	})
}
