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
	"time"
)

// environment is all that git may see of ours. What may be said here instead of
// by an option is said here, since it also reaches what git itself starts.
func (r *Repo) environment(more ...string) []string {
	return append([]string{
		"LC_ALL=C", "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=" + filepath.Join(r.own, "global"), "GIT_ATTR_NOSYSTEM=1", "GIT_TERMINAL_PROMPT=0",
		"GIT_OPTIONAL_LOCKS=0", "GIT_NO_LAZY_FETCH=1", "GIT_ALLOW_PROTOCOL=none", "GIT_NO_REPLACE_OBJECTS=1", "GIT_GRAFT_FILE=" + os.DevNull,
		"GIT_LITERAL_PATHSPECS=1", "GIT_PAGER=cat", "GIT_CEILING_DIRECTORIES=" + os.Getenv("GIT_CEILING_DIRECTORIES"),
		"PATH=" + os.Getenv("PATH"), "HOME=" + os.DevNull, "TMPDIR=" + os.TempDir(), "SystemRoot=" + os.Getenv("SystemRoot"),
	}, more...)
}

// overrides beat the repository's own configuration where git runs in it.
var overrides = []string{
	"-c", "safe.directory=*", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=" + os.DevNull, "-c", "core.attributesFile=" + os.DevNull,
	"-c", "core.commitGraph=false", "-c", "core.multiPackIndex=false", "-c", "core.useReplaceRefs=false", "-c", "core.alternateRefsCommand=",
	"-c", "core.warnAmbiguousRefs=true", "-c", "advice.graftFileDeprecated=false", "-c", "core.sshCommand=false", "-c", "core.bigFileThreshold=512m", "-c", "diff.external=", "-c", "diff.algorithm=myers",
	"-c", "protocol.allow=never", "-c", "gpg.program=false", "-c", "log.showSignature=false", "-c", "status.showUntrackedFiles=normal",
	"--no-pager", "--no-replace-objects",
}

// command prepares git in the folder of our own; the context's end kills it.
func (r *Repo) command(ctx context.Context, args ...string) *exec.Cmd {
	err := r.prepare()
	cmd := exec.CommandContext(ctx, r.git, append(append([]string{}, overrides...), args...)...)
	if err != nil {
		cmd.Err = err // git is not started then
	}
	cmd.Dir = r.own
	cmd.Env = r.environment("GIT_DIR="+r.own, "GIT_OBJECT_DIRECTORY="+r.objects)
	// What git left behind may hold its output open; it is not waited for.
	cmd.WaitDelay = time.Second
	return cmd
}

// commandThere prepares git in the repository itself.
func (r *Repo) commandThere(ctx context.Context, args ...string) *exec.Cmd {
	cmd := r.command(ctx, args...)
	cmd.Dir, cmd.Env = r.dir, r.environment()
	return cmd
}

// The most that one run may print: the raw diff of a million files, and as much
// of what it says as anybody reads.
const (
	maxOutput = 512 << 20
	maxSaid   = 64 << 10
)

// run returns what git prints in the folder of our own.
func (r *Repo) run(ctx context.Context, args ...string) ([]byte, error) {
	return r.feed(ctx, "", args...)
}

// feed is run with something to read for git.
func (r *Repo) feed(ctx context.Context, stdin string, args ...string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, r.timeout)
	defer cancel()
	cmd := r.command(ctx, args...)
	cmd.Stdin = strings.NewReader(stdin)
	out, _, err := r.collect(ctx, cmd, args[0])
	return out, err
}

// there returns what git prints in the repository itself.
func (r *Repo) there(ctx context.Context, args ...string) ([]byte, error) {
	out, _, err := r.thereSaying(ctx, nil, args...)
	return out, err
}

// thereSaying also returns what git says beside its answer. more is added to
// the environment.
func (r *Repo) thereSaying(ctx context.Context, more []string, args ...string) (out []byte, said string, err error) {
	ctx, cancel := context.WithTimeout(ctx, r.timeout)
	defer cancel()
	cmd := r.commandThere(ctx, args...)
	cmd.Env = append(cmd.Env, more...)
	return r.collect(ctx, cmd, args[0])
}

// collect runs a command whose output is bounded.
func (r *Repo) collect(ctx context.Context, cmd *exec.Cmd, name string) (out []byte, said string, err error) {
	var stdout, stderr bytes.Buffer
	answer, complaint := &limited{w: &stdout, left: maxOutput}, &limited{w: &stderr, left: maxSaid, quiet: true}
	cmd.Stdout, cmd.Stderr = answer, complaint
	err = cmd.Run()
	said = strings.TrimSpace(stderr.String())
	switch {
	case ctx.Err() != nil:
		return nil, said, fmt.Errorf("git %s took too long: %w", name, ctx.Err())
	case answer.left < 0:
		return nil, said, fmt.Errorf("git %s printed more than %d bytes", name, maxOutput)
	case err != nil:
		return nil, said, &gitError{name, said, err}
	}
	return stdout.Bytes(), said, nil
}

// ended reports whether an error is the end of time: nothing is known then, not
// even that something is wrong.
func ended(err error) bool {
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled)
}

// gitError keeps what git said.
type gitError struct {
	command string
	said    string
	err     error
}

func (e *gitError) Error() string {
	if e.said == "" {
		return fmt.Sprintf("git %s: %v", e.command, e.err)
	}
	return fmt.Sprintf("git %s: %s", e.command, strings.ReplaceAll(e.said, "\n", "; "))
}

func (e *gitError) Unwrap() error { return e.err }

// lastLine is the end of what git said, which is usually the reason.
func lastLine(err error) string {
	var g *gitError
	if !errors.As(err, &g) || g.said == "" {
		return err.Error()
	}
	return strings.TrimPrefix(g.said[strings.LastIndexByte(g.said, '\n')+1:], "fatal: ")
}

// limited stops when too much is written: a loud one fails, a quiet one drops
// the rest.
type limited struct {
	w     io.Writer
	left  int64
	quiet bool
}

func (l *limited) Write(p []byte) (int, error) {
	if l.quiet {
		keep := p[:min(int64(len(p)), max(l.left, 0))]
		l.left -= int64(len(keep))
		if _, err := l.w.Write(keep); err != nil {
			return 0, err
		}
		return len(p), nil
	}
	if l.left -= int64(len(p)); l.left < 0 {
		return 0, errors.New("too much output")
	}
	return l.w.Write(p)
}
