package gitrepo_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/changeguard/changeguard/change"
)

// Every file, link and submodule is listed, without folders, under the name that
// it is shown by; those that look alike stay apart.
func TestTree(t *testing.T) {
	t.Parallel()
	kept := []entry{
		{"100644", "d/e/f.txt", "f\n"}, {"100755", "run.sh", "r\n"}, {"120000", "link", "run.sh"},
		{"100644", "odd\xff", "1\n"}, {"100644", "odd\xfe", "2\n"}, {"100644", "a.b", "ab\n"}, {"100644", "a/b", "a/b\n"},
	}
	r := history(t, append(kept, entry{"100644", "gone", "g\n"}), append(kept, entry{"100644", "new", "n\n"}))
	c := mustLoad(t, r.Dir, featureOfMain)
	for side, extra := range map[change.Side]string{change.AtBase: "gone", change.AtHead: "new"} {
		entries, err := c.Tree(context.Background(), side)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, e := range entries {
			got = append(got, string(e.Mode)+" "+e.Path)
		}
		want := []string{"100644 a.b", "100644 a/b", "100644 d/e/f.txt"}
		if extra == "gone" {
			want = append(want, "100644 gone")
		}
		want = append(want, "120000 link")
		if extra == "new" {
			want = append(want, "100644 new")
		}
		want = append(want, "100644 odd\ufffd", "100644 odd\ufffd", "100755 run.sh")
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	}
	if data, err := c.Read(context.Background(), change.AtHead, "d/e/f.txt"); err != nil || string(data) != "f\n" {
		t.Errorf("%q %v", data, err)
	}
}

// A folder that the clone lacks leaves the listing open.
func TestTreeWithAMissingFolder(t *testing.T) {
	t.Parallel()
	r := history(t, []entry{{"100644", "d/a", "a\n"}, {"100644", "b", "b\n"}}, []entry{{"100644", "d/a", "a\n"}, {"100644", "b", "b2\n"}})
	remove(t, r, "main:d")
	c := mustLoad(t, r.Dir, featureOfMain)
	if entries, err := c.Tree(context.Background(), change.AtHead); err == nil || errors.Is(err, change.ErrTreeHidden) || entries != nil || !strings.Contains(err.Error(), "list the files") {
		t.Errorf("%v %v", entries, err)
	}
}
