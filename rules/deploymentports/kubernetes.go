package deploymentports

import (
	"fmt"
	"strings"

	"github.com/changeguard/changeguard/internal/deployment"
)

// A workload is the containers behind a set of labels.
type workload struct {
	labels     map[string]string
	dir        string
	containers []container
}

type container struct {
	expect   // with the declared ports, when there are any
	declared []declaredPort
}

type declaredPort struct {
	place
	name string
	port int
}

// A service sends traffic to the workloads with its labels.
type service struct {
	dir      string
	name     string
	selector map[string]string
	ports    []declaredPort
}

// kubernetes reads one object: a workload, a service, a Knative or Cloud Run
// service, or a list of objects.
func (m *manifest) kubernetes(d *deployment.Node) {
	for _, i := range d.At("items").List() {
		m.kubernetes(i)
	}
	kind, version := d.At("kind").Str(), d.At("apiVersion").Str()
	switch {
	case kind == "Service" && strings.HasPrefix(version, "serving.knative.dev/"):
		m.knative(d)
	case kind == "Service" && version == "v1":
		m.service(d)
	case kind == "Pod":
		m.workload(d, d)
	case kind == "CronJob":
	case kind == "ConfigMap":
		name := d.At("metadata", "name").Str()
		m.r.maps[name] = append(m.r.maps[name], m.environment(d.At("data")))
	default:
		if t := d.At("spec", "template"); t.At("spec", "containers") != nil {
			m.workload(d, t)
		}
	}
}

func (m *manifest) container(c *deployment.Node, name string) container {
	k := container{expect: expect{how: "declares the container's port", overriding: overriding{env: m.environment(c.At("env"))}}}
	k.place = m.at(c.Line)
	for _, from := range c.At("envFrom").List() {
		if name := from.At("configMapRef", "name").Str(); name != "" {
			k.maps = append(k.maps, name)
		} else {
			k.open = true
		}
	}
	k.image, k.name = c.At("image").Str(), name
	if key := imageKey(k.image); key == "" || key == "template" {
		k.image = c.At("name").Str()
	}
	k.command, k.args = shellArgs(c.At("command")), shellArgs(c.At("args"))
	for _, p := range c.At("ports").List() {
		if n := p.At("containerPort"); validPort(n.Str()) > 0 && !debugger[validPort(n.Str())] {
			k.declared = append(k.declared, declaredPort{m.at(n.Line), p.At("name").Str(), validPort(n.Str())})
		}
	}
	for i, p := range k.declared {
		if k.ports = append(k.ports, p.port); i == 0 {
			k.place = p.place
		}
	}
	return k
}

func shellArgs(n *deployment.Node) []deployment.Word {
	if n == nil || n.Scalar() {
		return nil
	}
	return n.Words()
}

func (m *manifest) workload(d, template *deployment.Node) {
	w := workload{labels: labels(template.At("metadata", "labels")), dir: m.dir}
	containers := template.At("spec", "containers").List()
	for _, c := range containers {
		k := m.container(c, d.At("metadata", "name").Str())
		if len(containers) > 1 {
			k.name = c.At("name").Str() // the workload's name is that of one of them
		}
		w.containers = append(w.containers, k)
		if len(k.ports) > 0 {
			m.add(k.expect)
		}
		m.probes(c, k)
	}
	m.r.workloads = append(m.r.workloads, w)
}

func labels(n *deployment.Node) map[string]string {
	m := make(map[string]string)
	for _, p := range n.Map() {
		m[p.Key] = p.Value.Str()
	}
	return m
}

// probes are expectations as well; a number that the container does not declare
// contradicts it, unless the program listens there.
func (m *manifest) probes(c *deployment.Node, k container) {
	for _, kind := range []string{"readinessProbe", "livenessProbe", "startupProbe"} {
		for _, how := range []string{"httpGet", "tcpSocket", "grpc"} {
			n := c.At(kind, how, "port")
			p := validPort(n.Str())
			if p == 0 || declares(k.declared, p) {
				continue
			}
			e := k.expect
			e.place, e.ports, e.how = m.at(n.Line), []int{p}, "asks in its "+kind+" the port"
			if len(k.declared) > 0 {
				m.r.clashes = append(m.r.clashes, clash{e, listen{place: k.declared[0].place, port: k.declared[0].port, how: "declares"}, true})
			} else {
				m.add(e)
			}
		}
	}
}

func declares(list []declaredPort, port int) bool {
	for _, d := range list {
		if d.port == port {
			return true
		}
	}
	return false
}

func (m *manifest) service(d *deployment.Node) {
	s := service{dir: m.dir, name: d.At("metadata", "name").Str(), selector: labels(d.At("spec", "selector"))}
	for _, p := range d.At("spec", "ports").List() {
		n := p.At("targetPort")
		if n == nil {
			n = p.At("port")
		}
		s.ports = append(s.ports, declaredPort{m.at(n.Line0()), n.Str(), validPort(n.Str())})
	}
	if len(s.selector) > 0 {
		m.r.services = append(m.r.services, s)
	}
}

// knative reads a Cloud Run or Knative service: the container with ports takes the
// traffic, or the only one.
func (m *manifest) knative(d *deployment.Node) {
	containers := d.At("spec", "template", "spec", "containers").List()
	for _, c := range containers {
		k := m.container(c, d.At("metadata", "name").Str())
		e := k.expect
		e.injects = true
		switch {
		case len(k.declared) > 0:
			e.how = "declares to Cloud Run or Knative the port"
		case len(containers) == 1:
			e.ports, e.implicit, e.how = []int{8080}, true, "runs on Cloud Run or Knative, which expects"
		default:
			continue
		}
		m.add(e)
		return
	}
}

// match lays services on the workloads with their labels.
func (r *repository) match() {
	if len(r.services) > maxExpects || len(r.workloads) > maxExpects {
		return // refused below; comparing each with each would take too long
	}
	for _, s := range r.services {
		for _, w := range r.workloads {
			if w.dir == s.dir && selects(s.selector, w.labels) {
				r.lay(s, w)
			}
		}
	}
}

func selects(selector, labels map[string]string) bool {
	for k, v := range selector {
		if labels[k] != v {
			return false
		}
	}
	return true
}

// lay holds each port of a service against what the containers declare; what none
// declares is expected of the only container.
func (r *repository) lay(s service, w workload) {
	var all []declaredPort
	for _, c := range w.containers {
		all = append(all, c.declared...)
	}
	for _, p := range s.ports {
		found := len(all) == 0
		for _, d := range all {
			found = found || d.port == p.port && p.port > 0 || d.name == p.name && p.port == 0
		}
		if found && len(all) > 0 || p.port == 0 && (p.name == "" || len(all) == 0 || p.name == "TEMPLATE") || len(w.containers) == 0 {
			continue
		}
		e := w.containers[0].expect
		e.place, e.ports, e.how = p.place, []int{p.port}, fmt.Sprintf("sends the traffic of service %q to port", s.name)
		if p.port == 0 {
			e.ports, e.how = nil, fmt.Sprintf("sends the traffic of service %q to a port called %q, which no container has;", s.name, p.name)
		}
		if len(all) > 0 {
			r.clashes = append(r.clashes, clash{e, listen{place: all[0].place, port: all[0].port, how: "declares"}, false})
		} else if len(w.containers) == 1 {
			r.expects = append(r.expects, e)
		}
	}
}
