package session

import "strings"

// branch judges the head branch's name. The first shape that fits names the
// agent; no name ever says that it was a person.
func (d *detector) branch(name string) {
	for _, b := range branches {
		if matchShape(b.shape, name) {
			d.agent(rankBranch, b.agent, "branch", name, "head branch")
			return
		}
	}
}

// matchShape compares a name with a branch's shape. Every "#" and "%" ends
// where its digits end, a "*" before the first character that follows it in the
// shape.
func matchShape(shape, name string) bool {
	for shape != "" {
		if name == "" {
			return false
		}
		n := 1
		switch shape[0] {
		case '#':
			n = len(name) - len(strings.TrimLeft(name, "0123456789"))
		case '%':
			n = len(name) - len(strings.TrimLeft(name, "0123456789abcdef"))
		case '*':
			if shape == "*" {
				return true
			}
			at := strings.IndexByte(name[1:], shape[1])
			return at >= 0 && matchShape(shape[1:], name[1+at:])
		default:
			if name[0] != shape[0] {
				return false
			}
		}
		if n == 0 {
			return false
		}
		shape, name = shape[1:], name[n:]
	}
	return name == ""
}
