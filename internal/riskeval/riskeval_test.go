package main

import (
	"bytes"
	"math"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

// The manual's table is what the shipped table of points reaches, and the points
// are better than size alone, nowhere much worse.
func TestManualHoldsTheTable(t *testing.T) {
	t.Parallel()
	var stdout, stderr bytes.Buffer
	if code := run([]string{"-whole", "testdata/newest"}, &stdout, &stderr); code != 0 {
		t.Fatalf("exit %d: %s", code, &stderr)
	}
	manual, err := os.ReadFile("../../docs/risk.md")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(manual), stdout.String()) {
		t.Errorf("docs/risk.md does not hold\n%s", &stdout)
	}
	projects, err := readAll(os.DirFS("testdata/newest"), 0)
	if err != nil {
		t.Fatal(err)
	}
	mean := 0.0
	for _, p := range projects {
		points, size := measure(p.rows, scores[0]), measure(p.rows, scores[1])
		if points.auc < size.auc-0.005 {
			t.Errorf("%s: %.3f, by size %.3f", p.name, points.auc, size.auc)
		}
		mean += points.auc / float64(len(projects))
	}
	if len(projects) != 6 || mean < 0.739 {
		t.Errorf("%d projects, mean AUC %.4f", len(projects), mean)
	}
}

func TestMeasures(t *testing.T) {
	t.Parallel()
	near := func(what string, got, want float64) {
		t.Helper()
		if math.Abs(got-want) > 1e-12 {
			t.Errorf("%s: %v, want %v", what, got, want)
		}
	}
	for _, c := range []struct {
		name         string
		all          []scored
		above, pairs float64
	}{
		{"sorted", []scored{{1, false, 0}, {2, true, 0}}, 1, 1},
		{"reversed", []scored{{2, false, 0}, {1, true, 0}}, 0, 1},
		{"tied", []scored{{1, false, 0}, {1, true, 0}}, 0.5, 1},
		{"mixed", []scored{{3, true, 0}, {1, false, 0}, {2, true, 0}, {2, false, 0}, {3, false, 0}}, 1 + 1 + .5 + 1 + .5, 6},
	} {
		above, pairs := order(c.all)
		near(c.name, above, c.above)
		near(c.name+" pairs", pairs, c.pairs)
	}
	// Two of ten are looked at: the first, and half of the two that are tied.
	ten := make([]scored, 10)
	ten[0], ten[1], ten[2], ten[9] = scored{9, true, 0}, scored{8, true, 0}, scored{8, false, 0}, scored{0, true, 0}
	near("recall", recall(ten), 1.5/3)

	var sizes []scored
	for _, n := range []int{0, 0, 0, 1, 2, 3, 4, 5, 6, 7} {
		sizes = append(sizes, scored{size: n})
	}
	var got []int
	for _, g := range deciles(sizes) {
		got = append(got, len(g))
	}
	if diff := cmp.Diff([]int{3, 1, 1, 1, 1, 1, 1, 1}, got); diff != "" {
		t.Error(diff)
	}
}

// Of a whole file only the newest fifth is judged.
func TestNewestFifth(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	text.WriteString("date,bug,la,nf,ld,fix\n")
	for range 8 {
		text.WriteString("1,1,0,1,0,0\n")
	}
	text.WriteString("2,0,1,1,0,0\n2,1,5,1,0,1\n")
	projects, err := readAll(fstest.MapFS{"a.csv": {Data: []byte(text.String())}, "README": {}}, newestFifth)
	if err != nil {
		t.Fatal(err)
	}
	if got := table(projects); !strings.Contains(got, "| a | 2 | 50.0 % | 1.000 | 1.000 |") {
		t.Error(got)
	}
}

func TestBrokenData(t *testing.T) {
	t.Parallel()
	const head = "bug,la,nf,ld,fix\n"
	for text, want := range map[string]string{
		"":                                   "EOF",
		"bug,la,nf,ld\n1,1,1,1\n":            `no column "fix"`,
		head + "1,x,1,1,1\n":                 `line 2: la is "x", want a whole number`,
		head + "1,1,1,1,1\n0,1,-1,1,1\n":     `line 3: nf is "-1"`,
		head + "1,1,1,1\n":                   "wrong number of fields",
		head:                                 "0 of 0 judged changes were mended",
		head + "1,1,1,1,1\n" + "1,1,1,1,1\n": "2 of 2 judged changes were mended",
	} {
		if _, err := readAll(fstest.MapFS{"p.csv": {Data: []byte(text)}}, 0); err == nil || !strings.HasPrefix(err.Error(), "p.csv: ") || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
	if _, err := readAll(fstest.MapFS{"p.csv.gz": {Data: []byte("no gzip")}}, 0); err == nil {
		t.Error("what is no gzip was read")
	}
	for _, args := range [][]string{nil, {"a", "b"}, {"testdata/none"}, {"testdata"}, {"-no", "x"}} {
		var stdout, stderr bytes.Buffer
		if code := run(args, &stdout, &stderr); code != 2 || stderr.Len() == 0 || stdout.Len() > 0 {
			t.Errorf("%q: exit %d, %q, %q", args, code, &stdout, &stderr)
		}
	}
}
