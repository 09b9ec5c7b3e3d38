package verdict

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/internal/migration"
)

// The points of what outlives a revert, and of what a session did that it had
// declared not to do.
const (
	irreversiblePoints = 20
	violationPoints    = 20
)

// maxMigrations is how many migrations the risk reads; a change with more counts
// as one that cannot be taken back.
const maxMigrations = 200

// irreversible is the factor of a change that reverting does not take back: data
// that goes, and migrations that take something away, have no way back or were
// edited after they could have run. It is counted whether or not a policy has the
// rule reversibility.
func (j *judge) irreversible(ctx context.Context) []Factor {
	hard := j.removedData()
	migrations, err := j.hardMigrations(ctx)
	if err != nil {
		j.miss(fmt.Sprintf("whether the change can be taken back: %v", err), "Run the check again.")
	}
	hard = append(hard, migrations...)
	if len(hard) == 0 {
		return nil
	}
	why := hard[0]
	if len(hard) > 1 {
		why = fmt.Sprintf("%d files, the first: %s", len(hard), hard[0])
	}
	return []Factor{{"irreversibility", irreversiblePoints, why}}
}

func (j *judge) removedData() []string {
	var hard []string
	for i, f := range j.in.Change.Files {
		if f.Status == change.Removed && j.builtIn[i].Before == change.ClassData {
			hard = append(hard, f.Path+" removes data")
		}
	}
	return hard
}

// hardMigrations words what cannot be taken back in each migration.
func (j *judge) hardMigrations(ctx context.Context) ([]string, error) {
	c := j.in.Change
	var hard, read []string
	edited := make(map[string]bool)
	for _, f := range c.Files {
		switch {
		case f.Status == change.Modified && migration.Is(f.Path) && f.Mode != change.Symlink && len(read) < maxMigrations:
			read, edited[f.Path] = append(read, f.Path), true
		case f.Status != change.Added && migration.Is(f.BasePath()):
			hard = append(hard, fmt.Sprintf("%s was there before and is %s", f.Path, f.Status))
		case f.HeadPath() == "" || !migration.Is(f.Path) || f.Mode == change.Submodule:
		case f.Mode == change.Symlink:
			hard = append(hard, f.Path+" is a link, so nobody knows")
		case len(read) == maxMigrations:
			hard = append(hard, f.Path+" is one of too many migrations to be read")
		default:
			read = append(read, f.Path)
		}
	}
	c.Prefetch(ctx, change.AtHead, read)
	c.Prefetch(ctx, change.AtBase, slices.Sorted(maps.Keys(edited)))
	for _, p := range read {
		why, err := j.hardMigration(ctx, p, edited[p])
		if err != nil {
			return hard, err
		}
		if why != "" {
			hard = append(hard, p+" "+why)
		}
	}
	return hard, nil
}

// hardMigration looks at a migration that is new or edited, and returns "" when it can
// be taken back. The way back of one is looked for in the change alone.
func (j *judge) hardMigration(ctx context.Context, p string, edited bool) (string, error) {
	data, err := j.in.Change.Read(ctx, change.AtHead, p)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", nil
	case errors.Is(err, change.ErrTooLarge):
		return "is too large to be read", nil
	case err != nil:
		return "", err
	}
	steps := migration.Steps(p, string(data))
	if edited {
		what, more, err := j.editedMigration(ctx, p, string(data))
		if err != nil || what != "" {
			return what, err
		}
		steps = more
	}
	if len(steps) > 0 {
		return fmt.Sprintf("%s in line %d", steps[0].What, steps[0].Line), nil
	}
	if back, needed := migration.WayBack(p); needed && !slices.ContainsFunc(j.in.Change.Files, func(f change.File) bool { return f.HeadPath() == back }) {
		return "has no way back", nil
	}
	return "", nil
}

// editedMigration compares one with what it was: the edit itself may be what cannot be
// taken back, or the steps that come with it.
func (j *judge) editedMigration(ctx context.Context, p, after string) (string, []migration.Step, error) {
	const was = "was there before and is " + string(change.Modified)
	before, err := j.in.Change.Read(ctx, change.AtBase, p)
	if errors.Is(err, change.ErrTooLarge) {
		return was, nil, nil
	}
	if err != nil {
		return "", nil, err
	}
	what, _, steps := migration.Edited(p, string(before), after)
	if what != "" {
		return was, nil, nil
	}
	return "", steps, nil
}

// violations is the factor of a change that went beyond the limits of a mode that
// binds it, under any policy and at any level but off.
func (j *judge) violations() []Factor {
	var said []string
	for _, l := range j.layings {
		for _, o := range l.beyond {
			if what := l.violation(o); o.is() && !slices.Contains(said, what) {
				said = append(said, what)
			}
		}
	}
	if len(said) == 0 {
		return nil
	}
	return []Factor{{"session violations", violationPoints, strings.Join(said, "; ")}}
}

// violation words one offence.
func (l *laying) violation(o offence) string {
	var parts []string
	if o.commits > 0 {
		parts = append(parts, fmt.Sprintf("%d commits, %d allowed", o.commits, o.spec.MaxCommits))
	}
	if n := len(o.files); n > 0 {
		parts = append(parts, filesWhy(n, l.in.Change.Files[o.files[0]].Path)+", not allowed")
	}
	return o.spec.Name + ": " + strings.Join(parts, ", ")
}
