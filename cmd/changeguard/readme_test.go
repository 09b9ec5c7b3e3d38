package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/changeguard/changeguard/internal/app"
)

var update = flag.Bool("update", false, "write what the README shows")

const (
	shownFrom = "<!-- the check run of the demonstration; go test ./cmd/changeguard -run Readme -update writes it -->\n"
	shownTo   = "<!-- the end of the check run -->\n"
)

// page is a text of the project.
func page(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile("../../" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func nothingSet(string) string { return "" }

// The demonstration ends well, and the manual shows its check run as it is.
func TestReadmeShowsTheCheckRun(t *testing.T) {
	t.Parallel()
	var out, errs strings.Builder
	if code := run(context.Background(), []string{"demo", "--once"}, nothingSet, &out, &errs); code != app.ExitPass || errs.Len() > 0 {
		t.Fatalf("demo --once: %d\n%s", code, errs.String())
	}
	_, checkRun, ok := strings.Cut(out.String(), "\nCheck run \"changeguard\": failure\n")
	if !ok {
		t.Fatalf("no check run:\n%s", out.String())
	}
	title, rest, _ := strings.Cut(checkRun, "\n\n")
	end := regexp.MustCompile(`\n\n\d+ annotations\.\n$`).FindStringIndex(rest)
	if end == nil {
		t.Fatalf("the output ends otherwise:\n%s", rest)
	}
	want := strings.Builder{}
	fmt.Fprintf(&want, "> **changeguard** — failure\n>\n> **%s**\n>\n", title)
	for line := range strings.Lines(rest[:end[0]]) {
		line, indented := strings.CutPrefix(strings.TrimRight(line, "\n"), "  ")
		if !indented {
			t.Errorf("not part of the summary: %q", line)
		}
		want.WriteString(strings.TrimRight("> "+line, " ") + "\n")
	}
	readme := page(t, "docs/incident.md")
	before, rest, ok1 := strings.Cut(readme, shownFrom)
	shown, after, ok2 := strings.Cut(rest, shownTo)
	if !ok1 || !ok2 {
		t.Fatal("the manual has no place for the check run")
	}
	if *update {
		if err := os.WriteFile("../../docs/incident.md", []byte(before+shownFrom+want.String()+shownTo+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want.String(), shown); diff != "" {
		t.Errorf("the manual shows another check run than the demonstration; -update writes it (-demo +README):\n%s", diff)
	}
}

// known checks that words are a command with flags that it has.
func known(words []string) error {
	c, rest, found := find(words)
	if !found {
		return fmt.Errorf("there is no command %q", strings.Join(words, " "))
	}
	f := flag.NewFlagSet(c.name, flag.ContinueOnError)
	f.SetOutput(io.Discard)
	c.setup(f, env{nothingSet, io.Discard, io.Discard})
	for _, w := range rest {
		name, isFlag := strings.CutPrefix(w, "--")
		name, _, _ = strings.Cut(name, "=")
		if isFlag && name != "help" && f.Lookup(name) == nil {
			return fmt.Errorf("%s has no flag --%s", c.name, name)
		}
	}
	return nil
}

// invoked finds command lines of the program in a text: those in code.
var invoked = regexp.MustCompile("(?m)(?:^ {4,}|`|\\\\\n +)(?:go run \\./cmd/)?changeguard ([a-z-][^`\n#]*)")

// What the pages tell people to type exists.
func TestReadmeCommandsExist(t *testing.T) {
	t.Parallel()
	total := 0
	for _, name := range []string{"README.md", "CONTRIBUTING.md", "SECURITY.md", "docs/install.md", "docs/policy.md", "docs/hooks.md"} {
		for _, m := range invoked.FindAllStringSubmatch(page(t, name), -1) {
			total++
			if words := strings.Fields(m[1]); !slices.Contains(words, "help") {
				if err := known(words); err != nil {
					t.Errorf("%s: changeguard %s: %v", name, m[1], err)
				}
			}
		}
	}
	if total < 10 {
		t.Errorf("only %d commands found", total)
	}
	if known([]string{"chek"}) == nil || known([]string{"check", "--bse"}) == nil || known([]string{"check", "--base", "main"}) != nil {
		t.Error("what is not there must be noticed")
	}
}

var yamlBlock = regexp.MustCompile("(?s)```yaml\n(.*?)```")

// Every policy that the pages show loads, and has nothing to object to.
func TestReadmePoliciesLoad(t *testing.T) {
	t.Parallel()
	total := 0
	for _, name := range []string{"README.md", "docs/policy.md"} {
		for _, m := range yamlBlock.FindAllStringSubmatch(page(t, name), -1) {
			total++
			file := filepath.Join(t.TempDir(), "shown.yml")
			if err := os.WriteFile(file, []byte(m[1]), 0o644); err != nil {
				t.Fatal(err)
			}
			var out, errs strings.Builder
			code := run(context.Background(), []string{"policy", "lint", file}, nothingSet, &out, &errs)
			if code != app.ExitPass || !strings.Contains(out.String(), "nothing to object to") {
				t.Errorf("%s: %d\n%s%s", name, code, out.String(), errs.String())
			}
		}
	}
	if total < 2 {
		t.Errorf("only %d policies", total)
	}
}

// The manual asks for the permissions and events of the App's manifest, and
// names settings that there are.
func TestReadmeFitsTheApp(t *testing.T) {
	t.Parallel()
	var manifest struct {
		Permissions map[string]string `json:"default_permissions"`
		Events      []string          `json:"default_events"`
	}
	if err := json.Unmarshal([]byte(page(t, "deploy/app-manifest.json")), &manifest); err != nil {
		t.Fatal(err)
	}
	readme := strings.Join(strings.Fields(page(t, "docs/install.md")), " ")
	for name, level := range manifest.Permissions {
		if want := strings.ReplaceAll(name, "_", " ") + " " + level; !strings.Contains(readme, want) {
			t.Errorf("the manual does not ask for %q", want)
		}
	}
	_, events, _ := strings.Cut(readme, "events: ")
	events, _, _ = strings.Cut(events, ".")
	got, want := strings.Split(events, ", "), []string{}
	for _, e := range manifest.Events {
		want = append(want, strings.ReplaceAll(e, "_", " "))
	}
	slices.Sort(got)
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("events (-manifest +README):\n%s", diff)
	}
	settings := make(map[string]bool)
	for _, s := range app.Settings() {
		settings[s.Env] = true
	}
	for _, name := range regexp.MustCompile(`CHANGEGUARD_[A-Z_]+`).FindAllString(readme, -1) {
		if !settings[strings.TrimSuffix(name, "_FILE")] {
			t.Errorf("there is no setting %s", name)
		}
	}
}
