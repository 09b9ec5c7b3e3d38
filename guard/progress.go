package guard

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/internal/github"
	"github.com/changeguard/changeguard/internal/logkey"
	"github.com/changeguard/changeguard/internal/store"
	"github.com/changeguard/changeguard/report"
)

// slowAfter is when a check run in progress is shown, where nothing else is configured.
const slowAfter = 2 * time.Second

// progress shows a check run in progress when an evaluation takes long.
type progress struct {
	stop chan struct{}
	run  chan int64

	began time.Time
}

// begin shows a run in progress, at once when the result that stands could
// mislead and else when the evaluation turns out to take long. A push gets none:
// whether anybody wants it judged is not known yet.
func (e *evaluation) begin(ctx context.Context) error {
	e.progress = &progress{make(chan struct{}), make(chan int64, 1), e.Now()}
	if e.Kind == store.Push {
		e.progress.run <- 0
		return nil
	}
	misleads, err := e.misleads(ctx)
	if err != nil {
		return err
	}
	if misleads {
		e.progress.run <- e.startRun(ctx, "A result for something else stood on this commit. It does not count for this pull request.")
		return nil
	}
	go func() {
		timer := time.NewTimer(e.SlowAfter)
		defer timer.Stop()
		select {
		case <-e.progress.stop:
			e.progress.run <- 0
		case <-timer.C:
			e.progress.run <- e.startRun(ctx, "The change is large; this takes a moment.")
		}
	}()
	return nil
}

// end returns the run that was started, 0 for none.
func (p *progress) end() int64 {
	close(p.stop)
	return <-p.run
}

// startRun shows a run in progress and notes it, so that the next attempt ends
// it if this one dies. It returns 0 when that did not work; the evaluation goes
// on without.
func (e *evaluation) startRun(ctx context.Context, summary string) int64 {
	ctx, release, err := e.holdHead(ctx, e.Head)
	if err != nil {
		e.Logger.WarnContext(ctx, "the check run in progress could not be shown", logkey.Subject, e.Name(), logkey.Err, err)
		return 0
	}
	defer release()
	standing, err := e.Store.Run(ctx, e.Repository(), e.Head)
	if err == nil && standing.RunID != 0 && standing.Conclusion == "" {
		return standing.RunID // it is in progress already
	}
	id := int64(0)
	if err = e.Store.Starting(ctx, e.Repository(), e.Head, e.Now()); err == nil {
		t := e.target(e.Head)
		t.Doubt = standing.Doubted()
		id, err = e.client.StartRun(ctx, t, summary)
	}
	if err == nil {
		err = e.Store.SetRun(ctx, store.Run{Repository: e.Repository(), Head: e.Head, RunID: id}, e.Now())
	}
	if err != nil {
		e.Logger.WarnContext(ctx, "the check run in progress could not be shown or noted", logkey.Subject, e.Name(), logkey.Err, err)
	}
	return id
}

func (e *evaluation) target(head string) github.Target {
	return github.Target{Owner: e.Owner, Repo: e.Repo, Head: head, Details: e.details(e.Subject)}
}

// inputs is what of a verdict's inputs is kept beside it.
type inputs struct {
	BaseRef string `json:"base_ref,omitempty"`
	HeadRef string `json:"head_ref,omitempty"`
	// Policies are the ids of the policy files.
	Policies []string `json:"policies,omitempty"`
	// Facts are those of the pull request that a survey compares.
	Facts  string `json:"facts,omitempty"`
	Sticks sticks `json:"sticks,omitzero"`
	// Aside is what reports say of the verdict and its JSON does not.
	Aside json.RawMessage `json:"aside,omitempty"`
	// Prints are of the content that each finding was found in.
	Prints map[string]string `json:"prints,omitempty"`
	// Evidence is what others said of the head, where a rule asked.
	Evidence *change.Recorded `json:"evidence,omitempty"`
}

// readInputs reads what was kept beside a verdict.
func readInputs(v store.Verdict) (in inputs, err error) {
	if len(v.Inputs) > 0 {
		err = json.Unmarshal(v.Inputs, &in)
	}
	return in, err
}

// misleads reports whether a green result stands on the head that was given for
// something else: for another pull request, or for this one against another
// base.
func (e *evaluation) misleads(ctx context.Context) (bool, error) {
	if e.Kind != store.Pull {
		return false, nil
	}
	standing, err := e.Store.Run(ctx, e.Repository(), e.Head)
	if errors.Is(err, store.ErrNotFound) || err == nil && standing.Conclusion != string(report.Success) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	last, err := e.Store.Latest(ctx, e.Name())
	if errors.Is(err, store.ErrNotFound) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	in, err := readInputs(last)
	if err != nil {
		return true, nil // of another version
	}
	return last.Head != e.Head || e.Base != "" && in.BaseRef != e.Base, nil
}
