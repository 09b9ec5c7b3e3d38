package change

import (
	"bytes"
	"unicode/utf8"
)

// The functions below find the end of a literal that begins at a place. -1 means
// that the language does not allow it.

func goRawString(src []byte, at int) int {
	n := bytes.IndexByte(src[at+1:], '`')
	if n < 0 {
		return -1
	}
	return at + n + 2
}

func goString(src []byte, at int) int {
	for at++; at < len(src); {
		switch src[at] {
		case '"':
			return at + 1
		case '\n':
			return -1
		case '\\':
			if at = goEscape(src, at+1, '"'); at < 0 {
				return -1
			}
		default:
			at++
		}
	}
	return -1
}

func goCharacter(src []byte, at int) int {
	at++
	switch byteAt(src, at) {
	case 0, '\n', '\'':
		return -1
	case '\\':
		at = goEscape(src, at+1, '\'')
	default:
		_, n := utf8.DecodeRune(src[at:])
		at += n
	}
	if at < 0 || byteAt(src, at) != '\'' {
		return -1
	}
	return at + 1
}

// goEscape finds the end of what follows a backslash.
func goEscape(src []byte, at int, quote byte) int {
	switch b := byteAt(src, at); b {
	case 'a', 'b', 'f', 'n', 'r', 't', 'v', '\\', quote:
		return at + 1
	case '0', '1', '2', '3', '4', '5', '6', '7':
		return goCode(src, at, 3, 8, 0xff)
	case 'x':
		return goCode(src, at+1, 2, 16, 0xff)
	case 'u':
		return goCode(src, at+1, 4, 16, utf8.MaxRune)
	case 'U':
		return goCode(src, at+1, 8, 16, utf8.MaxRune)
	}
	return -1
}

// goCode reads a character's number of so many digits.
func goCode(src []byte, at, digits int, base, limit uint32) int {
	value := uint32(0)
	for range digits {
		d := digitValue(byteAt(src, at))
		if d >= base {
			return -1
		}
		value = value*base + d
		at++
	}
	if value > limit || value >= 0xd800 && value < 0xe000 {
		return -1
	}
	return at
}

// digitValue is at least 16 for what is no hexadecimal digit.
func digitValue(b byte) uint32 {
	switch {
	case b >= '0' && b <= '9':
		return uint32(b - '0')
	case b|0x20 >= 'a' && b|0x20 <= 'f':
		return uint32(b|0x20-'a') + 10
	}
	return 16
}

// goNumber follows the grammar of numbers: a prefix for the base, digits that
// may be separated, a fraction, an exponent, the mark of an imaginary number.
func goNumber(src []byte, at int) int {
	n := numeral{src: src, at: at, base: 10}
	n.prefix()
	fraction := false
	if n.integer(); byteAt(src, n.at) == '.' {
		fraction = true
		n.at++
		n.digits()
	}
	if n.count == 0 || fraction && n.base != 10 && n.base != 16 {
		return -1
	}
	exponent, ok := n.exponent()
	if !ok || fraction && n.base == 16 && !exponent {
		return -1
	}
	imaginary := byteAt(src, n.at) == 'i'
	if imaginary {
		n.at++
	}
	whole := !fraction && !exponent && !imaginary
	if n.broken || n.octal && whole && n.highest > 7 || n.base < 10 && n.highest >= uint32(n.base) {
		return -1
	}
	return n.at
}

// numeral is a number that is being read.
type numeral struct {
	src     []byte
	at      int
	base    int
	octal   bool // a leading 0 without a letter
	count   int  // of digits of the mantissa
	highest uint32
	broken  bool // a separator without a digit on each side
}

func (n *numeral) prefix() {
	if n.src[n.at] != '0' {
		return
	}
	switch byteAt(n.src, n.at+1) | 0x20 {
	case 'x':
		n.base = 16
	case 'o':
		n.base = 8
	case 'b':
		n.base = 2
	default:
		n.octal = true
		return
	}
	n.at += 2
}

// integer reads the digits before the fraction. A separator may follow the
// letter of a prefix.
func (n *numeral) integer() {
	if n.base != 10 && byteAt(n.src, n.at) == '_' {
		n.at++
		n.broken = digitValue(byteAt(n.src, n.at)) >= 16 || n.base < 16 && digitValue(byteAt(n.src, n.at)) >= 10
	}
	n.digits()
}

// digits reads digits and separators; outside of hexadecimal numbers any decimal
// digit is read, and judged later.
func (n *numeral) digits() {
	limit := uint32(max(n.base, 10))
	before := false
	for ; ; n.at++ {
		b := byteAt(n.src, n.at)
		d := digitValue(b)
		switch {
		case b == '_':
			n.broken = n.broken || !before
			before = false
			continue
		case d < limit:
			n.count++
			n.highest = max(n.highest, d)
			before = true
			continue
		}
		if n.at > 0 && n.src[n.at-1] == '_' {
			n.broken = true
		}
		return
	}
}

// exponent reads one if there is one; false means that it is malformed.
func (n *numeral) exponent() (found, ok bool) {
	switch b := byteAt(n.src, n.at) | 0x20; {
	case b == 'e' && n.base == 10, b == 'p' && n.base == 16:
	case b == 'e', b == 'p':
		return false, false
	default:
		return false, true
	}
	n.at++
	if b := byteAt(n.src, n.at); b == '+' || b == '-' {
		n.at++
	}
	count, highest := n.count, n.highest
	base := n.base
	n.base = 10
	n.digits()
	n.base = base
	some := n.count > count
	n.count, n.highest = count, highest
	return true, some
}
