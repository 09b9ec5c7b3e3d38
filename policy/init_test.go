package policy_test

import (
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
	"pgregory.net/rapid"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/policy"
	"github.com/changeguard/changeguard/rules/catalogue"
	"github.com/changeguard/changeguard/rules/protectedpaths"
)

// An archive of testdata/init holds a repository and the policy that is
// written for it, as "want".
func TestInit(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"service", "empty", "deployed", "scattered"} {
		a, err := txtar.ParseFile("testdata/init/" + name + ".txtar")
		if err != nil {
			t.Fatal(err)
		}
		files := make(map[string]string)
		var paths []string
		for _, f := range a.Files {
			if f.Name != "want" {
				files[f.Name] = string(f.Data)
				paths = append(paths, f.Name)
			}
		}
		text := policy.Init(paths, func(path string) ([]byte, bool) {
			data, ok := files[path]
			return []byte(data), ok
		})
		loadsClean(t, text)
		compareWant(t, "testdata/init/"+name+".txtar", a, text)
	}
}

// loadsClean holds what is promised of every policy that Init writes.
func loadsClean(t testing.TB, text []byte) *policy.Policy {
	t.Helper()
	p, problems := policy.Load(text, policy.Source{Name: "init.yml"}, catalogue.Kinds())
	if problems != nil {
		t.Fatalf("%v\n%s", problems, text)
	}
	if warnings := warningsOf(p); warnings != nil {
		t.Errorf("%v\n%s", warnings, text)
	}
	if p.Mode != policy.Observe {
		t.Error("a policy that nobody has read must observe")
	}
	for i, line := range strings.Split(string(text), "\n") {
		if strings.HasPrefix(strings.TrimSpace(line), "#") && len(line) > 90 {
			t.Errorf("line %d is too long: %s", i+1, line)
		}
	}
	return p
}

func TestInitWithoutReader(t *testing.T) {
	t.Parallel()
	p := loadsClean(t, policy.Init([]string{".github/CODEOWNERS", "main.go"}, nil))
	if p.Approvals.From[0] != "role:write" {
		t.Errorf("%+v", p.Approvals)
	}
}

// Whatever a repository's files are called, the policy for it loads.
func TestInitOfAnyNames(t *testing.T) {
	t.Parallel()
	segment := rapid.OneOf(rapid.SampledFrom([]string{
		"auth", "websocket", "Payments", "migrations", "Dockerfile", ".github", "workflows", "a b", "[x]", "{a,b}", "*", "!x", `q"u`, `b\s`, "ä", "#c", ": ", "requirements.txt", "x.yml", "main.tf", "k8s",
	}), rapid.String())
	rapid.Check(t, func(rt *rapid.T) {
		var paths []string
		for range rapid.IntRange(0, 12).Draw(rt, "files") {
			paths = append(paths, strings.Join(rapid.SliceOfN(segment, 1, 4).Draw(rt, "path"), "/"))
		}
		owners := rapid.OneOf(rapid.SampledFrom([]string{"* @acme/x\n", "* @write a@b\n", "x @-y\n# @z\n"}), rapid.String()).Draw(rt, "owners")
		loadsClean(t, policy.Init(append(paths, "CODEOWNERS"), func(string) ([]byte, bool) { return []byte(owners), true }))
	})
}

// The repository of the incident, by 10,000 of its names.
func TestInitOfARealRepository(t *testing.T) {
	t.Parallel()
	file, err := os.Open("../internal/pathset/testdata/paths.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	z, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	names, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	paths := strings.Fields(string(names))
	text := policy.Init(paths, nil)
	p := loadsClean(t, text)
	if lines := strings.Count(string(text), "\n"); lines > 150 {
		t.Errorf("%d lines for a person to read:\n%s", lines, text)
	}
	for _, want := range []string{"Python", "netra_backend/app/websocket_core/**", "auth_service/**", "requirements.txt", ".github/workflows/**"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("no %s in\n%s", want, text)
		}
	}
	guards := p.Rules[slices.IndexFunc(p.Rules, func(r policy.Rule) bool { return r.Name == "build-and-deployment" })].Options.(*protectedpaths.Options)
	for _, path := range paths {
		class := change.Classify(path, change.Regular)
		if (class == change.ClassCI || class == change.ClassDeployment) && !strings.HasSuffix(path, ".md") && !matches(p, path).Has(guards.Paths.List) {
			t.Errorf("%s is %s and not pointed out", path, class)
		}
	}
	if warnings := policy.Lint(p, paths); len(warnings) != 1 || !strings.HasPrefix(warnings[0].Message, "note: the policy observes") {
		t.Errorf("lint: %v", warnings)
	}
}

func TestInitOfManyFiles(t *testing.T) {
	t.Parallel()
	var paths []string
	for i := range 300 {
		paths = append(paths, fmt.Sprintf("services/s%d/auth/login.py", i), fmt.Sprintf("services/s%d/Dockerfile", i), fmt.Sprintf("services/s%d/requirements.txt", i), fmt.Sprintf("deploy%d/k8s/x%d.yaml", i, i))
	}
	text := policy.Init(paths, nil)
	loadsClean(t, text)
	if lines := strings.Count(string(text), "\n"); lines > 300 {
		t.Errorf("%d lines for a person to read", lines)
	}
}
