package manifest

import (
	"path"
	"strings"
)

// npmPackage reads a name and what package.json asks of it: a range, a tag, an
// alias, a repository, an archive or a folder.
func npmPackage(name, spec string) Package {
	p := Package{Ecosystem: NPM, Name: name, PURL: npmPURL(name), Spec: oneLine(spec)}
	if target, ok := strings.CutPrefix(p.Spec, "npm:"); ok {
		p.Alias = name
		p.Name, p.Spec = cutNameVersion(target)
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
var npmHosts = map[string]string{"github": "github.com", "gitlab": "gitlab.com", "bitbucket": "bitbucket.org", "gist": "gist.github.com"}

// npmSource is where a specification leads when that is not the registry.
func npmSource(spec string) (source string, pinned bool) {
	scheme, rest, colon := strings.Cut(spec, ":")
	lower := strings.ToLower(scheme)
	switch {
	case colon && npmHosts[lower] != "":
		return gitSource("git+https://"+npmHosts[lower]+"/", rest)
	case colon && (lower == "file" || lower == "link" || lower == "portal"):
		return "path:" + path.Clean(strings.TrimPrefix(rest, "//")), true
	case colon && lower == "workspace":
		return spec, true
	case colon && (vcsOf(lower) != "" || isForge(spec)):
		return gitURL(spec)
	case strings.HasPrefix(spec, "git@"):
		return gitURL("git+ssh://" + strings.Replace(spec, ":", "/", 1))
	case colon && urlScheme(spec) != "":
		l := parseLocation(spec)
		return l.String(), false
	case colon: // catalog:, jsr:, patch:, exec: and what is still to come
		return spec, false
	case strings.HasPrefix(spec, ".") || strings.HasPrefix(spec, "/") || strings.HasPrefix(spec, "~/"):
		return "path:" + path.Clean(spec), true
	case strings.Count(beforeHash(spec), "/") == 1 && !strings.ContainsAny(beforeHash(spec), " |@"):
		return gitSource("git+https://github.com/", spec)
	}
	return "", false
}

func beforeHash(s string) string {
	s, _, _ = strings.Cut(s, "#")
	return s
}

// isForge: npm clones https URLs of known forges that name a repository.
func isForge(spec string) bool {
	l := parseLocation(spec)
	host, repo, _ := strings.Cut(strings.TrimPrefix(l.rest, "//"), "/")
	if l.scheme != "https" && l.scheme != "http" && l.scheme != "ssh" {
		return false
	}
	if strings.HasSuffix(repo, ".git") || l.scheme == "ssh" {
		return true
	}
	return (host == "github.com" || host == "gitlab.com" || host == "bitbucket.org") && strings.Count(strings.Trim(repo, "/"), "/") == 1
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
