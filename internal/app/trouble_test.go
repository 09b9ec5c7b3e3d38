package app_test

import (
	"net/http"
	"testing"

	"github.com/changeguard/changeguard/internal/ghfake"
)

// Contents that GitHub fails to show for once are read again; the change is not
// refused for that.
func TestPassingTroubleIsNoVerdict(t *testing.T) {
	t.Parallel()
	for _, status := range []int{http.StatusInternalServerError, http.StatusBadGateway, http.StatusServiceUnavailable} {
		w := newWorld(t, ghfake.Options{}, nil)
		number := w.open(testPolicy, ghfake.Files{"requirements.txt": ghfake.Text("a==1\nb==2\n")})
		w.github.Inject(ghfake.Fault{Route: "/graphql", Skip: 1, Status: status}) // the second query reads the contents
		w.deliver("pull_request", w.repo.PullEvent(number, "opened", nil))
		if r := w.run(w.repo.Tip("feature"), 1); r.Conclusion != "action_required" {
			t.Errorf("%d: %s %q", status, r.Conclusion, r.Title)
		}
	}
}
