package app_test

import (
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/changeguard/changeguard/internal/app"
	"github.com/changeguard/changeguard/internal/app/apptest"
	"github.com/changeguard/changeguard/internal/ghfake"
)

// While GitHub takes its time with a result, the only evaluation that there may be at
// once is the next change's.
func TestTheNextChangeIsJudgedWhileAResultIsPublished(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	first := w.open(testPolicy, ghfake.Files{"core/a.py": ghfake.Text("x = 2\n")})
	w.repo.Branch("second", "main")
	w.repo.Commit("second", "another", ghfake.Files{"core/a.py": ghfake.Text("x = 3\n")}, author)
	second := w.repo.Open(ghfake.Pull{Title: "Another change", Base: "main", Head: "second", Author: ghfake.Account{Login: "dev", ID: 11, Type: "User"}}).Number
	publishing, pass := make(chan struct{}), make(chan struct{})
	letPass := sync.OnceFunc(func() { close(pass) })
	var once sync.Once
	front := apptest.Front(t, http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/check-runs") {
			once.Do(func() { close(publishing); <-pass })
		}
		w.github.ServeHTTP(rw, r)
	}))
	c := apptest.Config(t, front+"/")
	c.Workers = "1"
	w.server = apptest.Start(t, c, nil, app.Outside{})
	t.Cleanup(letPass) // before the server stops
	w.home, w.log = w.server.Home, w.server.Log
	w.deliver("pull_request", w.repo.PullEvent(first, "opened", nil))
	<-publishing
	w.deliver("pull_request", w.repo.PullEvent(second, "opened", nil))
	w.until("the next change is read", func() bool { // results are published one by one
		return slices.ContainsFunc(w.github.Requests(), func(r ghfake.Request) bool {
			return strings.Contains(r.Path, "/compare/") && strings.Contains(r.Path, w.repo.Tip("second"))
		})
	})
	if runs := w.repo.Runs(w.repo.Tip("feature")); len(runs) != 0 {
		t.Errorf("the first result is published already: %v", runs)
	}
	letPass()
	w.concludes(w.repo.Tip("feature"), "failure")
	w.concludes(w.repo.Tip("second"), "failure")
}
