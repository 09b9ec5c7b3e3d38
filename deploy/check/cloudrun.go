package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"
)

// service is Cloud Run's, as its reference for the v1 API describes it: a
// Kubernetes object whose pods have a little more.
type service struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`
	Spec              struct {
		Template struct {
			metav1.ObjectMeta `json:"metadata"`
			Spec              revision `json:"spec"`
		} `json:"template"`
	} `json:"spec"`
}

type revision struct {
	ContainerConcurrency int64 `json:"containerConcurrency"`
	corev1.PodSpec       `json:",inline"`
	TimeoutSeconds       int64 `json:"timeoutSeconds"`
}

// cloudRun decodes the service and holds it against what the program needs
// there: a processor between requests, an instance that runs, and no SQLite.
func cloudRun(root string) (string, error) {
	text, err := os.ReadFile(filepath.Join(root, "deploy", "cloud-run.yaml"))
	if err != nil {
		return "", err
	}
	var s service
	if err := yaml.UnmarshalStrict(text, &s); err != nil {
		return "", err
	}
	t := s.Spec.Template
	if t.Annotations["run.googleapis.com/cpu-throttling"] != "false" || t.Annotations["autoscaling.knative.dev/minScale"] == "" || t.Annotations["autoscaling.knative.dev/minScale"] == "0" {
		return "", fmt.Errorf("it does not always run: %v", t.Annotations)
	}
	if len(t.Spec.Containers) != 1 || len(t.Spec.Containers[0].Ports) != 1 || t.Spec.Containers[0].Ports[0].ContainerPort != 8080 {
		return "", errors.New("it does not listen at 8080")
	}
	for _, e := range t.Spec.Containers[0].Env {
		if e.Name == "CHANGEGUARD_DATABASE_URL" && e.ValueFrom != nil && e.ValueFrom.SecretKeyRef != nil {
			return fmt.Sprintf("%s %s, instances from %s", s.Kind, s.Name, t.Annotations["autoscaling.knative.dev/minScale"]), nil
		}
	}
	return "", errors.New("its database is no secret")
}
