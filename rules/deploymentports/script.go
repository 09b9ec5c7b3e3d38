package deploymentports

import (
	"path"
	"slices"
	"strings"

	"github.com/changeguard/changeguard/internal/deployment"
)

// script reads the commands of a shell text that build and deploy.
func (m *manifest) script(text string, line int, vars map[string]setting) {
	if !strings.Contains(text, "gcloud") && !strings.Contains(text, "docker") {
		return
	}
	for _, c := range deployment.Commands(text, line) {
		m.command(c, vars)
	}
}

// command reads one: docker build, gcloud builds submit, gcloud run deploy.
func (m *manifest) command(c []deployment.Word, vars map[string]setting) {
	texts := make([]string, len(c))
	for i, w := range c {
		texts[i] = w.Text
	}
	docker, gcloud := index(texts, "docker"), index(texts, "gcloud")
	switch {
	case docker >= 0 && slices.Contains(texts[docker:], "build"):
		m.dockerBuild(texts[docker+slices.Index(texts[docker:], "build")+1:])
	case gcloud >= 0 && slices.Contains(texts[gcloud:], "submit"):
		m.submit(texts[gcloud+slices.Index(texts[gcloud:], "submit")+1:])
	case gcloud >= 0 && slices.Contains(texts[gcloud:], "run"):
		rest := c[gcloud+slices.Index(texts[gcloud:], "run")+1:]
		switch {
		case len(rest) > 0 && rest[0].Text == "deploy":
			m.runDeploy(c[gcloud], rest[1:], vars)
		case len(rest) > 1 && rest[0].Text == "services" && rest[1].Text == "update" && strings.Contains(strings.Join(texts, " "), "--port"):
			m.runDeploy(c[gcloud], rest[2:], vars) // without a port it says nothing of any
		}
	}
}

// index finds a program among words, whatever its folder.
func index(texts []string, program string) int {
	return slices.IndexFunc(texts, func(s string) bool { return path.Base(s) == program })
}

// here is a path that a script names: scripts mostly run at the top.
func (m *manifest) here(name string) string {
	if name == "" || strings.HasPrefix(name, "/") || strings.Contains(name, "$") {
		return ""
	}
	return path.Clean(name)
}

func (m *manifest) dockerBuild(args []string) {
	var images []string
	u := unit{}
	for i := 0; i < len(args); i++ {
		switch a := args[i]; {
		case (a == "-t" || a == "--tag") && i+1 < len(args):
			i++
			images = append(images, args[i])
		case strings.HasPrefix(a, "--tag="):
			images = append(images, a[6:])
		case (a == "-f" || a == "--file") && i+1 < len(args):
			i++
			u.dockerfile = m.here(args[i])
		case strings.HasPrefix(a, "--file="):
			u.dockerfile = m.here(a[7:])
		case a == "--target" && i+1 < len(args):
			i++
			u.target = args[i]
		case (a == "--build-arg" || a == "--platform" || a == "--cache-from" || a == "--label" || a == "--network" || a == "--progress") && i+1 < len(args):
			i++
		case !strings.HasPrefix(a, "-"):
			u.dir = m.here(a)
		}
	}
	if u.dir == "" && u.dockerfile == "" {
		return
	}
	for _, image := range images {
		m.build(image, u)
	}
}

// submit reads gcloud builds submit --tag IMAGE FOLDER.
func (m *manifest) submit(args []string) {
	image, dir := "", "."
	for i, a := range args {
		switch {
		case (a == "--tag" || a == "-t") && i+1 < len(args):
			image = args[i+1]
		case strings.HasPrefix(a, "--tag="):
			image = a[6:]
		case !strings.HasPrefix(a, "-") && (i == 0 || !strings.HasPrefix(args[i-1], "-") || strings.Contains(args[i-1], "=")):
			dir = m.here(a)
		}
	}
	if dir != "" && image != "" {
		m.build(image, unit{dir: dir})
	}
}

// runDeploy reads gcloud run deploy NAME with its flags.
func (m *manifest) runDeploy(program deployment.Word, args []deployment.Word, vars map[string]setting) {
	e := expect{place: m.at(program.Line), ports: []int{8080}, implicit: true, injects: true, how: "deploys to Cloud Run, which expects"}
	e.env = make(map[string]setting)
	for i, w := range args {
		if i == 0 && !strings.HasPrefix(w.Text, "-") {
			e.name = w.Text
		}
		if v, line, ok := flagValue(args, i, []string{"--port"}); ok {
			v = value(v, vars)
			if a, ok := address(v); v == "default" {
				continue
			} else if !ok || a.port == 0 {
				return // a variable: nobody knows
			} else {
				e.ports, e.implicit, e.place, e.how = []int{a.port}, false, m.at(line), "deploys with --port"
			}
		}
		if v, _, ok := flagValue(args, i, []string{"--image"}); ok {
			e.image = value(v, vars)
		}
		if v, _, ok := flagValue(args, i, []string{"--source"}); ok {
			e.context = m.here(v)
		}
		for _, flag := range []string{"--set-env-vars", "--update-env-vars"} {
			if v, line, ok := flagValue(args, i, []string{flag}); ok {
				m.pairs(e.env, v, line)
			}
		}
		if _, _, ok := flagValue(args, i, []string{"--env-vars-file"}); ok {
			e.open = true
		}
		if v, line, ok := flagValue(args, i, []string{"--command"}); ok {
			e.command = commas(v, line)
		}
		if v, line, ok := flagValue(args, i, []string{"--args"}); ok {
			e.args = commas(v, line)
		}
	}
	m.add(e)
}

// commas are the words of a list with commas.
func commas(list string, line int) []deployment.Word {
	var words []deployment.Word
	for part := range strings.SplitSeq(list, ",") {
		words = append(words, deployment.Word{Text: part, Line: line})
	}
	return words
}

// value looks a whole word up among the settings of a workflow.
func value(word string, vars map[string]setting) string {
	name := strings.Trim(word, "${} ")
	name = strings.TrimPrefix(strings.TrimSpace(name), "env.")
	if s, ok := vars[name]; ok && strings.Contains(word, "$") {
		return s.value
	}
	return word
}

// pairs reads NAME=VALUE,NAME=VALUE.
func (m *manifest) pairs(env map[string]setting, list string, line int) {
	for part := range strings.SplitSeq(list, ",") {
		if name, value, ok := strings.Cut(part, "="); ok {
			env[name] = setting{m.at(line), value}
		}
	}
}

// cloudBuild reads the steps of Cloud Build.
func (m *manifest) cloudBuild(d *deployment.Node) {
	vars := m.environment(d.At("substitutions"))
	for _, s := range d.At("steps").List() {
		args := s.At("args").Words()
		if e := s.At("entrypoint"); e != nil {
			args = append([]deployment.Word{{Text: e.Str(), Line: e.Line}}, args...)
		} else if name := imageKey(s.At("name").Str()); name == "docker" || name == "gcloud" {
			args = append([]deployment.Word{{Text: name, Line: s.Line}}, args...)
		}
		if n := s.At("script"); n != nil {
			m.script(n.Text, m.blockLine(n), vars)
		}
		m.args(args, s.At("args"), vars)
	}
}

// args reads a command that is a list, and the texts in it that are scripts.
func (m *manifest) args(args []deployment.Word, list *deployment.Node, vars map[string]setting) {
	m.command(args, vars)
	for _, n := range list.List() {
		if n.Scalar() && strings.ContainsAny(n.Text, " \n") {
			m.script(n.Text, m.blockLine(n), vars)
		}
	}
}

// workflow reads the steps of GitHub Actions.
func (m *manifest) workflow(d *deployment.Node) {
	for _, j := range d.At("jobs").Map() {
		for _, s := range j.Value.At("steps").List() {
			vars := m.environment(d.At("env"))
			for _, more := range []*deployment.Node{j.Value.At("env"), s.At("env")} {
				for k, v := range m.environment(more) {
					vars[k] = v
				}
			}
			if n := s.At("run"); n != nil {
				m.script(n.Text, m.blockLine(n), vars)
			}
			m.action(s, vars)
		}
	}
}

// action reads the steps that others wrote: a build, and a deployment to Cloud Run.
func (m *manifest) action(s *deployment.Node, vars map[string]setting) {
	uses, _, _ := strings.Cut(s.At("uses").Str(), "@")
	with := s.At("with")
	switch uses {
	case "docker/build-push-action":
		u := unit{dir: m.here(with.At("context").Str()), dockerfile: m.here(with.At("file").Str()), target: with.At("target").Str()}
		for _, w := range with.At("tags").Words() {
			for image := range strings.SplitSeq(w.Text, ",") {
				m.build(value(image, vars), u)
			}
		}
	case "google-github-actions/deploy-cloudrun":
		args := []deployment.Word{{Text: with.At("service").Str(), Line: s.At("uses").Line}}
		for _, key := range []string{"image", "source"} {
			if n := with.At(key); n != nil {
				args = append(args, deployment.Word{Text: "--" + key + "=" + n.Str(), Line: n.Line})
			}
		}
		if n := with.At("flags"); n != nil {
			for _, c := range deployment.Commands(n.Text, m.blockLine(n)) {
				args = append(args, c...)
			}
		}
		m.runDeploy(deployment.Word{Text: "gcloud", Line: s.At("uses").Line}, args, vars)
	}
}
