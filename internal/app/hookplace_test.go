package app_test

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"github.com/changeguard/changeguard/internal/app"
	"github.com/changeguard/changeguard/internal/gitrepo/gitrepotest"
)

// Hooks that lie in the work tree are not there in another one unless they are
// committed, which is said; for those in git's own folder there is nothing to say.
func TestHooksInTheWorkTree(t *testing.T) {
	t.Parallel()
	r := gitrepotest.New(t)
	r.Write(map[string]string{"a": "x\n"})
	r.Commit("base")
	install := func() string {
		var stdout, stderr strings.Builder
		if code := (app.HookInstall{Repo: r.Dir, Target: "git"}).Run(context.Background(), &stdout, &stderr); code != app.ExitPass {
			t.Fatal(stderr.String())
		}
		return stdout.String()
	}
	if said := install(); strings.Contains(said, "core.hooksPath") {
		t.Error(said)
	}
	r.Git("config", "core.hooksPath", ".husky")
	if said := install(); !strings.Contains(said, ".husky") || !strings.Contains(said, "commit them") {
		t.Error(said)
	}
}

// A file is judged where it lies: in another work tree of the repository by its
// policy, in a submodule by the submodule's own.
func TestHookInOtherTrees(t *testing.T) {
	t.Parallel()
	r := hooked(t, hookPolicy)
	other := filepath.Join(t.TempDir(), "other")
	r.Git("worktree", "add", "-q", other, "-b", "side")
	part := hooked(t, "version: 1\nrules:\n  own: {uses: protected-paths, with: {paths: [\"lib/**\"]}}\n")
	part.Git("checkout", "-q", "main")
	r.Git("-c", "protocol.file.allow=always", "submodule", "add", "-q", part.Dir, "core/part")
	for name, c := range map[string]struct {
		file, words string
	}{
		"another work tree":         {filepath.Join(other, "core", "a.py"), "by the rule core"},
		"free in another work tree": {filepath.Join(other, "lib", "a.py"), ""},
		"a submodule":               {"core/part/lib/a.py", "by the rule own"},
		"free in a submodule":       {"core/part/core/a.py", ""},
		"its place":                 {"core/b.py", "by the rule core"},
	} {
		if code, reason := asked(t, r.Dir, "Write", map[string]any{"file_path": c.file, "content": "z\n"}); (code == 2) != (c.words != "") || !strings.Contains(reason, c.words) {
			t.Errorf("%s: %d %s", name, code, reason)
		}
	}
}
