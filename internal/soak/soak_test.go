package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func at(s int) time.Time { return time.Unix(1_700_000_000+int64(s), 0).UTC() }

// What the soak counts it can count: each kind of broken promise is seen.
func TestBrokenPromisesAreSeen(t *testing.T) {
	t.Parallel()
	ended := func(id int64, conclusion string, done int) run {
		return run{ID: id, Status: "completed", Conclusion: conclusion, Title: "t", Completed: at(done)}
	}
	for name, x := range map[string]struct {
		runs []run
		want verdicts
	}{
		"right":              {[]run{ended(1, "success", 1)}, verdicts{}},
		"replaced":           {[]run{ended(1, "success", 1), ended(2, "failure", 2)}, verdicts{Wrong: 1}},
		"none":               {nil, verdicts{Without: 1}},
		"in progress":        {[]run{ended(1, "success", 1), {ID: 2, Status: "in_progress"}}, verdicts{Without: 1}},
		"older one later":    {[]run{ended(1, "failure", 3), ended(2, "success", 2)}, verdicts{Disagree: 1}},
		"older one for ever": {[]run{{ID: 1, Status: "in_progress"}, ended(2, "success", 2)}, verdicts{Unfinished: 1}},
	} {
		v, err := compare(context.Background(), []head{{SHA: "a", Runs: x.runs}}, func(context.Context, head) (judged, error) { return judged{"pass", "t", "a"}, nil })
		v.Examples = nil
		x.want.Heads = 1
		if err != nil || fmt.Sprint(v) != fmt.Sprint(x.want) {
			t.Errorf("%s: %v %v, want %v", name, v, err, x.want)
		}
	}
}

// Of two pull requests with one head the worse verdict counts.
func TestWorstVerdictOfAHeadCounts(t *testing.T) {
	t.Parallel()
	runs := []run{{ID: 1, Status: "completed", Conclusion: "success", Title: "t"}}
	v, err := compare(context.Background(), []head{{SHA: "a", Number: 1, Runs: runs}, {SHA: "a", Number: 2, Runs: runs}}, func(_ context.Context, h head) (judged, error) {
		return judged{map[int]string{1: "pass", 2: "fail"}[h.Number], "t", "a"}, nil
	})
	if err != nil || v.Heads != 1 || v.Wrong != 1 {
		t.Errorf("%v %v", v, err)
	}
}

func logOf(lines ...string) *strings.Reader {
	return strings.NewReader(strings.Join(lines, "\n") + "\n")
}

func logLine(s int, message, subject string) string {
	return fmt.Sprintf(`{"time":%q,"level":"DEBUG","msg":%q,"subject":%q}`, at(s).Format(time.RFC3339Nano), message, subject)
}

// An evaluation that a kill ended does not overlap with the next; one that goes
// on in another replica does.
func TestOverlapsAreSeen(t *testing.T) {
	t.Parallel()
	killed, err := readLog(logOf(logLine(1, "evaluation begins", "a"), logLine(5, "listening", ""), logLine(6, "evaluation begins", "a"), logLine(7, "evaluation ends", "a")), 0, []death{{at(2), at(3)}})
	if err != nil || len(killed.spans) != 2 || len(overlaps(killed.spans)) != 0 {
		t.Errorf("%v %v", killed, err)
	}
	early, err := readLog(logOf(logLine(4, "evaluation begins", "a"), logLine(5, "listening", ""), logLine(6, "evaluation ends", "a"), logLine(8, "evaluation begins", "a"),
		logLine(9, "evaluation ends", "a")), 0, []death{{at(2), at(3)}, {at(20), at(21)}})
	if err != nil || len(early.spans) != 2 || len(overlaps(early.spans)) != 0 {
		t.Errorf("one that began before the program listened: %v %v", early, err)
	}
	twice, err := readLog(logOf(logLine(4, "evaluation begins", "a"), logLine(5, "evaluation begins", "a"), logLine(6, "evaluation ends", "a")), 0, []death{{at(20), at(21)}})
	if err != nil || len(overlaps(twice.spans)) != 1 {
		t.Errorf("two in one program: %v %v", twice, err)
	}
	other, err := readLog(logOf(logLine(6, "evaluation begins", "a"), logLine(8, "evaluation ends", "a"), "cut o"), 1, nil)
	if err != nil || len(overlaps(append(killed.spans, other.spans...))) != 1 {
		t.Errorf("%v %v", other, err)
	}
}

func TestLeaksAreSeen(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{
		"nothing here": 0, "the secret s3cr3t-s3cr3t": 1, "ghs_" + strings.Repeat("a1B2", 9): 1,
		"ghs_4711_" + strings.Repeat("x", 30) + "." + strings.Repeat("y", 30): 1, "Bearer eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiI3In0.sig": 1,
	} {
		if got := leaks([]byte(text), []string{"s3cr3t-s3cr3t"}); len(got) != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}

// The stand-in and the clones make the same commits of one plan.
func TestPlanIsTheSameEverywhere(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("git"); err != nil {
		t.Fatal(err)
	}
	s := &standIn{setup: setup{Seed: 3, Installations: 2, Pulls: 26, Deliveries: 120, AppID: 1, Replicas: []string{"http://127.0.0.1:1"}}}
	if err := s.populate(nil); err != nil {
		t.Fatal(err)
	}
	for _, x := range s.plan.steps {
		s.apply(x)
	}
	heads, err := s.heads()
	if err != nil || len(heads) != 26 {
		t.Fatalf("%d heads: %v", len(heads), err)
	}
	dir := filepath.Join(t.TempDir(), "clones")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	copies, err := makeClones(context.Background(), dir, newPlan(3, 2, 26, 120))
	if err != nil {
		t.Fatal(err)
	}
	seen := make(map[string]int)
	for _, h := range heads {
		j, err := copies.judge(context.Background(), h) // which compares the commits' ids
		if err != nil {
			t.Fatal(err)
		}
		seen[j.Outcome]++
	}
	if seen["pass"] == 0 || seen["fail"] == 0 || seen["incomplete"] > 0 {
		t.Errorf("a plan of little variety: %v", seen)
	}
}
