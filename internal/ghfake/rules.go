package ghfake

import (
	"maps"
	"net/http"
	"path"
	"slices"
	"strings"
)

// A RequiredCheck is one that a branch requires; App 0 takes it from anybody.
type RequiredCheck struct {
	Name string
	App  int64
}

// A Ruleset requires checks of branches.
type Ruleset struct {
	ID          int64    // given by the server
	Level       string   // Repository by default, or Organization
	Enforcement string   // active by default, evaluate or disabled
	Branches    []string // patterns; none for every branch
	Checks      []RequiredCheck
	Bypass      []string // kinds of actors, such as OrganizationAdmin
}

// holds reports whether a ruleset is in force for a branch.
func (x Ruleset) holds(branch string) bool {
	return (x.Enforcement == "" || x.Enforcement == "active") &&
		(len(x.Branches) == 0 || slices.ContainsFunc(x.Branches, func(pattern string) bool { return fitsPattern(pattern, branch) }))
}

// fitsPattern reports whether a branch is one of a pattern, as GitHub's rules write them.
func fitsPattern(pattern, branch string) bool {
	ok, err := path.Match(pattern, branch)
	return err == nil && ok
}

// protection is what branch protection requires of a branch.
type protection struct {
	checks []RequiredCheck
	admins bool // it holds for them too
}

// AddRuleset adds a ruleset and returns its number.
func (r *Repo) AddRuleset(x Ruleset) int64 {
	return locked(r, func() int64 {
		x.ID = r.server.id()
		if x.Level == "" {
			x.Level = "Repository"
		}
		r.rulesets = append(r.rulesets, x)
		return x.ID
	})
}

// RequireChecks protects a branch, or those of a pattern, for administrators too or
// without them.
func (r *Repo) RequireChecks(branch string, admins bool, checks ...RequiredCheck) {
	r.server.mu.Lock()
	defer r.server.mu.Unlock()
	r.protected[branch] = true
	if r.requires == nil {
		r.requires = make(map[string]protection)
	}
	r.requires[branch] = protection{checks, admins}
}

func (s *Server) ruleRoutes() []*route {
	return []*route{
		{pattern: "GET " + inRepo + "/rules/branches/{branch...}", needs: need("metadata:read"), do: s.branchRules},
		{pattern: "POST " + inRepo + "/rulesets", needs: need("administration:write"), do: s.createRuleset},
		{pattern: "GET " + inRepo + "/rulesets/{ruleset_id}", takes: "includes_parents", needs: need("metadata:read"), do: s.getRuleset},
	}
}

// branchRules lists the rules that are in force, a rule an entry.
func (s *Server) branchRules(c *call) (any, *refusal) {
	holds := slices.DeleteFunc(slices.Clone(c.repo.rulesets), func(x Ruleset) bool { return !x.holds(c.r.PathValue("branch")) })
	return mapped(paged(c, holds), func(x Ruleset) obj {
		source := c.repo.fullName()
		if x.Level == "Organization" {
			source = c.repo.Owner
		}
		checks := []obj{}
		for _, k := range x.Checks {
			one := obj{"context": k.Name}
			if k.App != 0 {
				one["integration_id"] = k.App
			}
			checks = append(checks, one)
		}
		return obj{
			"type": "required_status_checks", "ruleset_id": x.ID, "ruleset_source": source, "ruleset_source_type": x.Level,
			"parameters": obj{"required_status_checks": checks, "strict_required_status_checks_policy": false},
		}
	}), nil
}

// getRuleset shows who may bypass it only to those who may change it.
func (s *Server) getRuleset(c *call) (any, *refusal) {
	number := c.number("ruleset_id")
	for _, x := range c.repo.rulesets {
		if x.ID != number {
			continue
		}
		body := obj{"id": x.ID, "name": "rules", "target": "branch", "source_type": x.Level, "source": c.repo.fullName(), "enforcement": "active"}
		if allows(c.token.permissions["administration"], "write") {
			actors := []obj{}
			for n, kind := range x.Bypass {
				actors = append(actors, obj{"actor_id": n + 1, "actor_type": kind, "bypass_mode": "always"})
			}
			body["bypass_actors"] = actors
		}
		return body, nil
	}
	return nil, refuse(http.StatusNotFound, "Not Found")
}

// protectionJSON is what a branch shows of its protection.
func (r *Repo) protectionJSON(branch string) obj {
	p, ok := r.requires[branch]
	for _, pattern := range slices.Sorted(maps.Keys(r.requires)) {
		if !ok && fitsPattern(pattern, branch) {
			p, ok = r.requires[pattern], true
		}
	}
	if !ok {
		return obj{"enabled": r.protected[branch]}
	}
	level := "non_admins"
	if p.admins {
		level = "everyone"
	}
	contexts, checks := []string{}, []obj{}
	for _, k := range p.checks {
		contexts = append(contexts, k.Name)
		one := obj{"context": k.Name, "app_id": nil}
		if k.App != 0 {
			one["app_id"] = k.App
		}
		checks = append(checks, one)
	}
	return obj{"enabled": true, "required_status_checks": obj{"enforcement_level": level, "contexts": contexts, "checks": checks, "url": r.api("/branches/" + strings.TrimSpace(branch) + "/protection/required_status_checks")}}
}
