package policy

import (
	"bytes"
	_ "embed"

	"github.com/changeguard/changeguard/rules"
)

//go:embed default.yml
var defaultYAML []byte

// DefaultYAML is the built-in policy, which judges where there is no file.
func DefaultYAML() []byte { return bytes.Clone(defaultYAML) }

// Default is the built-in policy.
func Default(kinds []rules.Kind) *Policy {
	p, problems := Load(defaultYAML, Source{Name: "built-in default"}, kinds)
	if problems != nil {
		panic("policy: the built-in default does not load: " + problems.Error())
	}
	return p
}
