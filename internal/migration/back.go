package migration

import (
	"path"
	"sort"
	"strings"

	"github.com/changeguard/changeguard/internal/lazyregexp"
)

// parts are the parts of a text that take back what the others do, and so are allowed
// to take away.
type parts [][2]int

// has: they are in order and do not overlap.
func (p parts) has(at int) bool {
	i := sort.Search(len(p), func(i int) bool { return p[i][1] > at })
	return i < len(p) && p[i][0] <= at
}

var (
	sqlDown = lazyregexp.New(`(?mi)^--[ \t]*(?:\+goose[ \t]+down|\+migrate[ \t]+down|migrate:down|//@undo)\b`)
	sqlUp   = lazyregexp.New(`(?mi)^--[ \t]*(?:\+goose[ \t]+up|\+migrate[ \t]+up|migrate:up|changeset\b)`)

	codeDown = map[string]lines{
		".py":  {lazyregexp.New(`^def downgrade\b`), "downgrade"},
		".rb":  {lazyregexp.New(`^[ \t]*def (?:self\.)?down\b`), "down"},
		".php": {lazyregexp.New(`^[^'"]*\bfunction\s+down\b`), "down"},
		".cs":  {lazyregexp.New(`^[^'"]*\bvoid\s+Down\b`), "Down"},
		".js":  {lazyregexp.New(`^(?:exports\.down\b|module\.exports\.down\b|[ \t]*(?:export[ \t]+)?(?:public[ \t]+)?(?:override[ \t]+)?(?:const[ \t]+)?(?:async[ \t]+)?(?:function[ \t]+)?down[ \t]*[:(=])`), "down"},
	}
)

// lines are those that an expression fits; all of them have a word.
type lines struct {
	re   *lazyregexp.Regexp
	word string
}

// in are the places where they fit, one a line and at most some.
func (l lines) in(code string, most int) (found [][]int) {
	for at := 0; len(found) < most; {
		n := strings.Index(code[at:], l.word)
		if n < 0 {
			break
		}
		begin := max(strings.LastIndexByte(code[:at+n], '\n')+1, at)
		end := len(code)
		if m := strings.IndexByte(code[at+n:], '\n'); m >= 0 {
			end = at + n + m
		}
		if m := l.re.FindStringIndex(code[begin:end]); m != nil {
			found = append(found, []int{begin + m[0], begin + m[1]})
		}
		at = end
	}
	return found
}

// first is the first of them, nil when there is none.
func (l lines) first(code string) []int {
	if found := l.in(code, 1); len(found) > 0 {
		return found[0]
	}
	return nil
}

// codeUp begins the way there, wherever it stands.
var codeUp = lazyregexp.New(`\bdef\s+(?:self\.)?(?:up|change|upgrade)\b|\bfunction\s+up\b|\bvoid\s+Up\b|\bup\s*[:(=]|\bup\s*\]`)

// backwards finds those parts. In SQL the marks are comments, so they are looked for in
// the text as it is.
func backwards(p, lang, text, code string) (back parts) {
	if lang == ".sql" {
		return sqlBackwards(p, text)
	}
	const most = 100 // of a real migration there is one
	down, known := codeDown[lang]
	if !known {
		return nil
	}
	for _, at := range down.in(code, most) {
		if len(back) > 0 && at[0] < back[len(back)-1][1] {
			continue
		}
		end := blockEnd(lang, code, at[0])
		if up := codeUp.FindStringIndex(code[at[0]:end]); up != nil {
			if end = at[0] + up[0]; strings.Count(code[at[0]:end], "\n") == 0 {
				continue // on one line with the way there
			}
		}
		back = append(back, [2]int{at[0], end})
	}
	return back
}

// sqlBackwards: each mark holds up to the next. Tools that take the ways from the names of
// files do not know them, and those that do want the way there marked before.
func sqlBackwards(p, text string) (back parts) {
	base := path.Base(p)
	if flyway.MatchString(base) || strings.HasSuffix(strings.ToLower(base), ".up.sql") || !strings.Contains(strings.ToLower(text), "//@undo") && !sqlUp.MatchString(text) {
		return nil
	}
	for at := 0; at < len(text); {
		down := sqlDown.FindStringIndex(text[at:])
		if down == nil {
			break
		}
		from, end := at+down[0], len(text)
		if up := sqlUp.FindStringIndex(text[at+down[1]:]); up != nil {
			end = at + down[1] + up[0]
		}
		back, at = append(back, [2]int{from, end}), end
	}
	return back
}

// blockEnd is where a function ends that begins at some place: at the first line behind
// it that stands no further to the right and does not go on with it.
func blockEnd(lang, code string, at int) int {
	at += len(code[at:]) - len(strings.TrimLeft(code[at:], " \t\r\n"))
	start := strings.LastIndexByte(code[:at], '\n') + 1
	indent := at - start
	for {
		next := strings.IndexByte(code[at:], '\n')
		if next < 0 {
			return len(code)
		}
		at += next + 1
		line, _, _ := strings.Cut(code[at:], "\n")
		body := strings.TrimLeft(line, " \t")
		switch {
		case strings.TrimSpace(body) == "" || len(line)-len(body) > indent:
		case lang != ".py" && (body[0] == '{' || body[0] == '.' || body[0] == ')' && strings.HasSuffix(strings.TrimSpace(body), "{")):
		default:
			return at
		}
	}
}

const quotes = "'\"`$"

// withoutComments blanks what is a comment for certain, and keeps lengths and lines: only
// on lines without quotes. Such a line cannot begin or end a text, so what looks like
// a comment is one, or all of the line is within a text and no step by itself. A comment
// over several lines begins a line and has no quotes up to its end. What a database runs
// out of a comment ("/*!") stays.
func withoutComments(lang, text string) string {
	b := []byte(text)
	quote, end := finder{of: quotes}, finder{of: "*/", whole: true}
	for at := 0; at < len(text); {
		next := len(text)
		if n := strings.IndexByte(text[at:], '\n'); n >= 0 {
			next = at + n + 1
		}
		from, several := comment(lang, text[at:next])
		if from >= 0 && several {
			if stop := end.next(text, at+from+2); stop < len(text) && quote.next(text, at+from) > stop {
				blank(b[at+from : stop+2])
				next = stop + 2
				if n := strings.IndexByte(text[next:], '\n'); n >= 0 {
					next += n + 1
				} else {
					next = len(text)
				}
			}
		} else if from >= 0 {
			blank(b[at+from : next])
		}
		at = next
	}
	return string(b)
}

// A finder finds the next of something, and searches no part of a text twice.
type finder struct {
	of    string
	whole bool // the word, not one of its characters
	at    int
	known bool
}

// next is where it is, at some place or behind; the text's length when it is nowhere.
func (f *finder) next(text string, from int) int {
	if f.known && f.at >= from {
		return f.at
	}
	n := -1
	if f.whole {
		n = strings.Index(text[from:], f.of)
	} else {
		n = strings.IndexAny(text[from:], f.of)
	}
	if f.known, f.at = true, from+n; n < 0 {
		f.at = len(text)
	}
	return f.at
}

// comment is where one begins in a line, else -1, and whether it goes on until it is
// ended.
func comment(lang, line string) (from int, several bool) {
	body := strings.TrimSpace(line)
	from = len(line) - len(strings.TrimLeft(line, " \t\r\n"))
	switch {
	case body == "":
		return -1, false
	case lang != ".py" && lang != ".rb" && strings.HasPrefix(body, "/*"):
		if strings.HasPrefix(body, "/*!") || strings.HasPrefix(body, "/*M!") || strings.HasPrefix(body, "/*+") {
			return -1, false
		}
		return from, true
	case strings.ContainsAny(body, quotes):
		return -1, false
	case lang == ".sql" && strings.HasPrefix(body, "--rollback ") && !strings.Contains(body[:len(body)-1], ";"):
		return from, false // Liquibase's; whoever takes it for two signs of minus finds no statement in it
	case lang == ".sql":
		for ; from < len(line); from++ {
			if rest := line[from:]; strings.HasPrefix(rest, "--") && (len(rest) == 2 || strings.IndexByte(" \t\r\n", rest[2]) >= 0) {
				return from, false
			}
		}
	case lang == ".py", lang == ".rb", lang == ".php" && body[0] == '#':
		if body[0] == '#' && !strings.HasPrefix(body, "#[") { // that is an attribute of PHP
			return from, false
		}
	case strings.HasPrefix(body, "//"):
		return from, false
	}
	return -1, false
}

// perhaps are what comments begin with as they look, also where they may be within
// texts. The one that ends at "*/" is none without that.
var perhaps = map[string][]string{".sql": {"--", "/*"}, ".py": {"#"}, ".rb": {"#"}, ".php": {"//", "#", "/*"}, ".js": {"//", "/*"}, ".cs": {"//", "/*"}}

// joined is a text in which comments, certain or not, stand between no two words. What is
// found in it and not in the other was only kept apart by them.
func joined(lang, text string) string {
	marks := perhaps[lang]
	first := ""
	for _, m := range marks {
		first += m[:1]
	}
	b := []byte(text)
	end := finder{of: "*/", whole: true}
	for at := 0; at < len(text); {
		n := strings.IndexAny(text[at:], first)
		if n < 0 {
			break
		}
		at += n
		to := at
		for _, m := range marks {
			switch {
			case to > at || !strings.HasPrefix(text[at:], m):
			case m != "/*":
				to = len(text)
				if n := strings.IndexByte(text[at:], '\n'); n >= 0 {
					to = at + n
				}
			default:
				if stop := end.next(text, at+2); stop < len(text) {
					to = stop + 2
				}
			}
		}
		blank(b[at:to])
		at = max(to, at+1)
	}
	return string(b)
}

// blank keeps the length and the lines.
func blank(b []byte) {
	for i, c := range b {
		if c != '\n' && c != '\r' {
			b[i] = ' '
		}
	}
}
