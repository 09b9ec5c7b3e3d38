package web

import (
	"context"
	"crypto/subtle"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/changeguard/changeguard/internal/lazyregexp"
	"github.com/changeguard/changeguard/internal/logkey"
	"github.com/changeguard/changeguard/internal/secret"
)

// SetUp says how the server gets its App, and what it can do with it then.
type SetUp struct {
	PublicURL string // of this server; "" when it is not known
	CheckName string
	Logger    *slog.Logger
	Now       func() time.Time
	GitHub    string // where GitHub's pages are, without a slash at the end

	// Token is what the log prints: who knows it sets the server up. With none
	// nobody does, and the page only explains.
	Token string
	// Remember keeps a state that is given out, with the REST base of the GitHub
	// that it is for ("" for the server's own), where every replica finds it.
	// Spend ends it, and is false for one that was not given out, was spent, or is
	// older than StateLife.
	Remember func(ctx context.Context, state, api string) error
	Spend    func(ctx context.Context, state string) (api string, good bool, err error)
	// Create exchanges a code for credentials, at the GitHub with a REST base, and
	// keeps them.
	Create func(ctx context.Context, api, code string) error
	// Created is the App that was made, or nil.
	Created func(ctx context.Context) (*Created, error)
	// Begin says how far a repository is; Require makes it require the check, and
	// is false where the App may not.
	Begin   func(ctx context.Context, owner, repo string) (Beginning, error)
	Require func(ctx context.Context, owner, repo string) (allowed bool, err error)
}

// Created is an App that was made.
type Created struct {
	Name, InstallURL string
	Repositories     []string // that it is installed on, "owner/repo"
}

// A Beginning is how far a repository is.
type Beginning struct {
	Owner, Repo, Branch string
	Required, Pinned    bool
	HasPolicy           bool
	Policy              string // one to begin with, if it has none
}

// RulesURL is GitHub's page on which a check is required.
func (b Beginning) RulesURL(pages string) string {
	return pages + "/" + b.Owner + "/" + b.Repo + "/settings/rules/new?target=branch&enforcement=active"
}

// maxAddress is how long an address may be that holds a policy. GitHub takes
// about 8 KB.
const maxAddress = 7000

// PolicyURL is GitHub's page on which the policy becomes a pull request, or ""
// where the policy is too long for an address.
func (b Beginning) PolicyURL(pages string) string {
	q := url.Values{"filename": {".github/changeguard.yml"}, "value": {b.Policy}, "message": {"Begin with changeguard, observing"}, "quick_pull": {"1"}}
	address := pages + "/" + b.Owner + "/" + b.Repo + "/new/" + url.PathEscape(b.Branch) + "?" + q.Encode()
	if len(address) > maxAddress {
		return ""
	}
	return address
}

// Webhook is the address that GitHub delivers to.
func (c SetUp) Webhook() string {
	if c.PublicURL == "" {
		return "the address of this server with /webhook behind it"
	}
	return strings.TrimSuffix(c.PublicURL, "/") + WebhookPath
}

// setUp serves the pages of the set-up.
type setUp struct {
	*server
	SetUp
}

// SetUpRoutes adds what there is to see before the App exists. What explains is
// shown to everybody and holds nothing of anybody; what does something needs the
// token.
func SetUpRoutes(r chi.Router, c SetUp) error {
	s, err := newServer(Config{Logger: c.Logger, Now: c.Now, PublicURL: c.PublicURL})
	if err != nil {
		return err
	}
	s.home = "/setup"
	get(r.With(secure), "/", http.RedirectHandler("/setup", http.StatusSeeOther).ServeHTTP)
	s.addSetUp(r, c)
	s.rest(r)
	return nil
}

// addSetUp adds the set-up to a router that has the rest.
func (s *server) addSetUp(r chi.Router, c SetUp) {
	u := &setUp{server: s, SetUp: c}
	r.Group(func(r chi.Router) {
		r.Use(secure, s.sameSite, u.allowGitHub)
		get(r, "/setup", u.page)
		if c.Token == "" {
			return
		}
		r.Post("/setup", u.enter)
		get(r, "/setup/created", u.known(u.created))
		r.Post("/setup/app", u.known(u.begin))
		get(r, "/setup/{owner}/{repo}", u.known(u.repository))
		r.Post("/setup/{owner}/{repo}/require", u.known(u.require))
	})
}

// allowGitHub lets the form go on to GitHub, which must see where it comes from.
func (u *setUp) allowGitHub(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		allowed := u.GitHub
		if pages, _, err := enterprise(r.URL.Query().Get("server")); err == nil && u.may(r) {
			allowed = strings.TrimSpace(allowed + " " + pages)
		}
		if allowed != "" {
			h.Set("Content-Security-Policy", strings.Replace(h.Get("Content-Security-Policy"), "form-action 'self'", "form-action 'self' "+allowed, 1))
		}
		h.Set("Referrer-Policy", "strict-origin")
		next.ServeHTTP(w, r)
	})
}

// setUpCookie holds the token of whoever may set up.
const setUpCookie = "changeguard-setup"

// may reports whether somebody has the token.
func (u *setUp) may(r *http.Request) bool {
	c, err := r.Cookie(setUpCookie)
	return err == nil && u.Token != "" && subtle.ConstantTimeCompare([]byte(c.Value), []byte(u.Token)) == 1
}

// tell is say, with the way back to the set-up.
func (u *setUp) tell(w http.ResponseWriter, r *http.Request, status int, title, text string) {
	u.render(w, r, status, "message.html", message{Title: title, Text: text, Home: "/setup"})
}

// known lets in who has the token.
func (u *setUp) known(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if !u.may(r) {
			u.tell(w, r, http.StatusForbidden, "The token is needed", "Open the set-up page with the token that the log of this server prints.")
			return
		}
		next(w, r)
	}
}

type setUpPage struct {
	SetUp
	Permissions         []Permission
	Events              []string
	May, Needs, Refused bool
	Manifest            string
	Created             *Created
	Server, Pages       string // the Enterprise Server that was chosen, or ""; where GitHub's pages are
	Wrong               bool   // what was typed is no address
	Unreachable         string // the address of this machine alone that GitHub would have to deliver to
}

// page explains, and to whoever has the token shows what comes next. ?token= is
// the link that the log prints.
func (u *setUp) page(w http.ResponseWriter, r *http.Request) {
	if token := r.URL.Query().Get("token"); token != "" {
		u.take(w, r, token)
		return
	}
	u.show(w, r, http.StatusOK, false)
}

func (u *setUp) show(w http.ResponseWriter, r *http.Request, status int, refused bool) {
	p := setUpPage{SetUp: u.SetUp, Permissions: Permissions(), Events: Events(), May: u.may(r), Needs: u.Token != "", Refused: refused, Pages: u.GitHub}
	if typed := strings.TrimSpace(r.URL.Query().Get("server")); typed != "" && p.May {
		p.Server = typed
		if pages, _, err := enterprise(typed); err != nil {
			p.Wrong, status = true, http.StatusBadRequest
		} else {
			p.Server, p.Pages = pages, pages
		}
	}
	var err error
	if p.May {
		if p.Created, err = u.SetUp.Created(r.Context()); err == nil && p.Created == nil {
			p.Manifest, err = u.manifest(r)
			p.Unreachable = u.unreachable(r)
		}
	}
	if err != nil {
		u.broken(w, r, err)
		return
	}
	u.render(w, r, status, "setup.html", p)
}

func (u *setUp) manifest(r *http.Request) (string, error) { return Manifest(u.public(r), u.origin(r)) }

// public is the address that GitHub is told.
func (u *setUp) public(r *http.Request) string {
	if u.PublicURL == "" {
		return u.origin(r)
	}
	return u.PublicURL
}

// unreachable is that address where it is one of this machine alone, "" otherwise:
// github.com makes no App that it could not deliver to.
func (u *setUp) unreachable(r *http.Request) string {
	public, err := url.Parse(u.public(r))
	if err != nil || !local(public.Hostname()) {
		return ""
	}
	return public.Host
}

// enter takes the token from the form.
func (u *setUp) enter(w http.ResponseWriter, r *http.Request) { u.take(w, r, r.PostFormValue("token")) }

func (u *setUp) take(w http.ResponseWriter, r *http.Request, token string) {
	if subtle.ConstantTimeCompare([]byte(token), []byte(u.Token)) != 1 || u.Token == "" {
		u.show(w, r, http.StatusForbidden, true)
		return
	}
	http.SetCookie(w, u.cookie(r, setUpCookie, token, setUpLife))
	http.Redirect(w, r, "/setup", http.StatusSeeOther)
}

// setUpLife is how long a browser keeps the token, StateLife how long making the
// App may take; GitHub's code is good for as long.
const (
	setUpLife = 4 * time.Hour
	StateLife = time.Hour
)

// cookie is one that scripts do not see and other sites do not send.
func (s *server) cookie(r *http.Request, name, value string, life time.Duration) *http.Cookie {
	return &http.Cookie{Name: name, Value: value, Path: "/", MaxAge: int(life.Seconds()), HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: s.overHTTPS(r)}
}

// origin is where a browser found this server. A proxy in front says how it was
// asked; what it says decides no more than where the browser is sent back to.
func (s *server) origin(r *http.Request) string {
	scheme := "http"
	if s.overHTTPS(r) {
		scheme = "https"
	}
	return scheme + "://" + r.Host
}

// overHTTPS reports whether a browser asks over HTTPS. Where the server's address
// is one of HTTPS everybody does, whatever a proxy says, but for those on the
// machine itself.
func (s *server) overHTTPS(r *http.Request) bool {
	return r.TLS != nil || r.Header.Get("X-Forwarded-Proto") == "https" || strings.HasPrefix(strings.ToLower(s.PublicURL), "https:") && !direct(r)
}

// organisation is a login as GitHub has them.
var organisation = lazyregexp.New(`^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$`)

// begin sends the form on to GitHub, with a state that is good once.
func (u *setUp) begin(w http.ResponseWriter, r *http.Request) {
	pages, api := u.GitHub, ""
	if server := r.PostFormValue("server"); server != "" {
		var err error
		if pages, api, err = enterprise(server); err != nil {
			u.tell(w, r, http.StatusBadRequest, "That is no Enterprise Server", err.Error()+".")
			return
		}
	}
	address := pages + "/settings/apps/new"
	if org := strings.TrimSpace(r.PostFormValue("organization")); org != "" {
		if !organisation.MatchString(org) {
			u.tell(w, r, http.StatusBadRequest, "That is no organisation's name", "Write the name as it is in GitHub's addresses, or leave it empty for your own account.")
			return
		}
		address = pages + "/organizations/" + org + "/settings/apps/new"
	}
	state := secret.Random()
	if err := u.Remember(r.Context(), state, api); err != nil {
		u.broken(w, r, err)
		return
	}
	http.Redirect(w, r, address+"?state="+state, http.StatusTemporaryRedirect) // which sends the form again
}

// created is where GitHub sends people back to with the code.
func (u *setUp) created(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	api, good, err := u.Spend(r.Context(), q.Get("state"))
	if err != nil {
		u.broken(w, r, err)
		return
	}
	if q.Get("code") == "" || !good {
		u.tell(w, r, http.StatusBadRequest, "This did not begin here", "The answer from GitHub carries no state that this server gave out within the last hour. Begin again on the set-up page.")
		return
	}
	if err := u.Create(r.Context(), api, q.Get("code")); err != nil {
		u.Config.Logger.ErrorContext(r.Context(), "the App's credentials were not kept", logkey.Err, err)
		u.tell(w, r, http.StatusBadGateway, "The App's credentials were not kept", "GitHub made the App, but this server could not take its credentials over: "+err.Error()+". Delete the App on GitHub and begin again.")
		return
	}
	http.Redirect(w, r, "/setup", http.StatusSeeOther)
}

type beginPage struct {
	Beginning
	CheckName, Rules, NewPolicy string
	Asked, Refused              bool
}

// repository shows how far a repository is.
func (u *setUp) repository(w http.ResponseWriter, r *http.Request) { u.showRepository(w, r, false) }

func (u *setUp) showRepository(w http.ResponseWriter, r *http.Request, refused bool) {
	b, err := u.Begin(r.Context(), chi.URLParam(r, "owner"), chi.URLParam(r, "repo"))
	if err != nil {
		u.Config.Logger.WarnContext(r.Context(), "a repository could not be looked at", logkey.Err, err)
		u.tell(w, r, http.StatusBadGateway, "The repository could not be looked at", "Either the App is not installed there, or GitHub does not answer ("+err.Error()+").")
		return
	}
	u.render(w, r, http.StatusOK, "begin.html", beginPage{Beginning: b, CheckName: u.CheckName, Rules: b.RulesURL(u.GitHub), NewPolicy: b.PolicyURL(u.GitHub), Refused: refused})
}

// require asks GitHub to require the check.
func (u *setUp) require(w http.ResponseWriter, r *http.Request) {
	owner, repo := chi.URLParam(r, "owner"), chi.URLParam(r, "repo")
	allowed, err := u.Require(r.Context(), owner, repo)
	switch {
	case err != nil:
		u.tell(w, r, http.StatusBadGateway, "The check is not required", "GitHub did not take the ruleset: "+err.Error()+". The repository's page leads to its settings, where you can require it yourself.")
	case !allowed:
		u.showRepository(w, r, true)
	default:
		http.Redirect(w, r, "/setup/"+owner+"/"+repo, http.StatusSeeOther)
	}
}
