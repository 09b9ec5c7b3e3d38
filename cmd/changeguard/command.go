package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
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
	return []command{checkCommand, demoCommand, serveCommand, policyLintCommand, policyInitCommand, rulesCommand, versionCommand}
}

// run finds the command and runs it.
func run(ctx context.Context, args []string, getenv func(string) string, stdout, stderr io.Writer) int {
	e := env{getenv, stdout, stderr}
	if len(args) == 0 || args[0] == "help" || args[0] == "-h" || args[0] == "--help" {
		help(e, args)
		if len(args) == 0 {
			return app.ExitUsage
		}
		return app.ExitPass
	}
	for _, c := range commands() {
		words := strings.Fields(c.name)
		if len(args) >= len(words) && strings.Join(args[:len(words)], " ") == c.name {
			return c.run(ctx, args[len(words):], e)
		}
	}
	if group := commandsOf(args[0]); group != "" && (len(args) == 1 || args[1] == "-h" || args[1] == "--help") {
		if len(args) > 1 {
			fmt.Fprint(stdout, group)
			return app.ExitPass
		}
		fmt.Fprint(stderr, group)
		return app.ExitUsage
	}
	message := nearest.Unknown("command", strings.Join(args[:min(len(args), 2)], " "), commandNames())
	fmt.Fprintf(stderr, "changeguard: %s\nRun `changeguard help` for the list.\n", message)
	return app.ExitUsage
}

// commandsOf lists the commands that begin with a word, such as policy; "" when
// there are none.
func commandsOf(group string) string {
	var b strings.Builder
	for _, c := range commands() {
		if strings.HasPrefix(c.name, group+" ") {
			fmt.Fprintf(&b, "  %-14s %s\n", c.name, c.title)
		}
	}
	if b.Len() == 0 {
		return ""
	}
	return fmt.Sprintf("The commands of changeguard %s:\n%sRun `changeguard COMMAND --help` for flags and an example.\n", group, b.String())
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
		fmt.Fprintf(e.stderr, "changeguard %s: %v\nRun `changeguard %s --help` for its flags.\n", c.name, err, c.name)
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

func (c command) usage(f *flag.FlagSet, w io.Writer) {
	fmt.Fprintf(w, "changeguard %s: %s.\n\nUsage: changeguard %s [flags] %s\n\n%s\n", c.name, c.title, c.name, c.args, strings.TrimSpace(c.describe))
	flags := 0
	f.VisitAll(func(fl *flag.Flag) {
		if flags++; flags == 1 {
			fmt.Fprintf(w, "\nFlags:\n")
		}
		name, text := flag.UnquoteUsage(fl)
		def := ""
		if fl.DefValue != "" && fl.DefValue != "false" && fl.DefValue != "0" {
			def = " (default " + fl.DefValue + ")"
		}
		fmt.Fprintf(w, "  --%s %s\n        %s%s\n", fl.Name, name, text, def)
	})
	fmt.Fprintf(w, "\nExample:\n  %s\n", strings.ReplaceAll(strings.TrimSpace(c.example), "\n", "\n  "))
}

func help(e env, args []string) {
	if len(args) > 1 {
		name := strings.Join(args[1:], " ")
		for _, c := range commands() {
			if c.name == name {
				c.run(context.Background(), []string{"--help"}, e)
				return
			}
		}
		if group := commandsOf(name); group != "" {
			fmt.Fprint(e.stdout, group)
			return
		}
	}
	fmt.Fprintf(e.stdout, "changeguard judges changes before they are merged.\n\nCommands:\n")
	for _, c := range commands() {
		fmt.Fprintf(e.stdout, "  %-14s %s\n", c.name, c.title)
	}
	fmt.Fprintf(e.stdout, "\nRun `changeguard COMMAND --help` for flags and an example.\n")
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
