package deploymentports

import (
	"strings"

	"github.com/changeguard/changeguard/internal/lazyregexp"
)

var (
	tfBlock = lazyregexp.New(`^\s*([a-z_]+)((?:\s+"[^"]*")*)\s*(?:=\s*)?{`)
	tfValue = lazyregexp.New(`^\s*([A-Za-z_]+)\s*=\s*"?([^"#]*?)"?\s*,?\s*(?:#.*|//.*)?$`)
	tfLine  = lazyregexp.New(`^\s*([a-z_]+)\s*{\s*(.*?)\s*}\s*$`)
)

// terraform reads the Cloud Run services of a file line by line: blocks by their
// braces, and literal values in them.
func (m *manifest) terraform(text string) {
	t := &tfReader{m: m}
	if !strings.Contains(text, "google_cloud_run") {
		return
	}
	for i, l := range strings.Split(text, "\n") {
		t.line(i+1, l)
	}
}

type tfReader struct {
	m       *manifest
	blocks  []string
	service *expect
	env     string // the name in an env block
	envLine int
	hidden  bool // its port is a variable
}

func (t *tfReader) line(number int, l string) {
	if trimmed := strings.TrimSpace(l); strings.HasPrefix(trimmed, "#") || strings.HasPrefix(trimmed, "//") {
		return
	}
	if one := tfLine.FindStringSubmatch(l); one != nil { // a block in one line
		t.open(number, one[1], "")
		t.value(number, one[2])
		t.closed()
		return
	}
	if b := tfBlock.FindStringSubmatch(l); b != nil && len(t.blocks) < 100 {
		t.open(number, b[1], b[2])
		return
	}
	if strings.HasPrefix(strings.TrimSpace(l), "}") {
		t.closed()
		return
	}
	t.value(number, l)
}

func (t *tfReader) open(number int, name, names string) {
	t.blocks = append(t.blocks, name)
	parts := strings.Split(names, `"`)
	if len(t.blocks) == 1 && name == "resource" && len(parts) > 3 && (parts[1] == "google_cloud_run_service" || parts[1] == "google_cloud_run_v2_service") {
		t.service = &expect{place: t.m.at(number), ports: []int{8080}, implicit: true, injects: true, how: "deploys to Cloud Run, which expects"}
		t.service.name = parts[3]
		t.service.env = map[string]setting{}
		t.hidden = false
	}
	switch {
	case name == "env":
		t.env = ""
	case name == "dynamic" && t.service != nil:
		t.service.open = true
	}
}

func (t *tfReader) closed() {
	if len(t.blocks) == 0 {
		return
	}
	if t.blocks = t.blocks[:len(t.blocks)-1]; len(t.blocks) == 0 && t.service != nil {
		if !t.hidden {
			t.m.add(*t.service)
		}
		t.service = nil
	}
}

func (t *tfReader) value(number int, l string) {
	v := tfValue.FindStringSubmatch(l)
	if t.service == nil || v == nil || len(t.blocks) == 0 {
		return
	}
	key, text := v[1], strings.TrimSpace(v[2])
	switch in := t.blocks[len(t.blocks)-1]; {
	case key == "container_port":
		e := t.service
		e.place, e.implicit, e.how = t.m.at(number), false, "declares to Cloud Run the port"
		if e.ports = []int{validPort(text)}; e.ports[0] == 0 {
			t.hidden = true
		}
	case key == "image":
		t.service.image = text
	case key == "name" && len(t.blocks) == 1 && !strings.ContainsAny(text, "$."):
		t.service.name = text
	case in == "env" && key == "name":
		t.env, t.envLine = text, number
	case in == "env" && key == "value" && t.env != "":
		t.service.env[t.env] = setting{t.m.at(t.envLine), text}
	}
}
