package manifest

import (
	"fmt"
	"strings"
)

// isWorkflow knows what GitHub Actions reads: workflows, which lie in one folder,
// and the descriptions of actions.
func isWorkflow(p place) bool {
	if p.ext != ".yml" && p.ext != ".yaml" {
		return false
	}
	return p.base == "action.yml" || p.base == "action.yaml" || p.full == ".github/workflows/"+p.base || strings.HasSuffix(p.full, "/.github/workflows/"+p.base)
}

// A workflow collects the actions and images of one file.
type workflow struct {
	file    *File
	seen    map[string]bool
	remarks remarks

	document *yamlValue
	matrix   *yamlValue        // of the job that is read
	values   map[string]string // of that matrix, by name
	inputs   map[string]string
}

// parseWorkflow reads a workflow or the description of an action.
func parseWorkflow(path string, data []byte) (*File, error) {
	doc, err := oneYAML(path, data)
	if err != nil {
		return nil, err
	}
	w := &workflow{file: &File{Path: path, Ecosystem: Actions, Format: "github-actions"}, seen: make(map[string]bool), remarks: remarks{text: string(data)}}
	if doc == nil {
		return w.file, nil
	}
	w.document, w.inputs = doc, make(map[string]string)
	if err := w.jobs(doc.child("jobs")); err != nil {
		return nil, err
	}
	return w.file, w.action(doc.child("runs"))
}

func (w *workflow) fail(v *yamlValue, format string, args ...any) error {
	return &ParseError{Path: w.file.Path, Line: v.line, Reason: fmt.Sprintf(format, args...)}
}

// jobs reads what every job runs and runs in.
func (w *workflow) jobs(jobs *yamlValue) error {
	if jobs.isNull() {
		return nil
	}
	if jobs.kind != yamlMap {
		return w.fail(jobs, "jobs are no mapping")
	}
	for _, job := range jobs.list {
		if job.kind != yamlMap {
			return w.fail(job, "a job is no mapping")
		}
		w.matrix, w.values = job.child("strategy").child("matrix"), make(map[string]string)
		if err := w.uses(job.child("uses")); err != nil {
			return err
		}
		if err := w.container(job.child("container"), "container"); err != nil {
			return err
		}
		if services := job.child("services"); services != nil && services.kind == yamlMap {
			for _, s := range services.list {
				if err := w.container(s, "services"); err != nil {
					return err
				}
			}
		}
		if err := w.steps(job.child("steps")); err != nil {
			return err
		}
	}
	return nil
}

// action reads what an action runs: its steps, the image it is, or the one it is
// built from, which is a file of the tree.
func (w *workflow) action(runs *yamlValue) error {
	if runs == nil {
		return nil
	}
	if err := w.steps(runs.child("steps")); err != nil {
		return err
	}
	image := runs.child("image")
	if image == nil || !image.isScalar() || !isDockerURL(image.text) {
		return nil
	}
	return w.image(image, image.text[len("docker://"):], "")
}

func isDockerURL(s string) bool {
	return len(s) > 9 && strings.EqualFold(s[:9], "docker://")
}

func (w *workflow) steps(steps *yamlValue) error {
	if steps.isNull() {
		return nil
	}
	if steps.kind != yamlSeq {
		return w.fail(steps, "steps are no list")
	}
	for _, s := range steps.list {
		if err := w.uses(s.child("uses")); err != nil {
			return err
		}
		if err := w.builds(s); err != nil {
			return err
		}
	}
	return nil
}

// container reads "container: image" or the image below it. Without one there is
// no container.
func (w *workflow) container(v *yamlValue, group string) error {
	if v.isNull() {
		return nil
	}
	if v.kind == yamlMap {
		if v = v.child("image"); v.isNull() {
			return nil
		}
	}
	if !v.isScalar() {
		return w.fail(v, "a container that is neither an image nor a mapping")
	}
	text := strings.TrimSpace(v.text)
	if isDockerURL(text) {
		text = text[len("docker://"):]
	}
	if text == "" {
		return nil
	}
	return w.image(v, text, group)
}

func (w *workflow) image(v *yamlValue, ref, group string) error {
	p, reason := imagePackage(strings.TrimSpace(ref))
	if strings.Contains(ref, "${{") { // an expression; the text of it is all that is known
		p, reason = Package{Ecosystem: Docker, Name: oneLine(ref), PURL: "pkg:docker/" + purlEscape(oneLine(ref)), Options: w.valuesOf(ref)}, ""
	}
	if reason != "" {
		return w.fail(v, "%s", reason)
	}
	p.Group, p.Line, p.EndLine = group, v.line, max(v.line, v.end)
	return w.file.addNew(p, w.seen)
}

// uses reads "owner/repository/path@ref", "docker://image" or "./path". What lies
// in the tree is no package: the change of it is judged as what it is.
func (w *workflow) uses(v *yamlValue) error {
	if v == nil {
		return nil
	}
	text := strings.TrimSpace(v.text)
	if !v.isScalar() || text == "" {
		return w.fail(v, "uses is no text")
	}
	switch {
	case isDockerURL(text):
		return w.image(v, text[len("docker://"):], "")
	case strings.HasPrefix(text, "./") || strings.HasPrefix(text, ".\\") || text == ".":
		return nil
	}
	p, reason := actionPackage(text)
	if reason != "" {
		return w.fail(v, "%s", reason)
	}
	p.Line, p.EndLine = v.line, max(v.line, v.end)
	p.Remark = w.remarks.of(&p)
	return w.file.addNew(p, w.seen)
}

// actionPackage reads one action. GitHub ignores the case of owner and repository.
// Only a whole commit is one artefact.
func actionPackage(text string) (Package, string) {
	name, ref, ok := cutLast(text, "@")
	segments := strings.Split(name, "/")
	if !ok || ref == "" || len(segments) < 2 || segments[0] == "" || segments[1] == "" || strings.ContainsAny(text, " \t\\:") {
		return Package{}, "no action: " + quote(text)
	}
	for i := range min(len(segments), 2) {
		segments[i] = strings.ToLower(segments[i])
	}
	p := Package{Ecosystem: Actions, Name: strings.Join(segments, "/"), PURL: "pkg:githubactions/" + purlPath(segments[0]+"/"+segments[1]), Spec: ref}
	if len(segments) > 2 {
		p.PURL += "#" + purlPath(strings.Join(segments[2:], "/"))
	}
	if len(ref) == 40 && isCommit(ref) {
		p.Spec, p.Pinned = strings.ToLower(ref), true
	}
	return p, ""
}
