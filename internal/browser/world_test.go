package browser_test

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/changeguard/changeguard/internal/app"
	"github.com/changeguard/changeguard/internal/app/apptest"
	"github.com/changeguard/changeguard/internal/demo"
	"github.com/changeguard/changeguard/internal/ghfake"
	"github.com/changeguard/changeguard/internal/ghfake/ghtest"
	"github.com/changeguard/changeguard/internal/store"
	"github.com/changeguard/changeguard/policy"
	"github.com/changeguard/changeguard/verdict"
)

// A place is the real server against the stand-in for GitHub.
type place struct {
	*testing.T
	github *ghfake.Server
	api    string // where the stand-in listens
	home   string // where the server does
	dsn    string
	log    *ghtest.Log
}

// settle starts the server, which ends with the case.
func settle(t *testing.T, github *ghfake.Server, c app.Config) *place {
	t.Helper()
	front := apptest.Front(t, github)
	c.Addr, c.GitHubURL, c.DatabaseURL = "127.0.0.1:0", cmp.Or(c.GitHubURL, front+"/"), "sqlite:"+filepath.Join(t.TempDir(), "browser.db")
	r := apptest.Start(t, c, nil, app.Outside{})
	return &place{T: t, github: github, api: front, home: r.Home, dsn: c.DatabaseURL, log: r.Log}
}

const (
	clientID     = "Iv.1"
	clientSecret = "what the App signs people in with"
)

// withApp starts a server that has its App.
func withApp(t *testing.T) *place {
	t.Helper()
	github := ghfake.New(ghfake.Options{AppID: ghtest.AppID, Key: &ghtest.Key().PublicKey, Secret: ghtest.Secret})
	github.AddInstallation(1, nil)
	github.SetSignIn(ghtest.AppID, clientID, clientSecret)
	return settle(t, github, app.Config{
		AppID: fmt.Sprint(ghtest.AppID), WebhookSecret: ghtest.Secret, ClientID: clientID, ClientSecret: clientSecret,
		PrivateKey: string(ghtest.PEM()),
	})
}

// repo is a private one that ann may read.
func (p *place) repo(name string) *ghfake.Repo {
	r := p.github.AddRepo(1, "acme", name)
	r.Private = true
	r.Allow("ann", "read")
	return r
}

var dev = ghtest.Author

const webPolicy = `version: 1
rules:
  core:
    uses: protected-paths
    level: approve
    approvals: {count: 1, from: ["@acme/platform"]}
    with: {paths: ["core/**"]}
    message: Every request goes through the core.
  new-packages:
    uses: dependencies
  tests-are-kept:
    uses: test-discovery
  size:
    uses: limits
    level: warn
    with: {files: 3}
`

// propose opens a pull request that changes files.
func propose(r *ghfake.Repo, branch, title string, files ghfake.Files) int {
	r.Branch(branch, "main")
	r.Commit(branch, title, files, dev)
	return r.Open(ghfake.Pull{Title: title, Base: "main", Head: branch, Author: ghtest.Dev}).Number
}

// judged delivers a pull request and waits for its check run.
func (p *place) judged(r *ghfake.Repo, branch string, number int) {
	p.Helper()
	d, err := p.github.Deliver(context.Background(), p.home+"/webhook", "pull_request", r.PullEvent(number, "opened", nil))
	if err != nil || d.Status/100 != 2 {
		p.Fatalf("the delivery was answered with %d: %v", d.Status, err)
	}
	p.until("a check run on "+branch, func() bool {
		for _, run := range r.Runs(r.Tip(branch)) {
			if run.Status == "completed" {
				return true
			}
		}
		return false
	})
}

func (p *place) until(what string, holds func() bool) {
	p.Helper()
	ghtest.Until(p, what, p.log, holds)
}

// aged keeps copies of what was judged, as if the last month had been like this.
func (p *place) aged(names ...string) {
	p.Helper()
	ctx := context.Background()
	s, err := store.Open(ctx, p.dsn)
	if err != nil {
		p.Fatal(err)
	}
	now := time.Now()
	for day := 29; day > 0; day-- {
		for i := range 1 + (day*7)%5 {
			v, err := s.Latest(ctx, names[(day+i*i)%len(names)])
			if err != nil {
				p.Fatal(err)
			}
			v.Actor, v.Rules = told(p, v)
			v.Created = now.AddDate(0, 0, -day).Add(time.Duration(i) * time.Hour)
			v.Subject.Number = 100 + day*10 + i
			v.Digest = fmt.Sprintf("%s-%d", v.Digest, v.Subject.Number)
			if err := remember(ctx, s, v); err != nil {
				p.Fatal(err)
			}
		}
	}
	if err := s.Close(); err != nil {
		p.Fatal(err)
	}
}

// told is what a verdict says of who made the change, and of the rules that
// stopped it.
func told(p *place, stored store.Verdict) (actor string, rules []string) {
	p.Helper()
	v := new(verdict.Verdict)
	if err := json.Unmarshal(stored.Body, v); err != nil {
		p.Fatal(err)
	}
	for _, f := range v.Findings {
		if f.LiftedBy == nil && f.Level != policy.Warn && !slices.Contains(rules, f.Rule) {
			rules = append(rules, f.Rule)
		}
	}
	return string(v.Session.Actor), rules
}

// remember keeps a verdict with its subject, which then waits for nothing.
func remember(ctx context.Context, s *store.Store, v store.Verdict) error {
	err := s.InTx(ctx, func(tx *store.Tx) error {
		_, err := store.Receive(ctx, tx, store.Delivery{ID: v.Digest, Event: "pull_request", Received: v.Created}, &v.Subject)
		if err == nil {
			_, err = store.Finish(ctx, tx, v.Subject.ID, v.Subject.Want)
		}
		return err
	})
	if err == nil {
		err = s.AddVerdict(ctx, v)
	}
	return err
}

// The hostile change: what it is called, and a file of it.
const (
	hostileTitle = `<script>document.title='pwned'</script><img src=x onerror="document.title='pwned'"> {{.}} ` + "\u202etfel"
	hostileFile  = `core/"><img src=x onerror=alert(1)><b>.py`
)

// shop is a server with a month behind it: the incident, other changes, and one
// that is hostile, in a repository that only eve sees.
func shop(t *testing.T) *place {
	t.Helper()
	p := withApp(t)
	platform := p.repo("platform")
	number, err := demo.Prepare(platform)
	if err != nil {
		t.Fatal(err)
	}
	web := p.repo("web")
	web.Commit("main", "first", ghfake.Files{
		".github/changeguard.yml": ghfake.Text(webPolicy), "README.md": ghfake.Text("hello\n"), "core/a.py": ghfake.Text("x = 1\n"), "requirements.txt": ghfake.Text("a==1\n"),
	}, dev)
	p.judged(platform, demo.Branch, number)
	p.judged(web, "backoff", propose(web, "backoff", "Reconnect WebSockets with backoff", ghfake.Files{"core/a.py": ghfake.Text("x = 2\n")}))
	p.judged(web, "handbook", propose(web, "handbook", "Update the handbook", ghfake.Files{"README.md": ghfake.Text("hello, all\n")}))
	p.judged(web, "client", propose(web, "client", "Use the new HTTP client", ghfake.Files{"requirements.txt": ghfake.Text("a==1\nhttpx>=0.27\n")}))
	p.aged("acme/platform#1", "acme/web#1", "acme/web#2", "acme/web#2", "acme/web#2", "acme/web#3")
	lab := p.github.AddRepo(1, "acme", "lab")
	lab.Private = true
	lab.Allow("eve", "read")
	lab.Commit("main", "first", ghfake.Files{".github/changeguard.yml": ghfake.Text(webPolicy), "core/a.py": ghfake.Text("x = 1\n")}, dev)
	p.judged(lab, "hostile", propose(lab, "hostile", hostileTitle, ghfake.Files{hostileFile: ghfake.Text("x = 2\n")}))
	return p
}

// signIn signs somebody in through GitHub's page.
func (p *place) signIn(x *tab, login string) {
	x.Helper()
	p.github.Visit(login)
	x.visit(p.home + "/")
	x.sees("Sign in as " + login)
	x.press("#go")
	x.sees("Overview")
}
