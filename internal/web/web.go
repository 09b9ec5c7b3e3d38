// Package web serves the pages for people: the list of verdicts and why one
// came out as it did.
//
// Until there is a sign-in, pages are served to loopback addresses only: both
// the client and the name that it asked for must be local, so that neither
// another machine nor a web page in a browser can read them.
package web

import (
	"embed"
	"encoding/json"
	"errors"
	"html/template"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/changeguard/changeguard/internal/logkey"
	"github.com/changeguard/changeguard/internal/store"
	"github.com/changeguard/changeguard/report"
	"github.com/changeguard/changeguard/verdict"
)

//go:embed pages
var pages embed.FS

// Config of the pages.
type Config struct {
	Store  *store.Store
	Logger *slog.Logger
	Now    func() time.Time
}

// Routes adds the pages to a router.
func Routes(r chi.Router, c Config) error {
	t, err := template.New("").Funcs(functions).ParseFS(pages, "pages/*.html")
	if err != nil {
		return err
	}
	s := &server{c, t}
	r.Group(func(r chi.Router) {
		r.Use(loopbackOnly)
		r.Get("/", s.list)
		r.Get("/style.css", s.style)
		r.Get("/{owner}/{repo}/pull/{number}", s.pull)
	})
	return nil
}

var functions = template.FuncMap{
	"short":   func(id string) string { return id[:min(len(id), 12)] },
	"visible": report.Visible,
	"half":    func(n int) int { return n / 2 },
	"join":    strings.Join,
}

type server struct {
	Config
	templates *template.Template
}

// loopbackOnly refuses everybody who is not on this machine.
func loopbackOnly(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, _, err := net.SplitHostPort(r.RemoteAddr)
		if err != nil || !local(host) || !local(hostname(r.Host)) || r.Header.Get("X-Forwarded-For") != "" || r.Header.Get("Forwarded") != "" {
			http.Error(w, "this page is served on the machine itself only, until sign-in exists", http.StatusForbidden)
			return
		}
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

func hostname(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		return name
	}
	return strings.Trim(host, "[]")
}

func local(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// listed is how many verdicts the list shows.
const listed = 200

func (s *server) list(w http.ResponseWriter, r *http.Request) {
	verdicts, err := s.Store.Newest(r.Context(), listed)
	if err != nil {
		s.broken(w, r, err)
		return
	}
	waiting, err := s.Store.Waiting(r.Context())
	if err != nil {
		s.broken(w, r, err)
		return
	}
	s.render(w, r, "list.html", map[string]any{"Verdicts": verdicts, "Waiting": waiting})
}

func (s *server) pull(w http.ResponseWriter, r *http.Request) {
	number, err := strconv.Atoi(chi.URLParam(r, "number"))
	if err != nil || number < 1 {
		http.Error(w, "a pull request has a number", http.StatusNotFound)
		return
	}
	subject := store.Subject{Kind: store.Pull, Owner: chi.URLParam(r, "owner"), Repo: chi.URLParam(r, "repo"), Number: number}
	stored, err := s.Store.Latest(r.Context(), subject.Name())
	if errors.Is(err, store.ErrNotFound) {
		http.Error(w, "no verdict for "+report.Visible(subject.Name()), http.StatusNotFound)
		return
	}
	if err != nil {
		s.broken(w, r, err)
		return
	}
	var v verdict.Verdict
	if err := json.Unmarshal(stored.Body, &v); err != nil {
		s.broken(w, r, err)
		return
	}
	commands, advice := report.Remedies(&v)
	s.render(w, r, "pull.html", map[string]any{"Stored": stored, "Verdict": &v, "Commands": strings.Join(commands, "\n"), "Advice": advice})
}

func (s *server) style(w http.ResponseWriter, r *http.Request) {
	data, err := pages.ReadFile("pages/style.css")
	if err != nil {
		s.broken(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
	_, _ = w.Write(data) // the client went away
}

func (s *server) render(w http.ResponseWriter, r *http.Request, name string, data any) {
	var page strings.Builder
	if err := s.templates.ExecuteTemplate(&page, name, data); err != nil {
		s.broken(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write([]byte(page.String())) // the client went away
}

func (s *server) broken(w http.ResponseWriter, r *http.Request, err error) {
	s.Logger.ErrorContext(r.Context(), "a page could not be made", logkey.Path, r.URL.Path, logkey.Err, err)
	http.Error(w, "the page could not be made; the log says why", http.StatusInternalServerError)
}
