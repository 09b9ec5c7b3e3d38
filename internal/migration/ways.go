package migration

import (
	"strings"

	"github.com/changeguard/changeguard/internal/lazyregexp"
)

// A way is how one direction of a migration in code begins.
type way struct{ there, back lines }

var ways = map[string]way{
	".rb":  {lines{lazyregexp.New(`^[ \t]*def (?:self\.)?up\b`), "up"}, codeDown[".rb"]},
	".php": {lines{lazyregexp.New(`\bfunction\s+up\b`), "up"}, lines{lazyregexp.New(`\bfunction\s+down\b`), "down"}},
	".cs":  {lines{lazyregexp.New(`\bvoid\s+Up\b`), "Up"}, lines{lazyregexp.New(`\bvoid\s+Down\b`), "Down"}},
	".js": {
		lines{lazyregexp.New(`^(?:exports\.up\b|module\.exports\.up\b|[ \t]*(?:export[ \t]+)?(?:public[ \t]+)?(?:override[ \t]+)?(?:const[ \t]+)?(?:async[ \t]+)?(?:function[ \t]+)?up[ \t]*[:(=])`), "up"},
		lines{lazyregexp.New(`\bdown\b`), "down"},
	},
}

// noWayBack finds a migration whose tool wants the way back in the same file, and
// has none there.
func noWayBack(p, lang, text, code string, back parts) (Step, bool) {
	at := -1
	switch lang {
	case ".sql":
		at = sqlOneWay(p, text, code, back)
	case ".py":
		at = noDowngradeAtAll(code)
	default:
		at = codeOneWay(lang, code)
	}
	if at < 0 {
		return Step{}, false
	}
	line := strings.Count(text[:at], "\n") + 1
	return Step{What: "has no way back", Why: leadsBack, Shown: firstLine(text[at:min(len(text), at+200)]), Line: line}, true
}

var marked = lazyregexp.New(`(?mi)^--[ \t]*(?:\+goose[ \t]+up|\+migrate[ \t]+up|migrate:up)\b`)

// sqlOneWay: goose, sql-migrate and dbmate take both ways from one file.
func sqlOneWay(p, text, code string, back parts) int {
	if flyway.MatchString(p[strings.LastIndexByte(p, '/')+1:]) || WithWayBack(p) {
		return -1
	}
	up := marked.FindStringIndex(text)
	if up == nil {
		return -1
	}
	there := false
	for _, part := range back {
		there = there || strings.TrimSpace(code[part[0]:part[1]]) != ""
	}
	end := len(text)
	if len(back) > 0 && back[0][0] > up[0] {
		end = back[0][0]
	}
	if there || strings.TrimSpace(code[up[1]:end]) == "" {
		return -1
	}
	return up[0]
}

// WithWayBack reports whether the way back of a migration is a file of its own.
func WithWayBack(p string) bool {
	_, needed := WayBack(p)
	return needed
}

const upgrade, downgrade = "def upgrade(", "def downgrade("

// noDowngradeAtAll: Alembic's revisions have both functions.
func noDowngradeAtAll(code string) int {
	at := lineBegins(code, upgrade)
	if at < 0 || lineBegins(code, downgrade) >= 0 || doesNothing(code[at:]) {
		return -1
	}
	return at
}

// lineBegins is the first line that begins with a text.
func lineBegins(code, text string) int {
	if strings.HasPrefix(code, text) {
		return 0
	}
	if n := strings.Index(code, "\n"+text); n >= 0 {
		return n + 1
	}
	return -1
}

// emptyPython is the end of the first statement of a function that does nothing,
// from behind its parameters; -1 of one that does something. With a text only, it
// ends at the line that is no part of it.
func emptyPython(code string, at int) int {
	for at < len(code) && code[at] != ':' && code[at] != '\n' {
		at++
	}
	if at == len(code) || code[at] != ':' {
		return -1
	}
	at = skipSpace(code, at+1)
	behind, block := skipText(code, at)
	at = skipSpace(code, behind)
	for _, word := range []string{"pass", "raise", "return", "..."} {
		if !strings.HasPrefix(code[at:], word) || word != "..." && at+len(word) < len(code) && isWord(code[at+len(word)]) {
			continue
		}
		if word != "return" {
			return at + len(word)
		}
		return emptyReturn(code, at+len(word))
	}
	switch {
	case !block || behind == at && at < len(code):
		return -1
	case at == len(code):
		return at
	case code[at-1] == '\n':
		return at + 1
	}
	return -1
}

// emptyReturn is the end of a line that returns nothing.
func emptyReturn(code string, at int) int {
	line, _, _ := strings.Cut(code[at:min(len(code), at+200)], "\n")
	if rest := strings.TrimSpace(line); rest != "" && rest != "None" {
		return -1
	}
	return min(at+len(line)+1, len(code))
}

func skipSpace(code string, at int) int {
	for at < len(code) && isSpace(code[at]) {
		at++
	}
	return at
}

// skipText goes behind a text in quotes, when there is one; block is one over lines.
func skipText(code string, at int) (behind int, block bool) {
	for _, quote := range []string{`"""`, "'''", `"`, "'"} {
		rest, ok := strings.CutPrefix(code[at:], quote)
		if !ok {
			continue
		}
		stop := quote[:1]
		if len(quote) == 1 {
			stop += "\n"
		}
		n := strings.IndexAny(rest, stop)
		if n >= 0 && strings.HasPrefix(rest[n:], quote) {
			return at + len(quote) + n + len(quote), len(quote) == 3
		}
		return at, false
	}
	return at, false
}

// doesNothing reports whether a function does nothing, but refuses nothing either.
func doesNothing(function string) bool {
	closing := strings.IndexByte(function, ')')
	if closing < 0 {
		return false
	}
	end := emptyPython(function, closing+1)
	return end >= 0 && !strings.HasSuffix(function[:end], "raise")
}

// noDowngrade is a way back that leads nowhere, of a way there that leads somewhere.
func noDowngrade(t *scan, from int) (int, int) {
	if up := lineBegins(t.s, upgrade); up >= 0 && doesNothing(t.s[up:]) {
		return -1, -1 // revisions that only join two others do nothing both ways
	}
	tried := -1 // the end of parameters without an empty body behind
	for at := t.next(downgrade, from); at < len(t.s); at = t.next(downgrade, at+1) {
		closing := t.next(")", at+len(downgrade))
		if !strings.HasPrefix(t.s[at:], downgrade) || at > 0 && t.s[at-1] != '\n' || closing == len(t.s) || closing == tried {
			continue
		}
		if end := emptyPython(t.s, closing+1); end >= 0 {
			return at, end
		}
		tried = closing
	}
	return -1, -1
}

// codeOneWay is where the way there begins of a migration in code whose way back is
// not there, is empty or only refuses.
func codeOneWay(lang, code string) int {
	w, known := ways[lang]
	if !known {
		return -1
	}
	there := w.there.first(code)
	if there == nil || lang != ".rb" && emptyBody(code[there[1]:]) {
		return -1
	}
	back := w.back.first(code)
	if lang == ".js" {
		if strict := codeDown[lang].first(code); strict != nil {
			back = strict
		}
	}
	if back == nil || lang != ".rb" && emptyBody(code[max(back[1]-1, 0):]) || lang == ".rb" && emptyRuby.MatchString(code[back[1]:]) {
		return there[0]
	}
	return -1
}

var (
	emptyRuby = lazyregexp.New(`^(?:\(\))?\s*(?:;\s*)?end\b`)
	refusing  = lazyregexp.New(`^(?:return\s*(?:null|undefined|true|Promise\.resolve\(\))?\s*;?\s*)?\}|^throw\b`)
)

// emptyBody reports whether what begins with a function's parameters has a body in
// braces that does nothing.
func emptyBody(text string) bool {
	const most = 500 // bytes between a function's name and its body
	head := text[:min(len(text), most)]
	open := strings.IndexByte(head, ')') + 1
	n := strings.IndexByte(head[open:], '{')
	if n < 0 {
		return false
	}
	body := strings.TrimLeft(text[open+n+1:], " \t\r\n")
	return refusing.MatchString(body)
}

var (
	railsChange = lines{lazyregexp.New(`^[ \t]*def change\b`), "change"}
	railsTold   = lazyregexp.New(`\b(?:reversible|up_only|revert)\b`)
	railsNot    = []lines{
		{lazyregexp.New(`^[^'"]*\b(?:execute|exec_update)\b.*`), "exec"},
		{lazyregexp.New(`^[^'"]*\bupdate_all\b.*`), "update_all"},
		{lazyregexp.New(`^[ \t]*change_(?:column_default|column_comment|table_comment)\b.*`), "change_"},
	}
)

// railsChange finds what Rails cannot turn around by itself, where it is not told
// how.
func (l *steps) railsChange(code string) {
	at := railsChange.first(code)
	if at == nil {
		return
	}
	block := code[at[0]:blockEnd(".rb", code, at[0])]
	if railsTold.MatchString(block) {
		return
	}
	for _, not := range railsNot {
		for _, m := range not.in(block, MaxSteps) {
			if shown := firstLine(block[m[0]:m[1]]); !strings.Contains(shown, "from:") {
				l.add(Step{noReverse, leadsBack, shown, strings.Count(code[:at[0]+m[0]], "\n") + 1})
			}
		}
	}
}
