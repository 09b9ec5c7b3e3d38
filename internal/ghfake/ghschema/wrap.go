package ghschema

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// Wrap answers as the handler does, and fails the test when a request or an
// answer does not fit GitHub's description.
//
// Queries of the graph have no such description and pass. So do the answers to
// them and bodies that are no JSON. A request that is answered with 4xx may be
// wrong: tests of refusals make such requests on purpose; the answer must still
// have the form of an error.
func Wrap(t testing.TB, h http.Handler) http.Handler {
	t.Helper()
	d, err := load()
	if err != nil {
		t.Fatal(err)
	}
	c := &checker{d, &validator{d.Schemas}}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return // the client went away
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		method, path, query := r.Method, r.URL.EscapedPath(), r.URL.Query()
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, r)
		for _, p := range c.exchange(&exchange{method, strings.TrimPrefix(path, "/api/v3"), query, body, rec}) {
			t.Errorf("%s %s, answered with %d: %s", method, path, rec.Code, p)
		}
		for k, v := range rec.Header() {
			w.Header()[k] = v
		}
		w.WriteHeader(rec.Code)
		_, _ = w.Write(rec.Body.Bytes()) // the client went away
	})
}

// exchange is a request with its answer.
type exchange struct {
	method, path string
	query        map[string][]string
	body         []byte
	answer       *httptest.ResponseRecorder
}

type checker struct {
	*Description
	*validator
}

func (c *checker) exchange(x *exchange) []problem {
	if strings.HasSuffix(x.path, "/graphql") {
		return nil
	}
	name, op := c.find(x.method, x.path)
	if name == "" {
		return []problem{{x.path, "is no operation of the description"}}
	}
	list := c.answerProblems(op, x)
	if x.answer.Code < http.StatusBadRequest {
		list = append(list, c.request(op, x)...)
	}
	return list
}

// find returns the operation whose path fits best: the one with the most parts
// spelt out.
func (c *checker) find(method, path string) (string, Operation) {
	best, most := "", -1
	for name := range c.Operations {
		m, template, _ := strings.Cut(name, " ")
		if m != method {
			continue
		}
		if n := alike(template, path); n > most || n == most && n >= 0 && name < best {
			best, most = name, n
		}
	}
	return best, c.Operations[best]
}

// greedy are the parameters that may hold slashes.
var greedy = []string{"{path}", "{basehead}", "{branch}"}

// alike counts the parts that are the same, and is less than 0 when the path
// does not fit.
func alike(template, path string) int {
	want, have := strings.Split(template, "/"), strings.Split(path, "/")
	same := 0
	for i, w := range want {
		switch {
		case i == len(want)-1 && slices.Contains(greedy, w):
			return same
		case i >= len(have):
			return -1
		case w == have[i]:
			same++
		case !strings.HasPrefix(w, "{"):
			return -1
		}
	}
	if len(want) != len(have) {
		return -1
	}
	return same
}

func (c *checker) request(op Operation, x *exchange) []problem {
	var list []problem
	for _, name := range sorted(x.query) {
		schema, ok := op.Query[name]
		if !ok {
			list = append(list, problem{"?" + name, "is no parameter"})
			continue
		}
		for _, text := range x.query[name] {
			list = append(list, c.check(schema, c.parameter(schema, text), "?"+name)...)
		}
	}
	// Some clients write null where they have nothing to say.
	if text := bytes.TrimSpace(x.body); len(text) == 0 || string(text) == "null" {
		return list
	}
	var value any
	switch err := json.Unmarshal(x.body, &value); {
	case err != nil:
		return append(list, problem{"body", err.Error()})
	case op.Body == nil:
		return append(list, problem{"body", "is not expected"})
	}
	list = append(list, c.unknown(op.Body, value)...)
	return append(list, c.check(op.Body, value, "body")...)
}

// parameter reads a parameter's text as the type that is wanted.
func (c *checker) parameter(schema any, text string) any {
	s, _ := schema.(map[string]any)
	if name, ok := s["$ref"].(string); ok {
		return c.parameter(c.Schemas[name], text)
	}
	switch s["type"] {
	case "integer", "number":
		if n, err := strconv.ParseFloat(text, 64); err == nil {
			return n
		}
	case "boolean":
		if b, err := strconv.ParseBool(text); err == nil {
			return b
		}
	}
	return text
}

// unknown lists fields that GitHub would ignore: mostly misspelt ones.
func (c *checker) unknown(schema, value any) []problem {
	s, _ := schema.(map[string]any)
	known, ok := s["properties"].(map[string]any)
	o, isObject := value.(map[string]any)
	if !ok || !isObject {
		return nil
	}
	var list []problem
	for _, name := range sorted(o) {
		if _, ok := known[name]; !ok {
			list = append(list, problem{"body." + name, "is no field of this operation"})
		}
	}
	return list
}

// answerProblems looks at an answer. Refusals that any operation can meet are
// not described for each.
func (c *checker) answerProblems(op Operation, x *exchange) []problem {
	data, code := x.answer.Body.Bytes(), x.answer.Code
	schema, described := op.Responses[strconv.Itoa(code)]
	isJSON := strings.HasPrefix(x.answer.Header().Get("Content-Type"), "application/json")
	switch {
	case code >= http.StatusBadRequest && (len(data) == 0 || !isJSON || code >= http.StatusInternalServerError):
		return nil // what stands before the API answers so
	case code >= http.StatusBadRequest && schema == nil:
		schema = map[string]any{"$ref": "basic-error"}
	case code == http.StatusNotModified:
		if len(data) > 0 {
			return []problem{{"answer", "a 304 has no body"}}
		}
		return nil
	case !described:
		return []problem{{"answer", "the status is not described"}}
	case schema == nil && len(data) > 0:
		return []problem{{"answer", "no body is described"}}
	case schema == nil || !isJSON:
		return nil
	}
	var value any
	if err := json.Unmarshal(data, &value); err != nil {
		return []problem{{"answer", err.Error()}}
	}
	return c.check(schema, value, "answer")
}

// Payload holds a webhook's payload against the description.
func Payload(event string, body []byte) error {
	d, err := load()
	if err != nil {
		return err
	}
	var value map[string]any
	if err := json.Unmarshal(body, &value); err != nil {
		return fmt.Errorf("read the payload: %w", err)
	}
	action, _ := value["action"].(string)
	schema, ok := d.Webhooks[WebhookName(event, action)]
	if !ok {
		return fmt.Errorf("the webhook %s is not described", WebhookName(event, action))
	}
	var all []error
	for _, p := range (&validator{d.Schemas}).check(schema, value, event) {
		all = append(all, errors.New(p.String()))
	}
	return errors.Join(all...)
}
