package testset

import (
	"encoding/xml"
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
}

var (
	surefire = []string{"**/Test*.*", "**/*Test.*", "**/*Tests.*", "**/*TestCase.*"}
	failsafe = []string{"**/IT*.*", "**/*IT.*", "**/*ITCase.*"}
)

func (c *collector) maven() (patternRunner, error) {
	r := patternRunner{name: "maven", ext: []string{".java", ".kt", ".groovy", ".scala"}, call: func(w []string) ([]string, bool) {
		goals := slices.ContainsFunc(w, func(s string) bool {
			return slices.Contains([]string{"test", "verify", "install", "package", "deploy", "integration-test", "surefire:test"}, s)
		})
		skips := slices.ContainsFunc(w, func(s string) bool {
			name, value, _ := strings.Cut(s, "=")
			return (name == "-DskipTests" || name == "-Dmaven.test.skip") && value != "false"
		})
		return nil, starts(w, "mvn", "mvnw", "mvnd") && goals && !skips
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
			include = slices.Concat(plugin.Include, other)
		}
		exclude = append(exclude, plugin.Exclude...)
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
	gradleOff     = lazyregexp.New(`\b(?:test\s*\{[^{}]*enabled\s*=\s*false|tasks\.(?:named\(|withType\()[^{}]*\{[^{}]*enabled\s*=\s*false)`)
	gradleExclude = lazyregexp.New(`\b(?:exclude|excludeTestsMatching)[( ]+`)
)

// gradle: everything below src/test and the like; exclusions are read where they
// are literals.
func (c *collector) gradle() (patternRunner, error) {
	r := patternRunner{name: "gradle", ext: []string{".java", ".kt", ".groovy", ".scala"}, call: func(w []string) ([]string, bool) {
		off, runs := false, false
		for i, s := range w[1:] {
			task := s[strings.LastIndexByte(s, ':')+1:]
			off = off || w[i] == "-x" && task == "test"
			runs = runs || w[i] != "-x" && (task == "test" || task == "check" || task == "build" || strings.HasSuffix(task, "Test") || strings.HasPrefix(task, "test"))
		}
		return nil, starts(w, "gradle", "gradlew", "gradlew.bat") && runs && !off
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
		var excluded []string
		for _, at := range gradleExclude.FindAllStringIndex(code, -1) {
			end := jsValueEnd(code, at[1])
			if strings.Contains(code[max(0, at[0]-400):at[0]], "test") {
				excluded = append(excluded, pythonStrings(text[at[1]:end], code[at[1]:end])...)
			}
		}
		out, _ := compileAll(gradlePatterns(excluded), glob)
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
