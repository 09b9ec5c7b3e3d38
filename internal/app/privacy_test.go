package app_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/changeguard/changeguard/internal/ghfake"
	"github.com/changeguard/changeguard/internal/ghfake/ghtest"
)

// Nothing that is private reaches the log, at its most talkative and whatever
// goes wrong: no key, no secret, no token, nothing of a payload or a file.
func TestLogIsSilentAboutSecrets(t *testing.T) {
	t.Parallel()
	const shared = "the-webhook-secret-5d1c"
	github := ghfake.New(ghfake.Options{AppID: 7, Key: &ghtest.Key().PublicKey, Secret: shared})
	github.AddInstallation(1, nil)
	var mu sync.Mutex
	tokens := make(map[string]bool)
	front := serveHTTP(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, token, ok := strings.Cut(r.Header.Get("Authorization"), " "); ok {
			mu.Lock()
			tokens[token] = true
			mu.Unlock()
		}
		github.ServeHTTP(w, r)
	}))
	r := begin(t, valid("CHANGEGUARD_GITHUB_URL", front, "CHANGEGUARD_WEBHOOK_SECRET", shared, "CHANGEGUARD_LOG_LEVEL", "debug"))
	r.github, r.repo = github, github.AddRepo(1, "acme", "app")
	const private = "PRIVATE-7b0e"
	n := r.open(testPolicy, ghfake.Files{"core/a.py": ghfake.Text(private + " = 2\n"), "docs/" + private + ".md": ghfake.Text("x\n")})
	r.repo.Edit(n, func(p *ghfake.Pull) { p.Title, p.Body = private, private })
	for _, route := range []string{"POST /graphql", "POST /repos/acme/app/check-runs", "POST /app/installations"} {
		for _, code := range []int{500, 403, 401, 429} {
			github.Fail(route, 1, func(w http.ResponseWriter) {
				w.Header().Set("Retry-After", "0")
				w.WriteHeader(code)
				_ = json.NewEncoder(w).Encode(map[string]string{"message": "no"})
			})
		}
	}
	payload := r.repo.PullEvent(n, "opened", nil)
	r.deliver("pull_request", payload)
	if _, err := github.Deliver(t.Context(), r.home+"/webhook", "pull_request", payload, ghfake.Unsigned()); err != nil {
		t.Fatal(err)
	}
	for _, part := range []any{private, map[string]any{"installation": private}} {
		if _, err := github.Deliver(t.Context(), r.home+"/webhook", "pull_request", map[string]any{"action": "opened", "pull_request": part}); err != nil {
			t.Fatal(err)
		}
	}
	r.until("a verdict in the log", func() bool { return strings.Contains(r.log.String(), "msg=verdict") })
	if err := r.Stop(); err != nil {
		t.Fatal(err)
	}
	log := r.log.String()
	for _, line := range []string{"msg=listening", "msg=verdict", "a delivery cannot be read", "no signature or a wrong one", "level=WARN"} {
		if !strings.Contains(log, line) {
			t.Errorf("the log lacks %q, so it shows nothing:\n%s", line, log)
		}
	}
	if len(tokens) < 2 {
		t.Fatalf("%d tokens were seen", len(tokens))
	}
	secrets := []string{shared, private, "PRIVATE KEY", strings.Split(string(ghtest.PEM()), "\n")[1]}
	for token := range tokens {
		secrets = append(secrets, token)
	}
	for _, secret := range secrets {
		if strings.Contains(log, secret) {
			t.Errorf("the log has %q:\n%s", secret, log)
		}
	}
}
