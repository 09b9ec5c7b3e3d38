package gitrepo

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/changeguard/changeguard/internal/gitrepo/gitrepotest"
)

func TestTooManyCommitsAreAGap(t *testing.T) {
	t.Parallel()
	const most = 20
	r := gitrepotest.New(t)
	var stream strings.Builder
	for i := range most + 2 {
		ref := "feature"
		if i == 0 {
			ref = "main"
		}
		fmt.Fprintf(&stream, "commit refs/heads/%s\nmark :%d\ncommitter Dev <dev@example.com> %d +0000\ndata 1\nx\n", ref, i+1, 1735689600+i)
		if i > 0 {
			fmt.Fprintf(&stream, "from :%d\n", i)
		}
	}
	r.Feed(stream.String(), "fast-import", "--quiet")
	ctx := context.Background()
	repo, err := Open(ctx, r.Dir)
	if err != nil {
		t.Fatal(err)
	}
	defer repo.Close()
	if repo.maxCommits != maxCommits {
		t.Errorf("%d commits are read by default", repo.maxCommits)
	}
	repo.maxCommits = most
	c, err := repo.Load(ctx, Options{Base: fmt.Sprint("feature~", most), Head: "feature"})
	if err != nil || len(c.Gaps) != 0 || len(c.Commits) != most {
		t.Errorf("as many as are read: %+v %v", c, err)
	}
	c, err = repo.Load(ctx, Options{Base: "main", Head: "feature"})
	if err != nil || len(c.Gaps) != 1 || !strings.Contains(c.Gaps[0].What, "more than 20 commits") || !strings.Contains(c.Gaps[0].Remedy, "Split") {
		t.Errorf("one more: %+v %v", c.Gaps, err)
	}
}
