// Package expression is the rule that fails when a condition written in CEL
// does not hold.
package expression

import (
	"context"
	"fmt"
	"strings"

	"github.com/changeguard/changeguard/internal/condition"
	"github.com/changeguard/changeguard/rules"
)

// Options of the rule.
type Options struct {
	Require *condition.Program `yaml:"require" desc:"A CEL expression that must be true, see Conditions. Required."`
}

// Kind documents and runs the rule.
func Kind() rules.Kind {
	return rules.Define(rules.Kind{
		Name:  "expression",
		Title: "a CEL expression is false",
		Why: "Teams have rules of their own that no list of kinds foresees: a label for every change of the API, no work on Friday's " +
			"release branch, small changes from forks. An expression says such a rule in one line; it is type-checked before it judges anybody.",
		Bad:  `require: "!touches('api/**') || 'api-reviewed' in pr.labels"   (and the label is missing)`,
		Good: `require: "!pr.fork || change.files <= 20"`,
		Remedy: "Make the expression true, in the change or in what is said about it; the rule's message in the policy says what its " +
			"authors want. Otherwise ask for an override.",
		Since:   "0.1.0",
		Subject: rules.Content,
	}, check, run)
}

func check(o *Options) []rules.Problem {
	if o.Require == nil {
		return []rules.Problem{{Path: []any{"require"}, Message: "require is required"}}
	}
	return nil
}

func run(ctx context.Context, in *rules.Input, o *Options) ([]rules.Finding, error) {
	holds, err := o.Require.Eval(ctx, in.Vars)
	if err != nil || holds {
		return nil, err
	}
	return []rules.Finding{{
		Key:      o.Require.Source(),
		Message:  "The change does not fulfil what the policy requires of it.",
		Evidence: o.Require.Source(),
		Remedy:   fmt.Sprintf("Bring the change to where %s is true, or ask for an override.", cut(o.Require.Source())),
	}}, nil
}

// cut is an expression on one line, as much of it as anybody reads.
func cut(source string) string {
	const most = 200
	source = strings.Join(strings.Fields(source), " ")
	if len(source) <= most {
		return source
	}
	return strings.ToValidUTF8(source[:most], "") + "…"
}
