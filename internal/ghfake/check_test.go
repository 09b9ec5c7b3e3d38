package ghfake_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/changeguard/changeguard/internal/ghfake"
	"github.com/changeguard/changeguard/internal/ghfake/ghtest"
)

// run is the body of a finished run; more replaces parts.
func (w *world) runBody(more obj) obj {
	body := obj{
		"name": "changeguard", "head_sha": w.repo.Tip("feature"), "status": "completed", "conclusion": "failure", "external_id": "x1",
		"output": obj{"title": "Blocked", "summary": "Because."},
	}
	maps.Copy(body, more)
	for k, v := range more {
		if v == nil {
			delete(body, k)
		}
	}
	return body
}

func notes(n int) []obj {
	list := make([]obj, n)
	for i := range list {
		list[i] = obj{"path": "a.go", "start_line": i + 1, "end_line": i + 1, "annotation_level": "failure", "message": fmt.Sprint("note ", i), "title": "t"}
	}
	return list
}

func TestCheckRunsLive(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	w.open(ghfake.Files{"b": ghfake.Text("b")})
	started := w.call("POST", inRepo+"/check-runs", obj{"name": "changeguard", "head_sha": w.repo.Tip("feature"), "status": "in_progress"}).want(201).object()
	path := fmt.Sprintf("%s/check-runs/%.0f", inRepo, started["id"])
	if started["status"] != "in_progress" || started["conclusion"] != nil || at(started, "pull_requests.0.number") != 1.0 {
		t.Errorf("started: %v", started)
	}
	done := w.call("PATCH", path, obj{"status": "completed", "conclusion": "failure", "output": obj{"title": "t", "summary": "s", "annotations": notes(50)}}).want(200).object()
	if done["status"] != "completed" || done["conclusion"] != "failure" || done["completed_at"] == nil {
		t.Errorf("done: %v", done)
	}
	// Annotations are added, and a finished run stays finished.
	again := w.call("PATCH", path, obj{"status": "in_progress", "output": obj{"title": "t", "summary": "s2", "annotations": notes(20)}}).want(200).object()
	if again["status"] != "completed" || at(again, "output.annotations_count") != 70.0 || at(again, "output.summary") != "s2" {
		t.Errorf("again: %v", again)
	}
	if got := w.get(path + "/annotations?per_page=100").want(200).list(); len(got) != 70 || got[69]["message"] != "note 19" {
		t.Errorf("%d annotations", len(got))
	}
	if got := w.get(path).want(200).object(); got["name"] != "changeguard" || at(got, "app.slug") != "changeguard" {
		t.Errorf("the run: %v", got)
	}
	// Nor can it be turned into another result: that takes a run of its own.
	for _, turned := range []obj{{"conclusion": "success"}, {"status": "completed", "conclusion": "success"}} {
		if got := w.call("PATCH", path, turned).want(200).object(); got["conclusion"] != "failure" {
			t.Errorf("turned into %v", got["conclusion"])
		}
	}
	w.call("PATCH", path, obj{"output": obj{"title": "t", "summary": "s", "annotations": notes(51)}}).want(422).says("No more than 50 items are allowed; 51 were supplied.")
	w.call("PATCH", inRepo+"/check-runs/99", obj{}).want(404)
	w.get(inRepo + "/check-runs/99").want(404)
	if runs := w.repo.Runs(w.repo.Tip("feature")); len(runs) != 1 || len(runs[0].Annotations) != 70 || runs[0].App != ghtest.AppID {
		t.Errorf("runs: %v", runs)
	}
}

func TestCheckRunsAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	w.open(ghfake.Files{"b": ghfake.Text("b")})
	const most = 65535
	long, wide, full := strings.Repeat("x", most+1), strings.Repeat("ü", most/2+1), strings.Repeat("x", most)
	output := func(more obj) obj {
		o := obj{"title": "t", "summary": "s"}
		maps.Copy(o, more)
		return obj{"output": o}
	}
	note := func(more obj) obj {
		n := notes(1)[0]
		maps.Copy(n, more)
		return output(obj{"annotations": []obj{n}})
	}
	action := func(label, description, identifier string) obj {
		return obj{"actions": []obj{{"label": label, "description": description, "identifier": identifier}}}
	}
	for name, c := range map[string]struct {
		more obj
		says string
	}{
		"51 annotations":           {output(obj{"annotations": notes(51)}), "No more than 50 items are allowed; 51 were supplied."},
		"long summary":             {output(obj{"summary": long}), "Only 65535 characters are allowed; 65536 were supplied."},
		"long text":                {output(obj{"text": long}), "Only 65535 characters are allowed; 65536 were supplied."},
		"many bytes of summary":    {output(obj{"summary": wide}), "summary exceeds a maximum bytesize of 65535"},
		"many bytes of text":       {output(obj{"text": wide}), "text exceeds a maximum bytesize of 65535"},
		"no title":                 {obj{"output": obj{"summary": "s"}}, `"title" wasn't supplied`},
		"no summary":               {obj{"output": obj{"title": "t"}}, `"summary" wasn't supplied`},
		"4 actions":                {obj{"actions": []obj{{}, {}, {}, {}}}, "No more than 3 items"},
		"long label":               {action(strings.Repeat("x", 21), "d", "i"), "20 characters"},
		"long description":         {action("l", strings.Repeat("x", 41), "i"), "40"},
		"long identifier":          {action("l", "d", strings.Repeat("x", 21)), "20"},
		"action without label":     {obj{"actions": []obj{{"description": "d", "identifier": "i"}}}, "label"},
		"conclusion of no kind":    {obj{"conclusion": "stale"}, `"stale" is not a conclusion`},
		"status of no kind":        {obj{"status": "done"}, `"done" is not a status`},
		"completed without result": {obj{"conclusion": nil}, `"conclusion" wasn't supplied`},
		"end without result":       {obj{"status": nil, "conclusion": nil, "completed_at": "2026-01-02T03:04:05Z"}, `"conclusion" wasn't supplied`},
		"no name":                  {obj{"name": nil}, `"name" and "head_sha"`},
		"no commit":                {obj{"head_sha": nil}, `"name" and "head_sha"`},
		"unknown commit":           {obj{"head_sha": strings.Repeat("0", 40)}, "No commit found for SHA"},
		"note without path":        {note(obj{"path": ""}), "cannot be blank"},
		"note without message":     {note(obj{"message": ""}), "cannot be blank"},
		"note without lines":       {note(obj{"start_line": nil}), "weren't supplied"},
		"note before the file":     {note(obj{"start_line": 0}), "no lines"},
		"note that ends early":     {note(obj{"start_line": 5, "end_line": 4}), "no lines"},
		"columns of many lines":    {note(obj{"start_line": 1, "end_line": 2, "start_column": 1}), "Columns"},
		"level of no kind":         {note(obj{"annotation_level": "block"}), `"block" is not an annotation level`},
		"long message":             {note(obj{"message": strings.Repeat("x", 64<<10+1)}), "64 KB"},
		"long details":             {note(obj{"raw_details": strings.Repeat("x", 64<<10+1)}), "64 KB"},
		"long note title":          {note(obj{"title": strings.Repeat("x", 256)}), "255"},
		"note of another shape":    {output(obj{"annotations": []any{obj{"path": 7}}}), "cannot be read"},
	} {
		w.call("POST", inRepo+"/check-runs", w.runBody(c.more)).want(422).says(c.says)
		if t.Failed() {
			t.Fatal(name)
		}
	}
	w.call("POST", inRepo+"/check-runs", "{").want(400)
	if runs := w.repo.Runs(w.repo.Tip("feature")); len(runs) != 0 {
		t.Errorf("%d runs were made", len(runs))
	}
	// At the limits all is well.
	w.call("POST", inRepo+"/check-runs", w.runBody(output(obj{"summary": full, "text": full, "annotations": notes(50)}))).want(201)
	w.call("POST", inRepo+"/check-runs", w.runBody(action(strings.Repeat("x", 20), strings.Repeat("x", 40), strings.Repeat("x", 20)))).want(201)
}

func TestListsOfCheckRuns(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	w.open(ghfake.Files{"b": ghfake.Text("b")})
	w.hub.AddApp(ghfake.App{ID: 8, Slug: "impostor"})
	for _, conclusion := range []string{"failure", "success"} {
		w.call("POST", inRepo+"/check-runs", w.runBody(obj{"conclusion": conclusion})).want(201)
	}
	w.call("POST", inRepo+"/check-runs", w.runBody(obj{"name": "other", "conclusion": nil, "status": "queued"})).want(201)
	foreign := w.repo.AddRun(ghfake.Run{App: 8, Name: "changeguard", Head: w.repo.Tip("feature"), Status: "completed", Conclusion: "success"})
	list := func(query string) int {
		return len(w.get(inRepo + "/commits/feature/check-runs" + query).want(200).object()["check_runs"].([]any))
	}
	for query, want := range map[string]int{
		"": 3, "?filter=all": 4, "?check_name=changeguard": 2, "?check_name=changeguard&app_id=7": 1, "?check_name=changeguard&app_id=7&filter=all": 2,
		"?status=queued": 1, "?per_page=2&page=2": 1, "?check_name=nothing": 0,
	} {
		if got := list(query); got != want {
			t.Errorf("%s lists %d runs, want %d", query, got, want)
		}
	}
	got := w.get(inRepo + "/commits/" + w.repo.Tip("feature") + "/check-runs?check_name=changeguard&app_id=7").want(200).object()
	if at(got, "check_runs.0.conclusion") != "success" || got["total_count"] != 1.0 {
		t.Errorf("the latest is %v", at(got, "check_runs.0.conclusion"))
	}
	w.call("PATCH", fmt.Sprintf("%s/check-runs/%d", inRepo, foreign), obj{"name": "x"}).want(403).says("can only be modified by the GitHub App that created it")
	w.get(inRepo + "/commits/nothing/check-runs").want(422)
}

func TestCheckSuites(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	w.open(ghfake.Files{"b": ghfake.Text("b")})
	suites := func() obj { return w.get(inRepo + "/commits/feature/check-suites").want(200).object() }
	if got := suites(); got["total_count"] != 1.0 || at(got, "check_suites.0.status") != "queued" || at(got, "check_suites.0.head_branch") != "feature" {
		t.Errorf("a suite is made for each push: %v", got)
	}
	w.call("POST", inRepo+"/check-runs", w.runBody(nil)).want(201)
	w.call("POST", inRepo+"/check-runs", w.runBody(obj{"name": "other", "conclusion": "success"})).want(201)
	if got := suites(); at(got, "check_suites.0.conclusion") != "failure" || at(got, "check_suites.0.latest_check_runs_count") != 2.0 {
		t.Errorf("the worst counts: %v", at(got, "check_suites.0.conclusion"))
	}
	if got := w.get(inRepo + "/commits/feature/check-suites?check_name=nothing").want(200).object(); got["total_count"] != 0.0 {
		t.Errorf("filtered: %v", got["total_count"])
	}
}

// What nobody finishes goes stale, and GitHub alone may say so.
func TestUnfinishedRunsGoStale(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	w.open(ghfake.Files{"b": ghfake.Text("b")})
	made := w.call("POST", inRepo+"/check-runs", w.runBody(obj{"status": "in_progress", "conclusion": nil})).want(201).object()
	path := fmt.Sprintf("%s/check-runs/%.0f", inRepo, made["id"])
	w.clock.Pass(14 * 24 * time.Hour)
	w.token = ""
	if got := w.get(path).want(200).object(); got["status"] != "in_progress" {
		t.Errorf("after 14 days: %v", got["status"])
	}
	w.clock.Pass(time.Second)
	w.serve = w.hub // the description's answers have no word for it
	if got := w.get(path).want(200).object(); got["status"] != "completed" || got["conclusion"] != "stale" {
		t.Errorf("later: %v, %v", got["status"], got["conclusion"])
	}
	if got := w.get(inRepo + "/commits/feature/check-suites").want(200).object(); at(got, "check_suites.0.conclusion") != "stale" {
		t.Errorf("the suite: %v", at(got, "check_suites.0.conclusion"))
	}
}

// Checks know only the branches of their own repository.
func TestChecksOfForks(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	w.open(ghfake.Files{"b": ghfake.Text("b")})
	w.repo.Branch("mallory:feature", "main")
	head := w.repo.Commit("mallory:feature", "from afar", ghfake.Files{"c": ghfake.Text("c")}, author)
	w.repo.Open(ghfake.Pull{Title: "From a fork", Base: "main", Head: "mallory:feature"})
	made := w.call("POST", inRepo+"/check-runs", w.runBody(obj{"head_sha": head})).want(201).object()
	if got := made["pull_requests"].([]any); len(got) != 0 {
		t.Errorf("the run names %v", got)
	}
	suite := w.get(inRepo + "/commits/" + head + "/check-suites").want(200).object()
	if at(suite, "check_suites.0.head_branch") != nil || len(at(suite, "check_suites.0.pull_requests").([]any)) != 0 {
		t.Errorf("the suite is of %v", at(suite, "check_suites.0.head_branch"))
	}
}

// Of the runs of one name a suite keeps a thousand.
func TestOldRunsGo(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	w.open(ghfake.Files{"b": ghfake.Text("b")})
	head := w.repo.Tip("feature")
	first := w.repo.AddRun(ghfake.Run{App: ghtest.AppID, Name: "n", Head: head, Status: "queued"})
	for range 1000 {
		w.repo.AddRun(ghfake.Run{App: ghtest.AppID, Name: "n", Head: head, Status: "queued"})
	}
	runs := w.repo.Runs(head)
	if len(runs) != 1000 || runs[0].ID == first {
		t.Errorf("%d runs, the first is %d", len(runs), runs[0].ID)
	}
}

func TestCommentsLabelsAndReactions(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	w.open(ghfake.Files{"b": ghfake.Text("b")})
	made := w.call("POST", inRepo+"/issues/1/comments", obj{"body": strings.Repeat("ü", 65536)}).want(201).object()
	if at(made, "user.login") != "changeguard[bot]" || at(made, "user.type") != "Bot" || at(made, "performed_via_github_app.slug") != "changeguard" {
		t.Errorf("made by %v", made["user"])
	}
	path := fmt.Sprintf("%s/issues/comments/%.0f", inRepo, made["id"])
	for _, r := range []*reply{
		w.call("POST", inRepo+"/issues/1/comments", obj{"body": strings.Repeat("x", 65537)}),
		w.call("PATCH", path, obj{"body": strings.Repeat("x", 65537)}),
	} {
		r.want(422).says("body is too long (maximum is 65536 characters)")
	}
	w.call("POST", inRepo+"/issues/1/comments", obj{"body": " "}).want(422)
	w.call("POST", inRepo+"/issues/1/comments", obj{}).want(422)
	w.call("POST", inRepo+"/issues/9/comments", obj{"body": "x"}).want(404)
	w.call("PATCH", path, obj{"body": "shorter"}).want(200)
	if got := w.get(path).want(200).object(); got["body"] != "shorter" {
		t.Errorf("edited: %v", got["body"])
	}
	w.call("POST", path+"/reactions", obj{"content": "eyes"}).want(201)
	w.call("POST", path+"/reactions", obj{"content": "eyes"}).want(200)
	w.call("POST", path+"/reactions", obj{"content": "frown"}).want(422)
	if got := w.get(inRepo + "/issues/1/comments").want(200).list(); len(got) != 1 || at(got[0], "reactions.eyes") != 1.0 {
		t.Errorf("comments: %v", got)
	}
	w.call("DELETE", path, nil).want(204)
	w.call("PATCH", path, obj{"body": "x"}).want(404)
	w.call("DELETE", path, nil).want(404)
	if got := w.repo.Comments(1); len(got) != 0 {
		t.Errorf("left: %v", got)
	}

	w.call("POST", inRepo+"/issues/1/labels", obj{"labels": []string{"risk: high", "B"}}).want(200)
	w.call("POST", inRepo+"/issues/1/labels", obj{"labels": []string{"b"}}).want(200)
	if got := w.get(inRepo + "/issues/1/labels").want(200).list(); len(got) != 2 {
		t.Errorf("labels: %v", got)
	}
	w.call("DELETE", inRepo+"/issues/1/labels/risk:%20high", nil).want(200)
	w.call("DELETE", inRepo+"/issues/1/labels/risk:%20high", nil).want(404).says("Label does not exist")
}

func TestStatuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	w.open(ghfake.Files{"b": ghfake.Text("b")})
	sha := w.repo.Tip("feature")
	w.call("POST", inRepo+"/statuses/"+sha, obj{"state": "success", "context": "ci", "description": "d", "target_url": "https://ci.example/1"}).want(201)
	w.call("POST", inRepo+"/statuses/"+sha, obj{"state": "done"}).want(422)
	w.call("POST", inRepo+"/statuses/"+sha, obj{"state": "success", "target_url": "javascript:1"}).want(422).says("must use http(s) scheme")
	w.call("POST", inRepo+"/statuses/"+sha, obj{"state": "success", "description": strings.Repeat("x", 141)}).want(422).says("maximum is 140 characters")
	w.call("POST", inRepo+"/statuses/"+strings.Repeat("0", 40), obj{"state": "success"}).want(422)
	w.repo.SetStatus(sha, "ci", "failure", "builder")
	got := w.get(inRepo + "/commits/feature/statuses").want(200).list()
	if len(got) != 2 || got[0]["state"] != "failure" || got[1]["target_url"] != "https://ci.example/1" {
		t.Errorf("statuses: %v", got)
	}
}
