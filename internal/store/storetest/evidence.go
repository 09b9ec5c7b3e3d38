package storetest

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/changeguard/changeguard/internal/store"
)

func evidence(t *testing.T, f *fixture) {
	one := store.Evidence{Repository: "acme/app", Commit: "c1", Source: "ci.yml", Suite: "unit\x00", Ref: "refs/heads/main", Run: "1", Body: []byte(`{"tests":1}`), Received: start}
	newer := one
	newer.Body, newer.Received, newer.Run = []byte(`{"tests":2}`), start.Add(time.Minute), "2"
	other := one
	other.Suite, other.Received = "e2e", start.Add(time.Hour)
	for _, e := range []store.Evidence{one, newer, other} {
		f.check(f.AddEvidence(background, e))
	}
	got, err := f.EvidenceFor(background, "acme/app", "c1")
	f.check(err)
	newer.Suite = "unit\uFFFD"
	f.same("evidence", got, []store.Evidence{other, newer})
	later := other
	later.Commit, later.Received = "c2", start.Add(2*time.Hour)
	f.check(f.AddEvidence(background, later))
	got, err = f.EvidenceOn(background, "acme/app", "refs/heads/main")
	f.check(err)
	f.same("the branch's last", got, []store.Evidence{later})
	got, err = f.EvidenceOn(background, "acme/other", "refs/heads/main")
	f.check(err)
	f.same("another repository's", len(got), 0)
	for i := range store.MaxEvidence + 1 {
		x := store.Evidence{Repository: "acme/app", Commit: "c3", Source: "s", Suite: fmt.Sprint(i), Body: []byte("{}"), Received: start.Add(time.Hour)}
		if err := f.AddEvidence(background, x); errors.Is(err, store.ErrTooMany) != (i == store.MaxEvidence) {
			t.Fatalf("report %d: %v", i, err)
		}
	}
	n, err := f.DropEvidence(background, start.Add(time.Hour))
	f.check(err)
	f.same("dropped", n, int64(1))
	got, err = f.EvidenceFor(background, "acme/app", "c1")
	f.check(err)
	f.same("what is left", got, []store.Evidence{other})
}

func watches(t *testing.T, f *fixture) {
	s, _ := f.receive("d1", pull(1), start)
	o, _ := f.receive("d2", pull(2), start)
	_, err := f.Watch(background, s.ID)
	f.same("before", errors.Is(err, store.ErrNotFound), true)
	w := store.Watch{Subject: s.ID, Repository: "acme/app", Head: "h", MergeBase: "m", BaseID: "b", Names: []string{"unit", "a\"b"}, Reports: true, Since: start, Wake: start.Add(time.Hour)}
	f.check(f.SetWatch(background, w))
	f.check(f.SetWatch(background, store.Watch{Subject: o.ID, Repository: "acme/app", Head: "h2", MergeBase: "m", Since: start.Add(time.Hour)}))
	got, err := f.Watch(background, s.ID)
	f.check(err)
	f.same("watch", got, w)
	for commit, want := range map[string]int{"h": 1, "h2": 1, "m": 2, "b": 1, "x": 0} {
		list, err := f.Watching(background, "acme/app", commit)
		f.check(err)
		f.same("watching "+commit, len(list), want)
	}
	list, err := f.Watching(background, "acme/app", "h")
	f.check(err)
	f.same("watcher", []any{list[0].Watch, list[0].Of.Name()}, []any{w, s.Name()})
	due := func(at time.Time) int {
		list, err := f.Due(background, at)
		f.check(err)
		return len(list)
	}
	f.same("before its time", due(start.Add(time.Hour-time.Microsecond)), 0)
	f.same("at its time", due(start.Add(time.Hour)), 1)
	f.check(f.Roused(background, s.ID, start.Add(time.Hour)))
	f.same("once roused", due(start.Add(2*time.Hour)), 0)
	n, err := f.DropEvidence(background, start.Add(time.Hour))
	f.check(err)
	f.same("dropped", n, int64(1))
	f.check(f.Unwatch(background, o.ID))
	list, err = f.Watching(background, "acme/app", "m")
	f.check(err)
	f.same("in the end", len(list), 0)
	known, err := f.KnownRepository(background, "acme", "app")
	f.check(err)
	f.same("known", known.ID, o.ID)
	_, err = f.KnownRepository(background, "Acme", "app")
	f.same("unknown", errors.Is(err, store.ErrNotFound), true)
}

func tokens(t *testing.T, f *fixture) {
	a := store.Token{Hash: "aa", Name: "jenkins", Owner: "acme", Repo: "app", Made: start, Expires: start.Add(time.Hour)}
	f.check(f.AddToken(background, a))
	f.same("the same name", errors.Is(f.AddToken(background, store.Token{Hash: "bb", Name: "jenkins"}), store.ErrExists), true)
	got, err := f.Token(background, "aa")
	f.check(err)
	f.same("token", got, a)
	_, err = f.Token(background, "bb")
	f.same("unknown", errors.Is(err, store.ErrNotFound), true)
	f.check(f.RevokeToken(background, "jenkins", start.Add(time.Minute)))
	f.same("again", errors.Is(f.RevokeToken(background, "jenkins", start), store.ErrNotFound), true)
	list, err := f.Tokens(background)
	f.check(err)
	a.Revoked = start.Add(time.Minute)
	f.same("tokens", list, []store.Token{a})
	var log []string
	for e, err := range f.AuditLog(background) {
		f.check(err)
		log = append(log, e.Kind+" "+e.Subject+" "+string(e.Body))
	}
	f.same("audit log", log, []string{
		`token jenkins {"action":"created","expires":"2026-11-24T10:00:00Z","owner":"acme","repo":"app"}`, `token jenkins {"action":"revoked"}`,
	})
}
