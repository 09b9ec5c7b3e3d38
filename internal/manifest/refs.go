package manifest

import (
	"slices"
	"strings"
)

// refKinds compares references of a repository: tags by their numbers, commits as
// commitKinds says. A tag that becomes a commit is held to more than before, but
// for the major version that the comment beside it may give.
func refKinds(old, new *Package) []Kind {
	switch {
	case isCommit(old.Spec) && isCommit(new.Spec):
		return commitKinds(old, new)
	case isCommit(old.Spec):
		return []Kind{Loosened}
	case isCommit(new.Spec):
		return remarked(old.Spec, new.Remark)
	}
	return tagKinds(old, new)
}

// commitKinds compares two commits of one repository. Nobody can tell from its
// number what a commit holds, or whether it came from a fork, so it is of unknown
// size, which is a major version. Where the comments beside both name a release and
// not the same one, it is what they say, but a minor version at least. Another commit
// that calls itself the same release is no bump: the tag moved, or one of the two is
// not what it says.
func commitKinds(old, new *Package) []Kind {
	if isRelease(old.Remark) && strings.EqualFold(old.Remark, new.Remark) {
		return []Kind{Major, SourceChanged}
	}
	_, okA := parseLoose(old.Remark, true)
	_, okB := parseLoose(new.Remark, true)
	if !okA || !okB || strings.EqualFold(old.Remark, new.Remark) {
		return append(remarked(old.Remark, new.Remark), Major)
	}
	if kinds := remarked(old.Remark, new.Remark); len(kinds) > 0 {
		return kinds
	}
	return []Kind{Minor}
}

// remarked are the kinds that matter whoever says so.
func remarked(old, new string) []Kind {
	a, okA := parseLoose(old, true)
	b, okB := parseLoose(new, true)
	if !okA || !okB {
		return nil
	}
	n := min(len(a.core), len(b.core))
	from, to := a.core[:n], b.core[:n]
	major, order := firstDifference(from, to) >= 0 && step(from, to) == Major, slices.Compare(to, from)
	switch {
	case major && order < 0:
		return []Kind{Major, Downgraded}
	case major:
		return []Kind{Major}
	case order < 0:
		return []Kind{Minor, Downgraded}
	}
	return nil
}

// isRelease tells the names of one release from those of branches and of tags that
// move with every release.
func isRelease(name string) bool {
	v, ok := parseLoose(name, true)
	return ok && len(v.core) >= 3
}

// digestKinds compares the digests of an image. Under the same tag another one is
// another build of unknown size, since nobody can tell from its number what is in it.
func digestKinds(old, new *Package) []Kind {
	kinds := weakened(old, new)
	if old.Spec == new.Spec && !slices.Equal(old.Integrity, new.Integrity) {
		kinds = append(kinds, Major)
	}
	return kinds
}

// remarks finds the comments behind commits: "uses: a/b@0123… # v4.1.2".
type remarks struct {
	text  string
	lines []string
}

// maxRemarkLine bounds the lines that are looked at: of a line that names a
// thousand commits nobody knows which one a comment is about.
const maxRemarkLine = 1024

// of is the version in the comment behind a package that is at a commit.
func (r *remarks) of(p *Package) string {
	if !isCommit(p.Spec) {
		return ""
	}
	if r.lines == nil {
		r.lines = strings.Split(r.text, "\n")
	}
	if p.Line < 1 || p.Line > len(r.lines) || len(r.lines[p.Line-1]) > maxRemarkLine {
		return ""
	}
	line := strings.ToLower(r.lines[p.Line-1])
	at := strings.LastIndex(line, strings.ToLower(p.Spec))
	if at < 0 {
		return ""
	}
	_, comment, _ := strings.Cut(line[at:], " #")
	return remarkVersion(comment)
}

// remarkVersion is the first word of a comment that is a version, without what the
// tools that write them put before it: "tag=v1", "frozen: v1", "ratchet:a/b@v1".
func remarkVersion(comment string) string {
	for word := range strings.FieldsSeq(comment) {
		word = word[strings.LastIndexAny(word, "@=")+1:]
		if _, ok := parseLoose(word, true); ok && len(word) <= maxQuoteLen {
			return word
		}
	}
	return ""
}

// Opaque reports whether a package is at another commit, or an image at another
// build, and nothing tells how far the two are apart.
func (c *Change) Opaque() bool {
	if c.Old == nil || c.New == nil || !slices.Equal(c.Kinds, []Kind{Major}) {
		return false
	}
	a, okA := parseLoose(c.Old.Remark, true)
	b, okB := parseLoose(c.New.Remark, true)
	if okA && okB && a.Compare(b) != 0 {
		return false
	}
	return isCommit(c.Old.Spec) && isCommit(c.New.Spec) || c.New.Ecosystem == Docker && c.Old.Spec == c.New.Spec
}
