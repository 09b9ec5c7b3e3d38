package webhook

import (
	"strings"

	"github.com/changeguard/changeguard/internal/lazyregexp"
)

// commandLine finds the first line that is a command: one that whoever reads the
// comment takes for what its author says. What stands in code, in a quotation or
// where nobody sees it may have been written by somebody else; and where it would
// take a whole reader of Markdown to tell, it is no command. One line counts, the
// others are text.
func commandLine(body string) (line string, ok bool) {
	var r reading
	body = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(body)
	for line := range strings.Lines(body) {
		if text, said := r.line(strings.TrimSuffix(line, "\n")); said && isCommand(text) {
			return clip(strings.TrimSpace(text), maxCommand), true
		}
		if r.lost {
			break
		}
	}
	return "", false
}

// reading is where in a comment one is. Each of its fields keeps lines from being
// commands.
type reading struct {
	fence  string // of the block of code that is open
	hidden bool   // in a comment of HTML
	html   bool   // in a block of HTML, until an empty line
	apart  bool   // in a paragraph that is quoted or begins something which may not be over, until an empty line
	list   bool   // a list began, of which an indented line may be
	lost   bool   // whose the rest is cannot be told any more
}

// Elements that show what is in them as code or as somebody else's, or not at all.
var foreignElement = lazyregexp.New(`(?i)<(?:pre|code|samp|kbd|tt|xmp|blockquote|q|del|s|strike|script|style|textarea|template|title|noembed|noframes|iframe|plaintext)\b`)

// Lines below which an answer by mail has the mail that it answers, with or without
// marks before its lines: "On Monday, 2 November 2026, somebody wrote:" in any
// language, "From: somebody <address>", "-----Original Message-----", a long rule.
var (
	mailIntroduction = lazyregexp.New(`(?:\S@\S|[0-9]+\D+[0-9]+\D+[0-9]).*:\s*$`)
	mailHead         = lazyregexp.New(`^[*_]*\pL[\pL -]{0,20}[*_]*\s?:.*\S@\S`)
	mailRule         = lazyregexp.New(`^(?:-{3,} ?\pL.*-{3,}|_{10,})\s*$`)
)

func beginsMail(text string) bool {
	return mailIntroduction.MatchString(text) || mailHead.MatchString(text) || mailRule.MatchString(text)
}

// line takes the next line. said is true for one that stands for itself; text is
// without its indentation then.
func (r *reading) line(line string) (text string, said bool) {
	text = strings.TrimLeft(line, " ")
	top := len(line)-len(text) < 4
	switch {
	case r.fence != "":
		if top && strings.HasPrefix(text, r.fence) && strings.Trim(text, r.fence[:1]+" \t") == "" {
			r.fence = ""
		}
		return "", false
	case r.hidden:
		r.lost = r.lost || isFence(strings.TrimLeft(text, "\t "))
		r.comments(line)
		return "", false
	case strings.Trim(text, " \t") == "":
		r.html, r.apart = false, false
		return "", false
	}
	inner, quoted, listed := contained(text)
	r.list = r.list || listed
	if isFence(inner) {
		r.opens(text, top && !quoted && !listed, top && text == line, quoted)
		return "", false
	}
	said = top && !r.html && !r.apart && !quoted && !listed
	r.look(text, quoted)
	return text, said
}

// opens takes a line that begins a block of code. Not one of the top may end
// before its end is written, with the list or the element that it is in.
func (r *reading) opens(text string, top, margin, quoted bool) {
	switch {
	case top && !r.html && (margin || !r.list):
		r.fence, r.apart = text[:len(text)-len(strings.TrimLeft(text, text[:1]))], false
	case quoted && !r.list: // it ends where the quotation does
		r.apart = true
	case !top && !r.list && !r.html: // it is text of the line before, or code itself
	default:
		r.lost = true
	}
}

// look notes what a line begins that others may be in.
func (r *reading) look(text string, quoted bool) {
	r.lost = r.lost || foreignElement.MatchString(text) || beginsMail(text)
	if text[0] == '<' && len(text) > 1 && !strings.ContainsRune(" \t<>=-+", rune(text[1])) {
		comment := strings.HasPrefix(text, "<!--") // which ends where it says
		r.html = r.html || !comment
		r.lost = r.lost || text[1] == '?' || text[1] == '!' && !comment
	}
	r.comments(text)
	unclosed := func(open, closed string) bool { return strings.LastIndex(text, open) > strings.LastIndex(text, closed) }
	r.apart = r.apart || quoted || unclosed("<", ">") || strings.Count(text, "[") > strings.Count(text, "]") || unclosed("](", ")") ||
		text[0] == '[' && strings.Contains(text, "]:") || strings.Count(text, "$$")%2 == 1 || !ticksPair(text)
}

// comments follows the comments of HTML through a line.
func (r *reading) comments(text string) {
	for {
		mark := "<!--"
		if r.hidden {
			mark = "-->"
		}
		_, rest, found := strings.Cut(text, mark)
		if !found {
			return
		}
		r.hidden, text = !r.hidden, rest
	}
}

// contained takes the marks of quotations and lists off a line.
func contained(text string) (inner string, quoted, listed bool) {
	for {
		text = strings.TrimLeft(text, " \t")
		if rest, ok := strings.CutPrefix(text, ">"); ok {
			text, quoted = rest, true
			continue
		}
		rest := strings.TrimLeft(text, "0123456789")
		digits := len(text) - len(rest)
		switch {
		case rest == "" || digits == 0 && !strings.ContainsRune("-+*", rune(rest[0])), digits > 0 && rest[0] != '.' && rest[0] != ')':
			return text, quoted, listed
		case len(rest) > 1 && rest[1] != ' ' && rest[1] != '\t':
			return text, quoted, listed
		}
		text, listed = rest[1:], true
	}
}

// isFence reports whether a line begins or ends a block of code. Three backticks
// with another one behind them are code within a line.
func isFence(text string) bool {
	rest, ticks := strings.CutPrefix(text, "```")
	return ticks && !strings.Contains(strings.TrimLeft(rest, "`"), "`") || strings.HasPrefix(text, "~~~")
}

// ticksPair reports whether all code within a line ends in it, for certain.
func ticksPair(text string) bool {
	if strings.Contains(text, "\\`") {
		return false
	}
	for {
		at := strings.IndexByte(text, '`')
		if at < 0 {
			return true
		}
		text = text[at:]
		n := len(text) - len(strings.TrimLeft(text, "`"))
		if text = after(text[n:], n); text == "" {
			return false
		}
		text = text[1:]
	}
}

// after is what follows the first run of exactly n backticks, behind a byte that
// stands for it; "" where there is none.
func after(text string, n int) string {
	for {
		at := strings.IndexByte(text, '`')
		if at < 0 {
			return ""
		}
		text = text[at:]
		run := len(text) - len(strings.TrimLeft(text, "`"))
		if run == n {
			return text[n-1:]
		}
		text = text[run:]
	}
}

func isCommand(text string) bool {
	rest, ok := strings.CutPrefix(text, commandWord)
	return ok && (rest == "" || rest[0] == ' ' || rest[0] == '\t')
}
