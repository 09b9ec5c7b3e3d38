package change

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
)

// Side names one of the two trees of a change.
type Side int

// The two trees: the merge base's and the head's.
const (
	AtBase Side = iota
	AtHead
)

func (s Side) String() string {
	if s == AtBase {
		return "merge base"
	}
	return "head"
}

// An Entry is one file of a tree.
type Entry struct {
	Path string
	Mode Mode
	Blob string
}

// A Blob is the content of a file. Data is nil and TooLarge is set when the
// content is over the limit it was asked with.
type Blob struct {
	Data     []byte
	Size     int64
	TooLarge bool
}

// A Source gives access to the two trees of a change. Its methods may be slow;
// they are called through the change, which caches what they return, and may
// be called concurrently.
type Source interface {
	// Entries looks up paths in one tree. A path that is not there is not in
	// the result; anything that cannot be told is an error.
	Entries(ctx context.Context, side Side, paths []string) (map[string]Entry, error)
	// Blobs reads contents by id. A blob over limit.File bytes comes back as
	// TooLarge without its data. When the others together exceed limit.Change
	// bytes the error wraps ErrTooLarge, and no more than that is held in
	// memory. An id that cannot be read is an error.
	Blobs(ctx context.Context, ids []string, limit Limits) (map[string]Blob, error)
	// Lines counts the changed lines of each file, in the order given, as
	// git counts them without looking at attributes.
	Lines(ctx context.Context, files []File) ([]Lines, error)
}

// A CommitSource is a Source that also knows which names each commit touched
// against its first parent, old names and new, sorted.
type CommitSource interface {
	CommitPaths(ctx context.Context, ids []string) (map[string][]string, error)
}

// CommitPaths returns the names that some commits of the change touched.
func (c *Change) CommitPaths(ctx context.Context, ids []string) (map[string][]string, error) {
	source, ok := c.Source.(CommitSource)
	if !ok {
		return nil, fmt.Errorf("list the files of %d commits: %w", len(ids), errNoSource)
	}
	return source.CommitPaths(ctx, ids)
}

// Limits bound what may be read of one change.
type Limits struct {
	File   int64 // bytes of one file; 0 means DefaultFileLimit
	Change int64 // bytes of all files; 0 means DefaultChangeLimit
}

// The defaults of Limits.
const (
	DefaultFileLimit   = 5 << 20
	DefaultChangeLimit = 64 << 20
)

// MaxCountedFiles is the number of files above which lines are not counted
// unless somebody asks: counting costs fifty times what listing does.
const MaxCountedFiles = 3000

// ErrTooLarge is wrapped by errors about contents over a limit.
var ErrTooLarge = errors.New("too large")

// ErrNotCounted is returned by a source that cannot count lines at a price worth
// paying. The change then counts as large.
var ErrNotCounted = errors.New("lines are not counted for a change of this size")

// A TooLargeError is about one file over its limit; it wraps ErrTooLarge.
type TooLargeError struct {
	Size, Limit int64 // bytes
}

func (e *TooLargeError) Error() string {
	return fmt.Sprintf("%v: %d bytes, the limit is %d", ErrTooLarge, e.Size, e.Limit)
}

// Unwrap makes the error one of ErrTooLarge.
func (e *TooLargeError) Unwrap() error { return ErrTooLarge }

// Usage says what was read of a change.
type Usage struct {
	Files  int // whose content was read
	Bytes  int64
	Listed int // files of a whole tree, see Tree
}

// contents is the cache behind Read. Its fields are guarded by Change.reading,
// which is held while the source is asked, so that two rules that want the same
// file ask once.
type contents struct {
	entries [2]map[string]lookup
	blobs   map[string]Blob
	usage   Usage
	lines   []Lines
	counted bool
	sum     Lines
	trees   trees
	err     error // why counting lines did not work; kept, since a verdict must not depend on luck
}

// lookup is a cached answer; found is false for a path that is not in the tree.
type lookup struct {
	entry Entry
	found bool
}

// Lookup finds a path in one of the two trees. The files of the change itself
// are answered without asking the source.
func (c *Change) Lookup(ctx context.Context, side Side, path string) (Entry, bool, error) {
	c.reading.Lock()
	defer c.reading.Unlock()
	if err := c.load(ctx, side, []string{path}); err != nil {
		return Entry{}, false, err
	}
	l := c.content.entries[side][path]
	return l.entry, l.found, nil
}

// Read returns the content of a file in one of the two trees; the caller must
// not modify it. The error wraps fs.ErrNotExist when the file is not there and
// ErrTooLarge when it is over a limit. A link's content is its target; a
// submodule has none.
func (c *Change) Read(ctx context.Context, side Side, path string) ([]byte, error) {
	c.reading.Lock()
	defer c.reading.Unlock()
	if err := c.load(ctx, side, []string{path}); err != nil {
		return nil, err
	}
	l := c.content.entries[side][path]
	if !l.found || l.entry.Mode == Submodule {
		return nil, fmt.Errorf("read %q at the %s: %w", path, side, fs.ErrNotExist)
	}
	if err := c.fetch(ctx, []string{l.entry.Blob}); err != nil {
		return nil, fmt.Errorf("read %q at the %s: %w", path, side, err)
	}
	b := c.content.blobs[l.entry.Blob]
	if b.TooLarge {
		return nil, fmt.Errorf("read %q at the %s: %w", path, side, &TooLargeError{b.Size, c.fileLimit()})
	}
	return b.Data, nil
}

// Prefetch reads many files of one tree at once, so that the source can answer
// them together. Paths that are not there are no error; errors come back from
// the Read that needs the file.
func (c *Change) Prefetch(ctx context.Context, side Side, paths []string) {
	c.reading.Lock()
	defer c.reading.Unlock()
	if c.load(ctx, side, paths) != nil {
		return
	}
	var ids []string
	for _, p := range paths {
		if l := c.content.entries[side][p]; l.found && l.entry.Mode != Submodule {
			ids = append(ids, l.entry.Blob)
		}
	}
	// The error is not lost: the Read that needs the file asks again and fails.
	_ = c.fetch(ctx, ids)
}

// Usage returns what has been read so far.
func (c *Change) Usage() Usage {
	c.reading.Lock()
	defer c.reading.Unlock()
	return c.content.usage
}

// CountLines returns the lines of each file, in the order of Files, and their
// sum. The source is asked once.
func (c *Change) CountLines(ctx context.Context) ([]Lines, Lines, error) {
	c.reading.Lock()
	defer c.reading.Unlock()
	k := &c.content
	if !k.counted {
		k.counted = true
		k.lines, k.err = c.countLines(ctx)
		for _, l := range k.lines {
			k.sum.Added += l.Added
			k.sum.Deleted += l.Deleted
		}
	}
	return k.lines, k.sum, k.err
}

func (c *Change) countLines(ctx context.Context) ([]Lines, error) {
	if len(c.Files) == 0 {
		return nil, nil
	}
	if c.Source == nil {
		return nil, errNoSource
	}
	lines, err := c.Source.Lines(ctx, c.Files)
	if err == nil && len(lines) != len(c.Files) {
		return nil, fmt.Errorf("count lines: %d answers for %d files", len(lines), len(c.Files))
	}
	return lines, err
}

var errNoSource = errors.New("contents are not available")

func (c *Change) fileLimit() int64 {
	if c.Limits.File > 0 {
		return c.Limits.File
	}
	return DefaultFileLimit
}

func (c *Change) changeLimit() int64 {
	if c.Limits.Change > 0 {
		return c.Limits.Change
	}
	return DefaultChangeLimit
}

// load makes sure that the paths are in the cache of one tree.
func (c *Change) load(ctx context.Context, side Side, paths []string) error {
	known := c.known(side)
	var ask []string
	for _, p := range paths {
		if _, ok := known[p]; ok {
			continue
		}
		if l, ok := c.inTree(side, p); ok {
			known[p] = l
			continue
		}
		ask = append(ask, p)
	}
	if len(ask) == 0 {
		return nil
	}
	if c.Source == nil {
		return errNoSource
	}
	slices.Sort(ask)
	found, err := c.Source.Entries(ctx, side, slices.Compact(ask))
	if err != nil {
		return fmt.Errorf("look up %d paths at the %s: %w", len(ask), side, err)
	}
	for _, p := range ask {
		e, ok := found[p]
		known[p] = lookup{e, ok}
	}
	return nil
}

// known returns the cache of one tree, filled with the change's own files.
func (c *Change) known(side Side) map[string]lookup {
	if m := c.content.entries[side]; m != nil {
		return m
	}
	m := make(map[string]lookup, len(c.Files))
	for _, f := range c.Files {
		before, after := f.BasePath(), f.HeadPath()
		if side == AtBase && before != "" {
			m[before] = lookup{Entry{before, f.OldMode, f.OldBlob}, true}
		}
		if side == AtHead && after != "" {
			m[after] = lookup{Entry{after, f.Mode, f.Blob}, true}
		}
	}
	c.absent(side, m)
	c.content.entries[side] = m
	return m
}

// absent notes the names that the change itself shows not to be in a tree.
func (c *Change) absent(side Side, m map[string]lookup) {
	for _, f := range c.Files {
		name := ""
		switch {
		case side == AtBase && f.BasePath() != f.Path:
			name = f.Path
		case side == AtHead && f.Status == Removed:
			name = f.Path
		case side == AtHead && f.OldPath != "":
			name = f.OldPath
		}
		if _, there := m[name]; name != "" && !there {
			m[name] = lookup{}
		}
	}
}

// fetch makes sure that the blobs are in the cache, within the limits.
func (c *Change) fetch(ctx context.Context, ids []string) error {
	k := &c.content
	if k.blobs == nil {
		k.blobs = make(map[string]Blob)
	}
	ids = slices.DeleteFunc(slices.Clone(ids), func(id string) bool { _, ok := k.blobs[id]; return ok })
	slices.Sort(ids)
	ids = slices.Compact(ids)
	if len(ids) == 0 {
		return nil
	}
	if c.Source == nil {
		return errNoSource
	}
	left := c.changeLimit() - k.usage.Bytes
	if left <= 0 {
		return fmt.Errorf("%w: the change's limit of %d bytes is used up", ErrTooLarge, c.changeLimit())
	}
	found, err := c.Source.Blobs(ctx, ids, Limits{File: c.fileLimit(), Change: left})
	if err != nil {
		return err
	}
	for _, id := range ids {
		b, ok := found[id]
		if !ok {
			return fmt.Errorf("blob %s: %w", id, fs.ErrNotExist)
		}
		k.blobs[id] = b
		k.usage.Files++
		k.usage.Bytes += int64(len(b.Data))
	}
	return nil
}
