package reversibility

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/rules"
)

// A language says what a file of some name promises to others.
type language struct {
	is func(p string) bool
	// group are files that promise together: what moves from one to another of a group
	// is still there.
	group func(p string) string
	// promises lists what others may call or name, in the order of the text.
	promises func(p, text string) ([]string, error)
	noun     string
}

func alone(p string) string    { return p }
func together(string) string   { return "" }
func byFolder(p string) string { return path.Dir(p) }

var described = []language{
	{endsIn(".proto"), together, protoPromises, "description of an interface"},
	{endsIn(".graphql", ".graphqls", ".gql"), together, graphQLPromises, "description of an interface"},
	{isOpenAPI, alone, openAPIPromises, "description of an interface"},
	{isGoAPI, byFolder, goPromises, "package"},
	{isPythonAPI, pythonModule, pythonPromises, "module"},
}

func endsIn(endings ...string) func(string) bool {
	return func(p string) bool { return slices.Contains(endings, strings.ToLower(path.Ext(p))) }
}

func isOpenAPI(p string) bool {
	base := strings.ToLower(path.Base(p))
	switch path.Ext(base) {
	case ".yaml", ".yml", ".json":
		return strings.HasPrefix(base, "openapi") || strings.HasPrefix(base, "swagger") || strings.HasPrefix(base, "asyncapi")
	}
	return false
}

// maxSources bounds how many files are compared for what they promise.
const maxSources = 200

// A side holds what files promised before or promise now, by their group.
type promised map[string]map[string]bool

func (p promised) add(group string, names []string) {
	if p[group] == nil {
		p[group] = make(map[string]bool)
	}
	for _, n := range names {
		p[group][n] = true
	}
}

// interfaces finds promises that a change breaks.
func interfaces(ctx context.Context, c *change.Change) ([]rules.Finding, error) {
	var found []rules.Finding
	for _, l := range described {
		more, err := l.broken(ctx, c)
		if found = append(found, more...); err != nil {
			return found, err
		}
	}
	more, err := entries(ctx, c)
	return append(found, more...), err
}

// broken are the promises of one language that are gone.
func (l language) broken(ctx context.Context, c *change.Change) ([]rules.Finding, error) {
	files, before, after := l.files(c)
	if len(before) == 0 {
		return nil, nil
	}
	if len(files) > maxSources {
		return []rules.Finding{tooMany(c, l.noun, len(files))}, nil
	}
	c.Prefetch(ctx, change.AtBase, before)
	c.Prefetch(ctx, change.AtHead, after)
	var found []rules.Finding
	now, dark := make(promised), make(map[string]bool)
	for _, f := range files {
		names, why, err := l.read(ctx, c, change.AtHead, f.HeadPath())
		if err != nil {
			return nil, err
		}
		if why != "" && l.is(f.BasePath()) {
			dark[f.Path] = true
			found = append(found, unread(c, f, l.noun, why))
		}
		now.add(l.group(f.Path), names)
	}
	for _, f := range files {
		old, _, err := l.read(ctx, c, change.AtBase, f.BasePath())
		if err != nil {
			return nil, err
		}
		if one, ok := l.lost(c, f, old, now[l.group(f.Path)]); ok && !dark[f.Path] {
			found = append(found, one)
		}
	}
	return found, nil
}

func tooMany(c *change.Change, noun string, n int) rules.Finding {
	return rules.Finding{
		Key: "too many, " + noun, Message: fmt.Sprintf("The change touches %d files of which others may use what is in them, more than the %d that are compared.", n, maxSources),
		Remedy: "Split the change by folders, each in a pull request of its own.", Files: c.Paths(),
	}
}

// files are those of a language in a change, and what of them is there on both sides.
func (l language) files(c *change.Change) (files []change.File, before, after []string) {
	for _, f := range c.Files {
		b, a := f.BasePath(), f.HeadPath()
		if f.Status == change.Renamed && l.group(b) == l.group(a) || !l.is(b) && !l.is(a) {
			continue
		}
		files = append(files, f)
		if b != "" && l.is(b) && regular(f.OldMode) {
			before = append(before, b)
		}
		if a != "" && l.is(a) && regular(f.Mode) {
			after = append(after, a)
		}
	}
	return files, before, after
}

func regular(m change.Mode) bool { return m == change.Regular || m == change.Executable }

// read is what one version promises; why says why that cannot be told.
func (l language) read(ctx context.Context, c *change.Change, side change.Side, p string) (names []string, why string, err error) {
	if p == "" || !l.is(p) {
		return nil, "", nil
	}
	data, err := c.Read(ctx, side, p)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, "", nil
	case errors.Is(err, change.ErrTooLarge):
		return nil, "it is too large", nil
	case err != nil:
		return nil, "", err
	}
	names, err = l.promises(p, string(data))
	if err != nil {
		return nil, err.Error(), nil
	}
	return names, "", nil
}

func unread(c *change.Change, f change.File, noun, why string) rules.Finding {
	return rules.Finding{
		Key: "uncompared", Path: f.Path, PreviousPath: f.OldPath, Evidence: why,
		Message: fmt.Sprintf("This %s cannot be compared with what it was: %s.", noun, why), Remedy: rules.Undo(c, f),
	}
}

// lost words what a file promised and nothing of its group does any more. A description
// that goes as a whole is a finding of its own.
func (l language) lost(c *change.Change, f change.File, old []string, now map[string]bool) (rules.Finding, bool) {
	if f.Status == change.Removed && isInterface(f.Path) {
		return rules.Finding{}, false
	}
	gone := slices.DeleteFunc(slices.Clone(old), func(n string) bool { return now[n] || now[aliasOf(n)] || isOffer(n) })
	if len(gone) == 0 {
		return rules.Finding{}, false
	}
	return broke(c, f, l.noun, gone), true
}

// broke is the finding of names that are gone.
func broke(c *change.Change, f change.File, noun string, gone []string) rules.Finding {
	gone = slices.Compact(gone)
	return rules.Finding{
		Key: "broken", Path: f.Path, PreviousPath: f.OldPath, Evidence: shortened(gone, ", "),
		Message: fmt.Sprintf("This %s loses or changes %s: whoever uses them breaks, and reverting does not mend what they did meanwhile.", noun, shortened(gone, ", ")),
		Remedy:  "Keep the old beside the new, marked as deprecated, and remove it in a later pull request when nobody uses it; or take it back: " + rules.Undo(c, f),
	}
}

// shortened is a list of names, the first of many; what nobody calls a name is cut.
func shortened(names []string, between string) string {
	const most, longest = 8, 300
	var shown []string
	for _, n := range names[:min(len(names), most)] {
		if len(n) > longest {
			n = strings.ToValidUTF8(n[:longest], "") + "…"
		}
		shown = append(shown, n)
	}
	text := strings.Join(shown, between)
	if len(names) > most {
		text += fmt.Sprintf(" and %d more", len(names)-most)
	}
	return text
}
