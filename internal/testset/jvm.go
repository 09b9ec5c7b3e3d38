package testset

import (
	"encoding/xml"
	"path"
	"slices"
	"strings"

	"github.com/changeguard/changeguard/internal/lazyregexp"
)

// A pom is what Surefire and Failsafe are told.
type pom struct {
	Properties struct {
		Skip     string `xml:"skipTests"`
		TestSkip string `xml:"maven.test.skip"`
	} `xml:"properties"`
	Build struct {
		Tests   string      `xml:"testSourceDirectory"`
		Plugins []pomPlugin `xml:"plugins>plugin"`
	} `xml:"build"`
}

type pomPlugin struct {
	Artifact string   `xml:"artifactId"`
	Include  []string `xml:"configuration>includes>include"`
	Exclude  []string `xml:"configuration>excludes>exclude"`
	Skip     string   `xml:"configuration>skip"`
	SkipAll  string   `xml:"configuration>skipTests"`
	Ignore   string   `xml:"configuration>testFailureIgnore"`
	Groups   string   `xml:"configuration>groups"`
	Excluded string   `xml:"configuration>excludedGroups"`
}

var (
	surefire = []string{"**/Test*.*", "**/*Test.*", "**/*Tests.*", "**/*TestCase.*"}
	failsafe = []string{"**/IT*.*", "**/*IT.*", "**/*ITCase.*"}
)

func (c *collector) maven() (patternRunner, error) {
	r := patternRunner{name: "maven", ext: []string{".java", ".kt", ".groovy", ".scala"}, call: func(w []string) (run patternCall, ok bool) {
		goals := slices.ContainsFunc(w, func(s string) bool {
			return slices.Contains([]string{"test", "verify", "install", "package", "deploy", "integration-test", "surefire:test"}, s)
		})
		skips := slices.ContainsFunc(w, func(s string) bool {
			name, value, _ := strings.Cut(s, "=")
			return (name == "-DskipTests" || name == "-Dmaven.test.skip") && value != "false"
		})
		if flagged(w, "-fn", "--fail-never") {
			run.soft = "-fn"
		}
		if values := option(w, "-Dmaven.test.failure.ignore"); flagged(w, "-Dmaven.test.failure.ignore") || slices.Contains(values, "true") {
			run.soft = "-Dmaven.test.failure.ignore"
		}
		run.selection = classSelection(option(w, "-Dtest"))
		return run, starts(w, "mvn", "mvnw", "mvnd") && goals && !skips
	}}
	for _, file := range c.tree.named("pom.xml") {
		text, ok, err := c.tree.text(file)
		if err != nil {
			return r, err
		}
		var p pom
		if !ok {
			continue
		}
		if bad := xml.Unmarshal([]byte(text), &p); bad != nil {
			c.opaque(file, 1, "a pom.xml that cannot be read")
			continue
		}
		r.projects = append(r.projects, mavenProject(file, p))
		for _, plugin := range p.Build.Plugins {
			if len(plugin.Include) > maxPatterns || len(plugin.Exclude) > maxPatterns {
				c.opaque(file, 1, tooManyPatterns)
			}
			if truthy(plugin.Ignore) {
				c.mayFail("", file, 1, "testFailureIgnore is true")
			}
			if plugin.Groups+plugin.Excluded != "" {
				c.opaque(file, 1, "the groups of "+plugin.Artifact+" select tests")
			}
		}
	}
	return r, nil
}

func mavenProject(file string, p pom) project {
	dir := parent(file)
	tests := firstOf(strings.TrimSpace(p.Build.Tests), "src/test")
	include, exclude := slices.Concat(surefire, failsafe), []string{}
	skip := truthy(p.Properties.Skip) || truthy(p.Properties.TestSkip)
	for _, plugin := range p.Build.Plugins {
		if plugin.Artifact != "maven-surefire-plugin" && plugin.Artifact != "maven-failsafe-plugin" {
			continue
		}
		if len(plugin.Include) > 0 {
			other := failsafe
			if plugin.Artifact == "maven-failsafe-plugin" {
				other = surefire
			}
			include = slices.Concat(plugin.Include[:min(len(plugin.Include), maxPatterns)], other)
		}
		exclude = append(exclude, plugin.Exclude[:min(len(plugin.Exclude), maxPatterns)]...)
		if plugin.Artifact == "maven-surefire-plugin" {
			skip = skip || truthy(plugin.Skip) || truthy(plugin.SkipAll)
		}
	}
	in, _ := compileAll(mavenPatterns(include), glob)
	out, _ := compileAll(mavenPatterns(exclude), glob)
	return project{dir, file, func(p string) string {
		rest := within(p, dir)
		switch {
		case !strings.HasPrefix(rest, strings.TrimSuffix(tests, "/")+"/"):
			return "Maven looks in " + tests
		case skip:
			return "the tests are skipped"
		case !in.match(rest):
			return "its name matches none of Surefire's patterns"
		case out.match(rest):
			return "Surefire excludes it"
		}
		return ""
	}}
}

func truthy(s string) bool { return strings.TrimSpace(s) == "true" }

// mavenPatterns makes patterns of classes fit for files below the sources.
func mavenPatterns(list []string) []string {
	var made []string
	for _, many := range list {
		for p := range strings.SplitSeq(many, ",") {
			p = strings.TrimSpace(p)
			if p == "" || strings.HasPrefix(p, "%regex") {
				continue
			}
			p = strings.TrimSuffix(strings.TrimSuffix(p, ".java"), ".class")
			if !strings.HasSuffix(p, ".*") {
				p += ".*"
			}
			made = append(made, "**/"+strings.TrimPrefix(p, "**/"))
		}
	}
	return made
}

var (
	gradleOff     = lazyregexp.New(`\b(?:test\.enabled\s*=\s*false|test\s*\{[^{}]*enabled\s*=\s*false|tasks\.(?:named\(|withType\()[^{}]*\{[^{}]*enabled\s*=\s*false)`)
	gradleInclude = lazyregexp.New(`\b(?:include|includeTestsMatching)[( ]+`)
	gradleIgnores = lazyregexp.New(`\bignoreFailures\s*(?:=|\.set\()\s*true\b|\bsetIgnoreFailures\(\s*true`)
	gradleVague   = lazyregexp.New(`\b(onlyIf|(?:include|exclude)(?:Tags|Categories|Engines))\b`)
	gradleExclude = lazyregexp.New(`\b(?:exclude|excludeTestsMatching)[( ]+`)
)

// gradle: everything below src/test and the like; exclusions are read where they
// are literals.
func (c *collector) gradle() (patternRunner, error) {
	r := patternRunner{name: "gradle", ext: []string{".java", ".kt", ".groovy", ".scala"}, call: func(w []string) (run patternCall, ok bool) {
		off, runs := false, false
		for i, s := range w[1:] {
			task := s[strings.LastIndexByte(s, ':')+1:]
			off = off || excludes(w[i]) && task == "test"
			runs = runs || !excludes(w[i]) && (task == "test" || task == "check" || task == "build" || strings.HasSuffix(task, "Test") || strings.HasPrefix(task, "test"))
		}
		run.selection = classSelection(option(w, "--tests"))
		return run, starts(w, "gradle", "gradlew", "gradlew.bat") && runs && !off && !flagged(w, "-m", "--dry-run")
	}}
	for _, file := range slices.Concat(c.tree.named("build.gradle"), c.tree.named("build.gradle.kts")) {
		text, ok, err := c.tree.text(file)
		if err != nil {
			return r, err
		}
		if !ok {
			continue
		}
		code := mask(text, groovy)
		off := gradleOff.MatchString(code)
		if at := gradleIgnores.FindStringIndex(code); at != nil {
			c.mayFail("", file, lineAt(text, at[0]), "ignoreFailures is true")
		}
		for _, at := range gradleVague.FindAllStringSubmatchIndex(code, maxDecisions) {
			if inTest(code, at[0]) {
				c.opaque(file, lineAt(text, at[0]), "the test task has "+code[at[2]:at[3]])
			}
		}
		out, _ := compileAll(gradlePatterns(gradleTexts(text, code, gradleExclude)), glob)
		included := gradlePatterns(gradleTexts(text, code, gradleInclude))
		in, _ := compileAll(included, glob)
		dir := parent(file)
		r.projects = append(r.projects, project{dir, file, func(p string) string {
			rest := within(p, dir)
			switch parts := strings.SplitN(rest, "/", 3); {
			case len(parts) < 3 || parts[0] != "src" || !strings.Contains(strings.ToLower(parts[1]), "test"):
				return "Gradle looks in src/test and other source sets of tests"
			case off:
				return "the test task is not enabled"
			case out.match(rest):
				return "the build file excludes it"
			case len(included) > 0 && !in.match(rest):
				return "the build file does not include it"
			}
			return ""
		}})
	}
	return r, nil
}

func gradlePatterns(list []string) []string {
	var made []string
	for _, p := range list {
		if !strings.Contains(p, "/") {
			p = strings.ReplaceAll(strings.TrimSuffix(p, ".class"), ".", "/")
		}
		p = strings.TrimSuffix(p, ".class")
		if !strings.HasSuffix(p, "*") {
			p += ".*"
		}
		made = append(made, "**/"+strings.TrimPrefix(p, "**/"))
	}
	return made
}

func excludes(word string) bool { return word == "-x" || word == "--exclude-task" }

// inTest reports whether a place of a build file is in the block of a test task, as
// far as the words before it tell.
func inTest(code string, at int) bool {
	before := code[max(0, at-400):at]
	open := strings.LastIndex(before, "test")
	return open >= 0 && strings.Count(before[open:], "{") > strings.Count(before[open:], "}")
}

// gradleTexts are the texts behind a word, in the block of a test task.
func gradleTexts(text, code string, word *lazyregexp.Regexp) []string {
	var list []string
	for _, at := range word.FindAllStringIndex(code, maxDecisions) {
		if end := jsValueEnd(code, at[1]); inTest(code, at[0]) {
			list = append(list, pythonStrings(text[at[1]:end], code[at[1]:end])...)
		}
	}
	return list
}

// classSelection is by names of classes and methods: CalcTest, x.Calc*#adds,
// *CalcTest.adds. A class is what its file is called.
func classSelection(patterns []string) (s selection) {
	patterns = strings.FieldsFunc(strings.Join(patterns, ","), isComma)
	if len(patterns) == 0 {
		return s
	}
	s.text = strings.Join(patterns, ",")
	s.keep = func(t Test) bool {
		file, _, _ := strings.Cut(path.Base(t.Path), ".")
		class := strings.ReplaceAll(parent(t.Path), "/", ".") + "." + file
		not, in, wanted := false, false, false
		for _, p := range patterns {
			p, negated := strings.CutPrefix(p, "!")
			p = "*" + strings.ReplaceAll(strings.TrimSuffix(p, ".java"), "#", ".")
			hit := wildcard(p, class) || wildcard(p, class+"."+t.Name)
			not, in, wanted = not || negated && hit, in || !negated && hit, wanted || !negated
		}
		return !not && (in || !wanted)
	}
	return s
}
