package metrics_test

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v4"

	"github.com/changeguard/changeguard/internal/ghfake/ghschema"
	"github.com/changeguard/changeguard/internal/metrics"
)

var update = flag.Bool("update", false, "write the table of docs/metrics.md")

type state metrics.State

func (s state) Look(context.Context) metrics.State { return metrics.State(s) }

func page(t *testing.T, m *metrics.Metrics) string {
	t.Helper()
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	if w.Code != http.StatusOK {
		t.Fatalf("%d: %s", w.Code, w.Body)
	}
	return w.Body.String()
}

func has(t *testing.T, text string, lines ...string) {
	t.Helper()
	for _, line := range lines {
		if !strings.Contains("\n"+text, "\n"+line+"\n") {
			t.Errorf("no line %q", line)
		}
	}
}

func readPage(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile("../../" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// busy is the page after everything has happened that is counted, and only that.
func busy(t *testing.T) string {
	t.Helper()
	now := time.Unix(1_000_000, 0)
	m := metrics.New("1.2.3", state{
		Up: true, Waiting: 3, Oldest: 90 * time.Second, Reconciled: now, Redelivered: 11, Evaluated: 12, NotificationsWaiting: 13,
		Caches: []metrics.Cache{{"contents", 5, 2, 1024}},
	})
	hook := m.Answers(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusAccepted) }), func() time.Time { return now })
	for _, event := range []string{"push", "push", "nonsense"} {
		r := httptest.NewRequest(http.MethodPost, "/webhook", nil)
		r.Header.Set("X-GitHub-Event", event)
		hook.ServeHTTP(httptest.NewRecorder(), r)
	}
	unsigned := httptest.NewRequest(http.MethodPost, "/webhook", nil)
	unsigned.Header.Set("X-GitHub-Event", "push")
	m.Answers(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) }), func() time.Time { return now }).ServeHTTP(httptest.NewRecorder(), unsigned)
	m.Delivery(true)
	m.Verdict(metrics.Verdict{Outcome: "pass", Observed: true})
	m.Evaluation("failed")
	m.PublishFailure("comment")
	for _, result := range []string{"sent", "failed", "dropped"} {
		m.Notification("slack", result)
	}
	m.Verdict(metrics.Verdict{
		Outcome: "fail", Took: time.Second, Since: 3 * time.Second,
		Findings: []metrics.Finding{{"core", "protected-paths", "block"}, {"core", "protected-paths", "warn"}, {"deps", "dependencies", "approve"}},
	})
	r := httptest.NewRequest(http.MethodGet, "/repos/acme/app/compare/a...b", nil)
	m.Request(7, r, &http.Response{StatusCode: 200, Header: http.Header{"X-Ratelimit-Remaining": {"4999"}, "X-Ratelimit-Resource": {"core"}, "X-Ratelimit-Reset": {"1700000000"}}}, time.Second)
	m.Request(7, r, nil, time.Second)
	return page(t, m)
}

func TestWhatHappensIsCounted(t *testing.T) {
	t.Parallel()
	has(
		t, busy(t),
		`changeguard_webhook_answers_total{code="202",event="push"} 2`,
		`changeguard_webhook_answers_total{code="202",event="other"} 1`,
		`changeguard_webhook_answer_seconds_count 4`,
		`changeguard_deliveries_total{result="accepted"} 1`,
		`changeguard_deliveries_total{result="refused"} 0`,
		`changeguard_evaluations_total{result="failed"} 1`,
		`changeguard_publish_failures_total{what="comment"} 1`,
		`changeguard_notifications_total{channel="slack",result="sent"} 1`,
		`changeguard_verdicts_total{observed="false",outcome="fail"} 1`,
		`changeguard_rule_verdicts_total{kind="protected-paths",level="block",rule="core"} 1`,
		`changeguard_rule_verdicts_total{kind="dependencies",level="approve",rule="deps"} 1`,
		`changeguard_time_to_verdict_seconds_sum 3`,
		`changeguard_github_requests_total{code="200",route="GET /repos/{owner}/{repo}/compare/…"} 1`,
		`changeguard_github_requests_total{code="error",route="GET /repos/{owner}/{repo}/compare/…"} 1`,
		`changeguard_github_rate_remaining{installation="7",resource="core"} 4999`,
		`changeguard_github_rate_reset_timestamp_seconds{installation="7",resource="core"} 1.7e+09`,
		`changeguard_up 1`, `changeguard_waiting 3`, `changeguard_waiting_oldest_seconds 90`, `changeguard_reconciled_timestamp_seconds 1e+06`,
		`changeguard_cache_requests_total{cache="contents",result="hit"} 5`, `changeguard_cache_requests_total{cache="contents",result="miss"} 2`, `changeguard_cache_bytes{cache="contents"} 1024`,
		`changeguard_evaluation_seconds_sum 1`, `changeguard_github_request_seconds_sum{route="GET /repos/{owner}/{repo}/compare/…"} 2`,
		`changeguard_reconciled_redelivered 11`, `changeguard_reconciled_evaluated 12`, `changeguard_notifications_waiting 13`,
		`changeguard_verdicts_total{observed="true",outcome="pass"} 1`, `changeguard_webhook_answers_total{code="401",event="push"} 1`,
		`changeguard_build_info{version="1.2.3"} 1`,
	)
}

// While the database does not answer, the page does, and says nothing that it
// does not know.
func TestDatabaseDown(t *testing.T) {
	t.Parallel()
	text := page(t, metrics.New("x", state{Caches: []metrics.Cache{{"trees", 1, 1, 1}}}))
	has(t, text, "changeguard_up 0", `changeguard_cache_bytes{cache="trees"} 1`)
	if strings.Contains(text, "changeguard_waiting") || strings.Contains(text, "changeguard_reconciled") {
		t.Error("it tells what it does not know")
	}
}

// Repositories choose the names of rules; they must not make the page grow.
func TestLabelsAreBounded(t *testing.T) {
	t.Parallel()
	m := metrics.New("x", nil)
	for i := range 5000 {
		n := fmt.Sprint(i)
		m.Verdict(metrics.Verdict{Outcome: "fail", Findings: []metrics.Finding{{"rule-" + n, "limits", "block"}}})
		m.Request(int64(i+1), httptest.NewRequest(http.MethodGet, "/repos/a/b"+n+"/whatever/"+n, nil), &http.Response{StatusCode: 200, Header: http.Header{"X-Ratelimit-Remaining": {n}, "X-Ratelimit-Resource": {n}}}, 0)
		m.Notification("channel"+n, "sent")
	}
	m.Verdict(metrics.Verdict{Outcome: "fail", Findings: []metrics.Finding{{"rule-7\xff" + strings.Repeat("x", 1000), "limits", "block"}, {"rule-7\xff", "limits", "block"}}})
	text := page(t, m)
	if n := strings.Count(text, "\n"); n > 1500 {
		t.Errorf("%d lines", n)
	}
	has(
		t, text, `changeguard_rule_verdicts_total{kind="limits",level="block",rule="rule-7"} 1`, `changeguard_rule_verdicts_total{kind="limits",level="block",rule="other"} 4802`,
		`changeguard_github_requests_total{code="200",route="other"} 5000`,
	)
}

func TestRoutes(t *testing.T) {
	t.Parallel()
	for request, want := range map[string]string{
		"GET /repos/a/b/pulls/7":                      "GET /repos/{owner}/{repo}/pulls/{number}",
		"GET /repos/a/b/pulls/7/files":                "GET /repos/{owner}/{repo}/pulls/{number}/files",
		"POST /api/graphql":                           "POST /graphql",
		"POST /graphql":                               "POST /graphql",
		"GET /api/v3/repos/a/b/git/blobs/x":           "GET /repos/{owner}/{repo}/git/blobs/{id}",
		"PATCH /repos/a/b/check-runs/5":               "PATCH /repos/{owner}/{repo}/check-runs/{id}",
		"GET /repos/a/b/contents/a/b/c":               "GET /repos/{owner}/{repo}/contents/…",
		"GET /repos/a/b/compare/main...x/y":           "GET /repos/{owner}/{repo}/compare/…",
		"DELETE /repos/a/b/check-runs/5":              "other",
		"GET /repos//b/pulls/7":                       "other",
		"GET /repos/a/b":                              "GET /repos/{owner}/{repo}",
		"GET /repos/a/b/compare":                      "other",
		"GET ":                                        "other",
		"GET /repos/a/b/collaborators/lee/permission": "GET /repos/{owner}/{repo}/collaborators/{user}/permission",
	} {
		method, path, _ := strings.Cut(request, " ")
		if got := metrics.Route(method, path); got != want {
			t.Errorf("%s: %s, want %s", request, got, want)
		}
	}
}

// What the program may ask of GitHub, which is what its stand-in answers, is told
// apart, so that an operator sees what used up the budget.
func TestEveryRequestHasARoute(t *testing.T) {
	t.Parallel()
	name := regexp.MustCompile(`\{[^}]*\}`)
	operations := append(ghschema.Operations(), "POST /graphql", "POST /repos/{owner}/{repo}/rulesets", "GET /repos/{owner}/{repo}/rulesets/{ruleset_id}")
	for _, operation := range operations {
		method, path, _ := strings.Cut(name.ReplaceAllString(operation, "x"), " ")
		if got := metrics.Route(method, path); got == metrics.Other || strings.Count(got, "/") != strings.Count(path, "/") {
			t.Errorf("%s counts as %s", operation, got)
		}
	}
	if len(operations) < 30 {
		t.Errorf("only %d operations", len(operations))
	}
}

const (
	tableFrom = "<!-- go test ./internal/metrics -update writes this table -->\n"
	tableTo   = "<!-- the end of the table -->\n"
)

// The manual names every metric with its meaning, and no other.
func TestTheManualNamesEveryMetric(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString("| name | type | labels | meaning |\n| --- | --- | --- | --- |\n")
	for _, d := range metrics.New("x", nil).List() {
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", d.Name, d.Kind, strings.Join(d.Labels, ", "), d.Help)
	}
	text := readPage(t, "docs/metrics.md")
	before, rest, ok1 := strings.Cut(text, tableFrom)
	shown, after, ok2 := strings.Cut(rest, tableTo)
	if !ok1 || !ok2 {
		t.Fatal("docs/metrics.md has no place for the table")
	}
	if *update {
		if err := os.WriteFile("../../docs/metrics.md", []byte(before+tableFrom+b.String()+tableTo+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(b.String(), shown); diff != "" {
		t.Errorf("-update writes it (-program +manual):\n%s", diff)
	}
}

// expressions are all of the dashboard and of the alert rules.
func expressions(t *testing.T) map[string]string {
	t.Helper()
	all := make(map[string]string)
	var board struct {
		Panels []struct {
			Title   string `json:"title"`
			Targets []struct {
				Expr string `json:"expr"`
			} `json:"targets"`
		} `json:"panels"`
	}
	if err := json.Unmarshal([]byte(readPage(t, "deploy/grafana/changeguard.json")), &board); err != nil {
		t.Fatal(err)
	}
	for _, p := range board.Panels {
		for i, target := range p.Targets {
			all[fmt.Sprintf("panel %q, %d", p.Title, i)] = target.Expr
		}
	}
	var file struct {
		Groups []struct {
			Rules []struct {
				Alert       string            `yaml:"alert"`
				Expr        string            `yaml:"expr"`
				Annotations map[string]string `yaml:"annotations"`
			} `yaml:"rules"`
		} `yaml:"groups"`
	}
	if err := yaml.Unmarshal([]byte(readPage(t, "deploy/prometheus/alerts.yml")), &file); err != nil {
		t.Fatal(err)
	}
	manual := readPage(t, "docs/metrics.md")
	for _, g := range file.Groups {
		for _, r := range g.Rules {
			all["alert "+r.Alert] = r.Expr
			if r.Annotations["summary"] == "" || r.Annotations["description"] == "" {
				t.Errorf("%s does not say what to do", r.Alert)
			}
			if !strings.Contains(manual, "`"+r.Alert+"`") {
				t.Errorf("docs/metrics.md does not explain %s", r.Alert)
			}
		}
	}
	return all
}

// What the dashboard and the alerts ask for exists, and every metric that
// matters is on one of them.
func TestDashboardAndAlertsNameWhatThereIs(t *testing.T) {
	t.Parallel()
	labels := make(map[string][]string)
	for _, d := range metrics.New("x", nil).List() {
		labels[d.Name] = d.Labels
		if d.Kind == "histogram" {
			for _, end := range []string{"_bucket", "_sum", "_count"} {
				labels[d.Name+end] = append(slices.Clone(d.Labels), "le")
			}
		}
	}
	all := expressions(t)
	if len(all) < 20 {
		t.Fatalf("only %d expressions", len(all))
	}
	by := regexp.MustCompile(`by \(([^)]*)\)`)
	name := regexp.MustCompile(`changeguard_[a-z_]+`)
	selector := regexp.MustCompile(`(changeguard_[a-z_]+)\{([^}]*)\}`)
	used := make(map[string]bool)
	for where, expr := range all {
		var known []string
		for _, n := range name.FindAllString(expr, -1) {
			used[regexp.MustCompile(`_(bucket|sum|count)$`).ReplaceAllString(n, "")] = true
			if _, ok := labels[n]; !ok {
				t.Errorf("%s: there is no metric %s", where, n)
			}
			known = append(known, labels[n]...)
		}
		for _, m := range selector.FindAllStringSubmatch(expr, -1) {
			for l := range strings.SplitSeq(m[2], ",") {
				if l = strings.TrimSpace(l); strings.ContainsAny(l, "=!") {
					l = l[:strings.IndexAny(l, "=!")]
				}
				if !slices.Contains(append(labels[m[1]], "job", "instance"), l) {
					t.Errorf("%s: %s has no label %q", where, m[1], l)
				}
			}
		}
		for _, m := range by.FindAllStringSubmatch(expr, -1) {
			for l := range strings.SplitSeq(m[1], ",") {
				if l = strings.TrimSpace(l); l != "instance" && l != "job" && !slices.Contains(known, l) {
					t.Errorf("%s: nothing has a label %q", where, l)
				}
			}
		}
	}
	for _, d := range metrics.New("x", nil).List() {
		if !used[d.Name] {
			t.Errorf("%s is on no dashboard and in no alert", d.Name)
		}
	}
}
