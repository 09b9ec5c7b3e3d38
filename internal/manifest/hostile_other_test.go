package manifest_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/changeguard/changeguard/internal/manifest"
)

// crate is an entry of Cargo.lock.
func crate(name, version, more string) string {
	return "[[package]]\nname = \"" + name + "\"\nversion = \"" + version + "\"\n" + more + "\n"
}

// names are different words with one beginning.
func names(stem string, n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf("%s%d", stem, i)
	}
	return list
}

// otherHostile are made for the readers of all other ecosystems.
func otherHostile() map[string]map[string][]byte {
	long := strings.Repeat("a", size)
	return map[string]map[string][]byte{
		"Dockerfile": {
			"fetched":      []byte("FROM a\n" + strings.Repeat("ADD https://a/1.1 /b\n", size/21)),
			"versions":     []byte("FROM a\nADD https://a/" + strings.Repeat("1.1a", size/4) + " /b\n"),
			"sources":      []byte("FROM a\nADD " + strings.Repeat("https://a/$A ", size/13) + " /b\n"),
			"doubled":      []byte("FROM a\nENV A=aa\n" + strings.Repeat("ENV A=$A$A\nADD https://a/$A /b\n", size/31)),
			"from":         between("", "FROM i%d\n", ""),
			"same":         repeat("FROM a:1\n"),
			"stages":       between("", "FROM i AS s%d\n", ""),
			"args":         between("", "ARG A%d=1\n", "FROM $A1\n"),
			"doubling":     []byte("ARG A=" + strings.Repeat("a", 1000) + "\n" + strings.Repeat("ARG A=$A$A\n", size/11)),
			"many-args":    []byte("ARG A=" + strings.Repeat("a", 1000) + "\nFROM " + strings.Repeat("$A", size/2) + "\n"),
			"use-args":     []byte("ARG A=" + strings.Repeat("a", 1000) + "\n" + strings.Repeat("FROM $A\n", size/8)),
			"heredocs":     []byte("RUN " + strings.Repeat("<<a ", size/4)),
			"ended":        []byte(strings.Repeat("RUN <<a\na\n", size/10)),
			"mounts":       []byte("RUN " + strings.Repeat("--mount=from=a,from=b ", size/22)),
			"copies":       between("", "COPY --from=i%d a b\n", ""),
			"continued":    repeat("RUN a\\\n"),
			"onbuild":      []byte(strings.Repeat("ONBUILD ", size/8)),
			"directives":   between("", "# d%d=x\n", ""),
			"long":         []byte("FROM " + long),
			"slashes":      []byte("FROM " + strings.Repeat("a/", size/2) + "b"),
			"quotes":       []byte("RUN " + strings.Repeat(`"a`, size/2)),
			"continuation": []byte("FROM \\\n" + strings.Repeat("#\n", size/2) + "a\n"),
		},
		".github/workflows/x.yml": {
			"steps":      between("jobs:\n  a:\n    steps:\n", "    - uses: o/a%d@v1\n", ""),
			"same":       []byte("jobs:\n  a:\n    steps:\n" + strings.Repeat("    - uses: o/a@v1\n", size/19)),
			"jobs":       between("jobs:\n", "  j%d: {uses: o/a@v1}\n", ""),
			"services":   between("jobs:\n  a:\n    services:\n", "      s%d: a:1\n", ""),
			"keys":       between("jobs:\n  a:\n    steps:\n    - uses: o/a@v1\n", "      k%d: 1\n", ""),
			"slashes":    []byte("jobs: {a: {uses: '" + strings.Repeat("a/", size/2) + "@v1'}}\n"),
			"aliases":    []byte("jobs:\n  a: &a {uses: o/a@v1}\n" + strings.Repeat("  b: *a\n", size/8)),
			"expression": []byte("jobs: {a: {container: '" + strings.Repeat("${{", size/3) + "'}}\n"),
		},
		"compose.yaml": {
			"services": between("services:\n", "  s%d: {image: a:1}\n", ""),
			"merges":   between("services:\n  a: &a {image: a}\n", "  s%d: {<<: *a}\n", ""),
			"chain":    between("a0: &a0 {x: 1}\n", "b%[1]d: &a%[1]d {<<: *a0}\n", "services: {a: {<<: *a1}}\n"),
			"lists":    []byte("a: &a {x: 1}\nb: &b {<<: [" + strings.Repeat("*a,", size/3) + "*a]}\nservices: {a: *b}\n"),
			"args":     between("services:\n  a:\n    build:\n      args:\n", "        a%d: b:1\n", ""),
			"builds":   between("services:\n", "  s%d: {build: {args: {a: 1}}}\n", ""),
			"shared":   []byte("x: &x {build: {args: {" + strings.Join(names("a", 1900), ": 1,") + ": 1}}}\nservices:\n" + strings.Join(names("  s", 250), ": *x\n") + ": *x\n"),
			"inherits": between("y: &y {a: 1}\n", "x%[1]d: &x%[1]d {<<: *y, b%[1]d: 1}\n", "services: {a: {build: {args: *x9}}}\n"),
			"inline":   []byte("services: {a: {build: {dockerfile_inline: '" + strings.Repeat("FROM a ", size/7) + "'}}}\n"),
		},
		"k8s/a.yaml": {
			"containers": between("spec:\n  containers:\n", "  - image: a:%d\n", ""),
			"documents":  repeat("spec: {containers: [{image: a}]}\n---\n"),
			"deep":       []byte(strings.Repeat("a: {", size/4)),
		},
		"Cargo.toml": {
			"dependencies": between("[dependencies]\n", "a%d = \"1\"\n", ""),
			"targets":      between("", "[target.'cfg(a%d)'.dependencies]\na = \"1\"\n", ""),
			"clauses":      []byte("[dependencies]\na = \"" + strings.Repeat("1,", size/2) + "1\"\n"),
			"features":     between("[dependencies.a]\nfeatures = [", "'f%d',", "]\n"),
			"patch":        between("", "[patch.r%d]\na = \"1\"\n", ""),
			"version":      []byte("[dependencies]\na = \"" + strings.Repeat("1.", size/2) + "1\"\n"),
		},
		"Cargo.lock": tomlHostile("package", map[string][]byte{
			"edges":      between(crate("b", "1", "")+crate("a", "1", "dependencies = [\"b\""), ", \"b%d\"", "]\n"),
			"same-edge":  []byte(crate("b", "1", "") + crate("b", "2", "") + crate("a", "1", "dependencies = ["+strings.Repeat("\"b 1\",", size/8)+"]")),
			"versions":   between("", crate("b", "%d", ""), crate("a", "1", "dependencies = [\""+strings.Join(names("b ", 12000), "\",\"")+"\"]")),
			"long-from":  []byte(crate("b", "1", "") + crate("a", "1", "source = \"registry+"+strings.Repeat("a", size/2)+"\"\ndependencies = ["+strings.Repeat("\"b\",", size/8)+"]")),
			"long-to":    []byte(crate("b", "1", "source = \"registry+"+strings.Repeat("a", size/2)+"\"") + crate("a", "1", "dependencies = ["+strings.Repeat("\"b\",", size/8)+"]")),
			"long-crate": []byte(crate(strings.Repeat("b", size/2), "1", "") + crate("b", "2", "") + strings.Repeat(crate("a", "1", "dependencies = [\"b\"]"), size/100)),
			"cycle":      between("", crate("a%[1]d", "1", "dependencies = [\"a%[1]d\", \"a1\"]"), ""),
			"sums":       between("[metadata]\n", "\"checksum a %d (x)\" = \"1\"\n", ""),
		}),
		"pom.xml": {
			"dependencies": between("<project><dependencies>", "<dependency><groupId>g</groupId><artifactId>a%d</artifactId><version>1</version></dependency>", "</dependencies></project>"),
			"properties":   between("<project><properties>", "<p%[1]d>${p%[1]d}</p%[1]d>", "</properties></project>"),
			"expand":       []byte("<project><properties><a>${b}${b}</a><b>${a}${a}</b></properties><dependencies>" + strings.Repeat("<dependency><groupId>g</groupId><artifactId>a</artifactId><version>${a}</version></dependency>", size/90) + "</dependencies></project>"),
			"nested":       []byte("<project>" + strings.Repeat("<a>", size/3)),
			"attributes":   between("<project ", "a%d='' ", "/>"),
			"entities":     []byte("<project>" + strings.Repeat("&lt;", size/4) + "</project>"),
			"comments":     []byte("<project>" + strings.Repeat("<!---->", size/7) + "</project>"),
			"plugin":       between("<project><build><plugins><plugin><artifactId>exec-maven-plugin</artifactId><configuration>", "<a>%d</a>", "</configuration></plugin></plugins></build></project>"),
			"cdata":        []byte("<project><![CDATA[" + long + "]]></project>"),
			"ranges":       []byte("<project><dependencies><dependency><groupId>g</groupId><artifactId>a</artifactId><version>" + strings.Repeat("[1,2],", size/6) + "</version></dependency></dependencies></project>"),
		},
		"composer.json": {
			"require":    between(`{"require": {`, `"o/a%d": "^1",`, `"z/z": "1"}}`),
			"constraint": []byte(`{"require": {"a/b": "` + strings.Repeat("^1|", size/3) + `1"}}`),
			"blanks":     []byte(`{"require": {"a/b": "` + strings.Repeat("< ", size/2) + `1"}}`),
			"scripts":    between(`{"scripts": {"init": "@a",`, `"a%d": "x",`, `"z": "1"}}`),
		},
		"composer.lock": {
			"packages": between(`{"packages": [`, `{"name": "o/a%d", "version": "1", "dist": {"url": "https://x/a", "reference": "1"}},`, `{"name": "z/z"}]}`),
			"replace":  between(`{"packages": [{"name": "z/z", "replace": {`, `"a%d": "1",`, `"z": "1"}}]}`),
			"url":      []byte(`{"packages": [{"name": "z/z", "dist": {"url": "` + strings.Repeat("a", size/2) + `", "reference": "a"}}]}`),
		},
		"Gemfile": {
			"gems":       between("", "gem 'a%d', '~> 1'\n", ""),
			"groups":     repeat("group :a do\n"),
			"words":      []byte("gem %w(" + strings.Repeat("a ", size/2) + ")\n"),
			"arguments":  []byte("gem 'a'" + strings.Repeat(", '1'", size/5) + "\n"),
			"brackets":   repeat("["),
			"continued":  repeat("\\\n"),
			"conditions": []byte(strings.Repeat("if a\n", 30) + strings.Repeat("else\n", size/5)),
			"options":    between("gem 'a'", ", k%d: 1", "\n"),
		},
		"Gemfile.lock": {
			"gems":         between("GEM\n  remote: https://rubygems.org/\n  specs:\n", "    a%d (1.0)\n", ""),
			"remotes":      between("GEM\n", "  remote: https://r%d.example/\n", "  specs:\n    a (1)\n    b (1)\n"),
			"remotes-gems": append(between("GEM\n", "  remote: https://r%d.example/\n", "  specs:\n")[:size/2], []byte("\n  specs:\n"+strings.Repeat("    a (1)\n", size/20))...),
			"dependencies": between("DEPENDENCIES\n", "  a%d (= 1)\n", ""),
			"checksums":    between("CHECKSUMS\n", "  a (%d) sha256=a\n", ""),
		},
		"gradle/libs.versions.toml": {
			"libraries": between("[libraries]\n", "a%d = 'g:a:1'\n", ""),
			"versions":  between("[versions]\n", "a%d = '1'\n", ""),
		},
		"gradle.lockfile":           {"entries": between("", "g:a:%d=a\n", ""), "colons": []byte(strings.Repeat(":", size) + "=a")},
		"gradle-wrapper.properties": {"keys": between("", "k%d=v\n", ""), "url": []byte("distributionUrl=https\\://" + strings.Repeat("a/", size/2))},
		"a.csproj": {
			"references": between("<Project><ItemGroup>", "<PackageReference Include='a%d' Version='1'/>", "</ItemGroup></Project>"),
			"names":      []byte("<Project><ItemGroup><PackageReference Version='1' Include='" + strings.Repeat("a;", size/2) + "'/></ItemGroup></Project>"),
			"properties": between("<Project><PropertyGroup>", "<p%d>1</p%[1]d>", "</PropertyGroup></Project>"),
			"expand":     []byte("<Project><PropertyGroup><a>" + strings.Repeat("a", 1000) + "</a></PropertyGroup><ItemGroup>" + strings.Repeat("<PackageReference Include='a' Version='$(a)$(a)$(a)$(a)'/>", size/60) + "</ItemGroup></Project>"),
			"conditions": []byte("<Project>" + strings.Repeat("<ItemGroup Condition='"+strings.Repeat("a", 900)+"'>", 60) + strings.Repeat("<PackageReference Include='a'/>", size/40) + strings.Repeat("</ItemGroup>", 60) + "</Project>"),
			"sdks":       []byte("<Project Sdk='" + strings.Repeat("a/1;", size/4) + "'/>"),
		},
		"packages.lock.json": {
			"entries":    between(`{"dependencies": {"net8.0": {`, `"a%d": {"type": "Direct", "resolved": "1"},`, `"z": {}}}}`),
			"frameworks": between(`{"dependencies": {`, `"n%d": {"a": {}},`, `"z": {}}}`),
		},
		"packages.config": {"packages": between("<packages>", "<package id='a%d' version='1'/>", "</packages>")},
		"nuget.config":    {"sources": between("<configuration><packageSources>", "<add key='a%d' value='https://x'/>", "</packageSources></configuration>")},
		"main.tf": {
			"modules":   between("", "module \"a%d\" {\nsource = \"./a\"\n}\n", ""),
			"providers": between("terraform {\nrequired_providers {\n", "a%d = \"1\"\n", "}\n}\n"),
			"nested":    repeat("a {\n"),
			"templates": []byte("a = \"" + strings.Repeat("${\"", size/3)),
			"brackets":  []byte("a = " + strings.Repeat("[", size)),
			"strings":   []byte("a = [" + strings.Repeat(`"a",`, size/4) + "]\n"),
			"quotes":    []byte("a = \"b\"" + strings.Repeat(` + "b"`, size/6) + "\n"),
			"heredocs":  []byte(strings.Repeat("a = <<E\nE\n", size/10)),
			"unended":   []byte("a = [\n" + strings.Repeat("<<E\n", size/4)),
			"labels":    []byte(strings.Repeat(`"a" `, size/4)),
			"comments":  repeat("/**/"),
			"objects":   []byte(strings.Repeat("a = {\n", size/6)),
			"scripts":   between("resource a b {\n", "provisioner \"local-exec\" {\ncommand = \"%d\"\n}\n", "}\n"),
		},
		".terraform.lock.hcl": {
			"providers": between("", "provider \"o/a%d\" {\nversion = \"1\"\n}\n", ""),
			"hashes":    between("provider \"o/a\" {\nhashes = [\n", "\"h1:%d\",\n", "]\n}\n"),
		},
		"Chart.yaml": {
			"dependencies": between("dependencies:\n", "- {name: a%d, version: 1}\n", ""),
			"version":      []byte("dependencies: [{name: a, version: '" + strings.Repeat("1||", size/3) + "1'}]\n"),
		},
		"Chart.lock":   {"dependencies": between("dependencies:\n", "- {name: a%d, version: 1}\n", "")},
		"pubspec.yaml": {"dependencies": between("dependencies:\n", "  a%d: ^1.0.0\n", ""), "clauses": []byte("dependencies: {a: '" + strings.Repeat(">1 ", size/3) + "'}\n")},
		"pubspec.lock": {"packages": between("packages:\n", "  a%d: {source: hosted, version: 1}\n", "")},
		".gitmodules":  {"modules": between("", "[submodule \"a%d\"]\nurl = https://x/y\n", ""), "keys": []byte("[submodule \"a\"]\n" + strings.Repeat("k = v\n", size/6))},
		".pre-commit-config.yaml": {
			"repos":      between("repos:\n", "- {repo: https://x/a%d, rev: v1}\n", ""),
			"hooks":      between("repos:\n- repo: local\n  hooks:\n", "  - {id: a%d, entry: x}\n", ""),
			"additional": between("repos:\n- repo: local\n  hooks:\n  - additional_dependencies:\n", "    - a%d\n", ""),
		},
		"mix.lock": {
			"entries": between("%{\n", "\"a%d\": {:hex, :a, \"1\", \"h\"},\n", "}\n"),
			"nested":  []byte("%{" + strings.Repeat("[", size)),
			"words":   []byte("%{\"a\": {" + strings.Repeat(":a, ", size/4)),
		},
		"Package.resolved": {"pins": between(`{"pins": [`, `{"identity": "a%d", "state": {"version": "1"}},`, `{"identity": "z"}]}`)},
	}
}

// TestImageNames: one image, however it is written, is that image.
func TestImageNames(t *testing.T) {
	t.Parallel()
	for ref, want := range map[string]string{
		"python": "python latest", "library/python:3": "python 3", "docker.io/library/python:3": "python 3", "index.docker.io/python": "python latest",
		"ghcr.io/o/a:1": "o/a 1 from registry:ghcr.io", "localhost:5000/a:1": "a 1 from registry:localhost:5000", "GHCR.IO/o/a": "o/a latest from registry:ghcr.io",
		"o/a": "o/a latest", "a@sha256:" + strings.Repeat("a", 64): "a", "a:1@sha256:" + strings.Repeat("a", 64): "a 1", "$B": "$B",
	} {
		f, err := manifest.Parse("Dockerfile", []byte("FROM "+ref+"\n"))
		if err != nil || len(f.Packages) != 1 || f.Packages[0].String() != want {
			t.Errorf("%s: %v, %v; want %s", ref, f, err, want)
		}
	}
	for _, ref := range []string{"a@sha256:1", "a:b:c", "a b", ":1", "a@"} {
		if f, err := manifest.Parse("Dockerfile", []byte("FROM "+ref+"\n")); err == nil {
			t.Errorf("%s is read as %v", ref, f.Packages)
		}
	}
}
