package guard_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/changeguard/changeguard/internal/ghfake"
)

// A merge by hand that brings more than what was judged is noticed, though the
// commits that it merges were; one that brings just that is not, whatever was done in
// the branch meanwhile.
func TestBypass31_MoreInAMergeThanWasJudged(t *testing.T) {
	t.Parallel()
	const more = "Merge it #0: merged by hand with more in it than was judged: "
	meanwhile := func(files ghfake.Files) func(w *world) {
		return func(w *world) { w.repo.Commit("main", "meanwhile", files, author) }
	}
	renamed := func(w *world) { // what the pull request changes
		w.repo.Commit("main", "rename", ghfake.Files{"old.py": nil, "new.py": ghfake.Text("o = 1\n")}, author)
	}
	for name, c := range map[string]struct {
		meanwhile func(w *world)
		merge     ghfake.Files // what whoever merges adds
		want      []string
	}{
		"as it is":                         {nil, nil, nil},
		"as it is, the branch moved":       {meanwhile(ghfake.Files{"docs/a.md": ghfake.Text("x\n")}), nil, nil},
		"other content, the branch moved":  {meanwhile(ghfake.Files{"docs/a.md": ghfake.Text("x\n")}), ghfake.Files{"lib/a.py": ghfake.Text("evil()\n")}, []string{more + "lib/a.py"}},
		"both changed a file":              {meanwhile(ghfake.Files{"lib/a.py": ghfake.Text("x = 7\n")}), ghfake.Files{"lib/a.py": ghfake.Text("x = 27\n")}, nil},
		"another file":                     {nil, wrong, []string{more + "core/a.py"}},
		"another file, the branch moved":   {meanwhile(ghfake.Files{"docs/a.md": ghfake.Text("x\n")}), wrong, []string{more + "core/a.py"}},
		"a file less":                      {nil, ghfake.Files{"core/a.py": nil}, []string{more + "core/a.py"}},
		"other content of a judged file":   {nil, ghfake.Files{"lib/a.py": ghfake.Text("evil()\n")}, []string{more + "lib/a.py"}},
		"a judged file in another place":   {renamed, ghfake.Files{"new.py": ghfake.Text("o = 1\n"), "core/b.py": ghfake.Text("evil()\n")}, []string{more + "core/b.py"}},
		"moved in it, changed meanwhile":   {meanwhile(ghfake.Files{"gone.py": ghfake.Text("g = 7\n")}), ghfake.Files{"gone.py": nil, "come.py": ghfake.Text("g = 8\n")}, nil},
		"what was judged under a new name": {renamed, ghfake.Files{"old.py": nil, "new.py": ghfake.Text("o = 2\n")}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil)
			w.base(testPolicy)
			w.repo.Commit("main", "second", ghfake.Files{"lib/a.py": ghfake.Text("x = 1\n"), "old.py": ghfake.Text("o = 1\n"), "gone.py": ghfake.Text("g = 1\n")}, author)
			n := w.open("feature", "main", ghfake.Files{"lib/a.py": ghfake.Text("x = 2\n"), "old.py": ghfake.Text("o = 2\n"), "gone.py": nil, "come.py": ghfake.Text("g = 2\n")})
			w.evaluate(w.pull(n))
			w.concluded("feature", "success", "")
			if c.meanwhile != nil {
				c.meanwhile(w)
			}
			before := w.repo.Tip("main")
			w.repo.MergeWith("main", "feature", "Merge it", c.merge, author)
			if got := w.lands("main", before); !slices.Equal(got, c.want) {
				t.Errorf("%q", got)
			}
		})
	}
}

// A merge of what the branch has already brings nothing of it: what it changes is
// its own, also in files that were judged then.
func TestBypass31_MergedOnceMore(t *testing.T) {
	t.Parallel()
	w, n := seen(t)
	w.repo.MergePull(n, "lead", author)
	w.repo.Commit("main", "meanwhile", ghfake.Files{"docs/a.md": ghfake.Text("x\n")}, author)
	before := w.repo.Tip("main")
	w.repo.MergeWith("main", "feature", "Merge it again", ghfake.Files{"lib/a.py": ghfake.Text("evil()\n")}, author)
	if got := w.lands("main", before); !slices.Equal(got, []string{"Merge it again #0: what it merges is not among what was pushed, so what it changes is its own"}) {
		t.Errorf("%q", got)
	}
}

// Where GitHub does not list all that was pushed, nobody takes what it lists for all
// of it.
func TestPushesThatAreNotListedWhole(t *testing.T) {
	t.Parallel()
	for name, cut := range map[string]func(answer map[string]any){
		"more than is read": func(a map[string]any) { a["total_commits"] = 20_000 },
		"without the head":  func(a map[string]any) { a["commits"], a["total_commits"] = a["commits"].([]any)[:1], 1 },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, n := seen(t)
			before := w.repo.Tip("main")
			w.repo.MergePullBy("MERGE", n, "lead")
			w.repo.Commit("main", "slipped in", wrong, author)
			w.Answered(func(r *http.Request, resp *http.Response) {
				if !strings.Contains(r.URL.Path, "/compare/") || resp.StatusCode != http.StatusOK {
					return
				}
				var answer map[string]any
				if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
					t.Error(err)
				}
				cut(answer)
				data, err := json.Marshal(answer)
				if err != nil {
					t.Error(err)
				}
				resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(data)), int64(len(data))
			})
			w.lands("main", before)
			if len(w.notices) != 1 || !strings.Contains(w.notices[0].Note, "what else was pushed is not known") {
				t.Errorf("%+v", w.notices)
			}
		})
	}
}

// A push of very many commits is read whole, however few of them the event has.
func TestPushesOfManyCommits(t *testing.T) {
	t.Parallel()
	w, _ := seen(t)
	before := w.repo.Tip("main")
	w.repo.Commit("main", "slipped in", wrong, author)
	const many = 330 // more than three pages
	for i := range many {
		w.repo.Commit("main", fmt.Sprint("number ", i), ghfake.Files{"n.txt": ghfake.Text(fmt.Sprint(i))}, author)
	}
	got := w.lands("main", before)
	if len(got) != 100 || w.notices[0].More != many+1-100 || !strings.HasPrefix(got[0], fmt.Sprint("number ", many-1)) {
		t.Errorf("%d named, %d more", len(got), w.notices[0].More)
	}
}
