package app

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/changeguard/changeguard/guard"
	"github.com/changeguard/changeguard/internal/evidence"
	"github.com/changeguard/changeguard/internal/github"
	"github.com/changeguard/changeguard/internal/logkey"
	"github.com/changeguard/changeguard/internal/oidc"
	"github.com/changeguard/changeguard/internal/store"
)

// maxAttachment is the largest summary that is read, in bytes.
const maxAttachment = 2 << 20

// attaching is POST /api/v1/evidence.
type attaching struct {
	store    *store.Store
	guard    *guard.Guard
	github   *github.App
	verifier *oidc.Verifier // nil where the server does not know its address
	again    func(ctx context.Context, id string, s store.Subject) error
	logger   *slog.Logger
	now      func() time.Time
}

// newAttaching makes the endpoint. Tokens of Actions are for this server alone,
// which must therefore know its address.
func (s *Server) newAttaching(app *github.App) *attaching {
	a := &attaching{store: s.store, guard: s.guard, github: app, again: s.queue.Again, logger: s.outside.Logger, now: s.outside.Now}
	audience := strings.TrimRight(s.config.PublicURL, "/")
	if audience == "" {
		return a
	}
	verifier, err := oidc.New(oidc.Config{Issuer: oidc.IssuerOf(s.config.GitHubURL), Audience: audience, Transport: s.outside.Transport, Now: s.outside.Now})
	if err != nil {
		// Over http to another machine there is no telling whose keys they are.
		s.outside.Logger.Warn("test reports are taken with API tokens only", logkey.Err, err)
		return a
	}
	a.verifier = verifier
	return a
}

// denial is an answer that says no.
type denial struct {
	status int
	why    string
}

func (d *denial) Error() string { return d.why }

func deny(status int, format string, args ...any) error {
	return &denial{status, fmt.Sprintf(format, args...)}
}

// attacher is who attaches.
type attacher struct {
	claims *oidc.Claims
	token  store.Token
}

// ServeHTTP implements http.Handler.
func (a *attaching) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	n, err := a.take(w, r)
	if err == nil {
		w.WriteHeader(http.StatusAccepted)
		_ = json.NewEncoder(w).Encode(map[string]any{"attached": true, "judged_again": n}) // the client went away
		return
	}
	var no *denial
	if !errors.As(err, &no) {
		a.logger.ErrorContext(r.Context(), "evidence could not be taken", logkey.Err, err)
		no = &denial{http.StatusServiceUnavailable, "it could not be taken now; send it again"}
	}
	if no.status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", "Bearer")
	}
	w.WriteHeader(no.status)
	_ = json.NewEncoder(w).Encode(map[string]string{"error": no.why}) // the client went away
}

// take reads, checks and keeps a report, and has those judged again that wait for
// it. Who sends it is known before anything is read.
func (a *attaching) take(w http.ResponseWriter, r *http.Request) (n int, err error) {
	by, err := a.who(r)
	if err != nil {
		return 0, err
	}
	sum, err := readAttachment(w, r)
	if err != nil {
		return 0, err
	}
	e, err := a.authorise(r.Context(), by, sum)
	if err != nil {
		return 0, err
	}
	body, err := json.Marshal(sum.Report())
	if err != nil {
		return 0, fmt.Errorf("write a report: %w", err)
	}
	e.Repository, e.Commit, e.Suite, e.Body, e.Received = sum.Repository, sum.Commit, sum.Suite, body, a.now()
	err = a.store.AddEvidence(r.Context(), e)
	if errors.Is(err, store.ErrTooMany) {
		return 0, deny(http.StatusConflict, "the commit has %d reports already; attach several under one suite", store.MaxEvidence)
	}
	if err != nil {
		return 0, err
	}
	owner, repo, _ := strings.Cut(sum.Repository, "/")
	waiting, err := a.guard.AwaitingReports(r.Context(), owner, repo, sum.Commit)
	if err != nil {
		return 0, err
	}
	id := "evidence " + rand.Text() // each attachment counts, also two of one moment
	for _, s := range waiting {
		if err := a.again(r.Context(), id, s); err != nil {
			return 0, err
		}
	}
	a.logger.InfoContext(r.Context(), "evidence attached", logkey.Repo, sum.Repository, logkey.Head, sum.Commit, logkey.Evaluated, len(waiting))
	return len(waiting), nil
}

func readAttachment(w http.ResponseWriter, r *http.Request) (*evidence.Attachment, error) {
	data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxAttachment))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return nil, deny(http.StatusRequestEntityTooLarge, "it has more than %d bytes", maxAttachment)
	case err != nil:
		return nil, deny(http.StatusBadRequest, "it did not arrive whole")
	}
	sum := new(evidence.Attachment)
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields() // a misspelt "failures" would be none
	if err := d.Decode(sum); err != nil {
		if _, key, ok := strings.Cut(err.Error(), "unknown field "); ok {
			return nil, deny(http.StatusBadRequest, "there is no key %s; docs/openapi.yaml has them all", key)
		}
		return nil, deny(http.StatusBadRequest, "it is no JSON of the documented form")
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, deny(http.StatusBadRequest, "something follows the JSON")
	}
	if err := sum.Check(); err != nil {
		return nil, deny(http.StatusBadRequest, "%v", err)
	}
	if !repositoryName.MatchString(sum.Repository) || !commitName.MatchString(sum.Commit) {
		return nil, deny(http.StatusBadRequest, "repository must be OWNER/REPO, commit a whole commit id in lower case")
	}
	return sum, nil
}

// who checks the token that a request brings.
func (a *attaching) who(r *http.Request) (*attacher, error) {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "bearer") || token == "" {
		return nil, deny(http.StatusUnauthorized, "a token is missing: Authorization: Bearer TOKEN")
	}
	if strings.HasPrefix(token, tokenPrefix) {
		t, err := a.store.Token(r.Context(), hashToken(token))
		switch {
		case errors.Is(err, store.ErrNotFound):
			return nil, deny(http.StatusUnauthorized, "the token is not known")
		case err != nil:
			return nil, err
		case !t.Revoked.IsZero():
			return nil, deny(http.StatusUnauthorized, "the token was revoked")
		case !a.now().Before(t.Expires):
			return nil, deny(http.StatusUnauthorized, "the token ended at %s; make a new one", t.Expires.Format(time.RFC3339))
		}
		return &attacher{token: t}, nil
	}
	if a.verifier == nil {
		return nil, deny(http.StatusServiceUnavailable, "tokens of Actions are taken where the server knows its own address (CHANGEGUARD_PUBLIC_URL) and asks GitHub over https")
	}
	claims, err := a.verifier.Verify(r.Context(), token)
	if errors.Is(err, oidc.ErrRefused) {
		return nil, deny(http.StatusUnauthorized, "%v", err)
	}
	return &attacher{claims: &claims}, err
}

// authorise asks whether whoever sends a report may, for its commit.
func (a *attaching) authorise(ctx context.Context, by *attacher, sum *evidence.Attachment) (e store.Evidence, err error) {
	owner, repo, _ := strings.Cut(sum.Repository, "/")
	if by.claims == nil {
		if t := by.token; t.Owner != owner || t.Repo != "" && t.Repo != repo {
			return e, deny(http.StatusForbidden, "the token is not for this repository")
		}
		e.Source = "token " + by.token.Name
	} else if e, err = checkWorkflow(by.claims, owner, sum); err != nil {
		return e, err
	}
	known, err := a.store.KnownRepository(ctx, owner, repo)
	if errors.Is(err, store.ErrNotFound) {
		return e, deny(http.StatusNotFound, "nothing of this repository was judged yet; is the App installed there, and is its name written as GitHub writes it?")
	}
	if err != nil || by.claims == nil || by.claims.SHA == sum.Commit {
		return e, err
	}
	return e, a.merged(ctx, known, by.claims, sum)
}

// events are those whose jobs run on a commit that the token names. Others, such
// as pull_request_target, name the base while they may run anything.
var events = []string{"push", "pull_request", "merge_group", "workflow_dispatch", "schedule"}

// checkWorkflow asks whether a job's token speaks for the repository, from a
// workflow of its own or of its owner's.
func checkWorkflow(c *oidc.Claims, owner string, sum *evidence.Attachment) (e store.Evidence, err error) {
	path, _, found := strings.Cut(c.WorkflowRef, "@")
	name, file, ok := strings.Cut(path, "/.github/workflows/")
	switch {
	case c.Repository != sum.Repository:
		return e, deny(http.StatusForbidden, "the token is of a job in %.100q", c.Repository)
	case !slices.Contains(events, c.EventName):
		return e, deny(http.StatusForbidden, "a job of the event %.40q does not run on the commit that its token names; attach from one of %s, or with an API token", c.EventName, strings.Join(events, ", "))
	case !found || !ok || file == "" || !strings.HasPrefix(name, owner+"/"):
		return e, deny(http.StatusForbidden, "the token's workflow is none of the repository or its owner")
	case c.SHA != sum.Commit && c.EventName != "pull_request":
		return e, deny(http.StatusForbidden, "the job runs on %.64q, not on this commit", c.SHA)
	}
	e.Source = strings.TrimPrefix(path, sum.Repository+"/")
	e.Run = c.RunID + "." + c.RunAttempt
	if c.EventName != "pull_request" {
		e.Ref = c.Ref
	}
	return e, nil
}

// merged asks whether the job's commit is the merge of the report's commit into
// its base, as GitHub makes it for a pull request.
func (a *attaching) merged(ctx context.Context, known store.Subject, c *oidc.Claims, sum *evidence.Attachment) error {
	wrong := deny(http.StatusForbidden, "the job runs on %.64q, which is not the merge of this commit into its base", c.SHA)
	if !commitName.MatchString(c.SHA) || !strings.HasPrefix(c.Ref, "refs/pull/") || !strings.HasSuffix(c.Ref, "/merge") {
		return wrong
	}
	parents, err := a.github.Installation(known.Installation).Parents(ctx, known.Owner, known.Repo, c.SHA)
	switch {
	case errors.Is(err, github.ErrNotFound), errors.Is(err, github.ErrInvalid):
		return wrong
	case err != nil:
		return err
	case len(parents) != 2 || parents[1] != sum.Commit:
		return wrong
	}
	return nil
}
