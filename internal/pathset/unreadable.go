package pathset

import (
	"fmt"
	"unicode"
	"unicode/utf8"
)

// Unreadable reports whether a path holds characters that people cannot see or
// that change how it is read: control, bidirectional and other invisible ones,
// or bytes that are no UTF-8. The reason names the first.
func Unreadable(path string) (reason string, bad bool) {
	for i := 0; i < len(path); {
		r, n := rune(path[i]), 1
		if r >= utf8.RuneSelf {
			r, n = utf8.DecodeRuneInString(path[i:])
		}
		if why := unreadable(r); why != "" {
			if r == utf8.RuneError && n == 1 {
				return fmt.Sprintf("a byte that is no UTF-8 (0x%02x)", path[i]), true
			}
			return fmt.Sprintf("%s (U+%04X)", why, r), true
		}
		i += n
	}
	return "", false
}

func unreadable(r rune) string {
	switch {
	case r < 0x20, r == 0x7f, 0x80 <= r && r <= 0x9f:
		return "a control character"
	case r < 0x80:
		return ""
	case r == utf8.RuneError:
		return "the replacement character"
	case r == 0x061c, r == 0x200e, r == 0x200f, 0x202a <= r && r <= 0x202e, 0x2066 <= r && r <= 0x2069:
		return "a character that changes the direction of writing"
	case r == 0x2028, r == 0x2029:
		return "a line separator"
	case unicode.Is(unicode.Cf, r), unicode.Is(unicode.Variation_Selector, r), r == 0x034f, r == 0x115f, r == 0x1160, r == 0x17b4, r == 0x17b5, r == 0x3164, r == 0xffa0:
		return "an invisible character"
	case unicode.Is(unicode.Zs, r):
		return "a blank that is no space"
	case unicode.Is(unicode.Co, r):
		return "a private-use character"
	}
	return ""
}
