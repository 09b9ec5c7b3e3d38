package storetest

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/changeguard/changeguard/internal/store"
)

func sample(s store.Subject, digest string) store.Verdict {
	return store.Verdict{
		Subject: s, Digest: digest, Outcome: "fail", Observed: true, Waiting: digest == "v1", Title: "Blocked: " + digest, Head: "h1", Base: "b1", MergeBase: "m1",
		Policy: "sha256:p", Score: 72, SubjectLine: "Document things", Created: start, Body: []byte(`{"id":"` + digest + `"}`), Inputs: []byte(`{"head":"h1"}`),
	}
}

func verdict(t *testing.T, f *fixture) {
	s, _ := f.receive("d1", pull(1), start)
	want := sample(s, "v1")
	f.check(f.AddVerdict(background, want))
	got, err := f.Latest(background, s.Name())
	f.check(err)
	if got.ID == 0 {
		t.Error("no id")
	}
	want.ID = got.ID
	f.same("verdict", got, want)
	if _, err := f.Latest(background, "acme/app#2"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("verdict of an unknown subject: %v", err)
	}
	if err := f.AddVerdict(background, sample(store.Subject{ID: 99, Want: 1}, "v1")); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("a verdict on an unknown subject: %v", err)
	}
}

func once(t *testing.T, f *fixture) {
	s, _ := f.receive("d1", pull(1), start)
	var ids []int64
	for _, digest := range []string{"a", "a", "b", "b", "a"} {
		f.check(f.AddVerdict(background, sample(s, digest)))
		v, err := f.Latest(background, s.Name())
		f.check(err)
		f.same("latest", v.Digest, digest)
		ids = append(ids, v.ID)
	}
	if ids[0] != ids[1] || ids[1] >= ids[2] || ids[2] != ids[3] || ids[3] >= ids[4] {
		t.Errorf("ids %v", ids)
	}
}

func older(t *testing.T, f *fixture) {
	first, _ := f.receive("d1", pull(1), start)
	second, _ := f.receive("d2", pull(1), start)
	f.check(f.AddVerdict(background, sample(second, "new")))
	if err := f.AddVerdict(background, sample(first, "old")); !errors.Is(err, store.ErrOlder) {
		t.Errorf("a verdict that comes late: %v", err)
	}
	v, err := f.Latest(background, first.Name())
	f.check(err)
	f.same("latest", v.Digest, "new")
	f.check(f.AddVerdict(background, sample(second, "again")))

	// Also where the later evaluation said nothing new.
	third, _ := f.receive("d3", pull(1), start)
	f.check(f.AddVerdict(background, sample(third, "again")))
	if err := f.AddVerdict(background, sample(second, "old")); !errors.Is(err, store.ErrOlder) {
		t.Errorf("a verdict that comes late, after the same: %v", err)
	}
}

func pages(t *testing.T, f *fixture) {
	var want []string
	for n := range 7 {
		s, _ := f.receive(fmt.Sprint("d", n), pull(n+1), start)
		f.check(f.AddVerdict(background, sample(s, fmt.Sprint("first of ", n))))
	}
	for n := range 7 {
		s, err := f.FindSubject(background, pull(n+1).Name())
		f.check(err)
		v := sample(s, fmt.Sprint("second of ", n))
		v.Created = start.Add(time.Duration(n) * time.Second)
		f.check(f.AddVerdict(background, v))
		want = append(want, v.Digest)
	}
	slices.Reverse(want)
	var got []string
	page, err := f.Newest(background, 3)
	for len(page) > 0 {
		f.check(err)
		for _, v := range page {
			got = append(got, v.Digest)
		}
		page, err = f.NewestBefore(background, page[len(page)-1].ID, 3)
	}
	f.check(err)
	f.same("list", got, want)
}

func published(t *testing.T, f *fixture) {
	if _, err := f.Store.Run(background, "acme/app", "h1"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("no run: %v", err)
	}
	if _, _, err := f.Comment(background, "acme/app", 1); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("no comment: %v", err)
	}
	for _, r := range []store.Run{
		{Repository: "acme/app", Head: "h1", RunID: 1 << 40, ExternalID: "x"},
		{Repository: "acme/app", Head: "h1", RunID: 1<<40 + 1, ExternalID: "y", Conclusion: "failure"},
		{Repository: "acme/app", Head: "h2", RunID: 3, ExternalID: "z", Conclusion: "success"},
	} {
		f.check(f.SetRun(background, r, start))
		got, err := f.Store.Run(background, r.Repository, r.Head)
		f.check(err)
		f.same("run", got, r)
	}
	for _, r := range []store.Run{
		{Repository: "acme/app", Head: "h2", RunID: 3, Conclusion: "success"}, // what stands is kept
		{Repository: "acme/app", Head: "h3"},
	} {
		f.check(f.Starting(background, r.Repository, r.Head, start))
		got, err := f.Store.Run(background, r.Repository, r.Head)
		f.check(err)
		f.same("run about to be started", []any{got, got.Doubted()}, []any{r, true})
	}
	for i, digest := range []string{"one", "two"} {
		f.check(f.SetComment(background, "acme/app", 1, int64(i), digest))
		id, got, err := f.Comment(background, "acme/app", 1)
		f.check(err)
		f.same("comment", []any{id, got}, []any{int64(i), digest})
	}
}

func records(t *testing.T, f *fixture) {
	all := map[string][]byte{}
	var scopes []string
	for i := range 1200 { // a pull request has this many commits
		scope := fmt.Sprintf("commit acme/app@%040d", i)
		scopes = append(scopes, scope, scope+" unknown")
		all[scope] = fmt.Appendf(nil, `{"n":%d}`, i)
	}
	f.check(f.SetRecords(background, all))
	f.check(f.SetRecords(background, map[string][]byte{scopes[0]: []byte(`{}`)}))
	all[scopes[0]] = []byte(`{}`)
	got, err := f.Records(background, scopes)
	f.check(err)
	f.same("records", got, all)
	none, err := f.Records(background, nil)
	f.check(err)
	f.same("records of nothing", none, map[string][]byte{})

	refused := errors.New("refused")
	err = f.ChangeRecords(background, scopes[:1], func(map[string][]byte) (map[string][]byte, error) { return nil, refused })
	if !errors.Is(err, refused) {
		t.Errorf("a change that is refused: %v", err)
	}
}

func changed(t *testing.T, f *fixture) {
	const writers, each = 8, 10
	var wg sync.WaitGroup
	for range writers {
		wg.Go(func() {
			for range each {
				err := f.ChangeRecords(background, []string{"branch acme/app:main"}, func(have map[string][]byte) (map[string][]byte, error) {
					return map[string][]byte{"branch acme/app:main": append(bytes.Clone(have["branch acme/app:main"]), 'x')}, nil
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	got, err := f.Records(background, []string{"branch acme/app:main"})
	f.check(err)
	f.same("marks", string(got["branch acme/app:main"]), strings.Repeat("x", writers*each))
}

func hostile(t *testing.T, f *fixture) {
	const bad = "a\x00b\xff\u202e'; DROP TABLE subjects; --\U0001f4a5"
	const stored = "a\uFFFDb\uFFFD\u202e'; DROP TABLE subjects; --\U0001f4a5"
	s := pull(1)
	s.Base, s.Ref = bad, bad
	s, _ = f.receive(bad, s, start)
	v := sample(s, "v")
	v.Title, v.SubjectLine = bad, strings.Repeat(bad, 2000)
	f.check(f.AddVerdict(background, v))
	got, err := f.Latest(background, s.Name())
	f.check(err)
	f.same("text", []string{got.Title, got.SubjectLine, got.Subject.Base}, []string{stored, strings.Repeat(stored, 2000), stored})
	f.check(f.SetRecords(background, map[string][]byte{"branch " + bad: []byte(`{}`)}))
	records, err := f.Records(background, []string{"branch " + bad})
	f.check(err)
	f.same("records", records, map[string][]byte{"branch " + bad: []byte(`{}`)})
	_, due := f.receive(bad, s, start)
	f.same("a delivery known by that id", due, true)
	push := store.Subject{Kind: store.Push, Owner: "acme", Repo: "app", Ref: bad, Head: "h"}
	f.receive("push", push, start)
	if _, err := f.FindSubject(background, push.Name()); err != nil {
		t.Errorf("find by a name with it: %v", err)
	}
}

func rolledBack(t *testing.T, f *fixture) {
	s, _ := f.receive("d1", pull(1), start)
	stop := errors.New("stop")
	attempt := func(end func()) (err error) {
		defer func() {
			if p := recover(); p != nil {
				err = stop
			}
		}()
		return f.InTx(background, func(tx *store.Tx) error {
			x := pull(1)
			if _, err := store.Receive(background, tx, store.Delivery{ID: "d2", Received: start}, &x); err != nil {
				return err
			}
			end()
			return stop
		})
	}
	for _, end := range []func(){func() {}, func() { panic("broken") }} {
		if err := attempt(end); !errors.Is(err, stop) {
			t.Errorf("the transaction ended with %v", err)
		}
		got, err := f.Subject(background, s.ID)
		f.check(err)
		f.same("the subject", got, s)
	}
	f.receive("d2", pull(1), start) // and another one can begin
}

func ranked(t *testing.T, f *fixture) {
	rank := func(n, score, below, of int) {
		t.Helper()
		b, o, err := f.Rank(background, pull(n), score)
		f.check(err)
		if b != below || o != of {
			t.Errorf("#%d, %d points: riskier than %d of %d, want %d of %d", n, score, b, o, below, of)
		}
	}
	add := func(s store.Subject, digest string, score int) {
		t.Helper()
		s, _ = f.receive(digest, s, start)
		v := sample(s, digest)
		v.Score = score
		f.check(f.AddVerdict(background, v))
	}
	rank(1, 50, 0, 0)
	add(pull(1), "a", 50)
	rank(1, 50, 0, 0) // not among itself
	for n := 2; n <= 5; n++ {
		add(pull(n), fmt.Sprint("n", n), 10*n)
	}
	f.receive("waits", pull(6), start) // not judged yet
	rank(1, 40, 2, 4)                  // what is equal is not below
	rank(1, 41, 3, 4)
	add(pull(5), "lower", 0) // the newest verdict of each counts
	rank(1, 40, 3, 4)
	rank(2, 100, 4, 4)
	other := pull(1)
	other.Repo = "other"
	add(other, "o", 0) // another repository's is no comparison, a push is none
	push := store.Subject{Kind: store.Push, Installation: 1, Owner: "acme", Repo: "app", Head: "h", Ref: "main"}
	add(push, "p", 0)
	rank(1, 40, 3, 4)
	for n := range store.Compared {
		add(pull(100+n), fmt.Sprint("m", n), 60)
	}
	rank(1, 60, 0, store.Compared) // the older ones count no more
	rank(1, 61, store.Compared, store.Compared)
}
