package github

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Watched is a repository in a survey, with those of its branches, besides the default
// one, of which it is to be known where they are.
type Watched struct {
	Owner, Repo string
	Branches    []string // globs, as policies have them
}

// Tips are where the branches of a repository are.
type Tips struct {
	Owner, Repo string
	Default     string            // branch; "" in an empty repository
	At          map[string]string // commits by branches
	// Cut says that there are more branches than were listed, so that one that is not
	// among them may be there.
	Cut bool
}

// maxTipPages bounds the requests for one repository's branches.
const maxTipPages = 5

// refPage is a page of branches in an answer.
type refPage struct {
	PageInfo struct {
		HasNextPage bool   `json:"hasNextPage"`
		EndCursor   string `json:"endCursor"`
	} `json:"pageInfo"`
	Nodes []refTip `json:"nodes"`
}

type refTip struct {
	Name   string `json:"name"`
	Target struct {
		OID string `json:"oid"`
	} `json:"target"`
}

const (
	oneTip     = `{name target{oid}}`
	defaultTip = ` main:defaultBranchRef` + oneTip
	tipPage    = `{pageInfo{hasNextPage endCursor} nodes{name target{oid}}}`
)

// looked is what is asked about branches: one by its name, or those in a folder whose
// names have some words in them.
type looked struct{ name, folder, words string }

// looks is what is to be asked to find every branch that a list of globs can match.
func looks(globs []string) (list []looked) {
	for _, g := range globs {
		end := strings.IndexAny(g, `*?[{\`)
		switch {
		case strings.HasPrefix(g, "!") || slices.Contains(list, looked{name: g}):
		case end < 0:
			list = append(list, looked{name: g})
		default:
			folder := g[:strings.LastIndexByte(g[:end], '/')+1]
			if l := (looked{folder: folder, words: g[len(folder):end]}); !slices.Contains(list, l) {
				list = append(list, l)
			}
		}
	}
	return list
}

// tipFields asks for the branches of the n-th repository of a query, in the query that
// is sent anyway.
func (r Watched) tipFields(q *reposQuery, n int) string {
	fields := defaultTip
	for i, l := range looks(r.Branches) {
		fields += fmt.Sprintf(" w%d:%s", i, l.field(q, fmt.Sprintf("w%d_%d", n, i), ""))
	}
	return fields
}

// field asks for a page of what is looked for.
func (l looked) field(q *reposQuery, name, more string) string {
	q.bind(name, "String!", "refs/heads/"+l.folder+l.name)
	if l.name != "" {
		return fmt.Sprintf("ref(qualifiedName:$%s)%s", name, oneTip)
	}
	if l.words != "" {
		q.bind(name+"q", "String!", l.words)
		more += ",query:$" + name + "q"
	}
	return fmt.Sprintf("refs(refPrefix:$%s,first:100%s)%s", name, more, tipPage)
}

// readTips reads where a repository's branches are, and asks for those that the answer
// has no room for.
func (c *Client) readTips(ctx context.Context, r Watched, raw json.RawMessage) (Tips, error) {
	t := Tips{Owner: r.Owner, Repo: r.Repo, At: make(map[string]string)}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(raw, &fields); err != nil {
		return t, fmt.Errorf("read the branches of %s/%s: %w", r.Owner, r.Repo, err)
	}
	var err error
	if t.Default, err = t.one(fields["main"]); err != nil {
		return t, err
	}
	for i, l := range looks(r.Branches) {
		field := fields[fmt.Sprint("w", i)]
		if l.name != "" {
			_, err = t.one(field)
		} else {
			err = c.pages(ctx, r, l, field, &t)
		}
		if err != nil {
			return t, err
		}
	}
	return t, nil
}

// one notes a branch, and returns its name; "" when it is not there.
func (t *Tips) one(raw json.RawMessage) (string, error) {
	var tip *refTip
	if len(raw) == 0 {
		return "", nil
	}
	if err := json.Unmarshal(raw, &tip); err != nil {
		return "", fmt.Errorf("read a branch of %s/%s: %w", t.Owner, t.Repo, err)
	}
	if tip == nil {
		return "", nil
	}
	t.At[tip.Name] = tip.Target.OID
	return tip.Name, nil
}

// pages notes the branches of a folder, of which the first page was asked for already.
func (c *Client) pages(ctx context.Context, r Watched, l looked, raw json.RawMessage, t *Tips) error {
	for n := 1; ; n++ {
		var page *refPage
		if err := json.Unmarshal(raw, &page); err != nil || page == nil {
			return err // null: contents are not to be seen
		}
		for _, b := range page.Nodes {
			if !strings.HasPrefix(b.Name, l.folder) {
				b.Name = l.folder + b.Name // a name is what follows the prefix that was asked for
			}
			t.At[b.Name] = b.Target.OID
		}
		if t.Cut = t.Cut || page.PageInfo.HasNextPage && n == maxTipPages; !page.PageInfo.HasNextPage || n == maxTipPages {
			return nil
		}
		q := newReposQuery()
		q.bind("after", "String!", page.PageInfo.EndCursor)
		q.add(r.Owner, r.Repo, "more:"+l.field(q, "w", ",after:$after"))
		answers, err := q.ask(ctx, c, "list branches")
		if err != nil {
			return err
		}
		var answer struct {
			More json.RawMessage `json:"more"`
		}
		if err := json.Unmarshal(answers[0], &answer); err != nil || answer.More == nil {
			return err
		}
		raw = answer.More
	}
}
