package manifest

import "strings"

// overrides reads npm's nested overrides. The packages that an override is
// limited to become its marker: "parent > child".
func (p *packageJSON) overrides(what string, parents []string, depth int) error {
	within := strings.Join(parents, " > ")
	if depth > maxNesting || len(within) > maxPathLen {
		return p.fail("overrides nested more than %d levels or %d bytes deep", maxNesting, maxPathLen)
	}
	return p.object(what, func(key string, line int) error {
		if p.next() == '{' {
			return p.overrides("an override", append(parents[:len(parents):len(parents)], key), depth+1)
		}
		spec, err := p.text("the override of " + quote(key))
		if err != nil {
			return err
		}
		if n := len(parents) - 1; key == "." && n >= 0 { // the parent itself
			p.override(parents[n], spec, strings.Join(parents[:n], " > "), line)
			return p.file.count()
		}
		p.override(key, spec, within, line)
		return p.file.count()
	})
}

// resolutions reads the flat overrides of Yarn and pnpm, whose keys may be
// paths: "**/name", "parent/name", "parent>name".
func (p *packageJSON) resolutions() error {
	return p.object("resolutions", func(key string, line int) error {
		spec, err := p.text("the resolution of " + quote(key))
		if err != nil {
			return err
		}
		name, within := lastName(key)
		p.override(name, spec, within, line)
		return p.file.count()
	})
}

// lastName splits a path of package names, in which a scope is part of a name.
func lastName(key string) (name, within string) {
	cut := strings.LastIndexAny(key, "/>")
	if cut > 0 && key[cut] == '/' {
		scope := strings.LastIndexAny(key[:cut], "/>") + 1
		if strings.HasPrefix(key[scope:], "@") {
			cut = scope - 1
		}
	}
	if cut < 0 {
		return key, ""
	}
	return key[cut+1:], key[:cut]
}

// override adds one override; the key may be limited to versions: "name@^1".
func (p *packageJSON) override(key, spec, within string, line int) {
	name := key
	if i := strings.LastIndexByte(key, '@'); i > 0 {
		name = key[:i]
		within = strings.TrimPrefix(within+" > "+key, " > ")
	}
	d := npmPackage(name, spec)
	d.Group, d.Marker, d.Line, d.EndLine = groupOverrides, within, line, line
	d.Pinned = d.Pinned || strings.HasPrefix(spec, "$") // as the requirement it refers to
	p.file.Packages = append(p.file.Packages, d)
}
