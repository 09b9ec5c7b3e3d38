package testset

import (
	"path"
	"slices"
	"strings"

	"github.com/changeguard/changeguard/internal/lazyregexp"
)

// cargo: everything below src, and the files of tests, unless the manifest says
// otherwise.
func (c *collector) cargo() (patternRunner, error) {
	r := patternRunner{name: "cargo", ext: []string{".rs"}, call: cargoCall}
	for _, file := range c.tree.named("Cargo.toml") {
		text, ok, err := c.tree.text(file)
		if err != nil {
			return r, err
		}
		tables, bad := tomlTables(text)
		if !ok {
			continue
		}
		if bad != nil {
			c.opaque(file, 1, "a manifest that cannot be read ("+bad.Error()+")")
			continue
		}
		if tables["package"] == nil {
			continue // a workspace alone
		}
		undeclared, err := c.undeclared(parent(file))
		if err != nil {
			return r, err
		}
		r.projects = append(r.projects, cargoProject(file, tables, undeclared))
	}
	return r, nil
}

func cargoProject(file string, tables map[string]map[string]tomlValue, undeclared map[string]string) project {
	dir := parent(file)
	named := make(map[string]bool) // tests that the manifest lists
	off := make(map[string]bool)
	for name, t := range tables {
		if !strings.HasPrefix(name, "test#") {
			continue
		}
		p := join(dir, firstOf(t["path"].text, "tests/"+t["name"].text+".rs"))
		named[p] = true
		off[p] = t["test"].text == "false"
	}
	auto := tables["package"]["autotests"].text != "false"
	lib := tables["lib"]["test"].text != "false"
	return project{dir, file, func(p string) string {
		rest := within(p, dir)
		switch {
		case undeclared[p] != "":
			return undeclared[p] + " does not declare its module"
		case off[p], strings.HasPrefix(rest, "src/") && !lib:
			return "the manifest says test = false"
		case strings.HasPrefix(rest, "src/"), named[p]:
			return ""
		case strings.HasPrefix(rest, "tests/") && auto:
			return ""
		case strings.HasPrefix(rest, "tests/"):
			return "autotests is false and the manifest does not name it"
		}
		return "cargo looks in src and tests"
	}}
}

// cargoValued are options of cargo test whose value is the next word.
var cargoValued = map[string]bool{
	"-p": true, "--package": true, "--features": true, "-F": true, "--target": true, "--profile": true, "--manifest-path": true, "-j": true, "--jobs": true, "--exclude": true,
	"--target-dir": true, "--color": true, "--test": true, "--bin": true, "--example": true, "--bench": true, "--test-threads": true, "--skip": true, "--config": true, "-E": true, "--partition": true,
}

// cargoCall reads what a command takes: targets, and parts of the names of tests.
func cargoCall(w []string) (run patternCall, ok bool) {
	at := slices.IndexFunc(w, func(s string) bool { return s == "test" || s == "t" || s == "nextest" || s == "llvm-cov" })
	if !starts(w, "cargo", "cross") || at <= 0 || flagged(w, "--no-run", "--list", "--ignored") {
		return run, false
	}
	if w = w[at+1:]; len(w) > 0 && (w[0] == "run" || w[0] == "r" || w[0] == "nextest") {
		w = w[1:]
	}
	if flagged(w, "--no-fail-fast") && flagged(w, "--ignore-run-fail") {
		run.soft = "--ignore-run-fail"
	}
	run.covers = cargoTargets(w)
	var names []string
	for i := 0; i < len(w); i++ {
		switch {
		case cargoValued[w[i]]:
			i++
		case !strings.HasPrefix(w[i], "-") && !strings.HasPrefix(w[i], "+") && !strings.ContainsAny(w[i], "<>") && !unknown(w[i]):
			names = append(names, w[i])
		}
	}
	skips := option(w, "--skip")
	if len(names)+len(skips) == 0 {
		return run, true
	}
	run.text = strings.Join(names, " ") + " --skip " + strings.Join(skips, " ")
	run.keep = func(t Test) bool {
		name := strings.ReplaceAll(strings.TrimSuffix(t.Path, ".rs"), "/", "::") + "::" + t.Name
		in := func(part string) bool { return strings.Contains(name, part) }
		return (len(names) == 0 || slices.ContainsFunc(names, in)) && !slices.ContainsFunc(skips, in)
	}
	return run, true
}

// cargoTargets is what --lib, --bins and --test leave; nil for everything.
func cargoTargets(w []string) func(p string) bool {
	tests, bins, lib := option(w, "--test"), flagged(w, "--bins", "--bin"), flagged(w, "--lib")
	all := flagged(w, "--tests", "--all-targets")
	if all || !lib && !bins && len(tests) == 0 && !flagged(w, "--doc") {
		return nil
	}
	return func(p string) bool {
		at := strings.LastIndex("/"+p, "/tests/")
		if at < 0 {
			return lib || bins
		}
		name, _, _ := strings.Cut(p[at+len("tests/"):], "/")
		return slices.ContainsFunc(tests, func(t string) bool { return wildcard(t, strings.TrimSuffix(name, ".rs")) })
	}
}

var rustMod = lazyregexp.New(`\bmod\s+(?:r#)?(\w+)\s*;`)

// undeclared are the modules below src that no file declares, with the one that
// could, as far as files that differ tell: others are taken to declare what is
// there.
func (c *collector) undeclared(dir string) (map[string]string, error) {
	found := make(map[string]string)
	src := join(dir, "src")
	for p := range c.differ {
		if !under(p, src) || path.Ext(p) != ".rs" || under(p, src+"/bin") {
			continue
		}
		text, ok, err := c.tree.text(p)
		if err != nil {
			return nil, err
		}
		if !ok || strings.Contains(text, "#[path") || strings.Contains(text, "include!") || strings.Contains(text, "macro_rules!") {
			continue
		}
		declared := make(map[string]bool)
		for _, m := range rustMod.FindAllStringSubmatch(mask(text, rust), -1) {
			declared[m[1]] = true
		}
		base, home := path.Base(p), parent(p)
		root := base == "lib.rs" || base == "main.rs"
		if root && c.tree.Has(home+"/lib.rs") && c.tree.Has(home+"/main.rs") {
			continue // either may declare it
		}
		if !root && base != "mod.rs" {
			home = strings.TrimSuffix(p, ".rs")
		}
		for _, child := range c.tree.below(home) {
			if name, ok := rustModule(within(child, home)); ok && !declared[name] && child != p {
				found[child] = p
			}
		}
	}
	return found, nil
}

// rustModule is the name of the module whose file stands in a folder: a.rs, or
// a/mod.rs.
func rustModule(p string) (name string, ok bool) {
	name, file, deep := strings.Cut(p, "/")
	if deep {
		return name, file == "mod.rs"
	}
	name, ok = strings.CutSuffix(p, ".rs")
	return name, ok && name != "mod" && name != "lib" && name != "main" && name != "build"
}
