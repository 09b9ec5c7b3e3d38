package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/internal/gitrepo"
	"github.com/changeguard/changeguard/internal/hook"
	"github.com/changeguard/changeguard/internal/version"
	"github.com/changeguard/changeguard/policy"
	"github.com/changeguard/changeguard/report"
	"github.com/changeguard/changeguard/rules/catalogue"
	"github.com/changeguard/changeguard/session"
	"github.com/changeguard/changeguard/verdict"
)

// HookRun is what `changeguard hook run` was asked. It answers with 0 or with 2:
// agents take every other code, and silence, for consent.
type HookRun struct {
	Agent string // "" means the one that the input speaks like
	Git   string // a hook of git instead
	Base  string // whose policy judges; "" means the defaults of check
	Args  []string
	Stdin io.Reader
	Env   func(string) string
	// Patience is how long an agent's call may take to judge; 0 means hookPatience.
	Patience time.Duration
}

// hookPatience ends before any agent does that lets a call run when its hook is too
// slow.
const hookPatience = (hookSeconds - 5) * time.Second

// Run answers one call and returns the exit code.
func (k HookRun) Run(ctx context.Context, stdout, stderr io.Writer) int {
	if k.Git != "" {
		reason, err := k.git(ctx)
		if err != nil {
			reason = "changeguard could not judge this, so it is refused: " + err.Error()
		}
		if reason == "" {
			return ExitPass
		}
		fmt.Fprintln(stderr, reason)
		return ExitUsage
	}
	agent, reason, err := k.inTime(ctx)
	if err != nil {
		reason = "changeguard could not judge this call, so it is refused: " + oneLine(err.Error())
	}
	answer, code := hook.Consent(agent), ExitPass
	if reason != "" {
		answer, code = hook.Refusal(agent, reason), ExitUsage
		fmt.Fprintln(stderr, reason)
	}
	if _, err := stdout.Write(answer); err != nil {
		fmt.Fprintln(stderr, "changeguard: the answer could not be written:", err)
		return ExitUsage
	}
	return code
}

// inTime refuses a call that takes too long, be it that git does or that the input
// never ends.
func (k HookRun) inTime(ctx context.Context) (agent, reason string, err error) {
	ctx, cancel := context.WithTimeout(ctx, cmp.Or(k.Patience, hookPatience))
	defer cancel()
	done := make(chan func() (string, string, error), 1)
	go func() {
		agent, reason, err := k.call(ctx)
		done <- func() (string, string, error) { return agent, reason, err }
	}()
	select {
	case result := <-done:
		return result()
	case <-ctx.Done():
		return k.Agent, "", errors.New("it took too long")
	}
}

func oneLine(s string) string { return report.Visible(strings.Join(strings.Fields(s), " ")) }

// call reads an agent's call and says why it is refused, "" when it is not.
func (k HookRun) call(ctx context.Context) (agent, reason string, err error) {
	data, err := io.ReadAll(io.LimitReader(k.Stdin, hook.MaxInput+1))
	if err != nil {
		return k.Agent, "", fmt.Errorf("read the call: %w", err)
	}
	if len(data) > hook.MaxInput {
		return k.Agent, "", fmt.Errorf("the call has more than %d bytes", hook.MaxInput)
	}
	c, err := hook.Parse(data, k.Agent)
	if err != nil || len(c.Write) == 0 && c.Bypass == "" {
		return c.Agent, "", err
	}
	if c.Dir == "" {
		c.Dir = "."
	}
	if c.Dir, err = filepath.Abs(c.Dir); err != nil {
		return c.Agent, "", err
	}
	reason, err = k.judge(ctx, c)
	if c.Assumed && reason != "" {
		reason = fmt.Sprintf("%s; the tool %s names it, and is not known only to read it.", strings.TrimSuffix(reason, "."), oneLine(c.Tool))
	}
	return c.Agent, reason, err
}

// judge asks each repository that the call writes to.
func (k HookRun) judge(ctx context.Context, c hook.Call) (reason string, err error) {
	targets, err := targets(c)
	if err != nil {
		return "", err
	}
	if top, ok := worktree(c.Dir); ok && c.Bypass != "" && targets[top] == nil {
		targets[top] = []target{}
	}
	for top, files := range targets {
		if reason, err := k.judgeIn(ctx, c, top, files); reason != "" || err != nil {
			return reason, err
		}
	}
	return "", nil
}

func (k HookRun) judgeIn(ctx context.Context, c hook.Call, top string, files []target) (reason string, err error) {
	g, err := k.open(ctx, top)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, g.repo.Close()) }()
	switch {
	case g.observing() && len(g.paths) == 0:
		return "", nil
	case g.problem != "":
		return "", errors.New(g.problem)
	case c.Bypass != "":
		return fmt.Sprintf("changeguard refuses `%s`, because it passes by the guard of this repository; run the command without it.", oneLine(c.Bypass)), nil
	}
	if files, err = g.tracked(ctx, files); err != nil {
		return "", err
	}
	if files, err = g.fromRevisions(ctx, files); err != nil {
		return "", err
	}
	for _, f := range files {
		if reason := g.outOfBounds(f); reason != "" {
			return reason, nil
		}
		if g.holdsHook(f) {
			return fmt.Sprintf("changeguard refuses to change %s, because it holds, or can switch off, the hook that asks changeguard; leave it as it is, or ask a person to change it.", oneLine(f.path)), nil
		}
	}
	reason, err = g.judgeFiles(ctx, c.Agent, files)
	if reason == "" || err != nil {
		return "", err
	}
	if files, err = g.unignored(ctx, files); err != nil {
		return "", err
	}
	if files, err = g.unrestored(ctx, files); err != nil {
		return "", err
	}
	return g.judgeFiles(ctx, c.Agent, files)
}

// guardsBelow are the guard's own files that go with folders, tracked or not.
func guardsBelow(folders []string) (files []target) {
	own := []string{".git"}
	for _, s := range agentSettings {
		own = append(own, s.file)
	}
	for _, folder := range folders {
		for _, file := range own {
			if folder == "." || strings.HasPrefix(file, folder+"/") {
				files = append(files, target{Write: hook.Write{Removed: true}, path: file})
			}
		}
	}
	return files
}

// unignored leaves out what git ignores, such as logs and what is built.
// What the base has is not: the question takes git longer than all others.
func (g *guarded) unignored(ctx context.Context, files []target) ([]target, error) {
	var names []string
	for _, f := range files {
		if g.base != "" {
			if there, err := g.repo.Has(ctx, g.base, f.path); err == nil && there {
				continue
			}
		}
		names = append(names, f.path)
	}
	if len(names) == 0 {
		return files, nil
	}
	ignored, err := g.repo.Ignored(ctx, names)
	return slices.DeleteFunc(files, func(f target) bool { return ignored[f.path] }), err
}

// guarded is a repository with the policy that judges in it and what its branch
// was declared to be.
type guarded struct {
	repo    *gitrepo.Repo
	where   gitrepo.Worktree
	base    string // commit
	trunk   string // the branch that it is the head of, or ""
	layers  []verdict.Layer
	mode    string // declared for the branch, or ""
	id      string
	paths   []string // that the session is held to; none means any
	problem string   // why nothing can be judged, or ""
	env     func(string) string
}

func (k HookRun) open(ctx context.Context, dir string) (*guarded, error) {
	repo, err := gitrepo.Open(ctx, dir)
	if err != nil {
		return nil, err
	}
	g := &guarded{repo: repo, env: k.Env}
	if err := g.load(ctx, k.Base); err != nil {
		return nil, errors.Join(err, repo.Close())
	}
	return g, nil
}

func (g *guarded) load(ctx context.Context, base string) (err error) {
	// Two questions to git at a time: an agent waits for the answer.
	var declared error
	done := make(chan struct{})
	go func() {
		defer close(done)
		if g.where, declared = g.repo.Worktree(ctx); declared == nil {
			declared = g.declared(ctx)
		}
	}()
	g.base, g.trunk, err = g.repo.Base(ctx, gitrepo.Options{Base: base, Env: g.env})
	<-done
	if declared != nil {
		return declared
	}
	if err != nil {
		if _, unborn := g.repo.Commit(ctx, "HEAD"); unborn != nil {
			g.layers = []verdict.Layer{{Name: verdict.DefaultLayer, Policy: policy.Default(catalogue.Kinds())}}
			return nil // nothing is committed, so there is nothing to guard yet
		}
		return err
	}
	if g.layers, err = (Check{Env: g.env}).layers(ctx, g.repo, &change.Change{Base: g.base}); err != nil {
		return err
	}
	g.checkPolicy()
	return nil
}

// checkPolicy refuses to guess where the policy or the declared mode is unknown.
func (g *guarded) checkPolicy() {
	known := g.mode == ""
	for _, l := range g.layers {
		if l.Policy == nil {
			g.problem = "the policy on the base does not load; run `changeguard policy lint`, mend it and merge that first"
			return
		}
		known = known || l.Policy.Session(g.mode) != nil
	}
	if !known {
		g.problem = fmt.Sprintf("the session was declared %s, which the policy on the base does not know; ask a person to run `changeguard session start` again", oneLine(g.mode))
	}
}

// observing reports whether no policy would stop anything.
func (g *guarded) observing() bool {
	return !slices.ContainsFunc(g.layers, func(l verdict.Layer) bool { return l.Policy == nil || l.Policy.Mode == policy.Enforce })
}

// outOfBounds is about what no policy needs to say.
func (g *guarded) outOfBounds(f target) string {
	if first, _, _ := strings.Cut(f.path, "/"); strings.EqualFold(first, ".git") {
		return fmt.Sprintf("changeguard refuses to change %s, because git's own files hold the guard's hooks and the session's declaration; use git's commands, or ask a person.", oneLine(f.path))
	}
	if ok, err := permittedPath(g.paths, f.path); !ok {
		why := ""
		if err != nil {
			why = " (" + err.Error() + ")"
		}
		return fmt.Sprintf("changeguard refuses to change %s, because this session was declared to touch only %s%s; leave it as it is, or ask a person to start a session with other paths.", oneLine(f.path), oneLine(strings.Join(g.paths, ", ")), why)
	}
	return ""
}

// holdsHook reports whether a file is an agent's settings with our hook in it, or
// others of that agent that can switch hooks off: an agent is not to switch its own
// guard off.
func (g *guarded) holdsHook(f target) bool {
	for _, s := range agentSettings {
		if slices.ContainsFunc(append(s.off, s.file), func(name string) bool { return strings.EqualFold(f.path, name) }) {
			data, err := os.ReadFile(filepath.Join(g.where.Top, filepath.FromSlash(s.file)))
			if err == nil && strings.Contains(string(data), ourCommand) {
				return true
			}
		}
	}
	return false
}

// record is what the branch's configuration declares.
func (g *guarded) record() session.Record { return declaredRecord(g.mode, g.where.Branch) }

func declaredRecord(mode, branch string) session.Record {
	var r session.Record
	if mode != "" {
		r.Declarations = append(r.Declarations, session.Declaration{Mode: mode, Signal: "session", Value: mode, Where: "configuration of branch " + branch})
	}
	return r
}

// signs are how each agent signs its commits.
var signs = map[string]string{
	hook.ClaudeCode: "Claude <noreply@anthropic.com>", hook.Codex: "Codex <noreply@openai.com>", hook.Cursor: "Cursor <cursoragent@cursor.com>",
	hook.Copilot: "Copilot <223556219+Copilot@users.noreply.github.com>", hook.Gemini: "gemini-cli[bot] <218312386+gemini-cli[bot]@users.noreply.github.com>",
}

// pending stands for the commit that the call will be part of.
const pending = "0000000000000000000000000000000000000000"

// judgeFiles lays the policy on the change that the call would make, as the
// server would on a pull request by this agent.
func (g *guarded) judgeFiles(ctx context.Context, agent string, files []target) (string, error) {
	t := newCallTree(g.where.Top, files)
	c := &change.Change{Event: change.Local, Base: g.base, MergeBase: g.base, Head: pending, HeadRef: g.where.Branch, Files: t.files(), Source: t}
	c.Commits = []change.Commit{{ID: pending, Message: "Call of a tool\n\nCo-authored-by: " + signs[agent] + "\n"}}
	c.Normalise()
	if len(c.Files) == 0 {
		return "", nil
	}
	v, err := verdict.Judge(ctx, verdict.Input{Change: c, Layers: g.layers, Kinds: catalogue.Kinds(), Record: g.record(), Engine: version.Engine()})
	if err != nil {
		return "", err
	}
	if v.Outcome == verdict.Incomplete {
		return "", fmt.Errorf("%s", v.Title)
	}
	return refusal(v, func(f verdict.Finding) bool { return !t.vagueAt(f.Path) || slices.Contains(byName, f.Kind) }), nil
}

// byName are the kinds that judge what a file is called, so that it does not
// matter what is written to it.
var byName = []string{verdict.SessionKind, "protected-paths", "guard-integrity"}

// refusal words the worst finding that blocks in one sentence, "" for none.
func refusal(v *verdict.Verdict, counts func(verdict.Finding) bool) string {
	var stops []verdict.Finding
	for _, f := range v.Findings {
		if f.Level == policy.Block && f.Enforced && f.LiftedBy == nil && counts(f) {
			stops = append(stops, f)
		}
	}
	if len(stops) == 0 {
		return ""
	}
	f := stops[0]
	what := "this"
	if f.Path != "" {
		what = "to change " + f.Path
	}
	more := ""
	if n := len(stops) - 1; n > 0 {
		more = fmt.Sprintf(" (and %s)", count(n, "more finding"))
	}
	why := strings.ReplaceAll(strings.TrimSuffix(strings.TrimSpace(f.Message), "."), ". ", "; ")
	return oneLine(fmt.Sprintf("changeguard refuses %s by the rule %s%s: %s; leave it as it is and say so in your answer, or ask a person for %s.", what, f.Rule, more, why, f.LiftableBy))
}

// worktreeReal is the top of the work tree of a path, whose folders may not be
// there yet.
func worktreeReal(name string) (top string, ok bool) {
	dir := filepath.Dir(name)
	for {
		if _, err := os.Lstat(dir); err == nil {
			return worktree(dir)
		}
		above := filepath.Dir(dir)
		if above == dir {
			return "", false
		}
		dir = above
	}
}
