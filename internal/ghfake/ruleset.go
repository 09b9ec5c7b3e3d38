package ghfake

import (
	"net/http"
	"strings"
)

// newRuleset is what GitHub is sent for a ruleset, as far as it is read.
type newRuleset struct {
	Name        string `json:"name"`
	Target      string `json:"target"`
	Enforcement string `json:"enforcement"`
	Rules       []struct {
		Type       string `json:"type"`
		Parameters struct {
			Checks []struct {
				Context string `json:"context"`
				App     int64  `json:"integration_id"`
			} `json:"required_status_checks"`
			Strict bool `json:"strict_required_status_checks_policy"`
		} `json:"parameters"`
	} `json:"rules"`
	Conditions struct {
		RefName struct {
			Include []string `json:"include"`
			Exclude []string `json:"exclude"`
		} `json:"ref_name"`
	} `json:"conditions"`
}

func (s *Server) createRuleset(c *call) (any, *refusal) {
	var sent newRuleset
	if no := c.read(&sent); no != nil {
		return nil, no
	}
	if sent.Name == "" || sent.Enforcement == "" {
		return nil, unfit("name and enforcement are required.")
	}
	r := Ruleset{ID: s.id(), Level: "Repository", Enforcement: sent.Enforcement}
	for _, ref := range sent.Conditions.RefName.Include {
		switch ref {
		case "~DEFAULT_BRANCH":
			ref = "main"
		case "~ALL":
			ref = "*"
		}
		r.Branches = append(r.Branches, strings.TrimPrefix(ref, "refs/heads/"))
	}
	for _, rule := range sent.Rules {
		for _, k := range rule.Parameters.Checks {
			r.Checks = append(r.Checks, RequiredCheck{k.Context, k.App})
		}
	}
	c.repo.rulesets = append(c.repo.rulesets, r)
	c.answer.status = http.StatusCreated
	return obj{"id": r.ID, "name": sent.Name, "source": c.repo.fullName(), "source_type": r.Level, "target": "branch", "enforcement": sent.Enforcement}, nil
}

// Rulesets are those of the repository.
func (r *Repo) Rulesets() []Ruleset {
	r.server.mu.Lock()
	defer r.server.mu.Unlock()
	return append([]Ruleset(nil), r.rulesets...)
}
