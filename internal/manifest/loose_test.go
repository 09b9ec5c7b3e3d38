package manifest

import "testing"

// TestLooseSpecs: what each ecosystem accepts and refuses, and what is one version.
func TestLooseSpecs(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		ecosystem, spec, accepts, refuses string
		one                               bool
	}{
		{Cargo, "1.2.3", "1.9.0", "2.0.0", false},
		{Cargo, "0.2.3", "0.2.9", "0.3.0", false},
		{Cargo, "0.0.3", "0.0.3", "0.0.4", false},
		{Cargo, "=1.2.3", "1.2.3", "1.2.4", true},
		{Cargo, "=1.2", "1.2.9", "1.3.0", false},
		{Cargo, "~1.2", "1.2.9", "1.3.0", false},
		{Cargo, ">=1, <1.5", "1.4.9", "1.5.0", false},
		{Cargo, "*", "9.9.9", "x", false},
		{Composer, "~1.2", "1.9.0", "2.0.0", false},
		{Composer, "~1.2.3", "1.2.9", "1.3.0", false},
		{Composer, "^1.2 || ^3", "3.1.0", "2.0.0", false},
		{Composer, "1.2.3", "1.2.3", "1.2.4", true},
		{Composer, "1.2.*", "1.2.9", "1.3.0", false},
		{Composer, "1.0 - 2", "2.9.0", "3.0.0", false},
		{Composer, ">=1.0 <2.0", "1.9.9", "2.0.0", false},
		{Gem, "~> 1.2", "1.9", "2.0", false},
		{Gem, "~> 1.2.3", "1.2.9", "1.3", false},
		{Gem, "1.2.3", "1.2.3", "1.2.4", true},
		{Gem, "", "9.9", "x", false},
		{Gem, ">= 1, != 1.5", "1.6", "1.5", false},
		{Hex, "~> 1.2 and != 1.3.0 or == 3.0.0", "3.0.0", "1.3.0", false},
		{Maven, "[1.0,2.0)", "1.9", "2.0", false},
		{Maven, "(,1.0],[1.2,)", "1.3", "1.1", false},
		{Maven, "1.2", "1.2", "1.3", true},
		{Maven, "1.+", "1.9", "2.0", false},
		{NuGet, "1.2.3", "1.2.3", "1.2.4", true},
		{NuGet, "[1.2.3]", "1.2.3", "1.2.4", true},
		{NuGet, "1.*", "1.9.0", "2.0.0", false},
		{Pub, "^0.0.3", "0.0.9", "0.1.0", false},
		{Pub, "^1.2.3", "1.9.0", "2.0.0", false},
		{Pub, "1.2.3", "1.2.3", "1.2.4", true},
		{Pub, ">=1.0.0 <2.0.0", "1.5.0", "2.0.0", false},
		{Terraform, "~> 5.0", "5.9.0", "6.0.0", false},
		{Terraform, "", "1.0.0", "x", false},
		{Helm, "^1.2.0 || 3.x", "3.4.0", "2.0.0", false},
		{Helm, "1.x", "1.9.0", "2.0.0", false},
		{Helm, "1.2.3", "1.2.3", "1.2.4", true},
	} {
		s, ok := looseSpecs[c.ecosystem](c.spec)
		if !ok || !acceptsLoose(s, c.accepts) || acceptsLoose(s, c.refuses) || s.single != c.one {
			t.Errorf("%s %q: read %t, %+v", c.ecosystem, c.spec, ok, s)
		}
	}
	for ecosystem, spec := range map[string]string{Maven: "1.0-SNAPSHOT", NuGet: "[1,", Composer: "dev-main", Cargo: ">>1", Gem: "~> x", Pub: "^"} {
		if isOneLoose(ecosystem, spec) {
			t.Errorf("%s %q is one version", ecosystem, spec)
		}
	}
}

// TestLooseOrder: versions in their order.
func TestLooseOrder(t *testing.T) {
	t.Parallel()
	for _, list := range [][]string{
		{"1.0.0-alpha", "1.0.0-alpha.2", "1.0.0-beta", "1.0.0-rc.1", "1.0.0-rc.10", "1.0.0", "1.0.1", "1.10.0"},
		{"1.0-SNAPSHOT", "1.0", "1.0-sp1", "1.0-1", "1.1"},
	} {
		for i := range list[1:] {
			a, _ := parseLoose(list[i], true)
			b, _ := parseLoose(list[i+1], true)
			if a.Compare(b) >= 0 || b.Compare(a) <= 0 {
				t.Errorf("%s is not before %s", list[i], list[i+1])
			}
		}
	}
	a, _ := parseLoose("v1.2", false)
	b, _ := parseLoose("1.2.0.Final", false)
	if a.Compare(b) != 0 {
		t.Error("v1.2 is not 1.2.0.Final")
	}
}
