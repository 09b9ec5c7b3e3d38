package storetest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/changeguard/changeguard/internal/store"
)

// together holds ReceiveAll against one Receive after the other.
func together(t *testing.T, f *fixture) {
	round := 0
	rapid.Check(t, func(r *rapid.T) {
		round++
		n := rapid.IntRange(1, 12).Draw(r, "deliveries")
		var one, all []*store.Arrival // alike, but for the repository
		for i := range n {
			s := pull(rapid.IntRange(1, 4).Draw(r, "subject"))
			s.Head = rapid.SampledFrom([]string{"", "a", "b"}).Draw(r, "head")
			s.Files = rapid.SampledFrom([]int{0, 5, 5000}).Draw(r, "files")
			d := store.Delivery{ID: fmt.Sprint(rapid.IntRange(1, 6).Draw(r, "delivery")), Received: start.Add(time.Duration(i) * time.Second), Anew: rapid.Bool().Draw(r, "anew")}
			x := s
			s.Repo, x.Repo = fmt.Sprint("one", round), fmt.Sprint("all", round)
			one, all = append(one, &store.Arrival{Delivery: d, Subject: s}), append(all, &store.Arrival{Delivery: d, Subject: x})
		}
		half := rapid.IntRange(0, n).Draw(r, "half")
		for _, part := range [][2][]*store.Arrival{{one[:half], all[:half]}, {one[half:], all[half:]}} {
			f.check(f.InTx(background, func(tx *store.Tx) error { return store.ReceiveAll(background, tx, part[1]) }))
			for i, a := range part[0] {
				f.check(f.InTx(background, func(tx *store.Tx) (err error) {
					a.Due, err = store.Receive(background, tx, a.Delivery, &a.Subject)
					return err
				}))
				b := part[1][i]
				if a.Due != b.Due || a.Subject.Want != b.Subject.Want {
					r.Fatalf("delivery %d: due %v and want %d one by one, due %v and want %d together", i, a.Due, a.Subject.Want, b.Due, b.Subject.Want)
				}
			}
			f.alike(r, part[0], part[1])
		}
	})
}

// many is more than a statement takes, of subjects that are known and new.
func many(t *testing.T, f *fixture) {
	const n = 150
	for round := range 2 {
		var list []*store.Arrival
		for i := range n {
			list = append(list, &store.Arrival{Delivery: store.Delivery{ID: fmt.Sprint(round, i), Received: start}, Subject: pull(1 + (i+round*60)%(n-10))})
		}
		f.check(f.InTx(background, func(tx *store.Tx) error { return store.ReceiveAll(background, tx, list) }))
		for _, a := range list {
			got, err := f.FindSubject(background, a.Subject.Name())
			f.check(err)
			if got.ID != a.Subject.ID || !a.Due || got.Want < a.Subject.Want || round == 0 && !a.Woken {
				t.Fatalf("in the store: %+v, told: %+v", got, a)
			}
		}
	}
	f.check(f.InTx(background, func(tx *store.Tx) error { return store.ReceiveAll(background, tx, nil) }))
}

// alike holds subjects against each other, and lets every second one be done.
func (f *fixture) alike(r *rapid.T, one, all []*store.Arrival) {
	for i := range one {
		a, err := f.FindSubject(background, one[i].Subject.Name())
		f.check(err)
		b, err := f.FindSubject(background, all[i].Subject.Name())
		f.check(err)
		if a.Want != b.Want || a.Head != b.Head || a.Files != b.Files || a.Anew != b.Anew || a.Done != b.Done {
			r.Fatalf("one by one: %+v\ntogether: %+v", a, b)
		}
		if a.Number%2 == 0 {
			f.finish(a.ID, a.Want)
			f.finish(b.ID, b.Want)
		}
	}
}

func turns(t *testing.T, f *fixture) {
	var ids []int64
	for n := 1; n <= 6; n++ {
		s := pull(n)
		if n == 6 {
			s.Files = store.LargeFiles + 1
		}
		s, _ = f.receive(fmt.Sprint("d", n), s, start.Add(-time.Duration(n)*time.Minute)) // the last was heard of first
		ids = append(ids, s.ID)
	}
	small, large := store.Lane{Installation: 11}, store.Lane{Installation: 11, Large: true}
	active := func(l store.Lane, limit, want int) {
		t.Helper()
		f.check(f.InTx(background, func(tx *store.Tx) error {
			n, err := store.Active(background, tx, l, limit)
			f.same(fmt.Sprint("active in ", l), n, want)
			return err
		}))
	}
	unpark := func(l store.Lane, most int, want ...int64) {
		t.Helper()
		f.check(f.InTx(background, func(tx *store.Tx) error {
			got, err := f.Unpark(background, tx, l, most)
			slices.Sort(got)
			f.same(fmt.Sprint("whose turn it is in ", l), got, want)
			return err
		}))
	}
	active(small, 100, 5)
	active(small, 3, 3)
	active(large, 100, 1)
	active(store.Lane{Installation: 12}, 100, 0)
	f.check(f.InTx(background, func(tx *store.Tx) error { return store.Park(background, tx, ids[1:]) }))
	active(small, 100, 1)
	lanes, err := f.Parked(background)
	f.check(err)
	f.same("lanes", len(lanes), 2)
	waits, err := f.Queued(background, large)
	f.check(err)
	f.same("queued", waits, true)
	waits, err = f.Queued(background, store.Lane{Installation: 12})
	f.check(err)
	f.same("queued elsewhere", waits, false)
	s, _ := f.receive("again", pull(3), start)
	f.same("an event leaves it parked", s.Parked, true)
	unpark(small, 2, ids[3], ids[4])
	unpark(small, 9, ids[1], ids[2])
	unpark(small, 9)
	unpark(large, 1, ids[5])
	_, err = f.Fail(background, ids[0], start)
	f.check(err)
	active(small, 100, 4)
	f.check(f.InTx(background, func(tx *store.Tx) error { return store.Park(background, tx, ids[:1]) }))
	f.finish(ids[0], 1)
	unpark(small, 9) // what was evaluated all the same waits no more
}
