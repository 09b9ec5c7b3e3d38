package policy_test

import (
	"context"
	"time"

	"github.com/changeguard/changeguard/internal/condition"
	"github.com/changeguard/changeguard/policy"
	"github.com/changeguard/changeguard/rules"
)

// The kinds of these tests: small ones, so that the reading of policies is
// tested apart from what the real kinds do.

type pathOptions struct {
	Paths rules.Globs `yaml:"paths"`
}

type integrityOptions struct {
	Ignore rules.Globs `yaml:"ignore" glob:"permit"`
}

type word string

func (word) Choices() []string { return []string{"added", "removed", "major"} }

// sampleOptions has an option of every type.
type sampleOptions struct {
	On       []word             `yaml:"on"`
	How      word               `yaml:"how"`
	Names    []string           `yaml:"names"`
	Title    string             `yaml:"title"`
	Count    int                `yaml:"count"`
	AtLeast  int                `yaml:"at-least" min:"2"`
	Most     *int               `yaml:"most"`
	Bytes    *int64             `yaml:"bytes"`
	Check    *bool              `yaml:"check"`
	Deadline time.Duration      `yaml:"deadline"`
	Require  *condition.Program `yaml:"require"`
	Paths    rules.Globs        `yaml:"paths"`
	Ignore   rules.Globs        `yaml:"ignore" glob:"permit"`
}

func checkPaths(o *pathOptions) []rules.Problem {
	if len(o.Paths.Patterns) == 0 {
		return []rules.Problem{{Path: []any{"paths"}, Message: "paths is required and must name at least one glob"}}
	}
	return nil
}

func checkSample(o *sampleOptions) []rules.Problem {
	for i, n := range o.Names {
		if n == "bad" {
			return []rules.Problem{{Path: []any{"names", i}, Message: "this name\nis bad"}}
		}
	}
	return nil
}

func nothing[O any](context.Context, *rules.Input, *O) ([]rules.Finding, error) { return nil, nil }

func kinds() []rules.Kind {
	return []rules.Kind{
		rules.Define(rules.Kind{Name: "protected-paths"}, checkPaths, nothing),
		rules.Define(rules.Kind{Name: "sample"}, checkSample, nothing),
		rules.Define[integrityOptions](rules.Kind{Name: "guard-integrity"}, nil, nothing),
	}
}

func load(text string) (*policy.Policy, policy.Problems) {
	return policy.Load([]byte(text), policy.Source{Name: "p.yml", Ref: "acme/app@abc"}, kinds())
}
