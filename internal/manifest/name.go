package manifest

import (
	"path"
	"slices"
	"strings"
)

// A place is a path in the parts that names are told by, in lower case and
// without the trailing dots and blanks that Windows drops.
type place struct {
	full, dir, base, ext string // "a/b/c.txt", "b", "c.txt", ".txt"
}

// placeOf splits a name. Most have nothing to trim and are not copied.
func placeOf(name string) place {
	full := strings.ToLower(name)
	if strings.HasSuffix(full, ".") || strings.HasSuffix(full, " ") || strings.Contains(full, "./") || strings.Contains(full, " /") {
		segments := strings.Split(full, "/")
		for i, s := range segments {
			segments[i] = strings.TrimRight(s, ". ")
		}
		full = strings.Join(segments, "/")
	}
	dir, base := path.Split(full)
	return place{full: full, dir: path.Base(strings.TrimSuffix(dir, "/")), base: base, ext: path.Ext(base)}
}

// SameName reports whether a path has a base name, or one that fits it where there
// is a "*" at its beginning; case is ignored, as file systems do.
func SameName(base, name string) bool {
	p := placeOf(name)
	base = strings.ToLower(base)
	if end, wild := strings.CutPrefix(base, "*"); wild {
		return strings.HasSuffix(p.base, end)
	}
	return p.base == base
}

// named matches base names.
func named(names ...string) func(place) bool {
	return func(p place) bool { return slices.Contains(names, p.base) }
}

// isRequirements knows pip's files, which have no fixed name.
func isRequirements(p place) bool {
	switch {
	case p.ext != ".txt" && p.ext != ".in" && p.ext != ".pip" && p.ext != ".lock":
		return false
	case p.base == "requirements.lock": // also Helm's, which is no list of pip's
		return false
	}
	stem := strings.TrimSuffix(p.base, p.ext)
	for _, word := range []string{"requirements", "constraints"} {
		if strings.HasPrefix(stem, word) || p.dir == word {
			return true
		}
		for _, sep := range []string{"-", "_", "."} {
			if strings.HasSuffix(stem, sep+word) {
				return true
			}
		}
	}
	return false
}

// isConstraints tells the files that only narrow versions.
func isConstraints(name string) bool {
	p := placeOf(name)
	return strings.HasPrefix(p.base, "constraints") || strings.HasSuffix(strings.TrimSuffix(p.base, p.ext), "constraints") || p.dir == "constraints"
}

// namedFiles are the dependency files that have no parser yet, by ecosystem. One "*"
// stands for any characters; a name with a slash is the end of a path.
var namedFiles = []struct {
	ecosystem string
	names     string
}{
	{"pypi", "setup.py pylock*.toml easy_install.cfg pip.conf pip.ini uv.toml .pypirc"},
	{"conda", "conda-lock.yml conda-lock.yaml *.conda-lock.yml recipe/meta.yaml conda.recipe/meta.yaml conda/meta.yaml pixi.toml pixi.lock"},
	{"npm", ".pnpmfile.cjs pnpmfile.js bun.lockb bunfig.toml .yarnrc package.json5 package.yaml bower.json deno.json deno.jsonc deno.lock jsr.json"},
	{"golang", "vendor/modules.txt gopkg.toml gopkg.lock"},
	{"cargo", ".cargo/config.toml .cargo/config rust-toolchain rust-toolchain.toml"},
	{"gem", ".bundle/config"},
	{"maven", ".mvn/extensions.xml .mvn/wrapper/maven-wrapper.properties .mvn/wrapper/maven-wrapper.jar verification-metadata.xml gradle-wrapper.jar ivy.xml ivysettings.xml build.sbt project/plugins.sbt project/build.properties"},
	{"nuget", "*.nuspec global.json dotnet-tools.json paket.*"},
	{"hex", "rebar.config rebar.lock"},
	{"cocoapods", "podfile podfile.lock *.podspec *.podspec.json cartfile cartfile.private cartfile.resolved"},
	{"docker", "docker-bake.hcl docker-bake.json"},
	{"terraform", "*.tf.json terragrunt.hcl"},
	{"helm", "helmfile.yaml helmfile.lock"},
	{"pre-commit", ".pre-commit-hooks.yaml"},
	{"tools", ".tool-versions mise.toml .mise.toml mise.*.toml .mise.*.toml mise/config.toml .mise/config.toml mise.lock .python-version .nvmrc .node-version .ruby-version .java-version .sdkmanrc devbox.json devbox.lock brewfile"},
	{"nix", "flake.nix flake.lock"},
	{"bazel", "module.bazel module.bazel.lock workspace workspace.bazel"},
	{"ansible", "requirements.yml galaxy.yml"},
	{"haskell", "stack.yaml stack.yaml.lock cabal.project cabal.project.freeze *.cabal"},
	{"clojure", "deps.edn project.clj"},
	{"elm", "elm.json"},
	{"zig", "build.zig.zon"},
	{"crystal", "shard.yml shard.lock"},
	{"cran", "renv.lock"},
	{"cpan", "cpanfile cpanfile.snapshot"},
	{"conan", "conanfile.txt conanfile.py conan.lock vcpkg.json vcpkg-configuration.json"},
}

// A namePattern is one name with a "*" or a folder in it.
type namePattern struct {
	ecosystem     string
	dir           string // "/.cargo/", "" for any
	before, after string // of the "*"; without one, before is all
	wild          bool
}

// nameTable is namedFiles made ready: a large change asks for every path.
var nameTable, patternTable = compileNames()

// compileNames puts plain names into a map; only the few with a "*" or a folder
// are tried one by one.
func compileNames() (exact map[string]string, patterns []namePattern) {
	exact = make(map[string]string)
	for _, f := range namedFiles {
		for name := range strings.FieldsSeq(f.names) {
			dir, base := path.Split(name)
			before, after, wild := strings.Cut(base, "*")
			switch {
			case dir == "" && !wild:
				exact[base] = f.ecosystem
			case dir == "":
				patterns = append(patterns, namePattern{f.ecosystem, "", before, after, true})
			default:
				patterns = append(patterns, namePattern{f.ecosystem, "/" + dir, before, after, wild})
			}
		}
	}
	return exact, patterns
}

// namedEcosystem is the ecosystem of a file without a parser, "" for no
// dependency file.
func (p place) namedEcosystem() string {
	if p.isOther() {
		return ""
	}
	if e := nameTable[p.base]; e != "" {
		return e
	}
	for _, n := range patternTable {
		if p.matches(n) {
			return n.ecosystem
		}
	}
	return ""
}

// isOther tells documents about a manifest, and translations: global.json and the
// like are also what a language's words are called.
func (p place) isOther() bool {
	switch p.ext {
	case ".md", ".markdown", ".rst", ".adoc":
		return true
	case ".json":
		for dir := range strings.SplitSeq(strings.TrimSuffix(p.full, p.base), "/") {
			if translations[dir] {
				return true
			}
		}
	}
	return false
}

var translations = wordSet("locale locales i18n l10n lang langs languages translations")

// matches: one "*" stands for any characters of the last segment; a folder is
// compared with the end of the path.
func (p place) matches(n namePattern) bool {
	if !n.wild && p.base != n.before {
		return false
	}
	if n.wild && (len(p.base) < len(n.before)+len(n.after) || !strings.HasSuffix(p.base, n.after) || !strings.HasPrefix(p.base, n.before)) {
		return false
	}
	return n.dir == "" || strings.HasSuffix("/"+strings.TrimSuffix(p.full, p.base), n.dir)
}
