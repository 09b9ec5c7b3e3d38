package guard

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/internal/github"
	"github.com/changeguard/changeguard/internal/logkey"
	"github.com/changeguard/changeguard/internal/queue"
	"github.com/changeguard/changeguard/internal/store"
	"github.com/changeguard/changeguard/report"
	"github.com/changeguard/changeguard/verdict"
)

// lag is how long GitHub's answers may be behind its events. What is not there,
// or is older than the event said, is looked at once more after that.
const lag = 2 * time.Second

var errOtherHead = errors.New("GitHub does not show the head that the event named")

// lookAgain reports whether an evaluation is to be run once more. It says so
// once for each event.
func (g *Guard) lookAgain(s store.Subject) bool {
	return g.looked.add(fmt.Sprintf("%s %d", s.Name(), s.Want))
}

// superseded ends a run in progress whose commit is not judged any more, this
// evaluation's or that of an attempt before. What is known of others with this
// head is shown then. loaded is nil when nothing was.
func (e *evaluation) superseded(ctx context.Context, loaded *github.Loaded, run int64) error {
	if run == 0 && e.Kind != store.Pull {
		return nil
	}
	if run == 0 {
		standing, err := e.Store.Run(ctx, e.Repository(), e.Head)
		if errors.Is(err, store.ErrNotFound) || err == nil && standing.Conclusion != "" {
			return nil
		}
		if err != nil {
			return err
		}
		run = standing.RunID
	}
	ctx, release, err := e.holdHead(ctx, e.Head)
	if err != nil {
		return err
	}
	defer release()
	show := report.CheckRun{
		Conclusion: report.Failure, Title: "Superseded", Summary: "The pull request was closed, or has another head by now; this commit was not judged.", ExternalID: "superseded",
	}
	if loaded == nil || loaded.Change.Head != e.Head {
		loaded = &github.Loaded{Change: &change.Change{Head: e.Head}, SiblingsUnknown: true}
	}
	others, _, err := e.siblings(ctx, loaded)
	if err != nil {
		return err
	}
	if len(others) > 0 {
		if show, err = e.combine(ctx, others); err != nil {
			return err
		}
	}
	return e.show(ctx, e.Head, show, run)
}

// leave ends what was begun for something that is gone, as far as it can.
func (e *evaluation) leave(ctx context.Context, run int64) error {
	if err := e.closed(ctx); err != nil {
		return err
	}
	err := e.superseded(ctx, nil, run)
	for _, gone := range []error{github.ErrGone, github.ErrNotFound, github.ErrForbidden, github.ErrInvalid} {
		if errors.Is(err, gone) {
			return nil
		}
	}
	return waiting(err)
}

// unloadable decides what a change means that could not be loaded.
func (e *evaluation) unloadable(ctx context.Context, run int64, err error) error {
	notThere := errors.Is(err, github.ErrGone) || errors.Is(err, github.ErrNotFound) && e.Kind != store.Pull
	switch {
	case errors.Is(err, github.ErrOrganisation) && (errors.Is(err, github.ErrForbidden) || !e.tryAgain(e.Subject)):
		return e.refuse(ctx, run, err)
	case errors.Is(err, github.ErrOrganisation):
		e.doubtGreen(ctx, run)
		return waiting(err)
	case notThere && e.lookAgain(e.Subject):
		return queue.Later(e.Now().Add(lag), err)
	case errors.Is(err, github.ErrGone), notThere && e.Kind == store.Group:
		e.Logger.InfoContext(ctx, "nothing to evaluate: it is gone, or not visible to the installation", logkey.Subject, e.Name(), logkey.Err, err)
		return e.leave(ctx, run)
	case notThere, errors.Is(err, github.ErrNoMergeBase), errors.Is(err, github.ErrForbidden), errors.Is(err, github.ErrNotComparable):
		return e.refuse(ctx, run, err)
	}
	e.doubtGreen(ctx, run)
	return waiting(err)
}

// doubtGreen takes a green result back that could not be confirmed: what it was
// given for may have changed. Without one there is nothing to do; a head that
// has no result cannot be merged.
func (e *evaluation) doubtGreen(ctx context.Context, run int64) {
	if run != 0 || e.Kind != store.Pull {
		return
	}
	standing, err := e.Store.Run(ctx, e.Repository(), e.Head)
	if err != nil || standing.Conclusion != string(report.Success) {
		return
	}
	e.startRun(ctx, "GitHub's answers do not let the change be judged again yet. The result that stood here may not hold any longer.")
}

// refuse publishes that the change could not be judged.
func (e *evaluation) refuse(ctx context.Context, run int64, cause error) error {
	if e.Kind == store.Push {
		// Without the policy it is only known from before whether anybody asked.
		if k, err := e.pushes(ctx, e.Subject); err != nil || !k.name(e.Ref) {
			e.Logger.WarnContext(ctx, "a push could not be judged", logkey.Subject, e.Name(), logkey.Err, errors.Join(cause, err))
			return errors.Join(err, e.landedUnread(ctx))
		}
	}
	c := &change.Change{
		Event: change.PullRequest, Repo: e.Repository(), Number: e.Number, BaseRef: e.Base, Head: e.Head,
		Gaps: []change.Gap{{What: cause.Error(), Remedy: remedy(cause)}},
	}
	switch e.Kind {
	case store.Group:
		c.Event = change.MergeGroup
	case store.Push:
		c.Event = change.Push
	}
	v, err := verdict.Judge(ctx, verdict.Input{Change: c, Kinds: e.Kinds, Engine: e.Engine})
	if err != nil {
		return err
	}
	err = e.publish(ctx, &github.Loaded{Change: c}, v, run)
	if errors.Is(err, github.ErrNotFound) || errors.Is(err, github.ErrInvalid) {
		e.Logger.InfoContext(ctx, "the commit is gone", logkey.Subject, e.Name(), logkey.Err, err)
		return nil
	}
	if err != nil {
		return waiting(errors.Join(cause, err))
	}
	return e.landedUnread(ctx)
}

// landedUnread records what a push brought that could not be judged: it was not
// judged, whatever the reason. What GitHub does not show cannot be recorded.
func (e *evaluation) landedUnread(ctx context.Context) error {
	if e.Kind != store.Push {
		return nil
	}
	err := e.landing(ctx, nil, nil)
	if errors.Is(err, github.ErrForbidden) || errors.Is(err, github.ErrGone) {
		e.Logger.WarnContext(ctx, "what a push brought is not shown", logkey.Subject, e.Name(), logkey.Err, err)
		return nil
	}
	return waiting(err)
}

func remedy(cause error) string {
	switch {
	case errors.Is(cause, github.ErrOrganisation):
		return "Let the App read the organisation's repository .github, then re-run the check. Where there is to be no policy of the organisation any more, take the file out of that repository before the repository."
	case errors.Is(cause, github.ErrForbidden):
		return "Grant the App the permissions it asks for, then re-run the check."
	case errors.Is(cause, github.ErrNotComparable):
		return "Split the change into smaller ones."
	case errors.Is(cause, github.ErrNotFound):
		return "Compare the branch by hand: the commits before the push are gone."
	default:
		return "Rebase the branch onto its base."
	}
}
