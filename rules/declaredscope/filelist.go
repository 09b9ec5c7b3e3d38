package declaredscope

import (
	"context"
	"fmt"
	"strings"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/internal/lazyregexp"
	"github.com/changeguard/changeguard/internal/pathset"
	"github.com/changeguard/changeguard/rules"
)

const (
	maxBody   = 256 << 10 // GitHub's bodies are at most 64 KiB
	maxListed = 5000
	maxGlobs  = 50
)

// fileList compares the body's list of files with the functional files.
func (s *saying) fileList(ctx context.Context) ([]rules.Finding, error) {
	names, ok := fileList(s.in.Change.Body)
	if !ok {
		return nil, nil
	}
	listed := newListing(names)
	var at []int
	for i, f := range s.in.Change.Files {
		if s.in.Classes[i].Is(change.ClassFunctional) && !listed.covers(f.Path) && !listed.covers(f.OldPath) {
			at = append(at, i)
		}
	}
	at, err := s.withoutCosmetic(ctx, at)
	if err != nil || len(at) == 0 {
		return nil, err
	}
	var unlisted []string
	for _, i := range at {
		unlisted = append(unlisted, s.in.Change.Files[i].Path)
	}
	noun := "functional files"
	if len(unlisted) == 1 {
		noun = "functional file"
	}
	return []rules.Finding{{
		Key:      "file-list",
		Message:  fmt.Sprintf("The body lists the files that it modifies and leaves out %d %s.", len(unlisted), noun),
		Evidence: someOf(unlisted),
		Remedy:   "Complete the list in the body, or leave the files out of the change.",
		Files:    unlisted,
	}}, nil
}

// fileList reads the names in every list of files. ok is false when no list says
// that it is of the modified files, or none has a name in it.
func fileList(body string) (names []string, ok bool) {
	r := &listReader{}
	for line := range strings.Lines(body[:min(len(body), maxBody)]) {
		r.line(strings.TrimRight(line, " \t\r\n"))
	}
	return r.names, r.announced > 0
}

// A listReader reads a body line by line. A list goes on until a paragraph or a
// heading of its own level follows: people group the files by part of the program.
type listReader struct {
	names     []string
	announced int // names in lists of modified files
	in        bool
	modified  bool // the list that we are in says so
	level     int  // of its heading; 0 for a line that is no Markdown heading
	items     int  // so far
	fenced    bool
	comment   bool // within <!-- -->, which nobody sees
}

func (r *listReader) line(raw string) {
	text := strings.TrimSpace(raw)
	if r.hidden(text) {
		return
	}
	if strings.HasPrefix(text, "```") || strings.HasPrefix(text, "~~~") {
		r.fenced = !r.fenced
		return
	}
	if r.fenced {
		if r.in {
			r.add(wordPaths(text))
		}
		return
	}
	if r.heading(text) || !r.in || text == "" {
		return
	}
	switch {
	case listItem(text), raw != text && r.items > 0:
		r.items++
		r.add(pathsIn(text))
	case strings.HasPrefix(text, "**") || strings.HasSuffix(text, ":") || !strings.ContainsAny(text, " \t"):
		r.add(pathsIn(text)) // a name alone, or the label of a group
	case r.items > 0:
		r.in = false
	}
}

// hidden follows comments, which begin and end at lines here.
func (r *listReader) hidden(text string) bool {
	was := r.comment
	if strings.HasPrefix(text, "<!--") {
		r.comment = true
	}
	was = was || r.comment
	if strings.Contains(text, "-->") {
		r.comment = false
	}
	return was
}

// heading takes in a line that begins a list, or that ends one.
func (r *listReader) heading(text string) bool {
	level := len(text) - len(strings.TrimLeft(text, "#"))
	if modified, inline, ok := announces(text); ok {
		r.modified, r.level, r.items = modified, level, 0
		r.add(pathsIn(inline))
		r.in = strings.TrimSpace(inline) == "" // "Files changed: 3" is no list
		return true
	}
	if level == 0 {
		return false
	}
	if r.in = r.in && r.level > 0 && level > r.level; r.in {
		r.add(pathsIn(text))
	}
	return true
}

func (r *listReader) add(names []string) {
	for _, name := range names {
		if name == "" || len(r.names) == maxListed {
			continue
		}
		r.names = append(r.names, name)
		if r.modified && fileName.MatchString(name) {
			r.announced++
		}
	}
}

const listVerbs = `(?:modified|changed|touched|updated|edited|added|created|new|removed|deleted|renamed)`

var (
	listHeading = lazyregexp.New(`(?i)^(?:all\s+|the\s+|(?:complete\s+)?list\s+of\s+)*(?:files?\s+((?:` + listVerbs + `(?:\s*[/,&+]\s*|\s+and\s+|\s+or\s+)?)+)|((?:` + listVerbs + `(?:\s*[/,&+]\s*|\s+and\s+|\s+or\s+)?)+)\s+files?)\b(.*)$`)
	modifying   = lazyregexp.New(`(?i)modified|changed|touched|updated|edited`)
	inlineNames = lazyregexp.New(`^[^.:]{0,60}:[*_\s]*(.*)$`)
	noMore      = lazyregexp.New(`(?i)^[*_\s]*(?:(?:in|by|of|for|as|with|during|include|including|are|below|here)\b[^.]{0,60}|[(–—-][^.]{0,60})?[.*_\s]*$`)
	fileName    = lazyregexp.New(`/$|\.[A-Za-z0-9_-]*[A-Za-z][A-Za-z0-9_-]*$`)
	htmlTag     = lazyregexp.New(`</?[a-zA-Z][^<>]{0,60}>`)
)

const maxHeading = 500

// announces reads the line above a list of files; the names may stand in it.
func announces(text string) (modified bool, inline string, ok bool) {
	if len(text) > maxHeading {
		return false, "", false
	}
	text = strings.TrimLeftFunc(htmlTag.ReplaceAllString(text, ""), func(r rune) bool {
		return isMark(r) || strings.ContainsRune("-+.)(0123456789", r)
	})
	m := listHeading.FindStringSubmatch(text)
	if m == nil {
		return false, "", false
	}
	modified = modifying.MatchString(m[1] + m[2])
	if in := inlineNames.FindStringSubmatch(m[3]); in != nil {
		return modified, in[1], true
	}
	return modified, "", noMore.MatchString(m[3])
}

func listItem(line string) bool {
	return strings.HasPrefix(line, "- ") || strings.HasPrefix(line, "* ") || strings.HasPrefix(line, "+ ") || strings.HasPrefix(line, "• ") ||
		strings.HasPrefix(line, "|") || strings.HasPrefix(line, "`") || numbered(line)
}

func numbered(line string) bool {
	digits := len(line) - len(strings.TrimLeft(line, "0123456789"))
	return digits > 0 && digits < 5 && (strings.HasPrefix(line[digits:], ". ") || strings.HasPrefix(line[digits:], ") "))
}

// pathsIn finds the names in a list item: what stands between backticks, else
// every word with a slash or an extension.
func pathsIn(line string) []string {
	parts := strings.Split(line, "`")
	if len(parts) < 3 {
		return wordPaths(line)
	}
	var names []string
	for i := 1; i < len(parts)-1; i += 2 {
		names = append(names, clean(parts[i]))
	}
	return names
}

func wordPaths(line string) []string {
	var names []string
	for word := range strings.FieldsSeq(htmlTag.ReplaceAllString(line, " ")) {
		for w := range strings.SplitSeq(word, "](") { // a link of Markdown
			w = strings.Trim(w, "*_,;:()[]|\"'<>")
			if strings.Contains(w, "/") || strings.Contains(strings.Trim(w, "."), ".") {
				names = append(names, clean(w))
			}
		}
	}
	return names
}

// clean takes off what people write around a name: "./", a line, an ellipsis.
func clean(name string) string {
	name = strings.ReplaceAll(strings.TrimSpace(name), `\`, "/")
	if at := strings.IndexByte(name, ':'); at > 0 && strings.Trim(name[at:], ":0123456789-L") == "" {
		name = name[:at]
	}
	for _, prefix := range []string{".../", "…/", "./", "/"} {
		name = strings.TrimPrefix(name, prefix)
	}
	return name
}

// A listing is a set of listed names that answers in the length of a path.
type listing struct {
	names map[string]bool
	globs *pathset.Matcher
}

func newListing(names []string) listing {
	l := listing{names: make(map[string]bool, len(names))}
	var globs []string
	for _, name := range names {
		folder := strings.TrimRight(name, "*")
		switch {
		case !strings.ContainsAny(folder, "*{"):
			l.names[folder] = true
		case len(globs) < maxGlobs && pathset.Validate("**/"+name) == nil:
			globs = append(globs, "**/"+name)
		}
	}
	delete(l.names, "")
	delete(l.names, "/")
	l.globs, _ = pathset.Compile(pathset.Permit, globs...) // nil when they are too many together: they list nothing
	return l
}

// covers reports whether the path itself, its last segments, a folder above it or
// a glob that matches it is listed.
func (l listing) covers(path string) bool {
	if path == "" {
		return false
	}
	if l.names[path] {
		return true
	}
	for i := range len(path) {
		if path[i] == '/' && (l.names[path[i+1:]] || l.names[path[:i+1]]) {
			return true
		}
	}
	return l.globs != nil && l.globs.Match(path)
}
