package github

import (
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// limiter obeys GitHub's rate limits: the hourly ones of requests and of
// queries, which are counted apart, and the secondary ones, which stop
// everything. While one is reached it answers by itself.
type limiter struct {
	next   http.RoundTripper
	now    func() time.Time
	name   string // of the installation, or of the App
	memory Memory // nil for none

	mu      sync.Mutex
	until   map[string]time.Time // by what is counted; everything stops for all
	strikes int                  // limits in a row that said nothing of how long
	struck  time.Time            // until when the last of them lasts
}

// What is counted. GitHub names the hourly limits so in its headers.
const (
	everything = ""
	requests   = "core"
	queries    = "graphql"
)

// The waits when GitHub does not say how long: a minute, and then twice as long
// each time.
const (
	unknownWait = time.Minute
	maxStrikes  = 4
	longestWait = 2 * time.Hour // a nonsensical answer must not stop us for a year
)

// Memory is what several programs that speak for one App know of its limits.
// Neither method may take long.
type Memory interface {
	// Limited is until when a limit lasts; a time in the past for none.
	Limited(name string) time.Time
	// Limit tells the others of one.
	Limit(name string, until time.Time)
}

func newLimiter(next http.RoundTripper, name string, o Options) *limiter {
	return &limiter{next: next, now: o.Now, name: name, memory: o.Memory, until: make(map[string]time.Time)}
}

// RoundTrip implements http.RoundTripper. A reading request that fails in
// passing is tried again; queries all read.
func (l *limiter) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := spend(r.Context()); err != nil {
		return nil, err
	}
	kind := requests
	if strings.HasSuffix(r.URL.Path, "/graphql") {
		kind = queries
	}
	if until, limited := l.limited(kind); limited {
		return nil, &LimitError{until}
	}
	send := l.next.RoundTrip
	if kind == queries || r.Method == http.MethodGet {
		send = func(r *http.Request) (*http.Response, error) { return l.read(r, kind) }
	}
	resp, err := send(r)
	if err != nil {
		return nil, l.denied(err)
	}
	return l.obey(kind, resp)
}

func drain(resp *http.Response) {
	_, _ = io.CopyN(io.Discard, resp.Body, maxRefusal) // so that the connection can be used again
	resp.Body.Close()
}

// denied obeys a limit that was met while asking for a token.
func (l *limiter) denied(err error) error {
	var token *tokenError
	if errors.As(err, &token) {
		if wait, limited := l.wait(token.status, token.header, token.message); limited {
			return &LimitError{l.stop(everything, wait)}
		}
	}
	return err
}

// obey reads the signs of a limit in an answer.
func (l *limiter) obey(kind string, resp *http.Response) (*http.Response, error) {
	message := ""
	if resp.StatusCode == http.StatusForbidden {
		message = string(peek(resp))
	}
	h := resp.Header
	if wait, limited := l.wait(resp.StatusCode, h, message); limited {
		drain(resp)
		if spent(h) && h.Get("Retry-After") == "" {
			return nil, &LimitError{l.stop(kind, wait)}
		}
		return nil, &LimitError{l.stop(everything, wait)}
	}
	if kind != queries { // whether one was answered is in its body
		l.answered()
	}
	if spent(h) {
		l.stop(kind, l.untilReset(h)) // this answer was the hour's last
	}
	return resp, nil
}

// answered ends a row of limits.
func (l *limiter) answered() {
	l.mu.Lock()
	l.strikes = 0
	l.mu.Unlock()
}

// spent reports whether nothing of the hour is left.
func spent(h http.Header) bool { return h.Get("X-RateLimit-Remaining") == "0" }

func (l *limiter) limited(kind string) (time.Time, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	until := l.until[kind]
	if all := l.until[everything]; all.After(until) {
		until = all
	}
	now := l.now()
	if l.memory != nil {
		for _, what := range []string{kind, everything} {
			// Nor for much longer than an own one: the other program's clock may be wrong.
			if met := l.memory.Limited(l.name + " " + what); met.After(until) && met.Sub(now) <= 2*longestWait {
				until = met
			}
		}
	}
	return until, now.Before(until)
}

func (l *limiter) stop(kind string, wait time.Duration) time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	if until := l.now().Add(max(time.Second, min(wait, longestWait))); until.After(l.until[kind]) {
		l.until[kind] = until
		if l.memory != nil {
			l.memory.Limit(l.name+" "+kind, until)
		}
	}
	return l.until[kind]
}

// wait reads GitHub's signs of a limit: 403 or 429 with Retry-After, with no
// requests remaining until the reset, or with a message that says so.
func (l *limiter) wait(status int, h http.Header, message string) (time.Duration, bool) {
	if status != http.StatusForbidden && status != http.StatusTooManyRequests && status != http.StatusServiceUnavailable {
		return 0, false
	}
	if seconds, err := strconv.Atoi(h.Get("Retry-After")); err == nil {
		return min(time.Duration(seconds), longestWait/time.Second) * time.Second, true
	}
	if status == http.StatusServiceUnavailable {
		return 0, false
	}
	if spent(h) {
		return l.untilReset(h), true
	}
	if status == http.StatusTooManyRequests || strings.Contains(message, "rate limit") {
		return l.strike(), true
	}
	return 0, false
}

// strike is the wait for a limit that says nothing of how long. Requests that were on
// their way when it was met meet the same one.
func (l *limiter) strike() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	if left := l.struck.Sub(l.now()); left > 0 {
		return left
	}
	wait := unknownWait << l.strikes
	l.strikes, l.struck = min(l.strikes+1, maxStrikes), l.now().Add(wait)
	return wait
}

func (l *limiter) untilReset(h http.Header) time.Duration {
	reset, err := strconv.ParseInt(h.Get("X-RateLimit-Reset"), 10, 64)
	if err != nil {
		return unknownWait
	}
	return time.Unix(reset, 0).Sub(l.now()) + time.Second
}
