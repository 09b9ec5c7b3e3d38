package app_test

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/changeguard/changeguard/internal/app"
	"github.com/changeguard/changeguard/internal/ghfake"
	"github.com/changeguard/changeguard/internal/ghfake/ghtest"
	"github.com/changeguard/changeguard/internal/store/pgtest"
)

// victim says that a process of this test is a server that is going to be
// killed.
const victim = "CHANGEGUARD_TEST_VICTIM"

func TestMain(m *testing.M) {
	defer pgtest.Stop()
	m.Run()
}

// A server that is killed again and again, at any moment, has a verdict in the
// end for every delivery that it acknowledged.
func TestKilledServerLosesNothing(t *testing.T) {
	if os.Getenv(victim) != "" {
		beServer(t)
	}
	t.Parallel()
	killed(t, 1, func(t *testing.T) string { return "sqlite:" + filepath.Join(t.TempDir(), "test.db") })
}

// So have two that share a database, while the other one goes on.
func TestKilledReplicasLoseNothing(t *testing.T) {
	t.Parallel()
	killed(t, 2, func(t *testing.T) string { return pgtest.Database(t) })
}

// killed sends deliveries to so many servers on one database, each of which is
// killed once in a round.
func killed(t *testing.T, replicas int, database func(t *testing.T) string) {
	if testing.Short() {
		t.Skip("it takes half a minute")
	}
	const rounds, each = 4, 12
	w := &world{t: t, log: &ghtest.Log{}, github: ghfake.New(ghfake.Options{AppID: ghtest.AppID, Key: &ghtest.Key().PublicKey, Secret: ghtest.Secret, Latency: 3 * time.Millisecond})}
	w.github.AddInstallation(1, nil)
	w.repo = w.github.AddRepo(1, "acme", "app")
	front := httptest.NewServer(w.github)
	t.Cleanup(front.Close)
	w.repo.Commit("main", "first", ghfake.Files{".github/changeguard.yml": ghfake.Text(testPolicy), "core/a.py": ghfake.Text("x = 1\n")}, author)
	address := database(t)
	start := func() *replica { return startVictim(t, front.URL+"/", address) }

	acknowledged := make(map[int]string) // the heads of pull requests
	number := 0
	open := func(home string) {
		number++
		branch := fmt.Sprint("b", number)
		w.repo.Branch(branch, "main")
		w.repo.Commit(branch, "change", ghfake.Files{"core/a.py": ghfake.Text(fmt.Sprintf("x = 1%d\n", number))}, author)
		n := w.repo.Open(ghfake.Pull{Title: "A change", Base: "main", Head: branch, Author: ghfake.Account{Login: "dev", ID: 11, Type: "User"}}).Number
		d, err := w.github.Deliver(context.Background(), home+"/webhook", "pull_request", w.repo.PullEvent(n, "opened", nil))
		if err == nil && d.Status == 202 {
			acknowledged[n] = w.repo.Tip(branch)
		}
	}
	running := make([]*replica, replicas)
	for i := range running {
		running[i] = start()
	}
	for range rounds {
		for i, r := range running {
			at := rand.IntN(each)
			for n := range each {
				open(running[(i+n)%replicas].home)
				if n == at {
					if err := r.process.Kill(); err != nil {
						t.Fatal(err)
					}
				}
			}
			running[i] = start()
		}
	}
	if len(acknowledged) < rounds {
		t.Fatalf("%d deliveries were acknowledged", len(acknowledged))
	}
	t.Logf("%d of %d deliveries were acknowledged", len(acknowledged), number)
	for n, head := range acknowledged {
		if r := w.run(head, 1); r.Conclusion != "failure" {
			t.Errorf("#%d: %s: %s", n, r.Conclusion, r.Title)
		}
	}
	w.until("one comment each", func() bool {
		for n := range acknowledged {
			if len(w.repo.Comments(n)) == 0 {
				return false
			}
		}
		return true
	})
	for n, head := range acknowledged {
		runs := slices.DeleteFunc(w.repo.Runs(head), func(r ghfake.Run) bool { return r.Status != "completed" })
		if comments := w.repo.Comments(n); len(runs) != 1 || len(comments) != 1 {
			t.Errorf("#%d has %d check runs and %d comments", n, len(runs), len(comments))
		}
	}
}

// beServer is what the victim does: it serves until it is killed.
func beServer(t *testing.T) {
	c := app.Config{Addr: "127.0.0.1:0"}
	if err := c.Complete(os.Getenv, false); err != nil {
		t.Fatal(err)
	}
	// What a killed process leaves running is taken up after the time that an
	// evaluation may take, which is short here.
	s, err := app.New(context.Background(), c, app.Outside{Logger: discard(), Now: time.Now, Timeout: 5 * time.Second, Reconcile: -1})
	if err != nil {
		t.Fatal(err)
	}
	fmt.Println("listening", s.Addr())
	t.Fatal(s.Run(context.Background()))
}

// replica is one of the servers.
type replica struct {
	process *os.Process
	home    string
}

// startVictim starts a server as a process, which is dead at the end of the
// test at the latest.
func startVictim(t *testing.T, github, database string) *replica {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestKilledServerLosesNothing$", "-test.timeout=10m")
	cmd.Env = append(os.Environ(), victim+"=1", "CHANGEGUARD_GITHUB_URL="+github, "CHANGEGUARD_DATABASE_URL="+database, "CHANGEGUARD_APP_ID=7",
		"CHANGEGUARD_WEBHOOK_SECRET="+ghtest.Secret, "CHANGEGUARD_PRIVATE_KEY="+string(ghtest.PEM()), "CHANGEGUARD_WORKERS=4")
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // it may be dead
		_ = cmd.Wait()         // and says so
	})
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if addr, ok := strings.CutPrefix(lines.Text(), "listening "); ok {
			return &replica{cmd.Process, "http://" + addr}
		}
	}
	t.Fatalf("the victim ended: %v", lines.Err())
	return nil
}
