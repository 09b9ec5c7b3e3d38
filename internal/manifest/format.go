package manifest

import (
	"slices"

	"github.com/changeguard/changeguard/change"
)

// A Tier says how much is known of a file.
type Tier int

// The tiers. A change of a file that is only named is a finding in itself.
const (
	Unknown Tier = iota // no dependency file
	Named               // a dependency file without a parser
	Parsed              // read and compared package by package
)

// A Format is one kind of manifest or lock file.
type Format struct {
	Name      string
	Ecosystem string
	Lock      bool
	// Locks are the base names of the lock files that, beside it or above, fix
	// the versions of what a manifest leaves open.
	Locks []string
	// Manifests are, for a lock file, the base names of the manifests beside it
	// that it is made from; a "*" at the beginning stands for any characters.
	Manifests []string
	// Below says that its manifests may also lie in any folder below, which the
	// lock file does not tell.
	Below bool
	// Above are manifests beside it or in the nearest folder above that has them,
	// as paths from there.
	Above []string
	// Match reports whether a path has this format's name; case is ignored, as
	// file systems do.
	Match func(path string) bool
	// Parse reads a file; the error is a *ParseError. Nil for a format that is
	// only named.
	Parse func(path string, data []byte) (*File, error)
	// Conditions are the kinds of change that can occur, in the policy's order.
	Conditions []Kind

	is func(place) bool
}

// Formats are all parsed formats.
func Formats() []Format {
	list := slices.Clone(formats)
	for i := range list {
		list[i] = list[i].matching()
	}
	return list
}

// matching is the format with its Match.
func (f Format) matching() Format {
	f.Match = func(path string) bool { return f.is(placeOf(path)) }
	return f
}

// formats is in the order in which names are tried; no two match the same name.
var formats = slices.Concat(firstFormats, nodeFormats, pythonFormats, goFormats, otherFormats)

var firstFormats = []Format{
	{
		Name: "requirements", Ecosystem: PyPI, is: isRequirements, Parse: parseRequirements,
		Conditions: []Kind{Added, Removed, Major, Minor, Patch, Downgraded, Loosened, Unpinned, SourceChanged, IntegrityRemoved},
	},
	{
		Name: "pyproject", Ecosystem: PyPI, is: named("pyproject.toml"), Parse: parsePyproject,
		Locks:      []string{"uv.lock", "poetry.lock", "pdm.lock", "pylock.toml"},
		Conditions: []Kind{Added, Removed, Major, Minor, Patch, Downgraded, Loosened, Unpinned, SourceChanged, IntegrityRemoved, LockfileDrift, LifecycleScript},
	},
	{
		Name: "package-json", Ecosystem: NPM, is: named("package.json"), Parse: parsePackageJSON,
		Locks:      []string{"npm-shrinkwrap.json", "package-lock.json", "yarn.lock", "pnpm-lock.yaml", "bun.lock", "bun.lockb"},
		Conditions: []Kind{Added, Removed, Major, Minor, Patch, Downgraded, Loosened, Unpinned, SourceChanged, IntegrityRemoved, LockfileDrift, LifecycleScript},
	},
	{
		Name: "package-lock", Ecosystem: NPM, Lock: true, is: named("package-lock.json", "npm-shrinkwrap.json"), Parse: parsePackageLock,
		Manifests:  []string{"package.json"},
		Conditions: []Kind{Added, Removed, Major, Minor, Patch, Downgraded, Loosened, Unpinned, SourceChanged, IntegrityRemoved, LockfileDrift, LifecycleScript},
	},
	{
		Name: "go-mod", Ecosystem: Go, is: named("go.mod"), Parse: parseGoMod,
		Locks:      []string{"go.sum"},
		Conditions: []Kind{Added, Removed, Major, Minor, Patch, Downgraded, Loosened, SourceChanged, LockfileDrift},
	},
	{
		Name: "go-sum", Ecosystem: Go, Lock: true, is: named("go.sum", "go.work.sum"), Parse: parseGoSum,
		Manifests:  []string{"go.mod"},
		Conditions: []Kind{IntegrityRemoved},
	},
}

// conditions of a format that is not parsed are all: nothing is known of it.
func conditions(format string) []Kind {
	for _, f := range formats {
		if f.Name == format {
			return f.Conditions
		}
	}
	return Kinds()
}

// Known says what a path's name promises. For a file that is only named, the
// format has a name and an ecosystem and no parser.
func Known(path string) (Format, Tier) {
	p := placeOf(path)
	for i := range formats { // nothing is copied for the many that do not match
		if formats[i].is(p) {
			return formats[i].matching(), Parsed
		}
	}
	if e := p.namedEcosystem(); e != "" {
		return Format{Name: e, Ecosystem: e, Match: func(path string) bool { return placeOf(path).namedEcosystem() == e }}, Named
	}
	// What counts as a dependency file elsewhere in the project counts here.
	if !p.isOther() && change.IsDependencyFile(path) {
		return Format{Name: "other", Ecosystem: "generic", Match: change.IsDependencyFile}, Named
	}
	return Format{}, Unknown
}
