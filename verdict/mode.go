package verdict

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/policy"
	"github.com/changeguard/changeguard/rules"
	"github.com/changeguard/changeguard/session"
)

// An offence is what a change did beyond the limits of one mode that binds it.
// It is known before any finding, since the risk counts it and conditions ask for
// the risk.
type offence struct {
	spec    *policy.Session
	bound   session.Bound
	commits int   // made, when they are more than the mode allows
	files   []int // of the change, that the mode may not touch
	err     error // why more could not be told
}

// is reports whether anything was done that may not be done.
func (o *offence) is() bool { return o.commits > 0 || len(o.files) > 0 }

// offences compares the change with the limits of each of its modes.
func (l *laying) offences(ctx context.Context) []offence {
	if l.mergeGroup() {
		return nil
	}
	var all []offence
	for _, bound := range l.session.Modes {
		switch spec := l.policy.Session(bound.Name); {
		case spec == nil:
		case spec.Level == policy.Off:
			all = append(all, offence{spec: spec, bound: bound})
		default:
			all = append(all, l.offence(ctx, spec, bound))
		}
	}
	return all
}

// offence compares the change with the limits of one mode.
func (l *laying) offence(ctx context.Context, spec *policy.Session, bound session.Bound) offence {
	o := offence{spec: spec, bound: bound, commits: l.tooManyCommits(spec, bound)}
	if len(spec.MayChange) == 0 && !spec.Restricts {
		return o
	}
	touched, err := l.touched(ctx, bound)
	if err != nil {
		o.err = err
		return o
	}
	l.prefetch(ctx, spec, touched)
	for i, f := range l.in.Change.Files {
		if touched != nil && !touched[f.Path] && !touched[f.OldPath] {
			continue
		}
		allowed, err := l.mayChange(ctx, spec, i)
		if err != nil {
			o.err = err
			return o
		}
		if !allowed {
			o.files = append(o.files, i)
		}
	}
	return o
}

// mode says what the change did beyond the limits of one mode.
func (l *laying) mode(o offence) {
	if o.commits > 0 {
		l.addCommitsFinding(o.spec, o.commits)
	}
	if o.err != nil {
		l.missRule(o.spec.Name, o.err)
	}
	for _, i := range o.files {
		l.addModeFinding(o.spec, l.in.Change.Files[i], l.view.classes[i])
	}
}

// prefetch asks at once for all contents that decide whether a file's change is
// cosmetic; through an API one by one would be one request each.
func (l *laying) prefetch(ctx context.Context, spec *policy.Session, touched map[string]bool) {
	var paths []string
	for i, f := range l.in.Change.Files {
		if (touched == nil || touched[f.Path]) && !l.allowed(spec, i) && canBeCosmetic(spec, f) {
			paths = append(paths, f.Path)
		}
	}
	l.in.Change.Prefetch(ctx, change.AtBase, paths)
	l.in.Change.Prefetch(ctx, change.AtHead, paths)
}

// touched is the set of names that the bound commits touched, nil for all.
func (l *laying) touched(ctx context.Context, bound session.Bound) (map[string]bool, error) {
	if bound.Whole() || len(bound.Commits) == len(l.in.Change.Commits) {
		return nil, nil
	}
	byCommit, err := l.in.Change.CommitPaths(ctx, bound.Commits)
	if err != nil {
		return nil, err
	}
	names := make(map[string]bool)
	for _, id := range bound.Commits {
		paths, ok := byCommit[id]
		if !ok {
			return nil, fmt.Errorf("the files of commit %s are unknown", id)
		}
		for _, p := range paths {
			names[p] = true
		}
	}
	delete(names, "")
	return names, nil
}

// tooManyCommits counts the session's commits without merges, when they are more
// than the mode allows.
func (l *laying) tooManyCommits(spec *policy.Session, bound session.Bound) int {
	if spec.MaxCommits == 0 {
		return 0
	}
	n := 0
	for _, c := range l.in.Change.Commits {
		if !c.Merge() && (bound.Whole() || slices.Contains(bound.Commits, c.ID)) {
			n++
		}
	}
	if n <= spec.MaxCommits {
		return 0
	}
	return n
}

func (l *laying) addCommitsFinding(spec *policy.Session, n int) {
	l.found(spec.Name, SessionKind, spec.Level, rules.Finding{
		Key:     "max-commits",
		Message: fmt.Sprintf("%s sessions may make %d commits; this one made %d. A long session is hard to review and hard to roll back.", spec.Name, spec.MaxCommits, n),
		Remedy:  "git rebase -i " + l.in.Change.MergeBase,
	}, l.policy.LiftableBy(spec.Level, nil))
}

// mayChange asks for both sides of a file: moving one out of a permitted place
// is as much a change as moving one in.
func (l *laying) mayChange(ctx context.Context, spec *policy.Session, i int) (bool, error) {
	f := l.in.Change.Files[i]
	if l.allowed(spec, i) {
		return true, nil
	}
	if !canBeCosmetic(spec, f) {
		return false, nil
	}
	cosmetic, err := l.cosmetic(ctx, f)
	if err != nil || !cosmetic {
		return false, err
	}
	return l.permits(spec, f.Path, l.view.classes[i].After, true), nil
}

// allowed asks for what a file is called, not for what is in it.
func (l *laying) allowed(spec *policy.Session, i int) bool {
	f, classes := l.in.Change.Files[i], l.view.classes[i]
	before := f.BasePath() == "" || l.permits(spec, f.BasePath(), classes.Before, false)
	after := f.HeadPath() == "" || l.permits(spec, f.HeadPath(), classes.After, false)
	return before && after
}

// canBeCosmetic reports whether contents could still make a change allowed.
func canBeCosmetic(spec *policy.Session, f change.File) bool {
	return permitsCosmetic(spec) && f.Status == change.Modified && f.OldMode == f.Mode && f.Mode == change.Regular && change.CanBeCosmetic(f.Path)
}

// permits walks the items in order; the last that matches decides.
func (l *laying) permits(spec *policy.Session, path string, class change.Class, cosmetic bool) bool {
	allowed := false
	for _, item := range spec.MayChange {
		matches := false
		switch {
		case item.Class == change.ClassCosmetic:
			matches = cosmetic
		case item.Class != "":
			matches = item.Class == class
		default:
			matches = l.view.Match(item.List, path)
		}
		if matches {
			allowed = !item.Negated
		}
	}
	return allowed
}

func permitsCosmetic(spec *policy.Session) bool {
	return slices.ContainsFunc(spec.MayChange, func(p policy.Permit) bool { return p.Class == change.ClassCosmetic && !p.Negated })
}

// cosmetic compares the contents. A file too large to be read is not provably
// cosmetic; one that cannot be read at all is unknown.
func (l *laying) cosmetic(ctx context.Context, f change.File) (bool, error) {
	before, err := l.in.Change.Read(ctx, change.AtBase, f.Path)
	if err != nil {
		return false, exceptTooLarge(err)
	}
	after, err := l.in.Change.Read(ctx, change.AtHead, f.Path)
	if err != nil {
		return false, exceptTooLarge(err)
	}
	return change.Cosmetic(f.Path, before, after), nil
}

func (l *laying) addModeFinding(spec *policy.Session, f change.File, classes rules.Classes) {
	class := classes.Worst()
	if f.Mode != change.NoMode && f.OldMode != f.Mode && classes.After != "" {
		class = classes.After
	}
	found := l.found(spec.Name, SessionKind, spec.Level, rules.Finding{
		Key: "changed", Path: f.Path, PreviousPath: f.OldPath,
		Message: fmt.Sprintf("A session declared %s may change only %s; this file is %s and was %s.", spec.Name, permitted(spec), class, f.Status),
		Remedy:  rules.Undo(l.in.Change, f),
	}, l.policy.LiftableBy(spec.Level, nil))
	found.class = class
}

// permitted words the items of may-change.
func permitted(spec *policy.Session) string {
	var words []string
	for _, item := range spec.MayChange {
		words = append(words, item.Text)
	}
	if len(words) == 0 {
		return "nothing"
	}
	return strings.Join(words, ", ")
}
