// Package catalogue lists the kinds of rules that exist.
package catalogue

import (
	"github.com/changeguard/changeguard/rules"
	"github.com/changeguard/changeguard/rules/checklist"
	"github.com/changeguard/changeguard/rules/declaredscope"
	"github.com/changeguard/changeguard/rules/dependencies"
	"github.com/changeguard/changeguard/rules/deploymentports"
	"github.com/changeguard/changeguard/rules/environmentvariables"
	"github.com/changeguard/changeguard/rules/expression"
	"github.com/changeguard/changeguard/rules/guardintegrity"
	"github.com/changeguard/changeguard/rules/labels"
	"github.com/changeguard/changeguard/rules/limits"
	"github.com/changeguard/changeguard/rules/protectedpaths"
	"github.com/changeguard/changeguard/rules/requiredevidence"
	"github.com/changeguard/changeguard/rules/reversibility"
	"github.com/changeguard/changeguard/rules/reviewers"
	"github.com/changeguard/changeguard/rules/testdiscovery"
	"github.com/changeguard/changeguard/rules/workflows"
)

// Kinds are all kinds, in the order of the manual.
func Kinds() []rules.Kind {
	return []rules.Kind{
		protectedpaths.Kind(),
		dependencies.Kind(),
		limits.Kind(),
		declaredscope.Kind(),
		deploymentports.Kind(),
		environmentvariables.Kind(),
		testdiscovery.Kind(),
		requiredevidence.Kind(),
		checklist.Kind(),
		labels.Kind(),
		reviewers.Kind(),
		workflows.Kind(),
		guardintegrity.Kind(),
		reversibility.Kind(),
		expression.Kind(),
	}
}
