package gitrepo

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// names knows which of git's names are shown as another text.
type names struct {
	shown map[string]string // by git's name; only those that differ
	raw   map[string]string // and back
}

// shownNames finds the text for each of git's names. A name that is UTF-8 is
// its own text and keeps it; another is shown with U+FFFD for what cannot be
// read. Where that text is taken, its bytes are added, so that two files never
// become one. The result does not depend on the order of the names.
//
// One name twice is an error: the tree says two things about it.
func shownNames(raw []string) (names, error) {
	n := names{make(map[string]string), make(map[string]string)}
	taken := make(map[string]bool, len(raw))
	var odd []string
	for _, name := range raw {
		if taken[name] {
			return n, fmt.Errorf("%w: %q is there twice", errRaw, name)
		}
		if utf8.ValidString(name) {
			taken[name] = true
		} else {
			odd = append(odd, name)
		}
	}
	slices.Sort(odd)
	for i, name := range odd {
		if i > 0 && odd[i-1] == name {
			return n, fmt.Errorf("%w: %q is there twice", errRaw, name)
		}
		text := readable(name, false)
		if taken[text] {
			text = readable(name, true)
		}
		for taken[text] {
			text += "\ufffd"
		}
		taken[text] = true
		n.shown[name], n.raw[text] = text, name
	}
	return n, nil
}

// show is the text of a name; one that was not known is read alone.
func (n names) show(raw string) string {
	if text, ok := n.shown[raw]; ok {
		return text
	}
	return readable(raw, false)
}

// git is git's name for a text.
func (n names) git(shown string) string {
	if raw, ok := n.raw[shown]; ok {
		return raw
	}
	return shown
}

// readable replaces what is no UTF-8 by U+FFFD, one for each longest start of a
// character, as browsers do; with their bytes in hexadecimal when asked.
func readable(s string, hex bool) string {
	if utf8.ValidString(s) {
		return s
	}
	var b strings.Builder
	for len(s) > 0 {
		if r, n := utf8.DecodeRuneInString(s); r != utf8.RuneError || n > 1 {
			b.WriteString(s[:n])
			s = s[n:]
			continue
		}
		n := broken(s)
		b.WriteString("\ufffd")
		if hex {
			fmt.Fprintf(&b, "%x", s[:n])
		}
		s = s[n:]
	}
	return b.String()
}

// broken is the length of the character that begins at s and is not finished: as
// many bytes as some character could start with, at least one.
func broken(s string) int {
	for n := min(3, len(s)); n > 1; n-- {
		if startsCharacter(s[:n]) {
			return n
		}
	}
	return 1
}

// startsCharacter reports whether some character starts with these bytes, which
// are too few for it.
func startsCharacter(s string) bool {
	for _, rest := range []string{"\x80", "\xbf", "\x80\x80", "\xbf\xbf"} {
		if r, n := utf8.DecodeRuneInString(s + rest); (r != utf8.RuneError || n > 1) && n == len(s)+len(rest) {
			return true
		}
	}
	return false
}
