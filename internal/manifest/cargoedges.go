package manifest

import "slices"

// An edge is what an entry of Cargo.lock is built with. A member is known by its
// name, since its own version says nothing; others with all that tells them apart.
type edge struct{ from, to string }

// cargoEdges remembers what an entry, the last one that was read, is built with, and
// under which names it is asked for: lock files write as much of "name version
// (source)" as tells the entries apart.
func (f *File) cargoEdges(n *lockNode) {
	p := &f.Packages[len(f.Packages)-1]
	from := p.Name + "\x00" + p.Spec + "\x00" + p.Source
	for _, d := range n.list("dependencies") {
		f.edges = append(f.edges, edge{from, d.text})
	}
	name, version := n.str("name"), n.str("version")
	f.entryNames = append(f.entryNames, name, name+" "+version, name+" "+version+" ("+n.str("source")+")")
}

// namesOfEntry is how many names cargoEdges gives to each.
const namesOfEntry = 3

// edgeEnds are the entries that each entry is built with, by its key and the name of
// the crate; in the order of the file.
func (f *File) edgeEnds() (ends map[string][]*Package, order []string) {
	at := make(map[string]*Package, len(f.entryNames))
	for i, name := range f.entryNames {
		if _, twice := at[name]; twice {
			at[name] = nil // names nobody for certain
		} else {
			at[name] = &f.Packages[i/namesOfEntry]
		}
	}
	ends = make(map[string][]*Package)
	for _, e := range f.edges {
		is := at[e.to]
		if is == nil {
			continue
		}
		key := e.from + "\x00" + is.Name
		if ends[key] == nil {
			order = append(order, key)
		}
		ends[key] = append(ends[key], is)
	}
	return ends, order
}

// movedEdges are the pairs of what an entry, itself unchanged, was built with and what
// it is built with now, of one crate.
func movedEdges(before, after *File) (moved [][2]*Package) {
	if len(before.edges) == 0 || len(after.edges) == 0 {
		return nil
	}
	was, _ := before.edgeEnds()
	now, order := after.edgeEnds()
	for _, key := range order {
		gone, came := notAmong(was[key], now[key]), notAmong(now[key], was[key])
		for i := range min(len(gone), len(came)) {
			moved = append(moved, [2]*Package{gone[i], came[i]})
		}
	}
	return moved
}

// notAmong are the entries of a list that another does not have.
func notAmong(list, others []*Package) []*Package {
	has := make(map[string]bool, len(others))
	for _, p := range others {
		has[p.Spec+"\x00"+p.Source] = true
	}
	return slices.DeleteFunc(slices.Clone(list), func(p *Package) bool { return has[p.Spec+"\x00"+p.Source] })
}
