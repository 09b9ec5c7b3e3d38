package storetest

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/changeguard/changeguard/internal/store"
)

// What a verdict came out of is kept with it, is that of the last evaluation which
// said the same, and goes when it goes.
func origins(t *testing.T, f *fixture) {
	s, _ := f.receive("d1", pull(1), start)
	judged := func(digest, origin string) int64 {
		v := sample(s, digest)
		v.Origin = []byte(origin)
		f.check(f.AddVerdict(background, v))
		v, err := f.Latest(background, s.Name())
		f.check(err)
		return v.ID
	}
	of := func(id int64, want string) {
		t.Helper()
		got, err := f.Origin(background, id)
		f.check(err)
		f.same(fmt.Sprint("the origin of ", want), string(got), want)
	}
	first := judged("a", "one \u00e9")
	of(first, "one \u00e9")
	f.same("the same verdict", judged("a", "two"), first)
	of(first, "two")
	second := judged("b", "three")
	none := judged("c", "")
	of(first, "two")
	of(second, "three")
	if _, err := f.Origin(background, none); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("of one without: %v", err)
	}
	last := judged("d", "four")
	n, err := f.DropVerdicts(background, start.Add(time.Hour))
	f.check(err)
	f.same("dropped", n, int64(3))
	of(last, "four")
	for _, id := range []int64{first, second} {
		if _, err := f.Origin(background, id); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("of one that is gone: %v", err)
		}
	}
}
