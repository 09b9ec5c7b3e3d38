package manifest

import (
	"os"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestAcceptsAsInstallers holds the version sets against answers that
// node-semver and packaging gave.
func TestAcceptsAsInstallers(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("testdata/accepts.tsv")
	if err != nil {
		t.Fatal(err)
	}
	checked := 0
	for line := range strings.Lines(string(data)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if got := accepted(f[0], f[1], f[2]); got != f[3] {
			t.Errorf("%s: %q accepts %q: %s, want %s", f[0], f[1], f[2], got, f[3])
		}
		checked++
	}
	if checked < 800 {
		t.Errorf("only %d cases", checked)
	}
}

func accepted(ecosystem, spec, version string) string {
	switch ecosystem {
	case NPM:
		if r, ok := parseNpmRange(spec); ok {
			return strconv.FormatBool(r.accepts(version))
		}
	case PyPI:
		if s, ok := parsePySpec(spec); ok {
			return strconv.FormatBool(s.accepts(version))
		}
	}
	return "invalid"
}

// accepts is what pip takes without --pre.
func (s *pySpec) accepts(version string) bool {
	v, ok := parsePyVersion(version)
	return ok && s.contains(v) && (!v.prerelease() || len(s.pre) > 0)
}

func TestSteps(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		old, new []uint64
		want     Kind
	}{
		{[]uint64{1, 2, 3}, []uint64{2, 0, 0}, Major},
		{[]uint64{1, 2, 3}, []uint64{0, 2, 3}, Major},
		{[]uint64{1, 2, 3}, []uint64{1, 3}, Minor},
		{[]uint64{1, 2, 3}, []uint64{1, 2, 4}, Patch},
		{[]uint64{1, 2}, []uint64{1, 2, 0, 1}, Patch},
		{[]uint64{0, 1, 5}, []uint64{0, 2, 0}, Major},
		{[]uint64{0, 1, 5}, []uint64{1, 0, 0}, Major},
		{[]uint64{0, 1, 5}, []uint64{0, 1, 6}, Patch},
		{[]uint64{0, 0, 5}, []uint64{0, 0, 6}, Major},
		{[]uint64{0, 0, 0}, []uint64{0, 1, 0}, Minor},
		{[]uint64{1}, []uint64{1}, Patch},
	} {
		if got := step(c.old, c.new); got != c.want {
			t.Errorf("step(%v, %v) = %s, want %s", c.old, c.new, got, c.want)
		}
	}
}

// A specification that covers another accepts all that the other accepts.
func TestCovers(t *testing.T) {
	t.Parallel()
	t.Run("npm", func(t *testing.T) {
		t.Parallel()
		number := rapid.SampledFrom([]string{"0", "1", "2", "3"})
		clause := rapid.Custom(func(t *rapid.T) string {
			op := rapid.SampledFrom([]string{"", "^", "~", ">=", ">", "<", "<="}).Draw(t, "operator")
			v := number.Draw(t, "major") + "." + number.Draw(t, "minor") + "." + number.Draw(t, "patch")
			return op + v + rapid.SampledFrom([]string{"", "", "", "-0", "-b.1", "-b.2"}).Draw(t, "pre")
		})
		rapid.Check(t, func(t *rapid.T) {
			spec := func(name string) string {
				alternatives := rapid.SliceOfN(rapid.SliceOfN(clause, 1, 2), 1, 2).Draw(t, name)
				var all []string
				for _, a := range alternatives {
					all = append(all, strings.Join(a, " "))
				}
				return strings.Join(all, " || ")
			}
			old, new := spec("old"), spec("new")
			version := strings.TrimLeft(clause.Draw(t, "version"), "^~<>=")
			a, okA := parseNpmRange(old)
			b, okB := parseNpmRange(new)
			if !okA || !okB {
				t.Fatalf("%q or %q is no range", old, new)
			}
			if a.covers(&b.set) && b.accepts(version) && !a.accepts(version) {
				t.Fatalf("%q covers %q, yet refuses %s", old, new, version)
			}
			if !a.covers(&a.set) {
				t.Fatalf("%q does not cover itself", old)
			}
		})
	})
	t.Run("pypi", func(t *testing.T) {
		t.Parallel()
		version := rapid.Custom(func(t *rapid.T) string {
			number := rapid.SampledFrom([]string{"0", "1", "2"})
			return number.Draw(t, "major") + "." + number.Draw(t, "minor") +
				rapid.SampledFrom([]string{"", "", "", ".1", "a1", "rc1", ".post1", ".dev1", "a1.dev2"}).Draw(t, "suffix")
		})
		clause := rapid.Custom(func(t *rapid.T) string {
			return rapid.SampledFrom([]string{"==", "!=", "<=", ">=", "<", ">", "~=", "^", "~"}).Draw(t, "operator") + version.Draw(t, "version")
		})
		rapid.Check(t, func(t *rapid.T) {
			old := strings.Join(rapid.SliceOfN(clause, 1, 3).Draw(t, "old"), ",")
			new := strings.Join(rapid.SliceOfN(clause, 1, 3).Draw(t, "new"), ",")
			v := version.Draw(t, "version")
			a, okA := parsePySpec(old)
			b, okB := parsePySpec(new)
			if !okA || !okB {
				t.Fatalf("%q or %q is no specification", old, new)
			}
			if a.covers(&b.set) && b.accepts(v) && !a.accepts(v) {
				t.Fatalf("%q covers %q, yet refuses %s", old, new, v)
			}
			if !a.covers(&a.set) {
				t.Fatalf("%q does not cover itself", old)
			}
		})
	})
}

// FuzzSpecs: whatever a specification says, it covers itself and compares.
func FuzzSpecs(f *testing.F) {
	f.Add("^1.2 || >=3 <4-beta", ">=1,!=1.5.*,~=2.0")
	f.Add("1.0 - 2", "1!2.0rc1.post3.dev4+local.5")
	f.Fuzz(func(t *testing.T, a, b string) {
		for _, s := range []string{a, b} {
			if r, ok := parseNpmRange(s); ok && !r.covers(&r.set) {
				t.Fatalf("npm: %q does not cover itself", s)
			}
			if p, ok := parsePySpec(s); ok && !p.covers(&p.set) {
				t.Fatalf("pypi: %q does not cover itself", s)
			}
		}
		for _, e := range []string{NPM, PyPI, Go} {
			specKinds(&Package{Ecosystem: e, Spec: a}, &Package{Ecosystem: e, Spec: b})
		}
	})
}
