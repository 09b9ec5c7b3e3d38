package verdict

import (
	"encoding/json"
	"fmt"
	"slices"
)

// aside is what reports say of a verdict beyond its public form, so that one
// that was stored reads like a fresh one. By and Enforced belong to the findings
// in their order.
type aside struct {
	Aside struct {
		Lifters  []string `json:"lifters"`  // the words for who can lift a finding, once each
		By       []int    `json:"by"`       // an index of Lifters for each finding
		Enforced []bool   `json:"enforced"` // for each finding
		Way      []Step   `json:"way,omitempty"`
	} `json:"aside"`
}

// Aside writes down what the public form leaves out; see [Verdict.Recall].
func (v *Verdict) Aside() ([]byte, error) {
	var all aside
	a := &all.Aside
	a.Way = v.Way
	for _, f := range v.Findings {
		at := slices.Index(a.Lifters, f.LiftableBy)
		if at < 0 {
			at = len(a.Lifters)
			a.Lifters = append(a.Lifters, f.LiftableBy)
		}
		a.By = append(a.By, at)
		a.Enforced = append(a.Enforced, f.Enforced)
	}
	data, err := json.Marshal(all)
	if err != nil {
		return nil, fmt.Errorf("write what the verdict says beside its JSON: %w", err)
	}
	return data, nil
}

// Recall gives a verdict that was read from its JSON what Aside wrote. What does
// not belong to it is left alone: reports then use general words.
func (v *Verdict) Recall(data []byte) {
	var all aside
	if json.Unmarshal(data, &all) != nil {
		return
	}
	a := all.Aside
	v.Way = a.Way
	if len(a.By) != len(v.Findings) || len(a.Enforced) != len(v.Findings) ||
		slices.ContainsFunc(a.By, func(at int) bool { return at < 0 || at >= len(a.Lifters) }) {
		return
	}
	for i, at := range a.By {
		v.Findings[i].LiftableBy, v.Findings[i].Enforced = a.Lifters[at], a.Enforced[i]
	}
}
