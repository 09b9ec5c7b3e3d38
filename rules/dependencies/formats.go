package dependencies

import (
	"fmt"
	"slices"
	"strings"

	"github.com/changeguard/changeguard/internal/manifest"
)

// formatsPage are the sections of the manual that say what is read. They are made of
// the tables that the parsers are found by, so that they cannot say anything else.
func formatsPage() string {
	var b strings.Builder
	b.WriteString(conditionsText + "\n## Formats\n\nThese are compared package by package. An x marks what can occur in a format, and is looked for.\n\n")
	b.WriteString("| format | files |")
	for _, k := range manifest.Kinds() {
		fmt.Fprintf(&b, " %s |", k)
	}
	b.WriteString("\n| --- | --- |" + strings.Repeat(" --- |", len(manifest.Kinds())) + "\n")
	for _, f := range manifest.Formats() {
		fmt.Fprintf(&b, "| %s | %s |", f.Name, code(f.Names()))
		for _, k := range manifest.Kinds() {
			mark := ""
			if slices.Contains(f.Conditions, k) {
				mark = "x"
			}
			fmt.Fprintf(&b, " %s |", mark)
		}
		b.WriteString("\n")
	}
	b.WriteString("\nLock files are held against manifests (`lockfile-drift`):\n\n")
	for _, f := range manifest.Formats() {
		if against := f.HeldAgainst(); len(against) > 0 {
			fmt.Fprintf(&b, "- %s against %s\n", f.Name, strings.Join(against, ", "))
		}
	}
	b.WriteString("\n" + namedText + "\n\n")
	for _, n := range manifest.OnlyNamed() {
		fmt.Fprintf(&b, "- %s: %s\n", n[0], code(strings.Fields(n[1])))
	}
	return b.String()
}

func code(names []string) string {
	return "`" + strings.Join(names, "`, `") + "`"
}

const conditionsText = `## What the conditions mean

- A commit, or the digest of an image, that is replaced by another of the same repository or tag is of unknown size, and counts as ` + "`major`" + `: nobody can
  tell from its number what is in it, not even whether it belongs to the repository or to a fork of it. Where the comment beside it
  (` + "`# v4.1.2`" + `), or the tag of the image, names another release than before, the change is of the size that this says, but ` + "`minor`" + ` at least: a comment proves nothing.
  Another commit that calls itself the same release is ` + "`source-changed`" + ` as well. A tag that becomes a commit is
  quiet; a commit that becomes a tag or a branch is ` + "`unpinned`" + `. A submodule is at a commit as well, without a comment.
- Build files that are programs (Gradle's, ` + "`mix.exs`, `Package.swift`, `*.gemspec`" + `) are read where they are plain text. What is computed counts as an
  unread part: a change of it, and of what it is computed from in the same file, is a finding whatever is asked for.
  No reader sees everything that a program can do: where such a file says something else than before, a person must look, unless a package that
  changed explains it or it is known to have no say. That is so of comments and of plain values of what configures something else: the version and the
  description of the project itself, options of compilers and tests, tasks, what is published, targets of the own tree. A name in them that the rest of
  the file speaks of counts, and so does every word that is not known. That another build file makes a coordinate of this one's version is not seen.
- A property that changed in a ` + "`gradle.properties`" + ` is held against the build files in its folder and below: where one of them makes a coordinate or a
  version of it, under its own name or under one that it gives it, that is a change of this dependency. Where a build file computes with it, or not all of
  them can be read, a person must look. What turns off ` + "`org.gradle.dependency.verification`" + ` is ` + "`integrity-removed`" + `.
- Arguments that a Compose file, or a step with ` + "`docker/build-push-action`" + `, gives to the build of an image are put into the Dockerfile that it is built by,
  as it is at the head: an image that is another one by them is a change of this file. A build that is new is held against what its Dockerfile comes
  to without arguments. Where this Dockerfile cannot be found or read, a changed argument is a finding; an override, which does not say what is built,
  is held against every Dockerfile in its folder and below. What the command ` + "`docker build`" + ` is given in a script is not read.
- What ` + "`ADD`" + ` fetches from an address or a repository into an image is a package of it, ` + "`unpinned`" + ` without a checksum or a commit; a version in
  the address is its version, and arguments and variables of the same stage are put in. What a command of ` + "`RUN`" + ` fetches is not read.
- A package that a lock file has for development only, and then for the program as well, is ` + "`added`" + `: a ` + "`dev`" + ` of ` + "`package-lock.json`" + ` or an older
  ` + "`pnpm-lock.yaml`" + ` that goes, ` + "`main`" + ` among the groups of ` + "`poetry.lock`, `default`" + ` among those of ` + "`pdm.lock`" + `, a first configuration in a
  ` + "`gradle.lockfile`" + ` that is not one of tests. It is quiet where the program had the same version of it already, and so is the way back, another group of
  development, and an optional package that no longer is: it was installed before. ` + "`Pipfile.lock` and `composer.lock`" + ` have lists, and what comes into
  one of them is ` + "`added`" + ` there. Other lock files do not say what is for development only.
- A package that a lock file of npm's family has for some platforms alone (` + "`os`, `cpu`" + `), and in the same version for another, is ` + "`loosened`" + `.
- A package of a ` + "`gradle.lockfile`" + ` that gains or loses a configuration is quiet: its version stays what it is wherever it is locked. A configuration that no
  line has any more is ` + "`loosened`" + `, since it is resolved to whatever is newest.
- Values in a ` + "`.env`" + ` are put into the Compose files beside it, as they are at the head: what is another image, argument or context by them is a change of
  this file. A value that is not set is empty, as for Compose. Other files that it is told to take values from, and what stands in the environment
  itself, are not known.
- Projects of Maven that the change releases together are no dependencies that changed: where one asks for another of its group, or for its parent, in the
  version that this one's ` + "`pom.xml`" + ` had before and in the one that it has now, only a step back is a finding.
- Manifests of a cluster have no names of their own: a changed YAML or JSON file of any name is read, before and after, and judged where a document has
  ` + "`apiVersion` and `kind`" + ` at its top. Files that did not change are not looked at; YAML over the limit of a file is a finding. A template of a
  chart (in ` + "`templates/`, beside a `Chart.yaml`" + `) that is no YAML before something is put into it is not read.
- A file that does not parse is a finding, whatever is asked for.
`

const namedText = `Without a parser every change of these is a finding, whatever is asked for:`
