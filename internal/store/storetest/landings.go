package storetest

import (
	"errors"
	"testing"
	"time"

	"github.com/changeguard/changeguard/internal/store"
)

func landings(t *testing.T, f *fixture) {
	l := store.Landing{Repository: "acme/app", Branch: "ma\x00in", Before: "a", After: "b", Body: []byte(`{"x":1}`), At: start}
	more := false
	add := func(l store.Landing) bool {
		told, err := f.AddLanding(background, l, func(known []byte) ([]byte, bool, error) {
			return append(known[:len(known)-1:len(known)-1], `,"y":1}`...), more, nil
		})
		f.check(err)
		return told
	}
	f.same("at first", add(l), false)
	f.same("before it was told of", add(l), false)
	f.check(f.ToldLanding(background, l))
	f.same("told of", add(l), true)
	other := l
	other.After, other.At = "c", start.Add(time.Second)
	f.same("another", add(other), false)
	list, err := f.Landings(background, 10)
	f.check(err)
	if len(list) != 2 {
		t.Fatalf("%d landings", len(list))
	}
	f.same("the newest first", []any{list[0].After, list[0].Told, list[1].Branch, string(list[1].Body), list[1].At, list[1].Told},
		[]any{"c", false, "ma\uFFFDin", `{"x":1}`, start, true})
	n := 0
	for e, err := range f.AuditLog(background) {
		f.check(err)
		if e.Kind == store.AuditLanding {
			n++
		}
	}
	f.same("entries in the audit log", n, 2)

	more = true
	f.same("more to say", add(l), false)
	more = false
	f.same("before that was told of", add(l), false)
	f.check(f.ToldLanding(background, l))
	f.same("all told of", add(l), true)
	list, err = f.Landings(background, 10)
	f.check(err)
	f.same("both", []any{len(list), string(list[1].Body), list[1].Told}, []any{2, `{"x":1,"y":1}`, true})
	bad := errors.New("bad")
	if _, err := f.AddLanding(background, l, func([]byte) ([]byte, bool, error) { return nil, false, bad }); !errors.Is(err, bad) {
		t.Errorf("what was said cannot be read: %v", err)
	}
}
