package manifest

// An edge is what an entry of Cargo.lock, by its index, is built with.
type edge struct {
	from int
	to   string
}

// cargoEdges remembers what an entry, the last one that was read, is built with, and
// under which names it is asked for: lock files write as much of "name version
// (source)" as tells the entries apart.
func (f *File) cargoEdges(n *lockNode) {
	for _, d := range n.list("dependencies") {
		f.edges = append(f.edges, edge{len(f.Packages) - 1, d.text})
	}
	name, version := n.str("name"), n.str("version")
	f.entryNames = append(f.entryNames, name, name+" "+version, name+" "+version+" ("+n.str("source")+")")
}

// namesOfEntry is how many names cargoEdges gives to each.
const namesOfEntry = 3

// numbers are given to texts, each of which is looked at once: a text that is long may
// be at the end of every edge.
type numbers map[string]int

func (n numbers) of(text string) int {
	if _, known := n[text]; !known {
		n[text] = len(n)
	}
	return n[text]
}

// An end is an entry that another is built with, and its number.
type end struct {
	is *Package
	id int
}

// edgeEnds are the entries that each entry is built with, by its number and that of the
// name of the crate; in the order of the file. A member is known by its name, since its
// own version says nothing; others with all that tells them apart.
func (f *File) edgeEnds(known numbers) (ends map[[2]int][]end, order [][2]int) {
	at := make(map[string]int, len(f.entryNames))
	for i, name := range f.entryNames {
		if _, twice := at[name]; twice {
			at[name] = -1 // names nobody for certain
		} else {
			at[name] = i / namesOfEntry
		}
	}
	ids, names := make([]int, len(f.Packages)), make([]int, len(f.Packages))
	for i := range f.Packages {
		p := &f.Packages[i]
		ids[i], names[i] = known.of(p.Name+"\x00"+p.Spec+"\x00"+p.Source), known.of(p.Name)
	}
	ends = make(map[[2]int][]end)
	for _, e := range f.edges {
		i, there := at[e.to]
		if !there || i < 0 {
			continue
		}
		key := [2]int{ids[e.from], names[i]}
		if ends[key] == nil {
			order = append(order, key)
		}
		ends[key] = append(ends[key], end{&f.Packages[i], ids[i]})
	}
	return ends, order
}

// movedEdges are the pairs of what an entry, itself unchanged, was built with and what
// it is built with now, of one crate.
func movedEdges(before, after *File) (moved [][2]*Package) {
	if len(before.edges) == 0 || len(after.edges) == 0 {
		return nil
	}
	known := make(numbers)
	was, _ := before.edgeEnds(known)
	now, order := after.edgeEnds(known)
	for _, key := range order {
		gone, came := notAmong(was[key], now[key]), notAmong(now[key], was[key])
		for i := range min(len(gone), len(came)) {
			moved = append(moved, [2]*Package{gone[i], came[i]})
		}
	}
	return moved
}

// notAmong are the entries of a list that another does not have.
func notAmong(list, others []end) (rest []*Package) {
	has := make(map[int]bool, len(others))
	for _, e := range others {
		has[e.id] = true
	}
	for _, e := range list {
		if !has[e.id] {
			rest = append(rest, e.is)
		}
	}
	return rest
}
