package metrics

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// events are those of GitHub's that are told apart. Whoever sends one is not
// known yet when it is counted.
var events = strings.Fields("branch_protection_rule check_run check_suite create delete deployment deployment_status installation installation_repositories issue_comment issues merge_group ping pull_request pull_request_review pull_request_review_comment push repository repository_ruleset status workflow_run")

// Answers counts what the webhook answers.
func (m *Metrics) Answers(next http.Handler, now func() time.Time) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := now()
		s := &status{ResponseWriter: w, code: http.StatusOK}
		next.ServeHTTP(s, r)
		event := r.Header.Get("X-GitHub-Event")
		if !slices.Contains(events, event) {
			event = Other
		}
		m.answers.WithLabelValues(event, strconv.Itoa(s.code)).Inc()
		m.answerTime.Observe(now().Sub(began).Seconds())
	})
}

// status remembers what was answered.
type status struct {
	http.ResponseWriter
	code int
}

// WriteHeader implements http.ResponseWriter.
func (s *status) WriteHeader(code int) {
	if code >= http.StatusOK { // what comes before is no answer yet
		s.code = code
	}
	s.ResponseWriter.WriteHeader(code)
}

// Unwrap lets http.ResponseController reach what is below.
func (s *status) Unwrap() http.ResponseWriter { return s.ResponseWriter }

// Request counts a request of an installation to GitHub's API; 0 is the App
// itself. The answer is nil when there was none.
func (m *Metrics) Request(installation int64, r *http.Request, answer *http.Response, took time.Duration) {
	route, code := Route(r.Method, r.URL.Path), "error"
	if answer != nil {
		code = strconv.Itoa(answer.StatusCode)
		m.budget(installation, answer.Header)
	}
	m.requests.WithLabelValues(route, code).Inc()
	m.requestTime.WithLabelValues(route).Observe(took.Seconds())
}

// budget notes what an answer says of the hourly budget.
func (m *Metrics) budget(installation int64, h http.Header) {
	left, err := strconv.ParseFloat(h.Get("X-RateLimit-Remaining"), 64)
	if err != nil {
		return
	}
	resource := h.Get("X-RateLimit-Resource")
	if !slices.Contains([]string{"core", "graphql"}, resource) {
		resource = Other
	}
	name := "app"
	if installation != 0 {
		name = m.installations.name(strconv.FormatInt(installation, 10))
	}
	m.remaining.WithLabelValues(name, resource).Set(left)
	if at, err := strconv.ParseFloat(h.Get("X-RateLimit-Reset"), 64); err == nil {
		m.reset.WithLabelValues(name, resource).Set(at)
	}
}
