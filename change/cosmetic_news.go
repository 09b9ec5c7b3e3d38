package change

import "bytes"

// judged reports whether neither side holds what forbids a judgement, and whether
// something in one of them may stand for the number of its line.
func judged(lang language, before, after []byte) (asked, ok bool) {
	if !readable(before) {
		return false, false
	}
	added := news(before, after)
	if !readable(added) {
		return false, false
	}
	searched := added
	if wholly[lang] {
		searched = after
	}
	if refuse := refusals[lang]; refuse != nil && (!refuse(before) || !refuse(searched)) {
		return false, false
	}
	return asksLine(lang, before) || asksLine(lang, added), true
}

// news is the part of a text that is new in it: what it neither begins nor ends
// with like the one before, in whole lines, with the next line above and below
// that holds something. What shows within a line, or up to the next word behind
// it, stands in there when it stands in the text and not in the one before; so
// the rest need not be searched again.
func news(before, after []byte) []byte {
	from := commonLength(before, after)
	to := len(after) - commonTail(before[from:], after[from:])
	for range 2 {
		from = bytes.LastIndexByte(after[:lastWord(after, from)], '\n') + 1
		for to < len(after) && isSpace(after[to]) {
			to++
		}
		to = min(lineEnd(after, to)+1, len(after))
	}
	return after[from:to]
}

// lastWord is the end of what stands before a place and is no white space.
func lastWord(src []byte, at int) int {
	for at > 0 && isSpace(src[at-1]) {
		at--
	}
	return at
}

// commonTail is the length of what two texts end with both.
func commonTail(a, b []byte) int {
	const piece = 256
	n, most := 0, min(len(a), len(b))
	for n+piece <= most && bytes.Equal(a[len(a)-n-piece:len(a)-n], b[len(b)-n-piece:len(b)-n]) {
		n += piece
	}
	for n < most && a[len(a)-n-1] == b[len(b)-n-1] {
		n++
	}
	return n
}
