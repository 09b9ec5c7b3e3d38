package session_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/internal/pathset"
	"github.com/changeguard/changeguard/session"
)

var update = flag.Bool("update", false, "rewrite want in the fixtures")

// A fixture is a change, what is known beside it, and what must come
// out. Its files are lines of "key: value", but for the body and, behind an
// empty line, a commit's message.
type fixture struct {
	change     change.Change
	known      []session.Known
	specs      []session.Spec
	undeclared bool
	record     session.Record
}

func TestFixtures(t *testing.T) {
	t.Parallel()
	for _, dir := range []string{"recognise", "people", "declare", "sticks"} {
		names, err := filepath.Glob(filepath.Join("testdata", dir, "*.txtar"))
		if err != nil || len(names) == 0 {
			t.Fatalf("no fixtures in %s: %v", dir, err)
		}
		for _, name := range names {
			t.Run(dir+"/"+strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
				t.Parallel()
				checkFixture(t, name)
			})
		}
	}
}

func checkFixture(t *testing.T, name string) {
	t.Helper()
	a, err := txtar.ParseFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if len(a.Comment) == 0 {
		t.Error("a fixture says in its comment what it shows")
	}
	f, want := read(t, a)
	got := render(f.run())
	if strings.HasPrefix(name, filepath.Join("testdata", "people")) && !strings.HasPrefix(got, "human\n") {
		t.Errorf("a person's work was taken for %s", got)
	}
	if strings.HasPrefix(name, filepath.Join("testdata", "recognise")) && strings.HasPrefix(got, "human") {
		t.Error("nobody was recognised")
	}
	if *update {
		*want = []byte(got)
		if err := os.WriteFile(name, txtar.Format(a), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(string(*want), got); diff != "" {
		t.Error(diff)
	}
}

func (f *fixture) run() session.Session {
	return session.Declare(session.Recognise(&f.change, f.known), &f.change, f.specs, f.undeclared, f.record)
}

// render writes a session one fact a line.
func render(s session.Session) string {
	var b strings.Builder
	fmt.Fprintln(&b, strings.TrimSpace(string(s.Actor)+" "+s.Agent))
	for _, id := range s.IDs {
		fmt.Fprintln(&b, "id", id)
	}
	for _, e := range s.Evidence {
		fmt.Fprintf(&b, "%s | %s | %s\n", e.Signal, e.Value, e.Where)
	}
	for _, m := range s.Modes {
		what := "everything"
		if !m.Whole() {
			what = strings.Join(m.Commits, " ")
		}
		fmt.Fprintf(&b, "mode %s: %s\n", m.Name, what)
	}
	for _, e := range s.Unknown {
		fmt.Fprintf(&b, "unknown %s | %s | %s\n", e.Signal, e.Value, e.Where)
	}
	return b.String()
}

// read makes a fixture of an archive and finds its want.
func read(t *testing.T, a *txtar.Archive) (f *fixture, want *[]byte) {
	t.Helper()
	f = &fixture{}
	for i := range a.Files {
		text := string(a.Files[i].Data)
		switch name := a.Files[i].Name; {
		case name == "pull-request":
			f.pullRequest(t, text)
		case name == "body":
			f.change.Body = text
		case name == "known":
			eachLine(text, func(agent, kind, value string) {
				k := session.Known{Name: agent}
				if kind == "login" {
					k.Logins = []string{value}
				} else {
					k.Emails = []string{value}
				}
				f.known = append(f.known, k)
			})
		case name == "modes":
			f.modes(t, text)
		case name == "record":
			record, err := session.ParseRecord([]byte(text))
			if err != nil {
				t.Fatal(err)
			}
			f.record = record
		case strings.HasPrefix(name, "commit "):
			f.change.Commits = append(f.change.Commits, readCommit(t, strings.TrimPrefix(name, "commit "), text))
		case name == "want":
			want = &a.Files[i].Data
		default:
			t.Fatalf("unknown file %q", name)
		}
	}
	if want == nil {
		a.Files = append(a.Files, txtar.File{Name: "want"})
		want = &a.Files[len(a.Files)-1].Data
	}
	return f, want
}

// eachLine splits lines into two words and the rest.
func eachLine(text string, do func(first, second, rest string)) {
	for line := range strings.Lines(text) {
		first, rest, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		second, rest, _ := strings.Cut(rest, " ")
		do(first, second, rest)
	}
}

func (f *fixture) pullRequest(t *testing.T, text string) {
	t.Helper()
	c := &f.change
	c.Event = change.PullRequest
	for line := range strings.Lines(text) {
		key, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		switch key {
		case "author": // login id kind
			var kind string
			if _, err := fmt.Sscan(value, &c.Author.Login, &c.Author.ID, &kind); err != nil {
				t.Fatal(err)
			}
			c.Author.Kind = change.AccountKind(kind)
		case "title":
			c.Title = value
		case "branch":
			c.HeadRef = value
		case "label":
			c.Labels = append(c.Labels, change.Label{Name: value})
		case "own-label":
			c.Labels = append(c.Labels, change.Label{Name: value, ByAuthor: true})
		case "protected":
			c.HeadProtected, _ = strconv.ParseBool(value)
		case "gap":
			c.Gaps = append(c.Gaps, change.Gap{What: value})
		default:
			t.Fatalf("unknown key %q", key)
		}
	}
}

func (f *fixture) modes(t *testing.T, text string) {
	t.Helper()
	eachLine(text, func(mode, signal, value string) {
		if mode == session.UndeclaredAgent {
			f.undeclared = true
			return
		}
		if n := len(f.specs); n == 0 || f.specs[n-1].Name != mode {
			f.specs = append(f.specs, session.Spec{Name: mode})
		}
		spec := &f.specs[len(f.specs)-1]
		switch signal {
		case "label":
			spec.Labels = append(spec.Labels, value)
		case "title":
			spec.Titles = append(spec.Titles, value)
		case "branch":
			m, err := pathset.Compile(pathset.Protect, value)
			if err != nil {
				t.Fatal(err)
			}
			spec.Branches = m
		case "trailer":
			key, value, _ := strings.Cut(value, ": ")
			spec.Trailers = append(spec.Trailers, session.Trailer{Key: key, Value: value})
		default:
			t.Fatalf("unknown signal %q", signal)
		}
	})
}

func readCommit(t *testing.T, id, text string) change.Commit {
	t.Helper()
	head, message, ok := strings.Cut(text, "\n\n")
	if !ok {
		t.Fatalf("commit %s has no empty line", id)
	}
	c := change.Commit{ID: id, Message: message, Author: change.Identity{Name: "Dev", Email: "dev@example.com"}}
	for line := range strings.Lines(head) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		name, email, _ := strings.Cut(strings.TrimSuffix(value, ">"), " <")
		switch key {
		case "author":
			c.Author = change.Identity{Name: name, Email: email}
		case "committer":
			c.Committer = change.Identity{Name: name, Email: email}
		default:
			t.Fatalf("commit %s: unknown key %q", id, key)
		}
	}
	return c
}
