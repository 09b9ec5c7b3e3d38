package manifest

import (
	"path"
	"strings"
)

var helmKinds = []Kind{Added, Removed, Major, Minor, Patch, Downgraded, Loosened, Unpinned, SourceChanged, LockfileDrift}

// helmFormats are those of Helm.
var helmFormats = []Format{
	{
		Name: "helm-chart", Ecosystem: Helm, is: named("chart.yaml", "requirements.yaml"), Parse: parseChart,
		Locks: []string{"Chart.lock", "requirements.lock"}, Conditions: helmKinds,
	},
	{
		Name: "helm-lock", Ecosystem: Helm, Lock: true, is: named("chart.lock", "requirements.lock"), Parse: parseChartLock,
		Manifests: []string{"Chart.yaml", "requirements.yaml"}, Conditions: []Kind{Added, Removed, Major, Minor, Patch, Downgraded, SourceChanged, LockfileDrift},
	},
}

var helmCouplings = []coupling{{"helm-chart", "helm-lock", helmSatisfies, besideFixes}}

func parseChart(path string, data []byte) (*File, error) {
	return readChart(path, data, "helm-chart", false)
}

func parseChartLock(path string, data []byte) (*File, error) {
	return readChart(path, data, "helm-lock", true)
}

// readChart reads "dependencies", which a chart and its lock file write alike.
func readChart(name string, data []byte, format string, lock bool) (*File, error) {
	doc, err := oneYAML(name, data)
	if err != nil {
		return nil, err
	}
	m := newYAMLManifest(name, Helm, format)
	m.file.Lock = lock
	if doc == nil {
		return m.file, nil
	}
	err = m.elements(doc.child("dependencies"), "dependencies", func(d *yamlValue) error {
		p := Package{Ecosystem: Helm, Name: d.str("name"), Spec: oneLine(d.str("version")), Alias: d.str("alias"), Line: d.line, EndLine: max(d.line, d.end)}
		if p.Name == "" || len(p.Name) > maxPathLen {
			return m.fail(d, "a dependency without a name")
		}
		p.PURL = "pkg:helm/" + purlEscape(p.Name)
		p.Pinned = isOneLoose(Helm, p.Spec)
		p.Marker = chartMarker(d)
		p.chartPlace(strings.TrimSpace(d.str("repository")))
		if m.file.Packages = append(m.file.Packages, p); len(m.file.Packages) > maxAsked { // of the lock file, too: it repeats the chart
			return m.fail(d, "more than %d dependencies", maxAsked)
		}
		return m.file.count()
	})
	return m.file, err
}

// chartMarker is what turns a dependency off. Without it, or by other values, it comes
// alive.
func chartMarker(d *yamlValue) string {
	var parts []string
	if condition := d.child("condition"); !condition.isNull() {
		parts = append(parts, "condition "+condition.String())
	}
	if tags := d.child("tags"); !tags.isNull() {
		parts = append(parts, "tags "+tags.String())
	}
	return oneLine(strings.Join(parts, ", "))
}

// chartPlace: a chart has no default registry. Without a repository it lies in
// the folder of charts.
func (p *Package) chartPlace(repository string) {
	switch {
	case repository == "":
		p.Source, p.Pinned = "path:charts/"+p.Name, true
	case strings.HasPrefix(repository, "file://"):
		p.Source, p.Pinned = "path:"+path.Clean(strings.TrimPrefix(repository, "file://")), true
	default:
		p.Source = "registry:" + redact(strings.TrimSuffix(oneLine(repository), "/"))
	}
}

// helmSatisfies holds Chart.lock against Chart.yaml.
func helmSatisfies(manifest, lock *File) []Drift {
	drifts := looseDrifts(manifest, lock, func(p *Package) bool { return inRegistry(p) })
	if path.Dir(manifest.Path) != path.Dir(lock.Path) {
		return nil
	}
	asked := pyByName(manifest)
	for _, e := range lock.Packages {
		if len(asked[e.Name]) == 0 {
			drifts = append(drifts, Drift{Package: e, Reason: "the lock file has a requirement that the manifest has not"})
		}
	}
	return drifts
}
