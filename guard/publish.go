package guard

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/internal/github"
	"github.com/changeguard/changeguard/internal/store"
	"github.com/changeguard/changeguard/report"
	"github.com/changeguard/changeguard/verdict"
)

// publish makes GitHub show the verdict. started is a check run in progress
// that this evaluation began, or 0.
func (g *Guard) publish(ctx context.Context, client *github.Client, s store.Subject, loaded *github.Loaded, v *verdict.Verdict, started int64) error {
	release := g.heads.hold(s.Repository() + "@" + v.Head)
	defer release()
	if err := g.saveVerdict(ctx, s, loaded.Change, v); err != nil {
		return err
	}
	run := report.NewCheckRun(v, g.details(s))
	if err := g.addSiblings(ctx, s, loaded.Siblings, v.Head, &run); err != nil {
		return err
	}
	standing, err := g.Store.Run(ctx, s.Repository(), v.Head)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	if started == 0 && standing.Conclusion == "" {
		started = standing.RunID // of an attempt that died
	}
	if started != 0 || standing.ExternalID != run.ExternalID || standing.Conclusion != string(run.Conclusion) {
		id, err := client.PublishRun(ctx, github.Target{Owner: s.Owner, Repo: s.Repo, Head: v.Head, RunID: started, Details: g.details(s)}, run)
		if err != nil {
			return err
		}
		noted := store.Run{Repository: s.Repository(), Head: v.Head, RunID: id, ExternalID: run.ExternalID, Conclusion: string(run.Conclusion)}
		if err := g.Store.SetRun(ctx, noted, g.Now()); err != nil {
			return err
		}
	}
	if s.Kind != store.Pull {
		return nil
	}
	return g.comment(ctx, client, s, loaded.Change, v)
}

func (g *Guard) saveVerdict(ctx context.Context, s store.Subject, c *change.Change, v *verdict.Verdict) error {
	body, err := v.JSON()
	if err != nil {
		return err
	}
	aside, err := v.Aside()
	if err != nil {
		return err
	}
	return g.Store.AddVerdict(ctx, store.Verdict{
		Subject: s, Digest: v.ID, Outcome: string(v.Outcome), Observed: v.Observed, Title: v.Title, Head: v.Head, MergeBase: v.MergeBase,
		Policy: v.Policy.Digest, Score: v.Risk.Score, SubjectLine: c.Title, Created: g.Now(), Body: body, Inputs: aside,
	})
}

// addSiblings makes the run the worst over all open pull requests with the same
// head, since GitHub shows one result per commit.
func (g *Guard) addSiblings(ctx context.Context, s store.Subject, siblings []int, head string, run *report.CheckRun) error {
	ids := []string{run.ExternalID}
	var links []string
	for _, n := range siblings {
		other := store.Subject{Kind: store.Pull, Owner: s.Owner, Repo: s.Repo, Number: n}
		stored, err := g.Store.Latest(ctx, other.Name())
		if errors.Is(err, store.ErrNotFound) || err == nil && stored.Head != head {
			continue // its own evaluation will find this one
		}
		if err != nil {
			return err
		}
		var v verdict.Verdict
		if err := json.Unmarshal(stored.Body, &v); err != nil {
			return fmt.Errorf("read the stored verdict of %s: %w", other.Name(), err)
		}
		v.Recall(stored.Inputs)
		ids = append(ids, v.ID)
		links = append(links, fmt.Sprintf("#%d: %s", n, v.Outcome))
		if sibling := report.NewCheckRun(&v, g.details(other)); worse(sibling.Conclusion, run.Conclusion) {
			links = append(links, fmt.Sprintf("#%d: this result", s.Number))
			sibling.ExternalID = run.ExternalID
			*run = sibling
		}
	}
	if len(ids) == 1 {
		return nil
	}
	slices.Sort(ids)
	sum := sha256.Sum256([]byte(strings.Join(ids, " ")))
	run.ExternalID = hex.EncodeToString(sum[:16])
	note := "\nThis commit is the head of several pull requests; the worst result counts (" + strings.Join(links, ", ") + ").\n"
	if len(run.Summary)+len(note) <= report.MaxSummary {
		run.Summary += note
	}
	return nil
}

func worse(a, b report.Conclusion) bool {
	order := []report.Conclusion{report.Success, report.ActionRequired, report.Failure}
	return slices.Index(order, a) > slices.Index(order, b)
}

// comment writes, edits or leaves the one comment of a pull request.
func (g *Guard) comment(ctx context.Context, client *github.Client, s store.Subject, c *change.Change, v *verdict.Verdict) error {
	body, wanted := report.Comment(v, c.Draft, g.details(s))
	id, digest, err := g.Store.Comment(ctx, s.Repository(), s.Number)
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
	id, err = client.PublishComment(ctx, s.Owner, s.Repo, s.Number, id, body)
	if errors.Is(err, github.ErrForbidden) {
		// The check run stands and says the same; a comment that may not be
		// written must not keep it from being final.
		g.Logger.WarnContext(ctx, "the comment could not be written", "subject", s.Name(), "err", err)
		return nil
	}
	if err != nil {
		return err
	}
	return g.Store.SetComment(ctx, s.Repository(), s.Number, id, now)
}
