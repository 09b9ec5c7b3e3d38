// Package check holds the files of deploy/ against the tools that will read
// them: kustomize and Kubernetes' own types, Compose's loader, the image
// builder's linter, Prometheus' parser. It is a module of its own, so that none
// of them is a dependency of the program.
//
//	go -C deploy/check test ./...
package check

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/linter"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	promql "github.com/prometheus/prometheus/promql/parser"
	apps "k8s.io/api/apps/v1"
	autoscaling "k8s.io/api/autoscaling/v2"
	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	policy "k8s.io/api/policy/v1"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"
)

func read(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile("../" + name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// objects are what kustomize makes, by kind, each decoded into Kubernetes' type.
func objects(t *testing.T, documents []byte) map[string]any {
	t.Helper()
	all := make(map[string]any)
	for _, doc := range bytes.Split(documents, []byte("\n---\n")) {
		var head struct{ APIVersion, Kind string }
		if err := yaml.Unmarshal(doc, &head); err != nil {
			t.Fatal(err)
		}
		into := map[string]any{
			"apps/v1 Deployment": &apps.Deployment{}, "apps/v1 StatefulSet": &apps.StatefulSet{}, "v1 Service": &core.Service{}, "v1 ConfigMap": &core.ConfigMap{}, "v1 ServiceAccount": &core.ServiceAccount{},
			"policy/v1 PodDisruptionBudget": &policy.PodDisruptionBudget{}, "autoscaling/v2 HorizontalPodAutoscaler": &autoscaling.HorizontalPodAutoscaler{}, "networking.k8s.io/v1 NetworkPolicy": &networking.NetworkPolicy{},
		}[head.APIVersion+" "+head.Kind]
		if into == nil {
			t.Fatalf("an object of kind %s %s", head.APIVersion, head.Kind)
		}
		if err := yaml.UnmarshalStrict(doc, into); err != nil {
			t.Errorf("%s: %v", head.Kind, err)
		}
		all[head.Kind] = into
	}
	return all
}

// kustomized are the objects that the folder of Kubernetes comes to.
func kustomized(t *testing.T) map[string]any {
	t.Helper()
	made, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), "../kustomize")
	if err != nil {
		t.Fatal(err)
	}
	text, err := made.AsYaml()
	if err != nil {
		t.Fatal(err)
	}
	return objects(t, text)
}

func TestKustomizeBuildsWhatKubernetesTakes(t *testing.T) {
	t.Parallel()
	all := kustomized(t)
	if len(all) != 7 {
		t.Errorf("%d kinds", len(all))
	}
	d, ok := all["Deployment"].(*apps.Deployment)
	if !ok {
		t.Fatal("no deployment")
	}
	pod := d.Spec.Template
	c := pod.Spec.Containers[0]
	if s := c.SecurityContext; !*s.ReadOnlyRootFilesystem || *s.AllowPrivilegeEscalation || !slices.Equal(s.Capabilities.Drop, []core.Capability{"ALL"}) || !*pod.Spec.SecurityContext.RunAsNonRoot {
		t.Errorf("%+v", s)
	}
	if c.ReadinessProbe.HTTPGet.Path != "/readyz" || c.LivenessProbe.HTTPGet.Path != "/healthz" || c.StartupProbe == nil || *pod.Spec.TerminationGracePeriodSeconds < 10 {
		t.Errorf("%+v", c)
	}
	if c.Lifecycle == nil || c.Lifecycle.PreStop.Sleep.Seconds+9 >= *pod.Spec.TerminationGracePeriodSeconds {
		t.Errorf("a pod is killed before it has ended: %+v", c.Lifecycle)
	}
	if p := all["PodDisruptionBudget"].(*policy.PodDisruptionBudget).Spec; p.UnhealthyPodEvictionPolicy == nil || *p.UnhealthyPodEvictionPolicy != policy.AlwaysAllow {
		t.Error("pods that are not ready hold up the draining of a node")
	}
	if m := all["HorizontalPodAutoscaler"].(*autoscaling.HorizontalPodAutoscaler).Spec.Metrics; len(m) != 1 || m[0].Resource.Target.AverageValue == nil {
		t.Errorf("a share of the small request is reached by a little work: %+v", m)
	}
	mounted(t, c, all["ConfigMap"].(*core.ConfigMap))
	config, ok := all["ConfigMap"].(*core.ConfigMap)
	if !ok || c.EnvFrom[0].ConfigMapRef.Name != config.Name || c.Image == "changeguard" {
		t.Errorf("the settings %+v, the image %s", config, c.Image)
	}
	for kind, selector := range map[string]map[string]string{
		"Service": all["Service"].(*core.Service).Spec.Selector, "PodDisruptionBudget": all["PodDisruptionBudget"].(*policy.PodDisruptionBudget).Spec.Selector.MatchLabels,
		"NetworkPolicy": all["NetworkPolicy"].(*networking.NetworkPolicy).Spec.PodSelector.MatchLabels, "Deployment": d.Spec.Selector.MatchLabels,
	} {
		if len(selector) == 0 {
			t.Errorf("the %s selects everything", kind)
		}
		for k, v := range selector {
			if pod.Labels[k] != v {
				t.Errorf("the %s selects %s=%s, and the pods have %q", kind, k, v, pod.Labels[k])
			}
		}
	}
}

// mounted wants each secret that the settings name to be one that the instructions
// make, where it is mounted; with sign-in, and the key that all replicas share.
func mounted(t *testing.T, c core.Container, config *core.ConfigMap) {
	t.Helper()
	made := string(read(t, "kustomize/kustomization.yaml"))
	for _, name := range []string{"PRIVATE_KEY", "WEBHOOK_SECRET", "CLIENT_SECRET", "SECRET_KEY", "DATABASE_URL"} {
		file, ok := strings.CutPrefix(config.Data["CHANGEGUARD_"+name+"_FILE"], c.VolumeMounts[0].MountPath+"/")
		if !ok || !strings.Contains(made, "--from-file="+file) {
			t.Errorf("%s is to be read from %q", name, file)
		}
	}
	if config.Data["CHANGEGUARD_CLIENT_ID"] == "" || config.Data["CHANGEGUARD_PUBLIC_URL"] == "" {
		t.Error("nobody can sign in")
	}
}

func TestSingleInstanceForKubernetes(t *testing.T) {
	t.Parallel()
	if all := objects(t, read(t, "kubernetes.yml")); all["StatefulSet"] == nil || all["Service"] == nil {
		t.Errorf("%v", all)
	}
}

func TestComposeLoads(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"../compose.yml", "../compose-postgres.yml"} {
		o, err := cli.NewProjectOptions([]string{name}, cli.WithEnv([]string{"CHANGEGUARD_APP_ID=7", "CHANGEGUARD_CLIENT_ID=Iv1.7", "CHANGEGUARD_PUBLIC_URL=https://guard.example"}), cli.WithName("changeguard"))
		if err != nil {
			t.Fatal(err)
		}
		p, err := o.LoadProject(context.Background())
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		s, err := p.GetService("changeguard")
		if err != nil || !s.ReadOnly || *s.Environment["CHANGEGUARD_APP_ID"] != "7" || *s.Environment["CHANGEGUARD_CLIENT_ID"] != "Iv1.7" {
			t.Errorf("%s: %+v, %v", name, s, err)
			continue
		}
		if len(s.Ports) != 1 || s.Ports[0].HostIP != "127.0.0.1" {
			t.Errorf("%s: the port is open to everybody, without TLS: %+v", name, s.Ports)
		}
		for _, s := range p.Services {
			if s.Logging == nil || s.Logging.Options["max-size"] == "" || s.StopGracePeriod == nil {
				t.Errorf("%s: %s fills the disk with its log, or is killed when it is stopped", name, s.Name)
			}
		}
	}
	o, err := cli.NewProjectOptions([]string{"../compose.yml"}, cli.WithName("changeguard"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := o.LoadProject(context.Background()); err == nil {
		t.Error("without the App's number it must say so")
	}
}

func TestDockerfilesHaveNoWarnings(t *testing.T) {
	t.Parallel()
	lint := func(text []byte) (warnings []string) {
		ast, err := parser.Parse(bytes.NewReader(text))
		if err != nil {
			return []string{err.Error()}
		}
		for _, w := range ast.Warnings {
			warnings = append(warnings, w.Short)
		}
		l := linter.New(&linter.Config{Warn: func(rule, _, _, message string, _ []parser.Range) { warnings = append(warnings, rule+": "+message) }})
		if _, _, err := instructions.Parse(ast.AST, l); err != nil {
			warnings = append(warnings, err.Error())
		}
		return warnings
	}
	for _, name := range []string{"../Dockerfile", "Dockerfile.release"} {
		if w := lint(read(t, name)); len(w) > 0 {
			t.Errorf("%s: %s", name, strings.Join(w, "\n"))
		}
	}
	if len(lint([]byte("from scratch as A\nMAINTAINER x\n"))) == 0 {
		t.Error("what is wrong must be noticed")
	}
}

// What the alerts and the dashboard ask is what Prometheus can read.
func TestExpressionsParse(t *testing.T) {
	t.Parallel()
	var rules struct {
		Groups []struct {
			Rules []struct{ Alert, Expr string }
		}
	}
	if err := yaml.Unmarshal(read(t, "prometheus/alerts.yml"), &rules); err != nil {
		t.Fatal(err)
	}
	var board struct {
		Panels []struct {
			Title   string
			Targets []struct{ Expr string }
		}
	}
	if err := json.Unmarshal(read(t, "grafana/changeguard.json"), &board); err != nil {
		t.Fatal(err)
	}
	n := 0
	p := promql.NewParser(promql.Options{})
	try := func(where, expr string) {
		n++
		expr = strings.NewReplacer("$__rate_interval", "5m", "$__range", "1d").Replace(expr)
		if _, err := p.ParseExpr(expr); err != nil {
			t.Errorf("%s: %v", where, err)
		}
	}
	for _, g := range rules.Groups {
		for _, r := range g.Rules {
			try(r.Alert, r.Expr)
		}
	}
	for _, p := range board.Panels {
		for _, target := range p.Targets {
			try(p.Title, target.Expr)
		}
	}
	if n < 30 {
		t.Errorf("only %d expressions", n)
	}
}
