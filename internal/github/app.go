// Package github is the App's side of GitHub's API: it loads a change, reads
// policies and publishes check runs and comments.
//
// # The model
//
// An [App] holds the key. Each installation has one [Client], which carries its
// rate limit: once GitHub says stop, every further call fails at once with a
// [LimitError] that says until when, and whoever called waits elsewhere. No
// call waits for that. What GitHub only failed to answer is asked for again at
// once, a few times; so is what was written and may not have arrived, after a
// look whether it has.
//
// Loading a usual pull request takes two requests: a comparison for the merge
// base, the files and the commits, and one query for modes, blob ids, the pull
// request's facts and the policies. What an answer leaves out, because GitHub
// cuts it, is asked for in another way, or becomes a gap of the change. All of
// it speaks of one head and one tip of the base: when either moves between two
// requests, the load begins again.
//
// Contents, listings, comparisons and the names that a commit touches are cached
// by their ids, which never change their meaning, for each installation and
// repository apart. Types of the API's library do not leave the
// package.
package github

import (
	"context"
	"crypto/rsa"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/bradleyfalzon/ghinstallation/v2"
	"github.com/golang-jwt/jwt/v4"
	gh "github.com/google/go-github/v60/github"
)

// Options say how to reach GitHub.
type Options struct {
	BaseURL   string // REST base; "" means https://api.github.com/
	AppID     int64
	Key       []byte            // PEM
	Transport http.RoundTripper // nil means a default one with timeouts
	Now       func() time.Time
	CheckName string
	Memory    Memory  // of limits that other programs met; nil for none
	Observe   Observe // nil for nobody
	Shelf     Shelf   // of what was read; nil for none
}

// An App is a GitHub App. It is safe for concurrent use.
type App struct {
	options Options
	base    *url.URL
	graphql string
	key     *rsa.PrivateKey
	apps    *ghinstallation.AppsTransport // for the App's own requests
	own     *http.Client                  // that sends them
	cache   *cache
	trees   *cache // listings, see source.BaseTree
	// compared are comparisons, see keptComparison.
	compared *cache

	mu      sync.Mutex
	clients map[int64]*Client
}

// DefaultBaseURL is github.com's REST base.
const DefaultBaseURL = "https://api.github.com/"

// New makes an App. It asks nothing of GitHub yet.
func New(o Options) (*App, error) {
	base, err := o.complete()
	if err != nil {
		return nil, err
	}
	key, err := jwt.ParseRSAPrivateKeyFromPEM(o.Key)
	if err != nil {
		return nil, fmt.Errorf("the App's private key cannot be read: %w", err)
	}
	apps := ghinstallation.NewAppsTransportFromPrivateKey(o.Transport, o.AppID, key)
	apps.BaseURL = strings.TrimSuffix(base.String(), "/")
	own := &http.Client{Transport: newLimiter(o.observed(0, apps), "app", o), Timeout: requestTimeout, CheckRedirect: sameHost}
	a := newApp(o, base)
	a.key, a.apps, a.own = key, apps, own
	return a, nil
}

// complete fills in what was left out, and reads the address.
func (o *Options) complete() (*url.URL, error) {
	if o.BaseURL == "" {
		o.BaseURL = DefaultBaseURL
	}
	base, err := url.Parse(strings.TrimSuffix(o.BaseURL, "/") + "/")
	if err != nil || base.Scheme != "https" && base.Scheme != "http" || base.Host == "" {
		return nil, fmt.Errorf("%q is no address of GitHub's API; github.com's is %s, an Enterprise Server's https://HOST/api/v3/", o.BaseURL, DefaultBaseURL)
	}
	if o.Transport == nil {
		o.Transport = defaultTransport()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return base, nil
}

func newApp(o Options, base *url.URL) *App {
	return &App{
		options: o, base: base, graphql: graphqlURL(base),
		cache: newCache(cacheBytes, maxCached), trees: newCache(treeCacheBytes, maxCachedTree), compared: newCache(compareCacheBytes, maxCachedCompared),
		clients: make(map[int64]*Client),
	}
}

// graphqlURL derives the query address: api.github.com/graphql, and
// HOST/api/graphql beside HOST/api/v3.
func graphqlURL(base *url.URL) string {
	u := *base
	u.Path = strings.TrimSuffix(strings.TrimSuffix(u.Path, "/"), "/v3") + "/graphql"
	return u.String()
}

// defaultTransport bounds every step of a connection.
func defaultTransport() http.RoundTripper {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.ResponseHeaderTimeout = 30 * time.Second
	t.TLSHandshakeTimeout = 10 * time.Second
	t.MaxIdleConnsPerHost = 32
	return t
}

// requestTimeout bounds one request with its body.
const requestTimeout = 60 * time.Second

// Installation returns the client of an installation, always the same one.
func (a *App) Installation(id int64) *Client {
	a.mu.Lock()
	defer a.mu.Unlock()
	if c := a.clients[id]; c != nil {
		return c
	}
	tokens := newTokens(a, id)
	c := a.client(id, tokens, fmt.Sprint("installation ", id))
	c.tokens = tokens
	a.clients[id] = c
	return c
}

// client sends requests through a transport that signs them.
func (a *App) client(id int64, signed http.RoundTripper, name string) *Client {
	limits := newLimiter(a.options.observed(id, signed), name, a.options)
	httpClient := &http.Client{Transport: limits, Timeout: requestTimeout, CheckRedirect: sameHost}
	rest := gh.NewClient(httpClient)
	rest.BaseURL = a.base
	rest.UserAgent = userAgent
	return &Client{app: a, rest: rest, http: httpClient, limits: limits, id: id}
}

const userAgent = "changeguard"

// maxRedirects is for a repository that was renamed.
const maxRedirects = 5

// sameHost follows redirections within GitHub only: the token goes with them.
func sameHost(r *http.Request, via []*http.Request) error {
	if r.URL.Host != via[0].URL.Host || r.URL.Scheme != via[0].URL.Scheme || len(via) > maxRedirects {
		return http.ErrUseLastResponse
	}
	return nil
}

// A Client speaks for one installation, or for whoever a token belongs to.
type Client struct {
	app    *App
	id     int64 // of the installation, else 0
	rest   *gh.Client
	http   *http.Client
	limits *limiter
	tokens *tokens // nil for a token that is given
}

// Check asks GitHub who this App is, for the operator's peace of mind.
func (a *App) Check(ctx context.Context) (slug string, err error) {
	app, _, err := a.rest().Apps.Get(ctx, "")
	return app.GetSlug(), explain("ask who the App is", err)
}
