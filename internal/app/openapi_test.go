package app_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"mime"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v4"

	"github.com/changeguard/changeguard/internal/app"
	"github.com/changeguard/changeguard/internal/ghfake"
	"github.com/changeguard/changeguard/internal/ghfake/ghtest"
)

// forPeople are the routes that give pages and what pages load; the rest is for
// programs, and docs/openapi.yaml describes it.
var forPeople = []string{
	"GET /", "GET /audit", "GET /health", "GET /policy", "POST /policy", "GET /{owner}/{repo}/policy", "GET /{owner}/{repo}/pull/{number}",
	"GET /{owner}/{repo}/pull/{number}/what-if", "POST /{owner}/{repo}/pull/{number}/what-if",
	"GET /style.css", "GET /pages.css", "GET /live.js", "GET /icon.svg",
}

// openAPI is the description of what is for programs.
type openAPI struct {
	*testing.T
	Paths      map[string]map[string]any
	Components struct{ Responses map[string]map[string]any }
	whole      any
}

func readOpenAPI(t *testing.T) *openAPI {
	t.Helper()
	data, err := os.ReadFile("../../docs/openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	d := &openAPI{T: t}
	if err := yaml.Unmarshal(data, d); err != nil {
		t.Fatal(err)
	}
	var whole any
	if err := yaml.Unmarshal(data, &whole); err != nil {
		t.Fatal(err)
	}
	d.whole = plain(t, whole)
	return d
}

// plain is a value as a reader of JSON has it.
func plain(t *testing.T, v any) any {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	v, err = jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// schema compiles a schema that stands in the description.
func (d *openAPI) schema(s any) *jsonschema.Schema {
	d.Helper()
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	c.AssertFormat()
	root := map[string]any{"components": d.whole.(map[string]any)["components"], "here": plain(d.T, s)}
	if err := c.AddResource("openapi.json", root); err != nil {
		d.Fatal(err)
	}
	compiled, err := c.Compile("openapi.json#/here")
	if err != nil {
		d.Fatal(err)
	}
	return compiled
}

// operations lists what is described, as "METHOD /path".
func (d *openAPI) operations() (list []string) {
	for path, item := range d.Paths {
		for method := range item {
			if m := strings.ToUpper(method); slices.Contains([]string{"GET", "PUT", "POST", "DELETE", "PATCH"}, m) {
				list = append(list, m+" "+path)
			}
		}
	}
	slices.Sort(list)
	return list
}

// answer is the description of an answer, or nil.
func (d *openAPI) answer(operation string, status int) map[string]any {
	method, path, _ := strings.Cut(operation, " ")
	o, ok := d.Paths[path][strings.ToLower(method)].(map[string]any)
	if !ok {
		return nil
	}
	all, _ := o["responses"].(map[string]any)
	a, _ := all[fmt.Sprint(status)].(map[string]any)
	if ref, ok := a["$ref"].(string); ok {
		return d.Components.Responses[strings.TrimPrefix(ref, "#/components/responses/")]
	}
	return a
}

// What the router serves is a page, or described; and what is described is served.
func TestOpenAPIHasEveryRoute(t *testing.T) {
	t.Parallel()
	d, w := readOpenAPI(t), newWorld(t, ghfake.Options{}, nil)
	served := w.server.Routes()
	described := d.operations()
	for _, route := range served {
		if slices.Contains(described, route) == slices.Contains(forPeople, route) {
			t.Errorf("%s is for people or described, one of them", route)
		}
	}
	for _, route := range slices.Concat(described, forPeople) {
		if !slices.Contains(served, route) {
			t.Errorf("%s is not served", route)
		}
	}
}

// Its schemas are schemas, and every example fits the schema beside it.
func TestOpenAPIExamplesFit(t *testing.T) {
	t.Parallel()
	d := readOpenAPI(t)
	n := 0
	var walk func(where string, v any)
	walk = func(where string, v any) {
		switch v := v.(type) {
		case []any:
			for i, one := range v {
				walk(fmt.Sprintf("%s/%d", where, i), one)
			}
		case map[string]any:
			if s, ok := v["schema"]; ok {
				n += d.examples(where, d.schema(s), v)
			}
			for _, k := range slices.Sorted(maps.Keys(v)) {
				walk(where+"/"+k, v[k])
			}
		}
	}
	walk("", d.whole)
	if n < 12 {
		t.Errorf("only %d examples", n)
	}
	for name, s := range d.whole.(map[string]any)["components"].(map[string]any)["schemas"].(map[string]any) {
		if d.schema(s); name == "" {
			t.Error("a schema without a name")
		}
	}
}

// examples holds those of a media type or parameter against its schema.
func (d *openAPI) examples(where string, s *jsonschema.Schema, in map[string]any) (n int) {
	var list []any
	if e, ok := in["example"]; ok {
		list = append(list, e)
	}
	named, _ := in["examples"].(map[string]any)
	for _, e := range named {
		list = append(list, e.(map[string]any)["value"])
	}
	for _, e := range list {
		if err := s.Validate(e); err != nil {
			d.Errorf("%s: %v", where, err)
		}
	}
	return len(list)
}

// What the server answers is described: the status, the kind and the form.
func TestOpenAPISaysWhatIsAnswered(t *testing.T) {
	t.Parallel()
	d := readOpenAPI(t)
	w, _ := evidential(t)
	_, head := w.opened(evidencePolicy("{tests-at-least: 1}"))
	var made, wrong strings.Builder
	if code := (app.Tokens{DatabaseURL: "sqlite:" + w.database, Now: w.now}).Create(t.Context(), "ci", "acme/app", 24*time.Hour, &made, &wrong); code != app.ExitPass {
		t.Fatal(wrong.String())
	}
	sum := func(repository, rest string) string {
		return fmt.Sprintf(`{"repository": %q, "commit": %q, "suite": "unit", "tests": 3%s}`, repository, head, rest)
	}
	bearer := http.Header{"Authorization": {"Bearer " + strings.TrimSpace(made.String())}}
	ping := http.Header{"X-Github-Event": {"ping"}, "X-Github-Delivery": {"1"}, "Content-Type": {"application/json"}}
	signed := func(body string) http.Header {
		h := ping.Clone()
		h.Set("X-Hub-Signature-256", ghfake.Sign(ghtest.Secret, []byte(body)))
		return h
	}
	text := signed("{}")
	text.Set("Content-Type", "text/plain")
	for _, one := range []struct {
		operation string
		status    int
		header    http.Header
		body      string
	}{
		{"GET /healthz", 200, nil, ""},
		{"GET /readyz", 200, nil, ""},
		{"GET /audit.jsonl", 200, nil, ""},
		{"GET /audit.jsonl", 403, http.Header{"Via": {"1.1 elsewhere"}}, ""},
		{"POST /webhook", 401, ping, "{}"},
		{"POST /webhook", 200, signed("{}"), "{}"},
		{"POST /webhook", 400, signed("{"), "{"},
		{"POST /webhook", 415, text, "{}"},
		{"POST /api/v1/evidence", 401, nil, sum("acme/app", "")},
		{"POST /api/v1/evidence", 400, bearer, "{"},
		{"POST /api/v1/evidence", 400, bearer, sum("acme/app", `, "skipped": 4`)},
		{"POST /api/v1/evidence", 403, bearer, sum("acme/other", "")},
		{"POST /api/v1/evidence", 413, bearer, strings.Repeat(" ", 2<<20+1)},
		{"POST /api/v1/evidence", 202, bearer, sum("acme/app", `, "suites": [{"name": "a", "tests": 3}]`)},
	} {
		d.asks(w.home, one.operation, one.status, one.header, one.body)
	}
	if described := d.answer("GET /metrics", http.StatusOK); described == nil {
		t.Error("the metrics are not described")
	} else {
		d.fits("GET /metrics", described, http.Header{"Content-Type": {"text/plain"}}, []byte(w.server.Metrics()))
	}
}

// asks sends a request, and holds the answer against the description.
func (d *openAPI) asks(home, operation string, status int, header http.Header, body string) {
	d.Helper()
	method, path, _ := strings.Cut(operation, " ")
	req, err := http.NewRequestWithContext(d.Context(), method, home+path, strings.NewReader(body))
	if err != nil {
		d.Fatal(err)
	}
	maps.Copy(req.Header, header)
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		d.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		d.Fatal(err)
	}
	described := d.answer(operation, resp.StatusCode)
	if resp.StatusCode != status || described == nil {
		d.Errorf("%s was answered with %d, want %d: described as %v: %.300s", operation, resp.StatusCode, status, described, data)
		return
	}
	d.fits(fmt.Sprintf("%s, %d", operation, status), described, resp.Header, data)
}

// fits holds what came back against the description of it.
func (d *openAPI) fits(where string, described map[string]any, header http.Header, data []byte) {
	d.Helper()
	content, _ := described["content"].(map[string]any)
	if content == nil {
		return // a page for people
	}
	kind, _, err := mime.ParseMediaType(header.Get("Content-Type"))
	media, ok := content[kind].(map[string]any)
	if err != nil || !ok {
		d.Errorf("%s: it is %q, which is not described", where, header.Get("Content-Type"))
		return
	}
	s := d.schema(media["schema"])
	if kind == "text/plain" {
		if err := s.Validate(string(data)); err != nil {
			d.Errorf("%s: %v", where, err)
		}
		return
	}
	n := 0
	for line := range bytes.Lines(bytes.TrimSpace(data)) {
		n++
		v, err := jsonschema.UnmarshalJSON(bytes.NewReader(line))
		if err = cmp.Or(err, s.Validate(v)); err != nil {
			d.Errorf("%s: %v: %s", where, err, line)
		}
	}
	if n == 0 {
		d.Errorf("%s: nothing came back", where)
	}
}
