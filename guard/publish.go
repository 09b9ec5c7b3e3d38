package guard

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/internal/github"
	"github.com/changeguard/changeguard/internal/logkey"
	"github.com/changeguard/changeguard/internal/store"
	"github.com/changeguard/changeguard/report"
	"github.com/changeguard/changeguard/verdict"
)

// publish makes GitHub show the verdict. started is a check run in progress
// that this evaluation began, or 0.
func (e *evaluation) publish(ctx context.Context, loaded *github.Loaded, v *verdict.Verdict, started int64) error {
	ctx, release, err := e.holdHead(ctx, v.Head)
	if err != nil {
		return err
	}
	defer release()
	before, err := e.Store.Latest(ctx, e.Name())
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	err = e.saveVerdict(ctx, loaded, v)
	if errors.Is(err, store.ErrOlder) {
		e.Logger.InfoContext(ctx, "a later evaluation was faster", logkey.Subject, e.Name())
		return nil
	}
	if err != nil {
		return err
	}
	if !e.Anew && before.Digest == v.ID && e.Now().Sub(before.Created) < recently {
		e.doubted = e.unsure.add(e.Repository() + "@" + v.Head) // the program that stored it may have died while it published
	}
	if err := e.await(ctx, v); err != nil {
		return err
	}
	others, all, err := e.siblings(ctx, loaded)
	if err != nil {
		return err
	}
	if e.Kind != store.Pull && !all {
		// The commit is a pull request's head too, which will be judged as such;
		// what is good enough for a push must not stand in for that.
		return e.endRun(ctx, v.Head, started)
	}
	if err := e.foreign(ctx, loaded, v.Head); err != nil {
		return err
	}
	asked := e.askFor(ctx, loaded, v)
	together := append([]judged{{subject: e.Subject, verdict: v}}, others...)
	run, err := e.combine(ctx, together)
	if err != nil {
		return err
	}
	beside, err := e.besides(ctx, v.Head, together)
	if err != nil {
		return err
	}
	beside.add(&run)
	if err := e.show(ctx, v.Head, run, started); err != nil {
		return e.unpublished("check run", err)
	}
	if e.Kind == store.Pull {
		if err := e.comment(ctx, loaded, v, beside); err != nil {
			return err
		}
	}
	if err := e.seen(ctx, loaded, v); err != nil {
		return err
	}
	return asked // is tried again; the result stands
}

// recently is how long after its verdict was stored a run may have been
// published by a program that did not live to note it. After that an
// evaluation that died was run again.
const recently = 10 * time.Minute

func (e *evaluation) saveVerdict(ctx context.Context, loaded *github.Loaded, v *verdict.Verdict) error {
	c := loaded.Change
	body, err := v.JSON()
	if err != nil {
		return err
	}
	aside, err := v.Aside()
	if err != nil {
		return err
	}
	kept := inputs{BaseRef: c.BaseRef, HeadRef: c.HeadRef, Prints: e.prints, Evidence: e.recorded(), Facts: facts(c, loaded.Edited), Sticks: e.sticks}
	for _, p := range loaded.Policies {
		kept.Policies = append(kept.Policies, p.ID)
	}
	if err := json.Unmarshal(aside, &kept); err != nil {
		return fmt.Errorf("read what the verdict says beside its JSON: %w", err)
	}
	in, err := json.Marshal(kept)
	if err != nil {
		return fmt.Errorf("write the inputs: %w", err)
	}
	origin, err := e.origin(loaded)
	if err != nil {
		return err
	}
	beside, err := e.kept(ctx, loaded, v)
	if err != nil {
		return err
	}
	return e.Store.AddVerdict(ctx, store.Verdict{
		Subject: e.Subject, Digest: v.ID, Outcome: string(v.Outcome), Observed: v.Observed, Waiting: v.Waiting, Title: v.Title, Head: v.Head, Base: v.Base, MergeBase: v.MergeBase,
		Policy: v.Policy.Digest, Score: v.Risk.Score, SubjectLine: c.Title, Created: e.Now(), Body: body, Inputs: in,
		Actor: string(v.Session.Actor), Rules: stoppers(v), Kept: beside, Origin: origin,
	})
}

// facts are what a survey compares, to find an event that was lost.
func facts(c *change.Change, edited string) string {
	var labels []string
	for _, l := range c.Labels {
		labels = append(labels, l.Name)
	}
	return github.Facts(c.Title, c.Draft, labels, edited)
}

// show publishes a run unless it stands already. The head is held.
func (e *evaluation) show(ctx context.Context, head string, run report.CheckRun, started int64) error {
	if run.Conclusion == report.Pending {
		return e.showWaiting(ctx, head, run, started)
	}
	key := e.Repository() + "@" + head
	standing, err := e.Store.Run(ctx, e.Repository(), head)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	if started == 0 && standing.Conclusion == "" {
		started = standing.RunID // of an attempt that died
	}
	unsure := e.unsure.has(key) && !e.doubted // an attempt of this program sent one and could not note it
	if !e.Anew && started == 0 && !unsure && standing.ExternalID == run.ExternalID && standing.Conclusion == string(run.Conclusion) {
		if e.doubted {
			e.unsure.remove(key) // it did not die
		}
		return nil
	}
	if err := e.Store.StillHeld(ctx); err != nil {
		return err
	}
	t := e.target(head)
	t.RunID, t.Doubt = started, !e.unsure.add(key) || standing.Doubted()
	id, published := e.client.PublishRun(ctx, t, run)
	if id == 0 {
		return published
	}
	noted := store.Run{Repository: e.Repository(), Head: head, RunID: id, ExternalID: run.ExternalID, Conclusion: string(run.Conclusion)}
	if published != nil {
		noted.ExternalID = "" // annotations are missing: not what should stand
	}
	if err := errors.Join(published, e.note(ctx, noted)); err != nil {
		return err
	}
	e.unsure.remove(key)
	return nil
}

// note notes a run that was published. Where another evaluation may have
// published its own meanwhile nobody knows which of the two stands: the next one,
// in whichever program, looks for it.
func (e *evaluation) note(ctx context.Context, r store.Run) error {
	err := e.Store.SetRun(ctx, r, e.Now())
	if errors.Is(err, store.ErrLost) {
		return errors.Join(err, e.Store.DoubtRun(context.WithoutCancel(ctx), r.Repository, r.Head))
	}
	return err
}

// endRun ends a run in progress for whose commit another evaluation will answer.
func (e *evaluation) endRun(ctx context.Context, head string, run int64) error {
	if run == 0 {
		return nil
	}
	return e.show(ctx, head, report.CheckRun{
		Conclusion: report.Failure, Title: "Waiting for the pull request", Summary: "This commit is the head of a pull request, which is yet to be judged.", ExternalID: "waiting",
	}, run)
}

// judged is a subject with its verdict.
type judged struct {
	subject store.Subject
	verdict *verdict.Verdict
}

// siblings are the other open pull requests with the same head, as far as they
// were judged at it; all says that every one was. The evaluation of one that was
// not will find this one.
func (e *evaluation) siblings(ctx context.Context, loaded *github.Loaded) (list []judged, all bool, err error) {
	numbers, err := e.sharing(ctx, loaded)
	if err != nil {
		return nil, false, err
	}
	for _, n := range numbers {
		other := store.Subject{Kind: store.Pull, Owner: e.Owner, Repo: e.Repo, Number: n}
		stored, err := e.Store.Latest(ctx, other.Name())
		if errors.Is(err, store.ErrNotFound) || err == nil && stored.Head != loaded.Change.Head {
			continue
		}
		if err != nil {
			return nil, false, err
		}
		v, err := parse(stored)
		if err != nil {
			return nil, false, err
		}
		list = append(list, judged{other, v})
	}
	return list, len(list) == len(numbers), nil
}

// sharing are the numbers of those pull requests. Where GitHub does not tell
// them for a commit, those count that an event named with it.
func (e *evaluation) sharing(ctx context.Context, loaded *github.Loaded) ([]int, error) {
	if !loaded.SiblingsUnknown {
		return loaded.Siblings, nil
	}
	known, err := e.Store.Sharing(ctx, e.Owner, e.Repo, loaded.Change.Head)
	if err != nil {
		return nil, err
	}
	var numbers []int
	for _, s := range known {
		if s.Kind == store.Pull && s.Number != e.Number {
			numbers = append(numbers, s.Number)
		}
	}
	return numbers, nil
}

// combine makes one run of several verdicts, since GitHub shows one result per
// commit: the worst, with a word about the others.
func (e *evaluation) combine(ctx context.Context, list []judged) (report.CheckRun, error) {
	worst := slices.MaxFunc(list, func(a, b judged) int { return cmp.Compare(severity(a.verdict), severity(b.verdict)) })
	below, of, err := e.Store.Rank(ctx, worst.subject, worst.verdict.Risk.Score)
	if err != nil {
		return report.CheckRun{}, fmt.Errorf("rank the risk of %s: %w", worst.subject.Name(), err)
	}
	run := report.NewRankedCheckRun(worst.verdict, e.details(worst.subject), report.Rank{Below: below, Of: of})
	if len(list) == 1 {
		return run, nil
	}
	var ids, words []string
	for _, j := range list {
		ids = append(ids, j.verdict.ID)
		words = append(words, fmt.Sprintf("%s: %s", e.linked(j.subject), j.verdict.Outcome))
	}
	slices.Sort(ids)
	slices.Sort(words)
	sum := sha256.Sum256([]byte(strings.Join(ids, " ")))
	run.ExternalID = hex.EncodeToString(sum[:16])
	note := "\nThis commit is the head of several pull requests, and the worst result counts (" + strings.Join(words, ", ") + ").\n"
	if len(run.Summary)+len(note) <= report.MaxSummary {
		run.Summary += note
	}
	return run, nil
}

// linked names a subject, a pull request with a link to it.
func (e *evaluation) linked(s store.Subject) string {
	if s.Kind == store.Pull {
		return fmt.Sprintf("[#%d](%s)", s.Number, e.GitHub.PullURL(s.Owner, s.Repo, s.Number))
	}
	return "the push"
}

// severity orders conclusions.
func severity(v *verdict.Verdict) int {
	return slices.Index([]report.Conclusion{report.Success, report.Pending, report.ActionRequired, report.Failure}, report.Conclude(v))
}

// comment writes, edits or leaves the one comment of a pull request.
func (e *evaluation) comment(ctx context.Context, loaded *github.Loaded, v *verdict.Verdict, beside notes) error {
	c := loaded.Change
	if v.Waiting {
		return nil // what it will say is not known yet
	}
	body, wanted := report.Comment(v, c.Draft, e.details(e.Subject))
	body, wanted = beside.comment(body, wanted, c.Draft || v.Observed)
	id, digest, err := e.Store.Comment(ctx, e.Repository(), e.Number)
	switch {
	case errors.Is(err, store.ErrNotFound):
		if !wanted {
			return nil
		}
	case err != nil:
		return err
	case !wanted:
		body = report.Resolved(v)
	}
	sum := sha256.Sum256([]byte(body))
	now := hex.EncodeToString(sum[:])
	if now == digest {
		return nil
	}
	id, err = e.client.PublishComment(ctx, github.Commented{Owner: e.Owner, Repo: e.Repo, Number: e.Number, ID: id, None: loaded.Uncommented}, body)
	err = e.unpublished("comment", err)
	if errors.Is(err, github.ErrForbidden) || errors.Is(err, github.ErrInvalid) {
		// The check run stands and says the same; a comment that may not be
		// written must not keep it from being final.
		e.Logger.WarnContext(ctx, "the comment could not be written", logkey.Subject, e.Name(), logkey.Err, err)
		return nil
	}
	if err != nil {
		return err
	}
	return e.Store.SetComment(ctx, e.Repository(), e.Number, id, now)
}
