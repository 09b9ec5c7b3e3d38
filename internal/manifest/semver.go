package manifest

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// A semVersion is a semantic version without build metadata, which has no
// place in the order.
type semVersion struct {
	core [3]uint64
	pre  []string // identifiers; nil for a release
}

// Compare is the order of Semantic Versioning 2.
func (v semVersion) Compare(o semVersion) int {
	if c := slices.Compare(v.core[:], o.core[:]); c != 0 {
		return c
	}
	switch {
	case v.pre == nil && o.pre == nil:
		return 0
	case v.pre == nil:
		return 1
	case o.pre == nil:
		return -1
	}
	return slices.CompareFunc(v.pre, o.pre, compareIdentifier)
}

// compareIdentifier puts numbers before words. Numbers have no leading zeros,
// so the longer one is greater; that holds for any length.
func compareIdentifier(a, b string) int {
	na, nb := isDigits(a), isDigits(b)
	switch {
	case na && nb:
		return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b))
	case na:
		return -1
	case nb:
		return 1
	}
	return strings.Compare(a, b)
}

// isDigits is false for an empty text.
func isDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

func (v semVersion) components() []uint64 { return v.core[:] }

// tuple names the release that a pre-release belongs to.
func (v semVersion) tuple() string {
	return strconv.FormatUint(v.core[0], 10) + "." + strconv.FormatUint(v.core[1], 10) + "." + strconv.FormatUint(v.core[2], 10)
}

// first is the lowest pre-release of a release.
func (v semVersion) first() semVersion { return semVersion{core: v.core, pre: []string{"0"}} }

// next is the lowest version above this one.
func (v semVersion) next() semVersion {
	if v.pre != nil {
		return semVersion{core: v.core, pre: append(slices.Clone(v.pre), "0")}
	}
	v.core[2]++
	return v.first()
}

// A partialVersion may leave components out or write x for them.
type partialVersion struct {
	semVersion
	parts int // how many of major, minor and patch are given
}

// bump is the start of the release in which one component is one higher.
func (p partialVersion) bump(at int) semVersion {
	var v semVersion
	copy(v.core[:at+1], p.core[:at+1])
	v.core[at]++
	return v.first()
}

// parsePartial reads what may follow an operator in an npm range.
func parsePartial(s string) (partialVersion, bool) {
	var p partialVersion
	s, build, hasBuild := strings.Cut(strings.TrimLeft(s, "v="), "+")
	s, pre, hasPre := strings.Cut(s, "-")
	if hasBuild && !validIdentifiers(build, false) || hasPre && !validIdentifiers(pre, true) {
		return p, false
	}
	fields := strings.Split(s, ".")
	if len(fields) > 3 {
		return p, false
	}
	open := false
	for i, f := range fields {
		switch {
		case f == "x" || f == "X" || f == "*":
			open = true
		case open || len(f) > maxDigits || !isDigits(f) || len(f) > 1 && f[0] == '0':
			// npm reads 1.x.3 as 1.x; nobody writes it, so it is not understood.
			return p, false
		default:
			p.core[i], _ = strconv.ParseUint(f, 10, 64) // digits, at most 15
			p.parts = i + 1
		}
	}
	if hasPre {
		if p.parts < 3 {
			return p, false
		}
		p.pre = strings.Split(pre, ".")
	}
	return p, true
}

// validIdentifiers checks dot-separated identifiers; those of a pre-release
// that are numbers must not start with a zero.
func validIdentifiers(s string, pre bool) bool {
	for id := range strings.SplitSeq(s, ".") {
		if id == "" || pre && len(id) > 1 && id[0] == '0' && isDigits(id) {
			return false
		}
		for i := range len(id) {
			c := id[i]
			if c != '-' && (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'z') {
				return false
			}
		}
	}
	return true
}

// parseSemVersion reads a complete version.
func parseSemVersion(s string) (semVersion, bool) {
	p, ok := parsePartial(s)
	return p.semVersion, ok && p.parts == 3
}
