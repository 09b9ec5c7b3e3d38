package declaredscope

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/change/changetest"
	"github.com/changeguard/changeguard/rules"
)

// forgetful knows the files of no commit.
type forgetful struct{ *changetest.Source }

func (forgetful) CommitPaths(context.Context, []string) (map[string][]string, error) {
	return map[string][]string{}, nil
}

func input(c *change.Change) *rules.Input {
	in := &rules.Input{Change: c}
	for _, f := range c.Files {
		in.Classes = append(in.Classes, rules.Classes{Before: change.Classify(f.Path, f.OldMode), After: change.Classify(f.Path, f.Mode)})
	}
	return in
}

// What cannot be read or looked up is an error, never "nothing found"; a change
// that promises nothing reads nothing.
func TestWhatCannotBeToldIsAnError(t *testing.T) {
	t.Parallel()
	broken := errors.New("the source is gone")
	for title, want := range map[string]error{"docs: x": broken, "fix: x": nil} {
		c := changetest.New(changetest.Text(map[string]string{"a.go": "a"}), changetest.Text(map[string]string{"a.go": "b"}))
		c.Title = title
		c.Source.(*changetest.Source).Broken = broken
		if found, err := run(t.Context(), input(c), &Options{}); !errors.Is(err, want) || len(found) > 0 {
			t.Errorf("%s: %v, %v", title, found, err)
		}
	}
	c := changetest.New(nil, changetest.Text(map[string]string{"a.go": "package a\n"}))
	c.Commits = []change.Commit{{ID: "1", Message: "docs: x"}, {ID: "2", Message: "feat: y"}}
	c.Source = forgetful{c.Source.(*changetest.Source)}
	if found, err := run(t.Context(), input(c), &Options{}); err == nil || len(found) > 0 {
		t.Errorf("a commit whose files are unknown: %v, %v", found, err)
	}
}

// A change of more files than are looked into is more than words.
func TestManyFilesAreNotLookedInto(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]int{maxLookedInto: 0, maxLookedInto + 1: 1} {
		base, head := map[string]string{}, map[string]string{}
		for i := range n {
			name := fmt.Sprintf("%d.go", i)
			base[name], head[name] = "package a\n", "package a // words\n"
		}
		c := changetest.New(changetest.Text(base), changetest.Text(head))
		c.Title = "docs: comments"
		if found, err := run(t.Context(), input(c), &Options{}); err != nil || len(found) != want {
			t.Errorf("%d files: %v, %v", n, found, err)
		}
	}
}

// A file too large to be compared is not provably a comment.
func TestTooLargeIsNoComment(t *testing.T) {
	t.Parallel()
	c := changetest.New(changetest.Text(map[string]string{"a.go": "package a\n"}), changetest.Text(map[string]string{"a.go": "package a // words\n"}))
	c.Title, c.Limits.File = "docs: comments", 5
	if found, err := run(t.Context(), input(c), &Options{}); err != nil || len(found) != 1 {
		t.Errorf("%v, %v", found, err)
	}
}
