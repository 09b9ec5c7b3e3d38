package manifest

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// A pyVersion is a Python version (PEP 440). Its fields are the keys of the
// order, most significant first. Some values stand for no version but for a
// place between versions, so that specifiers become half-open spans.
type pyVersion struct {
	epoch   uint64
	release []uint64
	pre     pyPre
	post    int64 // -1: none; afterPosts: after every post-release
	dev     int64 // noDev: none
	local   []pyLocal
	edge    int // 1: just after this version; 2: after it and all its local versions
}

// A pyPre orders what comes before a final release. A development release
// without pre-release sorts before all of them.
type pyPre struct {
	phase int // beforeAll, onlyDev, 0 a, 1 b, 2 rc, final
	n     int64
}

// A pyLocal is one segment after the "+".
type pyLocal struct {
	text    string // "" for a number
	n       int64
	numeric bool
}

const (
	beforeAll  = -2 // before every pre-release and development release
	onlyDev    = -1
	final      = 3
	afterPosts = 1<<62 + 1
	noDev      = 1<<62 + 1
)

// Compare is the order of PEP 440, extended by the places between versions.
func (v pyVersion) Compare(o pyVersion) int {
	if c := cmp.Or(cmp.Compare(v.epoch, o.epoch), compareComponents(v.release, o.release),
		cmp.Compare(v.pre.phase, o.pre.phase), cmp.Compare(v.pre.n, o.pre.n),
		cmp.Compare(v.post, o.post), cmp.Compare(v.dev, o.dev)); c != 0 {
		return c
	}
	if v.edge == 2 || o.edge == 2 {
		return cmp.Compare(v.edge/2, o.edge/2)
	}
	return cmp.Or(slices.CompareFunc(v.local, o.local, compareLocal), cmp.Compare(v.edge, o.edge))
}

// compareComponents takes missing numbers for zeros: 1.0 and 1 are one version.
func compareComponents(a, b []uint64) int {
	at := firstDifference(a, b)
	if at < 0 {
		return 0
	}
	return cmp.Compare(component(a, at), component(b, at))
}

// compareLocal puts numbers after words.
func compareLocal(a, b pyLocal) int {
	switch {
	case a.numeric && b.numeric:
		return cmp.Compare(a.n, b.n)
	case a.numeric:
		return 1
	case b.numeric:
		return -1
	}
	return cmp.Compare(a.text, b.text)
}

// components are the epoch's and the release's numbers. An epoch outweighs all
// else, so it is only there when it is used.
func (v pyVersion) components() []uint64 {
	if v.epoch == 0 {
		return v.release
	}
	return append([]uint64{v.epoch << 32}, v.release...)
}

// prerelease reports whether an installer passes it over unless asked.
func (v pyVersion) prerelease() bool { return v.pre.phase != final || v.dev != noDev }

// start is the place before everything that belongs to a release.
func (v pyVersion) start() pyVersion {
	return pyVersion{epoch: v.epoch, release: v.release, pre: pyPre{phase: beforeAll}, post: -1, dev: noDev}
}

// final is the final release of the same numbers.
func (v pyVersion) final() pyVersion {
	return pyVersion{epoch: v.epoch, release: v.release, pre: pyPre{phase: final}, post: -1, dev: noDev}
}

// bump is the start of the release in which one component is one higher.
func (v pyVersion) bump(at int) pyVersion {
	release := make([]uint64, at+1)
	copy(release, v.release)
	release[at]++
	return pyVersion{epoch: v.epoch, release: release}.start()
}

// after is the place behind this version; see edge.
func (v pyVersion) after(edge int) pyVersion {
	v.edge = edge
	return v
}

// maxDigits bounds the numbers of a version. A longer one is not understood,
// which makes a specification opaque and never equal to another.
const maxDigits = 15

// pyScanner eats a version from the left.
type pyScanner struct{ s string }

// number eats digits; too many of them are not understood.
func (p *pyScanner) number() (int64, bool) {
	n := 0
	for n < len(p.s) && '0' <= p.s[n] && p.s[n] <= '9' {
		n++
	}
	if n == 0 || n > maxDigits {
		return 0, false
	}
	v, _ := strconv.ParseInt(p.s[:n], 10, 64) // at most 15 digits
	p.s = p.s[n:]
	return v, true
}

// word takes the first of the words that comes next, after a separator.
func (p *pyScanner) word(words ...string) (string, bool) {
	rest := p.s
	if rest != "" && strings.IndexByte(".-_", rest[0]) >= 0 {
		rest = rest[1:]
	}
	for _, w := range words {
		if strings.HasPrefix(rest, w) {
			p.s = rest[len(w):]
			return w, true
		}
	}
	return "", false
}

// optionalNumber is the number after a word and a separator; none is zero.
func (p *pyScanner) optionalNumber() (int64, bool) {
	if p.s != "" && strings.IndexByte(".-_", p.s[0]) >= 0 {
		p.s = p.s[1:]
	}
	if p.s == "" || p.s[0] < '0' || p.s[0] > '9' {
		return 0, true
	}
	return p.number()
}

// parsePyVersion reads a version in any spelling that PEP 440 normalises.
func parsePyVersion(text string) (pyVersion, bool) {
	v := pyVersion{pre: pyPre{phase: final}, post: -1, dev: noDev}
	p := &pyScanner{strings.TrimPrefix(strings.ToLower(strings.TrimSpace(text)), "v")}
	if !p.release(&v) || !p.prePostDev(&v) || !p.locals(&v) || p.s != "" {
		return pyVersion{}, false
	}
	return v, true
}

// release reads "1!2.3.4", the epoch being optional.
func (p *pyScanner) release(v *pyVersion) bool {
	n, ok := p.number()
	if !ok {
		return false
	}
	if strings.HasPrefix(p.s, "!") {
		v.epoch = uint64(n)
		p.s = p.s[1:]
		if n, ok = p.number(); !ok {
			return false
		}
	}
	v.release = append(v.release, uint64(n))
	for len(p.s) > 1 && p.s[0] == '.' && '0' <= p.s[1] && p.s[1] <= '9' {
		p.s = p.s[1:]
		if n, ok = p.number(); !ok {
			return false
		}
		v.release = append(v.release, uint64(n))
	}
	return true
}

// prePostDev reads the suffixes in their fixed order. "1.0-1" is a post-release.
func (p *pyScanner) prePostDev(v *pyVersion) bool {
	ok := true
	if w, found := p.word("alpha", "a", "beta", "b", "preview", "pre", "c", "rc"); found {
		v.pre.phase = map[byte]int{'a': 0, 'b': 1, 'p': 2, 'c': 2, 'r': 2}[w[0]]
		v.pre.n, ok = p.optionalNumber()
	}
	if len(p.s) > 1 && p.s[0] == '-' && '0' <= p.s[1] && p.s[1] <= '9' {
		p.s = p.s[1:]
		v.post, ok = p.number()
	} else if _, found := p.word("post", "rev", "r"); found && ok {
		v.post, ok = p.optionalNumber()
	}
	if _, found := p.word("dev"); found && ok {
		v.dev, ok = p.optionalNumber()
		if v.pre.phase == final && v.post == -1 {
			v.pre.phase = onlyDev
		}
	}
	return ok
}

// locals reads the rest after "+". An empty one is no version.
func (p *pyScanner) locals(v *pyVersion) bool {
	if !strings.HasPrefix(p.s, "+") {
		return true
	}
	for part := range strings.FieldsFuncSeq(p.s[1:], func(r rune) bool { return strings.ContainsRune(".-_", r) }) {
		if strings.ContainsFunc(part, func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') }) {
			return false
		}
		l := pyLocal{text: part}
		if n, err := strconv.ParseInt(part, 10, 64); err == nil {
			l = pyLocal{n: n, numeric: true}
		}
		v.local = append(v.local, l)
	}
	p.s = ""
	return v.local != nil
}
