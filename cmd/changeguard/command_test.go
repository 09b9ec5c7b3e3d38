package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/changeguard/changeguard/internal/gitrepo/gitrepotest"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"changeguard-main": main, // with its signals
		"changeguard":      func() { os.Exit(run(context.Background(), os.Args[1:], os.Getenv, os.Stdout, os.Stderr)) },
	})
}

// The scripts run the program as users do, on real repositories.
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Setup: func(e *testscript.Env) error {
			root, err := filepath.Abs("../..")
			if err != nil {
				return err
			}
			e.Setenv("ROOT", root)
			e.Setenv("GIT_CONFIG_GLOBAL", os.DevNull)
			e.Setenv("GIT_CONFIG_NOSYSTEM", "1")
			for _, who := range []string{"AUTHOR", "COMMITTER"} {
				e.Setenv("GIT_"+who+"_NAME", "Dev")
				e.Setenv("GIT_"+who+"_EMAIL", "dev@example.com")
				e.Setenv("GIT_"+who+"_DATE", "2025-01-01T00:00:00Z")
			}
			return nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){"exits": exits},
	})
}

// exits runs a program and wants an exit code: exits 3 changeguard check.
func exits(ts *testscript.TestScript, _ bool, args []string) {
	err := ts.Exec(args[1], args[2:]...)
	got := 0
	if err != nil {
		exit, ok := err.(*exec.ExitError)
		if !ok {
			ts.Fatalf("%v", err)
		}
		got = exit.ExitCode()
	}
	if fmt.Sprint(got) != args[0] {
		ts.Fatalf("exit code %d, want %s", got, args[0])
	}
}

func TestEveryCommandExplainsItself(t *testing.T) {
	t.Parallel()
	for _, c := range commands() {
		var out, errs strings.Builder
		code := run(context.Background(), append(strings.Fields(c.name), "--help"), func(string) string { return "" }, &out, &errs)
		if code != 0 || !strings.Contains(out.String(), "Example:") || !strings.Contains(out.String(), c.title) || errs.Len() > 0 {
			t.Errorf("%s --help: %d\n%s%s", c.name, code, out.String(), errs.String())
		}
	}
}

// Titles stand below each other, apart from the names before them.
func TestCommandsAreListedInColumns(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	list(&out, commands())
	column := strings.Index(out.String()[strings.LastIndex(out.String()[:strings.Index(out.String(), commands()[0].title)], "\n"):], commands()[0].title)
	for _, c := range commands() {
		line := out.String()[:strings.Index(out.String(), c.title)]
		if before := line[strings.LastIndex(line, "\n"):]; len(before) != column || !strings.HasSuffix(before, "  ") {
			t.Errorf("%q", before+c.title)
		}
	}
}

// BenchmarkCheck11178 runs the command as a process on a repository with the
// 11,178 changed files of a real pull request and fifty path rules, and reports
// its time and its memory.
func BenchmarkCheck11178(b *testing.B) {
	repo := gitrepotest.Large(b, gitrepotest.LargePolicy(b))
	binary := filepath.Join(b.TempDir(), "changeguard")
	if out, err := exec.Command("go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	var elapsed, processor time.Duration
	peak := int64(0)
	for b.Loop() {
		cmd := exec.Command(binary, "check", "--repo", repo.Dir, "--base", "main", "--head", "feature", "--format", "json")
		start := time.Now()
		out, err := cmd.Output()
		elapsed += time.Since(start)
		judgedWhole(b, out, err)
		processor += cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
		// Of this process and of each git that it ran, the largest.
		if use, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
			peak = max(peak, use.Maxrss)
		}
	}
	b.ReportMetric(float64(elapsed.Milliseconds())/float64(b.N), "ms/check")
	b.ReportMetric(float64(processor.Milliseconds())/float64(b.N), "cpu-ms/check")
	b.ReportMetric(float64(peak)/1024, "peak-MB")
}

// judgedWhole makes sure that what was measured is the whole verdict.
func judgedWhole(b *testing.B, out []byte, err error) {
	b.Helper()
	var v struct {
		Outcome  string
		Change   struct{ Files int }
		Findings []struct{ Kind string }
	}
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 1 {
		b.Fatalf("%v: %.200s", err, out)
	}
	if err := json.Unmarshal(out, &v); err != nil {
		b.Fatal(err)
	}
	if v.Outcome != "fail" || v.Change.Files != gitrepotest.LargeFiles || len(v.Findings) < 1000 {
		b.Fatalf("%s of %d files with %d findings", v.Outcome, v.Change.Files, len(v.Findings))
	}
}

// BenchmarkHook runs the answer to an agent's call as a process, in a repository
// with a policy of fifty rules: a write that is refused after everything was
// looked at.
func BenchmarkHook(b *testing.B) {
	r := gitrepotest.New(b)
	r.Write(map[string]string{".github/changeguard.yml": gitrepotest.LargePolicy(b) + "  hooked: {uses: protected-paths, with: {paths: [\"hooked/**\"]}}\n", "hooked/a.py": "a = 1\n"})
	r.Commit("base")
	r.Git("checkout", "-q", "-b", "feature")
	binary := filepath.Join(b.TempDir(), "changeguard")
	if out, err := exec.Command("go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	input, err := json.Marshal(map[string]any{"cwd": r.Dir, "tool_name": "Write", "tool_input": map[string]string{"file_path": "hooked/a.py", "content": "a = 2\n"}})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		cmd := exec.Command(binary, "hook", "run")
		cmd.Stdin = strings.NewReader(string(input))
		out, err := cmd.CombinedOutput()
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.ExitCode() != 2 || !strings.Contains(string(out), "by the rule hooked") {
			b.Fatalf("%v: %s", err, out)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/1000/float64(b.N), "ms/answer")
}
