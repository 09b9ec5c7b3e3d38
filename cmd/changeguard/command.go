package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/changeguard/changeguard/internal/app"
	"github.com/changeguard/changeguard/internal/nearest"
)

// env is what a command may use of the world.
type env struct {
	getenv         func(string) string
	stdout, stderr io.Writer
}

// command is one command: its flags are declared in setup, which returns what
// to run with the arguments that are left.
type command struct {
	name     string
	args     string // for the usage line
	title    string // one line
	example  string
	describe string
	setup    func(f *flag.FlagSet, e env) func(ctx context.Context, args []string) int
}

// commands are all commands, in the order of the help.
func commands() []command {
	return []command{
		checkCommand, backtestCommand, demoCommand, serveCommand, policyLintCommand, policyInitCommand, policyExplainCommand, policySchemaCommand, policyTestCommand, rulesCommand,
		hookInstallCommand, hookRunCommand, sessionStartCommand, evidenceAttachCommand, evidenceTokenCreateCommand, evidenceTokenListCommand, evidenceTokenRevokeCommand,
		replayCommand, auditExportCommand, auditVerifyCommand, doctorCommand, dbMigrateCommand, dbExportCommand, dbImportCommand, appCreateCommand, notifyTestCommand, versionCommand,
	}
}

// run finds the command and runs it.
func run(ctx context.Context, args []string, getenv func(string) string, stdout, stderr io.Writer) int {
	e := env{getenv, stdout, stderr}
	if len(args) == 0 {
		list(stderr, commands())
		begin(stderr)
		return app.ExitUsage
	}
	switch args[0] {
	case "help", "-h", "-help", "--help":
		return help(e, args[1:])
	case "-v", "-version", "--version":
		args = append([]string{"version"}, args[1:]...)
	}
	if c, rest, found := find(args); found {
		return c.run(ctx, rest, e)
	}
	if group := grouped(args[0]); group != nil && (len(args) == 1 || isHelp(args[1])) {
		if len(args) == 1 {
			list(stderr, group)
			if args[0] == "policy" {
				begin(stderr)
			}
			return app.ExitUsage
		}
		list(stdout, group)
		return app.ExitPass
	}
	return unknown(stderr, args)
}

// find returns the command that arguments begin with, and the other arguments.
func find(args []string) (c command, rest []string, found bool) {
	for _, c := range commands() {
		words := strings.Fields(c.name)
		if len(args) >= len(words) && slices.Equal(args[:len(words)], words) {
			return c, args[len(words):], true
		}
	}
	return command{}, nil, false
}

// grouped lists the commands of two words that begin with one.
func grouped(word string) (group []command) {
	for _, c := range commands() {
		if strings.HasPrefix(c.name, word+" ") {
			group = append(group, c)
		}
	}
	return group
}

// groups are the first words of commands of two.
func groups() (words []string) {
	for _, c := range commands() {
		if word, _, ok := strings.Cut(c.name, " "); ok && !slices.Contains(words, word) {
			words = append(words, word)
		}
	}
	return words
}

func isHelp(arg string) bool { return slices.Contains([]string{"help", "-h", "-help", "--help"}, arg) }

// unknown answers for a command that there is not.
func unknown(stderr io.Writer, args []string) int {
	name := args[0]
	if grouped(name) != nil {
		name = strings.Join(args[:2], " ")
	}
	message := nearest.Unknown("command", name, commandNames())
	if group := nearest.Of(name, groups()); group != "" {
		message = fmt.Sprintf("unknown command %q; did you mean %q?", name, group)
	}
	fmt.Fprintf(stderr, "changeguard: %s\nRun `changeguard help` for the list.\n", message)
	return app.ExitUsage
}

func commandNames() []string {
	var names []string
	for _, c := range commands() {
		names = append(names, c.name)
	}
	return names
}

func (c command) run(ctx context.Context, args []string, e env) int {
	f := flag.NewFlagSet(c.name, flag.ContinueOnError)
	f.SetOutput(io.Discard)
	f.Usage = func() {}
	do := c.setup(f, e)
	positional, err := parse(f, args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		c.usage(f, e.stdout)
		return app.ExitPass
	case err != nil:
		fmt.Fprintf(e.stderr, "changeguard %s: %s\nRun `changeguard %s --help` for its flags.\n", c.name, explained(f, err), c.name)
		return app.ExitUsage
	}
	return do(ctx, positional)
}

// parse lets flags stand before, between and after arguments.
func parse(f *flag.FlagSet, args []string) (positional []string, err error) {
	for {
		if err := f.Parse(args); err != nil {
			return nil, err
		}
		rest := f.Args()
		if len(rest) == 0 {
			return positional, nil
		}
		if at := len(args) - len(rest); at > 0 && args[at-1] == "--" {
			return append(positional, rest...), nil
		}
		positional = append(positional, rest[0])
		args = rest[1:]
	}
}

// explained words a mistake in the flags as users write them.
func explained(f *flag.FlagSet, err error) string {
	text := err.Error()
	if name, ok := strings.CutPrefix(text, "flag provided but not defined: -"); ok {
		var known []string
		f.VisitAll(func(fl *flag.Flag) { known = append(known, "--"+fl.Name) })
		if len(known) == 0 {
			return "unknown flag --" + name + "; it takes none"
		}
		return nearest.Unknown("flag", "--"+strings.TrimPrefix(name, "-"), known)
	}
	if name, ok := strings.CutPrefix(text, "flag needs an argument: -"); ok {
		return "--" + name + " needs a value"
	}
	return strings.NewReplacer(" for flag -", " for --", " for -", " for --", ": parse error", "").Replace(text)
}

func (c command) usage(f *flag.FlagSet, w io.Writer) {
	var flags strings.Builder
	f.VisitAll(func(fl *flag.Flag) {
		name, text := flag.UnquoteUsage(fl)
		def := ""
		if fl.DefValue != "" && fl.DefValue != "false" && fl.DefValue != "0" {
			def = " (default " + fl.DefValue + ")"
		}
		fmt.Fprintf(&flags, "  %s\n        %s%s\n", strings.TrimSpace("--"+fl.Name+" "+name), text, def)
	})
	line := "changeguard " + c.name
	if flags.Len() > 0 {
		line += " [flags]"
	}
	fmt.Fprintf(w, "changeguard %s: %s.\n\nUsage: %s\n\n%s\n", c.name, c.title, strings.TrimSpace(line+" "+c.args), strings.TrimSpace(c.describe))
	if flags.Len() > 0 {
		fmt.Fprintf(w, "\nFlags:\n%s", flags.String())
	}
	fmt.Fprintf(w, "\nExample:\n  %s\n", strings.ReplaceAll(strings.TrimSpace(c.example), "\n", "\n  "))
}

// help explains the command that arguments name, or lists all.
func help(e env, args []string) int {
	if len(args) == 0 {
		list(e.stdout, commands())
		return app.ExitPass
	}
	if c, _, found := find(args); found {
		return c.run(context.Background(), []string{"--help"}, e)
	}
	if group := grouped(args[0]); group != nil && len(args) == 1 {
		list(e.stdout, group)
		return app.ExitPass
	}
	return unknown(e.stderr, args)
}

// list names commands, one a line.
func list(w io.Writer, some []command) {
	fmt.Fprintf(w, "changeguard judges changes before they are merged.\n\nCommands:\n")
	width := 0
	for _, c := range some {
		width = max(width, len(c.name))
	}
	for _, c := range some {
		fmt.Fprintf(w, "  %-*s  %s\n", width, c.name, c.title)
	}
	fmt.Fprintf(w, "\nRun `changeguard COMMAND --help` for flags and an example, `changeguard demo` to see it work.\n")
}

// begin says what to do first to whoever named no command.
func begin(w io.Writer) {
	fmt.Fprintf(w, "First: `changeguard demo` shows it, `changeguard policy init` writes a policy, `changeguard check` judges your branch by it.\n")
}

// noArguments is for commands that take only flags.
func noArguments(e env, name string, args []string) bool {
	if len(args) == 0 {
		return true
	}
	fmt.Fprintf(e.stderr, "changeguard %s: unexpected argument %q\n", name, args[0])
	return false
}

// terminal reports whether a stream is one that shows colours.
func terminal(w io.Writer, getenv func(string) string) bool {
	f, ok := w.(*os.File)
	if !ok || getenv("NO_COLOR") != "" || getenv("TERM") == "dumb" {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
