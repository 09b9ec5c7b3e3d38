package ghfake

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"html/template"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"
)

// siteState is what the pages for people remember.
type siteState struct {
	visitor string // who is signed in at GitHub
	codes   map[string]*manifestCode
	logins  map[string]loginCode
	people  map[string]string // tokens of people, to their logins
}

// manifestCode is an App that was made and whose credentials were not fetched.
type manifestCode struct {
	url  string
	app  App
	key  *rsa.PrivateKey
	made time.Time
}

type loginCode struct{ login, redirect, challenge, client string }

// Visit says who sits in front of the browser, for the pages of the site.
func (s *Server) Visit(login string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.account(login)
	s.site.visitor = login
}

// SetSignIn gives an App what people sign in with.
func (s *Server) SetSignIn(app int64, clientID, clientSecret string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.apps[app].clientID, s.apps[app].clientKey = clientID, clientSecret
}

// serveSite answers for GitHub's pages for people, and for the part of the API
// that is asked by people; false means that it is something else.
func (s *Server) serveSite(w http.ResponseWriter, r *http.Request) bool {
	path := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case strings.HasSuffix(r.URL.Path, "/settings/apps/new") && r.Method == http.MethodPost:
		s.pageNewApp(w, r)
	case r.URL.Path == "/settings/apps" && r.Method == http.MethodPost:
		s.makeApp(w, r)
	case path[0] == "apps" && len(path) == 4 && path[3] == "new":
		s.pageInstall(w, r, path[1])
	case path[0] == "app-manifests" && len(path) == 3:
		s.convert(w, r, path[1])
	case r.URL.Path == "/login/oauth/authorize":
		s.pageAuthorize(w, r)
	case r.URL.Path == "/login/oauth/access_token":
		s.exchangeLogin(w, r)
	case r.URL.Path == "/user":
		s.ofPerson(w, r, func(login string) any { return s.account(login).json() })
	case r.URL.Path == "/user/installations":
		s.ofPerson(w, r, func(login string) any { return s.installationsOf(login) })
	case path[0] == "user" && len(path) == 4 && path[3] == "repositories":
		s.ofPerson(w, r, func(login string) any { return s.reposOf(login, path[2]) })
	default:
		return false
	}
	return true
}

// sitePage is read when it is asked for, since the program begins with this package too.
var sitePage = sync.OnceValue(func() *template.Template { return template.Must(template.New("").Parse(siteText)) })

const siteText = `<!doctype html><html lang="en"><title>{{.Title}}</title><main><h1>{{.Title}}</h1>
<form method="post" action="{{.Action}}">{{range $name, $value := .Fields}}<input type="hidden" name="{{$name}}" value="{{$value}}">{{end}}<button id="go">{{.Button}}</button></form></main></html>`

type sitePageData struct {
	Title, Action, Button string
	Fields                map[string]string
}

func showSite(w http.ResponseWriter, p sitePageData) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	if err := sitePage().Execute(w, p); err != nil {
		panic(err) // a mistake in this package
	}
}

// manifest is what an App is made from.
type manifest struct {
	Name           string            `json:"name"`
	URL            string            `json:"url"`
	RedirectURL    string            `json:"redirect_url"`
	CallbackURLs   []string          `json:"callback_urls"`
	Permissions    map[string]string `json:"default_permissions"`
	Events         []string          `json:"default_events"`
	HookAttributes struct {
		URL string `json:"url"`
	} `json:"hook_attributes"`
}

func (s *Server) pageNewApp(w http.ResponseWriter, r *http.Request) {
	var m manifest
	if err := json.Unmarshal([]byte(r.FormValue("manifest")), &m); err != nil || m.Name == "" || m.URL == "" || m.HookAttributes.URL == "" || m.RedirectURL == "" {
		http.Error(w, "the manifest is invalid", http.StatusUnprocessableEntity)
		return
	}
	showSite(w, sitePageData{"Create GitHub App", "/settings/apps", "Create GitHub App for " + r.URL.Path, map[string]string{"manifest": r.FormValue("manifest"), "state": r.URL.Query().Get("state")}})
}

func (s *Server) makeApp(w http.ResponseWriter, r *http.Request) {
	var m manifest
	if err := json.Unmarshal([]byte(r.FormValue("manifest")), &m); err != nil {
		http.Error(w, "the manifest is invalid", http.StatusUnprocessableEntity)
		return
	}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	a := App{ID: s.id(), Slug: m.Name, Key: &key.PublicKey, Secret: randomText(), Permissions: m.Permissions, Events: m.Events, Hook: Hook{URL: m.HookAttributes.URL}, clientID: "Iv." + randomText()[:8], clientKey: randomText()}
	if s.site.codes == nil {
		s.site.codes = make(map[string]*manifestCode)
	}
	code := randomText()
	s.site.codes[code] = &manifestCode{m.URL, a, key, s.now()}
	s.apps[a.ID] = &a
	http.Redirect(w, r, withQuery(m.RedirectURL, url.Values{"code": {code}, "state": {r.FormValue("state")}}), http.StatusFound)
}

// withQuery is an address with more parameters.
func withQuery(address string, more url.Values) string {
	sep := "?"
	if strings.Contains(address, "?") {
		sep = "&"
	}
	return address + sep + more.Encode()
}

func randomText() string {
	b := make([]byte, 20)
	_, _ = rand.Read(b) // never fails
	return hex.EncodeToString(b)
}

// convert gives out the credentials of a new App, once and within the hour.
func (s *Server) convert(w http.ResponseWriter, r *http.Request, code string) {
	c := s.site.codes[code]
	delete(s.site.codes, code)
	if c == nil || s.now().Sub(c.made) > time.Hour {
		(&answer{}).fail(notFound).write(w)
		return
	}
	o := c.app.json()
	o["client_id"], o["client_secret"], o["webhook_secret"] = c.app.clientID, c.app.clientKey, c.app.Secret
	o["external_url"] = c.url
	o["html_url"] = "http://" + r.Host + "/apps/" + c.app.Slug
	o["pem"] = string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(c.key)}))
	(&answer{status: http.StatusCreated, body: o}).write(w)
}

// pageInstall installs an App on all repositories there are.
func (s *Server) pageInstall(w http.ResponseWriter, r *http.Request, slug string) {
	if r.Method == http.MethodGet {
		showSite(w, sitePageData{"Install " + slug, r.URL.Path, "Install", nil})
		return
	}
	for _, a := range s.apps {
		if a.Slug != slug {
			continue
		}
		i := &installation{id: s.id(), app: a.ID, permissions: a.Permissions}
		s.installations[i.id] = i
		for _, repo := range s.repos {
			repo.installations[i.id] = true
		}
	}
	showSite(w, sitePageData{"Installed " + slug, r.URL.Path, "Done", nil})
}

// pageAuthorize asks the visitor to sign in, and sends them back.
func (s *Server) pageAuthorize(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	if r.Method == http.MethodGet {
		showSite(w, sitePageData{"Sign in as " + s.site.visitor, "/login/oauth/authorize?" + r.URL.RawQuery, "Authorize", nil})
		return
	}
	if s.site.logins == nil {
		s.site.logins = make(map[string]loginCode)
	}
	code := randomText()
	s.site.logins[code] = loginCode{s.site.visitor, q.Get("redirect_uri"), q.Get("code_challenge"), q.Get("client_id")}
	http.Redirect(w, r, withQuery(q.Get("redirect_uri"), url.Values{"code": {code}, "state": {q.Get("state")}}), http.StatusFound)
}

func (s *Server) exchangeLogin(w http.ResponseWriter, r *http.Request) {
	l, ok := s.site.logins[r.FormValue("code")]
	delete(s.site.logins, r.FormValue("code"))
	sum := sha256.Sum256([]byte(r.FormValue("code_verifier")))
	body := obj{"error": "bad_verification_code"}
	if ok && l.redirect == r.FormValue("redirect_uri") && l.challenge == base64.RawURLEncoding.EncodeToString(sum[:]) && s.client(l.client, r.FormValue("client_secret")) {
		if s.site.people == nil {
			s.site.people = make(map[string]string)
		}
		token := "ghu_" + randomText()
		s.site.people[token] = l.login
		body = obj{"access_token": token, "expires_in": 28800, "token_type": "bearer", "scope": ""}
	}
	(&answer{status: http.StatusOK, body: body}).write(w)
}

func (s *Server) client(id, key string) bool {
	for _, a := range s.apps {
		if a.clientID == id && a.clientKey == key && key != "" {
			return true
		}
	}
	return false
}

func (s *Server) ofPerson(w http.ResponseWriter, r *http.Request, do func(login string) any) {
	a := &answer{status: http.StatusOK}
	if login, ok := s.site.people[bearer(r)]; ok {
		a.body = do(login)
	} else {
		a.fail(badCredentials)
	}
	s.log = append(s.log, Request{Method: r.Method, Route: r.Method + " " + r.URL.Path, Path: r.URL.Path, Status: a.status})
	a.write(w)
}

func (s *Server) installationsOf(login string) any {
	list := []obj{}
	for _, i := range s.installations {
		if len(s.readable(login, i.id)) > 0 {
			list = append(list, obj{"id": i.id, "app_id": i.app})
		}
	}
	return obj{"total_count": len(list), "installations": list}
}

func (s *Server) reposOf(login, installation string) any {
	id, err := strconv.ParseInt(installation, 10, 64)
	list := []obj{}
	if err == nil {
		for _, r := range s.readable(login, id) {
			list = append(list, obj{"id": r.id, "full_name": r.fullName()})
		}
	}
	return obj{"total_count": len(list), "repositories": list}
}

// readable are the repositories of an installation that somebody was let into,
// or that are public.
func (s *Server) readable(login string, installation int64) []*Repo {
	var list []*Repo
	for _, r := range s.repos {
		if r.installations[installation] && (!r.Private || r.allowed[strings.ToLower(login)] != "") {
			list = append(list, r)
		}
	}
	return list
}

// Revoke ends all tokens of a person.
func (s *Server) Revoke(login string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for token, who := range s.site.people {
		if who == login {
			delete(s.site.people, token)
		}
	}
}
