package guard

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/changeguard/changeguard/internal/github"
	"github.com/changeguard/changeguard/internal/logkey"
	"github.com/changeguard/changeguard/internal/store"
	"github.com/changeguard/changeguard/verdict"
)

// What an [store.Asked] begins with.
const (
	askLabel  = "label "
	askReview = "review "
)

// refusedFor is how long it is believed that GitHub does not take something.
const refusedFor = 24 * time.Hour

// askFor has done what the policies want done to the pull request beside judging
// it: labels are set and reviews requested, each once in its life. Who takes a
// label off again, or a request back, has the last word. What GitHub refuses is
// noted, said in the check run, and tried again a day later or when somebody has
// the change checked again.
func (e *evaluation) askFor(ctx context.Context, loaded *github.Loaded, v *verdict.Verdict) error {
	if e.Kind != store.Pull || loaded.Change.Draft || v.Observed || len(v.Ask.Labels)+len(v.Ask.Reviewers) == 0 {
		return nil
	}
	known, err := e.Store.Asked(ctx, e.Repository(), e.Number)
	if err != nil {
		return err
	}
	due := func(kind string, names []string) (list []string) {
		for _, name := range names {
			if old, ok := known[kind+name]; !ok || old.Refused != "" && (e.Anew || e.Now().Sub(old.At) >= refusedFor) {
				list = append(list, name)
			}
		}
		return list
	}
	return errors.Join(
		e.askLabels(ctx, loaded, due(askLabel, v.Ask.Labels)),
		e.askReviews(ctx, loaded, due(askReview, v.Ask.Reviewers)),
	)
}

// askLabels sets labels. One that is there counts as set.
func (e *evaluation) askLabels(ctx context.Context, loaded *github.Loaded, names []string) error {
	var missing []string
	for _, name := range names {
		if !slices.ContainsFunc(loaded.Change.Labels, hasName(name)) {
			missing = append(missing, name)
		}
	}
	present := slices.DeleteFunc(slices.Clone(names), func(name string) bool { return slices.Contains(missing, name) })
	if err := e.noteAsked(ctx, askLabel, present, nil); err != nil || len(missing) == 0 {
		return err
	}
	err := e.client.SetLabels(ctx, e.Owner, e.Repo, e.Number, missing)
	return e.noteAsked(ctx, askLabel, missing, err)
}

// askReviews requests reviews, but of nobody who is the author, was asked or has
// reviewed.
func (e *evaluation) askReviews(ctx context.Context, loaded *github.Loaded, names []string) error {
	if len(names) == 0 {
		return nil
	}
	busy, err := e.client.Reviewers(ctx, e.Owner, e.Repo, e.Number)
	if err != nil {
		return e.noteAsked(ctx, askReview, names, err)
	}
	var needless, foreign, wanted []string
	for _, name := range names {
		org, _, team := strings.Cut(strings.TrimPrefix(name, "@"), "/")
		switch {
		case busy[strings.ToLower(name)] || strings.EqualFold(name, loaded.Change.Author.Login):
			needless = append(needless, name)
		case team && !strings.EqualFold(org, e.Owner):
			foreign = append(foreign, name)
		default:
			wanted = append(wanted, name)
		}
	}
	if err := errors.Join(e.noteAsked(ctx, askReview, needless, nil), e.noteAsked(ctx, askReview, foreign, errOtherOrganisation)); err != nil || len(wanted) == 0 {
		return err
	}
	err = e.requestReviews(ctx, wanted)
	if len(wanted) == 1 || !errors.Is(err, github.ErrInvalid) {
		return e.noteAsked(ctx, askReview, wanted, err)
	}
	// GitHub takes all of them or none, and does not say who was wrong.
	var problems []error
	for _, name := range wanted {
		problems = append(problems, e.noteAsked(ctx, askReview, []string{name}, e.requestReviews(ctx, []string{name})))
	}
	return errors.Join(problems...)
}

// errOtherOrganisation says what GitHub would, without asking it.
var errOtherOrganisation = refusal("it is a team of another organisation")

// refusal is why something is not done that nobody was asked for.
type refusal string

func (r refusal) Error() string { return string(r) }

func (e *evaluation) requestReviews(ctx context.Context, names []string) error {
	var people, teams []string
	for _, name := range names {
		if _, team, ok := strings.Cut(name, "/"); ok {
			teams = append(teams, team)
		} else {
			people = append(people, name)
		}
	}
	return e.client.RequestReviews(ctx, e.Owner, e.Repo, e.Number, people, teams)
}

// noteAsked notes what was done, or that GitHub refuses it. Other errors are
// returned: it is tried again.
func (e *evaluation) noteAsked(ctx context.Context, kind string, names []string, err error) error {
	if len(names) == 0 {
		return nil
	}
	why := ""
	var own refusal
	switch {
	case err == nil:
	case errors.As(err, &own):
		why = own.Error()
	case errors.Is(err, github.ErrForbidden):
		why = "GitHub refuses it to this installation, which needs the permission pull_requests: write"
	case errors.Is(err, github.ErrInvalid), errors.Is(err, github.ErrNotFound):
		why = "GitHub does not take it: is there such a name, and may it read the repository?"
	default:
		return err
	}
	var list []store.Asked
	for _, name := range names {
		list = append(list, store.Asked{What: kind + name, Refused: why, At: e.Now()})
	}
	if err != nil {
		e.Logger.WarnContext(ctx, "what the policy asks for could not be done", logkey.Subject, e.Name(), logkey.Err, err)
	}
	return e.Store.SetAsked(ctx, e.Repository(), e.Number, list)
}
