package app_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/changeguard/changeguard/internal/ghfake"
)

// That GitHub takes no result is seen by whoever asks whether the server is ready,
// in the metrics and on the page, until it was published, without another event.
func TestFailureToPublishIsVisibleAndRetried(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	number := w.open(testPolicy, ghfake.Files{"core/a.py": ghfake.Text("x = 2\n")})
	w.github.Inject(ghfake.Fault{Route: "/check-runs", Times: -1, Status: http.StatusInternalServerError, Body: `{"message":"Server Error"}`, Header: http.Header{"Content-Type": {"application/json; charset=utf-8"}}})
	w.deliver("pull_request", w.repo.PullEvent(number, "opened", nil))
	w.says("warning: 1 could not be evaluated or published, the first since 20")
	if got := w.server.Metrics(); !regexp.MustCompile(`(?m)^changeguard_publish_failures_total\{what="check run"\} [1-9]`).MatchString(got) {
		t.Errorf("the metrics do not tell: %s", got)
	}
	b := newBrowser(t)
	b.visit(w.home + "/health")
	b.wants(200, "What GitHub did not take", "<td>check run</td>")
	w.github.Calm()
	w.concludes(w.repo.Tip("feature"), "failure")
	w.until("a clean bill", func() bool { return !strings.Contains(w.get("/readyz"), "could not be") })
}
