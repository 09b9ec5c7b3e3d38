// Command cut takes out of GitHub's description of its API what the stand-in
// serves, and one example of each webhook.
//
//	go run ./internal/ghfake/ghschema/cut OPENAPI EXAMPLES FOLDER
//
// OPENAPI is generated/api.github.com.json of the npm package @octokit/openapi,
// EXAMPLES is api.github.com/index.json of @octokit/webhooks-examples. Into
// FOLDER go openapi.json.gz and examples.json.gz. Texts for people are left
// out, and whatever nothing refers to.
package main

import (
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/changeguard/changeguard/internal/ghfake/ghschema"
)

func main() {
	if len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "usage: cut OPENAPI EXAMPLES FOLDER")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2], os.Args[3]); err != nil {
		fmt.Fprintln(os.Stderr, "cut:", err)
		os.Exit(1)
	}
}

func run(openapi, examples, folder string) error {
	c := &cutter{schemas: make(map[string]any)}
	if err := read(openapi, &c.doc); err != nil {
		return err
	}
	d, err := c.description()
	if err != nil {
		return err
	}
	if err := write(filepath.Join(folder, "openapi.json.gz"), d); err != nil {
		return err
	}
	list, err := chosen(examples)
	if err != nil {
		return err
	}
	return write(filepath.Join(folder, "examples.json.gz"), list)
}

func read(name string, into any) error {
	data, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	return json.Unmarshal(data, into)
}

func write(name string, v any) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	z, err := gzip.NewWriterLevel(f, gzip.BestCompression)
	if err != nil {
		return err
	}
	e := json.NewEncoder(z)
	e.SetIndent("", " ")
	return errors.Join(e.Encode(v), z.Close(), f.Close())
}

// cutter is one cut under way.
type cutter struct {
	doc     map[string]any
	schemas map[string]any // those kept so far
}

func (c *cutter) description() (*ghschema.Description, error) {
	d := &ghschema.Description{Operations: make(map[string]ghschema.Operation), Webhooks: make(map[string]any)}
	d.Version, _ = at(c.doc, "info", "version").(string)
	for _, name := range ghschema.Operations() {
		method, path, _ := strings.Cut(name, " ")
		o, ok := at(c.doc, "paths", path, strings.ToLower(method)).(map[string]any)
		if !ok {
			return nil, fmt.Errorf("%s is not described", name)
		}
		d.Operations[name] = c.operation(o)
		if schema, ok := mended[name]; ok {
			d.Operations[name].Responses["200"] = c.strip(schema, false)
		}
	}
	for _, name := range ghschema.Webhooks() {
		schema := at(c.doc, "x-webhooks", name, "post", "requestBody", "content", "application/json", "schema")
		if schema == nil {
			return nil, fmt.Errorf("the webhook %s is not described", name)
		}
		d.Webhooks[name] = c.strip(schema, false)
	}
	d.Schemas = c.schemas
	return d, nil
}

// mended are answers whose description contradicts itself: here an account
// would have to be a user and an enterprise at once. The same object is
// described rightly under a name of its own.
var mended = map[string]any{
	"GET /app/installations": map[string]any{"type": "array", "items": map[string]any{"$ref": "#/components/schemas/installation"}},
}

func (c *cutter) operation(o map[string]any) ghschema.Operation {
	out := ghschema.Operation{Query: make(map[string]any), Responses: make(map[string]any)}
	parameters, _ := o["parameters"].([]any)
	for _, p := range parameters {
		if p := c.target(p); at(p, "in") == "query" {
			out.Query[at(p, "name").(string)] = c.strip(at(p, "schema"), false)
		}
	}
	if body := c.target(o["requestBody"]); body != nil {
		out.Body = c.strip(at(body, "content", "application/json", "schema"), false)
	}
	responses, _ := o["responses"].(map[string]any)
	for status, r := range responses {
		out.Responses[status] = c.strip(at(c.target(r), "content", "application/json", "schema"), false)
	}
	return out
}

// target follows a reference.
func (c *cutter) target(v any) any {
	ref, ok := at(v, "$ref").(string)
	if !ok {
		return v
	}
	return at(c.doc, strings.Split(strings.TrimPrefix(ref, "#/"), "/")...)
}

// left are the keywords for people.
var left = map[string]bool{
	"description": true, "example": true, "examples": true, "title": true, "summary": true, "externalDocs": true, "default": true, "deprecated": true,
	"readOnly": true, "writeOnly": true, "discriminator": true,
}

// strip copies a schema without texts, and keeps the schemas it refers to.
// names says that the keys are names of properties, not keywords.
func (c *cutter) strip(v any, names bool) any {
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, x := range v {
			switch {
			case names:
				out[k] = c.strip(x, false)
			case left[k] || strings.HasPrefix(k, "x-"):
			case k == "$ref":
				out[k] = c.keep(x.(string))
			case k == "enum" || k == "required":
				out[k] = x
			default:
				out[k] = c.strip(x, k == "properties")
			}
		}
		return out
	case []any:
		out := make([]any, 0, len(v))
		for _, x := range v {
			out = append(out, c.strip(x, false))
		}
		return out
	}
	return v
}

// keep keeps a schema that is referred to and returns its name.
func (c *cutter) keep(ref string) string {
	name := strings.TrimPrefix(ref, "#/components/schemas/")
	if _, ok := c.schemas[name]; !ok {
		c.schemas[name] = nil // it may refer to itself
		c.schemas[name] = c.strip(at(c.doc, "components", "schemas", name), false)
	}
	return name
}

// at walks into objects.
func at(v any, keys ...string) any {
	for _, k := range keys {
		m, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = m[k]
	}
	return v
}

// chosen takes the first example of each event and action that is described.
func chosen(name string) (map[string]any, error) {
	var all []struct {
		Name     string           `json:"name"`
		Examples []map[string]any `json:"examples"`
	}
	if err := read(name, &all); err != nil {
		return nil, err
	}
	out := make(map[string]any)
	for _, e := range all {
		for _, x := range e.Examples {
			action, _ := x["action"].(string)
			key := ghschema.WebhookName(e.Name, action)
			if _, taken := out[key]; !taken && wanted(key) {
				out[key] = x
			}
		}
	}
	return out, nil
}

// wanted are the examples to keep, one of each event.
func wanted(key string) bool {
	for _, k := range []string{
		"check-run-requested-action", "check-suite-rerequested", "installation-created", "installation-repositories-added", "issue-comment-created",
		"merge-group-checks-requested", "ping", "pull-request-synchronize", "pull-request-labeled", "pull-request-review-submitted", "push", "status",
	} {
		if k == key {
			return true
		}
	}
	return false
}
