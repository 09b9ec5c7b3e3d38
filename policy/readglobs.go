package policy

import (
	"errors"
	"slices"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"

	"github.com/changeguard/changeguard/internal/pathset"
)

// globs validates path globs and adds them to the set.
func (r *reader) globs(n *yaml.Node, where string, use pathset.Use) ([]string, pathset.List, bool) {
	patterns, nodes := r.texts(n, where)
	list, ok := r.addGlobs(patterns, nodes, n, use)
	r.remember(where, patterns, nodes)
	return patterns, list, ok && r.matchesAnything(patterns, nodes, where)
}

// matchesAnything refuses lists that exclude and never include: whoever wrote
// one believes that it guards something.
func (r *reader) matchesAnything(patterns []string, nodes []*yaml.Node, where string) bool {
	if len(patterns) == 0 || slices.ContainsFunc(patterns, func(p string) bool { return !strings.HasPrefix(p, "!") }) {
		return true
	}
	r.fail(nodes[0], "%s only excludes, so it would match nothing; name first what to exclude from, for instance \"**\"", where)
	return false
}

// remember keeps a list of globs for Lint.
func (r *reader) remember(where string, globs []string, nodes []*yaml.Node) {
	list := writtenGlobs{where: where, globs: globs}
	for _, n := range nodes {
		list.places = append(list.places, place{n.Line, n.Column})
	}
	r.written.lists = append(r.written.lists, list)
}

func (r *reader) addGlobs(patterns []string, nodes []*yaml.Node, whole *yaml.Node, use pathset.Use) (pathset.List, bool) {
	if !r.validGlobs(patterns, nodes) {
		return 0, false
	}
	list, err := r.set.Add(use, patterns...)
	if err != nil {
		r.fail(whole, "%v", err)
		return 0, false
	}
	return list, true
}

// validGlobs reports each glob that is wrong at the character that makes it so.
func (r *reader) validGlobs(patterns []string, nodes []*yaml.Node) bool {
	ok := true
	for i, p := range patterns {
		err := pathset.Validate(p)
		if err == nil {
			continue
		}
		ok = false
		var wrong *pathset.PatternError
		if errors.As(err, &wrong) {
			offset := utf8.RuneCountInString(p[:min(wrong.Offset, len(p))])
			r.failAt(r.source.within(nodes[i], offset), "glob %q: %s", clip(p), wrong.Reason)
		} else {
			r.fail(nodes[i], "%v", err)
		}
	}
	return ok
}
