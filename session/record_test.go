package session_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/session"
)

var recordSpecs = []session.Spec{
	{Name: "analysis-only", Labels: []string{"analysis-only"}, Trailers: []session.Trailer{{Key: "Session-Mode", Value: "analysis-only"}}},
	{Name: "docs-only", Labels: []string{"docs-only"}, Trailers: []session.Trailer{{Key: "Session-Mode", Value: "docs-only"}}},
}

func declare(c *change.Change, r session.Record) session.Session {
	return session.Declare(session.Recognise(c, nil), c, recordSpecs, true, r)
}

func text(t *testing.T, r session.Record) string {
	t.Helper()
	data, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// What is declared is kept with its evidence; seeing it again adds nothing.
func TestRemember(t *testing.T) {
	t.Parallel()
	c := &change.Change{
		Head: strings.Repeat("a", 40), Labels: []change.Label{{Name: "docs-only"}},
		Commits: []change.Commit{
			{ID: "c1", Message: "x\n\nSession-Mode: analysis-only", Author: change.Identity{Email: "Dev@Example.com"}},
			{ID: "c2", Message: "y\n\nSession-Mode: analysis-only\nSession-Id: s1\nCo-Authored-By: Claude <noreply@anthropic.com>"},
		},
	}
	var r session.Record
	for range 3 {
		r.Remember(declare(c, r), c)
	}
	want := `{"declarations":[` +
		`{"mode":"analysis-only","signal":"trailer","value":"Session-Mode: analysis-only","where":"commit c1","sessions":["author dev@example.com","id s1"]},` +
		`{"mode":"docs-only","signal":"label","value":"docs-only","where":"pull request"}]}`
	if got := text(t, r); got != want {
		t.Error(cmp.Diff(want, got))
	}
	c.Commits = append(c.Commits, change.Commit{ID: "c3", Message: "z\n\nSession-Mode: analysis-only\nSession-Id: s2"})
	r.Remember(declare(c, r), c)
	if len(r.Declarations) != 3 || !cmp.Equal(r.Declarations[2].Sessions, []string{"id s2"}) {
		t.Errorf("only what is new is added: %s", text(t, r))
	}
}

// The record of a commit binds it in another pull request, and nothing else.
func TestRememberCommit(t *testing.T) {
	t.Parallel()
	c := &change.Change{Commits: []change.Commit{{ID: "c1", Message: "x\n\nSession-Mode: analysis-only"}, {ID: "c2", Author: change.Identity{Email: "o@example.com"}}}}
	var first, second session.Record
	for range 2 {
		first.RememberCommit(declare(c, session.Record{}), "c1", c)
		second.RememberCommit(declare(c, session.Record{}), "c2", c)
	}
	if len(first.Declarations) != 1 || !cmp.Equal(first.Declarations[0].Commits, []string{"c1"}) || len(second.Declarations) != 0 {
		t.Fatalf("%s %s", text(t, first), text(t, second))
	}
	// The whole change is bound by a label: so is each commit.
	labelled := &change.Change{Labels: []change.Label{{Name: "docs-only"}}, Commits: c.Commits[1:]}
	second.RememberCommit(declare(labelled, session.Record{}), "c2", labelled)
	elsewhere := &change.Change{Commits: []change.Commit{{ID: "c2"}, {ID: "c4"}}}
	want := []session.Bound{{Name: "docs-only", Commits: []string{"c2"}, Evidence: []session.Evidence{{Signal: "label", Value: "docs-only", Where: "pull request"}}}}
	if diff := cmp.Diff(want, declare(elsewhere, second).Modes); diff != "" {
		t.Error(diff)
	}
}

// A mode that was lifted is not remembered again.
func TestRememberLifted(t *testing.T) {
	t.Parallel()
	r := session.Record{Lifts: []session.Lift{{Mode: "analysis-only", By: "lead", Reason: "agreed"}}}
	c := &change.Change{Body: "Session-Mode: analysis-only"}
	r.Remember(declare(c, r), c)
	if len(r.Declarations) != 0 || !r.Lifted("analysis-only") || r.Lifted("docs-only") {
		t.Error(text(t, r))
	}
}

// Undeclared-agent is concluded anew every time.
func TestRememberNotUndeclared(t *testing.T) {
	t.Parallel()
	c := &change.Change{Body: "Made-with: Cursor"}
	var r session.Record
	s := declare(c, r)
	r.Remember(s, c)
	if s.Mode != session.UndeclaredAgent || len(r.Declarations) != 0 {
		t.Errorf("%s %s", s.Mode, text(t, r))
	}
}

// A record that somebody tries to blow up binds the whole change and stays
// readable.
func TestRememberIsBounded(t *testing.T) {
	t.Parallel()
	var r session.Record
	for push := range 40 {
		c := &change.Change{}
		for i := range 250 {
			email := fmt.Sprintf("%d-%d-%s@example.com", push, i, strings.Repeat("x", 1000))
			c.Commits = append(c.Commits, change.Commit{ID: fmt.Sprintf("%d-%d", push, i), Message: "Session-Mode: analysis-only", Author: change.Identity{Email: email}})
		}
		r.Remember(declare(c, r), c)
	}
	if !r.Declarations[len(r.Declarations)-1].Whole() || len(r.Declarations) > 3 {
		t.Errorf("%d declarations", len(r.Declarations))
	}
	data := text(t, r)
	if len(data) > 500_000 {
		t.Errorf("%d bytes", len(data))
	}
	if _, err := session.ParseRecord([]byte(data)); err != nil {
		t.Error(err)
	}
}

// Equal records are equal bytes, in whatever order they came together.
func TestRecordIsCanonical(t *testing.T) {
	t.Parallel()
	a := session.Record{Declarations: []session.Declaration{{Mode: "b", Commits: []string{"2", "1", "2"}}}, Lifts: []session.Lift{{Mode: "x", By: "l", Reason: "r"}}}
	b := session.Record{Declarations: []session.Declaration{{Mode: "a", Value: "v"}, {Mode: "b", Commits: []string{"1", "2"}}}}
	ab, ba := a, b
	ab.Merge(b)
	ba.Merge(a)
	if diff := cmp.Diff(text(t, ab), text(t, ba)); diff != "" {
		t.Error(diff)
	}
	first, err := ab.Digest()
	if err != nil {
		t.Fatal(err)
	}
	second, err := ba.Digest()
	if err != nil || first != second || len(first) != len("sha256:")+64 {
		t.Errorf("%s %s %v", first, second, err)
	}
	if empty, _ := (session.Record{}).Digest(); empty == first {
		t.Error("the digest says nothing")
	}
	if text(t, session.Record{}) != "{}" {
		t.Error(text(t, session.Record{}))
	}
}

func TestParseRecord(t *testing.T) {
	t.Parallel()
	const good = `{"declarations": [{"mode": "a", "signal": "label", "value": "v", "where": "w", "commits": ["1"], "sessions": ["id 2"]}], "lifts": [{"mode": "a", "by": "l", "reason": "r"}]}`
	r, err := session.ParseRecord([]byte(good))
	want := session.Record{Declarations: []session.Declaration{{"a", "label", "v", "w", []string{"1"}, []string{"id 2"}}}, Lifts: []session.Lift{{"a", "l", "r"}}}
	if diff := cmp.Diff(want, r); err != nil || diff != "" {
		t.Errorf("%v %s", err, diff)
	}
	for name, c := range map[string]struct{ text, want string }{
		"empty":              {"", "session record:1:1: it ends early"},
		"no object":          {" null", "session record:1:2: an object is wanted here"},
		"a list":             {"[]", "session record:1:1: an object is wanted here"},
		"cut off":            {"{\n\"lifts\": [", "session record:2:11: it ends early"},
		"no JSON":            {"{\n  lifts: []}", "session record:2:3: no valid JSON: invalid character 'l'"},
		"comma at the end":   {`{"lifts": [],}`, "session record:1:"},
		"unknown key":        {"{\n  \"lift\": []}", `session record:2:3: unknown key "lift"; did you mean "lifts"?`},
		"key in other case":  {`{"Lifts": []}`, `session record:1:2: unknown key "Lifts"; did you mean "lifts"?`},
		"key twice":          {`{"lifts": [], "lifts": []}`, `session record:1:15: the key "lifts" stands here twice`},
		"no list":            {`{"lifts": {}}`, "session record:1:11: a list is wanted here"},
		"null list":          {`{"lifts": null}`, "session record:1:11: a list is wanted here"},
		"no declaration":     {`{"declarations": ["a"]}`, "session record:1:19: an object is wanted here"},
		"no text":            {`{"declarations": [{"mode": 1}]}`, "session record:1:28: a text is wanted here"},
		"no mode":            {`{"declarations": [ {"signal": "label"}]}`, "session record:1:20: a declaration without mode"},
		"an empty list":      {`{"declarations": [{"mode": "a", "commits": []}]}`, "session record:1:44: an empty list; leave the key out"},
		"an empty commit":    {`{"declarations": [{"mode": "a", "commits": [""]}]}`, "session record:1:45: an empty text"},
		"a long text":        {`{"declarations": [{"mode": "` + strings.Repeat("a", 1025) + `"}]}`, "session record:1:28: a text of 1025 bytes, the limit is 1024"},
		"nobody lifted":      {`{"lifts": [{"mode": "a", "reason": "r"}]}`, "session record:1:12: a lift needs mode, by and reason"},
		"lifted for nothing": {`{"lifts": [{"mode": "a", "by": "l", "reason": " "}]}`, "session record:1:12: a lift needs mode, by and reason"},
		"text behind":        {"{}\n{}", "session record:2:1: text behind the record"},
		"a brace behind":     {"{}}", "session record:1:3: text behind the record"},
		"no UTF-8":           {"{\n\"\xff\": []}", "session record:2:2: text that is no UTF-8"},
		"deep":               {`{"lifts": ` + strings.Repeat("[", 100_000), "session record:1:12: an object is wanted here"},
		"large":              {strings.Repeat(" ", 4<<20+1), "the session record has 4194305 bytes, the limit is 4194304"},
	} {
		if _, err := session.ParseRecord([]byte(c.text)); err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
}

// FuzzParseRecord holds that what can be read is written and read as the same,
// and that encoding/json agrees to it.
func FuzzParseRecord(f *testing.F) {
	f.Add([]byte(`{"declarations":[{"mode":"a","signal":"label","value":"v","where":"w","commits":["1"],"sessions":["id 2"]}],"lifts":[{"mode":"a","by":"l","reason":"r"}]}`))
	f.Add([]byte("{\n\"lifts\" : [ {\"mode\":\"\\u0061\",\"by\":\"\\ud800\",\"reason\":\"r\"} ] }\n"))
	f.Add([]byte(`{"lifts":[],"lifts":[]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := session.ParseRecord(data)
		if err != nil {
			if !strings.Contains(err.Error(), "session record") {
				t.Fatalf("without place: %v", err)
			}
			return
		}
		if !json.Valid(data) {
			t.Fatalf("read, and no JSON: %q", data)
		}
		written := text(t, r)
		again, err := session.ParseRecord([]byte(written))
		if err != nil {
			t.Fatalf("%v in %s", err, written)
		}
		if text(t, again) != written {
			t.Fatalf("%s became %s", written, text(t, again))
		}
	})
}
