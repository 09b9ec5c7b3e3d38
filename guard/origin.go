package guard

import (
	"encoding/json"
	"fmt"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/internal/github"
	"github.com/changeguard/changeguard/session"
	"github.com/changeguard/changeguard/verdict"
)

// An Origin is what a verdict came out of besides commits and the repository's
// own policy, which a clone has. With it the verdict can be computed again without
// asking GitHub. It holds texts of the pull request and is as private as those.
type Origin struct {
	Event         change.Event
	Repo          string
	Number        int    `json:",omitempty"`
	BaseRef       string `json:",omitempty"`
	HeadRef       string `json:",omitempty"`
	HeadProtected bool   `json:",omitempty"`
	Fork          bool   `json:",omitempty"`
	Draft         bool   `json:",omitempty"`
	Title         string
	Body          string
	Labels        []change.Label `json:",omitempty"`
	Author        change.Person
	Gaps          []change.Gap   `json:",omitempty"`
	Limits        change.Limits  // of reading
	Record        session.Record // what stuck to it before
	// Lifts are the approvals and overrides in force, by finding.
	Lifts map[string]verdict.Lift `json:",omitempty"`
	// Organisation is the organisation's policy, which no clone has.
	Organisation *OriginPolicy    `json:",omitempty"`
	Evidence     *change.Recorded `json:",omitempty"`
}

// An OriginPolicy is a policy file as it was read.
type OriginPolicy struct {
	Mode change.Mode
	Data []byte
}

// origin is what the verdict that is published came out of, nil for one that says
// only that nothing could be judged.
func (e *evaluation) origin(loaded *github.Loaded) ([]byte, error) {
	c := loaded.Change
	if e.judged.Change != c {
		return nil, nil
	}
	o := Origin{
		Event: c.Event, Repo: c.Repo, Number: c.Number, BaseRef: c.BaseRef, HeadRef: c.HeadRef, HeadProtected: c.HeadProtected, Fork: c.Fork, Draft: c.Draft,
		Title: c.Title, Body: c.Body, Labels: c.Labels, Author: c.Author, Gaps: c.Gaps, Limits: c.Limits,
		Record: e.judged.Record, Lifts: e.judged.Lifts, Evidence: e.recorded(),
	}
	for _, p := range loaded.Policies {
		if p.Organisation {
			o.Organisation = &OriginPolicy{p.Mode, p.Data}
		}
	}
	body, err := json.Marshal(o)
	if err != nil {
		return nil, fmt.Errorf("write what the verdict came out of: %w", err)
	}
	return body, nil
}

// ParseOrigin reads what was kept with a verdict.
func ParseOrigin(body []byte) (*Origin, error) {
	o := new(Origin)
	if err := json.Unmarshal(body, o); err != nil {
		return nil, fmt.Errorf("read what the verdict came out of: %w", err)
	}
	return o, nil
}

// Apply gives a change that was loaded from a clone what only GitHub knew.
func (o *Origin) Apply(c *change.Change) {
	c.Event, c.Repo, c.Number = o.Event, o.Repo, o.Number
	c.BaseRef, c.HeadRef, c.HeadProtected, c.Fork, c.Draft = o.BaseRef, o.HeadRef, o.HeadProtected, o.Fork, o.Draft
	c.Title, c.Body, c.Labels, c.Author = o.Title, o.Body, o.Labels, o.Author
	c.Gaps = append(c.Gaps, o.Gaps...)
	if o.Evidence != nil {
		c.Evidence = o.Evidence
	}
}
