package github

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	gh "github.com/google/go-github/v60/github"

	"github.com/changeguard/changeguard/policy"
)

// An Open is an open pull request as a survey finds it.
type Open struct {
	Owner, Repo string
	Number      int
	Head        string
	Base        string   // branch
	Tip         string   // the commit that the branch is at; "" when it is not known
	Facts       string   // its title, body and labels, as [Facts] writes them
	Policies    []string // the ids of the policy files at its base, as [PolicyFile] has them
}

// Facts are what a verdict may depend on besides commits and policies, in short:
// two pull requests with the same title and labels have the same. edited is when
// somebody last wrote the body anew, as GitHub says it, "" for never: bodies are
// too long to be read by the hundred.
func Facts(title string, draft bool, labels []string, edited string) string {
	labels = slices.Clone(labels)
	for i, l := range labels {
		labels[i] = strings.ToLower(l)
	}
	slices.Sort(labels)
	if edited != "" {
		labels = append(labels, "\x00edited "+edited) // no label's name has such a byte
	}
	sum := sha256.New()
	for _, part := range append([]string{title, fmt.Sprint(draft)}, labels...) {
		fmt.Fprintf(sum, "%d %s ", len(part), part)
	}
	return hex.EncodeToString(sum.Sum(nil)[:12])
}

// An Installed is an installation of the App.
type Installed struct {
	ID    int64
	Owner string
}

// maxPages bounds every list, against an answer that never ends.
const maxPages = 1000

// Installations lists where the App is installed and not suspended, by id.
func (a *App) Installations(ctx context.Context) ([]Installed, error) {
	rest := a.rest()
	var list []Installed
	for page := 1; page > 0 && page <= maxPages; {
		some, resp, err := rest.Apps.ListInstallations(ctx, &gh.ListOptions{Page: page, PerPage: perPage})
		if err != nil {
			return nil, explain("list the installations", err)
		}
		for _, i := range some {
			if i.SuspendedAt == nil {
				list = append(list, Installed{i.GetID(), i.GetAccount().GetLogin()})
			}
		}
		page = resp.NextPage
	}
	slices.SortFunc(list, func(x, y Installed) int { return cmp.Compare(x.ID, y.ID) })
	return list, nil
}

// rest is a client for the App's own requests.
func (a *App) rest() *gh.Client {
	c := gh.NewClient(a.own)
	c.BaseURL, c.UserAgent = a.base, userAgent
	return c
}

// Repositories lists an installation's repositories that are neither archived nor disabled, as
// owner and name.
func (c *Client) Repositories(ctx context.Context) ([][2]string, error) {
	var list [][2]string
	for page := 1; page > 0 && page <= maxPages; {
		some, resp, err := c.rest.Apps.ListRepos(ctx, &gh.ListOptions{Page: page, PerPage: perPage})
		if err != nil {
			return nil, explain("list the repositories", err)
		}
		for _, r := range some.Repositories {
			if !r.GetArchived() && !r.GetDisabled() {
				list = append(list, [2]string{r.GetOwner().GetLogin(), r.GetName()})
			}
		}
		page = resp.NextPage
	}
	return list, nil
}

// How much a query of a survey asks about.
const (
	surveyRepos    = 20
	surveyBranches = 50
)

// Survey lists the open pull requests of repositories, with the policies that
// are in force at their bases, and the merge groups. It takes about one query for
// each twenty repositories and another for each fifty branches. What it returns
// beside an error is of the repositories that the error does not name.
func (c *Client) Survey(ctx context.Context, repos [][2]string) ([]Open, []Queued, error) {
	var list []Open
	var queued []Queued
	var problems []error
	for part := range slices.Chunk(repos, surveyRepos) {
		some, groups, err := c.openPullsApart(ctx, part)
		list, queued, problems = append(list, some...), append(queued, groups...), append(problems, err)
	}
	if err := c.policiesOf(ctx, list); err != nil {
		return nil, queued, errors.Join(append(problems, err)...)
	}
	return list, queued, errors.Join(problems...)
}

// openPullsApart asks about halves of the repositories where GitHub does not answer
// about all of them: it does so for one that it has blocked, too.
func (c *Client) openPullsApart(ctx context.Context, repos [][2]string) ([]Open, []Queued, error) {
	list, queued, err := c.openPulls(ctx, repos)
	switch {
	case !errors.Is(err, ErrForbidden) && !errors.Is(err, errRefused) && !errors.Is(err, errTooCostly):
		return list, queued, err
	case len(repos) == 1:
		return nil, nil, fmt.Errorf("%s/%s: %w", repos[0][0], repos[0][1], err)
	}
	half := len(repos) / 2
	list, queued, err = c.openPullsApart(ctx, repos[:half])
	others, groups, wrong := c.openPullsApart(ctx, repos[half:])
	return append(list, others...), append(queued, groups...), errors.Join(err, wrong)
}

// openPage is a page of open pull requests in an answer.
type openPage struct {
	Pulls *struct {
		PageInfo struct {
			HasNextPage bool   `json:"hasNextPage"`
			EndCursor   string `json:"endCursor"`
		} `json:"pageInfo"`
		Nodes []struct {
			Number      int    `json:"number"`
			HeadRefOid  string `json:"headRefOid"`
			BaseRefName string `json:"baseRefName"`
			Title       string `json:"title"`
			IsDraft     bool   `json:"isDraft"`
			Edited      string `json:"lastEditedAt"`
			Labels      *struct {
				Nodes []struct {
					Name string `json:"name"`
				} `json:"nodes"`
			} `json:"labels"`
		} `json:"nodes"`
	} `json:"pullRequests"`
	Refs *struct {
		Nodes []struct {
			Name   string `json:"name"`
			Target struct {
				OID string `json:"oid"`
			} `json:"target"`
		} `json:"nodes"`
	} `json:"refs"`
}

// reposQuery asks the same of several repositories, each under the alias rN.
type reposQuery struct {
	fields, params []string
	variables      map[string]any
}

func newReposQuery() *reposQuery { return &reposQuery{variables: make(map[string]any)} }

func (q *reposQuery) bind(name, kind string, value any) {
	q.params = append(q.params, "$"+name+":"+kind)
	q.variables[name] = value
}

// add asks for fields of a repository.
func (q *reposQuery) add(owner, repo, fields string) {
	n := len(q.fields)
	q.bind(fmt.Sprint("o", n), "String!", owner)
	q.bind(fmt.Sprint("n", n), "String!", repo)
	q.fields = append(q.fields, fmt.Sprintf("r%d:repository(owner:$o%d,name:$n%d){%s}", n, n, n, fields))
}

func (q *reposQuery) text() string {
	return "query(" + strings.Join(q.params, ",") + "){" + strings.Join(q.fields, " ") + "}"
}

// ask returns what the answer has of each repository; null is one that is gone.
func (q *reposQuery) ask(ctx context.Context, c *Client, what string) ([]json.RawMessage, error) {
	var answer map[string]json.RawMessage
	if err := c.query(ctx, q.text(), q.variables, &answer); err != nil {
		return nil, explain(what, err)
	}
	list := make([]json.RawMessage, len(q.fields))
	for i := range list {
		if list[i] = answer[fmt.Sprint("r", i)]; list[i] == nil {
			list[i] = json.RawMessage("null")
		}
	}
	return list, nil
}

func (c *Client) openPulls(ctx context.Context, repos [][2]string) ([]Open, []Queued, error) {
	var list []Open
	var queued []Queued
	type rest struct {
		repo  [2]string
		after *string
	}
	var todo []rest
	for _, r := range repos {
		todo = append(todo, rest{repo: r})
	}
	for page := 0; len(todo) > 0 && page < maxPages; page++ {
		q := newReposQuery()
		for i, r := range todo {
			after := fmt.Sprint("after", i)
			q.bind(after, "String", r.after)
			refs := ""
			if r.after == nil {
				refs = queueRefs
			}
			q.add(r.repo[0], r.repo[1], "pullRequests(states:OPEN,first:100,after:$"+after+"){pageInfo{hasNextPage endCursor} nodes{number headRefOid baseRefName title isDraft lastEditedAt labels(first:100){nodes{name}}}}"+refs)
		}
		answers, err := q.ask(ctx, c, "list open pull requests")
		if err != nil {
			return nil, nil, err
		}
		var more []rest
		for i, raw := range answers {
			var p *openPage
			if err := json.Unmarshal(raw, &p); err != nil {
				return nil, nil, fmt.Errorf("list open pull requests: %w", err)
			}
			if p == nil || p.Pulls == nil {
				continue // gone, or not to be seen
			}
			queued = append(queued, p.groups(todo[i].repo)...)
			for _, n := range p.Pulls.Nodes {
				var labels []string
				if n.Labels != nil {
					for _, l := range n.Labels.Nodes {
						labels = append(labels, l.Name)
					}
				}
				list = append(list, Open{
					Owner: todo[i].repo[0], Repo: todo[i].repo[1], Number: n.Number, Head: n.HeadRefOid, Base: n.BaseRefName, Facts: Facts(n.Title, n.IsDraft, labels, n.Edited),
				})
			}
			if p.Pulls.PageInfo.HasNextPage {
				more = append(more, rest{todo[i].repo, &p.Pulls.PageInfo.EndCursor})
			}
		}
		todo = more
	}
	return list, queued, nil
}

// branch is where policies are read from. The organisation's are at the default
// branch of a repository of its own, which has no name here.
type branch struct{ owner, repo, name string }

// organisationRepo holds the organisation's policy.
const organisationRepo = ".github"

// policiesOf fills in the ids of the policies.
func (c *Client) policiesOf(ctx context.Context, list []Open) error {
	found := make(map[branch]tipped)
	var ask []branch
	want := func(b branch) {
		if _, ok := found[b]; !ok {
			found[b] = tipped{}
			ask = append(ask, b)
		}
	}
	for _, p := range list {
		want(branch{p.Owner, organisationRepo, ""})
		want(branch{p.Owner, p.Repo, p.Base})
	}
	for part := range slices.Chunk(ask, surveyBranches) {
		if err := c.policiesAt(ctx, part, found); err != nil {
			return err
		}
	}
	for i, p := range list {
		for _, b := range []branch{{p.Owner, organisationRepo, ""}, {p.Owner, p.Repo, p.Base}} {
			if b.name != "" {
				list[i].Tip = found[b].tip
			}
			if id := found[b].policy; id != "" && (b.name != "" || p.Repo != organisationRepo) {
				list[i].Policies = append(list[i].Policies, id)
			}
		}
	}
	return nil
}

const policyEntry = `{target{oid ...on Commit{file(path:$policy){mode type oid}}}}`

// tipped is what is at a branch: its commit, and the policy's id, "" for none.
type tipped struct{ tip, policy string }

func (c *Client) policiesAt(ctx context.Context, branches []branch, found map[branch]tipped) error {
	q := newReposQuery()
	q.bind("policy", "String!", policy.Path)
	for i, b := range branches {
		if b.name == "" {
			q.add(b.owner, b.repo, "at:defaultBranchRef"+policyEntry)
			continue
		}
		q.bind(fmt.Sprint("b", i), "String!", "refs/heads/"+b.name)
		q.add(b.owner, b.repo, fmt.Sprintf("at:ref(qualifiedName:$b%d)%s", i, policyEntry))
	}
	answers, err := q.ask(ctx, c, "look for policies")
	if err != nil {
		return err
	}
	for i, raw := range answers {
		var r *struct {
			At *struct {
				Target struct {
					OID  string     `json:"oid"`
					File *treeEntry `json:"file"`
				} `json:"target"`
			} `json:"at"`
		}
		if err := json.Unmarshal(raw, &r); err != nil {
			return fmt.Errorf("look for policies: %w", err)
		}
		if r == nil || r.At == nil {
			continue
		}
		at := tipped{tip: r.At.Target.OID}
		if f := r.At.Target.File; f != nil && f.Type != "tree" {
			at.policy = policyID(branches[i].name == "", f.Mode, f.OID)
		}
		found[branches[i]] = at
	}
	return nil
}

// policyID names a policy file by where it is, how, and its content.
func policyID(organisation bool, fileMode int, oid string) string {
	where := "repository"
	if organisation {
		where = "organisation"
	}
	return where + " " + string(mode(fileMode)) + " " + oid
}
