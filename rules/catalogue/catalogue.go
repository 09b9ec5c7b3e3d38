// Package catalogue lists the kinds of rules that exist.
package catalogue

import (
	"github.com/changeguard/changeguard/rules"
	"github.com/changeguard/changeguard/rules/declaredscope"
	"github.com/changeguard/changeguard/rules/dependencies"
	"github.com/changeguard/changeguard/rules/deploymentports"
	"github.com/changeguard/changeguard/rules/environmentvariables"
	"github.com/changeguard/changeguard/rules/expression"
	"github.com/changeguard/changeguard/rules/guardintegrity"
	"github.com/changeguard/changeguard/rules/limits"
	"github.com/changeguard/changeguard/rules/protectedpaths"
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
		guardintegrity.Kind(),
		expression.Kind(),
	}
}
