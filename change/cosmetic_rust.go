package change

import (
	"bytes"
	"unicode/utf8"
)

// Rust: documentation is code, since it becomes an attribute and its examples
// are run. A macro sees more than the compiler does: whether white space stands
// between two tokens. So within the macros that are not known to ignore it,
// white space counts.
var rustDialect = &dialect{
	classes: curlyClasses("\"'#@$", ""), traits: curlyTraits(), nests: true, brackets: true,
	name: rustName, special: rustSpecial, operator: rustOperator, program: rustDocumentation, opens: rustOpens, closes: rustCloses,
	asks: rustAsks,
}

// rustJudged refuses what stands before the code of a script.
func rustJudged(src []byte) bool {
	if bytes.HasPrefix(src, []byte("#!")) {
		src = src[lineEnd(src, 0):]
	}
	if usesMacro(src, "line") && bytes.Contains(src, []byte("macro_rules")) {
		return false // such a macro knows the line of each use
	}
	return plainLines(src) && !bytes.HasPrefix(bytes.TrimLeft(src, " \t\r\n"), []byte("---"))
}

// rustAsks reports whether something in a source stands for the number of its
// line: line!(), also by another name, dbg!() and Location::caller(). What prints
// a line when it fails, as panic!() does, says where to look and nothing more.
func rustAsks(src []byte) bool {
	return usesMacro(src, "line") || usesMacro(src, "dbg") || bytes.Contains(src, []byte("caller"))
}

// usesMacro reports whether a macro may be used in a source, or named anew.
func usesMacro(src []byte, name string) bool {
	for at := 0; ; {
		n := bytes.Index(src[at:], []byte(name))
		if n < 0 {
			return false
		}
		from := at + n
		at = from + len(name)
		if from > 0 && toolByte[src[from-1]] && src[from-1] != '-' || toolByte[byteAt(src, at)] && src[at] != '-' {
			continue
		}
		for at < len(src) && isSpace(src[at]) {
			at++
		}
		switch next := byteAt(src, at+1); byteAt(src, at) {
		case '!':
			if next != '=' {
				return true
			}
		case '/':
			if next == '/' || next == '*' {
				return true
			}
		case 'a':
			if next == 's' {
				return true
			}
		}
	}
}

// macroState says what the next bracket belongs to.
type macroState uint8

const (
	noMacro macroState = iota
	knownMacro
	anyMacro
)

// inMacro stands among the open brackets for those of a macro that may count
// white space: plus the kind of bracket.
const inMacro = 0x80

// rustDocumentation knows the comments that become attributes.
func rustDocumentation(text []byte) bool {
	switch {
	case len(text) < 3:
		return false
	case text[2] == '!':
		return true
	case text[1] == '/':
		return text[2] == '/' && byteAt(text, 3) != '/'
	default:
		return text[2] == '*' && len(text) > len("/***/") && text[3] != '*'
	}
}

func rustName(s *curlyScanner, to int) token {
	word, next := s.src[s.at:to], byteAt(s.src, to)
	switch {
	case next == '"' && rustRaw(word):
		return s.token(s.suffixEnd(rustRawEnd(s.src, to)), operand)
	case next == '"':
		return s.token(s.suffixEnd(rustStringEnd(s.src, to)), operand)
	case next == '#' && rustRaw(word):
		if byteAt(s.src, to+run(s.src, to, '#')) == '"' {
			return s.token(s.suffixEnd(rustRawEnd(s.src, to)), operand)
		}
		if string(word) == "r" && s.classes[byteAt(s.src, to+1)] == curlyLetter {
			to = s.suffixEnd(to + 1)
		}
	case next == '\'':
		if string(word) != "b" {
			return bad
		}
		return s.token(s.suffixEnd(rustCharacter(s.src, to)), operand)
	}
	if s.asked && (string(word) == "caller" || string(word) == "as" && string(s.word) == "line" && s.last&wordly != 0) {
		s.numbered = true // whoever calls this passes the number of its line
		t := s.token(to, wordly|operand)
		s.word = word
		return t
	}
	s.word = s.src[s.at:to]
	return s.token(to, wordly|operand)
}

func rustRaw(word []byte) bool {
	switch string(word) {
	case "r", "br", "cr":
		return true
	}
	return false
}

// rustRawEnd finds the end of a raw string whose hashes stand at a place.
func rustRawEnd(src []byte, at int) int {
	hashes := run(src, at, '#')
	if hashes > 255 {
		return -1
	}
	for at += hashes + 1; at <= len(src); {
		n := bytes.IndexByte(src[at:], '"')
		if n < 0 {
			return -1
		}
		at += n + 1
		found := run(src, at, '#')
		if found >= hashes {
			return at + hashes
		}
		at += found
	}
	return -1
}

// rustStringEnd finds the end of a string, which may have several lines.
func rustStringEnd(src []byte, at int) int {
	for at++; at < len(src); {
		switch src[at] {
		case '"':
			return at + 1
		case '\\':
			at = escaped(src, at)
		default:
			at++
		}
	}
	return -1
}

// rustCharacter finds the end of a character whose quote stands at a place, -1
// when there is none.
func rustCharacter(src []byte, at int) int {
	switch byteAt(src, at+1) {
	case 0, '\n', '\r', '\t', '\'':
		return -1
	case '\\':
		return escapedEnd(src, at, false)
	}
	_, n := utf8.DecodeRune(src[at+1:])
	if byteAt(src, at+1+n) != '\'' {
		return -1
	}
	return at + n + 2
}

func rustSpecial(s *curlyScanner) (token, bool) {
	switch s.src[s.at] {
	case '#':
		if s.at == 0 && byteAt(s.src, 1) == '!' {
			if t, ok := s.rustFirstLine(); ok {
				return t, true
			}
		}
		t := s.token(s.at+1, 0)
		if next := byteAt(s.src, s.at); next == '"' || next == '#' {
			t.mark |= markRight // together they are kept for a new kind of string
		}
		return t, true
	case '"':
		return s.token(s.suffixEnd(rustStringEnd(s.src, s.at)), operand), true
	case '\'':
		return s.rustQuote(), true
	default:
		return s.token(s.at+1, 0), true
	}
}

// rustFirstLine is for the system unless it is an attribute.
func (s *curlyScanner) rustFirstLine() (token, bool) {
	rest := bytes.TrimLeft(s.src[2:], " \t\r\n")
	switch {
	case byteAt(rest, 0) == '[':
		return token{}, false
	case bytes.HasPrefix(rest, []byte("/*")), bytes.HasPrefix(rest, []byte("//")), len(bytes.TrimSpace(s.src[2:lineEnd(s.src, 0)])) == 0:
		return bad, true // an attribute may still follow
	}
	return s.shebang()
}

// rustQuote is a character or a lifetime.
func (s *curlyScanner) rustQuote() token {
	if to := rustCharacter(s.src, s.at); to > 0 {
		return s.token(s.suffixEnd(to), operand)
	}
	to := s.at + 1
	if s.classes[byteAt(s.src, to)] != curlyLetter {
		return bad
	}
	if bytes.HasPrefix(s.src[to:], []byte("r#")) {
		to += len("r#")
	}
	from := to
	if to = s.suffixEnd(to); byteAt(s.src, to) == '\'' || !wideName(s.src[from:to]) {
		return bad
	}
	return s.token(to, operand)
}

// rustOperator watches for the "!" of a macro.
func rustOperator(s *curlyScanner) (token, bool) {
	if s.src[s.at] != '!' || byteAt(s.src, s.at+1) == '=' || byteAt(s.src, s.at+1) == '!' || s.last&wordly == 0 {
		return token{}, false
	}
	word := string(s.word)
	switch {
	case rustKeywords[word]:
		return token{}, false
	case word == "column" || word == "python" || word == "ct_python":
		return bad, true
	}
	if word == "macro_rules" {
		name := bytes.TrimLeft(s.src[s.at+1:], " \t\r\n")
		s.shadowed = s.shadowed || rustMacros[string(firstWord(name[:min(len(name), longestName)]))]
	}
	s.macro = anyMacro
	if rustMacros[word] && !s.shadowed {
		s.macro = knownMacro
	}
	t := s.token(s.at+1, 0)
	if word == "line" || word == "dbg" {
		t = s.asks(t)
	}
	return t, true
}

var rustKeywords = set(`if while match return in else let and break move async unsafe loop for where as yield await const static mut ref`)

// rustMacros are those that take an expression, a format or statements, and see
// nothing of the white space.
var rustMacros = set(`assert assert_eq assert_ne debug_assert debug_assert_eq debug_assert_ne vec format print println eprint eprintln write writeln panic todo unimplemented
	unreachable matches concat env option_env include include_str include_bytes compile_error cfg thread_local macro_rules format_args try
	info warn error debug trace log bail anyhow eyre json lazy_static bitflags cfg_if select join try_join pin ready smallvec hashmap btreemap
	span event info_span debug_span error_span warn_span trace_span instrument criterion_group criterion_main prop_assert_eq proptest line column
	file module_path addr_of addr_of_mut is_x86_feature_detected params named_params`)

// rustOpens remembers the brackets of macros that may count white space.
func rustOpens(s *curlyScanner, _ traits) byte {
	b, macro := s.src[s.at-1], s.macro
	s.macro = noMacro
	if macro != anyMacro {
		return b
	}
	s.strict++
	s.begun = s.strict == 1
	return b | inMacro
}

func rustCloses(s *curlyScanner, opened byte) traits {
	if opened&inMacro != 0 {
		s.strict--
	}
	return s.traits[s.src[s.at]]
}
