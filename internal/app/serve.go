package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/changeguard/changeguard/guard"
	"github.com/changeguard/changeguard/internal/github"
	"github.com/changeguard/changeguard/internal/metrics"
	"github.com/changeguard/changeguard/internal/notify"
	"github.com/changeguard/changeguard/internal/queue"
	"github.com/changeguard/changeguard/internal/secret"
	"github.com/changeguard/changeguard/internal/store"
	"github.com/changeguard/changeguard/internal/version"
	"github.com/changeguard/changeguard/internal/web"
	"github.com/changeguard/changeguard/rules/catalogue"
	"github.com/changeguard/changeguard/webhook"
)

var logLevels = map[string]slog.Level{"debug": slog.LevelDebug, "info": slog.LevelInfo, "warn": slog.LevelWarn, "error": slog.LevelError}

// Serve runs the server until the context ends and returns the exit code.
func Serve(ctx context.Context, c Config, getenv func(string) string, onTerminal bool, stderr io.Writer) int {
	if err := c.Complete(getenv, onTerminal); err != nil {
		fmt.Fprintf(stderr, "changeguard serve: the configuration has problems:\n%v\n", err)
		return ExitUsage
	}
	s, err := New(ctx, c, Outside{Logger: newLogger(c, stderr), Now: time.Now})
	if err != nil {
		fmt.Fprintln(stderr, "changeguard serve:", err)
		return ExitUsage
	}
	if err := s.Run(ctx); err != nil {
		fmt.Fprintln(stderr, "changeguard serve:", err)
		return ExitStopped
	}
	return ExitPass
}

func newLogger(c Config, w io.Writer) *slog.Logger {
	options := &slog.HandlerOptions{Level: logLevels[c.LogLevel]}
	if c.LogFormat == "text" {
		return slog.New(slog.NewTextHandler(w, options))
	}
	return slog.New(slog.NewJSONHandler(w, options))
}

// Outside is what a server takes from the world.
type Outside struct {
	Logger    *slog.Logger
	Now       func() time.Time
	Transport http.RoundTripper // to GitHub; nil means the usual one
	Timeout   time.Duration     // of an evaluation; 0 means the queue's own
	Reconcile time.Duration     // between two reconciliations; 0 means as configured, less means none
}

// A Server is the whole program, ready to run.
type Server struct {
	config     Config
	outside    Outside
	store      *store.Store // nil before the set-up, like limits and queue
	limits     *store.Limits
	shelf      *shelf // nil before the set-up
	queue      *queue.Queue
	guard      *guard.Guard
	notifier   *notify.Notifier
	intake     intake
	metrics    *metrics.Metrics
	probe      probe
	vitals     vitals
	listener   net.Listener
	admin      net.Listener // nil for none
	handler    handlers
	github     *github.App
	key        *secret.Key   // nil before anything is sealed
	live       atomic.Bool   // queue, guard and github are there
	invitation string        // the token of the set-up; "" once there were credentials at the start
	start      chan starting // once the set-up is done
}

// New assembles a server and begins to listen. The configuration is complete.
func New(ctx context.Context, c Config, o Outside) (*Server, error) {
	s := &Server{config: c, outside: o, start: make(chan starting)}
	s.vitals.since = o.Now()
	s.metrics = metrics.New(version.Full(), look{s})
	if err := s.assemble(ctx); err != nil {
		return nil, errors.Join(err, s.close())
	}
	return s, nil
}

func (s *Server) assemble(ctx context.Context) error {
	router := s.newRouter()
	add := s.addGuard
	if s.config.Unset() {
		set, err := s.recall(ctx)
		if err != nil {
			return err
		}
		if !set {
			add = s.setUp
		}
	}
	if err := add(ctx, router); err != nil {
		return err
	}
	s.handler.set(router)
	var err error
	if s.listener, err = listen(ctx, s.config.Addr); err == nil && s.config.AdminAddr != "" {
		s.admin, err = listen(ctx, s.config.AdminAddr)
	}
	return err
}

// newRouter has what is served before and after the set-up.
func (s *Server) newRouter() chi.Router {
	router := chi.NewRouter()
	healthy := func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, "ok\n") }
	for _, method := range []string{http.MethodGet, http.MethodHead} {
		router.MethodFunc(method, "/healthz", healthy)
		router.MethodFunc(method, "/readyz", s.ready)
	}
	return router
}

func listen(ctx context.Context, addr string) (net.Listener, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", addr, err)
	}
	return l, nil
}

// openStore opens the database, for as long as the server runs.
func (s *Server) openStore(ctx context.Context) (err error) {
	if s.store, err = store.Open(ctx, s.config.DatabaseURL); err != nil {
		return err
	}
	return s.store.Serving(ctx)
}

// addGuard adds everything that needs credentials.
func (s *Server) addGuard(ctx context.Context, router chi.Router) error {
	var err error
	if s.store == nil {
		if err = s.openStore(ctx); err != nil {
			return err
		}
	}
	if s.limits, err = s.store.Limits(ctx, s.unshared); err != nil {
		return err
	}
	if s.shelf, err = newShelf(s.store, s.config.PrivateKey, s.outside.Logger, s.outside.Now); err != nil {
		return err
	}
	app, err := github.New(github.Options{
		BaseURL: s.config.GitHubURL, AppID: s.config.appID, Key: []byte(s.config.PrivateKey), Transport: s.outside.Transport,
		Now: s.outside.Now, CheckName: s.config.CheckName, Memory: s.limits, Observe: s.observe, Shelf: s.shelf,
	})
	if err != nil {
		return err
	}
	s.github = app
	s.addNotifier()
	g := guard.New(guard.Config{
		Store: s.store, GitHub: app, Kinds: catalogue.Kinds(), Engine: version.Engine(), PublicURL: s.config.PublicURL,
		Logger: s.outside.Logger, Now: s.outside.Now, Watch: s.watch(),
		Notice: func(ctx context.Context, n guard.Notice) error { return s.notifier.Notice(ctx, n) },
	})
	s.guard = g
	if err := s.auditConfiguration(ctx); err != nil {
		return err
	}
	s.queue, err = queue.New(ctx, queue.Config{
		Store: s.store, Workers: s.config.workers, Handler: s.evaluate, Logger: s.outside.Logger, Now: s.outside.Now, Timeout: s.outside.Timeout,
		Periodic: append(s.periodic(), s.expiry(), s.deadlines(), s.oldEvidence(), s.sending(), s.shelf.clearing()),
	})
	if err != nil {
		return err
	}
	router.Mount(web.WebhookPath, s.metrics.Answers(webhook.Handler(webhook.Config{
		Secret: []byte(s.config.WebhookSecret), Accept: s.accept, Sharing: s.store.Sharing, Awaiting: g.Awaiting, Note: s.note, App: s.config.appID, Logger: s.outside.Logger, Now: s.outside.Now,
	}), s.outside.Now))
	router.Method(http.MethodPost, "/api/v1/evidence", s.newAttaching(app))
	c, err := s.pages()
	if err != nil {
		return err
	}
	s.live.Store(true)
	return web.Routes(router, c)
}

// Addr is where the server listens.
func (s *Server) Addr() string { return s.listener.Addr().String() }

func answer(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text) // the client went away
}

// close closes what New opened, for a server that does not run or does no more.
func (s *Server) close() error {
	var errs []error
	if s.limits != nil {
		s.limits.Close()
	}
	if s.shelf != nil {
		s.shelf.close()
	}
	if s.store != nil {
		errs = append(errs, s.store.Close())
	}
	for _, l := range []net.Listener{s.listener, s.admin} {
		if l != nil {
			if err := l.Close(); !errors.Is(err, net.ErrClosed) {
				errs = append(errs, err)
			}
		}
	}
	return errors.Join(errs...)
}
