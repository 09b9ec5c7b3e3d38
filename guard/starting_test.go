package guard_test

import (
	"context"
	"testing"

	"github.com/changeguard/changeguard/internal/github"
)

// An attempt that died after GitHub had taken its run in progress, and before it was
// noted which one that is, leaves none unfinished: the next result takes its place.
func TestAttemptThatDiedWhileItStartedARun(t *testing.T) {
	t.Parallel()
	for name, taken := range map[string]bool{"GitHub has it": true, "it never came": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil)
			w.base(testPolicy)
			n := w.open("feature", "main", fine)
			head := w.repo.Tip("feature")
			if err := w.store.Starting(context.Background(), "acme/app", head, w.Now()); err != nil {
				t.Fatal(err)
			}
			if taken {
				if _, err := w.app.Installation(1).StartRun(context.Background(), github.Target{Owner: "acme", Repo: "app", Head: head}, "Wait."); err != nil {
					t.Fatal(err)
				}
			}
			w.evaluate(w.pull(n))
			w.concluded("feature", "success", "")
			if got := w.runs("feature"); len(got) != 1 {
				t.Errorf("%v", got)
			}
			w.asked()
			w.evaluate(w.pull(n))
			if got := w.asked(); got > 1 {
				t.Errorf("%d requests, though no doubt is left", got)
			}
		})
	}
}
