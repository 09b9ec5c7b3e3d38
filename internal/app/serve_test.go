package app_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/changeguard/changeguard/internal/app"
	"github.com/changeguard/changeguard/internal/app/apptest"
	"github.com/changeguard/changeguard/internal/ghfake"
	"github.com/changeguard/changeguard/internal/ghfake/ghtest"
)

// running is a server with addresses of its own.
type running struct {
	*world
	*apptest.Running
	admin string
}

// begin starts a server by its environment, on loopback. What is not in the
// environment has its default, but for the database.
func begin(t *testing.T, env map[string]string) *running {
	t.Helper()
	c := app.Config{Addr: "127.0.0.1:0", AdminAddr: env["CHANGEGUARD_ADMIN_ADDR"]}
	if env["CHANGEGUARD_DATABASE_URL"] == "" {
		c.DatabaseURL = "sqlite:" + filepath.Join(t.TempDir(), "test.db")
	}
	s := apptest.Start(t, c, env, app.Outside{})
	r := &running{world: &world{t: t, home: s.Home, log: s.Log}, Running: s}
	if c.AdminAddr != "" {
		r.admin = "http://" + s.AdminAddr()
	}
	return r
}

func serveHTTP(t *testing.T, h http.Handler) (address string) {
	t.Helper()
	return apptest.Front(t, h) + "/"
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// lock holds a database as another program would.
func lock(t *testing.T, path string) (free func()) {
	t.Helper()
	other, err := sql.Open("sqlite", path+"?_txlock=immediate")
	if err != nil {
		t.Fatal(err)
	}
	tx, err := other.BeginTx(context.Background(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := errors.Join(tx.Rollback(), other.Close()); err != nil {
			t.Error(err)
		}
	}
}

// status asks for a page and wants no more than its status.
func (w *world) status(method, address string) int {
	w.t.Helper()
	req, err := http.NewRequestWithContext(context.Background(), method, address, strings.NewReader("{}"))
	if err != nil {
		w.t.Fatal(err)
	}
	resp, err := http.DefaultTransport.RoundTrip(req) // redirects are not followed
	if err != nil {
		w.t.Fatal(err)
	}
	resp.Body.Close()
	return resp.StatusCode
}

func TestServeWithoutCredentialsServesTheSetUpOnly(t *testing.T) {
	t.Parallel()
	r := begin(t, map[string]string{"CHANGEGUARD_PUBLIC_URL": "https://guard.example/", "CHANGEGUARD_CHECK_NAME": "our guard"})
	page := r.get("/setup")
	for _, want := range []string{"CHANGEGUARD_APP_ID", "Checks: write", "Webhook URL: https://guard.example/webhook.", `"our guard"`} {
		if !strings.Contains(page, want) {
			t.Errorf("the set-up page lacks %q:\n%s", want, page)
		}
	}
	for path, want := range map[string]int{"/setup": 200, "/healthz": 200, "/readyz": 503, "/": 303, "/acme/app/pull/1": 404, "/metrics": 404, "/debug/pprof/": 404} {
		if got := r.status(http.MethodGet, r.home+path); got != want {
			t.Errorf("GET %s: %d, want %d", path, got, want)
		}
	}
	b := newBrowser(t)
	b.visit(r.home + setUpLink.FindString(r.log.String()))
	b.wants(200, "Create the App on GitHub")
	if strings.Contains(b.page, "GitHub cannot deliver") {
		t.Errorf("an address of the internet is refused:\n%s", b.page)
	}
	for _, method := range []string{http.MethodPost, http.MethodGet} {
		if got := r.status(method, r.home+"/webhook"); got != http.StatusServiceUnavailable {
			t.Errorf("%s /webhook: %d", method, got)
		}
	}
}

func TestServeWithCredentials(t *testing.T) {
	t.Parallel()
	r := begin(t, valid("CHANGEGUARD_ADMIN_ADDR", "127.0.0.1:0"))
	for path, want := range map[string]int{"/setup": 404, "/healthz": 200, "/readyz": 200, "/": 200, "/metrics": 404, "/debug/pprof/": 404, "/debug/pprof/heap": 404} {
		if got := r.status(http.MethodGet, r.home+path); got != want {
			t.Errorf("GET %s: %d, want %d", path, got, want)
		}
	}
	for method, want := range map[string]int{http.MethodPost: 401, http.MethodGet: 405} {
		if got := r.status(method, r.home+"/webhook"); got != want {
			t.Errorf("%s /webhook: %d, want %d", method, got, want)
		}
	}
	for path, want := range map[string]int{"/metrics": 200, "/debug/pprof/": 200, "/debug/pprof/heap": 200, "/webhook": 404, "/": 404, "/readyz": 404} {
		if got := r.status(http.MethodGet, r.admin+path); got != want {
			t.Errorf("admin: GET %s: %d, want %d", path, got, want)
		}
	}
	for _, path := range []string{"/healthz", "/readyz"} { // as some load balancers ask
		if got := r.status(http.MethodHead, r.home+path); got != http.StatusOK {
			t.Errorf("HEAD %s: %d", path, got)
		}
	}
	r.home = r.admin
	page := r.get("/metrics")
	for _, want := range []string{"changeguard_up 1\n", "changeguard_waiting 0\n", "changeguard_waiting_oldest_seconds 0\n", "changeguard_deliveries_total{result=\"accepted\"} 0\n", "# TYPE go_goroutines gauge\n"} {
		if !strings.Contains(page, want) {
			t.Errorf("the metrics lack %q:\n%s", want, page)
		}
	}
}

// Somebody who sends or reads at leisure does not take the time that
// evaluations need to end.
func TestSlowConnectionsDoNotHoldUpTheStop(t *testing.T) {
	t.Parallel()
	github := ghfake.New(ghfake.Options{AppID: 7, Key: &ghtest.Key().PublicKey, Secret: "secret"})
	github.AddInstallation(1, nil)
	asked, pass := make(chan struct{}), make(chan struct{})
	var once sync.Once
	front := serveHTTP(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		once.Do(func() { close(asked); <-pass })
		github.ServeHTTP(w, r)
	}))
	r := begin(t, valid("CHANGEGUARD_GITHUB_URL", front))
	r.github, r.repo = github, github.AddRepo(1, "acme", "app")
	n := r.open(testPolicy, ghfake.Files{"core/a.py": ghfake.Text("x = 2\n")})
	r.deliver("pull_request", r.repo.PullEvent(n, "opened", nil))
	<-asked

	var slow []net.Conn
	for _, text := range []string{"GET /", "POST /webhook HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\nX-Hub-Signature-256: sha256=" + strings.Repeat("0", 64) + "\r\n\r\n{"} {
		c, err := net.Dial("tcp", strings.TrimPrefix(r.home, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if _, err := io.WriteString(c, text); err != nil {
			t.Fatal(err)
		}
		slow = append(slow, c)
	}
	stopped := make(chan error, 1)
	go func() { stopped <- r.Stop() }()
	for _, c := range slow { // until they are cut off
		_, _ = io.Copy(io.Discard, c)
	}
	close(pass) // the evaluation goes on
	if err := <-stopped; err != nil {
		t.Error(err)
	}
	if runs := r.repo.Runs(r.repo.Tip("feature")); len(runs) != 1 || runs[0].Conclusion != "failure" {
		t.Errorf("the evaluation under way was not finished: %v", runs)
	}
	if log := r.log.String(); !strings.Contains(log, "msg=stopping") || !strings.Contains(log, "msg=stopped") {
		t.Errorf("the log:\n%s", log)
	}
}

// Every connection has an end, whatever the other side does.
func TestConnectionsHaveTimeouts(t *testing.T) {
	t.Parallel()
	c := app.Config{Addr: "127.0.0.1:0", AdminAddr: "127.0.0.1:0", DatabaseURL: "sqlite:" + filepath.Join(t.TempDir(), "c.db")}
	if err := c.Complete(environment(nil), false); err != nil {
		t.Fatal(err)
	}
	s, err := app.New(context.Background(), c, app.Outside{Logger: discard(), Now: time.Now, Reconcile: -1})
	if err != nil {
		t.Fatal(err)
	}
	servers := s.HTTPServers()
	for _, h := range servers {
		if h.ReadHeaderTimeout <= 0 || h.ReadTimeout <= 0 || h.WriteTimeout <= 0 || h.IdleTimeout <= 0 || h.MaxHeaderBytes <= 0 || h.MaxHeaderBytes > 64<<10 || h.ErrorLog == nil {
			t.Errorf("%+v", h)
		}
	}
	if len(servers) != 2 {
		t.Errorf("%d servers", len(servers))
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	for size, want := range map[int]int{32 << 10: http.StatusOK, 128 << 10: http.StatusRequestHeaderFieldsTooLarge} {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.Addr()+"/healthz", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("X-Large", strings.Repeat("x", size))
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("a header of %d bytes: %d, want %d", size, resp.StatusCode, want)
		}
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// What keeps the server from beginning is said, with exit code 2.
func TestServeCannotBegin(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	notes := filepath.Join(t.TempDir(), "notes")
	write(t, notes, strings.Repeat("no database. ", 1000))
	for want, env := range map[string]map[string]string{
		"listen on " + l.Addr().String():         valid("CHANGEGUARD_ADDR", l.Addr().String(), "CHANGEGUARD_DATABASE_URL", "sqlite:"+filepath.Join(t.TempDir(), "a.db")),
		"listen on 127.0.0.1:":                   valid("CHANGEGUARD_ADDR", "127.0.0.1:0", "CHANGEGUARD_ADMIN_ADDR", l.Addr().String(), "CHANGEGUARD_DATABASE_URL", "sqlite:"+filepath.Join(t.TempDir(), "b.db")),
		"the file is damaged, or is no database": valid("CHANGEGUARD_ADDR", "127.0.0.1:0", "CHANGEGUARD_DATABASE_URL", "sqlite:"+notes),
	} {
		var stderr strings.Builder
		if code := app.Serve(context.Background(), app.Config{}, environment(env), false, &stderr); code != app.ExitUsage || !strings.Contains(stderr.String(), want) {
			t.Errorf("want %q and 2, got %d: %s", want, code, stderr.String())
		}
	}
}

// A database that another program holds refuses deliveries, and says so; when
// it is free again, so is the server.
func TestReadyFollowsTheDatabase(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "test.db")
	r := begin(t, valid("CHANGEGUARD_DATABASE_URL", "sqlite:"+path))
	if got := r.get("/readyz"); got != "ready; 0 waiting to be evaluated; not reconciled yet\n" {
		t.Errorf("at first: %s", got)
	}
	free := lock(t, path)
	body := fmt.Sprintf(`{"ref": "refs/heads/main", "before": %q, "after": %q, "repository": {"name": "app", "owner": {"login": "acme"}}, "installation": {"id": 1}}`, strings.Repeat("a", 40), strings.Repeat("b", 40))
	send := func() int {
		req, err := http.NewRequestWithContext(context.Background(), http.MethodPost, r.home+"/webhook", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header = http.Header{"Content-Type": {"application/json"}, "X-Github-Event": {"push"}, "X-Github-Delivery": {"d"}, "X-Hub-Signature-256": {ghfake.Sign("secret", []byte(body))}}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		return resp.StatusCode
	}
	if got := send(); got != http.StatusServiceUnavailable {
		t.Errorf("a delivery meanwhile: %d", got)
	}
	// On a busy machine the time is up before SQLite says what is wrong.
	if got := r.get("/readyz"); !strings.HasPrefix(got, "no delivery can be stored: ") {
		t.Errorf("meanwhile: %s", got)
	}
	if got := r.get("/healthz"); got != "ok\n" {
		t.Errorf("health: %s", got)
	}
	free()
	if got := send(); got != http.StatusAccepted {
		t.Errorf("the delivery again: %d", got)
	}
	if got := r.status(http.MethodGet, r.home+"/readyz"); got != http.StatusOK {
		t.Errorf("later: %d", got)
	}
}
