package github_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/internal/ghfake"
	"github.com/changeguard/changeguard/internal/github"
)

const policyPath = ".github/changeguard.yml"

// The policy is the base's: what the head says of itself does not count.
func TestPolicyIsReadFromTheBase(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	n := w.open(ghfake.Files{policyPath: ghfake.Text("version: 1\n")}, ghfake.Files{policyPath: ghfake.Text("version: 1\nmode: observe\n")})
	w.repo.Commit("main", "stricter", ghfake.Files{policyPath: ghfake.Text("version: 1\n# strict\n")}, author)
	l := w.load(n)
	if len(l.Policies) != 1 || string(l.Policies[0].Data) != "version: 1\n# strict\n" || l.Policies[0].Organisation {
		t.Errorf("%+v", l.Policies)
	}
}

func TestPoliciesAsTheyAreFound(t *testing.T) {
	t.Parallel()
	large := "version: 1\n" + strings.Repeat("# padding\n", 60_000) // more than a query shows
	for name, c := range map[string]struct {
		file *ghfake.File
		want github.PolicyFile
	}{
		"none":        {nil, github.PolicyFile{}},
		"empty":       {ghfake.Text(""), github.PolicyFile{Mode: change.Regular}},
		"large":       {ghfake.Text(large), github.PolicyFile{Mode: change.Regular, Data: []byte(large)}},
		"no UTF-8":    {ghfake.Text("version: 1 # \xff\n"), github.PolicyFile{Mode: change.Regular, Data: []byte("version: 1 # \xff\n")}},
		"a link":      {&ghfake.File{Mode: "120000", Content: "elsewhere"}, github.PolicyFile{Mode: change.Symlink, Data: []byte("elsewhere")}},
		"a submodule": {&ghfake.File{Mode: "160000", Content: strings.Repeat("1", 40)}, github.PolicyFile{Mode: change.Submodule}},
		"executable":  {&ghfake.File{Mode: "100755", Content: "version: 1\n"}, github.PolicyFile{Mode: change.Executable, Data: []byte("version: 1\n")}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, ghfake.Options{}, nil)
			l := w.load(w.open(ghfake.Files{"a": ghfake.Text("a\n"), policyPath: c.file}, some))
			if c.file == nil {
				if len(l.Policies) != 0 {
					t.Errorf("%+v", l.Policies)
				}
				return
			}
			if len(l.Policies) != 1 {
				t.Fatalf("%d policies", len(l.Policies))
			}
			if got := l.Policies[0]; got.Mode != c.want.Mode || string(got.Data) != string(c.want.Data) {
				t.Errorf("%s, %d bytes: %.40q", got.Mode, len(got.Data), got.Data)
			}
		})
	}
}

func TestPolicyOverTheLimitIsNotReadWhole(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	l := w.load(w.open(ghfake.Files{policyPath: ghfake.Text(strings.Repeat("# padding\n", 200_000))}, some))
	if n := len(l.Policies[0].Data); n != 1<<20+1 {
		t.Errorf("%d bytes", n)
	}
}

// The organisation's layer: there, not there, outside of the installation,
// empty, without the file.
func TestOrganisationLayer(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		make func(w *world)
		want string
	}{
		"none": {func(*world) {}, ""},
		"there": {func(w *world) {
			w.hub.AddRepo(1, "acme", ".github").Commit("main", "x", ghfake.Files{policyPath: ghfake.Text("version: 1\n# org\n")}, author)
		}, "version: 1\n# org\n"},
		"outside": {func(w *world) {
			w.hub.AddRepo(2, "acme", ".github").Commit("main", "x", ghfake.Files{policyPath: ghfake.Text("version: 1\n# org\n")}, author)
		}, ""},
		"empty":   {func(w *world) { w.hub.AddRepo(1, "acme", ".github") }, ""},
		"without": {func(w *world) { w.hub.AddRepo(1, "acme", ".github").Commit("main", "x", some, author) }, ""},
		"large": {func(w *world) {
			w.hub.AddRepo(1, "acme", ".github").Commit("main", "x", ghfake.Files{policyPath: ghfake.Text("version: 1\n" + strings.Repeat("# o\n", 150_000))}, author)
		}, "version: 1\n" + strings.Repeat("# o\n", 150_000)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, ghfake.Options{}, nil)
			n := w.open(ghfake.Files{policyPath: ghfake.Text("version: 1\n")}, some)
			c.make(w)
			l := w.load(n)
			if c.want == "" {
				if len(l.Policies) != 1 || l.Policies[0].Organisation {
					t.Errorf("%+v", l.Policies)
				}
				return
			}
			if len(l.Policies) != 2 || !l.Policies[0].Organisation || string(l.Policies[0].Data) != c.want {
				t.Errorf("%d policies", len(l.Policies))
			}
		})
	}
}

// The organisation's own repository has one layer: it is its own organisation's.
func TestTheOrganisationsRepositoryItself(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	w.repo = w.hub.AddRepo(1, "acme", ".github")
	n := w.open(ghfake.Files{policyPath: ghfake.Text("version: 1\n")}, some)
	r := w.pull(n)
	r.Repo = ".github"
	if l := w.loadRange(r); len(l.Policies) != 1 || l.Policies[0].Organisation {
		t.Errorf("%+v", l.Policies)
	}
}

// Without a permission nothing is guessed.
func TestMissingPermissions(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"contents", "pull_requests"} {
		permissions := ghfake.Permissions()
		delete(permissions, name)
		w := newWorld(t, ghfake.Options{}, permissions)
		n := w.open(some, ghfake.Files{"b": ghfake.Text("b\n")})
		if _, err := w.client.Load(context.Background(), w.pull(n)); !errors.Is(err, github.ErrForbidden) {
			t.Errorf("without %s: %v", name, err)
		}
	}
}
