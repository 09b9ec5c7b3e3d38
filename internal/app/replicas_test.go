package app_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/changeguard/changeguard/internal/app"
	"github.com/changeguard/changeguard/internal/app/apptest"
	"github.com/changeguard/changeguard/internal/ghfake"
	"github.com/changeguard/changeguard/internal/ghfake/ghtest"
	"github.com/changeguard/changeguard/internal/store/pgtest"
)

// startReplica starts a server on a database, and returns where it listens and
// what stops it.
func (w *world) startReplica(github, database string) (home string, stop func()) {
	w.t.Helper()
	c := apptest.Config(w.t, github)
	c.DatabaseURL, c.Workers = database, "4"
	r := apptest.Start(w.t, c, nil, app.Outside{Logger: slog.New(slog.NewTextHandler(w.log, nil))})
	return r.Home, func() {
		if err := r.Stop(); err != nil {
			w.t.Error(err)
		}
	}
}

// Two pull requests with one head, told to two servers at once: the commit shows
// the worst of the two verdicts, whichever server publishes last. Then the
// servers are replaced one by one under way, and every delivery that was taken
// has its verdict, once.
func TestReplicasShareHeadsAndAreReplaced(t *testing.T) {
	t.Parallel()
	const heads = 12
	w := &world{t: t, log: &ghtest.Log{}, github: ghfake.New(ghfake.Options{AppID: ghtest.AppID, Key: &ghtest.Key().PublicKey, Secret: ghtest.Secret, Latency: 2 * time.Millisecond})}
	w.github.AddInstallation(1, nil)
	w.repo = w.github.AddRepo(1, "acme", "app")
	front := httptest.NewServer(w.github)
	t.Cleanup(front.Close)
	address := pgtest.Database(t)
	policy := ghfake.Text(testPolicy)
	w.repo.Commit("main", "first", ghfake.Files{".github/changeguard.yml": policy, "core/a.py": ghfake.Text("x = 1\n")}, author)
	w.repo.Branch("lenient", "main")
	w.repo.Commit("lenient", "no rules", ghfake.Files{".github/changeguard.yml": ghfake.Text("version: 1\n")}, author)

	var homes [2]string
	var stops [2]func()
	for i := range homes {
		homes[i], stops[i] = w.startReplica(front.URL+"/", address)
	}
	tell := func(home string, n int) bool {
		d, err := w.github.Deliver(context.Background(), home+"/webhook", "pull_request", w.repo.PullEvent(n, "opened", nil))
		return err == nil && d.Status == 202
	}
	open := func(title, base, branch string) int {
		return w.repo.Open(ghfake.Pull{Title: title, Base: base, Head: branch, Author: ghfake.Account{Login: "dev", ID: 11, Type: "User"}}).Number
	}
	var tips []string
	for i := range heads {
		branch := fmt.Sprint("shared", i)
		w.repo.Branch(branch, "lenient")
		w.repo.Commit(branch, "change", ghfake.Files{"core/a.py": ghfake.Text(fmt.Sprintf("x = 2%d\n", i))}, author)
		strict, lenient := open("Strict", "main", branch), open("Lenient", "lenient", branch)
		tips = append(tips, w.repo.Tip(branch))
		var both sync.WaitGroup
		for k, n := range []int{strict, lenient} {
			both.Go(func() {
				if !tell(homes[(i+k)%2], n) {
					t.Errorf("#%d was not taken", n)
				}
			})
		}
		both.Wait()
	}
	latest := func(head string) (conclusion string) {
		for _, r := range w.repo.Runs(head) {
			if r.Status == "completed" {
				conclusion = r.Conclusion
			}
		}
		return conclusion
	}
	w.settle(homes[0])
	for i, head := range tips {
		if got := latest(head); got != "failure" {
			t.Errorf("head %d shows %q, and one of its pull requests is blocked", i, got)
		}
	}

	taken := make(map[string]int)
	for i := range 24 {
		branch := fmt.Sprint("own", i)
		w.repo.Branch(branch, "main")
		w.repo.Commit(branch, "change", ghfake.Files{"core/a.py": ghfake.Text(fmt.Sprintf("x = 3%d\n", i))}, author)
		if n := open("Own", "main", branch); tell(homes[i%2], n) {
			taken[w.repo.Tip(branch)] = n
		}
		if i%8 == 4 {
			old := stops[i/8%2]
			homes[i/8%2], stops[i/8%2] = w.startReplica(front.URL+"/", address)
			old()
		}
	}
	if len(taken) != 24 {
		t.Errorf("%d of 24 deliveries were taken while servers were replaced", len(taken))
	}
	w.settle(homes[0])
	for head, n := range taken {
		if runs := w.repo.Runs(head); len(runs) != 1 || runs[0].Conclusion != "failure" {
			t.Errorf("#%d has the runs %+v", n, runs)
		}
	}
}

// settle waits until nothing waits to be evaluated.
func (w *world) settle(home string) {
	w.t.Helper()
	w.until("nothing waiting", func() bool {
		resp, err := http.Get(home + "/readyz")
		if err != nil {
			return false
		}
		body, err := io.ReadAll(resp.Body)
		return errors.Join(err, resp.Body.Close()) == nil && strings.HasPrefix(string(body), "ready; 0 waiting")
	})
}
