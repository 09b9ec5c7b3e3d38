package github

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/bradleyfalzon/ghinstallation/v2"
)

// tokens signs requests with an installation's token, which the library asks
// for and renews before it expires. A token that GitHub refuses before that is
// replaced: it was revoked, or the installation was given permissions that an
// older token does not have.
type tokens struct {
	app *App
	id  int64

	mu   sync.Mutex
	inst *ghinstallation.Transport
	made time.Time
}

// youngToken is how long a refused token is taken for as good as a new one.
const youngToken = time.Minute

func newTokens(a *App, id int64) *tokens {
	t := &tokens{app: a, id: id}
	t.reset()
	return t
}

// reset forgets the token. Each installation has a signer of its own, since the
// library writes to it.
func (t *tokens) reset() {
	signer := ghinstallation.NewAppsTransportFromPrivateKey(patient{t.app.options.Transport}, t.app.options.AppID, t.app.key)
	signer.BaseURL = t.app.apps.BaseURL
	t.inst = ghinstallation.NewFromAppsTransport(signer, t.id)
	t.made = t.app.options.Now()
}

func (t *tokens) current() *ghinstallation.Transport {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.inst
}

// replace forgets a token that was refused, unless it is young; then a new one
// would be refused as well.
func (t *tokens) replace(refused *ghinstallation.Transport) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.inst != refused {
		return true // somebody did
	}
	if t.app.options.Now().Sub(t.made) < youngToken {
		return false
	}
	t.reset()
	return true
}

// RoundTrip implements http.RoundTripper. A request that was refused because of
// its token was not carried out and is sent again, once.
func (t *tokens) RoundTrip(r *http.Request) (*http.Response, error) {
	inst := t.current()
	resp, err := inst.RoundTrip(r)
	if err != nil {
		return nil, explainToken(err)
	}
	again, repeatable := repeated(r)
	if !repeatable || !tokenRefused(resp) || !t.replace(inst) {
		return resp, nil
	}
	drain(resp)
	if resp, err = t.current().RoundTrip(again); err != nil {
		return nil, explainToken(err)
	}
	return resp, nil
}

// repeated is the request once more, with its body from the start.
func repeated(r *http.Request) (*http.Request, bool) {
	again := r.Clone(r.Context())
	if r.Body == nil || r.Body == http.NoBody {
		return again, true
	}
	if r.GetBody == nil {
		return nil, false
	}
	body, err := r.GetBody()
	again.Body = body
	return again, err == nil
}

// tokenRefused tells a token that is not good, or no longer good enough.
func tokenRefused(resp *http.Response) bool {
	switch resp.StatusCode {
	case http.StatusUnauthorized:
		return true
	case http.StatusForbidden:
		return strings.Contains(string(peek(resp)), "not accessible by integration")
	}
	return false
}

// maxRefusal bounds how much of a refusal's text is read.
const maxRefusal = 64 << 10

// peek reads the beginning of an answer's body and leaves all of it to be read.
func peek(resp *http.Response) []byte {
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxRefusal))
	rest := io.Reader(resp.Body)
	if err != nil {
		rest = failing{err}
	}
	resp.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(data), rest), resp.Body}
	return data
}

// failing is a reader that ended early.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// tokenError says why there is no token. It keeps the answer for the limiter.
type tokenError struct {
	status  int
	header  http.Header
	message string
	err     error
}

func (e *tokenError) Error() string {
	return fmt.Sprintf("ask for the installation's token: %s", e.message)
}

func (e *tokenError) Unwrap() error { return e.err }

// explainToken reads what GitHub said when the library asked for a token, which
// leaves the answer open.
func explainToken(err error) error {
	var denied *ghinstallation.HTTPError
	if !errors.As(err, &denied) || denied.Response == nil {
		return err
	}
	resp := denied.Response
	said := peek(resp)
	resp.Body.Close()
	e := &tokenError{status: resp.StatusCode, header: resp.Header, message: resp.Status + ": " + firstLine(said)}
	switch resp.StatusCode {
	case http.StatusNotFound:
		e.err = ErrGone
	case http.StatusForbidden, http.StatusUnauthorized:
		e.err = ErrForbidden
	}
	return e
}
