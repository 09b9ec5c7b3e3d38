package gitrepo_test

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/internal/gitrepo"
	"github.com/changeguard/changeguard/internal/gitrepo/gitrepotest"
)

// entry is one file; any bytes can be a name. The content of a submodule is its
// commit's id.
type entry struct{ mode, name, content string }

// history makes main and feature out of two lists of files, without a work tree.
func history(t *testing.T, before, after []entry, format ...string) *gitrepotest.Repo {
	t.Helper()
	r := gitrepotest.New(t, format...)
	var stream strings.Builder
	for i, files := range [][]entry{before, after} {
		fmt.Fprintf(&stream, "commit refs/heads/%s\nmark :%d\ncommitter Dev <dev@example.com> 1735689600 +0000\ndata 5\nfiles\n", []string{"main", "feature"}[i], i+1)
		if i > 0 {
			stream.WriteString("from :1\ndeleteall\n")
		}
		for _, e := range files {
			if e.mode == string(change.Submodule) {
				fmt.Fprintf(&stream, "M %s %s %s\n", e.mode, e.content, octal(e.name))
			} else {
				fmt.Fprintf(&stream, "M %s inline %s\ndata %d\n%s\n", e.mode, octal(e.name), len(e.content), e.content)
			}
		}
		stream.WriteString("\n")
	}
	r.Feed(stream.String(), "fast-import", "--quiet")
	return r
}

// octal quotes a name as git does in the extreme.
func octal(name string) string {
	var b strings.Builder
	for _, c := range []byte(name) {
		fmt.Fprintf(&b, `\%03o`, c)
	}
	return `"` + b.String() + `"`
}

var featureOfMain = gitrepo.Options{Base: "main", Head: "feature"}

func TestEveryKindOfChange(t *testing.T) {
	t.Parallel()
	one, two := strings.Repeat("1", 40), strings.Repeat("2", 40)
	r := history(t, []entry{
		{"100644", "modified", "a\n"},
		{"100644", "removed", "r\n"},
		{"100644", "executable", "e\n"},
		{"100644", "link", "l\n"},
		{"120000", "target", "old"},
		{"160000", "module", one},
		{"100644", "old/name.py", "moved\n"},
		{"100644", "Case.py", "case\n"},
		{"100644", "edited.py", "1\n2\n3\n4\n"},
		{"100644", "same", "s\n"},
		{"100644", "folder", "f\n"},
		{"100644", "gone", ""},
	}, []entry{
		{"100644", "modified", "b\n"},
		{"100644", "added", "r2\n"},
		{"100755", "executable", "e\n"},
		{"120000", "link", "l\n"},
		{"120000", "target", "new"},
		{"160000", "module", two},
		{"100644", "new/name.py", "moved\n"},
		{"100644", "case.py", "case\n"},
		{"100644", "moved.py", "1\n2\n3\n5\n"},
		{"100644", "same", "s\n"},
		{"100644", "folder/file", "f2\n"},
		{"100644", "empty", ""},
		{"160000", "added-module", one},
	})
	c := mustLoad(t, r.Dir, featureOfMain)
	var got []string
	for _, f := range c.Files {
		line := fmt.Sprintf("%s %s %s>%s", f.Status, f.Path, f.OldMode, f.Mode)
		if f.OldPath != "" {
			line += " from " + f.OldPath
		}
		got = append(got, line)
	}
	want := []string{
		"added added >100644", "added added-module >160000", "renamed case.py 100644>100644 from Case.py", "removed edited.py 100644>", "added empty >100644",
		"modified executable 100644>100755", "removed folder 100644>", "added folder/file >100644", "removed gone 100644>", "type-changed link 100644>120000",
		"modified modified 100644>100644", "modified module 160000>160000", "added moved.py >100644", "renamed new/name.py 100644>100644 from old/name.py", "removed removed 100644>",
		"modified target 120000>120000",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	lines, sum, err := c.CountLines(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	numstat := numstatOf(r)
	for i, f := range c.Files {
		want := numstat[f.Path]
		if f.Status == change.Renamed || f.Mode == change.Submodule {
			want = change.Lines{}
		}
		if lines[i] != want {
			t.Errorf("%s: %+v, git counts %+v", f.Path, lines[i], want)
		}
	}
	if sum == (change.Lines{}) {
		t.Error("nothing was counted")
	}
	for _, path := range []string{"module", "added-module"} {
		e, found, err := c.Lookup(context.Background(), change.AtHead, path)
		if err != nil || !found || e.Mode != change.Submodule {
			t.Errorf("%s: %+v %v %v", path, e, found, err)
		}
		if _, err := c.Read(context.Background(), change.AtHead, path); err == nil {
			t.Errorf("%s has a content", path)
		}
	}
	if data, err := c.Read(context.Background(), change.AtHead, "target"); err != nil || string(data) != "new" {
		t.Errorf("a link's content is its target: %q %v", data, err)
	}
}

// numstatOf asks git for the counts, by name.
func numstatOf(r *gitrepotest.Repo, more ...string) map[string]change.Lines {
	counts := make(map[string]change.Lines)
	for _, line := range strings.Split(r.Git(append([]string{"diff-tree", "-r", "-z", "--numstat", "--no-renames", "main", "feature"}, more...)...), "\x00") {
		if fields := strings.SplitN(line, "\t", 3); len(fields) == 3 {
			added, _ := strconv.Atoi(fields[0]) // of a binary file it is a hyphen
			deleted, _ := strconv.Atoi(fields[1])
			counts[fields[2]] = change.Lines{Added: added, Deleted: deleted}
		}
	}
	return counts
}

func TestLinesAreGitsOwn(t *testing.T) {
	t.Parallel()
	long := func(changed int) string {
		var b strings.Builder
		for i := range 200 {
			if i == changed {
				b.WriteString("changed\n")
			}
			fmt.Fprintf(&b, "line %d\n}\n\n", i%7)
		}
		return b.String()
	}
	var before, after []entry
	add := func(name, b, a string) {
		before, after = append(before, entry{"100644", name, b}), append(after, entry{"100644", name, a})
	}
	add("text", "a\nb\nc\n", "a\nc\nd\n")
	add("no end", "a\nb", "a\nb\n")
	add("only end", "\n", "\n\n")
	add("crlf", "a\r\nb\r\n", "a\nb\n")
	add("to binary", "text\n", "a\x00b\n")
	add("late nul", strings.Repeat("x\n", 9000), strings.Repeat("x\n", 9000)+"\x00\n")
	add("to empty", "a\nb\n", "")
	add("repeats", long(3), long(150))
	add("dir/deep/er.py", "1\n", "2\n")
	add("star*[a]?", "1\n", "2\n3\n")
	add(":(exclude)x", "1\n", "2\n3\n4\n")
	add("dir/text", "a\n", "b\n")
	for i := range 20 {
		add(fmt.Sprint("more", i), "a\n", strings.Repeat("b\n", i+1))
	}
	r := history(t, before, after)
	c := mustLoad(t, r.Dir, featureOfMain)
	want := numstatOf(r)
	if len(want) != len(before) {
		t.Fatalf("git counts %d files of %d", len(want), len(before))
	}
	for _, n := range []int{1, 3, 10, len(c.Files)} { // few are named to git, many are not
		for chunk := range slices.Chunk(c.Files, n) {
			lines, err := c.Source.Lines(context.Background(), chunk)
			if err != nil {
				t.Fatal(err)
			}
			for i, f := range chunk {
				if lines[i] != want[f.Path] {
					t.Errorf("%s in %d: %+v, git counts %+v", f.Path, n, lines[i], want[f.Path])
				}
			}
		}
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	names := []string{
		"new\nline.py", "tab\t.py", `quo"te.py`, `back\slash.py`, " lead", "trail ", "-rf", ":(top)x", "a*b?[c]", "--", "HEAD", "main", strings.Repeat("1", 40), "\x01\x1b[31m.py",
		strings.TrimSuffix(strings.Repeat(strings.Repeat("d", 200)+"/", 20), "/"), "\u00fc", "u\u0308", "\U0001f6a8", "\u202etxt.md", "%s%n", "$(touch x)",
	}
	var before, after []entry
	for i, name := range names {
		before = append(before, entry{"100644", name, fmt.Sprintln("before", i)})
		after = append(after, entry{"100644", name, fmt.Sprintln("after", i)})
	}
	for _, format := range []string{"sha1", "sha256"} {
		c := mustLoad(t, history(t, before, after, format).Dir, featureOfMain)
		var got []string
		for _, f := range c.Files {
			got = append(got, f.Path)
		}
		slices.Sort(names)
		if diff := cmp.Diff(names, got); diff != "" {
			t.Error(diff)
		}
		for _, e := range after {
			if data, err := c.Read(context.Background(), change.AtHead, e.name); err != nil || string(data) != e.content {
				t.Errorf("%q: %q %v", e.name, data, err)
			}
		}
		if _, sum, err := c.CountLines(context.Background()); err != nil || sum.Added != len(names) {
			t.Errorf("lines: %v %v", sum, err)
		}
	}
}

// Names that are no UTF-8 are shown as text, keep their own contents, and never
// become one.
func TestNamesThatAreNoText(t *testing.T) {
	t.Parallel()
	after := []entry{
		{"100644", "a\xff.py", "ff\n"},
		{"100644", "a\xfe.py", "fe\nfe\n"},
		{"100644", "a\ufffd.py", "replacement\n1\n2\n"},
		{"100644", "\xe2\x82/x.py", "half\n1\n2\n3\n"},
		{"100644", "\xe2\x82/same.py", "same\n"},
	}
	r := history(t, []entry{{"100644", "\xe2\x82/same.py", "same\n"}, {"100644", "b\xff", "b\n"}, {"100644", "b\xfe", "b\n"}}, after)
	c := mustLoad(t, r.Dir, featureOfMain)
	ctx := context.Background()
	lines, _, err := c.CountLines(ctx)
	if err != nil {
		t.Fatal(err)
	}
	got := make(map[string]string)
	for i, f := range c.Files {
		if !utf8.ValidString(f.Path) {
			t.Errorf("%q is no text", f.Path)
		}
		if f.Status == change.Removed {
			got[f.Path] = "removed"
			continue
		}
		data, err := c.Read(ctx, change.AtHead, f.Path)
		if err != nil || lines[i].Added != strings.Count(string(data), "\n") {
			t.Errorf("%q: %q %v, %+v", f.Path, data, err, lines[i])
		}
		got[f.Path] = string(data)
	}
	want := map[string]string{
		"a\ufffd.py": "replacement\n1\n2\n", "a\ufffdfe.py": "fe\nfe\n", "a\ufffdff.py": "ff\n", "\ufffd/x.py": "half\n1\n2\n3\n", "b\ufffd": "removed", "b\ufffdff": "removed",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if data, err := c.Read(ctx, change.AtHead, "\ufffd/same.py"); err != nil || string(data) != "same\n" {
		t.Errorf("a file that did not change: %q %v", data, err)
	}
	if paths, err := c.CommitPaths(ctx, []string{c.Head}); err != nil || !slices.Equal(paths[c.Head], slices.Sorted(maps.Keys(want))) {
		t.Errorf("of the commit: %q %v", paths, err)
	}
}

// A tree that lists a name twice, or one with a slash, means different things to
// different commands.
func TestTreesThatContradictThemselves(t *testing.T) {
	t.Parallel()
	r := history(t, []entry{{"100644", "sub/a", "a\n"}, {"100644", "sub/b", "b\n"}}, []entry{{"100644", "sub/a", "a2\n"}})
	plant := func(branch, raw string) string {
		tree := r.Feed(raw, "hash-object", "-t", "tree", "-w", "--literally", "--stdin")
		id := r.Git("commit-tree", "-m", branch, "-p", "main", tree)
		r.Git("update-ref", "refs/heads/"+branch, id)
		return id
	}
	idOf := func(content string) string {
		bytes := make([]byte, 20)
		if _, err := fmt.Sscanf(r.Feed(content, "hash-object", "-w", "--stdin"), "%x", &bytes); err != nil {
			t.Fatal(err)
		}
		return string(bytes)
	}
	one, two := idOf("one\n"), idOf("two\n")
	plant("twice", "100644 a\x00"+one+"100644 a\x00"+two)
	if c := mustLoad(t, r.Dir, gitrepo.Options{Base: "main", Head: "twice"}); len(c.Gaps) == 0 {
		t.Errorf("%+v", c.Files)
	}
	plant("slash", "100644 sub/a\x00"+one)
	c := mustLoad(t, r.Dir, gitrepo.Options{Base: "main", Head: "slash"})
	if _, _, err := c.Lookup(context.Background(), change.AtHead, "other"); err == nil && len(c.Gaps) == 0 {
		t.Errorf("%+v", c.Files)
	}
	// A file that is really a tree has no content.
	plant("liar", "100644 a\x00"+idOfTree(t, r))
	c = mustLoad(t, r.Dir, gitrepo.Options{Base: "main", Head: "liar"})
	if _, err := c.Read(context.Background(), change.AtHead, "a"); err == nil || !strings.Contains(err.Error(), "is a tree") {
		t.Errorf("reading a tree as a file: %v", err)
	}
}

func idOfTree(t *testing.T, r *gitrepotest.Repo) string {
	t.Helper()
	var bytes []byte
	if _, err := fmt.Sscanf(r.Git("rev-parse", "main^{tree}"), "%x", &bytes); err != nil {
		t.Fatal(err)
	}
	return string(bytes)
}

// Permissions that only old tools wrote are those that git takes them for.
func TestOddModes(t *testing.T) {
	t.Parallel()
	r := history(t, []entry{{"100644", "x", "x\n"}}, []entry{{"100644", "x", "x\n"}})
	id := r.Git("rev-parse", "main:x")
	var raw strings.Builder
	bytes := make([]byte, 20)
	if _, err := fmt.Sscanf(id, "%x", &bytes); err != nil {
		t.Fatal(err)
	}
	modes := []string{"100600", "100640", "100664", "100666", "100700", "100711", "100744", "100755", "100777", "120000", "120777"}
	for i, mode := range modes {
		fmt.Fprintf(&raw, "%s %c\x00%s", mode, 'a'+i, bytes)
	}
	tree := r.Feed(raw.String(), "hash-object", "-t", "tree", "-w", "--literally", "--stdin")
	r.Git("update-ref", "refs/heads/odd", r.Git("commit-tree", "-m", "odd", "-p", "main", tree))
	r.Git("update-ref", "refs/heads/main", r.Git("commit-tree", "-m", "odd", "-p", "odd", tree))
	r.Git("update-ref", "refs/heads/feature", r.Git("commit-tree", "-m", "none", "-p", "main", r.Feed("", "mktree")))
	c := mustLoad(t, r.Dir, featureOfMain)
	whole := mustLoad(t, r.Dir, gitrepo.Options{Base: "main", Head: "main"})
	for i, f := range c.Files {
		e, found, err := whole.Lookup(context.Background(), change.AtHead, f.Path)
		if err != nil || !found || e.Mode != f.OldMode {
			t.Errorf("%s: the tree has %s, its difference %s (%v)", modes[i], e.Mode, f.OldMode, err)
		}
	}
	if len(c.Files) != len(modes) {
		t.Errorf("%d files", len(c.Files))
	}
}

func TestCommitPathsAreAgainstTheFirstParent(t *testing.T) {
	t.Parallel()
	r := simple(t)
	r.Git("checkout", "-q", "-b", "side", "main")
	r.Write(map[string]string{"side.py": "s\n"})
	r.Commit("side")
	r.Git("checkout", "-q", "feature")
	r.Git("merge", "-q", "--no-edit", "side")
	r.Git("mv", "a.py", "moved.py")
	r.Commit("move")
	r.Commit("nothing")
	c := mustLoad(t, r.Dir, gitrepo.Options{})
	want := map[string][]string{
		"change": {"a.py", "n\new\t\"q\".txt"}, "side": {"side.py"}, "Merge branch 'side' into feature": {"side.py"}, "move": {"a.py", "moved.py"}, "nothing": {},
	}
	ids := []string{r.Git("rev-parse", "main")}
	subjects := map[string]string{ids[0]: "base"}
	want["base"] = []string{"a.py", "sub/b.py"}
	for _, commit := range c.Commits {
		ids = append(ids, commit.ID)
		subjects[commit.ID] = commit.Subject()
	}
	found, err := c.CommitPaths(context.Background(), ids)
	if err != nil {
		t.Fatal(err)
	}
	got := make(map[string][]string)
	for id, paths := range found {
		got[subjects[id]] = paths
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for _, id := range []string{strings.Repeat("1", 40), "main", "--help", ""} {
		if paths, err := c.CommitPaths(context.Background(), []string{id}); err == nil {
			t.Errorf("%q: %q", id, paths)
		}
	}
}

func TestFileAndListTree(t *testing.T) {
	t.Parallel()
	r := history(t, nil, []entry{{"100644", "a b\n", "one\n"}, {"100755", "d/run", "two\n"}, {"120000", "l", "d/run"}, {"160000", "m", strings.Repeat("1", 40)}, {"100644", "\xff", "three\n"}})
	repo, ctx := opened(t, r.Dir), context.Background()
	entries, err := repo.ListTree(ctx, "feature")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, fmt.Sprintf("%s %q", e.Mode, e.Path))
	}
	if diff := cmp.Diff([]string{`100644 "a b\n"`, `100755 "d/run"`, `120000 "l"`, `160000 "m"`, "100644 \"\ufffd\""}, got); diff != "" {
		t.Error(diff)
	}
	head := r.Git("rev-parse", "feature")
	for path, want := range map[string]string{"a b\n": "one\n", "d/run": "two\n", "l": "d/run", "\ufffd": "three\n"} {
		data, _, found, err := repo.File(ctx, head, path, 100)
		if err != nil || !found || string(data) != want {
			t.Errorf("%q: %q %v %v", path, data, found, err)
		}
	}
	for _, path := range []string{"", "d", "d/", "d//run", "/d/run", "d/run/x", "l/x", "../x", "no"} {
		if _, _, found, err := repo.File(ctx, head, path, 100); found || err != nil {
			t.Errorf("%q: %v %v", path, found, err)
		}
	}
	for path, limit := range map[string]int64{"m": 100, "d/run": 3} {
		if _, _, found, err := repo.File(ctx, head, path, limit); !found || err == nil {
			t.Errorf("%q: %v %v", path, found, err)
		}
	}
}

// Many readers at once get their own answers; the race detector watches.
func TestConcurrentReaders(t *testing.T) {
	t.Parallel()
	var before, after []entry
	for i := range 40 {
		before = append(before, entry{"100644", fmt.Sprintf("d%d/f%d", i%5, i), fmt.Sprintln("before", i)})
		after = append(after, entry{"100644", fmt.Sprintf("d%d/f%d", i%5, i), fmt.Sprintln("after", i)})
	}
	c := mustLoad(t, history(t, before, after).Dir, featureOfMain)
	var wg sync.WaitGroup
	for i := range 40 {
		wg.Go(func() {
			for side, want := range []string{before[i].content, after[i].content} {
				entries, err := c.Source.Entries(context.Background(), change.Side(side), []string{before[i].name})
				if err != nil {
					t.Error(err)
					return
				}
				id := entries[before[i].name].Blob
				blobs, err := c.Source.Blobs(context.Background(), []string{id}, change.Limits{File: 100, Change: 100})
				if err != nil || string(blobs[id].Data) != want {
					t.Errorf("%s: %q %v", before[i].name, blobs[id].Data, err)
				}
			}
		})
	}
	wg.Wait()
}

// A large content is neither held nor waited for.
func TestLargeFiles(t *testing.T) {
	t.Parallel()
	r := gitrepotest.New(t)
	r.Git("config", "core.looseCompression", "1") // the least time
	r.Commit("base")
	r.Git("checkout", "-q", "-b", "feature")
	if err := os.WriteFile(filepath.Join(r.Dir, "large"), make([]byte, 100<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	r.Commit("large")
	c := mustLoad(t, r.Dir, gitrepo.Options{})
	id := c.Files[0].Blob
	blobs, err := c.Source.Blobs(context.Background(), []string{id}, change.Limits{File: change.DefaultFileLimit, Change: change.DefaultChangeLimit})
	if b := blobs[id]; err != nil || !b.TooLarge || b.Size != 100<<20 || b.Data != nil {
		t.Errorf("%d %v %v", b.Size, b.TooLarge, err)
	}
	if _, sum, err := c.CountLines(context.Background()); err != nil || sum != (change.Lines{}) {
		t.Errorf("a binary file has lines: %v %v", sum, err)
	}
}
