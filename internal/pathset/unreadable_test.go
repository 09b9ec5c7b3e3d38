package pathset_test

import (
	"fmt"
	"strings"
	"testing"
	"unicode"

	"github.com/changeguard/changeguard/internal/pathset"
)

func TestUnreadable(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{
		"":                              "",
		"src/main.go":                   "",
		"docs/Überblick.md":             "",
		"docs/U\u0308berblick.md":       "",
		"日本語/ファイル.txt":                  "",
		"資料\u3000一覧.md":                 "",
		"אבג/مرحبا.md":                  "",
		"emoji/🚨.md":                    "",
		"with space/a b.txt":            "",
		"at 10.12.13\u202fAM.png":       "", // as macOS names screenshots
		`back\slash`:                    "",
		".gitignore":                    "",
		".github/x":                     "",
		"git~10":                        "",
		"a/... ":                        "",
		"a\x00b":                        "U+0000 control character",
		"a\x1b[31m.go":                  "U+001B escape",
		"a\tb":                          "U+0009 tab",
		"a\nb":                          "U+000A line feed",
		"a\rb":                          "U+000D carriage return",
		"a\x7f":                         "U+007F delete",
		"a\u0085b":                      "U+0085 control character",
		"src/\u202egnp.exe":             "U+202E right-to-left override",
		"a\u2066b":                      "U+2066 left-to-right isolate",
		"a\u2069b":                      "U+2069 pop directional isolate",
		"a\u061cb":                      "U+061C Arabic letter mark",
		"a\u200eb":                      "U+200E left-to-right mark",
		"a\u200fb":                      "U+200F right-to-left mark",
		"a\u200bb":                      "U+200B zero width space",
		".git\u200chub/x":               "U+200C zero width non-joiner",
		"a\u200db":                      "U+200D zero width joiner",
		"a\u2060b":                      "U+2060 word joiner",
		"a\u206fb":                      "U+206F invisible character",
		"a\u00adb":                      "U+00AD soft hyphen",
		"a\u034fb":                      "U+034F combining grapheme joiner",
		"a\ufeff":                       "U+FEFF zero width no-break space",
		"a\ufe0fb":                      "U+FE0F variation selector",
		"a\U000e0100":                   "U+E0100 variation selector",
		"x\U000e0041":                   "U+E0041 tag character",
		"a\u2028b":                      "U+2028 line separator",
		"a\u2029b":                      "U+2029 paragraph separator",
		"\u3164":                        "U+3164 Hangul filler",
		"a\u2800":                       "U+2800 blank braille pattern",
		"a\ue000":                       "U+E000 private use character",
		"a\uffff":                       "U+FFFF noncharacter",
		"a\U0010fffe":                   "U+10FFFE noncharacter",
		"\xff.go":                       "byte 0xFF, which is no UTF-8",
		"ok/\xed\xa0\x80":               "byte 0xED, which is no UTF-8", // half of a pair
		"a\xc0\xafb":                    "byte 0xC0, which is no UTF-8",
		"a\ufffdb":                      "U+FFFD replacement character",
		"README.md\u00a0":               "U+00A0 blank at an end of a segment",
		"a/\u3000b":                     "U+3000 blank at an end of a segment",
		"a \u2003 /b":                   "U+2003 blank at an end of a segment",
		"a//b":                          "an empty segment",
		"/etc/passwd":                   "an empty segment",
		"a/":                            "an empty segment",
		"a/../b":                        `the segment ".."`,
		"./a":                           `the segment "."`,
		".git/config":                   `the segment ".git", which is git's own folder`,
		"x/.GIT/hooks":                  `the segment ".GIT", which`,
		"x/.git. . /hooks":              `the segment ".git. . ", which`,
		"GIT~1/config":                  `the segment "GIT~1", which`,
		".git::$INDEX_ALLOCATION/x":     `which is git's own folder`,
		`a\.git\config`:                 `which is git's own folder`,
		"first\u200bthen\u202e":         "U+200B",
		strings.Repeat("a/", 3000):      "an empty segment",
		strings.Repeat("é/", 999) + "x": "",
	} {
		got, bad := pathset.Unreadable(path)
		if bad != (want != "") || !strings.Contains(got, want) {
			t.Errorf("%.40q: got %q, %v, want %q", path, got, bad, want)
		}
	}
}

// ignoredByHFS are the characters that git itself strips before it compares a
// name with ".git".
var ignoredByHFS = []rune{
	0x200c, 0x200d, 0x200e, 0x200f, 0x202a, 0x202b, 0x202c, 0x202d, 0x202e,
	0x206a, 0x206b, 0x206c, 0x206d, 0x206e, 0x206f, 0xfeff,
}

// hidden is what must never pass, said a second time, by Unicode's own tables.
func hidden(r rune) bool {
	return unicode.In(r, unicode.Cc, unicode.Co, unicode.Cs, unicode.Zl, unicode.Zp, unicode.Bidi_Control, unicode.Variation_Selector,
		unicode.Other_Default_Ignorable_Code_Point, unicode.Join_Control, unicode.Noncharacter_Code_Point)
}

func TestEveryHiddenCharacterIsReported(t *testing.T) {
	t.Parallel()
	for _, r := range ignoredByHFS {
		if _, bad := pathset.Unreadable("a" + string(r) + "b"); !bad {
			t.Errorf("U+%04X is ignored by file systems and readable here", r)
		}
	}
	visible := map[rune]bool{ // format characters that are seen
		0x6dd: true, 0x70f: true, 0x890: true, 0x891: true, 0x8e2: true, 0x110bd: true, 0x110cd: true,
		0x600: true, 0x601: true, 0x602: true, 0x603: true, 0x604: true, 0x605: true,
	}
	for r := rune(0); r <= unicode.MaxRune; r++ {
		reason, bad := pathset.Unreadable("a" + string(r) + "b")
		switch {
		case r >= 0xd800 && r <= 0xdfff, r == '/':
			continue // no characters, or two segments
		case (hidden(r) || unicode.Is(unicode.Cf, r)) && !visible[r] && !bad:
			t.Errorf("U+%04X is hidden and found readable", r)
		case bad && !strings.HasPrefix(reason, fmt.Sprintf("U+%04X ", r)):
			t.Errorf("U+%04X: the reason %q names another character", r, reason)
		case bad && unicode.In(r, unicode.L, unicode.M, unicode.N, unicode.P, unicode.S, unicode.Zs) && !hidden(r) && r != 0x2800 && r != 0xfffc && r != 0xfffd && r != 0x13440:
			t.Errorf("U+%04X is a letter, mark, digit or sign and found unreadable", r)
		}
	}
}
