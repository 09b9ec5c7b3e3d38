package walls

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/mod/modfile"
)

func read(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func parseModule(t *testing.T, name string) *modfile.File {
	t.Helper()
	f, err := modfile.Parse(name, []byte(read(t, name)), nil)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// go.mod names what is imported and nothing else; tools live in tools.mod, so
// that whoever uses the program does not get them too.
func TestModuleIsClean(t *testing.T) {
	t.Parallel()
	f, tools := parseModule(t, "go.mod"), parseModule(t, "tools.mod")
	if len(f.Tool)+len(f.Replace)+len(f.Exclude)+len(f.Retract) > 0 {
		t.Error("go.mod has tool, replace, exclude or retract lines")
	}
	if f.Go.Version != tools.Go.Version || len(tools.Tool) == 0 {
		t.Errorf("go.mod is for Go %s, tools.mod for %s with %d tools", f.Go.Version, tools.Go.Version, len(tools.Tool))
	}
	imported := make(map[string]bool)
	for _, r := range theHouse(t).rooms {
		for _, list := range [][]string{r.Imports, r.TestImports, r.XTestImports} {
			for _, i := range list {
				imported[owner(f, i)] = true
			}
		}
	}
	for _, r := range f.Require {
		if r.Indirect == imported[r.Mod.Path] {
			t.Errorf("%s is imported: %t, but marked as indirect: %t", r.Mod.Path, imported[r.Mod.Path], r.Indirect)
		}
	}
	for _, tool := range tools.Tool {
		if owner(f, tool.Path) != "" && imported[owner(f, tool.Path)] == false {
			t.Errorf("go.mod carries the tool %s", tool.Path)
		}
	}
}

// owner is the module of a package, as far as go.mod names it.
func owner(f *modfile.File, pkg string) (best string) {
	for _, r := range f.Require {
		if within(pkg, r.Mod.Path) && len(r.Mod.Path) > len(best) {
			best = r.Mod.Path
		}
	}
	return best
}

// NOTICE names every module that is linked, and no other.
func TestNoticeNamesWhatIsLinked(t *testing.T) {
	t.Parallel()
	h := theHouse(t)
	linked := make(map[string]bool)
	for i := range h.reach(h.all[module+"/cmd/changeguard"]) {
		if r := h.all[i]; r != nil && r.Module != nil && !r.Module.Main {
			linked[r.Module.Path] = true
		}
	}
	named := make(map[string]bool)
	for _, m := range regexp.MustCompile(`(?m)(?:^  |, )([a-z]+[.a-z]*\.[a-z]+/[^\s,]+)`).FindAllStringSubmatch(read(t, "NOTICE"), -1) {
		named[m[1]] = true
	}
	for m := range linked {
		if !named[m] {
			t.Errorf("NOTICE does not name %s", m)
		}
	}
	for m := range named {
		if !linked[m] {
			t.Errorf("NOTICE names %s, which is not linked", m)
		}
	}
}

// What is written down about Go's version agrees.
func TestVersionOfGoIsOne(t *testing.T) {
	t.Parallel()
	version := strings.TrimSuffix(parseModule(t, "go.mod").Go.Version, ".0")
	for name, text := range map[string]string{"README.md": "Go " + version + " ", "Dockerfile": "FROM golang:" + version + " "} {
		if !strings.Contains(read(t, name), text) {
			t.Errorf("%s does not say %q", name, text)
		}
	}
}

func TestMainIsShort(t *testing.T) {
	t.Parallel()
	if n := bytes.Count([]byte(read(t, "cmd/changeguard/main.go")), []byte("\n")); n > 40 {
		t.Errorf("main.go has %d lines", n)
	}
}

var link = regexp.MustCompile(`\]\(([^)#:\s]+)(#[^)]*)?\)`)

// Links between the project's pages lead somewhere.
func TestLinksLeadSomewhere(t *testing.T) {
	t.Parallel()
	var pages []string
	for _, pattern := range []string{"*.md", "docs/*.md", "docs/rules/*.md"} {
		found, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			t.Fatal(err)
		}
		pages = append(pages, found...)
	}
	links := 0
	for _, page := range pages {
		data, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range link.FindAllSubmatch(data, -1) {
			links++
			if _, err := os.Stat(filepath.Join(filepath.Dir(page), string(m[1]))); err != nil {
				t.Errorf("%s: %v", page, err)
			}
		}
	}
	if links < 4 {
		t.Errorf("only %d links in %d pages", links, len(pages))
	}
}

// CONTRIBUTING.md names every room, so that a newcomer finds the way.
func TestEveryRoomIsInTheGuide(t *testing.T) {
	t.Parallel()
	guide := read(t, "CONTRIBUTING.md")
	for _, r := range theHouse(t).rooms {
		parts := strings.Split(r.name(), "/")
		if parts[0] == "internal" || parts[0] == "cmd" {
			parts[0] += "/" + parts[1]
		}
		if !strings.Contains(guide, "`"+parts[0]+"`") {
			t.Errorf("CONTRIBUTING.md does not name %s", parts[0])
		}
	}
}
