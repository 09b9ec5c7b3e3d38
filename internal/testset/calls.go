package testset

import (
	"encoding/json"
	"path"
	"slices"
	"strings"

	"github.com/changeguard/changeguard/internal/lazyregexp"
	"github.com/changeguard/changeguard/internal/workflow"
)

// A call is a command that a workflow runs, perhaps through a script.
type call struct {
	words      []string
	dir        string   // where it runs; "?" when that cannot be told
	pythonPath []string // folders of PYTHONPATH
	by         string   // the file that says it
	line       int
	installs   *bool  // shared in a job: the repository's own package was installed
	soft       string // why its failure stops nothing; "" where it does
	shell      shell
}

const (
	maxCalls  = 2000
	maxFollow = 5 // from a workflow through make, scripts and tox
)

// commands finds what the workflows run.
func (c *collector) commands() error {
	for _, p := range c.tree.paths {
		if !workflow.Is(p) {
			continue
		}
		text, ok, err := c.tree.text(p)
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		f, err := workflow.Parse([]byte(text))
		if err != nil {
			c.opaque(p, 1, "a workflow that cannot be read ("+err.Error()+")")
			continue
		}
		for _, job := range f.Jobs {
			if err := c.job(p, f, job); err != nil {
				return err
			}
		}
	}
	return nil
}

func (c *collector) job(file string, f *workflow.File, job workflow.Job) error {
	if job.Value.Get("if").String() == "false" {
		return nil
	}
	installed := false
	for _, s := range job.Steps {
		if s.Run == nil || s.Value.Get("if").String() == "false" {
			continue
		}
		env := map[string]string{}
		for _, v := range []*workflow.Value{f.Env, job.Env, s.Env} {
			if p := v.Get("PYTHONPATH"); p != nil {
				env["PYTHONPATH"] = p.String()
			}
			for _, name := range envNames {
				c.environment(name, v.Get(name).String(), file, s.Run.Line)
			}
		}
		dir := firstOf(s.Directory, job.Directory, f.Directory)
		at := call{dir: folder("", dir), by: file, line: s.Run.Line, installs: &installed}
		if s.Run.Block {
			at.line++
		}
		at.pythonPath = searchPath(env["PYTHONPATH"], "")
		at.soft, at.shell.pipefail = stepMayFail(job, s), mindsPipes(f, job, s)
		if err := c.follow(s.Run.Text, at, 0); err != nil {
			return err
		}
	}
	return nil
}

func firstOf(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}

// folder is where "cd to" leads.
func folder(from, to string) string {
	to = workspace.Replace(to)
	if from == "?" && !strings.HasPrefix(to, "/") || unknown(to) {
		return "?"
	}
	return join(from, to)
}

// workspace replaces what stands for the repository's root.
var workspace = strings.NewReplacer(
	"${{ github.workspace }}", "/.", "${{github.workspace}}", "/.", "${GITHUB_WORKSPACE}", "/.", "$GITHUB_WORKSPACE", "/.", "${PWD}", ".", "$PWD", ".", "$(pwd)", ".", "`pwd`", ".",
)

// searchPath reads PYTHONPATH as it is seen from a folder. What is a variable
// leads nowhere that is known.
func searchPath(value, dir string) []string {
	var list []string
	for p := range strings.SplitSeq(workspace.Replace(value), ":") {
		if p = strings.TrimSpace(p); p != "" && !unknown(p) {
			list = append(list, join(dir, p))
		}
	}
	return list
}

// follow takes in the commands of a script, and of what they run.
func (c *collector) follow(script string, at call, depth int) error {
	if depth > maxFollow {
		return nil
	}
	commands := shellCommands(script)
	last := lastOf(commands)
	for i, cmd := range commands {
		one := at
		one.line += cmd.line
		one.soft = firstOf(one.soft, at.shell.mayFail(commands, i, last))
		for _, e := range cmd.env {
			name, value, _ := strings.Cut(e, "=")
			c.environment(name, value, one.by, one.line)
			if value, ok := strings.CutPrefix(e, "PYTHONPATH="); ok {
				one.pythonPath = searchPath(value, at.dir)
			}
		}
		if len(cmd.words) == 0 {
			at.pythonPath = one.pythonPath
			continue
		}
		one.words = unwrapped(cmd.words)
		switch one.words[0] {
		case "set":
			at.shell.set(one.words[1:])
		case "cd", "pushd":
			if len(one.words) > 1 {
				at.dir = folder(at.dir, one.words[1])
			}
		case "export":
			for _, w := range one.words[1:] {
				name, value, _ := strings.Cut(w, "=")
				c.environment(name, value, one.by, one.line)
				if value, ok := strings.CutPrefix(w, "PYTHONPATH="); ok {
					at.pythonPath = searchPath(value, at.dir)
				}
			}
		default:
			if err := c.called(one, depth); err != nil {
				return err
			}
		}
	}
	return nil
}

var programVariable = lazyregexp.New(`^\$[({]?([A-Za-z]\w*)[)}]?$`)

// unwrapped takes off what only prepares a command: uv run, poetry run, npx.
// A program that is a variable, as $(PYTHON) in a makefile, is taken for what its
// name says.
func unwrapped(words []string) []string {
	if m := programVariable.FindStringSubmatch(words[0]); m != nil {
		words = append([]string{strings.ToLower(m[1])}, words[1:]...)
	}
	for len(words) > 1 {
		n := 0
		switch path.Base(words[0]) {
		case "uv", "poetry", "pdm", "pipenv", "hatch", "rye", "pixi":
			if words[1] == "run" {
				n = 2
			}
		case "npx", "bunx", "coverage", "xvfb-run", "timeout":
			n = 1
			if words[1] == "run" || path.Base(words[0]) == "timeout" {
				n = 2
			}
		case "bundle", "pnpm", "yarn", "npm":
			if words[1] == "exec" || words[1] == "dlx" {
				n = 2
			}
		case "env":
			n = 1
		}
		if n == 0 || n >= len(words) {
			return words
		}
		for words = words[n:]; len(words) > 1 && (words[0] == "--" || assigns(words[0])); words = words[1:] {
		}
		if path.Base(words[0]) != "pytest" && strings.HasPrefix(words[0], "-m") && len(words) > 1 { // coverage run -m pytest
			return append([]string{"python"}, words...)
		}
	}
	return words
}

// called notes a call, and follows it into what it runs.
func (c *collector) called(one call, depth int) error {
	if len(c.calls) >= maxCalls {
		return nil
	}
	if installs(one.words) {
		*one.installs = true
	}
	c.calls = append(c.calls, one)
	if one.dir == "?" {
		return nil
	}
	words := one.words
	switch base := path.Base(words[0]); {
	case base == "bash" || base == "sh" || base == "source" || base == ".":
		return c.script(one, firstOf(slices.DeleteFunc(slices.Clone(words[1:]), func(w string) bool { return strings.HasPrefix(w, "-") })...), depth)
	case strings.HasSuffix(words[0], ".sh"), strings.Contains(words[0], "/") && path.Ext(words[0]) == "" && !unknown(words[0]):
		return c.script(one, words[0], depth)
	case base == "make" || base == "just":
		return c.makefile(one, depth)
	case base == "npm" || base == "yarn" || base == "pnpm" || base == "bun":
		return c.packageScript(one, depth)
	case base == "tox":
		return c.tox(one, depth)
	}
	return nil
}

// installs reports whether a command installs the repository's own package.
func installs(words []string) bool {
	text := " " + strings.Join(words, " ") + " "
	switch path.Base(words[0]) {
	case "pip", "pip3", "python", "python3", "uv":
		return strings.Contains(text, " sync ") || strings.Contains(text, " install ") && (strings.Contains(text, " -e ") || strings.Contains(text, " --editable ") || strings.Contains(text, " . ") || strings.Contains(text, " .["))
	case "poetry", "pdm":
		return strings.Contains(text, " install ") && !strings.Contains(text, " --no-root ")
	case "tox", "nox", "hatch":
		return true
	}
	return false
}

func (c *collector) script(one call, name string, depth int) error {
	text, ok, err := c.tree.text(join(one.dir, name))
	if !ok || err != nil || name == "" {
		return err
	}
	if first, _, _ := strings.Cut(text, "\n"); strings.HasPrefix(first, "#!") && !strings.Contains(first, "sh") {
		return nil // another language
	}
	one.by, one.line, one.shell = join(one.dir, name), 1, shell{}
	return c.follow(text, one, depth+1)
}

// packageScript follows npm test, yarn test, pnpm run test:unit.
func (c *collector) packageScript(one call, depth int) error {
	name := ""
	for i := 1; i < len(one.words) && name == ""; i++ {
		switch w := one.words[i]; {
		case (w == "--prefix" || w == "-C" || w == "--cwd" || w == "--dir") && i+1 < len(one.words):
			i++
			one.dir = folder(one.dir, one.words[i])
		case w == "run" || w == "run-script" || strings.HasPrefix(w, "-"):
		case w == "t" || w == "tst":
			name = "test"
		default:
			name = w
		}
	}
	if one.dir == "?" || name == "" {
		return nil
	}
	file := join(one.dir, "package.json")
	scripts, err := c.packageScripts(file)
	if err != nil || scripts[name] == "" {
		return err
	}
	one.by, one.line, one.shell = file, 1, shell{goesOn: true}
	return c.follow(scripts[name], one, depth+1)
}

func (c *collector) packageScripts(file string) (map[string]string, error) {
	text, ok, err := c.tree.text(file)
	if !ok || err != nil {
		return nil, err
	}
	var p struct {
		Scripts map[string]string `json:"scripts"`
	}
	if json.Unmarshal([]byte(text), &p) != nil {
		c.opaque(file, 1, "a package.json that cannot be read")
	}
	return p.Scripts, nil
}

// posargs is what tox replaces by the words of its own command line, or by what
// stands behind the colon.
var posargs = lazyregexp.New(`\{posargs(?::([^{}]*))?\}`)

// tox follows the commands of every environment.
func (c *collector) tox(one call, depth int) error {
	file := join(one.dir, "tox.ini")
	text, ok, err := c.tree.text(file)
	if !ok || err != nil {
		return err
	}
	for _, s := range parseINI(text) {
		if s.name != "testenv" && !strings.HasPrefix(s.name, "testenv:") {
			continue
		}
		in := one
		in.by = file
		for line := range strings.Lines(s.get("setenv") + "\n" + s.get("set_env")) {
			if name, value, ok := strings.Cut(line, "="); ok && strings.TrimSpace(name) == "PYTHONPATH" {
				in.pythonPath = searchPath(strings.NewReplacer("{toxinidir}", "/.", "{tox_root}", "/.").Replace(strings.TrimSpace(value)), one.dir)
			}
		}
		in.line = s.lineOf("commands")
		script := posargs.ReplaceAllString(strings.NewReplacer("{toxinidir}/", "", "{tox_root}/", "").Replace(s.get("commands")), "$1")
		if err := c.follow(script, in, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// shown is a command as a message shows it.
func shown(words []string) string {
	text := strings.Join(words, " ")
	return strings.ToValidUTF8(text[:min(len(text), 120)], "")
}
