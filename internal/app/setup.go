package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync/atomic"

	"github.com/go-chi/chi/v5"

	"github.com/changeguard/changeguard/internal/github"
	"github.com/changeguard/changeguard/internal/logkey"
	"github.com/changeguard/changeguard/internal/secret"
	"github.com/changeguard/changeguard/internal/store"
	"github.com/changeguard/changeguard/internal/web"
)

// handlers is a handler that can be replaced while it serves.
type handlers struct{ current atomic.Pointer[http.Handler] }

func (h *handlers) set(next http.Handler) { h.current.Store(&next) }

// ServeHTTP implements http.Handler.
func (h *handlers) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	(*h.current.Load()).ServeHTTP(w, r)
}

// starting asks Run to begin with the credentials of a new App.
type starting struct {
	credentials github.Credentials
	done        chan error
}

// signIn checks what people sign in with, and what seals their sessions.
func (c *Config) signIn(p *problems, getenv func(string) string) {
	c.lasting = getenv("K_SERVICE") == ""
	if (c.ClientID == "") != (c.ClientSecret == "") {
		p.add("CHANGEGUARD_CLIENT_ID and CHANGEGUARD_CLIENT_SECRET are needed together, to sign in to the pages")
	}
	if c.SecretKey != "" {
		if _, err := secret.New(c.SecretKey); err != nil {
			p.add("CHANGEGUARD_SECRET_KEY: %w", err)
		}
	}
}

// open opens what seals: the key of the environment, or a file beside the
// database that is made when it is missed first.
func (c *Config) open() (*secret.Key, error) {
	if c.SecretKey != "" {
		return secret.New(c.SecretKey)
	}
	if !c.lasting {
		return nil, errors.New("CHANGEGUARD_SECRET_KEY is missing: this platform (K_SERVICE is set) does not keep its disk, and a key in a file would be lost with it")
	}
	return secret.File(c.keyFile())
}

func (c *Config) keyFile() string {
	if path, ok := strings.CutPrefix(c.DatabaseURL, "sqlite:"); ok {
		return path + ".key"
	}
	return filepath.Join(".", "changeguard.key")
}

// appSecret is the name under which the App's credentials are kept.
const appSecret = "app"

// vault is where credentials are kept.
type vault struct {
	store *store.Store
	key   *secret.Key
}

// keep seals credentials and keeps them.
func (s *Server) keep(ctx context.Context, c github.Credentials) error {
	return vault{s.store, s.key}.keep(ctx, c, s.outside)
}

func (v vault) keep(ctx context.Context, c github.Credentials, o Outside) error {
	plain, err := json.Marshal(c)
	if err == nil {
		var added bool
		if added, err = v.store.AddSecret(ctx, appSecret, v.key.Seal(appSecret, plain), o.Now()); err == nil && !added {
			err = errors.New("another App was made meanwhile")
		}
	}
	if err != nil {
		return fmt.Errorf("keep the App's credentials: %w", err)
	}
	return nil
}

// read is what was kept, and false when nothing was.
func (v vault) read(ctx context.Context) (c github.Credentials, found bool, err error) {
	sealed, err := v.store.Secret(ctx, appSecret)
	if errors.Is(err, store.ErrNotFound) {
		return c, false, nil
	}
	var plain []byte
	if err == nil {
		plain, err = v.key.Open(appSecret, sealed)
	}
	if err == nil {
		err = json.Unmarshal(plain, &c)
	}
	if err != nil {
		return c, false, fmt.Errorf("read the App's credentials from the database: %w; give the key that they were sealed with (CHANGEGUARD_SECRET_KEY, or the key file beside the database)", err)
	}
	return c, true, nil
}

// recall looks for credentials that a set-up kept, and takes them over.
func (s *Server) recall(ctx context.Context) (found bool, err error) {
	if err = s.openStore(ctx); err != nil {
		return false, err
	}
	if s.key, err = s.config.open(); err != nil {
		return false, err
	}
	c, found, err := vault{s.store, s.key}.read(ctx)
	if found {
		s.config.take(c)
		err = s.vault().uninvite(ctx)
	}
	return found, err
}

// take fills in the credentials of an App, and where its set-up found this
// server.
func (c *Config) take(x github.Credentials) {
	c.appID, c.PrivateKey, c.WebhookSecret, c.ClientID, c.ClientSecret = x.ID, x.PEM, x.WebhookSecret, x.ClientID, x.ClientSecret
	if x.API != "" { // where the App is known, and nowhere else
		c.GitHubURL = x.API
	}
	if c.PublicURL == "" {
		c.PublicURL = x.HomeURL
	}
}

// setUp serves what there is to serve before the App exists.
func (s *Server) setUp(ctx context.Context, router chi.Router) (err error) {
	router.HandleFunc(web.WebhookPath, func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusServiceUnavailable, "not set up: no credentials\n")
	})
	if s.invitation, err = s.vault().invitation(ctx, s.outside); err != nil {
		return err
	}
	return web.SetUpRoutes(router, s.setUpPages())
}

func (s *Server) site() github.Site {
	return github.Site{BaseURL: s.config.GitHubURL, Transport: s.outside.Transport}
}

// setUpPages are what the set-up's pages may do.
func (s *Server) setUpPages() web.SetUp {
	return web.SetUp{
		PublicURL: s.config.PublicURL, CheckName: s.config.CheckName, Logger: s.outside.Logger, Now: s.outside.Now,
		GitHub: s.site().PagesURL(), Token: s.invitation,
		Remember: s.vault().remember(s.outside), Spend: s.vault().spend(s.outside), Create: s.createApp, Created: s.createdApp, Begin: s.beginning, Require: s.requireCheck,
	}
}

// invite says in the log where the set-up is.
func (s *Server) invite(ctx context.Context) {
	home := strings.TrimSuffix(s.config.PublicURL, "/")
	if home == "" {
		_, port, _ := net.SplitHostPort(s.Addr()) // a listener's address has one
		home = "http://localhost:" + port
	}
	s.outside.Logger.InfoContext(ctx, "not set up yet: open the link to make the GitHub App; it works once, until the set-up is done", logkey.SetUpLink, home+"/setup?token="+s.invitation)
}

// createApp exchanges a code, keeps what came, and begins to serve with it. An
// App that exists is not replaced.
func (s *Server) createApp(ctx context.Context, api, code string) error {
	if s.live.Load() {
		return errors.New("this server has an App already")
	}
	c, err := convert(ctx, s.site(), api, code)
	if err != nil {
		return err
	}
	if err := s.keep(context.WithoutCancel(ctx), c); err != nil { // the code is spent: whoever goes away now must not lose it
		return err
	}
	x := starting{c, make(chan error, 1)}
	select {
	case s.start <- x:
	case <-ctx.Done():
		return ctx.Err()
	}
	return <-x.done
}

// begin serves with the credentials of a new App, without a restart.
func (s *Server) begin(ctx context.Context, c github.Credentials) error {
	if s.live.Load() { // it was found in the database meanwhile
		return nil
	}
	s.config.take(c)
	router := s.newRouter()
	if err := s.addGuard(ctx, router); err != nil {
		return err
	}
	if err := s.queue.Start(ctx); err != nil {
		return err
	}
	s.handler.set(router)
	s.outside.Logger.InfoContext(ctx, "set up; changes are judged from now on")
	return nil
}

// maxListed is how many repositories the set-up shows.
const maxListed = 100

// createdApp is the App that was made, with where it is installed.
func (s *Server) createdApp(ctx context.Context) (*web.Created, error) {
	if !s.live.Load() {
		return nil, nil
	}
	c, found, err := vault{s.store, s.key}.read(ctx)
	if err != nil || !found {
		return nil, err
	}
	made := &web.Created{Name: c.Slug, InstallURL: c.PageURL + "/installations/new"}
	installed, err := s.github.Installations(ctx)
	if err != nil {
		return nil, err
	}
	for _, i := range installed {
		repos, err := s.github.Installation(i.ID).Repositories(ctx)
		if err != nil {
			return nil, err
		}
		for _, r := range repos[:min(len(repos), maxListed-len(made.Repositories))] {
			made.Repositories = append(made.Repositories, r[0]+"/"+r[1])
		}
	}
	return made, nil
}
