package app_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/changeguard/changeguard/internal/ghfake"
)

// A limit that one server met the next one on its database obeys, without asking.
func TestLimitsOutliveTheServerThatMetThem(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	n := w.open(testPolicy, ghfake.Files{"docs/a.md": ghfake.Text("x\n")})
	w.github.Fail("GET /repos", 1, func(rw http.ResponseWriter) {
		rw.Header().Set("Retry-After", "3600")
		rw.WriteHeader(http.StatusTooManyRequests)
	})
	w.deliver("pull_request", w.repo.PullEvent(n, "opened", nil))
	w.until("the limit", func() bool { return strings.Contains(w.log.String(), "evaluation waits") })
	if err := w.server.Stop(); err != nil {
		t.Fatal(err)
	}
	w.start(w.api+"/", w.database)
	w.github.Forget()
	w.repo.Branch("second", "main")
	w.repo.Commit("second", "another", ghfake.Files{"docs/b.md": ghfake.Text("x\n")}, author)
	w.deliver("pull_request", w.repo.PullEvent(w.repo.Open(ghfake.Pull{Title: "Another change", Base: "main", Head: "second", Author: ghfake.Account{Login: "dev", ID: 11, Type: "User"}}).Number, "opened", nil))
	w.until("the second one to wait", func() bool { return strings.Contains(w.log.String(), "evaluation waits") })
	if asked := w.github.Requests(); slices.ContainsFunc(asked, func(r ghfake.Request) bool { return strings.HasPrefix(r.Path, "/repos/") }) {
		t.Errorf("asked all the same: %v", asked)
	}
}
