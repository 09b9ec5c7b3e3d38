package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/changeguard/changeguard/internal/app"
)

// clones are git repositories with what the plan pushes, made without the
// stand-in.
type clones struct {
	dir  string
	plan *plan
}

// makeClones writes them.
func makeClones(ctx context.Context, dir string, p *plan) (*clones, error) {
	c := &clones{dir, p}
	for i := range p.repos {
		if err := os.MkdirAll(c.of(i), 0o700); err != nil {
			return nil, err
		}
		if _, err := git(ctx, c.of(i), nil, "init", "--quiet", "--initial-branch=main"); err != nil {
			return nil, err
		}
		if _, err := git(ctx, c.of(i), c.history(i), "fast-import", "--quiet", "--force"); err != nil {
			return nil, err
		}
	}
	return c, nil
}

func (c *clones) of(repo int) string { return filepath.Join(c.dir, fmt.Sprintf("repo%02d", repo)) }

func git(ctx context.Context, dir string, stdin io.Reader, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "git", args...) //nolint:gosec // git itself
	cmd.Dir, cmd.Stdin = dir, stdin
	out, err := cmd.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("git %s: %w: %s", args[0], err, out)
	}
	return strings.TrimSpace(string(out)), nil
}

// history is a repository: the bases, and each branch with all that was pushed
// to it.
func (c *clones) history(repo int) io.Reader {
	w := &stream{}
	main := w.commit("main", 0, "The base", 0, baseFiles())
	w.commit("release", main, "Its policy", 1, map[string]string{policyPath: policies["release"]})
	for _, p := range c.plan.pulls {
		if p.repo != repo || p.twin {
			continue
		}
		from := main
		for n, one := range p.pushes {
			from = w.commit(p.branch, from, one.message, 10+n, one.files)
		}
	}
	return w
}

// stream is what `git fast-import` reads.
type stream struct {
	bytes.Buffer
	marks int
}

// commit writes a commit and returns its mark.
func (w *stream) commit(branch string, from int, message string, n int, files map[string]string) (mark int) {
	w.marks++
	who := fmt.Sprintf("Dev <dev@example.com> %d +0000", when(n).Unix())
	fmt.Fprintf(w, "commit refs/heads/%s\nmark :%d\nauthor %s\ncommitter %s\ndata %d\n%s\n", branch, w.marks, who, who, len(message), message)
	if from != 0 {
		fmt.Fprintf(w, "from :%d\n", from)
	}
	for _, name := range sorted(files) {
		fmt.Fprintf(w, "M 100644 inline %s\ndata %d\n%s\n", name, len(files[name]), files[name])
	}
	w.WriteByte('\n')
	return w.marks
}

// judged is what an evaluation without GitHub and without a server says.
type judged struct{ Outcome, Title, Head string }

// conclusions are what a check run says of each outcome.
var conclusions = map[string]string{"pass": "success", "fail": "failure", "approve": "action_required", "incomplete": "failure"}

// severity orders them, the worst first.
var severity = []string{"failure", "action_required", "success"}

// judge judges a pull request as `changeguard check` does.
func (c *clones) judge(ctx context.Context, h head) (j judged, err error) {
	dir := c.of(h.Repo)
	event, output := filepath.Join(dir, ".git", "event.json"), filepath.Join(dir, ".git", "verdict.json")
	if err := os.WriteFile(event, h.Payload, 0o600); err != nil {
		return j, err
	}
	var said bytes.Buffer
	app.Check{Repo: dir, Base: h.Base, Head: c.plan.pulls[h.Pull].branch, Event: event, Format: "json", Output: output, Env: func(string) string { return "" }}.Run(ctx, io.Discard, &said)
	data, err := os.ReadFile(output)
	if err != nil {
		return j, fmt.Errorf("judge %s#%d offline: %w: %s", c.plan.repos[h.Repo].owner, h.Number, err, said.String())
	}
	if err := json.Unmarshal(data, &j); err != nil {
		return j, err
	}
	if j.Head != h.SHA {
		return j, fmt.Errorf("the head of %s#%d is %s in the stand-in and %s in the clone", c.plan.repos[h.Repo].owner, h.Number, h.SHA, j.Head)
	}
	return j, os.Remove(output)
}
