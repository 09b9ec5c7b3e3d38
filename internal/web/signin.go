package web

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/changeguard/changeguard/internal/logkey"
	"github.com/changeguard/changeguard/internal/secret"
	"github.com/changeguard/changeguard/internal/store"
)

// SignIn is how people sign in with GitHub, and what they may see then.
type SignIn struct {
	AuthorizeURL func(redirect, state, challenge string) string
	Exchange     func(ctx context.Context, code, redirect, verifier string) (token string, life time.Duration, err error)
	User         func(ctx context.Context, token string) (login string, err error)
	// Readable lists what a person may read, "owner/repo" in lower case.
	Readable func(ctx context.Context, token string) ([]string, error)
	Key      *secret.Key
}

// How long a session lives at most, how long signing in may take, and how long
// what GitHub said of somebody's rights is believed.
const (
	sessionLife = 8 * time.Hour
	loginLife   = 10 * time.Minute
	rightsLife  = 3 * time.Minute
)

const (
	sessionCookie = "changeguard-session"
	loginCookie   = "changeguard-login"
)

// viewer is who looks at a page.
type viewer struct {
	Login string // "" on the machine itself, where there is no sign-in
	all   bool
	repos []string // in lower case
}

// sees reports whether somebody may read a repository.
func (v viewer) sees(owner, repo string) bool {
	return v.all || slices.Contains(v.repos, strings.ToLower(owner+"/"+repo))
}

// known reports whether somebody was let in.
func (v viewer) known() bool { return v.all || v.Login != "" }

// only is what a list is narrowed to; nil for everything.
func (v viewer) only() []string {
	if v.all {
		return nil
	}
	return append([]string{}, v.repos...)
}

type viewerKey struct{}

// viewing is who a request is answered for. Nobody sees nothing.
func viewing(r *http.Request) viewer {
	v, _ := r.Context().Value(viewerKey{}).(viewer)
	return v
}

func asViewer(r *http.Request, v viewer) *http.Request {
	return r.WithContext(context.WithValue(r.Context(), viewerKey{}, v))
}

// rights remembers for minutes what people may read.
type rights struct {
	mu    sync.Mutex
	known map[string]right // by the session's id
}

type right struct {
	repos []string
	until time.Time
}

// maxRights bounds how many are remembered.
const maxRights = 2000

func (s *server) rightsOf(ctx context.Context, session store.Session) ([]string, error) {
	now := s.Now()
	s.rights.mu.Lock()
	known, ok := s.rights.known[session.ID]
	s.rights.mu.Unlock()
	if ok && now.Before(known.until) {
		return known.repos, nil
	}
	token, err := s.SignIn.Key.Open(sessionCookie, session.Sealed)
	if err != nil {
		return nil, err
	}
	repos, err := s.SignIn.Readable(ctx, string(token))
	if err != nil {
		return nil, err
	}
	s.rights.mu.Lock()
	defer s.rights.mu.Unlock()
	if s.rights.known == nil || len(s.rights.known) >= maxRights {
		s.rights.known = make(map[string]right)
	}
	s.rights.known[session.ID] = right{repos, now.Add(rightsLife)}
	return repos, nil
}

// signedIn lets in who signed in, and asks everybody else to.
func (s *server) signedIn(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		session, err := s.session(r)
		if errors.Is(err, store.ErrNotFound) {
			http.Redirect(w, r, "/auth/login?to="+url.QueryEscape(r.URL.RequestURI()), http.StatusSeeOther)
			return
		}
		if err != nil {
			s.broken(w, r, err)
			return
		}
		repos, err := s.rightsOf(r.Context(), session)
		if err != nil {
			s.Logger.WarnContext(r.Context(), "what somebody may read is not known", logkey.Err, err)
			s.sayIn(w, r, http.StatusForbidden, "GitHub did not say what you may read", "Either GitHub does not answer, and the page is there again when it does, or it ended your sign-in.")
			return
		}
		next.ServeHTTP(w, asViewer(r, viewer{Login: session.Login, repos: repos}))
	})
}

// session is the one of a request's cookie.
func (s *server) session(r *http.Request) (store.Session, error) {
	c, err := r.Cookie(sessionCookie)
	if err != nil || c.Value == "" {
		return store.Session{}, store.ErrNotFound
	}
	return s.Store.Session(r.Context(), hashed(c.Value), s.Now())
}

func hashed(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

func (s *server) forget(ctx context.Context, id string) {
	s.rights.mu.Lock()
	delete(s.rights.known, id)
	s.rights.mu.Unlock()
	if err := s.Store.EndSession(ctx, id); err != nil {
		s.Logger.ErrorContext(ctx, "a session could not be ended", logkey.Err, err)
	}
}

// attempt is a sign-in under way, sealed in a cookie.
type attempt struct {
	State, Verifier, To string
	Until               time.Time
}

// logIn sends somebody to GitHub.
func (s *server) logIn(w http.ResponseWriter, r *http.Request) {
	a := attempt{State: secret.Random(), Verifier: secret.Random(), To: here(r.URL.Query().Get("to")), Until: s.Now().Add(loginLife)}
	data, err := json.Marshal(a)
	if err != nil {
		s.broken(w, r, err)
		return
	}
	http.SetCookie(w, s.cookie(r, loginCookie, s.SignIn.Key.Seal(loginCookie, data), loginLife))
	sum := sha256.Sum256([]byte(a.Verifier))
	http.Redirect(w, r, s.SignIn.AuthorizeURL(s.origin(r)+signedInPath, a.State, base64.RawURLEncoding.EncodeToString(sum[:])), http.StatusSeeOther)
}

// here is a path of this server; anything else is its first page.
func here(to string) string {
	if len(to) > 2000 || !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") || strings.ContainsAny(to, "\\\r\n\t") || strings.HasPrefix(to, "/auth/") {
		return "/"
	}
	return to
}

// loggedIn is where GitHub sends people back to.
func (s *server) loggedIn(w http.ResponseWriter, r *http.Request) {
	a, ok := s.attempted(r)
	q := r.URL.Query()
	http.SetCookie(w, s.cookie(r, loginCookie, "", -time.Second))
	if ok && q.Get("state") == a.State && q.Get("error") != "" {
		s.sayIn(w, r, http.StatusForbidden, "Nobody was signed in", "GitHub was not allowed to tell this server who you are. Nothing is shown to who is not known.")
		return
	}
	if !ok || q.Get("state") != a.State || q.Get("code") == "" {
		s.sayIn(w, r, http.StatusBadRequest, "The sign-in did not begin here", "Nobody was signed in. Begin again, within ten minutes and in one browser.")
		return
	}
	if err := s.welcome(w, r, a, q.Get("code")); err != nil {
		s.Logger.WarnContext(r.Context(), "somebody could not sign in", logkey.Err, err)
		s.sayIn(w, r, http.StatusBadGateway, "Nobody was signed in", "GitHub did not confirm the sign-in.")
		return
	}
	http.Redirect(w, r, a.To, http.StatusSeeOther)
}

func (s *server) attempted(r *http.Request) (a attempt, ok bool) {
	c, err := r.Cookie(loginCookie)
	if err != nil {
		return a, false
	}
	data, err := s.SignIn.Key.Open(loginCookie, c.Value)
	if err != nil || json.Unmarshal(data, &a) != nil {
		return a, false
	}
	return a, s.Now().Before(a.Until)
}

// welcome begins a session, and ends the one before in the same browser.
func (s *server) welcome(w http.ResponseWriter, r *http.Request, a attempt, code string) error {
	token, life, err := s.SignIn.Exchange(r.Context(), code, s.origin(r)+signedInPath, a.Verifier)
	if err != nil {
		return err
	}
	login, err := s.SignIn.User(r.Context(), token)
	if err != nil {
		return err
	}
	if life <= 0 || life > sessionLife {
		life = sessionLife
	}
	value, now := secret.Random(), s.Now()
	err = s.Store.AddSession(r.Context(), store.Session{ID: hashed(value), Login: login, Sealed: s.SignIn.Key.Seal(sessionCookie, []byte(token)), Expires: now.Add(life)}, now)
	if err != nil {
		return err
	}
	if before, err := s.session(r); err == nil {
		s.forget(r.Context(), before.ID)
	}
	http.SetCookie(w, s.cookie(r, sessionCookie, value, life))
	return nil
}

// logOut ends a session.
func (s *server) logOut(w http.ResponseWriter, r *http.Request) {
	if session, err := s.session(r); err == nil {
		s.forget(r.Context(), session.ID)
	}
	http.SetCookie(w, s.cookie(r, sessionCookie, "", -time.Second))
	s.sayIn(w, r, http.StatusOK, "You are signed out", "This browser sees nothing here until somebody signs in again.")
}
