// Package apptest runs the whole server in a test.
package apptest

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/changeguard/changeguard/internal/app"
	"github.com/changeguard/changeguard/internal/ghfake/ghtest"
)

// Running is a server on loopback.
type Running struct {
	*app.Server
	Home string // its address, without a slash at the end
	Log  *ghtest.Log

	stop func() error
}

// Config is one of the tests' App at a stand-in, by its address, on a database
// of the test's own.
func Config(t testing.TB, github string) app.Config {
	return app.Config{
		Addr: "127.0.0.1:0", GitHubURL: github, AppID: "7", WebhookSecret: ghtest.Secret, PrivateKey: string(ghtest.PEM()),
		DatabaseURL: "sqlite:" + filepath.Join(t.TempDir(), "test.db"), Workers: "8",
	}
}

// Start runs a server, which ends with the test. What the environment does not
// say has its default. Without a logger of its own it speaks into Log, and
// without a period it does not reconcile.
func Start(t testing.TB, c app.Config, env map[string]string, o app.Outside) *Running {
	t.Helper()
	if err := c.Complete(func(name string) string { return env[name] }, false); err != nil {
		t.Fatal(err)
	}
	r := &Running{Log: &ghtest.Log{}}
	if o.Logger == nil {
		o.Logger = slog.New(slog.NewTextHandler(r.Log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	o.Reconcile = cmp.Or(o.Reconcile, -1)
	ctx, cancel := context.WithCancel(context.Background())
	s, err := app.New(ctx, c, o)
	if err != nil {
		cancel()
		t.Fatal(err)
	}
	r.Server, r.Home = s, "http://"+s.Addr()
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	r.stop = sync.OnceValue(func() error { cancel(); return <-done })
	t.Cleanup(func() {
		if err := r.Stop(); err != nil {
			t.Error(err)
		}
	})
	return r
}

// Stop asks for the end and waits for it. Later calls answer the same.
func (r *Running) Stop() error { return r.stop() }

// Front serves a handler on loopback until the test ends.
func Front(t testing.TB, h http.Handler) string {
	front := httptest.NewServer(h)
	t.Cleanup(front.Close)
	return front.URL
}
