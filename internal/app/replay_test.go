package app_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/changeguard/changeguard/internal/app"
	"github.com/changeguard/changeguard/internal/ghfake"
	"github.com/changeguard/changeguard/internal/gitrepo/gitrepotest"
	"github.com/changeguard/changeguard/internal/store"
)

const replayPolicy = `version: 1
sessions:
  analysis-only: {declared-by: {labels: [analysis-only]}, may-change: [docs, "requirements.txt"]}
rules:
  core: {uses: protected-paths, with: {paths: ["core/**"]}}
  packages: {uses: dependencies, level: approve, approvals: {count: 1, from: ["lead"]}}
  plan: {uses: checklist, level: warn}
  green: {uses: required-evidence, level: warn, with: {checks: [unit]}}
  spoken: {uses: expression, level: warn, with: {require: "pr.body.contains('nothing') && pr.head == 'x'"}}
`

// replayed is a verdict of the server that rests on everything that a clone does
// not have, and a clone.
func replayed(t *testing.T) (w *world, c *gitrepotest.Repo, ids []int64) {
	t.Helper()
	c = gitrepotest.New(t)
	c.Write(map[string]string{".github/changeguard.yml": replayPolicy, "core/a.py": "x = 1\n", "requirements.txt": "a==1\n"})
	c.Commit("base")
	c.Git("checkout", "-q", "-b", "feature")
	c.Write(map[string]string{"core/a.py": "x = 2\n", "requirements.txt": "a==1\nb==2\n", "docs/a.md": "a\n"})
	c.Commit("docs: words")
	w, _ = evidential(t)
	w.people()
	copyTo(t, c, w.repo)
	w.github.AddRepo(1, "acme", ".github").Commit("main", "policy", ghfake.Files{
		".github/changeguard.yml": ghfake.Text("version: 1\nrules: {everywhere: {uses: protected-paths, with: {paths: [\"docs/**\"]}}}\n"),
	}, author)
	n := w.repo.Open(ghfake.Pull{Title: "Document the change", Body: "- [ ] a private plan\n", Base: "main", Head: "feature", Author: ghfake.Account{Login: "dev", ID: 11, Type: "User"}}).Number
	w.repo.Label(n, "analysis-only", "boss")
	head := w.repo.Tip("feature")
	w.repo.AddRun(ghfake.Run{App: actionsApp, Name: "unit", Head: head, Status: "completed", Conclusion: "failure"})
	w.deliver("pull_request", w.repo.PullEvent(n, "opened", nil))
	w.first(head)
	ids = append(ids, w.newest(n).ID)
	w.review(n, "lead", "APPROVED")
	w.idle()
	w.say(n, "boss", "/changeguard override core it is agreed")
	w.idle()
	if v := w.newest(n); v.ID != ids[0] && bytes.Contains(v.Body, []byte(`"override"`)) && bytes.Contains(v.Body, []byte(`"approval"`)) {
		return w, c, append(ids, v.ID)
	}
	t.Fatalf("nothing was lifted: %s", w.verdict(n))
	return nil, nil, nil
}

func (w *world) newest(number int) (v store.Verdict) {
	w.t.Helper()
	s, err := store.Open(context.Background(), "sqlite:"+w.database)
	if err == nil {
		v, err = s.Latest(context.Background(), store.Subject{Kind: store.Pull, Owner: "acme", Repo: "app", Number: number}.Name())
		err = errors.Join(err, s.Close())
	}
	if err != nil {
		w.t.Fatal(err)
	}
	return v
}

// replay runs the command on a stored verdict.
func (w *world) replay(dir string, id int64) (code int, said string) {
	var stdout, stderr strings.Builder
	k := app.Replay{Check: app.Check{Repo: dir, Env: noEnv}, What: fmt.Sprint(id), DatabaseURL: "sqlite:" + w.database}
	code = k.Run(context.Background(), &stdout, &stderr)
	return code, stdout.String() + stderr.String()
}

// A verdict of the server comes out again from a clone and the database, byte for
// byte, whatever it rests on; also after all of that is gone from GitHub.
func TestReplayOfTheServersVerdict(t *testing.T) {
	t.Parallel()
	w, c, ids := replayed(t)
	w.repo.Edit(1, func(p *ghfake.Pull) { p.Title, p.Body = "Another", "" })
	for _, id := range ids {
		if code, said := w.replay(c.Dir, id); code != app.ExitPass || !strings.Contains(said, "byte for byte") {
			t.Errorf("%d: %d %s", id, code, said)
		}
	}
	if code, said := w.replay(gitrepotestEmpty(t), ids[0]); code != app.ExitIncomplete || !strings.Contains(said, "missing in this clone") {
		t.Errorf("a clone without the commits: %d %s", code, said)
	}
}

// gitrepotestEmpty is a clone of something else.
func gitrepotestEmpty(t *testing.T) string {
	c := gitrepotest.New(t)
	c.Write(map[string]string{"a": "a\n"})
	c.Commit("base")
	return c.Dir
}

// What was changed in the database afterwards shows, and where.
func TestReplayOfWhatWasTamperedWith(t *testing.T) {
	t.Parallel()
	w, c, ids := replayed(t)
	for name, x := range map[string]struct{ change, back, words string }{
		"a finding made milder": {
			`UPDATE verdicts SET body = replace(body, '"level": "block"', '"level": "off"')`, `UPDATE verdicts SET body = replace(body, '"level": "off"', '"level": "block"')`,
			`"level": "off"`,
		},
		"a lift that nobody gave": {
			`UPDATE origins SET body = replace(body, 'it is agreed', 'never mind')`, `UPDATE origins SET body = replace(body, 'never mind', 'it is agreed')`, "never mind",
		},
		"a label taken away": {
			`UPDATE origins SET body = replace(body, '"Name":"analysis-only"', '"Name":"analysis-any"')`, `UPDATE origins SET body = replace(body, 'analysis-any', 'analysis-only')`, `"label analysis-only"`,
		},
		"another organisation's policy": {
			`UPDATE origins SET body = replace(body, '"Organisation":{', '"Other":{')`, `UPDATE origins SET body = replace(body, '"Other":{', '"Organisation":{')`, "It was judged by the policy",
		},
	} {
		w.write(x.change)
		if code, said := w.replay(c.Dir, ids[1]); code != app.ExitStopped || !strings.Contains(said, x.words) || !strings.Contains(said, "Another verdict comes out") {
			t.Errorf("%s: %d %s", name, code, said)
		}
		w.write(x.back)
	}
}

// write changes the database behind the server's back.
func (w *world) write(query string) {
	w.t.Helper()
	s, err := store.Open(context.Background(), "sqlite:"+w.database)
	if err == nil {
		_, err = s.DB().ExecContext(context.Background(), query)
		err = errors.Join(err, s.Close())
	}
	if err != nil {
		w.t.Fatal(err)
	}
}
