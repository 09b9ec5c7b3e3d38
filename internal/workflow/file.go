package workflow

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// A File is a workflow or an action, as Actions reads it.
type File struct {
	Root        *Value
	On          []Trigger
	Permissions *Value // nil when the file says nothing
	Env         *Value
	Directory   string // defaults.run.working-directory
	Jobs        []Job
}

// A Trigger is an event that starts the workflow.
type Trigger struct {
	Event string
	Line  int
	With  *Value // its filters; nil for none
}

// A Job is one job of a workflow; an action's steps are those of one job without
// a name.
type Job struct {
	Name        string
	Line        int
	Value       *Value
	Uses        *Value // a reusable workflow
	Permissions *Value // nil when the job says nothing
	Env         *Value
	Directory   string
	Steps       []Step
}

// A Step is one step of a job.
type Step struct {
	Name      string
	Line      int
	Value     *Value
	Uses      *Value
	Run       *Value
	Env, With *Value
	Directory string
}

// Is reports whether a path is that of a workflow that GitHub would run.
func Is(name string) bool {
	dir, base := path.Split(name)
	return strings.EqualFold(dir, ".github/workflows/") && isYAML(base)
}

// IsAction reports whether a path is that of an action's description.
func IsAction(name string) bool {
	base := strings.ToLower(path.Base(name))
	return base == "action.yml" || base == "action.yaml"
}

func isYAML(base string) bool {
	base = strings.ToLower(base)
	return strings.HasSuffix(base, ".yml") || strings.HasSuffix(base, ".yaml")
}

// Parse reads a workflow or an action.
func Parse(data []byte) (*File, error) {
	root, err := Read(data)
	if err != nil {
		return nil, err
	}
	if root != nil && root.Kind != Mapping {
		return nil, fmt.Errorf("line %d: a workflow is a mapping", root.Line)
	}
	f := &File{Root: root, Permissions: root.Get("permissions"), Env: root.Get("env"), Directory: root.Get("defaults", "run", "working-directory").String()}
	f.On = triggers(root)
	for _, p := range root.Get("jobs").Items() {
		f.Jobs = append(f.Jobs, job(p))
	}
	if runs := root.Get("runs"); runs != nil {
		f.Jobs = append(f.Jobs, Job{Line: runs.Line, Value: runs, Steps: steps(runs.Get("steps"))})
	}
	return f, nil
}

// triggers reads "on", which is a word, a list or a mapping. YAML readers of
// another age take the key for true.
func triggers(root *Value) []Trigger {
	on := root.Get("on")
	if on == nil {
		on = root.Get("true")
	}
	var list []Trigger
	switch {
	case on == nil:
	case on.Kind == Mapping:
		for _, p := range on.Pairs {
			list = append(list, Trigger{p.Key, p.Line, p.Value})
		}
	case on.Kind == List:
		for _, item := range on.List {
			list = append(list, Trigger{item.String(), item.At(on.Line), nil})
		}
	default:
		list = append(list, Trigger{on.Text, on.Line, nil})
	}
	return list
}

func job(p Pair) Job {
	v := p.Value
	return Job{
		Name: p.Key, Line: p.Line, Value: v, Uses: v.Get("uses"), Permissions: v.Get("permissions"), Env: v.Get("env"),
		Directory: v.Get("defaults", "run", "working-directory").String(), Steps: steps(v.Get("steps")),
	}
}

func steps(list *Value) []Step {
	var all []Step
	if list == nil {
		return nil
	}
	for i, v := range list.List {
		s := Step{Name: v.Get("name").String(), Line: v.At(list.Line), Value: v, Uses: v.Get("uses"), Run: v.Get("run"), Env: v.Get("env"), With: v.Get("with"), Directory: v.Get("working-directory").String()}
		if s.Name == "" {
			s.Name = fmt.Sprintf("step %d", i+1)
		}
		all = append(all, s)
	}
	return all
}

// Runs reports whether the workflow starts at an event.
func (f *File) Runs(event string) bool {
	return slices.ContainsFunc(f.On, func(t Trigger) bool { return t.Event == event })
}
