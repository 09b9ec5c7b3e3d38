package pathset_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/changeguard/changeguard/internal/pathset"
)

// Each of these takes longer than the tests may take, by orders of magnitude,
// when anything is tried twice.
func TestHostileGlobsOnHostilePaths(t *testing.T) {
	t.Parallel()
	long, deep := strings.Repeat("a", 4096), strings.Repeat("a/", 2000)
	for _, c := range []struct {
		name, glob, path string
		want             bool
	}{
		{"double stars", strings.Repeat("**/a/", 150) + "b", deep + "c", false},
		{"double stars, matching", strings.Repeat("**/a/", 150) + "**/c", deep + "c", true},
		{"double stars and stars", strings.Repeat("**/*a*/", 140) + "b", deep + "a", false},
		{"stars", strings.Repeat("*a", 500) + "b", long, false},
		{"stars, matching", strings.Repeat("*a", 500) + "*", long, true},
		{"stars and any", strings.Repeat("*?", 500), strings.Repeat("é", 2000), true},
		{"stars and classes", strings.Repeat("*[ab]?", 150) + "c", long, false},
		{"long piece", "*" + strings.Repeat("a", 500) + "?" + strings.Repeat("a", 500) + "b*", long, false},
		{"crossing", "a" + strings.Repeat("**a", 10) + "b", deep + "a", false},
		{"braces", strings.Repeat("{a,*}", 10) + "b", long, false},
		{"braces across", "{a,**}/" + strings.Repeat("{a/**/a,**}/", 9) + "b", deep + "c", false},
		{"invalid bytes", strings.Repeat("*?", 300) + "x", strings.Repeat("\xe2\x82", 2000), false},
		{"accents", "**/*é", strings.Repeat("e\u0301\u0327/", 1000) + strings.Repeat("\u0301", 4000), false},
	} {
		for _, use := range []pathset.Use{pathset.Protect, pathset.Permit} {
			if got := compile(t, use, c.glob).Match(c.path); got != c.want {
				t.Errorf("%s, use %d: got %v, want %v", c.name, use, got, c.want)
			}
		}
	}
}

func TestManyGlobsOnHostilePaths(t *testing.T) {
	t.Parallel()
	var b pathset.Builder
	var lists []pathset.List
	for i := range 2000 {
		l, err := b.Add(pathset.Protect, fmt.Sprintf("**/a*%d*/**/?[a-z]*%d", i, i), "**/a/**", fmt.Sprintf("!a/**/%d", i))
		if err != nil {
			t.Fatal(err)
		}
		lists = append(lists, l)
	}
	set := b.Build()
	var m pathset.Matches
	set.Match(strings.Repeat("a/", 500)+"7", &m)
	for i, l := range lists {
		if m.Has(l) != (i != 7) {
			t.Errorf("list %d: got %v", i, m.Has(l))
		}
	}
}

// Fifty rules that protect the same folder cost the states of one.
func TestEqualGlobsCostOnce(t *testing.T) {
	t.Parallel()
	wide := strings.Repeat("{a,b}", 10) + "/x" // 2,048 states for each use
	var b pathset.Builder
	for i := range pathset.MaxPatterns {
		if _, err := b.Add(pathset.Use(i%2), wide); err != nil {
			t.Fatal(err)
		}
	}
	set := b.Build()
	var m pathset.Matches
	set.Match("aaaaabbbbb/x", &m)
	for i := range pathset.MaxPatterns {
		if !m.Has(pathset.List(i)) {
			t.Fatalf("list %d: not matched", i)
		}
	}
}
