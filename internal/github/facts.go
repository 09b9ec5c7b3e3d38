package github

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	gh "github.com/google/go-github/v60/github"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/policy"
)

// loader is one load under way.
type loader struct {
	client   *Client
	in       Range
	compared *gh.CommitsComparison
	change   *change.Change
	policies []PolicyFile
	siblings []int
	state    string
	modes    map[string]change.File // by path, as far as asked
	trees    bool                   // the files must come from the trees
}

// pullFacts is what a query says of a pull request.
type pullFacts struct {
	State             string `json:"state"`
	IsDraft           bool   `json:"isDraft"`
	Title             string `json:"title"`
	Body              string `json:"body"`
	HeadRefName       string `json:"headRefName"`
	HeadRefOid        string `json:"headRefOid"`
	BaseRefName       string `json:"baseRefName"`
	IsCrossRepository bool   `json:"isCrossRepository"`
	ChangedFiles      int    `json:"changedFiles"`
	Author            *struct {
		Typename   string `json:"__typename"`
		Login      string `json:"login"`
		DatabaseID int64  `json:"databaseId"`
	} `json:"author"`
	Labels *struct {
		TotalCount int `json:"totalCount"`
		Nodes      []struct {
			Name string `json:"name"`
		} `json:"nodes"`
	} `json:"labels"`
	TimelineItems struct {
		Nodes []struct {
			Actor *struct {
				Typename string `json:"__typename"`
				Login    string `json:"login"`
			} `json:"actor"`
			Label *struct {
				Name string `json:"name"`
			} `json:"label"`
		} `json:"nodes"`
	} `json:"timelineItems"`
}

const pullFields = `pull:pullRequest(number:$number){state isDraft title body headRefName headRefOid baseRefName isCrossRepository changedFiles` +
	` author{__typename login ...on User{databaseId}...on Bot{databaseId}}` +
	` labels(first:100){totalCount nodes{name}}` +
	` timelineItems(itemTypes:[LABELED_EVENT],last:100){nodes{...on LabeledEvent{actor{__typename login}label{name}}}}}`

const policyFile = `file(path:$policy){mode type object{...on Blob{oid byteSize isTruncated isBinary text}}}`

const siblingFields = `siblings:object(oid:$siblingHead){...on Commit{associatedPullRequests(first:20){nodes{number state headRefOid}}}}`

const organisationFields = aliasOrganisation + `:repository(owner:$owner,name:".github"){defaultBranchRef{target{...on Commit{` + policyFile + `}}}}`

// policyBlob is a policy file in an answer.
type policyBlob struct {
	Mode   int    `json:"mode"`
	Type   string `json:"type"`
	Object *struct {
		OID         string  `json:"oid"`
		IsTruncated bool    `json:"isTruncated"`
		Text        *string `json:"text"`
	} `json:"object"`
}

// answer is the shape of the main query.
type answer struct {
	Repository map[string]json.RawMessage `json:"repository"`
	Org        *struct {
		DefaultBranchRef *struct {
			Target struct {
				File *policyBlob `json:"file"`
			} `json:"target"`
		} `json:"defaultBranchRef"`
	} `json:"organisation"`
}

// facts runs the main query: the pull request, the policies, and the modes and
// blob ids of the first files. moved means that the pull request has another
// head or base by now, which is written to r.
func (l *loader) facts(ctx context.Context, r *Range) (moved bool, err error) {
	q := newQuery(l.in.Owner, l.in.Repo)
	q.bind("policy", "String!", policy.Path)
	q.bind("baseTip", "GitObjectID!", l.change.Base)
	q.bind("siblingHead", "GitObjectID!", l.in.Head)
	q.fields = append(q.fields, "policy:object(oid:$baseTip){...on Commit{"+policyFile+"}}", siblingFields)
	if l.in.Number > 0 {
		q.bind("number", "Int!", l.in.Number)
		q.fields = append(q.fields, pullFields)
	}
	before, after := l.paths()
	l.trees = len(l.compared.Files) >= compareFiles
	n, m := 0, 0
	if !l.trees {
		n, m = min(len(before), queryPaths), min(len(after), queryPaths)
		q.files("b", l.change.MergeBase, before[:n])
		q.files("h", l.change.Head, after[:m])
	}
	var a answer
	if err := l.client.query(ctx, q.text(organisationFields), q.variables, &a); err != nil {
		return false, explain("read the change's facts", err)
	}
	if a.Repository == nil {
		return false, fmt.Errorf("read the repository: %w", ErrNotFound)
	}
	if l.in.Number > 0 {
		if moved, err := l.pull(a.Repository["pull"], r); err != nil || moved {
			return moved, err
		}
	}
	if err := l.readPolicies(ctx, a); err != nil {
		return false, err
	}
	l.readSiblings(a.Repository["siblings"])
	if l.trees {
		return false, nil
	}
	if err := l.readEntries(a.Repository, before[:n], after[:m]); err != nil {
		return false, err
	}
	return false, l.moreEntries(ctx, before[n:], after[m:])
}

// paths are the names to look up in the merge base's and in the head's tree.
func (l *loader) paths() (before, after []string) {
	for _, f := range l.compared.Files {
		switch f.GetStatus() {
		case "added", "copied":
			after = append(after, f.GetFilename())
		case "removed":
			before = append(before, f.GetFilename())
		case "renamed":
			before = append(before, f.GetPreviousFilename())
			after = append(after, f.GetFilename())
		default: // modified, changed, and what GitHub may add
			before = append(before, f.GetFilename())
			after = append(after, f.GetFilename())
		}
	}
	return before, after
}

// pull reads the pull request's facts.
func (l *loader) pull(raw json.RawMessage, r *Range) (moved bool, err error) {
	var p *pullFacts
	if err := json.Unmarshal(raw, &p); err != nil {
		return false, fmt.Errorf("read the pull request: %w", err)
	}
	if p == nil {
		return false, fmt.Errorf("read the pull request: %w", ErrNotFound)
	}
	if p.HeadRefOid != l.in.Head || p.BaseRefName != l.in.Base {
		r.Head, r.Base = p.HeadRefOid, p.BaseRefName
		return true, nil
	}
	c := l.change
	c.Event, c.Title, c.Body, c.Draft, c.Fork = change.PullRequest, p.Title, p.Body, p.IsDraft, p.IsCrossRepository
	c.HeadRef, c.BaseRef = p.HeadRefName, p.BaseRefName
	l.state = p.State
	if p.Author != nil {
		c.Author = change.Person{Login: p.Author.Login, ID: p.Author.DatabaseID, Kind: change.AccountKind(p.Author.Typename)}
		if c.Author.Kind == change.Bot && !strings.HasSuffix(c.Author.Login, "[bot]") {
			c.Author.Login += "[bot]" // as webhooks write it
		}
	}
	l.labels(p)
	if n := len(p.Title); n > change.MaxTitle {
		c.Gaps = append(c.Gaps, change.Gap{What: fmt.Sprintf("the title has %d bytes, more than the %d that are read", n, change.MaxTitle), Remedy: "Shorten the title."})
	}
	if n := p.ChangedFiles; len(l.compared.Files) < compareFiles && n != len(l.compared.Files) && n > 0 {
		l.trees = true // the comparison lost some
	}
	return false, nil
}

// labels reads the labels and who set them: the last to do so counts. Somebody
// unknown counts as the author; so does an App, which may act for whoever wrote
// the change, as a workflow of its own branch does.
func (l *loader) labels(p *pullFacts) {
	if p.Labels == nil {
		return
	}
	setBy := make(map[string]string)
	for _, e := range p.TimelineItems.Nodes {
		if e.Label == nil {
			continue
		}
		delete(setBy, e.Label.Name)
		if e.Actor != nil && change.AccountKind(e.Actor.Typename) == change.User {
			setBy[e.Label.Name] = e.Actor.Login
		}
	}
	for _, n := range p.Labels.Nodes {
		by := setBy[n.Name]
		l.change.Labels = append(l.change.Labels, change.Label{Name: n.Name, ByAuthor: by == "" || strings.EqualFold(by, l.change.Author.Login)})
	}
	if p.Labels.TotalCount > len(p.Labels.Nodes) {
		l.change.Gaps = append(l.change.Gaps, change.Gap{What: fmt.Sprintf("only %d of %d labels could be read", len(p.Labels.Nodes), p.Labels.TotalCount), Remedy: "Remove labels."})
	}
}

func (l *loader) readSiblings(raw json.RawMessage) {
	var s *struct {
		Pulls struct {
			Nodes []struct {
				Number     int    `json:"number"`
				State      string `json:"state"`
				HeadRefOid string `json:"headRefOid"`
			} `json:"nodes"`
		} `json:"associatedPullRequests"`
	}
	if json.Unmarshal(raw, &s) != nil || s == nil {
		return // a fork's head is not an object of this repository
	}
	for _, p := range s.Pulls.Nodes {
		if p.State == "OPEN" && p.HeadRefOid == l.in.Head && p.Number != l.in.Number {
			l.siblings = append(l.siblings, p.Number)
		}
	}
}

// readPolicies takes the policies out of the answer.
func (l *loader) readPolicies(ctx context.Context, a answer) error {
	if a.Org != nil && a.Org.DefaultBranchRef != nil && l.in.Repo != ".github" {
		if err := l.addPolicy(ctx, ".github", a.Org.DefaultBranchRef.Target.File, true); err != nil {
			return err
		}
	}
	var commit *struct {
		File *policyBlob `json:"file"`
	}
	if err := json.Unmarshal(a.Repository["policy"], &commit); err != nil {
		return fmt.Errorf("read the base's policy: %w", err)
	}
	if commit == nil {
		return fmt.Errorf("read the base's policy at %s: %w", l.change.Base, ErrNotFound)
	}
	return l.addPolicy(ctx, l.in.Repo, commit.File, false)
}

func (l *loader) addPolicy(ctx context.Context, repo string, b *policyBlob, organisation bool) error {
	if b == nil || b.Type == "tree" {
		return nil
	}
	p := PolicyFile{Organisation: organisation, Mode: mode(b.Mode)}
	if b.Type == "blob" && b.Object != nil {
		text := b.Object.Text
		if text != nil && !b.Object.IsTruncated && blobID([]byte(*text), len(b.Object.OID)) == b.Object.OID {
			p.Data = []byte(*text)
		} else {
			blob, err := l.client.blob(ctx, l.in.Owner, repo, b.Object.OID, policy.MaxSize+1)
			if err != nil {
				return fmt.Errorf("read a policy: %w", err)
			}
			p.Data = blob.Data
			if blob.TooLarge {
				p.Data = make([]byte, policy.MaxSize+1) // loading it words the problem
			}
		}
	}
	l.policies = append(l.policies, p)
	return nil
}
