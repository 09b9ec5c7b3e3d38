package guard

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/internal/github"
	"github.com/changeguard/changeguard/internal/logkey"
	"github.com/changeguard/changeguard/internal/store"
	"github.com/changeguard/changeguard/report"
)

// NoticeForeign is the kind of a notice of a check that carries the name of the
// App's own and is somebody else's.
const NoticeForeign = "foreign-check"

func hasName(name string) func(change.Label) bool {
	return func(l change.Label) bool { return strings.EqualFold(l.Name, name) }
}

// foreign notes the checks of others that carry the name of the App's own, and
// tells of them. They are no part of the verdict: they say nothing of the change,
// and whoever can make one cannot be kept from it by a red check either.
func (e *evaluation) foreign(ctx context.Context, loaded *github.Loaded, head string) error {
	x := store.ForeignChecks{Repository: e.Repository(), Head: head, Subject: e.ID, At: e.Now()}
	known, err := e.Store.ForeignChecks(ctx, x.Repository, head)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(known, func(k store.ForeignChecks) bool { return k.Subject == e.ID })
	if len(loaded.Foreign) > 0 {
		if x.Body, err = json.Marshal(loaded.Foreign); err != nil {
			return fmt.Errorf("write the checks of others: %w", err)
		}
	}
	if i < 0 && len(x.Body) == 0 || i >= 0 && known[i].Told && string(known[i].Body) == string(x.Body) {
		return nil
	}
	if err := e.Store.SetForeignChecks(ctx, x, store.Entry{At: x.At, Kind: store.AuditForeign, Subject: e.Name(), Body: x.Body}); err != nil || len(x.Body) == 0 {
		return err
	}
	var words []string
	for _, f := range loaded.Foreign {
		words = append(words, e.foreignWords(f))
	}
	e.Logger.WarnContext(ctx, "a check of somebody else carries the name of this one", logkey.Subject, e.Name(), logkey.Head, head)
	if e.Notice != nil {
		n := Notice{Kind: NoticeForeign, Repository: e.Repository(), Branch: loaded.Change.HeadRef, After: head, Note: strings.Join(words, " "), At: x.At.UTC()}
		if err := e.Notice(ctx, n); err != nil {
			return fmt.Errorf("tell of a check of somebody else on %s: %w", e.Name(), err)
		}
	}
	return e.Store.ToldForeignChecks(ctx, x)
}

// foreignWords says whose check it is, and what follows.
func (e *evaluation) foreignWords(f github.Foreign) string {
	who := "The App " + plain(f.App) + " has a check run"
	if f.App == "" {
		who = "Somebody"
		if f.By != "" {
			who = plain(f.By)
		}
		who += " has set a commit status"
	}
	where := "on this commit: a branch that does not pin the check to this App may take it for this one"
	if f.Merge {
		where = "on " + plain(short(f.Commit)) + ", the commit by which GitHub tries the merge: a branch that does not pin the check to this App may take it instead of this one"
	}
	return fmt.Sprintf("%s called %s (%s) %s.", who, plain(e.GitHub.CheckName()), plain(f.Says), where)
}

// notes is what is said beside the verdicts.
type notes struct {
	foreign []string // checks of others
	refused []string // what the policy asks for and GitHub does not take
}

// besides reads the notes of a head and of the pull requests that have it.
func (e *evaluation) besides(ctx context.Context, head string, list []judged) (n notes, err error) {
	seen, err := e.Store.ForeignChecks(ctx, e.Repository(), head)
	if err != nil {
		return n, err
	}
	for _, x := range seen {
		var checks []github.Foreign
		if err := json.Unmarshal(x.Body, &checks); err != nil {
			return n, fmt.Errorf("read the checks of others on %s: %w", head, err)
		}
		for _, f := range checks {
			if words := e.foreignWords(f); !slices.Contains(n.foreign, words) {
				n.foreign = append(n.foreign, words)
			}
		}
	}
	for _, j := range list {
		if j.subject.Kind != store.Pull {
			continue
		}
		asked, err := e.Store.Asked(ctx, e.Repository(), j.subject.Number)
		if err != nil {
			return n, err
		}
		for _, a := range asked {
			if a.Refused != "" {
				n.refused = append(n.refused, fmt.Sprintf("%s for #%d: %s.", plain(a.What), j.subject.Number, a.Refused))
			}
		}
	}
	slices.Sort(n.refused)
	return n, nil
}

// maxNotes bounds what is said beside a verdict, in bytes.
const maxNotes = 4000

// text is the notes as Markdown, "" for none.
func (n notes) text() string {
	var b strings.Builder
	if len(n.foreign) > 0 {
		b.WriteString("**Another check carries the name of this one.**")
		for _, words := range n.foreign {
			b.WriteString(" " + words)
		}
		b.WriteString(" Choose this App as the source of the required check, and have the other one renamed; `changeguard doctor` looks whether it is chosen.\n")
	}
	if len(n.refused) > 0 {
		b.WriteString("\n**The policy asks for more than could be done.**")
		for _, words := range n.refused {
			b.WriteString(" " + words)
		}
		b.WriteString(" “Check again” tries it again.\n")
	}
	text := b.String()
	if len(text) > maxNotes {
		text = strings.ToValidUTF8(text[:maxNotes], "") + "…\n"
	}
	return text
}

// add puts the notes above what the check run says, as far as there is room.
func (n notes) add(run *report.CheckRun) {
	text := n.text()
	if text == "" {
		return
	}
	if text += "\n"; len(run.Summary)+len(text) <= report.MaxSummary {
		run.Summary = text + run.Summary
	}
	sum := sha256.Sum256([]byte(run.ExternalID + "\n" + text))
	run.ExternalID = hex.EncodeToString(sum[:16])
}

// comment adds the notes to a comment that is made because of them, or anyway.
func (n notes) comment(body string, wanted, quiet bool) (string, bool) {
	wanted = wanted || len(n.foreign) > 0 && !quiet
	text := n.text()
	if !wanted || text == "" || len(body)+len(text)+1 > report.MaxComment {
		return body, wanted
	}
	return body + "\n" + text, wanted
}
