package gitrepo

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/changeguard/changeguard/change"
)

// Span says which changes of the past are meant.
type Span struct {
	Head  string // a revision; "" means HEAD
	After string // a revision whose history is left out, or ""
	Since int64  // seconds since 1970; commits made before are left out; 0 means all
	// Merges takes what each commit of the head's first-parent line brought, a
	// merge with all the commits that it joined, instead of each commit alone.
	Merges bool
	Most   int  // changes, the newest; 0 means all
	Lines  bool // lines are counted, which takes git far longer than listing files
	Limits change.Limits
}

// A Past lists the changes of the past, the newest first. Commits without a
// parent in the clone are no changes to anything; Skipped counts them.
type Past struct {
	Head    string
	Len     int
	Skipped int
	When    map[string]int64 // seconds since 1970 at which commits were made

	repo  *Repo
	span  Span
	moves []move
}

// move is one change: a commit against its first parent, and the commits that it
// brought.
type move struct {
	id, parent string
	commits    []string
}

// maxPast bounds how many commits are looked at.
const maxPast = 1_000_000

// Past lists the changes of the past. Contents are read when somebody asks.
func (r *Repo) Past(ctx context.Context, s Span) (*Past, error) {
	rev := s.Head
	if rev == "" {
		rev = "HEAD"
	}
	head, err := r.resolve(ctx, rev)
	if err != nil {
		return nil, err
	}
	args := []string{"rev-list", "--parents", "--timestamp", "--topo-order", "--max-count=" + strconv.Itoa(maxPast+1)}
	if s.Since > 0 {
		args = append(args, "--max-age="+strconv.FormatInt(s.Since, 10))
	}
	args = append(args, head)
	if s.After != "" {
		after, err := r.resolve(ctx, s.After)
		if err != nil {
			return nil, err
		}
		args = append(args, "^"+after)
	}
	out, err := r.run(ctx, append(args, "--")...)
	if err != nil {
		return nil, err
	}
	g, err := parseParents(out)
	if err != nil {
		return nil, err
	}
	if len(g.order) > maxPast {
		return nil, usage("there are more than %d commits; name fewer by --since", maxPast)
	}
	p := &Past{Head: head, When: g.when, repo: r, span: s}
	if s.Merges {
		p.moves = g.line(head)
	} else {
		p.moves = g.single()
	}
	p.moves = slices.DeleteFunc(p.moves, func(m move) bool {
		orphan := m.parent == "" || r.cut[m.id]
		if orphan {
			p.Skipped++
		}
		return orphan
	})
	if s.Most > 0 && len(p.moves) > s.Most {
		p.moves = p.moves[:s.Most]
	}
	p.Len = len(p.moves)
	return p, nil
}

// graph is who whose parents are, and git's order, children first.
type graph struct {
	parents map[string][]string
	order   []string
	when    map[string]int64
}

func parseParents(out []byte) (graph, error) {
	g := graph{parents: make(map[string][]string), when: make(map[string]int64)}
	for line := range strings.Lines(string(out)) {
		fields := strings.Fields(line)
		if len(fields) < 2 {
			return g, errRaw
		}
		when, err := strconv.ParseInt(fields[0], 10, 64)
		if err != nil {
			return g, fmt.Errorf("%w: %q is no time", errRaw, fields[0])
		}
		id := fields[1]
		g.parents[id], g.when[id] = fields[2:], when
		g.order = append(g.order, id)
	}
	return g, nil
}

func (g graph) first(id string) string {
	if p := g.parents[id]; len(p) > 0 {
		return p[0]
	}
	return ""
}

// single is every commit that joins nothing.
func (g graph) single() (moves []move) {
	for _, id := range g.order {
		if len(g.parents[id]) < 2 {
			moves = append(moves, move{id, g.first(id), []string{id}})
		}
	}
	return moves
}

// line is the head's first-parent line. Each commit off the line belongs to the
// oldest commit of the line that has it.
func (g graph) line(head string) (moves []move) {
	var line []string
	onLine := make(map[string]bool)
	for id := head; id != "" && !onLine[id]; id = g.first(id) {
		if _, ours := g.parents[id]; !ours {
			break
		}
		onLine[id] = true
		line = append(line, id)
	}
	seen := maps.Clone(onLine)
	for _, id := range slices.Backward(line) {
		m := move{id, g.first(id), []string{id}}
		todo := slices.Clone(g.parents[id])
		for len(todo) > 0 {
			next := todo[len(todo)-1]
			todo = todo[:len(todo)-1]
			if parents, ours := g.parents[next]; ours && !seen[next] {
				seen[next] = true
				m.commits = append(m.commits, next)
				todo = append(todo, parents...)
			}
		}
		moves = append(moves, m)
	}
	slices.Reverse(moves)
	return moves
}

// pastBatch is how many changes are listed at once: enough that git's start does
// not count, and few enough to be held.
const pastBatch = 500

// Each loads the changes in order and hands them out. It goes on listing while
// each works; an error of each ends it.
func (p *Past) Each(ctx context.Context, each func(*change.Change) error) error {
	type batch struct {
		changes []*change.Change
		err     error
	}
	ctx, cancel := context.WithCancel(ctx)
	loaded := make(chan batch, 1)
	go func() {
		defer close(loaded)
		for part := range slices.Chunk(p.moves, pastBatch) {
			b := batch{}
			b.changes, b.err = p.load(ctx, part)
			loaded <- b
			if b.err != nil {
				return
			}
		}
	}()
	var failed error
	for b := range loaded {
		if failed != nil {
			continue // so that the other side can end
		}
		failed = b.err
		for _, c := range b.changes {
			if failed == nil {
				failed = each(c)
			}
		}
		if failed != nil {
			cancel()
		}
	}
	cancel()
	return failed
}

// load reads the files and the commits of some changes.
func (p *Past) load(ctx context.Context, moves []move) ([]*change.Change, error) {
	var stdin strings.Builder
	var ids []string
	for _, m := range moves {
		fmt.Fprintf(&stdin, "%s %s\n", m.id, m.parent)
		ids = append(ids, m.commits...)
	}
	args := append(slices.Clone(diffTree), "--raw", "--stdin", "--always")
	if p.span.Lines {
		args = append(args, "--numstat")
	}
	out, err := p.repo.feed(ctx, stdin.String(), args...)
	if err != nil {
		return nil, err
	}
	listed, err := parsePast(out, p.repo.isID)
	if err != nil {
		return nil, err
	}
	commits, err := p.commits(ctx, ids)
	if err != nil {
		return nil, err
	}
	changes := make([]*change.Change, 0, len(moves))
	for _, m := range moves {
		c, err := p.change(m, listed[m.id], commits)
		if err != nil {
			return nil, fmt.Errorf("commit %s: %w", m.id, err)
		}
		changes = append(changes, c)
	}
	return changes, nil
}

// commits reads commit objects by id.
func (p *Past) commits(ctx context.Context, ids []string) (map[string]change.Commit, error) {
	p.repo.mu.Lock()
	defer p.repo.mu.Unlock()
	found, err := p.repo.read(ctx, "commit", ids, change.Limits{File: maxCommitSize, Change: maxCommitsSize})
	if err != nil {
		return nil, err
	}
	commits := make(map[string]change.Commit, len(ids))
	for _, id := range ids {
		o := found[id]
		if o.data == nil {
			return nil, fmt.Errorf("commit %s: %w", id, &change.TooLargeError{Size: o.size, Limit: maxCommitSize})
		}
		commits[id] = parseCommit(id, o.data)
	}
	return commits, nil
}

// pastFiles is what git lists of one commit, by its own names.
type pastFiles struct {
	files  []change.File
	counts map[string]change.Lines
}

// parsePast reads what diff-tree prints for a list of commits: an id, then its
// files as parseRaw has them, then, when they are counted, as parseNumstat.
func parsePast(out []byte, isID func(string) bool) (map[string]*pastFiles, error) {
	found := make(map[string]*pastFiles)
	var at *pastFiles
	for fields := splitNUL(out); len(fields) > 0; {
		switch {
		case isID(fields[0]):
			at = &pastFiles{counts: make(map[string]change.Lines)}
			found[fields[0]], fields = at, fields[1:]
		case at == nil:
			return nil, errRaw
		case strings.HasPrefix(fields[0], ":") && len(fields) > 1:
			f, err := parseRawFile(fields[0], fields[1])
			if err != nil {
				return nil, err
			}
			at.files, fields = append(at.files, f), fields[2:]
		default:
			counted := strings.SplitN(fields[0], "\t", 3)
			if len(counted) != 3 {
				return nil, errRaw
			}
			n, err := parseCounts(counted[0], counted[1])
			if err != nil {
				return nil, err
			}
			at.counts[counted[2]], fields = n, fields[1:]
		}
	}
	return found, nil
}

// change puts one together.
func (p *Past) change(m move, listed *pastFiles, commits map[string]change.Commit) (*change.Change, error) {
	if listed == nil {
		return nil, fmt.Errorf("%w: git did not list it", errRaw)
	}
	c := &change.Change{Event: change.PullRequest, Base: m.parent, MergeBase: m.parent, Head: m.id, Limits: p.span.Limits, Files: listed.files}
	s := &pastSource{source: source{repo: p.repo, change: c}, counted: p.span.Lines, counts: listed.counts}
	raw := make([]string, len(c.Files))
	for i, f := range c.Files {
		raw[i] = f.Path
	}
	var err error
	if s.names, err = shownNames(raw); err != nil {
		return nil, err
	}
	for i := range c.Files {
		c.Files[i].Path = s.names.show(c.Files[i].Path)
	}
	for _, id := range m.commits {
		c.Commits = append(c.Commits, commits[id])
	}
	c.Source = s
	c.Normalise()
	return c, nil
}

// pastSource is a source whose lines were counted with the listing, or are not
// counted at all: a process of git for each change would take longer than all
// else.
type pastSource struct {
	source
	counted bool
	counts  map[string]change.Lines
}

// Lines implements change.Source.
func (s *pastSource) Lines(_ context.Context, files []change.File) ([]change.Lines, error) {
	if !s.counted {
		return nil, change.ErrNotCounted
	}
	lines := make([]change.Lines, len(files))
	for i, f := range files {
		if f.Status != change.Renamed && f.Mode != change.Submodule && f.OldMode != change.Submodule {
			lines[i] = s.counts[s.names.git(f.Path)]
		}
	}
	return lines, nil
}

// Keep keeps the changes of whose own commit keep says so; it is asked of the newest
// first.
func (p *Past) Keep(ctx context.Context, keep func(change.Commit) bool) error {
	var kept []move
	for part := range slices.Chunk(p.moves, pastBatch) {
		ids := make([]string, len(part))
		for i, m := range part {
			ids[i] = m.id
		}
		commits, err := p.commits(ctx, ids)
		if err != nil {
			return err
		}
		for _, m := range part {
			if keep(commits[m.id]) {
				kept = append(kept, m)
			}
		}
	}
	p.moves, p.Len = kept, len(kept)
	return nil
}
