package app

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/changeguard/changeguard/internal/evidence"
	"github.com/changeguard/changeguard/internal/lazyregexp"
	"github.com/changeguard/changeguard/internal/version"
)

// Attach is what `changeguard evidence attach` was asked.
type Attach struct {
	Server     string   // its address, which is the audience of the token
	JUnit      []string // files
	Tests      int      // that ran, without files; less than 0 for not given
	Suite      string
	Repository string
	Commit     string
	Token      string // of the installation; "" for that of the job
	Env        func(string) string
	Transport  http.RoundTripper // nil means the usual one
	Pause      func(ctx context.Context, d time.Duration) error
}

// The patience of attaching: attempts in all, the pause before the second, which
// doubles, and what an attempt may take.
const (
	attachAttempts = 4
	attachPause    = 2 * time.Second
	attachTimeout  = 30 * time.Second
	maxAttachReply = 64 << 10
)

// Run attaches and returns the exit code.
func (a Attach) Run(ctx context.Context, stdout, stderr io.Writer) int {
	sum, err := a.attach(ctx)
	var bad *inputError
	switch {
	case errors.As(err, &bad):
		fmt.Fprintln(stderr, err)
		return ExitUsage
	case err != nil:
		fmt.Fprintf(stderr, "changeguard: nothing was attached: %v\n", err)
		return ExitIncomplete
	}
	fmt.Fprintf(stdout, "Attached to %s@%s as %q: %d tests, %d failed, %d broke, %d skipped, %d named suites.\n",
		sum.Repository, sum.Commit, sum.Suite, sum.Tests, sum.Failures, sum.Errors, sum.Skipped, len(sum.Suites))
	return ExitPass
}

func (a Attach) attach(ctx context.Context) (*evidence.Attachment, error) {
	sum, err := a.summary()
	if err != nil {
		return nil, err
	}
	server, err := a.server()
	if err != nil {
		return nil, err
	}
	client := &http.Client{Transport: a.Transport, Timeout: attachTimeout, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	token := a.Token
	if token == "" {
		if token, err = a.jobToken(ctx, client, server); err != nil {
			return nil, err
		}
	}
	body, err := json.Marshal(sum)
	if err != nil {
		return nil, fmt.Errorf("write the summary: %w", err)
	}
	return sum, a.post(ctx, client, server+"/api/v1/evidence", token, body)
}

// server is the address without a slash at its end. A token goes over https only.
func (a Attach) server() (string, error) {
	text := strings.TrimRight(a.Server, "/")
	u, err := url.Parse(text)
	switch {
	case text == "":
		return "", badInput("--server or CHANGEGUARD_SERVER must name the server's public address")
	case err != nil || u.Hostname() == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return "", badInput("--server must be an address like https://HOST, and %q is none", text)
	case u.Scheme != "https" && !(u.Scheme == "http" && isLoopback(u.Hostname())):
		return "", badInput("--server must be https: a token is sent there")
	}
	return text, nil
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

var (
	repositoryName = lazyregexp.New(`^[A-Za-z0-9_.-]{1,100}/[A-Za-z0-9_.-]{1,100}$`)
	commitName     = lazyregexp.New(`^(?:[0-9a-f]{40}|[0-9a-f]{64})$`)
)

// summary reads the files, and finds out for which commit they are.
func (a Attach) summary() (*evidence.Attachment, error) {
	suite := a.Suite
	if suite == "" {
		suite = a.Env("GITHUB_JOB")
	}
	if suite == "" {
		suite = "tests"
	}
	sum := evidence.Attachment{Suite: suite, Tests: a.Tests}
	switch {
	case len(a.JUnit) == 0 && a.Tests < 0:
		return nil, badInput("--junit FILE or --tests N must say what ran")
	case len(a.JUnit) > 0 && a.Tests >= 0:
		return nil, badInput("--junit and --tests exclude each other: tests are counted in the files")
	case len(a.JUnit) > 0:
		var j evidence.JUnit
		for _, name := range a.JUnit {
			data, err := readFile(name, evidence.MaxFile)
			if err != nil {
				return nil, err
			}
			if err := j.Read(data); err != nil {
				return nil, badInput("%s: %w", name, err)
			}
		}
		sum = j.Summary(suite)
	}
	var err error
	if sum.Repository, sum.Commit, err = a.commit(); err != nil {
		return nil, err
	}
	if err := sum.Check(); err != nil {
		return nil, badInput("the summary cannot be sent: %w", err)
	}
	return &sum, nil
}

// commit finds the commit: the one that is named, else that of the job. A job of
// a pull request runs on a merge commit of GitHub's making; the evidence is for
// the head.
func (a Attach) commit() (repository, commit string, err error) {
	repository, commit = a.Repository, a.Commit
	if repository == "" {
		repository = a.Env("GITHUB_REPOSITORY")
	}
	if commit == "" {
		if commit, err = a.eventHead(); err != nil {
			return "", "", err
		}
	}
	if commit == "" {
		commit = a.Env("GITHUB_SHA")
	}
	switch {
	case !repositoryName.MatchString(repository):
		return "", "", badInput("--repository must be OWNER/REPO, and is %q", repository)
	case !commitName.MatchString(commit):
		return "", "", badInput("--commit must be a whole commit id in lower case, and is %q", commit)
	}
	return repository, commit, nil
}

func (a Attach) eventHead() (string, error) {
	name := a.Env("GITHUB_EVENT_PATH")
	if name == "" {
		return "", nil
	}
	data, err := readFile(name, maxEvent)
	if err != nil {
		return "", err
	}
	var event struct {
		PullRequest *struct {
			Head struct {
				SHA string `json:"sha"`
			} `json:"head"`
		} `json:"pull_request"`
	}
	if err := json.Unmarshal(data, &event); err != nil {
		return "", badInput("%s: it is no event's payload", name)
	}
	if event.PullRequest == nil {
		return "", nil
	}
	return event.PullRequest.Head.SHA, nil
}

// jobToken asks Actions for a token of the job, for this server alone.
func (a Attach) jobToken(ctx context.Context, client *http.Client, server string) (string, error) {
	address, secret := a.Env("ACTIONS_ID_TOKEN_REQUEST_URL"), a.Env("ACTIONS_ID_TOKEN_REQUEST_TOKEN")
	if address == "" || secret == "" {
		if a.Env("GITHUB_ACTIONS") == "true" {
			return "", errors.New("this job gets no token from Actions. Give it `permissions: id-token: write`; a pull request from a fork never has that, " +
				"so its reports are attached by a workflow_run job with an API token in CHANGEGUARD_TOKEN")
		}
		return "", badInput("outside GitHub Actions CHANGEGUARD_TOKEN must hold an API token (made on the server by changeguard evidence token create)")
	}
	u, err := url.Parse(address)
	if err != nil {
		return "", errors.New("the address that Actions gives for tokens is none")
	}
	q := u.Query()
	q.Set("audience", server)
	u.RawQuery = q.Encode()
	var answer struct {
		Value string `json:"value"`
	}
	err = a.try(ctx, func() (bool, error) {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
		if err != nil {
			return false, errors.New("the address that Actions gives for tokens is none")
		}
		req.Header.Set("Authorization", "bearer "+secret)
		status, reply, err := send(client, req)
		if err != nil || status != http.StatusOK {
			return true, fmt.Errorf("the job got no token from Actions: %w", orStatus(err, status, ""))
		}
		return false, json.Unmarshal(reply, &answer)
	})
	if err == nil && answer.Value == "" {
		err = errors.New("the job got an empty token from Actions")
	}
	return answer.Value, err
}

// post sends the summary.
func (a Attach) post(ctx context.Context, client *http.Client, address, token string, body []byte) error {
	return a.try(ctx, func() (again bool, err error) {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
		if err != nil {
			return false, fmt.Errorf("send the summary: %w", err)
		}
		req.Header.Set("Authorization", "Bearer "+token)
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("User-Agent", version.Engine())
		status, reply, err := send(client, req)
		if err == nil && status/100 == 2 {
			return false, nil
		}
		var said struct {
			Error string `json:"error"`
		}
		_ = json.Unmarshal(reply, &said) // something else than the server answered
		again = err != nil || status >= http.StatusInternalServerError || status == http.StatusTooManyRequests || status == http.StatusNotFound
		return again, orStatus(err, status, said.Error)
	})
}

func orStatus(err error, status int, said string) error {
	switch {
	case err != nil:
		return err
	case said != "":
		return fmt.Errorf("the server answered with %d: %.500q", status, said)
	}
	return fmt.Errorf("the answer is %d", status)
}

// send sends a request and reads the answer. An error does not hold the address,
// which may be one that only the job should know.
func send(client *http.Client, req *http.Request) (status int, reply []byte, err error) {
	resp, err := client.Do(req)
	if err != nil {
		var wrapped *url.Error
		if errors.As(err, &wrapped) {
			err = wrapped.Err
		}
		return 0, nil, fmt.Errorf("ask %s: %w", req.URL.Host, err)
	}
	defer resp.Body.Close()
	reply, err = io.ReadAll(io.LimitReader(resp.Body, maxAttachReply))
	return resp.StatusCode, reply, err
}

// try does something until it works, as long as it says that it may.
func (a Attach) try(ctx context.Context, do func() (again bool, err error)) error {
	pause := attachPause
	for n := 1; ; n++ {
		again, err := do()
		if err == nil || !again || n == attachAttempts {
			return err
		}
		if stopped := a.Pause(ctx, pause); stopped != nil {
			return errors.Join(err, stopped)
		}
		pause *= 2
	}
}

// Sleep pauses, or returns why not.
func Sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}
