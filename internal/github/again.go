package github

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"strings"
	"time"
)

// A request that only reads, and that GitHub failed to answer, is sent again
// after a moment: to begin the whole evaluation anew would ask for everything
// else once more. What fails as often as this is for the queue, which can wait
// for longer.
const (
	readTries  = 3
	readPause  = 60 * time.Millisecond // and three times as long each time
	writeTries = 3
	// GitHub answers a query that takes it too long with an error as well, after
	// ten seconds. It would not do any better a second time.
	slowQuery = 5 * time.Second
)

// read sends a reading request as often as it is worth it. A limit that is met
// meanwhile counts.
func (l *limiter) read(r *http.Request, kind string) (*http.Response, error) {
	for try := 1; ; try++ {
		began := time.Now() // not the configured clock: it tells how GitHub is doing
		resp, err := l.next.RoundTrip(r)
		if try == readTries || !fleeting(resp, err) || kind == queries && time.Since(began) > slowQuery {
			return resp, err
		}
		again, repeatable := repeated(r)
		if !repeatable || !pause(r.Context(), try) {
			return resp, err
		}
		if resp != nil {
			drain(resp)
		}
		if until, limited := l.limited(kind); limited {
			return nil, &LimitError{until}
		}
		r = again
	}
}

// pause waits a moment, with some chance in it, so that what failed together
// does not come back together. It is false when there is no time for it.
func pause(ctx context.Context, try int) bool {
	wait := readPause
	for range try - 1 {
		wait *= 3
	}
	timer := time.NewTimer(wait/2 + rand.N(wait))
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// fleeting tells what is likely to be different at once: a gateway's hiccup, an
// error of GitHub's own, a connection that was cut. That it gives up on a
// comparison is said in the same way and stays.
func fleeting(resp *http.Response, err error) bool {
	if err != nil {
		var token *tokenError // which was asked for again already
		return !errors.As(err, &token) && !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded)
	}
	if resp.Header.Get("Retry-After") != "" {
		return false
	}
	switch resp.StatusCode {
	case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	case http.StatusInternalServerError:
		return !strings.Contains(string(peek(resp)), "not_available")
	}
	return false
}

// patient asks for a token again as well, which changes nothing.
type patient struct{ next http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (p patient) RoundTrip(r *http.Request) (*http.Response, error) {
	for try := 1; ; try++ {
		resp, err := p.next.RoundTrip(r)
		if !strings.HasSuffix(r.URL.Path, "/access_tokens") || try == readTries || !fleeting(resp, err) {
			return resp, err
		}
		again, repeatable := repeated(r)
		if !repeatable || !pause(r.Context(), try) {
			return resp, err
		}
		if resp != nil {
			drain(resp)
		}
		r = again
	}
}

// persist sends a request again that changes nothing the second time, while it is
// in doubt.
func persist(ctx context.Context, do func() error) error {
	for try := 1; ; try++ {
		err := do()
		if !doubtful(err) || try == writeTries || !pause(ctx, try) {
			return err
		}
	}
}
