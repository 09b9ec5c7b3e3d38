package deploymentports

import "slices"

// Where several ports are expected of one container, one that answers is enough
// to make it right: the others may be declared for nothing. What was answered
// before the change and is no more is a mismatch all the same.

// maxSeveral is how many ports of one container are told from each other.
const maxSeveral = 10

// suspects are the expectations of several ports, one of which nobody answers
// while the program listens where nobody expects it.
func (r *repository) suspects() []pair {
	var found []pair
	for _, e := range r.expects {
		expected := unique(e.ports)
		if len(expected) < 2 || len(expected) > maxSeveral || e.implicit {
			continue
		}
		answers := r.allListens(e)
		for _, p := range expected {
			if slices.ContainsFunc(answers, func(l listen) bool { return l.port == p || l.port == 0 }) {
				continue
			}
			for _, l := range answers {
				if !slices.Contains(expected, l.port) && (!e.injects || l.env != "PORT") {
					one := e
					one.ports = []int{p}
					found = append(found, pair{one, l})
				}
			}
		}
	}
	return found
}

func (r *repository) allListens(e expect) []listen {
	var all []listen
	for _, u := range r.link(e) {
		all = append(all, r.listens(u, e)...)
	}
	return all
}

// moved are the suspects whose port the same file answered before the change.
func (r *repository) moved(base *repository, suspects []pair) []pair {
	before := make(map[[2]string][]expect)
	for _, e := range base.expects {
		key := [2]string{e.place.path, e.name}
		before[key] = append(before[key], e)
	}
	return slices.DeleteFunc(suspects, func(p pair) bool {
		port := p.expect.ports[0]
		return !slices.ContainsFunc(before[[2]string{p.expect.place.path, p.expect.name}], func(e expect) bool {
			return slices.Contains(e.ports, port) &&
				slices.ContainsFunc(base.allListens(e), func(l listen) bool { return l.path == p.listen.path && l.port == port })
		})
	})
}
