package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/changeguard/changeguard/internal/store"
)

// rows counts those of a table.
func (f *fixture) rows(table string) (n int) {
	f.Helper()
	f.check(f.DB().QueryRowContext(background, `SELECT count(*) FROM `+table).Scan(&n))
	return n
}

// quietPulls drops what is kept of pull requests of which nothing was heard, all
// of it, and nothing of others: those with an event since, those that are open,
// and those that wait.
func quietPulls(t *testing.T, f *fixture) {
	before := start.Add(400 * day)
	keep := func(n int, at time.Time) store.Subject {
		t.Helper()
		s := pull(n)
		f.check(f.InTx(background, func(tx *store.Tx) error {
			for i := range 2 {
				c := &store.Command{Cause: fmt.Sprintf("comment %d", 10*n+i), Comment: int64(10*n + i), By: "lead", ByID: 9, Body: "/changeguard help", MadeAt: at}
				if _, err := store.Receive(background, tx, store.Delivery{ID: fmt.Sprint("d", n, i), Event: "issue_comment", Received: at, Command: c}, &s); err != nil {
					return err
				}
			}
			return store.AddLift(background, tx, s.ID, store.Lift{Kind: "approval", Finding: "f", Rule: "core", Print: "p", By: "lead", ByID: 9, Via: "button", MadeAt: at})
		}))
		list, err := f.Commands(background, s.ID)
		f.check(err)
		f.check(f.InTx(background, func(tx *store.Tx) error { return store.Decide(background, tx, list[0].ID, []byte("{}")) }))
		f.check(f.Answered(background, list[0].ID))
		f.check(f.SetComment(background, "acme/app", n, int64(n), "digest"))
		f.check(f.SetAsked(background, "acme/app", n, []store.Asked{{What: "label a", At: at}, {What: "label b", At: at}}))
		f.check(f.SetWatch(background, store.Watch{Subject: s.ID, Repository: "acme/app", Head: "h", Since: at}))
		f.finish(s.ID, s.Want)
		return s
	}
	keep(1, start)
	keep(2, before.Add(time.Hour)) // an event came since
	keep(3, start)                 // is open
	waits := keep(4, start)
	f.check(f.SeenOpen(background, []string{pull(3).Name()}, before.Add(time.Hour)))
	f.check(f.InTx(background, func(tx *store.Tx) error {
		_, err := tx.ExecContext(background, `UPDATE subjects SET want = want + 1 WHERE id = $1`, waits.ID)
		return err
	}))
	n, err := f.DropQuiet(background, before)
	f.check(err)
	f.same("dropped", n, int64(1+2+1+1+1))
	for table, want := range map[string]int{"comments": 3, "asks": 6, "watches": 3, "commands": 7, "lifts": 3} {
		f.same(table, f.rows(table), want)
	}
	if _, _, err := f.Comment(background, "acme/app", 2); err != nil {
		t.Error(err)
	}
	n, err = f.DropQuiet(background, before)
	f.check(err)
	f.same("again", n, int64(0))
}

// oldSums drops the sums of days that are over for long, and repositories in which
// nothing is judged any more.
func oldSums(t *testing.T, f *fixture) {
	before := start.Add(400 * day)
	judge := func(s store.Subject, digest string, at time.Time) {
		t.Helper()
		got, _ := f.receive(digest, s, at)
		v := sample(got, digest)
		v.Created, v.Rules, v.Kept = at, []string{"core"}, &store.Kept{}
		f.check(f.AddVerdict(background, v))
		f.finish(got.ID, got.Want)
	}
	judge(in("Gone", 1), "a", start)
	judge(pull(1), "b", start)
	judge(pull(1), "c", before.Add(time.Hour))
	for i, at := range []time.Time{start, before.Add(time.Hour)} {
		_, err := f.AddLanding(background, store.Landing{Repository: "acme/app", Branch: "main", Before: "a", After: fmt.Sprint(i), Body: []byte("{}"), At: at}, nil)
		f.check(err)
	}
	has := func(tallies, repositories, landings int) {
		t.Helper()
		f.same("rows", []int{f.rows("tallies"), f.rows("repositories"), f.rows("landings")}, []int{tallies, repositories, landings})
	}
	has(3, 2, 2)
	_, err := f.DropSums(background, before)
	f.check(err)
	has(1, 2, 1) // its verdict is kept
	_, err = f.DropVerdicts(background, before)
	f.check(err)
	n, err := f.DropSums(background, before)
	f.check(err)
	f.same("dropped", n, int64(1))
	has(1, 1, 1)
	list, err := f.Tallies(background, nil, start)
	f.check(err)
	f.same("the sums that are left", len(list), 1)
}
