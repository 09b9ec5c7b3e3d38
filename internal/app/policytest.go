package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/changeguard/changeguard/internal/policytest"
	"github.com/changeguard/changeguard/internal/version"
	"github.com/changeguard/changeguard/policy"
	"github.com/changeguard/changeguard/rules/catalogue"
	"github.com/changeguard/changeguard/verdict"
)

// PolicyTest is what `changeguard policy test` was asked.
type PolicyTest struct {
	File      string // of cases; "" means the repository's
	Policy    string // a file instead of the policy beside it
	OrgPolicy string
	Format    string // one of policytest.Formats
	Output    string // a file; "" means standard output
}

// Run tries the policy and returns the exit code: 1 when a case came out
// otherwise, 3 when all that is wrong is that cases could not be judged.
func (k PolicyTest) Run(ctx context.Context, stdout, stderr io.Writer) int {
	results, err := k.run(ctx)
	if err != nil {
		text := err.Error()
		if !errors.As(err, new(policy.Problems)) {
			text = "changeguard policy test: " + strings.TrimPrefix(text, "changeguard: ")
		}
		fmt.Fprintln(stderr, text)
		return ExitUsage
	}
	if err := k.print(stdout, results); err != nil {
		fmt.Fprintln(stderr, "changeguard policy test: the results could not be written:", err)
		return ExitUsage
	}
	code := ExitPass
	for _, r := range results {
		switch {
		case len(r.Wrong) == 0:
		case r.Verdict.Outcome == verdict.Incomplete && code == ExitPass:
			code = ExitIncomplete
		case r.Verdict.Outcome != verdict.Incomplete:
			code = ExitStopped
		}
	}
	return code
}

func (k *PolicyTest) run(ctx context.Context) ([]policytest.Result, error) {
	if k.File == "" {
		k.File = filepath.Join(filepath.Dir(policyHere()), filepath.Base(policy.TestPath))
	}
	data, err := readFile(k.File, policy.MaxSize+1)
	if err != nil {
		if errors.Is(err, os.ErrNotExist) {
			err = fmt.Errorf("%w; docs/policy-test.md shows how one is written", err)
		}
		return nil, err
	}
	cases, problems := policy.LoadTests(data, k.File)
	if problems != nil {
		return nil, problems
	}
	if k.Policy == "" {
		k.Policy = filepath.Join(filepath.Dir(k.File), filepath.Base(policy.Path))
	}
	layers, err := namedLayers(k.OrgPolicy, k.Policy)
	if err != nil {
		return nil, err
	}
	return policytest.Run(ctx, cases, layers, catalogue.Kinds(), version.Engine())
}

// namedLayers loads the policies that the user names; "" is none.
func namedLayers(organisation, repository string) (layers []verdict.Layer, err error) {
	for _, named := range []struct{ layer, file string }{{verdict.OrganisationLayer, organisation}, {verdict.RepositoryLayer, repository}} {
		if named.file == "" {
			continue
		}
		data, err := readFile(named.file, policy.MaxSize+1)
		if err != nil {
			return nil, err
		}
		p, problems := policy.Load(data, policy.Source{Name: named.file}, catalogue.Kinds())
		if problems != nil {
			return nil, problems
		}
		layers = append(layers, verdict.Layer{Name: named.layer, Policy: p})
	}
	return layers, nil
}

func (k PolicyTest) print(stdout io.Writer, results []policytest.Result) error {
	text := []byte(policytest.Text(k.File, results))
	if k.Format == "junit" {
		var err error
		if text, err = policytest.JUnit(k.File, results); err != nil {
			return err
		}
	}
	return writeOut(stdout, k.Output, text)
}

// writeOut writes to a file, or to standard output when none is named.
func writeOut(stdout io.Writer, name string, text []byte) error {
	if name == "" {
		_, err := stdout.Write(text)
		return err
	}
	return os.WriteFile(name, text, 0o644)
}

// PolicyTestSchema prints the JSON Schema of files of cases.
func PolicyTestSchema(stdout, stderr io.Writer) int {
	text, err := policy.TestSchemaJSON()
	if err == nil {
		_, err = stdout.Write(text)
	}
	if err != nil {
		fmt.Fprintln(stderr, "changeguard policy schema:", err)
		return ExitUsage
	}
	return ExitPass
}
