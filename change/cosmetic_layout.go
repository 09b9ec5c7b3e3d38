package change

import (
	"bytes"
	"unicode/utf8"
)

// layout follows where on the page a scanner is, as far as the comments that
// count need it: a suppression holds for its line or the next, a directive for
// the declaration below it unless an empty line comes between. Moving code
// across such a boundary is no matter of taste.
type layout struct {
	src []byte
	at  int // read up to here

	tokens  uint64 // of code on this line so far
	remark  bool   // a comment stands on this line, behind its last token
	waiting bool   // a comment that counts stands above and no code since
	pinned  bool   // the end of the next line with code matters
	gap     uint64 // what came since the comment that counts

	hidden   []rune
	settings bool // in the settings of an editor, comments of one line each
}

// counts reports whether a comment counts that is obeyed by itself or not: within
// the settings of an editor all do, to their end.
func (l *layout) counts(comment []byte, obeyed bool) bool {
	switch {
	case l.settings:
		l.settings = !bytes.Contains(bytes.ToLower(comment), []byte("end:"))
		return true
	case obeyed:
		lower := bytes.ToLower(comment)
		l.settings = bytes.Contains(lower, []byte("local variables:")) && !bytes.Contains(lower, []byte("end:"))
	}
	return obeyed
}

// code marks a token of the language.
func (l *layout) code() uint64 {
	mark := tokenCode | l.gap
	if l.waiting && l.remark {
		mark |= markBeside
	}
	l.tokens++
	l.gap, l.waiting, l.remark = 0, false, false
	return mark
}

// newLine ends a physical line.
func (l *layout) newLine() {
	if l.waiting && l.tokens == 0 && !l.remark {
		l.gap |= markGapBlank
	}
	l.tokens, l.remark = 0, false
}

// breaks reports, once, a line end that matters.
func (l *layout) breaks() bool {
	if !l.pinned || l.tokens == 0 {
		return false
	}
	l.pinned = false
	return true
}

// directive marks a comment that counts and begins at a place of the source.
func (l *layout) directive(src []byte, at int) uint64 {
	mark := tokenComment | l.gap
	if l.remark {
		mark |= markBeside
	}
	l.gap, l.remark = 0, true
	if l.tokens > 0 {
		return mark | markTrailing | l.tokens<<markShift
	}
	l.waiting, l.pinned = true, true
	blanks := at
	for blanks > 0 && (src[blanks-1] == ' ' || src[blanks-1] == '\t') {
		blanks--
	}
	return mark | uint64(at-blanks)<<markShift
}

// maxHidden is the number of invisible characters above which a file is not
// judged.
const maxHidden = 1000

// skip passes over a comment that nobody obeys; false means that what it holds
// forbids a judgement.
func (l *layout) skip(comment []byte) bool {
	l.remark = true
	if l.waiting {
		l.gap |= markGapComment
	}
	var last rune
	for i := 0; i < len(comment); {
		if b := comment[i]; b < utf8.RuneSelf {
			if b < ' ' && b != '\t' && b != '\n' && b != '\r' && b != '\f' || b == 0x7f {
				return false
			}
			last = rune(b)
			i++
			continue
		}
		r, n := utf8.DecodeRune(comment[i:])
		i += n
		if bidirectional(r) || r < 0xa0 {
			return false
		}
		if invisible(r) && !emojiJoiner(last, r) {
			l.hidden = append(l.hidden, r)
		}
		last = r
	}
	return len(l.hidden) <= maxHidden
}

func (l *layout) unseen() []rune { return l.hidden }

// bidirectional characters turn the direction of the text that follows, so that
// a comment can pose as code.
func bidirectional(r rune) bool {
	return r == 0x61c || r == 0x200e || r == 0x200f || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069
}

// emojiJoiner allows what belongs to a visible symbol: one selector of its look
// behind it, one joiner between two.
func emojiJoiner(last, r rune) bool {
	switch r {
	case 0xfe0e, 0xfe0f:
		return last == '#' || last == '*' || last >= '0' && last <= '9' || last >= 0xa9 && !invisible(last)
	case 0x200d:
		return last == 0xfe0f || last >= 0x1f000 && !invisible(last)
	}
	return false
}
