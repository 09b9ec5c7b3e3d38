package workflows_test

import (
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/changeguard/changeguard/rules/rulestest"
)

// usual and guarded are the workflows that the rows of ordinary.txt edit: a line
// "@name" of a row says with what the line that ends in "# @name" is replaced at the
// head, and "@base:name" the same at the base.
const (
	usual = `name: ci
on: [push, pull_request] # @on
permissions: {contents: read} # @permissions
jobs: # @jobs
  test: # @job
    runs-on: ubuntu-latest # @runner
    steps:
      - uses: actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683 # v4
      - run: make test # @steps
`
	guarded = `name: policy
on:
  pull_request: # @trigger
  merge_group: # @group
permissions: {contents: read}
jobs:
  guard: # @job
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683 # v4
      - uses: acme/changeguard@11bd71901bbe5b1630ceea73d27597364c9af683 # @guard
`
)

// Edits whose names begin with "guard" are of the guard's own workflow.
func TestOrdinaryChanges(t *testing.T) {
	t.Parallel()
	rulestest.Ordinary(t, "workflows", archive)
}

func archive(t *testing.T, name, text string) *txtar.Archive {
	t.Helper()
	edits, more, _ := strings.Cut(text, "\n-- ")
	a := &txtar.Archive{}
	if more != "" {
		a = txtar.Parse([]byte("-- " + more))
	}
	before, path := usual, ".github/workflows/ci.yml"
	if strings.HasPrefix(name, "guard") {
		before, path = guarded, ".github/workflows/policy.yml"
	}
	after := before
	old, now := make(map[string]string), make(map[string]string)
	for edit := range strings.SplitSeq("\n"+edits, "\n@") {
		marker, by, _ := strings.Cut(edit, "\n")
		if at, ok := strings.CutPrefix(marker, "base:"); ok {
			old[at] = by
		} else if marker != "" {
			now[marker] = by
		}
	}
	for at, by := range old {
		before = edited(t, before, at, by)
		if _, again := now[at]; !again {
			now[at] = by
		}
	}
	for at, by := range now {
		after = edited(t, after, at, by)
	}
	a.Files = append(a.Files,
		txtar.File{Name: "policy.yml", Data: []byte("version: 1\nrules:\n  r: {uses: workflows}\n")},
		txtar.File{Name: "base/" + path, Data: []byte(before)}, txtar.File{Name: "head/" + path, Data: []byte(after)})
	return a
}

// edited replaces the line of a marker.
func edited(t *testing.T, text, marker, by string) string {
	t.Helper()
	lines := strings.Split(text, "\n")
	for i, l := range lines {
		if strings.HasSuffix(l, "# @"+marker) {
			lines[i] = strings.TrimSuffix(by, "\n")
			return strings.Join(lines, "\n")
		}
	}
	t.Fatalf("no line @%s", marker)
	return ""
}
