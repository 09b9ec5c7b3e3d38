package manifest

import (
	"path"
	"slices"
	"strconv"
	"strings"
)

// Marks among the hashes and the hosts of a Python package: an archive that nothing
// holds to its content, one that lies in the tree, one of another package or version.
const (
	noHash    = "none"
	fromTree  = "the tree itself"
	otherwise = "files of another name"
)

// artefacts takes in the hashes of a list of archives and returns their hosts.
func (p *Package) artefacts(lists ...[]*lockNode) (hosts []string) {
	add := func(host string) {
		if host != "" && (len(hosts) == 0 || hosts[len(hosts)-1] != host) {
			hosts = append(hosts, host)
		}
	}
	for _, list := range lists {
		p.Integrity = slices.Grow(p.Integrity, len(list))
		for _, a := range list {
			from := len(p.Integrity)
			if h := a.str("hash"); h != "" {
				p.Integrity = append(p.Integrity, strings.ToLower(h))
			}
			p.hashTable(a)
			if !slices.ContainsFunc(p.Integrity[from:], isStrong) {
				p.Integrity = append(p.Integrity, noHash)
			}
			url, file := a.str("url"), a.str("path")
			add(hostOf(url))
			if url == "" && file != "" {
				add(fromTree)
			}
			if file := path.Base(beforeHash(url + file)); url+a.str("path") != "" && !isArchiveOf(file, p.Name, p.Spec) {
				add(otherwise)
			}
		}
	}
	return hosts
}

// isStrong tells a hash by which nobody finds another content.
func isStrong(hash string) bool {
	algorithm, _, _ := strings.Cut(hash, ":")
	return strongHashes[algorithm]
}

var strongHashes = wordSet("sha256 sha384 sha512 sha3_256 sha3_384 sha3_512 blake2b blake2s")

// held drops the mark of archives without a hash where no archive has one, as some
// indexes have none; sorted.
func held(hashes []string) []string {
	hashes = sorted(hashes)
	if len(hashes) == 1 && hashes[0] == noHash {
		return nil
	}
	return hashes
}

// isArchiveOf reports whether a file is named as an archive of a package at a version
// is: an index lets everybody offer archives, but only of names that are theirs.
func isArchiveOf(file, name, version string) bool {
	rest, ok := cutPyPart(file, name)
	if !ok || rest == "" || !isSeparator(rest[0]) {
		return false
	}
	if strings.Contains(rest, "%") || strings.ContainsAny(version, "+!") { // local versions are written in many ways
		return true
	}
	rest, ok = cutPyPart(rest[1:], strings.TrimSuffix(version, ".0"))
	return ok && (rest == "" || !isDigits(rest[:1])) || version == ""
}

func isSeparator(c byte) bool { return c == '-' || c == '_' || c == '.' }

// cutPyPart takes a name off the beginning of a text, whatever the case and the
// separators.
func cutPyPart(s, part string) (rest string, ok bool) {
	for i := 0; i < len(part); i++ {
		switch {
		case s == "":
			return "", false
		case isSeparator(part[i]) && isSeparator(s[0]):
			for i+1 < len(part) && isSeparator(part[i+1]) {
				i++
			}
			for len(s) > 1 && isSeparator(s[1]) {
				s = s[1:]
			}
		case part[i]|0x20 != s[0]|0x20:
			return "", false
		}
		s = s[1:]
	}
	return s, true
}

// lockMarker is the condition of a locked package: a text, or one for each group.
func (l *pyLock) lockMarker(t *lockNode, key string, p *Package) error {
	n := t.child(key)
	if n == nil {
		return nil
	}
	texts := []string{n.text}
	if n.kind == tomlTable {
		texts = texts[:0]
		for i, group := range n.keys {
			texts = append(texts, group+": "+n.vals[i].text)
		}
		slices.Sort(texts)
		p.Marker = oneLine(strings.Join(texts, "; "))
		return nil
	}
	marker, reason := normalMarker(n.text)
	if reason != "" {
		return l.fail(n, "%s", reason)
	}
	p.Marker = marker
	return nil
}

// version refuses a format to come, which may mean other things by the same words. A
// file without a version is of a form before the first.
func (l *pyLock) version(n *lockNode, most int) error {
	if n == nil {
		return nil
	}
	major, _, _ := strings.Cut(n.text, ".")
	if v, err := strconv.Atoi(major); err != nil || v > most {
		return l.fail(n, "unknown version of the lock file: %s", quote(n.text))
	}
	return nil
}

// pipenvMarker leaves out what is said of the version of Python: Pipenv writes there
// which ones a release is for, and that changes with the release.
func pipenvMarker(marker string) string {
	if strings.Contains(marker, " or ") || strings.Contains(marker, "(") {
		if !strings.Contains(strings.ReplaceAll(strings.ReplaceAll(marker, "python_version", ""), "python_full_version", ""), "_") {
			return ""
		}
		return marker
	}
	var kept []string
	for part := range strings.SplitSeq(marker, " and ") {
		if !strings.HasPrefix(part, "python_version ") && !strings.HasPrefix(part, "python_full_version ") {
			kept = append(kept, part)
		}
	}
	return strings.Join(kept, " and ")
}
