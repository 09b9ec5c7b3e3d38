package workflows

import (
	"context"
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/internal/lazyregexp"
	"github.com/changeguard/changeguard/internal/workflow"
)

const guardName = "changeguard"

// A guardRun is a step or a job that runs this guard.
type guardRun struct {
	job    workflow.Job
	step   workflow.Step // the zero step for a job that calls a reusable workflow
	uses   string        // what is used, without its version
	script string        // the commands that run it, each on one line
}

// A guardFinder finds the steps that run the guard: its action, its program or its
// module, also in an action, a reusable workflow or a script of the repository.
type guardFinder struct {
	*change.Change
	side  change.Side
	reads int // how many files more it reads
}

// The bounds of looking into what a workflow uses.
const (
	maxGuardReads = 20
	maxGuardDepth = 3
	maxGuardRuns  = 50
)

func (g *guardFinder) in(ctx context.Context, f *workflow.File, depth int) ([]guardRun, error) {
	if f == nil {
		return nil, nil
	}
	var list []guardRun
	for _, j := range f.Jobs {
		if len(list) >= maxGuardRuns {
			break
		}
		is, err := g.used(ctx, j.Uses.String(), depth)
		if err != nil {
			return nil, err
		}
		if is {
			list = append(list, guardRun{job: j, uses: unversioned(j.Uses)})
		}
		if guardImage(j.Value.Get("container")) {
			list = append(list, guardRun{job: j, uses: "container"})
		}
		for _, s := range j.Steps {
			if len(list) >= maxGuardRuns {
				break
			}
			script, err := g.script(ctx, s.Run.String())
			if err != nil {
				return nil, err
			}
			is, err := g.used(ctx, s.Uses.String(), depth)
			if err != nil {
				return nil, err
			}
			if is || script != "" || s.Uses != nil && guarding(s.With) {
				list = append(list, guardRun{j, s, unversioned(s.Uses), script})
			}
		}
	}
	return list[:min(len(list), maxGuardRuns)], nil
}

func unversioned(v *workflow.Value) string {
	name, _, _ := strings.Cut(strings.ToLower(v.String()), "@")
	return name
}

func guardImage(v *workflow.Value) bool {
	if v != nil && v.Kind == workflow.Mapping {
		v = v.Get("image")
	}
	return strings.Contains(strings.ToLower(v.String()), guardName)
}

// guarding reports whether inputs are those of the guard's action.
func guarding(with *workflow.Value) bool {
	for _, key := range []string{"policy", "org-policy", "binary"} {
		if strings.Contains(strings.ToLower(with.Get(key).String()), guardName) {
			return true
		}
	}
	return false
}

// used reports whether an action or a reusable workflow runs the guard. Those of other
// repositories are told by their name alone.
func (g *guardFinder) used(ctx context.Context, name string, depth int) (bool, error) {
	if strings.Contains(strings.ToLower(name), guardName) && !strings.HasPrefix(name, "./") {
		return true, nil
	}
	local, ok := g.local(name)
	if !ok || depth == maxGuardDepth {
		return false, nil
	}
	candidates := []string{path.Join(local, "action.yml"), path.Join(local, "action.yaml")}
	if workflow.Is(local) {
		candidates = []string{local}
	}
	for _, p := range candidates {
		if g.reads--; g.reads < 0 {
			return false, nil
		}
		f, _, err := read(ctx, g.Change, g.side, p, change.Regular)
		if err != nil {
			return false, err
		}
		if f == nil {
			continue
		}
		if strings.EqualFold(f.Root.Get("name").String(), guardName) {
			return true, nil
		}
		runs, err := g.in(ctx, f, depth+1)
		if err != nil || len(runs) > 0 {
			return len(runs) > 0, err
		}
	}
	return false, nil
}

// local is the path of what is used from this repository.
func (g *guardFinder) local(name string) (string, bool) {
	if p, ok := strings.CutPrefix(name, "./"); ok {
		return path.Clean(p), true
	}
	whole, _, _ := strings.Cut(name, "@")
	if g.Repo != "" && len(whole) > len(g.Repo) && strings.EqualFold(whole[:len(g.Repo)+1], g.Repo+"/") {
		return path.Clean(whole[len(g.Repo)+1:]), true
	}
	return "", false
}

var scriptFile = lazyregexp.New(`(?:^|[\s;&|"'])(?:\./)?((?:[\w.-]+/)*[\w.-]+\.(?:sh|bash))\b`)

// script are the commands of a step that run the guard, also those by which a script
// of the repository does.
func (g *guardFinder) script(ctx context.Context, text string) (string, error) {
	commands := guardCommands(text)
	if !strings.Contains(text, ".sh") && !strings.Contains(text, ".bash") {
		return strings.Join(commands, "\n"), nil
	}
	for _, m := range scriptFile.FindAllStringSubmatch(text, 5) {
		if g.reads--; g.reads < 0 {
			break
		}
		data, err := g.Read(ctx, g.side, path.Clean(m[1]))
		if err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, change.ErrTooLarge) {
			return "", err
		}
		if len(guardCommands(string(data))) > 0 {
			commands = append(commands, linesWith(text, strings.ToLower(m[1]))...)
		}
	}
	return strings.Join(commands, "\n"), nil
}

var (
	joinedLine = lazyregexp.New(`\\\r?\n[ \t]*`)
	called     = lazyregexp.New(`(?i)changeguard(?:[@:][\w.:-]+)?["']?(?:\s+(?:check|hook|-|\$|["'])|\s*(?:$|[;&|)]))`)
	notCalled  = lazyregexp.New(`(?i)^\s*#|(?:^|[\s;&|(])(?:install|get|curl|wget|mv|cp|chmod|tar|sha256sum|echo|cat|ls|rm|mkdir|cd|clone|which|pull|build)\s[^;&|]*changeguard`)
)

// maxGuardLines bounds how many lines of a script are looked at.
const maxGuardLines = 50

// guardCommands are the lines of a script that run the guard.
func guardCommands(text string) []string {
	return slices.DeleteFunc(linesWith(text, guardName), func(line string) bool { return !called.MatchString(line) || notCalled.MatchString(line) })
}

// linesWith are the lines of a script that have a word, ignoring case, each with those
// that it goes on in.
func linesWith(text, word string) []string {
	var list []string
	lower := strings.ToLower(text)
	if len(lower) != len(text) {
		text = lower // letters whose cases differ in length
	}
	for at := 0; len(list) < maxGuardLines; {
		n := strings.Index(lower[at:], word)
		if n < 0 {
			break
		}
		begin := max(strings.LastIndexByte(text[:at+n], '\n')+1, at)
		end := lineEnd(text, at+n)
		for more := 0; more < 20 && end < len(text) && strings.HasSuffix(strings.TrimSuffix(text[begin:end], "\r"), `\`); more++ {
			end = lineEnd(text, end+1)
		}
		line := text[begin:end]
		list = append(list, joinedLine.ReplaceAllString(line[:min(len(line), maxGuardLine)], " "))
		at = end
	}
	return list
}

// maxGuardLine bounds a command, in bytes.
const maxGuardLine = 4096

func lineEnd(text string, at int) int {
	if n := strings.IndexByte(text[at:], '\n'); n >= 0 {
		return at + n
	}
	return len(text)
}
