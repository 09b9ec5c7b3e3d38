package gitrepotest

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"
)

// history are the subjects, trailers, times and files of the commits of a public
// repository that agents and people wrote together; the names of people are
// replaced.
//
//go:embed testdata/history.jsonl.gz
var history []byte

// HistoryCommits is how many commits there are.
const HistoryCommits = 1823

// A PastCommit is one commit of the history.
type PastCommit struct {
	Message string   `json:"message"`
	Author  string   `json:"author"`
	Time    int64    `json:"time"`  // seconds since 1970
	Files   []string `json:"files"` // "A path", "M path" or "D path"
}

// PastCommits are all of them, the oldest first.
func PastCommits(tb testing.TB) []PastCommit {
	tb.Helper()
	z, err := gzip.NewReader(bytes.NewReader(history))
	if err != nil {
		tb.Fatal(err)
	}
	text, err := io.ReadAll(z)
	if err != nil {
		tb.Fatal(err)
	}
	var all []PastCommit
	for line := range strings.Lines(string(text)) {
		var c PastCommit
		if err := json.Unmarshal([]byte(line), &c); err != nil {
			tb.Fatal(err)
		}
		all = append(all, c)
	}
	if len(all) != HistoryCommits {
		tb.Fatalf("%d commits", len(all))
	}
	return all
}

// History makes a repository of the history, with contents made up, on top of
// one commit that has what the first of them found. A policy may be in it.
// Only its oldest commits are, where a test needs no more.
func History(tb testing.TB, policy string, most int) *Repo {
	tb.Helper()
	r := New(tb)
	commits := PastCommits(tb)[:most]
	var b strings.Builder
	there := make(map[string]bool)
	fmt.Fprintf(&b, "commit refs/heads/main\ncommitter Dev <dev@example.com> 1735689600 +0000\n%s", data("base"))
	fmt.Fprintf(&b, "M 100644 inline .github/changeguard.yml\n%s", data(policy))
	for _, c := range commits {
		for _, f := range c.Files {
			status, name, _ := strings.Cut(f, " ")
			if !there[name] && status != "A" {
				fmt.Fprintf(&b, "M 100644 inline %q\n%s", name, data("before "+name+"\n"))
			}
			there[name] = true
		}
	}
	for i, c := range commits {
		fmt.Fprintf(&b, "commit refs/heads/main\nauthor %s <%s@example.com> %d +0000\ncommitter %s <%s@example.com> %d +0000\n%s",
			c.Author, c.Author, c.Time, c.Author, c.Author, c.Time, data(c.Message))
		for _, f := range c.Files {
			status, name, _ := strings.Cut(f, " ")
			if status == "D" {
				fmt.Fprintf(&b, "D %q\n", name)
			} else {
				fmt.Fprintf(&b, "M 100644 inline %q\n%s", name, data(fmt.Sprintf("%s in commit %d\n", name, i)))
			}
		}
	}
	r.Feed(b.String(), "fast-import", "--quiet")
	r.Git("pack-refs", "--all")
	return r
}
