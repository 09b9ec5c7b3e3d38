package dependencies_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/changeguard/changeguard/change/changetest"
	"github.com/changeguard/changeguard/rules"
	"github.com/changeguard/changeguard/rules/dependencies"
)

// What could not be read is an error or a finding, never silence; a change that
// touches no dependency file reads nothing.
func TestWhatCannotBeReadIsNotQuiet(t *testing.T) {
	t.Parallel()
	broken := errors.New("the source is gone")
	for name, wantErr := range map[string]error{
		"requirements.txt": broken, "web/package-lock.json": broken, "docs/notes.txt": broken, "notes.txt": broken,
		"main.go": nil, "src/app.py": nil, "logo.png": nil,
	} {
		c := changetest.New(changetest.Text(map[string]string{name: "a"}), changetest.Text(map[string]string{name: "b"}))
		c.Source.(*changetest.Source).Broken = broken
		found, err := dependencies.Kind().Run(t.Context(), &rules.Input{Change: c}, &dependencies.Options{})
		if !errors.Is(err, wantErr) || len(found) > 0 {
			t.Errorf("%s: %v, %v; want %v", name, found, err, wantErr)
		}
	}
}

// A manifest over the limit is a finding, whatever the conditions are, and a
// lock file over the limit fixes nothing.
func TestTooLarge(t *testing.T) {
	t.Parallel()
	base := map[string]string{"requirements.txt": "a==1\n", "package.json": `{"dependencies": {"a": "1.0.0"}}`, "package-lock.json": strings.Repeat(" ", 2000)}
	head := map[string]string{"requirements.txt": strings.Repeat("#", 2000), "package.json": `{"dependencies": {"a": "^1.0.0"}}`, "package-lock.json": base["package-lock.json"]}
	c := changetest.New(changetest.Text(base), changetest.Text(head))
	c.Limits.File = 1000
	found, err := dependencies.Kind().Run(t.Context(), &rules.Input{Change: c}, &dependencies.Options{On: []dependencies.Condition{"unpinned", "lockfile-drift"}})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"a: accepts versions", "too large to be judged", "package-lock.json cannot be read"}
	for i, f := range found {
		if i >= len(want) || !strings.Contains(f.Message, want[i]) {
			t.Errorf("finding %d: %s", i, f.Message)
		}
	}
	if len(found) != len(want) {
		t.Errorf("%d findings, want %d", len(found), len(want))
	}
}

// A chain of files that include each other ends in an error, since the file at
// its end may be the one that matters.
func TestTooManyIncluders(t *testing.T) {
	t.Parallel()
	for length, wantErr := range map[int]bool{900: false, 1100: true} {
		base := map[string]string{"requirements.txt": "-r 0.list\n"}
		for i := range length {
			base[fmt.Sprintf("%d.list", i)] = fmt.Sprintf("-r %d.list\n", i+1)
		}
		last := fmt.Sprintf("%d.list", length)
		head := map[string]string{last: "a==1\n"}
		for name, text := range base {
			head[name] = text
		}
		c := changetest.New(changetest.Text(base), changetest.Text(head))
		found, err := dependencies.Kind().Run(t.Context(), &rules.Input{Change: c}, &dependencies.Options{})
		if (err != nil) != wantErr || (len(found) == 1) == wantErr {
			t.Errorf("%d files: %v, %v", length, found, err)
		}
	}
}
