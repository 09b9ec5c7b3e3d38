package policy

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
)

// Reader reads a file of a repository; false when it cannot be read.
type Reader func(path string) ([]byte, bool)

// Init writes a commented policy for a repository with the given files. With a
// reader, which may be nil, it also looks into CODEOWNERS for who is to approve.
// The result loads, has nothing that Lint warns of, and observes.
func Init(paths []string, read Reader) []byte {
	w := &writer{found: survey(paths, read)}
	w.head()
	w.text(initSessions)
	w.surfaceRule()
	w.packageRule()
	w.guardedRule()
	w.contentRules()
	w.text(initRules)
	w.people()
	w.risk()
	return w.out.Bytes()
}

// writer writes a policy for what was found.
type writer struct {
	found found
	out   bytes.Buffer
}

func (w *writer) text(s string) { w.out.WriteString(s) }

func (w *writer) printf(format string, args ...any) { fmt.Fprintf(&w.out, format, args...) }

// items writes a list of texts, each in quotes.
func (w *writer) items(indent string, texts []string) {
	for _, t := range texts {
		w.printf("%s- %s\n", indent, strconv.Quote(t))
	}
}

func (w *writer) head() {
	w.text(initHead)
	var languages []string
	for _, l := range w.found.languages {
		languages = append(languages, fmt.Sprintf("%s (%d)", l.name, l.count))
	}
	noun := "files"
	if w.found.files == 1 {
		noun = "file"
	}
	w.printf("#\n# Written by `changeguard policy init` for what it found here: %d %s", w.found.files, noun)
	if len(languages) > 0 {
		w.printf(",\n# among them %s", strings.Join(languages, ", "))
	}
	w.text(".\nversion: 1\n" + initMode)
}

func (w *writer) surfaceRule() {
	if len(w.found.surfaces) == 0 {
		return
	}
	w.text(`  # Folders whose failure is felt at once. When a coding agent changes them, a
  # person has to agree; changes by people pass.
  core-surfaces:
    uses: protected-paths
    if: session.actor == "agent"
    level: approve
    with:
      paths:
`)
	for _, s := range w.found.surfaces {
		w.printf("        # %s\n", s.name)
		w.items("        ", s.globs)
	}
	w.text("        - \"!**/*.md\"\n    message: Much depends on this code. Say in the pull request why it has to change.\n\n")
}

func (w *writer) packageRule() {
	if len(w.found.manifests) == 0 {
		return
	}
	shown := w.found.manifests[:min(len(w.found.manifests), maxManifests)]
	w.text("  # A package runs with all the rights of the program that uses it. Found here:\n")
	for _, name := range shown {
		w.printf("  #   %s\n", name)
	}
	if more := len(w.found.manifests) - len(shown); more > 0 {
		w.printf("  #   and %d more\n", more)
	}
	w.text(`  # Removed packages, minor and patch versions pass; "on" names what does not.
  new-packages:
    uses: dependencies
    level: approve

`)
}

func (w *writer) guardedRule() {
	if len(w.found.guarded) == 0 {
		return
	}
	w.text(`  # What builds and deploys this repository. Easily overlooked in a large change,
  # so it is pointed out; make the level approve to have a person agree.
  build-and-deployment:
    uses: protected-paths
    level: warn
    with:
      paths:
`)
	w.items("        ", w.found.guarded)
	if n := w.found.unguarded; n > 0 {
		w.printf("        # There are %d more files of this kind, each in a place of its own.\n", n)
	}
	w.text("        - \"!**/*.md\"\n\n")
}

// contentRules are the rules for which there is something to look at.
func (w *writer) contentRules() {
	for _, r := range []struct {
		wanted bool
		text   string
	}{
		{w.found.tests, initTests}, {w.found.deployed, initDeployed}, {w.found.workflows, initWorkflows},
	} {
		if r.wanted {
			w.text(r.text)
		}
	}
}

func (w *writer) people() {
	from := []string{strconv.Quote("role:write")}
	if len(w.found.owners) > 0 {
		from = nil
		for _, o := range w.found.owners {
			from = append(from, strconv.Quote(o))
		}
		w.printf("\n# Who lifts a finding of level approve: the owners from %s.\n", w.found.ownersIn)
	} else {
		w.text("\n# Who lifts a finding of level approve: anybody who may write here, except the\n# authors of the change.\n")
	}
	w.printf("approvals: {count: 1, from: [%s]}\n", strings.Join(from, ", "))
	w.text(initTail)
}

func (w *writer) risk() {
	if len(w.found.surfaces) == 0 {
		return
	}
	w.text("\n# Changes to these count as riskier and are listed first. Risk orders attention;\n# it stops nothing unless approve-at says so.\nrisk:\n  surfaces:\n")
	for _, s := range w.found.surfaces {
		w.printf("    %s:\n      paths:\n", s.name)
		w.items("        ", s.globs)
		w.printf("      weight: %d\n", s.weight)
	}
	w.text("  approve-at: never           # never, medium, high or critical\n")
}

const initHead = `# What changes to this repository may be, and who decides when one is more.
#
# Every change is judged by this file as it stands on the branch that the change
# goes to, never by the change's own version of it. Check it with
#   changeguard policy lint
#   changeguard rules                    what rules there are
#   changeguard rules explain KIND       what one finds, and its options
`

const initMode = `
# Observing shows what would be stopped and stops nothing. When the findings are
# what you want, remove this line: enforce is the default.
mode: observe

`

const initSessions = `sessions:
  # Work that is to look and not to touch. Whoever starts it declares it, in any
  # one of these ways, and the change is held to it from then on.
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
  # marks to hold such changes to documents and tests, unless a person agrees.
  # undeclared-agent:
  #   may-change: [docs, tests]
  #   level: approve

rules:
`

const initRules = `  # What a change says of itself must cover what it does: "docs: …" does not cover
  # code.
  says-what-it-does:
    uses: declared-scope
    level: warn

  # A change that is too large is waved through rather than reviewed.
  size:
    uses: limits
    level: warn
    with:
      commits: 50
      files: 300

  # What guards this repository changes only when a person has looked: this file,
  # the code owners, the instructions, settings and hooks of coding agents.
  guard-integrity:
    uses: guard-integrity
    level: approve
`

const initTests = `  # Tests that are no longer collected fail nobody: a moved folder or a line of
  # configuration is enough.
  tests-are-kept:
    uses: test-discovery
    level: approve

`

const initDeployed = `  # A service that listens elsewhere than its platform expects does not start, and
  # neither does one that requires a variable which nothing provides.
  ports-agree:
    uses: deployment-ports
    level: block
  variables-are-provided:
    uses: environment-variables
    level: warn

`

const initWorkflows = `  # What a workflow may do with the repository's rights: permissions that grow,
  # actions that are not pinned, text of strangers that is run.
  workflows-stay-safe:
    uses: workflows
    level: approve

`

const initTail = `
# Who may override a finding: with a reason, for a week, and not in a change of
# their own.
overrides: {by: ["role:maintain"], self: false, expire: 168h}

# Judge pushes to these branches as well, not pull requests alone.
# pushes: {branches: [main, "release/**"]}
`
