// Package gitrepo loads a change by running git.
//
// # The model
//
// Git is asked for raw, NUL-separated facts: which objects differ between the
// merge base and the head, which commits lie between, and what is in an object.
// A repository is as hostile as the change in it, so only two things of it are
// used: the names of its branches, resolved where it stands, and its objects,
// borrowed by a bare folder of our own in which everything else runs. No
// configuration, attribute, hook, graft, replaced object, index or work tree of
// the repository can reach that folder, nothing is fetched into it, and every
// object whose content is handed on is hashed again. The trees and the history that
// git itself walks are not: whoever can rewrite objects in place is stopped by the
// server alone.
//
// What git cannot tell (a shallow clone, a missing object, no common ancestor)
// becomes a gap of the change with the command that mends it, so that the
// verdict is incomplete and never green. Only what the user asked wrongly (no
// repository, no such revision) is a [UsageError]. The end of time is neither:
// it is an error that wraps the context's.
//
// Names are text in a change and bytes in git. A name that is no UTF-8 is shown
// with U+FFFD for each part that cannot be read; two names that would look alike
// stay apart, see shownNames.
package gitrepo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
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

// A Repo is a repository on disk. It is safe for concurrent use; Close ends its
// processes.
type Repo struct {
	git     string
	dir     string          // where the user stands
	objects string          // the repository's object folder
	own     string          // the folder of our own
	once    sync.Once       // of later, which makes own where that can wait
	later   func() error    // nil where own is there
	ownErr  error           // why own could not be made
	idSize  int             // hexadecimal digits of an object id
	cut     map[string]bool // commits where a shallow clone ends
	timeout time.Duration   // of one run

	maxCommits int    // of one change; less in tests
	quick      *quick // nil where only git may be asked

	mu       sync.Mutex // guards what follows
	sizes    *batch
	contents *batch
	roots    map[string]string // tree id by commit id
	trees    map[string]tree
	held     int // entries in trees
	plain    *objects
}

// Open finds the repository that holds a folder.
func Open(ctx context.Context, dir string) (*Repo, error) { return open(ctx, Options{Dir: dir}) }

func open(ctx context.Context, o Options) (*Repo, error) {
	r := &Repo{git: o.Git, dir: o.Dir, timeout: o.Timeout, maxCommits: maxCommits, roots: make(map[string]string), trees: make(map[string]tree)}
	if r.git == "" {
		r.git = "git"
	}
	if r.timeout <= 0 {
		r.timeout = DefaultTimeout
	}
	if _, err := exec.LookPath(r.git); err != nil {
		return nil, usage("git is not installed: %v", err)
	}
	if info, err := os.Stat(r.dir); err != nil || !info.IsDir() {
		return nil, usage("%s is no folder", r.dir)
	}
	if err := r.isolate(ctx); err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return r, nil
}

// globalConfig stands in for the user's configuration. Whose files a repository
// consists of does not matter here, since nothing of it is executed; versions of
// git before 2.38 take this setting from no other place.
const globalConfig = "[safe]\n\tdirectory = *\n"

// makeOwn makes the folder of our own.
func (r *Repo) makeOwn() (err error) {
	if r.own, err = os.MkdirTemp("", "changeguard-"); err == nil {
		err = os.WriteFile(filepath.Join(r.own, "global"), []byte(globalConfig), 0o600)
	}
	if err != nil {
		return fmt.Errorf("make a folder for git: %w", err)
	}
	return nil
}

// prepare makes the folder of our own when git is first run: an agent waits for
// the answer of a hook, which mostly needs no git.
func (r *Repo) prepare() error {
	r.once.Do(func() {
		if r.later != nil {
			r.ownErr = r.later()
		}
	})
	return r.ownErr
}

// isolate finds the repository and makes the bare folder of our own, or sees to it
// that it will be made.
func (r *Repo) isolate(ctx context.Context) error {
	if q := findQuick(r.dir); q != nil && r.git == "git" && ctx.Err() == nil {
		r.quick, r.idSize, r.objects = q, 40, filepath.Join(q.common, "objects")
		shallow := filepath.Join(q.common, "shallow")
		r.later = func() error { return errors.Join(r.makeOwn(), r.writeOwn("sha1"), r.copyShallow(shallow)) }
		if _, err := os.Lstat(shallow); errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return r.prepare() // where the clone ends must be known before anything is read
	}
	if err := r.makeOwn(); err != nil {
		return err
	}
	out, err := r.there(ctx, "rev-parse", "--show-object-format", "--git-path", "objects", "--git-path", "shallow")
	switch {
	case ended(err):
		return err
	case err != nil:
		return usage("%s is not in a git repository: %s", r.dir, lastLine(err))
	}
	lines := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
	if len(lines) != 3 {
		return usage("%s is in a repository that git describes oddly: %q", r.dir, out)
	}
	format := lines[0]
	if r.idSize = 40; format == "sha256" {
		r.idSize = 64
	}
	if r.objects, err = r.abs(lines[1]); err != nil {
		return err
	}
	return errors.Join(r.writeOwn(format), r.copyShallow(lines[2]))
}

// abs makes a name that git printed absolute; git prints from where it stands.
func (r *Repo) abs(name string) (string, error) {
	if filepath.IsAbs(name) {
		return name, nil
	}
	name, err := filepath.Abs(filepath.Join(r.dir, name))
	if err != nil {
		return "", fmt.Errorf("find the objects of %s: %w", r.dir, err)
	}
	return name, nil
}

// writeOwn writes the least that git takes for a repository.
func (r *Repo) writeOwn(format string) error {
	config := "[core]\n\trepositoryformatversion = 1\n\tbare = true\n[extensions]\n\tobjectformat = " + format + "\n"
	return errors.Join(
		os.Mkdir(filepath.Join(r.own, "refs"), 0o700), os.Mkdir(filepath.Join(r.own, "objects"), 0o700),
		os.WriteFile(filepath.Join(r.own, "HEAD"), []byte("ref: refs/heads/none\n"), 0o600),
		os.WriteFile(filepath.Join(r.own, "config"), []byte(config), 0o600),
	)
}

// maxShallow bounds the list of commits at which a shallow clone ends.
const maxShallow = 64 << 20

// copyShallow takes over where a shallow clone ends: there, a commit's parents
// are not to be looked for.
func (r *Repo) copyShallow(name string) error {
	name, err := r.abs(name)
	if err != nil {
		return err
	}
	f, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read where the clone ends: %w", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxShallow+1))
	if err != nil || len(data) > maxShallow {
		return fmt.Errorf("read where the clone ends: %s is too large or cannot be read: %w", name, err)
	}
	r.cut = make(map[string]bool)
	for _, id := range strings.Fields(string(data)) {
		r.cut[id] = true
	}
	return os.WriteFile(filepath.Join(r.own, "shallow"), data, 0o600)
}

// Close ends what the repository started.
func (r *Repo) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, b := range []**batch{&r.sizes, &r.contents} {
		if *b != nil {
			(*b).close()
			*b = nil
		}
	}
	r.once.Do(func() { r.ownErr = errClosed }) // and waits for one that is being made
	if r.own == "" {
		return nil
	}
	return os.RemoveAll(r.own)
}

var errClosed = errors.New("the repository is closed")

// File reads one file of a commit. found is false when it is not there; the
// error wraps change.ErrTooLarge when it has more than limit bytes.
func (r *Repo) File(ctx context.Context, commit, path string, limit int64) (data []byte, mode change.Mode, found bool, err error) {
	e, found, err := r.lookup(ctx, commit, path)
	if err != nil || !found {
		return nil, "", found, err
	}
	if e.Mode == change.Submodule {
		return nil, e.Mode, true, fmt.Errorf("read %s: it is a submodule", path)
	}
	blobs, err := r.blobs(ctx, []string{e.Blob}, change.Limits{File: limit, Change: limit})
	if err != nil {
		return nil, e.Mode, true, fmt.Errorf("read %s: %w", path, err)
	}
	b := blobs[e.Blob]
	if b.TooLarge {
		return nil, e.Mode, true, fmt.Errorf("read %s: %w", path, &change.TooLargeError{Size: b.Size, Limit: limit})
	}
	return b.Data, e.Mode, true, nil
}

// Commit is the id of the commit that a revision names.
func (r *Repo) Commit(ctx context.Context, rev string) (string, error) { return r.resolve(ctx, rev) }

// ListTree lists every file of a revision, in git's order.
func (r *Repo) ListTree(ctx context.Context, rev string) ([]change.Entry, error) {
	id, err := r.resolve(ctx, rev)
	if err != nil {
		return nil, err
	}
	out, err := r.run(ctx, "ls-tree", "-r", "-z", "--full-tree", id)
	if err != nil {
		return nil, err
	}
	return parseList(out)
}

// Paths lists the names of every file of a revision.
func (r *Repo) Paths(ctx context.Context, rev string) ([]string, error) {
	entries, err := r.ListTree(ctx, rev)
	paths := make([]string, 0, len(entries))
	for _, e := range entries {
		paths = append(paths, e.Path)
	}
	return paths, err
}
