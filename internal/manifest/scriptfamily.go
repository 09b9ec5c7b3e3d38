package manifest

import "strings"

// scriptFamilies are the scripts whose names begin alike, up to a colon: some programs
// run them together, by names such as "build:*".
type scriptFamilies map[string][]int

func familiesOf(scripts []Script) scriptFamilies {
	families := make(scriptFamilies)
	for i, s := range scripts {
		first, _, more := strings.Cut(s.Name, ":")
		if more {
			families[first] = append(families[first], i)
		}
	}
	return families
}

// take gives, once, the scripts that a word with a "*" in it may mean.
func (f scriptFamilies) take(word string) (scripts []int) {
	star := strings.IndexByte(word, '*')
	if star < 0 {
		return nil
	}
	first, _, named := strings.Cut(word[:star], ":")
	if named {
		scripts = f[first]
		delete(f, first)
		return scripts
	}
	for name, of := range f {
		scripts = append(scripts, of...)
		delete(f, name)
	}
	return scripts
}
