package declaredscope

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/rules"
)

// heading is a line that announces a list of the files of the change.
var heading = regexp.MustCompile(`(?i)^[\s#*_>\-]*(?:all\s+|complete\s+list\s+of\s+)?(?:files\s+(?:modified|changed|touched|updated)|(?:modified|changed|touched|updated)\s+files)\b[^.]{0,60}$`)

const (
	maxBody   = 256 << 10 // GitHub's bodies are at most 64 KiB
	maxListed = 5000
)

// byFileList compares the body's list of files with the functional files.
func byFileList(in *rules.Input) []rules.Finding {
	names, ok := fileList(in.Change.Body)
	if !ok {
		return nil
	}
	listed := newListing(names)
	var unlisted []string
	for i, f := range in.Change.Files {
		if in.Classes[i].Is(change.ClassFunctional) && !listed.covers(f.Path) && !listed.covers(f.OldPath) {
			unlisted = append(unlisted, f.Path)
		}
	}
	if len(unlisted) == 0 {
		return nil
	}
	shown := strings.Join(unlisted[:min(len(unlisted), maxNamed)], ", ")
	if len(unlisted) > maxNamed {
		shown += fmt.Sprintf(" and %d more", len(unlisted)-maxNamed)
	}
	noun := "functional files"
	if len(unlisted) == 1 {
		noun = "functional file"
	}
	return []rules.Finding{{
		Key:      "file-list",
		Message:  fmt.Sprintf("The body lists the files that it modifies and leaves out %d %s.", len(unlisted), noun),
		Evidence: shown,
		Remedy:   "Complete the list in the body, or leave the files out of the change.",
		Files:    unlisted,
	}}
}

// fileList reads the names under every such heading. ok is false when there is
// no heading, or none with a name under it.
func fileList(body string) (names []string, ok bool) {
	inList := false
	for line := range strings.Lines(body[:min(len(body), maxBody)]) {
		line = strings.TrimSpace(line)
		switch {
		case len(line) <= 200 && heading.MatchString(line):
			inList = true
		case !inList || line == "":
		case !listItem(line):
			inList = false
		case len(names) < maxListed:
			names = append(names, pathsIn(line)...)
		}
	}
	return names, len(names) > 0
}

func listItem(line string) bool {
	return strings.HasPrefix(line, "- ") || strings.HasPrefix(line, "* ") || strings.HasPrefix(line, "+ ") ||
		strings.HasPrefix(line, "|") || strings.HasPrefix(line, "`") || numbered(line)
}

func numbered(line string) bool {
	digits := len(line) - len(strings.TrimLeft(line, "0123456789"))
	return digits > 0 && digits < 5 && (strings.HasPrefix(line[digits:], ". ") || strings.HasPrefix(line[digits:], ") "))
}

// pathsIn finds the names in a list item: what stands between backticks, else
// every word with a slash or an extension.
func pathsIn(line string) []string {
	if parts := strings.Split(line, "`"); len(parts) >= 3 {
		var names []string
		for i := 1; i < len(parts)-1; i += 2 {
			names = append(names, clean(parts[i]))
		}
		return names
	}
	var names []string
	for _, w := range strings.Fields(line) {
		w = strings.Trim(w, "*_,;:()[]|\"'")
		if strings.Contains(w, "/") || strings.Contains(strings.TrimSuffix(w, "."), ".") {
			names = append(names, clean(w))
		}
	}
	return names
}

func clean(name string) string {
	return strings.TrimPrefix(strings.TrimSpace(name), "./")
}

// listing is a set of listed names that answers in the length of a path.
type listing map[string]bool

func newListing(names []string) listing {
	l := make(listing, len(names))
	for _, name := range names {
		l[strings.TrimRight(name, "*")] = true
	}
	delete(l, "")
	delete(l, "/")
	return l
}

// covers reports whether the path itself, its last segments or a folder above
// it are listed.
func (l listing) covers(path string) bool {
	if path == "" {
		return false
	}
	if l[path] {
		return true
	}
	for i := range len(path) {
		if path[i] == '/' && (l[path[i+1:]] || l[path[:i+1]]) {
			return true
		}
	}
	return false
}
