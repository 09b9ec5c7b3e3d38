package storetest

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/changeguard/changeguard/internal/store"
)

// in is a pull request of another repository.
func in(repo string, n int) store.Subject {
	s := pull(n)
	s.Repo = repo
	return s
}

// lists holds what pages list: the newest verdict of each subject, of all
// repositories, of some, whatever their case, and of none.
func lists(t *testing.T, f *fixture) {
	for n, s := range []store.Subject{pull(1), in("Other", 2), pull(3), in("third", 4)} {
		got, _ := f.receive(fmt.Sprint("d", n), s, start)
		for v := range 2 {
			f.check(f.AddVerdict(background, sample(got, fmt.Sprintf("%d.%d", n, v))))
		}
	}
	list := func(repos []string, before int64, limit int) (digests []string, last int64) {
		found, err := f.NewestOf(background, repos, before, limit)
		f.check(err)
		for _, v := range found {
			digests, last = append(digests, v.Digest), v.ID
		}
		return digests, last
	}
	digests, last := list(nil, 1<<62, 3)
	f.same("all", digests, []string{"3.1", "2.1", "1.1"})
	digests, _ = list(nil, last, 3)
	f.same("what is older", digests, []string{"0.1"})
	digests, _ = list([]string{"acme/other", "acme/app"}, 1<<62, 9)
	f.same("of some", digests, []string{"2.1", "1.1", "0.1"})
	digests, _ = list([]string{}, 1<<62, 9)
	f.same("of none", digests, []string(nil))
	digests, _ = list([]string{"acme/app' OR '1'='1"}, 1<<62, 9)
	f.same("of one with a hostile name", digests, []string(nil))

	history, err := f.History(background, pull(1).Name(), 9)
	f.check(err)
	f.same("the history", []any{len(history), history[0].Digest, string(history[1].Body), len(history[0].Inputs) > 0}, []any{2, "0.1", `{"id":"0.0"}`, true})
	judged, err := f.Judged(background, "ACME", "other", 9)
	f.check(err)
	f.same("judged in a repository", []any{len(judged), judged[0].Digest, string(judged[0].Body)}, []any{1, "1.1", `{"id":"1.1"}`})

	entries, err := f.AuditFind(background, []string{"acme/other"}, "", "OTHER#2", 0, 1<<62, 9)
	f.check(err)
	f.same("in the audit log", []any{len(entries), entries[0].Subject, entries[0].ID > entries[1].ID}, []any{2, "acme/Other#2", true})
	newest, err := f.NewestEntry(background)
	f.check(err)
	f.same("the newest entry", newest, int64(8))
	between, err := f.AuditFind(background, nil, "", "", entries[1].ID, entries[0].ID+1, 9)
	f.check(err)
	f.same("a part of the audit log", []any{len(between), between[0].ID}, []any{1, entries[0].ID})
	for _, c := range []struct {
		repos  []string
		search string
	}{{[]string{"acme/app"}, "other"}, {[]string{}, ""}, {nil, "%"}, {nil, "_"}, {nil, "nothing!"}} {
		entries, err := f.AuditFind(background, c.repos, "", c.search, 0, 1<<62, 9)
		f.check(err)
		f.same(fmt.Sprintf("what is not found: %v", c), len(entries), 0)
	}
}

// tallied holds the sums: a verdict is counted once, on its day, in its
// repository, and what is dropped later stays counted.
func tallied(t *testing.T, f *fixture) {
	add := func(s store.Subject, digest, outcome, actor string, took time.Duration, rules ...string) {
		t.Helper()
		got, _ := f.receive("for "+digest, s, start)
		v := sample(got, digest)
		v.Outcome, v.Observed, v.Actor, v.Rules, v.Created = outcome, outcome == "approve", actor, rules, start.Add(took)
		f.check(f.AddVerdict(background, v))
		f.check(f.AddVerdict(background, v)) // the same again
		f.finish(got.ID, got.Want)
	}
	add(pull(1), "a", "fail", "agent", 2*time.Second, "core", "size")
	add(pull(1), "b", "pass", "agent", time.Second/2)
	add(pull(2), "c", "fail", "agent", 26*time.Hour, "core")
	add(in("Other", 3), "d", "approve", "human", 5*time.Second, "size")

	today, tomorrow := start.Truncate(24*time.Hour), start.Truncate(24*time.Hour).Add(24*time.Hour)
	tallies, err := f.Tallies(background, nil, start)
	f.check(err)
	f.same("tallies", tallies, []store.Tally{
		{Outcome: "approve", Actor: "human", Observed: true, Day: today, Count: 1},
		{Outcome: "fail", Actor: "agent", Day: today, Count: 1},
		{Outcome: "pass", Actor: "agent", Day: today, Count: 1},
		{Outcome: "fail", Actor: "agent", Day: tomorrow, Count: 1},
	})
	tallies, err = f.Tallies(background, []string{"acme/other"}, tomorrow)
	f.check(err)
	f.same("tallies of what is not there", len(tallies), 0)
	stopped, err := f.StoppedIn(background, nil, start, 9)
	f.check(err)
	f.same("by repository", stopped, []store.Stopped{{Repository: "acme/app", All: 3, Stopped: 2}, {Repository: "acme/Other", All: 1}})
	stoppers, err := f.Stoppers(background, nil, start, 9)
	f.check(err)
	f.same("rules", stoppers, []store.Count{{Name: "core", Count: 2}, {Name: "size", Count: 1}})
	stoppers, err = f.Stoppers(background, []string{"acme/other"}, start, 9)
	f.check(err)
	f.same("rules of one that observes", len(stoppers), 0)
	would, err := f.WouldStop(background, []string{"acme/other"}, start, 9)
	f.check(err)
	f.same("rules of one, were they enforced", would, []store.Count{{Name: "size", Count: 1}})
	would, err = f.WouldStop(background, []string{"acme/app"}, start, 9)
	f.check(err)
	f.same("rules of one that enforces", len(would), 0)
	waits, err := f.Waits(background, []string{"acme/app"}, start)
	f.check(err)
	f.same("waits", waits, []store.Count{{Name: "", Count: 1}, {Name: "1", Count: 1}, {Name: "2", Count: 1}})
}

// kept holds what is kept beside a verdict: the change of the newest one, and
// the policies that judged.
func kept(t *testing.T, f *fixture) {
	s, _ := f.receive("d1", pull(1), start)
	v := sample(s, "a")
	layers := []store.Layer{{Name: "repository", Digest: "sha256:1", Mode: "100644", Text: []byte("version: 1\n\x00\xff")}}
	v.Kept = &store.Kept{Change: []byte("one\x00\xff"), Layers: layers}
	f.check(f.AddVerdict(background, v))
	got, err := f.Snapshot(background, v)
	f.check(err)
	f.same("the change", string(got), "one\x00\xff")
	text, err := f.PolicyText(background, "sha256:1")
	f.check(err)
	f.same("the policy", text, layers[0].Text)
	r, err := f.Store.Repository(background, "ACME", "App")
	f.check(err)
	f.same("the repository", []any{r.Name, r.Installation, r.Observed, r.Judged, r.Checked.IsZero(), r.Layers[0].Digest}, []any{"acme/app", int64(11), true, start, true, "sha256:1"})

	// The same verdict on another title: what is kept is the newer.
	v.Kept = &store.Kept{Change: []byte("two"), Layers: layers}
	f.check(f.AddVerdict(background, v))
	got, err = f.Snapshot(background, v)
	f.check(err)
	f.same("the change as it is now", string(got), "two")

	// Another verdict whose change could not be kept.
	b := sample(s, "b")
	b.Kept = &store.Kept{Layers: layers}
	f.check(f.AddVerdict(background, b))
	for _, v := range []store.Verdict{v, b} {
		if _, err := f.Snapshot(background, v); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("%s has a change: %v", v.Digest, err)
		}
	}
	if _, err := f.PolicyText(background, "sha256:2"); !errors.Is(err, store.ErrNotFound) {
		t.Error(err)
	}

	f.check(f.SetGuarded(background, "acme/app", []byte(`{"x":1}`), start.Add(time.Hour)))
	for _, c := range []struct {
		since, judged time.Time
		want          int
	}{{start, start, 0}, {start.Add(2 * time.Hour), start, 1}, {start.Add(2 * time.Hour), start.Add(time.Second), 0}} {
		list, err := f.Unchecked(background, c.since, c.judged, 9)
		f.check(err)
		f.same(fmt.Sprint("unchecked ", c), len(list), c.want)
	}
	list, err := f.Repositories(background, []string{"acme/app"}, 9)
	f.check(err)
	f.same("guarded", []any{len(list), string(list[0].Guarded), list[0].Checked}, []any{1, `{"x":1}`, start.Add(time.Hour)})

	b.Kept = &store.Kept{Change: []byte("three"), Layers: layers}
	f.check(f.AddVerdict(background, b))
	n, err := f.DropKept(background, start.Add(time.Second))
	f.check(err)
	f.same("dropped while there is a verdict and a day has not passed", n, int64(0))
	f.finish(s.ID, s.Want)
	_, err = f.DropVerdicts(background, start.Add(time.Hour))
	f.check(err)
	n, err = f.DropKept(background, start.Add(25*time.Hour))
	f.check(err)
	f.same("dropped", n, int64(2))
}

// health holds what the page about the server's health lists.
func health(t *testing.T, f *fixture) {
	a, _ := f.receive("d1", pull(1), start)
	f.finish(a.ID, a.Want)
	f.receive("d2", pull(1), start.Add(time.Second))
	b, _ := f.receive("d3", in("Other", 2), start.Add(2*time.Second))
	_, err := f.Fail(background, b.ID, start.Add(time.Minute))
	f.check(err)
	list, err := f.Arrivals(background, nil, start, 2)
	f.check(err)
	f.same("deliveries", []any{len(list), list[0].Subject.Repo, list[0].At, list[0].Processed, list[1].Event}, []any{2, "Other", start.Add(2 * time.Second), false, "pull_request"})
	all, processed, err := f.Arrived(background, []string{"acme/app"}, start)
	f.check(err)
	f.same("counted", []int{all, processed}, []int{2, 1})
	all, processed, err = f.Arrived(background, []string{}, start)
	f.check(err)
	f.same("counted of none", []int{all, processed}, []int{0, 0})
	stuck, err := f.Stuck(background, nil, 9)
	f.check(err)
	f.same("stuck", []any{len(stuck), stuck[0].Subject.Repo, stuck[0].Since}, []any{1, "Other", start.Add(time.Minute)})
	stuck, err = f.Stuck(background, []string{"acme/app"}, 9)
	f.check(err)
	f.same("stuck elsewhere", len(stuck), 0)

	for i, l := range []store.Lift{
		{Kind: "override", Finding: "1", Rule: "core", By: "lead", ByID: 1, Reason: "asked for", MadeAt: start, Until: start.Add(time.Hour)},
		{Kind: "override", Finding: "2", Rule: "core", By: "lead", ByID: 1, Reason: "asked for", MadeAt: start, Until: start.Add(time.Hour)},
		{Kind: "approval", Finding: "3", Rule: "size", By: "lead", ByID: 1, MadeAt: start},
		{Kind: "override", Finding: "1", Rule: "core", By: "boss", ByID: 2, Reason: "again", MadeAt: start.Add(time.Minute), Until: start.Add(time.Hour)},
	} {
		f.check(f.InTx(background, func(tx *store.Tx) error { return store.AddLift(background, tx, a.ID, l) }))
		n, err := f.Overridden(background, nil, start)
		f.check(err)
		f.same("overrides", n, []int{1, 1, 1, 2}[i])
	}
	lifts, err := f.Overrides(background, []string{"acme/app"}, start, 9)
	f.check(err)
	f.same("overrides", []any{len(lifts), lifts[0].By, lifts[0].Subject.Number, lifts[1].Reason, lifts[1].MadeAt}, []any{2, "boss", 1, "asked for", start})
	n, err := f.Overridden(background, []string{"acme/other"}, start)
	f.check(err)
	f.same("overrides elsewhere", n, 0)
}
