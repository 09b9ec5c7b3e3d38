package manifest

import (
	"path"
	"strings"
)

// builds remembers what a step has built by Docker's action for that, the one way of
// building in a workflow that says its arguments apart from a command.
func (w *workflow) builds(step *yamlValue) error {
	name, _, _ := strings.Cut(strings.ToLower(step.str("uses")), "@")
	given := step.child("with", "build-args")
	if name != "docker/build-push-action" || given == nil || !given.isScalar() {
		return nil
	}
	args := make(map[string]Property)
	for i, line := range strings.Split(given.text, "\n") {
		name, value, pair := strings.Cut(strings.TrimSpace(line), "=")
		if !pair {
			continue
		}
		if strings.Contains(value, "${{") {
			value += " (" + strings.Join(w.valuesOf(value), ", ") + ")"
		}
		args[name] = Property{oneLine(value), min(given.line+1+i, max(given.line, given.end))}
	}
	with := step.child("with")
	b := newBuild(with.str("context"), args, given.line)
	b.Dockerfile = inTree(path.Join(with.str("context"), "Dockerfile"))
	if file := with.str("file"); file != "" { // seen from where the step runs
		b.Dockerfile = inTree(path.Clean(file))
	}
	w.file.Builds = append(w.file.Builds, b)
	return w.file.count()
}
