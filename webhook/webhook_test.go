package webhook_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // the signature that must not count
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/changeguard/changeguard/internal/store"
	"github.com/changeguard/changeguard/webhook"
)

const secret = "s3cret"

func sign(body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	return "sha256=" + hex.EncodeToString(mac.Sum(nil))
}

// said is a comment event with what somebody wrote.
func said(number int, body string) string {
	who := `{"login": "boss", "id": 9, "type": "User"}`
	return fmt.Sprintf(`{"action": "created", "issue": {"number": %d, "pull_request": {}}, "sender": %s, "comment": {"id": 3, "created_at": "2026-01-01T00:00:00Z", "user": %s, "body": %q}, `+
		`"installation": {"id": 5}, "repository": {"id": 1, "name": "app", "owner": {"login": "acme"}}}`, number, who, who, body)
}

// receiver notes what was accepted.
type receiver struct {
	mu         sync.Mutex
	accepted   []store.Subject
	deliveries []store.Delivery
	err        error
	known      []store.Subject // whatever head is asked for that they have
	log        strings.Builder
}

// Write takes a line of the log.
func (r *receiver) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.log.Write(p)
}

func (r *receiver) logged() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.log.String()
}

func (r *receiver) accept(_ context.Context, d store.Delivery, s store.Subject) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err == nil {
		r.accepted, r.deliveries = append(r.accepted, s), append(r.deliveries, d)
	}
	return r.err
}

func (r *receiver) sharing(_ context.Context, owner, repo, head string) (list []store.Subject, err error) {
	for _, s := range r.known {
		if s.Owner == owner && s.Repo == repo && s.Head == head {
			list = append(list, s)
		}
	}
	return list, nil
}

// start is when tests begin.
var start = time.Unix(1_800_000_000, 0)

func handler(r *receiver, secret string) http.Handler {
	return webhook.Handler(webhook.Config{
		Secret: []byte(secret), Accept: r.accept, Sharing: r.sharing, Logger: slog.New(slog.NewTextHandler(r, nil)), Now: func() time.Time { return start },
	})
}

func request(event, body string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-GitHub-Event", event)
	r.Header.Set("X-GitHub-Delivery", "d-1")
	r.Header.Set("X-Hub-Signature-256", sign([]byte(body)))
	return r
}

func status(h http.Handler, r *http.Request) int {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Code
}

const (
	sha      = "0123456789012345678901234567890123456789"
	other    = "1123456789012345678901234567890123456789"
	repo     = `"repository": {"id": 1, "name": "app", "default_branch": "main", "owner": {"login": "acme"}}, "installation": {"id": 5}`
	pullPart = `"pull_request": {"number": 7, "head": {"sha": "` + sha + `"}, "base": {"ref": "main", "repo": {"id": 1}}}, ` + repo
	pullBody = `{"action": "opened", "number": 7, ` + pullPart + `}`
)

var pull = store.Subject{Kind: store.Pull, Installation: 5, Owner: "acme", Repo: "app", Number: 7, Base: "main", Head: sha}

// ask is a wish for a new result on a commit, with the pull requests named.
func ask(what, pulls string) string {
	return `{"action": "rerequested", "` + what + `": {"head_sha": "` + sha + `", "pull_requests": [` + pulls + `]}, ` + repo + `}`
}

const listed = `{"number": 7, "head": {"sha": "` + sha + `"}, "base": {"ref": "main", "repo": {"id": 1}}}`

func TestEvents(t *testing.T) {
	t.Parallel()
	zeros := strings.Repeat("0", 40)
	group := store.Subject{Kind: store.Group, Installation: 5, Owner: "acme", Repo: "app", Base: other, Head: sha, Ref: "gh-readonly-queue/main/pr-1-x"}
	push := store.Subject{Kind: store.Push, Installation: 5, Owner: "acme", Repo: "app", Base: other, Head: sha, Ref: "main"}
	created := push
	created.Base = "main"
	created.Ref = "new"
	deleted := push
	deleted.Base, deleted.Head, deleted.Ref = sha, zeros, "gone"
	sibling := store.Subject{Kind: store.Pull, Installation: 5, Owner: "acme", Repo: "app", Number: 8, Base: "lenient", Head: sha}
	left := sibling
	left.Number, left.Head = 9, other
	huge := pull
	huge.Files = 4321
	known := []store.Subject{pull, sibling, left, group}
	for i := range known {
		known[i].Installation = 4 // the App was installed anew since
	}
	synchronize := `{"action": "synchronize", "before": "` + other + `", "after": "` + sha + `", ` + pullPart + `}`
	review := func(action, state string) string {
		return `{"action": "` + action + `", "review": {"state": "` + state + `"}, ` + pullPart + `}`
	}
	for _, c := range []struct {
		event, body string
		status      int
		want        []store.Subject
	}{
		{"pull_request", pullBody, 202, []store.Subject{pull}},
		{"pull_request", strings.Replace(pullBody, "opened", "edited", 1), 202, []store.Subject{pull}},
		{"pull_request", strings.Replace(pullBody, `"base":`, `"changed_files": 4321, "base":`, 1), 202, []store.Subject{huge}},
		{"pull_request", strings.Replace(pullBody, "opened", "assigned", 1), 200, nil},
		{"pull_request", strings.Replace(pullBody, "opened", "closed", 1), 202, []store.Subject{sibling}},
		{"pull_request", strings.Replace(strings.ReplaceAll(pullBody, sha, strings.Repeat("a", 40)), "opened", "closed", 1), 200, nil},
		{"pull_request", synchronize, 202, []store.Subject{pull, left}},
		{"pull_request_review", review("submitted", "approved"), 202, []store.Subject{pull}},
		{"pull_request_review", review("submitted", "changes_requested"), 202, []store.Subject{pull}},
		{"pull_request_review", review("submitted", "commented"), 200, nil},
		{"pull_request_review", review("edited", "approved"), 200, nil},
		{"pull_request_review", review("dismissed", "dismissed"), 202, []store.Subject{pull}},
		{"pull_request_review", strings.Replace(pullBody, "opened", "submitted", 1), 400, nil},
		{"merge_group", `{"action": "checks_requested", "merge_group": {"head_sha": "` + sha + `", "base_sha": "` + other + `", "head_ref": "refs/heads/gh-readonly-queue/main/pr-1-x"}, ` + repo + `}`, 202, []store.Subject{group}},
		{"merge_group", `{"action": "destroyed", "reason": "merged", "merge_group": {"head_sha": "` + sha + `", "base_sha": "` + other + `"}, ` + repo + `}`, 200, nil},
		{"merge_group", `{"action": "checks_requested", ` + repo + `}`, 400, nil},
		{"push", `{"ref": "refs/heads/main", "before": "` + other + `", "after": "` + sha + `", ` + repo + `}`, 202, []store.Subject{push}},
		{"push", `{"ref": "refs/heads/new", "before": "` + zeros + `", "after": "` + sha + `", ` + repo + `}`, 202, []store.Subject{created}},
		{"push", `{"ref": "refs/heads/new", "before": "` + zeros + `", "after": "` + sha + `", ` + strings.Replace(repo, "default_branch", "x", 1) + `}`, 400, nil},
		{"push", `{"ref": "refs/heads/gone", "before": "` + sha + `", "after": "` + zeros + `", ` + repo + `}`, 202, []store.Subject{deleted}},
		{"push", `{"ref": "refs/heads/gone", "before": "` + zeros + `", "after": "` + zeros + `", ` + repo + `}`, 200, nil},
		{"push", `{"ref": "refs/tags/v1", "before": "` + zeros + `", "after": "` + sha + `", ` + repo + `}`, 200, nil},
		{"push", `{"ref": "refs/heads/gh-readonly-queue/main/pr-1-x", "before": "` + zeros + `", "after": "` + sha + `", ` + repo + `}`, 200, nil},
		{"push", `{"ref": "refs/heads/main", "before": "", "after": "` + sha + `", ` + repo + `}`, 400, nil},
		{"check_run", ask("check_run", listed), 202, []store.Subject{pull, sibling, group}},
		{"check_run", ask("check_run", ""), 202, []store.Subject{pull, sibling, group}},
		{"check_suite", ask("check_suite", ""), 202, []store.Subject{pull, sibling, group}},
		{"check_suite", strings.ReplaceAll(ask("check_suite", ""), sha, strings.Repeat("a", 40)), 200, nil},
		{"check_run", strings.ReplaceAll(ask("check_run", strings.Replace(listed, `"id": 1`, `"id": 2`, 1)), sha, strings.Repeat("a", 40)), 200, nil},
		{"check_run", strings.Replace(ask("check_run", listed), "rerequested", "requested_action", 1), 200, nil},
		{"check_run", strings.Replace(ask("check_run", listed), `"rerequested"`, `"requested_action", "requested_action": {"identifier": "recheck"}`, 1), 202, []store.Subject{pull, sibling, group}},
		{"check_run", strings.Replace(ask("check_run", listed), `"rerequested"`, `"requested_action", "requested_action": {"identifier": "other"}`, 1), 200, nil},
		{"check_run", strings.Replace(ask("check_run", listed), "rerequested", "completed", 1), 200, nil},
		{"check_suite", strings.Replace(ask("check_suite", listed), "rerequested", "requested", 1), 200, nil},
		{"check_run", `{"action": "rerequested", ` + repo + `}`, 400, nil},
		{"check_run", strings.Replace(ask("check_run", ""), sha, "HEAD", 1), 400, nil},
		{"issue_comment", `{"action": "created", "issue": {"number": 7, "pull_request": {}}, ` + repo + `}`, 200, nil},
		{"issue_comment", said(7, "/changeguard help"), 202, []store.Subject{{Kind: store.Pull, Installation: 5, Owner: "acme", Repo: "app", Number: 7}}},
		{"issue_comment", said(7, "looks good"), 200, nil},
		{"issue_comment", strings.Replace(said(7, "/changeguard help"), `"created"`, `"edited"`, 1), 200, nil},
		{"issue_comment", strings.Replace(said(7, "/changeguard help"), `"pull_request": {}`, `"x": 1`, 1), 200, nil},
		{"issue_comment", strings.Replace(said(7, "/changeguard help"), `"type": "User"`, `"type": "Bot"`, 1), 200, nil},
		{"issue_comment", strings.Replace(said(7, "/changeguard help"), `"id": 9,`, `"id": 8,`, 1), 200, nil},
		{"issue_comment", strings.Replace(said(7, "/changeguard help"), `"user": {"login": "boss", "id": 9, "type": "User"}`, `"user": null`, 1), 200, nil},
		{"issue_comment", strings.Replace(said(7, "/changeguard help"), `"user": {"login": "boss", "id": 9, "type": "User"}`, `"user": {"login": "boss", "id": 9, "type": "Bot"}`, 1), 200, nil},
		{"check_run", strings.Replace(ask("check_run", listed), `"rerequested"`, `"requested_action", "requested_action": {"identifier": "approve"}`, 1), 200, nil}, // by nobody
		{"issue_comment", said(0, "/changeguard help"), 400, nil},
		{"installation", `{"action": "created", "installation": {"id": 5}}`, 200, nil},
		{"installation_repositories", `{"action": "added", "installation": {"id": 5}}`, 200, nil},
		{"ping", `{"zen": "x"}`, 200, nil},
		{"never_heard_of", `{}`, 200, nil},
		{"never_heard_of", `{`, 400, nil},
		{"ping", ``, 400, nil},
		{"pull_request", ``, 400, nil},
		{"pull_request", `[]`, 400, nil},
		{"pull_request", `null`, 200, nil}, // no action that is acted on
		{"pull_request", pullBody + pullBody, 400, nil},
		{"pull_request", `{"action": "opened", "pull_request": `, 400, nil},
		{"pull_request", `{"action": "opened", "pull_request": {"number": "7"}}`, 400, nil},
		{"pull_request", `{"action": "opened", ` + repo + `}`, 400, nil},
		{"pull_request", strings.Replace(pullBody, sha, "../../etc", 1), 400, nil},
		{"pull_request", strings.Replace(pullBody, sha, strings.ToUpper(strings.Repeat("a", 40)), 1), 400, nil},
		{"pull_request", strings.Replace(pullBody, `"acme"`, `"../x"`, 1), 400, nil},
		{"pull_request", strings.Replace(pullBody, `"acme"`, `".."`, 1), 400, nil},
		{"pull_request", strings.Replace(pullBody, `"app"`, `"."`, 1), 400, nil},
		{"pull_request", strings.Replace(pullBody, `"app"`, `"a pp"`, 1), 400, nil},
		{"pull_request", strings.Replace(pullBody, `"app"`, `"app?x"`, 1), 400, nil},
		{"pull_request", strings.Replace(pullBody, `"app"`, `"app\n"`, 1), 400, nil},
		{"pull_request", strings.Replace(pullBody, `"app"`, `""`, 1), 400, nil},
		{"pull_request", strings.Replace(pullBody, `"app"`, `"`+strings.Repeat("a", 101)+`"`, 1), 400, nil},
		{"pull_request", strings.Replace(pullBody, `{"id": 5}`, `{}`, 1), 400, nil},
		{"pull_request", strings.Replace(pullBody, `{"id": 5}`, `{"id": -5}`, 1), 400, nil},
		{"pull_request", strings.Replace(pullBody, `{"id": 5}`, `{"id": 99999999999999999999}`, 1), 400, nil},
		{"pull_request", strings.Replace(pullBody, `{"id": 5}`, `{"id": 5.5}`, 1), 400, nil},
		{"pull_request", strings.Replace(pullBody, `{"id": 5}`, `null`, 1), 400, nil},
		{"pull_request", strings.Replace(pullBody, `{"number": 7,`, `{"number": -7,`, 1), 400, nil},
		{"pull_request", strings.Replace(pullBody, `{"number": 7,`, `{"number": 1e400,`, 1), 400, nil},
	} {
		r := &receiver{known: known}
		if got := status(handler(r, secret), request(c.event, c.body)); got != c.status {
			t.Errorf("%s %.60s: %d, want %d", c.event, c.body, got, c.status)
		}
		if diff := cmp.Diff(c.want, r.accepted); diff != "" {
			t.Errorf("%s %.60s: %s", c.event, c.body, diff)
		}
		for _, d := range r.deliveries {
			want := store.Delivery{ID: "d-1", Event: c.event, Action: d.Action, Received: start, Anew: strings.HasPrefix(c.event, "check_"), Command: d.Command}
			if diff := cmp.Diff(want, d); diff != "" {
				t.Errorf("%s %.60s: %s", c.event, c.body, diff)
			}
		}
	}
}

func TestOnlyTheSHA256SignatureCounts(t *testing.T) {
	t.Parallel()
	legacy := hmac.New(sha1.New, []byte(secret))
	legacy.Write([]byte(pullBody))
	for name, change := range map[string]func(r *http.Request){
		"none":  func(r *http.Request) { r.Header.Del("X-Hub-Signature-256") },
		"wrong": func(r *http.Request) { r.Header.Set("X-Hub-Signature-256", sign([]byte("other"))) },
		"cut":   func(r *http.Request) { r.Header.Set("X-Hub-Signature-256", sign([]byte(pullBody))[:70]) },
		"no prefix": func(r *http.Request) {
			r.Header.Set("X-Hub-Signature-256", strings.TrimPrefix(sign([]byte(pullBody)), "sha256="))
		},
		"no hex": func(r *http.Request) { r.Header.Set("X-Hub-Signature-256", "sha256="+strings.Repeat("z", 64)) },
		"sha1": func(r *http.Request) {
			r.Header.Del("X-Hub-Signature-256")
			r.Header.Set("X-Hub-Signature", "sha1="+hex.EncodeToString(legacy.Sum(nil)))
		},
		"two": func(r *http.Request) { r.Header.Add("X-Hub-Signature-256", r.Header.Get("X-Hub-Signature-256")) },
		"the wrong one and the right one": func(r *http.Request) {
			r.Header["X-Hub-Signature-256"] = []string{sign([]byte("other")), r.Header.Get("X-Hub-Signature-256")}
		},
		"another body": func(r *http.Request) {
			r.Body = io.NopCloser(strings.NewReader(strings.Replace(pullBody, "7", "8", 1)))
		},
		"sha1 in its place": func(r *http.Request) {
			r.Header.Set("X-Hub-Signature-256", "sha1="+hex.EncodeToString(legacy.Sum(nil)))
		},
	} {
		r := &receiver{}
		req := request("pull_request", pullBody)
		change(req)
		if got := status(handler(r, secret), req); got != http.StatusUnauthorized || len(r.accepted) > 0 {
			t.Errorf("%s: %d, %v", name, got, r.accepted)
		}
	}
	mac := hmac.New(sha256.New, nil)
	mac.Write([]byte(pullBody))
	req := request("pull_request", pullBody)
	req.Header.Set("X-Hub-Signature-256", "sha256="+hex.EncodeToString(mac.Sum(nil)))
	if got := status(handler(&receiver{}, ""), req); got != http.StatusUnauthorized {
		t.Errorf("an empty secret: %d", got)
	}
}

func TestForms(t *testing.T) {
	t.Parallel()
	payload := url.Values{"payload": {pullBody}}.Encode()
	for body, want := range map[string]int{
		payload:                 202,
		payload + "&zen=x":      202,
		payload + "&payload=":   400, // which of them was meant?
		payload + "&" + payload: 400,
		"payload=%zz":           400,
		"payload=a;b":           400,
		"payload=":              400,
		"payload=%7B":           400,
		"Payload=%7B%7D":        400,
		"":                      400,
		pullBody:                400,
	} {
		r := &receiver{}
		req := request("pull_request", body)
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if got := status(handler(r, secret), req); got != want || (len(r.accepted) == 1) != (want == 202) {
			t.Errorf("%.40s: %d, want %d; %v", body, got, want, r.accepted)
		}
	}
}

func TestContentTypes(t *testing.T) {
	t.Parallel()
	for kind, want := range map[string]int{
		"application/json": 202, "application/json; charset=utf-8": 202, "Application/JSON": 202,
		"text/plain": 415, "": 415, "application/jsonx": 415, "application/json; charset": 415, "multipart/form-data; boundary=x": 415,
	} {
		req := request("pull_request", pullBody)
		req.Header.Set("Content-Type", kind)
		if got := status(handler(&receiver{}, secret), req); got != want {
			t.Errorf("%q: %d, want %d", kind, got, want)
		}
	}
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	if _, err := z.Write([]byte(pullBody)); err != nil || z.Close() != nil {
		t.Fatal(err)
	}
	req := request("pull_request", packed.String())
	req.Header.Set("Content-Encoding", "gzip")
	if got := status(handler(&receiver{}, secret), req); got != http.StatusUnsupportedMediaType {
		t.Errorf("gzip: %d", got)
	}
}

func TestSizeAndMethodAndHeaders(t *testing.T) {
	t.Parallel()
	padded := func(size int) string { return pullBody + strings.Repeat(" ", size-len(pullBody)) }
	for size, want := range map[int]int{webhook.MaxBody: 202, webhook.MaxBody + 1: 413, 256<<10 - 1: 202, 256 << 10: 202, 256<<10 + 1: 202} {
		h := handler(&receiver{}, secret)
		if got := status(h, request("pull_request", padded(size))); got != want {
			t.Errorf("%d bytes: %d, want %d", size, got, want)
		}
		unannounced := request("pull_request", padded(size))
		unannounced.ContentLength = -1
		if got := status(h, unannounced); got != want {
			t.Errorf("%d bytes, unannounced: %d, want %d", size, got, want)
		}
	}
	h := handler(&receiver{}, secret)
	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPut, http.MethodOptions} {
		if got := status(h, httptest.NewRequest(method, "/", nil)); got != http.StatusMethodNotAllowed {
			t.Errorf("%s: %d", method, got)
		}
	}
	for name, change := range map[string]func(r *http.Request){
		"no id":          func(r *http.Request) { r.Header.Del("X-GitHub-Delivery") },
		"a long id":      func(r *http.Request) { r.Header.Set("X-GitHub-Delivery", strings.Repeat("x", 101)) },
		"no event":       func(r *http.Request) { r.Header.Del("X-GitHub-Event") },
		"a long event":   func(r *http.Request) { r.Header.Set("X-GitHub-Event", strings.Repeat("x", 101)) },
		"an empty event": func(r *http.Request) { r.Header.Set("X-GitHub-Event", "") },
	} {
		r := &receiver{}
		req := request("pull_request", pullBody)
		change(req)
		if got := status(handler(r, secret), req); got != http.StatusBadRequest || len(r.accepted) > 0 {
			t.Errorf("%s: %d", name, got)
		}
	}
}

func TestWhatIsNotStoredIsNotAcknowledged(t *testing.T) {
	t.Parallel()
	for err, want := range map[error]string{errors.New("locked"): "send it again", fmt.Errorf("write: %w", store.ErrFull): "disk is full"} {
		w := httptest.NewRecorder()
		handler(&receiver{err: err}, secret).ServeHTTP(w, request("pull_request", pullBody))
		if w.Code != http.StatusServiceUnavailable || !strings.Contains(w.Body.String(), want) {
			t.Errorf("%v: %d %s", err, w.Code, w.Body)
		}
	}
}

func FuzzWebhook(f *testing.F) {
	f.Add("pull_request", []byte(pullBody))
	f.Add("push", []byte(`{"ref": "refs/heads/main", "before": "`+other+`", "after": "`+sha+`", `+repo+`}`))
	f.Add("merge_group", []byte(`{"action": "checks_requested", "merge_group": {}}`))
	f.Add("check_run", []byte(ask("check_run", listed)))
	f.Add("pull_request_review", []byte(`{"action": "submitted", "review": {"state": "approved"}, `+pullPart+`}`))
	f.Add("pull_request", []byte(`{"action": "closed", `+pullPart+`}`))
	f.Add("ping", []byte(`[[[{"a":{"a":[1e999,"\ud800"]}}]]]`))
	f.Fuzz(func(t *testing.T, event string, body []byte) {
		r := &receiver{}
		req := httptest.NewRequest(http.MethodPost, "/", bytes.NewReader(body))
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("X-GitHub-Event", event)
		req.Header.Set("X-GitHub-Delivery", "d")
		req.Header.Set("X-Hub-Signature-256", sign(body))
		code := status(handler(r, secret), req)
		if len(r.accepted) > 0 && code != http.StatusAccepted || code >= 500 {
			t.Errorf("%d with %v", code, r.accepted)
		}
		for _, s := range r.accepted {
			if s.Installation < 1 || s.Owner == ".." || s.Owner == "" || s.Repo == "" || s.Head == "" || strings.ContainsAny(s.Owner+s.Repo+s.Head, "/\\ \n") {
				t.Errorf("accepted %+v", s)
			}
		}
	})
}

// A form is taken exactly where it has one payload, and that one is taken as it
// would be without the form.
func FuzzForm(f *testing.F) {
	f.Add("payload=" + url.QueryEscape(pullBody))
	f.Add("payload=%7B%7D&payload=x")
	f.Add("payload=a;b&%zz")
	f.Add("&=&payload")
	f.Fuzz(func(t *testing.T, body string) {
		req := request("pull_request", body)
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r := &receiver{}
		code := status(handler(r, secret), req)
		values, err := url.ParseQuery(body)
		if err != nil || len(values["payload"]) != 1 {
			if code != http.StatusBadRequest || len(r.accepted) > 0 {
				t.Errorf("%d, %v", code, r.accepted)
			}
			return
		}
		plain := &receiver{}
		if want := status(handler(plain, secret), request("pull_request", values.Get("payload"))); code != want {
			t.Errorf("%d, want %d", code, want)
		}
		if diff := cmp.Diff(plain.accepted, r.accepted); diff != "" {
			t.Error(diff)
		}
	})
}

// What is asked for comes with the delivery, whole and from whom.
func TestCommands(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		"/changeguard override core why":                     "/changeguard override core why",
		"hello\r\n  /changeguard  override core why \r\nbye": "/changeguard  override core why",
		"```\n/changeguard help\n```\n/changeguard recheck":  "/changeguard recheck",
		"````\n```\n/changeguard help\n````":                 "",
		"~~~\n/changeguard help":                             "",
		"    /changeguard help":                              "",
		"> /changeguard help":                                "",
		"/changeguardx":                                      "",
		"":                                                   "",
		"/changeguard override core " + strings.Repeat("é", 5000): "/changeguard override core " + strings.Repeat("é", 986),
	} {
		r := &receiver{}
		w := status(handler(r, secret), request("issue_comment", said(7, body)))
		got := ""
		if len(r.deliveries) > 0 {
			c := r.deliveries[0].Command
			got = c.Body
			if c.By != "boss" || c.ByID != 9 || c.Cause != "comment 3" || c.Comment != 3 || c.Via != "" {
				t.Errorf("%q: %+v", body, c)
			}
			if r.deliveries[0].Anew != strings.Contains(want, "recheck") {
				t.Errorf("%q: anew %t", body, r.deliveries[0].Anew)
			}
		}
		if got != want || w/100 != 2 {
			t.Errorf("%q: %q, %d", body, got, w)
		}
	}
}
