package ghfake

import (
	"cmp"
	"crypto/sha1" //nolint:gosec // git's object ids
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"
)

// A File is one file of a tree. For a submodule Content is the commit's id.
type File struct {
	Mode    string // "100644" when empty
	Content string
}

// Files are the files of a commit by path; a nil *File in changes removes one.
type Files map[string]*File

// Text makes a regular file.
func Text(content string) *File { return &File{"100644", content} }

// objects is a git object store in memory, with git's own ids.
type objects struct {
	blobs   map[string][]byte
	trees   map[string][]entry
	commits map[string]*commit
}

type entry struct{ mode, kind, name, id string }

type commit struct {
	id, tree         string
	parents          []string
	author           Signature
	committer        Signature
	message          string
	raw              string
	touchedDiffLines []fileDiff // against the first parent, computed when asked
	diffed           bool
}

// Signature is who made a commit and when.
type Signature struct {
	Name, Email string
	When        time.Time
}

func newObjects() *objects {
	return &objects{blobs: make(map[string][]byte), trees: make(map[string][]entry), commits: make(map[string]*commit)}
}

func hashObject(kind string, data []byte) string {
	h := sha1.New() //nolint:gosec // git's object ids
	fmt.Fprintf(h, "%s %d\x00", kind, len(data))
	h.Write(data)
	return hex.EncodeToString(h.Sum(nil))
}

func (o *objects) blob(content string) string {
	id := hashObject("blob", []byte(content))
	if _, ok := o.blobs[id]; !ok {
		o.blobs[id] = []byte(content)
	}
	return id
}

// tree writes the files as nested trees and returns the root's id.
func (o *objects) tree(files map[string]entry) string {
	direct := make(map[string]entry)
	below := make(map[string]map[string]entry)
	for path, e := range files {
		name, rest, nested := strings.Cut(path, "/")
		if !nested {
			e.name = name
			direct[name] = e
			continue
		}
		if below[name] == nil {
			below[name] = make(map[string]entry)
		}
		below[name][rest] = e
	}
	for name, sub := range below {
		direct[name] = entry{"40000", "tree", name, o.tree(sub)}
	}
	entries := make([]entry, 0, len(direct))
	for _, e := range direct {
		entries = append(entries, e)
	}
	slices.SortFunc(entries, func(a, b entry) int { return cmp.Compare(sortName(a), sortName(b)) })
	var raw strings.Builder
	for _, e := range entries {
		id, err := hex.DecodeString(e.id)
		if err != nil {
			panic("ghfake: " + e.id + " is no id")
		}
		raw.WriteString(e.mode + " " + e.name + "\x00" + string(id))
	}
	id := hashObject("tree", []byte(raw.String()))
	o.trees[id] = entries
	return id
}

// sortName is how git orders: a folder as if it ended in a slash.
func sortName(e entry) string {
	if e.kind == "tree" {
		return e.name + "/"
	}
	return e.name
}

// flat lists the files of a tree by path.
func (o *objects) flat(tree, prefix string, into map[string]entry) {
	for _, e := range o.trees[tree] {
		if e.kind == "tree" {
			o.flat(e.id, prefix+e.name+"/", into)
		} else {
			into[prefix+e.name] = e
		}
	}
}

func (o *objects) files(commitID string) map[string]entry {
	files := make(map[string]entry)
	if c := o.commits[commitID]; c != nil {
		o.flat(c.tree, "", files)
	}
	return files
}

// lookup finds a path in a tree; a folder is found as well.
func (o *objects) lookup(tree, path string) (entry, bool) {
	name, rest, nested := strings.Cut(path, "/")
	for _, e := range o.trees[tree] {
		if e.name != name {
			continue
		}
		if nested {
			if e.kind != "tree" {
				return entry{}, false
			}
			return o.lookup(e.id, rest)
		}
		return e, true
	}
	return entry{}, false
}

// commit writes a commit whose files are the first parent's with changes.
func (o *objects) commit(parents []string, changes Files, message string, author Signature) string {
	files := make(map[string]entry)
	if len(parents) > 0 {
		files = o.files(parents[0])
	}
	for path, f := range changes {
		if f == nil {
			delete(files, path)
			continue
		}
		mode := cmp.Or(f.Mode, "100644")
		if mode == "160000" {
			files[path] = entry{mode: mode, kind: "commit", id: f.Content}
			continue
		}
		files[path] = entry{mode: mode, kind: "blob", id: o.blob(f.Content)}
	}
	c := &commit{tree: o.tree(files), parents: parents, author: author, committer: author, message: message}
	var raw strings.Builder
	fmt.Fprintf(&raw, "tree %s\n", c.tree)
	for _, p := range parents {
		fmt.Fprintf(&raw, "parent %s\n", p)
	}
	sign := fmt.Sprintf("%s <%s> %d +0000", author.Name, author.Email, author.When.Unix())
	fmt.Fprintf(&raw, "author %s\ncommitter %s\n\n%s", sign, sign, message)
	c.raw = raw.String()
	c.id = hashObject("commit", []byte(c.raw))
	o.commits[c.id] = c
	return c.id
}

// ancestors are the commits reachable from one, itself included.
func (o *objects) ancestors(id string) map[string]bool {
	seen := make(map[string]bool)
	todo := []string{id}
	for len(todo) > 0 {
		last := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if seen[last] || o.commits[last] == nil {
			continue
		}
		seen[last] = true
		todo = append(todo, o.commits[last].parents...)
	}
	return seen
}

// mergeBase is a common ancestor that no other common ancestor descends from.
func (o *objects) mergeBase(a, b string) string {
	common := o.ancestors(a)
	for id := range common {
		if !o.ancestors(b)[id] {
			delete(common, id)
		}
	}
	best := make(map[string]bool, len(common))
	for id := range common {
		best[id] = true
	}
	for id := range common {
		for _, p := range o.commits[id].parents {
			for up := range o.ancestors(p) {
				delete(best, up)
			}
		}
	}
	ids := make([]string, 0, len(best))
	for id := range best {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	if len(ids) == 0 {
		return ""
	}
	return ids[0]
}

// between lists the commits reachable from head and not from base, parents
// first.
func (o *objects) between(base, head string) []*commit {
	old := o.ancestors(base)
	var list []*commit
	seen := make(map[string]bool)
	var visit func(id string)
	visit = func(id string) {
		if seen[id] || old[id] || o.commits[id] == nil {
			return
		}
		seen[id] = true
		for _, p := range o.commits[id].parents {
			visit(p)
		}
		list = append(list, o.commits[id])
	}
	visit(head)
	return list
}
