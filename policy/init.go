package policy

import (
	"bytes"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/changeguard/changeguard/change"
)

// surfaceNames are folders that carry more than others, by what people call
// them, with the name and the weight of the surface.
var surfaceNames = []struct {
	name, words string
	weight      int
}{
	{"WebSocket connections", "websocket websockets websocket_core realtime sockets", 30},
	{"Sign-in and permissions", "auth authentication authorization oauth login auth_core auth_service permissions session_management", 30},
	{"Payments", "payment payments billing checkout stripe invoices", 30},
	{"Database migrations", "migrations migrate alembic", 25},
	{"Cryptography", "crypto cryptography encryption keys", 25},
}

// Init writes a commented policy for a repository with the given files. The
// result loads and observes.
func Init(paths []string) []byte {
	f := survey(paths)
	var b bytes.Buffer
	b.WriteString(initHead)
	if len(f.surfaces) > 0 {
		b.WriteString("  # Folders that carry more than others here. An agent's change to them stops;\n  # a person's is shown.\n  core-surfaces:\n    uses: protected-paths\n    if: session.actor == \"agent\"\n    level: approve\n    with:\n      paths:\n")
		for _, s := range f.surfaces {
			for _, dir := range s.dirs {
				fmt.Fprintf(&b, "        - %q\n", escapeGlob(dir)+"/**")
			}
		}
		b.WriteString("        - \"!**/*.md\"\n\n")
	}
	if f.count[change.ClassDeployment] > 0 {
		fmt.Fprintf(&b, "  # How this repository is deployed (%d files). A change to it that comes with\n  # others is easily missed.\n  deployment:\n    uses: expression\n    level: warn\n    with:\n      require: \"!touchesClass('deployment') || session.actor == 'human'\"\n\n", f.count[change.ClassDeployment])
	}
	b.WriteString(initLimits)
	if len(f.surfaces) > 0 {
		b.WriteString("\nrisk:\n  surfaces:\n")
		for _, s := range f.surfaces {
			fmt.Fprintf(&b, "    %s:\n      paths:\n", s.name)
			for _, dir := range s.dirs {
				fmt.Fprintf(&b, "        - %q\n", escapeGlob(dir)+"/**")
			}
			fmt.Fprintf(&b, "      weight: %d\n", s.weight)
		}
	}
	b.WriteString(initTail)
	return b.Bytes()
}

// found is what a survey of the files found.
type found struct {
	count    map[change.Class]int
	surfaces []foundSurface
}

type foundSurface struct {
	name   string
	dirs   []string
	weight int
}

// maxDirs bounds how many folders of one surface are written out.
const maxDirs = 8

func survey(paths []string) found {
	f := found{count: make(map[change.Class]int)}
	dirs := make(map[string][]string)
	for _, p := range paths {
		class := change.Classify(p, change.Regular)
		f.count[class]++
		if class != change.ClassFunctional || strings.ContainsFunc(p, func(r rune) bool { return r < ' ' || r > '~' }) {
			continue
		}
		for dir := path.Dir(p); dir != "."; dir = path.Dir(dir) {
			base := strings.ToLower(path.Base(dir))
			for _, s := range surfaceNames {
				if slices.Contains(strings.Fields(s.words), base) && !slices.Contains(dirs[s.name], dir) {
					dirs[s.name] = append(dirs[s.name], dir)
				}
			}
		}
	}
	for _, s := range surfaceNames {
		if found := outermost(dirs[s.name]); len(found) > 0 {
			f.surfaces = append(f.surfaces, foundSurface{s.name, found[:min(len(found), maxDirs)], s.weight})
		}
	}
	return f
}

// outermost drops folders that lie within others of the list.
func outermost(dirs []string) []string {
	slices.Sort(dirs)
	var kept []string
	for _, d := range dirs {
		if !slices.ContainsFunc(kept, func(k string) bool { return strings.HasPrefix(d, k+"/") }) {
			kept = append(kept, d)
		}
	}
	return kept
}

// escapeGlob takes a name literally.
func escapeGlob(name string) string {
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`, "]", `\]`, "{", `\{`, "}", `\}`).Replace(name)
}

const initHead = `# What changes to this repository are allowed to be.
# Every change is judged by the policy on its base branch, never by its own.
# The manual: docs/policy.md of changeguard. Check this file with
#   changeguard policy lint
version: 1

# Observing shows what would be stopped and stops nothing. When the findings are
# what you want, remove this line: enforce is the default.
mode: observe

sessions:
  # Work that is to look and not to touch. Whoever starts it declares it, in any
  # one of these ways, and the change is held to it until a maintainer lifts it.
  analysis-only:
    declared-by:
      labels: [analysis-only]
      branches: ["analysis/**"]
      titles: ["[analysis]*", "analysis:*"]
      trailers: ["Session-Mode: analysis-only"]
    may-change: [docs, cosmetic]
    max-commits: 20
    level: block

  # A coding agent was recognised and nobody else said what it may do. Remove the
  # marks in front to switch it on.
  # undeclared-agent:
  #   may-change: [docs, tests]
  #   level: approve

rules:
`

const initLimits = `  # What a change says of itself must cover what it does.
  declared-scope:
    uses: declared-scope
    level: warn

  # Larger changes are waved through rather than reviewed.
  size:
    uses: limits
    level: warn
    with:
      commits: 50
      files: 300

  # Policy, code owners, and the instructions, settings and hooks of coding
  # agents change only when a person has looked.
  guard-integrity:
    uses: guard-integrity
    level: approve
`

const initTail = `
# Who lifts what. One approval by somebody with write access lifts level approve;
# maintainers may override a finding, with a reason, for a week, but not in their
# own change.
approvals: {count: 1, from: ["role:write"]}
overrides: {by: ["role:maintain"], self: false, expire: 168h}
`
