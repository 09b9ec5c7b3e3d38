package gitrepo

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// quick reads the few files of a repository that say where it is, what is checked
// out and where branches stand, since starting git a dozen times takes longer
// than an agent's hook may. It answers only where the files are plain and the
// repository has nothing that changes what they mean; otherwise git is asked, so
// that there is one truth. What is read of objects is hashed as ever.
type quick struct {
	top    string // the work tree
	dir    string // this work tree's own folder of git
	common string // what all work trees share
	config string // the text of the repository's configuration
}

// The most that is read of the files that git keeps, beside objects.
const (
	maxQuickConfig = 1 << 20
	maxQuickRefs   = 16 << 20
)

// findQuick looks at a folder that is the top of a work tree. nil means that git
// must be asked.
func findQuick(dir string) *quick {
	if os.Getenv("GIT_CEILING_DIRECTORIES") != "" {
		return nil
	}
	top, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return nil
	}
	if top, err = filepath.Abs(top); err != nil {
		return nil
	}
	q := &quick{top: top, dir: filepath.Join(top, ".git")}
	info, err := os.Lstat(q.dir)
	switch {
	case err != nil:
		return nil
	case info.Mode().IsRegular():
		text, ok := plainText(q.dir, 4096)
		to, named := strings.CutPrefix(strings.TrimRight(text, "\r\n"), "gitdir: ")
		if !ok || !named || to == "" {
			return nil
		}
		if q.dir = filepath.FromSlash(to); !filepath.IsAbs(q.dir) {
			q.dir = filepath.Join(top, q.dir)
		}
	case !info.IsDir():
		return nil
	}
	q.common = q.dir
	if text, ok := plainText(filepath.Join(q.dir, "commondir"), 4096); ok {
		if q.common = filepath.FromSlash(strings.TrimRight(text, "\r\n")); !filepath.IsAbs(q.common) {
			q.common = filepath.Join(q.dir, q.common)
		}
	} else if exists(filepath.Join(q.dir, "commondir")) {
		return nil
	}
	if !q.plain() {
		return nil
	}
	return q
}

// plain reports whether the repository is one whose files mean what they say:
// of SHA-1, with references in files, without a work tree elsewhere.
func (q *quick) plain() bool {
	for _, name := range []string{"objects", "refs"} {
		if info, err := os.Lstat(filepath.Join(q.common, name)); err != nil || !info.IsDir() {
			return false
		}
	}
	config, ok := plainText(filepath.Join(q.common, "config"), maxQuickConfig)
	if !ok {
		return false
	}
	lower := strings.ToLower(config)
	for _, word := range []string{"extensions", "worktree", "include"} {
		if strings.Contains(lower, word) {
			return false
		}
	}
	for line := range strings.Lines(lower) {
		if line = strings.Join(strings.Fields(line), ""); strings.Contains(line, "bare") && line != "bare=false" {
			return false
		}
	}
	q.config = lower
	_, ok = q.headRef()
	return ok
}

// plainText reads a small file that is one, and no link.
func plainText(name string, limit int64) (string, bool) {
	info, err := os.Lstat(name)
	if err != nil || !info.Mode().IsRegular() || info.Size() > limit {
		return "", false
	}
	f, err := os.Open(name)
	if err != nil {
		return "", false
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	return string(data), err == nil && int64(len(data)) <= limit
}

func exists(name string) bool {
	_, err := os.Lstat(name)
	return err == nil
}

// headRef is what HEAD says: "ref: refs/heads/…" or a commit's id.
func (q *quick) headRef() (string, bool) {
	text, ok := plainText(filepath.Join(q.dir, "HEAD"), 4096)
	text = strings.TrimRight(text, "\r\n")
	name, symbolic := strings.CutPrefix(text, "ref: ")
	return text, ok && (symbolic && plainRef(name) || isSHA1(text))
}

func isSHA1(s string) bool { return len(s) == 40 && strings.Trim(s, "0123456789abcdef") == "" }

// plainRef reports whether a full name is one that no file system and no git reads
// in two ways.
func plainRef(name string) bool {
	if !strings.HasPrefix(name, "refs/") || strings.Contains(name, "..") {
		return false
	}
	for part := range strings.SplitSeq(name, "/") {
		if part == "" || part[0] == '.' || strings.HasSuffix(part, ".lock") || strings.HasSuffix(part, ".") {
			return false
		}
	}
	return !strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r >= 0x7f || strings.ContainsRune(`~^:?*[\`, r) })
}

// ref reads a reference by its full name: a commit's id, or the name that it
// stands for. told is false when git must be asked; text is "" when there is none.
func (q *quick) ref(name string) (text string, told bool) {
	if !plainRef(name) || strings.HasPrefix(name, "refs/worktree/") || strings.HasPrefix(name, "refs/bisect/") || strings.HasPrefix(name, "refs/rewritten/") {
		return "", false
	}
	file := filepath.Join(q.common, filepath.FromSlash(name))
	switch info, err := os.Lstat(file); {
	case err == nil && info.Mode().IsRegular():
		text, ok := plainText(file, 4096)
		text = strings.TrimRight(text, "\r\n")
		to, symbolic := strings.CutPrefix(text, "ref: ")
		return text, ok && (symbolic && plainRef(to) || isSHA1(text))
	case err == nil && !info.IsDir():
		return "", false
	}
	return q.packed(name)
}

// packed reads a reference from the file of many.
func (q *quick) packed(name string) (text string, told bool) {
	file := filepath.Join(q.common, "packed-refs")
	if _, err := os.Lstat(file); err != nil {
		return "", os.IsNotExist(err)
	}
	all, ok := plainText(file, maxQuickRefs)
	if !ok {
		return "", false
	}
	for line := range strings.Lines(all) {
		id, ref, cut := strings.Cut(strings.TrimRight(line, "\r\n"), " ")
		if cut && ref == name {
			return id, isSHA1(id)
		}
	}
	return "", true
}

// quickFirst is first by the files alone; told is false when git must be asked.
func (q *quick) quickFirst(names []string) (name, branch string, told bool) {
	for _, name := range names {
		text, told := q.ref(name)
		if !told {
			return "", "", false
		}
		if text == "" {
			continue
		}
		target := name
		for range 5 {
			to, symbolic := strings.CutPrefix(text, "ref: ")
			if !symbolic {
				return name, branchName(target), true
			}
			target = to
			if text, told = q.ref(to); !told || text == "" {
				return "", "", false // it leads nowhere
			}
		}
		return "", "", false
	}
	return "", "", true
}

// quickCommit is the commit of a full name, HEAD or an id; "" when git must be
// asked.
func (r *Repo) quickCommit(ctx context.Context, rev string) string {
	q := r.quick
	if q == nil {
		return ""
	}
	text := rev
	if rev == "HEAD" {
		text, _ = q.headRef()
	} else if !isSHA1(rev) {
		var told bool
		if text, told = q.ref(rev); !told {
			return ""
		}
	}
	for range 5 {
		to, symbolic := strings.CutPrefix(text, "ref: ")
		if !symbolic {
			break
		}
		var told bool
		if text, told = q.ref(to); !told {
			return ""
		}
	}
	if !isSHA1(text) {
		return ""
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if o, ok := r.store().object(text, maxCommitSize); ok && o.kind == "commit" && ctx.Err() == nil {
		return text
	}
	return ""
}

// quickWorktree is the answer to Worktree; ok is false when git must be asked.
func (q *quick) quickWorktree() (w Worktree, ok bool) {
	text, ok := q.headRef()
	w = Worktree{Top: q.top, Git: q.common}
	if name, symbolic := strings.CutPrefix(text, "ref: "); symbolic {
		w.Branch = strings.TrimPrefix(name, "refs/heads/")
		ok = ok && w.Branch != name
	}
	return w, ok
}

// has reports whether the configuration can hold a key: keys are written out,
// whatever their values are.
func (q *quick) has(part string) bool {
	return strings.Contains(q.config, strings.ToLower(part))
}

// store opens the objects; the caller holds mu.
func (r *Repo) store() *objects {
	if r.plain == nil {
		r.plain = newObjects(r.objects)
	}
	return r.plain
}

// quickRead reads some objects without git; ok is false when one of them is not
// to be had that way. Those over the limit come without data, as from git.
func (r *Repo) quickRead(kind string, ids []string, limit int64) (map[string]object, bool) {
	if r.quick == nil || len(ids) > maxQuickObjects {
		return nil, false
	}
	found := make(map[string]object, len(ids))
	for _, id := range ids {
		o, ok := r.store().object(id, limit)
		if !ok || o.kind != kind {
			return nil, false
		}
		found[id] = o
	}
	return found, true
}

// maxQuickObjects is how many objects are read without git at once: from some
// number on git is faster.
const maxQuickObjects = 16

// Has reports whether a commit has a file of some path.
func (r *Repo) Has(ctx context.Context, commit, path string) (bool, error) {
	_, found, err := r.lookup(ctx, commit, path)
	return found, err
}
