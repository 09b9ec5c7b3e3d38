package webhook_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // the signature that must not count
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/changeguard/changeguard/internal/queue"
	"github.com/changeguard/changeguard/internal/store"
	"github.com/changeguard/changeguard/webhook"
)

const secret = "s3cret"

func sign(body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	return "sha256=" + hex.EncodeToString(mac.Sum(nil))
}

// receiver notes what was accepted.
type receiver struct {
	mu       sync.Mutex
	accepted []store.Subject
	err      error
}

func (r *receiver) accept(_ context.Context, _ store.Delivery, s store.Subject) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err == nil {
		r.accepted = append(r.accepted, s)
	}
	return r.err
}

func handler(r *receiver, secret string) http.Handler {
	return webhook.Handler(webhook.Config{Secret: []byte(secret), Accept: r.accept, Logger: slog.New(slog.DiscardHandler), Now: time.Now})
}

func request(event, body string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-GitHub-Event", event)
	r.Header.Set("X-GitHub-Delivery", "d-1")
	r.Header.Set("X-Hub-Signature-256", sign([]byte(body)))
	return r
}

func status(h http.Handler, r *http.Request) int {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Code
}

const (
	sha      = "0123456789012345678901234567890123456789"
	other    = "1123456789012345678901234567890123456789"
	repo     = `"repository": {"name": "app", "default_branch": "main", "owner": {"login": "acme"}}, "installation": {"id": 5}`
	pullBody = `{"action": "opened", "number": 7, "pull_request": {"number": 7, "head": {"sha": "` + sha + `"}, "base": {"ref": "main"}}, ` + repo + `}`
)

var pull = store.Subject{Kind: store.Pull, Installation: 5, Owner: "acme", Repo: "app", Number: 7, Base: "main", Head: sha}

func TestEvents(t *testing.T) {
	t.Parallel()
	zeros := strings.Repeat("0", 40)
	group := store.Subject{Kind: store.Group, Installation: 5, Owner: "acme", Repo: "app", Base: other, Head: sha, Ref: "gh-readonly-queue/main/pr-1-x"}
	push := store.Subject{Kind: store.Push, Installation: 5, Owner: "acme", Repo: "app", Base: other, Head: sha, Ref: "main"}
	created := push
	created.Base = "main"
	created.Ref = "new"
	for _, c := range []struct {
		event, body string
		status      int
		want        []store.Subject
	}{
		{"pull_request", pullBody, 202, []store.Subject{pull}},
		{"pull_request_review", strings.Replace(pullBody, "opened", "submitted", 1), 202, []store.Subject{pull}},
		{"pull_request", strings.Replace(pullBody, "opened", "assigned", 1), 200, nil},
		{"pull_request", strings.Replace(pullBody, "opened", "closed", 1), 200, nil},
		{"merge_group", `{"action": "checks_requested", "merge_group": {"head_sha": "` + sha + `", "base_sha": "` + other + `", "head_ref": "refs/heads/gh-readonly-queue/main/pr-1-x"}, ` + repo + `}`, 202, []store.Subject{group}},
		{"push", `{"ref": "refs/heads/main", "before": "` + other + `", "after": "` + sha + `", ` + repo + `}`, 202, []store.Subject{push}},
		{"push", `{"ref": "refs/heads/new", "before": "` + zeros + `", "after": "` + sha + `", ` + repo + `}`, 202, []store.Subject{created}},
		{"push", `{"ref": "refs/heads/gone", "before": "` + sha + `", "after": "` + zeros + `", ` + repo + `}`, 200, nil},
		{"push", `{"ref": "refs/tags/v1", "before": "` + zeros + `", "after": "` + sha + `", ` + repo + `}`, 200, nil},
		{"push", `{"ref": "refs/heads/gh-readonly-queue/main/pr-1-x", "before": "` + zeros + `", "after": "` + sha + `", ` + repo + `}`, 200, nil},
		{"check_run", `{"action": "rerequested", "check_run": {"head_sha": "` + sha + `", "pull_requests": [{"number": 7, "head": {"sha": "` + sha + `"}, "base": {"ref": "main"}}]}, ` + repo + `}`, 202, []store.Subject{pull}},
		{"check_suite", `{"action": "rerequested", "check_suite": {"head_sha": "` + sha + `", "pull_requests": []}, ` + repo + `}`, 200, nil},
		{"ping", `{"zen": "x"}`, 200, nil},
		{"never_heard_of", `{}`, 200, nil},
		{"never_heard_of", `{`, 400, nil},
		{"pull_request", `{"action": "opened", "pull_request": `, 400, nil},
		{"pull_request", `{"action": "opened", "pull_request": {"number": "7"}}`, 400, nil},
		{"pull_request", `{"action": "opened", ` + repo + `}`, 400, nil},
		{"pull_request", strings.Replace(pullBody, sha, "../../etc", 1), 400, nil},
		{"pull_request", strings.Replace(pullBody, `"acme"`, `"../x"`, 1), 400, nil},
		{"pull_request", strings.Replace(pullBody, `{"id": 5}`, `{}`, 1), 400, nil},
	} {
		r := &receiver{}
		if got := status(handler(r, secret), request(c.event, c.body)); got != c.status {
			t.Errorf("%s %.60s: %d, want %d", c.event, c.body, got, c.status)
		}
		if diff := cmp.Diff(c.want, r.accepted); diff != "" {
			t.Errorf("%s %.60s: %s", c.event, c.body, diff)
		}
	}
}

func TestOnlyTheSHA256SignatureCounts(t *testing.T) {
	t.Parallel()
	legacy := hmac.New(sha1.New, []byte(secret))
	legacy.Write([]byte(pullBody))
	for name, change := range map[string]func(r *http.Request){
		"none":  func(r *http.Request) { r.Header.Del("X-Hub-Signature-256") },
		"wrong": func(r *http.Request) { r.Header.Set("X-Hub-Signature-256", sign([]byte("other"))) },
		"cut":   func(r *http.Request) { r.Header.Set("X-Hub-Signature-256", sign([]byte(pullBody))[:70]) },
		"no prefix": func(r *http.Request) {
			r.Header.Set("X-Hub-Signature-256", strings.TrimPrefix(sign([]byte(pullBody)), "sha256="))
		},
		"no hex": func(r *http.Request) { r.Header.Set("X-Hub-Signature-256", "sha256="+strings.Repeat("z", 64)) },
		"sha1": func(r *http.Request) {
			r.Header.Del("X-Hub-Signature-256")
			r.Header.Set("X-Hub-Signature", "sha1="+hex.EncodeToString(legacy.Sum(nil)))
		},
		"sha1 in its place": func(r *http.Request) {
			r.Header.Set("X-Hub-Signature-256", "sha1="+hex.EncodeToString(legacy.Sum(nil)))
		},
	} {
		r := &receiver{}
		req := request("pull_request", pullBody)
		change(req)
		if got := status(handler(r, secret), req); got != http.StatusUnauthorized || len(r.accepted) > 0 {
			t.Errorf("%s: %d, %v", name, got, r.accepted)
		}
	}
	mac := hmac.New(sha256.New, nil)
	mac.Write([]byte(pullBody))
	req := request("pull_request", pullBody)
	req.Header.Set("X-Hub-Signature-256", "sha256="+hex.EncodeToString(mac.Sum(nil)))
	if got := status(handler(&receiver{}, ""), req); got != http.StatusUnauthorized {
		t.Errorf("an empty secret: %d", got)
	}
}

func TestForms(t *testing.T) {
	t.Parallel()
	body := url.Values{"payload": {pullBody}}.Encode()
	req := request("pull_request", body)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r := &receiver{}
	if got := status(handler(r, secret), req); got != 202 || len(r.accepted) != 1 {
		t.Errorf("%d %v", got, r.accepted)
	}
	for kind, want := range map[string]int{"application/x-www-form-urlencoded": 400, "text/plain": 415, "": 415} {
		req := request("pull_request", pullBody)
		req.Header.Set("Content-Type", kind)
		if got := status(handler(&receiver{}, secret), req); got != want {
			t.Errorf("%q: %d, want %d", kind, got, want)
		}
	}
}

func TestSizeAndMethodAndHeaders(t *testing.T) {
	t.Parallel()
	h := handler(&receiver{}, secret)
	if got := status(h, request("push", strings.Repeat(" ", webhook.MaxBody+1))); got != http.StatusRequestEntityTooLarge {
		t.Errorf("26 MB: %d", got)
	}
	if got := status(h, httptest.NewRequest(http.MethodGet, "/", nil)); got != http.StatusMethodNotAllowed {
		t.Errorf("GET: %d", got)
	}
	req := request("pull_request", pullBody)
	req.Header.Del("X-GitHub-Delivery")
	if got := status(h, req); got != http.StatusBadRequest {
		t.Errorf("no id: %d", got)
	}
}

func TestWhatIsNotStoredIsNotAcknowledged(t *testing.T) {
	t.Parallel()
	for err, want := range map[error]string{errors.New("locked"): "send it again", fmt.Errorf("write: %w", store.ErrFull): "disk is full"} {
		w := httptest.NewRecorder()
		handler(&receiver{err: err}, secret).ServeHTTP(w, request("pull_request", pullBody))
		if w.Code != http.StatusServiceUnavailable || !strings.Contains(w.Body.String(), want) {
			t.Errorf("%v: %d %s", err, w.Code, w.Body)
		}
	}
}

func FuzzWebhook(f *testing.F) {
	f.Add("pull_request", []byte(pullBody))
	f.Add("push", []byte(`{"ref": "refs/heads/main", "before": "`+other+`", "after": "`+sha+`", `+repo+`}`))
	f.Add("merge_group", []byte(`{"action": "checks_requested", "merge_group": {}}`))
	f.Fuzz(func(t *testing.T, event string, body []byte) {
		r := &receiver{}
		req := httptest.NewRequest(http.MethodPost, "/", bytes.NewReader(body))
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("X-GitHub-Event", event)
		req.Header.Set("X-GitHub-Delivery", "d")
		req.Header.Set("X-Hub-Signature-256", sign(body))
		code := status(handler(r, secret), req)
		if len(r.accepted) > 0 && code != http.StatusAccepted || code >= 500 {
			t.Errorf("%d with %v", code, r.accepted)
		}
		for _, s := range r.accepted {
			if s.Installation == 0 || s.Owner == "" || s.Repo == "" || s.Head == "" || strings.ContainsAny(s.Owner+s.Repo+s.Head, "/\\ \n") {
				t.Errorf("accepted %+v", s)
			}
		}
	})
}

// roundTrip stands for the requests of an evaluation.
func roundTrip(ctx context.Context, _ store.Subject) error {
	select {
	case <-time.After(30 * time.Millisecond):
	case <-ctx.Done():
	}
	return ctx.Err()
}

// BenchmarkWebhook sends 500 signed deliveries a second over HTTP to the real
// handler with the queue and SQLite behind it, and reports how long the answers
// take. Four workers evaluate meanwhile, each for as long as a fast round trip
// to GitHub takes.
func BenchmarkWebhook(b *testing.B) {
	ctx := context.Background()
	s, err := store.Open(ctx, "sqlite:"+filepath.Join(b.TempDir(), "w.db"))
	if err != nil {
		b.Fatal(err)
	}
	q, err := queue.New(ctx, queue.Config{Store: s, Workers: 4, Handler: roundTrip, Logger: slog.New(slog.DiscardHandler), Now: time.Now})
	if err != nil {
		b.Fatal(err)
	}
	if err := q.Start(ctx); err != nil {
		b.Fatal(err)
	}
	server := httptest.NewServer(webhook.Handler(webhook.Config{Secret: []byte(secret), Accept: q.Accept, Logger: slog.New(slog.DiscardHandler), Now: time.Now}))
	defer server.Close()
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	var mu sync.Mutex
	var took []time.Duration
	var wg sync.WaitGroup
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	n := 0
	for b.Loop() {
		<-tick.C
		n++
		body := strings.ReplaceAll(pullBody, `"number": 7`, fmt.Sprintf(`"number": %d`, 1+n%300))
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, server.URL, strings.NewReader(body))
		if err != nil {
			b.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("X-GitHub-Event", "pull_request")
		req.Header.Set("X-GitHub-Delivery", fmt.Sprint("d-", n))
		req.Header.Set("X-Hub-Signature-256", sign([]byte(body)))
		wg.Add(1)
		go func() {
			defer wg.Done()
			start := time.Now()
			resp, err := client.Do(req)
			if err != nil {
				b.Error(err)
				return
			}
			resp.Body.Close()
			mu.Lock()
			defer mu.Unlock()
			took = append(took, time.Since(start))
		}()
	}
	wg.Wait()
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
	if err := errors.Join(q.Stop(ctx), s.Close()); err != nil {
		b.Error(err)
	}
}
