package ghfake

import (
	"bytes"
	"cmp"
	"crypto/sha1" //nolint:gosec // git's object ids
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// store is a git object store in memory, with git's own ids.
type store struct {
	blobs   map[string][]byte
	trees   map[string][]entry // in git's order
	commits map[string]*commit
	after   map[string][]string // the commits that have one as a parent
	tags    map[string]string // annotated tags: what they point to

	// What was computed of objects, which never change.
	diffs  map[[2]string][]*fileDiff
	bases  map[[2]string]string
	ranges map[[2]string][]*commit
}

// The modes of entries as git writes them in a tree.
const (
	modeFile    = "100644"
	modeSymlink = "120000"
	modeTree    = "40000"
	modeModule  = "160000"
)

// entry is one line of a tree. Its name is not always UTF-8.
type entry struct{ mode, name, id string }

// kind is the type of the object that an entry names.
func (e entry) kind() string {
	switch e.mode {
	case modeTree:
		return "tree"
	case modeModule:
		return "commit"
	}
	return "blob"
}

type commit struct {
	id, tree          string
	parents           []string
	author, committer Signature
	message           string
}

// Signature is who made a commit and when.
type Signature struct {
	Name, Email string
	When        time.Time
}

func newStore() *store {
	return &store{
		blobs: make(map[string][]byte), trees: make(map[string][]entry), commits: make(map[string]*commit), after: make(map[string][]string),
		tags: make(map[string]string), diffs: make(map[[2]string][]*fileDiff),
		bases: make(map[[2]string]string), ranges: make(map[[2]string][]*commit),
	}
}

func hashObject(kind string, data []byte) string {
	h := sha1.New() //nolint:gosec // git's object ids
	fmt.Fprintf(h, "%s %d\x00", kind, len(data))
	h.Write(data)
	return hex.EncodeToString(h.Sum(nil))
}

func (o *store) putBlob(data []byte) string {
	id := hashObject("blob", data)
	o.blobs[id] = data
	return id
}

// putTree writes a tree and returns its id.
func (o *store) putTree(entries []entry) string {
	slices.SortFunc(entries, func(a, b entry) int { return cmp.Compare(sortName(a), sortName(b)) })
	var raw bytes.Buffer
	for _, e := range entries {
		id, err := hex.DecodeString(e.id)
		if err != nil || len(id) != sha1.Size {
			panic(fmt.Sprintf("ghfake: %q is no object id", e.id))
		}
		raw.WriteString(e.mode + " " + e.name + "\x00")
		raw.Write(id)
	}
	id := hashObject("tree", raw.Bytes())
	o.trees[id] = entries
	return id
}

// sortName is how git orders: a folder as if it ended in a slash.
func sortName(e entry) string {
	if e.mode == modeTree {
		return e.name + "/"
	}
	return e.name
}

// putCommit writes a commit and returns its id.
func (o *store) putCommit(c commit) string {
	var raw strings.Builder
	fmt.Fprintf(&raw, "tree %s\n", c.tree)
	for _, p := range c.parents {
		fmt.Fprintf(&raw, "parent %s\n", p)
	}
	fmt.Fprintf(&raw, "author %s\ncommitter %s\n\n%s", c.author, c.committer, c.message)
	c.id = hashObject("commit", []byte(raw.String()))
	o.keep(&c)
	return c.id
}

// keep adds a commit.
func (o *store) keep(c *commit) {
	if o.commits[c.id] == nil {
		for _, p := range c.parents {
			o.after[p] = append(o.after[p], c.id)
		}
	}
	o.commits[c.id] = c
}

// String is the signature as a commit object holds it.
func (s Signature) String() string {
	return fmt.Sprintf("%s <%s> %d %s", s.Name, s.Email, s.When.Unix(), s.When.Format("-0700"))
}

// add reads a raw object of another repository. What was computed before may
// have missed it.
func (o *store) add(kind string, raw []byte) error {
	clear(o.diffs)
	clear(o.bases)
	clear(o.ranges)
	id := hashObject(kind, raw)
	switch kind {
	case "blob":
		o.blobs[id] = raw
	case "tree":
		entries, err := readTree(raw)
		if err != nil {
			return err
		}
		o.trees[id] = entries
	case "commit":
		o.keep(readCommit(id, string(raw)))
	case "tag":
		line, _, _ := strings.Cut(string(raw), "\n")
		o.tags[id] = strings.TrimPrefix(line, "object ")
	default:
		return fmt.Errorf("git has no objects of kind %q", kind)
	}
	return nil
}

func readTree(raw []byte) ([]entry, error) {
	var entries []entry
	for len(raw) > 0 {
		head, rest, ok := bytes.Cut(raw, []byte{0})
		mode, name, ok2 := strings.Cut(string(head), " ")
		if !ok || !ok2 || len(rest) < sha1.Size {
			return nil, errors.New("a tree object cannot be read")
		}
		entries = append(entries, entry{mode, name, hex.EncodeToString(rest[:sha1.Size])})
		raw = rest[sha1.Size:]
	}
	return entries, nil
}

func readCommit(id, raw string) *commit {
	c := &commit{id: id}
	head, message, _ := strings.Cut(raw, "\n\n")
	c.message = message
	for line := range strings.Lines(head) {
		key, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		switch key {
		case "tree":
			c.tree = value
		case "parent":
			c.parents = append(c.parents, value)
		case "author":
			c.author = readSignature(value)
		case "committer":
			c.committer = readSignature(value)
		}
	}
	return c
}

// readSignature reads what a commit says of a person. Old repositories hold
// nonsensical times, which become the epoch.
func readSignature(s string) Signature {
	name, rest, _ := strings.Cut(s, " <")
	email, when, _ := strings.Cut(rest, "> ")
	seconds, zone, _ := strings.Cut(when, " ")
	n, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil {
		n = 0
	}
	at := time.Unix(n, 0).UTC()
	if z, err := time.Parse("-0700", zone); err == nil {
		_, offset := z.Zone()
		at = at.In(time.FixedZone("", offset))
	}
	return Signature{name, email, at}
}
