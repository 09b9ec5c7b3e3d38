// Package gitrepo loads a change by running git.
//
// # The model
//
// Git is asked for raw, NUL-separated facts: which objects differ between the
// merge base and the head, which commits lie between, and what is in a blob.
// Everything that could make the same commits read differently is switched off:
// the user's and the system's configuration, hooks, external diffs, text
// conversion, attributes, replaced objects, grafts, and fetching what a partial
// clone lacks.
//
// What git cannot tell (a shallow clone, a missing object, no common ancestor)
// becomes a gap of the change with the command that mends it, so that the
// verdict is incomplete and never green. Only what the user asked wrongly (no
// repository, no such revision) is an error.
package gitrepo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/changeguard/changeguard/change"
)

// DefaultTimeout bounds one run of git.
const DefaultTimeout = 60 * time.Second

// A UsageError is a mistake in what was asked for.
type UsageError struct{ Message string }

func (e *UsageError) Error() string { return e.Message }

func usage(format string, args ...any) error { return &UsageError{fmt.Sprintf(format, args...)} }

// A Repo is a repository on disk. Close ends its processes.
//
// Names are resolved in the repository itself. Everything else runs in a bare
// folder of our own that borrows the repository's objects, so that nothing
// beside the objects (configuration, info/attributes, hooks, grafts, replaced
// objects, an index, a work tree) can have a say.
type Repo struct {
	git     string
	dir     string // where the user stands
	gitDir  string
	objects string // the repository's object folder
	own     string // the folder of our own
	timeout time.Duration

	mu    sync.Mutex // guards batch and trees
	batch *batch
	trees map[string][]treeEntry
}

// Open finds the repository that holds a folder.
func Open(ctx context.Context, dir string) (*Repo, error) {
	r := &Repo{git: "git", dir: dir, timeout: DefaultTimeout, trees: make(map[string][]treeEntry)}
	if _, err := exec.LookPath(r.git); err != nil {
		return nil, usage("git is not installed: %v", err)
	}
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return nil, usage("%s is no folder", dir)
	}
	out, err := r.there(ctx, "rev-parse", "--absolute-git-dir", "--show-object-format", "--git-path", "objects")
	if err != nil {
		return nil, usage("%s is not in a git repository: %s", dir, lastLine(err))
	}
	lines := strings.SplitN(strings.TrimSuffix(string(out), "\n"), "\n", 3)
	if len(lines) != 3 {
		return nil, usage("%s is in a repository that git describes oddly: %q", dir, out)
	}
	r.gitDir, r.objects = lines[0], lines[2]
	if !filepath.IsAbs(r.objects) {
		if r.objects, err = filepath.Abs(filepath.Join(dir, r.objects)); err != nil {
			return nil, fmt.Errorf("find the objects of %s: %w", dir, err)
		}
	}
	if err := r.isolate(lines[1]); err != nil {
		return nil, fmt.Errorf("make a folder for git: %w", err)
	}
	return r, nil
}

// isolate makes the bare folder of our own.
func (r *Repo) isolate(format string) (err error) {
	if r.own, err = os.MkdirTemp("", "changeguard-"); err != nil {
		return err
	}
	config := "[core]\n\trepositoryformatversion = 1\n\tbare = true\n[extensions]\n\tobjectformat = " + format + "\n"
	return errors.Join(
		os.Mkdir(filepath.Join(r.own, "refs"), 0o700), os.Mkdir(filepath.Join(r.own, "objects"), 0o700),
		os.WriteFile(filepath.Join(r.own, "HEAD"), []byte("ref: refs/heads/none\n"), 0o600),
		os.WriteFile(filepath.Join(r.own, "config"), []byte(config), 0o600),
	)
}

// Close ends what the repository started.
func (r *Repo) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.batch != nil {
		r.batch.close()
		r.batch = nil
	}
	return os.RemoveAll(r.own)
}

// environment is all that git may see of ours.
func environment(more ...string) []string {
	return append([]string{
		"LC_ALL=C", "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=" + os.DevNull, "GIT_ATTR_NOSYSTEM=1", "GIT_TERMINAL_PROMPT=0",
		"GIT_OPTIONAL_LOCKS=0", "GIT_NO_LAZY_FETCH=1", "GIT_NO_REPLACE_OBJECTS=1", "GIT_LITERAL_PATHSPECS=1", "GIT_PROTOCOL_FROM_USER=0",
		"GIT_PAGER=cat", "GIT_CEILING_DIRECTORIES=" + os.Getenv("GIT_CEILING_DIRECTORIES"),
		"PATH=" + os.Getenv("PATH"), "HOME=" + os.DevNull, "TMPDIR=" + os.TempDir(), "SystemRoot=" + os.Getenv("SystemRoot"),
	}, more...)
}

// overrides beat the repository's own configuration, which is as hostile as the
// rest of it.
var overrides = []string{
	"-c", "safe.directory=*", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=" + os.DevNull, "-c", "core.attributesFile=" + os.DevNull,
	"-c", "core.quotePath=false", "-c", "core.commitGraph=false", "-c", "core.useReplaceRefs=false", "-c", "core.alternateRefsCommand=",
	"-c", "diff.external=", "-c", "diff.renames=false", "-c", "diff.algorithm=myers", "-c", "diff.orderFile=" + os.DevNull, "-c", "diff.ignoreSubmodules=none",
	"-c", "diff.indentHeuristic=true", "-c", "log.showSignature=false", "-c", "gpg.program=false", "-c", "protocol.allow=never", "-c", "core.sshCommand=false", "-c", "uploadpack.packObjectsHook=",
	"--no-pager", "--no-replace-objects",
}

// command prepares git in the folder of our own; the context's end kills it.
func (r *Repo) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, r.git, append(append([]string{}, overrides...), args...)...)
	cmd.Dir = r.own
	cmd.Env = environment("GIT_DIR="+r.own, "GIT_OBJECT_DIRECTORY="+r.objects)
	cmd.WaitDelay = time.Second
	return cmd
}

// commandThere prepares git in the repository itself.
func (r *Repo) commandThere(ctx context.Context, args ...string) *exec.Cmd {
	cmd := r.command(ctx, args...)
	cmd.Dir, cmd.Env = r.dir, environment()
	return cmd
}

// maxOutput bounds what one run may print: a raw diff of a million files.
const maxOutput = 512 << 20

// run returns what git prints in the folder of our own.
func (r *Repo) run(ctx context.Context, args ...string) ([]byte, error) {
	return r.collect(ctx, r.command, args)
}

// there returns what git prints in the repository itself.
func (r *Repo) there(ctx context.Context, args ...string) ([]byte, error) {
	return r.collect(ctx, r.commandThere, args)
}

func (r *Repo) collect(ctx context.Context, prepare func(context.Context, ...string) *exec.Cmd, args []string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, r.timeout)
	defer cancel()
	cmd := prepare(ctx, args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &limited{w: &stdout, left: maxOutput}, &limited{w: &stderr, left: 64 << 10}
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			err = fmt.Errorf("it took longer than %s: %w", r.timeout, ctx.Err())
		}
		return nil, &gitError{args[0], strings.TrimSpace(stderr.String()), err}
	}
	return stdout.Bytes(), nil
}

// gitError keeps what git said.
type gitError struct {
	command string
	stderr  string
	err     error
}

func (e *gitError) Error() string {
	if e.stderr == "" {
		return fmt.Sprintf("git %s: %v", e.command, e.err)
	}
	return fmt.Sprintf("git %s: %s", e.command, strings.ReplaceAll(e.stderr, "\n", "; "))
}

func (e *gitError) Unwrap() error { return e.err }

// lastLine is the end of what git said, which is usually the reason.
func lastLine(err error) string {
	var g *gitError
	if !errors.As(err, &g) || g.stderr == "" {
		return err.Error()
	}
	lines := strings.Split(g.stderr, "\n")
	return strings.TrimPrefix(lines[len(lines)-1], "fatal: ")
}

// limited fails when too much is written.
type limited struct {
	w    io.Writer
	left int64
}

func (l *limited) Write(p []byte) (int, error) {
	if l.left -= int64(len(p)); l.left < 0 {
		return 0, errors.New("too much output")
	}
	return l.w.Write(p)
}

// resolve turns a revision into a commit id, "" when there is none.
func (r *Repo) resolve(ctx context.Context, rev string) (string, error) {
	if rev == "" || strings.HasPrefix(rev, "-") || strings.ContainsAny(rev, "\x00\n") {
		return "", usage("%q is no revision", rev)
	}
	out, err := r.there(ctx, "rev-parse", "--verify", "--quiet", "--end-of-options", rev+"^{commit}")
	if err != nil {
		return "", usage("%s is no commit in this repository; `git fetch origin` may bring it", rev)
	}
	lines := strings.Fields(string(out))
	return lines[len(lines)-1], nil
}

// File reads one file of a commit. found is false when it is not there.
func (r *Repo) File(ctx context.Context, commit, path string, limit int64) (data []byte, mode change.Mode, found bool, err error) {
	e, found, err := r.lookup(ctx, commit, path)
	if err != nil || !found {
		return nil, "", found, err
	}
	blobs, err := r.blobs(ctx, []string{e.Blob}, change.Limits{File: limit, Change: limit})
	if err != nil {
		return nil, e.Mode, true, err
	}
	b := blobs[e.Blob]
	if b.TooLarge {
		return nil, e.Mode, true, fmt.Errorf("read %s: %w", path, &change.TooLargeError{Size: b.Size, Limit: limit})
	}
	return b.Data, e.Mode, true, nil
}

// Paths lists every file of a revision.
func (r *Repo) Paths(ctx context.Context, commit string) ([]string, error) {
	id, err := r.resolve(ctx, commit)
	if err != nil {
		return nil, err
	}
	out, err := r.run(ctx, "ls-tree", "-r", "-z", "--name-only", "--full-tree", id)
	if err != nil {
		return nil, err
	}
	return splitNUL(out), nil
}

func splitNUL(out []byte) []string {
	if len(out) == 0 {
		return nil
	}
	return strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00")
}
