package app

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/changeguard/changeguard/internal/logkey"
	"github.com/changeguard/changeguard/internal/version"
)

// The times that a connection has, so that nobody holds one for longer than
// its work takes. GitHub waits ten seconds for an answer, an Enterprise Server
// thirty.
const (
	headerTimeout = 10 * time.Second
	readTimeout   = 30 * time.Second
	writeTimeout  = 30 * time.Second
	adminTimeout  = 5 * time.Minute // a profile takes as long as it is asked to
	idleTimeout   = 2 * time.Minute
	maxHeader     = 64 << 10
)

// Platforms kill ten seconds after they ask for an end.
const (
	stopTimeout   = 9 * time.Second
	intakeTimeout = 2 * time.Second // of it, for requests under way
)

// Run serves until the context ends, then stops: no more intake, evaluations
// under way are finished, the database is closed.
func (s *Server) Run(ctx context.Context) error {
	if s.queue != nil {
		if err := s.queue.Start(ctx); err != nil {
			if ctx.Err() != nil {
				err = nil // asked to stop while it started
			}
			return errors.Join(err, s.stopQueue(ctx), s.close())
		}
	}
	servers := s.servers()
	failed := make(chan error, len(servers))
	var serving sync.WaitGroup
	for server, listener := range servers {
		serving.Go(func() { failed <- server.Serve(listener) })
	}
	go giveBack(ctx)
	s.outside.Logger.InfoContext(ctx, "listening", logkey.Addr, s.Addr(), logkey.Version, version.Full(), logkey.SetUp, s.queue == nil)
	if !s.live.Load() {
		s.invite(ctx)
	}
	err := s.await(ctx, failed)
	stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
	defer cancel()
	s.outside.Logger.InfoContext(ctx, "stopping")
	endIntake(stopping, servers)
	serving.Wait()
	err = errors.Join(err, s.stopQueue(stopping), s.close())
	s.outside.Logger.InfoContext(ctx, "stopped")
	return err
}

// await returns when the context ends or a listener fails. Until then it starts
// what the set-up brings.
func (s *Server) await(ctx context.Context, failed <-chan error) error {
	again := time.NewTicker(joinEvery)
	defer again.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-again.C:
			s.join(ctx)
		case err := <-failed:
			return err
		case x := <-s.start:
			x.done <- s.begin(ctx, x.credentials)
		}
	}
}

func (s *Server) stopQueue(ctx context.Context) error {
	if s.queue == nil {
		return nil
	}
	return s.queue.Stop(ctx)
}

// servers are what is served where.
func (s *Server) servers() map[*http.Server]net.Listener {
	list := map[*http.Server]net.Listener{s.server(&s.handler, writeTimeout): s.listener}
	if s.admin != nil {
		list[s.server(s.adminHandler(), adminTimeout)] = s.admin
	}
	return list
}

func (s *Server) server(h http.Handler, write time.Duration) *http.Server {
	return &http.Server{
		Handler: h, ReadHeaderTimeout: headerTimeout, ReadTimeout: readTimeout, WriteTimeout: write, IdleTimeout: idleTimeout,
		MaxHeaderBytes: maxHeader, ErrorLog: slog.NewLogLogger(s.outside.Logger.Handler(), slog.LevelWarn),
	}
}

// endIntake closes the listeners and waits for requests under way, but not for
// those who send or read at their leisure: the evaluations need the time.
func endIntake(ctx context.Context, servers map[*http.Server]net.Listener) {
	ctx, cancel := context.WithTimeout(ctx, intakeTimeout)
	defer cancel()
	var wg sync.WaitGroup
	for server := range servers {
		wg.Go(func() {
			if server.Shutdown(ctx) != nil {
				_ = server.Close() // the listener is closed already, and connections that break are meant to
			}
		})
	}
	wg.Wait()
}
