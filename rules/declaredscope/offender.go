package declaredscope

import (
	"context"
	"errors"
	"path"
	"slices"
	"strings"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/rules"
)

// broken are the classes that a promise of words does not cover.
var broken = []change.Class{
	change.ClassFunctional, change.ClassTests, change.ClassDependencies, change.ClassDeployment,
	change.ClassCI, change.ClassBuild, change.ClassPolicy, change.ClassAgentInstructions,
}

// offenders are the indexes of files that are more than words.
func offenders(in *rules.Input) []int {
	var at []int
	for i, c := range in.Classes {
		if offends(in.Change.Files[i], c) {
			at = append(at, i)
		}
	}
	return at
}

// offends: instructions of agents are words where they are prose. That they
// changed at all is guard-integrity's business.
func offends(f change.File, c rules.Classes) bool {
	if c.Worst() == change.ClassAgentInstructions && isProse(f) {
		return false
	}
	return slices.Contains(broken, c.Worst()) || slices.Contains(broken, c.Before) && slices.Contains(broken, c.After)
}

func isProse(f change.File) bool {
	for _, mode := range []change.Mode{f.OldMode, f.Mode} {
		if mode != change.NoMode && mode != change.Regular {
			return false
		}
	}
	for _, name := range []string{f.BasePath(), f.HeadPath()} {
		if ext := strings.ToLower(path.Ext(name)); name != "" && ext != ".md" && ext != ".mdc" {
			return false
		}
	}
	return true
}

// maxLookedInto is how many files are compared for comments. What touches more
// of them is more than words.
const maxLookedInto = 100

// withoutCosmetic leaves out the files in which only comments and white space
// changed: comments are words.
func (s *saying) withoutCosmetic(ctx context.Context, at []int) ([]int, error) {
	var candidates []int
	for _, i := range at {
		f := s.in.Change.Files[i]
		if f.Status == change.Modified && f.Mode == f.OldMode && f.Mode == change.Regular && change.CanBeCosmetic(f.Path) {
			candidates = append(candidates, i)
		}
	}
	if len(candidates) > maxLookedInto {
		return at, nil
	}
	if err := s.compare(ctx, candidates); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(slices.Clone(at), func(i int) bool { return s.same[i] }), nil
}

// compare looks into files once. One that is too large is not provably cosmetic.
func (s *saying) compare(ctx context.Context, at []int) error {
	var paths []string
	for _, i := range at {
		paths = append(paths, s.in.Change.Files[i].Path)
	}
	s.in.Change.Prefetch(ctx, change.AtBase, paths)
	s.in.Change.Prefetch(ctx, change.AtHead, paths)
	for n, i := range at {
		if _, known := s.same[i]; known {
			continue
		}
		before, err := s.in.Change.Read(ctx, change.AtBase, paths[n])
		var after []byte
		if err == nil {
			after, err = s.in.Change.Read(ctx, change.AtHead, paths[n])
		}
		if err != nil && !errors.Is(err, change.ErrTooLarge) {
			return err
		}
		if s.same == nil {
			s.same = make(map[int]bool)
		}
		s.same[i] = err == nil && change.Cosmetic(paths[n], before, after)
	}
	return nil
}
