package github

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/changeguard/changeguard/change"
)

// account is somebody in an answer; null when the account was deleted.
type account struct {
	Typename   string `json:"__typename"`
	Login      string `json:"login"`
	DatabaseID int64  `json:"databaseId"`
}

const accountFields = `{__typename login ...on User{databaseId} ...on Bot{databaseId}}`

// person is the account as webhooks write it.
func (a *account) person() change.Person {
	if a == nil {
		return change.Person{}
	}
	p := change.Person{Login: a.Login, ID: a.DatabaseID, Kind: change.AccountKind(a.Typename)}
	if p.Kind == change.Bot && !strings.HasSuffix(p.Login, "[bot]") {
		p.Login += "[bot]"
	}
	return p
}

// pullFacts is what a query says of a pull request.
type pullFacts struct {
	State             string `json:"state"`
	IsDraft           bool   `json:"isDraft"`
	Title             string `json:"title"`
	Body              string `json:"body"`
	LastEditedAt      string `json:"lastEditedAt"`
	HeadRefName       string `json:"headRefName"`
	HeadRefOid        string `json:"headRefOid"`
	BaseRefName       string `json:"baseRefName"`
	IsCrossRepository bool   `json:"isCrossRepository"`
	ChangedFiles      int    `json:"changedFiles"`
	Comments          *struct {
		TotalCount int `json:"totalCount"`
	} `json:"comments"`
	Author    *account `json:"author"`
	HeadOwner *account `json:"headRepositoryOwner"`
	Labels    *struct {
		TotalCount int `json:"totalCount"`
		Nodes      []struct {
			Name string `json:"name"`
		} `json:"nodes"`
	} `json:"labels"`
	Reviews *struct {
		TotalCount int          `json:"totalCount"`
		Nodes      []reviewFact `json:"nodes"`
	} `json:"reviews"`
	Merge         *foreignFact `json:"merge"`
	TimelineItems struct {
		Nodes []struct {
			Actor *account `json:"actor"`
			Label *struct {
				Name string `json:"name"`
			} `json:"label"`
		} `json:"nodes"`
	} `json:"timelineItems"`
}

var pullFields = `pull:pullRequest(number:$number){state isDraft title body lastEditedAt headRefName headRefOid baseRefName isCrossRepository changedFiles comments(first:1){totalCount}` +
	` author` + accountFields + ` headRepositoryOwner{login}` +
	` labels(first:100){totalCount nodes{name}}` +
	` reviews(last:100,states:[APPROVED,CHANGES_REQUESTED,DISMISSED]){totalCount nodes{state author` + accountFields + ` commit{oid}}}` +
	` merge:potentialMergeCommit{oid ` + foreignFields + `}` +
	` timelineItems(itemTypes:[LABELED_EVENT],last:100){nodes{...on LabeledEvent{actor` + accountFields + `label{name}}}}}`

const siblingFields = `siblings:object(oid:$siblingHead){...on Commit{associatedPullRequests(first:100){totalCount nodes{number state headRefOid}}}}`

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
		r.Head, r.Base, r.tip = p.HeadRefOid, p.BaseRefName, ""
		return true, nil
	}
	if l.in.At != "" && l.change.MergeBase == l.in.Head && p.ChangedFiles > 0 {
		return false, errPassed
	}
	c := l.change
	c.Event, c.Title, c.Body, c.Draft, c.Fork = change.PullRequest, p.Title, p.Body, p.IsDraft, p.IsCrossRepository
	c.HeadRef, c.BaseRef, c.Author = p.HeadRefName, p.BaseRefName, p.Author.person()
	l.loaded.State, l.loaded.Edited, l.loaded.Owner = p.State, p.LastEditedAt, p.HeadOwner.person().Login
	l.loaded.Uncommented = p.Comments != nil && p.Comments.TotalCount == 0
	l.labels(p)
	if p.Merge != nil {
		l.foreign(p.Merge, p.Merge.OID, true)
	}
	if p.Reviews != nil {
		l.loaded.Approvals = approvals(p.Reviews.Nodes)
	}
	if n := len(p.Title); n > change.MaxTitle {
		l.gap(fmt.Sprintf("the title has %d bytes, more than the %d that are read", n, change.MaxTitle), "Shorten the title.")
	}
	if n := p.ChangedFiles; len(l.compared.Files) < compareFiles && n != len(l.compared.Files) && n > 0 {
		l.trees = true // the comparison lost some
	}
	return false, nil
}

// labels reads the labels and who set them: the last to do so counts. Only a
// person other than the author counts as somebody else. An App may act for the
// author, and so may whoever is not known.
func (l *loader) labels(p *pullFacts) {
	if p.Labels == nil {
		l.gap("the labels could not be read", "Run the check again.")
		return
	}
	setBy := make(map[string]change.Person)
	for _, e := range p.TimelineItems.Nodes {
		if e.Label != nil {
			setBy[e.Label.Name] = e.Actor.person()
		}
	}
	for _, n := range p.Labels.Nodes {
		by := setBy[n.Name]
		other := by.Kind == change.User && by.Login != "" && by.ID != l.change.Author.ID && !strings.EqualFold(by.Login, l.change.Author.Login)
		l.change.Labels = append(l.change.Labels, change.Label{Name: n.Name, ByAuthor: !other})
	}
	if p.Labels.TotalCount > len(p.Labels.Nodes) {
		l.gap(fmt.Sprintf("only %d of %d labels could be read", len(p.Labels.Nodes), p.Labels.TotalCount), "Remove labels.")
	}
}

func (l *loader) gap(what, remedy string) {
	l.change.Gaps = append(l.change.Gaps, change.Gap{What: what, Remedy: remedy})
}

// errPassed says that a closed pull request cannot be seen as it was.
var errPassed = errors.New("GitHub does not tell what it was compared with: its commits are in the base by now")

// readSiblings finds the open pull requests that share the head. One that is
// overlooked could get the result of another. A fork's head may be no object of
// this repository; then they are not known.
func (l *loader) readSiblings(raw json.RawMessage) error {
	var s *struct {
		Pulls *struct {
			TotalCount int `json:"totalCount"`
			Nodes      []struct {
				Number     int    `json:"number"`
				State      string `json:"state"`
				HeadRefOid string `json:"headRefOid"`
			} `json:"nodes"`
		} `json:"associatedPullRequests"`
	}
	if err := json.Unmarshal(raw, &s); err != nil {
		return fmt.Errorf("read the pull requests of %s: %w", l.in.Head, err)
	}
	if s == nil || s.Pulls == nil {
		l.loaded.SiblingsUnknown = true
		return nil
	}
	for _, p := range s.Pulls.Nodes {
		if p.State == "OPEN" && p.HeadRefOid == l.in.Head && p.Number != l.in.Number {
			l.loaded.Siblings = append(l.loaded.Siblings, p.Number)
		}
	}
	if n := s.Pulls.TotalCount; n > maxSiblings {
		l.gap(fmt.Sprintf("the head belongs to %d pull requests, which are too many to tell whose result it is", n), "Add a commit of its own to the branch.")
	}
	return nil
}
