package gitrepo

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/changeguard/changeguard/change"
)

// errRaw is about an answer of git, or an object, that is not what it should be.
var errRaw = errors.New("git's answer cannot be read")

func splitNUL(out []byte) []string {
	if len(out) == 0 {
		return nil
	}
	return strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00")
}

// parseRaw reads ":mode mode id id status\0path\0". Paths are git's own bytes.
func parseRaw(out []byte) ([]change.File, error) {
	fields := splitNUL(out)
	if len(fields)%2 != 0 {
		return nil, errRaw
	}
	files := make([]change.File, 0, len(fields)/2)
	for i := 0; i < len(fields); i += 2 {
		f, err := parseRawFile(fields[i], fields[i+1])
		if err != nil {
			return nil, err
		}
		files = append(files, f)
	}
	return files, nil
}

func parseRawFile(meta, path string) (change.File, error) {
	sides, ok := strings.CutPrefix(meta, ":")
	part := strings.Split(sides, " ")
	if !ok || len(part) != 5 || path == "" {
		return change.File{}, errRaw
	}
	oldMode, err1 := parseMode(part[0])
	mode, err2 := parseMode(part[1])
	f := change.NewFile(path, oldMode, objectID(part[2]), mode, objectID(part[3]))
	switch {
	case err1 != nil || err2 != nil, f.OldMode == change.NoMode && f.Mode == change.NoMode,
		(f.OldMode == change.NoMode) != (f.OldBlob == ""), (f.Mode == change.NoMode) != (f.Blob == ""):
		return change.File{}, errRaw
	}
	return f, nil
}

// treeMode is a folder's; a change has none.
const treeMode change.Mode = "040000"

// parseMode reads octal digits. Trees may hold any number; git knows five kinds
// of entry, and takes what it does not know for a submodule.
func parseMode(s string) (change.Mode, error) {
	n, err := strconv.ParseUint(s, 8, 32)
	if err != nil {
		return "", fmt.Errorf("%w: mode %q", errRaw, s)
	}
	switch {
	case n == 0:
		return change.NoMode, nil
	case n&0o170000 == 0o040000:
		return treeMode, nil
	case n&0o170000 == 0o120000:
		return change.Symlink, nil
	case n&0o170000 == 0o100000 && n&0o100 != 0:
		return change.Executable, nil
	case n&0o170000 == 0o100000:
		return change.Regular, nil
	default:
		return change.Submodule, nil
	}
}

// objectID is an id, "" for the one of zeros that stands for nothing.
func objectID(s string) string {
	if strings.Trim(s, "0") == "" {
		return ""
	}
	return s
}

// parseNumstat reads "added\tdeleted\tpath\0"; binary files have hyphens. The
// counts are by git's own names.
func parseNumstat(out []byte) (map[string]change.Lines, error) {
	counts := make(map[string]change.Lines)
	for _, line := range splitNUL(out) {
		fields := strings.SplitN(line, "\t", 3)
		if len(fields) != 3 || fields[2] == "" {
			return nil, errRaw
		}
		n, err := parseCounts(fields[0], fields[1])
		if err != nil {
			return nil, err
		}
		counts[fields[2]] = n
	}
	return counts, nil
}

func parseCounts(added, deleted string) (change.Lines, error) {
	if added == "-" && deleted == "-" {
		return change.Lines{}, nil
	}
	a, err1 := strconv.ParseUint(added, 10, 31)
	d, err2 := strconv.ParseUint(deleted, 10, 31)
	if err1 != nil || err2 != nil {
		return change.Lines{}, errRaw
	}
	return change.Lines{Added: int(a), Deleted: int(d)}, nil
}

// parseList reads "mode type id\tpath\0", the listing of a tree.
func parseList(out []byte) ([]change.Entry, error) {
	entries, raw, err := parseEntries(out)
	if err != nil {
		return nil, err
	}
	names, err := shownNames(raw)
	if err != nil {
		return nil, err
	}
	for i := range entries {
		entries[i].Path = names.show(raw[i])
	}
	return entries, nil
}

// parseEntries is parseList before names are shown: raw are git's own.
func parseEntries(out []byte) (entries []change.Entry, raw []string, err error) {
	lines := splitNUL(out)
	entries, raw = make([]change.Entry, 0, len(lines)), make([]string, 0, len(lines))
	for _, line := range lines {
		meta, path, ok := strings.Cut(line, "\t")
		digits, rest, ok1 := strings.Cut(meta, " ")
		_, id, ok2 := strings.Cut(rest, " ")
		if !ok || !ok1 || !ok2 || path == "" || strings.Contains(id, " ") {
			return nil, nil, errRaw
		}
		mode, err := parseMode(digits)
		if err != nil {
			return nil, nil, err
		}
		entries, raw = append(entries, change.Entry{Mode: mode, Blob: id}), append(raw, path)
	}
	return entries, raw, nil
}

// parseCommitPaths reads what diff-tree prints for a list of commits: an id,
// then its files as parseRaw has them.
func parseCommitPaths(out []byte, isID func(string) bool) (map[string][]string, error) {
	found := make(map[string][]string)
	at := ""
	for fields := splitNUL(out); len(fields) > 0; {
		switch {
		case isID(fields[0]):
			at, fields = fields[0], fields[1:]
		case at == "" || len(fields) < 2:
			return nil, errRaw
		default:
			f, err := parseRawFile(fields[0], fields[1])
			if err != nil {
				return nil, err
			}
			found[at], fields = append(found[at], f.Path), fields[2:]
		}
	}
	return found, nil
}
