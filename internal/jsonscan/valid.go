// Package jsonscan checks whether a text is JSON, and cuts members out of it, at three
// times the speed of encoding/json: that is most of what reading a lock file or a
// delivery costs. It takes exactly what encoding/json takes, and what it cuts out
// decodes as it does in the whole; the fuzz targets hold both.
package jsonscan

// maxNesting is how deep encoding/json goes.
const maxNesting = 10_000

// Valid is json.Valid, byte for byte and in depth. It goes through the document
// without recursion.
func Valid(data []byte) bool {
	v := checker{data: data}
	for v.value() {
		for {
			v.blank()
			if len(v.open) == 0 {
				return v.at == len(data)
			}
			if v.at >= len(data) {
				return false
			}
			c := data[v.at]
			v.at++
			if top := v.open[len(v.open)-1]; c == ',' && (top == ']' || v.key()) {
				break // to the next value
			} else if c != top {
				return false
			}
			v.open = v.open[:len(v.open)-1]
		}
	}
	return false
}

// A checker goes through a document.
type checker struct {
	data []byte
	at   int
	open []byte // what closes the objects and arrays that are open
}

func (v *checker) blank() {
	for v.at < len(v.data) && (v.data[v.at] == ' ' || v.data[v.at] == '\n' || v.data[v.at] == '\t' || v.data[v.at] == '\r') {
		v.at++
	}
}

// value goes through a value that has no others in it; of those that have, through
// what stands before the first. An empty one is left to be closed.
func (v *checker) value() bool {
	for {
		v.blank()
		if v.at >= len(v.data) {
			return false
		}
		switch c := v.data[v.at]; c {
		case '"':
			return v.text()
		case '{', '[':
			closing := c + 2 // of both, in ASCII
			v.at++
			v.blank()
			if len(v.open) >= maxNesting {
				return false
			}
			v.open = append(v.open, closing)
			if v.at < len(v.data) && v.data[v.at] == closing {
				return true
			}
			if c == '{' && !v.key() {
				return false
			}
		case 't':
			return v.word("true")
		case 'f':
			return v.word("false")
		case 'n':
			return v.word("null")
		default:
			return v.number()
		}
	}
}

// key goes through a key and the colon behind it.
func (v *checker) key() bool {
	v.blank()
	if v.at >= len(v.data) || v.data[v.at] != '"' || !v.text() {
		return false
	}
	v.blank()
	v.at++
	return v.at <= len(v.data) && v.data[v.at-1] == ':'
}

func (v *checker) word(w string) bool {
	if len(v.data)-v.at < len(w) || string(v.data[v.at:v.at+len(w)]) != w {
		return false
	}
	v.at += len(w)
	return true
}

// jsonPlain are the bytes of a text that stand for themselves.
var jsonPlain = func() (plain [256]bool) {
	for c := range plain {
		plain[c] = c >= ' ' && c != '"' && c != '\\'
	}
	return plain
}()

func (v *checker) text() bool {
	data, i := v.data, v.at+1
	for i < len(data) {
		c := data[i]
		i++
		switch {
		case jsonPlain[c]:
		case c == '"':
			v.at = i
			return true
		case c != '\\' || i >= len(data):
			return false
		case data[i] == 'u':
			if len(data)-i < 5 || !isAnyHex(data[i+1:i+5]) {
				return false
			}
			i += 5
		case !jsonEscape[data[i]]:
			return false
		default:
			i++
		}
	}
	return false
}

var jsonEscape = [256]bool{'"': true, '\\': true, '/': true, 'b': true, 'f': true, 'n': true, 'r': true, 't': true}

func isAnyHex(s []byte) bool {
	for _, c := range s {
		if low := c | 0x20; (c < '0' || c > '9') && (low < 'a' || low > 'f') {
			return false
		}
	}
	return true
}

func (v *checker) digits() bool {
	from := v.at
	for v.at < len(v.data) && v.data[v.at] >= '0' && v.data[v.at] <= '9' {
		v.at++
	}
	return v.at > from
}

// has passes over one of some bytes.
func (v *checker) has(a, b byte) bool {
	if v.at < len(v.data) && (v.data[v.at] == a || v.data[v.at] == b) {
		v.at++
		return true
	}
	return false
}

func (v *checker) number() bool {
	v.has('-', '-')
	if !v.has('0', '0') && !v.digits() {
		return false
	}
	if v.has('.', '.') && !v.digits() {
		return false
	}
	if v.has('e', 'E') {
		v.has('+', '-')
		return v.digits()
	}
	return true
}
