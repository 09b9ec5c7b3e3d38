package github

import (
	"net/http"
	"time"
)

// Observe is told of every request but those for a token: the installation, or 0
// for the App's own, the answer, or nil, and how long it took. It must not read
// the answer's body.
type Observe func(installation int64, r *http.Request, answer *http.Response, took time.Duration)

// observed tells of the requests that go through a transport.
func (o Options) observed(installation int64, next http.RoundTripper) http.RoundTripper {
	if o.Observe == nil {
		return next
	}
	return observer{o, installation, next}
}

type observer struct {
	Options
	installation int64
	next         http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (o observer) RoundTrip(r *http.Request) (*http.Response, error) {
	began := o.Now()
	resp, err := o.next.RoundTrip(r)
	o.Observe(o.installation, r, resp, o.Now().Sub(began))
	return resp, err
}

// CacheUse is how a cache was used since the program began.
type CacheUse struct {
	Name         string
	Hits, Misses int64
	Bytes        int64 // held now
}

// CacheUses are those of the App's caches.
func (a *App) CacheUses() []CacheUse {
	return []CacheUse{a.cache.use("contents", cacheBytes), a.trees.use("trees", treeCacheBytes), a.compared.use("comparisons", compareCacheBytes)}
}

func (c *cache) use(name string, size int) CacheUse {
	c.mu.Lock()
	defer c.mu.Unlock()
	return CacheUse{name, c.hits, c.misses, int64(size - c.left)}
}
