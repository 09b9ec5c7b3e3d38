package session_test

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/session"
)

// Real commits, shortened, with people's names replaced: half of them signed by
// an agent, half of them about agents.
func TestRealCommits(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("testdata/history.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	signed, unsigned := 0, 0
	for line := range strings.Lines(string(data)) {
		var c struct {
			SHA, Email, Message string
			Agent               bool
		}
		if err := json.Unmarshal([]byte(line), &c); err != nil {
			t.Fatal(err)
		}
		s := session.Recognise(&change.Change{Commits: []change.Commit{{ID: c.SHA, Message: c.Message, Author: change.Identity{Email: c.Email}}}}, nil)
		switch {
		case c.Agent && (s.Actor != session.Agent || s.Agent != "claude-code"):
			t.Errorf("missed: %s\n%s", c.SHA, c.Message)
		case !c.Agent && (s.Actor != session.Human || len(s.Evidence) > 0):
			t.Errorf("taken for %s %v: %s\n%s", s.Agent, s.Evidence, c.SHA, c.Message)
		case c.Agent:
			signed++
		default:
			unsigned++
		}
	}
	if signed != 60 || unsigned != 60 {
		t.Errorf("%d signed and %d unsigned commits", signed, unsigned)
	}
}

// However many weak signals there are, the strong one stays, and the verdict
// stays small.
func TestManySignals(t *testing.T) {
	t.Parallel()
	c := &change.Change{HeadRef: "copilot/x", Author: change.Person{Login: "dev", ID: 11, Kind: change.User}}
	for i := range 300 {
		message := fmt.Sprintf("x\n\nCo-authored-by: b <%d+dependabot[bot]@users.noreply.github.com>\nAmp-Thread-ID: T-%d\n", i, i)
		c.Commits = append(c.Commits, change.Commit{ID: fmt.Sprintf("%040d", i), Message: message})
	}
	c.Commits = append(c.Commits, change.Commit{ID: strings.Repeat("f", 40), Author: change.Identity{Email: "158243242+devin-ai-integration[bot]@users.noreply.github.com"}})
	s := session.Recognise(c, nil)
	if s.Actor != session.Agent || s.Agent != "devin" {
		t.Errorf("%s %s", s.Actor, s.Agent)
	}
	want := session.Evidence{Signal: "email", Value: "158243242+devin-ai-integration[bot]@users.noreply.github.com", Where: "author of commit ffffffffffff"}
	if diff := cmp.Diff(want, s.Evidence[0]); diff != "" {
		t.Error(diff)
	}
	if len(s.Evidence) != 50 || len(s.IDs) != 50 {
		t.Errorf("%d pieces of evidence, %d ids", len(s.Evidence), len(s.IDs))
	}
}

// Automations that only show in commits must not crowd an agent out either.
func TestAutomationsHideNoAgent(t *testing.T) {
	t.Parallel()
	c := &change.Change{Author: change.Person{Login: "renovate[bot]", ID: 29139614, Kind: change.Bot}}
	for i := range 200 {
		c.Commits = append(c.Commits, change.Commit{ID: fmt.Sprintf("%040d", i), Author: change.Identity{Email: fmt.Sprintf("%d+renovate[bot]@users.noreply.github.com", i)}})
	}
	c.HeadRef = "cursor/x"
	if s := session.Recognise(c, nil); s.Agent != "cursor" {
		t.Errorf("%s %s", s.Actor, s.Agent)
	}
}

func TestEvidenceIsShort(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("é", 30_000)
	c := &change.Change{
		Title: "[analysis]" + long, HeadRef: "cursor/" + long + "\xff", Labels: []change.Label{{Name: "analysis-only"}},
		Author:  change.Person{Login: long + "[bot]", Kind: change.Bot},
		Body:    "Made-with: Cursor\nSession-Mode: " + long,
		Commits: []change.Commit{{ID: "c1", Message: "x\n\nMode: " + long + "\nCo-authored-by: a <1+" + long + "@users.noreply.github.com>", Author: change.Identity{Email: long}}},
	}
	specs := []session.Spec{{Name: "analysis-only", Titles: []string{"[analysis]*"}, Trailers: []session.Trailer{{Key: "Mode", Value: long}}}}
	s := session.Declare(session.Recognise(c, nil), c, specs, true, session.Record{})
	if len(s.Evidence) != 4 || len(s.Unknown) != 1 {
		t.Errorf("%d %d", len(s.Evidence), len(s.Unknown))
	}
	for _, e := range slices.Concat(s.Evidence, s.Unknown) {
		if len(e.Value) > 210 || !utf8.ValidString(e.Value) {
			t.Errorf("%s of %d bytes", e.Signal, len(e.Value))
		}
	}
	if _, err := json.Marshal(s.Evidence); err != nil {
		t.Error(err)
	}
}

// Nothing that is added to a change turns an agent's into a person's, or takes
// a mode back.
func FuzzRecognise(f *testing.F) {
	f.Add("claude[bot]", int64(209825114), "a@b.c", "x\n\nSession-Id: s1\nSession-Mode: a", "body\nSession-Mode: b", "analysis/x", "more")
	f.Add("dev", int64(1), "198982749+Copilot@users.noreply.github.com", "Agent-Logs-Url: https://github.com/o/r/sessions/1?x#y", "`https://ampcode.com/threads/T-1` ``a`", "jules-1-a", "```")
	f.Add("dev", int64(1), "a+b+c@users.noreply.x", "Co-authored-by: <<a>><", "cursor.com/agents?id=bc-1 x.cursor.com/agents/bc-2.", "claude/-", "\xff\r")
	f.Add("[bot]", int64(0), "", "", "", "", "")
	f.Add("dev", int64(0), "", "Assisted-by: crush:", "_🤖 Generated with [Devin](https://devin.ai)_", "devin/1-", "> x")
	specs := []session.Spec{
		{Name: "a", Titles: []string{"*a*"}, Trailers: []session.Trailer{{Key: "Session-Mode", Value: "a"}}},
		{Name: "b", Labels: []string{"b"}, Trailers: []session.Trailer{{Key: "Session-Mode", Value: "b"}}},
	}
	f.Fuzz(func(t *testing.T, login string, id int64, email, message, body, branch, more string) {
		build := func(message, body string) *change.Change {
			return &change.Change{
				Author: change.Person{Login: login, ID: id, Kind: change.User}, HeadRef: branch, Title: branch, Body: body,
				Commits: []change.Commit{{ID: "c1", Message: message, Author: change.Identity{Email: email}}, {ID: "c2", Message: message + "\n" + body, Author: change.Identity{Email: login}}},
			}
		}
		c := build(message, body)
		s := declared(t, c, specs)
		if again := declared(t, c, specs); !cmp.Equal(s, again) {
			t.Fatal("two answers to one question")
		}
		after := declared(t, build(message+"\n\n"+more+"\nAppended: x", body+"\n\n"+more), specs)
		if s.Actor == session.Agent && after.Actor != session.Agent && !mayQuote(more) {
			t.Fatalf("%+v became %+v", s, after)
		}
		var record session.Record
		record.Remember(s, c)
		again := session.Declare(session.Recognise(build("", ""), nil), build("", ""), specs, true, record)
		for _, m := range s.Modes {
			sticks := m.Whole() && m.Name != session.UndeclaredAgent
			if sticks && !slices.ContainsFunc(again.Modes, func(b session.Bound) bool { return b.Name == m.Name && b.Whole() }) {
				t.Fatalf("%s does not stick: %+v", m.Name, again.Modes)
			}
		}
	})
}

// mayQuote reports whether a text could close a fence and so turn into a quote
// what stands before it.
func mayQuote(text string) bool { return strings.ContainsAny(text, "`~") }

// declared also holds what is true of every session.
func declared(t *testing.T, c *change.Change, specs []session.Spec) session.Session {
	t.Helper()
	s := session.Declare(session.Recognise(c, nil), c, specs, true, session.Record{})
	if (s.Agent == "") != (s.Actor == session.Human) {
		t.Fatalf("actor %q, agent %q", s.Actor, s.Agent)
	}
	if (s.Mode == "") != (len(s.Modes) == 0) || len(s.Modes) > 0 && s.Mode != s.Modes[0].Name {
		t.Fatalf("mode %q of %v", s.Mode, s.Modes)
	}
	if !slices.IsSorted(s.IDs) || len(s.Evidence) > 100 {
		t.Fatalf("ids %q, %d pieces of evidence", s.IDs, len(s.Evidence))
	}
	for _, id := range s.IDs {
		if id == "" || len(id) > 150 || strings.ContainsAny(id, " /?#\n<>") {
			t.Fatalf("id %q", id)
		}
	}
	for _, m := range s.Modes {
		for _, id := range m.Commits {
			if !slices.ContainsFunc(c.Commits, func(c change.Commit) bool { return c.ID == id }) {
				t.Fatalf("%s binds %q", m.Name, id)
			}
		}
	}
	return s
}

// usual is a pull request of 100 commits, every fourth signed.
func usual() *change.Change {
	c := &change.Change{Author: change.Person{Login: "dev", ID: 11, Kind: change.User}, Title: "Change the sockets", HeadRef: "feature/x", Body: strings.Repeat("Some words about it.\n\n- [x] done\n", 100)}
	for i := range 100 {
		message := fmt.Sprintf("Change part %d\n\n%s\n", i, strings.Repeat("- what was done, and why it was done so\n", 12))
		if i%4 == 0 {
			message += "Co-Authored-By: Claude <noreply@anthropic.com>\nSession-Mode: analysis-only\n"
		}
		c.Commits = append(c.Commits, change.Commit{ID: fmt.Sprintf("%040d", i), Message: message, Author: change.Identity{Email: fmt.Sprintf("dev-%d@example.com", i%7)}})
	}
	return c
}

// hostile makes every line of 250 messages of 64 KiB a signal of its own.
func hostile() *change.Change {
	c := &change.Change{}
	for i := range 250 {
		var b strings.Builder
		for n := 0; b.Len() < 64<<10; n++ {
			fmt.Fprintf(&b, "Session-Id: s%d-%d\nSession-Mode: m%d\nhttps://claude.ai/code/session_%d ` `` ```\n", i, n, n, n)
		}
		c.Commits = append(c.Commits, change.Commit{ID: fmt.Sprintf("%040d", i), Message: b.String()})
	}
	return c
}

func BenchmarkSession(b *testing.B) {
	specs := []session.Spec{{Name: "analysis-only", Titles: []string{"[analysis]*"}, Trailers: []session.Trailer{{Key: "Session-Mode", Value: "analysis-only"}}}}
	for name, c := range map[string]*change.Change{"usual": usual(), "hostile": hostile()} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if s := session.Declare(session.Recognise(c, nil), c, specs, true, session.Record{}); s.Actor != session.Agent {
					b.Fatal(s.Actor)
				}
			}
		})
	}
}
