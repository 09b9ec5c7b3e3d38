package change

import (
	"bytes"
	"strings"
)

// sqlScanner reads SQL without knowing whose. What one database takes for a
// comment or the end of a string and another does not is kept as it is where
// that can be read both ways, and else not judged. Line ends mean nothing in the
// statements that all have; elsewhere they count, since clients have commands
// that end with the line. Signs that may belong to a name, a variable or an
// operator of somebody's own keep the white space around them.
type sqlScanner struct {
	layout
	between between
	last    sqlKind
	plain   bool // in a statement that does not end with a line
	begun   bool // within a statement
	client  bool // in a command that only some client has, whose arguments end with the line
	minus   bool // a line may end with "-", which one client takes for a sign that it goes on
	foreign bool // a word came that Oracle does not have, whose client has habits of its own
}

// sqlKind is the kind of a token, as far as the next one depends on it.
type sqlKind uint8

const (
	sqlNothing sqlKind = iota
	sqlOther
	sqlText
	sqlSign
	sqlSeparator // of batches: it must stand on its own line
	sqlEnd       // of a statement
)

func newSQLScanner(src []byte) *sqlScanner { return &sqlScanner{layout: layout{src: src}} }

// numbered reports whether a script is one that tools run once and know by its
// content: editing a comment in it stops the next deployment.
func numbered(path string) bool {
	base := path[strings.LastIndexByte(path, '/')+1:]
	folders := strings.ToLower(path[:len(path)-len(base)])
	for _, word := range [...]string{"migrat", "flyway", "liquibase", "changelog", "evolutions"} {
		if strings.Contains(folders, word) {
			return true
		}
	}
	return strings.Contains(base, "__") || base[0] >= '0' && base[0] <= '9'
}

const (
	sqlBlank = iota + 1
	sqlLine
	sqlLetter
	sqlDigit
	sqlQuote
	sqlSingle
	sqlOperator
	sqlSpecial
)

var sqlBytes = byteClasses(map[byte]string{
	sqlBlank: " \t\r\f\v", sqlLine: "\n", sqlLetter: letters, sqlDigit: "0123456789", sqlQuote: "'\"`", sqlSingle: "(),;.]", sqlOperator: "+-*/%<>=|^",
	sqlSpecial: "#$@:&!~?[{}",
})

func (s *sqlScanner) next() token {
	for s.at < len(s.src) {
		switch sqlBytes[s.src[s.at]] {
		case sqlBlank:
			s.between |= spaced
			s.at++
		case sqlLine:
			if s.breaks() {
				return token{mark: tokenBreak}
			}
			s.lines()
		case sqlLetter:
			return s.word()
		case sqlDigit:
			return s.number()
		case sqlQuote:
			return s.quoted(s.at)
		case sqlSingle:
			return s.single()
		case sqlOperator:
			if t, ok := s.operator(); ok {
				return t
			}
		case sqlSpecial:
			return s.special()
		default:
			return bad
		}
	}
	if s.breaks() {
		return token{mark: tokenBreak}
	}
	return end
}

// lines passes over line ends. An empty line within a statement ends it for a
// client.
func (s *sqlScanner) lines() {
	if s.between&lined != 0 && !s.remark {
		s.between |= forced
	}
	s.at++
	s.newLine()
	s.between |= spaced | lined
	if byteAt(s.src, s.at) == '\n' {
		s.newLine()
		s.between |= forced
		s.at = skipLines(s.src, s.at)
	}
}

// token returns the source up to a place with what counts before it.
func (s *sqlScanner) token(to int, kind sqlKind) token {
	if to < 0 {
		return bad
	}
	t := token{s.src[s.at:to], s.code()}
	if s.between&lined != 0 && (!s.plain && s.begun || kind == sqlText && s.last == sqlText || kind == sqlSeparator || s.last == sqlSeparator || s.minus) {
		t.mark |= markLined
	}
	if s.between&forced != 0 && s.begun && !s.foreign {
		t.mark |= markFolded
	}
	if s.between != 0 && (kind == sqlSign || s.last == sqlSign) {
		t.mark |= markSpaced
	}
	s.minus = s.src[to-1] == '-'
	s.at, s.between, s.last, s.begun = to, 0, kind, true
	return t
}

// number: with a dollar behind it, it is a name to some.
func (s *sqlScanner) number() token {
	to := curlyNumber(s.src, s.at)
	if byteAt(s.src, to) == '$' {
		return bad
	}
	return s.token(to, sqlOther)
}

func (s *sqlScanner) word() token {
	to, wide := s.at, byte(0)
	for to < len(s.src) && (sqlBytes[s.src[to]] == sqlLetter || sqlBytes[s.src[to]] == sqlDigit || s.src[to] == '$') {
		wide |= s.src[to]
		to++
	}
	if wide >= 0x80 && !wideName(s.src[s.at:to]) {
		return bad
	}
	if b := byteAt(s.src, to); b == '\'' || b == '"' {
		return s.prefixed(to)
	}
	var buffer [longestName]byte
	word := ""
	if to-s.at <= longestName {
		word = string(lowered(&buffer, s.src[s.at:to]))
	}
	return s.keyword(word, to)
}

// keyword watches for the words that change how the rest is read.
func (s *sqlScanner) keyword(word string, to int) token {
	first := !s.begun
	s.foreign = s.foreign || sqlForeign[word]
	switch {
	case word == "delimiter" || word == "stdin" || first && sqlCommands[word]:
		return bad
	case word == "go":
		t := s.token(to, sqlSeparator)
		s.begun = false
		return t
	case first:
		s.plain, s.client = sqlStatements[word], sqlClient[word]
	}
	return s.token(to, sqlOther)
}

var (
	// sqlStatements are those that every client reads up to their end.
	sqlStatements = set(`select insert update delete with create alter drop truncate merge grant revoke comment values explain analyze vacuum replace`)
	// sqlCommands belong to a client that has its own idea of lines, blank ones
	// and comments.
	sqlForeign = set(`limit text serial bigserial bigint smallint tinyint mediumint bool auto_increment autoincrement now ilike go top nvarchar engine unsigned datetime
		jsonb uuid getdate strftime pragma plpgsql bytea timestamptz identity nvarchar double money bit ifnull isnull temp language perform`)
	sqlClient = set(`set show clear save get start edit list run input append change describe desc variable print timing copy archive recover password disconnect
		source use tee notee pager nopager system status warnings rehash`)
	sqlCommands = set(`prompt spool rem remark whenever accept define undefine ttitle btitle column host exec execute connect startup shutdown`)
)

func (s *sqlScanner) single() token {
	b := s.src[s.at]
	if b == '.' {
		if !s.begun {
			return bad // a command of a client
		}
		if digit(byteAt(s.src, s.at+1)) {
			return s.number()
		}
	}
	if b != ';' {
		return s.token(s.at+1, sqlOther)
	}
	t := s.token(s.at+1, sqlEnd)
	s.begun, s.plain, s.client = false, false, false
	return t
}

// operator is one or a comment; runs of signs stay together.
func (s *sqlScanner) operator() (token, bool) {
	b, next := s.src[s.at], byteAt(s.src, s.at+1)
	switch {
	case b == '-' && next == '-':
		return s.lineComment()
	case b == '/' && next == '*':
		return s.blockComment()
	case b == '/' && (next == '/' || !s.begun || s.aloneOnLine()):
		return bad, true // a comment to some; an order to run what was typed
	}
	to := s.at + 1
	for to < len(s.src) && sqlBytes[s.src[to]] == sqlOperator && !commentAt(s.src, to) {
		to++
	}
	kind := sqlOther
	if sqlBytes[byteAt(s.src, to)] == sqlSpecial || bytes.IndexByte(s.src[s.at:to], '%') >= 0 {
		kind = sqlSign
	}
	return s.token(to, kind), true
}

// aloneOnLine reports whether a sign is the only one of its line.
func (s *sqlScanner) aloneOnLine() bool {
	return (s.between&lined != 0) && len(bytes.TrimRight(s.src[s.at+1:lineEnd(s.src, s.at)], " \t\r")) == 0
}

// clientCommand reports whether a line begins here that a client obeys.
func (s *sqlScanner) clientCommand() bool {
	if s.begun && s.between&lined == 0 {
		return false
	}
	var buffer [longestName]byte
	word := firstWord(s.src[s.at+1 : min(len(s.src), s.at+1+longestName)])
	return sqlcmd[string(lowered(&buffer, word))]
}

var sqlcmd = set(`r setvar connect on out error perftrace help list listvar reset quit exit ed serverlist xml`)

// special are the signs that mean something else to each.
func (s *sqlScanner) special() token {
	next := byteAt(s.src, s.at+1)
	switch s.src[s.at] {
	case '#':
		return s.hash()
	case '$':
		return s.dollar()
	case '[':
		return s.bracket()
	case '{':
		if next == '{' || next == '%' || next == '#' || !s.braced() {
			return bad // a template; a comment to some
		}
	case ':':
		if s.clientCommand() {
			return bad
		}
		if next == ':' {
			return s.token(s.at+2, sqlOther)
		}
	case '@', '!':
		if !s.begun || next == '!' && s.between&lined != 0 {
			return bad // a command of a client
		}
		if third := sqlBytes[byteAt(s.src, s.at+2)]; s.src[s.at] == '!' && next == '=' && third != sqlOperator && third != sqlSpecial {
			return s.token(s.at+2, sqlOther)
		}
	}
	return s.token(s.at+1, sqlSign)
}
