package ghfake_test

import (
	"crypto/rand"
	"crypto/rsa"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v4"

	"github.com/changeguard/changeguard/internal/ghfake"
	"github.com/changeguard/changeguard/internal/ghfake/ghschema"
)

func TestAppTokens(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	now := w.clock.Now()
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	foreign, err := jwt.NewWithClaims(jwt.SigningMethodRS256, jwt.MapClaims{"iss": "7", "iat": now.Unix(), "exp": now.Add(time.Minute).Unix()}).SignedString(other)
	if err != nil {
		t.Fatal(err)
	}
	symmetric, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{"iss": "7", "iat": now.Unix(), "exp": now.Add(time.Minute).Unix()}).SignedString([]byte("x"))
	if err != nil {
		t.Fatal(err)
	}
	unsigned, err := jwt.NewWithClaims(jwt.SigningMethodNone, jwt.MapClaims{"iss": "7", "iat": now.Unix(), "exp": now.Add(time.Minute).Unix()}).SignedString(jwt.UnsafeAllowNoneSignatureType)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		token  string
		status int
		says   string
	}{
		"right":           {w.jwt(nil), 200, `"slug":"changeguard"`},
		"none":            {"", 401, "could not be decoded"},
		"no token at all": {"nonsense", 401, "could not be decoded"},
		"another key":     {foreign, 401, "could not be decoded"},
		"no signature":    {unsigned, 401, "could not be decoded"},
		"changed later":   {w.jwt(nil)[:20] + "x" + w.jwt(nil)[21:], 401, "could not be decoded"},
		"not RS256":       {symmetric, 401, "could not be decoded"},
		"unknown App":     {w.jwt(obj{"iss": "8"}), 404, "Integration not found"},
		"no issuer":       {w.jwt(obj{"iss": ""}), 401, "could not be decoded"},
		"ended":           {w.jwt(obj{"exp": now.Add(-time.Second).Unix()}), 401, "'exp'"},
		"ends now":        {w.jwt(obj{"exp": now.Unix()}), 401, "'exp'"},
		"too long":        {w.jwt(obj{"exp": now.Add(12 * time.Minute).Unix()}), 401, "too far in the future"},
		"no end":          {w.jwt(obj{"exp": nil}), 401, "'exp'"},
		"of the future":   {w.jwt(obj{"iat": now.Add(5 * time.Minute).Unix()}), 401, "'iat'"},
	} {
		t.Run(name, func(t *testing.T) {
			r := w.send("GET", "/app", nil, "Authorization", "Bearer "+c.token)
			r.t = t
			r.want(c.status)
			if !strings.Contains(string(r.raw), c.says) {
				t.Errorf("%q is not in %s", c.says, r.raw)
			}
		})
	}
}

func TestTokensOfAnInstallation(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	w.hub.AddRepo(1, "acme", "other")
	w.hub.AddRepo(2, "acme", "hidden")
	lengths := make(map[bool]bool)
	for range 4 {
		token := w.newToken(nil)
		if !strings.HasPrefix(token, "ghs_") {
			t.Errorf("the token is %s", token)
		}
		lengths[len(token) == 40] = true
		w.send("GET", "/repos/acme/app", nil, "Authorization", "Bearer "+token).want(200)
		w.send("GET", "/repos/ACME/App", nil, "Authorization", "token "+token).want(200)
	}
	if len(lengths) != 2 {
		t.Error("tokens must come in the short and in the long form")
	}
	w.send("GET", "/repos/acme/app", nil).want(401).says("Requires authentication")
	w.send("GET", "/repos/acme/app", nil, "Authorization", "token ghs_unknown").want(401).says("Bad credentials")
	w.send("GET", "/repos/acme/app", nil, "Authorization", "Basic "+w.newToken(nil)).want(401)
	w.get("/repos/acme/hidden").want(404)
	w.get("/repos/acme/nothing").want(404)
	w.app("POST", "/app/installations/9/access_tokens", nil).want(404)

	w.clock.Pass(time.Hour - time.Second)
	w.get("/repos/acme/app").want(200)
	w.clock.Pass(time.Second)
	w.get("/repos/acme/app").want(401).says("Bad credentials")
	if n := len(w.hub.AppRequests()); n != w.hub.Count("POST /app/installations/{installation_id}/access_tokens") || n == 0 {
		t.Errorf("%d requests of the App", n)
	}
	for _, r := range w.hub.Requests() {
		if strings.HasPrefix(r.Path, "/app") {
			t.Errorf("%s counts as a request of the installation", r.Path)
		}
	}
}

func TestNarrowedTokens(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	w.hub.AddRepo(1, "acme", "other")
	w.token = w.newToken(obj{"repositories": []string{"other"}, "permissions": obj{"contents": "read"}})
	w.get("/repos/acme/app").want(404)
	w.get("/repos/acme/other").want(200)
	w.get("/repos/acme/other/pulls").want(403).says("Resource not accessible by integration")
	if got := w.get("/installation/repositories").want(200).object(); got["total_count"] != 1.0 {
		t.Errorf("sees %v repositories", got["total_count"])
	}
	w.app("POST", "/app/installations/1/access_tokens", obj{"permissions": obj{"contents": "write"}}).want(422)
	w.app("POST", "/app/installations/1/access_tokens", obj{"permissions": obj{"administration": "read"}}).want(422)
	w.app("POST", "/app/installations/1/access_tokens", obj{"repositories": []string{"nothing"}}).want(422)
	w.app("POST", "/app/installations/1/access_tokens", obj{"repository_ids": make([]int, 501)}).want(422).says("No more than 500")
}

// Every route refuses an installation that lacks its permission, and names it.
func TestMissingPermissions(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ method, path, needs string }{
		{"GET", "/git/trees/main", "contents=read"},
		{"GET", "/git/blobs/0000000000000000000000000000000000000000", "contents=read"},
		{"GET", "/contents/README.md", "contents=read"},
		{"GET", "/compare/main...main", "contents=read"},
		{"GET", "/commits", "contents=read"},
		{"GET", "/commits/main", "contents=read"},
		{"GET", "/branches/main", "contents=read"},
		{"GET", "/pulls", "pull_requests=read"},
		{"GET", "/pulls/1", "pull_requests=read"},
		{"GET", "/pulls/1/files", "pull_requests=read"},
		{"GET", "/pulls/1/commits", "pull_requests=read"},
		{"GET", "/pulls/1/reviews", "pull_requests=read"},
		{"GET", "/commits/main/pulls", "pull_requests=read"},
		{"POST", "/check-runs", "checks=write"},
		{"PATCH", "/check-runs/1", "checks=write"},
		{"GET", "/commits/main/check-runs", "checks=read"},
		{"GET", "/commits/main/check-suites", "checks=read"},
		{"POST", "/statuses/main", "statuses=write"},
		{"GET", "/commits/main/statuses", "statuses=read"},
		{"POST", "/issues/1/comments", "issues=write; pull_requests=write"},
		{"PATCH", "/issues/comments/1", "issues=write; pull_requests=write"},
		{"DELETE", "/issues/comments/1", "issues=write; pull_requests=write"},
		{"POST", "/issues/1/labels", "issues=write; pull_requests=write"},
	} {
		t.Run(c.method+" "+c.path, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, ghfake.Options{}, map[string]string{"metadata": "read"})
			r := w.call(c.method, "/repos/acme/app"+c.path, nil).want(403).says("Resource not accessible by integration")
			if got := r.header.Get("X-Accepted-GitHub-Permissions"); got != c.needs {
				t.Errorf("names %q, want %q", got, c.needs)
			}
			// Reading alone is not writing.
			name, _, _ := strings.Cut(c.needs, "=")
			read := newWorld(t, ghfake.Options{}, map[string]string{name: "read"})
			status := read.call(c.method, "/repos/acme/app"+c.path, nil).status
			if (status == http.StatusForbidden) != strings.Contains(c.needs, "write") {
				t.Errorf("with %s: read the answer is %d", name, status)
			}
		})
	}
}

// No route is open: each wants a token of the right kind that has not ended, and
// its permission. Each is an operation that GitHub describes.
func TestNoRouteIsOpen(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, map[string]string{"metadata": "read"})
	w.open(ghfake.Files{"b": ghfake.Text("b")})
	w.serve = w.hub // requests without a body are no exchanges to judge
	ended, token := w.newToken(nil), ""
	w.clock.Pass(time.Hour)
	token = w.newToken(nil)
	fill := strings.NewReplacer("{owner}", "acme", "{repo}", "app", "{basehead...}", "main...feature", "{path...}", "README.md", "{branch...}", "main",
		"{org}", "acme", "{ref}", "main", "{sha}", "main", "{commit_sha}", "main", "{tree_sha}", "main", "{file_sha}", "main", "{username}", "dev",
		"{team_slug}", "team", "{name}", "label", "{pull_number}", "1", "{issue_number}", "1", "{comment_id}", "1", "{check_run_id}", "1",
		"{installation_id}", "1", "{delivery_id}", "1")
	routes := ghfake.Routes()
	if len(routes) < 40 {
		t.Errorf("only %d routes", len(routes))
	}
	for _, r := range routes {
		method, path, _ := strings.Cut(fill.Replace(r.Pattern), " ")
		ask := func(token string) *reply {
			if token == "" {
				return w.send(method, path, nil)
			}
			return w.send(method, path, nil, "Authorization", "Bearer "+token)
		}
		for _, wrong := range []string{"", "ghs_unknown", ended} {
			if got := ask(wrong); got.status != 401 {
				t.Errorf("%s is answered with %d to the token %q", r.Pattern, got.status, wrong)
			}
		}
		switch got := ask(token); {
		case r.App && got.status != 401:
			t.Errorf("%s is answered with %d to an installation", r.Pattern, got.status)
		case r.Needs != "" && !r.Metadata && (got.status != 403 || got.header.Get("X-Accepted-GitHub-Permissions") != r.Needs):
			t.Errorf("%s is answered with %d without %s", r.Pattern, got.status, r.Needs)
		case !r.App && ask(w.jwt(nil)).status != 401:
			t.Errorf("%s is open to an App's own token", r.Pattern)
		}
		if described := strings.ReplaceAll(r.Pattern, "...}", "}"); described != "POST /graphql" && !strings.Contains(described, "/rulesets") && !slices.Contains(ghschema.Operations(), described) {
			t.Errorf("%s is no operation that is described", r.Pattern)
		}
	}
	const undescribed = 3 // the query, and two of rulesets, which the set-up and the doctor ask for
	if len(routes)-undescribed != len(ghschema.Operations()) {
		t.Errorf("%d routes, %d operations are described", len(routes)-undescribed, len(ghschema.Operations()))
	}
}

func TestSuspendedAndRemovedInstallations(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	w.get("/repos/acme/app").want(200)
	w.hub.Suspend(1, true)
	w.get("/repos/acme/app").want(403).says("suspended")
	w.app("POST", "/app/installations/1/access_tokens", nil).want(403)
	w.hub.Suspend(1, false)
	w.get("/repos/acme/app").want(200)
	w.hub.Uninstall(1)
	w.get("/repos/acme/app").want(401)
	w.app("POST", "/app/installations/1/access_tokens", nil).want(404)
}

func TestTheAppSeesItsInstallations(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	w.hub.AddApp(ghfake.App{ID: 8, Slug: "another"})
	w.hub.Install(8, 5, nil)
	w.hub.AddInstallation(2, nil)
	w.hub.Suspend(2, true)
	if got := w.app("GET", "/app/installations", nil).want(200).list(); len(got) != 2 || got[0]["app_slug"] != "changeguard" {
		t.Errorf("installations: %v", got)
	}
	if got := w.app("GET", "/repos/acme/app/installation", nil).want(200).object(); got["id"] != 1.0 || at(got, "account.login") != "acme" {
		t.Errorf("the installation of the repository: %v", got)
	}
	w.app("GET", "/repos/acme/nothing/installation", nil).want(404)
	w.app("POST", "/app/installations/5/access_tokens", nil).want(404)
}

// The same answers come under the paths of an Enterprise Server.
func TestEnterprisePaths(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	w.get("/api/v3/repos/acme/app").want(200)
	w.call("POST", "/api/graphql", obj{"query": "{rateLimit{cost}}"}).want(200)
	if got := w.query("{rateLimit{cost}}", nil); at(got, "data.rateLimit.cost") != 1.0 {
		t.Errorf("the query answers %v", got)
	}
	plain := httptest.NewRecorder()
	w.hub.ServeHTTP(plain, httptest.NewRequest("GET", "/nothing/here", nil))
	if plain.Code != 404 {
		t.Errorf("an unknown path answers %d", plain.Code)
	}
}
