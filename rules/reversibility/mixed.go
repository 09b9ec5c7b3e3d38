package reversibility

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/internal/migration"
	"github.com/changeguard/changeguard/rules"
)

// A concern is a purpose that a file of a change serves. Those that are lower come
// first when the change is split.
type concern int

const (
	renames concern = iota
	layout
	dependencies
	schema
	code
	deployment
	removal
)

// concerned says what each is, in a remedy and as one reason among several.
var concerned = [...]string{"the renames", "the formatting", "the dependencies", "the schema", "the code", "the deployment", "the removal"}

// A mix sorts the files of a change by what they are for.
type mix struct {
	*rules.Input
	of []concern // of each file
}

// mixed finds a change of several concerns that could not be taken back one by one.
func mixed(ctx context.Context, in *rules.Input, moves []change.File) ([]rules.Finding, error) {
	m := &mix{Input: in, of: make([]concern, len(in.Change.Files))}
	for i := range m.of {
		m.of[i] = code
	}
	if len(moves) > 0 && m.moved() {
		return []rules.Finding{m.finding(fmt.Sprintf("The change moves the schema (%d files), the code (%d) and the deployment (%d) at once: there is no order in which it could be taken back.",
			m.count(schema), m.count(code), m.count(deployment)))}, nil
	}
	m.renamed()
	if err := m.formatted(ctx); err != nil {
		return nil, err
	}
	m.removed()
	if err := m.updated(ctx); err != nil {
		return nil, err
	}
	return m.several(), nil
}

// several is the finding of what was split off from the code.
func (m *mix) several() []rules.Finding {
	var parts []string
	for _, c := range []concern{renames, layout, dependencies, removal} {
		if n := m.count(c); n > 0 {
			parts = append(parts, fmt.Sprintf("%s (%d)", concerned[c], n))
		}
	}
	if len(parts) == 0 {
		return nil
	}
	return []rules.Finding{m.finding(fmt.Sprintf("The change brings code (%d files) together with what has nothing to do with it: %s. Whoever takes one back takes back the other.",
		m.count(code), strings.Join(parts, ", ")))}
}

func (m *mix) finding(message string) rules.Finding {
	return rules.Finding{Key: "mixed", Message: message, Remedy: m.split(), Files: m.Change.Paths()}
}

func (m *mix) count(c concern) (n int) {
	for i := range m.of {
		if m.of[i] == c && (c != code || m.is(i, change.ClassFunctional)) {
			n++
		}
	}
	return n
}

func (m *mix) is(i int, class change.Class) bool { return m.Classes[i].Now() == class }

// besides reports whether a file belongs to the schema and is no migration itself.
func besides(p string) bool {
	lower := "/" + strings.ToLower(p)
	for _, folder := range []string{"/migrations/", "/migration/", "/migrate/", "/changelog/"} {
		if strings.Contains(lower, folder) {
			return true
		}
	}
	return strings.HasSuffix(lower, ".down.sql") || slices.Contains([]string{"schema.rb", "schema.prisma", "schema.sql", "structure.sql"}, path.Base(lower))
}

// moved reports whether schema, code and deployment move together, and sorts them.
func (m *mix) moved() bool {
	for i, f := range m.Change.Files {
		switch {
		case migration.Is(f.Path) || migration.IsUndo(f.Path) || besides(f.Path):
			m.of[i] = schema
		case m.is(i, change.ClassDeployment):
			m.of[i] = deployment
		}
	}
	if m.count(code) > 0 && m.count(deployment) > 0 {
		return true
	}
	for i := range m.of {
		m.of[i] = code
	}
	return false
}

// sweep is how many files make renames, formatting or a removal something of its own.
const (
	sweep = 5
	few   = 3
)

// renamed splits off many files that are only renamed, where new ones come elsewhere.
func (m *mix) renamed() {
	var at []int
	to := make(map[string]bool)
	for i, f := range m.Change.Files {
		if f.Status == change.Renamed && m.isCode(i) {
			at = append(at, i)
			to[path.Dir(f.Path)] = true
		}
	}
	if len(at) < sweep || !m.comes(to) {
		return
	}
	m.mark(at, renames)
}

func (m *mix) isCode(i int) bool {
	return m.Classes[i].Is(change.ClassFunctional) || m.Classes[i].Is(change.ClassTests)
}

// comes reports whether code is added in other folders than some.
func (m *mix) comes(than map[string]bool) bool {
	for i, f := range m.Change.Files {
		if f.Status == change.Added && m.is(i, change.ClassFunctional) && !than[path.Dir(f.Path)] {
			return true
		}
	}
	return false
}

func (m *mix) mark(at []int, c concern) {
	for _, i := range at {
		m.of[i] = c
	}
}

// maxRead bounds how many files are read for what they are about.
const maxRead = 60

// formatted splits off many files of which only layout and comments change.
func (m *mix) formatted(ctx context.Context) error {
	var at []int
	var paths []string
	for i, f := range m.Change.Files {
		if f.Status == change.Modified && f.Mode == f.OldMode && f.Mode == change.Regular && m.isCode(i) && change.CanBeCosmetic(f.Path) && len(at) < maxRead {
			at, paths = append(at, i), append(paths, f.Path)
		}
	}
	if len(at) < sweep || m.count(code) < sweep {
		return nil
	}
	m.Change.Prefetch(ctx, change.AtBase, paths)
	m.Change.Prefetch(ctx, change.AtHead, paths)
	var same []int
	for _, i := range at {
		cosmetic, err := m.cosmetic(ctx, m.Change.Files[i].Path)
		if err != nil {
			return err
		}
		if cosmetic {
			same = append(same, i)
		}
	}
	if len(same) >= sweep && m.count(code) > m.functional(same) {
		m.mark(same, layout)
	}
	return nil
}

func (m *mix) functional(at []int) (n int) {
	for _, i := range at {
		if m.is(i, change.ClassFunctional) {
			n++
		}
	}
	return n
}

func (m *mix) cosmetic(ctx context.Context, p string) (bool, error) {
	before, ok, err := read(ctx, m.Change, change.AtBase, p)
	if err != nil || !ok {
		return false, err
	}
	after, ok, err := read(ctx, m.Change, change.AtHead, p)
	if err != nil || !ok {
		return false, err
	}
	return change.Cosmetic(p, before, after), nil
}

// removed splits off code that goes where other code comes.
func (m *mix) removed() {
	var at []int
	goes, stems := make(map[string]bool), make(map[string]bool)
	for _, f := range m.Change.Files {
		if f.Status == change.Added {
			stems[stem(f.Path)] = true
		}
	}
	functional := 0
	for i, f := range m.Change.Files {
		if f.Status != change.Removed || stems[stem(f.Path)] {
			continue
		}
		if at = append(at, i); m.is(i, change.ClassFunctional) {
			functional++
			goes[path.Dir(f.Path)] = true
		}
	}
	if functional >= few && m.comes(goes) {
		m.mark(at, removal)
	}
}

// stem tells what was moved and edited from what goes for good.
func stem(p string) string {
	base, _, _ := strings.Cut(path.Base(p), ".")
	return strings.ToLower(base)
}

// split says which paths go into which pull request, in which order.
func (m *mix) split() string {
	var parts []string
	for c := range concern(len(concerned)) {
		if paths := m.shown(c); len(paths) > 0 {
			parts = append(parts, fmt.Sprintf("%d. %s: %s", len(parts)+1, concerned[c], shortened(paths, ", ")))
		}
	}
	return fmt.Sprintf("Split it into %d pull requests, in this order: %s.", len(parts), strings.Join(parts, "; "))
}

// shown names the files of a concern: a folder of which all files that change are its own
// by the folder.
func (m *mix) shown(c concern) []string {
	others := make(map[string]bool) // folders with files of another concern
	within := make(map[string]int)  // how many files of this one are below a folder
	for i, f := range m.Change.Files {
		for _, folder := range folders(f.Path) {
			if m.of[i] == c {
				within[folder]++
			} else {
				others[folder] = true
			}
		}
	}
	var paths []string
	for i, f := range m.Change.Files {
		if m.of[i] != c {
			continue
		}
		name := f.Path
		for _, folder := range folders(f.Path) {
			if !others[folder] && within[folder] > 1 {
				name = folder
				break
			}
		}
		paths = append(paths, rules.Quote(name))
	}
	return slices.Compact(paths)
}

// maxFolders is how deep a folder may lie to stand for its files.
const maxFolders = 8

// folders are those that a path lies in, the outermost first, each with its slash.
func folders(p string) []string {
	var list []string
	for at := 0; len(list) < maxFolders; {
		n := strings.IndexByte(p[at:], '/')
		if n < 0 {
			break
		}
		at += n + 1
		list = append(list, p[:at])
	}
	return list
}
