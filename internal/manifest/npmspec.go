package manifest

import (
	"path"
	"strings"
)

// npmPackage reads a name and what package.json asks of it: a range, a tag, an
// alias, a repository, an archive or a folder.
func npmPackage(name, spec string) Package {
	p := Package{Ecosystem: NPM, Name: name, PURL: npmPURL(name), Spec: oneLine(spec)}
	if len(p.Spec) > len("npm:") && strings.EqualFold(p.Spec[:len("npm:")], "npm:") {
		p.Alias = name
		p.Name, p.Spec = cutNameVersion(p.Spec[len("npm:"):])
		p.PURL = npmPURL(p.Name)
	}
	if source, pinned := npmSource(p.Spec); source != "" {
		p.Source, p.Spec, p.Pinned = source, "", pinned
		return p
	}
	p.Pinned = pinnedNpm(p.Spec)
	return p
}

// cutNameVersion splits "@scope/name@version".
func cutNameVersion(s string) (name, version string) {
	if i := strings.LastIndexByte(s, '@'); i > 0 {
		return s[:i], s[i+1:]
	}
	return s, ""
}

// npmPURL writes the scope's @ as purl does. Names are in lower case there;
// Package.Name keeps the case, since "JSONStream" and "jsonstream" differ.
func npmPURL(name string) string {
	scope, rest, scoped := strings.Cut(strings.ToLower(name), "/")
	if !scoped {
		return "pkg:npm/" + purlEscape(scope)
	}
	return "pkg:npm/" + purlEscape(scope) + "/" + purlEscape(rest)
}

// npmHosts are the forges that npm has short names for.
var npmHosts = map[string]string{
	"github": "github.com", "gitlab": "gitlab.com", "bitbucket": "bitbucket.org", "gist": "gist.github.com", "sourcehut": "git.sr.ht",
}

// npmSource is where a specification leads when that is not the registry, told
// in npm's order: a path, a repository by its short name, a URL, and anything
// else with a slash or the ending of an archive, which is a path again.
func npmSource(spec string) (source string, pinned bool) {
	scheme, rest, colon := strings.Cut(spec, ":")
	lower := strings.ToLower(scheme)
	switch {
	case strings.HasPrefix(spec, ".") || strings.HasPrefix(spec, "/") || strings.HasPrefix(spec, "~/"):
		return "path:" + path.Clean(spec), true
	case isShorthand(spec):
		return gitSource("git+https://github.com/", spec)
	case colon && npmHosts[lower] != "":
		return gitSource("git+https://"+npmHosts[lower]+"/", rest)
	case colon && (lower == "file" || lower == "link" || lower == "portal"):
		return "path:" + path.Clean(strings.TrimPrefix(rest, "//")), true
	case colon && lower == "workspace":
		return spec, true
	case strings.HasPrefix(spec, "git@"):
		return gitURL("git+ssh://" + strings.Replace(spec, ":", "/", 1))
	case colon && (vcsOf(lower) != "" || isForge(spec)):
		return gitURL(spec)
	case colon && urlScheme(spec) != "":
		return urlSource(spec), false
	case colon: // catalog:, jsr:, patch:, exec: and what is still to come
		return spec, false
	case strings.Contains(spec, "/") || isArchive(spec):
		return "path:" + path.Clean(spec), true
	}
	return "", false
}

// urlSource is an address. Yarn clones one that ends in ".git", so a reference
// behind it counts.
func urlSource(spec string) string {
	l := parseLocation(spec)
	source := l.String()
	if _, ref, _ := strings.Cut(spec, "#"); ref != "" && strings.HasSuffix(l.rest, ".git") {
		source += "@" + ref
	}
	return source
}

// isShorthand tells "owner/repository#reference": one slash before the "#", and
// nothing there that makes a URL or a name with a scope of it.
func isShorthand(spec string) bool {
	repo := beforeHash(spec)
	return strings.Count(repo, "/") == 1 && !strings.HasPrefix(repo, "/") && !strings.HasSuffix(repo, "/") && !strings.ContainsAny(repo, " :@|")
}

// isArchive tells the endings by which npm takes a name for a file.
func isArchive(spec string) bool {
	lower := strings.ToLower(spec)
	return strings.HasSuffix(lower, ".tgz") || strings.HasSuffix(lower, ".tar.gz") || strings.HasSuffix(lower, ".tar")
}

func beforeHash(s string) string {
	s, _, _ = strings.Cut(s, "#")
	return s
}

// isForge: npm clones https URLs of known forges that name a repository. From
// another host it downloads what the URL serves, whatever its ending.
func isForge(spec string) bool {
	l := parseLocation(spec)
	host, repo, _ := strings.Cut(strings.TrimPrefix(l.rest, "//"), "/")
	switch l.scheme {
	case "ssh":
		return true
	case "https", "http":
		known := host == "github.com" || host == "gitlab.com" || host == "bitbucket.org"
		return known && (strings.HasSuffix(repo, ".git") || strings.Count(strings.Trim(repo, "/"), "/") == 1)
	}
	return false
}

// gitURL reads "git+https://host/repo#ref". The reference may hold "semver:".
func gitURL(spec string) (string, bool) {
	url, ref, _ := strings.Cut(spec, "#")
	scheme := urlScheme(url)
	rest := redactUser(strings.TrimPrefix(url[len(scheme):], ":"))
	if !strings.HasPrefix(scheme, "git") {
		scheme = "git+" + scheme
	}
	return gitSource(scheme+":"+rest, "#"+ref)
}

// gitSource joins a repository and a reference into one canonical text.
func gitSource(base, rest string) (string, bool) {
	repo, ref, _ := strings.Cut(rest, "#")
	source := strings.TrimSuffix(base+repo, ".git")
	if ref != "" {
		source += "@" + ref
	}
	return source, isCommit(ref)
}
