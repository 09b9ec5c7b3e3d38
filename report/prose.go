package report

import (
	"strings"
	"unicode"

	"github.com/changeguard/changeguard/internal/lazyregexp"
)

// code makes a Markdown code span of any text. Inside one neither mentions nor
// links nor HTML exist; the run of backticks around it is longer than any in
// it, and a pipe is escaped for the table that it may stand in.
func code(s string, inTable bool) string {
	s = Visible(s)
	if strings.TrimSpace(s) == "" {
		return "(empty)"
	}
	fence := strings.Repeat("`", longestRun(s, '`')+1)
	if inTable {
		s = strings.ReplaceAll(s, "|", `\|`)
	}
	if strings.HasPrefix(s, "`") || strings.HasSuffix(s, "`") || strings.HasPrefix(s, " ") && strings.HasSuffix(s, " ") {
		s = " " + s + " "
	}
	return fence + s + fence
}

// cellCode is code for a table cell.
func cellCode(s string) string { return code(s, true) }

// block makes a Markdown code block of any text.
func block(language, s string) string {
	s = visibleLines(s)
	fence := strings.Repeat("`", max(3, longestRun(s, '`')+1))
	return fence + language + "\n" + strings.TrimSuffix(s, "\n") + "\n" + fence + "\n"
}

func longestRun(s string, c byte) int {
	longest, run := 0, 0
	for i := range len(s) {
		if s[i] != c {
			run = 0
			continue
		}
		run++
		longest = max(longest, run)
	}
	return longest
}

// links matches what GitHub makes something else of in running text, after
// Markdown: mentions, references to issues and commits, bare addresses of pages
// and people, formulas and named pictures. No escape of Markdown prevents it; a
// code span does.
var links = lazyregexp.New(`(?i)[@#$]|://|www\.|\b[a-z]{2,}-[0-9]|\b[0-9a-f]{7,64}\b|:[a-z0-9_+-]`)

// Punctuation marks before and after a word that stay outside such a code span.
const (
	opening = `"'(`
	closing = `.,;!?"')`
)

// prose makes running Markdown text of any text. Words that GitHub would link
// become code, and every character that could begin markup is escaped.
func prose(s string) string {
	s = strings.TrimSpace(Visible(s))
	if s == "" {
		return "(empty)"
	}
	words := strings.Split(s, " ")
	for i, word := range words {
		core := strings.TrimRight(strings.TrimLeft(word, opening), closing)
		if !links.MatchString(core) {
			words[i] = escape(word, i == 0)
			continue
		}
		at := strings.Index(word, core)
		words[i] = escape(word[:at], i == 0) + code(core, true) + escape(word[at+len(core):], false)
	}
	return strings.Join(words, " ")
}

// escape escapes a word's markup; begins says that it may be the first of a line,
// where a few more characters are markup.
func escape(word string, begins bool) string {
	var b strings.Builder
	runes := []rune(word)
	for i, r := range runes {
		switch {
		case strings.ContainsRune("\\`*[]<>|~&", r), r == '_' && !inside(runes, i), begins && i == 0 && strings.ContainsRune("-+=", r), begins && numbers(runes, i):
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// inside reports whether a character stands within a word, where an underscore
// is only itself.
func inside(runes []rune, i int) bool {
	letter := func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }
	return i > 0 && i < len(runes)-1 && letter(runes[i-1]) && letter(runes[i+1])
}

// numbers reports whether the character ends the number of a list.
func numbers(runes []rune, i int) bool {
	if i == 0 || runes[i] != '.' && runes[i] != ')' {
		return false
	}
	return strings.Trim(string(runes[:i]), "0123456789") == ""
}
