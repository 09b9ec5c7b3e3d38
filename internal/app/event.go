package app

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/internal/gitrepo"
)

// event is the part of a GitHub webhook payload that describes a change.
type event struct {
	Ref         string      `json:"ref"`
	PullRequest *eventPull  `json:"pull_request"`
	MergeGroup  *eventGroup `json:"merge_group"`
	Before      string      `json:"before"`
	After       string      `json:"after"`
}

type eventPull struct {
	Number int          `json:"number"`
	Title  string       `json:"title"`
	Body   *string      `json:"body"`
	Draft  bool         `json:"draft"`
	User   eventAccount `json:"user"`
	Labels []struct {
		Name string `json:"name"`
	} `json:"labels"`
	Head eventBranch `json:"head"`
	Base eventBranch `json:"base"`
}

type eventGroup struct {
	HeadSHA string `json:"head_sha"`
	HeadRef string `json:"head_ref"`
	BaseSHA string `json:"base_sha"`
	BaseRef string `json:"base_ref"`
}

type eventBranch struct {
	Ref  string `json:"ref"`
	SHA  string `json:"sha"`
	Repo *struct {
		FullName string `json:"full_name"`
	} `json:"repo"`
}

type eventAccount struct {
	Login string `json:"login"`
	ID    int64  `json:"id"`
	Type  string `json:"type"`
}

// parseEvent reads a payload as GITHUB_EVENT_PATH names it.
func parseEvent(data []byte) (*event, error) {
	var e event
	dec := json.NewDecoder(bytes.NewReader(data))
	if err := dec.Decode(&e); err != nil {
		var syntax *json.SyntaxError
		var kind *json.UnmarshalTypeError
		switch {
		case errors.As(err, &syntax):
			return nil, fmt.Errorf("this is no JSON: byte %d: %w", syntax.Offset, err)
		case errors.As(err, &kind):
			return nil, fmt.Errorf("byte %d: %s must be a %s, this is a %s", kind.Offset, kind.Field, kind.Type, kind.Value)
		default:
			return nil, fmt.Errorf("this is no JSON: %w", err)
		}
	}
	if e.PullRequest == nil && e.MergeGroup == nil && (e.Ref == "" || e.After == "") {
		return nil, errors.New("this is no payload of a pull_request, merge_group or push event")
	}
	return &e, nil
}

// revisions names the commits of the event where the user named none.
func (e *event) revisions(o *gitrepo.Options) {
	if e == nil {
		return
	}
	base, head := e.Before, e.After
	switch {
	case e.PullRequest != nil:
		base, head = e.PullRequest.Base.SHA, e.PullRequest.Head.SHA
	case e.MergeGroup != nil:
		base, head = e.MergeGroup.BaseSHA, e.MergeGroup.HeadSHA
	}
	if o.Head == "" && head != "" {
		o.Head = head
	}
	if o.Base == "" && strings.Trim(base, "0") != "" {
		o.Base = base
	}
}

// describe fills in what only the forge knows.
func (e *event) describe(c *change.Change) {
	if e == nil {
		return
	}
	switch {
	case e.PullRequest != nil:
		e.PullRequest.describe(c)
	case e.MergeGroup != nil:
		c.Event = change.MergeGroup
		c.HeadRef, c.BaseRef = strings.TrimPrefix(e.MergeGroup.HeadRef, "refs/heads/"), strings.TrimPrefix(e.MergeGroup.BaseRef, "refs/heads/")
	default:
		c.Event = change.Push
		c.HeadRef = strings.TrimPrefix(e.Ref, "refs/heads/")
		c.BaseRef = c.HeadRef
	}
}

func (p *eventPull) describe(c *change.Change) {
	c.Event, c.Number, c.Title, c.Draft = change.PullRequest, p.Number, p.Title, p.Draft
	if p.Body != nil {
		c.Body = *p.Body
	}
	c.HeadRef, c.BaseRef = p.Head.Ref, p.Base.Ref
	c.Author = p.User.person()
	// A head whose repository is gone was a fork.
	c.Fork = p.Head.Repo == nil || p.Base.Repo != nil && p.Head.Repo.FullName != p.Base.Repo.FullName
	if p.Base.Repo != nil {
		c.Repo = p.Base.Repo.FullName
	}
	for _, l := range p.Labels {
		c.Labels = append(c.Labels, change.Label{Name: l.Name}) // they count as set by others
	}
}

func (a eventAccount) person() change.Person {
	return change.Person{Login: a.Login, ID: a.ID, Kind: change.AccountKind(a.Type)}
}
