package gitrepo

import (
	"bytes"
	"compress/zlib"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/changeguard/changeguard/internal/gitrepo/gitrepotest"
)

// answers are what a repository says of itself.
type answers struct {
	Where       Worktree
	Base, Ref   string
	Head        string
	Declaration map[string][]string
	Failed      bool
}

func ask(t *testing.T, r *Repo, env func(string) string) (a answers) {
	t.Helper()
	ctx := context.Background()
	var err1, err2, err3, err4 error
	a.Where, err1 = r.Worktree(ctx)
	a.Base, a.Ref, err2 = r.Base(ctx, Options{Env: env})
	a.Head, err3 = r.Commit(ctx, "HEAD")
	a.Declaration, err4 = r.BranchConfig(ctx, a.Where.Branch, "changeguard-")
	a.Failed = err1 != nil || err2 != nil || err3 != nil || err4 != nil
	if len(a.Declaration) == 0 {
		a.Declaration = nil
	}
	return a
}

// What is read of git's files is what git says, or git is asked.
func TestQuickAnswersAreGits(t *testing.T) {
	t.Parallel()
	made := func(t *testing.T, steps ...string) string {
		r := gitrepotest.New(t)
		r.Write(map[string]string{"a/b.txt": "one\n", "c": strings.Repeat("text\n", 1000)})
		r.Commit("one")
		r.Write(map[string]string{"c": strings.Repeat("text\n", 999) + "other\n"})
		r.Commit("two")
		r.Git("branch", "feature")
		for _, s := range steps {
			r.Git(strings.Fields(s)...)
		}
		return r.Dir
	}
	for name, c := range map[string]struct {
		dir   string
		quick bool
	}{
		"loose":      {made(t, "checkout -q feature"), true},
		"packed":     {made(t, "gc -q", "checkout -q feature"), true},
		"detached":   {made(t, "checkout -q --detach main~1"), true},
		"remote":     {made(t, "update-ref refs/remotes/origin/dev main~1", "symbolic-ref refs/remotes/origin/HEAD refs/remotes/origin/dev"), true},
		"dangling":   {made(t, "symbolic-ref refs/remotes/origin/HEAD refs/remotes/origin/gone"), true},
		"no base":    {made(t, "checkout -q feature", "branch -D main"), true},
		"declared":   {made(t, "checkout -q feature", "config branch.feature.changeguard-mode analysis-only", "config --add branch.feature.changeguard-path a/**"), true},
		"unborn":     {made(t, "checkout -q --orphan new"), true},
		"a tag":      {made(t, "tag main main~1", "checkout -q feature"), true},
		"extensions": {made(t, "config core.repositoryFormatVersion 1", "config extensions.worktreeConfig true"), false},
		"elsewhere":  {made(t, "config core.worktree .."), false},
		"bare":       {made(t, "config core.bare true"), false},
		"sha256":     {gitrepotest.New(t, "sha256").Dir, false},
	} {
		fast, err := Open(context.Background(), c.dir)
		if err != nil {
			t.Fatal(name, err)
		}
		slow, err := Open(context.Background(), c.dir)
		if err != nil {
			t.Fatal(name, err)
		}
		slow.quick = nil
		if (fast.quick != nil) != c.quick {
			t.Errorf("%s: read quickly: %t", name, fast.quick != nil)
		}
		for _, wanted := range []string{"", "feature", "gone"} {
			env := func(string) string { return wanted }
			got, want := ask(t, fast, env), ask(t, slow, env)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s, %q: %s", name, wanted, diff)
			}
		}
		if err := fast.Close(); err != nil {
			t.Error(err)
		}
		if err := slow.Close(); err != nil {
			t.Error(err)
		}
	}
}

// A second work tree has a HEAD of its own and shares all else.
func TestQuickReadsOtherWorkTrees(t *testing.T) {
	t.Parallel()
	r := gitrepotest.New(t)
	r.Commit("one")
	dir := filepath.Join(t.TempDir(), "second")
	r.Git("worktree", "add", "-q", "-b", "feature", dir)
	fast, err := Open(context.Background(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer fast.Close()
	slow, err := Open(context.Background(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer slow.Close()
	slow.quick = nil
	env := func(string) string { return "" }
	if diff := cmp.Diff(ask(t, slow, env), ask(t, fast, env)); diff != "" || fast.quick == nil {
		t.Error(fast.quick != nil, diff)
	}
}

// Every object that is read without git is what git reads, loose or packed, whole
// or as a difference; one that was tampered with is not read at all.
func TestObjectsAreGits(t *testing.T) {
	t.Parallel()
	r := gitrepotest.New(t)
	for i := range 30 {
		r.Write(map[string]string{"a": strings.Repeat("a line that is here often\n", 200+i), "b/c": strings.Repeat("x", i)})
		r.Commit("commit")
	}
	for _, step := range []string{"", "repack -a -d -q", "repack -a -d -q -f --depth=50 --window=50"} {
		if step != "" {
			r.Git(strings.Fields(step)...)
		}
		all := r.Git("cat-file", "--batch-all-objects", "--batch-check=%(objectname) %(objecttype)")
		s := newObjects(filepath.Join(r.Dir, ".git", "objects"))
		for line := range strings.Lines(all) {
			id, kind, _ := strings.Cut(strings.TrimSpace(line), " ")
			o, ok := s.object(id, 1<<20)
			if !ok || o.kind != kind || hashObject(kind, o.data, 40) != id {
				t.Fatalf("%q: %s %s: %t", step, kind, id, ok)
			}
		}
		if _, ok := s.object(strings.Repeat("1", 40), 1<<20); ok {
			t.Error("an object that is not there was read")
		}
	}
	id := r.Feed("good", "hash-object", "-w", "--stdin")
	other := r.Feed("evil", "hash-object", "-w", "--stdin")
	folder := filepath.Join(r.Dir, ".git", "objects")
	if err := os.Rename(filepath.Join(folder, other[:2], other[2:]), filepath.Join(folder, id[:2], id[2:])); err != nil {
		t.Fatal(err)
	}
	if o, ok := newObjects(folder).object(id, 1<<20); ok {
		t.Errorf("%q was read as %s", o.data, id)
	}
}

// A chain of differences, each of them small in the pack and large in memory, is
// left to git before it fills the memory.
func TestChainsOfLargeDifferences(t *testing.T) {
	t.Parallel()
	const size = maxQuickSize - 1
	packed := []byte{0xb0 | 4, 0, 0, 0} // a whole blob comes first, never reached
	last := 0
	for range 8 {
		at := len(packed)
		n := size >> 4
		head := []byte{0x80 | deltaByOffset<<4 | byte(size&15)}
		for ; n >= 0x80; n >>= 7 {
			head = append(head, byte(n)|0x80)
		}
		head = append(head, byte(n))
		packed = append(append(packed, head...), offsetBack(at-last)...)
		packed = append(packed, deflated(t, make([]byte, size))...)
		last = at
	}
	name := filepath.Join(t.TempDir(), "pack")
	if err := os.WriteFile(name+".pack", packed, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := (&pack{name: name}).read(int64(last), 1<<20); err == nil || !strings.Contains(err.Error(), "large differences") {
		t.Error(err)
	}
}

// offsetBack is how a pack writes how far back the base is.
func offsetBack(n int) []byte {
	out := []byte{byte(n & 0x7f)}
	for n >>= 7; n > 0; n >>= 7 {
		n--
		out = append([]byte{byte(n&0x7f) | 0x80}, out...)
	}
	return out
}

func deflated(t *testing.T, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zlib.NewWriter(&b)
	if _, err := z.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// Whatever is in a pack, reading ends, in bounds.
func FuzzPackEntry(f *testing.F) {
	f.Add([]byte{0xb0, 0x00}, []byte("base"), []byte{4, 5, 0x90, 4, 1, 'x'})
	f.Add([]byte{0x60, 0x01, 0x78, 0x9c}, []byte(""), []byte{0, 0})
	f.Fuzz(func(t *testing.T, entry, base, delta []byte) {
		if e, err := readEntry(bytes.NewReader(entry), 0); err == nil && len(e.data) > maxQuickSize {
			t.Error("too much")
		}
		if out, err := applyDelta(base, delta); err == nil && len(out) > maxQuickSize {
			t.Error("too much")
		}
	})
}

// A question that plain files answer leaves nothing behind and makes nothing; the
// folder of git's own comes with the first run of git and goes with the end.
func TestNoFolderWithoutGit(t *testing.T) {
	r := gitrepotest.New(t)
	r.Write(map[string]string{"a": "x\n"})
	r.Commit("base")
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	made := func() int {
		entries, err := os.ReadDir(temp)
		if err != nil {
			t.Fatal(err)
		}
		return len(entries)
	}
	repo, err := Open(context.Background(), r.Dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := repo.Commit(context.Background(), "HEAD"); err != nil || made() != 0 {
		t.Errorf("%v, %d made", err, made())
	}
	if _, err := repo.Past(context.Background(), Span{}); err != nil || made() != 1 {
		t.Errorf("%v, %d made by git's run", err, made())
	}
	if err := repo.Close(); err != nil || made() != 0 {
		t.Errorf("%v, %d left", err, made())
	}
	if _, err := repo.Past(context.Background(), Span{}); err == nil || made() != 0 {
		t.Errorf("after its end: %v, %d made", err, made())
	}
}
