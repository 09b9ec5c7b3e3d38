package check

import (
	"strings"
	"testing"

	run "google.golang.org/api/run/v1"
	"sigs.k8s.io/yaml"
)

// cloudRun decodes a service strictly into the type of Cloud Run's own API, which
// is what "gcloud run services replace" sends.
func cloudRun(text []byte) (s run.Service, err error) {
	return s, yaml.UnmarshalStrict(text, &s)
}

// served is the one container of the service, and the service.
func served(t *testing.T) (run.Service, *run.Container) {
	t.Helper()
	s, err := cloudRun(read(t, "cloudrun/service.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if s.ApiVersion != "serving.knative.dev/v1" || s.Kind != "Service" || s.Metadata == nil || s.Metadata.Name == "" || s.Spec == nil || len(s.Spec.Template.Spec.Containers) != 1 {
		t.Fatalf("%+v", s)
	}
	return s, s.Spec.Template.Spec.Containers[0]
}

func TestCloudRunIsDecodedStrictly(t *testing.T) {
	t.Parallel()
	served(t)
	text := string(read(t, "cloudrun/service.yaml"))
	for right, wrong := range map[string]string{
		"timeoutSeconds: 30":       "timeoutSecond: 30",
		"containerPort: 8080":      "port: 8080",
		"failureThreshold: 60":     "failureThreshold: many",
		"secretKeyRef":             "secretRef",
		"serviceAccountName":       "serviceAccount",
		"name: CHANGEGUARD_APP_ID": "key: CHANGEGUARD_APP_ID",
	} {
		if !strings.Contains(text, right) {
			t.Errorf("the file has no %q", right)
		}
		if _, err := cloudRun([]byte(strings.Replace(text, right, wrong, 1))); err == nil {
			t.Errorf("%q in place of %q must be noticed", wrong, right)
		}
	}
}

// Work goes on after the webhook was answered: processors stay allocated, and an
// instance stays.
func TestCloudRunKeepsAnInstanceAtWork(t *testing.T) {
	t.Parallel()
	s, _ := served(t)
	a := s.Spec.Template.Metadata.Annotations
	if a["run.googleapis.com/cpu-throttling"] != "false" || a["autoscaling.knative.dev/minScale"] != "1" {
		t.Errorf("%v", a)
	}
	if number(t, a["autoscaling.knative.dev/minScale"]) > number(t, a["autoscaling.knative.dev/maxScale"]) {
		t.Errorf("%v", a)
	}
	// Where these stand on the service instead of its revisions, Cloud Run does not obey.
	for name := range s.Metadata.Annotations {
		if _, ok := a[name]; ok || strings.HasPrefix(name, "autoscaling.") {
			t.Errorf("%s stands on the service", name)
		}
	}
}

func TestCloudRunAgrees(t *testing.T) {
	t.Parallel()
	s, c := served(t)
	if len(c.Ports) != 1 || c.Ports[0].Name != "http1" || c.Ports[0].ContainerPort != int64(exposed(t)) {
		t.Errorf("ports %+v", c.Ports)
	}
	pages := source(t, "docs/openapi.yaml") // which the server is held to
	for name, p := range map[string]*run.Probe{"startup": c.StartupProbe, "liveness": c.LivenessProbe} {
		if p == nil || p.HttpGet == nil || p.HttpGet.Path != "/healthz" || !strings.Contains(pages, "\n  "+p.HttpGet.Path+":\n") {
			t.Errorf("the %s probe is %+v", name, p)
		}
	}
	set, secrets := make(map[string]*run.EnvVar), make(map[string]bool)
	for _, e := range c.Env {
		if set[e.Name] != nil {
			t.Errorf("%s is set twice", e.Name)
		}
		set[e.Name] = e
		if e.ValueFrom == nil {
			continue
		}
		if secrets[e.ValueFrom.SecretKeyRef.Name] {
			t.Errorf("%s is of another's secret", e.Name)
		}
		secrets[e.ValueFrom.SecretKeyRef.Name] = true
	}
	for _, name := range []string{"PRIVATE_KEY", "WEBHOOK_SECRET", "CLIENT_SECRET", "SECRET_KEY", "DATABASE_URL"} {
		if e := set["CHANGEGUARD_"+name]; e == nil || e.ValueFrom == nil || e.Value != "" {
			t.Errorf("%s is no secret", name)
		}
	}
	for _, name := range []string{"APP_ID", "CLIENT_ID", "PUBLIC_URL"} {
		if e := set["CHANGEGUARD_"+name]; e == nil || e.Value == "" {
			t.Errorf("%s is not set", name)
		}
	}
	if set["GOMEMLIMIT"] == nil {
		t.Fatal("GOMEMLIMIT is not set")
	}
	remembered(t, set["GOMEMLIMIT"].Value, c.Resources.Limits["memory"])
	if sql := s.Spec.Template.Metadata.Annotations["run.googleapis.com/cloudsql-instances"]; sql == "" || !strings.Contains(string(read(t, "cloudrun/service.yaml")), "?host=/cloudsql/"+sql) {
		t.Errorf("the database's socket is not that of %q", sql)
	}
}
