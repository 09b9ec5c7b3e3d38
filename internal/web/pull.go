package web

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
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
	stored, ok := s.verdictOf(w, r)
	if !ok {
		return
	}
	v := new(verdict.Verdict)
	if err := json.Unmarshal(stored.Body, v); err != nil {
		s.broken(w, r, fmt.Errorf("read the stored verdict: %w", err))
		return
	}
	v.Recall(stored.Inputs)
	p, err := s.newPullPage(r, stored, v)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	if p.Page > p.Pages {
		s.notFound(w, r)
		return
	}
	s.render(w, r, http.StatusOK, "pull.html", p)
}

// verdictOf is the newest verdict on the pull request of an address. Whoever may
// not read its repository is told what they are told of one that is not there.
func (s *server) verdictOf(w http.ResponseWriter, r *http.Request) (stored store.Verdict, ok bool) {
	number, err := strconv.Atoi(chi.URLParam(r, "number"))
	if err != nil || number < 1 || strconv.Itoa(number) != chi.URLParam(r, "number") {
		s.notFound(w, r)
		return stored, false
	}
	subject := store.Subject{Kind: store.Pull, Owner: chi.URLParam(r, "owner"), Repo: chi.URLParam(r, "repo"), Number: number}
	if !viewing(r).sees(subject.Owner, subject.Repo) {
		s.fail(w, r, store.ErrNotFound)
		return stored, false
	}
	if stored, err = s.Store.Latest(r.Context(), subject.Name()); err != nil {
		s.fail(w, r, err)
		return stored, false
	}
	return stored, true
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
	Page, Pages  int               // of the findings
	on           map[string]string // the address of each finding
	Commands     []string          // those that undo what was found
	MoreCommands int               // that are not shown
	MoreAdvice   int
	ToDo         string
	HowTo        string
	Advice       []string
	Way          []layerWay
	Lifts        []lifted
	History      []past // the newest first
	GitHub       string // the pull request there, "" when it is not known
	WhatIf       *whatIfPage
}

// group are the findings that mean the same for the change.
type group struct {
	Title, Level string
	Findings     []finding
	All          int // of which Findings are some
}

// finding is one with its words.
type finding struct {
	verdict.Finding
	Place, Lifters string
	File           string // its lines on GitHub, "" when that is not known
}

func (s *server) newPullPage(r *http.Request, stored store.Verdict, v *verdict.Verdict) (p pullPage, err error) {
	subject := stored.Subject
	p = pullPage{Stored: stored, Verdict: v, Heading: report.Heading(v), Reason: report.AfterHeading(v), Who: report.Who(v), Size: report.Size(v), Page: 1}
	if n, err := strconv.Atoi(r.URL.Query().Get("page")); err == nil && n > 1 {
		p.Page = n
	}
	if s.GitHub != "" {
		p.GitHub = s.GitHub + "/" + url.PathEscape(subject.Owner) + "/" + url.PathEscape(subject.Repo) + "/pull/" + strconv.Itoa(subject.Number)
	}
	p.remedies()
	p.findings(s.fileAt(subject, v))
	p.Way = ways(v, viewing(r).sees(subject.Owner, organisationRepo), p.on)
	below, of, err := s.Store.Rank(r.Context(), subject, v.Risk.Score)
	if err != nil {
		return p, err
	}
	p.Rank = report.Rank{Below: below, Of: of}.String()
	if p.Lifts, err = s.lifts(r.Context(), subject.ID); err != nil {
		return p, err
	}
	if p.History, err = s.history(r.Context(), subject.Name()); err != nil {
		return p, err
	}
	if s.Try != nil {
		p.WhatIf = newWhatIf(stored, v)
	}
	return p, nil
}

// The bounds of a page, in bytes of what is shown, so that the whole stays below
// 100 KB. Findings go on further pages.
const (
	findingBytes = 34 << 10
	commandBytes = 8 << 10
	adviceBytes  = 4 << 10
	wayBytes     = 14 << 10
)

// room is how much of a page is left.
type room int

// take reports whether texts and so much around them fit, and takes their place.
func (r *room) take(around int, texts ...string) bool {
	for _, t := range texts {
		around += shownLen(t)
	}
	*r -= room(around)
	return *r >= 0
}

// shownLen is how long a text is on a page.
func shownLen(s string) int {
	n := 0
	for _, c := range []byte(report.Visible(s)) {
		switch c {
		case '"', '\'', '&', '<', '>', '+':
			n += 5
		default:
			n++
		}
	}
	return n
}

// remedies are what undoes it, as far as there is room.
func (p *pullPage) remedies() {
	commands, advice := report.Remedies(p.Verdict)
	left := room(commandBytes)
	for i, c := range commands {
		if !left.take(15, c) {
			p.MoreCommands = len(commands) - i
			break
		}
		p.Commands = append(p.Commands, c)
	}
	left = adviceBytes
	for i, a := range advice {
		if !left.take(10, a) {
			p.MoreAdvice = len(advice) - i
			break
		}
		p.Advice = append(p.Advice, a)
	}
	p.ToDo, p.HowTo = report.ToDo(p.Verdict), report.HowTo(commands)
}

// findings puts those of the page in groups by what they do to the change; each
// keeps its order.
func (p *pullPage) findings(file func(verdict.Finding) string) {
	v := p.Verdict
	all := []group{{Title: "What blocks it", Level: "block"}, {Title: "What needs an approval", Level: "approve"}, {Title: "Warnings", Level: "warn"}, {Title: "Only observed", Level: "observed"}, {Title: "Lifted", Level: "lifted"}}
	if v.Observed {
		all[0].Title, all[1].Title = "What would block it", "What would need an approval"
	}
	if v.Waiting {
		all[groupAt[verdictLevel[v.Outcome]]].Title = "What it waits for"
	}
	p.Pages, p.on = 1, make(map[string]string, len(v.Findings))
	left, empty := room(findingBytes), true
	for _, f := range v.Findings {
		one := finding{Finding: f, Place: report.Place(f), Lifters: report.Lifters(f), File: file(f)}
		if !left.take(420, f.Message, f.Evidence, one.Place, one.Lifters, f.Rule, f.Rule, one.File) && !empty {
			p.Pages++
			left = findingBytes
			left.take(420, f.Message, f.Evidence, one.Place, one.Lifters, f.Rule, f.Rule, one.File)
		}
		empty = false
		p.on[f.ID] = "#" + f.ID
		if p.Pages != p.Page {
			p.on[f.ID] = fmt.Sprintf("?page=%d#%s", p.Pages, f.ID)
		}
		g := &all[groupOf(v, f)]
		g.All++
		if p.Pages == p.Page {
			g.Findings = append(g.Findings, one)
		}
	}
	for _, g := range all {
		if len(g.Findings) > 0 {
			p.Groups = append(p.Groups, g)
		}
	}
}

func groupOf(v *verdict.Verdict, f verdict.Finding) int {
	switch {
	case f.LiftedBy != nil:
		return 4
	case report.ObservedOnly(v, f):
		return 3
	}
	return groupAt[f.Level]
}

// groupAt is the group of findings of a level, and verdictLevel the level that
// makes an outcome.
var (
	groupAt      = map[policy.Level]int{policy.Block: 0, policy.Approve: 1, policy.Warn: 2}
	verdictLevel = map[verdict.Outcome]policy.Level{verdict.Fail: policy.Block, verdict.Approve: policy.Approve}
)

// Older and Newer are the pages of findings beside this one, 0 for none.
func (p pullPage) Older() int {
	if p.Page < p.Pages {
		return p.Page + 1
	}
	return 0
}

// Newer is the page before.
func (p pullPage) Newer() int { return p.Page - 1 }

// fileAt says where the lines of a finding are on GitHub: at the head, or at the
// merge base for a file that is gone.
func (s *server) fileAt(subject store.Subject, v *verdict.Verdict) func(verdict.Finding) string {
	return func(f verdict.Finding) string {
		if s.GitHub == "" || f.Path == "" || len(f.Path) > 1000 {
			return ""
		}
		parts := strings.Split(f.Path, "/")
		for i := range parts {
			parts[i] = url.PathEscape(parts[i])
		}
		at := s.GitHub + "/" + url.PathEscape(subject.Owner) + "/" + url.PathEscape(subject.Repo) + "/blob/" + url.PathEscape(v.Head) + "/" + strings.Join(parts, "/")
		if f.Line > 0 {
			at += "#L" + strconv.Itoa(f.Line)
			if f.EndLine > f.Line {
				at += "-L" + strconv.Itoa(f.EndLine)
			}
		}
		return at
	}
}
