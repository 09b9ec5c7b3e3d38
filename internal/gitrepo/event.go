package gitrepo

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/changeguard/changeguard/change"
)

// An Event is the part of a GitHub webhook payload that describes a change: of a
// pull_request, a merge_group or a push.
type Event struct {
	Repository *eventRepository `json:"repository"`
	Pull       *eventPull       `json:"pull_request"`
	Group      *eventGroup      `json:"merge_group"`

	// Of a push.
	Ref    *string `json:"ref"`
	Before *string `json:"before"`
	After  *string `json:"after"`
}

type eventRepository struct {
	FullName string `json:"full_name"`
}

// What must be there is a pointer, so that it is told from what is empty.
type eventPull struct {
	Number int           `json:"number"`
	Title  *string       `json:"title"`
	Body   *string       `json:"body"` // null for none
	Draft  bool          `json:"draft"`
	User   *eventAccount `json:"user"` // null for an account that is gone
	Labels *[]eventLabel `json:"labels"`
	Head   *eventBranch  `json:"head"`
	Base   *eventBranch  `json:"base"`
}

type eventLabel struct {
	Name *string `json:"name"`
}

type eventGroup struct {
	HeadSHA string `json:"head_sha"`
	HeadRef string `json:"head_ref"`
	BaseSHA string `json:"base_sha"`
	BaseRef string `json:"base_ref"`
}

type eventBranch struct {
	Ref  string           `json:"ref"`
	SHA  string           `json:"sha"`
	Repo *eventRepository `json:"repo"` // null when it was deleted
}

type eventAccount struct {
	Login string `json:"login"`
	ID    int64  `json:"id"`
	Type  string `json:"type"`
}

// The most that a payload may hold; GitHub sends less of each.
const (
	maxPayload = 25 << 20
	maxLabels  = 1000
	maxBody    = 1 << 20 // bytes
)

// ParseEvent reads a payload. What is wrong with it is a UsageError.
func ParseEvent(payload []byte) (*Event, error) {
	if len(payload) > maxPayload {
		return nil, usage("the payload has more than %d bytes", maxPayload)
	}
	var e *Event
	dec := json.NewDecoder(bytes.NewReader(payload))
	if err := dec.Decode(&e); err != nil {
		return nil, badPayload(err)
	}
	end := dec.InputOffset()
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, usage("this is no JSON: something follows byte %d", end)
	}
	if err := e.check(); err != nil {
		return nil, err
	}
	return e, nil
}

// badPayload says where the JSON is wrong.
func badPayload(err error) error {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		return usage("this is no JSON: byte %d: %v", syntax.Offset, err)
	case errors.As(err, &kind):
		field := kind.Field
		if field == "" {
			field = "the payload"
		}
		return usage("byte %d: %s must be %s, this is %s", kind.Offset, field, jsonName(kind), kind.Value)
	default:
		return usage("this is no JSON: %v", err)
	}
}

// jsonName is what was wanted, in JSON's words.
func jsonName(e *json.UnmarshalTypeError) string {
	switch e.Type.Kind().String() {
	case "struct", "ptr":
		return "an object"
	case "slice":
		return "a list"
	case "int", "int64":
		return "a whole number"
	default:
		return "a " + e.Type.String()
	}
}

// check makes sure that the payload describes one change, and wholly: a title
// or labels that are missing would be claims that nobody made.
func (e *Event) check() error {
	if e == nil {
		return usage("the payload is null")
	}
	switch {
	case e.Pull != nil && e.Group != nil:
		return usage("this payload has both a pull_request and a merge_group")
	case e.Pull != nil:
		return e.Pull.check()
	case e.Group != nil:
		return commitIDs("merge_group.head_sha", e.Group.HeadSHA, "merge_group.base_sha", e.Group.BaseSHA)
	case e.Ref == nil || e.Before == nil || e.After == nil:
		return usage("this is no payload of a pull_request, merge_group or push event")
	case none(*e.After):
		return usage("this push deletes %s; there is nothing to judge", *e.Ref)
	default:
		return commitIDs("before", *e.Before, "after", *e.After)
	}
}

func (p *eventPull) check() error {
	for _, field := range []struct {
		name  string
		there bool
	}{{"title", p.Title != nil}, {"labels", p.Labels != nil}, {"head", p.Head != nil}, {"base", p.Base != nil}} {
		if !field.there {
			return usage("pull_request.%s is missing", field.name)
		}
	}
	if len(*p.Title) > change.MaxTitle {
		return usage("pull_request.title has %d bytes, more than the %d that a forge takes", len(*p.Title), change.MaxTitle)
	}
	if p.Body != nil && len(*p.Body) > maxBody {
		return usage("pull_request.body has more than %d bytes", maxBody)
	}
	if len(*p.Labels) > maxLabels {
		return usage("pull_request.labels has more than %d entries", maxLabels)
	}
	for i, l := range *p.Labels {
		if l.Name == nil {
			return usage("pull_request.labels[%d].name is missing", i)
		}
	}
	return commitIDs("pull_request.head.sha", p.Head.SHA, "pull_request.base.sha", p.Base.SHA)
}

// commitIDs checks fields, name and value in turn, that are ids or empty.
func commitIDs(fields ...string) error {
	for pair := range slices.Chunk(fields, 2) {
		id := pair[1]
		whole := len(id) == 40 || len(id) == 64
		if id != "" && (!whole || strings.Trim(id, "0123456789abcdef") != "") {
			return usage("%s is %q, which is no commit id", pair[0], id)
		}
	}
	return nil
}

// none reports whether an id stands for nothing: it is empty or of zeros.
func none(id string) bool { return strings.Trim(id, "0") == "" }

// Revisions names the commits of the event in o, where nobody named others.
func (e *Event) Revisions(o *Options) {
	var base, head string
	switch {
	case e.Pull != nil:
		base, head = e.Pull.Base.SHA, e.Pull.Head.SHA
	case e.Group != nil:
		base, head = e.Group.BaseSHA, e.Group.HeadSHA
	default:
		base, head = *e.Before, *e.After
	}
	if o.Head == "" && !none(head) {
		o.Head = head
	}
	if o.Base == "" && !none(base) {
		o.Base = base
	}
}

// Apply fills in what only the forge knows. Labels count as set by others: the
// payload does not say by whom, and they are shown to the one who runs this.
func (e *Event) Apply(c *change.Change) {
	if e.Repository != nil {
		c.Repo = e.Repository.FullName
	}
	switch {
	case e.Pull != nil:
		e.Pull.apply(c)
	case e.Group != nil:
		c.Event = change.MergeGroup
		c.HeadRef, c.BaseRef = branchOrName(e.Group.HeadRef), branchOrName(e.Group.BaseRef)
	default:
		c.Event = change.Push
		c.HeadRef = branchName(*e.Ref)
		c.BaseRef = c.HeadRef
	}
}

// branchOrName takes a branch with or without refs/heads/.
func branchOrName(ref string) string { return strings.TrimPrefix(ref, "refs/heads/") }

func (p *eventPull) apply(c *change.Change) {
	c.Event, c.Number, c.Title, c.Draft = change.PullRequest, p.Number, *p.Title, p.Draft
	c.Body, c.Author = "", change.Person{}
	if p.Body != nil {
		c.Body = *p.Body
	}
	if p.User != nil {
		c.Author = change.Person{Login: p.User.Login, ID: p.User.ID, Kind: change.AccountKind(p.User.Type)}
	}
	c.HeadRef, c.BaseRef = p.Head.Ref, p.Base.Ref
	if p.Base.Repo != nil {
		c.Repo = p.Base.Repo.FullName
	}
	// A head whose repository is gone was a fork.
	c.Fork = p.Head.Repo == nil || p.Base.Repo != nil && !strings.EqualFold(p.Head.Repo.FullName, p.Base.Repo.FullName)
	c.Labels = nil
	for _, l := range *p.Labels {
		c.Labels = append(c.Labels, change.Label{Name: *l.Name})
	}
	slices.SortFunc(c.Labels, func(a, b change.Label) int { return cmp.Compare(a.Name, b.Name) })
}

// ApplyEvent reads a payload and fills in what it says of a change.
func ApplyEvent(c *change.Change, payload []byte) error {
	e, err := ParseEvent(payload)
	if err != nil {
		return fmt.Errorf("read the event: %w", err)
	}
	e.Apply(c)
	return nil
}
