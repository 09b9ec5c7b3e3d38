package dependencies

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/internal/manifest"
	"github.com/changeguard/changeguard/rules"
)

// A giver is a kind of file that is no manifest and gives values to some: a version that
// stands in it is one of theirs.
type giver struct {
	is     func(path string) bool
	read   func(path string, data []byte) (map[string]manifest.Property, error)
	format string // the name of a file whose format what is made of the values has
	judge  func(j *judging, ctx context.Context, c candidate, old, now map[string]manifest.Property) error
}

var givers = []giver{
	{manifest.IsGradleProperties, manifest.GradleProperties, "build.gradle", (*judging).properties},
	{manifest.IsComposeEnvironment, manifest.ComposeEnvironment, "compose.yaml", (*judging).environment},
}

// values judges the changed files that give some.
func (j *judging) values(ctx context.Context, o *Options) error {
	for _, f := range j.in.Change.Files {
		for _, g := range givers {
			if !g.is(f.Path) && !g.is(f.OldPath) || !judged(j.in, o, f) {
				continue
			}
			if err := j.valuesOf(ctx, g, f); err != nil {
				return err
			}
		}
	}
	return nil
}

// touchesValues reports whether there is such a file at all.
func touchesValues(in *rules.Input) bool {
	return slices.ContainsFunc(in.Change.Files, func(f change.File) bool {
		return slices.ContainsFunc(givers, func(g giver) bool { return g.is(f.Path) || g.is(f.OldPath) })
	})
}

// judged reports whether the policy asks for a file.
func judged(in *rules.Input, o *Options, f change.File) bool {
	return !o.Manifests.Set || in.Matches.Match(o.Manifests.List, f.Path) || f.OldPath != "" && in.Matches.Match(o.Manifests.List, f.OldPath)
}

func (j *judging) valuesOf(ctx context.Context, g giver, f change.File) error {
	format, _ := manifest.Known(g.format)
	c := candidate{file: f, format: format, tier: manifest.Parsed, base: f.BasePath(), head: f.Path}
	old, ok, err := j.valuesAt(ctx, g, c, change.AtBase, c.base, f.OldMode)
	if err != nil || !ok {
		return err
	}
	now, ok, err := j.valuesAt(ctx, g, c, change.AtHead, f.HeadPath(), f.Mode)
	if err != nil || !ok {
		return err
	}
	return g.judge(j, ctx, c, old, now)
}

// properties judges a file of Gradle's properties by what the build files in its folder
// and below make of it.
func (j *judging) properties(ctx context.Context, c candidate, old, now map[string]manifest.Property) error {
	j.verification(c, old, now)
	texts, whole, err := j.below(ctx, path.Dir(c.head), manifest.IsGradleBuild)
	if err != nil {
		return err
	}
	if !whole {
		j.unread(c, "properties of unknown use", "Properties of Gradle changed, and not all build files could be read: whether one of them is a version of a dependency cannot be told, so a person must look.")
		return nil
	}
	use := manifest.UsesOfProperties(c.head, old, now, texts)
	return j.used(ctx, c, &use, "computed property ", "The property %q changed, and a build file computes with it what it asks for; a person must look.")
}

// valuesAt reads one side; a side without the file has no values. ok is false when a
// finding says why it could not be read.
func (j *judging) valuesAt(ctx context.Context, g giver, c candidate, side change.Side, name string, mode change.Mode) (map[string]manifest.Property, bool, error) {
	if name == "" || !g.is(name) {
		return make(map[string]manifest.Property), true, nil
	}
	if mode != change.Regular && mode != change.Executable {
		j.unread(c, "link", "This file of values is a link; what it says was not judged.")
		return nil, false, nil
	}
	data, err := j.in.Change.Read(ctx, side, name)
	if err != nil && !errors.Is(err, change.ErrTooLarge) {
		return nil, false, err
	}
	var values map[string]manifest.Property
	if err == nil {
		values, err = g.read(name, data)
	}
	if err != nil {
		j.unread(c, "unreadable", fmt.Sprintf("This file of values cannot be read (%v), so a person must look.", err))
		return nil, false, nil
	}
	return values, true, nil
}

// verification: one property turns off that Gradle checks what it downloads.
func (j *judging) verification(c candidate, old, now map[string]manifest.Property) {
	const name = "org.gradle.dependency.verification"
	if was, is := old[name].Value, now[name]; was != is.Value && is.Value != "strict" && is.Value != "" {
		j.report(c, "setting "+name+" "+is.Value, []manifest.Kind{manifest.IntegrityRemoved}, is.Line, is.Line, "Gradle no longer refuses what does not have the hash or the signature that is asked for.", name+"="+is.Value, nil)
	}
}
