package github

import (
	"fmt"
	"io"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// limiter obeys both of GitHub's rate limits. While one is reached it answers
// by itself.
type limiter struct {
	next http.RoundTripper
	now  func() time.Time

	mu    sync.Mutex
	until time.Time
}

// The waits when GitHub does not say how long.
const (
	unknownWait = time.Minute
	longestWait = 2 * time.Hour // a nonsensical answer must not stop us for a year
)

// RoundTrip implements http.RoundTripper. A reading request that meets a
// gateway's hiccup is tried once more.
func (l *limiter) RoundTrip(r *http.Request) (*http.Response, error) {
	if until, limited := l.limited(); limited {
		return nil, &LimitError{until}
	}
	resp, err := l.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	if r.Method == http.MethodGet && (resp.StatusCode == http.StatusBadGateway || resp.StatusCode == http.StatusServiceUnavailable || resp.StatusCode == http.StatusGatewayTimeout) {
		drain(resp)
		if resp, err = l.next.RoundTrip(r); err != nil {
			return nil, err
		}
	}
	if wait, limited := l.wait(resp); limited {
		drain(resp)
		return nil, &LimitError{l.stop(wait)}
	}
	return resp, nil
}

func drain(resp *http.Response) {
	_, _ = io.CopyN(io.Discard, resp.Body, 64<<10) // so that the connection can be used again
	resp.Body.Close()
}

func (l *limiter) limited() (time.Time, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.until, l.now().Before(l.until)
}

func (l *limiter) stop(wait time.Duration) time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	if until := l.now().Add(max(time.Second, min(wait, longestWait))); until.After(l.until) {
		l.until = until
	}
	return l.until
}

// wait reads GitHub's signs of a limit: 403 or 429 with Retry-After, or with no
// requests remaining until the reset.
func (l *limiter) wait(resp *http.Response) (time.Duration, bool) {
	if resp.StatusCode != http.StatusForbidden && resp.StatusCode != http.StatusTooManyRequests {
		return 0, false
	}
	if seconds, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil {
		return time.Duration(seconds) * time.Second, true
	}
	if resp.Header.Get("X-RateLimit-Remaining") == "0" {
		return l.untilReset(resp.Header), true
	}
	return unknownWait, resp.StatusCode == http.StatusTooManyRequests
}

func (l *limiter) untilReset(h http.Header) time.Duration {
	reset, err := strconv.ParseInt(h.Get("X-RateLimit-Reset"), 10, 64)
	if err != nil {
		return unknownWait
	}
	return time.Unix(reset, 0).Sub(l.now()) + time.Second
}

// Remaining describes the state for the health page.
func (c *Client) Remaining() string {
	if until, limited := c.limits.limited(); limited {
		return fmt.Sprintf("limited until %s", until.UTC().Format(time.RFC3339))
	}
	return "ok"
}
