package github_test

import (
	"fmt"
	"testing"

	"github.com/changeguard/changeguard/internal/github"
)

func TestCacheIsBoundedInBytes(t *testing.T) {
	t.Parallel()
	c := github.NewCache(10_000)
	for i := range 100 {
		c.Put(fmt.Sprint("large ", i), make([]byte, 3000))
	}
	if c.Len() != 3 || !c.Has("large 99") || c.Has("large 0") {
		t.Errorf("%d large contents", c.Len())
	}
	for i := range 10_000 {
		c.Put(fmt.Sprint("tiny ", i), []byte{1})
	}
	if c.Len() > 10_000/256 {
		t.Errorf("%d tiny contents in 10,000 bytes", c.Len())
	}
}

func TestCacheKeepsWhatIsUsed(t *testing.T) {
	t.Parallel()
	c := github.NewCache(10_000)
	for i := range 50 {
		c.Put(fmt.Sprint(i), make([]byte, 3000))
		if !c.Has("0") {
			t.Fatalf("what is asked for is gone after %d others", i)
		}
	}
	c.Put("huge", make([]byte, github.MaxCached))
	if c.Has("huge") || !c.Has("0") {
		t.Error("one huge content drives out others")
	}
}
