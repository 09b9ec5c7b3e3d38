package manifest

import (
	"path"
	"strings"
)

// urlScheme is the scheme of a URL, "" for anything else.
func urlScheme(s string) string {
	i := strings.IndexByte(s, ':')
	if i <= 0 || !isAlnum(s[0]) {
		return ""
	}
	for j := range i {
		if !isAlnum(s[j]) && strings.IndexByte("+-.", s[j]) < 0 {
			return ""
		}
	}
	scheme := strings.ToLower(s[:i])
	if strings.HasPrefix(s[i:], "://") || scheme == "file" || vcsOf(scheme) != "" {
		return scheme
	}
	return ""
}

// vcsOf is the version control system of a scheme such as git+https.
func vcsOf(scheme string) string {
	for _, vcs := range []string{"git", "hg", "svn", "bzr"} {
		if scheme == vcs || strings.HasPrefix(scheme, vcs+"+") {
			return vcs
		}
	}
	return ""
}

// A location is a URL in the parts that matter for where a package comes from.
type location struct {
	scheme, rest string // rest: without user names and passwords, query kept
	ref          string // of a repository
	fragment     map[string]string
}

// parseLocation never fails: the parts of what is hardly a URL are hardly parts,
// but they still differ when the text does.
func parseLocation(url string) location {
	l := location{scheme: urlScheme(url)}
	rest := strings.TrimPrefix(url[len(l.scheme):], ":")
	rest, fragment, _ := strings.Cut(rest, "#")
	l.rest = redactUser(rest)
	if vcsOf(l.scheme) != "" {
		l.cutRef()
	}
	l.fragment = make(map[string]string)
	for pair := range strings.SplitSeq(fragment, "&") {
		if k, v, ok := strings.Cut(pair, "="); ok {
			l.fragment[k] = v
		} else if pair != "" {
			l.fragment[""] = pair
		}
	}
	return l
}

// cutRef takes the reference off "//host/path@ref".
func (l *location) cutRef() {
	at := strings.LastIndexByte(l.rest, '@')
	host := strings.TrimPrefix(l.rest, "//")
	slash := strings.IndexByte(host, '/') + len(l.rest) - len(host)
	if at > slash && slash >= 0 && strings.Contains(host, "/") {
		l.rest, l.ref = l.rest[:at], l.rest[at+1:]
	}
}

// redactUser drops user names and passwords: they are secrets, and a favourite
// disguise ("https://github.com@evil.example/"). The host is in lower case.
func redactUser(rest string) string {
	inner, ok := strings.CutPrefix(rest, "//")
	if !ok {
		return rest
	}
	end := strings.IndexAny(inner, "/?")
	if end < 0 {
		end = len(inner)
	}
	host := inner[:end]
	host = host[strings.LastIndexByte(host, '@')+1:]
	return "//" + strings.ToLower(host) + inner[end:]
}

// redact drops the credentials of a URL in any other text.
func redact(s string) string {
	scheme := urlScheme(s)
	if scheme == "" {
		return s
	}
	return scheme + ":" + redactUser(s[len(scheme)+1:])
}

// String is the location without what does not decide the content.
func (l location) String() string {
	s := l.scheme + ":" + l.rest
	if vcsOf(l.scheme) == "git" && !strings.HasPrefix(l.scheme, "git+") {
		s = "git+" + s
	}
	if l.ref != "" {
		s += "@" + l.ref
	}
	if sub := l.fragment["subdirectory"]; sub != "" {
		s += "#subdirectory=" + sub
	}
	return s
}

// isCommit reports whether a git reference is a full commit id.
func isCommit(ref string) bool {
	return (len(ref) == 40 || len(ref) == 64) && isHex(strings.ToLower(ref))
}

// hashes are those that a URL's fragment carries.
func (l location) hashes() []string {
	var list []string
	for _, algorithm := range []string{"sha256", "sha384", "sha512"} {
		if h := algorithm + ":" + strings.ToLower(l.fragment[algorithm]); validPipHash(h) {
			list = append(list, h)
		}
	}
	return list
}

// locate sets where a package comes from. A folder of the tree holds exactly
// what the change says; a repository does at a full commit; what a URL serves
// is only known by a hash.
func (p *Package) locate(target string) {
	if urlScheme(target) == "" && strings.Contains(target, "${") {
		p.Source = target // wherever the environment says
		return
	}
	if urlScheme(target) == "" {
		p.Source, p.Pinned = "path:"+path.Clean(target), true
		return
	}
	l := parseLocation(target)
	p.Source = l.String()
	p.Integrity = l.hashes()
	switch {
	case l.scheme == "file":
		p.Pinned = true
	case vcsOf(l.scheme) != "":
		p.Pinned = isCommit(l.ref)
	default:
		p.Pinned = len(p.Integrity) > 0
	}
}

// urlRequirement reads a requirement that is only a URL.
func urlRequirement(text string) (p Package, reason string) {
	target, marker, reason := cutURL(text)
	if reason != "" {
		return p, reason
	}
	p = Package{Ecosystem: PyPI}
	p.locate(target)
	l := parseLocation(target)
	p.Name, p.PURL = p.Source, "pkg:generic/"+purlEscape(path.Base(l.rest))+"?download_url="+purlEscape(p.Source)
	if egg := l.fragment["egg"]; egg != "" {
		name, rest := cutName(egg)
		extras, rest, bad := cutExtras(rest)
		if name == "" || rest != "" || bad != "" {
			return p, "invalid egg " + quote(egg)
		}
		p.Name, p.PURL, p.Extras = pyName(name), pyPURL(name), extras
	} else if name, ok := wheelName(path.Base(l.rest)); ok {
		p.Name, p.PURL = pyName(name), pyPURL(name)
	}
	p.Marker, reason = normalMarker(marker)
	return p, reason
}

// wheelName is the project in a wheel's file name, which is what pip believes.
func wheelName(file string) (string, bool) {
	stem, ok := strings.CutSuffix(file, ".whl")
	name, rest, dashed := strings.Cut(stem, "-")
	return name, ok && dashed && name != "" && strings.Count(rest, "-") >= 3
}

// archives are the endings by which pip takes a name for a file.
var archives = []string{".whl", ".zip", ".tar.gz", ".tgz", ".tar", ".tar.bz2", ".tbz", ".tar.xz", ".txz", ".tlz", ".tar.lz", ".tar.lzma"}

// looksLikePath is pip's notion: a separator, a leading dot, an archive.
func looksLikePath(s string) bool {
	if strings.HasPrefix(s, ".") || strings.ContainsAny(s, `/\`) {
		return true
	}
	if at := strings.IndexByte(s, '['); at > 0 && strings.HasSuffix(s, "]") {
		s = s[:at] // the extras of an archive
	}
	lower := strings.ToLower(s)
	for _, end := range archives {
		if strings.HasSuffix(lower, end) {
			return true
		}
	}
	return false
}

// pathRequirement reads "./dir[extras]".
func pathRequirement(target, marker string) (p Package, reason string) {
	p = Package{Ecosystem: PyPI}
	if strings.HasSuffix(target, "]") {
		if i := strings.LastIndexByte(target, '['); i >= 0 {
			if p.Extras, _, reason = cutExtras(target[i:]); reason != "" {
				return p, reason
			}
			target = target[:i]
		}
	}
	if strings.ContainsAny(target, " \t") {
		return p, "invalid requirement " + quote(target)
	}
	p.locate(target)
	p.Name, p.PURL = p.Source, "pkg:generic/"+purlEscape(path.Base(target))+"?path="+purlEscape(target)
	if name, ok := wheelName(path.Base(target)); ok {
		p.Name, p.PURL = pyName(name), pyPURL(name)
	}
	p.Marker, reason = normalMarker(marker)
	return p, reason
}

// purlEscape percent-encodes what a package URL's segment may not hold.
func purlEscape(s string) string {
	if plain := func(c rune) bool { return c < 0x80 && (isAlnum(byte(c)) || strings.ContainsRune("-._~", c)) }; strings.IndexFunc(s, func(c rune) bool { return !plain(c) }) < 0 {
		return s
	}
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(s) {
		if c := s[i]; isAlnum(c) || strings.IndexByte("-._~", c) >= 0 {
			b.WriteByte(c)
		} else {
			b.WriteByte('%')
			b.WriteByte(hex[c>>4])
			b.WriteByte(hex[c&15])
		}
	}
	return b.String()
}
