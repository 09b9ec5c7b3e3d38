package app_test

import (
	"context"
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
