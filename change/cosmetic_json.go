package change

import "strings"

// jsonScanner reads JSON, by value as far as that is the same for every reader:
// the white space between tokens means nothing. The order of members, members
// that come twice and the spelling of numbers and strings do, since some reader
// sees each. So do comments where the format has none; where it has some, they
// are read like those of JavaScript.
type jsonScanner struct {
	layout
	depth    int
	values   int          // at the outermost level
	comments bool         // may stand in the file
	reader   curlyScanner // of them
}

func newJSONScanner(src []byte, comments bool) *jsonScanner {
	return &jsonScanner{layout: layout{src: src}, comments: comments, reader: curlyScanner{layout: layout{src: src}, dialect: jsonComments}}
}

// commentedJSON knows the files in which comments are allowed.
func commentedJSON(path string) bool {
	base := path[strings.LastIndexByte(path, '/')+1:]
	switch {
	case strings.HasSuffix(base, ".jsonc"):
		return true
	case strings.HasPrefix(base, "tsconfig"), strings.HasPrefix(base, "jsconfig"):
		return true
	case base == "devcontainer.json", base == ".devcontainer.json":
		return true
	}
	return inFolder(path, ".vscode")
}

const (
	jsonBlank = iota + 1
	jsonLine
	jsonWord
	jsonQuote
	jsonOpen
	jsonClose
	jsonSingle
	jsonSlash
)

var jsonBytes = func() [256]byte {
	t := byteClasses(map[byte]string{
		jsonBlank: " \t\r", jsonLine: "\n", jsonWord: letters[:52] + "0123456789+-.", jsonQuote: `"`, jsonOpen: "{[", jsonClose: "}]", jsonSingle: ",:", jsonSlash: "/",
	})
	for b := 0x80; b < len(t); b++ {
		t[b] = 0
	}
	return t
}()

func (s *jsonScanner) next() token {
	for s.at < len(s.src) {
		switch jsonBytes[s.src[s.at]] {
		case jsonBlank:
			s.at++
		case jsonLine:
			if s.breaks() {
				return token{mark: tokenBreak}
			}
			s.at++
			s.newLine()
			if byteAt(s.src, s.at) == '\n' {
				s.newLine()
				s.at = skipLines(s.src, s.at)
			}
		case jsonWord:
			to := s.at + 1
			for to < len(s.src) && jsonBytes[s.src[to]] == jsonWord {
				to++
			}
			return s.value(to)
		case jsonQuote:
			return s.value(escapedEnd(s.src, s.at, false))
		case jsonOpen:
			t := s.value(s.at + 1)
			s.depth++
			return t
		case jsonClose:
			s.depth--
			if s.depth < 0 {
				return bad
			}
			return s.token(s.at + 1)
		case jsonSingle:
			return s.token(s.at + 1)
		case jsonSlash:
			if t, ok := s.slash(); ok {
				return t
			}
		default:
			return bad
		}
	}
	if s.breaks() {
		return token{mark: tokenBreak}
	}
	if s.depth != 0 {
		return bad
	}
	return end
}

// value begins one. Several at the outermost level are read line by line.
func (s *jsonScanner) value(to int) token {
	if s.depth == 0 {
		s.values++
	}
	if to < 0 || s.values > 1 {
		return bad
	}
	return s.token(to)
}

func (s *jsonScanner) token(to int) token {
	t := token{s.src[s.at:to], s.code()}
	s.at = to
	return t
}

// slash begins a comment, if anything.
func (s *jsonScanner) slash() (token, bool) {
	if !s.comments {
		return bad, true
	}
	s.reader.layout, s.reader.at = s.layout, s.at
	t, ok := s.reader.slash()
	s.layout, s.at = s.reader.layout, s.reader.at
	return t, ok
}

var jsonComments = &dialect{comments: loudly | tagged, divides: func(*curlyScanner) int { return -1 }}
