package manifest

import (
	"bytes"
	"strings"
)

// MayBeCluster reports whether a file of no known format can be a manifest of a
// cluster, of which only the content says that it is one: any YAML, and any JSON but
// translations.
func MayBeCluster(path string) bool {
	p := placeOf(path)
	return p.ext == ".yml" || p.ext == ".yaml" || p.ext == ".json" && !p.isOther()
}

// IsData reports whether a file that may be such a manifest mostly is something else:
// JSON is what programs keep their data in.
func IsData(path string) bool { return placeOf(path).ext == ".json" }

// ChartOf is the description of the chart whose template a file may be, by its folder,
// else "".
func ChartOf(path string) string {
	path = "/" + path
	at := strings.LastIndex(path, "/templates/")
	if at < 0 {
		return ""
	}
	return strings.TrimPrefix(path[:at]+"/Chart.yaml", "/")
}

// Unfilled reports whether a content is a template that is no YAML before something is
// put into it.
func Unfilled(path string, data []byte) bool {
	if !bytes.Contains(data, []byte("{{")) {
		return false
	}
	_, err := parseYAML(path, data)
	return err != nil
}

// Cluster is the format of those manifests.
func Cluster() Format {
	for i := range formats {
		if formats[i].Name == "kubernetes" {
			return formats[i].matching()
		}
	}
	return Format{}
}

// LooksLikeCluster reports whether a content can be that of a manifest that runs
// images: it has all the words, or marks by which words are written in other ways.
// It is one pass, so that most contents are not parsed.
func LooksLikeCluster(data []byte) bool {
	if bytes.HasPrefix(data, []byte("\xff\xfe")) || bytes.HasPrefix(data, []byte("\xfe\xff")) || bytes.IndexByte(data, 0) >= 0 {
		return true // another encoding
	}
	has := func(word string) bool { return bytes.Contains(data, []byte(word)) }
	written := has("apiVersion") && has("kind") && (has("image") || has("ontainers") || has("Kustomization") || has("kind: Component"))
	escaped := has(`\x`) || has(`\u`) || has(`\U`) || has("\\\n") || has("\\\r")
	return written || escaped && has(`"`) || has("!!binary") || has("!<") || has("%TAG")
}

// IsCluster reports whether some document has at its top what every object of a
// cluster has, and so whether the content is judged. What has the words and does
// not parse is taken for one.
func IsCluster(path string, data []byte) bool {
	if !LooksLikeCluster(data) {
		return false
	}
	docs, err := parseYAML(path, data)
	if err != nil {
		return true
	}
	for _, doc := range docs {
		if doc.kind == yamlMap && doc.child("apiVersion") != nil && doc.child("kind") != nil {
			return true
		}
	}
	return false
}
