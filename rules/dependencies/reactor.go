package dependencies

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/internal/manifest"
)

// A release is the step of a project of the tree from one version to another.
type release struct{ name, from, to string }

// ownRelease reports whether a change is nothing but the version of another project of
// the tree that moved with this project: of the same group, named so before the change
// and after it, with just these versions. What goes back to an older one stays a finding.
func (j *judging) ownRelease(ctx context.Context, before, after *manifest.File, ch manifest.Change) (bool, error) {
	if ch.Old == nil || ch.New == nil || before == nil || after == nil || before.Own.Name == "" || before.Own.Name != after.Own.Name || slices.ContainsFunc(ch.Kinds, moreThanStep) {
		return false, nil
	}
	group, _, _ := strings.Cut(after.Own.Name, ":")
	if !strings.HasPrefix(ch.New.Name, group+":") {
		return false, nil
	}
	if j.releases == nil {
		var err error
		if j.releases, err = j.ownReleases(ctx); err != nil {
			return false, err
		}
	}
	return j.releases[release{ch.New.Name, ch.Old.Spec, ch.New.Spec}], nil
}

// moreThanStep: a snapshot is no fixed version, and it is the project's own.
func moreThanStep(k manifest.Kind) bool {
	return !slices.Contains([]manifest.Kind{manifest.Major, manifest.Minor, manifest.Patch, manifest.Loosened, manifest.Unpinned}, k)
}

// ownReleases are the steps of the projects that the change touches.
func (j *judging) ownReleases(ctx context.Context) (map[release]bool, error) {
	releases := make(map[release]bool)
	for _, f := range j.in.Change.Files {
		format, _ := manifest.Known(f.Path)
		if f.Status != change.Modified || format.Name != "maven-pom" || f.Mode == change.Symlink || f.OldMode == change.Symlink {
			continue
		}
		was, err := j.ownAt(ctx, format, change.AtBase, f.BasePath())
		if err != nil {
			return nil, err
		}
		is, err := j.ownAt(ctx, format, change.AtHead, f.HeadPath())
		if err != nil {
			return nil, err
		}
		if was.Name != "" && was.Name == is.Name {
			releases[release{is.Name, was.Version, is.Version}] = true
		}
	}
	return releases, nil
}

// ownAt is what a file says of its own project; one that cannot be read says nothing,
// and is a finding itself.
func (j *judging) ownAt(ctx context.Context, format manifest.Format, side change.Side, name string) (manifest.Project, error) {
	data, err := j.in.Change.Read(ctx, side, name)
	if errors.Is(err, change.ErrTooLarge) {
		return manifest.Project{}, nil
	}
	if err != nil {
		return manifest.Project{}, err
	}
	file, err := format.Parse(name, data)
	var broken *manifest.ParseError
	if errors.As(err, &broken) {
		return manifest.Project{}, nil
	}
	if err != nil {
		return manifest.Project{}, err
	}
	return file.Own, nil
}
