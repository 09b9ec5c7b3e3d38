// Package dependencies is the rule that fails when a manifest or lock file
// gains or changes a package.
//
// Files whose format is parsed are compared package by package, at the merge
// base and at the head; order, comments and white space are no change. A
// dependency file that has no parser yet, or that does not parse, is a finding
// itself: what was not read was not judged.
package dependencies

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/internal/manifest"
	"github.com/changeguard/changeguard/internal/pathset"
	"github.com/changeguard/changeguard/rules"
)

// Condition is one word of "on:".
type Condition string

// Choices implements rules.Choice.
func (Condition) Choices() []string {
	var words []string
	for _, k := range manifest.Kinds() {
		words = append(words, string(k))
	}
	return words
}

// Options of the rule.
type Options struct {
	On        []Condition `yaml:"on" example:"[added, major, source-changed, unpinned]" desc:"What is a finding. Default: all but removed, minor and patch."`
	Ignore    []string    `yaml:"ignore" desc:"Globs of package URLs that are never a finding, such as pkg:pypi/types-*. What comes from a repository or an address, or from another place than before, is ignored only by a glob that names the place as well, such as pkg:pypi/acme-*?from=git.acme.example/**."`
	Manifests rules.Globs `yaml:"manifests" desc:"Globs of the files to judge. Default: every manifest and lock file."`
}

// quiet are the conditions that are no finding unless asked for.
var quiet = []manifest.Kind{manifest.Removed, manifest.Minor, manifest.Patch}

// Kind documents and runs the rule.
func Kind() rules.Kind {
	return rules.Define(rules.Kind{
		Name:  "dependencies",
		Title: "a manifest or lock file gains or changes a package",
		Why: "A package runs with all the rights of the program, at installation often with those of the developer, and it brings packages of " +
			"its own. A session that was to analyse only added requests>=2.32.0: whatever version is newest at the next build. The rule tells " +
			"apart what is new, what accepts more than one artefact, what comes from another place and what runs at installation.",
		Bad:  "+requests>=2.32.0   in requirements.txt: added and unpinned",
		Good: "+# why requests is pinned",
		Remedy: "Each finding names the command that takes the file back to what it was. Where the package is wanted, say why in the " +
			"pull request and have somebody approve it who may, name it in the option `ignore`, or move the update into a change of " +
			"its own. A lock file that does not fit its manifest is made anew by the package manager; pin to a version, a digest or " +
			"a commit what floats.",
		Since:   "0.1.0",
		More:    formatsPage,
		Subject: rules.Content,
	}, check, run)
}

func check(o *Options) []rules.Problem {
	var problems []rules.Problem
	for i, g := range o.Ignore {
		if !strings.HasPrefix(g, "pkg:") {
			problems = append(problems, rules.Problem{Path: []any{"ignore", i}, Message: fmt.Sprintf("%q is no package URL; it begins with pkg:, as in pkg:pypi/types-*", g)})
		} else if err := pathset.Validate(g); err != nil {
			problems = append(problems, rules.Problem{Path: []any{"ignore", i}, Message: err.Error()})
		}
	}
	return problems
}

// judging is one run of the rule.
type judging struct {
	in     *rules.Input
	on     []manifest.Kind
	ignore *pathset.Matcher
	before map[string]*manifest.File // what the change touched, at the base, by the path at the head
	parsed map[string]*manifest.File // by path, at the head; nil for what does not parse
	fixers map[[2]string]func(*manifest.Package) bool
	pins   map[string]map[string]bool // the names that a compiled list fixes
	// releases are the steps of the tree's own projects, nil before they are asked for.
	releases map[release]bool
	found    []rules.Finding
}

func run(ctx context.Context, in *rules.Input, o *Options) ([]rules.Finding, error) {
	files, err := candidates(ctx, in, o)
	if err != nil {
		return nil, err
	}
	if len(files) == 0 && !touchesValues(in) {
		return nil, nil
	}
	j, err := newJudging(in, o)
	if err != nil {
		return nil, err
	}
	j.prefetch(ctx, files)
	for _, f := range files {
		if err := j.file(ctx, f); err != nil {
			return j.found, err
		}
	}
	if err := j.values(ctx, o); err != nil {
		return j.found, err
	}
	return j.found, j.drift(ctx, files)
}

func newJudging(in *rules.Input, o *Options) (*judging, error) {
	j := &judging{
		in: in, before: make(map[string]*manifest.File), parsed: make(map[string]*manifest.File),
		fixers: make(map[[2]string]func(*manifest.Package) bool), pins: make(map[string]map[string]bool),
	}
	for _, c := range o.On {
		j.on = append(j.on, manifest.Kind(c))
	}
	if len(j.on) == 0 {
		j.on = slices.DeleteFunc(manifest.Kinds(), func(k manifest.Kind) bool { return slices.Contains(quiet, k) })
	}
	var err error
	j.ignore, err = pathset.Compile(pathset.Permit, o.Ignore...)
	return j, err
}

// prefetch asks for everything at once: the files themselves, and those that may
// lie beside them or above, which would be asked for one by one otherwise.
func (j *judging) prefetch(ctx context.Context, files []candidate) {
	var before, after []string
	seen := make(map[string]bool)
	for _, f := range files {
		if f.tier != manifest.Parsed {
			continue
		}
		before, after = append(before, f.base), append(after, f.head)
		for _, name := range j.companions(f) {
			if !seen[name] {
				seen[name] = true
				after = append(after, name)
			}
		}
	}
	gone := func(p string) bool { return p == "" }
	j.in.Change.Prefetch(ctx, change.AtBase, slices.DeleteFunc(before, gone))
	j.in.Change.Prefetch(ctx, change.AtHead, slices.DeleteFunc(after, gone))
}

// companions are the paths at which the locks of a manifest or the manifests of a
// lock may be.
func (j *judging) companions(c candidate) (names []string) {
	if c.head == "" {
		return nil
	}
	dir := path.Dir(c.head)
	for _, base := range c.format.Manifests {
		names = append(names, path.Join(dir, base))
	}
	if !slices.Contains(j.on, manifest.LockfileDrift) && !slices.Contains(j.on, manifest.Unpinned) {
		return names
	}
	beside := c.format.Locks
	if c.format.Ecosystem == manifest.Go {
		beside = append(slices.Clone(beside), goWorkspace)
	}
	for ; len(beside) > 0; dir = path.Dir(dir) {
		for _, base := range beside {
			names = append(names, path.Join(dir, base))
		}
		if dir == "." || dir == "/" {
			break
		}
	}
	return names
}

// file judges one dependency file.
func (j *judging) file(ctx context.Context, c candidate) error {
	switch {
	case c.format.Name == submodule && onlySubmodule(c.file):
		return j.moved(ctx, c)
	case c.tier == manifest.Named:
		j.unread(c, "touched "+c.format.Name, fmt.Sprintf("This dependency file was %s. Its format (%s) is not compared package by package yet, so a person must look.", c.file.Status, c.format.Name))
		return nil
	case c.file.Mode == change.Symlink:
		j.unread(c, "link", "This manifest is a link; what it asks for was not judged.")
		return nil
	case c.file.OldMode == change.Symlink:
		j.unread(c, "link", "This manifest was a link; what it asked for was not judged.")
		return nil
	}
	before, ok, err := j.side(ctx, c, change.AtBase, c.base)
	if err != nil || !ok {
		return err
	}
	after, ok, err := j.side(ctx, c, change.AtHead, c.head)
	if err != nil || !ok {
		return err
	}
	if after != nil {
		j.before[c.head], j.parsed[c.head] = before, after
	}
	if err := j.direct(ctx, c, before, after); err != nil {
		return err
	}
	if c.format.Lock && after == nil && before != nil {
		j.report(c, "lock removed", []manifest.Kind{manifest.Removed, manifest.IntegrityRemoved}, 0, 0, "The lock file was removed, and with it every hash and fixed version.", "", nil)
		return nil
	}
	j.unexplained(c, before, after)
	if err := j.arguments(ctx, c, before, after); err != nil {
		return err
	}
	return j.compare(ctx, c, before, after)
}

// side reads and parses one version. ok is false when a finding says why it
// could not be.
func (j *judging) side(ctx context.Context, c candidate, side change.Side, name string) (*manifest.File, bool, error) {
	if name == "" {
		return nil, true, nil
	}
	data, err := j.in.Change.Read(ctx, side, name)
	if errors.Is(err, change.ErrTooLarge) {
		j.unread(c, "too large", "This manifest is too large to be judged.")
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	file, err := c.format.Parse(name, data)
	var broken *manifest.ParseError
	switch {
	case err == nil:
		return file, true, nil
	case !errors.As(err, &broken):
		return nil, false, err
	case side == change.AtBase:
		j.unread(c, "base unreadable", fmt.Sprintf("The version of this file on the base does not parse (line %d: %s), so what changed cannot be told.", broken.Line, broken.Reason))
	default:
		j.found = append(j.found, rules.Finding{
			Key: "unreadable", Path: c.file.Path, PreviousPath: c.file.OldPath, Line: broken.Line, EndLine: broken.Line,
			Message: fmt.Sprintf("This file does not parse: %s. What cannot be read cannot be judged.", broken.Reason), Remedy: rules.Undo(j.in.Change, c.file),
		})
	}
	return nil, false, nil
}

// unread adds a finding about a file as a whole.
func (j *judging) unread(c candidate, key, message string) {
	j.found = append(j.found, rules.Finding{
		Key: key, Path: c.file.Path, PreviousPath: c.file.OldPath, Message: message, Evidence: string(c.file.Status) + " " + c.file.Path, Remedy: rules.Undo(j.in.Change, c.file),
	})
}
