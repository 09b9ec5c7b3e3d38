package gitrepo

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Worktree says where the work tree begins, where git keeps its own files, and
// which branch is checked out, "" when none is.
type Worktree struct{ Top, Git, Branch string }

// Worktree asks git about the folder that the repository was opened by.
func (r *Repo) Worktree(ctx context.Context) (Worktree, error) {
	if r.quick != nil {
		if w, ok := r.quick.quickWorktree(); ok {
			return w, nil
		}
	}
	out, err := r.there(ctx, "rev-parse", "--show-toplevel", "--git-common-dir", "--symbolic-full-name", "HEAD")
	if err != nil {
		out, err = r.unborn(ctx)
	}
	if err != nil {
		return Worktree{}, usage("%s has no work tree: %s", r.dir, lastLine(err))
	}
	lines := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
	if len(lines) < 2 {
		return Worktree{}, usage("%s has a work tree that git describes oddly: %q", r.dir, out)
	}
	w := Worktree{Top: filepath.FromSlash(lines[0])}
	if w.Git, err = r.abs(filepath.FromSlash(lines[1])); err != nil {
		return w, err
	}
	if len(lines) > 2 {
		w.Branch = strings.TrimPrefix(lines[2], "refs/heads/")
	}
	if w.Branch == "HEAD" {
		w.Branch = ""
	}
	return w, nil
}

// HooksDir is where git looks for this work tree's hooks: where the repository's
// own configuration says, else in git's folder. What the user's or the machine's
// configuration says is not looked at.
func (r *Repo) HooksDir(ctx context.Context, w Worktree) (string, error) {
	out, err := r.there(ctx, "config", "--local", "--list", "-z")
	if err != nil {
		return "", fmt.Errorf("read the configuration: %w", err)
	}
	dir := filepath.Join(w.Git, "hooks")
	for _, entry := range splitNUL(out) {
		if value, ok := strings.CutPrefix(entry, "core.hookspath\n"); ok && value != "" {
			if dir = filepath.FromSlash(value); !filepath.IsAbs(dir) {
				dir = filepath.Join(w.Top, dir)
			}
		}
	}
	return dir, nil
}

// unborn is the answer where nothing is committed yet.
func (r *Repo) unborn(ctx context.Context) ([]byte, error) {
	where, err := r.there(ctx, "rev-parse", "--show-toplevel", "--git-common-dir")
	if err != nil {
		return nil, err
	}
	branch, err := r.there(ctx, "symbolic-ref", "-q", "HEAD")
	return append(where, branch...), err
}

// BranchConfig reads the values of a branch's keys that begin with a prefix, by
// key in lower case, from the repository's own configuration alone.
func (r *Repo) BranchConfig(ctx context.Context, branch, prefix string) (map[string][]string, error) {
	if r.quick != nil && !r.quick.has(prefix) {
		return nil, nil
	}
	out, err := r.there(ctx, "config", "--local", "--list", "-z")
	if err != nil {
		return nil, fmt.Errorf("read the configuration: %w", err)
	}
	values := make(map[string][]string)
	for _, entry := range splitNUL(out) {
		key, value, _ := strings.Cut(entry, "\n")
		if name, ok := strings.CutPrefix(key, "branch."+branch+"."+prefix); ok && !strings.Contains(name, ".") {
			values[name] = append(values[name], value)
		}
	}
	return values, nil
}

// SetBranchConfig replaces all values of one key of a branch.
func (r *Repo) SetBranchConfig(ctx context.Context, branch, key string, values ...string) error {
	name := "branch." + branch + "." + key
	if _, err := r.there(ctx, "config", "--local", "--unset-all", name); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.ExitCode() != notSet {
			return fmt.Errorf("write the configuration: %w", err)
		}
	}
	for _, v := range values {
		if _, err := r.there(ctx, "config", "--local", "--add", name, v); err != nil {
			return fmt.Errorf("write the configuration: %w", err)
		}
	}
	return nil
}

// notSet is how git config ends for a key that there is not.
const notSet = 5

// Staged makes a commit on HEAD of what is staged, with a message, and names it.
// No branch points to it, so git drops it in time. parent is "" where nothing is
// committed yet or a merge is under way, which is not judged as one commit.
func (r *Repo) Staged(ctx context.Context, message string, env func(string) string) (parent, commit string, err error) {
	more := []string{"GIT_AUTHOR_DATE=@0 +0000", "GIT_COMMITTER_DATE=@0 +0000"}
	for _, name := range []string{"GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL"} {
		value := env(name)
		if value == "" {
			value = "nobody"
		}
		more = append(more, name+"="+value, strings.Replace(name, "AUTHOR", "COMMITTER", 1)+"="+value)
	}
	if index := env("GIT_INDEX_FILE"); index != "" {
		if index, err = filepath.Abs(index); err != nil {
			return "", "", fmt.Errorf("find the index: %w", err)
		}
		more = append(more, "GIT_INDEX_FILE="+index)
	}
	if _, err := r.there(ctx, "rev-parse", "-q", "--verify", "MERGE_HEAD"); err == nil {
		return "", "", nil
	}
	head, err := r.there(ctx, "rev-parse", "-q", "--verify", "HEAD^{commit}")
	if err != nil {
		if ended(err) {
			return "", "", err
		}
		return "", "", nil
	}
	tree, _, err := r.thereSaying(ctx, more, "write-tree")
	if err != nil {
		return "", "", fmt.Errorf("read what is staged: %w", err)
	}
	parent = strings.TrimSpace(string(head))
	out, _, err := r.thereSaying(ctx, more, "commit-tree", strings.TrimSpace(string(tree)), "-p", parent, "-m", message)
	if err != nil {
		return "", "", fmt.Errorf("read what is staged: %w", err)
	}
	return parent, strings.TrimSpace(string(out)), nil
}

// Tracked lists the files of the index that are below some folders, given as paths
// in the work tree.
func (r *Repo) Tracked(ctx context.Context, folders []string) ([]string, error) {
	out, err := r.there(ctx, append([]string{"ls-files", "-z", "--full-name", "--"}, folders...)...)
	if err != nil {
		return nil, fmt.Errorf("list the tracked files: %w", err)
	}
	return splitNUL(out), nil
}

// Ignored are those of some paths that are not tracked and that the repository
// tells git to ignore, so that they get into no change.
func (r *Repo) Ignored(ctx context.Context, paths []string) (map[string]bool, error) {
	ignored := make(map[string]bool)
	ctx, cancel := context.WithTimeout(ctx, r.timeout)
	defer cancel()
	cmd := r.commandThere(ctx, "check-ignore", "-z", "--stdin")
	cmd.Env = append(cmd.Env, "GIT_LITERAL_PATHSPECS=0") // the command does not know them; ./ keeps a : from being magic
	cmd.Stdin = strings.NewReader("./" + strings.Join(paths, "\x00./"))
	out, _, err := r.collect(ctx, cmd, "check-ignore")
	var exit *exec.ExitError
	if errors.As(err, &exit) && !ended(err) {
		return ignored, nil // none is, or git cannot tell, as behind a link
	}
	if err != nil {
		return nil, fmt.Errorf("ask what is ignored: %w", err)
	}
	for _, n := range splitNUL(out) {
		ignored[strings.TrimPrefix(n, "./")] = true
	}
	return ignored, nil
}

// AddTrailers writes trailers into a commit message's file, each unless it is
// there with the same value.
func (r *Repo) AddTrailers(ctx context.Context, file string, trailers ...string) error {
	file, err := filepath.Abs(file)
	if err != nil {
		return fmt.Errorf("find the message: %w", err)
	}
	if info, err := os.Stat(file); err != nil || !info.Mode().IsRegular() {
		return usage("%s is no file with a commit message", file)
	}
	args := []string{"interpret-trailers", "--in-place", "--if-exists", "addIfDifferent"}
	for _, t := range trailers {
		args = append(args, "--trailer", t)
	}
	if _, err := r.there(ctx, append(args, "--", file)...); err != nil {
		return fmt.Errorf("write the trailers: %w", err)
	}
	return nil
}

// ChangedBy lists the files that a commit changed, as seen from its first parent;
// none where it is no commit here.
func (r *Repo) ChangedBy(ctx context.Context, rev string) ([]string, error) {
	out, err := r.there(ctx, "rev-parse", "-q", "--verify", "--end-of-options", rev+"^{commit}")
	if err != nil {
		if ended(err) {
			return nil, err
		}
		return nil, nil
	}
	id := strings.TrimSpace(string(out))
	out, err = r.there(ctx, "diff-tree", "-r", "-z", "--name-only", "--no-renames", id+"^1", id)
	if err != nil {
		if ended(err) {
			return nil, err
		}
		return nil, nil // the first commit of all
	}
	return splitNUL(out), nil
}

// A Search is for text in tracked files: Syntax is G, E or F, as for git grep.
type Search struct {
	Folder, Text string
	Syntax       byte
	Fold         bool
}

// Holding lists the tracked files of the work tree that hold a text.
func (r *Repo) Holding(ctx context.Context, s Search) ([]string, error) {
	args := []string{"grep", "-l", "-z", "--full-name", "--no-recurse-submodules", "-" + string(s.Syntax)}
	if s.Fold {
		args = append(args, "-i")
	}
	out, err := r.there(ctx, append(args, "-e", s.Text, "--", s.Folder)...)
	var exit *exec.ExitError
	if errors.As(err, &exit) && !ended(err) {
		return nil, nil // none does, or it is no pattern of git's
	}
	if err != nil {
		return nil, fmt.Errorf("search the tracked files: %w", err)
	}
	return splitNUL(out), nil
}
