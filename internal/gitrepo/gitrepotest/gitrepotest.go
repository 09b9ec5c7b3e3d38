// Package gitrepotest makes repositories for tests.
package gitrepotest

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// A Repo is a repository in a temporary folder.
type Repo struct {
	tb  testing.TB
	Dir string
}

// New makes an empty repository with the branch main checked out.
func New(tb testing.TB, more ...string) *Repo {
	tb.Helper()
	r := &Repo{tb, tb.TempDir()}
	r.Git(append([]string{"init", "-q", "-b", "main"}, more...)...)
	return r
}

// At is a repository that is already there.
func At(tb testing.TB, dir string) *Repo { return &Repo{tb, dir} }

// Git runs git and returns what it prints.
func (r *Repo) Git(args ...string) string {
	r.tb.Helper()
	return r.Feed("", args...)
}

// Feed is Git with something to read for it.
func (r *Repo) Feed(stdin string, args ...string) string {
	r.tb.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir = r.Dir
	cmd.Stdin = strings.NewReader(stdin)
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1", "GIT_AUTHOR_NAME=Dev", "GIT_AUTHOR_EMAIL=dev@example.com",
		"GIT_COMMITTER_NAME=Dev", "GIT_COMMITTER_EMAIL=dev@example.com", "GIT_AUTHOR_DATE=2025-01-01T00:00:00Z", "GIT_COMMITTER_DATE=2025-01-01T00:00:00Z")
	out, err := cmd.CombinedOutput()
	if err != nil {
		r.tb.Fatalf("git %v: %v\n%s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

// Write writes files into the work tree.
func (r *Repo) Write(contents map[string]string) {
	r.tb.Helper()
	for name, content := range contents {
		path := filepath.Join(r.Dir, filepath.FromSlash(name))
		err := os.MkdirAll(filepath.Dir(path), 0o755)
		if err == nil {
			err = os.WriteFile(path, []byte(content), 0o644)
		}
		if err != nil {
			r.tb.Fatal(err)
		}
	}
}

// Commit commits everything and returns the commit's id.
func (r *Repo) Commit(message string) string {
	r.tb.Helper()
	r.Git("add", "-A")
	r.Git("commit", "-q", "--allow-empty", "-m", message)
	return r.Git("rev-parse", "HEAD")
}
