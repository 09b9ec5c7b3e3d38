package gitrepo

import (
	"bufio"
	"context"
	"crypto/sha1" //nolint:gosec // git's object ids
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os/exec"
	"strconv"
	"strings"

	"github.com/changeguard/changeguard/change"
)

// batch is a running `git cat-file`. Ids go in, one a line. For each comes a
// line "id type size" or "id missing", and, from the process that was started
// for contents, size bytes and a line end. Only whole ids are ever asked for, so
// no name of a file can break the protocol.
type batch struct {
	cmd    *exec.Cmd
	cancel context.CancelFunc
	in     io.WriteCloser
	pipe   io.Closer // what out reads from
	out    *bufio.Reader
}

func (r *Repo) start(option string) (*batch, error) {
	// The process outlives single calls; Close or a failed read ends it.
	ctx, cancel := context.WithCancel(context.Background())
	b := &batch{cmd: r.command(ctx, "cat-file", option), cancel: cancel}
	in, err1 := b.cmd.StdinPipe()
	out, err2 := b.cmd.StdoutPipe()
	for _, err := range []error{err1, err2} {
		if err != nil {
			cancel()
			return nil, fmt.Errorf("start git cat-file: %w", err)
		}
	}
	b.in, b.pipe, b.out = in, out, bufio.NewReaderSize(out, 64<<10)
	if err := b.cmd.Start(); err != nil {
		cancel()
		return nil, fmt.Errorf("start git cat-file: %w", err)
	}
	return b, nil
}

// stop ends the process. Its pipes are closed as well, since something that it
// started may hold their other ends. What fails here is already gone.
func (b *batch) stop() {
	b.cancel()
	_ = b.in.Close()
	_ = b.pipe.Close()
}

func (b *batch) close() {
	b.stop()
	_ = b.cmd.Wait() // it was told to end
}

// An object as cat-file describes it. kind is "" when it is missing; data is
// nil when it was not asked for.
type object struct {
	kind string
	size int64
	data []byte
}

// exchange asks one of the two processes for some ids and has each answer read.
// The caller holds mu. After an error the process is ended, since nobody knows
// where in its output it stands.
func (r *Repo) exchange(ctx context.Context, process **batch, option string, ids []string, answer func(b *batch, id string) error) error {
	ctx, cancel := context.WithTimeout(ctx, r.timeout)
	defer cancel()
	if *process == nil {
		b, err := r.start(option)
		if err != nil {
			return err
		}
		*process = b
	}
	b := *process
	stop := context.AfterFunc(ctx, b.stop)
	// Asking and reading go on at once: git stops reading ids while nobody reads
	// its answers.
	asked := make(chan struct{})
	go func() {
		defer close(asked)
		_, _ = io.WriteString(b.in, strings.Join(ids, "\n")+"\n") // the answers will be missing
	}()
	var err error
	for i := 0; i < len(ids) && err == nil; i++ {
		err = answer(b, ids[i])
	}
	if !stop() && ctx.Err() != nil {
		err = fmt.Errorf("git cat-file took too long: %w", ctx.Err())
	}
	if err != nil {
		b.close()
		*process = nil
	}
	<-asked
	return err
}

// header reads the line that begins an answer.
func (b *batch) header(id string) (object, error) {
	line, err := b.out.ReadSlice('\n')
	if err != nil {
		return object{}, fmt.Errorf("read git's answer for %s: %w", id, err)
	}
	fields := strings.Split(strings.TrimSuffix(string(line), "\n"), " ")
	if len(fields) == 2 && fields[0] == id && fields[1] == "missing" {
		return object{}, nil
	}
	if len(fields) != 3 || fields[0] != id {
		return object{}, fmt.Errorf("%w: for %s it is %q", errRaw, id, line)
	}
	size, err := strconv.ParseInt(fields[2], 10, 64)
	if err != nil || size < 0 {
		return object{}, fmt.Errorf("%w: %s has the size %q", errRaw, id, fields[2])
	}
	return object{kind: fields[1], size: size}, nil
}

// body reads the bytes of an object that was announced with this kind and size.
func (b *batch) body(id string, want object) ([]byte, error) {
	o, err := b.header(id)
	if err != nil {
		return nil, err
	}
	if o.kind != want.kind || o.size != want.size {
		return nil, fmt.Errorf("%w: %s was a %s of %d bytes and is now a %s of %d", errRaw, id, want.kind, want.size, o.kind, o.size)
	}
	data := make([]byte, o.size+1)
	if _, err := io.ReadFull(b.out, data); err != nil {
		return nil, fmt.Errorf("read object %s: %w", id, err)
	}
	data = data[:o.size:o.size]
	if got := hashObject(o.kind, data, len(id)); got != id {
		return nil, fmt.Errorf("object %s is broken: its content has the id %s", id, got)
	}
	return data, nil
}

// hashObject computes an object's id again. Git does not when it reads, so that
// an object store that was tampered with would go unnoticed.
func hashObject(kind string, data []byte, digits int) string {
	var h hash.Hash = sha1.New() //nolint:gosec // git's object ids
	if digits == 2*sha256.Size {
		h = sha256.New()
	}
	fmt.Fprintf(h, "%s %d\x00", kind, len(data))
	h.Write(data)
	return hex.EncodeToString(h.Sum(nil))
}

// stat describes objects. The caller must not hold mu.
func (r *Repo) stat(ctx context.Context, ids []string) (map[string]object, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.describe(ctx, ids)
}

// describe is stat for a caller that holds mu.
func (r *Repo) describe(ctx context.Context, ids []string) (map[string]object, error) {
	for _, id := range ids {
		if !r.isID(id) {
			return nil, fmt.Errorf("%q is no object id", id)
		}
	}
	found := make(map[string]object, len(ids))
	if len(ids) == 0 {
		return found, nil // an empty line would be taken for a name
	}
	err := r.exchange(ctx, &r.sizes, "--batch-check", ids, func(b *batch, id string) error {
		o, err := b.header(id)
		found[id] = o
		return err
	})
	return found, err
}

// read reads objects of one kind within limits. One over limit.File comes
// without data; when the others together are over limit.Change nothing is read
// and the error wraps change.ErrTooLarge. The caller holds mu.
func (r *Repo) read(ctx context.Context, kind string, ids []string, limit change.Limits) (map[string]object, error) {
	if found, ok := r.quickRead(kind, ids, min(limit.File, limit.Change/maxQuickObjects)); ok && ctx.Err() == nil {
		return found, nil
	}
	found, err := r.describe(ctx, ids)
	if err != nil {
		return nil, err
	}
	var fetch []string
	total := int64(0)
	seen := make(map[string]bool, len(ids))
	for _, id := range ids {
		o := found[id]
		switch {
		case o.kind == "":
			return nil, fmt.Errorf("object %s is missing in this clone, `%s` brings it: %w", id, r.whole(), fs.ErrNotExist)
		case o.kind != kind:
			return nil, fmt.Errorf("object %s is a %s and not a %s", id, o.kind, kind)
		case o.size > limit.File || seen[id]:
			continue
		}
		seen[id] = true
		fetch = append(fetch, id)
		if total += o.size; total > limit.Change {
			return nil, fmt.Errorf("%w: more than %d bytes together", change.ErrTooLarge, limit.Change)
		}
	}
	if len(fetch) == 0 {
		return found, nil
	}
	err = r.exchange(ctx, &r.contents, "--batch", fetch, func(b *batch, id string) error {
		o := found[id]
		o.data, err = b.body(id, o)
		found[id] = o
		return err
	})
	return found, err
}

// blobs reads contents within limits.
func (r *Repo) blobs(ctx context.Context, ids []string, limit change.Limits) (map[string]change.Blob, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	objects, err := r.read(ctx, "blob", ids, limit)
	if err != nil {
		return nil, err
	}
	found := make(map[string]change.Blob, len(objects))
	for id, o := range objects {
		found[id] = change.Blob{Data: o.data, Size: o.size, TooLarge: o.data == nil}
	}
	return found, nil
}
