package store_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/changeguard/changeguard/internal/store"
)

// The manual says of every table how long its rows are kept.
func TestEveryTableSaysHowLongItIsKept(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/operate-database.md")
	if err != nil {
		t.Fatal(err)
	}
	_, part, ok := strings.Cut(string(page), "## How long things are kept")
	if !ok {
		t.Fatal("the manual has no such part")
	}
	steps, err := filepath.Glob("schema/*.sql")
	if err != nil || len(steps) == 0 {
		t.Fatalf("%v %v", steps, err)
	}
	for _, step := range steps {
		body, err := os.ReadFile(step)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`(?m)^CREATE TABLE (\w+)`).FindAllStringSubmatch(string(body), -1) {
			if !strings.Contains(part, "`"+m[1]+"`") {
				t.Errorf("%s of %s is in no row", m[1], step)
			}
		}
	}
}

// What is old goes in steps: what one of them dropped is gone whatever becomes of the
// next, and no webhook waits for all of it.
func TestWhatIsOldGoesInSmallSteps(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s, err := store.Open(ctx, "sqlite:"+filepath.Join(t.TempDir(), "s.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	run := func(query string) {
		t.Helper()
		if _, err := s.DB().ExecContext(ctx, query); err != nil {
			t.Fatal(err)
		}
	}
	numbers := func(n int) string {
		return fmt.Sprintf("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d) SELECT ", n)
	}
	run(`INSERT INTO subjects (id, name, kind, installation, owner, repo, number, base, head, ref, want, anew, updated_at, files, done, judged, failing_since)
		VALUES (1, 'acme/app#1', 'pull', 1, 'acme', 'app', 1, '', '', '', 1, 0, 1, 0, 1, 1, 0)`)
	run(`INSERT INTO deliveries (id, event, action, subject, want, received_at) ` + numbers(1010) + `'d' || i, '', '', 1, 1, 1 FROM n`)
	run(`INSERT INTO verdicts (id, subject, evaluation, digest, outcome, observed, title, head, base, merge_base, policy, score, subject_line, created_at, body, inputs) ` +
		numbers(60) + `i, 1, 1, 'v' || i, 'pass', 0, '', '', '', '', '', 0, '', 1, '{}', '' FROM n`)
	for table, x := range map[string]struct {
		breaks, left int
		drop         func(context.Context, time.Time) (int64, error)
	}{"deliveries": {5, 10, s.DropDeliveries}, "verdicts": {5, 10, s.DropVerdicts}} {
		run(fmt.Sprintf(`CREATE TRIGGER break_%[1]s BEFORE DELETE ON %[1]s WHEN (SELECT count(*) FROM %[1]s) <= %[2]d BEGIN SELECT RAISE(ABORT, 'broken off'); END`, table, x.breaks))
		_, broken := x.drop(ctx, time.Now())
		var left int
		if err := s.DB().QueryRowContext(ctx, `SELECT count(*) FROM `+table).Scan(&left); err != nil || broken == nil || left != x.left {
			t.Errorf("%d %s are left, want %d: %v, %v", left, table, x.left, broken, err)
		}
	}
}
