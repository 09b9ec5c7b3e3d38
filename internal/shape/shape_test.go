package shape_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/changeguard/changeguard/internal/shape"
)

func TestPoints(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		facts shape.Facts
		sum   int
		why   string
	}{
		{shape.Facts{}, 0, ""},
		{shape.Facts{Files: 1}, 0, ""},
		{shape.Facts{Added: 1, Files: 1}, 10, "lines added 10, 1 line added gives 10 points (25 from 2 lines on, 65 at most)"},
		{shape.Facts{Added: 4, Files: 2, Deleted: 4}, 30, "lines added 25, 4 lines added give 25 points (30 from 5 lines on, 65 at most); files 5, 2 files give 5 points (10 from 3 files on, 15 at most)"},
		{shape.Facts{Added: 19, Files: 4, Deleted: 5}, 50, "lines added 35, 19 lines added give 35 points (45 from 20 lines on, 65 at most); " +
			"files 10, 4 files give 10 points (15 from 5 files on, 15 at most); lines deleted 5, 5 lines deleted give 5 points (the most)"},
		{shape.Facts{Added: 500, Files: 5, Deleted: 5, Issue: true}, shape.Max, "lines added 65, 500 lines added give 65 points (the most); " +
			"files 15, 5 files give 15 points (the most); lines deleted 5, 5 lines deleted give 5 points (the most); issue 15, naming a tracked issue gives 15 points"},
	} {
		if got := shape.Of(c.facts).Sum(); got != c.sum {
			t.Errorf("%+v: %d points, want %d", c.facts, got, c.sum)
		}
		var parts []string
		for _, p := range c.facts.Explain() {
			parts = append(parts, fmt.Sprintf("%s %d, %s", p.Name, p.Points, p.Why))
		}
		if got := strings.Join(parts, "; "); got != c.why {
			t.Errorf("%+v: %q, want %q", c.facts, got, c.why)
		}
	}
}

// What is explained adds up to the points, and nothing is explained that has none.
func TestExplainedPointsAddUp(t *testing.T) {
	t.Parallel()
	count := rapid.IntRange(0, 2000)
	rapid.Check(t, func(t *rapid.T) {
		f := shape.Facts{Added: count.Draw(t, "added"), Files: count.Draw(t, "files"), Deleted: count.Draw(t, "deleted"), Issue: rapid.Bool().Draw(t, "issue")}
		sum := 0
		for _, p := range f.Explain() {
			if sum += p.Points; p.Points <= 0 || p.Name == "" || !strings.Contains(p.Why, strconv.Itoa(p.Points)) {
				t.Fatalf("%+v: %+v", f, p)
			}
		}
		if want := shape.Of(f).Sum(); sum != want {
			t.Fatalf("%+v: %d explained, %d given", f, sum, want)
		}
	})
}

// A larger change never has fewer points, and none has more than the most.
func TestPointsAreMonotone(t *testing.T) {
	t.Parallel()
	count := rapid.IntRange(0, 2000)
	rapid.Check(t, func(t *rapid.T) {
		a := shape.Facts{Added: count.Draw(t, "added"), Files: count.Draw(t, "files"), Deleted: count.Draw(t, "deleted"), Issue: rapid.Bool().Draw(t, "issue")}
		b := a
		b.Added += count.Draw(t, "more added")
		b.Files += count.Draw(t, "more files")
		b.Deleted += count.Draw(t, "more deleted")
		b.Issue = b.Issue || rapid.Bool().Draw(t, "issue too")
		if p, q := shape.Of(a).Sum(), shape.Of(b).Sum(); p > q || p < 0 || q > shape.Max {
			t.Fatalf("%+v has %d points, %+v has %d", a, p, b, q)
		}
	})
}

func TestNamesIssue(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"#1": true, "Fixes #123.": true, "(#123)": true, "acme/platform#7: mend it": true, "GH-12 crash": true, "[PLAT-34] login": true, "A1B-2": true,
		"PLAT-34: x": true, "see https://github.com/acme/platform/issues/99": true, "see /issues/9)": true, "closes #4, #5": true, "ends with #5.": true,
		"": false, "#": false, "#0": false, "#abc": false, "#123abc": false, "#1234567890": false, "&#39;": false, "##12": false, "colour #123-x": false,
		"UTF-8": false, "SHA-256 sums": false, "utf-8": false, "plat-34": false, "X-1": false, "xPLAT-34": false, "PLAT-34-x": false, "PLAT-x": false,
		"PLAT-3.1": false, "ABCDEFGHIJK-1": false, "a-PLAT-1": false, "/issues/": false, "/issues/new": false, "1A-2": false, "2025-11-28": false,
		"äPLAT-34": false, "#12ä": false,
	} {
		if got := shape.NamesIssue(text); got != want {
			t.Errorf("%q: %t, want %t", text, got, want)
		}
	}
}

func FuzzNamesIssue(f *testing.F) {
	for _, seed := range []string{"", "#12", "PLAT-34 and GH-1", "/issues/3", strings.Repeat("A", 50) + "-1", strings.Repeat("#", 50), "&#1;", "\xff#1\xff"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if shape.NamesIssue(text) && !strings.ContainsAny(text, "123456789") {
			t.Fatalf("%q names no number", text)
		}
		if !shape.NamesIssue(text + "\n#7") {
			t.Fatalf("%q hides what follows", text)
		}
	})
}

// BenchmarkNamesIssue goes through a megabyte of what looks like an issue and
// is none.
func BenchmarkNamesIssue(b *testing.B) {
	for name, text := range map[string]string{"hashes": strings.Repeat("#", 1<<20), "keys": strings.Repeat("A-", 1<<19), "digits": strings.Repeat("-1234567890", 1<<20/11)} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				shape.NamesIssue(text)
			}
		})
	}
}
