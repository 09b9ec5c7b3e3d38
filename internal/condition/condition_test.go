package condition_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/changeguard/changeguard/internal/condition"
)

func vars() *condition.Vars {
	return &condition.Vars{
		Event:   "pull_request",
		Session: condition.SessionVars{Mode: "analysis-only", Actor: "agent", Agent: "claude-code", IDs: []string{"s1"}},
		Author:  condition.AuthorVars{Login: "alice", Kind: "User"},
		PR:      condition.PRVars{Title: "docs: x", Labels: []string{"big"}, Base: "main", Head: "feature/x", Draft: true},
		Change:  condition.ChangeVars{Files: 2, Commits: 1, Paths: []string{"app/Core/a.go", "docs/x.md"}},
		Risk:    condition.RiskVars{Score: 40, Level: "medium"},
		Classes: []string{"docs", "functional"},
		Lines:   func() (int64, int64, error) { return 10, 3, nil },
	}
}

func TestEval(t *testing.T) {
	t.Parallel()
	for source, want := range map[string]bool{
		`session.mode == "analysis-only" || session.actor == "agent"`: true,
		`session.agent == "copilot"`:                                  false,
		`"s1" in session.ids && author.login == "alice"`:              true,
		`pr.labels.exists(l, l == "big") && pr.draft && !pr.fork`:     true,
		`change.files > 1 && change.commits == 1`:                     true,
		`change.additions - change.deletions == 7`:                    true,
		`change.paths.all(p, p.endsWith(".md"))`:                      false,
		`touches("app/core/**")`:                                      true,
		`touches("lib/**")`:                                           false,
		`touchesClass("docs") && !touchesClass("ci")`:                 true,
		`risk.score >= 40 && risk.level == "medium"`:                  true,
		`event == "pull_request" && pr.base == "main"`:                true,
		`pr.title.matches("^docs(\\(.*\\))?:")`:                       true,
	} {
		p, cerr := condition.Compile(source)
		if cerr != nil {
			t.Errorf("%s: %v", source, cerr)
			continue
		}
		got, err := p.Eval(context.Background(), vars())
		if err != nil || got != want {
			t.Errorf("%s: got %v, %v, want %v", source, got, err, want)
		}
	}
}

func TestCompileErrorsHaveAPlaceAndAWayOut(t *testing.T) {
	t.Parallel()
	for source, want := range map[string]string{
		`session.mod == "x"`:                       `unknown name "session.mod"; did you mean "session.mode"?`,
		`change.files == "2"`:                      "no matching overload",
		`1 + 1`:                                    "must be true or false",
		`true &&`:                                  "Syntax error",
		`touches("a[")`:                            "not closed",
		`touchesClass("function")`:                 `did you mean "functional"`,
		strings.Repeat("!", 5000) + "true":         "longer than",
		strings.Repeat("(", 300) + "true":          "",
		`[1].all(a, [1].all(b, [1].all(c, true)))`: "nest",
	} {
		_, err := condition.Compile(source)
		if err == nil || !strings.Contains(err.Message, want) || err.Line < 1 || err.Col < 1 {
			t.Errorf("%.60s: got %+v, want %q", source, err, want)
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
	} {
		p, cerr := condition.Compile(source)
		if cerr != nil {
			t.Fatal(cerr)
		}
		if _, err := p.Eval(context.Background(), v); !errors.Is(err, condition.ErrLimit) {
			t.Errorf("%s: got %v, want ErrLimit", source, err)
		}
	}
}

func TestUnknownLinesAreAnError(t *testing.T) {
	t.Parallel()
	p, cerr := condition.Compile(`change.additions > 1`)
	if cerr != nil {
		t.Fatal(cerr)
	}
	v := vars()
	v.Lines = func() (int64, int64, error) { return 0, 0, errors.New("object is missing") }
	if _, err := p.Eval(context.Background(), v); err == nil || !strings.Contains(err.Error(), "object is missing") {
		t.Errorf("got %v", err)
	}
}

func FuzzCompile(f *testing.F) {
	f.Add(`touches("a") && session.mode == ""`)
	f.Add(`pr.labels.map(l, l + "x").exists(l, l.matches("["))`)
	f.Fuzz(func(t *testing.T, source string) {
		p, err := condition.Compile(source)
		if (p == nil) == (err == nil) {
			t.Fatalf("%q: %v, %v", source, p, err)
		}
		if err != nil {
			if err.Line < 1 || err.Col < 1 {
				t.Errorf("%q: no place: %+v", source, err)
			}
			return
		}
		_, _ = p.Eval(context.Background(), vars()) // must end, whatever comes out
	})
}
