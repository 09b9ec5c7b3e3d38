package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/internal/gitrepo"
	"github.com/changeguard/changeguard/internal/nearest"
	"github.com/changeguard/changeguard/policy"
	"github.com/changeguard/changeguard/rules/catalogue"
)

// LintPolicy checks a policy file and returns the exit code.
func LintPolicy(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	if len(args) > 1 {
		fmt.Fprintf(stderr, "changeguard policy lint: one file at a time, %d given\n", len(args))
		return ExitUsage
	}
	name := policyHere()
	if len(args) == 1 {
		name = args[0]
	}
	data, err := readFile(name, policy.MaxSize+1)
	if err != nil {
		fmt.Fprintf(stderr, "%v%s\n", err, hintMissing(name, err))
		return ExitUsage
	}
	p, problems := policy.Load(data, policy.Source{Name: name}, catalogue.Kinds())
	if problems != nil {
		fmt.Fprintln(stderr, problems)
		return ExitUsage
	}
	paths, err := pathsBeside(ctx, name)
	if err != nil {
		fmt.Fprintf(stderr, "changeguard policy lint: the globs were not held against the repository's files: %v\n", err)
	}
	warnings := policy.Lint(p, paths)
	for _, w := range warnings {
		fmt.Fprintln(stdout, w.Error())
	}
	if len(warnings) == 0 {
		fmt.Fprintf(stdout, "%s: %s, %s, nothing to object to\n", name, count(len(p.Sessions), "session"), count(len(p.Rules), "rule"))
	}
	return ExitPass
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// hintMissing helps whoever has no policy yet, or one that nobody reads.
func hintMissing(name string, err error) string {
	if !errors.Is(err, os.ErrNotExist) || filepath.Base(name) != filepath.Base(policy.Path) {
		return ""
	}
	other := strings.TrimSuffix(name, ".yml") + ".yaml"
	if _, err := os.Stat(other); err == nil {
		return fmt.Sprintf("; %s is not read, a policy must be called %s", other, policy.Path)
	}
	return "; `changeguard policy init` writes one"
}

// policyHere is the policy of the repository that the user stands in.
func policyHere() string {
	top, ok := worktree(".")
	if !ok {
		return policy.Path
	}
	name := filepath.Join(top, filepath.FromSlash(policy.Path))
	here, err := os.Getwd()
	if err != nil {
		return name
	}
	if short, err := filepath.Rel(here, name); err == nil {
		return short
	}
	return name
}

// worktree finds the top of the work tree that a folder is in.
func worktree(dir string) (top string, ok bool) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", false
	}
	for {
		if _, err := os.Lstat(filepath.Join(dir, ".git")); err == nil {
			return dir, true
		}
		above := filepath.Dir(dir)
		if above == dir {
			return "", false
		}
		dir = above
	}
}

// pathsBeside are the files of the repository that a policy file is in, none
// when it is in none or nothing is committed there yet.
func pathsBeside(ctx context.Context, name string) ([]string, error) {
	top, ok := worktree(filepath.Dir(name))
	if !ok {
		return nil, nil
	}
	repo, err := gitrepo.Open(ctx, top)
	if err != nil {
		return nil, err
	}
	paths, err := repo.Paths(ctx, "HEAD")
	var unborn *gitrepo.UsageError
	if errors.As(err, &unborn) {
		err = nil
	}
	return paths, errors.Join(err, repo.Close())
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
	text, err := k.survey(ctx)
	if err != nil {
		return err
	}
	if k.Print {
		_, err := stdout.Write(text)
		return err
	}
	top, ok := worktree(k.Repo)
	if !ok {
		return fmt.Errorf("%s has no work tree to write to; --print shows the policy", k.Repo)
	}
	if err := k.write(top, text); err != nil {
		return err
	}
	name := filepath.Join(top, filepath.FromSlash(policy.Path))
	fmt.Fprintf(stdout, "wrote %s\nRead it, commit it and merge it. It observes until you remove `mode: observe`.\n", name)
	return nil
}

// survey writes a policy for what is committed.
func (k PolicyInit) survey(ctx context.Context) (text []byte, err error) {
	repo, err := gitrepo.Open(ctx, k.Repo)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, repo.Close()) }()
	head, err := repo.Commit(ctx, "HEAD")
	var unborn *gitrepo.UsageError
	if errors.As(err, &unborn) {
		return nil, errors.New("nothing is committed yet, so there are no files to look at; commit first, or see --print-default")
	} else if err != nil {
		return nil, err
	}
	paths, err := repo.Paths(ctx, head)
	if err != nil {
		return nil, fmt.Errorf("list the files: %w", err)
	}
	return policy.Init(paths, func(path string) ([]byte, bool) {
		data, mode, found, err := repo.File(ctx, head, path, policy.MaxSize)
		return data, err == nil && found && mode != change.Symlink
	}), nil
}

// write makes the file. It stays within the work tree whatever links there are,
// and replaces a policy only where it was told to.
func (k PolicyInit) write(top string, text []byte) (err error) {
	root, err := os.OpenRoot(top)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	name := filepath.FromSlash(policy.Path)
	if err := root.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	if k.Force {
		if err := root.Remove(name); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	f, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, os.ErrExist) {
		return fmt.Errorf("%s exists; --force replaces it, --print only shows", filepath.Join(top, name))
	}
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	return errors.Join(err, f.Close())
}

// PolicySchema prints the JSON Schema of policy files and returns the exit code.
func PolicySchema(stdout, stderr io.Writer) int {
	text, err := policy.SchemaJSON(catalogue.Kinds())
	if err == nil {
		_, err = stdout.Write(text)
	}
	if err != nil {
		fmt.Fprintln(stderr, "changeguard policy schema:", err)
		return ExitUsage
	}
	return ExitPass
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
