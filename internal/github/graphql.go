package github

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
)

// maxAnswer bounds the answer to one query.
const maxAnswer = 64 << 20

// graphqlError is one entry of an answer's errors.
type graphqlError struct {
	Type    string `json:"type"`
	Message string `json:"message"`
	Path    []any  `json:"path"`
}

// query runs a GraphQL query. Parts that are not found, or that may be refused,
// come back as null; any other error fails the query.
func (c *Client) query(ctx context.Context, text string, variables map[string]any, into any) error {
	if c.tokens == nil {
		return c.queryOnce(ctx, text, variables, into)
	}
	used := c.tokens.current()
	err := c.queryOnce(ctx, text, variables, into)
	if errors.Is(err, ErrForbidden) && c.tokens.replace(used) {
		return c.queryOnce(ctx, text, variables, into) // the token was older than a permission
	}
	return err
}

func (c *Client) queryOnce(ctx context.Context, text string, variables map[string]any, into any) error {
	data, header, err := c.post(ctx, map[string]any{"query": text, "variables": variables})
	if err != nil {
		return err
	}
	var answer struct {
		Data   json.RawMessage `json:"data"`
		Errors []graphqlError  `json:"errors"`
	}
	if err := json.Unmarshal(data, &answer); err != nil {
		return fmt.Errorf("read the answer to a query: %w", err)
	}
	if err := c.errors(answer.Errors, header); err != nil {
		return err
	}
	c.limits.answered()
	if len(answer.Data) == 0 || string(answer.Data) == "null" {
		return errors.New("GitHub answered a query without data")
	}
	if err := json.Unmarshal(answer.Data, into); err != nil {
		return fmt.Errorf("read the answer to a query: %w", err)
	}
	return nil
}

// post sends a query and returns the answer's text.
func (c *Client) post(ctx context.Context, query map[string]any) ([]byte, http.Header, error) {
	body, err := json.Marshal(query)
	if err != nil {
		return nil, nil, fmt.Errorf("write a query: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.app.graphql, bytes.NewReader(body))
	if err != nil {
		return nil, nil, fmt.Errorf("make a query: %w", err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", userAgent)
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, nil, err
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	switch {
	case err != nil:
		return nil, nil, fmt.Errorf("read the answer to a query: %w", err)
	case len(data) > maxAnswer:
		return nil, nil, fmt.Errorf("%w: its answer has more than %d bytes", errTooCostly, maxAnswer)
	case resp.StatusCode == http.StatusUnauthorized:
		return nil, nil, fmt.Errorf("%w: %s", ErrUnauthorized, firstLine(data))
	case resp.StatusCode == http.StatusForbidden:
		return nil, nil, fmt.Errorf("%w: %s", ErrForbidden, firstLine(data))
	case resp.StatusCode == http.StatusBadGateway || resp.StatusCode == http.StatusGatewayTimeout:
		return nil, nil, fmt.Errorf("%w: %s", errTooCostly, resp.Status) // how its time-outs look
	case resp.StatusCode != http.StatusOK:
		return nil, nil, fmt.Errorf("%w: %s: %s", unanswered(resp.StatusCode), resp.Status, firstLine(data))
	}
	return data, resp.Header, nil
}

// optionalFields are the fields that an installation may be refused: of an unseen
// queue nothing is known, and unseen checks are none.
var optionalFields = []string{aliasQueue, aliasForeignRuns, aliasForeignStatus}

// errors judges the errors of an answer: what is not found is null in the data,
// and the caller looks at that.
func (c *Client) errors(list []graphqlError, h http.Header) error {
	for _, e := range list {
		switch {
		case e.Type == "RATE_LIMITED" || e.Type == "RATE_LIMIT":
			return &LimitError{c.limits.stop(queries, c.limits.untilReset(h))}
		case strings.Contains(e.Message, "secondary rate limit"):
			wait, _ := c.limits.wait(http.StatusForbidden, h, e.Message)
			return &LimitError{c.limits.stop(everything, wait)}
		case e.Type == "RESOURCE_LIMITS_EXCEEDED", e.Type == "MAX_NODE_LIMIT_EXCEEDED", strings.HasPrefix(e.Message, "Something went wrong while executing your query"):
			return fmt.Errorf("%w: %s", errTooCostly, e.Message)
		case e.hides():
		case e.Type == "FORBIDDEN" && e.about(aliasOrganisation):
			return fmt.Errorf("%w: %w: %s", ErrOrganisation, ErrForbidden, e.Message)
		case e.about(aliasOrganisation):
			return fmt.Errorf("%w: %s", ErrOrganisation, e.Message)
		case e.Type == "NOT_FOUND":
		case e.Type == "FORBIDDEN" && e.optional():
		case e.Type == "FORBIDDEN":
			return fmt.Errorf("%w: %s", ErrForbidden, e.Message)
		default:
			return fmt.Errorf("%w: %s", errRefused, e.Message)
		}
	}
	return nil
}

// optional reports whether the error is about a field that may be refused.
func (e graphqlError) optional() bool {
	return slices.ContainsFunc(e.Path, func(part any) bool {
		name, _ := part.(string)
		return slices.Contains(optionalFields, name)
	})
}

// about reports whether the error is about a field of the query, or inside of it. A
// query that has several of them numbers them.
func (e graphqlError) about(alias string) bool {
	if len(e.Path) == 0 {
		return false
	}
	name, _ := e.Path[0].(string)
	return strings.TrimRight(name, "0123456789") == alias
}

// hides reports whether the error is how GitHub answers for a repository of the
// organisation's policy that is not there, or outside of the installation. It does
// not mean any other reason, and not what is inside of one that it shows.
func (e graphqlError) hides() bool {
	if !e.about(aliasOrganisation) {
		return false
	}
	switch e.Type {
	case "NOT_FOUND":
		return len(e.Path) == 1
	case "FORBIDDEN": // a public one
		return len(e.Path) <= 2 && e.Message == "Resource not accessible by integration"
	}
	return false
}

func firstLine(data []byte) string {
	line, _, _ := strings.Cut(strings.TrimSpace(string(data[:min(len(data), 200)])), "\n")
	return line
}

// The aliases of fields that are told apart by name.
const (
	aliasOrganisation = "organisation"
	aliasQueue        = "queue"
)

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
