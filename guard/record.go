package guard

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/internal/store"
	"github.com/changeguard/changeguard/session"
	"github.com/changeguard/changeguard/verdict"
)

// scopes are what a declaration sticks to: the pull request, its head branch
// and its commits. owner is whose repository the head branch is in.
func scopes(c *change.Change, owner string) []string {
	var list []string
	if c.Number > 0 {
		list = append(list, fmt.Sprintf("pull %s#%d", c.Repo, c.Number))
	}
	switch {
	case c.HeadRef == "" || c.Event != change.PullRequest:
	case !c.Fork:
		list = append(list, "branch "+c.Repo+":"+c.HeadRef)
	case owner != "":
		list = append(list, "branch "+c.Repo+":"+strings.ToLower(owner)+":"+c.HeadRef)
	}
	for _, commit := range c.Commits {
		list = append(list, "commit "+c.Repo+"@"+commit.ID)
	}
	return list
}

// record reads what sticks to the change.
func (g *Guard) record(ctx context.Context, scopes []string) (session.Record, error) {
	stored, err := g.Store.Records(ctx, scopes)
	if err != nil {
		return session.Record{}, err
	}
	return merged(stored, scopes)
}

// merged is one record of those of several scopes.
func merged(stored map[string][]byte, scopes []string) (record session.Record, err error) {
	for _, scope := range scopes {
		body, ok := stored[scope]
		if !ok {
			continue
		}
		one, err := session.ParseRecord(body)
		if err != nil {
			return record, fmt.Errorf("%s: %w", scope, err)
		}
		record.Merge(one)
	}
	return record, nil
}

// remember writes what the change declares to everything that it sticks to.
// Whoever declares something for the same branch meanwhile is not overwritten.
func (e *evaluation) remember(ctx context.Context, c *change.Change, layers []verdict.Layer, record session.Record, scopes []string, v *verdict.Verdict) error {
	if c.Event != change.PullRequest {
		return nil
	}
	if len(v.Session.Modes) == 0 {
		return e.sticks.set(scopes, record)
	}
	known := session.Recognise(c, nil)
	var declared []session.Session
	for _, l := range layers {
		if l.Policy != nil {
			declared = append(declared, session.Declare(known, c, l.Policy.Specs(), false, record))
		}
	}
	add := func(have map[string][]byte) (map[string][]byte, error) { return additions(have, scopes, declared, c) }
	have, err := e.Store.Records(ctx, scopes)
	if err != nil {
		return err
	}
	new, err := add(have)
	if err != nil {
		return err
	}
	if err := e.sticks.expect(scopes, record, have, new); err != nil || len(new) == 0 {
		return err // the usual case costs no transaction
	}
	body, err := json.Marshal(struct {
		Modes    []string           `json:"modes"`
		Head     string             `json:"head"`
		Evidence []session.Evidence `json:"evidence"`
	}{v.Session.Modes, v.Head, v.Session.Evidence})
	if err != nil {
		return fmt.Errorf("write for the audit log: %w", err)
	}
	return e.Store.ChangeRecordsOn(ctx, scopes, &store.Entry{At: e.Now(), Kind: store.AuditSession, Subject: e.Name(), Body: body}, add)
}

// additions are the records that the declarations change.
func additions(have map[string][]byte, scopes []string, declared []session.Session, c *change.Change) (map[string][]byte, error) {
	changed := make(map[string][]byte)
	for _, scope := range scopes {
		var record session.Record
		if body := have[scope]; body != nil {
			var err error
			if record, err = session.ParseRecord(body); err != nil {
				return nil, fmt.Errorf("%s: %w", scope, err)
			}
		}
		before := len(record.Declarations)
		for _, s := range declared {
			declare(&record, scope, s, c)
		}
		if len(record.Declarations) == before {
			continue
		}
		body, err := json.Marshal(record)
		if err != nil {
			return nil, fmt.Errorf("write the record of %s: %w", scope, err)
		}
		changed[scope] = body
	}
	return changed, nil
}

// declare adds to one scope's record. A commit remembers only what binds it.
func declare(record *session.Record, scope string, s session.Session, c *change.Change) {
	if _, id, ok := strings.Cut(scope, "@"); ok && strings.HasPrefix(scope, "commit ") {
		record.RememberCommit(s, id, c)
	} else {
		record.Remember(s, c)
	}
}
