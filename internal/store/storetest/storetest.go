// Package storetest is the contract that a store keeps on every engine.
//
// # The model
//
// [Run] is given a function that opens an empty store and holds it to what the
// rest of the program counts on. An engine's own tests call it; what only that
// engine can do wrong is tested beside it.
package storetest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/changeguard/changeguard/internal/store"
)

// Run holds the stores that open makes to the contract.
func Run(t *testing.T, open func(t *testing.T) *store.Store) {
	t.Helper()
	for _, c := range []struct {
		name string
		test func(t *testing.T, f *fixture)
	}{
		{"a delivery is processed when its subject is done", processed},
		{"a redelivery takes its new place", redelivered},
		{"a delivery is processed for each of its subjects", shared},
		{"what shares a head is found", sharing},
		{"a new result is asked for until it is there", anew},
		{"an event during an evaluation moves the subject", moved},
		{"subjects have names that do not collide", names},
		{"events update the hints of a subject", hints},
		{"what waits is counted and listed", waiting},
		{"failures are counted from the last event", failing},
		{"the model of want and done", model},
		{"deliveries that arrive together are as those that do not", together},
		{"many deliveries arrive together", many},
		{"subjects take turns", turns},
		{"what lands unjudged is noted once", landings},
		{"checks of others are noted while they are there", foreign},
		{"what a policy asks for is noted", asks},
		{"an event is written down once", notedOnce},
		{"contents are kept for a while", keptContents},
		{"old processed deliveries are dropped", dropped},
		{"old pushes that did not matter are dropped", pushes},
		{"the later pushes to a branch are listed", movedSince},
		{"old verdicts are dropped that nobody needs", oldVerdicts},
		{"what is kept of pull requests that are over is dropped", quietPulls},
		{"sums of long ago are dropped", oldSums},
		{"a delivery is dropped for one subject alone", droppedForOne},
		{"a verdict comes back as it was stored", verdict},
		{"a verdict is stored once", once},
		{"what a verdict came out of is kept with it", origins},
		{"an older evaluation never replaces a newer one", older},
		{"verdicts are listed page by page", pages},
		{"a score is ranked among the repository's last changes", ranked},
		{"runs and comments are replaced", published},
		{"records are written together or not at all", records},
		{"records are changed one after the other", changed},
		{"what somebody asks for is there until it is answered", asked},
		{"what people lift ends", lifted},
		{"the newest evidence of each suite is kept", evidence},
		{"who waits for evidence is found and woken", watches},
		{"a token is found by its hash until it is revoked", tokens},
		{"the audit log shows when it was changed", audited},
		{"what was seen is found again", before},
		{"a key is held by one at a time", holding},
		{"secrets are replaced", secrets},
		{"secrets are given out once", taken},
		{"sessions end", sessions},
		{"what is told outside is told once", notified},
		{"pages list what somebody may read", lists},
		{"verdicts are counted by day", tallied},
		{"what a verdict came out of is kept", kept},
		{"health is that of some repositories", health},
		{"text from outside is storable", hostile},
		{"a failed transaction leaves nothing", rolledBack},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.test(t, &fixture{t, open(t)})
		})
	}
}

// fixture is a store with what tests do to it.
type fixture struct {
	*testing.T
	*store.Store
}

// start is when tests begin; no test asks the clock.
var start = time.Date(2026, 11, 24, 9, 0, 0, 123456000, time.UTC)

var background = context.Background()

func pull(n int) store.Subject {
	return store.Subject{Kind: store.Pull, Installation: 11, Owner: "acme", Repo: "app", Number: n}
}

// check fails the test for an error that should not be.
func (f *fixture) check(err error) {
	f.Helper()
	if err != nil {
		f.Fatal(err)
	}
}

func (f *fixture) same(what string, got, want any) {
	f.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		f.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// receive takes a delivery at a time and returns the subject as it then is.
func (f *fixture) receive(id string, s store.Subject, at time.Time) (got store.Subject, due bool) {
	f.Helper()
	f.check(f.InTx(background, func(tx *store.Tx) (err error) {
		due, err = store.Receive(background, tx, store.Delivery{ID: id, Event: "pull_request", Action: "opened", Received: at}, &s)
		return err
	}))
	return s, due
}

func (f *fixture) finish(id, want int64) (moved bool) {
	f.Helper()
	f.check(f.InTx(background, func(tx *store.Tx) (err error) {
		moved, err = store.Finish(background, tx, id, want)
		return err
	}))
	return moved
}

func processed(t *testing.T, f *fixture) {
	s, due := f.receive("d1", pull(1), start)
	f.same("first time", due, true)
	_, due = f.receive("d1", pull(1), start)
	f.same("again, received and not processed", due, true)
	s2, err := f.Subject(background, s.ID)
	f.check(err)
	f.same("want", s2.Want, int64(2))
	f.same("moved", f.finish(s.ID, s2.Want), false)
	_, due = f.receive("d1", pull(1), start)
	f.same("again, processed", due, false)
	after, err := f.Subject(background, s.ID)
	f.check(err)
	s2.Done = 2
	f.same("the subject after it", after, s2)
	_, due = f.receive("d2", pull(1), start)
	f.same("another delivery", due, true)
}

// A delivery that came again counts from then on: what was evaluated between
// its two arrivals may not have seen what the second one is about.
func redelivered(t *testing.T, f *fixture) {
	s, _ := f.receive("d1", pull(1), start)
	f.receive("d1", pull(1), start)
	f.finish(s.ID, 1)
	_, due := f.receive("d1", pull(1), start)
	f.same("due", due, true)
}

// One delivery can be about several subjects, not the same ones when it comes
// again, and an id that is used twice takes nothing from anybody.
func shared(t *testing.T, f *fixture) {
	first, _ := f.receive("d1", pull(1), start)
	f.finish(first.ID, 1)
	second, due := f.receive("d1", pull(2), start)
	f.same("due for another subject", due, true)
	_, due = f.receive("d1", pull(1), start)
	f.same("due for the first, which was processed", due, false)
	_, due = f.receive("d1", pull(2), start)
	f.same("due for the second, which was not", due, true)
	f.finish(second.ID, 2)
	_, due = f.receive("d1", pull(2), start)
	f.same("due when it was processed", due, false)
}

func sharing(t *testing.T, f *fixture) {
	commit, before := strings.Repeat("a", 40), strings.Repeat("b", 40)
	on := func(s store.Subject, head string) store.Subject { s.Head = head; return s }
	group := store.Subject{Kind: store.Group, Owner: "acme", Repo: "app", Head: commit, Base: "b"}
	elsewhere := on(pull(1), commit)
	elsewhere.Repo = "other"
	for i, s := range []store.Subject{on(pull(1), before), on(pull(2), commit), group, elsewhere, on(pull(3), before)} {
		f.receive(fmt.Sprint("d", i), s, start)
	}
	f.receive("moved", on(pull(1), commit), start)
	names := func(head string) (list []string) {
		found, err := f.Sharing(background, "acme", "app", head)
		f.check(err)
		for _, s := range found {
			list = append(list, s.Name())
		}
		return list
	}
	f.same("on the commit", names(commit), []string{group.Name(), pull(2).Name(), pull(1).Name()})
	f.same("on the one before", names(before), []string{pull(3).Name()})
	f.same("on an unknown one", names("c"), []string(nil))
}

// Whoever asks during an evaluation asks for the next one.
func anew(t *testing.T, f *fixture) {
	first, _ := f.receive("d1", pull(1), start)
	is := func(want bool) store.Subject {
		t.Helper()
		s, err := f.Subject(background, first.ID)
		f.check(err)
		f.same("anew", s.Anew, want)
		return s
	}
	running := is(false)
	f.check(f.InTx(background, func(tx *store.Tx) error {
		s := pull(1)
		_, err := store.Receive(background, tx, store.Delivery{ID: "ask", Received: start, Anew: true}, &s)
		return err
	}))
	f.finish(running.ID, running.Want)
	running = is(true)
	f.receive("d2", pull(1), start)
	is(true)
	f.finish(running.ID, running.Want)
	is(false)
}

func moved(t *testing.T, f *fixture) {
	s, _ := f.receive("d1", pull(1), start)
	f.receive("d2", pull(1), start)
	f.same("moved", f.finish(s.ID, s.Want), true)
	f.same("moved at the end", f.finish(s.ID, 2), false)
	f.same("moved by an evaluation that was late", f.finish(s.ID, 1), true)
	got, err := f.Subject(background, s.ID)
	f.check(err)
	f.same("done", got.Done, int64(2))
	err = f.InTx(background, func(tx *store.Tx) error { _, err := store.Finish(background, tx, 99, 1); return err })
	if !errors.Is(err, store.ErrNotFound) {
		t.Errorf("finish of an unknown subject: %v", err)
	}
}

func names(t *testing.T, f *fixture) {
	commit := strings.Repeat("a", 40)
	list := []store.Subject{
		pull(1), pull(2),
		{Kind: store.Pull, Owner: "acme", Repo: "other", Number: 1},
		{Kind: store.Group, Owner: "acme", Repo: "app", Head: commit, Ref: "gh-readonly-queue/main/pr-1-" + commit},
		{Kind: store.Push, Owner: "acme", Repo: "app", Head: commit, Ref: "main"},
		{Kind: store.Push, Owner: "acme", Repo: "app", Head: commit, Ref: "release/1"},
		{Kind: store.Push, Owner: "acme", Repo: "app", Base: strings.Repeat("b", 40), Head: commit, Ref: "main"},
	}
	for i, s := range list {
		got, _ := f.receive(fmt.Sprint("d", i), s, start)
		f.same("want of "+s.Name(), got.Want, int64(1))
		found, err := f.FindSubject(background, s.Name())
		f.check(err)
		f.same(s.Name(), found, got)
	}
	if _, err := f.FindSubject(background, "acme/app#77"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("an unknown name: %v", err)
	}
	if _, err := f.Subject(background, 77); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("an unknown id: %v", err)
	}
}

func hints(t *testing.T, f *fixture) {
	s := pull(1)
	s.Base, s.Head = "main", "aaaa"
	f.receive("d1", s, start)
	s.Base, s.Head, s.Installation = "", "bbbb", 12
	f.receive("d2", s, start)
	s.Base, s.Head = "develop", ""
	got, _ := f.receive("d3", s, start)
	found, err := f.Subject(background, got.ID)
	f.check(err)
	want := pull(1)
	want.ID, want.Installation, want.Base, want.Head, want.Want = got.ID, 12, "develop", "bbbb", 3
	f.same("subject", found, want)
}

func waiting(t *testing.T, f *fixture) {
	var ids []int64
	for n := range 4 {
		s, _ := f.receive(fmt.Sprint("d", n), pull(n+1), start.Add(time.Duration(n)*time.Hour))
		ids = append(ids, s.ID)
	}
	f.finish(ids[1], 1)
	n, err := f.Waiting(background)
	f.check(err)
	f.same("waiting", n, 3)
	list, err := f.Unfinished(background)
	f.check(err)
	var unfinished []int64
	for _, s := range list {
		unfinished = append(unfinished, s.ID)
	}
	f.same("unfinished", unfinished, []int64{ids[0], ids[2], ids[3]})
	f.check(f.Writable(background))
	since, waits, err := f.WaitingSince(background)
	f.check(err)
	f.same("waiting since", []any{since, waits}, []any{start, true})
	other, _ := f.receive("d9", in("Other", 9), start.Add(9*time.Hour))
	for _, c := range []struct {
		repos []string
		n     int
		since time.Time
	}{{nil, 4, start}, {[]string{"acme/other"}, 1, start.Add(9 * time.Hour)}, {[]string{}, 0, time.UnixMicro(0).UTC()}} {
		n, since, err := f.WaitingIn(background, c.repos)
		f.check(err)
		f.same(fmt.Sprintf("waiting in %v", c.repos), []any{n, since}, []any{c.n, c.since})
	}
	for _, id := range append(unfinished, other.ID) {
		f.finish(id, 1)
	}
	_, waits, err = f.WaitingSince(background)
	f.check(err)
	f.same("waiting when all is done", waits, false)
}

func failing(t *testing.T, f *fixture) {
	s, _ := f.receive("d1", pull(1), start)
	since := func(minutes int) int {
		first, err := f.Fail(background, s.ID, start.Add(time.Duration(minutes)*time.Minute))
		f.check(err)
		return int(first.Sub(start) / time.Minute)
	}
	failing := func() (n, minutes int) {
		n, first, err := f.Failing(background)
		f.check(err)
		if n == 0 {
			return 0, 0
		}
		return n, int(first.Sub(start) / time.Minute)
	}
	n, _ := failing()
	f.same("failing before", n, 0)
	f.same("first failure", since(1), 1)
	n, minutes := failing()
	f.same("failing", n, 1)
	f.same("failing since", minutes, 1)
	f.same("second failure", since(5), 1)
	f.receive("d2", pull(1), start)
	f.same("first after an event", since(7), 7)
	f.finish(s.ID, 1)
	n, _ = failing()
	f.same("failing after a success", n, 0)
	f.same("first after a success", since(9), 9)
	if _, err := f.Fail(background, 99, start); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("an unknown subject: %v", err)
	}
}

func dropped(t *testing.T, f *fixture) {
	const many = 2300           // more than are dropped at once
	for i := range many / 100 { // as much in a transaction as has the time
		f.check(f.InTx(background, func(tx *store.Tx) error {
			for j := range 100 {
				s := pull(1)
				if _, err := store.Receive(background, tx, store.Delivery{ID: fmt.Sprint("old", 100*i+j), Received: start}, &s); err != nil {
					return err
				}
			}
			return nil
		}))
	}
	s, err := f.FindSubject(background, pull(1).Name())
	f.check(err)
	f.finish(s.ID, many-1) // the last one is not processed
	f.receive("other", pull(2), start.Add(time.Hour))
	n, err := f.DropDeliveries(background, start.Add(time.Minute))
	f.check(err)
	f.same("dropped", n, int64(many-1))
	n, err = f.DropDeliveries(background, start.Add(time.Minute))
	f.check(err)
	f.same("dropped again", n, int64(0))
	_, due := f.receive(fmt.Sprint("old", many-1), pull(1), start)
	f.same("the one that was kept is due", due, true)
}

func movedSince(t *testing.T, f *fixture) {
	none, err := f.NewestSubject(background)
	f.check(err)
	f.same("the newest of none", none, int64(0))
	push := func(repo, ref, before, after string) store.Subject {
		s, _ := f.receive(repo+ref+before+after, store.Subject{Kind: store.Push, Owner: "acme", Repo: repo, Ref: ref, Base: before, Head: after}, start)
		return s
	}
	push("app", "main", "a", "b")
	newest, err := f.NewestSubject(background)
	f.check(err)
	second := push("app", "main", "b", "c")
	push("app", "release/1", "b", "c")
	push("other", "main", "b", "c")
	push("app", "main", "a", "b") // known
	third := push("app", "main", "a", "c")
	list, err := f.PushesAfter(background, "acme", "app", "main", newest)
	f.check(err)
	f.same("pushes", list, []store.Subject{second, third})
	list, err = f.PushesAfter(background, "other", "app", "main", none)
	f.check(err)
	f.same("pushes of another owner's", len(list), 0)
}

func pushes(t *testing.T, f *fixture) {
	push := func(n int) store.Subject {
		return store.Subject{Kind: store.Push, Owner: "acme", Repo: "app", Ref: "main", Head: fmt.Sprintf("%040d", n)}
	}
	old, judged, waits, young := push(1), push(2), push(3), push(4)
	for i, s := range []store.Subject{old, judged, waits} {
		got, _ := f.receive(fmt.Sprint("d", i), s, start)
		if s != waits {
			f.finish(got.ID, got.Want)
		}
		if s == judged {
			f.check(f.AddVerdict(background, sample(got, "v")))
		}
	}
	later, _ := f.receive("young", young, start.Add(time.Hour))
	f.finish(later.ID, later.Want)
	p, _ := f.receive("pull", pull(1), start)
	f.finish(p.ID, p.Want)

	n, err := f.DropIdle(background, store.Push, start.Add(time.Minute))
	f.check(err)
	f.same("dropped while their deliveries are kept", n, int64(0))
	_, err = f.DropDeliveries(background, start.Add(time.Minute))
	f.check(err)
	n, err = f.DropIdle(background, store.Push, start.Add(time.Minute))
	f.check(err)
	f.same("dropped", n, int64(1))
	for _, s := range []store.Subject{judged, waits, young, pull(1)} {
		_, err := f.FindSubject(background, s.Name())
		f.check(err)
	}
	if _, err := f.FindSubject(background, old.Name()); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("the old push: %v", err)
	}
}
