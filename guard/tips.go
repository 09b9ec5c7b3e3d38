package guard

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/changeguard/changeguard/internal/github"
	"github.com/changeguard/changeguard/internal/logkey"
	"github.com/changeguard/changeguard/internal/store"
)

// lastTips is where the watched branches of a repository were, as the last
// reconciliation found them.
type lastTips struct {
	Default  string             `json:"default"`
	Globs    []string           `json:"globs"` // by which branches were watched
	Branches map[string]lastTip `json:"branches"`
	// Cut says that there were more, so that one that is not among them may have been
	// there.
	Cut bool `json:"cut,omitempty"`
}

// lastTip is where a branch was. It goes from commit to commit by pushes; "" stands
// for where it is before it is made and after it is deleted.
type lastTip struct {
	Tip   string `json:"tip"`   // up to here every push is known
	After int64  `json:"after"` // the newest subject when that was found
	// Found is where it was found later, at Since; that is zero while what is known
	// leads to where it is.
	Found string    `json:"found,omitempty"`
	Since time.Time `json:"since"`
}

// pushesWithin is how long the event of a push may take, sent again included. What
// no event has told of by then is looked at without one.
const pushesWithin = 10 * time.Minute

// gapsAtOnce bounds what one reconciliation asks for in an installation, about four
// requests for each.
const gapsAtOnce = 100

func tipsScope(s store.Subject) string { return "tips " + s.Repository() }

// watched are an installation's repositories with the branches that are watched in
// them, and where those were.
type watched struct {
	installation int64
	newest       int64 // subject, when GitHub was asked
	pushes       map[string]known
	stored       map[string][]byte // records
	left         int               // how many gaps are still looked at this time
}

func (w *watched) subject(owner, repo string) store.Subject {
	return store.Subject{Kind: store.Push, Installation: w.installation, Owner: owner, Repo: repo}
}

// watched reads what is known of repositories before GitHub is asked where their
// branches are: an event that comes later may be about where they are by then.
func (g *Guard) watched(ctx context.Context, installation int64, repos [][2]string) (w *watched, list []github.Watched, err error) {
	w = &watched{installation: installation, pushes: make(map[string]known), left: gapsAtOnce}
	if w.newest, err = g.Store.NewestSubject(ctx); err != nil {
		return nil, nil, err
	}
	var scopes []string
	for _, r := range repos {
		s := w.subject(r[0], r[1])
		scopes = append(scopes, pushScope(s), tipsScope(s))
	}
	if w.stored, err = g.Store.Records(ctx, scopes); err != nil {
		return nil, nil, err
	}
	for _, r := range repos {
		s := w.subject(r[0], r[1])
		k, err := parseKnown(pushScope(s), w.stored[pushScope(s)])
		if err != nil {
			return nil, nil, err
		}
		w.pushes[s.Repository()] = k
		list = append(list, github.Watched{Owner: r[0], Repo: r[1], Branches: k.globs()})
	}
	return w, list, nil
}

// globs are those by which the policies name branches.
func (k known) globs() []string {
	var list []string
	for _, b := range k.Branches {
		list = append(list, b.Globs...)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// movedBranches has what came to watched branches looked at of which no event told. It
// costs no request.
func (g *Guard) movedBranches(ctx context.Context, w *watched, tips []github.Tips, enqueue Enqueue) (evaluated int, err error) {
	changed := make(map[string][]byte)
	for _, t := range tips {
		s := w.subject(t.Owner, t.Repo)
		now, gaps, err := g.movedIn(ctx, w, s, t)
		for _, gap := range gaps {
			if err == nil {
				evaluated++
				err = g.lookAtGap(ctx, gap, t.Default, enqueue)
			}
		}
		if err != nil {
			return evaluated, err
		}
		if string(now) != string(w.stored[tipsScope(s)]) {
			changed[tipsScope(s)] = now
		}
	}
	return evaluated, g.Store.SetRecords(ctx, changed)
}

// movedIn compares where the branches of a repository are with where they were, and
// returns what is to be kept of that.
func (g *Guard) movedIn(ctx context.Context, w *watched, s store.Subject, t github.Tips) (body []byte, gaps []store.Subject, err error) {
	k, err := g.followDefault(ctx, s, w.pushes[s.Repository()], t.Default)
	if err != nil {
		return nil, nil, err
	}
	now := lastTips{Default: t.Default, Globs: k.globs(), Branches: make(map[string]lastTip), Cut: t.Cut}
	last, anew, err := w.last(s, now)
	if err != nil {
		return nil, nil, err
	}
	if t.Default == "" && last.Default != "" { // GitHub shows no contents: the branches are not deleted by that
		return w.stored[tipsScope(s)], nil, nil
	}
	if t.Cut {
		g.Logger.WarnContext(ctx, "a repository has more branches than are looked through for pushes whose events were lost", logkey.Repo, s.Repository())
	}
	for _, name := range joined(t.At, last.Branches) {
		s.Ref = name
		was, seen := last.Branches[name]
		tip, there := t.At[name]
		switch {
		case name != t.Default && !k.watches(name):
		case !there && t.Cut:
			now.Branches[name] = was
		case !seen && (anew || last.Cut):
			now.Branches[name] = lastTip{Tip: tip, After: w.newest}
		default:
			next, gap, err := g.follow(ctx, w, s, was, tip)
			if err != nil {
				return nil, nil, err
			}
			if gap != nil {
				gaps = append(gaps, *gap)
			}
			if there || !next.Since.IsZero() {
				now.Branches[name] = next
			}
		}
	}
	if body, err = json.Marshal(now); err != nil {
		return nil, nil, fmt.Errorf("write where branches are: %w", err)
	}
	return body, gaps, nil
}

// last reads where the branches of a repository were. What is watched for the first
// time, anew, has no past; what is new among what was watched before was made meanwhile.
func (w *watched) last(s store.Subject, now lastTips) (last lastTips, anew bool, err error) {
	body := w.stored[tipsScope(s)]
	if body == nil {
		return last, true, nil
	}
	if err := json.Unmarshal(body, &last); err != nil {
		return last, false, fmt.Errorf("%s: %w", tipsScope(s), err)
	}
	return last, last.Default != now.Default || !slices.Equal(last.Globs, now.Globs), nil
}

// followDefault notes that another branch is the default one by now: pushes to it
// matter from then on, and no event tells of it.
func (g *Guard) followDefault(ctx context.Context, s store.Subject, k known, now string) (known, error) {
	if k.Default == "" || now == "" || k.Default == now {
		return k, nil
	}
	scope := pushScope(s)
	err := g.Store.ChangeRecords(ctx, []string{scope}, func(have map[string][]byte) (map[string][]byte, error) {
		var err error
		if k, err = parseKnown(scope, have[scope]); err != nil {
			return nil, err
		}
		k.Default = now
		body, err := json.Marshal(k)
		return map[string][]byte{scope: body}, err
	})
	return k, err
}

// joined are the names in either map, in order.
func joined(at map[string]string, last map[string]lastTip) []string {
	names := slices.Collect(maps.Keys(at))
	names = slices.AppendSeq(names, maps.Keys(last))
	slices.Sort(names)
	return slices.Compact(names)
}

// lookAtGap has a push looked at of which no event told.
func (g *Guard) lookAtGap(ctx context.Context, s store.Subject, main string, enqueue Enqueue) error {
	if s.Base == "" {
		s.Base = main // as an event says it of a new branch
	}
	if s.Head == "" {
		s.Head = strings.Repeat("0", len(s.Base))
	}
	g.Logger.WarnContext(ctx, "no event told of a push", logkey.Subject, s.Name())
	return enqueue(ctx, fmt.Sprintf("reconciliation %d", g.Now().Unix()), s)
}

// follow goes along the pushes that are known from where a branch was to where it is.
// Where they do not lead there in time, the gap is what lies between.
func (g *Guard) follow(ctx context.Context, w *watched, s store.Subject, was lastTip, tip string) (now lastTip, gap *store.Subject, err error) {
	if was.Since.IsZero() && was.Tip == tip {
		return was, nil, nil
	}
	list, err := g.Store.PushesAfter(ctx, s.Owner, s.Repo, s.Ref, was.After)
	if err != nil {
		return was, nil, err
	}
	m := movesOf(list)
	now = lastTip{Tip: was.Tip, After: was.After}
	if !was.Since.IsZero() {
		if !m.lead(was.Tip, was.Found) {
			if g.Now().Sub(was.Since) < pushesWithin || w.left == 0 {
				return was, nil, nil
			}
			w.left--
			s.Base, s.Head = m.end(was.Tip), m.start(was.Found)
			gap = &s
		}
		now.Tip = was.Found
	}
	if m.lead(now.Tip, tip) {
		return lastTip{Tip: tip, After: w.newest}, gap, nil
	}
	now.Found, now.Since = tip, g.Now().UTC()
	return now, gap, nil
}

// moves are the pushes to a branch, the oldest first.
type moves []move

type move struct{ from, to string }

// movesOf are those of subjects. One that makes a branch is from "", and one that
// deletes it to "".
func movesOf(list []store.Subject) (m moves) {
	for _, s := range list {
		x := move{s.Base, s.Head}
		if !isCommit(x.from) || isNothing(x.from) {
			x.from = ""
		}
		if isNothing(x.to) {
			x.to = ""
		}
		m = append(m, x)
	}
	return m
}

// reach are the places that moves lead to from one.
func (m moves) reach(from string) map[string]bool {
	reached := map[string]bool{from: true}
	for more := true; more; {
		more = false
		for _, x := range m {
			if reached[x.from] && !reached[x.to] {
				reached[x.to], more = true, true
			}
		}
	}
	return reached
}

// lead reports whether moves lead from a place to another.
func (m moves) lead(from, to string) bool { return m.reach(from)[to] }

// end is where moves lead last from a place.
func (m moves) end(from string) string {
	reached := m.reach(from)
	for _, x := range slices.Backward(m) {
		if reached[x.from] {
			return x.to
		}
	}
	return from
}

// start is where moves come from first that lead to a place.
func (m moves) start(to string) string {
	back := make(moves, 0, len(m))
	for _, x := range slices.Backward(m) {
		back = append(back, move{x.to, x.from})
	}
	reached := back.reach(to)
	for _, x := range m {
		if reached[x.to] {
			return x.from
		}
	}
	return to
}
