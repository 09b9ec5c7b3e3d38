package guard_test

import (
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/changeguard/changeguard/guard"
)

// An evaluation that takes long is shown as one in progress, and ends in the same run.
func TestSlowEvaluationsAreShown(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.base(testPolicy)
	n := w.open("feature", "main", fine)
	c := w.guard.Config
	c.SlowAfter = time.Nanosecond
	w.guard = guard.New(c)
	shown := make(chan struct{})
	once := sync.OnceFunc(func() { close(shown) })
	w.Answered(func(r *http.Request, _ *http.Response) {
		if r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/check-runs") {
			once()
		}
	})
	var during []string
	w.Once("/graphql", func() {
		select {
		case <-shown:
			during = w.runs("feature")
		case <-time.After(time.Minute):
			t.Error("nothing is shown")
		}
	})
	w.evaluate(w.pull(n))
	if after := w.runs("feature"); !slices.Equal(during, []string{"in_progress"}) || !slices.Equal(after, []string{"completed success"}) {
		t.Errorf("%v, then %v", during, after)
	}
}
