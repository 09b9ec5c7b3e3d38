package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
)

// kubernetes builds a folder with stand-ins for what people put into it and
// decodes every object; it must have a number of them.
func kubernetes(root, folder string, objects int) (string, error) {
	dir, err := standIns(filepath.Join(root, "deploy", "kubernetes", folder), "key.pem", "webhook-secret", "database-url")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(dir)
	built, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), dir)
	if err != nil {
		return "", err
	}
	decode, err := strict()
	if err != nil {
		return "", err
	}
	var kinds []string
	for _, r := range built.Resources() {
		text, err := r.AsYAML()
		if err != nil {
			return "", err
		}
		object, kind, err := decode.Decode(text, nil, nil)
		if err != nil {
			return "", fmt.Errorf("%s %s: %w", r.GetKind(), r.GetName(), err)
		}
		if err := held(object); err != nil {
			return "", fmt.Errorf("%s %s: %w", r.GetKind(), r.GetName(), err)
		}
		kinds = append(kinds, kind.Kind)
	}
	if len(kinds) != objects {
		return "", fmt.Errorf("%d objects, not %d: %s", len(kinds), objects, strings.Join(kinds, ", "))
	}
	return strings.Join(kinds, ", "), nil
}

// strict decodes the kinds that are used and refuses unknown and doubled fields.
func strict() (runtime.Decoder, error) {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{corev1.AddToScheme, appsv1.AddToScheme, policyv1.AddToScheme, autoscalingv2.AddToScheme, networkingv1.AddToScheme} {
		if err := add(scheme); err != nil {
			return nil, err
		}
	}
	return serializer.NewCodecFactory(scheme, serializer.EnableStrict).UniversalDeserializer(), nil
}

// held looks at what the types cannot say: selectors fit the pods, and a pod is
// asked only for what it has.
func held(object runtime.Object) error {
	switch o := object.(type) {
	case *appsv1.Deployment:
		return errors.Join(selects(o.Spec.Selector.MatchLabels, o.Spec.Template.Labels), pod(&o.Spec.Template.Spec))
	case *appsv1.StatefulSet:
		return errors.Join(selects(o.Spec.Selector.MatchLabels, o.Spec.Template.Labels), pod(&o.Spec.Template.Spec))
	case *policyv1.PodDisruptionBudget:
		return named(o.Spec.Selector.MatchLabels)
	case *networkingv1.NetworkPolicy:
		return named(o.Spec.PodSelector.MatchLabels)
	case *corev1.Service:
		return named(o.Spec.Selector)
	}
	return nil
}

func selects(selector, labels map[string]string) error {
	for key, value := range selector {
		if labels[key] != value {
			return fmt.Errorf("its pods have no label %s: %s", key, value)
		}
	}
	return named(selector)
}

func named(selector map[string]string) error {
	if len(selector) != 1 || selector["app.kubernetes.io/name"] != "changeguard" {
		return fmt.Errorf("it selects %v", selector)
	}
	return nil
}

func pod(p *corev1.PodSpec) error {
	c := p.Containers[0]
	ports, volumes := make(map[string]bool), make(map[string]bool)
	for _, port := range c.Ports {
		ports[port.Name] = true
	}
	for _, v := range p.Volumes {
		volumes[v.Name] = true
	}
	volumes["data"] = true // a claim's template
	for _, probe := range []*corev1.Probe{c.StartupProbe, c.ReadinessProbe, c.LivenessProbe} {
		if probe != nil && !ports[probe.HTTPGet.Port.StrVal] {
			return fmt.Errorf("a probe asks at %s", probe.HTTPGet.Port.String())
		}
	}
	for _, m := range c.VolumeMounts {
		if !volumes[m.Name] {
			return fmt.Errorf("there is no volume %s", m.Name)
		}
	}
	s := c.SecurityContext
	if s == nil || s.ReadOnlyRootFilesystem == nil || !*s.ReadOnlyRootFilesystem || s.AllowPrivilegeEscalation == nil || *s.AllowPrivilegeEscalation || len(s.Capabilities.Drop) != 1 {
		return errors.New("its container may more than it needs")
	}
	return nil
}

// standIns copies a folder and puts files into it that people bring.
func standIns(folder string, names ...string) (string, error) {
	dir, err := os.MkdirTemp("", "changeguard-deploy-")
	if err != nil {
		return "", err
	}
	if err := os.CopyFS(dir, os.DirFS(folder)); err != nil {
		return dir, err
	}
	for _, name := range names {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("stand-in\n"), 0o600); err != nil {
			return dir, err
		}
	}
	return dir, nil
}
