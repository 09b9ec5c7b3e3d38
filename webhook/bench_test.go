package webhook_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/changeguard/changeguard/internal/ghfake"
	"github.com/changeguard/changeguard/internal/queue"
	"github.com/changeguard/changeguard/internal/store"
	"github.com/changeguard/changeguard/webhook"
)

// signedRequest is a delivery ready to be sent.
type signedRequest struct{ body, signature string }

// usual are deliveries about many pull requests as GitHub sends them, some
// 20 KB each.
func usual(b *testing.B, n int) []signedRequest {
	b.Helper()
	github := ghfake.New(ghfake.Options{AppID: 7, Secret: secret})
	github.AddInstallation(1, nil)
	r := github.AddRepo(1, "acme", "app")
	author := ghfake.Signature{Name: "Dev", Email: "dev@example.com", When: start}
	r.Commit("main", "first", ghfake.Files{"a": ghfake.Text("x\n")}, author)
	r.Branch("feature", "main")
	r.Commit("feature", "change", ghfake.Files{"a": ghfake.Text("y\n")}, author)
	p := r.Open(ghfake.Pull{Title: "A change", Body: strings.Repeat("What it is for. ", 100), Base: "main", Head: "feature", Author: ghfake.Account{Login: "dev", ID: 11, Type: "User"}})
	payload := r.PullEvent(p.Number, "synchronize", nil)
	pull := payload["pull_request"].(map[string]any)
	var list []signedRequest
	for i := range n {
		payload["number"], pull["number"] = i+1, i+1
		body, err := json.Marshal(payload)
		if err != nil {
			b.Fatal(err)
		}
		list = append(list, signedRequest{string(body), sign(body)})
	}
	return list
}

// evaluate stands for an evaluation: as many requests to GitHub as a usual one
// takes, at a fast round trip each, and what it writes.
func evaluate(s **store.Store) queue.Handler {
	return func(ctx context.Context, x store.Subject) error {
		select {
		case <-time.After(4 * 10 * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
		v := store.Verdict{Subject: x, Digest: fmt.Sprint(x.Want), Outcome: "pass", Head: x.Head, Body: []byte(`{"findings": "` + strings.Repeat("x", 5000) + `"}`)}
		run := store.Run{Repository: x.Repository(), Head: x.Head, RunID: 1, ExternalID: v.Digest, Conclusion: "success"}
		return errors.Join((*s).AddVerdict(ctx, v), (*s).SetRun(ctx, run, start))
	}
}

// BenchmarkWebhook sends 500 signed deliveries a second over HTTP to the real
// handler with the queue and SQLite on a disk behind it, and reports how long
// the answers take, from when each was to be sent: one that is late because
// others were slow counts as slow. Four workers evaluate meanwhile. Every answer
// must say that the delivery was accepted. Run it with -benchtime 5000x, which
// is ten seconds.
func BenchmarkWebhook(b *testing.B) {
	ctx := context.Background()
	path := filepath.Join(b.TempDir(), "w.db")
	s, err := store.Open(ctx, "sqlite:"+path)
	if err != nil {
		b.Fatal(err)
	}
	q, err := queue.New(ctx, queue.Config{Store: s, Workers: 4, Handler: evaluate(&s), Logger: slog.New(slog.DiscardHandler), Now: time.Now})
	if err != nil {
		b.Fatal(err)
	}
	if err := q.Start(ctx); err != nil {
		b.Fatal(err)
	}
	server := httptest.NewServer(webhook.Handler(webhook.Config{
		Secret: []byte(secret), Accept: q.Accept, Sharing: s.Sharing, Logger: slog.New(slog.DiscardHandler), Now: time.Now,
	}))
	defer server.Close()
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	requests := usual(b, 300)
	const beat = 2 * time.Millisecond
	took := make([]time.Duration, b.N)
	var wg sync.WaitGroup
	b.ResetTimer()
	begin := time.Now()
	for i := range b.N {
		due := begin.Add(time.Duration(i) * beat)
		time.Sleep(time.Until(due))
		wg.Go(func() {
			send(b, client, server.URL, fmt.Sprint("d-", i), requests[i%len(requests)])
			took[i] = time.Since(due)
		})
	}
	wg.Wait()
	elapsed := time.Since(begin)
	b.StopTimer()
	slices.Sort(took)
	for name, share := range map[string]int{"p50-ms": 50, "p99-ms": 99, "max-ms": 100} {
		b.ReportMetric(float64(took[(len(took)-1)*share/100].Microseconds())/1000, name)
	}
	b.ReportMetric(float64(b.N)/elapsed.Seconds(), "answers/s")
	b.ReportMetric(float64(len(requests[0].body)), "bytes/delivery")
	if info, err := os.Stat(path + "-wal"); err == nil {
		b.ReportMetric(float64(info.Size())/(1<<20), "log-MB")
	}
	if err := errors.Join(q.Stop(ctx), s.Close()); err != nil {
		b.Error(err)
	}
}

func send(b *testing.B, client *http.Client, url, id string, r signedRequest) {
	req, err := http.NewRequestWithContext(context.Background(), http.MethodPost, url, strings.NewReader(r.body))
	if err != nil {
		b.Error(err)
		return
	}
	req.Header = http.Header{
		"Content-Type": {"application/json"}, "X-Github-Event": {"pull_request"}, "X-Github-Delivery": {id}, "X-Hub-Signature-256": {r.signature},
	}
	resp, err := client.Do(req)
	if err != nil {
		b.Error(err)
		return
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil || resp.StatusCode != http.StatusAccepted {
		b.Errorf("%s was answered with %d, %v", id, resp.StatusCode, err)
	}
}
