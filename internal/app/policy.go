package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/changeguard/changeguard/internal/gitrepo"
	"github.com/changeguard/changeguard/internal/nearest"
	"github.com/changeguard/changeguard/policy"
	"github.com/changeguard/changeguard/rules/catalogue"
)

// LintPolicy checks a policy file and returns the exit code.
func LintPolicy(args []string, stdout, stderr io.Writer) int {
	name := policy.Path
	switch len(args) {
	case 0:
	case 1:
		name = args[0]
	default:
		fmt.Fprintf(stderr, "changeguard policy lint: one file at a time, %d given\n", len(args))
		return ExitUsage
	}
	data, err := readFile(name, policy.MaxSize+1)
	if err != nil {
		fmt.Fprintln(stderr, err)
		return ExitUsage
	}
	p, problems := policy.Load(data, policy.Source{Name: name}, catalogue.Kinds())
	if problems != nil {
		fmt.Fprintln(stderr, problems)
		return ExitUsage
	}
	warnings := policy.Lint(p)
	for _, w := range warnings {
		fmt.Fprintln(stdout, w.Error())
	}
	if len(warnings) == 0 {
		fmt.Fprintf(stdout, "%s: %d sessions, %d rules, nothing to object to\n", name, len(p.Sessions), len(p.Rules))
	}
	return ExitPass
}

// PolicyInit is what `changeguard policy init` was asked.
type PolicyInit struct {
	Repo                       string
	PrintDefault, Print, Force bool
}

// Run writes or prints a policy and returns the exit code.
func (k PolicyInit) Run(ctx context.Context, stdout, stderr io.Writer) int {
	if err := k.run(ctx, stdout); err != nil {
		fmt.Fprintln(stderr, "changeguard policy init:", err)
		return ExitUsage
	}
	return ExitPass
}

func (k PolicyInit) run(ctx context.Context, stdout io.Writer) error {
	if k.PrintDefault {
		_, err := stdout.Write(policy.DefaultYAML())
		return err
	}
	repo, err := gitrepo.Open(ctx, k.Repo)
	if err != nil {
		return err
	}
	paths, err := repo.Paths(ctx, "HEAD")
	if err = errors.Join(err, repo.Close()); err != nil {
		return fmt.Errorf("list the files: %w", err)
	}
	text := policy.Init(paths)
	if k.Print {
		_, err := stdout.Write(text)
		return err
	}
	name := filepath.Join(k.Repo, filepath.FromSlash(policy.Path))
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	mode := os.O_WRONLY | os.O_CREATE | os.O_EXCL
	if k.Force {
		mode = os.O_WRONLY | os.O_CREATE | os.O_TRUNC
	}
	f, err := os.OpenFile(name, mode, 0o644)
	if errors.Is(err, os.ErrExist) {
		return fmt.Errorf("%s exists; --force replaces it, --print only shows", name)
	}
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	fmt.Fprintf(stdout, "wrote %s; it observes until you remove `mode: observe`\n", name)
	return nil
}

// Rules lists the kinds or explains one, and returns the exit code.
func Rules(args []string, stdout, stderr io.Writer) int {
	kinds := catalogue.Kinds()
	var names []string
	for _, k := range kinds {
		names = append(names, k.Name)
	}
	switch {
	case len(args) == 0:
		for _, k := range kinds {
			fmt.Fprintf(stdout, "%-18s fails when %s\n", k.Name, k.Title)
		}
		return ExitPass
	case args[0] != "explain" || len(args) != 2:
		fmt.Fprintln(stderr, "changeguard rules: write `changeguard rules` or `changeguard rules explain KIND`")
		return ExitUsage
	}
	for _, k := range kinds {
		if k.Name == args[1] {
			fmt.Fprint(stdout, k.Page())
			return ExitPass
		}
	}
	fmt.Fprintf(stderr, "changeguard rules: %s\n", nearest.Unknown("kind", args[1], names))
	return ExitUsage
}
