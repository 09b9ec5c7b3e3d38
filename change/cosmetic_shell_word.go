package change

import "bytes"

// The functions below find the end of a piece of a script that begins at a
// place. -1 means that shells may disagree about it.

// shellWordEnd finds the end of a word with the quotations and substitutions in
// it.
func shellWordEnd(src []byte, at int) int {
	for at >= 0 && at < len(src) {
		switch class := shellBytes[src[at]]; {
		case shellPlain[src[at]]:
			at++
		case class == shellWord || class == shellHash:
			at = shellPiece(src, at, 0)
		case class == 0:
			return -1
		default:
			return at
		}
	}
	return at
}

// shellPlain are the bytes of words that begin nothing.
var shellPlain = func() (t [256]bool) {
	for b, class := range shellBytes {
		t[b] = class == shellWord && bytes.IndexByte([]byte("\\'\"`$"), byte(b)) < 0
	}
	return t
}()

// shellPiece passes over a byte of a word and what it begins.
func shellPiece(src []byte, at, depth int) int {
	switch src[at] {
	case '\\':
		if at+1 >= len(src) {
			return -1
		}
		return at + 2
	case '\'':
		return delimitedEnd(src, at+1, []byte("'"))
	case '"':
		return shellQuotedEnd(src, at+1, depth)
	case '`':
		return shellTicksEnd(src, at+1)
	case '$':
		return shellDollarEnd(src, at, false, depth)
	}
	return at + 1
}

// shellPatternEnd finds the end of a regular expression. Blanks within its
// parentheses are part of it.
func shellPatternEnd(src []byte, at int) int {
	depth, from := 0, at
	for at >= 0 && at < len(src) {
		switch b := src[at]; {
		case b == '\n':
			if depth > 0 || at == from {
				return -1
			}
			return at
		case b == '<' && byteAt(src, at+1) == '<':
			return -1 // a document
		case (b == ' ' || b == '\t' || b == ')') && depth == 0:
			return at
		case b == '(' || b == ')':
			depth += 1 - 2*int(b-'(')
			at++
		default:
			at = shellPiece(src, at, 0)
		}
	}
	return -1
}

// shellQuotedEnd reads on between double quotes.
func shellQuotedEnd(src []byte, at, depth int) int {
	for at >= 0 && at < len(src) {
		switch src[at] {
		case '"':
			return at + 1
		case '\\':
			at += 2
		case '`':
			at = shellTicksEnd(src, at+1)
		case '$':
			at = shellDollarEnd(src, at, true, depth)
		default:
			at++
		}
	}
	return -1
}

// shellTicksEnd reads on between backticks.
func shellTicksEnd(src []byte, at int) int {
	for at < len(src) {
		switch src[at] {
		case '`':
			return at + 1
		case '\\':
			at += 2
		case '#':
			return -1
		default:
			at++
		}
	}
	return -1
}

// shellDollarEnd reads what begins with a dollar.
func shellDollarEnd(src []byte, at int, quoted bool, depth int) int {
	if depth > maxNesting {
		return -1
	}
	switch byteAt(src, at+1) {
	case '{':
		return shellBraceEnd(src, at+2, quoted, depth+1)
	case '(':
		if byteAt(src, at+2) == '(' {
			return shellArithmeticEnd(src, at+3, depth+1)
		}
		return shellCommandEnd(src, at+2, depth+1)
	case '[':
		return -1 // arithmetic, once
	case '\'':
		if quoted {
			return at + 1
		}
		to := delimitedEnd(src, at+2, []byte("'"))
		if to > 0 && src[to-2] == '\\' {
			return -1
		}
		return to
	case '#', '!', '$', '?', '@', '*', '-':
		return at + 2
	}
	return at + 1
}

// shellBraceEnd reads on in ${…}. What a single quote means there depends on the
// shell when the whole is quoted.
func shellBraceEnd(src []byte, at int, quoted bool, depth int) int {
	if byteAt(src, at) == '#' {
		at++
	}
	for at >= 0 && at < len(src) {
		switch b := src[at]; {
		case b == '}':
			return at + 1
		case b == '\'' && quoted:
			return -1
		case b == '$' && quoted:
			at = shellDollarEnd(src, at, true, depth)
		case b == '{':
			return -1
		default:
			at = shellPiece(src, at, depth)
		}
	}
	return -1
}

// shellArithmeticEnd reads on behind "((" to "))".
func shellArithmeticEnd(src []byte, at, depth int) int {
	open := 0
	for at >= 0 && at < len(src) {
		switch b := src[at]; b {
		case '(':
			open++
			at++
		case ')':
			if open == 0 {
				if byteAt(src, at+1) != ')' {
					return -1 // commands in two parentheses
				}
				return at + 2
			}
			open--
			at++
		case '$':
			at = shellDollarEnd(src, at, true, depth)
		case '#':
			if at > 0 && (src[at-1] == ' ' || src[at-1] == '\t') {
				return -1
			}
			at++
		case '\'', '"', '`', '\\', '\n', ';':
			if b != ';' {
				return -1
			}
			at++
		default:
			at++
		}
	}
	return -1
}

// shellCommandEnd reads on behind "(" to ")", with the comments, documents and
// substitutions between. All of it is kept.
func shellCommandEnd(src []byte, at, depth int) int {
	if depth > maxNesting {
		return -1
	}
	var documents []document
	open := 0
	for at >= 0 && at < len(src) {
		switch b := src[at]; {
		case b == ')' && open == 0:
			if len(documents) > 0 {
				return -1
			}
			return at + 1
		case b == ')':
			open--
			at++
		case b == '(':
			open++
			at++
		case b == '\n':
			at = documentsEnd(src, at+1, documents)
			documents = nil
		case b == '#' && bytes.IndexByte([]byte(" \t\n;(|&"), src[at-1]) >= 0:
			if at = lineEnd(src, at); bytes.ContainsAny(src[bytes.LastIndexByte(src[:at], '#'):at], "'\"`)(") {
				return -1 // old shells look for quotes there
			}
		case b == '<' && byteAt(src, at+1) == '<' && byteAt(src, at+2) != '<':
			var d document
			d, at = documentAt(src, at)
			documents = append(documents, d)
		case b == '<' && byteAt(src, at+1) == '<':
			at += 3
		case letter[b]:
			from := at
			for at < len(src) && letter[src[at]] {
				at++
			}
			if string(src[from:at]) == "case" {
				return -1 // whose patterns end with a parenthesis
			}
		default:
			was := at
			at = shellPiece(src, at, depth)
			if at >= 0 && len(documents) > 0 && bytes.IndexByte(src[was:min(at, len(src))], '\n') >= 0 {
				return -1
			}
		}
	}
	return -1
}

// documentAt reads the operator and the word that announce a document.
func documentAt(src []byte, at int) (d document, to int) {
	at += len("<<")
	if byteAt(src, at) == '-' {
		d.tabs = true
		at++
	}
	for byteAt(src, at) == ' ' || byteAt(src, at) == '\t' {
		at++
	}
	quote := byteAt(src, at)
	if quote == '\'' || quote == '"' || quote == '\\' {
		d.quoted = true
		at++
	}
	from := at
	for at < len(src) && (toolByte[src[at]] || src[at] == '.') {
		at++
	}
	d.end = src[from:at]
	if quote == '\'' || quote == '"' {
		if byteAt(src, at) != quote {
			return d, -1
		}
		at++
	}
	if len(d.end) == 0 || at < len(src) && (shellBytes[src[at]] == shellWord || shellBytes[src[at]] == shellHash) {
		return d, -1
	}
	return d, at
}

// bodyEnd finds the end of a document that begins at a place.
func (d document) bodyEnd(src []byte, at int) int {
	for joined := false; at < len(src); {
		to := lineEnd(src, at)
		line := src[at:to]
		if d.tabs {
			line = bytes.TrimLeft(line, "\t")
		}
		if bytes.Equal(line, d.end) {
			if joined {
				return -1
			}
			return to
		}
		if !d.quoted && unsettledLine(line) {
			return -1
		}
		joined = !d.quoted && bytes.HasSuffix(line, []byte(`\`))
		at = to + 1
	}
	return -1
}

// unsettledLine reports whether a substitution begins in a line of a document
// and may not end there.
func unsettledLine(line []byte) bool {
	if bytes.Count(line, []byte("`"))%2 == 1 {
		return true
	}
	for at := 0; ; {
		n := bytes.IndexByte(line[at:], '$')
		if n < 0 {
			return false
		}
		if at = shellDollarEnd(line, at+n, true, 0); at < 0 || at > len(line) {
			return true
		}
	}
}

// documentsEnd finds the end of documents that begin at a place.
func documentsEnd(src []byte, at int, documents []document) int {
	for i, d := range documents {
		if i > 0 {
			at++ // the line end behind the one before
		}
		if at = d.bodyEnd(src, at); at < 0 {
			return -1
		}
	}
	return at
}
