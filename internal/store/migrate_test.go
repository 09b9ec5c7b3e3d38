package store_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/changeguard/changeguard/internal/store"
	"github.com/changeguard/changeguard/internal/store/pgtest"
)

// additive is what a step may do that does not say that it breaks something.
var additive = []*regexp.Regexp{
	regexp.MustCompile(`^CREATE TABLE \w+ \(`),
	regexp.MustCompile(`^CREATE (UNIQUE )?INDEX \w+ ON \w+ `),
	regexp.MustCompile(`^ALTER TABLE \w+ ADD COLUMN \w+ \w+ (NOT NULL DEFAULT \S+|NULL)$`),
	regexp.MustCompile(`^INSERT INTO numbers `),
	regexp.MustCompile(`^INSERT INTO (tallies|repositories) \(.*\) SELECT `), // into a table that the step makes
	regexp.MustCompile(`^UPDATE \w+ SET \w+ = `),                             // of a column that the step adds
}

// A step adds, or its name says that older programs do not survive it.
func TestStepsOnlyAdd(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("schema/*.sql")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d steps, %v", len(files), err)
	}
	for _, file := range files {
		body, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(file, "_breaks_") {
			continue
		}
		for _, s := range statements(string(body)) {
			if !adds(s) {
				t.Errorf("%s: an older program may not survive this; add only, or call the step NNNN_breaks_NAME.sql:\n%s", file, s)
			}
		}
	}
}

func adds(statement string) bool {
	for _, form := range additive {
		if form.MatchString(statement) {
			return true
		}
	}
	return false
}

// statements are those of a step, each on one line and without comments.
func statements(body string) (list []string) {
	body = regexp.MustCompile(`--.*`).ReplaceAllString(body, "")
	for s := range strings.SplitSeq(body, ";") {
		if s = strings.Join(strings.Fields(s), " "); s != "" {
			list = append(list, s)
		}
	}
	return list
}

func TestWhatOnlyAddsIsTold(t *testing.T) {
	t.Parallel()
	for statement, want := range map[string]bool{
		"CREATE TABLE a ( b TEXT )":                               true,
		"ALTER TABLE a ADD COLUMN b BIGINT NOT NULL DEFAULT 0":    true,
		"ALTER TABLE a ADD COLUMN b BIGINT NOT NULL":              false,
		"ALTER TABLE a ADD COLUMN b BIGINT NOT NULL DEFAULT 0 -1": false,
		"ALTER TABLE a DROP COLUMN b":                             false,
		"ALTER TABLE a RENAME TO b":                               false,
		"DROP INDEX a":                                            false,
		"DELETE FROM a":                                           false,
	} {
		if adds(statement) != want {
			t.Errorf("%s: %v", statement, !want)
		}
	}
}

// A program goes on, and starts again, on a schema that a newer one added to; on
// one that it would not survive it does not start.
func TestOldProgramOnNewerSchema(t *testing.T) {
	t.Parallel()
	for name, database := range map[string]string{"SQLite": "sqlite:" + filepath.Join(t.TempDir(), "s.db"), "PostgreSQL": ""} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if database == "" {
				database = pgtest.Database(t)
			}
			ctx := context.Background()
			old := openAddress(t, database)
			for _, newer := range []string{
				`ALTER TABLE subjects ADD COLUMN later BIGINT NOT NULL DEFAULT 7`,
				`ALTER TABLE deliveries ADD COLUMN later TEXT NOT NULL DEFAULT ''`,
				`INSERT INTO schema_migrations (name) VALUES ('9998_later.sql')`,
			} {
				if _, err := old.DB().ExecContext(ctx, newer); err != nil {
					t.Fatal(err)
				}
			}
			for i, s := range []*store.Store{old, openAddress(t, database)} {
				if err := receive(s, "d", "main"); err != nil {
					t.Error(err)
				}
				if got, err := s.FindSubject(ctx, "acme/app#1"); err != nil || got.Want != int64(i+1) {
					t.Errorf("%+v, %v", got, err)
				}
			}
			if _, err := old.DB().ExecContext(ctx, `INSERT INTO schema_migrations (name) VALUES ('9999_breaks_all.sql')`); err != nil {
				t.Fatal(err)
			}
			if _, err := store.Open(ctx, database); !errors.Is(err, store.ErrNewer) {
				t.Errorf("opened a schema that it does not survive: %v", err)
			}
			if err := receive(old, "d", "main"); err != nil {
				t.Error(err)
			}
		})
	}
}

// Programs that start together on an empty database do not stand in each
// other's way.
func TestProgramsStartTogether(t *testing.T) {
	t.Parallel()
	database := pgtest.Database(t)
	var wg sync.WaitGroup
	for range 6 {
		wg.Go(func() {
			s, err := store.Open(context.Background(), database)
			if err != nil {
				t.Error(err)
				return
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

// What waited before it was stored as such does so afterwards, and nothing else that
// has the word in its title.
func TestOldVerdictsWait(t *testing.T) {
	t.Parallel()
	for name, database := range map[string]string{"SQLite": "sqlite:" + filepath.Join(t.TempDir(), "s.db"), "PostgreSQL": ""} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if database == "" {
				database = pgtest.Database(t)
			}
			ctx, s := context.Background(), openAddress(t, database)
			for i, v := range []store.Verdict{
				{Outcome: "fail", Title: "Waiting: for the tests", Waiting: true},
				{Outcome: "approve", Title: "Waiting: for the tests", Waiting: true},
				{Outcome: "fail", Title: "Blocked: Waiting: "},
				{Outcome: "incomplete", Title: "Waiting: x"},
				{Outcome: "fail", Title: "Waiting: x", Observed: true},
			} {
				x := store.Subject{Kind: store.Pull, Installation: 1, Owner: "acme", Repo: "app", Number: i + 1}
				err := s.InTx(ctx, func(tx *store.Tx) error {
					_, err := store.Receive(ctx, tx, store.Delivery{ID: "d", Event: "pull_request", Received: time.Unix(1, 0)}, &x)
					return err
				})
				want := v.Waiting
				v.Subject, v.Digest, v.Waiting, v.Created, v.Body = x, x.Name(), false, time.Unix(1, 0), []byte("{}")
				if err := errors.Join(err, s.AddVerdict(ctx, v)); err != nil {
					t.Fatal(err)
				}
				if _, err := s.DB().ExecContext(ctx, step(t, "0016_waiting.sql", "UPDATE")); err != nil {
					t.Fatal(err)
				}
				if got, err := s.Latest(ctx, x.Name()); err != nil || got.Waiting != want {
					t.Errorf("%q, %s: waiting %v, %v", v.Title, v.Outcome, got.Waiting, err)
				}
			}
		})
	}
}

// step is the statement of a step that begins with a word.
func step(t *testing.T, file, word string) string {
	t.Helper()
	body, err := os.ReadFile("schema/" + file)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range statements(string(body)) {
		if strings.HasPrefix(s, word) {
			return s
		}
	}
	t.Fatalf("%s has no %s", file, word)
	return ""
}

// What was judged before there were sums and newest verdicts is in them.
func TestOldVerdictsAreCounted(t *testing.T) {
	t.Parallel()
	s := openAt(t, filepath.Join(t.TempDir(), "old.db"))
	x := store.Subject{Kind: store.Pull, Installation: 1, Owner: "acme", Repo: "app", Number: 1}
	at := time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)
	err := s.InTx(context.Background(), func(tx *store.Tx) error {
		_, err := store.Receive(context.Background(), tx, store.Delivery{ID: "d", Event: "pull_request", Received: at}, &x)
		return err
	})
	for _, digest := range []string{"a", "b"} {
		if err == nil {
			err = s.AddVerdict(context.Background(), store.Verdict{Subject: x, Digest: digest, Outcome: "fail", Created: at, Body: []byte("{}")})
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	body, err := os.ReadFile("schema/0012_pages.sql")
	if err != nil {
		t.Fatal(err)
	}
	for _, undo := range []string{`DELETE FROM tallies`, `UPDATE subjects SET newest = 0`} {
		if _, err := s.DB().ExecContext(context.Background(), undo); err != nil {
			t.Fatal(err)
		}
	}
	for _, statement := range statements(string(body)) {
		if strings.HasPrefix(statement, "INSERT") || strings.HasPrefix(statement, "UPDATE") {
			if _, err := s.DB().ExecContext(context.Background(), statement); err != nil {
				t.Fatal(err)
			}
		}
	}
	tallies, err := s.Tallies(context.Background(), nil, at)
	if err != nil || len(tallies) != 1 || tallies[0].Count != 2 || tallies[0].Outcome != "fail" {
		t.Errorf("%v %+v", err, tallies)
	}
	if r, err := s.Repository(context.Background(), "acme", "app"); err != nil || r.Layers != nil || !r.Judged.Equal(at) {
		t.Errorf("%v %+v", err, r)
	}
	if list, err := s.NewestOf(context.Background(), nil, 1<<62, 9); err != nil || len(list) != 1 || list[0].Digest != "b" {
		t.Errorf("%v %+v", err, list)
	}
}
