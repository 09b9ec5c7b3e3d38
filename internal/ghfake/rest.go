package ghfake

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// obj is a JSON object.
type obj = map[string]any

// The limits of GitHub's answers.
const (
	compareFiles   = 300
	pullFiles      = 3000
	maxAnnotations = 50
	maxOutput      = 65535
	maxComment     = 65536
)

func (s *Server) routes() {
	s.handleApp("POST /app/installations/{id}/access_tokens", s.createToken)
	s.handleApp("GET /app", func(*call) (any, *refuse) { return obj{"id": s.options.AppID, "slug": "changeguard"}, nil })
	const repo = "/repos/{owner}/{repo}"
	s.handle("GET "+repo+"/pulls/{number}", "pull_requests", "read", s.getPull)
	s.handle("GET "+repo+"/pulls/{number}/files", "pull_requests", "read", s.listPullFiles)
	s.handle("GET "+repo+"/compare/{range}", "contents", "read", s.compare)
	s.handle("GET "+repo+"/commits/{sha}", "contents", "read", s.getCommit)
	s.handle("GET "+repo+"/git/trees/{sha}", "contents", "read", s.getTree)
	s.handle("GET "+repo+"/git/blobs/{sha}", "contents", "read", s.getBlob)
	s.handle("GET "+repo+"/branches/{branch...}", "contents", "read", s.getBranch)
	s.handle("POST "+repo+"/check-runs", "checks", "write", s.createRun)
	s.handle("PATCH "+repo+"/check-runs/{id}", "checks", "write", s.updateRun)
	s.handle("GET "+repo+"/commits/{sha}/check-runs", "checks", "read", s.listRuns)
	s.handle("POST "+repo+"/issues/{number}/comments", "pull_requests", "write", s.createComment)
	s.handle("PATCH "+repo+"/issues/comments/{id}", "pull_requests", "write", s.updateComment)
	s.handle("POST /graphql", "contents", "read", s.graphql)
}

func (s *Server) createToken(c *call) (any, *refuse) {
	id, err := strconv.ParseInt(c.r.PathValue("id"), 10, 64)
	inst := s.installations[id]
	if err != nil || inst == nil {
		return nil, notFound
	}
	s.nextID++
	// Every other token has the long form.
	value := fmt.Sprintf("ghs_%032d", s.nextID)
	if s.nextID%2 == 0 {
		value = fmt.Sprintf("ghs_%d_%s", s.options.AppID, strings.Repeat("x", 200)+strconv.FormatInt(s.nextID, 10))
	}
	expires := s.options.Now().Add(time.Hour)
	s.tokens[value] = token{id, expires}
	return created{obj{"token": value, "expires_at": expires.UTC().Format(time.RFC3339), "permissions": inst.permissions}}, nil
}

func (c *call) pull() (*Pull, *refuse) {
	n, err := strconv.Atoi(c.r.PathValue("number"))
	if p := c.repo.pulls[n]; p != nil && err == nil {
		return p, nil
	}
	return nil, notFound
}

func (s *Server) getPull(c *call) (any, *refuse) {
	p, no := c.pull()
	if no != nil {
		return nil, no
	}
	return c.repo.pullJSON(p), nil
}

func accountJSON(a Account) obj { return obj{"login": a.Login, "id": a.ID, "type": a.Type} }

func (r *Repo) json() obj {
	return obj{"id": r.id, "name": r.Name, "full_name": r.Owner + "/" + r.Name, "owner": obj{"login": r.Owner, "id": 1, "type": "Organization"}, "private": false, "default_branch": "main"}
}

// pullJSON is a pull request as the API and webhooks show it.
func (r *Repo) pullJSON(p *Pull) obj {
	labels := []obj{}
	for _, l := range p.labels {
		labels = append(labels, obj{"name": l.name})
	}
	headRepo := r.json()
	if p.Fork {
		headRepo = obj{"id": 1, "name": r.Name, "full_name": "fork/" + r.Name}
	}
	return obj{
		"number": p.Number, "title": p.Title, "body": p.Body, "state": p.State, "draft": p.Draft, "merged": p.Merged, "user": accountJSON(p.Author), "labels": labels,
		"head": obj{"ref": p.Head, "sha": p.HeadSHA, "repo": headRepo}, "base": obj{"ref": p.Base, "sha": r.refs[p.Base], "repo": r.json()},
		"changed_files": len(r.compareDiff(r.refs[p.Base], p.HeadSHA)), "commits": len(r.objects.between(r.refs[p.Base], p.HeadSHA)),
	}
}

func (r *Repo) compareDiff(base, head string) []fileDiff {
	return r.objects.diff(r.objects.files(r.objects.mergeBase(base, head)), r.objects.files(head))
}

func fileJSON(d fileDiff) obj {
	f := obj{"filename": utf8Name(d.path), "status": d.status, "sha": d.id, "additions": d.added, "deletions": d.deleted, "changes": d.added + d.deleted}
	if d.previous != "" {
		f["previous_filename"] = utf8Name(d.previous)
	}
	if d.patch && d.added+d.deleted > 0 && d.added+d.deleted < 3000 {
		f["patch"] = "@@"
	}
	return f
}

// utf8Name is how JSON carries a name that is no UTF-8.
func utf8Name(s string) string { return strings.ToValidUTF8(s, "\ufffd") }

func filesJSON(list []fileDiff) []obj {
	files := make([]obj, 0, len(list))
	for _, d := range list {
		files = append(files, fileJSON(d))
	}
	return files
}

func (s *Server) listPullFiles(c *call) (any, *refuse) {
	p, no := c.pull()
	if no != nil {
		return nil, no
	}
	all := c.repo.compareDiff(c.repo.refs[p.Base], p.HeadSHA)
	return filesJSON(slice(c, all[:min(len(all), pullFiles)])), nil
}

// resolve finds a commit by branch or id.
func (r *Repo) resolve(rev string) *commit {
	if id, ok := r.refs[rev]; ok {
		rev = id
	}
	return r.objects.commits[rev]
}

func (s *Server) compare(c *call) (any, *refuse) {
	from, to, ok := strings.Cut(c.r.PathValue("range"), "...")
	base, head := c.repo.resolve(from), c.repo.resolve(to)
	if !ok || base == nil || head == nil {
		return nil, notFound
	}
	mergeBase := c.repo.objects.mergeBase(base.id, head.id)
	if mergeBase == "" {
		return nil, refusal(http.StatusNotFound, "No common ancestor between %s and %s.", from, to)
	}
	commits := c.repo.objects.between(base.id, head.id)
	list := []obj{}
	for _, x := range slice(c, commits) {
		list = append(list, commitJSON(x))
	}
	files := []obj{}
	if _, page := c.page(); page == 1 {
		diff := c.repo.compareDiff(base.id, head.id)
		files = filesJSON(diff[:min(len(diff), compareFiles)])
	}
	return obj{
		"status": "ahead", "ahead_by": len(commits), "behind_by": 0, "total_commits": len(commits), "base_commit": commitJSON(base),
		"merge_base_commit": commitJSON(c.repo.objects.commits[mergeBase]), "commits": list, "files": files,
	}, nil
}

func commitJSON(x *commit) obj {
	parents := []obj{}
	for _, p := range x.parents {
		parents = append(parents, obj{"sha": p})
	}
	person := func(p Signature) obj {
		return obj{"name": p.Name, "email": p.Email, "date": p.When.UTC().Format(time.RFC3339)}
	}
	return obj{"sha": x.id, "parents": parents, "commit": obj{
		"message": x.message, "author": person(x.author), "committer": person(x.committer), "tree": obj{"sha": x.tree},
	}}
}

func (s *Server) getCommit(c *call) (any, *refuse) {
	x := c.repo.resolve(c.r.PathValue("sha"))
	if x == nil {
		return nil, notFound
	}
	if !x.diffed {
		var before map[string]entry
		if len(x.parents) > 0 {
			before = c.repo.objects.files(x.parents[0])
		}
		x.touchedDiffLines, x.diffed = c.repo.objects.diff(before, c.repo.objects.files(x.id)), true
	}
	body := commitJSON(x)
	body["files"] = filesJSON(slice(c, x.touchedDiffLines[:min(len(x.touchedDiffLines), pullFiles)]))
	return body, nil
}

func (s *Server) getTree(c *call) (any, *refuse) {
	id := c.r.PathValue("sha")
	if x := c.repo.resolve(id); x != nil {
		id = x.tree
	}
	if _, ok := c.repo.objects.trees[id]; !ok {
		return nil, notFound
	}
	list, cut := []obj{}, false
	recursive := c.r.URL.Query().Get("recursive") != ""
	var walk func(id, prefix string)
	walk = func(id, prefix string) {
		for _, e := range c.repo.objects.trees[id] {
			if recursive && len(list) >= s.options.TreeLimit {
				cut = true
				return
			}
			mode := e.mode
			if e.kind == "tree" {
				mode = "040000"
			}
			list = append(list, obj{"path": utf8Name(prefix + e.name), "mode": mode, "type": e.kind, "sha": e.id})
			if recursive && e.kind == "tree" {
				walk(e.id, prefix+e.name+"/")
			}
		}
	}
	walk(id, "")
	return obj{"sha": id, "tree": list, "truncated": cut}, nil
}

func (s *Server) getBlob(c *call) (any, *refuse) {
	data, ok := c.repo.objects.blobs[c.r.PathValue("sha")]
	switch {
	case !ok:
		return nil, notFound
	case len(data) > 100<<20:
		return nil, refusal(http.StatusForbidden, "This API returns blobs up to 100 MB in size.")
	case strings.Contains(c.r.Header.Get("Accept"), "raw"):
		return data, nil
	}
	return obj{"sha": c.r.PathValue("sha"), "size": len(data), "encoding": "base64", "content": base64.StdEncoding.EncodeToString(data)}, nil
}

func (s *Server) getBranch(c *call) (any, *refuse) {
	name := c.r.PathValue("branch")
	id, ok := c.repo.refs[name]
	if !ok {
		return nil, notFound
	}
	return obj{"name": name, "commit": obj{"sha": id}, "protected": c.repo.protected[name]}, nil
}

// runBody is what a request says of a check run.
type runBody struct {
	Name       string  `json:"name"`
	HeadSHA    string  `json:"head_sha"`
	Status     *string `json:"status"`
	Conclusion *string `json:"conclusion"`
	ExternalID *string `json:"external_id"`
	DetailsURL *string `json:"details_url"`
	Output     *struct {
		Title       *string           `json:"title"`
		Summary     *string           `json:"summary"`
		Text        *string           `json:"text"`
		Annotations []json.RawMessage `json:"annotations"`
	} `json:"output"`
	Actions []struct {
		Label       string `json:"label"`
		Description string `json:"description"`
		Identifier  string `json:"identifier"`
	} `json:"actions"`
}

// check refuses what GitHub refuses.
func (b *runBody) check() *refuse {
	invalid := func(format string, args ...any) *refuse {
		return refusal(http.StatusUnprocessableEntity, "Invalid request.\n\n"+format, args...)
	}
	if b.Conclusion != nil && !strings.Contains(" action_required cancelled failure neutral success skipped timed_out ", " "+*b.Conclusion+" ") {
		return invalid("%q is not a conclusion.", *b.Conclusion)
	}
	if b.Status != nil && !strings.Contains(" queued in_progress completed ", " "+*b.Status+" ") {
		return invalid("%q is not a status.", *b.Status)
	}
	if b.Status != nil && *b.Status == "completed" && b.Conclusion == nil {
		return invalid("A completed run needs a conclusion.")
	}
	if len(b.Actions) > 3 {
		return invalid("No more than 3 items are allowed; %d were supplied.", len(b.Actions))
	}
	for _, a := range b.Actions {
		if len(a.Label) > 20 || len(a.Description) > 40 || len(a.Identifier) > 20 {
			return invalid("An action's text is too long.")
		}
	}
	if o := b.Output; o != nil {
		switch {
		case o.Title == nil || o.Summary == nil || *o.Title == "" || *o.Summary == "":
			return invalid(`"title" and "summary" weren't supplied.`)
		case utf8.RuneCountInString(*o.Summary) > maxOutput || o.Text != nil && utf8.RuneCountInString(*o.Text) > maxOutput:
			return invalid("Only 65535 characters are allowed.")
		case len(o.Annotations) > maxAnnotations:
			return invalid("No more than 50 items are allowed; %d were supplied.", len(o.Annotations))
		}
		return checkAnnotations(o.Annotations)
	}
	return nil
}

func checkAnnotations(list []json.RawMessage) *refuse {
	for _, raw := range list {
		var a struct {
			Path    string `json:"path"`
			Start   int    `json:"start_line"`
			End     int    `json:"end_line"`
			Level   string `json:"annotation_level"`
			Message string `json:"message"`
			Title   string `json:"title"`
		}
		err := json.Unmarshal(raw, &a)
		if err != nil || a.Path == "" || a.Start < 1 || a.End < a.Start || a.Message == "" || len(a.Message) > 64<<10 || utf8.RuneCountInString(a.Title) > 255 ||
			!strings.Contains(" notice warning failure ", " "+a.Level+" ") {
			return refusal(http.StatusUnprocessableEntity, "Invalid annotation: %s", raw)
		}
	}
	return nil
}

func (s *Server) createRun(c *call) (any, *refuse) {
	var b runBody
	if no := c.read(&b); no != nil {
		return nil, no
	}
	if no := b.check(); no != nil {
		return nil, no
	}
	if b.Name == "" || c.repo.objects.commits[b.HeadSHA] == nil {
		return nil, refusal(http.StatusUnprocessableEntity, "No commit found for SHA: %s", b.HeadSHA)
	}
	s.nextID++
	run := &Run{ID: s.nextID, Name: b.Name, Head: b.HeadSHA, Status: "queued"}
	c.repo.runs[run.ID] = run
	c.repo.runOrder = append(c.repo.runOrder, run.ID)
	run.apply(&b)
	return created{run.json()}, nil
}

func (r *Run) apply(b *runBody) {
	for _, field := range []struct {
		to   *string
		from *string
	}{{&r.Status, b.Status}, {&r.Conclusion, b.Conclusion}, {&r.ExternalID, b.ExternalID}, {&r.DetailsURL, b.DetailsURL}} {
		if field.from != nil {
			*field.to = *field.from
		}
	}
	if b.Conclusion != nil {
		r.Status = "completed"
	}
	if o := b.Output; o != nil {
		r.Title, r.Summary = *o.Title, *o.Summary
		r.Annotations = append(r.Annotations, o.Annotations...)
	}
}

func (r *Run) json() obj {
	var conclusion any
	if r.Conclusion != "" {
		conclusion = r.Conclusion
	}
	return obj{
		"id": r.ID, "name": r.Name, "head_sha": r.Head, "status": r.Status, "conclusion": conclusion, "external_id": r.ExternalID, "details_url": r.DetailsURL,
		"output": obj{"title": r.Title, "summary": r.Summary, "annotations_count": len(r.Annotations)},
	}
}

func (s *Server) updateRun(c *call) (any, *refuse) {
	id, _ := strconv.ParseInt(c.r.PathValue("id"), 10, 64)
	run := c.repo.runs[id]
	if run == nil {
		return nil, notFound
	}
	var b runBody
	if no := c.read(&b); no != nil {
		return nil, no
	}
	if no := b.check(); no != nil {
		return nil, no
	}
	run.apply(&b)
	return run.json(), nil
}

func (s *Server) listRuns(c *call) (any, *refuse) {
	list := []obj{}
	name := c.r.URL.Query().Get("check_name")
	for _, id := range c.repo.runOrder {
		if run := c.repo.runs[id]; run.Head == c.r.PathValue("sha") && (name == "" || run.Name == name) {
			list = append(list, run.json())
		}
	}
	return obj{"total_count": len(list), "check_runs": slice(c, list)}, nil
}

func (s *Server) createComment(c *call) (any, *refuse) {
	p, no := c.pull()
	if no != nil {
		return nil, no
	}
	body, no := c.commentBody()
	if no != nil {
		return nil, no
	}
	s.nextID++
	x := &comment{s.nextID, p.Number, body}
	c.repo.comments[x.ID] = x
	return created{obj{"id": x.ID, "body": x.Body}}, nil
}

func (c *call) commentBody() (string, *refuse) {
	var b struct {
		Body string `json:"body"`
	}
	if no := c.read(&b); no != nil {
		return "", no
	}
	if n := utf8.RuneCountInString(b.Body); n == 0 || n > maxComment {
		return "", refusal(http.StatusUnprocessableEntity, "Validation Failed: body is too long (maximum is 65536 characters)")
	}
	return b.Body, nil
}

func (s *Server) updateComment(c *call) (any, *refuse) {
	id, _ := strconv.ParseInt(c.r.PathValue("id"), 10, 64)
	x := c.repo.comments[id]
	if x == nil {
		return nil, notFound
	}
	body, no := c.commentBody()
	if no != nil {
		return nil, no
	}
	x.Body = body
	return obj{"id": x.ID, "body": cmp.Or(x.Body, "")}, nil
}
