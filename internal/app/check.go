package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/internal/gitrepo"
	"github.com/changeguard/changeguard/internal/version"
	"github.com/changeguard/changeguard/policy"
	"github.com/changeguard/changeguard/report"
	"github.com/changeguard/changeguard/rules/catalogue"
	"github.com/changeguard/changeguard/session"
	"github.com/changeguard/changeguard/verdict"
)

// Check is what `changeguard check` was asked.
type Check struct {
	Repo       string // a folder in the repository
	Base, Head string // revisions; "" means the defaults of gitrepo
	Event      string // a file with a GitHub webhook payload
	Session    string // a mode that the change is held to
	Record     string // a file with a session record
	Evidence   string // a file with what others said of the head
	Policy     string // a file instead of the base's policy
	OrgPolicy  string // a file with the organisation's policy
	Format     string // one of report.Formats
	Output     string // a file; "" means standard output
	Colour     bool
	Limits     change.Limits
	Env        func(string) string
}

// The exit codes of commands.
const (
	ExitPass       = 0
	ExitStopped    = 1
	ExitUsage      = 2
	ExitIncomplete = 3
)

// Run judges a local change and returns the exit code.
func (k Check) Run(ctx context.Context, stdout, stderr io.Writer) int {
	v, notes, err := k.judge(ctx)
	for _, note := range notes {
		fmt.Fprintln(stderr, "changeguard:", note)
	}
	if err != nil {
		fmt.Fprintln(stderr, err)
		var asked *gitrepo.UsageError
		var bad *inputError
		var broken policy.Problems
		if errors.As(err, &asked) || errors.As(err, &bad) || errors.As(err, &broken) {
			return ExitUsage
		}
		return ExitIncomplete
	}
	text, err := k.render(v)
	if err == nil {
		err = k.write(stdout, text)
	}
	if err != nil {
		fmt.Fprintln(stderr, "changeguard: the verdict could not be written:", err)
		if k.Output != "" {
			return ExitUsage
		}
		return ExitIncomplete
	}
	return report.ExitCode(v)
}

// inputError is about a file or flag that the user gave.
type inputError struct{ err error }

func (e *inputError) Error() string { return "changeguard: " + e.err.Error() }
func (e *inputError) Unwrap() error { return e.err }

func badInput(format string, args ...any) error { return &inputError{fmt.Errorf(format, args...)} }

func (k Check) render(v *verdict.Verdict) ([]byte, error) {
	switch k.Format {
	case "json":
		return v.JSON()
	case "markdown":
		return []byte(report.Markdown(v)), nil
	case "sarif":
		return report.SARIF(v)
	}
	text := report.Text(v, k.Colour)
	if k.Output == "" && k.Env("GITHUB_ACTIONS") == "true" {
		text += report.WorkflowCommands(v) // the log is read by a runner, which makes annotations of them
	}
	return []byte(text), nil
}

func (k Check) write(stdout io.Writer, text []byte) error {
	if k.Output == "" {
		_, err := stdout.Write(text)
		return err
	}
	return os.WriteFile(k.Output, text, 0o644)
}

// judge loads everything that the verdict depends on and judges.
func (k Check) judge(ctx context.Context) (v *verdict.Verdict, notes []string, err error) {
	repo, err := gitrepo.Open(ctx, k.Repo)
	if err != nil {
		return nil, nil, fmt.Errorf("changeguard: %w", err)
	}
	defer func() { err = errors.Join(err, repo.Close()) }()
	event, err := k.event()
	if err != nil {
		return nil, nil, err
	}
	options := gitrepo.Options{Base: k.Base, Head: k.Head, Env: k.Env, Limits: k.Limits}
	if event != nil {
		event.Revisions(&options)
	}
	c, err := repo.Load(ctx, options)
	if err != nil {
		return nil, nil, fmt.Errorf("changeguard: %w", err)
	}
	if event != nil {
		event.Apply(c)
	}
	if k.Head == "" && event == nil {
		if note := repo.Uncommitted(ctx); note != "" {
			notes = append(notes, note)
		}
	}
	layers, err := k.layers(ctx, repo, c)
	if err != nil {
		return nil, notes, err
	}
	if c.Evidence, err = k.evidence(); err != nil {
		return nil, notes, err
	}
	record, err := k.record(layers)
	if err != nil {
		return nil, notes, err
	}
	declared, err := declaredFor(ctx, repo, c)
	if err != nil {
		return nil, notes, fmt.Errorf("changeguard: %w", err)
	}
	record.Merge(declared)
	v, err = verdict.Judge(ctx, verdict.Input{Change: c, Layers: layers, Kinds: catalogue.Kinds(), Record: record, Engine: version.Engine()})
	return v, notes, err
}

// maxEvent bounds a payload; GitHub sends at most 25 MB.
const maxEvent = 25 << 20

func (k Check) event() (*gitrepo.Event, error) {
	if k.Event == "" {
		return nil, nil
	}
	data, err := readFile(k.Event, maxEvent)
	if err != nil {
		return nil, err
	}
	e, err := gitrepo.ParseEvent(data)
	if err != nil {
		return nil, badInput("%s: %w", k.Event, err)
	}
	return e, nil
}

// readFile reads a file that the user named.
func readFile(name string, limit int64) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, badInput("%w", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, badInput("read %s: %w", name, err)
	}
	if int64(len(data)) > limit {
		return nil, badInput("%s has more than %d bytes", name, limit)
	}
	return data, nil
}

// layers reads the policies that apply. A policy that the user names must load;
// a broken one on the base is part of the verdict.
func (k Check) layers(ctx context.Context, repo *gitrepo.Repo, c *change.Change) ([]verdict.Layer, error) {
	var layers []verdict.Layer
	for _, named := range []struct{ layer, file string }{{verdict.OrganisationLayer, k.OrgPolicy}, {verdict.RepositoryLayer, k.Policy}} {
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
	if k.Policy != "" {
		return layers, nil
	}
	data, mode, found, err := repo.File(ctx, c.Base, policy.Path, policy.MaxSize)
	switch {
	case errors.Is(err, change.ErrTooLarge):
		found, data = true, make([]byte, policy.MaxSize+1) // Load words it
	case err != nil:
		return nil, fmt.Errorf("changeguard: read the base's policy: %w", err)
	}
	if found {
		layers = append(layers, verdict.NewLayer(verdict.RepositoryLayer, data, mode, catalogue.Kinds()))
	}
	if len(layers) == 0 {
		layers = append(layers, verdict.Layer{Name: verdict.DefaultLayer, Policy: policy.Default(catalogue.Kinds())})
	}
	return layers, nil
}

// record reads what sticks and adds the mode that the user declares.
func (k Check) record(layers []verdict.Layer) (session.Record, error) {
	var record session.Record
	if k.Record != "" {
		data, err := readFile(k.Record, maxEvent)
		if err != nil {
			return record, err
		}
		if record, err = session.ParseRecord(data); err != nil {
			return record, badInput("%s: %w", k.Record, err)
		}
	}
	if k.Session == "" {
		return record, nil
	}
	var known []string
	for _, l := range layers {
		if l.Policy == nil {
			continue
		}
		for _, s := range l.Policy.Specs() {
			known = append(known, s.Name)
			if s.Name == k.Session {
				record.Declarations = append(record.Declarations, session.Declaration{Mode: k.Session, Signal: "flag", Value: "--session " + k.Session, Where: "command line"})
				return record, nil
			}
		}
	}
	if len(known) == 0 {
		return record, badInput("--session %s: no policy has this mode, or any", k.Session)
	}
	return record, badInput("--session %s: no policy has this mode; known are %s", k.Session, strings.Join(known, ", "))
}
