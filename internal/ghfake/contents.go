package ghfake

import (
	"encoding/base64"
	"net/http"
	"path"
	"strings"
	"time"
)

// The sizes up to which contents are answered.
const (
	maxBlob     = 100 << 20
	maxContents = 1 << 20
	maxFolder   = 1000 // entries of a folder in contents
)

func (s *Server) getTree(c *call) (any, *refusal) {
	id := c.r.PathValue("tree_sha")
	if x := c.repo.resolve(id); x != nil {
		id = x.tree
	}
	if _, ok := c.repo.objects.trees[id]; !ok {
		return nil, notFound
	}
	list, cut := c.repo.objects.list(id, c.r.URL.Query().Get("recursive") != "", s.options.TreeLimit, s.options.TreeBytes)
	return obj{"sha": id, "url": c.repo.api("/git/trees/" + id), "truncated": cut, "tree": mapped(list, func(l listing) obj {
		o := obj{"path": utf8Name(l.path), "mode": l.mode, "type": l.kind(), "sha": l.id}
		switch l.mode {
		case modeTree:
			o["mode"], o["url"] = "040000", c.repo.api("/git/trees/"+l.id)
		case modeModule:
		default:
			o["size"], o["url"] = len(c.repo.objects.blobs[l.id]), c.repo.api("/git/blobs/"+l.id)
		}
		return o
	})}, nil
}

// rawAsked reports whether the bare content was asked for.
func (c *call) rawAsked() bool { return asksFor(c.r, "raw") }

// sendRaw answers with bytes.
func (c *call) sendRaw(data []byte) (any, *refusal) {
	c.answer.header.Set("Content-Type", "application/vnd.github.raw; charset=utf-8")
	c.answer.raw = append([]byte{}, data...)
	return nil, nil
}

func (s *Server) getBlob(c *call) (any, *refusal) {
	id := c.r.PathValue("file_sha")
	data, ok := c.repo.objects.blobs[id]
	switch {
	case !ok:
		return nil, notFound
	case len(data) > maxBlob:
		return nil, refusalFor("Blob", "data", "too_large", "This API returns blobs up to 100 MB in size. The requested blob is too large to fetch via the API.")
	case c.rawAsked():
		return c.sendRaw(data)
	}
	return obj{
		"sha": id, "node_id": nodeID("B", c.repo.id) + id, "size": len(data), "url": c.repo.api("/git/blobs/" + id),
		"encoding": "base64", "content": lined(data),
	}, nil
}

// refusalFor is a 403 about a field.
func refusalFor(resource, field, code, message string) *refusal {
	no := refuse(http.StatusForbidden, "%s", message)
	no.errors = []any{obj{"resource": resource, "field": field, "code": code}}
	return no
}

// lined is base64 in lines of 60 characters, as GitHub writes it.
func lined(data []byte) string {
	const width = 60
	text := base64.StdEncoding.EncodeToString(data)
	var b strings.Builder
	for len(text) > 0 {
		n := min(width, len(text))
		b.WriteString(text[:n] + "\n")
		text = text[n:]
	}
	return b.String()
}

func (s *Server) getContents(c *call) (any, *refusal) {
	ref := c.r.URL.Query().Get("ref")
	if ref == "" {
		ref = defaultBranch
	}
	x := c.repo.resolve(ref)
	if x == nil {
		return nil, refuse(http.StatusNotFound, "No commit found for the ref %s", ref)
	}
	name := strings.Trim(c.r.PathValue("path"), "/")
	e, ok := entry{mode: modeTree, id: x.tree}, true
	if name != "" {
		e, ok = c.repo.objects.lookup(x.tree, name)
	}
	// GitHub follows links to files inside the repository.
	if ok && e.mode == modeSymlink {
		to := path.Join(path.Dir(name), string(c.repo.objects.blobs[e.id]))
		if target, found := c.repo.objects.lookup(x.tree, to); found && target.kind() == "blob" {
			e = target
		}
	}
	switch {
	case !ok:
		return nil, notFound
	case e.mode == modeTree:
		return s.folder(c, e.id, name, ref), nil
	case e.kind() == "blob" && c.rawAsked() && len(c.repo.objects.blobs[e.id]) <= maxBlob:
		return c.sendRaw(c.repo.objects.blobs[e.id])
	case len(c.repo.objects.blobs[e.id]) > maxBlob:
		return nil, refusalFor("Blob", "data", "too_large", "This API returns blobs up to 100 MB in size. The requested blob is too large to fetch via the API, but you can always clone the repository.")
	}
	return s.contentJSON(c.repo, e, name, ref, true), nil
}

// folder lists a folder, at most its first thousand entries.
func (s *Server) folder(c *call, tree, name, ref string) []obj {
	list := c.repo.objects.trees[tree]
	return mapped(list[:min(len(list), maxFolder)], func(e entry) obj {
		return s.contentJSON(c.repo, e, path.Join(name, e.name), ref, false)
	})
}

// contentJSON is an entry as the contents API shows it; whole adds the content.
func (s *Server) contentJSON(r *Repo, e entry, name, ref string, whole bool) obj {
	data := r.objects.blobs[e.id]
	self := r.api("/contents/" + escapePath(name) + "?ref=" + escapePath(ref))
	page := r.html("/blob/" + escapePath(ref) + "/" + escapePath(name))
	o := obj{
		"name": utf8Name(path.Base(name)), "path": utf8Name(name), "sha": e.id, "size": len(data), "type": "file", "url": self, "html_url": page,
		"git_url": r.api("/git/blobs/" + e.id), "download_url": site + "/raw/" + r.fullName() + "/" + escapePath(ref) + "/" + escapePath(name),
	}
	switch {
	case e.mode == modeTree:
		o["type"], o["size"], o["download_url"], o["git_url"] = "dir", 0, nil, r.api("/git/trees/"+e.id)
	case e.mode == modeModule:
		o["size"], o["download_url"] = 0, nil
		if whole {
			o["type"], o["submodule_git_url"] = "submodule", site+"/some/module.git"
		}
	case e.mode == modeSymlink:
		o["type"], o["target"] = "symlink", string(data)
	case whole && len(data) <= maxContents:
		o["encoding"], o["content"] = "base64", lined(data)
	case whole:
		o["encoding"], o["content"] = "none", "" // above 1 MB
	}
	o["_links"] = obj{"self": self, "git": o["git_url"], "html": page}
	return o
}

// stamp writes a time, and null for none.
func stamp(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UTC().Format(time.RFC3339)
}
