package ghfake_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/changeguard/changeguard/internal/ghfake"
)

func TestExhaustedQuota(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{Quota: 3}, nil)
	for left := 2; left >= 0; left-- {
		r := w.get(inRepo).want(200)
		if got := r.header.Get("X-RateLimit-Remaining"); got != strconv.Itoa(left) || r.header.Get("X-RateLimit-Limit") != "3" || r.header.Get("X-RateLimit-Resource") != "core" {
			t.Errorf("%s remain, want %d", got, left)
		}
	}
	r := w.get(inRepo).want(403).says("API rate limit exceeded for installation ID 1")
	reset, err := strconv.ParseInt(r.header.Get("X-RateLimit-Reset"), 10, 64)
	if err != nil || reset != w.clock.Now().Add(time.Hour).Unix() || r.header.Get("X-RateLimit-Remaining") != "0" {
		t.Errorf("the reset is %d: %v", reset, err)
	}
	w.get("/rate_limit").want(200) // free
	w.hub.AddInstallation(2, nil)
	w.repo.Share(2)
	other := w.app("POST", "/app/installations/2/access_tokens", nil).want(201).object()["token"].(string)
	w.send("GET", inRepo, nil, "Authorization", "token "+other).want(200)
	w.clock.Pass(time.Hour)
	w.token = w.newToken(nil)
	w.get(inRepo).want(200)
	w.hub.Exhaust(1)
	w.get(inRepo).want(403)
	w = newWorld(t, ghfake.Options{Limits: ghfake.Limits{TooMany: true}}, nil)
	w.get(inRepo).want(200)
	w.hub.Exhaust(1)
	w.get(inRepo).want(429).says("API rate limit exceeded")
}

func TestConditionalRequestsAreFree(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{Quota: 3}, nil)
	w.open(ghfake.Files{"b": ghfake.Text("b")})
	tag := w.get(inRepo + "/pulls/1").want(200).header.Get("ETag")
	if tag == "" {
		t.Fatal("no ETag")
	}
	for range 10 {
		if r := w.get(inRepo+"/pulls/1", "If-None-Match", tag).want(304); len(r.raw) > 0 {
			t.Error("a 304 has a body")
		}
	}
	w.repo.Edit(1, func(p *ghfake.Pull) { p.Title = "Another" })
	if r := w.get(inRepo+"/pulls/1", "If-None-Match", tag).want(200); r.header.Get("ETag") == tag || r.header.Get("X-RateLimit-Used") != "2" {
		t.Errorf("changed: %v", r.header)
	}
	for _, r := range w.hub.Requests() {
		if (r.Status == 304) != (r.Cost == 0) {
			t.Errorf("a request with status %d cost %d", r.Status, r.Cost)
		}
	}
}

func TestSecondaryLimits(t *testing.T) {
	t.Parallel()
	limited := func(o ghfake.Limits) *world {
		w := newWorld(t, ghfake.Options{Limits: o}, nil)
		w.open(ghfake.Files{"b": ghfake.Text("b")})
		return w
	}
	w := limited(ghfake.Limits{PointsPerMinute: 7})
	w.get(inRepo).want(200)
	w.call("POST", inRepo+"/check-runs", w.runBody(nil)).want(201) // 5 points
	w.get(inRepo).want(200)
	w.clock.Pass(20 * time.Second)
	r := w.get(inRepo).want(403).says("secondary rate limit")
	if r.header.Get("Retry-After") != "40" || r.header.Get("X-RateLimit-Remaining") == "0" {
		t.Errorf("the headers are %v", r.header)
	}
	w.clock.Pass(40 * time.Second)
	w.get(inRepo).want(200)

	w = limited(ghfake.Limits{CreatesPerMinute: 2, TooMany: true})
	for range 2 {
		w.call("POST", inRepo+"/issues/1/comments", obj{"body": "x"}).want(201)
	}
	w.call("POST", inRepo+"/issues/1/comments", obj{"body": "x"}).want(429).says("secondary rate limit")
	w.get(inRepo).want(200)

	w = limited(ghfake.Limits{QueriesPerMinute: 1})
	w.data("{rateLimit{cost}}", nil)
	w.call("POST", "/graphql", obj{"query": "{rateLimit{cost}}"}).want(403).says("secondary rate limit")
}

// Of many requests at once those above the limit are refused.
func TestConcurrencyLimit(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{Limits: ghfake.Limits{Concurrent: 1}}, nil)
	w.get(inRepo).want(200)
	held, release := make(chan struct{}), make(chan struct{})
	w.hub.Fail("GET /repos/acme/app/pulls", 1, func(http.ResponseWriter) {
		close(held)
		<-release
	})
	var wait sync.WaitGroup
	wait.Go(func() { w.send("GET", inRepo+"/pulls", nil, "Authorization", "token "+w.token) })
	<-held
	w.get(inRepo).want(403).says("secondary rate limit")
	close(release)
	wait.Wait()
	w.get(inRepo).want(200)
}

func TestFaultsComeOnSchedule(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	w.open(ghfake.Files{"b": ghfake.Text("b")})
	w.get(inRepo).want(200)
	w.hub.Inject(ghfake.Fault{Route: "/pulls/{pull_number}", Skip: 1, Times: 2, Status: 502, Body: "<html>", Header: http.Header{"Content-Type": {"text/html"}}})
	for i, want := range []int{200, 502, 502, 200} {
		if got := w.get(inRepo + "/pulls/1").status; got != want {
			t.Errorf("request %d is answered with %d, want %d", i, got, want)
		}
	}
	w.hub.Inject(ghfake.Fault{Route: "GET /repos/acme/app/commits", Times: -1, Status: 503})
	for range 5 {
		w.get(inRepo + "/commits").want(503)
	}
	w.get(inRepo).want(200)
	w.hub.Fail("GET /repos", 0, func(http.ResponseWriter) { t.Error("no request was to fail") })
	w.get(inRepo).want(200)
}

// A cut connection is seen as one; what was lost after it was carried out stays
// done.
func TestCutConnections(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	w.open(ghfake.Files{"b": ghfake.Text("b")})
	w.get(inRepo).want(200)
	front := httptest.NewUnstartedServer(w.hub)
	front.Config.ErrorLog = nil
	front.Start()
	t.Cleanup(front.Close)
	comment := func() error {
		req, err := http.NewRequestWithContext(context.Background(), "POST", front.URL+inRepo+"/issues/1/comments", strings.NewReader(`{"body":"x"}`))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "token "+w.token)
		resp, err := http.DefaultClient.Do(req)
		if err == nil {
			resp.Body.Close()
		}
		return err
	}
	w.hub.Inject(ghfake.Fault{Route: "/comments", Reset: true})
	if err := comment(); !errors.Is(err, io.EOF) {
		t.Errorf("cut before: %v", err)
	}
	if n := len(w.repo.Comments(1)); n != 0 {
		t.Errorf("%d comments after a request that was not carried out", n)
	}
	w.hub.Inject(ghfake.Fault{Route: "/comments", Lost: true})
	if err := comment(); !errors.Is(err, io.EOF) {
		t.Errorf("cut after: %v", err)
	}
	if n := len(w.repo.Comments(1)); n != 1 {
		t.Errorf("%d comments after a request whose answer was lost", n)
	}
	if err := comment(); err != nil {
		t.Error(err)
	}
}

// Waiting ends when the client goes away.
func TestSlowAnswers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	w.get(inRepo).want(200)
	w.hub.Inject(ghfake.Fault{Route: "GET /repos", Slow: time.Hour})
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	r := httptest.NewRequest("GET", inRepo, nil).WithContext(ctx)
	w.hub.ServeHTTP(httptest.NewRecorder(), r)
	w.hub.Inject(ghfake.Fault{Route: "GET /repos", Slow: time.Millisecond})
	w.get(inRepo).want(200)
}
