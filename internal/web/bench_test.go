package web_test

import (
	"context"
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

	"github.com/go-chi/chi/v5"

	"github.com/changeguard/changeguard/internal/store"
	"github.com/changeguard/changeguard/internal/web"
	"github.com/changeguard/changeguard/verdict"
)

// filled is how many verdicts the pages are measured over. Where it only matters
// that the benchmark works it is fewer: storing 100,000 takes two minutes.
func filled() int {
	if testing.Short() || os.Getenv("CI") != "" {
		return 3_000
	}
	return 100_000
}

// crowd is a database of that many verdicts, made once: 40 repositories, three
// verdicts of each change, over 90 days.
var crowd = sync.OnceValues(func() (*store.Store, error) {
	dir, err := os.MkdirTemp("", "changeguard-crowd-")
	if err != nil {
		return nil, err
	}
	crowdDir = dir
	s, err := store.Open(context.Background(), "sqlite:"+filepath.Join(dir, "crowd.db"))
	if err != nil {
		return nil, err
	}
	crowdStore = s
	return s, fill(s, filled())
})

// What is removed in the end.
var (
	crowdDir   string
	crowdStore *store.Store
)

func TestMain(m *testing.M) {
	code := m.Run()
	if crowdStore != nil {
		if err := errors.Join(crowdStore.Close(), os.RemoveAll(crowdDir)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

// chunk is how many changes are received at once.
const chunk = 500

// fill stores n verdicts the way the server does.
func fill(s *store.Store, n int) error {
	ctx := context.Background()
	var subjects []store.Subject
	for i := range (n + 2) / 3 {
		subjects = append(subjects, store.Subject{Kind: store.Pull, Installation: 1, Owner: "acme", Repo: fmt.Sprintf("repo-%d", i%40), Number: 1 + i/40})
	}
	for round := range 3 {
		for some := range slices.Chunk(subjects, chunk) {
			if err := receive(ctx, s, round, some); err != nil {
				return err
			}
		}
		for i, x := range subjects {
			if err := s.AddVerdict(ctx, nth(round, i, len(subjects), x)); err != nil {
				return err
			}
		}
	}
	return nil
}

// receive notes an event of each change, and that it was evaluated.
func receive(ctx context.Context, s *store.Store, round int, subjects []store.Subject) error {
	arrivals := make([]*store.Arrival, len(subjects))
	return s.InTx(ctx, func(tx *store.Tx) error {
		for i, x := range subjects {
			arrivals[i] = &store.Arrival{Delivery: store.Delivery{ID: fmt.Sprintf("%s %d", x.Name(), round), Event: "pull_request", Received: start}, Subject: x}
		}
		if err := store.ReceiveAll(ctx, tx, arrivals); err != nil {
			return err
		}
		for i, a := range arrivals {
			subjects[i] = a.Subject
			if _, err := store.Finish(ctx, tx, a.Subject.ID, a.Subject.Want); err != nil {
				return err
			}
		}
		return nil
	})
}

// nth is a verdict like many: half of them pass, and some are of agents.
func nth(round, i, of int, x store.Subject) store.Verdict {
	v := sample()
	v.ID = fmt.Sprintf("%s %d", x.Name(), round)
	if (i+round)%2 == 0 {
		v.Outcome, v.Title, v.Findings = verdict.Pass, "✅ Passed", nil
	}
	if i%3 == 0 {
		v.Session.Actor, v.Session.Mode, v.Session.Modes = "", "", nil
	}
	body, err := v.JSON()
	if err != nil {
		panic(err) // a mistake of the sample
	}
	aside, err := v.Aside()
	if err != nil {
		panic(err)
	}
	const span = 90 * 24 * time.Hour
	at := start.Add(-span + span*time.Duration(round)/3 + span/3*time.Duration(i)/time.Duration(of))
	return store.Verdict{
		Subject: x, Digest: v.ID, Outcome: string(v.Outcome), Observed: v.Observed, Waiting: v.Waiting, Title: v.Title, Head: v.Head, Policy: v.Policy.Digest,
		Score: v.Risk.Score, SubjectLine: fmt.Sprintf("Change %d of %s", i, x.Repo), Created: at, Body: body, Inputs: aside,
	}
}

// BenchmarkPages answers pages from a database of 100,000 verdicts, over HTTP. The
// first page is promised in under 200 ms.
func BenchmarkPages(b *testing.B) {
	s, err := crowd()
	if err != nil {
		b.Fatal(err)
	}
	router := chi.NewRouter()
	if err := web.Routes(router, web.Config{Store: s, Logger: slog.New(slog.DiscardHandler), Now: func() time.Time { return start }}); err != nil {
		b.Fatal(err)
	}
	server := httptest.NewServer(router)
	b.Cleanup(server.Close)
	for _, page := range []struct{ name, path string }{
		{"first", "/"},
		{"older", fmt.Sprintf("/?before=%d", filled()*9/10)},
		{"pull", "/acme/repo-7/pull/11"},
		{"audit", "/audit"},
		{"search", "/audit?q=repo-7"},
		{"nothing", "/audit?q=no-such-thing"},
		{"health", "/health"},
		{"policy", "/policy"},
	} {
		b.Run(page.name, func(b *testing.B) {
			size := 0
			for b.Loop() {
				size = len(fetch(b, server.URL+page.path))
			}
			b.ReportMetric(float64(size), "bytes")
		})
	}
}

func fetch(b *testing.B, address string) string {
	b.Helper()
	r, err := http.NewRequestWithContext(context.Background(), http.MethodGet, address, nil)
	if err != nil {
		b.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		b.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK || !strings.Contains(string(data), "</html>") {
		b.Fatalf("%s: %s %v", address, resp.Status, err)
	}
	return string(data)
}
