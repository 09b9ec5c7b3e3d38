// Package environmentvariables is the rule that fails when code requires a
// variable that nothing in the repository provides.
//
// # The model
//
// A program requires a variable when it fails without it, or goes on with
// nothing where nobody said what to do then; a lookup with a default requires
// nothing, and neither does one that is only a test. A variable is provided where
// a manifest, an example file, a Dockerfile or a workflow names it other than to
// use it. Judged is what the change brings: a variable that it newly requires,
// and one that a manifest loses while the code still requires it.
package environmentvariables

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/internal/lazyregexp"
	"github.com/changeguard/changeguard/internal/pathset"
	"github.com/changeguard/changeguard/rules"
)

// Options of the rule.
type Options struct {
	Ignore   rules.Globs `yaml:"ignore" glob:"permit" desc:"Globs of code whose variables are not asked for, for instance tools that only developers run."`
	Provided []string    `yaml:"provided" desc:"Variables that come from elsewhere, such as SENTRY_DSN or AWS_*. A star stands for any characters."`
}

// Kind documents and runs the rule.
func Kind() rules.Kind {
	return rules.Define(rules.Kind{
		Name:  "environment-variables",
		Title: "code requires a variable that no manifest, example file, Dockerfile or workflow provides",
		Why: "A new variable is set on the author's machine and nowhere else; the program stops at its first lookup, in production. The same when a manifest " +
			"loses a line that the code still needs. Lookups are known in Python, JavaScript and TypeScript, Go, Java and Kotlin, Ruby, PHP, Rust, C# and of shell ${X:?}, " +
			"of settings of pydantic and Spring, of schemas of zod, valibot, joi and envalid, and of functions of the repository that fail without the variable that they are given the name of. " +
			"A lookup with a default, or one that is only a test, requires nothing. Where a language has a lookup that fails and one that gives nothing (Python, Ruby, configuration in C#), " +
			"the latter requires its variable only when what follows ends the program. Provided is what any manifest, example file, Dockerfile, program of CDK or Pulumi, Compose, Kubernetes, Cloud Run or Terraform " +
			"file or workflow names; what the system, CI and the platforms set themselves (PATH, PORT, GITHUB_*, K_SERVICE and so on) needs no one. What code beside the change, in the usual settings files and the nearest, requires already is not new. For a variable that a manifest loses, " +
			"the code nearest to it and the usual settings files are searched, up to 4 MiB.",
		Bad:  "+key = os.environ[\"PAYMENT_KEY\"]   which nothing provides",
		Good: "+key = os.environ.get(\"PAYMENT_KEY\", \"test\")",
		Remedy: "Name the variable in the file that the finding shows, with an example value, or give the lookup a default where one " +
			"makes sense. Where a manifest lost it, the finding's command takes the manifest back. A variable that the platform " +
			"itself sets is named by the option `provided`.",
		Since:   "0.1.0",
		Subject: rules.Content,
	}, check, run)
}

func check(o *Options) []rules.Problem {
	var problems []rules.Problem
	for i, p := range o.Provided {
		if p == "" || strings.Trim(p, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_*") != "" {
			problems = append(problems, rules.Problem{Path: []any{"provided", i}, Message: fmt.Sprintf("%q is no name of a variable: letters, digits, underscores, and stars for any of them", p)})
		}
	}
	return problems
}

func run(ctx context.Context, in *rules.Input, o *Options) ([]rules.Finding, error) {
	ignore, err := pathset.Compile(pathset.Permit, o.Ignore.Patterns...)
	if err != nil {
		return nil, fmt.Errorf("the option ignore: %w", err)
	}
	j := &judging{ctx: ctx, in: in, ignore: ignore, options: o, asked: make(map[string]bool), lost: make(map[string][]string), calls: make(map[string]map[string]bool)}
	if err := j.readChange(); err != nil || len(j.asked) == 0 {
		return j.found, err
	}
	if err := j.readTree(); err != nil {
		return nil, err
	}
	if err := j.older(); err != nil {
		return nil, err
	}
	for _, w := range j.wanted {
		if j.asked[w.need.name] {
			j.found = append(j.found, j.required(w))
		}
	}
	err = j.losses()
	return j.found, err
}

// judging is one run of the rule.
type judging struct {
	ctx     context.Context
	in      *rules.Input
	ignore  *pathset.Matcher
	options *Options

	wanted []wanted                   // newly required
	lost   map[string][]string        // by variable, the files of the change that no longer give it
	asked  map[string]bool            // the variables of both that nothing is known to provide yet
	calls  map[string]map[string]bool // by language, the functions that fail without a variable
	nearby string                     // a file in which a variable could be named
	found  []rules.Finding
}

type wanted struct {
	path string
	need need
	more []string // other files of the change that require it
}

// external reports whether the repository need not provide a variable.
func (j *judging) external(name string) bool {
	return isGiven(name) || slices.ContainsFunc(j.options.Provided, func(p string) bool { return star(p, name) })
}

// star matches a name against a pattern in which * is anything.
func star(pattern, name string) bool {
	parts := strings.Split(pattern, "*")
	if len(parts) == 1 {
		return pattern == name
	}
	if !strings.HasPrefix(name, parts[0]) {
		return false
	}
	name = name[len(parts[0]):]
	for _, p := range parts[1 : len(parts)-1] {
		_, rest, ok := strings.Cut(name, p)
		if !ok {
			return false
		}
		name = rest
	}
	return strings.HasSuffix(name, parts[len(parts)-1])
}

// required is the finding about a variable that is newly required.
func (j *judging) required(w wanted) rules.Finding {
	where := "a manifest or an example file such as .env.example"
	if j.nearby != "" {
		where = j.nearby + " or wherever the program gets its variables from"
	}
	return rules.Finding{
		Key: "requires " + w.need.name, Path: w.path, Line: w.need.line, EndLine: w.need.line,
		Message:  fmt.Sprintf("The code requires %s, and nothing in the repository provides it: no manifest, example file, Dockerfile or workflow names it.", w.need.name),
		Evidence: w.need.text,
		Remedy:   fmt.Sprintf("Name %s in %s, or give the lookup a default.", w.need.name, where),
		Files:    w.more,
	}
}

// losses are the findings about variables that manifests lose.
func (j *judging) losses() error {
	open := make(map[string]bool)
	for name := range j.lost {
		if j.asked[name] {
			open[name] = true
		}
	}
	if len(open) == 0 {
		return nil
	}
	users, err := j.users(open, maxCodeFiles, nil)
	if err != nil {
		return err
	}
	for _, f := range j.in.Change.Files {
		for name, u := range users {
			if !slices.Contains(j.lost[name], f.Path) {
				continue
			}
			j.found = append(j.found, rules.Finding{
				Key: "loses " + name, Path: f.Path, PreviousPath: f.OldPath,
				Message:  fmt.Sprintf("This file no longer provides %s, which %s:%d requires and nothing else in the repository provides.", name, u.path, u.need.line),
				Evidence: u.need.text, Remedy: rules.Undo(j.in.Change, f), Files: []string{u.path},
			})
		}
	}
	slices.SortStableFunc(j.found, func(a, b rules.Finding) int { return strings.Compare(a.Path+"\x00"+a.Key, b.Path+"\x00"+b.Key) })
	return nil
}

// example are folders of code that shows how to use a program and is not deployed.
var example = lazyregexp.New(`(?:^|/)_?(?:examples?|samples?)/|^docs?/`)

// isCode tells the programs that are asked.
func (j *judging) isCode(name string) bool {
	if languageOf(name) == "" || j.ignore.Match(name) || example.MatchString(name) {
		return false
	}
	switch change.Classify(name, change.Regular) {
	case change.ClassTests, change.ClassDocs, change.ClassVendored, change.ClassGenerated:
		return false
	default:
		return true
	}
}
