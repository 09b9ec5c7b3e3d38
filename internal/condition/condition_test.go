package condition_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/changeguard/changeguard/internal/condition"
)

func vars() *condition.Vars {
	return &condition.Vars{
		Event:   "pull_request",
		Session: condition.SessionVars{Mode: "analysis-only", Actor: "agent", Agent: "claude-code", IDs: []string{"s1"}},
		Author:  condition.AuthorVars{Login: "alice", Kind: "User"},
		PR:      condition.PRVars{Title: "docs: x", Body: "text", Labels: []string{"big"}, Base: "main", Head: "feature/x", Draft: true},
		Change:  condition.ChangeVars{Files: 2, Commits: 1, Paths: []string{"app/Core/a.go", "docs/x.md"}},
		Risk:    condition.RiskVars{Score: 40, Level: "medium"},
		Classes: []string{"docs", "functional"},
		Lines:   func() (int64, int64, error) { return 10, 3, nil },
	}
}

func mustCompile(t testing.TB, source string) *condition.Program {
	t.Helper()
	p, err := condition.Compile(source)
	if err != nil {
		t.Fatalf("%s: %v", source, err)
	}
	return p
}

func TestEval(t *testing.T) {
	t.Parallel()
	for source, want := range map[string]bool{
		`session.mode == "analysis-only" || session.actor == "agent"`: true,
		`session.agent == "copilot"`:                                  false,
		`"s1" in session.ids && author.login == "alice"`:              true,
		`author.kind == "User"`:                                       true,
		`pr.labels.exists(l, l == "big") && pr.draft && !pr.fork`:     true,
		`pr.body.contains("ext") && pr.head.startsWith("feature/")`:   true,
		`change.files > 1 && change.commits == 1`:                     true,
		`change.additions - change.deletions == 7`:                    true,
		`change.paths.all(p, p.endsWith(".md"))`:                      false,
		`touches("app/core/**")`:                                      true, // case-folded
		`touches("lib/**")`:                                           false,
		`["lib/**", "docs/**"].exists(g, touches(g))`:                 true,
		`touchesClass("docs") && !touchesClass("ci")`:                 true,
		`risk.score >= 40 && risk.level == "medium"`:                  true,
		`event == "pull_request" && pr.base == "main"`:                true,
		`event in ["push", "local"]`:                                  false,
		`pr.title.matches("^docs(\\(.*\\))?:")`:                       true,
		"session.mode ==\n  'analysis-only'  // why":                  true,
	} {
		got, err := mustCompile(t, source).Eval(context.Background(), vars())
		if err != nil || got != want {
			t.Errorf("%s: got %v, %v, want %v", source, got, err, want)
		}
	}
}

// Every name of the manual is known and has its value.
func TestEveryVariableHasAValue(t *testing.T) {
	t.Parallel()
	for _, name := range condition.Names() {
		source := "dyn(" + name + ") != dyn(null)"
		switch name {
		case "touches":
			source = `touches("**")`
		case "touchesClass":
			source = `touchesClass("docs")`
		}
		p := mustCompile(t, source)
		if got, err := p.Eval(context.Background(), vars()); err != nil || !got {
			t.Errorf("%s: %v, %v", name, got, err)
		}
		if !p.Uses(name) || p.Uses("pr") {
			t.Errorf("%s: Uses does not know it", name)
		}
	}
}

func TestCompileErrorsHaveAPlaceAndAWayOut(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ source, want string }{
		{`session.mod == "x"`, `1:1: unknown name "session.mod"; did you mean "session.mode"?`},
		{`pr.body != "x" && session == "x"`, `1:19: unknown name "session"; did you mean "session.mode"?`},
		{`pr.title == 'äöü' && pr.lables == []`, `1:22: unknown name "pr.lables"; did you mean "pr.labels"?`},
		{"pr.draft &&\n  pr.frok", `2:3: unknown name "pr.frok"; did you mean "pr.fork"?`},
		{`touch("x")`, `1:1: unknown name "touch"; did you mean "touches"?`},
		{`touches()`, `1:1: touches is called in a way it cannot be; for instance: touches("src/**")`},
		{`touches(1)`, `1:8: touches takes a glob in quotes, as in touches("src/**")`},
		{`touchesClass(pr.labels)`, `1:13: touchesClass takes the name of a class in quotes, as in touchesClass("functional")`},
		{`pr.title.contain("x")`, `1:10: unknown name "contain"; did you mean "contains"?`},
		{`pr.labels.contains("x")`, `1:19: contains looks into texts; for a list write "name" in pr.labels`},
		{`contains(pr.labels, "x")`, `1:9: contains looks into texts; for a list write "name" in pr.labels`},
		{`change.files == "2"`, `1:14: == does not work on int and string`},
		{`!change.files`, `1:1: ! does not work on int`},
		{`risk == "high"`, `1:1: unknown name "risk"; did you mean "risk.score"?`},
		{`-pr.title == "x"`, `1:1: - does not work on string`},
		{`change.files > 1.5`, `1:14: > does not work on int and double`},
		{`pr.title.startsWith(1)`, `1:20: startsWith does not work on string with (int)`},
		{`session.mode && true`, `1:8: expected type 'bool' but found 'string'`},
		{`session.mode.x == "x"`, `1:13: type 'string' does not support field selection`},
		{`1 + 1`, "1:1: the expression must be true or false, this one is of type int"},
		{`dyn(1)`, "1:1: the expression must be true or false, this one is of type dyn"},
		{``, "1:1: the expression is empty"},
		{" \n ", "1:1: the expression is empty"},
		{`true &&`, "1:8: the expression ends too early"},
		{`pr.draft and true`, `1:10: unexpected "and"; write && for and`},
		{`session.mode = "x"`, `1:14: unexpected "="; write == to compare`},
		{`pr.draft & true`, `1:10: unexpected "&"; write && for and`},
		{`not pr.draft`, `1:5: unexpected "pr"`},
		{`${{ pr.draft }}`, `1:1: write the expression without ${{ }}`},
		{`session.mode == "x`, `1:17: the text that begins here is not closed`},
		{`@change == @change`, `1:1: unexpected "@"`},
		{`touches("a[")`, `1:9: glob "a[": this [ is not closed; write \[ for the character (at offset 1)`},
		{`touches("!docs/**")`, `1:9: touches("!docs/**") would never hold; ! stands before touches, or write \! for a name that begins with it`},
		{`touchesClass("function")`, `1:14: unknown class "function"; did you mean "functional"?`},
		{`session.actor == "agnet"`, `1:18: unknown session.actor "agnet"; did you mean "agent"?`},
		{`"pr" != event`, `1:1: unknown event "pr"; known are pull_request, merge_group, push, local`},
		{`risk.level in ["high", "severe"]`, `1:24: unknown risk.level "severe"; known are low, medium, high, critical`},
		{`pr.title.matches("[")`, "1:18: the pattern is no regular expression: error parsing regexp: missing closing ]: `[`"},
		{`pr.title.matches("x{1000}x{1000}x{1000}")`, `1:18: the pattern is too large; its repetitions multiply`},
		{`pr.title.matches(pr.body)`, `1:18: the pattern of matches must be a text in quotes`},
		{`pr.labels.exists(l, pr.title.matches("^" + l))`, `1:42: the pattern of matches must be a text in quotes`},
		{`{1: 2} == {1: 3}`, "1:1: maps and messages are not supported; use a list\n1:11: maps and messages are not supported; use a list"},
		{`pr.titel == "" || pr.drafd`, "1:1: unknown name \"pr.titel\"; did you mean \"pr.title\"?\n1:19: unknown name \"pr.drafd\"; did you mean \"pr.draft\"?"},
		{strings.Repeat("!", 5000) + "true", "1:1: the expression is longer than 4096 bytes"},
		{strings.Repeat("(", 300) + "true", "1:1: the expression is nested too deeply; 100 levels are allowed"},
		{`[1].all(a, [1].all(b, [1].all(c, true)))`, "1:30: comprehension exceeds nesting limit; at most 2 loops may be nested"},
	} {
		_, err := condition.Compile(c.source)
		if err == nil || err.Error() != c.want {
			t.Errorf("%.60s:\ngot  %v\nwant %s", c.source, err, c.want)
			continue
		}
		var first *condition.Error
		if !errors.As(err, &first) || first.Line < 1 || first.Col < 1 {
			t.Errorf("%.60s: no place: %+v", c.source, first)
		}
	}
}

func TestComparedLiterals(t *testing.T) {
	t.Parallel()
	p := mustCompile(t, "session.mode == 'a' || 'b' == session.mode ||\n session.mode in ['c', pr.title] || pr.title == 'd'")
	want := []condition.Literal{
		{Name: "session.mode", Text: "a", Line: 1, Col: 17},
		{Name: "session.mode", Text: "b", Line: 1, Col: 24},
		{Name: "session.mode", Text: "c", Line: 2, Col: 19},
	}
	if diff := cmp.Diff(want, p.Compared("session.mode")); diff != "" {
		t.Error(diff)
	}
}

func TestConstantExpressions(t *testing.T) {
	t.Parallel()
	for source, want := range map[string][2]bool{
		`false`:               {false, true},
		`1 < 2`:               {true, true},
		`pr.draft`:            {false, false},
		`touches("x")`:        {false, false},
		`[true].exists(x, x)`: {true, true},
	} {
		holds, constant := mustCompile(t, source).Constant()
		if holds != want[0] || constant != want[1] {
			t.Errorf("%s: got %v, %v", source, holds, constant)
		}
	}
}

func TestCostlyExpressionsHaveNoValue(t *testing.T) {
	t.Parallel()
	v := vars()
	for i := range 3000 {
		v.Change.Paths = append(v.Change.Paths, fmt.Sprint("path/", i))
	}
	for _, source := range []string{
		`change.paths.all(a, change.paths.all(b, a + b != "x"))`,
		`change.paths.all(p, !touches(p + "/*"))`,
		`change.paths.map(p, change.paths.map(q, q).size()).size() > 0`,
	} {
		if _, err := mustCompile(t, source).Eval(context.Background(), v); !errors.Is(err, condition.ErrLimit) {
			t.Errorf("%s: got %v, want ErrLimit", source, err)
		}
	}
}

// Paths come from the change. One that is a costly glob must not cost more
// than it is charged for.
func TestGlobsMadeOfPathsAreCharged(t *testing.T) {
	t.Parallel()
	v := vars()
	v.Change.Paths = nil
	for i := range 500 {
		v.Change.Paths = append(v.Change.Paths, fmt.Sprint(strings.Repeat("{a,b}", 10), i))
	}
	_, err := mustCompile(t, `change.paths.all(p, touches(p) || true)`).Eval(context.Background(), v)
	if !errors.Is(err, condition.ErrLimit) {
		t.Errorf("got %v, want ErrLimit", err)
	}
}

// What the manual recommends must fit into the limit on a very large change.
func TestUsualExpressionsFitALargeChange(t *testing.T) {
	t.Parallel()
	v := vars()
	v.Change.Paths = nil
	for i := range 12_000 {
		v.Change.Paths = append(v.Change.Paths, fmt.Sprintf("services/component-%d/source/file_%d.py", i%50, i))
	}
	for _, source := range []string{
		`touches("lib/**") || touches("app/**") || touchesClass("ci")`,
		`change.paths.exists(p, p.matches("^lib/.*[.]go$"))`,
		`change.paths.filter(p, p.endsWith(".md")).size() > 3`,
	} {
		if _, err := mustCompile(t, source).Eval(context.Background(), v); err != nil {
			t.Errorf("%s: %v", source, err)
		}
	}
}

func TestUnknownLinesAreAnError(t *testing.T) {
	t.Parallel()
	p := mustCompile(t, `change.additions > 1`)
	v := vars()
	v.Lines = func() (int64, int64, error) { return 0, 0, errors.New("object is missing") }
	if _, err := p.Eval(context.Background(), v); err == nil || !strings.Contains(err.Error(), "object is missing") {
		t.Errorf("got %v", err)
	}
	v.Lines = nil
	if _, err := p.Eval(context.Background(), v); err == nil {
		t.Error("lines that nobody can count have a value")
	}
}

func TestLinesAreCountedOnlyWhenAsked(t *testing.T) {
	t.Parallel()
	counted := 0
	v := vars()
	v.Lines = func() (int64, int64, error) { counted++; return 1, 1, nil }
	for source, want := range map[string]int{`pr.draft || change.additions > 5`: 0, `!pr.draft || change.additions > 5`: 1} {
		counted = 0
		if _, err := mustCompile(t, source).Eval(context.Background(), v); err != nil || counted != want {
			t.Errorf("%s: counted %d times, %v", source, counted, err)
		}
	}
}

func TestUnknownClassAndBadGlobAtRunTimeAreErrors(t *testing.T) {
	t.Parallel()
	for source, want := range map[string]string{
		`touchesClass("do" + "cz")`: `unknown class "docz"`,
		`touches("a" + "[")`:        "not closed",
		`touches("!" + "a")`:        "would never hold",
	} {
		if _, err := mustCompile(t, source).Eval(context.Background(), vars()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v", source, err)
		}
	}
}

func TestEvalStopsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := mustCompile(t, `pr.draft`).Eval(ctx, vars()); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func FuzzCompile(f *testing.F) {
	for _, source := range []string{
		`touches("a") && session.mode == ""`,
		`pr.labels.map(l, l + "x").exists(l, l.matches("["))`,
		`[1].all(session, session.mode == 'x')`,
		`change.paths.exists(p, touches(p)) || {1: 2}[1] == 2`,
		`pr.title == "\u00e4" ? b'a' == b"b" : duration("1s") > duration("1m")`,
		"a\n.b(//\n)", `"`, `has(pr.title)`, `touches()`, `@change`, "\x00", "'\\",
	} {
		f.Add(source)
	}
	f.Fuzz(func(t *testing.T, source string) {
		p, err := condition.Compile(source)
		if (p == nil) == (err == nil) {
			t.Fatalf("%q: %v, %v", source, p, err)
		}
		if err == nil {
			first, firstErr := p.Eval(context.Background(), vars()) // must end, whatever comes out
			again, againErr := p.Eval(context.Background(), vars())
			if first != again || (firstErr == nil) != (againErr == nil) {
				t.Errorf("%q: %v, %v and then %v, %v", source, first, firstErr, again, againErr)
			}
			return
		}
		var list condition.Errors
		if !errors.As(err, &list) || len(list) == 0 {
			t.Fatalf("%q: %v", source, err)
		}
		lines := strings.Count(source, "\n") + 1
		for _, e := range list {
			if e.Line < 1 || e.Line > lines || e.Col < 1 || e.Message == "" || strings.Contains(e.Message, "\n") {
				t.Errorf("%q: bad place or message: %+v", source, e)
			}
		}
	})
}

func BenchmarkCompile(b *testing.B) {
	for b.Loop() {
		mustCompile(b, `session.mode == "analysis-only" || session.actor == "agent"`)
	}
}

func BenchmarkEval(b *testing.B) {
	p, v := mustCompile(b, `session.mode == "analysis-only" || session.actor == "agent"`), vars()
	for b.Loop() {
		if _, err := p.Eval(context.Background(), v); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkTouches12000Paths(b *testing.B) {
	p, v := mustCompile(b, `touches("lib/**")`), vars()
	for i := range 12_000 {
		v.Change.Paths = append(v.Change.Paths, fmt.Sprintf("services/component-%d/source/file_%d.py", i%50, i))
	}
	for b.Loop() {
		if _, err := p.Eval(context.Background(), v); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkCostLimit is how long an expression runs before it is stopped.
func BenchmarkCostLimit(b *testing.B) {
	p, v := mustCompile(b, `change.paths.all(a, change.paths.all(b, a + b != "x"))`), vars()
	for i := range 12_000 {
		v.Change.Paths = append(v.Change.Paths, fmt.Sprint("path/", i))
	}
	for b.Loop() {
		if _, err := p.Eval(context.Background(), v); !errors.Is(err, condition.ErrLimit) {
			b.Fatal(err)
		}
	}
}
