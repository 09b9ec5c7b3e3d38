// Package gitrepotest makes repositories for tests.
package gitrepotest

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
)

// A Repo is a repository in a temporary folder.
type Repo struct {
	tb  testing.TB
	Dir string
}

// New makes an empty repository with the branch main checked out. It writes what
// `git init` would, since tests make hundreds. The format of the objects may be
// named; it is sha1 otherwise.
func New(tb testing.TB, format ...string) *Repo {
	tb.Helper()
	r := &Repo{tb, tb.TempDir()}
	config := "[core]\n\trepositoryformatversion = 0\n\tbare = false\n"
	if len(format) > 0 && format[0] != "sha1" {
		config = "[core]\n\trepositoryformatversion = 1\n\tbare = false\n[extensions]\n\tobjectformat = " + format[0] + "\n"
	}
	for _, folder := range []string{"objects/info", "objects/pack", "refs/heads", "refs/tags"} {
		if err := os.MkdirAll(filepath.Join(r.Dir, ".git", folder), 0o755); err != nil {
			tb.Fatal(err)
		}
	}
	r.Write(map[string]string{".git/HEAD": "ref: refs/heads/main\n", ".git/config": config})
	return r
}

// Snapshot holds all files of a repository, so that copies can be made of it.
func (r *Repo) Snapshot() fs.FS {
	r.tb.Helper()
	files := make(fstest.MapFS)
	err := filepath.WalkDir(r.Dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, err := filepath.Rel(r.Dir, path)
		if err != nil {
			return err
		}
		data, err := os.ReadFile(path)
		files[filepath.ToSlash(name)] = &fstest.MapFile{Data: data, Mode: 0o644}
		return err
	})
	if err != nil {
		r.tb.Fatal(err)
	}
	// A folder without files is a folder of a repository all the same.
	for _, name := range []string{".git/refs/tags", ".git/objects/pack", ".git/objects/info"} {
		files[name] = &fstest.MapFile{Mode: fs.ModeDir | 0o755}
	}
	return files
}

// Restore makes a repository of a snapshot.
func Restore(tb testing.TB, snapshot fs.FS) *Repo {
	tb.Helper()
	r := &Repo{tb, tb.TempDir()}
	if err := os.CopyFS(r.Dir, snapshot); err != nil {
		tb.Fatal(err)
	}
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
