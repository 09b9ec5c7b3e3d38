package store_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The manual says of every table how long its rows are kept.
func TestEveryTableSaysHowLongItIsKept(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/operate-database.md")
	if err != nil {
		t.Fatal(err)
	}
	_, part, ok := strings.Cut(string(page), "## How long things are kept")
	if !ok {
		t.Fatal("the manual has no such part")
	}
	steps, err := filepath.Glob("schema/*.sql")
	if err != nil || len(steps) == 0 {
		t.Fatalf("%v %v", steps, err)
	}
	for _, step := range steps {
		body, err := os.ReadFile(step)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`(?m)^CREATE TABLE (\w+)`).FindAllStringSubmatch(string(body), -1) {
			if !strings.Contains(part, "`"+m[1]+"`") {
				t.Errorf("%s of %s is in no row", m[1], step)
			}
		}
	}
}
