package guard_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/changeguard/changeguard/internal/ghfake"
	"github.com/changeguard/changeguard/report"
)

// stops wants a pull request with a change to be stopped, by words in its result.
func (w *world) stops(changes ghfake.Files, conclusion, words string) {
	w.t.Helper()
	w.evaluate(w.pull(w.open("feature", "main", changes)))
	w.concluded("feature", conclusion, words)
}

// A change that brings its own, permissive policy is judged by the base's, and
// that it touches the policy is found too.
func TestBypass01_PolicyOfTheHead(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.base(testPolicy)
	w.stops(ghfake.Files{"core/a.py": ghfake.Text("x = 2\n"), policyPath: ghfake.Text("version: 1\nmode: observe\nrules: {}\n")}, "failure", "core")
	w.concluded("feature", "failure", "guard-integrity")
}

// A list of files that GitHub cuts hides nothing: what is beyond its 3,000 is
// read elsewhere.
func TestBypass04_BeyondTheListOfFiles(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.base(strings.ReplaceAll(testPolicy, "core/**", "zz/**"))
	many := ghfake.Files{"zz/last.py": ghfake.Text("x = 2\n")}
	for i := range 3005 {
		many[fmt.Sprintf("lib/%04d.py", i)] = ghfake.Text(fmt.Sprintf("x = %d\n", i))
	}
	w.stops(many, "failure", "zz/last.py")
}

// Neither do 250 commits, after which GitHub ends its list.
func TestBypass04_BeyondTheListOfCommits(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.base(testPolicy)
	w.repo.Branch("feature", "main")
	for i := range 260 {
		message := fmt.Sprint("change ", i)
		if i == 255 {
			message += "\n\nSession-Mode: analysis-only\n"
		}
		w.repo.Commit("feature", message, ghfake.Files{"lib/a.py": ghfake.Text(fmt.Sprintf("x = %d\n", i))}, author)
	}
	n := w.repo.Open(ghfake.Pull{Title: "Many commits", Base: "main", Head: "feature", Author: dev}).Number
	w.evaluate(w.pull(n))
	w.concluded("feature", "failure", "analysis-only")
}

// A file of which GitHub shows no patch is read itself.
func TestBypass05_FileWithoutAPatch(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.base(testPolicy + "  packages: {uses: dependencies}\n")
	line := `{"name": "x", "description": "` + strings.Repeat("a", 600_000) + `", "dependencies": {"left-pad": "^1.0.0"}}`
	w.stops(ghfake.Files{"package.json": ghfake.Text(line)}, "failure", "left-pad")
}

// What is moved out of a protected place, or into it, has touched it.
func TestBypass06_Moves(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ from, to string }{"out": {"core/a.py", "lib/a.py"}, "in": {"README.md", "core/b.md"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil)
			w.base(testPolicy)
			w.stops(ghfake.Files{c.from: nil, c.to: ghfake.Text(w.repo.Content("main", c.from))}, "failure", "core")
		})
	}
}

// GitHub calls what is deleted "removed".
func TestBypass07_RemovedFile(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.base(testPolicy)
	w.stops(ghfake.Files{"core/a.py": nil}, "failure", "core/a.py")
}

// Names that a file system takes for a protected one, or that nobody can read,
// are found.
func TestBypass08_NamesThatLookAlike(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"CORE/a.py", "Core/x.py", ".GitHub/changeguard.yml", "co\u200cre/a.py", "core\u202e/a.py", "caf\u0065\u0301/a.py", "core/a\u00a0.py", "core/a\x01.py"} {
		t.Run(fmt.Sprintf("%+q", name), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil)
			w.base(strings.ReplaceAll(testPolicy, `["core/**"]`, "[\"core/**\", \"caf\u00e9/**\"]"))
			n := w.open("feature", "main", ghfake.Files{name: ghfake.Text("x = 2\n")})
			w.evaluate(w.pull(n))
			if got := w.last("feature").Conclusion; got == "success" {
				t.Errorf("%s: %s", got, w.last("feature").Summary)
			}
		})
	}
}

// Links, executable files and submodules in a protected place, and the
// addresses of submodules, are changes like any other.
func TestBypass09_LinksModesAndSubmodules(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		file ghfake.File
		path string
	}{
		"a link in its place":    {ghfake.File{Mode: "120000", Content: "../lib"}, "core/a.py"},
		"an executable":          {ghfake.File{Mode: "100755", Content: "x = 1\n"}, "core/a.py"},
		"a submodule":            {ghfake.File{Mode: "160000", Content: strings.Repeat("a", 40)}, "core/a.py"},
		"a submodule for all":    {ghfake.File{Mode: "160000", Content: strings.Repeat("a", 40)}, "core"},
		"a link for the folder":  {ghfake.File{Mode: "120000", Content: "lib"}, "core"},
		"a submodule's address":  {ghfake.File{Mode: "100644", Content: "[submodule \"x\"]\n\tpath = x\n\turl = https://mallory.example/x\n"}, ".gitmodules"},
		"a link to what it says": {ghfake.File{Mode: "120000", Content: "../core/a.py"}, "docs/notes.md"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil)
			w.base(testPolicy + "  packages: {uses: dependencies}\n")
			w.repo.Branch("feature", "main")
			if c.path == "core" {
				w.repo.Commit("feature", "make room", ghfake.Files{"core/a.py": nil}, author)
			}
			w.repo.Commit("feature", "change", ghfake.Files{c.path: &c.file}, author)
			n := w.repo.Open(ghfake.Pull{Title: "Change", Base: "main", Head: "feature", Author: dev}).Number
			if c.path == "docs/notes.md" {
				w.repo.Label(n, "analysis-only", "lead") // which may touch documents only, and a link is none
			}
			w.evaluate(w.pull(n))
			w.concluded("feature", "failure", c.path)
		})
	}
}

// Nothing rests on code owners, and the file is guarded wherever GitHub looks
// for it.
func TestBypass10_CodeOwners(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"CODEOWNERS", ".github/CODEOWNERS", "docs/CODEOWNERS", ".GITHUB/codeowners"} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil)
			w.base(testPolicy)
			w.stops(ghfake.Files{path: ghfake.Text("* @mallory\n")}, "action_required", "guard-integrity")
		})
	}
}

// Whatever happens, a result is never one of those that GitHub lets through
// without saying success, and what was not judged is not a success.
func TestBypass13_SkippedAndNeutral(t *testing.T) {
	t.Parallel()
	allowed := []string{string(report.Success), string(report.Failure), string(report.ActionRequired)}
	for name, c := range map[string]struct {
		policy string
		change ghfake.Files
		draft  bool
		green  bool
	}{
		"fine":           {testPolicy, fine, false, true},
		"wrong":          {testPolicy, wrong, false, false},
		"a draft":        {testPolicy, wrong, true, false},
		"nothing at all": {testPolicy, ghfake.Files{}, false, true},
		"only a warning": {strings.ReplaceAll(testPolicy, "uses: protected-paths", "uses: protected-paths, level: warn"), wrong, false, true},
		"to approve":     {strings.ReplaceAll(testPolicy, "uses: protected-paths", "uses: protected-paths, level: approve"), wrong, false, false},
		"broken policy":  {"version: 1\nrules: {core: {uses: nothing}}\n", fine, false, false},
		"over the cost":  {testPolicy + "  much: {uses: expression, with: {require: \"change.paths.all(a, change.paths.all(b, change.paths.all(c, change.paths.all(d, a + b + c + d != ''))))\"}}\n", hundred(), false, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil)
			w.base(c.policy)
			n := w.open("feature", "main", c.change)
			w.repo.Edit(n, func(p *ghfake.Pull) { p.Draft = c.draft })
			w.evaluate(w.pull(n))
			r := w.last("feature")
			if !slices.Contains(allowed, r.Conclusion) || (r.Conclusion == "success") != c.green {
				t.Errorf("%s %s: %s", r.Status, r.Conclusion, r.Title)
			}
		})
	}
}

func hundred() ghfake.Files {
	many := make(ghfake.Files)
	for i := range 100 {
		many[fmt.Sprintf("lib/%d.py", i)] = ghfake.Text(fmt.Sprint(i))
	}
	return many
}

// A repository's rule of the same name, or its observing, takes nothing from the
// organisation's.
func TestBypass27_RepositoryOverTheOrganisation(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.organisation("version: 1\nrules: {core: {uses: protected-paths, with: {paths: [\"core/**\"]}}}\n")
	w.base("version: 1\nmode: observe\nrules: {core: {uses: protected-paths, level: off, with: {paths: [nothing]}}}\n")
	w.stops(wrong, "failure", "core/a.py")
}

// Nobody is exempt by their name, by the title or by being a bot, and nothing is
// green because it could not be looked at.
func TestBypass28_MagicExemptions(t *testing.T) {
	t.Parallel()
	for _, by := range []ghfake.Account{
		{Login: "dependabot[bot]", ID: 49699333, Type: "Bot"}, {Login: "renovate[bot]", ID: 29139614, Type: "Bot"}, {Login: "changeguard[bot]", ID: 99, Type: "Bot"}, {Login: "bot-lead", ID: 5, Type: "User"},
	} {
		t.Run(by.Login, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil)
			w.base(testPolicy)
			w.repo.Branch("dependabot/pip/x", "main")
			w.repo.Commit("dependabot/pip/x", "[skip ci] change\n\nskip-checks: true", wrong, author)
			n := w.repo.Open(ghfake.Pull{Title: "[skip changeguard] WIP", Body: "no-verify", Base: "main", Head: "dependabot/pip/x", Author: by}).Number
			w.evaluate(w.pull(n))
			w.concluded("dependabot/pip/x", "failure", "core")
		})
	}
	t.Run("an exhausted quota", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, nil)
		w.base(testPolicy)
		n := w.open("feature", "main", fine)
		w.hub.Exhaust(1)
		w.wants(w.try(w.pull(n)), errAny)
		if got := w.runs("feature"); len(got) != 0 {
			t.Errorf("%v", got)
		}
	})
}

// The files that guide agents and the guard are guarded in every policy that
// does not say otherwise, and by a policy that says nothing.
func TestBypass29_TheGuardsOwnFiles(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"AGENTS.md", "CLAUDE.md", ".claude/settings.json", ".mcp.json", ".cursor/rules/a.mdc", ".github/copilot-instructions.md"} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil)
			w.base(testPolicy)
			w.stops(ghfake.Files{path: ghfake.Text("{}\n")}, "action_required", "guard-integrity")
		})
	}
}

// Tests that are skipped, emptied or deleted to get to green are found.
func TestBypass30_WeakenedTests(t *testing.T) {
	t.Parallel()
	const before = "import pytest\n\ndef test_sum():\n    assert 1 + 1 == 2\n\ndef test_more():\n    assert 2 + 2 == 4\n"
	for name, after := range map[string]*ghfake.File{
		"skipped":    ghfake.Text(strings.Replace(before, "def test_sum", "@pytest.mark.skip\ndef test_sum", 1)),
		"without":    ghfake.Text("def test_more():\n    assert 2 + 2 == 4\n"),
		"deleted":    nil,
		"renamed":    ghfake.Text(strings.Replace(before, "def test_sum", "def check_sum", 1)),
		"asks less":  ghfake.Text(strings.Replace(before, "    assert 1 + 1 == 2\n", "    pass\n", 1)),
		"of nothing": ghfake.Text(""),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil)
			w.base(testPolicy + "  tests: {uses: test-discovery}\n")
			w.repo.Commit("main", "tests", ghfake.Files{"tests/test_a.py": ghfake.Text(before), "pytest.ini": ghfake.Text("[pytest]\n")}, author)
			w.stops(ghfake.Files{"tests/test_a.py": after}, "failure", "tests")
		})
	}
}
