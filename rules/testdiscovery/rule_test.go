package testdiscovery_test

import (
	"path/filepath"
	"testing"

	"github.com/changeguard/changeguard/rules/rulestest"
)

// The fixtures of each runner are in a folder of its name.
func TestFixtures(t *testing.T) {
	t.Parallel()
	dirs, err := filepath.Glob("testdata/*")
	if err != nil || len(dirs) == 0 {
		t.Fatal(err, len(dirs))
	}
	for _, dir := range dirs {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			t.Parallel()
			rulestest.Run(t, "test-discovery", dir)
		})
	}
}
