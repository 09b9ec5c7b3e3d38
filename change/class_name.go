package change

import (
	"strings"
	"unicode/utf8"
)

// A name is a path in the parts that classes are told by, as the file systems
// that forget most would read it: in lower case, with "/" for "\", without the
// dots and blanks at the end of a segment that Windows drops and without the
// characters that macOS ignores.
type name struct {
	path string // as it is in the tree
	full string // folded: "a/b/c.txt"
	base string // "c.txt"
	ext  string // ".txt"
	odd  bool   // folding did more than lowering letters
}

func newName(path string) name {
	n := name{path: path, full: path}
	upper, ascii, plain := scanName(path)
	switch {
	case !plain:
		n.full, n.odd = fold(path)
	case !ascii:
		n.full, n.odd = foldUnicode(path)
	case upper:
		n.full = strings.ToLower(path)
	}
	n.base = n.full[strings.LastIndexByte(n.full, '/')+1:]
	if dot := strings.LastIndexByte(n.base, '.'); dot >= 0 {
		n.ext = n.base[dot:]
	}
	return n
}

// scanName looks at a path once: most need no folding at all.
func scanName(path string) (upper, ascii, plain bool) {
	ascii, plain = true, true
	var last byte
	for i := 0; i < len(path); i++ {
		b := path[i]
		switch nameByte[b] {
		case byteUpper:
			upper = true
		case byteWide:
			ascii = false
		case byteOdd:
			plain = false
		case byteSlash:
			if last == '.' || last == ' ' {
				plain = false
			}
		}
		last = b
	}
	if last == '.' || last == ' ' {
		plain = false
	}
	return upper, ascii, plain
}

const (
	byteUpper = iota + 1
	byteWide
	byteOdd
	byteSlash
)

// nameByte says which bytes of a path need a closer look.
var nameByte = func() (t [256]byte) {
	for b := range t {
		switch {
		case b >= 'A' && b <= 'Z':
			t[b] = byteUpper
		case b >= utf8.RuneSelf:
			t[b] = byteWide
		case b < ' ', b == 0x7f, b == '\\', b == '~':
			t[b] = byteOdd
		case b == '/':
			t[b] = byteSlash
		}
	}
	return t
}()

// fold reads a path as Windows would. A "~1" may stand for the rest of a name,
// so what it names is unknown.
func fold(path string) (folded string, odd bool) {
	path, odd = foldUnicode(path)
	if strings.ContainsRune(path, '\\') {
		path, odd = strings.ReplaceAll(path, `\`, "/"), true
	}
	segments := strings.Split(path, "/")
	for i, s := range segments {
		segments[i] = strings.TrimRight(s, ". ")
		odd = odd || segments[i] != s || shortened(s)
	}
	return strings.Join(segments, "/"), odd || strings.ContainsFunc(path, isControl)
}

// withoutStreams cuts each segment at its first colon, where Windows begins the
// name of a stream. Elsewhere a colon is a character like any other.
func withoutStreams(path string) string {
	segments := strings.Split(strings.ReplaceAll(path, `\`, "/"), "/")
	for i, s := range segments {
		segments[i], _, _ = strings.Cut(s, ":")
	}
	return strings.Join(segments, "/")
}

// shortened finds a "~" with a digit behind it.
func shortened(segment string) bool {
	at := strings.LastIndexByte(segment, '~')
	return at >= 0 && at+1 < len(segment) && segment[at+1] >= '0' && segment[at+1] <= '9'
}

func isControl(r rune) bool { return r < ' ' || r >= 0x7f && r < 0xa0 }

// foldUnicode lowers a path that has more than ASCII in it. Invalid UTF-8 and
// characters that nobody sees make it odd; letters that fold to ASCII ones do
// so here.
func foldUnicode(path string) (folded string, odd bool) {
	odd = !utf8.ValidString(path)
	seen := strings.Map(func(r rune) rune {
		if invisible(r) {
			return -1
		}
		return r
	}, path)
	if seen != path {
		odd = true
	}
	return asciiLookalikes.Replace(strings.ToLower(seen)), odd
}

// asciiLookalikes are the characters that case folding turns into ASCII letters
// and that lowering leaves alone.
var asciiLookalikes = strings.NewReplacer("ſ", "s", "ß", "ss", "ﬀ", "ff", "ﬁ", "fi", "ﬂ", "fl", "ﬃ", "ffi", "ﬄ", "ffl", "ﬅ", "st", "ﬆ", "st")

// invisible reports whether a character shows nothing or turns the direction of
// what follows.
func invisible(r rune) bool {
	switch {
	case r < 0xad:
		return false
	case r == 0xad, r == 0x34f, r == 0x61c, r == 0x115f, r == 0x1160, r == 0x17b4, r == 0x17b5, r == 0x3164, r == 0xfeff, r == 0xffa0:
		return true
	case r >= 0x180b && r <= 0x180f, r >= 0x200b && r <= 0x200f, r >= 0x2028 && r <= 0x202e, r >= 0x2060 && r <= 0x206f:
		return true
	default:
		return r >= 0xfe00 && r <= 0xfe0f || r >= 0xfff0 && r <= 0xfffb || r >= 0x1d173 && r <= 0x1d17a || r >= 0xe0000 && r <= 0xe0fff
	}
}

// hasFolder reports whether a path lies in a folder, at any depth.
func hasFolder(full, folder string) bool {
	at := strings.Index(full, folder+"/")
	return at == 0 || at > 0 && full[at-1] == '/'
}
