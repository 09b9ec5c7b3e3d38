package manifest

import (
	"strings"

	"github.com/changeguard/changeguard/internal/lazyregexp"
)

// kubernetesNames are file names that people give to what runs in a cluster.
var kubernetesNames = wordSet("deployment deployments statefulset daemonset cronjob job pod replicaset kustomization")

// isKubernetes knows manifests of a cluster by their folders and names: they have
// no names of their own. What may be a template of a chart is known by its content.
func isKubernetes(p place) bool {
	if p.ext != ".yml" && p.ext != ".yaml" {
		return false
	}
	folders := "/" + strings.TrimSuffix(p.full, p.base)
	if strings.Contains(folders, "/templates/") {
		return false
	}
	stem := strings.TrimSuffix(p.base, p.ext)
	if kubernetesNames[stem] || strings.HasSuffix(stem, "-deployment") || strings.HasSuffix(stem, ".deployment") {
		return true
	}
	for _, dir := range []string{"/k8s/", "/kubernetes/", "/kustomize/"} {
		if strings.Contains(folders, dir) {
			return true
		}
	}
	return false
}

// A kubernetes collects the images of one file.
type kubernetes struct {
	*yamlManifest
}

// parseKubernetes reads the containers of every document, wherever they are in it,
// and what Kustomize puts in the place of images and takes from elsewhere.
func parseKubernetes(path string, data []byte) (*File, error) {
	docs, err := parseYAML(path, data)
	if err != nil {
		return nil, err
	}
	k := kubernetes{newYAMLManifest(path, Docker, "kubernetes")}
	for _, doc := range docs {
		if doc.kind != yamlMap {
			continue
		}
		kind := doc.str("kind")
		if kind == "Kustomization" || kind == "Component" || strings.HasPrefix(placeOf(path).base, "kustomization.") {
			if err := k.kustomization(doc); err != nil {
				return nil, err
			}
			continue
		}
		if err := k.walk(doc); err != nil {
			return nil, err
		}
	}
	return k.file, nil
}

// walk goes down to the lists of containers. Its depth is that of the document,
// which has a limit.
func (k kubernetes) walk(v *yamlValue) error {
	for i, e := range v.list {
		if v.kind == yamlMap {
			switch v.keys[i].text {
			case "containers", "initContainers", "ephemeralContainers":
				if err := k.containers(e); err != nil {
					return err
				}
				continue
			case "image":
				if err := k.named(e); err != nil {
					return err
				}
			}
		}
		if e.kind == yamlMap || e.kind == yamlSeq {
			if err := k.walk(e); err != nil {
				return err
			}
		}
	}
	return nil
}

// named reads an image outside of the lists of containers: of a step or a volume, or in
// an object of a kind that only its operator knows. There the key can mean something
// else, so what is no image is none.
func (k kubernetes) named(v *yamlValue) error {
	if v.kind == yamlMap {
		if v = v.child("reference"); v == nil {
			return nil
		}
	}
	if v.isNull() || !v.isScalar() {
		return nil
	}
	if _, reason := imagePackage(strings.TrimSpace(v.text)); reason != "" {
		return nil
	}
	return k.image(v, "")
}

func (k kubernetes) containers(v *yamlValue) error {
	if v.kind != yamlSeq {
		return k.walk(v)
	}
	return k.elements(v, "containers", func(c *yamlValue) error { return k.image(c.child("image"), "") })
}

// kustomization reads the images that are put in the place of others, and the
// folders and addresses that are taken in.
func (k kubernetes) kustomization(doc *yamlValue) error {
	err := k.elements(doc.child("images"), "images", func(e *yamlValue) error {
		name := e.str("newName")
		if name == "" {
			name = e.str("name")
		}
		if tag := e.str("newTag"); tag != "" {
			name += ":" + tag
		}
		if digest := e.str("digest"); digest != "" {
			name += "@" + digest
		}
		p, reason := imagePackage(strings.TrimSpace(name))
		if reason != "" {
			return k.fail(e, "%s", reason)
		}
		p.Alias, p.Line, p.EndLine = oneLine(e.str("name")), e.line, max(e.line, e.end)
		return k.file.addNew(p, k.seen)
	})
	if err != nil {
		return err
	}
	for _, key := range []string{"resources", "bases", "components", "helmCharts", "generators", "transformers", "validators", "crds", "configurations", "openapi"} {
		k.remote(key, doc.child(key))
	}
	for _, key := range []string{"patches", "patchesJson6902", "patchesStrategicMerge", "replacements", "transformers", "generators"} {
		if v := doc.child(key); v != nil && speaksOfImages(v.String()) { // written in a text of its own
			k.setting(key, v, v.line, SourceChanged)
		}
	}
	return nil
}

// speaksOfImages reports whether a text that holds objects may hold an image; an
// escape may be a letter of the word.
func speaksOfImages(text string) bool {
	return strings.Contains(strings.ToLower(text), "image") || strings.Contains(text, `\u`) || strings.Contains(text, `\x`)
}

// remote takes in what a kustomization gets from another repository or server: each
// entry by itself, so that those of the own tree come and go.
func (k kubernetes) remote(key string, v *yamlValue) {
	if v == nil {
		return
	}
	entries := []*yamlValue{v}
	if v.kind == yamlSeq {
		entries = v.list
	}
	for _, e := range entries {
		if remoteMark.MatchString(e.String()) {
			k.setting(key, e, e.line, SourceChanged)
		}
	}
}

// remoteMark is what tells an address from a path: a scheme, a user, a host of
// repositories, a repository's ending, a version.
var remoteMark = lazyregexp.New(`(?i)://|github\.com[/:]|@[a-z0-9.-]+[:/]|\.git\b|_git/|\?(ref|version|timeout|submodules)=`)
