package workflow_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/changeguard/changeguard/internal/workflow"
)

const sample = `name: ci
on:
  push:
  pull_request_target: {types: [opened]}
permissions: {contents: read}
env: &env {A: "1", PYTHONPATH: src}
defaults: {run: {working-directory: app}}
jobs:
  test:
    env: {<<: *env, B: "2", A: "3"}
    steps:
      - uses: actions/checkout@v4
      - name: tests
        run: |
          pytest
        working-directory: sub
  call:
    uses: ./.github/workflows/other.yml
    permissions: write-all
`

func TestParse(t *testing.T) {
	t.Parallel()
	f, err := workflow.Parse([]byte(sample))
	if err != nil {
		t.Fatal(err)
	}
	test := f.Jobs[0]
	got := fmt.Sprintln(f.On[0].Event, f.On[1].Event, f.On[1].Line, f.Runs("push"), f.Runs("pull_request"), f.Permissions.Get("contents"), f.Directory,
		test.Env.Get("A"), test.Env.Get("PYTHONPATH"), test.Steps[0].Uses, test.Steps[0].Name, test.Steps[1].Run.Line, test.Steps[1].Directory, f.Jobs[1].Uses, f.Jobs[1].Permissions)
	const want = "push pull_request_target 4 true false read app 3 src actions/checkout@v4 step 1 14 sub ./.github/workflows/other.yml write-all"
	if strings.Join(strings.Fields(got), " ") != want {
		t.Errorf("got %s", got)
	}
}

func TestTriggers(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{"on: push": "push", "on: [push, workflow_run]": "push workflow_run", "true: {push: }": "push", "jobs: {}": "", "": ""} {
		f, err := workflow.Parse([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, on := range f.On {
			got = append(got, on.Event)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}

// What cannot be read in bounded time and memory is an error.
func TestHostileFilesAreErrors(t *testing.T) {
	t.Parallel()
	bomb := "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n"
	for i := 1; i < 9; i++ {
		bomb += fmt.Sprintf("a%d: &a%d [%s*a%d]\n", i, i, strings.Repeat(fmt.Sprintf("*a%d,", i-1), 9), i-1)
	}
	for what, text := range map[string]string{
		"bomb": bomb, "deep": strings.Repeat("[", 5000), "large": strings.Repeat("#", workflow.MaxSize+1), "no mapping": "- a\n", "no YAML": "a: b: c\n", "circle": "a: &a [*a]\n", "dense": strings.Repeat("a:\n", 100_000),
	} {
		if f, err := workflow.Parse([]byte(text)); err == nil {
			t.Errorf("%s: read as %v", what, f)
		}
	}
}

// FuzzParse: any file ends, as an error or with lines that are there.
func FuzzParse(f *testing.F) {
	f.Add(sample)
	f.Add("on: push\njobs: {a: {steps: [{run: x}, null, 1]}}")
	f.Add("runs: {steps: [{uses: a@b}]}")
	f.Fuzz(func(t *testing.T, text string) {
		file, err := workflow.Parse([]byte(text))
		if err != nil {
			return
		}
		for _, j := range file.Jobs {
			for _, s := range j.Steps {
				if s.Line < 0 || s.Line > strings.Count(text, "\n")+strings.Count(text, "\r")+strings.Count(text, "\u2028")+strings.Count(text, "\u2029")+strings.Count(text, "\u0085")+1 {
					t.Errorf("line %d", s.Line)
				}
			}
		}
	})
}
