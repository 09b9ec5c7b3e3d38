package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// typed finds command lines of the program in a page: those in blocks of code,
// those between backticks, and those that a workflow runs.
var typed = regexp.MustCompile("(?m)(?:^ *|^\\$ |^ *run: |`)(?:[A-Z_]+=\\S+ (?:\\\\\n *)?)*(?:go run \\./cmd/)?changeguard ([a-z-][^`\n#]*)")

// notRun are the commands of the manual that are not run here, and why. What they
// name exists all the same: TestManualCommandsExist looks.
var notRun = map[string]string{
	"demo": "its pages stay open until Ctrl-C; TestReadmeShowsTheCheckRun runs demo --once",

	"serve":                        "it serves until it is stopped; TestServeWithCredentials has it do so",
	"serve --public-url https://…": "the same",
	"serve --public-url https://changeguard.example/": "the same",

	"app create":                        "GitHub makes the App; TestAppIsMadeFromATerminal has the stand-in do so",
	"doctor":                            "it asks GitHub; TestDoctor asks the stand-in",
	"doctor OWNER/REPO":                 "the same",
	"backtest --last 200 acme/platform": "it asks GitHub, with a token; TestBacktestOfPullRequests asks the stand-in",
	"backtest --since 90d --candidate strict.yml --format html --output backtest.html acme/platform": "the same",

	"evidence attach": "it sends to a server; TestAttach has one",
	"evidence attach --server https://guard.example --junit report.xml": "the same",
	"replay ID": "it wants a verdict that a server keeps; TestReplayOfTheServersVerdict has one",

	"hook install":  "the name of a command that wants to be told for what; with it, it is run",
	"session start": "the name of a command that wants a mode; with it, it is run",
}

// given is what a command of the manual wants to be there, besides a repository
// with a policy, a change on a branch, and a database.
var given = map[string]string{
	"policy init":                   "rm .github/changeguard.yml",
	"audit verify FILE":             "exec changeguard audit export\ncp stdout FILE",
	"evidence token revoke jenkins": "exec changeguard evidence token create jenkins --for acme/shop",
	"db import --database-url sqlite:other.db changeguard.jsonl": "exec changeguard db export\ncp stdout changeguard.jsonl",
	"hook run": "stdin call.json",
}

// here are the words of the manual that stand for what is this repository's.
var here = strings.NewReplacer("sqlite:/var/lib/changeguard.db", "sqlite:changeguard.db", "postgres://guard:PASSWORD@db/changeguard", "sqlite:other.db", "KIND", "dependencies")

const prepared = `env HOME=$WORK
exec git init -q -b main
exec git add .github README.md requirements.txt app.py
exec git commit -q -m start
exec git checkout -q -b feature
cp app.new app.py
exec git commit -q -a -m 'Print more'
exec changeguard db migrate
`

const preparedFiles = `-- README.md --
A project.
-- requirements.txt --
flask==3.0.0
-- app.py --
print(1)
-- app.new --
print(2)
-- call.json --
{"tool_name": "Write", "tool_input": {"file_path": "a.py", "content": "x"}, "cwd": "."}
-- .github/changeguard.test.yml --
version: 1
cases:
  documents pass:
    files: {docs/a.md: added}
    expect: pass
-- .github/changeguard.yml --
version: 1
mode: observe
sessions:
  analysis-only:
    declared-by: {trailers: ["Session-Mode: analysis-only"]}
    may-change: [docs, cosmetic]
`

// commandsOf are the commands of a page, each once.
func commandsOf(text string) (list []string) {
	for _, m := range typed.FindAllStringSubmatch(text, -1) {
		if c := strings.Join(strings.Fields(m[1]), " "); !slices.Contains(list, c) {
			list = append(list, c)
		}
	}
	return list
}

// What a page tells people to type ends well in a repository with a change, as it
// stands there; or a table says why it is not run.
func TestManualCommandsRun(t *testing.T) {
	t.Parallel()
	dir, ran, left := t.TempDir(), make(map[string]bool), make(map[string]bool)
	for _, name := range pages(t) {
		for _, command := range commandsOf(page(t, name)) {
			if notRun[command] != "" {
				left[command] = true
				continue
			}
			if command = here.Replace(command); ran[command] {
				continue
			}
			ran[command] = true
			script := fmt.Sprintf("# %s\n%s%s\nexec sh command.sh\n-- command.sh --\nset -e\nchangeguard %s\n%s", name, prepared, given[command], command, preparedFiles)
			file := fmt.Sprintf("%s-%d.txtar", strings.TrimSuffix(filepath.Base(name), ".md"), len(ran))
			if err := os.WriteFile(filepath.Join(dir, file), []byte(script), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	for command := range notRun {
		if !left[command] {
			t.Errorf("no page has %q any more", command)
		}
	}
	for command := range given {
		if !ran[command] {
			t.Errorf("no page has %q any more", command)
		}
	}
	if len(ran) < 30 {
		t.Fatalf("only %d commands: %v", len(ran), ran)
	}
	told := make(chan string, 10)
	room := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { told <- r.URL.Path }))
	t.Cleanup(room.Close)
	t.Run("each", func(t *testing.T) {
		testscript.Run(t, testscript.Params{Dir: dir, Setup: func(e *testscript.Env) error {
			e.Setenv("CHANGEGUARD_NOTIFY", `{"CHANNEL": {"url": "`+room.URL+`/room", "allow-private": true}}`)
			return committer(e)
		}})
	})
	if len(told) != 1 {
		t.Errorf("the test of a channel came %d times", len(told))
	}
}

// The tests that the table points to are there.
func TestWhatIsNotRunIsTestedElsewhere(t *testing.T) {
	t.Parallel()
	sources := ""
	for _, pattern := range []string{"*_test.go", "../../internal/app/*_test.go"} {
		names, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			data, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			sources += string(data)
		}
	}
	for command, why := range notRun {
		for _, test := range regexp.MustCompile(`Test\w+`).FindAllString(why, -1) {
			if !strings.Contains(sources, "func "+test+"(t *testing.T)") {
				t.Errorf("%s: there is no %s", command, test)
			}
		}
	}
}

// committer lets git commit, whatever the machine's configuration is.
func committer(e *testscript.Env) error {
	e.Setenv("GIT_CONFIG_GLOBAL", os.DevNull)
	e.Setenv("GIT_CONFIG_NOSYSTEM", "1")
	for _, who := range []string{"AUTHOR", "COMMITTER"} {
		e.Setenv("GIT_"+who+"_NAME", "Dev")
		e.Setenv("GIT_"+who+"_EMAIL", "dev@example.com")
	}
	return nil
}
