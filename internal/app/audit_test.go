package app_test

import (
	"bytes"
	"context"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/changeguard/changeguard/internal/app"
	"github.com/changeguard/changeguard/internal/ghfake"
	"github.com/changeguard/changeguard/internal/store"
)

// What people lift and are refused is in the audit log, with every verdict, and
// whoever changes the log shows.
func TestAuditLog(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	w.people()
	n := w.open(peoplePolicy, ghfake.Files{"core/a.py": ghfake.Text("x = 2\n"), "requirements.txt": ghfake.Text("a==1\nb==2\n")})
	w.repo.Label(n, "analysis-only", "boss")
	w.deliver("pull_request", w.repo.PullEvent(n, "opened", nil))
	w.run(w.repo.Tip("feature"), 1)
	w.reaction(w.say(n, "writer", "/changeguard override core <because> & so on"))
	w.reaction(w.say(n, "boss", "/changeguard override core it is agreed"))
	w.repo.Unlabel(n, "analysis-only")
	w.reaction(w.say(n, "boss", "/changeguard lift-session analysis-only it became work"))
	w.last(w.repo.Tip("feature"))

	a := app.Audit{DatabaseURL: "sqlite:" + w.database}
	var out, errs bytes.Buffer
	if code := a.Export(context.Background(), &out, &errs); code != 0 {
		t.Fatalf("%d: %s", code, &errs)
	}
	lines := strings.SplitAfter(strings.TrimSuffix(out.String(), "\n"), "\n")
	seen := make(map[string]string)
	for _, line := range lines {
		var e struct{ Kind, Actor, Hash string }
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatal(err)
		}
		seen[e.Kind] = e.Actor
	}
	for kind, actor := range map[string]string{"verdict": "", "session": "", "override": "boss", "refusal": "writer", "lift-session": "boss"} {
		if got, ok := seen[kind]; !ok || got != actor {
			t.Errorf("%s is by %q, there: %t", kind, got, ok)
		}
	}
	verify := func(text string) (int, string) {
		var out, errs bytes.Buffer
		code := app.Audit{File: "-"}.Verify(context.Background(), strings.NewReader(text), &out, &errs)
		return code, out.String() + errs.String()
	}
	if code, said := verify(out.String()); code != 0 {
		t.Errorf("the export: %d: %s", code, said)
	}
	out.Reset()
	if code := a.Verify(context.Background(), nil, &out, &errs); code != 0 || !strings.Contains(out.String(), "none changed") {
		t.Errorf("%d: %s%s", code, &out, &errs)
	}
	forged := strings.Join(lines, "")
	for name, text := range map[string]string{
		"changed":   strings.Replace(forged, "it is agreed", "it is a greed", 1),
		"left out":  strings.Join(append(append([]string{}, lines[:1]...), lines[2:]...), ""),
		"exchanged": strings.Join(append([]string{lines[1], lines[0]}, lines[2:]...), ""),
		"no log":    "nothing\n",
	} {
		if code, said := verify(text); code == 0 {
			t.Errorf("%s: %s", name, said)
		}
	}
	for name, statement := range map[string]string{
		"changed":  `UPDATE audit SET actor = 'somebody' WHERE kind = 'override'`,
		"replaced": `UPDATE audit SET body = (SELECT body FROM audit WHERE id = 1) WHERE kind = 'override'`,
		"removed":  `DELETE FROM audit WHERE kind = 'override'`,
	} {
		if code, said := verifyAfter(t, w.database, statement); code != app.ExitStopped {
			t.Errorf("%s in the database: %d: %s", name, code, said)
		}
	}
	a.Contains = "0000"
	if code := a.Verify(context.Background(), nil, &out, &errs); code != app.ExitStopped {
		t.Errorf("a hash that is not there: %d", code)
	}
	a.DatabaseURL = "sqlite:" + t.TempDir() + "/none.db"
	if code := a.Export(context.Background(), &out, &errs); code != app.ExitUsage {
		t.Errorf("no database: %d", code)
	}
}

// verifyAfter verifies a copy of the log in a database that a statement has changed.
func verifyAfter(t *testing.T, database, statement string) (code int, said string) {
	t.Helper()
	from, err := store.View(t.Context(), "sqlite:"+database)
	if err != nil {
		t.Fatal(err)
	}
	var rows bytes.Buffer
	if _, err := from.Export(t.Context(), &rows); err != nil {
		t.Fatal(err)
	}
	if err := from.Close(); err != nil {
		t.Fatal(err)
	}
	url := "sqlite:" + filepath.Join(t.TempDir(), "copy.db")
	to, err := store.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := to.Import(t.Context(), &rows); err != nil {
		t.Fatal(err)
	}
	var out, errs bytes.Buffer
	if code := (app.Audit{DatabaseURL: url}).Verify(t.Context(), nil, &out, &errs); code != 0 {
		t.Fatalf("%d: %s", code, &errs)
	}
	if _, err := to.DB().ExecContext(t.Context(), statement); err != nil {
		t.Fatal(err)
	}
	if err := to.Close(); err != nil {
		t.Fatal(err)
	}
	code = app.Audit{DatabaseURL: url}.Verify(t.Context(), nil, &out, &errs)
	return code, errs.String()
}
