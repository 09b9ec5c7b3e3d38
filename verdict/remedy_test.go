package verdict_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/internal/gitrepo"
	"github.com/changeguard/changeguard/internal/gitrepo/gitrepotest"
	"github.com/changeguard/changeguard/rules"
	"github.com/changeguard/changeguard/verdict"
)

// awkward are names that a shell, git or a terminal could take for something
// else. The decoys are what a remedy that is taken for a pattern would hit.
var (
	awkward = []string{
		"plain.txt", "deep/er/one.txt", "-rf", "--", "a b", "it's", `dou"ble`, "$(touch pwned)", "`touch pwned`", "a;touch pwned", "a&b", "a|b", "<x>", "!bang", "#hash", "~", "=ls",
		"{a,b}", "%s", "new\nline", "end\n", "tab\tstop", "\x1b[31m", "*", "?.ts", "[id].ts", ":(top)x", ":!x", ":/x", `back\slash`, "üml", "\u202ertl", "zero\u200bwidth", "⚠\ufe0f.md", "-\u202e",
	}
	decoys = []string{"i.ts", "d.ts", "decoy", "x", "a", "b", "back"}
)

// judgeRepo judges feature against main with a policy that protects everything.
func judgeRepo(t *testing.T, r *gitrepotest.Repo) *verdict.Verdict {
	t.Helper()
	repo, err := gitrepo.Open(context.Background(), r.Dir)
	if err != nil {
		t.Fatal(err)
	}
	defer repo.Close()
	c, err := repo.Load(context.Background(), gitrepo.Options{Base: "main", Head: "HEAD", Env: func(string) string { return "" }})
	if err != nil {
		t.Fatal(err)
	}
	return judge(t, c, "sessions: {careful: {declared-by: {trailers: [\"Mode: careful\"]}, max-commits: 2}}\nrules: {all: {uses: protected-paths, with: {paths: [\"**\"]}}}\n")
}

// changes are what can happen to a file, each in a folder of its own.
var changes = map[string]func(t *testing.T, r *gitrepotest.Repo, dir, name string){
	"added":    func(t *testing.T, r *gitrepotest.Repo, dir, name string) { write(t, r, dir+name, dir+"new") },
	"modified": func(t *testing.T, r *gitrepotest.Repo, dir, name string) { write(t, r, dir+"base-"+name, "other") },
	"removed":  func(t *testing.T, r *gitrepotest.Repo, dir, name string) { remove(t, r, dir+"base-"+name) },
	"executable": func(t *testing.T, r *gitrepotest.Repo, dir, name string) {
		if err := os.Chmod(filepath.Join(r.Dir, dir+"base-"+name), 0o755); err != nil {
			t.Fatal(err)
		}
	},
	"link": func(t *testing.T, r *gitrepotest.Repo, dir, name string) {
		remove(t, r, dir+"base-"+name)
		if err := os.Symlink("x", filepath.Join(r.Dir, dir+"base-"+name)); err != nil {
			t.Fatal(err)
		}
	},
	"renamed": func(t *testing.T, r *gitrepotest.Repo, dir, name string) {
		move(t, r, dir+"base-"+name, dir+"elsewhere/"+name)
	},
	"renamed into a folder of its name": func(t *testing.T, r *gitrepotest.Repo, dir, name string) {
		move(t, r, dir+"base-"+name, dir+"base-"+name+"/in")
	},
}

// The remedies are run as they are, in every shell that is here. Afterwards what
// they are for is gone, and nothing else is.
func TestRemediesUndoWhatWasFound(t *testing.T) {
	t.Parallel()
	work := gitrepotest.New(t)
	for kind := range changes {
		for _, name := range named(kind) {
			write(t, work, kind+"/base-"+name, kind+name)
		}
	}
	work.Commit("base")
	work.Git("checkout", "-q", "-b", "feature")
	var kept []string
	for kind, change := range changes {
		for _, name := range named(kind) {
			change(t, work, kind+"/", name)
		}
		for _, name := range decoys {
			write(t, work, kind+"/"+name, "decoy "+kind+name)
			kept = append(kept, kind+"/"+name)
		}
	}
	slices.Sort(kept)
	work.Commit("work")
	for _, shell := range shells(t) {
		t.Run(filepath.Base(shell), func(t *testing.T) {
			t.Parallel()
			r := clone(t, work) // which has no folder that is empty
			v := judgeRepo(t, r)
			if least := 3*len(awkward) + len(kept); len(v.Findings) < least {
				t.Fatalf("%d findings, not %d", len(v.Findings), least)
			}
			run(t, r, shell, remedies(t, shell, v, kept))
			r.Git("commit", "-q", "-m", "undo")
			var left []string
			for _, f := range judgeRepo(t, r).Findings {
				left = append(left, f.Path)
			}
			if diff := cmp.Diff(kept, left); diff != "" {
				t.Error(diff)
			}
			if found, _ := filepath.Glob(filepath.Join(r.Dir, "*pwned*")); found != nil {
				t.Errorf("a name was run: %v", found)
			}
		})
	}
}

// named are the names to try: all of them where the command has another shape.
func named(kind string) []string {
	switch kind {
	case "added", "modified", "renamed":
		return awkward
	}
	return []string{"plain.txt", "deep/er/one.txt", "*", "new\nline", "it's"}
}

// shells are those of this machine, each once, by their resolved names.
func shells(t *testing.T) []string {
	t.Helper()
	var found []string
	for _, name := range []string{"sh", "bash", "zsh", "dash", "ksh", "fish"} {
		path, err := exec.LookPath(name)
		if err == nil {
			path, err = filepath.EvalSymlinks(path)
		}
		if err == nil && !slices.Contains(found, path) {
			found = append(found, path)
		}
	}
	if len(found) == 0 {
		t.Skip("no shell here")
	}
	return found
}

// remedies is a script of the commands that undo all findings but the kept ones.
func remedies(t *testing.T, shell string, v *verdict.Verdict, kept []string) string {
	t.Helper()
	var script []string
	seen := make(map[string]bool)
	for _, f := range v.Findings {
		if slices.Contains(kept, f.Path) || seen[f.Remedy] {
			continue
		}
		seen[f.Remedy] = true
		if !strings.HasPrefix(f.Remedy, "git ") || strings.ContainsAny(f.Remedy, "\n\x1b") {
			t.Errorf("%q: %q is no command", f.Path, f.Remedy)
		}
		// The one form that is not for every shell, for a line feed at the end.
		if strings.Contains(f.Remedy, "$'") && (filepath.Base(shell) == "dash" || filepath.Base(shell) == "fish") {
			script = append(script, `bash -c `+rules.Quote(f.Remedy))
			continue
		}
		script = append(script, f.Remedy)
	}
	return strings.Join(script, "\n")
}

func run(t *testing.T, r *gitrepotest.Repo, shell, script string, env ...string) {
	t.Helper()
	cmd := exec.Command(shell, "-c", "set -e\n"+script)
	if filepath.Base(shell) == "fish" {
		cmd = exec.Command(shell, "-c", script)
	}
	cmd.Dir = r.Dir
	cmd.Env = append(append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1", "GIT_COMMITTER_NAME=Dev", "GIT_COMMITTER_EMAIL=dev@example.com"), env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

func write(t *testing.T, r *gitrepotest.Repo, name, content string) {
	t.Helper()
	r.Write(map[string]string{name: content})
}

func remove(t *testing.T, r *gitrepotest.Repo, name string) {
	t.Helper()
	if err := os.Remove(filepath.Join(r.Dir, name)); err != nil {
		t.Fatal(err)
	}
}

func move(t *testing.T, r *gitrepotest.Repo, from, to string) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(r.Dir, from))
	if err != nil {
		t.Fatal(err)
	}
	remove(t, r, from)
	write(t, r, to, string(data))
}

func clone(t *testing.T, r *gitrepotest.Repo) *gitrepotest.Repo {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "clone")
	r.Git("clone", "-q", r.Dir, dir)
	c := gitrepotest.At(t, dir)
	c.Git("branch", "-q", "main", "origin/main")
	return c
}

// A name whose bytes are not known here gets advice instead of a command that
// would miss it.
func TestNoCommandForANameOfUnknownBytes(t *testing.T) {
	t.Parallel()
	r := gitrepotest.New(t)
	r.Commit("base")
	r.Git("checkout", "-q", "-b", "feature")
	blob := r.Feed("x\n", "hash-object", "-w", "--stdin")
	r.Feed("100644 "+blob+"\todd\xff.txt\x00", "update-index", "--add", "-z", "--index-info")
	r.Git("commit", "-q", "-m", "odd")
	v := judgeRepo(t, r)
	if len(v.Findings) == 0 {
		t.Fatal("nothing was found")
	}
	for _, f := range v.Findings {
		if strings.HasPrefix(f.Remedy, "git ") || f.Remedy == "" {
			t.Errorf("%s: %q", f.Rule, f.Remedy)
		}
	}
}

// A submodule comes and goes by the same commands, and too many commits are put
// together.
func TestRemediesOfSubmodulesAndCommits(t *testing.T) {
	t.Parallel()
	r := gitrepotest.New(t)
	r.Write(map[string]string{"was.txt": "x\n", "docs/a.md": "a\n"})
	base := r.Commit("base")
	r.Git("checkout", "-q", "-b", "feature")
	r.Git("rm", "-q", "was.txt")
	for _, name := range []string{"was.txt", "new"} {
		r.Git("update-index", "--add", "--cacheinfo", string(change.Submodule)+","+base+","+name)
		r.Git("commit", "-q", "-m", "module\n\nMode: careful")
	}
	r.Write(map[string]string{"docs/a.md": "b\n"})
	r.Git("add", "docs/a.md")
	r.Git("commit", "-q", "-m", "docs\n\nMode: careful")
	r = clone(t, r)
	v := judgeRepo(t, r)
	if diff := cmp.Diff([]string{"block careful ", "block all docs/a.md", "block all new", "block all was.txt"}, short(v)); diff != "" {
		t.Fatal(diff)
	}
	run(t, r, shells(t)[0], v.Findings[0].Remedy, "GIT_SEQUENCE_EDITOR=sed -i.bak -e '2,$s/^pick/fixup/'")
	if left := short(judgeRepo(t, r)); slices.Contains(left, "block careful ") || len(left) != 3 {
		t.Fatalf("after the rebase: %v", left)
	}
	run(t, r, shells(t)[0], remedies(t, "", judgeRepo(t, r), nil))
	r.Git("commit", "-q", "-m", "undo")
	if left := short(judgeRepo(t, r)); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
}
