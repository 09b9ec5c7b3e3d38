package backtest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/changeguard/changeguard/policy"
	"github.com/changeguard/changeguard/verdict"
)

// A Report says what would have been. Its JSON form is public.
type Report struct {
	Engine  string `json:"engine"`
	Policy  Named  `json:"policy"`
	By      string `json:"by"`
	Head    string `json:"head"`
	Since   string `json:"since"`
	Skipped int    `json:"skipped"` // commits without a parent in the clone
	// Stopped says why not all that was asked for was judged, "" when it was.
	Stopped   string      `json:"stopped,omitempty"`
	First     time.Time   `json:"first"`
	Last      time.Time   `json:"last"`
	Blind     []string    `json:"blind"` // rules that ask for what is not known of the past
	Current   Tally       `json:"current"`
	Candidate *Comparison `json:"candidate,omitempty"`
}

// Named is a policy.
type Named struct {
	Name    string   `json:"name"`
	Digests []string `json:"digests"`
}

// A Tally is what one policy would have done.
type Tally struct {
	Changes    int     `json:"changes"`
	Pass       int     `json:"pass"`
	Approve    int     `json:"approve"`
	Fail       int     `json:"fail"`
	Incomplete int     `json:"incomplete"`
	Rules      []Rule  `json:"rules"`   // most changes first
	Actors     []Group `json:"actors"`  // who made them: human, agent, bot
	Folders    []Group `json:"folders"` // of findings that stop, two levels deep
	Months     []Group `json:"months"`  // in order
	Worst      []Entry `json:"worst"`
}

// Stopped counts the changes that would not have passed.
func (t Tally) Stopped() int { return t.Changes - t.Pass }

// A Rule is how often one rule, or session, found something.
type Rule struct {
	Rule     string       `json:"rule"`
	Kind     string       `json:"kind"`
	Level    policy.Level `json:"level"`
	Changes  int          `json:"changes"`
	Findings int          `json:"findings"`
}

// A Group counts the changes of a group, and those that would not have passed.
// Of a folder, both are changes with findings there.
type Group struct {
	Name     string `json:"name"`
	Changes  int    `json:"changes"`
	Stopped  int    `json:"stopped"`
	Findings int    `json:"findings,omitempty"`
}

// An Entry is one change of the past.
type Entry struct {
	Commit   string          `json:"commit"`
	Number   int             `json:"number,omitempty"` // of the pull request, where it is known
	Title    string          `json:"title"`
	When     time.Time       `json:"when"`
	Outcome  verdict.Outcome `json:"outcome"`
	Actor    string          `json:"actor"`
	Risk     *int            `json:"risk"` // null where lines were not counted
	Files    int             `json:"files"`
	Findings int             `json:"findings"`
	Stopping int             `json:"stopping"`         // findings of level block or approve
	Closed   bool            `json:"closed,omitempty"` // a pull request that was not merged
	Reasons  []Reason        `json:"reasons"`          // the first of them
	Missing  []string        `json:"missing,omitempty"`

	rules   map[ruleKey]int
	folders map[string]int
}

type ruleKey struct {
	rule, kind string
	level      policy.Level
}

// Stopped reports whether the change would not have passed.
func (e Entry) Stopped() bool { return e.Outcome != verdict.Pass }

// A Reason is one finding.
type Reason struct {
	Rule    string       `json:"rule"`
	Level   policy.Level `json:"level"`
	Path    string       `json:"path"`
	Message string       `json:"message"`
}

// A Comparison is what another policy would have done, and what that changes.
type Comparison struct {
	Policy     Named   `json:"policy"`
	Tally      Tally   `json:"tally"`
	StopsCount int     `json:"stops_count"` // passed by the current policy, not by this
	FreesCount int     `json:"frees_count"` // the other way round
	Otherwise  int     `json:"otherwise"`   // stopped by both, in another way
	Stops      []Entry `json:"stops"`       // the worst of them
	Frees      []Entry `json:"frees"`
}

// JSON is the public form, indented, with a final newline.
func (r *Report) JSON() ([]byte, error) {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write the report: %w", err)
	}
	return append(text, '\n'), nil
}

// Incomplete reports whether a change could not be judged, or was not come to.
func (r *Report) Incomplete() bool {
	return r.Stopped != "" || r.Current.Incomplete > 0 || r.Candidate != nil && r.Candidate.Tally.Incomplete > 0
}

// mostFolders is how many folders are listed.
const mostFolders = 20

// tally counts entries.
func (b *Backtest) tally(entries []Entry) Tally {
	t := Tally{Changes: len(entries)}
	rules := make(map[ruleKey]*Rule)
	actors, months, folders := make(groups), make(groups), make(groups)
	for _, e := range entries {
		switch e.Outcome {
		case verdict.Pass:
			t.Pass++
		case verdict.Approve:
			t.Approve++
		case verdict.Fail:
			t.Fail++
		default:
			t.Incomplete++
		}
		actors.add(e.Actor, e.Stopped(), 0)
		months.add(e.When.Format("2006-01"), e.Stopped(), 0)
		for name, n := range e.folders {
			folders.add(name, e.Stopped(), n)
		}
		for key, n := range e.rules {
			if rules[key] == nil {
				rules[key] = &Rule{Rule: key.rule, Kind: key.kind, Level: key.level}
			}
			rules[key].Changes++
			rules[key].Findings += n
		}
	}
	t.Rules = []Rule{}
	for _, r := range rules {
		t.Rules = append(t.Rules, *r)
	}
	slices.SortFunc(t.Rules, func(a, b Rule) int {
		return cmp.Or(b.Changes-a.Changes, b.Findings-a.Findings, cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Level, b.Level))
	})
	byCount := func(a, b Group) int {
		return cmp.Or(b.Stopped-a.Stopped, b.Findings-a.Findings, b.Changes-a.Changes, cmp.Compare(a.Name, b.Name))
	}
	t.Actors, t.Folders = actors.sorted(byCount), folders.sorted(byCount)
	t.Folders = t.Folders[:min(len(t.Folders), mostFolders)]
	t.Months = months.sorted(func(a, b Group) int { return cmp.Compare(a.Name, b.Name) })
	t.Worst = []Entry{}
	for _, e := range entries {
		if e.Stopped() {
			t.Worst = append(t.Worst, e)
		}
	}
	slices.SortStableFunc(t.Worst, worse)
	t.Worst = t.Worst[:min(len(t.Worst), b.most())]
	return t
}

type groups map[string]*Group

func (g groups) add(name string, stopped bool, findings int) {
	if g[name] == nil {
		g[name] = &Group{Name: name}
	}
	g[name].Changes++
	g[name].Findings += findings
	if stopped {
		g[name].Stopped++
	}
}

func (g groups) sorted(by func(a, b Group) int) []Group {
	list := []Group{}
	for _, x := range g {
		list = append(list, *x)
	}
	slices.SortFunc(list, by)
	return list
}
