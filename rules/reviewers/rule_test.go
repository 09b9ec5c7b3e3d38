package reviewers_test

import (
	"context"
	"slices"
	"testing"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/change/changetest"
	"github.com/changeguard/changeguard/policy"
	"github.com/changeguard/changeguard/rules"
	"github.com/changeguard/changeguard/rules/reviewers"
	"github.com/changeguard/changeguard/rules/rulestest"
	"github.com/changeguard/changeguard/verdict"
)

func TestFixtures(t *testing.T) {
	t.Parallel()
	rulestest.Run(t, "reviewers", "testdata")
}

func count(n int) *int { return &n }

func TestOptionsThatCannotHold(t *testing.T) {
	t.Parallel()
	for what, o := range map[string]reviewers.Options{
		"nobody":      {},
		"a bare role": {From: []string{"write"}},
		"no role":     {From: []string{"role:owner"}},
		"no team":     {From: []string{"@alice"}},
		"no login":    {From: []string{"a b"}},
		"too few":     {From: []string{"alice", "Alice"}, Count: count(2)},
	} {
		if problems := reviewers.Kind().Check(&o); len(problems) != 1 {
			t.Errorf("%s: %v", what, problems)
		}
	}
	for _, o := range []reviewers.Options{{From: []string{"alice", "bob"}, Count: count(2)}, {From: []string{"@acme/platform"}, Count: count(3)}, {From: []string{"alice", "role:admin"}, Count: count(2)}} {
		if problems := reviewers.Kind().Check(&o); problems != nil {
			t.Errorf("%v: %v", o.From, problems)
		}
	}
}

// Logins and teams are asked, roles are not, and nobody where the policy says so.
func TestReviewsAreRequested(t *testing.T) {
	t.Parallel()
	no := false
	o := reviewers.Options{From: []string{"alice", "@acme/platform", "role:admin"}}
	if got := reviewers.Kind().Ask(&o).Reviewers; !slices.Equal(got, []string{"alice", "@acme/platform"}) {
		t.Errorf("%v", got)
	}
	o.Request = &no
	if got := reviewers.Kind().Ask(&o).Reviewers; len(got) > 0 {
		t.Errorf("%v", got)
	}
}

// Approvals of the people named lift the finding also at level block; the same
// approval lifts no other block. What was asked for reaches the verdict, and not
// while observing.
func TestApprovalsLiftAtEveryLevel(t *testing.T) {
	t.Parallel()
	kinds := []rules.Kind{reviewers.Kind(), rules.Define[struct{}](rules.Kind{Name: "other"}, nil, func(_ context.Context, _ *rules.Input, _ *struct{}) ([]rules.Finding, error) {
		return []rules.Finding{{Key: "k", Message: "m"}}, nil
	})}
	for _, mode := range []string{"enforce", "observe"} {
		text := "version: 1\nmode: " + mode + "\nrules:\n  a: {uses: reviewers, with: {from: [alice, \"@acme/platform\"]}}\n  b: {uses: other}\n"
		layer := verdict.NewLayer(verdict.RepositoryLayer, []byte(text), change.Regular, kinds)
		if len(layer.Problems) > 0 {
			t.Fatal(layer.Problems)
		}
		in := verdict.Input{Layers: []verdict.Layer{layer}, Kinds: kinds, Engine: "changeguard test", Lifts: map[string]verdict.Lift{}}
		in.Change = changetest.New(nil, changetest.Text(map[string]string{"a.txt": "a", "b.txt": "b"}))
		first := judge(t, in)
		for _, f := range first.Findings {
			in.Lifts[f.ID] = verdict.Lift{Kind: verdict.Approval, By: []string{"alice"}}
		}
		for _, f := range judge(t, in).Findings {
			if f.Level != policy.Block || (f.LiftedBy != nil) != (f.Rule == "a") {
				t.Errorf("%s: lifted by %v", f.Rule, f.LiftedBy)
			}
			if f.Rule == "a" && (!slices.Equal(f.Files, []string{"a.txt", "b.txt"}) || f.LiftableBy != "1 approval by alice or @acme/platform, or an override by role:maintain") {
				t.Errorf("%v, by %s", f.Files, f.LiftableBy)
			}
		}
		if asked := slices.Equal(first.Ask.Reviewers, []string{"@acme/platform", "alice"}); asked != (mode == "enforce") {
			t.Errorf("%s: asked for %v", mode, first.Ask.Reviewers)
		}
	}
}

func judge(t *testing.T, in verdict.Input) *verdict.Verdict {
	t.Helper()
	v, err := verdict.Judge(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	return v
}
