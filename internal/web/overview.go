package web

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/changeguard/changeguard/internal/store"
	"github.com/changeguard/changeguard/verdict"
)

// days is how far the overview looks back, and the others how much it shows.
const (
	days         = 30
	namedRules   = 10
	namedRepos   = 25
	namedLifts   = 5
	chartHeight  = 96
	chartStep    = 20
	chartFloor   = 100
	barWidth     = 100
	halfOfAll    = 50
	nearlyAll    = 95
	wholePercent = 100
)

// overview is what the last days were like.
type overview struct {
	All, Stopped, Share int
	Would               int // that observing alone let through
	Makers              []maker
	Bars                []bar
	From, Words         string
	Most                int       // on a day
	Rules, Observing    []counted // that stopped, and that would have
	Repositories        []repository
	Overrides           []store.Overridden
	Overridden          int
	Half, Nearly        string // by when so many verdicts came, "" while there are none
	Waits               []counted
	Reconciled          string // how long ago, "" when it is not known
}

// maker is a sort of people or programs with what became of their changes.
type maker struct {
	Name                string
	All, Stopped, Share int
}

// counted is a name with a number, and how long its bar is.
type counted struct {
	Name         string
	Count, Width int
}

type repository struct {
	store.Stopped
	Known, Observed bool
	Guarded         guarded
	Checked         string // how long ago GitHub was asked, "" for never
}

// bar is a day of the chart, in its units.
type bar struct {
	Title                                          string
	X                                              int
	PassY, PassH, ApproveY, ApproveH, FailY, FailH int
	pass, approve, fail                            int
}

func (s *server) overview(ctx context.Context, repos []string) (*overview, error) {
	now := s.Now().UTC()
	first := now.Truncate(24*time.Hour).AddDate(0, 0, 1-days)
	o := &overview{From: first.Format("2 Jan"), Bars: make([]bar, days)}
	tallies, err := s.Store.Tallies(ctx, repos, first)
	if err != nil {
		return nil, err
	}
	o.count(tallies, first)
	o.draw(first)
	stoppers, err := s.Store.Stoppers(ctx, repos, first, namedRules)
	if err != nil {
		return nil, err
	}
	o.Rules = bars(stoppers)
	would, err := s.Store.WouldStop(ctx, repos, first, namedRules)
	if err != nil {
		return nil, err
	}
	o.Observing = bars(would)
	waits, err := s.Store.Waits(ctx, repos, first)
	if err != nil {
		return nil, err
	}
	o.wait(waits)
	if o.Overridden, err = s.Store.Overridden(ctx, repos, first); err != nil {
		return nil, err
	}
	if o.Overrides, err = s.Store.Overrides(ctx, repos, first, namedLifts); err != nil {
		return nil, err
	}
	if err := s.repositories(ctx, o, repos, first); err != nil {
		return nil, err
	}
	if s.Facts != nil {
		facts, err := s.Facts(ctx)
		if err != nil {
			return nil, err
		}
		if !facts.Reconciled.IsZero() {
			o.Reconciled = ago(now.Sub(facts.Reconciled))
		}
	}
	return o, nil
}

// count adds up the days and who made the changes.
func (o *overview) count(tallies []store.Tally, first time.Time) {
	makers := map[string]*maker{"agent": {Name: "Agents"}, "human": {Name: "People"}, "bot": {Name: "Automation"}, "": {Name: "Not recorded"}}
	for _, t := range tallies {
		b := &o.Bars[min(max(int(t.Day.Sub(first)/(24*time.Hour)), 0), days-1)]
		m := makers[t.Actor]
		if m == nil {
			m = makers[""]
		}
		m.All += t.Count
		o.All += t.Count
		switch verdict.Outcome(t.Outcome) {
		case verdict.Pass:
			b.pass += t.Count
			continue
		case verdict.Approve:
			b.approve += t.Count
		default:
			b.fail += t.Count
		}
		if !(badge{Outcome: t.Outcome, Observed: t.Observed}).stops() {
			o.Would += t.Count
			continue
		}
		m.Stopped += t.Count
		o.Stopped += t.Count
	}
	o.Share = share(o.Stopped, o.All)
	for _, name := range []string{"agent", "human", "bot", ""} {
		if m := makers[name]; m.All > 0 || name == "agent" || name == "human" {
			m.Share = share(m.Stopped, m.All)
			o.Makers = append(o.Makers, *m)
		}
	}
}

func share(of, all int) int {
	if all == 0 {
		return 0
	}
	return (of*wholePercent + all/2) / all
}

// draw turns counts into heights.
func (o *overview) draw(first time.Time) {
	most := 1
	for _, b := range o.Bars {
		most = max(most, b.pass+b.approve+b.fail)
	}
	for i := range o.Bars {
		b := &o.Bars[i]
		b.X = i*chartStep + 2
		b.PassH, b.ApproveH, b.FailH = tall(b.pass, most), tall(b.approve, most), tall(b.fail, most)
		b.PassY = chartFloor - b.PassH
		b.ApproveY = b.PassY - b.ApproveH
		b.FailY = b.ApproveY - b.FailH
		b.Title = fmt.Sprintf("%s: %d passed, %d need approval, %d blocked or incomplete", first.AddDate(0, 0, i).Format("2 Jan"), b.pass, b.approve, b.fail)
	}
	o.Most = most
	o.Words = fmt.Sprintf("%d verdicts in %d days, %d of them stopped the change and %d more would have, were they enforced; the most on a day were %d.", o.All, days, o.Stopped, o.Would, most)
}

// tall is a height: what there is at all can be seen.
func tall(n, most int) int {
	if n == 0 {
		return 0
	}
	return max(1, n*(chartHeight-2)/most)
}

// bars gives counts their widths.
func bars(list []store.Count) (out []counted) {
	most := 1
	for _, c := range list {
		most = max(most, c.Count)
	}
	for _, c := range list {
		out = append(out, counted{c.Name, c.Count, max(1, c.Count*barWidth/most)})
	}
	return out
}

// wait says how long people wait for a verdict.
func (o *overview) wait(list []store.Count) {
	sum, all := make(map[string]int), 0
	for _, c := range list {
		sum[c.Name] += c.Count
		all += c.Count
	}
	if all == 0 {
		return
	}
	so, before := 0, "0"
	var counts []store.Count
	for _, seconds := range store.Within {
		name := strconv.Itoa(seconds)
		if n := sum[name]; n > 0 {
			counts = append(counts, store.Count{Name: before + " to " + span(seconds), Count: n})
		}
		before = span(seconds)
		so += sum[name]
		if o.Half == "" && so*wholePercent >= all*halfOfAll {
			o.Half = span(seconds)
		}
		if o.Nearly == "" && so*wholePercent >= all*nearlyAll {
			o.Nearly = span(seconds)
		}
	}
	if n := sum[""]; n > 0 {
		counts = append(counts, store.Count{Name: "longer", Count: n})
	}
	o.Half, o.Nearly = cmp.Or(o.Half, "more than 1 h"), cmp.Or(o.Nearly, "more than 1 h")
	o.Waits = bars(counts)
}

func span(seconds int) string {
	switch {
	case seconds >= 3600:
		return fmt.Sprintf("%d\u00a0h", seconds/3600)
	case seconds >= 60:
		return fmt.Sprintf("%d\u00a0min", seconds/60)
	}
	return fmt.Sprintf("%d\u00a0s", seconds)
}

// repositories are those with the most verdicts, with how they are guarded.
func (s *server) repositories(ctx context.Context, o *overview, repos []string, first time.Time) error {
	list, err := s.Store.StoppedIn(ctx, repos, first, namedRepos)
	if err != nil {
		return err
	}
	known, err := s.Store.Repositories(ctx, repos, 10*namedRepos)
	if err != nil {
		return err
	}
	for _, one := range list {
		r := repository{Stopped: one}
		if i := slices.IndexFunc(known, func(k store.Repository) bool { return k.Name == one.Repository }); i >= 0 {
			k := known[i]
			r.Known, r.Observed, r.Guarded = true, k.Observed, readGuarded(k)
			if !k.Checked.IsZero() {
				r.Checked = ago(s.Now().Sub(k.Checked))
			}
		}
		o.Repositories = append(o.Repositories, r)
	}
	return nil
}

// Guarded says how a repository is guarded, as GitHub said it last.
type Guarded struct {
	Branch   string    `json:"branch"`
	Required string    `json:"required"` // yes, no, or "" when it could not be asked
	Pinned   string    `json:"pinned"`   // yes, no, or "" when GitHub does not tell
	Found    []Finding `json:"found"`
}

// A Finding is one answer of the doctor.
type Finding struct {
	About  string `json:"about"`
	State  string `json:"state"` // ok, problem, unknown or left to you
	Says   string `json:"says"`
	Remedy string `json:"remedy,omitempty"`
	Page   string `json:"page,omitempty"` // where to do it
}

type guarded struct {
	Guarded
	Asked bool
}

func readGuarded(r store.Repository) (g guarded) {
	if len(r.Guarded) > 0 && json.Unmarshal(r.Guarded, &g.Guarded) == nil {
		g.Asked = true
	}
	return g
}

// Fine names what is as it should be.
func (g guarded) Fine() string {
	var names []string
	for _, f := range g.Found {
		if f.State == "ok" {
			names = append(names, f.About)
		}
	}
	return strings.Join(names, ", ")
}

// Words are how the check stands, in a few.
func (g guarded) Words() string {
	switch {
	case !g.Asked:
		return "not asked yet"
	case g.Required == "":
		return "GitHub did not tell"
	case g.Required == "no":
		return "not required"
	case g.Pinned == "yes":
		return "required, pinned"
	case g.Pinned == "no":
		return "required, not pinned"
	}
	return "required"
}

// Badge is how the words look.
func (g guarded) Badge() string {
	switch g.Words() {
	case "required, pinned":
		return "pass"
	case "not required":
		return "fail"
	case "required, not pinned":
		return "approve"
	}
	return "quiet"
}
