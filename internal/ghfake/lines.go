package ghfake

import "bytes"

// textDiff is the comparison of two contents by lines.
type textDiff struct {
	added, deleted int
	patch          string // "" for binary and equal contents
	lines          int    // of the patch
}

// binary tells as git does: a NUL among the first bytes.
func binary(data []byte) bool { return bytes.IndexByte(data[:min(len(data), 8000)], 0) >= 0 }

// splitLines cuts a content after each line's end.
func splitLines(data []byte) []string {
	if len(data) == 0 {
		return nil
	}
	var list []string
	for line := range bytes.Lines(data) {
		list = append(list, string(line))
	}
	return list
}

func compareText(before, after []byte) textDiff {
	if binary(before) || binary(after) {
		return textDiff{}
	}
	a, b := splitLines(before), splitLines(after)
	s := newScript(a, b)
	t := textDiff{}
	for _, gone := range s.gone {
		t.deleted += count(gone)
	}
	for _, come := range s.come {
		t.added += count(come)
	}
	t.patch, t.lines = hunks(a, b, s)
	return t
}

func count(b bool) int {
	if b {
		return 1
	}
	return 0
}

// script says which lines go and which come.
type script struct {
	gone, come []bool
}

// newScript finds a shortest script. Lines that only one side has cannot be
// kept, and are left out of the search.
func newScript(a, b []string) *script {
	s := &script{make([]bool, len(a)), make([]bool, len(b))}
	ids := make(map[string]int)
	number := func(lines []string) []int {
		list := make([]int, len(lines))
		for i, l := range lines {
			id, ok := ids[l]
			if !ok {
				id = len(ids)
				ids[l] = id
			}
			list[i] = id
		}
		return list
	}
	x, y := number(a), number(b)
	inX, inY := make([]bool, len(ids)), make([]bool, len(ids))
	for _, id := range x {
		inX[id] = true
	}
	for _, id := range y {
		inY[id] = true
	}
	p, q := keep(x, inY, s.gone), keep(y, inX, s.come)
	size := len(p.ids) + len(q.ids) + 3
	m := &myers{forward: make([]int, 2*size), backward: make([]int, 2*size), a: p, b: q}
	m.compare(0, len(p.ids), 0, len(q.ids))
	return s
}

// sequence are the lines that the other side has too, with their places.
type sequence struct {
	ids, at []int
	changed []bool // by place, in the whole content
}

func keep(ids []int, other, changed []bool) sequence {
	s := sequence{changed: changed}
	for i, id := range ids {
		if other[id] {
			s.ids, s.at = append(s.ids, id), append(s.at, i)
		} else {
			changed[i] = true
		}
	}
	return s
}

// myers is the linear-space search of E. Myers, "An O(ND) Difference Algorithm".
type myers struct {
	forward, backward []int
	a, b              sequence
}

// compare marks what changes between a[lo:hi] and b[from:to].
func (m *myers) compare(lo, hi, from, to int) {
	for lo < hi && from < to && m.a.ids[lo] == m.b.ids[from] {
		lo, from = lo+1, from+1
	}
	for lo < hi && from < to && m.a.ids[hi-1] == m.b.ids[to-1] {
		hi, to = hi-1, to-1
	}
	switch {
	case lo == hi:
		for j := from; j < to; j++ {
			m.b.changed[m.b.at[j]] = true
		}
	case from == to:
		for i := lo; i < hi; i++ {
			m.a.changed[m.a.at[i]] = true
		}
	default:
		i, j := m.middle(lo, hi, from, to)
		m.compare(lo, i, from, j)
		m.compare(i, hi, j, to)
	}
}

// middle finds a point on a shortest path, by walking from both ends until the
// walks meet.
func (m *myers) middle(lo, hi, from, to int) (i, j int) {
	n, k := hi-lo, to-from
	delta, zero := n-k, len(m.forward)/2
	f, b := m.forward, m.backward
	f[zero+1], b[zero+1] = 0, 0
	for d := 0; ; d++ {
		for diagonal := -d; diagonal <= d; diagonal += 2 {
			if diagonal < -k || diagonal > n {
				continue // outside the rectangle
			}
			x := advance(f, zero+diagonal, diagonal == -d || diagonal == -k, diagonal == d || diagonal == n)
			for x < n && x-diagonal < k && m.a.ids[lo+x] == m.b.ids[from+x-diagonal] {
				x++
			}
			f[zero+diagonal] = x
			if other := delta - diagonal; delta%2 != 0 && other > -d && other < d && x+b[zero+other] >= n {
				return lo + x, from + x - diagonal
			}
		}
		for diagonal := -d; diagonal <= d; diagonal += 2 {
			if diagonal < -k || diagonal > n {
				continue
			}
			x := advance(b, zero+diagonal, diagonal == -d || diagonal == -k, diagonal == d || diagonal == n)
			for x < n && x-diagonal < k && m.a.ids[hi-1-x] == m.b.ids[to-1-x+diagonal] {
				x++
			}
			b[zero+diagonal] = x
			if other := delta - diagonal; delta%2 == 0 && other >= -d && other <= d && x+f[zero+other] >= n {
				return hi - x, to - x + diagonal
			}
		}
	}
}

// advance takes the further of the two neighbouring diagonals.
func advance(v []int, at int, lowest, highest bool) int {
	if lowest || !highest && v[at-1] < v[at+1] {
		return v[at+1]
	}
	return v[at-1] + 1
}
