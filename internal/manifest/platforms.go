package manifest

import (
	"slices"
	"strings"
)

// platformKeys are by what lock files of npm's family say where an entry is installed.
// What they say of the C library comes and goes with the version of the tool.
var platformKeys = []string{"os", "cpu"}

// platforms reads the names of one key, "!name" for all but one.
func (r *jsonReader) platforms(key string, list []string) ([]string, error) {
	take := func() error {
		name, err := r.text("a platform")
		list = append(list, key+" "+name)
		return err
	}
	switch r.next() {
	case '"':
		return list, take()
	case '[':
		return list, r.array(key, take)
	}
	r.skip()
	return list, nil
}

// platforms reads all keys of an entry.
func (v *yamlValue) platforms() (list []string) {
	for _, key := range platformKeys {
		names := v.child(key)
		switch {
		case names == nil:
		case names.isScalar():
			list = append(list, key+" "+names.text)
		case names.kind == yamlSeq:
			for _, e := range names.list {
				list = append(list, key+" "+e.text)
			}
		}
	}
	return sorted(list)
}

// berryPlatforms reads "os=linux & (cpu=x64 | cpu=arm64)".
func berryPlatforms(conditions string) (list []string) {
	for word := range strings.FieldsFuncSeq(conditions, func(r rune) bool { return strings.ContainsRune(" &|()", r) }) {
		key, name, _ := strings.Cut(word, "=")
		if slices.Contains(platformKeys, key) {
			list = append(list, key+" "+name)
		}
	}
	return sorted(list)
}

// widened reports whether something is installed where it was not before.
func widened(old, new []string) bool {
	return slices.ContainsFunc(platformKeys, func(key string) bool {
		only, but := platformsOf(old, key)
		nowOnly, nowBut := platformsOf(new, key)
		switch {
		case len(only) > 0 && len(nowOnly) == 0:
			return true
		case len(only) > 0:
			return missing(nowOnly, only)
		case len(nowOnly) > 0:
			return slices.ContainsFunc(nowOnly, func(name string) bool {
				_, excluded := slices.BinarySearch(but, "!"+name)
				return excluded
			})
		}
		return missing(but, nowBut)
	})
}

// platformsOf are the only platforms that a key names, and those that it excludes.
func platformsOf(list []string, key string) (only, but []string) {
	for _, p := range list {
		if name, is := strings.CutPrefix(p, key+" "); is && strings.HasPrefix(name, "!") {
			but = append(but, name)
		} else if is {
			only = append(only, name)
		}
	}
	return only, but
}
