// Package gitrepotest makes repositories for tests.
package gitrepotest

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// files are the names and statuses of the files of a large public pull request.
//
//go:embed testdata/files.gz
var files []byte

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

// LargeFiles is the number of files in which Large's branches differ.
const LargeFiles = 11178

// Large makes a repository whose branch feature differs from main in the files
// of a large public pull request, LargeFiles of them, with stand-in contents and a
// policy on main.
func Large(tb testing.TB, policy string) *Repo {
	tb.Helper()
	z, err := gzip.NewReader(bytes.NewReader(files))
	if err != nil {
		tb.Fatal(err)
	}
	list, err := io.ReadAll(z)
	if err != nil {
		tb.Fatal(err)
	}
	r := New(tb)
	var base, head strings.Builder
	fmt.Fprintf(&base, "M 100644 inline .github/changeguard.yml\n%s", data(policy))
	for line := range strings.Lines(string(list)) {
		status, name, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		quoted := fmt.Sprintf("%q", name)
		if status != "A" {
			fmt.Fprintf(&base, "M 100644 inline %s\n%s", quoted, data("before "+name+"\n"))
		}
		if status == "R" {
			fmt.Fprintf(&head, "D %s\n", quoted)
		} else {
			fmt.Fprintf(&head, "M 100644 inline %s\n%s", quoted, data("after "+name+"\n"))
		}
	}
	const who = "committer Dev <dev@example.com> 1735689600 +0000\n"
	r.Feed("commit refs/heads/main\nmark :1\n"+who+data("base")+base.String()+"\ncommit refs/heads/feature\n"+who+data("head")+"from :1\n"+head.String()+"\n", "fast-import", "--quiet")
	return r
}

func data(s string) string { return fmt.Sprintf("data %d\n%s\n", len(s), s) }
