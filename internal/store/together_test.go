package store_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/changeguard/changeguard/internal/store"
	"github.com/changeguard/changeguard/internal/store/pgtest"
)

// Two programs that do everything at once lose nothing of each other: no event,
// no change of a record, no entry of the audit log.
func TestProgramsWriteTogether(t *testing.T) {
	t.Parallel()
	const writers, each, subjects = 4, 25, 12
	ctx := context.Background()
	database := pgtest.Database(t)
	programs := []*store.Store{openAddress(t, database), openAddress(t, database)}
	var events, entries, changes atomic.Int64
	pick := func() store.Subject {
		return store.Subject{Kind: store.Pull, Owner: "acme", Repo: "app", Number: 1 + rand.IntN(subjects)}
	}
	receive := func(s *store.Store, id string) error {
		var list []*store.Arrival
		for i := range 1 + rand.IntN(8) {
			d := store.Delivery{ID: fmt.Sprint(id, i), Received: time.Unix(0, 0)}
			if rand.IntN(3) == 0 {
				d.Command = &store.Command{Cause: "comment " + d.ID, Body: "/changeguard help"}
			}
			list = append(list, &store.Arrival{Delivery: d, Subject: pick()})
		}
		err := s.InTx(ctx, func(tx *store.Tx) error { return store.ReceiveAll(ctx, tx, list) })
		events.Add(int64(len(list)))
		return err
	}
	judge := func(s *store.Store, id string) error {
		x, err := s.FindSubject(ctx, pick().Name())
		if err != nil {
			return nil // not there yet
		}
		x.Want = 1 << 40 // never an older one
		err = s.AddVerdict(ctx, store.Verdict{Subject: x, Digest: id, Created: time.Unix(0, 0), Body: []byte("{}")})
		entries.Add(1)
		return err
	}
	change := func(s *store.Store) error {
		entry := &store.Entry{At: time.Unix(0, 0), Kind: store.AuditSession}
		err := s.ChangeRecordsOn(ctx, []string{"branch b", "branch a"}, entry, func(have map[string][]byte) (map[string][]byte, error) {
			n := 0
			if have["branch a"] != nil {
				if err := json.Unmarshal(have["branch a"], &n); err != nil {
					return nil, err
				}
			}
			body := []byte(fmt.Sprint(n + 1))
			return map[string][]byte{"branch a": body, "branch b": body}, nil
		})
		entries.Add(1)
		changes.Add(1)
		return err
	}
	finish := func(s *store.Store) error {
		x, err := s.FindSubject(ctx, pick().Name())
		if err != nil {
			return nil // not there yet
		}
		return s.InTx(ctx, func(tx *store.Tx) error {
			if _, err := store.Finish(ctx, tx, x.ID, 0); err != nil {
				return err
			}
			if err := store.Park(ctx, tx, []int64{x.ID}); err != nil {
				return err
			}
			_, err := s.Unpark(ctx, tx, x.Lane(), 2)
			return err
		})
	}
	lift := func(s *store.Store) error {
		err := s.CarryOut(ctx, 1, 1, store.Outcome{
			Answer: []byte("{}"), Lifts: []store.Lift{{Kind: "override", Finding: "f"}}, Entries: []store.Entry{{At: time.Unix(0, 0), Kind: store.AuditOverride}},
		})
		entries.Add(1)
		return err
	}
	if err := receive(programs[0], "first"); err != nil { // so that there is subject 1
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for p, s := range programs {
		for w := range writers {
			wg.Go(func() {
				for i := range each {
					id := fmt.Sprintf("%d/%d/%d/", p, w, i)
					for what, err := range map[string]error{"receive": receive(s, id), "judge": judge(s, id), "change": change(s), "finish": finish(s), "lift": lift(s)} {
						if err != nil {
							t.Errorf("%s: %v", what, err)
						}
					}
				}
			})
		}
	}
	wg.Wait()
	count := func(query string) (n int64) {
		t.Helper()
		if err := programs[1].DB().QueryRowContext(ctx, query).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	if got := count(`SELECT sum(want) FROM subjects`); got != events.Load() {
		t.Errorf("%d of %d events were counted", got, events.Load())
	}
	if got := count(`SELECT count(*) FROM deliveries`); got != events.Load() {
		t.Errorf("%d of %d deliveries were noted", got, events.Load())
	}
	if records, err := programs[0].Records(ctx, []string{"branch a"}); err != nil || string(records["branch a"]) != fmt.Sprint(changes.Load()) {
		t.Errorf("%d changes of a record left %s, %v", changes.Load(), records["branch a"], err)
	}
	var chain store.Chain
	for e, err := range programs[1].AuditLog(ctx) {
		if err == nil {
			err = chain.Add(e)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if last, _ := chain.Head(); last != entries.Load() {
		t.Errorf("%d of %d entries in the audit log", last, entries.Load())
	}
}
