package manifest

import (
	"path"
	"strings"
)

// An artefact is "source" or "dist" of a locked package.
type artefact struct {
	kind, url, reference, sum string
	mirrors                   string // other places that are asked, some of them first
}

func (c *composerReader) artefact() (a artefact, err error) {
	if c.next() != '{' {
		c.skip()
		return a, nil
	}
	return a, c.object("a source", func(key string, _ int) (err error) {
		if key == "mirrors" {
			a.mirrors = oneLine(canonical(c.raw()))
			return nil
		}
		to := map[string]*string{"type": &a.kind, "url": &a.url, "reference": &a.reference, "shasum": &a.sum}[key]
		if to == nil || c.next() != '"' {
			c.skip()
			return nil
		}
		*to, err = c.text(key)
		return err
	})
}

// composerPlace: nearly all packages lie at GitHub, each in a repository of its own,
// so the repository without its commit is the source, and the commit what is held
// to. An archive that is not that of the repository at this commit is another source.
func (p *Package) composerPlace(source, dist artefact) {
	switch {
	case dist.kind == "path" || source.kind == "path":
		p.Source, p.Pinned = "path:"+path.Clean(dist.url+source.url), true
		return
	case source.url != "":
		p.Source = repositoryAt("git", source.url, "", "")
	case dist.url != "":
		p.Source = parseLocation(strings.ReplaceAll(dist.url, dist.reference, "…")).String()
	}
	p.Source = "registry:" + strings.TrimSuffix(p.Source, ".git")
	if source.url != "" && dist.url != "" {
		p.Source += p.distPlace(source, dist)
	}
	for _, mirrors := range []string{source.mirrors, dist.mirrors} {
		if mirrors != "" && mirrors != "[]" {
			p.Source += " and mirrors " + redact(mirrors[:min(len(mirrors), maxPathLen)])
		}
	}
	if dist.sum != "" {
		p.Integrity = append(p.Integrity, "sha1:"+dist.sum)
	}
	for _, ref := range []string{source.reference, dist.reference} {
		if isCommit(ref) {
			p.Integrity, p.Pinned = append(p.Integrity, "commit:"+ref), true
		}
	}
	p.Integrity = sorted(p.Integrity)
	p.Pinned = p.Pinned || dist.sum != ""
}

// distPlace is where an archive lies that is not the one which the forge makes of the
// repository at the same commit; "" for that one. Of another host it is the part of
// the address that stays when the version changes.
func (p *Package) distPlace(source, dist artefact) string {
	l := parseLocation(dist.url)
	host, _, _ := strings.Cut(strings.TrimPrefix(l.rest, "//"), "/")
	if host == "api.github.com" || host == "codeload.github.com" {
		host = "github.com"
	}
	if !strings.Contains(p.Source, "//"+host+"/") {
		return " and " + composerFolder(l.String(), p.Spec, dist.reference)
	}
	_, repo, _ := strings.Cut(strings.ToLower(p.Source), "//"+host+"/")
	address := strings.ToLower(strings.ReplaceAll(strings.ReplaceAll(l.String(), "%2f", "/"), "%2F", "/")) + "/"
	switch {
	case !strings.Contains(address, "/"+repo+"/"):
		return " and " + composerFolder(l.String(), p.Spec, dist.reference)
	case source.reference != dist.reference || !strings.Contains(address, strings.ToLower(dist.reference)):
		return " and another commit of it"
	}
	return ""
}

// composerFolder cuts an address where its version or its commit begins.
func composerFolder(url, version, reference string) string {
	for _, changing := range []string{version, reference} {
		if changing == "" {
			continue
		}
		if at := strings.Index(url, changing); at > 0 {
			url = url[:at]
		}
	}
	return url[:strings.LastIndexByte(url, '/')+1]
}
