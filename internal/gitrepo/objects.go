package gitrepo

import (
	"bufio"
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os/exec"
	"strconv"
	"strings"

	"github.com/changeguard/changeguard/change"
)

// batch is a running `git cat-file --batch`: an id goes in, "id type size", the
// bytes and a line end come out.
type batch struct {
	cmd    *exec.Cmd
	cancel context.CancelFunc
	in     io.WriteCloser
	out    *bufio.Reader
}

func (r *Repo) start() (*batch, error) {
	// The process outlives single calls; Close or a failed read ends it.
	ctx, cancel := context.WithCancel(context.Background())
	b := &batch{cmd: r.command(ctx, "cat-file", "--batch"), cancel: cancel}
	in, err := b.cmd.StdinPipe()
	if err == nil {
		b.in = in
		var out io.Reader
		if out, err = b.cmd.StdoutPipe(); err == nil {
			b.out = bufio.NewReaderSize(out, 64<<10)
			err = b.cmd.Start()
		}
	}
	if err != nil {
		cancel()
		return nil, fmt.Errorf("start git cat-file: %w", err)
	}
	return b, nil
}

func (b *batch) close() {
	b.in.Close()
	b.cancel()
	_ = b.cmd.Wait() // it was told to die
}

// object is what cat-file answers. data is nil when size is over the limit.
type object struct {
	kind string
	size int64
	data []byte
}

// object reads one object by id. The caller holds mu.
func (r *Repo) object(ctx context.Context, id string, limit int64) (object, error) {
	if _, err := hex.DecodeString(id); err != nil || id == "" {
		return object{}, fmt.Errorf("%q is no object id", id)
	}
	if r.batch == nil {
		b, err := r.start()
		if err != nil {
			return object{}, err
		}
		r.batch = b
	}
	stop := context.AfterFunc(ctx, r.batch.cancel)
	o, err := r.batch.read(id, limit)
	if !stop() && ctx.Err() != nil {
		err = ctx.Err()
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		r.batch.close()
		r.batch = nil
	}
	return o, err
}

func (b *batch) read(id string, limit int64) (object, error) {
	if _, err := io.WriteString(b.in, id+"\n"); err != nil {
		return object{}, fmt.Errorf("ask git for %s: %w", id, err)
	}
	line, err := b.out.ReadString('\n')
	if err != nil {
		return object{}, fmt.Errorf("read git's answer for %s: %w", id, err)
	}
	fields := strings.Fields(line)
	if len(fields) == 2 && fields[1] == "missing" {
		return object{}, fmt.Errorf("object %s is missing in this clone: %w", id, fs.ErrNotExist)
	}
	if len(fields) != 3 {
		return object{}, fmt.Errorf("git's answer for %s cannot be read: %q", id, line)
	}
	size, err := strconv.ParseInt(fields[2], 10, 64)
	if err != nil || size < 0 {
		return object{}, fmt.Errorf("git's answer for %s has the size %q", id, fields[2])
	}
	o := object{kind: fields[1], size: size}
	if size > limit {
		_, err = io.CopyN(io.Discard, b.out, size+1)
		return o, err
	}
	o.data = make([]byte, size+1)
	if _, err := io.ReadFull(b.out, o.data); err != nil {
		return object{}, fmt.Errorf("read object %s: %w", id, err)
	}
	o.data = o.data[:size]
	return o, nil
}

// blobs reads contents within limits.
func (r *Repo) blobs(ctx context.Context, ids []string, limit change.Limits) (map[string]change.Blob, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	found := make(map[string]change.Blob, len(ids))
	total := int64(0)
	for _, id := range ids {
		o, err := r.object(ctx, id, limit.File)
		if err != nil {
			return nil, err
		}
		if o.size > limit.File {
			found[id] = change.Blob{Size: o.size, TooLarge: true}
			continue
		}
		if total += o.size; total > limit.Change {
			return nil, fmt.Errorf("%w: more than %d bytes together", change.ErrTooLarge, limit.Change)
		}
		found[id] = change.Blob{Data: o.data, Size: o.size}
	}
	return found, nil
}

// parseCommit reads a commit object.
func parseCommit(id string, o object) (change.Commit, error) {
	c := change.Commit{ID: id}
	switch {
	case o.kind != "commit":
		return c, fmt.Errorf("object %s is a %s, no commit", id, o.kind)
	case o.data == nil && o.size > 0:
		return c, fmt.Errorf("commit %s has %d bytes, the limit is %d", id, o.size, maxCommitSize)
	}
	head, message, _ := bytes.Cut(o.data, []byte("\n\n"))
	for line := range strings.Lines(string(head)) {
		key, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		switch key {
		case "parent":
			c.Parents = append(c.Parents, value)
		case "author":
			c.Author = identity(value)
		case "committer":
			c.Committer = identity(value)
		}
	}
	c.Message = strings.ToValidUTF8(string(message), "\ufffd")
	return c, nil
}

// identity reads "Name <email> time zone".
func identity(s string) change.Identity {
	name, rest, _ := strings.Cut(s, "<")
	email, _, _ := strings.Cut(rest, ">")
	valid := func(s string) string { return strings.ToValidUTF8(strings.TrimSpace(s), "\ufffd") }
	return change.Identity{Name: valid(name), Email: valid(email)}
}

// treeEntry is one entry of a tree object.
type treeEntry struct {
	mode change.Mode
	name string
	id   string
}

func (e treeEntry) tree() bool { return e.mode == "40000" }

// parseTree reads "mode name\0id" entries; ids are as long as the tree's own.
func parseTree(data []byte, idBytes int) ([]treeEntry, error) {
	var entries []treeEntry
	for len(data) > 0 {
		head, rest, ok := bytes.Cut(data, []byte{0})
		m, name, okName := strings.Cut(string(head), " ")
		if !ok || !okName || name == "" || len(rest) < idBytes {
			return nil, errRaw
		}
		entries = append(entries, treeEntry{mode(m), name, hex.EncodeToString(rest[:idBytes])})
		data = rest[idBytes:]
	}
	return entries, nil
}

const maxTreeSize = 64 << 20

// lookup walks down a commit's trees to a path.
func (r *Repo) lookup(ctx context.Context, commit, path string) (change.Entry, bool, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	o, err := r.object(ctx, commit, maxCommitSize)
	if err != nil {
		return change.Entry{}, false, err
	}
	line, _, _ := bytes.Cut(o.data, []byte("\n"))
	id, ok := strings.CutPrefix(string(line), "tree ")
	if !ok {
		return change.Entry{}, false, fmt.Errorf("object %s is no commit", commit)
	}
	for rest, more := path, true; more; {
		var name string
		name, rest, more = strings.Cut(rest, "/")
		e, found, err := r.child(ctx, id, name)
		switch {
		case err != nil || !found:
			return change.Entry{}, false, err
		case !more && !e.tree():
			return change.Entry{Path: path, Mode: e.mode, Blob: e.id}, true, nil
		case !e.tree():
			return change.Entry{}, false, nil
		}
		id = e.id
	}
	return change.Entry{}, false, nil
}

// child finds a name in a tree, which is read once.
func (r *Repo) child(ctx context.Context, tree, name string) (treeEntry, bool, error) {
	entries, ok := r.trees[tree]
	if !ok {
		o, err := r.object(ctx, tree, maxTreeSize)
		if err != nil {
			return treeEntry{}, false, err
		}
		if o.kind != "tree" || o.data == nil && o.size > 0 {
			return treeEntry{}, false, fmt.Errorf("object %s is no tree that can be read", tree)
		}
		if entries, err = parseTree(o.data, len(tree)/2); err != nil {
			return treeEntry{}, false, fmt.Errorf("tree %s: %w", tree, err)
		}
		r.trees[tree] = entries
	}
	for _, e := range entries {
		if e.name == name {
			return e, true, nil
		}
	}
	return treeEntry{}, false, nil
}
