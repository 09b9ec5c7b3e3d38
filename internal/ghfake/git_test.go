package ghfake_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/changeguard/changeguard/internal/ghfake"
)

// local is a real repository beside the stand-in's.
type local struct {
	t   testing.TB
	dir string
}

func newLocal(t testing.TB) *local {
	t.Helper()
	l := &local{t, t.TempDir()}
	l.git("init", "-q", "-b", "main")
	return l
}

func (l *local) git(args ...string) string {
	l.t.Helper()
	cmd := exec.Command("git", append([]string{"-c", "core.autocrlf=false", "-c", "core.quotepath=false"}, args...)...)
	cmd.Dir = l.dir
	date := fmt.Sprintf("%d %s", author.When.Unix(), author.When.Format("-0700"))
	cmd.Env = append(
		os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null", "GIT_AUTHOR_NAME="+author.Name, "GIT_AUTHOR_EMAIL="+author.Email,
		"GIT_COMMITTER_NAME="+author.Name, "GIT_COMMITTER_EMAIL="+author.Email, "GIT_AUTHOR_DATE="+date, "GIT_COMMITTER_DATE="+date,
	)
	out, err := cmd.Output()
	if err != nil {
		l.t.Fatalf("git %v: %v", args, err)
	}
	return strings.TrimSpace(string(out))
}

// commit writes files, removes those that are nil, and returns the commit.
func (l *local) commit(message string, files ghfake.Files) string {
	l.t.Helper()
	for name, f := range files {
		path := filepath.Join(l.dir, name)
		if f == nil {
			if err := os.Remove(path); err != nil {
				l.t.Fatal(err)
			}
			continue
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			l.t.Fatal(err)
		}
		if err := os.RemoveAll(path); err != nil { // so that the mode is the new one
			l.t.Fatal(err)
		}
		var err error
		switch f.Mode {
		case "120000":
			err = os.Symlink(f.Content, path)
		case "100755":
			err = os.WriteFile(path, []byte(f.Content), 0o755)
		default:
			err = os.WriteFile(path, []byte(f.Content), 0o644)
		}
		if err != nil {
			l.t.Fatal(err)
		}
	}
	l.git("add", "-A")
	l.git("commit", "-q", "--allow-empty", "--cleanup=verbatim", "-m", message)
	return l.git("rev-parse", "HEAD")
}

func TestObjectsHaveGitsIDs(t *testing.T) {
	t.Parallel()
	w, l := newWorld(t, ghfake.Options{}, nil), newLocal(t)
	for i, files := range []ghfake.Files{
		{"a.txt": ghfake.Text("a\n"), "dir/b": ghfake.Text(""), "dir.x": ghfake.Text("x"), "dir/sub/ünï.py": ghfake.Text("y = 1\n"), "run": {Mode: "100755", Content: "#!\n"}},
		{"link": {Mode: "120000", Content: "dir/b"}, "dir/sub/ünï.py": nil},
		{"dir/b": nil, "a.txt": ghfake.Text("b\n")},
		{},
	} {
		message := fmt.Sprintf("commit %d\n\nBody.\n\nTrailer: x\n", i)
		if got, want := w.repo.Commit("main", message, files, author), l.commit(message, files); got != want {
			t.Fatalf("commit %d has the id %s, git says %s", i, got, want)
		}
	}
	// A merge, and a committer of its own with a time zone.
	east := ghfake.Signature{Name: "E", Email: "e@example.com", When: time.Unix(1_700_000_100, 0).In(time.FixedZone("", 19800))}
	w.repo.Branch("side", "main")
	w.repo.CommitWith("side", "side\n", ghfake.Files{"s": ghfake.Text("s")}, east, east)
	tree := l.gitIn("s", "hash-object", "-w", "--stdin")
	l.git("update-index", "--add", "--cacheinfo", "100644,"+tree+",s")
	raw := fmt.Sprintf("tree %s\nparent %s\nauthor %s\ncommitter %s\n\nside\n", l.git("write-tree"), l.git("rev-parse", "HEAD"), east, east)
	if got, want := w.repo.Tip("side"), l.gitIn(raw, "hash-object", "-t", "commit", "-w", "--stdin"); got != want {
		t.Errorf("the side commit has the id %s, git says %s", got, want)
	}
}

// gitIn runs git on a standard input.
func (l *local) gitIn(in string, args ...string) string {
	l.t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir, cmd.Stdin = l.dir, strings.NewReader(in)
	out, err := cmd.Output()
	if err != nil {
		l.t.Fatalf("git %v: %v", args, err)
	}
	return strings.TrimSpace(string(out))
}

// copyInto brings all objects and branches into the stand-in.
func (l *local) copyInto(r *ghfake.Repo) {
	l.t.Helper()
	cmd := exec.Command("git", "cat-file", "--batch-all-objects", "--batch")
	cmd.Dir = l.dir
	out, err := cmd.Output()
	if err != nil {
		l.t.Fatal(err)
	}
	in := bufio.NewReader(bytes.NewReader(out))
	for {
		line, err := in.ReadString('\n')
		if err == io.EOF {
			break
		}
		fields := strings.Fields(line)
		size, err := strconv.Atoi(fields[2])
		if err != nil {
			l.t.Fatal(err)
		}
		raw := make([]byte, size+1)
		if _, err := io.ReadFull(in, raw); err != nil {
			l.t.Fatal(err)
		}
		if err := r.AddObject(fields[1], raw[:size]); err != nil {
			l.t.Fatal(err)
		}
	}
	for line := range strings.Lines(l.git("for-each-ref", "--format=%(refname:short) %(objectname)", "refs/heads")) {
		name, id, _ := strings.Cut(strings.TrimSpace(line), " ")
		r.Branch(name, id)
	}
}

func TestACopyOfACloneIsTheSame(t *testing.T) {
	t.Parallel()
	w, l := newWorld(t, ghfake.Options{}, nil), newLocal(t)
	l.commit("one\n", ghfake.Files{"a/b/c.txt": ghfake.Text("1\n"), "d": ghfake.Text("d\n")})
	l.git("checkout", "-q", "-b", "feature")
	head := l.commit("two\n", ghfake.Files{"a/b/c.txt": ghfake.Text("2\n")})
	l.git("tag", "-a", "v1", "-m", "a tag")
	l.copyInto(w.repo)
	got := w.get("/repos/acme/app/compare/main...feature").want(200).object()
	if at(got, "commits.0.sha") != head || at(got, "files.0.filename") != "a/b/c.txt" || at(got, "files.0.status") != "modified" {
		t.Errorf("compared: %v", got["files"])
	}
	if err := w.repo.AddObject("nonsense", nil); err == nil {
		t.Error("an object of an unknown kind was taken")
	}
	if err := w.repo.AddObject("tree", []byte("100644 a\x00short")); err == nil {
		t.Error("a broken tree was taken")
	}
}

// Random edits of random files compare as git compares them.
func TestFilesCompareAsGitCompares(t *testing.T) {
	t.Parallel()
	w, l := newWorld(t, ghfake.Options{}, nil), newLocal(t)
	random := rand.New(rand.NewPCG(1, 2))
	text := func(n int) string {
		var b strings.Builder
		for range n {
			fmt.Fprintf(&b, "word%d line %d\n", random.IntN(20), random.IntN(30))
		}
		return b.String()
	}
	base, head := ghfake.Files{}, ghfake.Files{}
	for i := range 60 {
		name := fmt.Sprintf("d%d/f%d.txt", i%5, i)
		lines := strings.SplitAfter(text(5+random.IntN(60)), "\n")
		base[name] = ghfake.Text(strings.Join(lines, ""))
		for range random.IntN(8) {
			j := random.IntN(len(lines))
			lines[j] = text(random.IntN(3))
		}
		after := strings.Join(lines, "")
		switch i % 7 {
		case 0:
			head[name], head[fmt.Sprintf("moved/g%d.txt", i)] = nil, ghfake.Text(fmt.Sprintf("%d\n", i)+base[name].Content)
		case 1:
			head[name] = nil
		case 2:
			head[name] = ghfake.Text(strings.TrimSuffix(after, "\n"))
		default:
			head[name] = ghfake.Text(after)
		}
	}
	base["exact"], head["exact"], head["dir/exact"] = ghfake.Text("one\ntwo\n"), nil, ghfake.Text("one\ntwo\n")
	base["mode"], head["mode"] = ghfake.Text("m\n"), &ghfake.File{Mode: "100755", Content: "m\n"}
	base["bin"], head["bin"] = ghfake.Text("a\x00b"), ghfake.Text("a\x00c")
	for name, f := range head {
		if f != nil && base[name] != nil && *f == *base[name] {
			delete(head, name)
		}
	}
	w.repo.Commit("main", "base", base, author)
	w.repo.Branch("feature", "main")
	w.repo.Commit("feature", "head", head, author)
	l.commit("base", base)
	l.git("checkout", "-q", "-b", "feature")
	l.commit("head", head)
	want := l.git("diff", "--minimal", "-M", "--no-ext-diff", "--name-status", "main", "feature")
	numbers := l.git("diff", "--minimal", "-M", "--no-ext-diff", "--numstat", "main", "feature")
	var status, stat []string
	for _, f := range w.get("/repos/acme/app/compare/main...feature").want(200).object()["files"].([]any) {
		name, previous := at(f, "filename").(string), ""
		letter := strings.ToUpper(at(f, "status").(string)[:1])
		if letter == "R" && at(f, "previous_filename") == nil {
			letter = "D"
		} else if letter == "R" {
			previous = at(f, "previous_filename").(string) + "\t"
		}
		status = append(status, letter+"\t"+previous+name)
		stat = append(stat, fmt.Sprintf("%v\t%v", at(f, "additions"), at(f, "deletions")))
	}
	for i, line := range strings.Split(want, "\n") {
		if line[0] == 'R' {
			line = "R" + line[strings.Index(line, "\t"):]
		}
		if i >= len(status) || status[i] != line {
			t.Fatalf("file %d: %q, git says %q\nall: %v", i, status[min(i, len(status)-1)], line, status)
		}
	}
	for i, line := range strings.Split(numbers, "\n") {
		fields := strings.SplitN(strings.ReplaceAll(line, "-", "0"), "\t", 3)
		if got := strings.Join(fields[:2], "\t"); got != stat[i] {
			t.Errorf("%s: lines %q, git says %q", status[i], stat[i], got)
		}
	}
}

// The patches of texts are those of git, headings included.
func TestPatchesAreGits(t *testing.T) {
	t.Parallel()
	w, l := newWorld(t, ghfake.Options{}, nil), newLocal(t)
	var b strings.Builder
	for i := range 60 {
		if i%15 == 0 {
			fmt.Fprintf(&b, "func f%d() {\n", i)
		}
		fmt.Fprintf(&b, "\tcall(%d)\n", i)
	}
	before := b.String()
	after := strings.NewReplacer("call(3)", "changed(3)", "\tcall(30)\n", "", "call(50)", "a\n\tb").Replace(before)
	base := ghfake.Files{"a.go": ghfake.Text(before), "end": ghfake.Text("x\ny"), "gone": ghfake.Text("1\n2\n")}
	head := ghfake.Files{"a.go": ghfake.Text(after), "end": ghfake.Text("x\nz"), "gone": nil, "new": ghfake.Text("n\n")}
	w.repo.Commit("main", "base", base, author)
	w.repo.Branch("feature", "main")
	w.repo.Commit("feature", "head", head, author)
	l.commit("base", base)
	l.git("checkout", "-q", "-b", "feature")
	l.commit("head", head)
	for _, f := range w.get("/repos/acme/app/compare/main...feature").want(200).object()["files"].([]any) {
		name := at(f, "filename").(string)
		whole := l.git("diff", "--no-ext-diff", "main", "feature", "--", name)
		want := whole[strings.Index(whole, "@@ "):]
		if got := at(f, "patch"); got != want {
			t.Errorf("%s:\n%s\ngit says:\n%s", name, got, want)
		}
	}
}
