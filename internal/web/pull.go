package web

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/go-chi/chi/v5"

	"github.com/changeguard/changeguard/internal/store"
	"github.com/changeguard/changeguard/policy"
	"github.com/changeguard/changeguard/report"
	"github.com/changeguard/changeguard/verdict"
)

// pull shows why a pull request got its verdict.
func (s *server) pull(w http.ResponseWriter, r *http.Request) {
	number, err := strconv.Atoi(chi.URLParam(r, "number"))
	if err != nil || number < 1 || strconv.Itoa(number) != chi.URLParam(r, "number") {
		s.notFound(w, r)
		return
	}
	subject := store.Subject{Kind: store.Pull, Owner: chi.URLParam(r, "owner"), Repo: chi.URLParam(r, "repo"), Number: number}
	if !viewing(r).sees(subject.Owner, subject.Repo) { // whoever may not read it learns not even that it is there
		s.fail(w, r, store.ErrNotFound)
		return
	}
	stored, err := s.Store.Latest(r.Context(), subject.Name())
	if err != nil {
		s.fail(w, r, err)
		return
	}
	v := new(verdict.Verdict)
	if err := json.Unmarshal(stored.Body, v); err != nil {
		s.broken(w, r, fmt.Errorf("read the stored verdict: %w", err))
		return
	}
	v.Recall(stored.Inputs)
	below, of, err := s.Store.Rank(r.Context(), subject, v.Risk.Score)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	p := newPullPage(stored, v)
	p.Rank = report.Rank{Below: below, Of: of}.String()
	if p.History, err = s.history(r.Context(), subject.Name()); err != nil {
		s.fail(w, r, err)
		return
	}
	s.render(w, r, http.StatusOK, "pull.html", p)
}

type pullPage struct {
	Stored       store.Verdict
	Verdict      *verdict.Verdict
	Heading      string // the verdict in a few words
	Reason       string // the rest of its title
	Who          string
	Rank         string // of its risk; "" where too little is known
	Size         string
	Groups       []group
	Commands     string // those that undo what was found
	MoreCommands int    // that are not shown
	MoreAdvice   int
	ToDo         string
	HowTo        string
	Advice       []string
	History      []past // the newest first
}

// group are the findings that mean the same for the change.
type group struct {
	Title, Level string
	Findings     []finding
	All          int // of which Findings are the first
}

// shown is how many findings, commands and pieces of advice a page shows.
const shown = 1000

// finding is one with its words.
type finding struct {
	verdict.Finding
	Place, Lifters string
}

func newPullPage(stored store.Verdict, v *verdict.Verdict) pullPage {
	commands, advice := report.Remedies(v)
	var script strings.Builder
	for _, c := range commands[:min(len(commands), shown)] {
		script.WriteString(report.Visible(c) + "\n")
	}
	return pullPage{
		Stored: stored, Verdict: v, Heading: report.Heading(v), Reason: report.AfterHeading(v), Who: report.Who(v), Size: report.Size(v),
		Groups: groups(v), Commands: script.String(), ToDo: report.ToDo(v), HowTo: report.HowTo(commands), Advice: advice[:min(len(advice), shown)],
		MoreCommands: max(0, len(commands)-shown), MoreAdvice: max(0, len(advice)-shown),
	}
}

// groups sorts the findings by what they do to the change; each keeps its order.
func groups(v *verdict.Verdict) []group {
	all := []group{{Title: "What blocks it", Level: "block"}, {Title: "What needs an approval", Level: "approve"}, {Title: "Warnings", Level: "warn"}, {Title: "Only observed", Level: "observed"}, {Title: "Lifted", Level: "lifted"}}
	if v.Observed {
		all[0].Title, all[1].Title = "What would block it", "What would need an approval"
	}
	for i, f := range v.Findings {
		at := map[policy.Level]int{policy.Block: 0, policy.Approve: 1, policy.Warn: 2}[f.Level]
		switch {
		case f.LiftedBy != nil:
			at = 4
		case report.ObservedOnly(v, f):
			at = 3
		}
		if all[at].All++; i < shown {
			all[at].Findings = append(all[at].Findings, newFinding(f))
		}
	}
	var used []group
	for _, g := range all {
		if g.All > 0 {
			used = append(used, g)
		}
	}
	return used
}

func newFinding(f verdict.Finding) finding {
	return finding{Finding: f, Place: report.Place(f), Lifters: report.Lifters(f)}
}

// More is how many findings of the group are not shown.
func (g group) More() int { return g.All - len(g.Findings) }
