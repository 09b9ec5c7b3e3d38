package main

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

// The Action hands every input to its entry point, which asks for no other, and
// the manual names each.
func TestActionHandsOverItsInputs(t *testing.T) {
	t.Parallel()
	read := func(name string) string {
		data, err := os.ReadFile("../../" + name)
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	var action struct {
		Inputs  map[string]struct{ Description string }
		Outputs map[string]struct{ Description, Value string }
		Runs    struct {
			Using string
			Steps []struct {
				ID, Shell, Run string
				Env            map[string]string
			}
		}
	}
	if err := yaml.Load([]byte(read("action.yml")), &action); err != nil {
		t.Fatal(err)
	}
	entry, manual := read("deploy/action/run.sh"), read("docs/action.md")
	asked := regexp.MustCompile(`INPUT_[A-Z0-9_]+`).FindAllString(entry, -1)
	step := action.Runs.Steps[0]
	if action.Runs.Using != "composite" || !strings.Contains(step.Run, "deploy/action/run.sh") || strings.Contains(step.Run, "${{") {
		t.Errorf("%+v", action.Runs)
	}
	for name, input := range action.Inputs {
		variable := "INPUT_" + strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
		if step.Env[variable] != "${{ inputs."+name+" }}" || !slices.Contains(asked, variable) || !strings.Contains(manual, "`"+name+"`") || input.Description == "" {
			t.Errorf("%s is not handed over, asked for, in the manual, or described", name)
		}
	}
	for _, variable := range asked {
		if _, given := step.Env[variable]; !given {
			t.Errorf("%s is asked for and not handed over", variable)
		}
	}
	for name, output := range action.Outputs {
		if output.Value != "${{ steps."+step.ID+".outputs."+name+" }}" || !strings.Contains(entry, "set_output "+name+" ") || !strings.Contains(manual, "`"+name+"`") {
			t.Errorf("the output %s is not set, or not in the manual", name)
		}
	}
}
