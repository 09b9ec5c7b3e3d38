package storetest

import (
	"errors"
	"testing"
	"time"

	"github.com/changeguard/changeguard/internal/store"
)

// entries counts the entries of a kind in the audit log.
func (f *fixture) entries(kind string) (n int) {
	f.Helper()
	for e, err := range f.AuditLog(background) {
		f.check(err)
		if e.Kind == kind {
			n++
		}
	}
	return n
}

func foreign(t *testing.T, f *fixture) {
	x := store.ForeignChecks{Repository: "acme/app", Head: "h\x00", Subject: 1, Body: []byte(`[1]`), At: start}
	set := func(x store.ForeignChecks) {
		f.Helper()
		f.check(f.SetForeignChecks(background, x, store.Entry{At: x.At, Kind: store.AuditForeign, Subject: "acme/app#1", Body: x.Body}))
	}
	list := func() []store.ForeignChecks {
		list, err := f.ForeignChecks(background, "acme/app", "h\x00")
		f.check(err)
		return list
	}
	set(x)
	set(x)
	f.check(f.ToldForeignChecks(background, x))
	set(x)
	f.same("the same again", list(), []store.ForeignChecks{{Repository: "acme/app", Head: "h\x00", Subject: 1, Body: []byte(`[1]`), At: start, Told: true}})
	f.same("entries", f.entries(store.AuditForeign), 1)
	x.Body, x.At = []byte(`[1,2]`), start.Add(time.Second)
	set(x)
	other := x
	other.Subject = 2
	set(other)
	got := list()
	f.same("another", []any{len(got), got[0].Told, string(got[0].Body), got[1].Subject}, []any{2, false, "[1,2]", int64(2)})
	f.same("entries", f.entries(store.AuditForeign), 3)
	x.Body = nil
	set(x)
	f.same("gone", len(list()), 1)
	n, err := f.DropForeignChecks(background, start.Add(time.Hour))
	f.check(err)
	f.same("dropped", []any{n, len(list())}, []any{int64(1), 0})
}

func asks(t *testing.T, f *fixture) {
	f.check(f.SetAsked(background, "acme/app", 1, []store.Asked{{What: "label a\x00", At: start}, {What: "review @acme/x", Refused: "no", At: start}}))
	f.check(f.SetAsked(background, "acme/app", 1, []store.Asked{{What: "review @acme/x", At: start.Add(time.Second)}}))
	f.check(f.SetAsked(background, "acme/app", 2, []store.Asked{{What: "label b", At: start}}))
	got, err := f.Asked(background, "acme/app", 1)
	f.check(err)
	f.same("asked", got, map[string]store.Asked{
		"label a\uFFFD": {What: "label a\uFFFD", At: start}, "review @acme/x": {What: "review @acme/x", At: start.Add(time.Second)},
	})
}

func notedOnce(t *testing.T, f *fixture) {
	note := func(key string) bool {
		noted, err := f.NoteOnce(background, key, store.Entry{At: start, Kind: store.AuditInstallation, Subject: "acme"}, store.Entry{At: start, Kind: store.AuditInstallation, Subject: "acme/app"})
		f.check(err)
		return noted
	}
	f.same("noted", []bool{note("a"), note("a"), note("b")}, []bool{true, false, true})
	f.same("entries", f.entries(store.AuditInstallation), 4)
	for subject, id := range map[string]int64{"acme": 3, "acme/app": 4} {
		last, err := f.LastEntry(background, store.AuditInstallation, subject)
		f.check(err)
		f.same("the last", []any{last.ID, last.Subject, last.At}, []any{id, subject, start})
	}
	if _, err := f.LastEntry(background, store.AuditMerge, "acme"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("none: %v", err)
	}
	n, err := f.DropNoted(background, start.Add(time.Second))
	f.check(err)
	f.same("dropped", []any{n, note("a")}, []any{int64(2), true})
}
