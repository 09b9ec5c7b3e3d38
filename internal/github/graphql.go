package github

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// maxAnswer bounds the answer to one query.
const maxAnswer = 64 << 20

// graphqlError is one entry of an answer's errors.
type graphqlError struct {
	Type    string `json:"type"`
	Message string `json:"message"`
	Path    []any  `json:"path"`
}

// query runs a GraphQL query. Parts that are not found come back as null; any
// other error fails the query.
func (c *Client) query(ctx context.Context, text string, variables map[string]any, into any) error {
	body, err := json.Marshal(map[string]any{"query": text, "variables": variables})
	if err != nil {
		return fmt.Errorf("write a query: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.app.graphql, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("make a query: %w", err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "changeguard")
	resp, err := c.http.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	switch {
	case err != nil:
		return fmt.Errorf("read the answer to a query: %w", err)
	case len(data) > maxAnswer:
		return fmt.Errorf("the answer to a query has more than %d bytes", maxAnswer)
	case resp.StatusCode == http.StatusForbidden || resp.StatusCode == http.StatusUnauthorized:
		return fmt.Errorf("%w: %s", ErrForbidden, firstLine(data))
	case resp.StatusCode != http.StatusOK:
		return fmt.Errorf("GitHub answered a query with %s: %s", resp.Status, firstLine(data))
	}
	var answer struct {
		Data   json.RawMessage `json:"data"`
		Errors []graphqlError  `json:"errors"`
	}
	if err := json.Unmarshal(data, &answer); err != nil {
		return fmt.Errorf("read the answer to a query: %w", err)
	}
	if err := c.errors(answer.Errors, resp.Header); err != nil {
		return err
	}
	if len(answer.Data) == 0 || string(answer.Data) == "null" {
		return errors.New("GitHub answered a query without data")
	}
	return json.Unmarshal(answer.Data, into)
}

// errors judges the errors of an answer: what is not found is null in the data,
// and the caller looks at that.
func (c *Client) errors(list []graphqlError, h http.Header) error {
	for _, e := range list {
		switch {
		case e.Type == "NOT_FOUND":
		case e.Type == "RATE_LIMITED" || strings.Contains(e.Message, "secondary rate limit"):
			return &LimitError{c.limits.stop(max(time.Second, c.limits.untilReset(h)))}
		case e.Type == "FORBIDDEN" && len(e.Path) > 0 && e.Path[0] == aliasOrganisation:
			// A .github repository outside the installation looks like none.
		case e.Type == "FORBIDDEN":
			return fmt.Errorf("%w: %s", ErrForbidden, e.Message)
		default:
			return fmt.Errorf("GitHub refused a query: %s", e.Message)
		}
	}
	return nil
}

func firstLine(data []byte) string {
	line, _, _ := strings.Cut(strings.TrimSpace(string(data[:min(len(data), 200)])), "\n")
	return line
}

const aliasOrganisation = "organisation"

// queryBuilder puts together a query over many paths and objects of one
// repository. Everything variable goes into variables; the text itself holds
// nothing of a change.
type queryBuilder struct {
	fields    []string
	variables map[string]any
	params    []string
}

func newQuery(owner, name string) *queryBuilder {
	q := &queryBuilder{variables: make(map[string]any)}
	q.bind("owner", "String!", owner)
	q.bind("name", "String!", name)
	return q
}

func (q *queryBuilder) bind(name, kind string, value any) {
	q.params = append(q.params, "$"+name+":"+kind)
	q.variables[name] = value
}

// text is the query; more are fields beside the repository.
func (q *queryBuilder) text(more string) string {
	return "query(" + strings.Join(q.params, ",") + "){repository(owner:$owner,name:$name){" + strings.Join(q.fields, " ") + "}" + more + "}"
}

// files asks for the entries at paths of a commit; the alias must be unique.
func (q *queryBuilder) files(alias, commit string, paths []string) {
	if len(paths) == 0 {
		return
	}
	q.bind(alias, "GitObjectID!", commit)
	var b strings.Builder
	fmt.Fprintf(&b, "%s:object(oid:$%s){...on Commit{", alias, alias)
	for i, p := range paths {
		v := fmt.Sprintf("%s%d", alias, i)
		q.bind(v, "String!", p)
		fmt.Fprintf(&b, "f%d:file(path:$%s){mode oid type}", i, v)
	}
	b.WriteString("}}")
	q.fields = append(q.fields, b.String())
}

// treeEntry is what a query says of a path.
type treeEntry struct {
	Mode int    `json:"mode"`
	OID  string `json:"oid"`
	Type string `json:"type"`
}
