package ghfake

import (
	"cmp"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"
)

// maxComment is how many characters a comment has at most.
const maxComment = 65536

type comment struct {
	id               int64
	number           int
	body, by         string
	app              int64 // that wrote it, or 0
	created, updated time.Time
	reactions        []reaction
}

type reaction struct {
	id          int64
	content, by string
	at          time.Time
}

// Comments lists the comments of a pull request.
func (r *Repo) Comments(number int) []string {
	return locked(r, func() []string {
		var list []string
		for _, x := range r.commentsOf(number) {
			list = append(list, x.body)
		}
		return list
	})
}

// Reactions lists the reactions to a comment, oldest first.
func (r *Repo) Reactions(comment int64) []string {
	return locked(r, func() []string {
		var list []string
		if x := r.comments[comment]; x != nil {
			for _, one := range x.reactions {
				list = append(list, one.content)
			}
		}
		return list
	})
}

// Comment writes a comment as somebody does, and returns its id.
func (r *Repo) Comment(number int, by, body string) int64 {
	return locked(r, func() int64 {
		r.server.account(by)
		x := &comment{id: r.server.id(), number: number, body: body, by: by, created: r.server.now(), updated: r.server.now()}
		r.comments[x.id] = x
		return x.id
	})
}

// DeleteComment removes a comment.
func (r *Repo) DeleteComment(id int64) {
	r.server.mu.Lock()
	defer r.server.mu.Unlock()
	delete(r.comments, id)
}

// commentsOf lists the comments of a pull request, oldest first.
func (r *Repo) commentsOf(number int) []*comment {
	var list []*comment
	for _, x := range r.comments {
		if x.number == number {
			list = append(list, x)
		}
	}
	slices.SortFunc(list, func(a, b *comment) int { return cmp.Compare(a.id, b.id) })
	return list
}

func (r *Repo) commentJSON(x *comment) obj {
	self, issue := r.api("/issues/comments/"+itoa(x.id)), r.api("/issues/"+itoa(x.number))
	rollup := obj{"url": self + "/reactions", "total_count": len(x.reactions)}
	for _, content := range reactionContents {
		rollup[content] = 0
	}
	for _, one := range x.reactions {
		rollup[one.content] = rollup[one.content].(int) + 1
	}
	return obj{
		"id": x.id, "node_id": nodeID("IC", x.id), "url": self, "html_url": r.html("/pull/" + itoa(x.number) + "#issuecomment-" + itoa(x.id)), "issue_url": issue,
		"user": r.server.account(x.by).json(), "created_at": stamp(x.created), "updated_at": stamp(x.updated), "author_association": r.association(x.by),
		"body": x.body, "performed_via_github_app": r.appJSON(x.app), "reactions": rollup,
	}
}

func (s *Server) listComments(c *call) (any, *refusal) {
	p, no := c.pull("issue_number")
	if no != nil {
		return nil, no
	}
	return mapped(paged(c, c.repo.commentsOf(p.Number)), c.repo.commentJSON), nil
}

func (s *Server) createComment(c *call) (any, *refusal) {
	p, no := c.pull("issue_number")
	if no != nil {
		return nil, no
	}
	body, no := c.commentBody()
	if no != nil {
		return nil, no
	}
	x := &comment{id: s.id(), number: p.Number, body: body, by: s.bot(c.app.ID).Login, app: c.app.ID, created: s.now(), updated: s.now()}
	c.repo.comments[x.id] = x
	c.answer.status = http.StatusCreated
	return c.repo.commentJSON(x), nil
}

func (c *call) commentBody() (string, *refusal) {
	var b struct {
		Body *string `json:"body"`
	}
	if no := c.read(&b); no != nil {
		return "", no
	}
	switch {
	case b.Body == nil:
		return "", unfit("\"body\" wasn't supplied.")
	case strings.TrimSpace(*b.Body) == "":
		return "", invalid("IssueComment", "body", "missing_field", "body cannot be blank")
	case longer(*b.Body, maxComment):
		return "", invalid("IssueComment", "data", "unprocessable", "body is too long (maximum is 65536 characters)")
	}
	return *b.Body, nil
}

// comment finds the comment of the route.
func (c *call) comment() (*comment, *refusal) {
	if x := c.repo.comments[c.number("comment_id")]; x != nil {
		return x, nil
	}
	return nil, notFound
}

func (s *Server) getComment(c *call) (any, *refusal) {
	x, no := c.comment()
	if no != nil {
		return nil, no
	}
	return c.repo.commentJSON(x), nil
}

func (s *Server) updateComment(c *call) (any, *refusal) {
	x, no := c.comment()
	if no != nil {
		return nil, no
	}
	body, no := c.commentBody()
	if no != nil {
		return nil, no
	}
	x.body, x.updated = body, s.now()
	return c.repo.commentJSON(x), nil
}

func (s *Server) deleteComment(c *call) (any, *refusal) {
	x, no := c.comment()
	if no != nil {
		return nil, no
	}
	delete(c.repo.comments, x.id)
	c.answer.status = http.StatusNoContent
	return nil, nil
}

var reactionContents = []string{"+1", "-1", "laugh", "confused", "heart", "hooray", "rocket", "eyes"}

// createReaction answers 200 when the same App has reacted so before.
func (s *Server) createReaction(c *call) (any, *refusal) {
	x, no := c.comment()
	if no != nil {
		return nil, no
	}
	var b struct{ Content string }
	if no := c.read(&b); no != nil {
		return nil, no
	}
	if !slices.Contains(reactionContents, b.Content) {
		return nil, unfit("%q is not a reaction.", b.Content)
	}
	by := s.bot(c.app.ID)
	i := slices.IndexFunc(x.reactions, func(r reaction) bool { return r.content == b.Content && r.by == by.Login })
	if i < 0 {
		i = len(x.reactions)
		x.reactions = append(x.reactions, reaction{s.id(), b.Content, by.Login, s.now()})
		c.answer.status = http.StatusCreated
	}
	r := x.reactions[i]
	return obj{"id": r.id, "node_id": nodeID("REA", r.id), "user": by.json(), "content": r.content, "created_at": stamp(r.at)}, nil
}

// repoLabel is a label of the repository.
type repoLabel struct {
	id   int64
	name string
}

// label finds or makes a label; names are the same in any case.
func (r *Repo) label(name string) *repoLabel {
	for _, l := range r.labels {
		if strings.EqualFold(l.name, name) {
			return l
		}
	}
	l := &repoLabel{r.server.id(), name}
	r.labels = append(r.labels, l)
	return l
}

func (l *repoLabel) json(r *Repo) obj {
	return obj{
		"id": l.id, "node_id": nodeID("LA", l.id), "url": r.api("/labels/" + escapePath(l.name)), "name": l.name, "color": "ededed", "default": false, "description": "",
	}
}

func (s *Server) labelsOf(c *call, p *Pull) []obj {
	return mapped(p.labels, func(l label) obj { return c.repo.label(l.name).json(c.repo) })
}

func (s *Server) listLabels(c *call) (any, *refusal) {
	p, no := c.pull("issue_number")
	if no != nil {
		return nil, no
	}
	return paged(c, s.labelsOf(c, p)), nil
}

func (s *Server) addLabels(c *call) (any, *refusal) {
	p, no := c.pull("issue_number")
	if no != nil {
		return nil, no
	}
	var b struct{ Labels []json.RawMessage }
	if no := c.read(&b); no != nil {
		return nil, no
	}
	for _, raw := range b.Labels {
		var name string
		if err := json.Unmarshal(raw, &name); err != nil || name == "" {
			return nil, unfit("A label is a text.")
		}
		p.setLabel(c.repo, name, s.bot(c.app.ID).Login)
	}
	return s.labelsOf(c, p), nil
}

func (s *Server) deleteLabel(c *call) (any, *refusal) {
	p, no := c.pull("issue_number")
	if no != nil {
		return nil, no
	}
	if !p.removeLabel(c.repo, c.r.PathValue("name"), s.bot(c.app.ID).Login) {
		return nil, refuse(http.StatusNotFound, "Label does not exist")
	}
	return s.labelsOf(c, p), nil
}
