package webhook

import (
	"encoding/json"
	"maps"
	"slices"
	"time"

	"github.com/changeguard/changeguard/internal/store"
)

// A Note is something that the audit log has besides what is evaluated. One of
// its parts is set.
type Note struct {
	Merge        *Merge
	Installation *Installation
}

// A Merge is a pull request that was merged.
type Merge struct {
	Subject store.Subject // with the head that was merged
	By      string        // login; "" when GitHub does not say
	Commit  string        // that merging made
	At      time.Time
}

// An Installation is a change of where the App is installed and what it may.
type Installation struct {
	Action       string            `json:"action"`
	ID           int64             `json:"installation"`
	Account      string            `json:"-"`
	By           string            `json:"-"` // login
	Permissions  map[string]string `json:"permissions,omitempty"`
	Events       []string          `json:"events,omitempty"`
	Selection    string            `json:"selection,omitempty"` // all or selected
	Repositories []string          `json:"repositories,omitempty"`
	Added        []string          `json:"added,omitempty"`
	Removed      []string          `json:"removed,omitempty"`
	More         int               `json:"more,omitempty"` // repositories that are not named
}

// maxNamed is how many of its repositories, of its permissions and of its events a
// note names, each with maxName bytes at most.
const maxNamed = 100

// merge is what closing a pull request says of a merge, nil when it was not
// merged.
func (p *pull) merge(s store.Subject) *Note {
	if !p.Merged {
		return nil
	}
	m := &Merge{Subject: s, At: plausible(p.MergedAt)}
	if p.MergedBy != nil {
		m.By = clip(p.MergedBy.Login, maxName)
	}
	if isCommit(p.MergeCommit) {
		m.Commit = p.MergeCommit
	}
	return &Note{Merge: m}
}

// plausible is a time, or zero for one that no computer's clock shows and JSON
// could not hold.
func plausible(t time.Time) time.Time {
	if t = t.UTC(); t.Year() < 1970 || t.Year() > 9000 {
		return time.Time{}
	}
	return t
}

// installed reads a change of an installation. A payload that names none is about
// nothing.
func installed(action string, raw []byte) (*Note, error) {
	type repository struct {
		Name string `json:"full_name"`
	}
	var p struct {
		Installation *struct {
			ID      int64 `json:"id"`
			Account *struct {
				Login string `json:"login"`
			} `json:"account"`
			Permissions map[string]string `json:"permissions"`
			Events      []string          `json:"events"`
			Selection   string            `json:"repository_selection"`
		} `json:"installation"`
		Repositories []repository `json:"repositories"`
		Added        []repository `json:"repositories_added"`
		Removed      []repository `json:"repositories_removed"`
		Sender       *account     `json:"sender"`
	}
	if err := json.Unmarshal(raw, &p); err != nil {
		return nil, describe(err)
	}
	if p.Installation == nil || p.Installation.ID < 1 {
		return nil, nil
	}
	n := &Installation{Action: action, ID: p.Installation.ID, Selection: clip(p.Installation.Selection, maxName)}
	if p.Installation.Account != nil {
		n.Account = clip(p.Installation.Account.Login, maxName)
	}
	if p.Sender != nil {
		n.By = clip(p.Sender.Login, maxName)
	}
	for _, name := range slices.Sorted(maps.Keys(p.Installation.Permissions))[:min(len(p.Installation.Permissions), maxNamed)] {
		if n.Permissions == nil {
			n.Permissions = make(map[string]string)
		}
		n.Permissions[clip(name, maxName)] = clip(p.Installation.Permissions[name], maxName)
	}
	for _, name := range p.Installation.Events[:min(len(p.Installation.Events), maxNamed)] {
		n.Events = append(n.Events, clip(name, maxName))
	}
	for _, list := range []struct {
		from []repository
		to   *[]string
	}{{p.Repositories, &n.Repositories}, {p.Added, &n.Added}, {p.Removed, &n.Removed}} {
		for i, r := range list.from {
			if i == maxNamed {
				n.More += len(list.from) - maxNamed
				break
			}
			*list.to = append(*list.to, clip(r.Name, 2*maxName+1))
		}
	}
	return &Note{Installation: n}, nil
}
