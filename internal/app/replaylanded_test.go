package app_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/changeguard/changeguard/internal/app"
	"github.com/changeguard/changeguard/internal/ghfake"
	"github.com/changeguard/changeguard/internal/gitrepo/gitrepotest"
	"github.com/changeguard/changeguard/internal/store"
)

// stored is the newest verdict of a subject.
func (w *world) stored(s store.Subject) (v store.Verdict) {
	w.t.Helper()
	db, err := store.Open(context.Background(), "sqlite:"+w.database)
	if err == nil {
		v, err = db.Latest(context.Background(), s.Name())
		err = errors.Join(err, db.Close())
	}
	if err != nil {
		w.t.Fatal(err)
	}
	return v
}

// The verdicts of a merge group and of a push come out again by their ids as those
// of pull requests do: also one that a member's verdict holds up, and after the
// group's branch is gone.
func TestReplayOfGroupsAndPushes(t *testing.T) {
	t.Parallel()
	const queue = "gh-readonly-queue/main/pr-1-abc"
	c := gitrepotest.New(t)
	c.Write(map[string]string{".github/changeguard.yml": replayPolicy + "pushes: {branches: [main]}\n", "core/a.py": "x = 1\n", "requirements.txt": "a==1\n"})
	c.Commit("base")
	before := strings.TrimSpace(c.Git("rev-parse", "HEAD"))
	c.Git("checkout", "-q", "-b", "feature")
	c.Write(map[string]string{"core/a.py": "x = 2\n", "requirements.txt": "a==1\nb==2\n", "docs/a.md": "a\n"})
	c.Commit("docs: words")
	c.Git("checkout", "-q", "-b", queue, before)
	c.Git("merge", "-q", "--no-ff", "-m", "Merge pull request #1 from acme/feature", "feature")
	c.Git("checkout", "-q", "-b", "straight", before)
	c.Write(map[string]string{"core/a.py": "x = 3\n"})
	c.Commit("straight to main")

	w, _ := evidential(t)
	w.people()
	copyTo(t, c, w.repo)
	w.github.AddRepo(1, "acme", ".github").Commit("main", "policy", ghfake.Files{
		".github/changeguard.yml": ghfake.Text("version: 1\nrules: {everywhere: {uses: protected-paths, with: {paths: [\"docs/**\"]}}}\n"),
	}, author)
	n := w.repo.Open(ghfake.Pull{Title: "Document the change", Base: "main", Head: "feature", Author: ghfake.Account{Login: "dev", ID: 11, Type: "User"}}).Number
	w.repo.Label(n, "analysis-only", "boss")
	w.deliver("pull_request", w.repo.PullEvent(n, "opened", nil))
	w.first(w.repo.Tip("feature"))
	w.say(n, "boss", "/changeguard override core it is agreed")
	w.idle()

	group, pushed := w.repo.Tip(queue), w.repo.Tip("straight")
	w.deliver("merge_group", w.repo.GroupEvent("main", queue))
	w.first(group)
	w.repo.Reset("main", pushed)
	w.deliver("push", w.repo.PushEvent("main", before))
	w.first(pushed)
	w.idle()
	w.repo.DeleteBranch(queue)

	in := store.Subject{Owner: "acme", Repo: "app"}
	for name, x := range map[string]struct {
		kind  store.Kind
		head  string
		rests string // what it must rest on, so that there is something to lose
		// The member that does not pass holds the group up.
		outcome string
	}{
		"group": {store.Group, group, `"what": "#1 of the merge group does not pass (fail)"`, `"outcome": "incomplete"`},
		"push":  {store.Push, pushed, `"core/a.py"`, `"outcome": "fail"`},
	} {
		s := in
		s.Kind, s.Head, s.Ref = x.kind, x.head, "main"
		if x.kind == store.Push {
			s.Base = before
		}
		v := w.stored(s)
		if !bytes.Contains(v.Body, []byte(x.rests)) || !bytes.Contains(v.Body, []byte(x.outcome)) {
			t.Errorf("%s: %s", name, v.Body)
		}
		if code, said := w.replay(c.Dir, v.ID); code != app.ExitPass || !strings.Contains(said, "byte for byte") {
			t.Errorf("%s: %d %s", name, code, said)
		}
	}
}
