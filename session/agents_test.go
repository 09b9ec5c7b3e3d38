package session

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/changeguard/changeguard/change"
)

// Every line of the tables has a fixture that shows it; a signal that nobody
// tried is a guess.
func TestEverySignalHasAFixture(t *testing.T) {
	t.Parallel()
	names, err := filepath.Glob("testdata/recognise/*.txtar")
	if err != nil || len(names) < 40 {
		t.Fatalf("%d fixtures, %v", len(names), err)
	}
	var all strings.Builder
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(data)
	}
	text := strings.ToLower(all.String())
	for _, s := range signals() {
		if !strings.Contains(text, strings.ToLower(s)) {
			t.Errorf("no fixture shows %q", s)
		}
	}
}

// signals lists what the tables know, as it would stand in a change.
func signals() []string {
	var list []string
	for _, a := range accounts {
		if a.id != 0 {
			list = append(list, strconv.FormatInt(a.id, 10))
		}
		list = append(list, a.logins...)
	}
	for e := range emails {
		list = append(list, "<"+e+">")
	}
	for key, values := range valueTrailers {
		for v := range values {
			list = append(list, key+": "+v)
		}
	}
	for key := range idTrailers {
		list = append(list, key+": ")
	}
	for _, l := range links {
		list = append(list, l.prefix)
	}
	for f := range footers {
		list = append(list, f)
	}
	for _, b := range branches {
		prefix, _, _ := strings.Cut(b.shape, "*")
		prefix, _, _ = strings.Cut(prefix, "#")
		list = append(list, "branch: "+prefix)
	}
	return list
}

// What is compared in lower case is written in lower case.
func TestTables(t *testing.T) {
	t.Parallel()
	if _, ok := idTrailers[asciiLower(SessionTrailer)]; !ok {
		t.Errorf("%s is no id's trailer", SessionTrailer)
	}
	for _, a := range accounts {
		for _, l := range a.logins {
			if asciiLower(l) != l || strings.HasSuffix(l, "[bot]") {
				t.Errorf("login %q", l)
			}
		}
	}
	for _, table := range []map[string]string{emails, idTrailers, valueTrailers["made-with"], valueTrailers["assisted-by"], valueTrailers["replit-commit-author"]} {
		for key := range table {
			if asciiLower(key) != key {
				t.Errorf("key %q", key)
			}
		}
	}
	ids := make(map[int64]string)
	for _, a := range accounts {
		if a.id != 0 && ids[a.id] != "" {
			t.Errorf("%s and %s have one number", ids[a.id], a.name)
		}
		ids[a.id] = a.name
	}
}

func TestMatchShape(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		shape, name string
		want        bool
	}{
		{"claude/*-*", "claude/a-b", true},
		{"claude/*-*", "claude/a-", false},
		{"claude/*-*", "claude/-b", false},
		{"claude/*-*", "claude/ab", false},
		{"claude/*-*", "x/claude/a-b", false},
		{"cursor/*", "cursor/", false},
		{"cursor/*", "Cursor/a", false},
		{"devin/#-*", "devin/1-x", true},
		{"devin/#-*", "devin/x-1", false},
		{"jules-#-%", "jules-12-ab", true},
		{"jules-#-%", "jules-12-abg", false},
		{"jules-#-%", "jules-12-", false},
		{"jules-#-%", "jules-12", false},
		{"a", "", false},
	} {
		if got := matchShape(c.shape, c.name); got != c.want {
			t.Errorf("%q %q: %v", c.shape, c.name, got)
		}
	}
}

// Every signal of the reference is recognised, alone, for what it is.
func TestReference(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("testdata/reference.txt")
	if err != nil {
		t.Fatal(err)
	}
	rows := 0
	for line := range strings.Lines(string(data)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		rows++
		fields := strings.SplitN(strings.TrimSuffix(line, "\n"), " | ", 3)
		c := &change.Change{Author: change.Person{Login: "dev", ID: 11, Kind: change.User}}
		commit := change.Commit{ID: "c1", Message: "Fix the login\n", Author: change.Identity{Email: "dev@example.com"}}
		switch value := fields[2]; fields[1] {
		case "message":
			commit.Message += "\n" + value + "\n"
		case "author":
			name, email, _ := strings.Cut(strings.TrimSuffix(value, ">"), " <")
			commit.Author = change.Identity{Name: name, Email: email}
		case "body":
			c.Body = "Words.\n\n" + value + "\n"
		case "branch":
			c.HeadRef = value
		case "login":
			c.Author = person(t, value)
		default:
			t.Fatal(line)
		}
		c.Commits = []change.Commit{commit}
		got := Recognise(c, nil)
		if want := fields[0]; want == "-" && len(got.Evidence) > 0 || want == "note" && (got.Actor != Human || len(got.Evidence) == 0) || want != "-" && want != "note" && got.Agent != want {
			t.Errorf("%s is %s %s %v", strings.TrimSpace(line), got.Actor, got.Agent, got.Evidence)
		}
	}
	if rows < 75 {
		t.Errorf("%d rows", rows)
	}
}

// person reads "LOGIN NUMBER".
func person(t *testing.T, s string) change.Person {
	t.Helper()
	login, number, _ := strings.Cut(s, " ")
	id, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	p := change.Person{Login: login, ID: id, Kind: change.User}
	if strings.HasSuffix(login, "[bot]") || login == "Copilot" {
		p.Kind = change.Bot
	}
	return p
}
