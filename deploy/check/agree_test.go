package check

import (
	"net"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	apps "k8s.io/api/apps/v1"
	autoscaling "k8s.io/api/autoscaling/v2"
	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/intstr"
)

func source(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile("../../" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// exposed is the port that the image serves on, where nothing else is said.
func exposed(t *testing.T) int32 {
	t.Helper()
	m := regexp.MustCompile(`(?m)^EXPOSE (\d+)$`).FindStringSubmatch(source(t, "Dockerfile"))
	if m == nil || !strings.Contains(source(t, "internal/app/config.go"), `"`+m[1]+`"`) {
		t.Fatalf("the image's port is not the program's: %q", m)
	}
	return number(t, m[1])
}

func number(t *testing.T, text string) int32 {
	t.Helper()
	n, err := strconv.ParseInt(text, 10, 32)
	if err != nil {
		t.Fatal(err)
	}
	return int32(n)
}

// ports are a container's, by name.
func ports(c core.Container) map[string]int32 {
	found := make(map[string]int32)
	for _, p := range c.Ports {
		found[p.Name] = p.ContainerPort
	}
	return found
}

// probed wants every probe to ask for a page that the server has, at a port of the
// container's.
func probed(t *testing.T, c core.Container, ports map[string]int32) {
	t.Helper()
	served := source(t, "docs/openapi.yaml") // which the server is held to
	for name, p := range map[string]*core.Probe{"startup": c.StartupProbe, "readiness": c.ReadinessProbe, "liveness": c.LivenessProbe} {
		if p == nil {
			continue
		}
		if !strings.Contains(served, "\n  "+p.HTTPGet.Path+":\n") {
			t.Errorf("the %s probe asks for %s, which the server has not", name, p.HTTPGet.Path)
		}
		if p.HTTPGet.Port != (intstr.IntOrString{}) && !has(ports, p.HTTPGet.Port) {
			t.Errorf("the %s probe asks at the port %v of %v", name, p.HTTPGet.Port, ports)
		}
	}
}

func has(ports map[string]int32, port intstr.IntOrString) bool {
	if port.Type == intstr.String {
		return ports[port.StrVal] != 0
	}
	for _, n := range ports {
		if n == port.IntVal {
			return true
		}
	}
	return false
}

// remembered wants Go's limit of memory below the container's, with room for what
// is none of Go's.
func remembered(t *testing.T, limit, container string) {
	t.Helper()
	a, err := resource.ParseQuantity(strings.TrimSuffix(limit, "B"))
	b, berr := resource.ParseQuantity(container)
	if err != nil || berr != nil || a.Value() >= b.Value() || a.Value() < b.Value()/2 {
		t.Errorf("GOMEMLIMIT is %q, and the container has %q (%v, %v)", limit, container, err, berr)
	}
}

func TestKubernetesFilesAgree(t *testing.T) {
	t.Parallel()
	all := kustomized(t)
	d, c := all["Deployment"].(*apps.Deployment), all["Deployment"].(*apps.Deployment).Spec.Template.Spec.Containers[0]
	config, open := all["ConfigMap"].(*core.ConfigMap).Data, ports(c)
	_, admin, err := net.SplitHostPort(config["CHANGEGUARD_ADMIN_ADDR"])
	if err != nil || open["http"] != exposed(t) || open["admin"] != number(t, admin) || d.Spec.Template.Annotations["prometheus.io/port"] != admin {
		t.Errorf("ports %v, the admin port %q (%v), Prometheus' %q", open, admin, err, d.Spec.Template.Annotations["prometheus.io/port"])
	}
	probed(t, c, open)
	remembered(t, config["GOMEMLIMIT"], c.Resources.Limits.Memory().String())
	for _, p := range all["Service"].(*core.Service).Spec.Ports {
		if !has(open, p.TargetPort) || p.TargetPort.StrVal == "admin" {
			t.Errorf("the service sends to %v", p.TargetPort)
		}
	}
	if s := d.Spec.Template.Spec; s.ServiceAccountName != all["ServiceAccount"].(*core.ServiceAccount).Name || s.Volumes[0].Name != c.VolumeMounts[0].Name {
		t.Errorf("the account %s, the volume %s", s.ServiceAccountName, s.Volumes[0].Name)
	}
	scaled(t, d, all["HorizontalPodAutoscaler"].(*autoscaling.HorizontalPodAutoscaler).Spec)
	allowed(t, all["NetworkPolicy"].(*networking.NetworkPolicy).Spec, open)
}

// scaled wants the autoscaler to be of this deployment, which says no number of
// replicas itself, and to count in what the pods ask for.
func scaled(t *testing.T, d *apps.Deployment, h autoscaling.HorizontalPodAutoscalerSpec) {
	t.Helper()
	if r := h.ScaleTargetRef; r.Kind != "Deployment" || r.Name != d.Name || r.APIVersion != "apps/v1" || d.Spec.Replicas != nil && *d.Spec.Replicas != 1 {
		t.Errorf("the autoscaler is of %+v; the deployment %s says %v", r, d.Name, d.Spec.Replicas)
	}
	if h.MinReplicas == nil || *h.MinReplicas < 2 || h.MaxReplicas < *h.MinReplicas {
		t.Errorf("from %v to %d replicas", h.MinReplicas, h.MaxReplicas)
	}
	asked := d.Spec.Template.Spec.Containers[0].Resources.Requests
	for _, m := range h.Metrics {
		request, ok := asked[m.Resource.Name]
		if !ok || m.Resource.Target.AverageValue.Cmp(request) <= 0 {
			t.Errorf("it counts in %s by %v, and the pods ask for %v", m.Resource.Name, m.Resource.Target.AverageValue, asked)
		}
	}
}

// allowed wants each port of the pods to be let in once, each from its own
// namespace, and out what the program needs: names, HTTPS, PostgreSQL.
func allowed(t *testing.T, n networking.NetworkPolicySpec, open map[string]int32) {
	t.Helper()
	in := make(map[string]int)
	for _, rule := range n.Ingress {
		if len(rule.From) == 0 || len(rule.Ports) == 0 {
			t.Errorf("from anywhere, or to any port: %+v", rule)
		}
		for _, p := range rule.Ports {
			if in[p.Port.String()]++; !has(open, *p.Port) {
				t.Errorf("there is no port %v", p.Port)
			}
		}
	}
	if len(in) != len(open) {
		t.Errorf("let in is %v of %v", in, open)
	}
	out := make(map[string]bool)
	for _, rule := range n.Egress {
		for _, p := range rule.Ports {
			out[string(*p.Protocol)+" "+p.Port.String()] = true
		}
	}
	for _, want := range []string{"UDP 53", "TCP 53", "TCP 443", "TCP 5432"} {
		if !out[want] {
			t.Errorf("%s is not let out: %v", want, out)
		}
	}
	if len(out) != 4 || len(n.PolicyTypes) != 2 {
		t.Errorf("let out is %v, of %v", out, n.PolicyTypes)
	}
}
