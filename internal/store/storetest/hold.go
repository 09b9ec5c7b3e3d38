package storetest

import (
	"context"
	"errors"
	"sync"
	"testing"
)

// A key is held by one at a time, and whoever has gone does not wait for it.
func holding(t *testing.T, f *fixture) {
	const rounds = 20
	inside := 0
	var wg sync.WaitGroup
	for range rounds {
		wg.Go(func() {
			_, release, err := f.Hold(background, "k")
			if err != nil {
				t.Error(err)
				return
			}
			defer release()
			inside++
			if inside != 1 {
				t.Errorf("%d hold it", inside)
			}
			inside--
		})
	}
	wg.Wait()
	held, release, err := f.Hold(background, "k")
	f.check(err)
	_, _, free, err := f.TryHold(background, "k")
	f.check(err)
	f.same("free while it is held", free, false)
	_, other, free, err := f.TryHold(background, "another")
	f.check(err)
	f.same("another is free", free, true)
	other()
	gone, cancel := context.WithCancel(background)
	cancel()
	if _, _, err := f.Hold(gone, "k"); !errors.Is(err, context.Canceled) {
		t.Errorf("waiting although gone: %v", err)
	}
	f.same("held", held.Err(), nil)
	release()
	release() // does nothing
	_, release, free, err = f.TryHold(background, "k")
	f.check(err)
	f.same("free after it", free, true)
	release()
}
