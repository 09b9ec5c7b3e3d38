package app_test

import (
	"fmt"
	"net/http"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/changeguard/changeguard/internal/ghfake"
	"github.com/changeguard/changeguard/internal/ghfake/ghtest"
)

// tokenShapes are the forms of installation tokens, and of what is signed with a
// key.
var tokenShapes = regexp.MustCompile(`ghs_[A-Za-z0-9]{20,}|ghs_[0-9]+_[A-Za-z0-9_.-]{20,}|eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+`)

// Installation tokens of both forms come by, in answers and in errors, and none
// reaches the log; nor do secrets that were read from files.
func TestNoTokenOfEitherFormIsLogged(t *testing.T) {
	t.Parallel()
	forms := make(map[bool]bool)
	for more := range 2 { // the stand-in takes turns
		t.Run(fmt.Sprint(more), func(t *testing.T) {
			const shared = "the-webhook-secret-9f2a"
			hub := ghfake.New(ghfake.Options{AppID: 7, Key: &ghtest.Key().PublicKey, Secret: shared})
			hub.AddInstallation(1, nil)
			for i := range more {
				hub.AddRepo(1, "acme", fmt.Sprint("other", i))
			}
			var mu sync.Mutex
			var seen []string
			front := serveHTTP(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if _, token, ok := strings.Cut(r.Header.Get("Authorization"), " "); ok {
					mu.Lock()
					seen = append(seen, token)
					mu.Unlock()
				}
				hub.ServeHTTP(w, r)
			}))
			file := t.TempDir() + "/secret"
			if err := os.WriteFile(file, []byte(shared+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			r := begin(t, valid("CHANGEGUARD_GITHUB_URL", front, "CHANGEGUARD_WEBHOOK_SECRET", "", "CHANGEGUARD_WEBHOOK_SECRET_FILE", file, "CHANGEGUARD_LOG_LEVEL", "debug"))
			r.github, r.repo = hub, hub.AddRepo(1, "acme", "app")
			n := r.open(testPolicy, ghfake.Files{"core/a.py": ghfake.Text("x = 2\n")})
			for _, code := range []int{500, 503} {
				hub.Fail("POST /graphql", 1, func(w http.ResponseWriter) { http.Error(w, "no", code) })
			}
			r.deliver("pull_request", r.repo.PullEvent(n, "opened", nil))
			r.until("a verdict in the log", func() bool { return strings.Contains(r.log.String(), "msg=verdict") })
			if err := r.Stop(); err != nil {
				t.Fatal(err)
			}
			log := r.log.String()
			for _, token := range seen {
				if strings.HasPrefix(token, "ghs_") {
					forms[strings.Count(token, ".") == 2] = true
				}
				if !tokenShapes.MatchString(token) || strings.Contains(log, token) {
					t.Errorf("a token was logged, or has a form of its own: %.12s", token)
				}
			}
			if found := tokenShapes.FindString(log); found != "" || strings.Contains(log, shared) || strings.Contains(log, "PRIVATE KEY") {
				t.Errorf("%q\n%s", found, log)
			}
		})
	}
	if len(forms) != 2 {
		t.Errorf("only one form came by: %v", forms)
	}
}
