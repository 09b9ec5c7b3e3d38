package environmentvariables

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/rules"
)

// The bounds of reading, in bytes and files. Manifests beyond theirs make the
// judgement impossible; the search for code that needs what a manifest loses ends
// at its own.
const (
	maxManifests = 16 << 20
	maxSearched  = 4 << 20
	maxCodeFiles = 1000
	maxOlder     = 200 // files in which a variable may have been required before
	batch        = 100
)

// A program is one side of a changed file of code.
type program struct {
	file           change.File
	side           change.Side
	path, language string
	text           string
}

// readChange finds what the files of the change newly require, and what they no
// longer provide.
func (j *judging) readChange() error {
	j.prefetch()
	programs, err := j.programs()
	if err != nil {
		return err
	}
	if err := j.functions(programs); err != nil {
		return err
	}
	before := make(map[string]bool)
	var after []wanted
	for _, p := range programs {
		list, whole := needs(p.text, p.language, j.calls[p.language])
		if !whole && p.side == change.AtHead {
			j.refuse(p.file, "too many", fmt.Sprintf("The file asks for more than %d variables, or looks so, which no program does that people write, and was not searched.", maxLookups))
		}
		for _, n := range list {
			if p.side == change.AtBase {
				before[n.name] = true
			} else {
				after = append(after, wanted{path: p.path, need: n})
			}
		}
	}
	for _, f := range j.in.Change.Files {
		if err := j.lose(f); err != nil {
			return err
		}
	}
	j.newly(before, after)
	return nil
}

// programs reads the code of the change, of both sides.
func (j *judging) programs() ([]program, error) {
	var list []program
	for _, f := range j.in.Change.Files {
		for side, name := range []string{f.BasePath(), f.HeadPath()} {
			mode := f.Mode
			if change.Side(side) == change.AtBase {
				mode = f.OldMode
			}
			if name == "" || !j.isCode(name) || !plain(mode) {
				continue
			}
			text, err := j.text(change.Side(side), f, name)
			if err != nil {
				return nil, err
			}
			list = append(list, program{f, change.Side(side), name, languageOf(name), text})
		}
	}
	return list, nil
}

// prefetch asks for all sides together.
func (j *judging) prefetch() {
	var names [2][]string
	for _, f := range j.in.Change.Files {
		for side, name := range []string{f.BasePath(), f.HeadPath()} {
			if name != "" && (j.isCode(name) || isProvider(name) && !skipped(name)) {
				names[side] = append(names[side], name)
			}
		}
	}
	for side, list := range names {
		if len(list) > 0 {
			j.in.Change.Prefetch(j.ctx, change.Side(side), list)
		}
	}
}

func plain(m change.Mode) bool { return m == change.Regular || m == change.Executable }

// newly keeps what no changed file required before, each variable once.
func (j *judging) newly(before map[string]bool, after []wanted) {
	at := make(map[string]int)
	for _, w := range after {
		name := w.need.name
		if before[name] || j.external(name) {
			continue
		}
		if i, ok := at[name]; ok {
			if w.path != j.wanted[i].path {
				j.wanted[i].more = append(j.wanted[i].more, w.path)
			}
			continue
		}
		at[name] = len(j.wanted)
		j.wanted = append(j.wanted, w)
		j.asked[name] = true
	}
}

// lose notes the variables that a file provided and no longer does.
func (j *judging) lose(f change.File) error {
	base := f.BasePath()
	if base == "" || !isProvider(base) || skipped(base) || !plain(f.OldMode) || f.Status == change.Renamed && isProvider(f.Path) && !skipped(f.Path) {
		return nil
	}
	old, err := j.text(change.AtBase, f, base)
	if err != nil {
		return err
	}
	names := shoutedIn(old)
	had, has := provided(base, old, names), map[string]bool{}
	if head := f.HeadPath(); head != "" && isProvider(head) && plain(f.Mode) {
		text, err := j.text(change.AtHead, f, head)
		if err != nil {
			return err
		}
		has = provided(head, text, names)
	}
	for name := range had {
		if !has[name] && !j.external(name) {
			j.lost[name] = append(j.lost[name], f.Path)
			j.asked[name] = true
		}
	}
	return nil
}

// shoutedIn are the words of a text that may be names of variables.
func shoutedIn(text string) map[string]bool {
	found := make(map[string]bool)
	for w := range strings.FieldsFuncSeq(text, func(r rune) bool { return r >= 0x80 || !wordByte(byte(r)) }) {
		if len(w) < 200 && shouting.MatchString(w) {
			found[w] = true
		}
	}
	return found
}

// text reads one side of a changed file. One that is too large is a finding: what
// it requires is not known.
func (j *judging) text(side change.Side, f change.File, name string) (string, error) {
	data, err := j.in.Change.Read(j.ctx, side, name)
	var large *change.TooLargeError
	if errors.As(err, &large) {
		if side == change.AtHead {
			j.refuse(f, "too large", fmt.Sprintf("The file has %d bytes and is too large to be searched for variables.", large.Size))
		}
		return "", nil
	}
	return string(data), err
}

// refuse is the finding about a file of which it is not known what it requires.
func (j *judging) refuse(f change.File, key, message string) {
	j.found = append(j.found, rules.Finding{
		Key: key, Path: f.Path, PreviousPath: f.OldPath, Message: message, Evidence: string(f.Status) + " " + f.Path, Remedy: rules.Undo(j.in.Change, f),
	})
}

// readTree looks for the asked variables in the files that provide, those that
// surely do first, and stops when all are found.
func (j *judging) readTree() error {
	entries, err := j.in.Change.Tree(j.ctx, change.AtHead)
	if err != nil {
		return err
	}
	var strong, weak []string
	for _, e := range entries {
		if !plain(e.Mode) || !isProvider(e.Path) || skipped(e.Path) {
			continue
		}
		if surely(e.Path) {
			strong = append(strong, e.Path)
		} else {
			weak = append(weak, e.Path)
		}
	}
	j.order(strong)
	j.order(weak)
	if i := slices.IndexFunc(strong, isExample); i >= 0 {
		j.nearby = strong[i]
	} else if len(strong) > 0 {
		j.nearby = strong[0]
	}
	return j.search(append(strong, weak...), maxManifests, len(strong)+len(weak), func(name, text string) bool {
		for n := range provided(name, text, j.asked) {
			delete(j.asked, n)
		}
		return len(j.asked) == 0
	}, fmt.Errorf("%w: the manifests of the repository have more than %d bytes", change.ErrTooLarge, maxManifests))
}

// surely tells files that are there to provide from YAML of any kind.
func surely(name string) bool {
	ext := strings.ToLower(path.Ext(name))
	return ext != ".yml" && ext != ".yaml" || inDeployFolder(name)
}

// order puts files near to those that ask first.
func (j *judging) order(names []string) {
	var asking []string
	for _, w := range j.wanted {
		asking = append(asking, w.path)
	}
	for _, paths := range j.lost {
		asking = append(asking, paths...)
	}
	slices.Sort(asking)
	asking = slices.Compact(asking)
	near := make(map[string]int, len(names))
	for _, name := range names {
		for _, a := range asking[:min(len(asking), 50)] {
			near[name] = max(near[name], shared(name, a))
		}
	}
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Or(cmp.Compare(near[b], near[a]), cmp.Compare(strings.Count(a, "/"), strings.Count(b, "/")), cmp.Compare(a, b))
	})
}

// shared is how many folders two paths have in common from the top.
func shared(a, b string) int {
	n := 0
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			break
		}
		if a[i] == '/' {
			n++
		}
	}
	return n
}

// search reads files until seen says enough, or a bound is reached, which is the
// error over when there is one.
func (j *judging) search(names []string, bytes, files int, seen func(name, text string) bool, over error) error {
	read := 0
	for part := range slices.Chunk(names[:min(len(names), files)], batch) {
		j.in.Change.Prefetch(j.ctx, change.AtHead, part)
		for _, name := range part {
			data, err := j.in.Change.Read(j.ctx, change.AtHead, name)
			var large *change.TooLargeError
			if errors.As(err, &large) || errors.Is(err, fs.ErrNotExist) {
				continue
			}
			if err != nil {
				return err
			}
			if read += len(data); read > bytes {
				return over
			}
			if seen(name, string(data)) {
				return nil
			}
		}
	}
	return nil
}

// older takes away the variables that code which the change does not touch
// requires already, as far as the usual and the nearest files tell: they are not
// newly required.
func (j *judging) older() error {
	open, changed := make(map[string]bool), make(map[string]bool)
	for _, w := range j.wanted {
		if j.asked[w.need.name] {
			open[w.need.name] = true
		}
	}
	if len(open) == 0 {
		return nil
	}
	for _, f := range j.in.Change.Files {
		changed[f.HeadPath()] = true
	}
	found, err := j.users(open, maxOlder, changed)
	for name := range found {
		if len(j.lost[name]) == 0 {
			delete(j.asked, name)
		}
	}
	return err
}

// settingsFiles are the names of files in which programs usually ask for variables.
var settingsFiles = strings.Fields("config settings env environment constants main app server index application manage wsgi asgi database db bootstrap")

// users finds the code that requires variables: what the change touches, then the
// usual files, then what is nearest to the manifests that lost them.
func (j *judging) users(names map[string]bool, files int, skip map[string]bool) (map[string]wanted, error) {
	entries, err := j.in.Change.Tree(j.ctx, change.AtHead)
	if err != nil {
		return nil, err
	}
	var first, then []string
	for _, e := range entries {
		if !plain(e.Mode) || skip[e.Path] || !j.isCode(e.Path) {
			continue
		}
		base := strings.ToLower(path.Base(e.Path))
		if slices.Contains(settingsFiles, strings.TrimSuffix(base, path.Ext(base))) {
			first = append(first, e.Path)
		} else {
			then = append(then, e.Path)
		}
	}
	j.order(first)
	j.order(then)
	u := users{names: names, found: make(map[string]wanted), calls: j.calls}
	err = j.search(append(first, then...), maxSearched, files, u.see, nil)
	return u.all(), err
}
