package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/changeguard/changeguard/internal/store"
)

// keptContents are kept by ids, each in the place of an older one, and go by age, by
// installation, and the oldest first where they are too much.
func keptContents(t *testing.T, f *fixture) {
	set := func(list ...store.Content) {
		f.Helper()
		f.check(f.SetContents(background, list))
	}
	have := func(what string, want map[string]string) {
		f.Helper()
		got, err := f.Contents(background, []string{"a", "b", "c", "d", "none"})
		f.check(err)
		f.same(what, got, want)
	}
	have("none", map[string]string{})
	set()
	set(store.Content{ID: "b", Installation: 1, Body: "old", Kept: start}, store.Content{ID: "a", Installation: 1, Body: "1", Kept: start},
		store.Content{ID: "b", Installation: 1, Body: "2", Kept: start.Add(time.Minute)})
	set(store.Content{ID: "c", Installation: 2, Body: "3", Kept: start.Add(2 * time.Minute)}, store.Content{ID: "d", Installation: 2, Body: "4", Kept: start})
	have("all", map[string]string{"a": "1", "b": "2", "c": "3", "d": "4"})
	f.check(f.DropContent(background, "d"))
	have("one dropped", map[string]string{"a": "1", "b": "2", "c": "3"})
	n, err := f.DropContents(background, start.Add(time.Minute))
	f.check(err)
	f.same("too old", n, int64(1))
	have("those that are not too old", map[string]string{"b": "2", "c": "3"})
	f.check(f.DropContentsOf(background, 2))
	have("those of the other installation", map[string]string{"b": "2"})

	var many []store.Content
	for i := range 300 {
		many = append(many, store.Content{ID: fmt.Sprint("m", i), Body: "12345678", Kept: start.Add(time.Duration(i) * time.Second)})
	}
	set(many...)
	f.check(f.TrimContents(background, 300*8+1))
	have("what fits", map[string]string{"b": "2"})
	f.check(f.TrimContents(background, 150*8))
	got, err := f.Contents(background, []string{"m0", "m299"})
	f.check(err)
	f.same("the youngest", got, map[string]string{"m299": "12345678"})
}
