package testset

import "strings"

// A command is one simple command of a shell script.
type command struct {
	words []string
	env   []string // NAME=value before it
	line  int      // within the script, from 0
	after string   // what stands behind it: "||", "|", "&&", "&", or nothing
	not   bool     // its exit code is turned round
	asked bool     // it is the condition of an if
}

const (
	maxScript   = 1 << 20 // bytes
	maxCommands = 5000
)

// shellCommands splits a script into its simple commands. It knows quotes,
// comments, continued lines and separators; loops, conditions and groups are only
// words around commands. Here-documents are read as commands, which no runner
// comes from.
func shellCommands(script string) []command {
	s := &scriptReader{in: script[:min(len(script), maxScript)]}
	for s.at < len(s.in) && len(s.out) < maxCommands {
		s.step()
	}
	s.endCommand()
	return s.out
}

type scriptReader struct {
	in   string
	at   int
	line int
	word strings.Builder
	have bool // a word was begun, perhaps an empty one in quotes
	cur  command
	out  []command
}

func (s *scriptReader) step() {
	c := s.in[s.at]
	switch c {
	case '\\':
		s.escaped()
		return
	case '\'', '"':
		s.quoted(c)
		return
	case '#':
		if !s.have {
			s.skipLine()
			return
		}
	case ' ', '\t', '\r':
		s.endWord()
		s.at++
		return
	case '$':
		if s.substitution() {
			return
		}
	case '&', '|':
		if c == '|' || s.at == 0 || s.in[s.at-1] != '>' { // 2>&1 is one word
			s.operator()
			return
		}
	case '\n', ';', '(', ')':
		s.endCommand()
		if c == '\n' {
			s.line++
		}
		s.at++
		return
	}
	if !s.have {
		s.have = true
		if len(s.cur.words) == 0 && len(s.cur.env) == 0 {
			s.cur.line = s.line
		}
	}
	s.word.WriteByte(c)
	s.at++
}

// operator ends a command, or a group of them, at |, ||, & or &&.
func (s *scriptReader) operator() {
	op := s.in[s.at : s.at+1]
	if strings.HasPrefix(s.in[s.at+1:], op) {
		op += op
	}
	n := len(s.out)
	s.endCommand()
	if grouped := strings.HasSuffix(strings.TrimRight(s.in[max(0, s.at-10):s.at], " "), ")"); n < len(s.out) || n > 0 && grouped {
		s.out[len(s.out)-1].after = op
	}
	s.at += len(op)
}

// substitution takes $(…) of one line as a part of a word: what it stands for is
// not known, but it is no group.
func (s *scriptReader) substitution() bool {
	if !strings.HasPrefix(s.in[s.at:], "$(") {
		return false
	}
	line, _, _ := strings.Cut(s.in[s.at:min(len(s.in), s.at+maxSubstitution)], "\n")
	end := strings.IndexByte(line, ')')
	if end < 0 {
		return false
	}
	s.begin()
	s.word.WriteString(line[:end+1])
	s.at += end + 1
	return true
}

// maxSubstitution is how far $( is followed, in bytes.
const maxSubstitution = 1000

func (s *scriptReader) begin() {
	if !s.have && len(s.cur.words) == 0 && len(s.cur.env) == 0 {
		s.cur.line = s.line
	}
	s.have = true
}

// escaped takes the next byte as it is; an escaped line end is nothing.
func (s *scriptReader) escaped() {
	s.at++
	if strings.HasPrefix(s.in[s.at:], "\r\n") {
		s.at++
	}
	if s.at >= len(s.in) {
		return
	}
	if s.in[s.at] == '\n' {
		s.line++
	} else {
		s.begin()
		s.word.WriteByte(s.in[s.at])
	}
	s.at++
}

func (s *scriptReader) quoted(mark byte) {
	s.begin()
	for s.at++; s.at < len(s.in) && s.in[s.at] != mark; s.at++ {
		if s.in[s.at] == '\\' && mark == '"' && s.at+1 < len(s.in) {
			s.at++
		}
		if s.in[s.at] == '\n' {
			s.line++
		}
		s.word.WriteByte(s.in[s.at])
	}
	s.at++
}

func (s *scriptReader) skipLine() {
	if end := strings.IndexByte(s.in[s.at:], '\n'); end >= 0 {
		s.at += end
	} else {
		s.at = len(s.in)
	}
}

// keywords are words of the shell that stand before a command.
var keywords = map[string]bool{
	"if": true, "then": true, "else": true, "elif": true, "while": true, "until": true, "do": true, "!": true, "{": true, "time": true,
	"exec": true, "sudo": true, "xvfb-run": true, "command": true, "env": true, "nice": true,
}

func (s *scriptReader) endWord() {
	if !s.have {
		return
	}
	w := s.word.String()
	s.word.Reset()
	s.have = false
	switch {
	case len(s.cur.words) == 0 && keywords[w]:
		s.cur.not = s.cur.not || w == "!"
		s.cur.asked = s.cur.asked || w == "if" || w == "elif"
	case len(s.cur.words) == 0 && assigns(w):
		s.cur.env = append(s.cur.env, w)
	default:
		s.cur.words = append(s.cur.words, w)
	}
}

func (s *scriptReader) endCommand() {
	s.endWord()
	if len(s.cur.words) > 0 || len(s.cur.env) > 0 {
		s.out = append(s.out, s.cur)
	}
	s.cur = command{}
}

// assigns reports whether a word is NAME=value.
func assigns(w string) bool {
	name, _, ok := strings.Cut(w, "=")
	return ok && name != "" && strings.Trim(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_") == ""
}

// unknown reports whether a word holds what only running could tell.
func unknown(w string) bool {
	return strings.Contains(w, "$") || strings.Contains(w, "`") || strings.Contains(w, "%(")
}
