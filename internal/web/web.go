// Package web serves the pages for people: the list of verdicts, why one came
// out as it did, and how the server is set up.
//
// Until there is a sign-in, pages with verdicts are served to loopback addresses
// only: the client, the name that it asked for and the way that it came must be
// local, so that neither another machine nor a web page in a browser can read
// them. The set-up page holds nothing of anybody and is served to all.
//
// Everything that comes from a change is text: html/template escapes it,
// [report.Visible] shows what nobody could see, and the pages may load and run
// nothing but what is served here. Each works without its script.
package web

import (
	"context"
	"embed"
	"errors"
	"html/template"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/changeguard/changeguard/internal/logkey"
	"github.com/changeguard/changeguard/internal/store"
	"github.com/changeguard/changeguard/report"
	"github.com/changeguard/changeguard/session"
	"github.com/changeguard/changeguard/verdict"
)

//go:embed pages
var pages embed.FS

// Config of the pages.
type Config struct {
	Store  *store.Store
	Logger *slog.Logger
	Now    func() time.Time
	SignIn *SignIn // nil for none: the pages are then for this machine only
	SetUp  *SetUp  // of a server that was set up since it started, or nil

	PublicURL string // of this server; "" when it is not known
	// GitHub is where its pages are, without a slash at the end; "" for no links.
	GitHub string
	// Try judges a change again as it is and as it would be; Blast judges the last
	// pull requests of a repository by another policy. Both return the problems of
	// a policy that does not load. nil for neither.
	Try   func(ctx context.Context, stored store.Verdict, t Trial) (was, is *verdict.Verdict, err error)
	Blast func(ctx context.Context, owner, repo string, policy []byte, limit int) ([]Past, error)
	Facts func(ctx context.Context) (Facts, error) // nil for none
}

// Routes adds the pages to a router.
func Routes(r chi.Router, c Config) error {
	s, err := newServer(c)
	if err != nil {
		return err
	}
	allow := s.loopbackOnly
	if c.SignIn != nil {
		allow = s.signedIn
		r.Group(func(r chi.Router) {
			r.Use(secure, s.sameSite)
			get(r, "/auth/login", s.logIn)
			get(r, signedInPath, s.loggedIn)
			r.Post("/auth/logout", s.logOut)
		})
	}
	r.Group(func(r chi.Router) {
		r.Use(secure, s.sameSite, allow)
		get(r, "/", s.list)
		get(r, "/audit", s.audit)
		get(r, "/audit.jsonl", s.auditExport)
		get(r, "/health", s.health)
		get(r, "/policy", s.playground)
		r.Post("/policy", s.playground)
		get(r, "/{owner}/{repo}/policy", s.policyPage)
		get(r, "/{owner}/{repo}/pull/{number}", s.pull)
		get(r, "/{owner}/{repo}/pull/{number}/what-if", s.whatIf)
		r.Post("/{owner}/{repo}/pull/{number}/what-if", s.whatIf)
	})
	if c.SetUp != nil {
		s.addSetUp(r, *c.SetUp)
	}
	s.rest(r)
	return nil
}

// rest adds what the pages load, and what answers for all that is not there.
func (s *server) rest(r chi.Router) {
	r.Group(func(r chi.Router) {
		r.Use(secure)
		get(r, "/style.css", s.asset("style.css", "text/css; charset=utf-8"))
		get(r, "/pages.css", s.asset("pages.css", "text/css; charset=utf-8"))
		get(r, "/live.js", s.asset("live.js", "text/javascript; charset=utf-8"))
		get(r, "/icon.svg", s.asset("icon.svg", "image/svg+xml"))
	})
	r.NotFound(secure(http.HandlerFunc(s.notFound)).ServeHTTP)
}

// get serves a page to GET and HEAD.
func get(r chi.Router, pattern string, h http.HandlerFunc) {
	r.Get(pattern, h)
	r.Head(pattern, h)
}

type server struct {
	Config
	templates *template.Template
	home      string // the page to begin with
	rights    rights
	trying    chan struct{} // a place for each who has something judged again
}

func newServer(c Config) (*server, error) {
	t, err := template.New("").Funcs(functions).ParseFS(pages, "pages/*.html")
	if err != nil {
		return nil, err
	}
	return &server{Config: c, templates: t, home: "/", trying: make(chan struct{}, tryAtOnce)}, nil
}

var functions = template.FuncMap{
	"visible":  report.Visible,
	"half":     func(n int) int { return n / 2 },
	"date":     func(t time.Time) string { return t.UTC().Format("2 Jan 2006 15:04 UTC") },
	"machine":  func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
	"bar":      func() template.HTML { return barGoesHere },
	"word":     word,
	"brief":    brief,
	"headline": headline,
	"command":  report.IsCommand,
	"evidence": func(list []session.Evidence) []session.Evidence { return list[:min(len(list), 40)] },
	"factors":  func(list []verdict.Factor) []verdict.Factor { return list[:min(len(list), 40)] },
	"short":    short,
	"spaced":   func(s string) string { return strings.ReplaceAll(s, "_", " ") },
	"after": func(title string) string {
		return report.AfterHeading(&verdict.Verdict{Title: title})
	},
}

// brief is a text for a list: visible, and not much of it.
func brief(s string) string {
	return cut(s, 120)
}

// headline is a title as long as GitHub takes one.
func headline(s string) string { return cut(s, 256) }

// cut is a text, visible, with so many characters of it at most.
func cut(s string, most int) string {
	r := []rune(report.Visible(s))
	if len(r) > most {
		return string(r[:most]) + "…"
	}
	return string(r)
}

// word is an outcome for a badge.
func word(outcome string) string {
	switch verdict.Outcome(outcome) {
	case verdict.Fail:
		return "blocked"
	case verdict.Approve:
		return "needs approval"
	case verdict.Pass:
		return "passed"
	default:
		return outcome
	}
}

func (s *server) asset(name, contentType string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		data, err := pages.ReadFile("pages/" + name)
		if err != nil {
			s.broken(w, r, err)
			return
		}
		w.Header().Set("Content-Type", contentType)
		w.Header().Set("Cache-Control", "max-age=300")
		_, _ = w.Write(data) // the client went away
	}
}

func (s *server) render(w http.ResponseWriter, r *http.Request, status int, name string, data any) {
	var page strings.Builder
	err := s.templates.ExecuteTemplate(&page, name, data)
	text := ""
	if err == nil {
		text, err = s.withBar(r, page.String())
	}
	if err != nil {
		s.broken(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(text)) // the client went away
}

// A message is a page of nothing but a sentence or two, with a way out of it.
type message struct {
	Title, Text, Home, SignIn string
	Known                     bool // it is for somebody who is let in, to whom the pages are named
}

// say answers with a page of nothing but a sentence or two.
func (s *server) say(w http.ResponseWriter, r *http.Request, status int, title, text string) {
	s.render(w, r, status, "message.html", message{Title: title, Text: text, Home: s.home, Known: viewing(r).known()})
}

// sayIn is say, with the way to sign in.
func (s *server) sayIn(w http.ResponseWriter, r *http.Request, status int, title, text string) {
	s.render(w, r, status, "message.html", message{Title: title, Text: text, SignIn: "/auth/login"})
}

func (s *server) notFound(w http.ResponseWriter, r *http.Request) {
	s.say(w, r, http.StatusNotFound, "There is no such page", "Nothing is served under this address.")
}

// fail answers for what the store did not give.
func (s *server) fail(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, store.ErrNotFound) {
		s.say(w, r, http.StatusNotFound, "No verdict here",
			"Nothing was judged under this address yet. A verdict appears some seconds after the pull request was opened or changed, if the App is installed there.")
		return
	}
	s.broken(w, r, err)
}

func (s *server) broken(w http.ResponseWriter, r *http.Request, err error) {
	s.Logger.ErrorContext(r.Context(), "a page could not be made", logkey.Path, r.URL.Path, logkey.Err, err)
	var page strings.Builder
	if s.templates.ExecuteTemplate(&page, "message.html", message{Title: "The page could not be made", Text: "The server's log says why. It may be over in a moment: load the page again.", Home: s.home}) != nil {
		http.Error(w, "the page could not be made; the log says why", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(http.StatusInternalServerError)
	_, _ = w.Write([]byte(page.String())) // the client went away
}
