package github_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/changeguard/changeguard/internal/ghfake"
	"github.com/changeguard/changeguard/internal/ghfake/ghtest"
	"github.com/changeguard/changeguard/internal/github"
)

func limited(t *testing.T, err error) *github.LimitError {
	t.Helper()
	var limit *github.LimitError
	if !errors.As(err, &limit) {
		t.Fatalf("got %v", err)
	}
	return limit
}

// The hour's quota is used up: nothing is asked until it is back.
func TestExhaustedQuotaIsWaitedFor(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	n := w.open(some, ghfake.Files{"b": ghfake.Text("b\n")})
	w.hub.Exhaust(1)
	r := w.pull(n)
	for range 3 {
		_, err := w.client.Load(context.Background(), r)
		if wait := limited(t, err).Until.Sub(w.clock.Now()); wait < 59*time.Minute || wait > 61*time.Minute {
			t.Errorf("waits %s", wait)
		}
	}
	if asked := w.asked(); len(asked) != 1 {
		t.Errorf("%v", asked)
	}
	w.clock.Pass(62 * time.Minute)
	_, err := w.client.Load(context.Background(), r)
	limited(t, err) // by the stand-in, for which less time has passed
	if asked := w.asked(); len(asked) != 1 {
		t.Errorf("not asked again after the wait: %v", asked)
	}
}

// The answer that uses up the quota is the last: the next request is not sent,
// be it counted by the limiter or by the library.
func TestTheLastRequestOfTheHour(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{Quota: 1}, nil)
	n := w.open(some, ghfake.Files{"b": ghfake.Text("b\n")})
	w.load(n) // a request and a query; the queries have a quota of their own
	w.asked()
	w.push()
	_, err := w.client.Load(context.Background(), w.pull(n))
	limited(t, err)
	w.clock.Pass(62 * time.Minute)
	_, err = w.client.Load(context.Background(), w.pull(n))
	limited(t, err) // by the library, which has a clock of its own
	if asked := w.asked(); len(asked) != 0 {
		t.Errorf("%v", asked)
	}
}

func TestTheLastQueryOfTheHour(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{Limits: ghfake.Limits{GraphQLPoints: 1}}, nil)
	n := w.open(some, ghfake.Files{"b": ghfake.Text("b\n")})
	w.load(n)
	w.asked()
	w.push()
	_, err := w.client.Load(context.Background(), w.pull(n))
	limited(t, err)
	if asked := w.asked(); len(asked) != 1 || asked[0] != compare {
		t.Errorf("%v", asked)
	}
	// What is no query goes on.
	if _, err := w.client.PublishRun(context.Background(), github.Target{Owner: "acme", Repo: "app", Head: w.repo.Tip("feature")}, passed); err != nil {
		t.Error(err)
	}
}

// A query over its quota comes with status 200.
func TestLimitsOfQueries(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"RATE_LIMIT", "RATE_LIMITED"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, ghfake.Options{}, nil)
			n := w.open(some, ghfake.Files{"b": ghfake.Text("b\n")})
			reset := w.clock.Now().Add(20 * time.Minute)
			w.hub.Fail("/graphql", 1, func(rw http.ResponseWriter) {
				h := rw.Header()
				h.Set("Content-Type", "application/json; charset=utf-8")
				h.Set("X-RateLimit-Remaining", "0")
				h.Set("X-RateLimit-Reset", fmt.Sprint(reset.Unix()))
				fmt.Fprintf(rw, `{"errors":[{"type":%q,"message":"API rate limit already exceeded for installation ID 1."}]}`, kind)
			})
			_, err := w.client.Load(context.Background(), w.pull(n))
			if wait := limited(t, err).Until.Sub(w.clock.Now()); wait < 19*time.Minute || wait > 21*time.Minute {
				t.Errorf("waits %s", wait)
			}
			// What is no query goes on.
			if _, err := w.client.Protected(context.Background(), "acme", "app", "main"); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestSecondaryLimits(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]ghfake.Options{
		"403": {Limits: ghfake.Limits{PointsPerMinute: 3}},
		"429": {Limits: ghfake.Limits{PointsPerMinute: 3, TooMany: true}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, o, nil)
			n := w.open(some, ghfake.Files{"b": ghfake.Text("b\n")})
			for range 3 {
				w.load(n)
				w.push()
			}
			_, err := w.client.Load(context.Background(), w.pull(n))
			if wait := limited(t, err).Until.Sub(w.clock.Now()); wait <= 0 || wait > time.Minute+time.Second {
				t.Errorf("waits %s", wait)
			}
			w.asked()
			// It stops everything, queries too.
			_, err = w.client.PublishRun(context.Background(), github.Target{Owner: "acme", Repo: "app", Head: w.repo.Tip("feature")}, passed)
			limited(t, err)
			if asked := w.asked(); len(asked) != 0 {
				t.Errorf("%v", asked)
			}
		})
	}
}

// GitHub does not always say in a header that a limit was met, nor how long.
func TestLimitsWithoutAHeader(t *testing.T) {
	t.Parallel()
	at := ghtest.NewClock(time.Unix(1000000, 0))
	var answers atomic.Int32
	gh := client(t, at, "/", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-RateLimit-Remaining", "4000")
		if answers.Add(1) == 4 {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprint(w, `{"message": "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."}`)
	})
	for _, want := range []time.Duration{1, 2, 4, 0, 1} {
		_, err := gh.Load(context.Background(), somewhere)
		if want == 0 {
			continue // an answer: the waits begin anew
		}
		wait := limited(t, err).Until.Sub(at.Now())
		if wait != want*time.Minute {
			t.Errorf("waits %s, want %d minutes", wait, want)
		}
		at.Pass(wait + time.Second)
	}
}

// A query over a secondary limit comes with status 200. Its header counts, and without
// one each limit in a row is waited for longer.
func TestSecondaryLimitsOfQueries(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	n := w.open(some, ghfake.Files{"b": ghfake.Text("b\n")})
	for _, c := range []struct {
		after string
		want  time.Duration
	}{{"300", 5}, {"", 1}, {"", 2}, {"", 4}} {
		w.hub.Fail("/graphql", 1, func(rw http.ResponseWriter) {
			h := rw.Header()
			h.Set("Content-Type", "application/json; charset=utf-8")
			h.Set("X-RateLimit-Remaining", "4000")
			if c.after != "" {
				h.Set("Retry-After", c.after)
			}
			fmt.Fprint(rw, `{"errors":[{"type":"","message":"You have exceeded a secondary rate limit. Please wait a few minutes before you try again."}]}`)
		})
		_, err := w.client.Load(context.Background(), w.pull(n))
		wait := limited(t, err).Until.Sub(w.clock.Now())
		if wait != c.want*time.Minute {
			t.Errorf("with %q it waits %s, want %d minutes", c.after, wait, c.want)
		}
		w.clock.Pass(wait + time.Second)
	}
	w.load(n)
}

// Requests that meet the same limit at once are one limit.
func TestOneLimitMetByMany(t *testing.T) {
	t.Parallel()
	at := ghtest.NewClock(time.Unix(1000000, 0))
	const many = 6
	var together sync.WaitGroup
	together.Add(many)
	gh := client(t, at, "/", func(w http.ResponseWriter, _ *http.Request) {
		together.Done()
		together.Wait()
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprint(w, `{"message": "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."}`)
	})
	errs := make(chan error, many)
	for range many {
		go func() {
			_, err := gh.Protected(context.Background(), "acme", "app", "main")
			errs <- err
		}()
	}
	for range many {
		if wait := limited(t, <-errs).Until.Sub(at.Now()); wait != time.Minute {
			t.Errorf("waits %s", wait)
		}
	}
}

func TestServiceUnavailableWithAWait(t *testing.T) {
	t.Parallel()
	at := ghtest.NewClock(time.Unix(1000000, 0))
	var asked atomic.Int32
	gh := client(t, at, "/", func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		w.Header().Set("Retry-After", "120")
		w.WriteHeader(http.StatusServiceUnavailable)
	})
	_, err := gh.Load(context.Background(), somewhere)
	if wait := limited(t, err).Until.Sub(at.Now()); wait != 2*time.Minute || asked.Load() != 1 {
		t.Errorf("waits %s after %d requests", wait, asked.Load())
	}
}

// Asking for a token can meet a limit as well.
func TestLimitWhileAskingForAToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	n := w.open(some, ghfake.Files{"b": ghfake.Text("b\n")})
	w.hub.Inject(ghfake.Fault{Route: "access_tokens", Status: 429, Header: http.Header{"Retry-After": {"40"}}, Body: "{}"})
	_, err := w.client.Load(context.Background(), w.pull(n))
	if wait := limited(t, err).Until.Sub(w.clock.Now()); wait != 40*time.Second {
		t.Errorf("waits %s", wait)
	}
	w.clock.Pass(time.Minute)
	w.load(n)
}

// Installations have limits of their own.
func TestInstallationsDoNotWaitForEachOther(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	n := w.open(some, ghfake.Files{"b": ghfake.Text("b\n")})
	w.hub.AddInstallation(2, nil)
	w.repo.Share(2)
	w.hub.Exhaust(1)
	_, err := w.client.Load(context.Background(), w.pull(n))
	limited(t, err)
	if _, err := w.app.Installation(2).Load(context.Background(), w.pull(n)); err != nil {
		t.Error(err)
	}
}

func TestNothingOfATokenInErrors(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	n := w.open(some, ghfake.Files{"b": ghfake.Text("b\n")})
	w.hub.Inject(ghfake.Fault{Route: "/compare/", Times: -1, Reset: true})
	if _, err := w.client.Load(context.Background(), w.pull(n)); err == nil || strings.Contains(err.Error(), "ghs_") {
		t.Errorf("%v", err)
	}
}

// memory is what two programs share.
type memory struct {
	mu    sync.Mutex
	until map[string]time.Time
}

func (m *memory) Limited(name string) time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.until[name]
}

func (m *memory) Limit(name string, until time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.until[name] = until
}

// A limit that one program meets is known to the others, which ask nothing. What
// a broken clock made of it stops nobody for a year.
func TestLimitsAreSharedByPrograms(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	n := w.open(some, ghfake.Files{"b": ghfake.Text("b\n")})
	shared := &memory{until: make(map[string]time.Time)}
	program := func() *github.Client {
		o := w.options
		o.Memory = shared
		app, err := github.New(o)
		if err != nil {
			t.Fatal(err)
		}
		return app.Installation(1)
	}
	one, two := program(), program()
	w.hub.Exhaust(1)
	_, err := one.Load(context.Background(), w.pull(n))
	until := limited(t, err).Until
	w.asked()
	_, err = two.Load(context.Background(), w.pull(n))
	if got := limited(t, err).Until; !got.Equal(until) {
		t.Errorf("the other program waits until %s, not %s", got, until)
	}
	if asked := w.asked(); len(asked) != 0 {
		t.Errorf("it asked all the same: %v", asked)
	}
	shared.until = map[string]time.Time{"installation 1 core": w.clock.Now().Add(365 * 24 * time.Hour)}
	_, err = program().Load(context.Background(), w.pull(n))
	if got := limited(t, err).Until; got.After(w.clock.Now().Add(2 * time.Hour)) {
		t.Errorf("a wrong clock stops it until %s", got)
	}
}
