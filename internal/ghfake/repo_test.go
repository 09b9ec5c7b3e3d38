package ghfake_test

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/changeguard/changeguard/internal/ghfake"
)

const inRepo = "/repos/acme/app"

func TestPullRequest(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	p := w.open(ghfake.Files{"lib/a.go": ghfake.Text("package a\n\nvar x = 2\n"), "b.txt": ghfake.Text("b\n")})
	w.repo.Label(p.Number, "analysis-only", "lead")
	got := w.get(inRepo + "/pulls/1").want(200).object()
	for key, want := range map[string]any{
		"title": "A change", "state": "open", "draft": false, "user.login": "dev", "head.sha": w.repo.Tip("feature"), "base.sha": w.repo.Tip("main"),
		"changed_files": 2.0, "commits": 1.0, "additions": 2.0, "deletions": 1.0, "labels.0.name": "analysis-only", "body": nil, "merged": false,
	} {
		if at(got, key) != want {
			t.Errorf("%s is %v, want %v", key, at(got, key), want)
		}
	}
	w.get(inRepo + "/pulls/2").want(404)
	w.get(inRepo + "/pulls/x").want(404)

	w.repo.Review(1, "lead", "APPROVED", "fine")
	if got := w.get(inRepo + "/pulls/1/reviews").want(200).list(); len(got) != 1 || got[0]["state"] != "APPROVED" || got[0]["commit_id"] != w.repo.Tip("feature") {
		t.Errorf("reviews: %v", got)
	}
	// Merging freezes what was compared.
	sha := w.repo.MergePull(1, "lead", author)
	got = w.get(inRepo + "/pulls/1").want(200).object()
	if got["merged"] != true || got["state"] != "closed" || got["merge_commit_sha"] != sha || got["changed_files"] != 2.0 || at(got, "merged_by.login") != "lead" {
		t.Errorf("merged: %v %v %v %v", got["merged"], got["state"], got["merge_commit_sha"], got["changed_files"])
	}
	if w.repo.Content("main", "b.txt") != "b\n" {
		t.Error("the merge has not brought the file")
	}
	if got := w.get(inRepo + "/commits/" + sha + "/pulls").want(200).list(); len(got) != 1 || got[0]["number"] != 1.0 {
		t.Errorf("pull requests of the merge: %v", got)
	}
}

func TestListsOfPullRequests(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	w.open(ghfake.Files{"b": ghfake.Text("b")})
	w.repo.Branch("mallory:feature", "main")
	w.repo.Commit("mallory:feature", "from afar", ghfake.Files{"c": ghfake.Text("c")}, author)
	w.repo.Open(ghfake.Pull{Title: "From a fork", Base: "main", Head: "mallory:feature"})
	w.repo.Open(ghfake.Pull{Title: "To another base", Base: "feature", Head: "main"})
	w.repo.Close(3)
	titles := func(query string) string {
		var all []string
		for _, p := range w.get(inRepo + "/pulls" + query).want(200).list() {
			all = append(all, fmt.Sprint(p["number"]))
		}
		return strings.Join(all, " ")
	}
	for query, want := range map[string]string{
		"": "2 1", "?state=all": "3 2 1", "?state=closed": "3", "?head=mallory:feature": "2", "?head=acme:feature": "1", "?base=feature&state=all": "3",
		"?state=all&per_page=1&page=2": "2",
	} {
		if got := titles(query); got != want {
			t.Errorf("%s lists %q, want %q", query, got, want)
		}
	}
	got := w.get(inRepo + "/pulls/2").want(200).object()
	if at(got, "head.repo.full_name") != "mallory/app" || at(got, "head.ref") != "feature" || at(got, "head.repo.fork") != true || at(got, "maintainer_can_modify") != true {
		t.Errorf("the fork's: %v", got["head"])
	}
	if c := w.get(inRepo + "/compare/main...mallory:feature").want(200).object(); at(c, "files.0.filename") != "c" {
		t.Errorf("compared with a fork: %v", c["files"])
	}
	w.get(inRepo + "/branches/mallory:feature").want(404)
}

func TestPaging(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	w.open(many(250))
	if n := len(w.get(inRepo + "/pulls/1/files").want(200).list()); n != 30 {
		t.Errorf("%d files by default", n)
	}
	r := w.get(inRepo + "/pulls/1/files?per_page=500").want(200)
	if n := len(r.list()); n != 100 {
		t.Errorf("%d files at most", n)
	}
	seen, path := make(map[any]bool), inRepo+"/pulls/1/files?per_page=100"
	for pages := 0; path != ""; pages++ {
		r := w.get(path).want(200)
		for _, f := range r.list() {
			seen[f["filename"]] = true
		}
		path = next(r.header.Get("Link"))
		if pages > 3 {
			t.Fatal("the links go on for ever")
		}
	}
	if len(seen) != 250 {
		t.Errorf("%d files on all pages", len(seen))
	}
	if got := w.get(inRepo + "/pulls/1/files?per_page=100&page=9").want(200); len(got.list()) != 0 || next(got.header.Get("Link")) != "" {
		t.Error("a page behind the last is empty")
	}
}

// next reads the path of the next page.
func next(link string) string {
	for one := range strings.SplitSeq(link, ", ") {
		address, rel, _ := strings.Cut(one, "; ")
		if rel == `rel="next"` {
			address = strings.Trim(address, "<>")
			return address[strings.Index(address, "/repos"):]
		}
	}
	return ""
}

// A pull request shows 3,000 files, a comparison 300, and both say so only by
// what is missing.
func TestFileLimits(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	w.open(many(3100))
	total, last := 0, 0
	for page := 1; page <= 32; page++ {
		last = len(w.get(fmt.Sprintf("%s/pulls/1/files?per_page=100&page=%d", inRepo, page)).want(200).list())
		total += last
	}
	if total != 3000 || last != 0 {
		t.Errorf("%d files of a pull request with 3,100", total)
	}
	if got := w.get(inRepo + "/pulls/1").want(200).object(); got["changed_files"] != 3100.0 {
		t.Errorf("the count is cut too: %v", got["changed_files"])
	}
	got := w.get(inRepo + "/compare/main...feature?per_page=100").want(200).object()
	if n := len(got["files"].([]any)); n != 300 {
		t.Errorf("%d files of a comparison", n)
	}
	r := w.get(inRepo + "/commits/feature").want(200)
	if n := len(r.object()["files"].([]any)); n != 300 || next(r.header.Get("Link")) == "" {
		t.Errorf("%d files of a commit", n)
	}
}

func TestCommitLimits(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	w.open(ghfake.Files{"n": ghfake.Text("0")})
	for i := range 259 {
		w.repo.Commit("feature", fmt.Sprintf("commit %d", i), ghfake.Files{"n": ghfake.Text(fmt.Sprint(i + 1))}, author)
	}
	got := w.get(inRepo + "/compare/main...feature").want(200).object()
	if n := len(got["commits"].([]any)); n != 250 || got["total_commits"] != 260.0 || got["ahead_by"] != 260.0 {
		t.Errorf("%d commits unpaged, %v in all", n, got["total_commits"])
	}
	all := 0
	for page := 1; page <= 3; page++ {
		got := w.get(fmt.Sprintf("%s/compare/main...feature?per_page=100&page=%d", inRepo, page)).want(200).object()
		all += len(got["commits"].([]any))
		if files := len(got["files"].([]any)); (files > 0) != (page == 1) {
			t.Errorf("page %d has %d files", page, files)
		}
	}
	if all != 260 {
		t.Errorf("%d commits on all pages", all)
	}
	total := 0
	for page := 1; page <= 3; page++ {
		total += len(w.get(fmt.Sprintf("%s/pulls/1/commits?per_page=100&page=%d", inRepo, page)).want(200).list())
	}
	if total != 250 {
		t.Errorf("%d commits of a pull request with 260", total)
	}
	listed := w.get(inRepo + "/commits?sha=feature&per_page=100").want(200)
	if first := listed.list()[0]; first["sha"] != w.repo.Tip("feature") || next(listed.header.Get("Link")) == "" {
		t.Errorf("the list of commits begins with %v", first["sha"])
	}
}

func TestComparisons(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	w.open(ghfake.Files{"b": ghfake.Text("b")})
	fork := w.repo.Tip("main")
	w.repo.Commit("main", "ahead", ghfake.Files{"c": ghfake.Text("c")}, author)
	w.repo.Branch("with/slash", "feature")
	for path, want := range map[string]string{
		"main...feature": "diverged", "feature...main": "diverged", fork + "..." + w.repo.Tip("main"): "ahead", "main..." + fork: "behind", "main...main": "identical",
		"main...with/slash": "diverged", "main...with%2Fslash": "diverged", fork[:10] + "...main": "ahead", "heads/main...refs/heads/feature": "diverged",
	} {
		got := w.get(inRepo + "/compare/" + path).want(200).object()
		if got["status"] != want {
			t.Errorf("%s is %v, want %s", path, got["status"], want)
		}
	}
	got := w.get(inRepo + "/compare/main...feature").want(200).object()
	if at(got, "merge_base_commit.sha") != fork || at(got, "base_commit.sha") != w.repo.Tip("main") || len(got["files"].([]any)) != 1 {
		t.Errorf("merge base %v, files %v", at(got, "merge_base_commit.sha"), got["files"])
	}
	w.repo.Commit("orphan", "alone", ghfake.Files{"z": ghfake.Text("z")}, author)
	w.get(inRepo + "/compare/main...orphan").want(404).says("No common ancestor")
	w.get(inRepo + "/compare/main...nothing").want(404)
	w.get(inRepo + "/compare/main").want(404)
}

// A patch is missing for binary and large contents, and behind large ones.
func TestMissingPatches(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	lines := func(n int) *ghfake.File { return ghfake.Text(strings.Repeat("a line\n", n)) }
	w.open(ghfake.Files{
		"a-small": lines(3), "b-binary": ghfake.Text("\x00\x01"), "c-many-lines": lines(20001), "d-long": ghfake.Text(strings.Repeat("x", 501<<10) + "\n"),
		"e-half": lines(12000), "f-other-half": lines(12000), "README.md": nil, "readme.txt": ghfake.Text("hello\n"), "lib/a.go": {Mode: "100755", Content: "package a\n\nvar x = 1\n"},
	})
	has := make(map[string]bool)
	changes := make(map[string]any)
	for _, f := range w.get(inRepo + "/pulls/1/files?per_page=100").want(200).list() {
		_, has[f["filename"].(string)] = f["patch"]
		changes[f["filename"].(string)] = f["changes"]
	}
	for name, want := range map[string]bool{
		"a-small": true, "b-binary": false, "c-many-lines": false, "d-long": false, "e-half": true, "f-other-half": false, "readme.txt": false, "lib/a.go": false,
	} {
		if has[name] != want {
			t.Errorf("%s has a patch: %t, want %t", name, has[name], want)
		}
	}
	if changes["c-many-lines"] != 20001.0 || changes["b-binary"] != 0.0 {
		t.Errorf("the lines are counted all the same: %v", changes)
	}
}

func TestTrees(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{TreeLimit: 4}, nil)
	w.repo.Commit("main", "first", ghfake.Files{
		"a/b/c": ghfake.Text("c"), "a/d": ghfake.Text("d"), "l": {Mode: "120000", Content: "a/d"}, "m": {Mode: "160000", Content: strings.Repeat("1", 40)}, "x": {Mode: "100755", Content: "x"},
	}, author)
	got := w.get(inRepo + "/git/trees/main").want(200).object()
	var flat []string
	for _, e := range got["tree"].([]any) {
		flat = append(flat, fmt.Sprint(at(e, "mode"), " ", at(e, "type"), " ", at(e, "path")))
	}
	if want := "040000 tree a|120000 blob l|160000 commit m|100755 blob x"; strings.Join(flat, "|") != want || got["truncated"] != false {
		t.Errorf("the tree is %s", strings.Join(flat, "|"))
	}
	deep := w.get(inRepo + "/git/trees/main?recursive=1").want(200).object()
	if n := len(deep["tree"].([]any)); n != 4 || deep["truncated"] != true {
		t.Errorf("%d entries, truncated %v", n, deep["truncated"])
	}
	w.get(inRepo + "/git/trees/" + strings.Repeat("0", 40)).want(404)
}

// A recursive listing ends by its bytes too; what is not recursive does not.
func TestBytesOfTrees(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{TreeBytes: 500}, nil)
	w.open(many(10))
	got := w.get(inRepo + "/git/trees/feature?recursive=1").want(200).object()
	if n := len(got["tree"].([]any)); got["truncated"] != true || n < 4 || n > 8 {
		t.Errorf("%d entries, truncated %v", n, got["truncated"])
	}
	sub := at(w.get(inRepo+"/git/trees/feature").want(200).object(), "tree.2.sha").(string)
	if got := w.get(inRepo + "/git/trees/" + sub).want(200).object(); got["truncated"] != false || len(got["tree"].([]any)) != 10 {
		t.Errorf("the folder: %v", got)
	}
}

// A folder shows a thousand of its files, and does not say that there are more.
func TestLargeFolders(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	w.open(many(1001))
	if n := len(w.get(inRepo + "/contents/many?ref=feature").want(200).list()); n != 1000 {
		t.Errorf("%d entries", n)
	}
}

func TestBlobsAndContents(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	large := strings.Repeat("0123456789abcdef", 1<<16) + "!"
	w.repo.Commit("main", "first", ghfake.Files{
		"a.txt": ghfake.Text("hello\n"), "dir/large": ghfake.Text(large), "link": {Mode: "120000", Content: "a.txt"}, "away": {Mode: "120000", Content: "../x"},
		"mod": {Mode: "160000", Content: strings.Repeat("1", 40)}, "huge": ghfake.Text(strings.Repeat("x", 100<<20+1)), "ä b.txt": ghfake.Text("umlaut"),
	}, author)
	file := func(path string) obj { return w.get(inRepo + "/contents/" + path).want(200).object() }
	id := file("a.txt")["sha"].(string)
	blob := w.get(inRepo + "/git/blobs/" + id).want(200).object()
	if data, err := base64.StdEncoding.DecodeString(strings.ReplaceAll(blob["content"].(string), "\n", "")); string(data) != "hello\n" || err != nil || blob["size"] != 6.0 {
		t.Errorf("the blob is %v", blob)
	}
	if raw := w.get(inRepo+"/git/blobs/"+id, "Accept", "application/vnd.github.raw+json").want(200); string(raw.raw) != "hello\n" {
		t.Errorf("the raw blob is %q", raw.raw)
	}
	w.get(inRepo + "/git/blobs/" + strings.Repeat("0", 40)).want(404)
	w.get(inRepo + "/git/blobs/" + file("dir/large")["sha"].(string)).want(200)
	if f := file("dir/large"); f["content"] != "" || f["encoding"] != "none" || f["size"] != float64(len(large)) {
		t.Errorf("above 1 MB: %v %v", f["encoding"], f["size"])
	}
	w.get(inRepo + "/contents/huge").want(403).says("too_large")
	huge := w.get(inRepo + "/git/trees/main").want(200).object()
	for _, e := range huge["tree"].([]any) {
		if at(e, "path") == "huge" {
			w.get(inRepo+"/git/blobs/"+at(e, "sha").(string), "Accept", "application/vnd.github.raw").want(403).says("too_large")
		}
	}
	if f := file("link"); f["type"] != "file" || f["path"] != "link" || f["sha"] != id {
		t.Errorf("a link to a file is followed: %v", f)
	}
	if f := file("away"); f["type"] != "symlink" || f["target"] != "../x" {
		t.Errorf("a link to elsewhere: %v", f)
	}
	if f := file("mod"); f["type"] != "submodule" {
		t.Errorf("a submodule: %v", f)
	}
	if f := file("%C3%A4%20b.txt"); f["path"] != "ä b.txt" {
		t.Errorf("an escaped path: %v", f)
	}
	var names []any
	for _, e := range w.get(inRepo + "/contents/?ref=main").want(200).list() {
		names = append(names, e["name"])
	}
	if len(names) != 7 {
		t.Errorf("the folder has %v", names)
	}
	w.get(inRepo + "/contents/nothing").want(404)
	w.get(inRepo + "/contents/a.txt?ref=nothing").want(404)
}

func TestRepositoriesBranchesAndPeople(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, map[string]string{"metadata": "read", "contents": "read", "members": "read"})
	w.get(inRepo + "/commits").want(409).says("empty")
	w.repo.Commit("main", "first", ghfake.Files{"a": ghfake.Text("a")}, author)
	w.repo.Branch("release/1", "main")
	w.repo.Protect("main")
	if got := w.get(inRepo).want(200).object(); got["default_branch"] != "main" || got["full_name"] != "acme/app" {
		t.Errorf("the repository: %v", got["full_name"])
	}
	for name, want := range map[string]bool{"main": true, "release/1": false, "release%2F1": false} {
		if got := w.get(inRepo + "/branches/" + name).want(200).object(); got["protected"] != want || at(got, "commit.sha") != w.repo.Tip("main") {
			t.Errorf("%s is protected: %v", name, got["protected"])
		}
	}
	w.get(inRepo + "/branches/nothing").want(404)
	if got := w.get(inRepo + "/branches?protected=true").want(200).list(); len(got) != 1 || got[0]["name"] != "main" {
		t.Errorf("protected branches: %v", got)
	}
	w.hub.AddAccount(ghfake.Account{Login: "lead", ID: 12, Type: "User"})
	w.hub.AddAccount(ghfake.Account{Login: "stranger", ID: 13, Type: "User"})
	w.repo.Allow("lead", "maintain")
	for login, want := range map[string]string{"Lead": "write", "stranger": "read"} {
		if got := w.get(inRepo + "/collaborators/" + login + "/permission").want(200).object(); got["permission"] != want {
			t.Errorf("%s has %v", login, got["permission"])
		}
	}
	w.repo.Private = true
	if got := w.get(inRepo + "/collaborators/stranger/permission").want(200).object(); got["permission"] != "none" {
		t.Errorf("a stranger has %v of what is private", got["permission"])
	}
	w.get(inRepo + "/collaborators/nobody/permission").want(404)
	w.hub.AddTeam("acme", "security", map[string]string{"Lead": "maintainer"})
	if got := w.get("/orgs/acme/teams/security/memberships/lead").want(200).object(); got["role"] != "maintainer" || got["state"] != "active" {
		t.Errorf("the membership: %v", got)
	}
	w.get("/orgs/acme/teams/security/memberships/stranger").want(404)
	w.get("/orgs/acme/teams/nothing/memberships/lead").want(404)
}
