package pathset

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Unreadable reports whether a path is not what a person reads in it: it holds
// control, bidirectional, invisible or private characters, bytes that are no
// UTF-8, or a segment that git or a file system takes for another one. The
// reason names the first, to be read after "contains".
//
// A blank other than the space is reported only where it cannot be seen, at the
// ends of a segment: some systems write one into the names of screenshots.
func Unreadable(path string) (reason string, bad bool) {
	for i := 0; i < len(path); {
		r, n := utf8.DecodeRuneInString(path[i:])
		if r == utf8.RuneError && n == 1 {
			return fmt.Sprintf("byte 0x%02X, which is no UTF-8", path[i]), true
		}
		if reason := unreadable(r); reason != "" {
			return reason, true
		}
		i += n
	}
	if path == "" {
		return "", false // no path, such as the old one of a new file
	}
	for segment := range strings.SplitSeq(path, "/") {
		if reason := misread(segment); reason != "" {
			return reason, true
		}
	}
	return "", false
}

// unreadable names a character that nobody sees for what it is, "" for all
// others.
func unreadable(r rune) string {
	if ' ' <= r && r <= '~' {
		return ""
	}
	if r&0xfffe == 0xfffe {
		return fmt.Sprintf("U+%04X noncharacter", r)
	}
	at, ok := slices.BinarySearchFunc(unseen, r, func(u characters, r rune) int {
		if u.first <= r && r <= u.last {
			return 0
		}
		return cmp.Compare(u.first, r)
	})
	if !ok {
		return ""
	}
	return fmt.Sprintf("U+%04X %s", r, unseen[at].name)
}

// misread finds what is wrong with a segment of readable characters.
func misread(segment string) string {
	switch segment {
	case "":
		return "an empty segment"
	case ".", "..":
		return "the segment " + quote(segment)
	}
	for part := range strings.SplitSeq(segment, `\`) { // which parts names on Windows
		if gitFolder(part) {
			return "the segment " + quote(segment) + ", which is git's own folder on some machines"
		}
	}
	text := strings.Trim(segment, " ")
	first, _ := utf8.DecodeRuneInString(text)
	last, _ := utf8.DecodeLastRuneInString(text)
	for _, r := range []rune{first, last} {
		if blank(r) {
			return fmt.Sprintf("U+%04X blank at an end of a segment", r)
		}
	}
	return ""
}

// gitFolder reports whether NTFS may open ".git" under this name: it drops dots
// and spaces at the end, reads a colon as the start of a stream's name, and knows
// a short form. Git refuses the same names.
func gitFolder(name string) bool {
	name, _, _ = strings.Cut(name, ":")
	name = strings.TrimRight(name, ". ")
	return strings.EqualFold(name, ".git") || strings.EqualFold(name, "git~1")
}

// blank reports whether a character is a blank but not the space.
func blank(r rune) bool {
	switch r {
	case 0xa0, 0x1680, 0x202f, 0x205f, 0x3000:
		return true
	}
	return 0x2000 <= r && r <= 0x200a
}

// characters is a range of them.
type characters struct {
	first, last rune
	name        string
}

// unseen are the characters that are invisible, change the order in which others
// are shown, or look different on every machine. The table is our own, not that
// of the Go release, so that a verdict does not change with it; it holds all that
// Unicode calls default ignorable and all that HFS+ ignores.
var unseen = []characters{
	{0x00, 0x08, "control character"},
	{0x09, 0x09, "tab"},
	{0x0a, 0x0a, "line feed"},
	{0x0b, 0x0c, "control character"},
	{0x0d, 0x0d, "carriage return"},
	{0x0e, 0x1a, "control character"},
	{0x1b, 0x1b, "escape"},
	{0x1c, 0x1f, "control character"},
	{0x7f, 0x7f, "delete"},
	{0x80, 0x9f, "control character"},
	{0xad, 0xad, "soft hyphen"},
	{0x34f, 0x34f, "combining grapheme joiner"},
	{0x61c, 0x61c, "Arabic letter mark"},
	{0x115f, 0x1160, "Hangul filler"},
	{0x17b4, 0x17b5, "invisible Khmer vowel"},
	{0x180b, 0x180d, "variation selector"},
	{0x180e, 0x180e, "Mongolian vowel separator"},
	{0x180f, 0x180f, "variation selector"},
	{0x200b, 0x200b, "zero width space"},
	{0x200c, 0x200c, "zero width non-joiner"},
	{0x200d, 0x200d, "zero width joiner"},
	{0x200e, 0x200e, "left-to-right mark"},
	{0x200f, 0x200f, "right-to-left mark"},
	{0x2028, 0x2028, "line separator"},
	{0x2029, 0x2029, "paragraph separator"},
	{0x202a, 0x202a, "left-to-right embedding"},
	{0x202b, 0x202b, "right-to-left embedding"},
	{0x202c, 0x202c, "pop directional formatting"},
	{0x202d, 0x202d, "left-to-right override"},
	{0x202e, 0x202e, "right-to-left override"},
	{0x2060, 0x2060, "word joiner"},
	{0x2061, 0x2065, "invisible character"},
	{0x2066, 0x2066, "left-to-right isolate"},
	{0x2067, 0x2067, "right-to-left isolate"},
	{0x2068, 0x2068, "first strong isolate"},
	{0x2069, 0x2069, "pop directional isolate"},
	{0x206a, 0x206f, "invisible character"},
	{0x2800, 0x2800, "blank braille pattern"},
	{0x3164, 0x3164, "Hangul filler"},
	{0xe000, 0xf8ff, "private use character"},
	{0xfdd0, 0xfdef, "noncharacter"},
	{0xfe00, 0xfe0f, "variation selector"},
	{0xfeff, 0xfeff, "zero width no-break space"},
	{0xffa0, 0xffa0, "Hangul filler"},
	{0xfff0, 0xfffb, "invisible character"},
	{0xfffc, 0xfffc, "object replacement character"},
	{0xfffd, 0xfffd, "replacement character"},
	{0x13430, 0x13440, "hieroglyph format control"},
	{0x1bca0, 0x1bca3, "shorthand format control"},
	{0x1d173, 0x1d17a, "musical format control"},
	{0xe0000, 0xe00ff, "tag character"},
	{0xe0100, 0xe01ef, "variation selector"},
	{0xe01f0, 0xe0fff, "invisible character"},
	{0xf0000, 0x10ffff, "private use character"},
}
