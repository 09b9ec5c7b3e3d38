// Package deployment reads the files that say how programs are built and run:
// shell commands, Dockerfiles and YAML manifests.
//
// # The model
//
// What it returns is plain data with lines, so that a finding can show its
// place. Everything is hostile: reading takes linear time and bounded memory,
// and what cannot be read is an error, never half an answer. Nothing is executed
// and no variable is looked up: a word that holds "$PORT" stays so.
package deployment

import "strings"

// A Word is one word of a command with its line, from 1.
type Word struct {
	Text string
	Line int
}

// maxWords bounds the words of one text.
const maxWords = 200_000

// Commands splits the text of a shell script into simple commands. Quotes are
// taken away, a line that ends in a backslash goes on, and comments are left
// out. Parentheses and braces end a command like line ends do.
func Commands(text string, line int) [][]Word {
	s := &splitter{text: text, line: max(line, 1)}
	for s.at < len(s.text) && s.words < maxWords {
		s.step()
	}
	s.endCommand()
	return s.commands
}

type splitter struct {
	text     string
	at, line int
	words    int
	begun    bool // a word has begun, maybe an empty one in quotes
	start    int  // its line
	word     strings.Builder
	command  []Word
	commands [][]Word
}

func (s *splitter) step() {
	c := s.text[s.at]
	switch {
	case c == '\\':
		s.escaped()
	case c == '\'':
		s.single()
	case c == '"':
		s.double()
	case c == '$' && strings.HasPrefix(s.text[s.at:], "${"):
		s.take(closing(s.text[s.at:]))
	case c == '#' && !s.begun:
		s.skipLine()
	case c == ' ' || c == '\t' || c == '\r':
		s.endWord()
		s.at++
	case c == '\n' || c == ';' || c == '&' || c == '|' || c == '(' || c == ')' || c == '`':
		s.endCommand()
		s.next()
	default:
		s.take(1)
	}
}

// next passes a character and counts lines.
func (s *splitter) next() {
	if s.text[s.at] == '\n' {
		s.line++
	}
	s.at++
}

// take adds n bytes to the word.
func (s *splitter) take(n int) {
	s.begin()
	part := s.text[s.at : s.at+n]
	s.word.WriteString(part)
	s.line += strings.Count(part, "\n")
	s.at += n
}

func (s *splitter) begin() {
	if !s.begun {
		s.begun, s.start = true, s.line
	}
}

func (s *splitter) escaped() {
	s.at++
	switch {
	case s.at >= len(s.text):
	case s.text[s.at] == '\n':
		s.next()
	case strings.HasPrefix(s.text[s.at:], "\r\n"):
		s.at++
		s.next()
	default:
		s.take(1)
	}
}

func (s *splitter) single() {
	s.begin()
	s.at++
	n := strings.IndexByte(s.text[s.at:], '\'')
	if n < 0 {
		n = len(s.text) - s.at
	}
	s.take(n)
	s.at = min(s.at+1, len(s.text))
}

func (s *splitter) double() {
	s.begin()
	for s.at++; s.at < len(s.text) && s.text[s.at] != '"'; {
		if s.text[s.at] == '\\' && s.at+1 < len(s.text) {
			s.at++
			if s.text[s.at] == '\n' {
				s.next()
				continue
			}
		}
		s.take(1)
	}
	s.at = min(s.at+1, len(s.text))
}

// closing is the length of a "${…}" at the start of text, as far as its line.
func closing(text string) int {
	depth := 0
	for i := range len(text) {
		switch text[i] {
		case '{':
			depth++
		case '}':
			if depth--; depth == 0 {
				return i + 1
			}
		case '\n':
			return i
		}
	}
	return len(text)
}

func (s *splitter) skipLine() {
	n := strings.IndexByte(s.text[s.at:], '\n')
	if n < 0 {
		n = len(s.text) - s.at
	}
	s.at += n
}

func (s *splitter) endWord() {
	if s.begun {
		s.command = append(s.command, Word{s.word.String(), s.start})
		s.words++
	}
	s.word.Reset()
	s.begun = false
}

func (s *splitter) endCommand() {
	s.endWord()
	if len(s.command) > 0 {
		s.commands = append(s.commands, s.command)
	}
	s.command = nil
}
