package catalogue_test

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/changeguard/changeguard/rules/catalogue"
)

var update = flag.Bool("update", false, "rewrite docs/rules")

var kebab = regexp.MustCompile(`^[a-z]+(-[a-z]+)*$`)

func TestKindsAreDocumented(t *testing.T) {
	t.Parallel()
	seen := make(map[string]bool)
	for _, k := range catalogue.Kinds() {
		if seen[k.Name] || !kebab.MatchString(k.Name) {
			t.Errorf("%q is no good name", k.Name)
		}
		seen[k.Name] = true
		if k.Title == "" || strings.HasSuffix(k.Title, ".") || len(k.Title) > 100 {
			t.Errorf("%s: title %q", k.Name, k.Title)
		}
		for what, text := range map[string]string{"why": k.Why, "bad": k.Bad, "good": k.Good, "remedy": k.Remedy, "since": k.Since} {
			if text == "" {
				t.Errorf("%s has no %s", k.Name, what)
			}
		}
		if k.Run == nil || k.NewOptions == nil {
			t.Errorf("%s cannot run", k.Name)
		}
		for _, o := range k.Options() {
			if !kebab.MatchString(o.Name) || !strings.HasSuffix(o.Text, ".") {
				t.Errorf("%s: option %q: %q", k.Name, o.Name, o.Text)
			}
		}
	}
}

// docs/rules holds the pages that the kinds write of themselves.
func TestRulePagesAreFresh(t *testing.T) {
	t.Parallel()
	dir := filepath.Join("..", "..", "docs", "rules")
	for _, k := range catalogue.Kinds() {
		name := filepath.Join(dir, k.Name+".md")
		if *update {
			if err := os.MkdirAll(dir, 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(name, []byte(k.Page()), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		got, err := os.ReadFile(name)
		if err != nil || string(got) != k.Page() {
			t.Errorf("%s is stale (%v); run go test ./rules/catalogue -update", name, err)
		}
	}
	pages, err := filepath.Glob(filepath.Join(dir, "*.md"))
	if err != nil || len(pages) != len(catalogue.Kinds()) {
		t.Errorf("%d pages for %d kinds (%v)", len(pages), len(catalogue.Kinds()), err)
	}
}
