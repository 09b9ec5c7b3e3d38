package declaredscope

import (
	"os"
	"strings"
	"testing"
)

// TestTitles: testdata/titles.txt holds what titles promise.
func TestTitles(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("testdata/titles.txt")
	if err != nil {
		t.Fatal(err)
	}
	checked := 0
	for line := range strings.Lines(string(data)) {
		want, title, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "|")
		if !ok || strings.HasPrefix(line, "#") {
			continue
		}
		checked++
		if got := wordsOnly(strings.TrimSpace(title), defaultTypes); got != strings.TrimSpace(want) {
			t.Errorf("%q promises %q, want %q", strings.TrimSpace(title), got, strings.TrimSpace(want))
		}
	}
	if checked < 100 {
		t.Errorf("only %d titles", checked)
	}
}

// The types of the policy count, and only they.
func TestOwnTypes(t *testing.T) {
	t.Parallel()
	for title, want := range map[string]string{
		"notes: x": "notes", "NOTES: x": "NOTES", "docs: x": "", "chore: x": "chore", "[chore] x": "chore",
	} {
		if got := wordsOnly(title, []string{"notes", "chore"}); got != want {
			t.Errorf("%q promises %q, want %q", title, got, want)
		}
	}
}

// FuzzWordsOnly: any title ends, and what it promises stands in it.
func FuzzWordsOnly(f *testing.F) {
	data, err := os.ReadFile("testdata/titles.txt")
	if err != nil {
		f.Fatal(err)
	}
	for line := range strings.Lines(string(data)) {
		if _, title, ok := strings.Cut(line, "|"); ok {
			f.Add(strings.TrimSpace(title))
		}
	}
	f.Fuzz(func(t *testing.T, title string) {
		got := wordsOnly(title, defaultTypes)
		if !strings.Contains(strings.Join(strings.Fields(title), " "), got) {
			t.Errorf("%q promises %q", title, got)
		}
	})
}
