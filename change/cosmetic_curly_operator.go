package change

// operatorBytes are those that can follow within an operator.
var operatorBytes = func() (t [256]bool) {
	for _, b := range []byte("+-*%&|^<>=!:?.~#/") {
		t[b] = true
	}
	return t
}()

// curlyOperator finds the end of the longest operator that any of the languages
// has, digraphs of C and launches of CUDA among them.
func curlyOperator(src []byte, at int) int {
	a, b := src[at], byteAt(src, at+1)
	if !operatorBytes[b] {
		return at + 1
	}
	switch c := byteAt(src, at+2); a {
	case '<', '>', '*', '&', '|', '?', '.':
		return at + repeated(a, b, c, byteAt(src, at+3))
	case '=', '!':
		return at + equality(a, b, c)
	case '-', '+':
		return at + arithmetic(a, b, c)
	default:
		return at + paired(a, b)
	}
}

// repeated measures operators that begin with a byte that may come twice or
// three times.
func repeated(a, b, c, d byte) int {
	switch {
	case a == b && a == c && (a == '<' || a == '>' || a == '.'):
		if d == '=' && a != '.' {
			return 4
		}
		return 3
	case a == b && (c == '=' || a == '.' && c == '<'):
		return 3
	case a == b:
		return 2
	case a == '<' && (b == '=' && c == '>' || b == ':' && c == ':'):
		return 3
	case b == '=' && a != '.' && a != '?':
		return 2
	}
	switch pair(a, b) {
	case pair('<', '-'), pair('<', ':'), pair('<', '%'), pair('|', '>'), pair('?', ':'), pair('.', '*'):
		return 2
	case pair('?', '.'):
		if !digit(c) {
			return 2
		}
	}
	return 1
}

func equality(a, b, c byte) int {
	switch {
	case b == '=' && c == '=':
		return 3
	case b == '=' || a == b || a == '=' && b == '>':
		return 2
	}
	return 1
}

func arithmetic(a, b, c byte) int {
	switch {
	case a == '-' && b == '>' && c == '*':
		return 3
	case b == '=' || b == a || a == '-' && b == '>':
		return 2
	}
	return 1
}

func paired(a, b byte) int {
	switch pair(a, b) {
	case pair('%', '='), pair('%', ':'), pair('%', '>'), pair('^', '='), pair('~', '='), pair(':', ':'), pair(':', '='), pair(':', '>'), pair('#', '#'), pair('/', '='):
		return 2
	}
	return 1
}

func pair(a, b byte) uint16 { return uint16(a)<<8 | uint16(b) }
