package ghfake_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/changeguard/changeguard/internal/ghfake"
)

// inRepoQuery asks for fields of acme/app.
func inRepoQuery(fields string) string {
	return `{repository(owner:"acme",name:"app"){` + fields + `}}`
}

func TestQueryObjects(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	big := strings.Repeat("0123456789abcdef", 32000) // 512,000 bytes
	w.open(ghfake.Files{
		"text": ghfake.Text("ünï\n"), "bin": ghfake.Text("a\x00b"), "latin": ghfake.Text("\xff\xfe"), "just": ghfake.Text(big), "over": ghfake.Text(big + "ü"),
		"dir/run": {Mode: "100755", Content: "x"}, "link": {Mode: "120000", Content: "text"}, "mod": {Mode: "160000", Content: strings.Repeat("1", 40)},
	})
	var q strings.Builder
	for i, p := range []string{"text", "bin", "latin", "just", "over"} {
		fmt.Fprintf(&q, "b%d:object(expression:%q){...on Blob{byteSize isBinary isTruncated text oid}}", i, "feature:"+p)
	}
	got := at(w.data(inRepoQuery(q.String()), nil), "repository")
	for key, want := range map[string]any{
		"b0.text": "ünï\n", "b0.isBinary": false, "b0.byteSize": 6.0, "b1.text": nil, "b1.isBinary": true, "b2.text": nil, "b2.isBinary": true,
		"b3.isTruncated": false, "b3.text": big, "b4.isTruncated": true, "b4.text": big, "b4.byteSize": 512002.0,
	} {
		if at(got, key) != want {
			t.Errorf("%s is %.40v, want %.40v", key, at(got, key), want)
		}
	}
	got = at(w.data(inRepoQuery(`object(expression:"feature"){...on Commit{message
		run:file(path:"dir/run"){...E} link:file(path:"link"){...E} mod:file(path:"mod"){...E submodule{subprojectCommitOid}} dir:file(path:"dir"){...E object{...on Tree{entries{path mode}}}}
		none:file(path:"nothing"){mode} tree{entries{name}} parents(first:1){nodes{oid}}}}`)+`fragment E on TreeEntry{mode type oid path object{__typename}}`, nil), "repository.object")
	for key, want := range map[string]any{
		"message": "a change", "run.mode": float64(0o100755), "run.type": "blob", "run.path": "dir/run", "link.mode": float64(0o120000), "mod.mode": float64(0o160000), "mod.type": "commit", "mod.object": nil,
		"mod.submodule.subprojectCommitOid": strings.Repeat("1", 40), "dir.type": "tree", "dir.object.entries.0.path": "dir/run", "dir.object.entries.0.mode": float64(0o100755), "none": nil,
		"parents.nodes.0.oid": w.repo.Tip("main"), "run.object.__typename": "Blob",
	} {
		if at(got, key) != want {
			t.Errorf("%s is %v, want %v", key, at(got, key), want)
		}
	}
	if n := len(at(got, "tree.entries").([]any)); n != 10 {
		t.Errorf("%d entries", n)
	}
}

func TestQueryPullRequest(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	w.open(ghfake.Files{"b": ghfake.Text("b\n")})
	w.repo.Label(1, "Analysis-Only", "lead")
	w.repo.Label(1, "x", "dev")
	w.repo.Unlabel(1, "x")
	w.repo.Review(1, "lead", "APPROVED", "")
	w.repo.Review(1, "lead", "COMMENTED", "")
	w.repo.Edit(1, func(p *ghfake.Pull) { p.Author = ghfake.Account{Login: "robot[bot]", ID: 44, Type: "Bot"} })
	const fields = `number state isDraft title body headRefName headRefOid baseRefName baseRefOid isCrossRepository author{__typename login ...on User{databaseId} ...on Bot{databaseId}}
		labels(first:10){totalCount nodes{name}} reviews(first:5,states:[APPROVED]){totalCount nodes{state author{login} commit{oid} submittedAt}} commits(first:1){totalCount nodes{commit{oid}}}
		changedFiles maintainerCanModify timelineItems(itemTypes:[LABELED_EVENT],last:50){totalCount nodes{__typename ...on LabeledEvent{actor{login} label{name}}}}`
	got := at(w.data(`query($n:Int!){repository(owner:"acme",name:"app"){pullRequest(number:$n){`+fields+`}}}`, obj{"n": 1}), "repository.pullRequest")
	for key, want := range map[string]any{
		"number": 1.0, "state": "OPEN", "title": "A change", "body": "", "headRefName": "feature", "headRefOid": w.repo.Tip("feature"), "baseRefName": "main", "baseRefOid": w.repo.Tip("main"),
		"isCrossRepository": false, "author.__typename": "Bot", "author.login": "robot", "author.databaseId": 44.0, "labels.totalCount": 1.0, "labels.nodes.0.name": "Analysis-Only",
		"reviews.totalCount": 1.0, "reviews.nodes.0.author.login": "lead", "reviews.nodes.0.commit.oid": w.repo.Tip("feature"), "commits.totalCount": 1.0, "changedFiles": 1.0,
		"timelineItems.totalCount": 2.0, "timelineItems.nodes.0.actor.login": "lead", "timelineItems.nodes.0.label.name": "Analysis-Only",
	} {
		if at(got, key) != want {
			t.Errorf("%s is %v, want %v", key, at(got, key), want)
		}
	}
	w.repo.MergePull(1, "lead", author)
	got = w.data(inRepoQuery(`pullRequest(number:1){state merged} object(expression:"feature"){...on Commit{associatedPullRequests(first:5){nodes{number}}}}
		none:object(oid:"0000000000000000000000000000000000000000"){oid} defaultBranchRef{name target{oid}} ref(qualifiedName:"refs/heads/feature"){name} no:ref(qualifiedName:"nothing"){name}`), nil)["repository"]
	for key, want := range map[string]any{
		"pullRequest.state": "MERGED", "object.associatedPullRequests.nodes.0.number": 1.0, "none": nil, "defaultBranchRef.target.oid": w.repo.Tip("main"), "ref.name": "feature", "no": nil,
	} {
		if at(got, key) != want {
			t.Errorf("%s is %v, want %v", key, at(got, key), want)
		}
	}
}

func TestQueryErrors(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	w.open(ghfake.Files{"b": ghfake.Text("b\n")})
	oid := `query($o:GitObjectID!){repository(owner:"a",name:"b"){object(oid:$o){oid}}}`
	for name, c := range map[string]struct {
		text      string
		variables obj
		says      string
	}{
		"syntax":                {"{repository", nil, "Parse error"},
		"unknown field":         {inRepoQuery("nothing"), nil, "Field 'nothing' doesn't exist on type 'Repository'"},
		"unknown argument":      {inRepoQuery("pullRequest(no:1){number}"), nil, "doesn't accept argument 'no'"},
		"missing argument":      {inRepoQuery("pullRequest{number}"), nil, "missing required arguments: number"},
		"argument of no type":   {inRepoQuery(`pullRequest(number:"1"){number}`), nil, "invalid value"},
		"no selection":          {inRepoQuery("defaultBranchRef"), nil, "must have selections"},
		"selection of a scalar": {inRepoQuery("name{x}"), nil, "can't be made on scalars"},
		"unknown fragment":      {inRepoQuery("...X"), nil, "Fragment X was used, but not defined"},
		"endless fragment":      {inRepoQuery("...X") + "fragment X on Repository{...X}", nil, "infinite loop"},
		"fragment elsewhere":    {inRepoQuery("...on Blob{oid}"), nil, "can't be spread"},
		"fragment of no type":   {inRepoQuery("...on Nothing{oid}"), nil, "No such type Nothing"},
		"directive":             {inRepoQuery("name@nothing"), nil, "Directive @nothing"},
		"undeclared variable":   {inRepoQuery("pullRequest(number:$n){number}"), nil, "$n is used but not declared"},
		"unused variable":       {`query($n:Int){rateLimit{cost}}`, nil, "$n is declared but not used"},
		"variable of no type":   {`query($n:Nothing){rateLimit{cost}}`, nil, "isn't a defined input type"},
		"another type":          {`query($n:String!){repository(owner:"a",name:"b"){pullRequest(number:$n){number}}}`, obj{"n": "1"}, "Type mismatch"},
		"may be null":           {`query($n:Int){repository(owner:"a",name:"b"){pullRequest(number:$n){number}}}`, obj{"n": 1}, "Type mismatch"},
		"variable not given":    {oid, nil, "invalid value"},
		"variable no id":        {oid, obj{"o": "main"}, "invalid value"},
		"variable no number":    {`query($n:Int!){repository(owner:"a",name:"b"){pullRequest(number:$n){number}}}`, obj{"n": 1.5}, "invalid value"},
		"unknown enum":          {inRepoQuery("pullRequests(first:1,states:[DONE]){totalCount}"), nil, "invalid value"},
		"no boundaries":         {inRepoQuery("pullRequests{totalCount}"), nil, "You must provide a `first` or `last`"},
		"too many records":      {inRepoQuery("pullRequests(first:101){totalCount}"), nil, "exceeds the `first` limit of 100"},
		"too many nodes":        {inRepoQuery("pullRequests(first:100){nodes{commits(first:100){nodes{commit{parents(first:100){totalCount}}}}}}"), nil, "maximum limit of 500000"},
		"two operations":        {"query A{rateLimit{cost}} query B{rateLimit{cost}}", nil, "operation name"},
		"mutation":              {"mutation{x}", nil, "mutation"},
	} {
		got := w.query(c.text, c.variables)
		message, _ := at(got, "errors.0.message").(string)
		if !strings.Contains(message, c.says) || got["data"] != nil {
			t.Errorf("%s: %v, want %q", name, got, c.says)
		}
	}
	bomb := inRepoQuery("...A0")
	for i := range 20 {
		bomb += fmt.Sprintf(" fragment A%d on Repository{...A%d ...A%d}", i, i+1, i+1)
	}
	if got := w.query(bomb+" fragment A20 on Repository{id}", nil); at(got, "errors.0.extensions.code") != "queryTooComplex" {
		t.Errorf("a bomb of fragments: %.300v", got)
	}
	w.call("POST", "/graphql", "no JSON").want(400)
	w.call("POST", "/graphql", obj{}).want(400)

	// What there is not is null, and the rest comes.
	got := w.query(inRepoQuery("pullRequest(number:9){number} name")+"", nil)
	if at(got, "errors.0.type") != "NOT_FOUND" || at(got, "errors.0.path.1") != "pullRequest" || at(got, "data.repository.name") != "app" || at(got, "data.repository.pullRequest") != nil {
		t.Errorf("a missing pull request: %v", got)
	}
	got = w.query(`{repository(owner:"acme",name:"hidden"){name} rateLimit{cost}}`, nil)
	if at(got, "errors.0.type") != "NOT_FOUND" || at(got, "data.rateLimit.cost") != 1.0 {
		t.Errorf("a missing repository: %v", got)
	}
	bare := newWorld(t, ghfake.Options{}, map[string]string{"metadata": "read"})
	got = bare.query(inRepoQuery("name defaultBranchRef{name} pullRequests(first:1){totalCount}"), nil)
	if at(got, "errors.0.type") != "FORBIDDEN" || at(got, "errors.1.type") != "FORBIDDEN" || at(got, "data.repository") != nil {
		t.Errorf("without permissions: %v", got)
	}
}

func TestQueryLanguage(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	w.open(ghfake.Files{"b": ghfake.Text("b\n")})
	for i := range 4 {
		w.repo.Open(ghfake.Pull{Title: fmt.Sprint(i), Base: "main", Head: "feature"})
	}
	got := w.data(`query Q($yes:Boolean=true,$no:Boolean!,$list:[PullRequestState!]){
		a:repository(owner:"acme",name:"app"){name ...F @skip(if:$no)} b:repository(owner:"acme",name:"app"){id @include(if:$no) nameWithOwner @include(if:$yes)}
		c:repository(owner:"acme",name:"app"){pullRequests(first:2,states:$list){nodes{number} pageInfo{hasNextPage endCursor hasPreviousPage}} pullRequests(first:2,states:$list){totalCount}}
	} fragment F on Repository{isPrivate}`, obj{"no": false, "list": []string{"OPEN"}})
	for key, want := range map[string]any{
		"a.isPrivate": false, "b.id": nil, "b.nameWithOwner": "acme/app", "c.pullRequests.totalCount": 5.0, "c.pullRequests.nodes.1.number": 2.0,
		"c.pullRequests.pageInfo.hasNextPage": true, "c.pullRequests.pageInfo.hasPreviousPage": false,
	} {
		if at(got, key) != want {
			t.Errorf("%s is %v, want %v", key, at(got, key), want)
		}
	}
	cursor := at(got, "c.pullRequests.pageInfo.endCursor")
	second := w.data(`query($c:String){repository(owner:"acme",name:"app"){pullRequests(first:2,after:$c){nodes{number}} last:pullRequests(last:1){nodes{number}} before:pullRequests(last:1,before:$c){nodes{number}}}}`, obj{"c": cursor})
	for key, want := range map[string]any{"pullRequests.nodes.0.number": 3.0, "last.nodes.0.number": 5.0, "before.nodes.0.number": 1.0} {
		if got := at(second, "repository."+key); got != want {
			t.Errorf("%s is %v, want %v", key, got, want)
		}
	}
}

func TestQueryCosts(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{Limits: ghfake.Limits{GraphQLPoints: 10}}, nil)
	w.open(ghfake.Files{"b": ghfake.Text("b\n")})
	// 1 request for the pull requests, and 100 for the labels of each.
	text := `{rateLimit{cost nodeCount limit remaining used} repository(owner:"acme",name:"app"){pullRequests(first:100){nodes{labels(first:50){totalCount}}}}}`
	got := at(w.data(text, nil), "rateLimit")
	for key, want := range map[string]any{"cost": 1.0, "nodeCount": 5100.0, "limit": 10.0, "remaining": 9.0, "used": 1.0} {
		if at(got, key) != want {
			t.Errorf("%s is %v, want %v", key, at(got, key), want)
		}
	}
	double := strings.Replace(text, "repository(", `x:repository(owner:"acme",name:"app"){pullRequests(first:100){nodes{labels(first:50){totalCount}}}} repository(`, 1)
	if got := w.data(double, nil); at(got, "rateLimit.cost") != 2.0 {
		t.Errorf("the double costs %v", at(got, "rateLimit.cost"))
	}
	for range 7 {
		w.data(text, nil)
	}
	r := w.call("POST", "/graphql", obj{"query": text}).want(200)
	if r.header.Get("X-RateLimit-Remaining") != "0" || r.header.Get("X-RateLimit-Resource") != "graphql" {
		t.Errorf("the headers are %v", r.header)
	}
	r = w.call("POST", "/graphql", obj{"query": text}).want(200)
	if got := r.object(); at(got, "errors.0.type") != "RATE_LIMIT" || got["data"] != nil {
		t.Errorf("an exhausted quota answers %v", got)
	}
	w.get(inRepo).want(200) // has a quota of its own
}

// A query that returns too much is cut with an error that names the place.
func TestQueryResourceLimit(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{Limits: ghfake.Limits{QueryObjects: 20}}, nil)
	w.open(many(40))
	var q strings.Builder
	for i := range 40 {
		fmt.Fprintf(&q, "f%d:file(path:\"many/f%05d.txt\"){oid}", i, i)
	}
	got := w.query(inRepoQuery(`object(expression:"feature"){...on Commit{`+q.String()+`}}`), nil)
	if at(got, "errors.0.type") != "RESOURCE_LIMITS_EXCEEDED" || at(got, "data.repository.object.f0.oid") == nil || at(got, "data.repository.object.f39") != nil {
		t.Errorf("cut: %v", got["errors"])
	}
}

// Every field of the schema has an answer.
func TestEveryFieldIsAnswered(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, map[string]string{"metadata": "read", "contents": "read", "pull_requests": "read", "merge_queues": "read", "checks": "write", "statuses": "read"})
	w.hub.AddAccount(ghfake.Account{Login: "dev", ID: 11, Type: "User", Email: author.Email})
	w.open(ghfake.Files{"b": ghfake.Text("b\n"), "dir/x": ghfake.Text("x"), "mod": {Mode: "160000", Content: strings.Repeat("1", 40)}})
	w.repo.Label(1, "a", "lead")
	w.repo.Unlabel(1, "a")
	w.repo.Label(1, "b", "robot[bot]")
	w.repo.Review(1, "lead", "APPROVED", "")
	w.repo.Enqueue("main", "SQUASH", 1)
	w.repo.TestMerge(1)
	w.repo.SetStatus(w.repo.Tip("feature"), "changeguard", "success", "dev")
	w.repo.AddRun(ghfake.Run{App: 9, Name: "changeguard", Head: w.repo.Tip("feature"), Status: "completed", Conclusion: "success"})
	w.repo.MergePull(1, "lead", author)
	asked := make(map[string]bool)
	text := "{" + ghfake.SelectAll("Query", 7, asked) + "}"
	got := w.query(text, nil)
	if got["errors"] != nil {
		t.Fatalf("errors: %.2000v", got["errors"])
	}
	all := ghfake.SchemaFields()
	if len(all) < 150 {
		t.Errorf("the schema has %d fields only", len(all))
	}
	for _, f := range all {
		if !asked[f] && !slices.Contains([]string{"Organization.databaseId"}, f) {
			t.Errorf("%s was not asked for", f)
		}
	}
}
