package deploymentports_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/change/changetest"
	"github.com/changeguard/changeguard/rules"
	"github.com/changeguard/changeguard/rules/deploymentports"
)

func judge(t *testing.T, c *change.Change) ([]rules.Finding, error) {
	t.Helper()
	return deploymentports.Kind().Run(t.Context(), &rules.Input{Change: c}, &deploymentports.Options{})
}

// What cannot be read or listed is an error, never silence; a change that says
// nothing of ports reads nothing but itself and lists no tree.
func TestWhatCannotBeReadIsNotQuiet(t *testing.T) {
	t.Parallel()
	broken := errors.New("the source is gone")
	for name, want := range map[string]error{
		"compose.yaml": broken, "Dockerfile": broken, "deploy.sh": broken, "web/nginx.conf": broken, "main.py": broken,
		"README.md": nil, "logo.png": nil, "tests/test_a.py": nil,
	} {
		c := changetest.New(changetest.Text(map[string]string{name: "a"}), changetest.Text(map[string]string{name: "b"}))
		c.Source.(*changetest.Source).Broken = broken
		if found, err := judge(t, c); !errors.Is(err, want) || len(found) > 0 {
			t.Errorf("%s: %v, %v; want %v", name, found, err, want)
		}
	}
	c := changetest.New(changetest.Text(map[string]string{"a.py": "x = 1\n"}), changetest.Text(map[string]string{"a.py": "x = 2\n"}))
	if found, err := judge(t, c); err != nil || len(found) > 0 || c.Usage().Listed > 0 {
		t.Errorf("%v %v %+v", found, err, c.Usage())
	}
}

// A tree that its source does not show whole cannot be judged.
func TestTreeThatIsHidden(t *testing.T) {
	t.Parallel()
	c := changetest.New(nil, changetest.Text(map[string]string{"compose.yaml": "services: {}\n"}))
	c.Source = hidden{c.Source.(*changetest.Source)}
	if found, err := judge(t, c); err == nil || len(found) > 0 {
		t.Errorf("%v %v", found, err)
	}
}

type hidden struct{ change.Source }

// More manifests than may be read are an error.
func TestTooManyManifests(t *testing.T) {
	t.Parallel()
	tree := map[string]string{}
	for i := range 40 {
		tree[fmt.Sprintf("k8s/%d.yaml", i)] = fmt.Sprintf("a: %d\n# ", i) + strings.Repeat("x", 1_000_000)
	}
	c := changetest.New(nil, changetest.Text(tree))
	if found, err := judge(t, c); !errors.Is(err, change.ErrTooLarge) || len(found) > 0 {
		t.Errorf("%v %v", found, err)
	}
}

// A file that is too large for a manifest is a finding when the change brings it.
func TestLargeManifest(t *testing.T) {
	t.Parallel()
	c := changetest.New(nil, changetest.Text(map[string]string{"compose.yaml": "services:\n" + strings.Repeat("# x\n", 300_000)}))
	found, err := judge(t, c)
	if err != nil || len(found) != 1 || !strings.Contains(found[0].Message, "larger than") {
		t.Errorf("%v %v", found, err)
	}
}

// Whoever approved a finding approved both places.
func TestFindingDependsOnBothPlaces(t *testing.T) {
	t.Parallel()
	base := changetest.Text(map[string]string{"web/Dockerfile": "FROM x\nCMD [\"uvicorn\", \"a:b\"]\n"})
	head := changetest.Text(map[string]string{"web/Dockerfile": "FROM x\nCMD [\"uvicorn\", \"a:b\"]\n", "compose.yaml": "services:\n  web:\n    build: web\n    ports: [\"80:80\"]\n"})
	found, err := judge(t, changetest.New(base, head))
	if err != nil || len(found) != 1 || found[0].Path != "compose.yaml" || fmt.Sprint(found[0].Files) != "[web/Dockerfile]" || found[0].Line != 4 || found[0].Remedy == "" || strings.Contains(found[0].Key, ":4") {
		t.Errorf("%+v %v", found, err)
	}
}
