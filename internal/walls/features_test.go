package walls

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

var reference = regexp.MustCompile("`((?:Test|Benchmark|Fuzz)[A-Za-z0-9_]+)`")

// docs/features.md names the test behind every promise; each must exist, and a
// row without one is a promise without proof.
func TestFeaturesNameTestsThatExist(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("../../docs/features.md")
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("git", "grep", "-hoE", "^func (Test|Benchmark|Fuzz)[A-Za-z0-9_]+", "--", ":(top)*_test.go").Output()
	if err != nil {
		t.Fatalf("list the tests: %v", err)
	}
	known := make(map[string]bool)
	for line := range strings.Lines(string(out)) {
		known[strings.TrimPrefix(strings.TrimSpace(line), "func ")] = true
	}
	rows := 0
	for line := range strings.Lines(string(data)) {
		if !strings.HasPrefix(line, "|") || strings.HasPrefix(line, "| ---") || strings.HasPrefix(line, "| promise") || strings.HasPrefix(line, "| what ") {
			continue
		}
		rows++
		names := reference.FindAllStringSubmatch(line, -1)
		if len(names) == 0 && !strings.Contains(line, "open") {
			t.Errorf("no test named, and not said to be open: %s", strings.TrimSpace(line))
		}
		for _, n := range names {
			if !known[n[1]] {
				t.Errorf("%s does not exist: %s", n[1], strings.TrimSpace(line))
			}
		}
	}
	if rows < 30 {
		t.Errorf("only %d rows", rows)
	}
}
