package verdict_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/change/changetest"
	"github.com/changeguard/changeguard/policy"
	"github.com/changeguard/changeguard/rules"
	"github.com/changeguard/changeguard/rules/catalogue"
	"github.com/changeguard/changeguard/verdict"
)

func protect(level string) string {
	return "rules: {core: {uses: protected-paths, level: " + level + ", with: {paths: [\"core/**\"]}}}\n"
}

// A block is lifted by an override only, an approval by either, and nothing else
// takes a lift.
func TestOnlyTheRightKindOfLiftCounts(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		level string
		kind  verdict.LiftKind
		want  verdict.Outcome
	}{
		{"block", verdict.Override, verdict.Pass},
		{"block", verdict.Approval, verdict.Fail},
		{"block", "", verdict.Fail},
		{"approve", verdict.Override, verdict.Pass},
		{"approve", verdict.Approval, verdict.Pass},
		{"approve", "wish", verdict.Approve},
		{"warn", verdict.Override, verdict.Pass},
	} {
		in := verdict.Input{Change: edit("core/a.py"), Layers: []verdict.Layer{layer(t, verdict.RepositoryLayer, protect(c.level))}}
		in.Lifts = map[string]verdict.Lift{judgeWith(t, in).Findings[0].ID: {Kind: c.kind}}
		v := judgeWith(t, in)
		lifted := v.Findings[0].LiftedBy != nil
		if v.Outcome != c.want || lifted != (c.want == verdict.Pass && c.level != "warn") {
			t.Errorf("%s lifted by %q: %s, %v", c.level, c.kind, v.Outcome, lifted)
		}
		if data, err := v.JSON(); err != nil || lifted && !strings.Contains(string(data), `"by": [],`) {
			t.Errorf("%v %s", err, data)
		}
	}
}

// Who may lift what the repository's own rule found has no say in what the
// organisation's rule of the same name found, and the other way round.
func TestLiftOfOneLayerLeavesTheOther(t *testing.T) {
	t.Parallel()
	in := verdict.Input{Change: edit("core/a.py"), Layers: []verdict.Layer{
		layer(t, verdict.OrganisationLayer, "overrides: {by: [boss]}\n"+protect("block")), layer(t, verdict.RepositoryLayer, protect("block")),
	}}
	both := judgeWith(t, in).Findings
	if len(both) != 2 || both[0].ID == both[1].ID {
		t.Fatalf("%+v", both)
	}
	for _, f := range both {
		in.Lifts = map[string]verdict.Lift{f.ID: {Kind: verdict.Override, By: []string{"lead"}}}
		if v := judgeWith(t, in); v.Outcome != verdict.Fail {
			t.Errorf("the lift of %s lifted both: %s", f.LiftableBy, v.Outcome)
		}
	}
	in.Lifts = map[string]verdict.Lift{both[0].ID: {Kind: verdict.Override}, both[1].ID: {Kind: verdict.Override}}
	if v := judgeWith(t, in); v.Outcome != verdict.Pass {
		t.Errorf("both lifted: %s", v.Outcome)
	}
}

// The same finding twice on one file is two; a lift is for the one it names.
func TestTwinsAreLiftedOneByOne(t *testing.T) {
	t.Parallel()
	kinds := append(catalogue.Kinds(), rules.Define(rules.Kind{Name: "twins", Title: "t", Why: "w"}, nil, func(context.Context, *rules.Input, *struct{}) ([]rules.Finding, error) {
		return slices.Repeat([]rules.Finding{{Key: "same", Path: "a.py", Message: "same"}}, 12), nil
	}))
	l := verdict.NewLayer(verdict.RepositoryLayer, []byte("version: 1\nrules: {p: {uses: twins}}\n"), change.Regular, kinds)
	in := verdict.Input{Change: edit("a.py"), Layers: []verdict.Layer{l}, Kinds: kinds, Lifts: make(map[string]verdict.Lift)}
	v := judgeWith(t, in)
	if len(v.Findings) != 12 || !slices.IsSortedFunc(v.Findings, func(a, b verdict.Finding) int { return strings.Compare(a.ID, b.ID) }) {
		t.Fatalf("%+v", v.Findings)
	}
	for i, f := range v.Findings {
		if v := judgeWith(t, in); v.Outcome != verdict.Fail {
			t.Fatalf("%d of 12 lifted: %s", i, v.Outcome)
		}
		in.Lifts[f.ID] = verdict.Lift{Kind: verdict.Override}
	}
	if v := judgeWith(t, in); v.Outcome != verdict.Pass {
		t.Errorf("all lifted: %s", v.Outcome)
	}
}

// Every layer guards the policy by itself; that is said once, and enforced when
// any of them enforces.
func TestWhatLayersFindAlikeIsSaidOnce(t *testing.T) {
	t.Parallel()
	for _, modes := range [][2]string{{"enforce", "observe"}, {"observe", "enforce"}, {"observe", "observe"}} {
		v := judge(t, edit("AGENTS.md"), "mode: "+modes[1]+"\n", layer(t, verdict.OrganisationLayer, "mode: "+modes[0]+"\n"))
		if diff := cmp.Diff([]string{"approve guard-integrity AGENTS.md"}, short(v)); diff != "" {
			t.Errorf("%v: %s", modes, diff)
		}
		if v.Outcome != verdict.Approve || v.Observed != (modes[0] == modes[1]) {
			t.Errorf("%v: %s %v", modes, v.Outcome, v.Observed)
		}
	}
}

// A layer that does not load stops the change; the others are judged, so that
// the change that mends it is held to them as well.
func TestBrokenLayerLeavesTheOthersJudged(t *testing.T) {
	t.Parallel()
	const broken = "rules: {x: {uses: nothing}}\n"
	c := changetest.New(changetest.Text(map[string]string{policy.Path: "version: 1\n" + broken}), changetest.Text(map[string]string{policy.Path: "version: 1\n"}))
	c.Labels = []change.Label{{Name: "analysis-only"}}
	v := judge(t, c, broken, layer(t, verdict.OrganisationLayer, "sessions: {analysis-only: {declared-by: {labels: [analysis-only]}, may-change: [docs]}}\n"))
	want := []string{"block analysis-only " + policy.Path, "approve guard-integrity " + policy.Path, "approve guard-integrity " + policy.Path}
	if diff := cmp.Diff(want, short(v)); diff != "" || v.Outcome != verdict.Fail || !v.PolicyBroken {
		t.Error(diff, v.Outcome, v.PolicyBroken)
	}
	if v.Session.Mode != "analysis-only" || v.Change.Additions == nil {
		t.Errorf("%+v %+v", v.Session, v.Change)
	}
}

// Nobody lifts that the rules are not known.
func TestBrokenPolicyCannotBeLifted(t *testing.T) {
	t.Parallel()
	for _, name := range []string{verdict.RepositoryLayer, verdict.OrganisationLayer} {
		in := verdict.Input{Change: edit("a.py"), Layers: []verdict.Layer{layer(t, name, "rules: 3\n")}, Lifts: make(map[string]verdict.Lift)}
		v := judgeWith(t, in)
		for _, f := range v.Findings {
			in.Lifts[f.ID] = verdict.Lift{Kind: verdict.Override, By: []string{"lead"}}
			if f.LiftableBy != "nobody, until the policy loads" {
				t.Error(f.LiftableBy)
			}
			if (f.Path == policy.Path) != (name == verdict.RepositoryLayer) {
				t.Errorf("%s: the path %q", name, f.Path)
			}
		}
		if again := judgeWith(t, in); again.Outcome != verdict.Fail || again.Observed {
			t.Errorf("%s: %s", name, again.Outcome)
		}
		if want := "Blocked: the " + name + "'s policy does not load: .github/changeguard.yml:2:8: "; !strings.HasPrefix(v.Title, want) {
			t.Errorf("%q does not begin with %q", v.Title, want)
		}
	}
}

// The lines of the base's policy are not those of the head's.
func TestLineOfTheBasesPolicyOnlyWhileItStands(t *testing.T) {
	t.Parallel()
	const broken = "rules: 3\n"
	if f := judge(t, edit("a.py"), broken).Findings[0]; f.Line != 2 {
		t.Errorf("an untouched policy: line %d", f.Line)
	}
	c := changetest.New(changetest.Text(map[string]string{policy.Path: broken}), changetest.Text(map[string]string{policy.Path: "version: 1\n", "a.py": "x\n"}))
	if f := judge(t, c, broken).Findings[0]; f.Line != 0 || f.Level != policy.Block {
		t.Errorf("a policy that the change edits: %+v", f)
	}
}

// A mistake that moves by some lines is the same mistake.
func TestIDsOfPolicyProblemsAreWithoutLines(t *testing.T) {
	t.Parallel()
	ids := func(before string) []string {
		c := changetest.New(nil, changetest.Text(map[string]string{policy.Path: before + "version: 1\nrules: {}\nrules: {}\nmode: [\n"}))
		var ids []string
		for _, f := range judge(t, c, "rules: {guard-integrity: {uses: guard-integrity, level: off}}\n").Findings {
			ids = append(ids, f.ID)
		}
		return ids
	}
	if diff := cmp.Diff(ids(""), ids("# one\n# two\n")); diff != "" {
		t.Error(diff)
	}
}

// A policy of the head that cannot be read, or a layer that was not loaded, is
// no policy without mistakes.
func TestUnreadPolicyIsIncomplete(t *testing.T) {
	t.Parallel()
	for _, cause := range []error{changetest.ErrMissing, errors.New("connection reset")} {
		c := changetest.New(nil, changetest.Text(map[string]string{policy.Path: "version: 1\n"}))
		c.Source.(*changetest.Source).Broken = cause
		if v := judge(t, c, "mode: observe\n"); v.Outcome != verdict.Incomplete || v.Observed {
			t.Errorf("%v: %s", cause, v.Outcome)
		}
	}
	v := judgeWith(t, verdict.Input{Change: edit("a.py"), Layers: []verdict.Layer{{Name: verdict.RepositoryLayer}}})
	if v.Outcome != verdict.Incomplete {
		t.Errorf("a layer without a policy: %s", v.Outcome)
	}
}

// The title of a change that is stopped speaks of what stops it.
func TestTitleSaysWhatStops(t *testing.T) {
	t.Parallel()
	c := edit("core/a.py")
	c.Labels = []change.Label{{Name: "analysis-only"}}
	org := layer(t, verdict.OrganisationLayer, "mode: observe\n"+sessions)
	if v := judge(t, c, protect("block"), org); v.Title != "Blocked: core: core/a.py" || v.Observed {
		t.Errorf("%q", v.Title)
	}
	if v := judge(t, c, "rules: {}\n", org); v.Title != "Observing, would block: analysis-only session changed 1 file it may not (1 functional)" || !v.Observed {
		t.Errorf("%q", v.Title)
	}
	c = changetest.New(nil, changetest.Text(map[string]string{policy.Path: "rules: {}\n", "core/a.py": "x\n"}))
	if v := judge(t, c, "mode: observe\n"+protect("block")); !strings.HasPrefix(v.Title, "Blocked: the policy that it brings does not load: .github/changeguard.yml:1:1: version is missing") {
		t.Errorf("%q", v.Title)
	}
	many := changetest.New(nil, changetest.Text(map[string]string{"core/a": "1\n", "core/b": "2\n", "core/c": "3\n", "lib/d": "4\n"}))
	v := judge(t, many, "rules: {core: {uses: protected-paths, with: {paths: [\"core/**\"]}}, lib: {uses: protected-paths, with: {paths: [\"lib/**\"]}}}\n")
	if v.Title != "Blocked: core: core/a and 2 more, and 1 more finding" {
		t.Errorf("%q", v.Title)
	}
}

// Hostile names stay in one line of bounded length.
func TestTitleIsOneShortLine(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"core/a\nb\r\x1b[31m", "core/" + strings.Repeat("é", 2000), "core/\u2028\u2029", "core/" + strings.Repeat("💥", 49) + "x"} {
		v := judge(t, changetest.New(nil, changetest.Text(map[string]string{name: "x\n"})), protect("block"))
		if len(v.Title) > 200 || strings.ContainsAny(v.Title, "\n\r\x1b\u2028\u2029") || strings.ToValidUTF8(v.Title, "") != v.Title {
			t.Errorf("%q", v.Title)
		}
	}
}

// What nobody sees is escaped in the JSON, and is the same text to a reader.
func TestJSONShowsWhatNobodySees(t *testing.T) {
	t.Parallel()
	const name = "src/\u202e\u009b\u200b\U000e0041\ufffd<&>é💥\u2028.py"
	v := judge(t, changetest.New(nil, changetest.Text(map[string]string{name: "x\n"})), "rules: {}\n")
	data, err := v.JSON()
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(data), `"src/\u202e\u009b\u200b\udb40\udc41\ufffd<&>é💥\u2028.py"`) {
		t.Errorf("%s", data)
	}
	if strings.ContainsFunc(string(data), func(r rune) bool { return r != '\n' && r < ' ' || 0x7f <= r && r < 0xa0 }) {
		t.Error("a control character is left")
	}
	var read verdict.Verdict
	if err := json.Unmarshal(data, &read); err != nil || !slices.ContainsFunc(read.Findings, func(f verdict.Finding) bool { return f.Path == name }) {
		t.Errorf("%v %+v", err, read.Findings)
	}
	if again, err := read.JSON(); err != nil || string(again) != string(data) {
		t.Errorf("read and written again it is another text (%v): %s", err, cmp.Diff(string(data), string(again)))
	}
}

// No finding carries megabytes of one line.
func TestTextsOfAFindingAreBounded(t *testing.T) {
	t.Parallel()
	c := changetest.New(nil, changetest.Text(map[string]string{"requirements.txt": "requests>=2," + strings.Repeat(">=2,", 1<<18) + ">=3\n"}))
	v := judge(t, c, "rules: {p: {uses: dependencies, message: \""+strings.Repeat("m", 5000)+"\"}}\n")
	data, err := v.JSON()
	if err != nil || len(v.Findings) == 0 || len(data) > 20_000 {
		t.Errorf("%d findings, %d bytes: %v", len(v.Findings), len(data), err)
	}
}

// A verdict that was stored says again who can lift its findings; what belongs to
// another verdict says nothing.
func TestAsideIsRecalled(t *testing.T) {
	t.Parallel()
	v := judge(t, edit("core/a.py"), protect("block"), layer(t, verdict.OrganisationLayer, "mode: observe\n"+protect("approve")))
	body, err := v.JSON()
	if err != nil {
		t.Fatal(err)
	}
	aside, err := v.Aside()
	if err != nil {
		t.Fatal(err)
	}
	read := func() *verdict.Verdict {
		var again verdict.Verdict
		if err := json.Unmarshal(body, &again); err != nil {
			t.Fatal(err)
		}
		return &again
	}
	again := read()
	again.Recall(aside)
	for i, f := range again.Findings {
		if f.LiftableBy == "" || f.LiftableBy != v.Findings[i].LiftableBy || f.Enforced != v.Findings[i].Enforced {
			t.Errorf("%+v", f)
		}
	}
	for _, other := range []string{"", "null", "{}", `{"head":"h1"}`, `{"aside":{"lifters":["x"],"by":[0],"enforced":[true]}}`, `{"aside":{"lifters":["x"],"by":[0,1],"enforced":[true,true]}}`, `{"aside":{"lifters":["x"],"by":[0,-1],"enforced":[true,true]}}`} {
		again := read()
		again.Recall([]byte(other))
		for _, f := range again.Findings {
			if f.LiftableBy != "" {
				t.Errorf("%s: %+v", other, f)
			}
		}
	}
}
