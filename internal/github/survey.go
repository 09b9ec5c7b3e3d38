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
	Unread      bool     // some policies could not be read, so that Policies says nothing
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

// Surveyed is what a survey found.
type Surveyed struct {
	Open   []Open
	Queued []Queued
	Tips   []Tips
}

func (s *Surveyed) add(other Surveyed) {
	s.Open, s.Queued, s.Tips = append(s.Open, other.Open...), append(s.Queued, other.Queued...), append(s.Tips, other.Tips...)
}

// Survey lists the open pull requests of repositories, with the policies that
// are in force at their bases, the merge groups, and where branches are. It takes
// about one query for each twenty repositories and another for each fifty branches
// of open pull requests. What it returns beside an error is of the repositories that
// the error does not name.
func (c *Client) Survey(ctx context.Context, repos []Watched) (Surveyed, error) {
	var all Surveyed
	var problems []error
	for part := range slices.Chunk(repos, surveyRepos) {
		some, err := c.surveyApart(ctx, part)
		all.add(some)
		problems = append(problems, err)
	}
	return all, errors.Join(append(problems, c.policiesOf(ctx, all.Open))...)
}

// surveyApart asks about halves of the repositories where GitHub does not answer
// about all of them: it does so for one that it has blocked, too.
func (c *Client) surveyApart(ctx context.Context, repos []Watched) (found Surveyed, err error) {
	err = apart(repos, func(some []Watched) error {
		part, err := c.survey(ctx, some)
		found.add(part)
		return err
	}, func(r Watched) string { return r.Owner + "/" + r.Repo })
	return found, err
}

// apart asks about halves of a list where GitHub does not answer about all of it. Of
// one that is refused alone the error says which it is.
func apart[T any](list []T, ask func([]T) error, name func(T) string) error {
	err := ask(list)
	switch {
	case !errors.Is(err, ErrForbidden) && !errors.Is(err, ErrOrganisation) && !errors.Is(err, errRefused) && !errors.Is(err, errTooCostly):
		return err
	case len(list) == 1:
		return fmt.Errorf("%s: %w", name(list[0]), err)
	}
	half := len(list) / 2
	return errors.Join(apart(list[:half], ask, name), apart(list[half:], ask, name))
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
	Refs *refPage `json:"refs"`
}

// reposQuery asks the same of several repositories, each under an alias.
type reposQuery struct {
	aliases, fields, params []string
	variables               map[string]any
}

func newReposQuery() *reposQuery { return &reposQuery{variables: make(map[string]any)} }

func (q *reposQuery) bind(name, kind string, value any) {
	q.params = append(q.params, "$"+name+":"+kind)
	q.variables[name] = value
}

// add asks for fields of a repository.
func (q *reposQuery) add(owner, repo, fields string) { q.addAs("r", owner, repo, fields) }

// addAs does so under an alias by which [graphqlError] knows what it is about.
func (q *reposQuery) addAs(alias, owner, repo, fields string) {
	n := len(q.fields)
	alias = fmt.Sprint(alias, n)
	q.aliases = append(q.aliases, alias)
	q.bind(fmt.Sprint("o", n), "String!", owner)
	q.bind(fmt.Sprint("n", n), "String!", repo)
	q.fields = append(q.fields, fmt.Sprintf("%s:repository(owner:$o%d,name:$n%d){%s}", alias, n, n, fields))
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
	for i, alias := range q.aliases {
		if list[i] = answer[alias]; list[i] == nil {
			list[i] = json.RawMessage("null")
		}
	}
	return list, nil
}

// surveyRest is what of a repository is still to be asked about.
type surveyRest struct {
	Watched
	after *string
}

func (c *Client) survey(ctx context.Context, repos []Watched) (found Surveyed, err error) {
	var todo []surveyRest
	for _, r := range repos {
		todo = append(todo, surveyRest{Watched: r})
	}
	for page := 0; len(todo) > 0 && page < maxPages; page++ {
		answers, err := surveyQuery(todo).ask(ctx, c, "list open pull requests")
		if err != nil {
			return Surveyed{}, err
		}
		var more []surveyRest
		for i, raw := range answers {
			after, err := c.readSurvey(ctx, todo[i], raw, &found)
			if err != nil {
				return Surveyed{}, err
			}
			if after != nil {
				more = append(more, surveyRest{todo[i].Watched, after})
			}
		}
		todo = more
	}
	return found, nil
}

func surveyQuery(todo []surveyRest) *reposQuery {
	q := newReposQuery()
	for i, r := range todo {
		after := fmt.Sprint("after", i)
		q.bind(after, "String", r.after)
		once := ""
		if r.after == nil {
			once = queueRefs + r.tipFields(q, i)
		}
		q.add(r.Owner, r.Repo, "pullRequests(states:OPEN,first:100,after:$"+after+"){pageInfo{hasNextPage endCursor} nodes{number headRefOid baseRefName title isDraft lastEditedAt labels(first:100){nodes{name}}}}"+once)
	}
	return q
}

// readSurvey reads what an answer says of a repository, and returns where the list of
// its pull requests goes on.
func (c *Client) readSurvey(ctx context.Context, r surveyRest, raw json.RawMessage, found *Surveyed) (after *string, err error) {
	var p *openPage
	if err := json.Unmarshal(raw, &p); err != nil {
		return nil, fmt.Errorf("list open pull requests: %w", err)
	}
	if p == nil || p.Pulls == nil {
		return nil, nil // gone, or not to be seen
	}
	found.Queued = append(found.Queued, p.groups(r.Owner, r.Repo)...)
	if r.after == nil {
		tips, err := c.readTips(ctx, r.Watched, raw)
		if err != nil {
			return nil, err
		}
		found.Tips = append(found.Tips, tips)
	}
	for _, n := range p.Pulls.Nodes {
		var labels []string
		if n.Labels != nil {
			for _, l := range n.Labels.Nodes {
				labels = append(labels, l.Name)
			}
		}
		found.Open = append(found.Open, Open{
			Owner: r.Owner, Repo: r.Repo, Number: n.Number, Head: n.HeadRefOid, Base: n.BaseRefName, Facts: Facts(n.Title, n.IsDraft, labels, n.Edited),
		})
	}
	if p.Pulls.PageInfo.HasNextPage {
		return &p.Pulls.PageInfo.EndCursor, nil
	}
	return nil, nil
}
