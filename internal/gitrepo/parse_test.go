package gitrepo

import (
	"bytes"
	"errors"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding/unicode"

	"github.com/changeguard/changeguard/change"
)

const (
	idA = "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"
	id0 = "0000000000000000000000000000000000000000"
)

func TestParseRawRefusesWhatGitDoesNotPrint(t *testing.T) {
	t.Parallel()
	for _, out := range []string{
		"x", ":100644 100644 " + idA + " " + idA + " M\x00", ":100644 100644 " + idA + " " + idA + "\x00a\x00", "100644 100644 " + idA + " " + idA + " M\x00a\x00",
		":100644 9 " + idA + " " + idA + " M\x00a\x00", ":000000 000000 " + id0 + " " + id0 + " M\x00a\x00", ":100644 000000 " + idA + " " + idA + " D\x00a\x00",
		":100644 100644 " + idA + " " + id0 + " M\x00a\x00", ":100644 100644 " + idA + " " + idA + " M\x00\x00",
	} {
		if files, err := parseRaw([]byte(out)); !errors.Is(err, errRaw) {
			t.Errorf("%q: %v %v", out, files, err)
		}
	}
}

func FuzzParseRaw(f *testing.F) {
	f.Add([]byte(":100644 100755 " + idA + " " + idA + " M\x00a b\x00"))
	f.Add([]byte(":000000 120000 " + id0 + " " + idA + " A\x00a\n\x00:160000 000000 " + idA + " " + id0 + " D\x00\xff\x00"))
	f.Fuzz(func(t *testing.T, out []byte) {
		files, err := parseRaw(out)
		if err != nil {
			return
		}
		if want := bytes.Count(append(bytes.TrimSuffix(out, []byte{0}), 0), []byte{0}) / 2; len(out) > 0 && len(files) != want {
			t.Errorf("%q: %d files, want %d", out, len(files), want)
		}
		for _, file := range files {
			if file.Path == "" || file.Status == "" || (file.Mode == "") != (file.Blob == "") || file.Mode == "" && file.OldMode == "" {
				t.Errorf("%q: %+v", out, file)
			}
		}
	})
}

func TestParseCommit(t *testing.T) {
	t.Parallel()
	raw := "tree 1\nparent 2\nparent 3\nauthor A B <a@b> 1 +0000\nauthor C <c@d> 1 +0000\nparent 4\ncommitter <b@c> 1 +0000\n" +
		"gpgsig -----BEGIN\n \n author X <x@x> 1 +0000\n parent 5\nmergetag object 6\n type commit\n\nsubject\n\nauthor D <d@e>\nKey: value\n\n"
	want := change.Commit{
		ID: "id", Parents: []string{"2", "3"}, Author: change.Identity{Name: "A B", Email: "a@b"}, Committer: change.Identity{Email: "b@c"},
		Message: "subject\n\nauthor D <d@e>\nKey: value\n\n",
	}
	if diff := cmp.Diff(want, parseCommit("id", []byte(raw))); diff != "" {
		t.Error(diff)
	}
	for _, raw := range []string{"", "\n\n", "author", "author <", "author >", "committer a <b"} {
		if c := parseCommit("id", []byte(raw)); c.Message != "" || len(c.Parents) > 0 {
			t.Errorf("%q: %+v", raw, c)
		}
	}
}

// An encoding decides only over bytes that are no UTF-8: a trailer cannot be
// hidden by naming one.
func TestCommitEncodings(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ encoding, message, want string }{
		{"ISO-8859-1", "gr\xfc\xdfe\nMode: a\n", "grüße\nMode: a\n"},
		{"ISO-8859-1", "grüße\n", "grüße\n"},
		{"Shift_JIS", "\x93\xfa\x96{\n", "日本\n"},
		{"KOI8-R", "\xd0\n", "п\n"},
		{"UTF-16", "Mode: a\n", "Mode: a\n"},
		{"IBM037", "Mode: a\n\xff", "Mode: a\n\ufffd"},
		{"UTF-7", "+AE0-ode: a\n", "+AE0-ode: a\n"},
		{"", "a\xff\xfeb", "a\ufffd\ufffdb"},
		{"no-such", "a\xe2\x82b", "a\ufffdb"},
	} {
		got := parseCommit("id", []byte("tree 1\nauthor \xfc <a@b> 1 +0000\nencoding "+c.encoding+"\n\n"+c.message))
		if got.Message != c.want || !utf8.ValidString(got.Author.Name) {
			t.Errorf("%s %q: %q by %q, want %q", c.encoding, c.message, got.Message, got.Author.Name, c.want)
		}
	}
	for name, known := range encodings {
		for c := rune(0x20); c < 0x7f; c++ {
			if got, err := known.NewDecoder().String("\n" + string(c)); err != nil || got != "\n"+string(c) {
				t.Errorf("ASCII is no part of %s: %q is %q", name, c, got)
			}
		}
	}
}

func FuzzParseCommit(f *testing.F) {
	f.Add([]byte("tree 1\nparent 2\nauthor A <a@b> 1 +0000\ncommitter B <b@c> 1 +0000\ngpgsig x\n y\nencoding Shift_JIS\n\nmessage \x93\xfa\n"))
	f.Add([]byte("tree 1\nauthor \xff <> 1\n\n\n\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		c := parseCommit("id", data)
		for _, s := range []string{c.Message, c.Author.Name, c.Author.Email, c.Committer.Name, c.Committer.Email} {
			if !utf8.ValidString(s) {
				t.Errorf("%q gives %q", data, s)
			}
		}
		_, message, _ := strings.Cut(string(data), "\n\n")
		if utf8.ValidString(message) && c.Message != message {
			t.Errorf("message %q became %q", message, c.Message)
		}
	})
}

func TestParseTree(t *testing.T) {
	t.Parallel()
	id := strings.Repeat("x", 20)
	entries, err := parseTree([]byte("100644 a\x00"+id+"40000 d\x00"+id+"100664 g\x00"+id+"100744 x\x00"+id+"120000 l\x00"+id+"160000 s\x00"+id+"20000 ?\x00"+id), 20)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]change.Mode{
		"a": change.Regular, "d": treeMode, "g": change.Regular, "x": change.Executable, "l": change.Symlink, "s": change.Submodule, "?": change.Submodule,
	}
	for name, mode := range want {
		if entries[name].mode != mode || len(entries[name].id) != 40 {
			t.Errorf("%s: %+v, want %s", name, entries[name], mode)
		}
	}
	for _, bad := range []string{
		"100644 a\x00" + id + "100644 a\x00" + id, "100644 a/b\x00" + id, "100644 \x00" + id, "100644 a\x00short", "100644a\x00" + id, "10064x a\x00" + id, "100644 a",
	} {
		if entries, err := parseTree([]byte(bad), 20); !errors.Is(err, errRaw) {
			t.Errorf("%q: %v %v", bad, entries, err)
		}
	}
}

func FuzzParseTree(f *testing.F) {
	f.Add([]byte("100644 a\x0001234567890123456789"))
	f.Add([]byte("40000 a\x000123456789012345678940000 \xff\x0001234567890123456789"))
	f.Fuzz(func(t *testing.T, data []byte) {
		entries, err := parseTree(data, 20)
		size := 0
		for name, e := range entries {
			size += len(name) + 1 + 20
			if name == "" || strings.Contains(name, "/") || len(e.id) != 40 {
				t.Errorf("%q: %q %+v", data, name, e)
			}
		}
		if err == nil && size > len(data) {
			t.Errorf("%q: more than there is", data)
		}
	})
}

func TestFindByShownName(t *testing.T) {
	t.Parallel()
	a := treeEntry{change.Regular, "1"}
	for _, c := range []struct {
		tree  tree
		found bool
		fails bool
	}{
		{tree{"a\xff": a, "b": a}, true, false},
		{tree{"a\xff": a, "a\xfe": a}, false, true},
		{tree{"a\xff": a, "a\ufffd": a}, true, false},
		{tree{"b": a}, false, false},
	} {
		_, found, err := c.tree.find("a\ufffd")
		if found != c.found || (err != nil) != c.fails {
			t.Errorf("%q: %v %v", c.tree, found, err)
		}
	}
}

func FuzzParseNumstat(f *testing.F) {
	f.Add([]byte("1\t2\ta b\x00-\t-\tbin\x00"))
	f.Add([]byte("1\t-\ta\x00"))
	f.Fuzz(func(t *testing.T, out []byte) {
		counts, err := parseNumstat(out)
		for name, n := range counts {
			if err == nil && (name == "" || n.Added < 0 || n.Deleted < 0 || !bytes.Contains(out, []byte(name))) {
				t.Errorf("%q: %q %+v", out, name, n)
			}
		}
	})
}

func FuzzParseList(f *testing.F) {
	f.Add([]byte("100644 blob " + idA + "\ta\tb\x00160000 commit " + idA + "\t\xff\x00"))
	f.Fuzz(func(t *testing.T, out []byte) {
		entries, err := parseList(out)
		seen := make(map[string]bool)
		for _, e := range entries {
			if err == nil && (e.Path == "" || seen[e.Path] || !utf8.ValidString(e.Path)) {
				t.Errorf("%q: %+v", out, e)
			}
			seen[e.Path] = true
		}
	})
}

func FuzzParseCommitPaths(f *testing.F) {
	f.Add([]byte(idA + "\x00:100644 100755 " + idA + " " + idA + " M\x00" + idA + "\x00" + id0 + "\x00"))
	isID := func(s string) bool { return len(s) == 40 && strings.Trim(s, "0123456789abcdef") == "" }
	f.Fuzz(func(t *testing.T, out []byte) {
		found, err := parseCommitPaths(out, isID)
		for id, paths := range found {
			if err == nil && (!isID(id) || slices.Contains(paths, "")) {
				t.Errorf("%q: %q %q", out, id, paths)
			}
		}
	})
}

func TestShownNames(t *testing.T) {
	t.Parallel()
	raw := []string{"a\ufffd", "a\xff", "a\xfe", "a\ufffdfe", "b\xe2\x82", "b\xe2\x82\xac", "plain", "\xed\xa0\x80", "\xf0\x9f\x98", "\xc0\xaf"}
	n, err := shownNames(raw)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, name := range raw {
		got = append(got, n.show(name))
		if n.git(n.show(name)) != name {
			t.Errorf("%q is shown as %q, which is %q", name, n.show(name), n.git(n.show(name)))
		}
	}
	want := []string{"a\ufffd", "a\ufffdff", "a\ufffdfe\ufffd", "a\ufffdfe", "b\ufffd", "b€", "plain", "\ufffd\ufffd\ufffd", "\ufffd", "\ufffd\ufffd"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	slices.Reverse(raw)
	again, err := shownNames(raw)
	if diff := cmp.Diff(n.shown, again.shown); diff != "" || err != nil {
		t.Errorf("the order matters: %s %v", diff, err)
	}
	for _, twice := range [][]string{{"a", "a"}, {"\xff", "b", "\xff"}} {
		if _, err := shownNames(twice); !errors.Is(err, errRaw) {
			t.Errorf("%q: %v", twice, err)
		}
	}
}

// Names stay apart and are text, and what is text stays what it is.
func FuzzShownNames(f *testing.F) {
	f.Add("a\xff\na\xfe\na\ufffd\na\ufffdff")
	f.Add("\xe2\x82\n\xf0\x9f\x98\n\xf4\x90\x80\x80\n\xed\xa0\x80")
	decoder := unicode.UTF8.NewDecoder()
	f.Fuzz(func(t *testing.T, list string) {
		raw := strings.Split(list, "\n")
		slices.Sort(raw)
		raw = slices.Compact(raw)
		n, err := shownNames(raw)
		if err != nil {
			t.Fatal(err)
		}
		seen := make(map[string]bool)
		for _, name := range raw {
			text := n.show(name)
			if seen[text] || !utf8.ValidString(text) || utf8.ValidString(name) && text != name || n.git(text) != name {
				t.Errorf("%q of %q is shown as %q", name, raw, text)
			}
			seen[text] = true
			if want, err := decoder.String(name); err != nil || readable(name, false) != want {
				t.Errorf("%q reads %q, want %q (%v)", name, readable(name, false), want, err)
			}
		}
	})
}

func TestPlain(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{"a b.txt": "a b.txt", "ü": "ü", "a\x1b[31m": `"a\x1b[31m"`, "a\nb": `"a\nb"`, "\xff": `"\xff"`, `a"b`: `"a\"b"`, "a\u202eb": `"a\u202eb"`} {
		if got := plain(in); got != want {
			t.Errorf("%q: %s, want %s", in, got, want)
		}
	}
}

func TestOutputIsBounded(t *testing.T) {
	t.Parallel()
	var kept bytes.Buffer
	loud := &limited{w: &kept, left: 3}
	if n, err := loud.Write([]byte("abcd")); err == nil || n != 0 {
		t.Error("too much output is taken")
	}
	quiet := &limited{w: &kept, left: 3, quiet: true}
	for range 2 {
		if n, err := quiet.Write([]byte("ab")); err != nil || n != 2 {
			t.Errorf("%d %v", n, err)
		}
	}
	if kept.String() != "aba" {
		t.Errorf("kept %q", kept.String())
	}
	if lastLine(&gitError{"x", "warning: a\nfatal: b", exec.ErrNotFound}) != "b" {
		t.Error("the reason is the last line")
	}
}
