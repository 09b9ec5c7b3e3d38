package gitrepo_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/internal/gitrepo"
	"github.com/changeguard/changeguard/internal/gitrepo/gitrepotest"
)

// trap is a program that leaves a trace when it is executed.
type trap struct{ program, trace string }

func newTrap(t *testing.T) trap {
	t.Helper()
	dir := t.TempDir()
	p := trap{filepath.Join(dir, "evil.sh"), filepath.Join(dir, "trace")}
	if err := os.WriteFile(p.program, []byte("#!/bin/sh\necho x >>"+p.trace+"\nexit 1\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	return p
}

// sprung reports whether the program ran, and sets the trap again.
func (p trap) sprung() bool { return os.Remove(p.trace) == nil }

// plainGit runs git as a user would, with whatever the repository says. It may
// fail.
func plainGit(r *gitrepotest.Repo, args ...string) string {
	cmd := exec.Command("git", args...)
	cmd.Dir = r.Dir
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null")
	out, _ := cmd.CombinedOutput()
	return string(out)
}

// facts are all that a verdict can see of a change.
type facts struct {
	Files   []change.File
	Commits []change.Commit
	Gaps    []change.Gap
	Bounds  [3]string
	Lines   []change.Lines
	Content string
	Paths   map[string][]string
}

func factsOf(t *testing.T, dir string, o gitrepo.Options) facts {
	t.Helper()
	c := mustLoad(t, dir, o)
	f := facts{Files: c.Files, Commits: c.Commits, Gaps: c.Gaps, Bounds: [3]string{c.Base, c.MergeBase, c.Head}}
	var err error
	if f.Lines, _, err = c.CountLines(context.Background()); err != nil {
		t.Error(err)
	}
	for _, at := range []change.Side{change.AtBase, change.AtHead} {
		data, err := c.Read(context.Background(), at, "a.py")
		if err != nil {
			t.Error(err)
		}
		f.Content += string(data)
	}
	if f.Paths, err = c.CommitPaths(context.Background(), []string{c.Head}); err != nil {
		t.Error(err)
	}
	return f
}

// Whatever a repository says beside its objects must not steer the judge. Every
// case first shows that git alone is steered by it.
func TestHostileRepositoryHasNoEffect(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		poison func(r *gitrepotest.Repo, p trap)
		// ask is a command of plain git whose answer the poison changes, or which
		// springs the trap.
		ask []string
	}{
		"attributes of the repository": {
			func(r *gitrepotest.Repo, _ trap) { r.Write(map[string]string{".git/info/attributes": "* -diff\n"}) },
			[]string{"diff-tree", "-r", "--numstat", "main", "feature"},
		},
		"attributes of the work tree": {
			func(r *gitrepotest.Repo, _ trap) { r.Write(map[string]string{".gitattributes": "* binary\n"}) },
			[]string{"diff-tree", "-r", "--numstat", "main", "feature"},
		},
		"attributes by configuration": {
			func(r *gitrepotest.Repo, _ trap) {
				r.Write(map[string]string{".git/more": "* -diff\n"})
				r.Git("config", "core.attributesFile", filepath.Join(r.Dir, ".git", "more"))
			},
			[]string{"diff-tree", "-r", "--numstat", "main", "feature"},
		},
		"everything is binary": {
			func(r *gitrepotest.Repo, _ trap) { r.Git("config", "core.bigFileThreshold", "1") },
			[]string{"diff-tree", "-r", "--numstat", "main", "feature"},
		},
		"external diff": {
			func(r *gitrepotest.Repo, p trap) { r.Git("config", "diff.external", p.program) },
			[]string{"diff", "main", "feature"},
		},
		"text conversion": {
			func(r *gitrepotest.Repo, p trap) {
				r.Git("config", "diff.evil.textconv", p.program)
				r.Write(map[string]string{".git/info/attributes": "* diff=evil\n"})
			},
			[]string{"diff", "main", "feature"},
		},
		"a monitor of the file system": {
			func(r *gitrepotest.Repo, p trap) { r.Git("config", "core.fsmonitor", p.program) },
			[]string{"status"},
		},
		"a filter": {
			func(r *gitrepotest.Repo, p trap) {
				r.Git("config", "filter.evil.clean", p.program)
				r.Git("config", "filter.evil.required", "true")
				r.Write(map[string]string{".git/info/attributes": "* filter=evil\n", "a.py": "x = 2\nz = 4\n"})
			},
			[]string{"status"},
		},
		"a filter that stays": {
			func(r *gitrepotest.Repo, p trap) {
				r.Git("config", "filter.e=vil.process", p.program)
				r.Write(map[string]string{".git/info/attributes": "* filter=e=vil\n", "a.py": "x = 2\nz = 4\n"})
			},
			[]string{"status"},
		},
		"an alias": {
			func(r *gitrepotest.Repo, p trap) { r.Git("config", "alias.look", "!"+p.program) },
			[]string{"look"},
		},
		"a replaced base": {
			func(r *gitrepotest.Repo, _ trap) {
				r.Git("replace", "main", r.Git("commit-tree", "-m", "fake", "feature^{tree}"))
			},
			[]string{"diff-tree", "-r", "--raw", "main", "feature"},
		},
		"a replaced file": {
			func(r *gitrepotest.Repo, _ trap) {
				r.Git("replace", "feature:a.py", r.Feed("harmless\n", "hash-object", "-w", "--stdin"))
			},
			[]string{"cat-file", "blob", "feature:a.py"},
		},
		"grafts": {
			func(r *gitrepotest.Repo, _ trap) {
				r.Write(map[string]string{".git/info/grafts": r.Git("rev-parse", "feature") + "\n"})
			},
			[]string{"rev-list", "--count", "feature"},
		},
		"order, renames and algorithm": {
			func(r *gitrepotest.Repo, _ trap) {
				r.Write(map[string]string{".git/order": "n*\na*\n"})
				for _, kv := range [][2]string{{"diff.orderFile", filepath.Join(r.Dir, ".git", "order")}, {"diff.algorithm", "patience"}, {"diff.renames", "copies"}, {"core.quotePath", "false"}, {"diff.noprefix", "true"}} {
					r.Git("config", kv[0], kv[1])
				}
			},
			[]string{"diff", "--raw", "main", "feature"},
		},
		"signatures": {
			func(r *gitrepotest.Repo, p trap) {
				r.Git("config", "gpg.program", p.program)
				r.Git("config", "log.showSignature", "true")
				signed := strings.Replace(r.Git("cat-file", "commit", "feature"), "\n\n", "\ngpgsig -----BEGIN PGP SIGNATURE-----\n \n -----END PGP SIGNATURE-----\n\n", 1)
				r.Git("update-ref", "refs/heads/signed", r.Feed(signed, "hash-object", "-w", "-t", "commit", "--stdin"))
			},
			[]string{"log", "signed"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, p := simple(t), newTrap(t)
			base, head := r.Git("rev-parse", "main"), r.Git("rev-parse", "feature")
			o := gitrepo.Options{Base: base, Head: head}
			want, before := factsOf(t, r.Dir, o), plainGit(r, c.ask...)
			c.poison(r, p)
			if plainGit(r, c.ask...) == before && !p.sprung() {
				t.Fatal("the poison does nothing: this case shows nothing")
			}
			p.sprung()
			if diff := cmp.Diff(want, factsOf(t, r.Dir, o)); diff != "" {
				t.Errorf("the repository steers the judge:\n%s", diff)
			}
			if note := opened(t, r.Dir).Uncommitted(context.Background()); strings.Contains(note, "cannot be told") {
				t.Error(note)
			}
			if p.sprung() {
				t.Error("the repository's configuration executed a program")
			}
		})
	}
}

// The environment of whoever runs us is no part of the change either. Not
// parallel: the environment is everybody's.
func TestEnvironmentHasNoEffect(t *testing.T) {
	r, other, p := simple(t), simple(t), newTrap(t)
	other.Write(map[string]string{"a.py": "other\n"})
	other.Commit("other")
	want := factsOf(t, r.Dir, gitrepo.Options{})
	home := t.TempDir()
	config := "[diff]\n\texternal = " + p.program + "\n[core]\n\tattributesFile = " + filepath.Join(home, "attributes") + "\n\tbigFileThreshold = 1\n"
	for name, content := range map[string]string{".gitconfig": config, "attributes": "* -diff\n"} {
		if err := os.WriteFile(filepath.Join(home, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for k, v := range map[string]string{
		"HOME": home, "XDG_CONFIG_HOME": home, "GIT_CONFIG_GLOBAL": filepath.Join(home, ".gitconfig"), "GIT_DIR": filepath.Join(other.Dir, ".git"), "GIT_WORK_TREE": other.Dir,
		"GIT_EXTERNAL_DIFF": p.program, "GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "core.bigFileThreshold", "GIT_CONFIG_VALUE_0": "1", "GIT_CONFIG_PARAMETERS": "'core.bigfilethreshold'='1'",
		"GIT_OBJECT_DIRECTORY": filepath.Join(other.Dir, ".git", "objects"), "GIT_INDEX_FILE": p.program, "GIT_NAMESPACE": "x", "GIT_REPLACE_REF_BASE": "refs/heads", "GIT_SHALLOW_FILE": p.program,
		"GIT_TRACE": p.trace, "GIT_DIFF_OPTS": "-u0", "GIT_SSH_COMMAND": p.program, "LC_ALL": "de_DE.UTF-8", "LANGUAGE": "de", "GIT_ICASE_PATHSPECS": "1",
	} {
		t.Setenv(k, v)
	}
	if diff := cmp.Diff(want, factsOf(t, r.Dir, gitrepo.Options{})); diff != "" {
		t.Errorf("the environment steers the judge:\n%s", diff)
	}
	if p.sprung() {
		t.Error("the environment executed a program, or was traced to")
	}
}

// A partial clone fetches what it lacks, by a program that its configuration
// names. Judging must fetch nothing.
func TestPartialCloneFetchesNothing(t *testing.T) {
	t.Parallel()
	r, p := simple(t), newTrap(t)
	r.Git("config", "uploadpack.allowFilter", "true")
	partial := cloneOf(t, r, "--no-checkout", "--filter=blob:none")
	partial.Git("config", "remote.origin.uploadpack", p.program)
	for _, kv := range [][2]string{{"protocol.allow", "always"}, {"protocol.file.allow", "always"}} {
		partial.Git("config", kv[0], kv[1])
	}
	plainGit(partial, "cat-file", "blob", "origin/feature:a.py")
	if !p.sprung() {
		t.Fatal("git fetches nothing by itself: this shows nothing")
	}
	c := mustLoad(t, partial.Dir, gitrepo.Options{Base: "origin/main", Head: "origin/feature"})
	if len(c.Files) != 2 || len(c.Gaps) != 0 {
		t.Errorf("what needs no contents is known: %+v", c)
	}
	if _, err := c.Read(context.Background(), change.AtHead, "a.py"); err == nil || !strings.Contains(err.Error(), "missing") {
		t.Errorf("a content that is not there: %v", err)
	}
	if _, _, err := c.CountLines(context.Background()); err == nil {
		t.Error("lines of contents that are not there were counted")
	}
	if p.sprung() {
		t.Error("something was fetched")
	}
	partial.Git("config", "--unset", "remote.origin.uploadpack")
	partial.Git(strings.Fields(remedy(t, c))[1:]...)
	if _, _, err := mustLoad(t, partial.Dir, gitrepo.Options{Base: "origin/main", Head: "origin/feature"}).CountLines(context.Background()); err != nil {
		t.Errorf("after the command that mends it: %v", err)
	}
}

// remedy is the command in the error about a content that is not there.
func remedy(t *testing.T, c *change.Change) string {
	t.Helper()
	_, err := c.Read(context.Background(), change.AtHead, "a.py")
	if err == nil {
		t.Fatal("nothing is missing")
	}
	_, rest, _ := strings.Cut(err.Error(), "`")
	command, _, ok := strings.Cut(rest, "`")
	if !ok {
		t.Fatalf("no command in %v", err)
	}
	return command
}

// An object store that was tampered with is noticed: git does not hash what it
// reads.
func TestTamperedObjectIsAnError(t *testing.T) {
	t.Parallel()
	r := simple(t)
	id, other := r.Git("rev-parse", "feature:a.py"), r.Feed("harmless\n", "hash-object", "-w", "--stdin")
	from := filepath.Join(r.Dir, ".git", "objects", other[:2], other[2:])
	to := filepath.Join(r.Dir, ".git", "objects", id[:2], id[2:])
	if err := os.Rename(from, to); err != nil {
		t.Fatal(err)
	}
	if got := plainGit(r, "cat-file", "--batch-check", "--batch-all-objects"); !strings.Contains(got, id+" blob 9") {
		t.Fatalf("git notices: this shows nothing: %s", got)
	}
	if _, err := mustLoad(t, r.Dir, gitrepo.Options{}).Read(context.Background(), change.AtHead, "a.py"); err == nil || !strings.Contains(err.Error(), "broken") {
		t.Errorf("reading it: %v", err)
	}
}

// A repository that belongs to somebody else can be judged, since nothing of it
// is executed.
func TestSomebodyElsesRepository(t *testing.T) {
	t.Parallel()
	r := simple(t)
	wrapper := script(t, `GIT_TEST_ASSUME_DIFFERENT_OWNER=1 exec git "$@"`)
	if out, err := exec.Command(wrapper, "-C", r.Dir, "rev-parse", "HEAD").CombinedOutput(); err == nil {
		t.Fatalf("git does not mind: this shows nothing: %s", out)
	}
	c, repo, err := gitrepo.Load(context.Background(), gitrepo.Options{Dir: r.Dir, Git: wrapper})
	if err != nil {
		t.Fatal(err)
	}
	defer repo.Close()
	if len(c.Files) != 2 {
		t.Errorf("%+v", c.Files)
	}
}

// script writes a program that plays git.
func script(t *testing.T, body string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "git")
	if err := os.WriteFile(name, []byte("#!/bin/sh\n"+body+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	return name
}

// cloneOf clones over git's own protocol, so that depth and filters count.
func cloneOf(t *testing.T, r *gitrepotest.Repo, options ...string) *gitrepotest.Repo {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "clone")
	quiet := []string{"clone", "-q", "-c", "gc.auto=0", "-c", "maintenance.auto=false"} // nothing goes on behind the test
	r.Git(append(append(quiet, options...), "file://"+r.Dir, dir)...)
	return gitrepotest.At(t, dir)
}

// Names are resolved in the repository itself, where grafts and replaced commits
// would lead elsewhere.
func TestHostileHistoryDoesNotSteerNames(t *testing.T) {
	t.Parallel()
	for name, poison := range map[string]func(r *gitrepotest.Repo){
		"grafts": func(r *gitrepotest.Repo) {
			r.Write(map[string]string{".git/info/grafts": r.Git("rev-parse", "feature") + " " + r.Git("rev-parse", "island") + "\n"})
		},
		"a replaced commit": func(r *gitrepotest.Repo) {
			r.Git("replace", "feature", r.Git("commit-tree", "-m", "fake", "-p", "island", "feature^{tree}"))
		},
	} {
		r := simple(t)
		base := r.Git("rev-parse", "main")
		r.Git("update-ref", "refs/heads/island", r.Git("commit-tree", "-m", "island", "feature^{tree}"))
		poison(r)
		if strings.Contains(plainGit(r, "rev-parse", "feature~1"), base) {
			t.Fatalf("%s: git is not steered: this shows nothing", name)
		}
		if c := mustLoad(t, r.Dir, gitrepo.Options{Base: "feature~1"}); c.Base != base || len(c.Files) != 2 {
			t.Errorf("%s: the base is %s, want %s", name, c.Base, base)
		}
	}
}
