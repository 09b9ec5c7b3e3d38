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

// properties judges the changed files of Gradle's properties by what the build files of
// the repository make of them: a version that a property holds is one of theirs.
func (j *judging) properties(ctx context.Context, o *Options) error {
	for _, f := range j.in.Change.Files {
		if !manifest.IsGradleProperties(f.Path) && !manifest.IsGradleProperties(f.OldPath) || !judged(j.in, o, f) {
			continue
		}
		if err := j.propertiesOf(ctx, f); err != nil {
			return err
		}
	}
	return nil
}

// touchesProperties reports whether there is such a file at all.
func touchesProperties(in *rules.Input) bool {
	return slices.ContainsFunc(in.Change.Files, func(f change.File) bool {
		return manifest.IsGradleProperties(f.Path) || manifest.IsGradleProperties(f.OldPath)
	})
}

// judged reports whether the policy asks for a file.
func judged(in *rules.Input, o *Options, f change.File) bool {
	return !o.Manifests.Set || in.Matches.Match(o.Manifests.List, f.Path) || f.OldPath != "" && in.Matches.Match(o.Manifests.List, f.OldPath)
}

func (j *judging) propertiesOf(ctx context.Context, f change.File) error {
	format, _ := manifest.Known("build.gradle")
	c := candidate{file: f, format: format, tier: manifest.Parsed, base: f.BasePath(), head: f.HeadPath()}
	old, ok, err := j.propertiesAt(ctx, c, change.AtBase, c.base, f.OldMode)
	if err != nil || !ok {
		return err
	}
	now, ok, err := j.propertiesAt(ctx, c, change.AtHead, c.head, f.Mode)
	if err != nil || !ok {
		return err
	}
	j.verification(c, old, now)
	texts, whole, err := j.below(ctx, path.Dir(f.Path), manifest.IsGradleBuild)
	if err != nil {
		return err
	}
	if !whole {
		j.unread(c, "properties of unknown use", "Properties of Gradle changed, and not all build files could be read: whether one of them is a version of a dependency cannot be told, so a person must look.")
		return nil
	}
	use := manifest.UsesOfProperties(f.Path, old, now, texts)
	return j.used(ctx, c, &use, "computed property ", "The property %q changed, and a build file computes with it what it asks for; a person must look.")
}

// propertiesAt reads one side; a side without the file has no properties. ok is false
// when a finding says why it could not be read.
func (j *judging) propertiesAt(ctx context.Context, c candidate, side change.Side, name string, mode change.Mode) (map[string]manifest.Property, bool, error) {
	if name == "" || !manifest.IsGradleProperties(name) {
		return nil, true, nil
	}
	if mode != change.Regular && mode != change.Executable {
		j.unread(c, "link", "This file of properties is a link; what it says was not judged.")
		return nil, false, nil
	}
	data, err := j.in.Change.Read(ctx, side, name)
	if err != nil && !errors.Is(err, change.ErrTooLarge) {
		return nil, false, err
	}
	var properties map[string]manifest.Property
	if err == nil {
		properties, err = manifest.GradleProperties(name, data)
	}
	if err != nil {
		j.unread(c, "unreadable", fmt.Sprintf("This file of properties cannot be read (%v), so a person must look.", err))
		return nil, false, nil
	}
	return properties, true, nil
}

// verification: one property turns off that Gradle checks what it downloads.
func (j *judging) verification(c candidate, old, now map[string]manifest.Property) {
	const name = "org.gradle.dependency.verification"
	if was, is := old[name].Value, now[name]; was != is.Value && is.Value != "strict" && is.Value != "" {
		j.report(c, "setting "+name+" "+is.Value, []manifest.Kind{manifest.IntegrityRemoved}, is.Line, is.Line, "Gradle no longer refuses what does not have the hash or the signature that is asked for.", name+"="+is.Value, nil)
	}
}
