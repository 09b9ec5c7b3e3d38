package guard

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/internal/github"
	"github.com/changeguard/changeguard/internal/lazyregexp"
	"github.com/changeguard/changeguard/internal/logkey"
	"github.com/changeguard/changeguard/policy"
	"github.com/changeguard/changeguard/verdict"
)

// rights answers who may do what, and asks GitHub once for each thing.
type rights struct {
	*evaluation
	roles map[string]bool // "login role:write", of an account with the id that was given
	teams map[string]bool // "login @org/team"
	blind bool            // a team's members are not shown to the App
}

// takes words whom something takes.
func (r *rights) takes(what string, list []string) denial {
	if len(list) == 0 {
		return denial{"The policy lets nobody override ", "."}
	}
	d := denial{what + " of ", " takes " + plain(strings.Join(list, " or "))}
	if r.blind {
		d.after += ", and who is in a team is not shown to the App: grant it to read the organisation's members"
	}
	d.after += "."
	return d
}

// ranks are GitHub's roles, the least first.
var ranks = []string{"none", "read", "triage", "write", "maintain", "admin"}

// among reports whether somebody is one of those that a policy names.
func (r *rights) among(ctx context.Context, who change.Person, list []string) (bool, error) {
	if who.Kind != change.User || who.Login == "" {
		return false, nil
	}
	for _, ask := range []func(context.Context, change.Person, string) (bool, error){r.named, r.role, r.team} { // what costs nothing first
		for _, item := range list {
			if ok, err := ask(ctx, who, item); err != nil || ok {
				return ok, err
			}
		}
	}
	return false, nil
}

func (r *rights) named(_ context.Context, who change.Person, item string) (bool, error) {
	return strings.EqualFold(item, who.Login), nil
}

func (r *rights) role(ctx context.Context, who change.Person, item string) (bool, error) {
	wanted, ok := strings.CutPrefix(item, "role:")
	if !ok {
		return false, nil
	}
	key := strings.ToLower(who.Login) + " " + item
	if has, known := r.roles[key]; known {
		return has, nil
	}
	role, id, kind, err := r.client.Role(ctx, r.Owner, r.Repo, who.Login)
	if err != nil {
		return false, err
	}
	// Another account may have this name by now.
	same := id == who.ID && kind == change.User
	for _, name := range []string{"write", "maintain", "admin"} {
		r.roles[strings.ToLower(who.Login)+" role:"+name] = same && slices.Index(ranks, role) >= slices.Index(ranks, name)
	}
	return slices.Contains(ranks, wanted) && r.roles[key], nil
}

func (r *rights) team(ctx context.Context, who change.Person, item string) (bool, error) {
	org, team, ok := strings.Cut(strings.TrimPrefix(item, "@"), "/")
	if !ok || !strings.HasPrefix(item, "@") {
		return false, nil
	}
	key := strings.ToLower(who.Login + " " + item)
	if has, known := r.teams[key]; known {
		return has, nil
	}
	has, err := r.client.TeamMember(ctx, org, team, who.Login)
	if errors.Is(err, github.ErrForbidden) {
		r.Logger.WarnContext(ctx, "a team's members are not shown to the App; grant it to read members", logkey.Subject, r.Name(), logkey.Err, err)
		r.blind, has, err = true, false, nil
	}
	if err == nil {
		r.teams[key] = has
	}
	return has, err
}

// makers are the people whose change it is: its author, and the authors, the
// committers and the co-authors of its commits, as far as an address leads to an
// account.
type makers struct {
	logins map[string]bool // in lower case
	ids    map[int64]bool
	// strange are the commits with a co-author whose account is not known yet.
	strange  []string
	everyone bool // too many to tell
}

func makersOf(loaded *github.Loaded) makers {
	c := loaded.Change
	m := makers{logins: make(map[string]bool), ids: make(map[int64]bool)}
	m.add(c.Author)
	byEmail := make(map[string][]change.Person)
	for _, maker := range loaded.Makers {
		m.add(maker.Person)
		byEmail[strings.ToLower(maker.Email)] = append(byEmail[strings.ToLower(maker.Email)], maker.Person)
	}
	for _, commit := range c.Commits {
		m.add(hidden(commit.Author.Email))
		m.add(hidden(commit.Committer.Email))
		known := true
		for _, t := range change.Trailers(commit.Message) {
			if !strings.EqualFold(t.Key, "Co-authored-by") {
				continue
			}
			email := address(t.Value)
			p := hidden(email)
			m.add(p)
			for _, p := range byEmail[strings.ToLower(email)] {
				m.add(p)
			}
			known = known && (p.Login != "" || len(byEmail[strings.ToLower(email)]) > 0)
		}
		if !known {
			m.strange = append(m.strange, commit.ID)
		}
	}
	return m
}

// meet asks GitHub for the accounts of co-authors that are not known, before
// anybody has their say.
func (s *standing) meet(ctx context.Context) error {
	if len(s.makers.strange) == 0 {
		return nil
	}
	people, err := s.client.Authors(ctx, s.Owner, s.Repo, s.makers.strange)
	if errors.Is(err, github.ErrTooMany) {
		s.makers.everyone, err = true, nil
	}
	for _, p := range people {
		s.makers.add(p)
	}
	s.makers.strange = nil
	return err
}

func (m makers) add(p change.Person) {
	if p.Login != "" {
		m.logins[strings.ToLower(p.Login)] = true
	}
	if p.ID != 0 {
		m.ids[p.ID] = true
	}
}

func (m makers) has(p change.Person) bool {
	return m.everyone || m.logins[strings.ToLower(p.Login)] || m.ids[p.ID]
}

// address is what stands between the last pair of < and >.
func address(value string) string {
	_, rest, _ := strings.Cut(value, "<")
	email, _, _ := strings.Cut(rest, ">")
	return strings.TrimSpace(email)
}

var hiddenAddress = lazyregexp.New(`(?i)^(?:([0-9]{1,18})\+)?([a-z0-9][a-z0-9_-]*(?:\[bot\])?)@users\.noreply\.`)

// hidden reads the account out of an address that GitHub gives to those who hide
// theirs.
func hidden(email string) change.Person {
	found := hiddenAddress.FindStringSubmatch(email)
	if found == nil {
		return change.Person{}
	}
	id, _ := strconv.ParseInt(found[1], 10, 64) // 0 where it has none
	return change.Person{Login: found[2], ID: id}
}

// What counts for a layer whose policy does not load: the built-in defaults.
var (
	plainOverrides = policy.Overrides{By: []string{"role:maintain"}, Expire: 168 * time.Hour}
	plainApprovals = policy.Approvals{Count: 1, From: []string{"role:write"}}
)

// sayers are the layers whose people have a say in a finding: the one that found
// it, or every one in what is guarded whatever a policy says.
func sayers(layers []verdict.Layer, f *verdict.Finding) []verdict.Layer {
	for _, l := range layers {
		if l.Name == f.Layer() {
			return []verdict.Layer{l}
		}
	}
	return layers
}

// overridesOf are what every layer with a say asks of an override.
func overridesOf(layers []verdict.Layer, f *verdict.Finding) (list []policy.Overrides) {
	for _, l := range sayers(layers, f) {
		if l.Policy == nil {
			list = append(list, plainOverrides)
			continue
		}
		list = append(list, l.Policy.Overrides)
	}
	return list
}

// approvalsOf are the approvals that every layer with a say asks for.
func approvalsOf(layers []verdict.Layer, f *verdict.Finding) (list []policy.Approvals) {
	for _, l := range sayers(layers, f) {
		if l.Policy == nil {
			list = append(list, plainApprovals)
			continue
		}
		asked := l.Policy.Approvals
		for _, r := range l.Policy.Rules {
			if r.Name == f.Rule && r.Approvals != nil {
				asked = *r.Approvals
			}
		}
		list = append(list, asked)
	}
	return list
}
