package webhook_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/changeguard/changeguard/internal/store"
	"github.com/changeguard/changeguard/webhook"
)

// Nothing that is nested or counted can be made expensive.
func TestBombs(t *testing.T) {
	t.Parallel()
	const many = 2 << 20
	for name, body := range map[string]string{
		"arrays":            strings.Repeat("[", many),
		"closed arrays":     strings.Repeat("[", many/2) + strings.Repeat("]", many/2),
		"objects":           strings.Repeat(`{"a":`, many/5),
		"arrays in a field": `{"action": "opened", "pull_request": ` + strings.Repeat("[", many),
		"deep and unknown":  `{"action": "opened", "x": ` + strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000) + `}`,
		"one long string":   `{"action": "` + strings.Repeat("x", many),
		"escapes":           `{"action": "` + strings.Repeat(`\u0000`, many/6) + `"`,
	} {
		for _, event := range []string{"pull_request", "ping"} {
			r := &receiver{}
			if got := status(handler(r, secret), request(event, body)); got != http.StatusBadRequest || len(r.accepted) > 0 {
				t.Errorf("%s as %s: %d", name, event, got)
			}
		}
	}
	for name, body := range map[string]string{
		"a digit":   `{"action": "opened", "x": ` + strings.Repeat("9", many) + `, ` + pullPart + `}`,
		"many keys": `{"action": "opened", ` + strings.Repeat(`"k": null, `, many/10) + pullPart + `}`,
		"a list":    `{"action": "opened", "x": [` + strings.Repeat("0,", many/2) + `0], ` + pullPart + `}`,
	} {
		r := &receiver{}
		if got := status(handler(r, secret), request("pull_request", body)); got != http.StatusAccepted {
			t.Errorf("%s: %d", name, got)
		}
	}
}

// slow is a body that arrives piece by piece, as somebody wants it to.
type slow struct {
	pieces chan []byte
	rest   []byte
}

func (s *slow) Read(p []byte) (int, error) {
	if len(s.rest) == 0 {
		piece, ok := <-s.pieces
		if !ok {
			return 0, io.ErrUnexpectedEOF
		}
		s.rest = piece
	}
	n := copy(p, s.rest)
	s.rest = s.rest[n:]
	return n, nil
}

// Strangers can hold a bounded amount of memory, and large bodies keep no small
// one out.
func TestBodiesTakeBoundedMemory(t *testing.T) {
	t.Parallel()
	r := &receiver{}
	h := handler(r, secret)
	var refused atomic.Int32
	var wg sync.WaitGroup
	var bodies []*slow
	for range 8 {
		s := &slow{pieces: make(chan []byte)}
		bodies = append(bodies, s)
		wg.Go(func() {
			req := request("pull_request", pullBody)
			req.Body, req.ContentLength = io.NopCloser(s), 24<<20
			if status(h, req) == http.StatusServiceUnavailable {
				refused.Add(1)
				for range s.pieces { // what nobody reads any more
				}
			}
		})
	}
	piece := make([]byte, 4<<20)
	for range 5 {
		for _, s := range bodies {
			s.pieces <- piece
		}
	}
	if refused.Load() < 2 {
		t.Errorf("%d of 8 bodies of 20 MB were refused", refused.Load())
	}
	if !strings.Contains(r.logged(), "too many bodies are being sent") {
		t.Error("the log does not say so")
	}
	if got := status(h, request("pull_request", pullBody)); got != http.StatusAccepted {
		t.Errorf("a usual delivery meanwhile: %d", got)
	}
	for _, s := range bodies {
		close(s.pieces)
	}
	wg.Wait()
	if got := status(h, request("pull_request", pullBody+strings.Repeat(" ", 20<<20))); got != http.StatusAccepted { // all of it is given back
		t.Errorf("a large delivery later: %d", got)
	}
}

// Payloads that wait for a slow disk take none of that memory.
func TestSlowDiskFillsNoMemory(t *testing.T) {
	t.Parallel()
	const many = 3000 // that wait, with 32 KB each three times as much as there is
	written := make(chan struct{})
	var waiting atomic.Int32
	h := webhook.Handler(webhook.Config{
		Secret: []byte(secret), Logger: slog.New(slog.DiscardHandler), Now: time.Now,
		Accept: func(context.Context, store.Delivery, store.Subject) error {
			if waiting.Add(1) == many {
				close(written)
			}
			<-written
			return nil
		},
	})
	var wg sync.WaitGroup
	for range many {
		wg.Go(func() {
			if got := status(h, request("pull_request", pullBody+strings.Repeat(" ", 30<<10))); got != http.StatusAccepted {
				t.Errorf("refused with %d", got)
				if waiting.Add(1) == many {
					close(written)
				}
			}
		})
	}
	wg.Wait()
}

// serve serves a handler over HTTP.
func serve(t *testing.T, h http.Handler) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.Listener.Addr().String()
}

// A connection that breaks in the middle of a body hands nothing over, whatever
// the part that arrived says.
func TestBodyCutInTheMiddle(t *testing.T) {
	t.Parallel()
	r := &receiver{}
	ended := make(chan int, 1)
	inner := handler(r, secret)
	addr := serve(t, http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		x := httptest.NewRecorder()
		inner.ServeHTTP(x, req)
		ended <- x.Code
	}))
	for _, head := range []string{fmt.Sprintf("Content-Length: %d\r\n\r\n", len(pullBody)+1), fmt.Sprintf("Transfer-Encoding: chunked\r\n\r\n%x\r\n", len(pullBody)+1)} {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		_, err = fmt.Fprintf(c, "POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nX-GitHub-Event: pull_request\r\nX-GitHub-Delivery: d\r\nX-Hub-Signature-256: %s\r\n%s%s",
			sign([]byte(pullBody)), head, pullBody)
		if err := errors.Join(err, c.Close()); err != nil {
			t.Fatal(err)
		}
		if code := <-ended; code != http.StatusBadRequest {
			t.Errorf("%q: %d", head, code)
		}
	}
	if len(r.accepted) > 0 {
		t.Errorf("accepted %v", r.accepted)
	}
}

// An answer comes after the delivery is on disk, and not before.
func TestAnswerWaitsForTheDisk(t *testing.T) {
	t.Parallel()
	asked, written := make(chan struct{}), make(chan struct{})
	onDisk := atomic.Bool{}
	addr := serve(t, webhook.Handler(webhook.Config{
		Secret: []byte(secret), Logger: slog.New(slog.DiscardHandler), Now: time.Now,
		Accept: func(context.Context, store.Delivery, store.Subject) error {
			close(asked)
			<-written
			onDisk.Store(true)
			return nil
		},
	}))
	answered := make(chan bool)
	go func() {
		req := request("pull_request", pullBody)
		req.RequestURI, req.URL.Scheme, req.URL.Host = "", "http", addr
		resp, err := http.DefaultClient.Do(req)
		if err != nil || resp.StatusCode != http.StatusAccepted || resp.Body.Close() != nil {
			t.Errorf("%v %v", resp, err)
		}
		answered <- onDisk.Load()
	}()
	<-asked
	select {
	case <-answered:
		t.Error("answered before the delivery was written")
	default:
	}
	close(written)
	if !<-answered {
		t.Error("answered before the delivery was on disk")
	}
}

// One subject of several that cannot be stored fails the whole delivery.
func TestAllSubjectsAreStoredOrTheDeliveryFails(t *testing.T) {
	t.Parallel()
	r := &receiver{known: []store.Subject{{Kind: store.Pull, Owner: "acme", Repo: "app", Number: 8, Head: sha}}}
	for fails := range 3 {
		n := 0
		h := webhook.Handler(webhook.Config{
			Secret: []byte(secret), Sharing: r.sharing, Logger: slog.New(slog.DiscardHandler), Now: time.Now,
			Accept: func(context.Context, store.Delivery, store.Subject) error {
				if n++; n == fails+1 {
					return errors.New("locked")
				}
				return nil
			},
		})
		want := http.StatusServiceUnavailable
		if fails == 2 {
			want = http.StatusAccepted
		}
		if got := status(h, request("check_run", ask("check_run", listed))); got != want {
			t.Errorf("subject %d cannot be stored: %d, want %d", fails+1, got, want)
		}
	}
	h := webhook.Handler(webhook.Config{
		Secret: []byte(secret), Accept: r.accept, Logger: slog.New(slog.DiscardHandler), Now: time.Now,
		Sharing: func(context.Context, string, string, string) ([]store.Subject, error) {
			return nil, errors.New("locked")
		},
	})
	if got := status(h, request("check_run", ask("check_run", listed))); got != http.StatusServiceUnavailable {
		t.Errorf("nobody knows what shares the head: %d", got)
	}
}

// The log tells an operator of a wrong secret, and strangers cannot fill it. It
// repeats nothing of a payload.
func TestLog(t *testing.T) {
	t.Parallel()
	r := &receiver{}
	h := handler(r, secret)
	for range 100 {
		req := request("pull_request", pullBody)
		req.Header.Set("X-Hub-Signature-256", sign([]byte("other")))
		status(h, req)
	}
	if got := r.logged(); strings.Count(got, "is the webhook secret the App's?") != 1 || len(got) > 300 {
		t.Errorf("a hundred strangers:\n%s", got)
	}
	const private = "hunter2"
	for _, body := range []string{
		private, `{"action": "` + private, `{"action": 7, "x": "` + private + `"}`, `["` + private + `"]`,
		strings.Replace(pullBody, `"acme"`, `"/`+private+`"`, 1), strings.Replace(pullBody, sha, private, 1),
		strings.Replace(pullBody, `"number": 7`, `"number": 1234567.5`, 2), strings.Replace(pullBody, `{"id": 5}`, `"`+private+`"`, 1),
	} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, request("pull_request", body))
		if w.Code != http.StatusBadRequest || strings.Contains(w.Body.String(), private) || strings.Contains(w.Body.String(), "1234567") {
			t.Errorf("%.30s: %d %s", body, w.Code, w.Body)
		}
	}
	if got := r.logged(); strings.Contains(got, private) || strings.Contains(got, "1234567") || strings.Contains(got, secret) || !strings.Contains(got, "delivery=d-1") {
		t.Errorf("the log:\n%s", got)
	}
	unknown := strings.ReplaceAll(ask("check_run", ""), sha, strings.Repeat("a", 40))
	if status(h, request("check_run", unknown)); !strings.Contains(r.logged(), "nothing is known of") {
		t.Errorf("the log:\n%s", r.logged())
	}
}
