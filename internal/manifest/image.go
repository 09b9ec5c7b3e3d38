package manifest

import "strings"

// defaultRegistries are the names of the registry that is meant where none is
// written.
var defaultRegistries = wordSet("docker.io index.docker.io registry-1.docker.io registry.hub.docker.com")

// imagePackage reads "registry/name:tag@digest". Where a variable stands, what is
// run is decided elsewhere: nothing but the text is known, and it is not pinned.
func imagePackage(ref string) (p Package, reason string) {
	p = Package{Ecosystem: Docker}
	if strings.Contains(ref, "$") || strings.Contains(ref, "{{") {
		p.Name, p.Spec, p.PURL = ref, "", "pkg:docker/"+purlEscape(ref)
		return p, ""
	}
	if ref == "" || strings.ContainsAny(ref, " \t\"'\\<>|;,()[]{}#?=*%!&^~") {
		return p, "no image: " + quote(ref)
	}
	ref = strings.TrimPrefix(ref, "docker-image://")
	name, digest, hashed := strings.Cut(ref, "@")
	if hashed && !hasDigest(digest) {
		return p, "no digest: " + quote(digest)
	}
	if at := strings.LastIndexByte(name, ':'); at > strings.LastIndexByte(name, '/') {
		name, p.Spec = name[:at], name[at+1:]
	}
	host, rest, nested := strings.Cut(name, "/")
	if nested && (strings.ContainsAny(host, ".:") || host == "localhost") {
		if host = strings.ToLower(host); !defaultRegistries[host] {
			p.Source = "registry:" + host
		}
		name = rest
	}
	if p.Source == "" {
		name = strings.TrimPrefix(name, "library/")
	}
	if name == "" || strings.Contains(name, ":") {
		return p, "no image: " + quote(ref)
	}
	p.Name, p.PURL = name, "pkg:docker/"+purlPath(name)
	if hashed {
		p.Pinned, p.Integrity = true, []string{digest}
	} else if p.Spec == "" {
		p.Spec = "latest"
	}
	return p, ""
}

// purlPath escapes a name of several segments.
func purlPath(name string) string {
	segments := strings.Split(name, "/")
	for i, s := range segments {
		segments[i] = purlEscape(s)
	}
	return strings.Join(segments, "/")
}

// tagKinds compares tags of images. What stands behind the numbers says which
// variant it is: another one is another image. A digest outranks its tag, which is
// then no more than a remark; where it came or went, or changed with the tag, the
// comparison of hashes says so.
func tagKinds(old, new *Package) []Kind {
	a, okA := tagSpec(old.Spec)
	b, okB := tagSpec(new.Spec)
	if !okA || !okB {
		if new.Pinned && old.Pinned {
			return []Kind{SourceChanged}
		}
		return []Kind{Loosened}
	}
	kinds := setKinds(a, b)
	if variant(old.Spec) != variant(new.Spec) {
		kinds = append(kinds, Loosened)
	}
	return kinds
}

// variant is the words of a tag without numbers: "slim" of "3.12-slim".
func variant(tag string) string {
	v, _ := parseLoose(tag, true)
	var words []string
	for _, w := range v.words {
		if !isDigits(w) && preWords[w] == 0 {
			words = append(words, w)
		}
	}
	return strings.Join(words, "-")
}
