package testset

import (
	"path"
	"slices"
	"strings"

	"github.com/changeguard/changeguard/internal/workflow"
)

// runs notes that a command starts a runner: one whose failure stops the workflow,
// or one that may fail.
func (c *collector) runs(runner string, one call) {
	key := runner + "\x00" + one.by + "\x00" + shown(one.words)
	switch {
	case one.soft != "":
		c.mayFail(runner, one.by, one.line, one.soft)
	case !c.strict[key]:
		if c.strict == nil {
			c.strict, c.result.Strict = make(map[string]bool), make(map[string]int)
		}
		c.strict[key] = true
		c.result.Strict[runner]++
	}
}

// mayFail notes that tests that fail, or are not there, stop nothing.
func (c *collector) mayFail(runner, path string, line int, why string) {
	o := Opaque{Path: path, Line: line, What: runner + " may fail: " + why, MayFail: true, Runner: runner}
	if len(c.result.Opaque) < maxOpaque && !slices.Contains(c.result.Opaque, o) {
		c.result.Opaque = append(c.result.Opaque, o)
	}
}

// stepMayFail says how a step is told to go on when it fails.
func stepMayFail(job workflow.Job, step workflow.Step) string {
	for _, v := range []*workflow.Value{job.Value, step.Value} {
		if v.Get("continue-on-error").String() == "true" {
			return "continue-on-error"
		}
	}
	return ""
}

// mindsPipes reports whether the shell of a step fails when a part of a pipe does:
// bash does where it is named.
func mindsPipes(f *workflow.File, job workflow.Job, step workflow.Step) bool {
	for _, shell := range []string{step.Value.Get("shell").String(), job.Value.Get("defaults", "run", "shell").String(), f.Root.Get("defaults", "run", "shell").String()} {
		if shell != "" {
			return shell == "bash" || strings.Contains(shell, "pipefail")
		}
	}
	return false
}

// A shell is what a script has told its shell.
type shell struct {
	pipefail bool
	goesOn   bool // set +e
}

func (s *shell) set(words []string) {
	text := strings.Join(words, " ")
	s.pipefail = s.pipefail || strings.Contains(text, "pipefail")
	if strings.Contains(text, "+e") {
		s.goesOn = true
	} else if slices.ContainsFunc(words, func(w string) bool { return strings.HasPrefix(w, "-") && strings.Contains(w, "e") }) {
		s.goesOn = false
	}
}

// mayFail says why the failure of the i-th command of a script is lost, "" where
// it is not.
func (s *shell) mayFail(commands []command, i int, last lastOnes) string {
	asked := i < last.asks
	rest := commands[i+1:]
	switch after := commands[i].after; {
	case commands[i].not && !commands[i].asked && after == "":
		return "!"
	case after == "&" && i >= last.waits:
		return "&"
	case len(rest) == 0:
		return ""
	case after == "||" && harmless(rest[0].words) && !failsOnLine(rest):
		return "|| " + path.Base(rest[0].words[0])
	case after == "|" && !s.pipefail && len(rest[0].words) > 0 && slices.Contains([]string{"tee", "cat", "tail", "head", "sed", "awk", "ts", "grep", "cut", "sort", "tr"}, path.Base(rest[0].words[0])):
		return "its exit code is that of " + path.Base(rest[0].words[0])
	case commands[i].asked && after == "" && !asked && i >= last.fails:
		return "if"
	case s.goesOn && after != "&&" && after != "||" && !asked:
		return "set +e"
	}
	return ""
}

// lastOnes are the last commands of a script of some kinds, -1 for none: those that
// ask how another ended, wait for one in the background, or fail themselves.
type lastOnes struct{ asks, waits, fails int }

func lastOf(commands []command) lastOnes {
	last := lastOnes{asks: lastAsked(commands), waits: -1, fails: -1}
	for i, c := range commands {
		if len(c.words) > 1 && c.words[0] == "wait" {
			last.waits = i
		}
		if fails(c) {
			last.fails = i
		}
	}
	return last
}

// fails reports whether a command does nothing but fail.
func fails(c command) bool {
	return len(c.words) > 0 && (c.words[0] == "false" || (c.words[0] == "exit" || c.words[0] == "return") && len(c.words) > 1 && c.words[1] != "0")
}

// harmless reports whether a command does nothing but succeed.
func harmless(words []string) bool {
	switch {
	case len(words) == 0:
		return false
	case words[0] == "exit":
		return len(words) == 1 || words[1] == "0"
	}
	return slices.Contains([]string{"true", ":", "echo", "printf"}, path.Base(words[0]))
}

// failsOnLine reports whether the commands that follow on one line fail themselves.
func failsOnLine(rest []command) bool {
	for _, c := range rest {
		if c.line > rest[0].line+3 {
			return false
		}
		if fails(c) {
			return true
		}
	}
	return false
}

// lastAsked is the last command of a script that asks how another ended, -1 for
// none.
func lastAsked(commands []command) int {
	for i, c := range slices.Backward(commands) {
		if text := strings.Join(append(slices.Clone(c.env), c.words...), " "); strings.Contains(text, "$?") || strings.Contains(text, "PIPESTATUS") || strings.HasPrefix(text, "exit ") && !strings.HasPrefix(text, "exit 0") {
			return i
		}
	}
	return -1
}
