package storetest

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/changeguard/changeguard/internal/store"
)

func asked(t *testing.T, f *fixture) {
	s := pull(1)
	at := start.Add(time.Minute)
	for i, cause := range []string{"comment 5", "comment 5", "comment 6"} { // GitHub may tell of one twice
		f.check(f.InTx(background, func(tx *store.Tx) error {
			d := store.Delivery{ID: fmt.Sprint("d", i), Event: "issue_comment", Received: start, Command: &store.Command{
				Cause: cause, Comment: 5, By: "le\x00ad", ByID: 9, Via: "an App", Body: "/changeguard help", MadeAt: at,
			}}
			_, err := store.Receive(background, tx, d, &s)
			return err
		}))
	}
	list, err := f.Commands(background, s.ID)
	f.check(err)
	if len(list) != 2 {
		t.Fatalf("%d commands", len(list))
	}
	first := list[0]
	f.same("command", []any{first.Cause, first.By, first.ByID, first.Via, first.Body, first.MadeAt, len(first.Answer)},
		[]any{"comment 5", "le\uFFFDad", int64(9), "an App", "/changeguard help", at, 0})
	f.check(f.InTx(background, func(tx *store.Tx) error { return store.Decide(background, tx, first.ID, []byte("{}")) }))
	list, err = f.Commands(background, s.ID)
	f.check(err)
	f.same("the decision", string(list[0].Answer), "{}")
	f.check(f.Answered(background, first.ID))
	list, err = f.Commands(background, s.ID)
	f.check(err)
	f.same("what is left", []any{len(list), list[0].Cause}, []any{1, "comment 6"})
	for since, want := range map[time.Time][]int{at: {2, 2}, at.Add(time.Second): {0, 0}} {
		here, everywhere, err := f.CommandsSince(background, s.Name(), 9, since)
		f.check(err)
		f.same("counted", []int{here, everywhere}, want)
	}
	here, everywhere, err := f.CommandsSince(background, pull(2).Name(), 9, at)
	f.check(err)
	f.same("elsewhere", []int{here, everywhere}, []int{0, 2})
}

func lifted(t *testing.T, f *fixture) {
	s, _ := f.receive("d1", pull(1), start)
	other, _ := f.receive("d2", pull(2), start)
	list := []store.Lift{
		{Kind: "override", Finding: "f1", Rule: "core", Print: "p", By: "boss", ByID: 3, Via: "comment", Reason: "why", MadeAt: start, Until: start.Add(time.Hour)},
		{Kind: "approval", Finding: "f2", Rule: "core", Print: "q", By: "lead", ByID: 4, Via: "button", MadeAt: start},
	}
	f.check(f.InTx(background, func(tx *store.Tx) error {
		for _, l := range list {
			if err := store.AddLift(background, tx, s.ID, l); err != nil {
				return err
			}
		}
		return nil
	}))
	got, err := f.Lifts(background, s.ID)
	f.check(err)
	f.same("lifts", got, list)
	got, err = f.Lifts(background, other.ID)
	f.check(err)
	f.same("another's", len(got), 0)
	over := func(at time.Time) int {
		list, err := f.Expired(background, at)
		f.check(err)
		return len(list)
	}
	f.same("before its end", over(start.Add(time.Hour-time.Microsecond)), 0)
	f.same("at its end", over(start.Add(time.Hour)), 1)
	f.check(f.Woken(background, s.ID, start.Add(time.Hour)))
	f.same("once woken", over(start.Add(2*time.Hour)), 0)
}

func audited(t *testing.T, f *fixture) {
	const n = 1203 // more than are read at once
	for i := range n {
		f.check(f.InTx(background, func(tx *store.Tx) error {
			if err := store.Audit(background, tx, store.Entry{At: start, Kind: store.AuditRefusal, Subject: "acme/app#1", Actor: "a\x00b"}); err != nil {
				return err
			}
			if i == 7 {
				return store.Audit(background, tx, store.Entry{At: start, Kind: store.AuditVerdict})
			}
			return nil
		}))
	}
	// What is undone leaves no gap.
	undone := fmt.Errorf("undone")
	err := f.InTx(background, func(tx *store.Tx) error {
		if err := store.Audit(background, tx, store.Entry{At: start}); err != nil {
			return err
		}
		return undone
	})
	f.same("undone", fmt.Sprint(err), undone.Error())
	f.check(f.InTx(background, func(tx *store.Tx) error { return store.Audit(background, tx, store.Entry{At: start}) }))
	var all []store.Entry
	var chain store.Chain
	for e, err := range f.AuditLog(background) {
		f.check(err)
		f.check(chain.Add(e))
		all = append(all, e)
	}
	f.same("entries", len(all), n+2)
	for name, forge := range map[string]func(e *store.Entry){
		"time": func(e *store.Entry) { e.At = e.At.Add(time.Microsecond) }, "kind": func(e *store.Entry) { e.Kind = store.AuditVerdict },
		"subject": func(e *store.Entry) { e.Subject = "acme/app#2" }, "actor": func(e *store.Entry) { e.Actor = "b" },
		"body": func(e *store.Entry) { e.Body = []byte("[]") }, "number": func(e *store.Entry) { e.ID++ },
		"previous": func(e *store.Entry) { e.Previous = all[1].Hash }, "hash": func(e *store.Entry) { e.Hash = all[0].Hash },
	} {
		var chain store.Chain
		f.check(chain.Add(all[0]))
		forged := all[1]
		forge(&forged)
		if chain.Add(forged) == nil && chain.Add(all[2]) == nil {
			t.Errorf("a changed %s does not show", name)
		}
	}
	skipped := all[0]
	skipped.ID++
	skipped.Hash = hashed(skipped)
	var gap store.Chain
	if gap.Add(skipped) == nil {
		t.Error("a number that was left out does not show")
	}
	for _, e := range all {
		f.same("hash", e.Hash, hashed(e))
	}
	// Whoever gives what they changed its right hash shows by what follows.
	forged := all[1]
	forged.Body = []byte(`{"why":"another"}`)
	forged.Hash = hashed(forged)
	var other store.Chain
	f.check(other.Add(all[0]))
	f.check(other.Add(forged))
	if other.Add(all[2]) == nil {
		t.Error("an entry that was written anew does not show")
	}
}

// hashed is the hash of an entry as it is written down: of all else in it, each part
// with its length before.
func hashed(e store.Entry) string {
	var b strings.Builder
	for _, part := range []string{e.Previous, strconv.FormatInt(e.ID, 10), strconv.FormatInt(e.At.UnixMicro(), 10), e.Kind, e.Subject, e.Actor, string(e.Body)} {
		b.WriteString(strconv.Itoa(len(part)) + ":" + part)
	}
	sum := sha256.Sum256([]byte(b.String()))
	return hex.EncodeToString(sum[:])
}

func before(t *testing.T, f *fixture) {
	s, _ := f.receive("d1", pull(1), start)
	for i, head := range []string{"aaaa", "bbbb", "aaaa"} {
		f.check(f.AddVerdict(background, store.Verdict{Subject: s, Digest: fmt.Sprint(i), Head: head, Created: start.Add(time.Duration(i) * time.Minute), Body: []byte("{}")}))
	}
	for _, c := range []struct {
		minutes int
		want    string
	}{{0, ""}, {1, "0"}, {2, "1"}, {60, "2"}} {
		v, err := f.LatestBefore(background, s.Name(), start.Add(time.Duration(c.minutes)*time.Minute))
		if c.want != "" {
			f.check(err)
		}
		f.same(fmt.Sprintf("before minute %d", c.minutes), v.Digest, c.want)
	}
	v, err := f.LatestAt(background, s.Name(), "aaaa")
	f.check(err)
	f.same("at a head", v.Digest, "2")
	_, err = f.LatestAt(background, s.Name(), "cccc")
	f.same("at another", fmt.Sprint(err), store.ErrNotFound.Error())
}
