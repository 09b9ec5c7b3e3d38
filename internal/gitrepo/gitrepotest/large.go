package gitrepotest

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"crypto/sha1" //nolint:gosec // git's object ids
	_ "embed"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/changeguard/changeguard/change"
)

// files are the statuses, modes and names of the files of a large public pull
// request, as GitHub lists them.
//
//go:embed testdata/files.gz
var files []byte

// LargeFiles is the number of files of the large change.
const LargeFiles = 11178

// LargeChange lists the files of the large change, with contents made up.
func LargeChange(tb testing.TB) []change.File {
	tb.Helper()
	z, err := gzip.NewReader(bytes.NewReader(files))
	if err != nil {
		tb.Fatal(err)
	}
	list, err := io.ReadAll(z)
	if err != nil {
		tb.Fatal(err)
	}
	var all []change.File
	for line := range strings.Lines(string(list)) {
		fields := strings.SplitN(strings.TrimSuffix(line, "\n"), " ", 3)
		mode, name := change.Mode(fields[1]), fields[2]
		switch before, after := blobID(before(name)), blobID(after(name)); fields[0] {
		case "A":
			all = append(all, change.NewFile(name, change.NoMode, "", mode, after))
		case "R":
			all = append(all, change.NewFile(name, change.Regular, before, change.NoMode, ""))
		default:
			all = append(all, change.NewFile(name, mode, before, mode, after))
		}
	}
	if len(all) != LargeFiles {
		tb.Fatalf("%d files", len(all))
	}
	return all
}

func before(name string) string { return "before " + name + "\n" }
func after(name string) string  { return "after " + name + "\n" }

func blobID(content string) string {
	return fmt.Sprintf("%x", sha1.Sum(fmt.Appendf(nil, "blob %d\x00%s", len(content), content)))
}

// LargePolicy is a policy of fifty path rules. Each protects one of the folders
// in which the large change has most files, and names by a word, so that
// thousands of files are found.
func LargePolicy(tb testing.TB) string {
	tb.Helper()
	count := make(map[string]int)
	for _, f := range LargeChange(tb) {
		if parts := strings.Split(f.Path, "/"); len(parts) > 3 {
			count[strings.Join(parts[:3], "/")]++
		}
	}
	var folders []string
	for folder := range count {
		folders = append(folders, folder)
	}
	slices.SortFunc(folders, func(a, b string) int { return cmp.Or(count[b]-count[a], cmp.Compare(a, b)) })
	var b strings.Builder
	b.WriteString("version: 1\nsessions:\n  analysis-only:\n    declared-by: {labels: [analysis-only]}\n    may-change: [docs]\nrules:\n")
	for i, folder := range folders[:50] {
		fmt.Fprintf(&b, "  rule-%d:\n    uses: protected-paths\n    with: {paths: [\"%s/**\", \"**/*_%s_core*.py\", \"!**/*.md\"]}\n", i, folder, folder[strings.LastIndexByte(folder, '/')+1:])
	}
	return b.String()
}

// Large makes a repository whose branch feature differs from main by the large
// change, with a policy on main.
func Large(tb testing.TB, policy string) *Repo {
	tb.Helper()
	r := New(tb)
	// Blobs of their own: with 22,000 within the commits fast-import takes six times as long.
	var blobs, base, head strings.Builder
	marks := 2 // the commits
	blob := func(content string) int {
		marks++
		fmt.Fprintf(&blobs, "blob\nmark :%d\n%s", marks, data(content))
		return marks
	}
	fmt.Fprintf(&base, "M 100644 :%d .github/changeguard.yml\n", blob(policy))
	for _, f := range LargeChange(tb) {
		if f.OldMode != change.NoMode {
			fmt.Fprintf(&base, "M %s :%d %q\n", f.OldMode, blob(before(f.Path)), f.Path)
		}
		if f.Mode == change.NoMode {
			fmt.Fprintf(&head, "D %q\n", f.Path)
		} else {
			fmt.Fprintf(&head, "M %s :%d %q\n", f.Mode, blob(after(f.Path)), f.Path)
		}
	}
	const who = "committer Dev <dev@example.com> 1735689600 +0000\n"
	r.Feed(blobs.String()+"commit refs/heads/main\nmark :1\n"+who+data("base")+base.String()+"\ncommit refs/heads/feature\n"+who+data("head")+"from :1\n"+head.String()+"\n", "fast-import", "--quiet")
	return r
}

func data(s string) string { return fmt.Sprintf("data %d\n%s\n", len(s), s) }
