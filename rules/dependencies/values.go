package dependencies

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/internal/manifest"
)

// The limits of what is read to learn what other files make of the values in one.
const (
	maxTakers     = 300
	maxTakenBytes = 8 << 20 // of all Dockerfiles, each as often as it is built from
)

// used reports what other files make of values that changed.
func (j *judging) used(ctx context.Context, c candidate, use *manifest.Use, key, message string) error {
	for _, name := range use.Computed {
		j.unread(c, key+name, fmt.Sprintf(message, shortened(name)))
	}
	return j.compare(ctx, c, &use.Before, &use.After)
}

// arguments judges what a file gives to the Dockerfiles that it has images built by.
func (j *judging) arguments(ctx context.Context, c candidate, before, after *manifest.File) error {
	argued := manifest.ArguedBuilds(before, after)
	if len(argued) == 0 {
		return nil
	}
	var names []string
	for i := range argued {
		names = append(names, argued[i].Dockerfile)
	}
	j.in.Change.Prefetch(ctx, change.AtHead, slices.DeleteFunc(names, func(name string) bool { return name == "" }))
	texts := make([]map[string][]byte, len(argued))
	size, all := 0, len(argued) <= maxTakers
	for i := range argued {
		var err error
		whole := false
		if all {
			texts[i], whole, err = j.dockerfiles(ctx, c, &argued[i])
		}
		if err != nil {
			return err
		}
		for _, text := range texts[i] {
			size += len(text)
		}
		if all = whole && size <= maxTakenBytes; !all {
			j.unread(c, "arguments of unknown use", fmt.Sprintf("Arguments of the build of %q changed, and the Dockerfile that they are given to cannot be read: whether they decide on an image cannot be told, so a person must look.", shortened(argued[i].Name)))
			return nil
		}
	}
	use := manifest.UsesOfArguments(c.head, argued, texts)
	return j.used(ctx, c, &use, "arguments of ", "Arguments of a build changed, and its %q does not parse: whether they decide on an image cannot be told, so a person must look.")
}

// environment judges a .env by what the Compose files beside it make of it.
func (j *judging) environment(ctx context.Context, c candidate, old, now map[string]manifest.Property) error {
	manifest.InBoth(old, now)
	dir := path.Dir(c.head)
	texts, whole, err := j.below(ctx, dir, func(name string) bool { return path.Dir(name) == dir && manifest.IsCompose(name) })
	if err != nil {
		return err
	}
	if !whole {
		j.unread(c, "values of unknown use", "Values for Compose files changed, and not all of these could be read: whether one of them is the version of an image cannot be told, so a person must look.")
		return nil
	}
	for _, name := range slices.Sorted(maps.Keys(texts)) {
		before, errOld := manifest.ComposeWith(name, texts[name], old)
		after, errNew := manifest.ComposeWith(name, texts[name], now)
		if errOld != nil || errNew != nil {
			j.unread(c, "values of "+name, fmt.Sprintf("Values for Compose files changed, and %q does not parse with them: whether one of them is the version of an image cannot be told, so a person must look.", shortened(name)))
			continue
		}
		if err := j.arguments(ctx, c, before, after); err != nil {
			return err
		}
		if err := j.compare(ctx, c, before, after); err != nil {
			return err
		}
	}
	return nil
}

// dockerfiles are the texts of those that a build may mean.
func (j *judging) dockerfiles(ctx context.Context, c candidate, b *manifest.Argued) (texts map[string][]byte, whole bool, err error) {
	if b.Somewhere {
		texts, whole, err = j.below(ctx, path.Dir(c.head), manifest.IsDockerfile)
		return texts, whole && len(texts) > 0, err
	}
	if b.Dockerfile == "" {
		return nil, false, nil
	}
	there, err := j.regular(ctx, b.Dockerfile)
	if err != nil || !there {
		return nil, false, err
	}
	return j.texts(ctx, []string{b.Dockerfile})
}

// below are the texts of the files of a kind in a folder and below, at the head; whole
// is false when there are too many, one is too large, or the tree is not shown.
func (j *judging) below(ctx context.Context, dir string, takes func(string) bool) (texts map[string][]byte, whole bool, err error) {
	tree, err := j.in.Change.Tree(ctx, change.AtHead)
	if errors.Is(err, change.ErrTreeHidden) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	var names []string
	for _, e := range tree {
		below := dir == "." || strings.HasPrefix(e.Path, dir+"/")
		if below && (e.Mode == change.Regular || e.Mode == change.Executable) && takes(e.Path) {
			names = append(names, e.Path)
		}
	}
	return j.texts(ctx, names)
}

// texts reads files at the head; whole is false when there are too many, or one is too
// large.
func (j *judging) texts(ctx context.Context, names []string) (texts map[string][]byte, whole bool, err error) {
	if len(names) > maxTakers {
		return nil, false, nil
	}
	j.in.Change.Prefetch(ctx, change.AtHead, names)
	texts = make(map[string][]byte, len(names))
	for _, name := range names {
		data, err := j.in.Change.Read(ctx, change.AtHead, name)
		if errors.Is(err, change.ErrTooLarge) {
			return nil, false, nil
		}
		if err != nil {
			return nil, false, err
		}
		texts[name] = data
	}
	return texts, true, nil
}
