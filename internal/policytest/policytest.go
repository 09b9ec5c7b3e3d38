// Package policytest tries a policy: it makes the changes that a file of cases
// describes, has them judged as any other change is, and compares what comes out
// with what the file expects.
//
// # The model
//
// A case is two trees in memory and the facts of a pull request. Where a file
// says only that something is edited, its content is a stand-in; a rule that
// reads contents wants them in the case. Nothing is faked for the policy's sake:
// the same engine judges, and a case that it cannot judge is incomplete.
package policytest

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/changeguard/changeguard/policy"
	"github.com/changeguard/changeguard/rules"
	"github.com/changeguard/changeguard/session"
	"github.com/changeguard/changeguard/verdict"
)

// A Result is what came out of one case.
type Result struct {
	Case    policy.TestCase
	Verdict *verdict.Verdict
	Wrong   []Wrong // empty when all came out as expected
}

// A Wrong is one thing that did not come out as expected, and where the file
// expects it.
type Wrong struct {
	Line    int
	Message string
}

// Run judges every case by the layers. An error is about the file or the
// context, never about a verdict.
func Run(ctx context.Context, f *policy.TestFile, layers []verdict.Layer, kinds []rules.Kind, engine string) ([]Result, error) {
	results := make([]Result, 0, len(f.Cases))
	for _, c := range f.Cases {
		made, err := newChange(f, c)
		if err != nil {
			return nil, err
		}
		record, err := record(f, c, layers)
		if err != nil {
			return nil, err
		}
		v, err := verdict.Judge(ctx, verdict.Input{Change: made, Layers: layers, Kinds: kinds, Record: record, Engine: engine})
		if err != nil {
			return nil, err
		}
		results = append(results, Result{c, v, append(compare(c.Expect, v), unknown(c.Expect, layers)...)})
	}
	return results, nil
}

// mistake is a problem of the file that only a case's own sense shows.
func mistake(f *policy.TestFile, line int, format string, args ...any) error {
	return policy.Problems{{File: f.Name, Line: line, Col: 1, Message: fmt.Sprintf(format, args...)}}
}

// record declares the mode that a case is held to.
func record(f *policy.TestFile, c policy.TestCase, layers []verdict.Layer) (r session.Record, err error) {
	if c.Session == "" {
		return r, nil
	}
	var known []string
	for _, l := range layers {
		if l.Policy == nil {
			continue
		}
		for _, s := range l.Policy.Specs() {
			known = append(known, s.Name)
		}
	}
	if !slices.Contains(known, c.Session) {
		return r, mistake(f, c.Line, "cases.%s.session: no policy has the mode %q; known are %s", c.Name, c.Session, strings.Join(known, ", "))
	}
	r.Declarations = append(r.Declarations, session.Declaration{Mode: c.Session, Signal: "flag", Value: "session: " + c.Session, Where: "test case"})
	return r, nil
}

// compare holds a verdict against what is expected.
func compare(e policy.TestExpectation, v *verdict.Verdict) (wrong []Wrong) {
	say := func(line int, format string, args ...any) {
		wrong = append(wrong, Wrong{line, fmt.Sprintf(format, args...)})
	}
	if e.Outcome != "" && e.Outcome != string(v.Outcome) {
		say(e.Line, "the outcome is %s, expected %s: %s", v.Outcome, e.Outcome, v.Title)
	}
	if e.Mode != nil && *e.Mode != v.Session.Mode {
		say(e.Line, "the session's mode is %q, expected %q", v.Session.Mode, *e.Mode)
	}
	if e.Rules != nil {
		want := slices.Compact(slices.Sorted(slices.Values(*e.Rules)))
		if got := ruleNames(v); !slices.Equal(got, want) {
			say(e.Line, "findings are of the rules [%s], expected [%s]", strings.Join(got, ", "), strings.Join(want, ", "))
		}
	}
	for _, f := range e.Findings {
		if !slices.ContainsFunc(v.Findings, func(x verdict.Finding) bool { return matches(f, x) }) {
			say(f.Line, "there is no finding with %s", describe(f))
		}
	}
	for _, f := range e.Absent {
		if at := slices.IndexFunc(v.Findings, func(x verdict.Finding) bool { return matches(f, x) }); at >= 0 {
			say(f.Line, "there is a finding with %s: %s", describe(f), v.Findings[at].Message)
		}
	}
	return wrong
}

// unknown finds what is expected to be absent and could never be there: a rule or
// session that no policy has.
func unknown(e policy.TestExpectation, layers []verdict.Layer) (wrong []Wrong) {
	var known []string
	for _, l := range layers {
		if l.Policy == nil {
			return nil // what it has is not known, and the case cannot be judged
		}
		for _, r := range l.Policy.Rules {
			known = append(known, r.Name)
		}
		for _, s := range l.Policy.Sessions {
			known = append(known, s.Name)
		}
	}
	for _, f := range e.Absent {
		if f.Rule != "" && !slices.Contains(known, f.Rule) {
			wrong = append(wrong, Wrong{f.Line, fmt.Sprintf("no policy has the rule %s, so that it is absent says nothing", f.Rule)})
		}
	}
	return wrong
}

func ruleNames(v *verdict.Verdict) []string {
	var names []string
	for _, f := range v.Findings {
		names = append(names, f.Rule)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func matches(want policy.TestFinding, f verdict.Finding) bool {
	return (want.Rule == "" || want.Rule == f.Rule) && (want.Path == "" || want.Path == f.Path) &&
		(want.Level == "" || want.Level == string(f.Level)) && strings.Contains(f.Message, want.Message)
}

func describe(f policy.TestFinding) string {
	var parts []string
	for _, p := range []struct{ name, value string }{{"rule", f.Rule}, {"path", f.Path}, {"level", f.Level}, {"message", f.Message}} {
		if p.value != "" {
			parts = append(parts, p.name+" "+p.value)
		}
	}
	return strings.Join(parts, ", ")
}
