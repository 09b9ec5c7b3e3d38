package change_test

import (
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/changeguard/changeguard/change"
)

// What is a document by its format, place and name together is none where one of
// the three is that of something loaded, served or run.
func TestRecordsAreDocumentsByAllThreeSigns(t *testing.T) {
	t.Parallel()
	formats := strings.Fields(".png .svg .jpg .webp .html .xml .csv .xlsx .json .jsonl .log")
	cases := 0
	for _, c := range classCases(t, "testdata/classes.txt") {
		ext := path.Ext(c.path)
		if c.class != change.ClassDocs || !slices.Contains(formats, ext) {
			continue
		}
		cases++
		stem := strings.TrimSuffix(c.path, ext)
		for _, other := range []string{
			"src/" + c.path, "app/" + c.path, "public/" + c.path, "tests/" + c.path, "templates/" + c.path, ".tool/" + c.path, "_theme/" + c.path, "node_modules/x/" + c.path,
			stem + ".js", stem + ".py", stem + ".sh", stem + ".yaml", stem + ".toml", stem + ".mdx", stem + ".ipynb", stem + ".sql", stem + ".exe", stem, c.path + ".js", c.path + ".tmpl",
		} {
			if got := change.Classify(other, change.Regular); got == change.ClassDocs {
				t.Errorf("%s is a document, as %s is", other, c.path)
			}
		}
		if ext == ".json" || ext == ".html" {
			loaded := path.Join(path.Dir(c.path), map[string]string{".json": "config", ".html": "index"}[ext]+ext)
			if got := change.Classify(loaded, change.Regular); got == change.ClassDocs && !strings.HasPrefix(loaded, "test-results/") && !strings.HasPrefix(loaded, "SPEC/generated/") {
				t.Errorf("%s is a document", loaded)
			}
		}
	}
	if cases < 30 {
		t.Errorf("only %d cases", cases)
	}
}
