package ghschema_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/changeguard/changeguard/internal/ghfake/ghschema"
)

// witness notes what a wrapped handler complains of.
type witness struct {
	testing.TB
	said []string
}

func (w *witness) Helper() {}

func (w *witness) Errorf(format string, args ...any) {
	w.said = append(w.said, fmt.Sprintf(format, args...))
}

const (
	comment = `{"id":1,"node_id":"x","html_url":"https://h/1","issue_url":"https://h/2","user":null,"url":"https://h/3","created_at":"2020-01-01T00:00:00Z","updated_at":"2020-01-01T00:00:00Z"}`
	refusal = `{"message":"Not Found","documentation_url":"https://docs.example/rest"}`
)

// Each exchange is judged: what is right passes, and each mistake is found.
func TestExchangesAreJudged(t *testing.T) {
	t.Parallel()
	const issue = "/repos/a/b/issues/1/comments"
	for name, c := range map[string]struct {
		method, path, body string
		status             int
		answer             string
		says               string // "" for no complaint
	}{
		"right":                     {"POST", issue, `{"body":"x"}`, 201, comment, ""},
		"right list":                {"GET", issue + "?per_page=5&since=2020-01-01T00:00:00Z", "", 200, "[" + comment + "]", ""},
		"right on an Enterprise":    {"GET", "/api/v3" + issue, "", 200, "[]", ""},
		"right without an answer":   {"DELETE", "/repos/a/b/issues/comments/1", "", 204, "", ""},
		"right refusal":             {"GET", issue, "", 404, refusal, ""},
		"right without a body":      {"POST", "/app/installations/1/access_tokens", "null\n", 201, `{"token":"t","expires_at":"x"}`, ""},
		"a gateway's page":          {"GET", issue, "", 502, "<html>", ""},
		"from the cache":            {"GET", issue, "", 304, "", ""},
		"a query":                   {"POST", "/graphql", "anything", 200, "anything", ""},
		"no such operation":         {"GET", "/repos/a/b/nothing", "", 200, "{}", "is no operation"},
		"no such method":            {"PUT", issue, "", 200, "{}", "is no operation"},
		"parameter of no kind":      {"GET", issue + "?perpage=5", "", 200, "[]", "?perpage: is no parameter"},
		"parameter of another type": {"GET", issue + "?per_page=many", "", 200, "[]", "?per_page: many is no integer"},
		"field missing":             {"POST", issue, `{}`, 201, comment, "body: lacks body"},
		"field of another type":     {"POST", issue, `{"body":7}`, 201, comment, "body.body: 7 is no string"},
		"field of no kind":          {"POST", issue, `{"body":"x","text":"y"}`, 201, comment, "body.text: is no field"},
		"a body that is none":       {"POST", issue, `{`, 201, comment, "body: unexpected end"},
		"a body where none goes":    {"GET", issue, `{}`, 200, "[]", "body: is not expected"},
		"answer lacks":              {"POST", issue, `{"body":"x"}`, 201, `{"id":1}`, "answer: lacks html_url"},
		"answer's type":             {"GET", issue, "", 200, comment, "is no array"},
		"answer's time":             {"GET", issue, "", 200, "[" + strings.Replace(comment, "2020-01-01T", "yesterday", 1) + "]", "is no date-time"},
		"answer's address":          {"GET", issue, "", 200, "[" + strings.Replace(comment, "https://h/1", "h", 1) + "]", `"h" is no uri`},
		"status of no kind":         {"POST", issue, `{"body":"x"}`, 200, comment, "the status is not described"},
		"answer where none goes":    {"DELETE", "/repos/a/b/issues/comments/1", "", 204, "{}", "no body is described"},
		"answer that is none":       {"GET", issue, "", 200, "{", "unexpected end"},
		"error of another form":     {"GET", issue, "", 404, `{"message":7}`, "answer.message: 7 is no string"},
		"a body with a 304":         {"GET", issue, "", 304, "[]", "304 has no body"},
		"a run that is wrong":       {"PATCH", "/repos/a/b/check-runs/1", `{"status":"completed"}`, 200, `{}`, "body: fits none of the anyOf"},
		"too many actions":          {"POST", "/repos/a/b/check-runs", `{"name":"n","head_sha":"s","actions":[1,2,3,4]}`, 201, `{}`, "breaks maxItems 3"},
		"a comparison's range":      {"GET", "/repos/a/b/compare/main...feature/x", "", 200, "{}", "answer: lacks ahead_by"},
	} {
		w := &witness{TB: t}
		h := ghschema.Wrap(w, http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
			if !strings.HasPrefix(c.answer, "<") {
				rw.Header().Set("Content-Type", "application/json")
			}
			rw.WriteHeader(c.status)
			fmt.Fprint(rw, c.answer)
		}))
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, httptest.NewRequest(c.method, c.path, strings.NewReader(c.body)))
		if rec.Code != c.status || rec.Body.String() != c.answer {
			t.Errorf("%s: the answer was changed to %d %s", name, rec.Code, rec.Body)
		}
		said := strings.Join(w.said, "\n")
		if (said != "") != (c.says != "") || !strings.Contains(said, c.says) {
			t.Errorf("%s: %q, want %q", name, said, c.says)
		}
	}
}

func TestPayloadsAreJudged(t *testing.T) {
	t.Parallel()
	examples, err := ghschema.Examples()
	if err != nil {
		t.Fatal(err)
	}
	push, err := json.Marshal(examples["push"])
	if err != nil {
		t.Fatal(err)
	}
	// The examples are older than the description, which asks for three more
	// keys of a repository.
	err = ghschema.Payload("push", push)
	if want := "push.repository: lacks has_discussions\npush.repository: lacks topics\npush.repository: lacks visibility"; err == nil || err.Error() != want {
		t.Errorf("GitHub's own example: %v", err)
	}
	for event, c := range map[string]struct{ body, says string }{
		"push":         {strings.Replace(string(push), `"after"`, `"afterwards"`, 1), "push: lacks after"},
		"pull_request": {`{"action":"opened","number":1}`, "lacks pull_request"},
		"star":         {`{"action":"created"}`, "the webhook star-created is not described"},
		"ping":         {`[`, "read the payload"},
	} {
		if err := ghschema.Payload(event, []byte(c.body)); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want %q", event, err, c.says)
		}
	}
}
