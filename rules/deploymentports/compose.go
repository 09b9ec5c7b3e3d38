package deploymentports

import (
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/changeguard/changeguard/internal/deployment"
)

// compose reads services: what is published is the port inside the container.
func (m *manifest) compose(d *deployment.Node) {
	for _, s := range d.At("services").Map() {
		e := expect{how: "publishes the container's port", overriding: overriding{env: m.environment(s.Value.At("environment"))}}
		e.image, e.name = s.Value.At("image").Str(), s.Key
		m.envFiles(&e, s.Value.At("env_file"))
		if b := s.Value.At("build"); b != nil {
			e.context, e.dockerfile, e.stage = b.Str(), b.At("dockerfile").Str(), b.At("target").Str()
			if e.context == "" {
				e.context = b.At("context").Str()
			}
			e.context = path.Join(m.dir, e.context)
			if e.dockerfile != "" {
				e.dockerfile = path.Join(e.context, e.dockerfile)
			}
			m.build(e.image, unit{e.context, e.dockerfile, e.stage})
		}
		e.command, e.args = composeWords(s.Value.At("entrypoint")), composeWords(s.Value.At("command"))
		known := true
		for _, p := range append(s.Value.At("ports").List(), s.Value.At("expose").List()...) {
			ports := composePorts(p)
			if len(ports) == 0 {
				known = false
			}
			if e.ports = append(e.ports, ports...); e.line == 0 {
				e.place = m.at(p.Line)
			}
		}
		e.ports = slices.DeleteFunc(e.ports, func(p int) bool { return debugger[p] })
		if known && len(e.ports) > 0 {
			m.add(e)
		}
	}
}

// debugger are the ports of debuggers, which are published beside a program's own.
var debugger = map[int]bool{9229: true, 5678: true, 5005: true, 2345: true, 40000: true}

// envFiles reads the variables of files; one that is not there may say anything.
func (m *manifest) envFiles(e *expect, n *deployment.Node) {
	for _, i := range n.List() {
		name := i.Str()
		if p := i.At("path"); p != nil {
			name = p.Str()
		}
		env, ok := m.r.dotenv(path.Join(m.dir, name))
		if !ok {
			e.open = true
		}
		for k, s := range env {
			if _, twice := e.env[k]; !twice || e.env[k].path != m.path {
				e.env[k] = s
			}
		}
	}
}

// shellWords is a command as a list, or as the text that a shell would get.
func shellWords(n *deployment.Node) []deployment.Word {
	if n.Scalar() {
		return []deployment.Word{{Text: "sh", Line: n.Line}, {Text: "-c", Line: n.Line}, {Text: n.Text, Line: n.Line}}
	}
	return n.Words()
}

// composeWords is a command of Compose, which splits a text into words itself and
// writes a dollar twice.
func composeWords(n *deployment.Node) []deployment.Word {
	list := n.Words()
	for i := range list {
		list[i].Text = strings.ReplaceAll(list[i].Text, "$$", "$")
	}
	return list
}

// composePorts are the container's ports of one entry: "8080:8081/tcp", "8081",
// "3000-3002:4000-4002", or a mapping with target. None when a variable without
// a default hides them.
func composePorts(n *deployment.Node) []int {
	text := n.Str()
	if t := n.At("target"); t != nil {
		text = t.Str()
	}
	text, _, _ = strings.Cut(text, "/")
	if a, ok := address(text[lastPart(text):]); ok && a.port > 0 {
		return []int{a.port}
	}
	from, to, ok := strings.Cut(text[lastPart(text):], "-")
	first, last := validPort(from), validPort(to)
	if !ok || first == 0 || last < first || last-first > 1000 {
		return nil
	}
	var ports []int
	for p := first; p <= last; p++ {
		ports = append(ports, p)
	}
	return ports
}

// lastPart is where the part after the last colon outside braces begins.
func lastPart(s string) int {
	depth, at := 0, 0
	for i := range len(s) {
		switch s[i] {
		case '{':
			depth++
		case '}':
			depth--
		case ':':
			if depth == 0 {
				at = i + 1
			}
		}
	}
	return at
}

// environment reads both forms of Compose, and Kubernetes' list of name and value.
func (m *manifest) environment(n *deployment.Node) map[string]setting {
	env := make(map[string]setting)
	for _, p := range n.Map() {
		env[p.Key] = setting{m.at(p.Line), fixed(p.Value.Str())}
	}
	for _, i := range n.List() {
		if name := i.At("name").Str(); name != "" {
			env[name] = setting{m.at(i.Line), fixed(i.At("value").Str())}
		} else if name, value, _ := strings.Cut(i.Str(), "="); name != "" {
			env[name] = setting{m.at(i.Line), fixed(value)} // without a value, whatever stands around Compose
		}
	}
	return env
}

// fixed is a value, or what "${PORT:-8080}" falls back to.
func fixed(s string) string {
	if a, ok := address(s); ok && a.port > 0 && !strings.ContainsAny(s, " \t") {
		return strconv.Itoa(a.port)
	}
	return s
}
