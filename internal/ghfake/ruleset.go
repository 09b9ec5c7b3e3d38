package ghfake

import (
	"encoding/json"
	"net/http"
)

// A Ruleset is one of a repository, as it was sent.
type Ruleset struct {
	Name        string        `json:"name"`
	Target      string        `json:"target"`
	Enforcement string        `json:"enforcement"`
	Rules       []RulesetRule `json:"rules"`
	Conditions  struct {
		RefName struct {
			Include []string `json:"include"`
		} `json:"ref_name"`
	} `json:"conditions"`
}

// A RulesetRule is one rule of a ruleset.
type RulesetRule struct {
	Type       string          `json:"type"`
	Parameters json.RawMessage `json:"parameters,omitempty"`
}

func (s *Server) rulesetRoutes() []*route {
	return []*route{
		{pattern: "POST " + inRepo + "/rulesets", needs: need("administration:write"), do: s.createRuleset},
		{pattern: "GET " + inRepo + "/rules/branches/{branch...}", needs: need("metadata:read"), do: s.branchRules},
	}
}

func (s *Server) createRuleset(c *call) (any, *refusal) {
	var r Ruleset
	if no := c.read(&r); no != nil {
		return nil, no
	}
	if r.Name == "" || r.Enforcement == "" {
		return nil, unfit("name and enforcement are required.")
	}
	c.repo.rulesets = append(c.repo.rulesets, r)
	c.answer.status = http.StatusCreated
	return obj{"id": s.id(), "name": r.Name, "source": c.repo.fullName(), "source_type": "Repository", "target": "branch", "enforcement": r.Enforcement, "rules": r.Rules}, nil
}

// branchRules lists the active rules of a branch. The default branch alone has
// some.
func (s *Server) branchRules(c *call) (any, *refusal) {
	list := []obj{}
	for i, set := range c.repo.rulesets {
		for _, r := range set.Rules {
			if c.r.PathValue("branch") == defaultBranch && set.Enforcement == "active" {
				list = append(list, obj{"type": r.Type, "parameters": r.Parameters, "ruleset_source_type": "Repository", "ruleset_source": c.repo.fullName(), "ruleset_id": i + 1})
			}
		}
	}
	return list, nil
}

// Rulesets are those of the repository.
func (r *Repo) Rulesets() []Ruleset {
	r.server.mu.Lock()
	defer r.server.mu.Unlock()
	return append([]Ruleset(nil), r.rulesets...)
}
