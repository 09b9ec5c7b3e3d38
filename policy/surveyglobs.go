package policy

import (
	"path"
	"slices"
	"strings"

	"github.com/changeguard/changeguard/internal/pathset"
)

// wellKnown are globs of what builds and deploys, as people would write them.
// They cover what is yet to come as well.
var wellKnown = strings.Fields(`
	.github/workflows/** .github/actions/** .circleci/** .buildkite/** .woodpecker/** .tekton/** .gitlab-ci.{yml,yaml} .gitlab/**
	.husky/** .githooks/** .ci/** ci/** **/Jenkinsfile* azure-pipelines*.{yml,yaml} bitbucket-pipelines.yml .travis.yml .drone.yml
	**/Dockerfile* **/*.Dockerfile **/*.dockerfile **/Containerfile* **/.dockerignore **/docker-compose*.{yml,yaml} **/compose*.{yml,yaml}
	**/*.tf{,.json} **/*.tfvars **/*.tofu **/cloudbuild*.{yml,yaml} **/k8s/** **/kubernetes/** **/helm/** **/charts/** **/kustomize/** **/ansible/**
	**/nginx*.conf **/Procfile **/serverless.{yml,yaml} **/skaffold.yaml
	deploy/** deployment/** deployments/** infra/** infrastructure/** manifests/** terraform*/**`)

// buildAndDeploy are globs for files that build and deploy: the well-known ones
// that match any of them, and for the others their names or folders. Left are
// those for which there is no room.
func buildAndDeploy(files []string) (globs []string, left int) {
	used := make([]bool, len(wellKnown))
	others := slices.DeleteFunc(files, useWellKnown(used))
	for i, g := range wellKnown {
		if used[i] {
			globs = append(globs, g)
		}
	}
	more, left := byFolder(others)
	return append(globs, more...), left
}

// useWellKnown returns a function that marks the first well-known glob that
// matches a file, and reports whether there is one.
func useWellKnown(used []bool) func(string) bool {
	var b pathset.Builder
	for _, g := range wellKnown {
		if _, err := b.Add(pathset.Permit, g); err != nil {
			panic("policy: a well-known glob is wrong: " + err.Error())
		}
	}
	set := b.Build()
	var m pathset.Matches
	return func(file string) bool {
		set.Match(file, &m)
		for i := range used {
			if m.Has(pathset.List(i)) {
				used[i] = true
				return true
			}
		}
		return false
	}
}

// byFolder writes three or more files of a folder as one glob, three or more of
// one name as well, and no more globs than a person reads.
func byFolder(files []string) (globs []string, left int) {
	perDir, perBase := make(map[string]int), make(map[string]int)
	for _, f := range files {
		perDir[path.Dir(f)]++
		perBase[path.Base(f)]++
	}
	var dirs, bases, single []string
	for _, f := range files {
		switch dir, base := path.Split(f); {
		case dir != "" && perDir[path.Dir(f)] > 2:
			dirs = append(dirs, path.Dir(f))
		case perBase[base] > 2:
			bases = append(bases, "**/"+escapeGlob(base))
		default:
			single = append(single, escapeGlob(f))
		}
	}
	globs = slices.Concat(outermost(dirs), slices.Compact(slices.Sorted(slices.Values(bases))), single)
	globs = globs[:min(len(globs), maxGuarded)]
	return globs, countLeft(files, globs)
}

// countLeft counts the files that no glob matches.
func countLeft(files, globs []string) int {
	m, err := pathset.Compile(pathset.Permit, globs...)
	if err != nil {
		panic("policy: a glob of a file's name is wrong: " + err.Error())
	}
	left := 0
	for _, f := range files {
		if !m.Match(f) {
			left++
		}
	}
	return left
}

// outermost makes globs of folders and drops those within others of the list.
func outermost(dirs []string) []string {
	dirs = slices.Compact(slices.Sorted(slices.Values(dirs)))
	var kept, globs []string
	for _, d := range dirs {
		if !slices.ContainsFunc(kept, func(k string) bool { return strings.HasPrefix(d, k+"/") }) {
			kept = append(kept, d)
			globs = append(globs, escapeGlob(d)+"/**")
		}
	}
	return globs
}

// escapeGlob takes a name literally.
func escapeGlob(name string) string {
	name = strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`, "]", `\]`, "{", `\{`, "}", `\}`).Replace(name)
	if strings.HasPrefix(name, "!") {
		name = `\` + name
	}
	return name
}
