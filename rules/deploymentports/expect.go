package deploymentports

import (
	"path"
	"slices"
	"strings"

	"github.com/changeguard/changeguard/internal/deployment"
)

// An expect is a port at which something is expected to answer.
type expect struct {
	place
	ports    []int // any of them is right
	implicit bool  // nobody wrote the number: it is the platform's
	injects  bool  // the platform says the number in PORT
	how      string
	overriding
	target
}

// A target is what a manifest says of the program that it means.
type target struct {
	image      string
	context    string // of its build, "" for unknown
	dockerfile string
	stage      string
	name       string
	dir        string // of the manifest
}

// A build says which Dockerfile makes an image.
type build struct {
	image string
	unit  unit
}

// A clash is two places of manifests that contradict each other whatever the
// program does.
type clash struct {
	expect expect
	listen listen
	probe  bool
}

// manifest is one file being read.
type manifest struct {
	r    *repository
	path string
	dir  string
}

func (r *repository) readManifest(name string) {
	text, ok := r.text(name)
	if !ok {
		return
	}
	m := &manifest{r, name, path.Dir(name)}
	base := lower(name)
	switch path.Ext(base) {
	case ".yml", ".yaml":
		m.yaml(text)
	case ".tf", ".tofu":
		m.terraform(text)
	case ".toml":
		m.fly(text)
	default:
		if base == "procfile" {
			m.procfile()
			return
		}
		m.script(text, 1, nil)
	}
}

func (m *manifest) at(line int) place { return place{m.path, line} }

func (m *manifest) add(e expect) {
	e.dir = m.dir
	e.overriding.path = m.path
	m.r.expects = append(m.r.expects, e)
}

func (m *manifest) build(image string, u unit) {
	if u.dir == "" {
		u.dir = "."
	}
	if u.dockerfile == "" {
		u.dockerfile = path.Join(u.dir, "Dockerfile")
	}
	if key := imageKey(image); key != "" && m.r.has(u.dockerfile) {
		m.r.builds = append(m.r.builds, build{key, u})
	}
}

// imageKey is the last part of an image's name, without registry, tag and digest.
func imageKey(image string) string {
	image, _, _ = strings.Cut(image, "@")
	key := image[strings.LastIndexByte(image, '/')+1:]
	key, _, _ = strings.Cut(key, ":")
	if strings.ContainsAny(key, "${}") {
		return ""
	}
	return strings.ToLower(key)
}

// yaml reads a manifest in YAML by what is in it. Templates of charts are read
// without their actions.
func (m *manifest) yaml(text string) {
	docs, err := deployment.YAML([]byte(text))
	if err != nil && strings.Contains(text, "{{") {
		docs, err = deployment.YAML([]byte(withoutActions(text)))
	}
	if err != nil {
		if !strings.Contains(text, "{{") {
			m.r.broken[m.path] = err.Error()
		}
		return
	}
	base := lower(m.path)
	for _, d := range docs {
		switch {
		case d.At("services").Map() != nil && d.At("kind") == nil:
			m.compose(d)
		case d.At("steps") != nil && d.At("jobs") == nil:
			m.cloudBuild(d)
		case d.At("jobs") != nil:
			m.workflow(d)
		case d.At("kind") != nil:
			m.kubernetes(d)
		case d.At("runtime") != nil && strings.HasPrefix(base, "app."):
			m.appEngine(d)
		case strings.HasPrefix(base, "values"):
			m.values(d, path.Base(m.dir))
		default:
			m.scripts(d, 0)
		}
	}
}

// withoutActions takes the actions of a template out of its lines; a line that is
// nothing else becomes empty.
func withoutActions(text string) string {
	lines := strings.Split(text, "\n")
	for i, l := range lines {
		for {
			open := strings.Index(l, "{{")
			end := strings.Index(l[max(open, 0):], "}}")
			if open < 0 || end < 0 {
				break
			}
			if strings.TrimSpace(l[:open]) == "" && strings.TrimSpace(l[open+end+2:]) == "" {
				l = ""
				break
			}
			l = l[:open] + "TEMPLATE" + l[open+end+2:]
		}
		lines[i] = l
	}
	return strings.Join(lines, "\n")
}

// scripts looks for commands in every text of a document whose shape is not
// known, such as another CI's.
func (m *manifest) scripts(n *deployment.Node, depth int) {
	if depth > 20 {
		return
	}
	if n.Scalar() && (strings.Contains(n.Text, "gcloud") || strings.Contains(n.Text, "docker")) {
		m.script(n.Text, m.blockLine(n), nil)
	}
	for _, i := range n.List() {
		if i != n {
			m.scripts(i, depth+1)
		}
	}
	for _, p := range n.Map() {
		m.scripts(p.Value, depth+1)
	}
}

// blockLine is the line on which a text begins: that of a block is below its mark.
func (m *manifest) blockLine(n *deployment.Node) int {
	l := m.r.line(m.path, n.Line)
	if strings.HasSuffix(l, "|") || strings.HasSuffix(l, "|-") || strings.HasSuffix(l, ">") || strings.HasSuffix(l, ">-") || strings.HasSuffix(l, "|+") {
		return n.Line + 1
	}
	return n.Line
}

// appEngine reads app.yaml: the platform expects what it says in PORT, 8080.
func (m *manifest) appEngine(d *deployment.Node) {
	e := expect{place: m.at(d.At("runtime").Line), ports: []int{8080}, implicit: true, injects: true, how: "runs on App Engine, which expects"}
	e.env = m.environment(d.At("env_variables"))
	delete(e.env, "PORT")
	e.context = m.dir
	if c := d.At("entrypoint"); c != nil {
		e.command = shellWords(c)
		e.line = c.Line
	}
	runtime := d.At("runtime").Str()
	if runtime != "custom" {
		e.dockerfile = noDockerfile
	}
	if len(e.command) == 0 && hasPrefix(runtime, []string{"python3", "php", "ruby"}) {
		return // the platform starts a server of its own
	}
	m.add(e)
}

// noDockerfile is the name of one that is surely not there.
const noDockerfile = "\x00"

// procfile expects whatever the platform says in PORT: a program that does not
// look there listens elsewhere.
func (m *manifest) procfile() {
	list, name := m.r.procfile(m.dir)
	if name == "" {
		return
	}
	e := expect{place: m.at(list[0].Line), implicit: true, injects: true, how: "runs where the platform chooses"}
	e.command, e.context, e.dockerfile = list, m.dir, noDockerfile
	m.add(e)
}

// values reads a chart's values where they are literal.
func (m *manifest) values(n *deployment.Node, name string) {
	image := n.At("image")
	if image.At("repository") != nil || image.Scalar() {
		for _, port := range []*deployment.Node{n.At("containerPort"), n.At("targetPort"), n.At("service", "targetPort"), n.At("service", "internalPort"), n.At("service", "containerPort"), n.At("container", "port")} {
			if p := validPort(port.Str()); p > 0 {
				e := expect{place: m.at(port.Line), ports: []int{p}, how: "expects the container's port", overriding: overriding{env: m.environment(n.At("env"))}}
				e.image, e.name = image.At("repository").Str()+image.Str(), name
				m.add(e)
				return
			}
		}
	}
	for _, p := range n.Map() {
		if p.Value.Map() != nil && p.Key != "image" {
			m.values(p.Value, p.Key)
		}
	}
}

// fly reads fly.toml line by line: a table's header, then its keys.
func (m *manifest) fly(text string) {
	e := expect{how: "expects the internal port", overriding: overriding{env: map[string]setting{}}}
	e.context = m.dir
	table, served, hidden := "", 0, false
	for i, l := range strings.Split(text, "\n") {
		l = strings.TrimSpace(deployment.WithoutComment(l, "#"))
		if strings.HasPrefix(l, "[") {
			if table = strings.Trim(l, "[] "); served == 0 && (table == "http_service" || table == "services") {
				served = i + 1
			}
			continue
		}
		key, value, ok := strings.Cut(l, "=")
		key, value = strings.TrimSpace(key), strings.Trim(strings.TrimSpace(value), `"'`)
		switch {
		case !ok:
		case key == "internal_port" && validPort(value) > 0:
			if e.ports = append(e.ports, validPort(value)); e.line == 0 {
				e.place = m.at(i + 1)
			}
		case key == "internal_port":
			hidden = true
		case table == "env":
			e.env[key] = setting{m.at(i + 1), value}
		case table == "build" && key == "dockerfile":
			e.dockerfile = path.Join(m.dir, value)
		case table == "build" && key == "image":
			e.image = value
		case table == "processes" && key == "app":
			e.command = []deployment.Word{{Text: "sh", Line: i + 1}, {Text: "-c", Line: i + 1}, {Text: value, Line: i + 1}}
		}
	}
	if len(e.ports) == 0 && served > 0 && !hidden {
		e.ports, e.implicit, e.place, e.how = []int{8080}, true, m.at(served), "has a service without internal_port, so that fly expects"
	}
	if len(e.ports) > 0 {
		m.add(e)
	}
}

func unique(ports []int) []int {
	ports = slices.Clone(ports)
	slices.Sort(ports)
	return slices.Compact(ports)
}
