// Package walls holds the layout of the house: which package may know which.
package walls

import (
	"os/exec"
	"strings"
	"testing"
)

const module = "github.com/changeguard/changeguard/"

// lower are the packages that know nothing of GitHub, HTTP, databases, clocks
// or the operating system, so that every door shares them whole.
var lower = []string{"change", "session", "rules", "policy", "verdict", "report", "internal/pathset", "internal/manifest", "internal/condition", "internal/nearest"}

// forbidden may not be reached from the lower half, not even through others.
var forbidden = []string{
	module + "internal/github", module + "internal/store", module + "internal/queue", module + "internal/web", module + "internal/app",
	module + "webhook", module + "guard", module + "internal/gitrepo", "github.com/google/go-github", "database/sql", "github.com/riverqueue", "modernc.org",
}

// direct may not be imported by the lower half itself; libraries under it may.
var direct = []string{"net/http", "net", "os", "os/exec", "math/rand", "math/rand/v2", "crypto/rand", "time/tzdata", "log", "log/slog"}

// packages lists the program's packages with what they import.
func packages(t *testing.T, format string) map[string][]string {
	t.Helper()
	out, err := exec.Command("go", "list", "-f", "{{.ImportPath}} {{join "+format+" \" \"}}", module+"...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	list := make(map[string][]string)
	for line := range strings.Lines(string(out)) {
		fields := strings.Fields(line)
		list[strings.TrimPrefix(fields[0], module)] = fields[1:]
	}
	if len(list) < 20 {
		t.Fatalf("only %d packages", len(list))
	}
	return list
}

func isLower(name string) bool {
	for _, l := range lower {
		if (name == l || strings.HasPrefix(name, l+"/")) && !strings.HasSuffix(name, "test") {
			return true
		}
	}
	return false
}

func TestLowerHalfKnowsNothingOfTheWorld(t *testing.T) {
	t.Parallel()
	for name, deps := range packages(t, ".Deps") {
		if !isLower(name) {
			continue
		}
		for _, d := range deps {
			for _, f := range forbidden {
				if d == f || strings.HasPrefix(d, f+"/") {
					t.Errorf("%s reaches %s", name, d)
				}
			}
		}
	}
	for name, imports := range packages(t, ".Imports") {
		if !isLower(name) {
			continue
		}
		for _, i := range imports {
			for _, f := range direct {
				if i == f {
					t.Errorf("%s imports %s", name, i)
				}
			}
		}
	}
}

// Where a library may be named.
var homes = map[string][]string{
	"github.com/google/go-github":             {"internal/github"},
	"github.com/bradleyfalzon/ghinstallation": {"internal/github"},
	"database/sql":                            {"internal/store", "internal/queue"},
	"github.com/riverqueue":                   {"internal/queue"},
	"go.yaml.in/yaml":                         {"policy", "rules/rulestest"},
	module + "internal/ghfake":                {"internal/demo", "internal/ghfake"},
}

func TestLibrariesStayInTheirRooms(t *testing.T) {
	t.Parallel()
	for name, imports := range packages(t, ".Imports") {
		for _, i := range imports {
			for library, rooms := range homes {
				if i != library && !strings.HasPrefix(i, library+"/") {
					continue
				}
				allowed := false
				for _, room := range rooms {
					allowed = allowed || name == room || strings.HasPrefix(name, room+"/")
				}
				if !allowed {
					t.Errorf("%s imports %s, which belongs in %v", name, i, rooms)
				}
			}
		}
	}
}

func TestPackageChangeIsStandardLibraryOnly(t *testing.T) {
	t.Parallel()
	for _, i := range packages(t, ".Imports")["change"] {
		if strings.Contains(i, ".") {
			t.Errorf("change imports %s", i)
		}
	}
}
