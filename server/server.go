// Package server is the HTTP face of the trainer: the design note's /feedback and
// /generate, the rest of what a user can do, and what OpenAI's clients expect under /v1.
//
// One process serves all users over one model. Each has a trainer, and with it a buffer,
// lessons, adapters and a history of their own; a request reaches those of the user whose
// token it brings, and no others.
package server

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"clara/trainer"
)

// Limits bound what requests may take. The zero value of each means its default.
type Limits struct {
	Parallel int     // answers given at a time; 8
	Queue    int     // requests that each user may have waiting for an answer; 64
	Rate     float64 // requests a second of each user, over time; 50
	Burst    int     // requests of a user at once; 200
	Body     int64   // bytes of a request; 1 MiB

	HeaderTime time.Duration // to send the head of a request; 10 s
	BodyTime   time.Duration // to send the rest; 20 s
	WriteTime  time.Duration // to take each part of an answer; 30 s
	Grace      time.Duration // for requests under way when the server ends; 10 s
}

// WithDefaults are the limits with the default of each in the place of a zero value.
func (l Limits) WithDefaults() Limits {
	return Limits{
		Parallel: cmp.Or(l.Parallel, 8), Queue: cmp.Or(l.Queue, 64), Rate: cmp.Or(l.Rate, 50), Burst: cmp.Or(l.Burst, 200), Body: cmp.Or(l.Body, 1<<20),
		HeaderTime: cmp.Or(l.HeaderTime, 10*time.Second), BodyTime: cmp.Or(l.BodyTime, 20*time.Second),
		WriteTime: cmp.Or(l.WriteTime, 30*time.Second), Grace: cmp.Or(l.Grace, 10*time.Second),
	}
}

// Params are what a server is made of.
type Params struct {
	Version string
	Users   *Users
	// Open opens a user's trainer over the one model and starts it; "" is the desktop's
	// own user, who is served on a loopback address as long as there are no others.
	Open   func(ctx context.Context, user string) (Opened, error)
	Limits Limits
	Log    *slog.Logger
	// Ready is called once the server answers, with the address that it listens on and
	// how many users there are.
	Ready func(addr string, users int)
}

// server is one running server.
type server struct {
	Params
	api      huma.API
	mux      *http.ServeMux
	queue    *queue
	accounts *accounts
	metrics  *metrics
	addr     string      // that it listens on
	loopback bool        // which is one of this machine alone
	guarded  atomic.Bool // there have been users: who has no token stays out, also when the last one is gone
	began    time.Time
}

// Listen takes the address (host:port; port 0 is any) that is to be served. The error is a
// *trainer.UserError where other machines could reach the address and there is no user, and
// where the address cannot be had. It is a step of its own, to be taken before a model is
// loaded, which takes long. Who connects before Run waits.
func Listen(addr string, u *Users) (net.Listener, error) {
	users, err := u.List()
	if err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, errors.Join(userError(trainer.CodeServerListens, "nothing can be served at %s", "addr", addr), err)
	}
	if !isLoopback(l.Addr()) && len(users) == 0 {
		return nil, errors.Join(userError(trainer.CodeServerNeedsUsers, "%s can be reached from other machines, and there is no user", "addr", addr), l.Close())
	}
	return l, nil
}

// Run serves on l, which it closes, until ctx ends: then it takes no more requests, lets
// those under way end for a while, cuts what is left, and stops the trainers.
func Run(ctx context.Context, l net.Listener, p Params) (err error) {
	p.Limits = p.Limits.WithDefaults()
	if p.Log == nil {
		p.Log = slog.New(slog.DiscardHandler)
	}
	users, err := p.Users.List()
	if err != nil {
		return errors.Join(err, l.Close())
	}
	s := newServer(p, l.Addr())
	s.guarded.Store(len(users) > 0)
	defer func() { err = errors.Join(err, s.accounts.closeAll()) }()
	if s.loopback && len(users) == 0 { // what the user taught before is trained on from now on
		_, done, err := s.accounts.get(ctx, "")
		if err != nil {
			return errors.Join(err, l.Close())
		}
		defer done() // nobody else is served: their data stay open
	}
	tending, rest := context.WithCancel(ctx)
	var tended sync.WaitGroup
	tended.Go(func() { s.tend(tending, users) })
	defer func() { rest(); tended.Wait() }()
	return s.serve(ctx, l, len(users))
}

// tendTime is within what time a user who was removed is out altogether.
const tendTime = time.Second

// tendAllTime is how often each user is looked after without a request: what they deleted is
// erased after a day, also where they do not come back.
const tendAllTime = 6 * time.Hour

// tend follows the users until ctx ends: what those who are removed had under way is ended,
// also where no request comes. What is due for users, the desktop's own one among them, is
// trained on and erased without a request of theirs, at the beginning and every tendAllTime.
func (s *server) tend(ctx context.Context, users []User) {
	tick := time.NewTicker(tendTime)
	defer tick.Stop()
	own := User{}
	waiting, again := append([]User{own}, users...), time.Now().Add(tendAllTime)
	for {
		waiting = s.accounts.wake(ctx, waiting)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		now, err := s.Users.List()
		if err != nil { // each request says it
			continue
		}
		s.accounts.keep(now)
		if time.Now().After(again) {
			waiting, again = append([]User{own}, now...), time.Now().Add(tendAllTime)
		}
		waiting = slices.DeleteFunc(waiting, func(u User) bool { return u != own && !slices.Contains(now, u) })
	}
}

// serve answers requests on l until ctx ends.
func (s *server) serve(ctx context.Context, l net.Listener, users int) error {
	working, cut := context.WithCancelCause(context.WithoutCancel(ctx))
	defer cut(nil)
	h := &http.Server{
		Handler:                      s,
		BaseContext:                  func(net.Listener) context.Context { return working },
		ReadHeaderTimeout:            s.Limits.HeaderTime,
		WriteTimeout:                 10 * time.Minute, // each part of an answer has a time of its own: writer
		IdleTimeout:                  2 * time.Minute,
		MaxHeaderBytes:               32 << 10,
		ErrorLog:                     slog.NewLogLogger(s.Log.Handler(), slog.LevelDebug),
		DisableGeneralOptionsHandler: true, // OPTIONS * is a path like any other
	}
	ended := make(chan error, 1)
	go func() { ended <- h.Serve(l) }()
	s.Log.Info("serving", "address", l.Addr().String(), "users", users)
	if s.Ready != nil {
		s.Ready(l.Addr().String(), users)
	}
	select {
	case err := <-ended:
		return errors.Join(fmt.Errorf("serve on %s: %w", l.Addr(), err), h.Close())
	case <-ctx.Done():
	}
	gentle, done := context.WithTimeout(context.WithoutCancel(ctx), s.Limits.Grace)
	defer done()
	err := h.Shutdown(gentle)
	if errors.Is(err, context.DeadlineExceeded) {
		s.Log.Warn("requests were cut when the server ended")
		cut(errEnding)
		last, done := context.WithTimeout(context.WithoutCancel(ctx), cutTime)
		defer done()
		if err = h.Shutdown(last); errors.Is(err, context.DeadlineExceeded) {
			err = h.Close() // they are cut, which is what the time is for
		}
	}
	<-ended // http.ErrServerClosed
	if err != nil {
		return fmt.Errorf("end the server: %w", err)
	}
	return nil
}

// cutTime is how long requests that are cut may take to say so.
const cutTime = 5 * time.Second

// errEnding is the cause of requests that are cut when the server ends, and of those that come
// after it.
var errEnding = errors.New("the server ends")

func newServer(p Params, addr net.Addr) *server {
	shapeErrors()
	config := huma.DefaultConfig("CLARA", p.Version)
	config.CreateHooks = nil // no $schema in bodies: the note's are exact
	config.OpenAPIPath, config.DocsPath, config.SchemasPath = "", "", ""
	config.Info.Description = about
	config.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"token": {Type: "http", Scheme: "bearer", Description: "The token that `clara users add NAME` has printed. None is needed as long as there are no users."},
	}
	config.Security = []map[string][]string{{"token": {}}, {}}
	mux := http.NewServeMux()
	s := &server{
		Params: p, mux: mux, queue: newQueue(p.Limits.Parallel, p.Limits.Queue), accounts: newAccounts(p),
		addr: addr.String(), loopback: isLoopback(addr), began: time.Now(), api: newAPI(mux, config),
	}
	s.metrics = newMetrics(s.queue)
	s.feedbackRoutes()
	s.generateRoutes()
	s.lessonRoutes()
	s.adapterRoutes()
	s.statusRoutes()
	s.openAIRoutes()
	s.docsRoutes()
	describeNulls(s.api.OpenAPI())
	s.openAPIRoutes()
	return s
}

func isLoopback(a net.Addr) bool {
	tcp, ok := a.(*net.TCPAddr)
	return ok && tcp.IP.IsLoopback()
}

// accountKey is the key of a request's account in its context.
type accountKey struct{}

// of is the account of the user who asks.
func of(ctx context.Context) *account { return ctx.Value(accountKey{}).(*account) }

// trainerOf is that user's trainer.
func trainerOf(ctx context.Context) *trainer.Trainer { return of(ctx).trainer }
