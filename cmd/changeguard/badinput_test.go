package main

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/changeguard/changeguard/internal/gitrepo/gitrepotest"
)

const badInputPolicy = `version: 1
sessions:
  analysis-only:
    declared-by: {titles: ["[analysis]*"]}
    may-change: [docs, cosmetic]
rules:
  packages: {uses: dependencies, level: approve}
`

// checked runs the command on a branch and returns its exit code and all that it
// says.
func checked(t *testing.T, r *gitrepotest.Repo, more ...string) (code int, said string) {
	t.Helper()
	var out strings.Builder
	args := append([]string{"check", "--repo", r.Dir, "--base", "main", "--head", "feature"}, more...)
	code = run(context.Background(), args, func(string) string { return "" }, &out, &out)
	return code, out.String()
}

// branched has a policy on main and files on feature.
func branched(t *testing.T, before, after map[string]string) *gitrepotest.Repo {
	t.Helper()
	r := gitrepotest.New(t)
	r.Git("config", "core.looseCompression", "1")
	r.Write(map[string]string{".github/changeguard.yml": badInputPolicy})
	r.Write(before)
	r.Commit("base")
	r.Git("checkout", "-q", "-b", "feature")
	r.Write(after)
	r.Commit("change")
	return r
}

// A file of 100 MB is not read. Where its content decides, it is not green: a
// manifest needs approval, and a source in a session that may change comments has
// changed more than comments.
func TestFileOf100MB(t *testing.T) {
	t.Parallel()
	r := branched(t, map[string]string{"lib.py": "x = 1\n"}, map[string]string{
		"requirements.txt": strings.Repeat("# padding ", 10<<20) + "\nevil==1\n", "lib.py": "x = 1\n#" + strings.Repeat(" padding", 1<<20),
	})
	code, said := checked(t, r, "--session", "analysis-only")
	if code != 1 || !strings.Contains(said, "Blocked") || !strings.Contains(said, "lib.py") || !strings.Contains(said, "too large to be judged") {
		t.Errorf("exit code %d\n%.2000s", code, said)
	}
	code, said = checked(t, r)
	if code != 1 || !strings.Contains(said, "Approval needed") {
		t.Errorf("exit code %d\n%.2000s", code, said)
	}
}

func TestPathThatIsNoUTF8(t *testing.T) {
	t.Parallel()
	r := branched(t, nil, nil)
	id := r.Feed("words\n", "hash-object", "-w", "--stdin")
	r.Feed("100644 "+id+"\tdocs/a\xff.md\x00", "update-index", "-z", "--index-info")
	r.Git("commit", "-q", "-m", "docs: words")
	code, said := checked(t, r, "--format", "json")
	var v struct {
		Outcome  string
		Findings []struct{ Rule, Kind, Level, Path string }
	}
	if err := json.Unmarshal([]byte(said), &v); err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	if code != 1 || v.Outcome != "fail" || len(v.Findings) != 1 || v.Findings[0].Rule != "unreadable-path" || v.Findings[0].Path != "docs/a\ufffd.md" {
		t.Errorf("exit code %d: %+v", code, v)
	}
}

// An event is believed whole or not at all.
func TestBadEvents(t *testing.T) {
	t.Parallel()
	r := branched(t, nil, map[string]string{"docs/a.md": "words\n"})
	event := func(title string) string {
		return `{"action": "opened", "pull_request": {"number": 1, "title": "` + title + `", "body": null, "user": null, "labels": [], "head": {"ref": "feature", "sha": ""}, "base": {"ref": "main", "sha": ""}}}`
	}
	for name, c := range map[string]struct {
		payload string
		code    int
		says    string
	}{
		"good":             {event("Words"), 0, "Passed: 1 file"},
		"a title of 60 KB": {event("[analysis] " + strings.Repeat("x", 60<<10)), 2, "pull_request.title has 61451 bytes"},
		"no JSON":          {"payload=%7B%7D", 2, "this is no JSON"},
		"half of it":       {event("Words")[:100], 2, "this is no JSON"},
		"empty":            {"", 2, "this is no JSON"},
		"another event":    {`{"action": "created", "issue": {}}`, 2, "no payload of a pull_request"},
	} {
		file := filepath.Join(t.TempDir(), "event.json")
		if err := os.WriteFile(file, []byte(c.payload), 0o600); err != nil {
			t.Fatal(err)
		}
		if code, said := checked(t, r, "--event", file); code != c.code || !strings.Contains(said, c.says) {
			t.Errorf("%s: exit code %d\n%.500s", name, code, said)
		}
	}
	if code, said := checked(t, r, "--event", filepath.Join(t.TempDir(), "none.json")); code != 2 || !strings.Contains(said, "none.json") {
		t.Errorf("a file that is not there: exit code %d\n%s", code, said)
	}
}
