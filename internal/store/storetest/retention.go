package storetest

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/changeguard/changeguard/internal/store"
)

const day = 24 * time.Hour

// A verdict is dropped when nobody can ask for it any more.
func oldVerdicts(t *testing.T, f *fixture) {
	later := start.Add(500 * day)
	judge := func(n int, digest, head string, at time.Time) store.Subject {
		t.Helper()
		s := pull(n)
		s.Head = head
		s, _ = f.receive(digest, s, at)
		v := sample(s, digest)
		v.Head, v.Created = head, at
		f.check(f.AddVerdict(background, v))
		f.finish(s.ID, s.Want)
		return s
	}
	const many = 120 // more than are dropped at once
	for i := range many {
		judge(1, fmt.Sprint("a", i), fmt.Sprint("head", i), start.Add(time.Duration(i)*time.Minute))
	}
	judge(1, "a last", "new", later)      // an event came since
	judge(2, "b", "b", start)             // nothing was heard of it since
	judge(3, "c", "c", start)             // is open
	waits := judge(4, "d", "d", start)    // waits
	judge(5, "e old", "e", start)         // has a newer one on another head, and its head is the old one again
	back := judge(5, "e", "other", start) //
	f.receive("e back", store.Subject{Kind: store.Pull, Installation: 11, Owner: "acme", Repo: "app", Number: 5, Head: "e"}, later)
	f.finish(back.ID, back.Want+1)
	f.check(f.InTx(background, func(tx *store.Tx) error {
		_, err := tx.ExecContext(background, `UPDATE subjects SET want = want + 1 WHERE id = $1`, waits.ID)
		return err
	}))
	f.check(f.SeenOpen(background, []string{pull(3).Name(), pull(99).Name()}, later))

	n, err := f.DropVerdicts(background, start.Add(400*day))
	f.check(err)
	f.same("dropped", n, int64(many+1))
	for n, want := range map[int]string{1: "a last", 3: "c", 4: "d", 5: "e"} {
		v, err := f.Latest(background, pull(n).Name())
		f.check(err)
		f.same(fmt.Sprint("the newest of #", n), v.Digest, want)
	}
	if _, err := f.Latest(background, pull(2).Name()); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("the one that nobody needs: %v", err)
	}
	v, err := f.LatestAt(background, pull(5).Name(), "e")
	f.check(err)
	f.same("on the head that it has", v.Digest, "e old")
	entries := 0
	for _, err := range f.AuditLog(background) {
		f.check(err)
		entries++
	}
	f.same("entries of the audit log", entries, many+6)

	f.check(f.SetRun(background, store.Run{Repository: "acme/app", Head: "old", RunID: 1}, start))
	f.check(f.SetRun(background, store.Run{Repository: "acme/app", Head: "young", RunID: 2}, later))
	n, err = f.DropRuns(background, start.Add(400*day))
	f.check(err)
	f.same("runs dropped", n, int64(1))
	_, err = f.Store.Run(background, "acme/app", "young")
	f.check(err)
}

// The same delivery may be processed for one subject and not for another.
func droppedForOne(t *testing.T, f *fixture) {
	one, _ := f.receive("d", pull(1), start)
	f.receive("d", pull(2), start)
	f.finish(one.ID, one.Want)
	n, err := f.DropDeliveries(background, start.Add(time.Hour))
	f.check(err)
	f.same("dropped", n, int64(1))
	other, due := f.receive("d", pull(2), start)
	f.same("due for the other", due, true)
	f.finish(other.ID, other.Want)
	_, due = f.receive("d", pull(2), start)
	f.same("due for it when it was processed", due, false)
}
