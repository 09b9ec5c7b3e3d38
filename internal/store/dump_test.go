package store_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/changeguard/changeguard/internal/store"
)

// everything writes something into every table.
func everything(t *testing.T, s *store.Store) {
	t.Helper()
	ctx := context.Background()
	at := time.Unix(1_790_000_000, 123456000).UTC()
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	for n := range 150 { // more than are written at once
		x := store.Subject{Kind: store.Pull, Installation: 1 << 60, Owner: "acme", Repo: "<app>&", Number: n + 1, Base: "main", Head: "h\u2028", Files: n}
		check(s.InTx(ctx, func(tx *store.Tx) error {
			d := store.Delivery{ID: fmt.Sprint("d", n), Event: "pull_request", Received: at}
			if n == 3 {
				d.Command = &store.Command{Cause: "comment 1", By: "lead", Body: "/changeguard help", MadeAt: at}
			}
			_, err := store.Receive(ctx, tx, d, &x)
			return err
		}))
		if n%3 == 0 {
			check(s.AddVerdict(ctx, store.Verdict{
				Subject: x, Digest: fmt.Sprint("v", n), Outcome: "fail", Observed: n%2 == 0, Title: "\U0001f4a5 \"<>\"", Head: "h", Created: at, Body: []byte(`{"a": "\u0000<"}`),
				Origin: []byte(`{"Title": "\u0000"}`), Actor: "agent", Rules: []string{"core"}, Kept: &store.Kept{Change: []byte("\x00\xff"), Layers: []store.Layer{{Name: "repository", Digest: "sha256:1", Text: []byte("version: 1\n")}}},
			}))
		}
		if n == 7 {
			check(s.CarryOut(ctx, x.ID, 1, store.Outcome{Answer: []byte("{}"), Lifts: []store.Lift{{Kind: "override", Finding: "f", By: "lead", MadeAt: at, Until: at.Add(time.Hour)}}}))
			check(s.InTx(ctx, func(tx *store.Tx) error { return store.Park(ctx, tx, []int64{x.ID}) }))
		}
	}
	check(s.SetRun(ctx, store.Run{Repository: "acme/app", Head: "h", RunID: 1<<62 + 1, ExternalID: "e", Conclusion: "failure"}, at))
	check(s.SetComment(ctx, "acme/app", 1, 5, "digest"))
	check(s.SetRecords(ctx, map[string][]byte{"branch a": []byte(`{"x": 1}`)}))
	for _, row := range []string{
		`INSERT INTO foreign_checks (repository, head, subject, body, at, told) VALUES ('acme/app', 'h', 1, '{}', 1, TRUE)`,
		`INSERT INTO asks (repository, number, what, refused, at) VALUES ('acme/app', 1, 'label a', '', 1)`,
		`INSERT INTO noted (key, at) VALUES ('event 1', 1)`,
		`INSERT INTO landings (id, repository, branch, before_commit, after_commit, body, at, told) VALUES (1, 'acme/app', 'main', 'a', 'b', '{}', 1, TRUE)`,
		`INSERT INTO evidence (repository, commit_id, source, suite, ref, run, body, received_at) VALUES ('acme/app', 'h', 'w', 's', '', '', '{}', 1)`,
		`INSERT INTO watches (subject, repository, head, merge_base, base, names, reports, since, wake) VALUES (1, 'acme/app', 'h', 'm', 'b', '[]', TRUE, 1, 0)`,
		`INSERT INTO tokens (hash, name, owner, repo, made_at, expires_at, revoked_at) VALUES ('x', 'n', 'acme', '', 1, 2, 0)`,
		`INSERT INTO secrets (name, body, updated_at) VALUES ('a', 'b', 1)`,
		`INSERT INTO sessions (id, login, body, expires_at) VALUES ('i', 'l', 'b', 1)`,
		`INSERT INTO notifications (id, key, channel, subject, kind, body, state, attempts, next_at, created_at) VALUES (1, 'k', 'c', 0, 'notice', '{}', 'sent', 1, 1, 1)`,
	} {
		_, err := s.DB().ExecContext(ctx, row)
		check(err)
	}
	l := limits(t, s)
	l.Limit("installation 1 core", at)
	eventually(t, "the limit", func() bool {
		var n int
		return s.DB().QueryRowContext(ctx, `SELECT count(*) FROM limits`).Scan(&n) == nil && n == 1
	})
}

func export(t *testing.T, s *store.Store) (string, map[string]int64) {
	t.Helper()
	var b bytes.Buffer
	rows, err := s.Export(context.Background(), &b)
	if err != nil {
		t.Fatal(err)
	}
	return b.String(), rows
}

// A database moves to the other engine and back, and is what it was.
func TestExportAndImport(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	file := func(t *testing.T) *store.Store { return openAt(t, filepath.Join(t.TempDir(), "s.db")) }
	server := func(t *testing.T) *store.Store { return openPostgres(t) }
	for name, open := range map[string][2]func(t *testing.T) *store.Store{
		"SQLite to PostgreSQL":     {file, server},
		"PostgreSQL to SQLite":     {server, file},
		"SQLite to SQLite":         {file, file},
		"PostgreSQL to PostgreSQL": {server, server},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			from := open[0](t)
			everything(t, from)
			dump, rows := export(t, from)
			for table, n := range rows {
				if n == 0 {
					t.Errorf("nothing was exported of %s: fill it, to see that it is imported", table)
				}
			}
			to := open[1](t)
			got, err := to.Import(ctx, strings.NewReader(dump))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(rows, got); diff != "" {
				t.Errorf("rows (-exported +imported):\n%s", diff)
			}
			again, _ := export(t, to)
			if diff := cmp.Diff(sorted(dump), sorted(again)); diff != "" {
				t.Errorf("the other database says (-first +second):\n%s", diff)
			}
			var chain store.Chain
			for e, err := range to.AuditLog(ctx) {
				if err == nil {
					err = chain.Add(e)
				}
				if err != nil {
					t.Fatal(err)
				}
			}
			// It goes on where the other one was.
			x := store.Subject{Kind: store.Pull, Owner: "acme", Repo: "new", Number: 1}
			if err := to.InTx(ctx, func(tx *store.Tx) error {
				_, err := store.Receive(ctx, tx, store.Delivery{ID: "next", Received: time.Unix(0, 0)}, &x)
				return err
			}); err != nil || x.ID <= 150 {
				t.Errorf("the next subject is number %d, %v", x.ID, err)
			}
			if _, err := to.Import(ctx, strings.NewReader(dump)); !errors.Is(err, store.ErrNotEmpty) {
				t.Errorf("imported a second time: %v", err)
			}
		})
	}
}

// sorted are the rows of a dump, which has them in no order of its own.
func sorted(dump string) map[string]bool {
	rows := make(map[string]bool)
	for line := range strings.Lines(dump) {
		if strings.HasPrefix(line, "[") {
			rows[line] = true
		}
	}
	return rows
}

// What is not whole is not imported, not in part either.
func TestImportRefuses(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	from, to := openAt(t, filepath.Join(t.TempDir(), "from.db")), openAt(t, filepath.Join(t.TempDir(), "to.db"))
	everything(t, from)
	dump, _ := export(t, from)
	lines := strings.SplitAfter(strings.TrimSuffix(dump, "\n"), "\n")
	for name, c := range map[string]struct{ dump, want string }{
		"nothing":            {"", "cut off"},
		"no end":             {strings.Join(lines[:len(lines)-1], ""), "cut off"},
		"half a line":        {dump[:len(dump)/2], "line "},
		"a row less":         {strings.Join(lines[:len(lines)-2], "") + lines[len(lines)-1], "checksum"},
		"a row changed":      {strings.Replace(dump, `"main"`, `"mian"`, 1), "checksum"},
		"something behind":   {dump + "{}\n", "follows the end"},
		"no export":          {"hello\n", "no export of a database"},
		"an audit log":       {`{"id": 1, "at": "2026-01-01T00:00:00Z"}` + "\n", "no export of a database"},
		"an unknown table":   {strings.Replace(dump, `{"table":"runs"`, `{"table":"sprints"`, 1), `no table "sprints"`},
		"an unknown column":  {strings.Replace(dump, `"run_id"`, `"a, b"`, 1), `no column "a, b"`},
		"too few values":     {strings.Replace(dump, `,"failure",`, `,`, 1), "values for"},
		"half a number":      {strings.Replace(dump, `4611686018427387905`, `0.5`, 1), "run_id of runs"},
		"a line of nonsense": {lines[0] + "{}\n", "no line of an export"},
	} {
		if c.dump == dump {
			t.Errorf("%s: nothing was changed", name)
		}
		if _, err := to.Import(ctx, strings.NewReader(c.dump)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
		var n int
		if err := to.DB().QueryRowContext(ctx, `SELECT count(*) FROM subjects`).Scan(&n); err != nil || n != 0 {
			t.Errorf("%s: %d subjects were imported, %v", name, n, err)
		}
	}
	if _, err := to.Import(ctx, strings.NewReader(dump)); err != nil {
		t.Errorf("the whole: %v", err)
	}
}
