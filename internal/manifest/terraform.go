package manifest

import (
	"fmt"
	"path"
	"strings"
)

// terraformFormats are those of Terraform and OpenTofu.
var terraformFormats = []Format{
	{
		Name: "terraform", Ecosystem: Terraform, is: func(p place) bool { return p.ext == ".tf" || p.ext == ".tofu" }, Parse: parseTerraform,
		Locks:      []string{".terraform.lock.hcl"},
		Conditions: []Kind{Added, Removed, Major, Minor, Patch, Downgraded, Loosened, Unpinned, SourceChanged, LockfileDrift, LifecycleScript},
	},
	{
		Name: "terraform-lock", Ecosystem: Terraform, Lock: true, is: named(".terraform.lock.hcl"), Parse: parseTerraformLock,
		Manifests: []string{"*.tf", "*.tofu"}, Below: true,
		Conditions: []Kind{Added, Removed, Major, Minor, Patch, Downgraded, SourceChanged, IntegrityRemoved, LockfileDrift},
	},
}

var terraformCouplings = []coupling{{"terraform", "terraform-lock", terraformSatisfies, besideFixes}}

// parseTerraform reads the providers and modules that a file asks for, and the
// programs that applying it runs.
func parseTerraform(path string, data []byte) (*File, error) {
	root, err := parseHCL(path, data)
	if err != nil {
		return nil, err
	}
	f := &File{Path: path, Ecosystem: Terraform, Format: "terraform"}
	for _, b := range root.blocks {
		switch {
		case b.words[0] == "terraform":
			for _, inner := range b.blocks {
				if inner.words[0] == "required_providers" {
					err = f.providers(inner)
				}
				if err != nil {
					return nil, err
				}
			}
		case b.words[0] == "module" && len(b.words) == 2:
			err = f.module(b)
		case b.words[0] == "provider" && len(b.words) == 2 && b.str("version") != "":
			err = f.provider(b.words[1], "", b.str("version"), b.line, b.end)
		case b.words[0] == "resource" && len(b.words) == 3, b.words[0] == "data" && len(b.words) == 3:
			f.provisioners(b)
		}
		if err != nil {
			return nil, err
		}
	}
	return f, f.count()
}

// providers reads "name = { source, version }" or "name = version".
func (f *File) providers(b *hclBlock) error {
	for _, a := range b.attrs {
		source, version := "", oneLine(a.text)
		if a.object != nil {
			source, version = a.object.str("source"), a.object.str("version")
		}
		if err := f.provider(a.name, source, version, a.line, max(a.line, a.end)); err != nil {
			return err
		}
	}
	return nil
}

// provider names are "namespace/type", with a host before them when it is not the
// default one.
func (f *File) provider(name, source, version string, line, end int) error {
	if source == "" {
		source = "hashicorp/" + name
	}
	p := Package{Ecosystem: Terraform, Name: strings.ToLower(source), Spec: version, Line: line, EndLine: end}
	p.terraformHost()
	if p.Name == "" || len(p.Name) > maxPathLen {
		return &ParseError{Path: f.Path, Line: line, Reason: "a provider without a name"}
	}
	p.PURL = "pkg:terraform/" + purlPath(p.Name)
	p.Pinned = isOneLoose(Terraform, p.Spec)
	f.Packages = append(f.Packages, p)
	return f.count()
}

// terraformHost takes the host off a name; those of the two default registries are
// no news.
func (p *Package) terraformHost() {
	host, rest, ok := strings.Cut(p.Name, "/")
	if !ok || !strings.Contains(host, ".") {
		return
	}
	p.Name = rest
	if host != "registry.terraform.io" && host != "registry.opentofu.org" {
		p.Source = "registry:" + host
	}
}

// module reads where a module comes from: a folder, a registry, a repository. No
// lock file holds modules.
func (f *File) module(b *hclBlock) error {
	source := b.attr("source")
	if source == nil {
		return &ParseError{Path: f.Path, Line: b.line, Reason: fmt.Sprintf("the module %s has no source", quote(b.words[1]))}
	}
	text := oneLine(source.text)
	p := Package{Ecosystem: Terraform, Name: b.words[1], Group: "module", Spec: b.str("version"), Line: b.line, EndLine: max(b.line, b.end)}
	p.PURL = "pkg:terraform/" + purlEscape(b.words[1])
	switch {
	case !source.plain:
		p.Source = text // whatever it comes to
	case strings.HasPrefix(text, "./") || strings.HasPrefix(text, "../"):
		p.Source, p.Pinned = "path:"+path.Clean(text), true
	case isTerraformRegistry(text):
		p.Name = strings.ToLower(text)
		p.terraformHost()
		p.PURL = "pkg:terraform/" + purlPath(p.Name)
		p.Pinned = isOneLoose(Terraform, p.Spec)
	default:
		p.Source, p.Pinned = terraformSource(text)
	}
	f.Packages = append(f.Packages, p)
	return f.count()
}

// isTerraformRegistry tells "namespace/name/provider", with a host or not.
func isTerraformRegistry(s string) bool {
	parts := strings.Split(s, "/")
	host := strings.Contains(parts[0], ".")
	if strings.ContainsAny(s, ":?@") || host && (parts[0] == "github.com" || parts[0] == "bitbucket.org") {
		return false
	}
	return len(parts) == 3 && !host || len(parts) == 4 && host || len(parts) == 5 && parts[3] == ""
}

// terraformSource reads "git::https://host/path//folder?ref=v1" and the short forms
// of forges.
func terraformSource(text string) (source string, pinned bool) {
	address, query, _ := strings.Cut(text, "?")
	ref := ""
	for pair := range strings.SplitSeq(query, "&") {
		if value, ok := strings.CutPrefix(pair, "ref="); ok {
			ref = value
		}
	}
	address = strings.TrimPrefix(address, "git::")
	if strings.HasPrefix(address, "github.com/") || strings.HasPrefix(address, "bitbucket.org/") {
		address = "https://" + address
	} else if !strings.HasPrefix(text, "git::") && !strings.HasPrefix(address, "git@") {
		return redact(text), false // an archive, which nothing holds to a hash
	}
	scheme := urlScheme(address)
	folder := ""
	if at := strings.Index(address[len(scheme)+min(3, len(address)-len(scheme)):], "//"); at >= 0 {
		at += len(scheme) + 3
		address, folder = address[:at], strings.Trim(address[at:], "/")
	}
	return repositoryAt("git", strings.TrimSuffix(address, ".git"), ref, folder), isCommit(ref)
}

// provisioners run programs wherever the configuration is applied.
func (f *File) provisioners(b *hclBlock) {
	add := func(name string, at *hclBlock, command string) {
		f.Scripts = append(f.Scripts, Script{Name: name, Command: oneLine(command), Line: at.line, EndLine: max(at.line, at.end)})
	}
	name := strings.Join(b.words[1:], ".")
	for _, inner := range b.blocks {
		if inner.words[0] == "provisioner" && len(inner.words) == 2 && inner.words[1] != "file" {
			add(name+" "+inner.words[1], inner, inner.str("command")+inner.str("inline")+inner.str("script")+inner.str("scripts"))
		}
	}
	if b.words[0] == "data" && b.words[1] == "external" {
		add(name, b, b.str("program"))
	}
}

// parseTerraformLock reads .terraform.lock.hcl.
func parseTerraformLock(path string, data []byte) (*File, error) {
	root, err := parseHCL(path, data)
	if err != nil {
		return nil, err
	}
	f := &File{Path: path, Ecosystem: Terraform, Format: "terraform-lock", Lock: true}
	for _, b := range root.blocks {
		if b.words[0] != "provider" || len(b.words) != 2 {
			return nil, &ParseError{Path: path, Line: b.line, Reason: "a block that is no provider: " + quote(b.words[0])}
		}
		if v := b.attr("version"); v == nil || !v.plain {
			return nil, &ParseError{Path: path, Line: b.line, Reason: "no version of a provider is written plainly"}
		}
		if h := b.attr("hashes"); h != nil && !plainList(h.text) {
			return nil, &ParseError{Path: path, Line: h.line, Reason: "hashes that are no plain list"}
		}
		if err := f.provider("", b.words[1], b.str("version"), b.line, max(b.line, b.end)); err != nil {
			return nil, err
		}
		p := &f.Packages[len(f.Packages)-1]
		for hash := range strings.SplitSeq(b.str("hashes"), `"`) {
			if strings.HasPrefix(hash, "h1:") || strings.HasPrefix(hash, "zh:") {
				p.Integrity = append(p.Integrity, hash)
			}
		}
		p.Integrity, p.Pinned = sorted(p.Integrity), true
	}
	return f, nil
}

// plainList reports whether a text is a list of strings and nothing else; a comment in
// it makes no difference to what stands in quotation marks.
func plainList(text string) bool {
	for line := range strings.SplitSeq(text, "\n") {
		for i, part := range strings.Split(line, `"`) {
			if i%2 == 1 {
				continue
			}
			if at := strings.IndexByte(part, '#'); at >= 0 && strings.Trim(part[:at], "[], \t\r") == "" {
				break
			}
			if strings.Trim(part, "[], \t\r") != "" {
				return false
			}
		}
	}
	return strings.HasPrefix(text, "[") && strings.HasSuffix(text, "]")
}

// terraformSatisfies holds .terraform.lock.hcl against what a file beside it asks
// for. Modules are not locked, and neither is what is part of Terraform.
func terraformSatisfies(manifest, lock *File) []Drift {
	return looseDrifts(manifest, lock, func(p *Package) bool {
		return p.Group == "" && inRegistry(p) && p.Source != "registry:terraform.io"
	})
}
