// Package demo shows the main job on one machine: the real server, with its
// embedded database, against a local stand-in for GitHub, stopping a real
// incident.
package demo

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/changeguard/changeguard/internal/app"
	"github.com/changeguard/changeguard/internal/ghfake"
)

// Options of the demonstration.
type Options struct {
	Once bool   // end after the check run
	Addr string // where the pages are served
}

// The made-up identities of the demonstration.
const (
	appID        = 4242
	installation = 1
	owner        = "acme"
	name         = "platform"
	checkName    = "changeguard"
)

// errPassed says that the incident was not stopped.
var errPassed = errors.New("the incident was not stopped")

// Run shows the demonstration and returns the exit code: 0 when the incident
// was stopped.
func Run(ctx context.Context, o Options, stdout, stderr io.Writer) int {
	if err := run(ctx, o, stdout); err != nil {
		fmt.Fprintln(stderr, "changeguard demo:", err)
		return app.ExitStopped
	}
	return app.ExitPass
}

func run(ctx context.Context, o Options, stdout io.Writer) (err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	dir, err := os.MkdirTemp("", "changeguard-demo-")
	if err != nil {
		return fmt.Errorf("make a folder for the database: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	github, config, err := standInFor(dir, o.Addr)
	if err != nil {
		return err
	}
	address, stopGitHub, err := serve(ctx, github)
	if err != nil {
		return err
	}
	defer stopGitHub()
	config.GitHubURL = address + "/"
	repo := github.AddRepo(installation, owner, name)
	require(repo)
	number, err := Prepare(repo)
	if err != nil {
		return err
	}
	server, stopped, err := start(ctx, config)
	if err != nil {
		return err
	}
	defer func() { cancel(); err = errors.Join(err, <-stopped) }()
	home := "http://" + server.Addr()
	fmt.Fprintf(stdout, "A stand-in for GitHub listens on %s, the real server on %s.\n", address, home)
	d, err := github.Deliver(ctx, home+"/webhook", "pull_request", repo.PullEvent(number, "opened", nil))
	if err != nil {
		return fmt.Errorf("deliver the webhook: %w", err)
	}
	fmt.Fprintf(stdout, "The incident was opened as %s/%s#%d, with the recorded texts, names and line counts; contents but requirements.txt are stand-ins.\n", owner, name, number)
	fmt.Fprintf(stdout, "Its signed webhook was answered with %d.\n\n", d.Status)
	checkRun, err := await(ctx, repo, Branch)
	if err != nil {
		return err
	}
	show(stdout, checkRun)
	if checkRun.Conclusion != "failure" {
		return errPassed
	}
	if o.Once {
		return nil
	}
	if err := openExamples(ctx, github, home); err != nil {
		return err
	}
	if err := server.LookAtNew(ctx); err != nil {
		return fmt.Errorf("ask how the repositories are guarded: %w", err)
	}
	fmt.Fprintf(stdout, "\nSee why: %s/%s/%s/pull/%d\nThe overview, with %d made-up changes beside it: %s/\nTry a policy: %s/policy?repo=%s/%s\nPress Ctrl-C to end.\n", home, owner, name, number, len(examples), home, home, owner, name)
	select {
	case <-ctx.Done():
	case err := <-stopped:
		stopped <- nil
		return err
	}
	return nil
}

// standInFor makes the stand-in and the configuration that fits it.
func standInFor(dir, addr string) (*ghfake.Server, app.Config, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, app.Config{}, fmt.Errorf("make the App's key: %w", err)
	}
	random := make([]byte, 32)
	if _, err := rand.Read(random); err != nil {
		return nil, app.Config{}, fmt.Errorf("make the webhook's secret: %w", err)
	}
	secret := hex.EncodeToString(random)
	github := ghfake.New(ghfake.Options{AppID: appID, Key: &key.PublicKey, Secret: secret})
	github.AddInstallation(installation, nil)
	config := app.Config{
		Addr: addr, CheckName: checkName, AppID: fmt.Sprint(appID), WebhookSecret: secret, DatabaseURL: "sqlite:" + filepath.Join(dir, "demo.db"),
		PrivateKey: string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})),
	}
	return github, config, nil
}

// require makes the check a required one, from the App alone.
func require(repo *ghfake.Repo) {
	repo.AddRuleset(ghfake.Ruleset{Checks: []ghfake.RequiredCheck{{Name: checkName, App: appID}}})
}

// serve runs the stand-in on a free port of this machine.
func serve(ctx context.Context, h http.Handler) (address string, stop func(), err error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, fmt.Errorf("listen for the stand-in: %w", err)
	}
	server := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(l) // ends when it is closed
	}()
	return "http://" + l.Addr().String(), func() { _ = server.Close(); <-done }, nil
}

// start runs the real server.
func start(ctx context.Context, config app.Config) (*app.Server, chan error, error) {
	if err := config.Complete(func(string) string { return "" }, false); err != nil {
		return nil, nil, err
	}
	config.PublicURL = ""
	server, err := app.New(ctx, config, app.Outside{Logger: slog.New(slog.DiscardHandler), Now: time.Now, Reconcile: -1})
	if err != nil {
		return nil, nil, err
	}
	stopped := make(chan error, 1)
	go func() { stopped <- server.Run(ctx) }()
	return server, stopped, nil
}

// verdictTimeout is how long the demonstration waits for the check run.
const verdictTimeout = 30 * time.Second

// await waits for the finished check run of a branch.
func await(ctx context.Context, repo *ghfake.Repo, branch string) (ghfake.Run, error) {
	ctx, cancel := context.WithTimeout(ctx, verdictTimeout)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		for _, r := range repo.Runs(repo.Tip(branch)) {
			if r.Status == "completed" {
				return r, nil
			}
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ghfake.Run{}, fmt.Errorf("no check run came: %w", ctx.Err())
		}
	}
}

// show prints the check run as it came back over HTTP.
func show(w io.Writer, r ghfake.Run) {
	fmt.Fprintf(w, "Check run %q: %s\n%s\n\n", r.Name, r.Conclusion, r.Title)
	for line := range strings.Lines(r.Summary) {
		fmt.Fprint(w, "  ", line)
	}
	fmt.Fprintf(w, "\n%d annotations.\n", len(r.Annotations))
}
