package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/changeguard/changeguard/internal/github"
	"github.com/changeguard/changeguard/internal/secret"
	"github.com/changeguard/changeguard/internal/store"
	"github.com/changeguard/changeguard/internal/web"
)

// CreateApp makes a GitHub App from a terminal and returns the exit code.
func CreateApp(ctx context.Context, c Config, getenv func(string) string, stdout, stderr io.Writer) int {
	err := c.Complete(getenv, true)
	switch {
	case err != nil:
		err = fmt.Errorf("the configuration has problems:\n%w", err)
	case !c.Unset():
		err = errors.New("the configuration names an App already (CHANGEGUARD_APP_ID)")
	case c.PublicURL == "":
		err = errors.New("--public-url is missing: the address that GitHub will deliver to, as in https://guard.example.com")
	default:
		err = createHere(ctx, c, stdout, slog.New(slog.NewTextHandler(stderr, nil)))
	}
	if err != nil {
		fmt.Fprintln(stderr, "changeguard app create:", err)
		return ExitUsage
	}
	return ExitPass
}

// createHere serves the set-up's page on this machine until the App is made.
func createHere(ctx context.Context, c Config, stdout io.Writer, log *slog.Logger) (err error) {
	s, err := store.Open(ctx, c.DatabaseURL)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	key, err := c.open()
	if err != nil {
		return err
	}
	v := vault{s, key}
	if have, found, err := v.read(ctx); err != nil || found {
		return errors.Join(err, fmt.Errorf("the database has the App %s already", have.Slug))
	}
	listener, err := listen(ctx, "127.0.0.1:0")
	if err != nil {
		return err
	}
	made := make(chan github.Credentials, 1)
	o := Outside{Logger: log, Now: time.Now}
	token := secret.Random()
	site := github.Site{BaseURL: c.GitHubURL}
	router := chi.NewRouter()
	err = web.SetUpRoutes(router, web.SetUp{
		PublicURL: c.PublicURL, CheckName: c.CheckName, Logger: log, Now: o.Now, GitHub: site.PagesURL(), Token: token,
		Remember: v.remember(o), Spend: v.spend(o),
		Create: func(ctx context.Context, api, code string) error {
			x, err := convert(ctx, site, api, code)
			if err == nil {
				err = v.keep(context.WithoutCancel(ctx), x, o)
			}
			return err
		},
		Created: func(ctx context.Context) (*web.Created, error) {
			x, found, err := v.read(ctx)
			if err != nil || !found {
				return nil, err
			}
			select {
			case made <- x: // the page that says so is still answered: the server ends after it
			default:
			}
			return &web.Created{Name: x.Slug, InstallURL: x.PageURL + "/installations/new"}, nil
		},
		Begin: func(context.Context, string, string) (web.Beginning, error) {
			return web.Beginning{}, errors.New("start changeguard serve first")
		},
		Require: func(context.Context, string, string) (bool, error) {
			return false, errors.New("start changeguard serve first")
		},
	})
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	fmt.Fprintf(stdout, "Open this page in a browser on this machine, and press its button:\n\n  http://%s/setup?token=%s\n\n", listener.Addr(), token)
	server := &http.Server{Handler: router, ReadHeaderTimeout: headerTimeout, ReadTimeout: readTimeout, WriteTimeout: writeTimeout}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case <-ctx.Done():
		err = errors.New("ended before the App was made")
	case err = <-failed:
		failed <- err
	case x := <-made:
		fmt.Fprintf(stdout, "Made %s. Its credentials are in the database, sealed.\n\nInstall it:      %s/installations/new\nStart serving:   changeguard serve\n", x.Slug, x.PageURL)
	}
	stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), intakeTimeout)
	defer cancel()
	if broken := server.Shutdown(stopping); broken != nil {
		broken = server.Close()
		err = errors.Join(err, broken)
	}
	<-failed
	return err
}
